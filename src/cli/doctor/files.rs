//! Looks at the files that decide what root does: the configuration and the PAM service.

use std::{
    fs::Metadata,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::{Check, Machine};

/// The PAM service that logins go through.
const PAM_FILE: &str = "/etc/pam.d/carrel";

/// Permission bits that let others than the owner write.
const OTHERS_WRITE: u32 = 0o022;

/// The configuration is right, and nobody but root can change it: the broker obeys it as root.
pub(super) fn configuration(machine: &Machine) -> Check {
    const NAME: &str = "configuration";
    let folder = machine.config.with_extension("d");
    let mut files = vec![machine.config.clone(), folder.clone()];
    // A folder that is absent or cannot be listed has been told by the reader of the configuration.
    if let Ok(entries) = std::fs::read_dir(machine.at(&folder)) {
        files.extend(entries.filter_map(|entry| Some(folder.join(entry.ok()?.file_name()))));
    }
    for path in &files {
        if let Some(fault) = ownership(machine, path) {
            let advice = format!(
                "Anyone who can write it can make root run programs: chown root:root {0} && chmod \
                 go-w {0}",
                path.display()
            );
            return Check::fail(NAME, fault, advice);
        }
    }
    match &machine.settings {
        Ok(_) => Check::ok(NAME, format!("{} has no faults", machine.config.display())),
        Err(faults) => {
            let found = match faults.as_slice() {
                [fault] => fault.to_string(),
                [fault, rest @ ..] => format!("{fault} (and {} more)", rest.len()),
                [] => String::new(),
            };
            Check::fail(
                NAME,
                found,
                "`carrel check-config` tells all faults; mend them, then `systemctl restart carrel`.",
            )
        }
    }
}

/// There is a PAM service for Carrel that only root can change.
pub(super) fn pam(machine: &Machine) -> Check {
    const NAME: &str = "PAM service";
    let path = Path::new(PAM_FILE);
    let text = match std::fs::read_to_string(machine.at(path)) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let advice = "Without it the service `other` decides, which usually refuses \
                          everybody: `apt install --reinstall -o Dpkg::Options::=--force-confmiss \
                          carrel`.";
            return Check::fail(NAME, format!("{PAM_FILE} is absent"), advice);
        }
        Err(error) => return machine.cannot_read(NAME, path, &error),
    };
    if let Some(fault) = ownership(machine, path) {
        let advice = format!("chown root:root {PAM_FILE} && chmod 644 {PAM_FILE}");
        return Check::fail(NAME, fault, advice);
    }
    let types = ["auth", "account"].map(|kind| {
        let begins = |line: &str| line.trim_start_matches('-').starts_with(kind);
        let includes = |line: &str| line.starts_with("@include") && line.contains(kind);
        text.lines()
            .map(str::trim)
            .any(|line| begins(line) || includes(line))
    });
    if types.contains(&false) {
        let found = format!("{PAM_FILE} has no rules for auth or for account");
        let advice = "Compare it with /usr/share/doc/carrel or with /etc/pam.d/login; both kinds \
                      of rules are needed.";
        return Check::fail(NAME, found, advice);
    }
    Check::ok(NAME, format!("{PAM_FILE} is there"))
}

/// Says what is wrong with the owner or the mode of a system file; what is absent has no fault.
fn ownership(machine: &Machine, path: &Path) -> Option<String> {
    let status: Metadata = std::fs::metadata(machine.at(path)).ok()?;
    let shown = PathBuf::from(path);
    if status.uid() != machine.system_uid {
        return Some(format!(
            "{} belongs to user id {}, not to root",
            shown.display(),
            status.uid()
        ));
    }
    if status.mode() & OTHERS_WRITE != 0 {
        let mode = status.mode() & 0o7777;
        return Some(format!(
            "{} can be written by others than root (mode {mode:04o})",
            shown.display()
        ));
    }
    None
}
