//! Services beside the hub, as they are configured.

use std::{collections::BTreeMap, fmt, path::PathBuf, time::Duration};

use serde_json::{Map, Value};

use super::{ResourceLimits, Sandbox};
use crate::domain::{
    names::{ServiceName, UserName},
    scope::Scope,
};

/// One service.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceSettings {
    /// What it is called.
    pub name: ServiceName,
    /// Where it listens; without it, nobody is led to it.
    pub address: Option<ServiceAddress>,
    /// What Carrel runs; without it, somebody else runs the service.
    pub program: Option<ServiceProgram>,
    /// The account it runs as; there is one when Carrel runs it, and when it listens on a Unix socket.
    pub user: Option<UserName>,
    /// The file with the token of a service that somebody else runs.
    pub api_token_file: Option<PathBuf>,
    /// Whether it has the role `admin`.
    pub admin: bool,
    /// Whether it is shown to those who may use it.
    pub display: bool,
    /// What is kept for other programs.
    pub info: Map<String, Value>,
    /// Its OAuth client; there is one when people can be sent back to it.
    pub client: Option<ServiceClient>,
}

/// Where a service listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceAddress {
    /// On the socket that Carrel has ready for a service it runs.
    OwnSocket,
    /// On a Unix socket somewhere else.
    Unix(PathBuf),
    /// On a TCP port; the host stands as in a URL, so an IPv6 address has brackets.
    Tcp {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
    },
}

/// Writes the address as the configuration has it.
impl fmt::Display for ServiceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OwnSocket => f.write_str("unix"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp { host, port } => write!(f, "http://{host}:{port}"),
        }
    }
}

/// What Carrel runs for a service.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceProgram {
    /// The program: a name looked up in `server.search_path`, or an absolute path.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// The folder it starts in; the account's home when absent.
    pub cwd: Option<PathBuf>,
    /// Additional environment; wins over Carrel's.
    pub environment: BTreeMap<String, String>,
    /// How long until it must have opened its socket.
    pub start_timeout: Duration,
    /// Bounds kept by the kernel.
    pub limits: ResourceLimits,
    /// What its processes are kept from.
    pub sandbox: Sandbox,
}

/// The OAuth client of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceClient {
    /// The client's id.
    pub id: String,
    /// Where people are sent back; the service's own `oauth_callback` when absent.
    pub redirect_uri: Option<String>,
    /// Whether people are not asked before.
    pub no_confirm: bool,
    /// Scopes its tokens may have, beside identifying their owner and access to the service.
    pub allowed_scopes: Vec<Scope>,
}
