//! What can go wrong with the database, in words an administrator can act on.

use std::{io, path::PathBuf};

use rusqlite::ErrorCode;
use thiserror::Error as ThisError;

/// A failure of the store.
#[derive(Debug, ThisError)]
pub enum Error {
    /// The file cannot be made, opened or prepared.
    #[error("open the database {}", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: Box<Error>,
    },
    /// The file was written by a later version.
    #[error(
        "the database is of schema {found}, this version of Carrel knows schemas up to {known}: \
         install the newer version again, or put the copy in place that was made before the upgrade"
    )]
    NewerSchema {
        /// The file's schema.
        found: usize,
        /// The newest known.
        known: usize,
    },
    /// The file is no database, or its pages contradict each other.
    #[error(
        "the database is damaged ({0}): stop the hub, keep the file, and put a copy from a backup in its place"
    )]
    Damaged(String),
    /// The file belongs to another account.
    #[error("this account may not write it: chown carrel: {path} && chmod 600 {path}", path = .0.display())]
    NotOurs(PathBuf),
    /// Another process has the file, and this one wants it for itself.
    #[error("another process has the database open")]
    InUse,
    /// Nothing more fits on the disk; nothing was changed.
    #[error("the disk with the database is full: make room on it")]
    Full,
    /// Something that must be unique is there already, or something referred to is not there.
    #[error("the change contradicts what is stored: {0}")]
    Conflict(String),
    /// A row holds what no version of Carrel writes.
    #[error("the database holds an impossible value in {column}")]
    Corrupt {
        /// Table and column.
        column: &'static str,
    },
    /// The store's thread has ended.
    #[error("{attempt}: the database is closed")]
    Closed {
        /// What was attempted.
        attempt: &'static str,
    },
    /// A thread could not be started.
    #[error("start a thread for the database")]
    Thread(#[source] io::Error),
    /// The file system refuses.
    #[error("reach the database's file")]
    File(#[source] io::Error),
    /// A migration failed; the database is as before.
    #[error("migrate the database")]
    Migration(#[source] rusqlite_migration::Error),
    /// What remains, from SQLite.
    #[error("ask the database")]
    Sql(#[source] rusqlite::Error),
    /// One of the others, with what was attempted.
    #[error("{attempt}")]
    During {
        /// What was attempted.
        attempt: &'static str,
        /// Why it failed.
        #[source]
        cause: Box<Error>,
    },
}

impl Error {
    /// Says what was attempted.
    pub(super) fn during(self, attempt: &'static str) -> Self {
        Self::During {
            attempt,
            cause: Box::new(self),
        }
    }

    /// Returns the failure itself, without what was attempted.
    pub fn root(&self) -> &Self {
        if let Self::During { cause, .. } | Self::Open { cause, .. } = self {
            return cause.root();
        }
        self
    }

    /// Tells whether the change contradicts what is stored.
    pub fn is_conflict(&self) -> bool {
        matches!(self.root(), Self::Conflict(_))
    }

    /// Tells whether another process has the file.
    pub fn is_in_use(&self) -> bool {
        matches!(self.root(), Self::InUse)
    }

    /// Tells whether the disk is full.
    pub fn is_full(&self) -> bool {
        matches!(self.root(), Self::Full)
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error_code();
        if let Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) = code {
            Self::Damaged(error.to_string())
        } else if code == Some(ErrorCode::DiskFull) || lacks_room_to_share(&error) {
            Self::Full
        } else if code == Some(ErrorCode::DatabaseBusy) {
            Self::InUse
        } else if code == Some(ErrorCode::ConstraintViolation) {
            Self::Conflict(error.to_string())
        } else {
            Self::Sql(error)
        }
    }
}

/// Tells whether no room was found for the file by which a database's readers and writers share it: SQLite
/// calls that an input or output error.
fn lacks_room_to_share(error: &rusqlite::Error) -> bool {
    let failure = error.sqlite_error();
    failure.is_some_and(|failure| failure.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
}

impl From<rusqlite_migration::Error> for Error {
    fn from(error: rusqlite_migration::Error) -> Self {
        if let rusqlite_migration::Error::RusqliteError { err, .. } = error {
            return Self::from(err);
        }
        Self::Migration(error)
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn a_full_disk_is_known_by_all_its_names() {
        let table = [
            (ffi::SQLITE_FULL, true),
            (ffi::SQLITE_IOERR_SHMSIZE, true),
            (ffi::SQLITE_IOERR_READ, false),
            (ffi::SQLITE_BUSY, false),
        ];
        for (code, is_full) in table {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            assert_eq!(Error::from(error).is_full(), is_full, "{code}");
        }
    }
}
