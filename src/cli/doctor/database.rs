//! Looks at the database: readable, of a schema this version knows, and nobody else's to read.

use std::os::unix::fs::MetadataExt;

use super::{Check, Machine};

const NAME: &str = "database";

/// The database can be read.
pub(super) async fn readable(machine: &Machine) -> Check {
    let path = machine.settings().hub.state_dir.join("carrel.sqlite");
    let status = match std::fs::metadata(machine.at(&path)) {
        Ok(status) => status,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let found = format!("{} is absent", path.display());
            let advice = "The hub makes it when it starts: `systemctl start carrel`.";
            return Check::warn(NAME, found, advice);
        }
        Err(error) => return machine.cannot_read(NAME, &path, &error),
    };
    if status.mode() & 0o077 != 0 {
        let found = format!("{} can be read by other accounts", path.display());
        return Check::fail(NAME, found, format!("chmod 600 {}", path.display()));
    }
    if machine.hub.is_some_and(|(uid, _)| uid != status.uid()) {
        let found = format!("{} does not belong to the account carrel", path.display());
        return Check::fail(
            NAME,
            found,
            format!("chown carrel:carrel {}", path.display()),
        );
    }
    Check::ok(NAME, format!("{} is there", path.display()))
}
