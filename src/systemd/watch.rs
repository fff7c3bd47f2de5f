//! Watching the units of user servers: systemd's signals as typed events.
//!
//! One match rule covers all units, one table remembers what is known about each. Whatever may have
//! been missed (systemd reloaded or re-executed, the bus went away) is said as
//! [`UnitEvent::Resync`]: list the units again.

use std::{
    collections::HashMap, future::poll_fn, num::NonZeroUsize, pin::Pin, task::Poll, time::Duration,
};

use futures_core::Stream;
use tokio::time::{Instant, sleep, timeout_at};
use zbus::{Connection, MatchRule, Message, MessageStream, OwnedObjectPath};

use super::{
    Error, SERVICE, SERVICE_INTERFACE, UNIT_INTERFACE, call, fetch, manager_on,
    status::{PropertyMap, UnitRecord, UnitStatus},
    system_bus,
};
use crate::domain::names::UnitName;

/// Below this every object of systemd lies.
const ROOT: &str = "/org/freedesktop/systemd1";
/// The bus itself, and its object.
const BUS: &str = "org.freedesktop.DBus";
const BUS_PATH: &str = "/org/freedesktop/DBus";
/// How the object paths of servers and services begin.
const UNIT_PATH_PREFIXES: [&str; 2] = [
    "/org/freedesktop/systemd1/unit/carrel_2duser_2d",
    "/org/freedesktop/systemd1/unit/carrel_2dservice_2d",
];
/// How many signals may wait; a start makes about ten, beside those of all other units.
const MAX_QUEUED_SIGNALS: Option<NonZeroUsize> = NonZeroUsize::new(16 * 1024);
/// How often units are to be listed again although nothing says so, as a safety net.
const RESYNC_INTERVAL: Duration = Duration::from_secs(120);
/// How long to wait between attempts to get the bus back.
const RECONNECT_PAUSE: Duration = Duration::from_secs(1);

/// Something happened to the unit of a server or service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitEvent {
    /// This is what systemd says now.
    Changed(UnitStatus),
    /// systemd has forgotten the unit: it does not run.
    Removed(UnitName),
    /// Events may have been missed; list the units again.
    Resync,
}

/// The stream of events; dropping it ends it.
#[derive(Debug)]
pub struct Watch {
    connection: Connection,
    signals: MessageStream,
    owners: MessageStream,
    known: HashMap<UnitName, Known>,
    /// A changed unit of which something is still to be read; kept here so that a dropped
    /// [`Watch::next`] loses nothing.
    unread: Option<UnitName>,
    /// Whether the connection must be made anew before anything else.
    broken: bool,
    next_resync: Instant,
}

/// What is known of a unit, and what of it was last told.
#[derive(Debug)]
struct Known {
    record: UnitRecord,
    told: Option<UnitStatus>,
}

/// A signal as far as it matters here.
enum Signal {
    ServiceChanged(UnitName, PropertyMap),
    UnitChanged(UnitName, PropertyMap),
    Removed(UnitName),
    Reloaded,
    Other,
}

/// What [`Watch::receive`] brought.
enum Incoming {
    Signal(Message),
    OwnerChanged(Message),
    Closed,
    Quiet,
}

impl Watch {
    pub(super) async fn begin(connection: Connection) -> Result<Self, Error> {
        let what = "send signals";
        let failed = |source| Error::Call { what, source };
        // Changes of the owner first: from then on a new one cannot be missed.
        let owner_rule = owner_rule().map_err(failed)?;
        let owners = MessageStream::for_match_rule(owner_rule, &connection, None);
        let owners = call(what, owners).await?;
        let sender = sender_of_systemd(&connection).await?;
        let unit_rule = unit_rule(&sender).map_err(failed)?;
        let signals = MessageStream::for_match_rule(unit_rule, &connection, MAX_QUEUED_SIGNALS);
        let signals = call(what, signals).await?;
        subscribe(&connection).await?;
        Ok(Self {
            connection,
            signals,
            owners,
            known: HashMap::new(),
            unread: None,
            broken: false,
            next_resync: Instant::now() + RESYNC_INTERVAL,
        })
    }

    /// Waits for the next event. Nothing is lost when the returned future is dropped.
    ///
    /// A lost bus is waited for and then told as [`UnitEvent::Resync`].
    pub async fn next(&mut self) -> UnitEvent {
        loop {
            if self.broken {
                self.reconnect().await;
                self.next_resync = Instant::now() + RESYNC_INTERVAL;
                return UnitEvent::Resync;
            }
            if let Some(unit) = self.unread.clone() {
                self.read_rest(&unit).await;
                self.unread = None;
                if let Some(event) = self.tell(&unit) {
                    return event;
                }
            }
            match self.receive().await {
                Incoming::Signal(message) => {
                    if let Some(event) = self.take_in(read_signal(&message)) {
                        return event;
                    }
                }
                // systemd takes its name again when it has re-executed; it has then forgotten
                // who wanted signals.
                Incoming::OwnerChanged(message) => self.broken = has_new_owner(&message),
                Incoming::Closed => self.broken = true,
                Incoming::Quiet => {
                    self.next_resync = Instant::now() + RESYNC_INTERVAL;
                    return UnitEvent::Resync;
                }
            }
        }
    }

    fn take_in(&mut self, signal: Signal) -> Option<UnitEvent> {
        match signal {
            // systemd tells the service's part first, so that a state and its cause come together.
            Signal::ServiceChanged(unit, map) => {
                self.entry(unit)?.record.merge_service(&map);
                None
            }
            Signal::UnitChanged(unit, map) => {
                let known = self.entry(unit.clone())?;
                known.record.merge_general(&map);
                if known.record.lacks_details() {
                    self.unread = Some(unit);
                    return None;
                }
                self.tell(&unit)
            }
            Signal::Removed(unit) => {
                self.known.remove(&unit);
                Some(UnitEvent::Removed(unit))
            }
            Signal::Reloaded => Some(UnitEvent::Resync),
            Signal::Other => None,
        }
    }

    fn entry(&mut self, unit: UnitName) -> Option<&mut Known> {
        if !self.known.contains_key(&unit) {
            let record = UnitRecord::new(unit.as_str())?;
            self.known
                .insert(unit.clone(), Known { record, told: None });
        }
        self.known.get_mut(&unit)
    }

    /// Makes an event of what is known, unless it was told before.
    fn tell(&mut self, unit: &UnitName) -> Option<UnitEvent> {
        let known = self.known.get_mut(unit)?;
        let status = known.record.status.clone();
        if known.told.as_ref() == Some(&status) {
            return None;
        }
        known.told = Some(status.clone());
        Some(UnitEvent::Changed(status))
    }

    /// Reads what no signal carries. State and result stay as the signals told them, so that events
    /// keep their order; a unit that is gone by now keeps what is known.
    async fn read_rest(&mut self, unit: &UnitName) {
        let path = object_path(unit);
        match fetch(&self.connection, unit.as_str(), &path).await {
            Ok(Some(fresh)) => {
                if let Some(known) = self.known.get_mut(unit) {
                    known.record.take_details(fresh);
                }
            }
            Ok(None) => {}
            Err(error) => tracing::debug!(
                unit = %unit,
                error = &error as &dyn std::error::Error,
                "a unit's details could not be read"
            ),
        }
    }

    /// Waits for a message on either stream.
    async fn receive(&mut self) -> Incoming {
        let deadline = self.next_resync;
        let (signals, owners) = (&mut self.signals, &mut self.owners);
        let either = poll_fn(|cx| {
            if let Poll::Ready(item) = Pin::new(&mut *owners).poll_next(cx) {
                return Poll::Ready(match item {
                    Some(Ok(message)) => Incoming::OwnerChanged(message),
                    Some(Err(_)) | None => Incoming::Closed,
                });
            }
            Pin::new(&mut *signals)
                .poll_next(cx)
                .map(|item| match item {
                    Some(Ok(message)) => Incoming::Signal(message),
                    Some(Err(_)) | None => Incoming::Closed,
                })
        });
        timeout_at(deadline, either)
            .await
            .unwrap_or(Incoming::Quiet)
    }

    /// Tries until systemd is there again.
    async fn reconnect(&mut self) {
        loop {
            match self.try_reconnect().await {
                Ok(fresh) => {
                    *self = fresh;
                    return;
                }
                Err(error) => tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "systemd cannot be watched; trying again"
                ),
            }
            sleep(RECONNECT_PAUSE).await;
        }
    }

    async fn try_reconnect(&self) -> Result<Self, Error> {
        let connection = if self.connection.is_closed() {
            system_bus().await?
        } else {
            self.connection.clone()
        };
        Self::begin(connection).await
    }
}

fn unit_rule(sender: &str) -> zbus::Result<MatchRule<'_>> {
    MatchRule::builder()
        .msg_type(zbus::message::Type::Signal)
        .sender(sender)
        .path_namespace(ROOT)
        .build()
}

fn owner_rule() -> zbus::Result<MatchRule<'static>> {
    MatchRule::builder()
        .msg_type(zbus::message::Type::Signal)
        .sender(BUS)
        .member("NameOwnerChanged")
        .add_arg(SERVICE)
        .build()
}

/// Returns the name that systemd's signals bear on this bus until it re-executes.
///
/// Every account may send any signal straight to us: the bus asks no match rule then, and ours cannot
/// compare a well-known name with the unique one a message bears. So rules name the unique one.
pub(super) async fn sender_of_systemd(connection: &Connection) -> Result<String, Error> {
    if !connection.is_bus() {
        // The peer of a test: nobody else is there.
        return Ok(SERVICE.to_owned());
    }
    let what = "say who it is on the bus";
    let ask = connection.call_method(Some(BUS), BUS_PATH, Some(BUS), "GetNameOwner", &(SERVICE,));
    let reply = call(what, ask).await?;
    let name = reply.body().deserialize();
    name.map_err(|source| Error::Call { what, source })
}

/// Asks for signals; asking twice on one connection is an error of systemd's that means "done".
pub(super) async fn subscribe(connection: &Connection) -> Result<(), Error> {
    let manager = manager_on(connection).await?;
    match call("send signals", manager.subscribe()).await {
        Err(error) if error.is_named("org.freedesktop.systemd1.AlreadySubscribed") => Ok(()),
        outcome => outcome,
    }
}

fn read_signal(message: &Message) -> Signal {
    let header = message.header();
    let (Some(path), Some(member)) = (header.path(), header.member()) else {
        return Signal::Other;
    };
    let body = message.body();
    match member.as_str() {
        "PropertiesChanged" => {
            let Some(unit) = unit_of_path(path.as_str()) else {
                return Signal::Other;
            };
            match body.deserialize::<(String, PropertyMap, Vec<String>)>() {
                Ok((interface, map, _)) if interface == SERVICE_INTERFACE => {
                    Signal::ServiceChanged(unit, map)
                }
                Ok((interface, map, _)) if interface == UNIT_INTERFACE => {
                    Signal::UnitChanged(unit, map)
                }
                _ => Signal::Other,
            }
        }
        "UnitRemoved" => match body.deserialize::<(String, OwnedObjectPath)>() {
            Ok((unit, _)) => {
                UnitName::parse(&unit).map_or(Signal::Other, |(unit, _)| Signal::Removed(unit))
            }
            Err(_) => Signal::Other,
        },
        "Reloading" => match body.deserialize::<bool>() {
            Ok(false) => Signal::Reloaded,
            _ => Signal::Other,
        },
        _ => Signal::Other,
    }
}

fn has_new_owner(message: &Message) -> bool {
    let names = message.body().deserialize::<(String, String, String)>();
    names.is_ok_and(|(_, _, new)| !new.is_empty())
}

/// Writes an object path as systemd does: every byte but letters and digits becomes `_XX`.
pub(super) fn object_path(unit: &UnitName) -> String {
    let mut path = format!("{ROOT}/unit/");
    for byte in unit.as_str().bytes() {
        if byte.is_ascii_alphanumeric() {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("_{byte:02x}"));
        }
    }
    path
}

/// Reads a unit's name out of its object path; `None` when it is none of ours.
fn unit_of_path(path: &str) -> Option<UnitName> {
    if !UNIT_PATH_PREFIXES.iter().any(|it| path.starts_with(it)) {
        return None;
    }
    let mut rest = path.strip_prefix(ROOT)?.strip_prefix("/unit/")?;
    let mut name = String::with_capacity(rest.len());
    while let Some(first) = rest.chars().next() {
        if let Some(hex) = rest.strip_prefix('_') {
            name.push(char::from(u8::from_str_radix(hex.get(..2)?, 16).ok()?));
            rest = hex.get(2..)?;
        } else {
            name.push(first);
            rest = rest.get(first.len_utf8()..)?;
        }
    }
    UnitName::parse(&name).map(|(unit, _)| unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_of_other_accounts_are_not_systemds() {
        let signal = |sender: &'static str, path: &'static str, member: &'static str| {
            Message::signal(path, "org.freedesktop.DBus.Properties", member)
                .sender(sender)
                .build(&(SERVICE, "", ":1.1"))
                .unwrap()
        };
        let units = unit_rule(":1.1").unwrap();
        let path = "/org/freedesktop/systemd1/unit/carrel_2duser_2dalice_2eservice";
        let changed = |sender| units.matches(&signal(sender, path, "PropertiesChanged"));
        assert!(changed(":1.1").unwrap());
        assert!(!changed(":1.66").unwrap());

        let owners = owner_rule().unwrap();
        let taken = |sender| owners.matches(&signal(sender, BUS_PATH, "NameOwnerChanged"));
        assert!(taken(BUS).unwrap());
        assert!(!taken(":1.66").unwrap());
    }

    #[test]
    fn object_paths_lead_back_to_units() {
        for text in [
            "carrel-user-alice.service",
            "carrel-user-a\\x2db-lab.service",
            "carrel-user-a\\xc3\\xa4.service",
            "carrel-service-idle-culler.service",
            "carrel-service-a_20b.service",
        ] {
            let unit = UnitName::parse(text).unwrap().0;
            assert_eq!(unit_of_path(&object_path(&unit)), Some(unit));
        }
        for path in [
            "/org/freedesktop/systemd1/unit/ssh_2eservice",
            "/org/freedesktop/systemd1/unit/carrel_2duser_2dalice_2eslice",
            "/org/freedesktop/systemd1/unit/carrel_2duser_2da_",
            "/org/freedesktop/systemd1/unit/carrel_2duser_2da_zz",
        ] {
            assert_eq!(unit_of_path(path), None, "{path}");
        }
    }
}
