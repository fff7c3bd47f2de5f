//! The sockets requests come in by: systemd's, or our own when it passed none.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use listenfd::ListenFd;
use thiserror::Error;

use crate::{config::settings::HubSettings, http::request::Listener};

/// The names of the socket units' `FileDescriptorName=` (systemd.socket(5)).
const NAMES: [(&str, Listener); 3] = [
    ("https", Listener::Public),
    ("http", Listener::Redirect),
    ("api", Listener::Api),
];

/// Why a socket could not be had.
#[derive(Debug, Error)]
pub enum Error {
    /// systemd passed something that is not a listening TCP socket.
    #[error("take over socket {name:?} from systemd")]
    Passed {
        /// Its `FileDescriptorName=`.
        name: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// systemd passed a socket with a name that means nothing here.
    #[error("systemd passed a socket named {0:?}, which is none of https, http and api")]
    UnknownName(String),
    /// The address cannot be listened on.
    #[error("listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// The open sockets, each with the door it is.
#[derive(Debug, Default)]
pub struct Listeners(Vec<(Listener, TcpListener)>);

impl Listeners {
    /// Takes systemd's sockets over; for every door it passed none for, listens where the settings say.
    ///
    /// With any socket from systemd the public and redirecting doors that it did not pass stay shut:
    /// an administrator who disables `carrel-http.socket` wants no port 80.
    pub fn open(settings: &HubSettings) -> Result<Self, Error> {
        let mut listeners = Self::passed()?;
        let activated = !listeners.0.is_empty();
        if !activated {
            for address in &settings.listen {
                listeners.bind(Listener::Public, *address)?;
            }
            for address in &settings.listen_redirect {
                listeners.bind(Listener::Redirect, *address)?;
            }
        }
        if !listeners.has(Listener::Api) {
            listeners.bind(Listener::Api, settings.listen_api)?;
        }
        Ok(listeners)
    }

    /// Listens on one more address.
    pub fn bind(&mut self, via: Listener, address: SocketAddr) -> Result<(), Error> {
        let listener =
            TcpListener::bind(address).map_err(|source| Error::Bind { address, source })?;
        self.0.push((via, listener));
        Ok(())
    }

    /// Returns where each door is, as the system knows it.
    pub fn addresses(&self) -> impl Iterator<Item = (Listener, SocketAddr)> {
        self.0
            .iter()
            .filter_map(|(via, listener)| Some((*via, listener.local_addr().ok()?)))
    }

    /// Returns the port of the public door; 443 when it has none.
    pub(super) fn https_port(&self) -> u16 {
        self.addresses()
            .find(|(via, _)| *via == Listener::Public)
            .map_or(443, |(_, address)| address.port())
    }

    pub(super) fn into_all(self) -> Vec<(Listener, TcpListener)> {
        self.0
    }

    fn has(&self, wanted: Listener) -> bool {
        self.0.iter().any(|(via, _)| *via == wanted)
    }

    fn passed() -> Result<Self, Error> {
        // Read first: taking the sockets removes the variables.
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut passed = ListenFd::from_env();
        let mut listeners = Vec::new();
        for (index, name) in (0..passed.len()).zip(names.split(':').chain(std::iter::repeat(""))) {
            let Some((_, via)) = NAMES.iter().find(|(known, _)| *known == name) else {
                return Err(Error::UnknownName(name.to_owned()));
            };
            let listener = passed
                .take_tcp_listener(index)
                .and_then(|l| l.ok_or_else(|| io::ErrorKind::NotFound.into()))
                .map_err(|source| Error::Passed {
                    name: name.to_owned(),
                    source,
                })?;
            listeners.push((*via, listener));
        }
        Ok(Self(listeners))
    }
}
