//! Why a server failed, in one line for the journal; the pages have words of their own.

use std::fmt;

use super::server::{FailureCause, UnitEnd};

impl fmt::Display for FailureCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandMissing { command, searched } => write!(
                f,
                "{command} is not installed in {}; install Debian's package jupyterhub, or jupyterhub and \
                 jupyterlab with pip into /opt/carrel/venv, or set server.command",
                searched.join(", ")
            ),
            Self::Refused(reason) => write!(f, "the broker refuses to start it: {reason}"),
            Self::LoginNeeded => f.write_str("its owner has to log in again first"),
            Self::NotStarted(reason) => write!(f, "systemd could not start it: {reason}"),
            Self::Ended(UnitEnd { result, status }) => {
                write!(f, "its program ended: {result}, status {status}")
            }
            Self::NoSocket(patience) => write!(
                f,
                "its program did not open its socket within {} s (server.start_timeout)",
                patience.as_secs()
            ),
            Self::NoAnswer(patience) => write!(
                f,
                "its program did not answer within {} s (server.http_timeout)",
                patience.as_secs()
            ),
            Self::WrongOwner => f.write_str("another account's program listens on its socket"),
            Self::Unavailable(what) => write!(f, "systemd or the broker does not answer: {what}"),
            Self::DiskFull => {
                f.write_str("the disk with the hub's database is full; make room on it")
            }
            Self::Vanished => f.write_str("its unit was gone when the hub came back"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_told_with_what_to_install() {
        let cause = FailureCause::CommandMissing {
            command: String::from("jupyterhub-singleuser"),
            searched: vec![
                String::from("/opt/carrel/venv/bin"),
                String::from("/usr/bin"),
            ],
        };
        let text = cause.to_string();
        for part in [
            "jupyterhub-singleuser",
            "/opt/carrel/venv/bin, /usr/bin",
            "install",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}
