//! systemd over D-Bus: watching the units of servers and services, and (for the broker) starting them.
//!
//! Watching needs no privilege, so the hub does it itself; what changes anything is called by the
//! broker alone. Nothing outside this module speaks D-Bus. What systemd only passes on, lines of the
//! journal and the figures of control groups, is read where it lies.
#![forbid(unsafe_code)]

pub mod cgroup;
mod jobs;
pub mod journal;
mod properties;
mod proxies;
mod status;
mod watch;

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use thiserror::Error;
use tokio::time::timeout;
use zbus::Connection;

pub use self::{
    jobs::StartError,
    status::{ActiveState, Exit, UnitStatus},
    watch::{UnitEvent, Watch},
};
use self::{
    proxies::ManagerProxy,
    status::{PropertyMap, UnitRecord},
};
use crate::domain::names::{ServerKey, ServiceName, UnitName};

/// How long one call may take; systemd answers in milliseconds unless it re-executes.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// The oldest systemd that Carrel works with, Debian 12's.
pub const OLDEST_VERSION: u32 = 252;
/// systemd's name on the bus.
const SERVICE: &str = "org.freedesktop.systemd1";
/// The interface that every unit has.
const UNIT_INTERFACE: &str = "org.freedesktop.systemd1.Unit";
/// The interface of service units.
const SERVICE_INTERFACE: &str = "org.freedesktop.systemd1.Service";

/// Why systemd could not be asked.
#[derive(Debug, Error)]
pub enum Error {
    /// The system bus is not there.
    #[error("connect to the system bus")]
    Connect(#[source] zbus::Error),
    /// A call failed.
    #[error("ask systemd to {what}")]
    Call {
        /// What was asked.
        what: &'static str,
        /// What came back.
        #[source]
        source: zbus::Error,
    },
    /// No answer came in time.
    #[error("wait for systemd to {0}")]
    Deadline(&'static str),
    /// systemd's answer does not have the documented shape.
    #[error("systemd's answer has no usable {0}")]
    Shape(&'static str),
}

/// A connection to systemd that renews itself when the bus goes away.
#[derive(Debug)]
pub struct Systemd {
    connection: Mutex<Connection>,
}

impl Systemd {
    /// Connects to the system bus.
    pub async fn connect() -> Result<Self, Error> {
        Ok(Self::over(system_bus().await?))
    }

    /// Uses a connection that exists: a bus, or the peer that plays systemd in a test.
    pub fn over(connection: Connection) -> Self {
        Self {
            connection: Mutex::new(connection),
        }
    }

    /// Returns systemd's major version, such as 252.
    pub async fn version(&self) -> Result<u32, Error> {
        let manager = self.manager().await?;
        let text = call("tell its version", manager.version()).await?;
        parse_version(&text).ok_or(Error::Shape("version"))
    }

    /// Returns the unit of every user server that systemd has in memory, running or failed.
    pub async fn list_servers(&self) -> Result<Vec<(ServerKey, UnitStatus)>, Error> {
        let units = self.list(UnitName::SERVERS).await?.into_iter();
        let servers = units.filter_map(|unit| Some((unit.backend.server()?.clone(), unit)));
        Ok(servers.collect())
    }

    /// Returns the unit of every service that systemd has in memory, running or failed.
    pub async fn list_services(&self) -> Result<Vec<(ServiceName, UnitStatus)>, Error> {
        let units = self.list(UnitName::SERVICES).await?.into_iter();
        let services = units.filter_map(|unit| Some((unit.backend.service()?.clone(), unit)));
        Ok(services.collect())
    }

    /// Returns the services to which a bridge stands open.
    pub async fn list_bridges(&self) -> Result<BTreeSet<ServiceName>, Error> {
        let manager = self.manager().await?;
        let listed = manager.list_units_by_patterns(&["active"], &[UnitName::BRIDGES]);
        let listed = call("list units", listed).await?;
        let names = listed.iter();
        Ok(names
            .filter_map(|entry| UnitName::parse_bridge(&entry.0))
            .collect())
    }

    async fn list(&self, pattern: &str) -> Result<Vec<UnitStatus>, Error> {
        let manager = self.manager().await?;
        let pattern = [pattern];
        let listed = call("list units", manager.list_units_by_patterns(&[], &pattern)).await?;
        let mut units = Vec::with_capacity(listed.len());
        for entry in listed {
            if UnitName::parse(&entry.0).is_none() {
                continue;
            }
            let Some(record) = self.fetch(&entry.0, entry.6.as_str()).await? else {
                continue;
            };
            units.push(record.status);
        }
        Ok(units)
    }

    /// Returns what systemd says about `unit`; `None` when it knows no such unit.
    pub async fn unit_status(&self, unit: &UnitName) -> Result<Option<UnitStatus>, Error> {
        let record = self.find_unit(unit).await?;
        Ok(record.map(|record| record.status))
    }

    async fn find_unit(&self, unit: &UnitName) -> Result<Option<UnitRecord>, Error> {
        let manager = self.manager().await?;
        let path = match call("find a unit", manager.get_unit(unit.as_str())).await {
            Ok(path) => path,
            Err(error) if error.is_named("org.freedesktop.systemd1.NoSuchUnit") => return Ok(None),
            Err(error) => return Err(error),
        };
        self.fetch(unit.as_str(), path.as_str()).await
    }

    /// Begins to watch the units of servers and services.
    ///
    /// List them after this returned: what happens in between arrives as events.
    pub async fn watch(&self) -> Result<Watch, Error> {
        Watch::begin(self.connection().await?).await
    }

    /// Reads all of a unit; `None` when it went away meanwhile.
    async fn fetch(&self, unit: &str, path: &str) -> Result<Option<UnitRecord>, Error> {
        fetch(&self.connection().await?, unit, path).await
    }

    async fn manager(&self) -> Result<ManagerProxy<'static>, Error> {
        manager_on(&self.connection().await?).await
    }

    async fn connection(&self) -> Result<Connection, Error> {
        let present = self.present();
        if !present.is_closed() {
            return Ok(present);
        }
        let fresh = system_bus().await?;
        *self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = fresh.clone();
        Ok(fresh)
    }

    fn present(&self) -> Connection {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Error {
    /// Tells whether the call may have been carried out although no answer came.
    fn is_lost_reply(&self) -> bool {
        if let Self::Call {
            source: zbus::Error::InputOutput(_),
            ..
        } = self
        {
            return true;
        }
        let names = [
            "org.freedesktop.DBus.Error.NoReply",
            "org.freedesktop.DBus.Error.Disconnected",
            "org.freedesktop.DBus.Error.NameHasNoOwner",
            "org.freedesktop.DBus.Error.ServiceUnknown",
        ];
        matches!(self, Self::Deadline(_)) || names.iter().any(|name| self.is_named(name))
    }

    /// Tells whether this is the D-Bus error of that name.
    fn is_named(&self, name: &str) -> bool {
        if let Self::Call {
            source: zbus::Error::MethodError(found, _, _),
            ..
        } = self
        {
            return found.as_str() == name;
        }
        false
    }
}

async fn system_bus() -> Result<Connection, Error> {
    match timeout(CALL_TIMEOUT, Connection::system()).await {
        Ok(connected) => connected.map_err(Error::Connect),
        Err(_) => Err(Error::Deadline("take a connection")),
    }
}

async fn manager_on(connection: &Connection) -> Result<ManagerProxy<'static>, Error> {
    ManagerProxy::new(connection).await.map_err(Error::Connect)
}

/// Awaits one call, with the deadline that every call has.
async fn call<T>(
    what: &'static str,
    future: impl Future<Output = zbus::Result<T>>,
) -> Result<T, Error> {
    match timeout(CALL_TIMEOUT, future).await {
        Ok(outcome) => outcome.map_err(|source| Error::Call { what, source }),
        Err(_) => Err(Error::Deadline(what)),
    }
}

async fn fetch(
    connection: &Connection,
    unit: &str,
    path: &str,
) -> Result<Option<UnitRecord>, Error> {
    let general = get_all(connection, path, UNIT_INTERFACE).await?;
    let service = get_all(connection, path, SERVICE_INTERFACE).await?;
    Ok(UnitRecord::read(unit, &general, &service))
}

async fn get_all(
    connection: &Connection,
    path: &str,
    interface: &str,
) -> Result<PropertyMap, Error> {
    let what = "describe a unit";
    let properties = Some("org.freedesktop.DBus.Properties");
    let reply = call(
        what,
        connection.call_method(Some(SERVICE), path, properties, "GetAll", &(interface,)),
    )
    .await?;
    reply
        .body()
        .deserialize()
        .map_err(|source| Error::Call { what, source })
}

/// Reads `252` out of `252.39-1~deb12u1`.
fn parse_version(text: &str) -> Option<u32> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let digits = text.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests;
