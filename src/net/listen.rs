//! The sockets requests come in by: systemd's, or our own when it passed none.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use listenfd::ListenFd;
use thiserror::Error;

use super::admin::AdminSocket;
use crate::{config::settings::HubSettings, http::request::Listener};

/// The names of the socket units' `FileDescriptorName=` (systemd.socket(5)).
const NAMES: [(&str, Listener); 3] = [
    ("https", Listener::Public),
    ("http", Listener::Redirect),
    ("api", Listener::Api),
];

/// The name of `carrel-admin.socket`, the one that is no TCP socket.
const ADMIN_NAME: &str = "admin";

/// Why a socket could not be had.
#[derive(Debug, Error)]
pub enum Error {
    /// systemd passed something that is not a listening socket of the kind its name says.
    #[error("take over socket {name:?} from systemd")]
    Passed {
        /// Its `FileDescriptorName=`.
        name: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// systemd passed a socket with a name that means nothing here.
    #[error("systemd passed a socket named {0:?}, which is none of https, http, api and admin")]
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
pub struct Listeners {
    tcp: Vec<(Listener, TcpListener)>,
    /// Root's own; only systemd can make it.
    pub(super) admin: Option<AdminSocket>,
}

impl Listeners {
    /// Takes systemd's sockets over; for every door it passed none for, listens where the settings say.
    ///
    /// With any socket from systemd the public and redirecting doors that it did not pass stay shut:
    /// an administrator who disables `carrel-http.socket` wants no port 80.
    pub fn open(settings: &HubSettings) -> Result<Self, Error> {
        let mut listeners = Self::passed()?;
        let activated = !listeners.tcp.is_empty();
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
        self.tcp.push((via, listener));
        Ok(())
    }

    /// Returns where each door is, as the system knows it.
    pub fn addresses(&self) -> impl Iterator<Item = (Listener, SocketAddr)> {
        self.tcp
            .iter()
            .filter_map(|(via, listener)| Some((*via, listener.local_addr().ok()?)))
    }

    /// Returns the port of the public door; 443 when it has none.
    pub(super) fn https_port(&self) -> u16 {
        self.addresses()
            .find(|(via, _)| *via == Listener::Public)
            .map_or(443, |(_, address)| address.port())
    }

    pub(super) fn into_all(self) -> (Vec<(Listener, TcpListener)>, Option<AdminSocket>) {
        (self.tcp, self.admin)
    }

    fn has(&self, wanted: Listener) -> bool {
        self.tcp.iter().any(|(via, _)| *via == wanted)
    }

    fn passed() -> Result<Self, Error> {
        // Read first: taking the sockets removes the variables.
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut passed = ListenFd::from_env();
        let mut listeners = Self::default();
        for (index, name) in (0..passed.len()).zip(names.split(':').chain(std::iter::repeat(""))) {
            let refused = |source| Error::Passed {
                name: name.to_owned(),
                source,
            };
            if name == ADMIN_NAME {
                let listener = passed.take_unix_listener(index).and_then(or_absent);
                let listener = listener.map_err(refused)?;
                listeners.admin = Some(AdminSocket::of_root(listener));
                continue;
            }
            let Some((_, via)) = NAMES.iter().find(|(known, _)| *known == name) else {
                return Err(Error::UnknownName(name.to_owned()));
            };
            let listener = passed.take_tcp_listener(index).and_then(or_absent);
            listeners.tcp.push((*via, listener.map_err(refused)?));
        }
        Ok(listeners)
    }
}

fn or_absent<T>(listener: Option<T>) -> io::Result<T> {
    listener.ok_or_else(|| io::ErrorKind::NotFound.into())
}
