//! The key of the hub's forms, in a file.

use std::{
    fs,
    io::{self, ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::Context as _;

use crate::domain::entropy::Entropy;

/// Reads a key of 32 bytes, or makes it, readable to the hub alone.
///
/// It is made in one step, and made anew where there is half of one: it protects no more than forms that
/// lie open.
pub(super) fn load(path: &Path) -> anyhow::Result<[u8; 32]> {
    match fs::read(path).map(<[u8; 32]>::try_from) {
        Ok(Ok(key)) => return Ok(key),
        Ok(Err(_)) => tracing::warn!("the key {} was broken and is made anew", path.display()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => {
            return Err(error).with_context(|| format!("read the key {}", path.display()));
        }
    }
    let key = Entropy::System.key();
    write(path, &key).with_context(|| format!("make the key {}", path.display()))?;
    Ok(key)
}

fn write(path: &Path, key: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("new");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    let options = options.write(true).create_new(true).mode(0o600);
    let mut file = options.open(&draft)?;
    file.write_all(key)?;
    file.sync_all()?;
    fs::rename(&draft, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_kept_and_half_of_one_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("xsrf.key");
        let key = load(&path).unwrap();
        assert_eq!(load(&path).unwrap(), key);
        // A machine that lost power, or a disk that was full, leaves this.
        fs::write(&path, "").unwrap();
        fs::write(path.with_extension("new"), "x").unwrap();
        let again = load(&path).unwrap();
        assert_ne!(again, key);
        assert_eq!(load(&path).unwrap(), again);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
