//! Connecting to a user's socket without being lent out.
//!
//! The folder belongs to the user, who can put anything in the socket's place at any moment: a link
//! to somebody else's socket, or a socket another program of theirs listens on. So the socket is
//! opened once without following links, looked at, connected to through that very handle, and the
//! process behind it is checked, all before the first byte is sent.

use std::{
    ffi::OsStr,
    io,
    os::fd::{AsRawFd, OwnedFd},
    path::{Path, PathBuf},
    time::Duration,
};

use nix::{
    errno::Errno,
    fcntl::{self, OFlag},
    sys::stat::{self, Mode, SFlag},
};
use thiserror::Error;
use tokio::{
    net::UnixStream,
    time::{sleep, timeout},
};

/// How long a connection may take; a server that accepts nothing for so long is dead.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait before asking again when the server's queue of connections is full.
const QUEUE_FULL_PAUSE: Duration = Duration::from_millis(2);

/// Why there is no connection.
#[derive(Debug, Error)]
pub enum Error {
    /// There is nothing at the path, or nobody listens.
    #[error("nobody listens on {}", path.display())]
    Gone {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Nobody accepted the connection in time.
    #[error("nobody accepted a connection on {} within {} s", .0.display(), CONNECT_TIMEOUT.as_secs())]
    Slow(PathBuf),
    /// What is at the path is a link, a file or a folder.
    #[error("{} is not a socket", .0.display())]
    NotASocket(PathBuf),
    /// Somebody else made the socket.
    #[error("{} belongs to UID {found}, not {expected}", path.display())]
    WrongOwner {
        /// The socket.
        path: PathBuf,
        /// Whose it is.
        found: u32,
        /// Whose it should be.
        expected: u32,
    },
    /// Somebody else listens on it.
    #[error("UID {found} listens on {}, not {expected}", path.display())]
    WrongListener {
        /// The socket.
        path: PathBuf,
        /// Who listens.
        found: u32,
        /// Who should.
        expected: u32,
    },
}

impl Error {
    /// Tells whether something is there that is not the owner's server.
    pub fn is_foreign(&self) -> bool {
        match self {
            Self::Gone { .. } | Self::Slow(_) => false,
            Self::NotASocket(_) | Self::WrongOwner { .. } | Self::WrongListener { .. } => true,
        }
    }
}

/// Connects to the socket at `path`, which `owner_uid` must have made and must listen on.
pub async fn connect(path: &Path, owner_uid: u32) -> Result<UnixStream, Error> {
    match timeout(CONNECT_TIMEOUT, connect_checked(path, owner_uid)).await {
        Ok(result) => result,
        Err(_) => Err(Error::Slow(path.to_owned())),
    }
}

async fn connect_checked(path: &Path, owner_uid: u32) -> Result<UnixStream, Error> {
    let handle = open(path, owner_uid)?;
    let through_handle = format!("/proc/self/fd/{}", handle.as_raw_fd());
    let stream = loop {
        match UnixStream::connect(&through_handle).await {
            Ok(stream) => break stream,
            // A full queue is EAGAIN and not "in progress" on Unix sockets (connect(2)).
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                sleep(QUEUE_FULL_PAUSE).await;
            }
            Err(error) => return Err(gone(path, error)),
        }
    };
    let listener = stream.peer_cred().map_err(|error| gone(path, error))?.uid();
    if listener != owner_uid {
        return Err(Error::WrongListener {
            path: path.to_owned(),
            found: listener,
            expected: owner_uid,
        });
    }
    Ok(stream)
}

/// Opens a handle on the socket itself; neither the folder nor the socket may be a link.
fn open(path: &Path, owner_uid: u32) -> Result<OwnedFd, Error> {
    let failed = |errno: Errno| {
        if matches!(errno, Errno::ELOOP | Errno::ENOTDIR) {
            Error::NotASocket(path.to_owned())
        } else {
            gone(path, errno.into())
        }
    };
    let folder = path.parent().unwrap_or(Path::new("/"));
    let name = path.file_name().unwrap_or(OsStr::new("."));
    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let folder = fcntl::open(folder, flags | OFlag::O_DIRECTORY, Mode::empty()).map_err(failed)?;
    let handle = fcntl::openat(&folder, name, flags, Mode::empty()).map_err(failed)?;
    let found = stat::fstat(&handle).map_err(failed)?;
    let kind = SFlag::from_bits_truncate(found.st_mode) & SFlag::S_IFMT;
    if kind != SFlag::S_IFSOCK {
        return Err(Error::NotASocket(path.to_owned()));
    }
    if found.st_uid != owner_uid {
        return Err(Error::WrongOwner {
            path: path.to_owned(),
            found: found.st_uid,
            expected: owner_uid,
        });
    }
    Ok(handle)
}

fn gone(path: &Path, source: io::Error) -> Error {
    Error::Gone {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::{fs::symlink, net::UnixListener};

    use super::*;

    fn own_uid() -> u32 {
        nix::unistd::geteuid().as_raw()
    }

    #[tokio::test]
    async fn a_socket_of_the_owner_is_connected_to() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s.sock");
        let _listener = UnixListener::bind(&path).unwrap();
        connect(&path, own_uid()).await.unwrap();
    }

    #[tokio::test]
    async fn a_socket_of_somebody_else_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s.sock");
        let listener = UnixListener::bind(&path).unwrap();
        listener.set_nonblocking(true).unwrap();
        let error = connect(&path, own_uid() + 1).await.unwrap_err();
        assert!(matches!(error, Error::WrongOwner { .. }));
        assert!(error.is_foreign());
        let nobody_came = listener.accept().unwrap_err();
        assert_eq!(nobody_came.kind(), io::ErrorKind::WouldBlock);
    }

    #[tokio::test]
    async fn a_socket_that_somebody_else_listens_on_is_not() {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s.sock");
        let _listener = UnixListener::bind(&path).unwrap();
        std::os::unix::fs::chown(&path, Some(12_345), None).unwrap();
        let error = connect(&path, 12_345).await.unwrap_err();
        assert!(
            matches!(error, Error::WrongListener { found: 0, .. }),
            "{error:?}"
        );
    }

    #[tokio::test]
    async fn links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s.sock");
        let _listener = UnixListener::bind(&path).unwrap();
        let link = dir.path().join("link.sock");
        symlink(&path, &link).unwrap();
        let error = connect(&link, own_uid()).await.unwrap_err();
        assert!(matches!(error, Error::NotASocket(_)), "{error:?}");

        let folder = dir.path().join("folder");
        symlink(dir.path(), &folder).unwrap();
        let error = connect(&folder.join("s.sock"), own_uid())
            .await
            .unwrap_err();
        assert!(matches!(error, Error::NotASocket(_)), "{error:?}");
    }

    #[tokio::test]
    async fn what_is_no_socket_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = connect(&file, own_uid()).await.unwrap_err();
        assert!(matches!(error, Error::NotASocket(_)));
        let error = connect(&file.join("x"), own_uid()).await.unwrap_err();
        assert!(matches!(error, Error::NotASocket(_)));
    }

    #[tokio::test]
    async fn a_dead_socket_is_told_from_a_foreign_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s.sock");
        let error = connect(&path, own_uid()).await.unwrap_err();
        assert!(matches!(error, Error::Gone { .. }));
        drop(UnixListener::bind(&path).unwrap());
        let error = connect(&path, own_uid()).await.unwrap_err();
        assert!(matches!(error, Error::Gone { .. }));
        assert!(!error.is_foreign());
    }

    #[tokio::test]
    async fn a_full_queue_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s.sock");
        let listener = UnixListener::bind(&path).unwrap();
        nix::sys::socket::listen(&listener, nix::sys::socket::Backlog::new(0).unwrap()).unwrap();
        let _first = connect(&path, own_uid()).await.unwrap();
        let second = connect(&path, own_uid());
        tokio::pin!(second);
        assert!(
            timeout(Duration::from_millis(30), &mut second)
                .await
                .is_err(),
            "the queue holds one"
        );
        let _accepted = listener.accept().unwrap();
        second.await.unwrap();
    }
}
