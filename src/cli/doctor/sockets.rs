//! Looks at the sockets and their folders: there for whom they are for, out of reach for the rest.

use std::{
    fs::Metadata,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
};

use super::{Check, Machine};

const REPAIR: &str = "`systemd-tmpfiles --create carrel.conf && systemctl restart \
                      carrel-broker.socket` sets it right.";

/// What a file or folder should be.
struct Expected {
    path: PathBuf,
    kind: Kind,
    mode: u32,
    uid: u32,
    gid: Option<u32>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Folder,
    Socket,
}

/// The folders and sockets below the runtime directory have the right owners and modes.
pub(super) fn all(machine: &Machine) -> Vec<Check> {
    let runtime = machine.settings().hub.runtime_dir;
    let Some((_, hub_gid)) = machine.hub else {
        return Vec::new();
    };
    let folder = |name: &str, mode| Expected {
        path: match name {
            "" => runtime.clone(),
            name => runtime.join(name),
        },
        kind: Kind::Folder,
        mode,
        uid: machine.system_uid,
        gid: None,
    };
    let broker = Expected {
        path: runtime.join("broker.sock"),
        kind: Kind::Socket,
        mode: 0o660,
        uid: machine.system_uid,
        gid: Some(hub_gid),
    };
    let of_root = |name: &str| Expected {
        path: runtime.join(name),
        kind: Kind::Socket,
        mode: 0o600,
        uid: machine.system_uid,
        gid: None,
    };
    let mut checks = vec![
        judge(machine, "broker's socket", &[broker]),
        judge(
            machine,
            "root's sockets",
            &[of_root("admin.sock"), of_root("oidc.sock")],
        ),
        judge(
            machine,
            "runtime folders",
            &[
                folder("", 0o755),
                folder("user", 0o711),
                folder("secrets", 0o700),
            ],
        ),
    ];
    checks.push(user_folders(machine, &runtime.join("user"), hub_gid));
    checks
}

/// Each user's folder is theirs and the hub's alone.
fn user_folders(machine: &Machine, parent: &Path, hub_gid: u32) -> Check {
    const NAME: &str = "users' sockets";
    let entries = match std::fs::read_dir(machine.at(parent)) {
        Ok(entries) => entries,
        Err(error) => return machine.cannot_read(NAME, parent, &error),
    };
    let mut count = 0_usize;
    for entry in entries {
        let name = match entry {
            Ok(entry) => entry.file_name(),
            Err(error) => return machine.cannot_read(NAME, parent, &error),
        };
        let path = parent.join(&name);
        let Some(uid) = name.to_str().and_then(|name| name.parse().ok()) else {
            let found = format!("{} is not named after a user id", path.display());
            return Check::fail(NAME, found, "Carrel makes no such file; remove it.");
        };
        let expected = Expected {
            path,
            kind: Kind::Folder,
            mode: 0o2710,
            uid,
            gid: Some(hub_gid),
        };
        if let Some(fault) = fault(machine, &expected) {
            let advice = "Others may reach this person's server: stop it, remove the folder, and \
                          start the server again.";
            return Check::fail(NAME, fault, advice);
        }
        count += 1;
    }
    Check::ok(
        NAME,
        format!("{count} folders, each for its owner and the hub alone"),
    )
}

fn judge(machine: &Machine, name: &str, expected: &[Expected]) -> Check {
    if let Some(fault) = expected.iter().find_map(|one| fault(machine, one)) {
        return Check::fail(name, fault, REPAIR);
    }
    let shown: Vec<String> = expected
        .iter()
        .map(|one| format!("{} {:04o}", one.path.display(), one.mode))
        .collect();
    Check::ok(name, shown.join(", "))
}

/// Says what differs from what is expected.
fn fault(machine: &Machine, expected: &Expected) -> Option<String> {
    let path = expected.path.display();
    let status = match std::fs::symlink_metadata(machine.at(&expected.path)) {
        Ok(status) => status,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Some(format!("{path} is absent"));
        }
        Err(error) => return Some(format!("{path} cannot be looked at: {error}")),
    };
    if !is_of_kind(&status, expected.kind) {
        return Some(format!("{path} is something else than it should be"));
    }
    let mode = status.mode() & 0o7777;
    if mode != expected.mode {
        return Some(format!(
            "{path} has mode {mode:04o} instead of {:04o}",
            expected.mode
        ));
    }
    if status.uid() != expected.uid {
        return Some(format!(
            "{path} belongs to user id {} instead of {}",
            status.uid(),
            expected.uid
        ));
    }
    match expected.gid {
        Some(gid) if gid != status.gid() => Some(format!(
            "{path} belongs to group id {} instead of {gid}",
            status.gid()
        )),
        _ => None,
    }
}

fn is_of_kind(status: &Metadata, kind: Kind) -> bool {
    match kind {
        Kind::Folder => status.is_dir(),
        Kind::Socket => status.file_type().is_socket(),
    }
}
