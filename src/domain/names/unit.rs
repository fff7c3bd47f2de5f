//! The names of the systemd units that run servers and services.

use std::fmt;

use super::{Backend, NameError, ServerKey, ServerName, ServiceName, UserName};

/// The longest systemd unit name, in bytes (systemd.unit(5)).
const MAX_UNIT_NAME_BYTES: usize = 255;

/// The name of the systemd unit that runs a server, `carrel-user-<user>[-<server>].service`, or a service,
/// `carrel-service-<name>.service`.
///
/// Both parts of a server's are escaped as systemd-escape(1) does, so a hyphen in a name becomes `\x2d` and the
/// hyphen between the parts is the only plain one: the mapping from servers to units is injective.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitName(String);

const UNIT_PREFIX: &str = "carrel-user-";
const SERVICE_PREFIX: &str = "carrel-service-";
const BRIDGE_PREFIX: &str = "carrel-bridge@";
const SOCKET_SUFFIX: &str = ".socket";
const UNIT_SUFFIX: &str = ".service";

impl UnitName {
    /// The pattern that lists every unit of a user server (ListUnitsByPatterns).
    pub const SERVERS: &'static str = "carrel-user-*.service";
    /// The pattern that lists every unit of a service.
    pub const SERVICES: &'static str = "carrel-service-*.service";
    /// The pattern that lists the socket of every bridge to a service that listens on a port.
    pub const BRIDGES: &'static str = "carrel-bridge@*.socket";

    /// Returns the name of the unit for `key`; fails when it would exceed systemd's 255 bytes.
    pub fn for_server(key: &ServerKey) -> Result<Self, NameError> {
        let mut name = String::from(UNIT_PREFIX);
        escape_into(&mut name, key.user.as_str());
        if !key.server.is_default() {
            name.push('-');
            escape_into(&mut name, key.server.as_str());
        }
        name.push_str(UNIT_SUFFIX);
        Self::bounded(name)
    }

    /// Returns the name of the unit for the service `name`; fails when it would exceed systemd's 255 bytes.
    pub fn for_service(name: &ServiceName) -> Result<Self, NameError> {
        Self::bounded(format!("{SERVICE_PREFIX}{}{UNIT_SUFFIX}", name.stem()))
    }

    /// Returns the name of the socket unit through which a service is reached that listens on a port.
    pub fn for_bridge(name: &ServiceName) -> Result<Self, NameError> {
        Self::bounded(format!("{BRIDGE_PREFIX}{}{SOCKET_SUFFIX}", name.stem()))
    }

    /// Returns the name of the unit that carries what comes over that socket.
    pub fn for_bridge_process(name: &ServiceName) -> Result<Self, NameError> {
        Self::bounded(format!("{BRIDGE_PREFIX}{}{UNIT_SUFFIX}", name.stem()))
    }

    /// Reads the name of a bridge's socket unit back.
    pub fn parse_bridge(text: &str) -> Option<ServiceName> {
        let stem = text
            .strip_prefix(BRIDGE_PREFIX)?
            .strip_suffix(SOCKET_SUFFIX)?;
        ServiceName::from_stem(stem)
    }

    fn bounded(name: String) -> Result<Self, NameError> {
        match name.len() {
            ..=MAX_UNIT_NAME_BYTES => Ok(Self(name)),
            _ => Err(NameError::TooLong),
        }
    }

    /// Reads a unit name back; `None` when it is not the unit of a server or service.
    pub fn parse(text: &str) -> Option<(Self, Backend)> {
        if let Some(rest) = text.strip_prefix(SERVICE_PREFIX) {
            let name = ServiceName::from_stem(rest.strip_suffix(UNIT_SUFFIX)?)?;
            let unit = Self::for_service(&name).ok()?;
            return Some((unit, Backend::Service(name)));
        }
        let middle = text.strip_prefix(UNIT_PREFIX)?.strip_suffix(UNIT_SUFFIX)?;
        let (user, server) = middle.split_once('-').unwrap_or((middle, ""));
        let key = ServerKey {
            user: UserName::parse(&unescape(user)?).ok()?,
            server: ServerName::parse(&unescape(server)?).ok()?,
        };
        let unit = Self::for_server(&key).ok()?;
        (unit.0 == text).then_some((unit, Backend::Server(key)))
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Escapes one part of a unit name as systemd-escape(1): letters, digits, `:`, `_` and inner dots
/// stay, every other byte becomes `\xNN`.
fn escape_into(out: &mut String, part: &str) {
    for (i, byte) in part.bytes().enumerate() {
        let plain =
            byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_') || (byte == b'.' && i > 0);
        if plain {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(hex) = rest.strip_prefix("\\x") {
            bytes.push(u8::from_str_radix(hex.get(..2)?, 16).ok()?);
            rest = hex.get(2..)?;
        } else {
            bytes.extend_from_slice(rest.get(..first.len_utf8())?.as_bytes());
            rest = rest.get(first.len_utf8()..)?;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(user: &str, server: &str) -> ServerKey {
        ServerKey {
            user: UserName::parse(user).unwrap(),
            server: ServerName::parse(server).unwrap(),
        }
    }

    #[test]
    fn units_are_escaped_as_systemd_does() {
        let table = [
            (key("alice", ""), "carrel-user-alice.service"),
            (key("alice", "lab"), "carrel-user-alice-lab.service"),
            (key("a-b", ""), "carrel-user-a\\x2db.service"),
            (key("a", "b-c"), "carrel-user-a-b\\x2dc.service"),
            (key("a@b", ""), "carrel-user-a\\x40b.service"),
            (key(".a.b", ""), "carrel-user-\\x2ea.b.service"),
        ];
        for (key, unit) in table {
            assert_eq!(UnitName::for_server(&key).unwrap().as_str(), unit);
            assert_eq!(UnitName::parse(unit).unwrap().1, key.into());
        }
    }

    #[test]
    fn units_of_services_are_called_what_they_are() {
        let table = [
            ("grader", "grader"),
            ("idle-culler", "idle-culler"),
            ("a_b c", "a_5fb_20c"),
            (".hidden.x", "_2ehidden.x"),
            ("jürgen", "j_c3_bcrgen"),
            ("-x@y", "-x_40y"),
        ];
        for (name, stem) in table {
            let name = ServiceName::parse(name).unwrap();
            let unit = UnitName::for_service(&name).unwrap();
            assert_eq!(unit.as_str(), format!("carrel-service-{stem}.service"));
            let read = UnitName::parse(unit.as_str()).unwrap();
            assert_eq!(read, (unit, name.clone().into()));
            let bridge = UnitName::for_bridge(&name).unwrap();
            assert_eq!(bridge.as_str(), format!("carrel-bridge@{stem}.socket"));
            assert_eq!(UnitName::parse_bridge(bridge.as_str()), Some(name));
        }
        let long = ServiceName::parse(&"ü".repeat(100)).unwrap();
        assert_eq!(UnitName::for_service(&long), Err(NameError::TooLong));
    }

    #[test]
    fn foreign_units_are_not_ours() {
        for text in [
            "carrel-user-.service",
            "carrel-user-a\\x2g.service",
            "carrel-user-a b.service",
            "carrel-user-alice.slice",
            "ssh.service",
            "carrel-user-a-b-c.service",
            "carrel-service-.service",
            "carrel-service-a b.service",
            "carrel-service-a_b.service",
            "carrel-service-a_2F.service",
            "carrel-service-a.socket",
        ] {
            assert!(UnitName::parse(text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_name_survives_the_unit_and_back(user in "\\PC{1,40}", server in "([a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8})?)?") {
            let Ok(user) = UserName::parse(&user) else { return Ok(()) };
            let key = ServerKey { user, server: ServerName::parse(&server).unwrap() };
            if let Ok(unit) = UnitName::for_server(&key) {
                prop_assert!(unit.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b":-_.\\".contains(&b)));
                prop_assert_eq!(UnitName::parse(unit.as_str()).unwrap().1, key.into());
            }
        }
    }
}
