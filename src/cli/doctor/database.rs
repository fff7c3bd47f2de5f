//! Looks at the database: readable, of a schema this version knows, and nobody else's to read.

use std::{os::unix::fs::MetadataExt, path::Path};

use super::{Check, Machine};
use crate::{cli::records::DATABASE, store::Store};

const NAME: &str = "database";

/// The database can be read.
pub(super) async fn readable(machine: &Machine) -> Check {
    let path = machine.settings().hub.state_dir.join(DATABASE);
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
    match count(machine, &path).await {
        Ok(users) => Check::ok(
            NAME,
            format!("{} can be read; users: {users}", path.display()),
        ),
        Err(error) => {
            let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
            let advice = "`journalctl -u carrel` tells more; copies made before upgrades lie beside \
                          it, named .schema-NUMBER.";
            Check::fail(NAME, causes.join(": "), advice)
        }
    }
}

async fn count(machine: &Machine, path: &Path) -> anyhow::Result<usize> {
    let store = Store::open_read_only(&machine.at(path))?;
    Ok(store.list_users().await?.len())
}
