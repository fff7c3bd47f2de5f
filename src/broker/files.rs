//! The files the broker keeps: sockets' folders, environments of units, the key of the tickets.
//!
//! The parents of all of them belong to root, so no path here can be bent by a user; what lies in a
//! user's own folder is only ever unlinked, which follows no link.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::Path,
};

use nix::{
    fcntl::{Flock, FlockArg},
    libc,
};
use zeroize::Zeroizing;

use super::{serve::Error, ticket::TicketKey};
use crate::domain::{secret::Secret, unit::UnitSpec};

/// Where the key of the tickets lies.
pub(super) const KEY_PATH: &str = "/var/lib/carrel-broker/ticket.key";
/// The ending of a file that is being written.
const DRAFT: &str = "new";
/// The key's length in bytes.
const KEY_BYTES: usize = 32;

/// Makes the folder of a person's sockets: theirs, entered by the hub's group, listed by nobody else.
///
/// The setgid bit gives sockets in it the hub's group, for a server can set their mode only.
pub(super) fn make_user_dir(path: &Path, uid: u32, gid: u32) -> Result<(), Error> {
    let what = "make the folder of a person's sockets";
    if let Some(parent) = path.parent() {
        make_dir(parent, 0o711).map_err(Error::io(what))?;
    }
    make_dir(path, 0o700).map_err(Error::io(what))?;
    let folder = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_DIRECTORY | libc::O_NOFOLLOW)
        .open(path)
        .map_err(Error::io(what))?;
    let found = folder.metadata().map_err(Error::io(what))?;
    if (found.uid(), found.gid()) != (uid, gid) {
        fchown(&folder, Some(uid), Some(gid)).map_err(Error::io(what))?;
    }
    folder
        .set_permissions(fs::Permissions::from_mode(0o2710))
        .map_err(Error::io(what))
}

/// Writes the environment of a unit where PID 1 reads it and nobody else can.
pub(super) fn write_environment(spec: &UnitSpec, token: &Secret<String>) -> Result<(), Error> {
    let what = "write a unit's environment";
    let path = &spec.environment_file;
    if let Some(parent) = path.parent() {
        make_dir(parent, 0o700).map_err(Error::io(what))?;
    }
    let text = spec.environment_text(token);
    write_new(path, text.expose().as_bytes()).map_err(Error::io(what))
}

/// Tells whether a file holds this text already.
pub(super) fn holds(path: &Path, text: &str) -> bool {
    fs::read(path).is_ok_and(|found| found == text.as_bytes())
}

/// Removes a unit's environment, and what a broker left that was killed while it wrote one.
pub(super) fn remove_environment(path: &Path) -> Result<(), Error> {
    remove(&path.with_extension(DRAFT))?;
    remove(path)
}

/// Removes a file, socket or link; one that is not there is as good as removed.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("remove what a server left")(error))
        }
        _ => Ok(()),
    }
}

/// Waits until no other broker works on the unit with this environment file.
///
/// The lock ends with this process. Its file stays, for removing it would let two lock at once.
pub(super) fn lock(environment_file: &Path) -> Result<Flock<File>, Error> {
    let what = "lock a unit";
    if let Some(parent) = environment_file.parent() {
        make_dir(parent, 0o700).map_err(Error::io(what))?;
    }
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(environment_file.with_extension("lock"))
        .map_err(Error::io(what))?;
    Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, error)| Error::os(what)(error))
}

/// Reads the key of the tickets, and makes one if there is none.
pub(super) fn ticket_key(path: &Path) -> Result<TicketKey, Error> {
    let what = "read the key of the login tickets";
    match read_key(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_key(path).map_err(Error::io("make the key of the login tickets"))?;
            read_key(path).map_err(Error::io(what))
        }
        outcome => outcome.map_err(Error::io(what)),
    }
}

fn read_key(path: &Path) -> io::Result<TicketKey> {
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)?;
    let found = file.metadata()?;
    let ours = nix::unistd::geteuid().as_raw();
    if found.uid() != ours || found.mode() & 0o077 != 0 {
        return Err(io::Error::other("others may read or change the key"));
    }
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    file.read_exact(bytes.as_mut_slice())?;
    Ok(TicketKey::new(*bytes))
}

/// Two brokers may find no key at once: whoever links theirs first wins, and both then read it.
fn make_key(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        make_dir(parent, 0o700)?;
    }
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    getrandom::fill(bytes.as_mut_slice()).map_err(io::Error::other)?;
    let draft = path.with_extension(format!("{DRAFT}-{}", std::process::id()));
    let written = write_exclusively(&draft, bytes.as_slice());
    let linked = written.and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        outcome => outcome,
    }
}

/// Puts a new file in the place of an old one, if there is one, in one step. Whoever writes it holds
/// a lock, so there is one draft at a time.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension(DRAFT);
    write_exclusively(&draft, bytes)?;
    fs::rename(&draft, path)
}

/// Writes a draft; one that lies there was left by a process that died.
fn write_exclusively(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes a folder with exactly this mode unless something of its name is there.
fn make_dir(path: &Path, mode: u32) -> io::Result<()> {
    match DirBuilder::new().mode(mode).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => fs::set_permissions(path, fs::Permissions::from_mode(mode)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn us() -> (u32, u32) {
        (
            nix::unistd::geteuid().as_raw(),
            nix::unistd::getegid().as_raw(),
        )
    }

    #[test]
    fn a_user_dir_is_entered_and_not_listed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("user/1001");
        let (uid, gid) = us();
        for _ in 0..2 {
            make_user_dir(&path, uid, gid).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o2710);
        }
    }

    #[test]
    fn a_link_in_the_place_of_a_user_dir_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        fs::create_dir(&target).unwrap();
        let before = fs::metadata(&target).unwrap().mode();
        let path = folder.path().join("1001");
        symlink(&target, &path).unwrap();
        let (uid, gid) = us();
        assert!(make_user_dir(&path, uid, gid).is_err());
        assert_eq!(fs::metadata(&target).unwrap().mode(), before);
    }

    #[test]
    fn removing_a_link_leaves_its_target() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        fs::write(&target, "kept").unwrap();
        let link = folder.path().join("_default.sock");
        symlink(&target, &link).unwrap();
        remove(&link).unwrap();
        remove(&link).unwrap();
        assert_eq!(fs::read_to_string(target).unwrap(), "kept");
        assert!(fs::symlink_metadata(link).is_err());
    }

    #[test]
    fn one_key_is_made_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("broker/ticket.key");
        ticket_key(&path).unwrap();
        let first = fs::read(&path).unwrap();
        ticket_key(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), first);
        assert_eq!(first.len(), KEY_BYTES);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ticket.key");
        fs::write(&path, [0; KEY_BYTES]).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(ticket_key(&path).is_err());
        fs::write(&path, "short").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(ticket_key(&path).is_err());
    }
}
