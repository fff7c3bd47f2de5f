//! The command line of a server.

use super::{Places, Plan, PlanError, text_of};
use crate::domain::{paths, profile::Gatekeeper};

/// What stands for the path of the socket in the arguments of a program that the hub guards.
const SOCKET_MARK: &str = "{socket}";
/// What stands for the port.
const PORT_MARK: &str = "{port}";

/// How a program that knows nothing of JupyterHub is told where to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listening {
    /// By the path of a Unix socket.
    Socket,
    /// By a port of 127.0.0.1.
    Port,
}

impl Listening {
    /// Returns what the arguments ask for; `None` when it is neither, or both.
    pub fn asked_by(args: &[String]) -> Option<Self> {
        let has = |mark: &str| args.iter().any(|arg| arg.contains(mark));
        match (has(SOCKET_MARK), has(PORT_MARK)) {
            (true, false) => Some(Self::Socket),
            (false, true) => Some(Self::Port),
            (true, true) | (false, false) => None,
        }
    }
}

/// Returns the words of the command.
pub(super) fn command_line(plan: &Plan<'_>, places: &Places) -> Result<Vec<String>, PlanError> {
    match plan.gatekeeper {
        Gatekeeper::Program => jupyter(plan, places),
        Gatekeeper::Hub => guarded(plan, places),
    }
}

/// SU-50: the socket must come by argument, and the port must be named with the default's value, or
/// a port in somebody's own configuration would keep the server from starting.
fn jupyter(plan: &Plan<'_>, places: &Places) -> Result<Vec<String>, PlanError> {
    let mut argv = vec![
        text_of(plan.program)?,
        format!("--ServerApp.sock={}", text_of(&places.socket)?),
        String::from("--ServerApp.sock_mode=0660"),
        String::from("--ServerApp.port=8888"),
    ];
    if plan.kernel_ipc {
        argv.push(String::from("--KernelManager.transport=ipc"));
    }
    argv.extend_from_slice(plan.args);
    Ok(argv)
}

/// A program of any kind gets its own arguments only. `carrel present` opens its socket to the hub's
/// group, or makes one that leads to its port, and becomes the program.
fn guarded(plan: &Plan<'_>, places: &Places) -> Result<Vec<String>, PlanError> {
    let socket = text_of(&places.socket)?;
    let prefix = paths::server_prefix(plan.base_url, plan.key);
    let mut argv = vec![text_of(plan.launcher)?, "present".into(), socket.clone()];
    if Listening::asked_by(plan.args) == Some(Listening::Port) {
        argv.push(format!("--port-mark={PORT_MARK}"));
    }
    argv.push("--".into());
    argv.push(text_of(plan.program)?);
    argv.extend(plan.args.iter().map(|arg| {
        arg.replace(SOCKET_MARK, &socket)
            .replace("{prefix}", &prefix)
            .replace("{root}", prefix.trim_end_matches('/'))
            .replace("{username}", plan.key.user.as_str())
    }));
    Ok(argv)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_listens_in_one_way() {
        let asked = |args: &[&str]| {
            let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
            Listening::asked_by(&args)
        };
        assert_eq!(asked(&["--uds", "{socket}"]), Some(Listening::Socket));
        assert_eq!(asked(&["--bind=127.0.0.1:{port}"]), Some(Listening::Port));
        assert_eq!(asked(&["--uds={socket}", "--port={port}"]), None);
        assert_eq!(asked(&[]), None);
    }
}
