//! The database's file: made with the right mode, migrated after a copy, refused when too new.

use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, backup::Backup};
use rusqlite_migration::{M, Migrations, SchemaVersion};

use super::{Error, Result};

/// How long a call waits for another process that has the file locked.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How many statements a connection keeps prepared: more than there are, so that none is read twice.
const PREPARED_STATEMENTS: usize = 256;

/// How much of the file a connection keeps in memory, in KiB.
const CACHE_KIB: i64 = 16 * 1024;

/// Append-only: a migration that was released is never changed.
const MIGRATIONS: &[M<'static>] = &[
    M::up(include_str!("migrations/0001-first.sql")),
    M::up(include_str!("migrations/0002-api.sql")).foreign_key_check(),
];

/// Opens the file to write, making it for the owner alone if there is none, and brings it up to date.
pub(super) fn open_writer(path: &Path) -> Result<Connection> {
    let open = || {
        create(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut conn = Connection::open_with_flags(path, flags)?;
        prepare(&conn)?;
        migrate(&mut conn, Some(path))?;
        Ok(conn)
    };
    open().map_err(|cause| at(path, cause))
}

/// Opens the file to read.
pub(super) fn open_reader(path: &Path) -> Result<Connection> {
    let open = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags)?;
        conn.busy_timeout(BUSY_TIMEOUT)?;
        conn.pragma_update(None, "query_only", true)?;
        conn.pragma_update(None, "trusted_schema", false)?;
        remember(&conn)?;
        refuse_newer(&conn)?;
        Ok(conn)
    };
    open().map_err(|cause| at(path, cause))
}

/// Opens an existing file so that no other process has it, and brings it up to date.
pub(super) fn open_alone(path: &Path) -> Result<Connection> {
    let open = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut conn = Connection::open_with_flags(path, flags)?;
        conn.pragma_update(None, "locking_mode", "exclusive")?;
        // From now on the lock is held, until the connection closes.
        conn.busy_timeout(Duration::ZERO)?;
        conn.execute_batch("BEGIN EXCLUSIVE; COMMIT")?;
        prepare(&conn)?;
        migrate(&mut conn, Some(path))?;
        Ok(conn)
    };
    open().map_err(|cause| at(path, cause))
}

/// Copies a file, which another process may use, into memory and brings the copy up to date.
pub(super) fn copy_into_memory(path: &Path) -> Result<Connection> {
    let from = open_reader(path)?;
    let copy = || {
        let mut conn = Connection::open_in_memory()?;
        Backup::new(&from, &mut conn)?.step(-1)?;
        prepare(&conn)?;
        migrate(&mut conn, None)?;
        Ok(conn)
    };
    copy().map_err(|cause| at(path, cause))
}

/// Makes a database in memory.
pub(super) fn in_memory() -> Result<Connection> {
    let mut conn = Connection::open_in_memory()?;
    prepare(&conn)?;
    migrate(&mut conn, None)?;
    Ok(conn)
}

/// Makes the file readable for its owner alone; SQLite gives its companions the same mode.
fn create(path: &Path) -> Result<()> {
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => check_access(path),
        Err(error) if error.kind() == io::ErrorKind::StorageFull => Err(Error::Full),
        Err(error) => Err(Error::File(error)),
    }
}

/// Says what SQLite does not: whose the file should be. A backup put back as root is root's.
fn check_access(path: &Path) -> Result<()> {
    match OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(Error::NotOurs(path.to_owned()))
        }
        // SQLite has words for the rest.
        _ => Ok(()),
    }
}

fn prepare(conn: &Connection) -> Result<()> {
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.pragma_update(None, "journal_mode", "wal")?;
    conn.pragma_update(None, "synchronous", "normal")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    remember(conn)
}

/// Lets a connection keep what it will need again.
fn remember(conn: &Connection) -> Result<()> {
    conn.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
    // A negative number is one of KiB, not of pages.
    conn.pragma_update(None, "cache_size", -CACHE_KIB)?;
    Ok(())
}

fn migrate(conn: &mut Connection, path: Option<&Path>) -> Result<()> {
    let found = refuse_newer(conn)?;
    if found == MIGRATIONS.len() {
        return Ok(());
    }
    if let (Some(path), 1..) = (path, found) {
        copy(conn, &copy_path(path, found))?;
    }
    // A migration may put a table in another's place, which would take along what refers to it.
    conn.pragma_update(None, "foreign_keys", false)?;
    Migrations::from_slice(MIGRATIONS).to_latest(conn)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    Ok(())
}

/// Returns the schema of the file, when this version knows it.
fn refuse_newer(conn: &Connection) -> Result<usize> {
    let known = MIGRATIONS.len();
    match Migrations::from_slice(MIGRATIONS).current_version(conn)? {
        SchemaVersion::NoneSet => Ok(0),
        SchemaVersion::Inside(version) => Ok(version.get()),
        SchemaVersion::Outside(version) => Err(Error::NewerSchema {
            found: version.get(),
            known,
        }),
    }
}

/// Returns where the copy of a schema's last state lies, beside the database.
fn copy_path(path: &Path, schema: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".schema-{schema}"));
    PathBuf::from(name)
}

fn copy(conn: &Connection, to: &Path) -> Result<()> {
    match fs::remove_file(to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::File(error)),
        _ => {}
    }
    create(to)?;
    let to = to
        .to_str()
        .ok_or(Error::File(io::ErrorKind::InvalidFilename.into()))?;
    conn.execute("VACUUM INTO :to", rusqlite::named_params! { ":to": to })?;
    Ok(())
}

fn at(path: &Path, cause: Error) -> Error {
    Error::Open {
        path: path.to_owned(),
        cause: Box::new(cause),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_migrations_are_valid() {
        Migrations::from_slice(MIGRATIONS).validate().unwrap();
    }

    #[test]
    fn the_file_and_its_companions_are_for_their_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("carrel.sqlite");
        let _conn = open_writer(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&dir.path().join("carrel.sqlite-wal")), 0o600);
        assert_eq!(mode(&dir.path().join("carrel.sqlite-shm")), 0o600);
    }

    #[test]
    fn a_newer_schema_is_refused_in_words() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("carrel.sqlite");
        let conn = open_writer(&path).unwrap();
        conn.pragma_update(None, "user_version", 9).unwrap();
        drop(conn);
        for error in [
            open_writer(&path).unwrap_err(),
            open_reader(&path).unwrap_err(),
        ] {
            assert!(matches!(
                error.root(),
                Error::NewerSchema { found: 9, known: 2 }
            ));
        }
    }

    #[test]
    fn the_file_is_copied_before_it_is_migrated() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("carrel.sqlite");
        let conn = open_writer(&path).unwrap();
        let copied_to = copy_path(&path, 1);
        copy(&conn, &copied_to).unwrap();
        copy(&conn, &copied_to).unwrap();
        assert_eq!(mode(&copied_to), 0o600);
        assert_eq!(
            refuse_newer(&open_reader(&copied_to).unwrap()).unwrap(),
            MIGRATIONS.len()
        );
    }

    #[test]
    fn what_the_first_schema_holds_is_kept_by_the_second() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("carrel.sqlite");
        let mut old = Connection::open(&path).unwrap();
        prepare(&old).unwrap();
        let first = Migrations::from_slice(MIGRATIONS);
        first.to_version(&mut old, 1).unwrap();
        old.execute_batch(
            "INSERT INTO users (id, name, uid, admin, created, ticket) VALUES (7, 'alice', 1001, 1, 5, 't');
             INSERT INTO servers (id, user_id, name, created) VALUES (3, 7, '', 5);
             INSERT INTO oauth_clients VALUES ('c', 3, zeroblob(32), '/x', 'd', '[]');
             INSERT INTO api_tokens (id, hash, user_id, client_id, scopes, created)
                 VALUES (9, randomblob(32), 7, 'c', '[]', 5);",
        )
        .unwrap();
        drop(old);
        let conn = open_writer(&path).unwrap();
        let kept: (i64, i64, i64, i64) = conn
            .query_row(
                "SELECT uid, servers.id, api_tokens.id, number
                 FROM users JOIN servers ON servers.user_id = users.id
                 JOIN api_tokens ON api_tokens.user_id = users.id JOIN oauth_clients ON client_id = oauth_clients.id
                 JOIN totals",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
            )
            .unwrap();
        assert_eq!(kept, (1001, 3, 9, 1));
        assert!(
            copy_path(&path, 1).exists(),
            "the old state was copied first"
        );
        conn.execute("DELETE FROM users", []).unwrap();
        let left: i64 = conn
            .query_row(
                "SELECT (SELECT count(*) FROM api_tokens) + (SELECT number FROM totals)",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(left, 0, "foreign keys hold again");
    }

    #[test]
    fn what_is_no_database_is_named_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("carrel.sqlite");
        let text = "this is not a database, but a long letter. ".repeat(100);
        fs::write(&path, &text).unwrap();
        let error = open_writer(&path).unwrap_err();
        assert!(matches!(error.root(), Error::Damaged(_)), "{error:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert!(error.to_string().contains("carrel.sqlite"));
    }

    #[test]
    fn a_database_that_a_hub_has_open_is_nobodys_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("carrel.sqlite");
        assert!(open_alone(&path).is_err(), "it must exist");
        assert!(!path.exists());
        let hub = open_writer(&path).unwrap();
        assert!(open_alone(&path).unwrap_err().is_in_use());
        drop(hub);
        let alone = open_alone(&path).unwrap();
        let reader = Connection::open(&path).unwrap();
        let count = reader.query_row("SELECT count(*) FROM users", [], |_| Ok(()));
        assert!(Error::from(count.unwrap_err()).is_in_use());
        drop((alone, reader));
        open_writer(&path).unwrap();
    }

    #[test]
    fn a_copy_has_what_the_file_has_and_changes_nothing_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("carrel.sqlite");
        let hub = open_writer(&path).unwrap();
        let add = "INSERT INTO users (name, created) VALUES (?1, 1)";
        hub.execute(add, ["alice"]).unwrap();
        let copy = copy_into_memory(&path).unwrap();
        copy.execute(add, ["bob"]).unwrap();
        let count = |conn: &Connection| {
            let sql = "SELECT number FROM totals";
            conn.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap()
        };
        assert_eq!((count(&hub), count(&copy)), (1, 2));
    }

    #[test]
    fn a_missing_directory_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let error = open_writer(&dir.path().join("none/carrel.sqlite")).unwrap_err();
        assert!(matches!(error.root(), Error::File(_)));
        assert!(open_reader(&dir.path().join("none.sqlite")).is_err());
    }
}
