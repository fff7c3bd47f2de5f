//! What answers below a path and runs in a unit.

use std::fmt;

use super::{ServerKey, ServiceName};

/// A person's server, or a service beside the hub.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Backend {
    /// A person's server.
    Server(ServerKey),
    /// A service.
    Service(ServiceName),
}

impl Backend {
    /// Returns which server it is; `None` for a service.
    pub fn server(&self) -> Option<&ServerKey> {
        match self {
            Self::Server(key) => Some(key),
            Self::Service(_) => None,
        }
    }

    /// Returns which service it is; `None` for a server.
    pub fn service(&self) -> Option<&ServiceName> {
        match self {
            Self::Server(_) => None,
            Self::Service(name) => Some(name),
        }
    }
}

impl From<ServerKey> for Backend {
    fn from(key: ServerKey) -> Self {
        Self::Server(key)
    }
}

impl From<ServiceName> for Backend {
    fn from(name: ServiceName) -> Self {
        Self::Service(name)
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(key) => write!(f, "server {key}"),
            Self::Service(name) => write!(f, "service {name}"),
        }
    }
}
