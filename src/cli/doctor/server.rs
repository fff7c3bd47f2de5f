//! Looks for the program that people's servers run.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    Check, Machine,
    command::{As, output},
};
use crate::config::settings::ServerSettings;

/// A Python program with hundreds of modules on a cold disk takes its time.
const VERSION_DEADLINE: Duration = Duration::from_secs(30);

/// The program is there, other accounts can run it, and it tells its version.
pub(super) async fn program(machine: &Machine) -> Check {
    let server = machine.settings().server;
    let name = server.command.as_str();
    let Some(path) = find(machine, &server) else {
        let found = match name.starts_with('/') {
            true => format!("{name} is absent or not executable"),
            false => format!("{name} is in none of {}", shown(&server.search_path)),
        };
        let advice = "Install it, for example: `apt install python3-venv && /usr/bin/python3 -m \
                      venv /opt/carrel/venv && /opt/carrel/venv/bin/pip install jupyterhub \
                      jupyterlab`, or set server.command.";
        return Check::fail("server program", found, advice);
    };
    let shown = path.display().to_string();
    match output(&shown, &["--version"], As::Nobody, VERSION_DEADLINE).await {
        Ok(text) => {
            let version = text.lines().next().unwrap_or_default().trim().to_owned();
            Check::ok("server program", format!("{shown}, version {version}"))
        }
        Err(error) => Check::fail(
            "server program",
            format!("{shown} --version {error}"),
            "Every account must be able to run it: a virtual environment is to be made with \
             /usr/bin/python3 and to lie where everybody may read.",
        ),
    }
}

/// Finds the program as the broker does: an absolute path, or the first hit in the search path.
fn find(machine: &Machine, server: &ServerSettings) -> Option<PathBuf> {
    if server.command.starts_with('/') {
        let path = machine.at(&server.command);
        return is_executable(&path).then_some(path);
    }
    let candidates = server.search_path.iter().map(|folder| machine.at(folder));
    candidates
        .map(|folder| folder.join(&server.command))
        .find(|path| is_executable(path))
}

fn is_executable(path: &Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|status| status.is_file() && status.permissions().mode() & 0o111 != 0)
}

fn shown(folders: &[PathBuf]) -> String {
    let folders: Vec<String> = folders.iter().map(|f| f.display().to_string()).collect();
    folders.join(", ")
}
