//! Asking a server's program whether it answers; how, is the proxy's knowledge and handed in.

use std::{path::PathBuf, pin::Pin, sync::Arc};

use thiserror::Error;

use crate::domain::profile::Gatekeeper;

/// What a server's program said to a request for its API path.
pub type ProbeResult = Result<(), ProbeError>;

/// Why a program does not answer.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// There is no socket yet, or nobody listens on it.
    #[error("no socket")]
    NoSocket,
    /// The socket belongs to somebody else.
    #[error("the socket is not its owner's")]
    WrongOwner,
    /// It accepted the connection and gave no answer below 500.
    #[error("no answer")]
    NoAnswer,
}

/// Asks the program behind a socket once for a path; the proxy's way of connecting, handed in.
pub type Probe =
    Arc<dyn Fn(Target, String) -> Pin<Box<dyn Future<Output = ProbeResult> + Send>> + Send + Sync>;

/// Where a server listens, and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The Unix socket.
    pub socket: PathBuf,
    /// The UID whose process must be listening.
    pub owner_uid: u32,
    /// Who finds out whether a visitor may use it.
    pub gatekeeper: Gatekeeper,
}

impl Target {
    /// Describes what a program that asks its visitors by itself listens on.
    pub fn new(socket: PathBuf, owner_uid: u32) -> Self {
        Self {
            socket,
            owner_uid,
            gatekeeper: Gatekeeper::Program,
        }
    }
}
