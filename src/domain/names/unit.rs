//! The names of the systemd units that run servers.

use std::fmt;

use super::{NameError, ServerKey, ServerName, UserName};

/// The longest systemd unit name, in bytes (systemd.unit(5)).
const MAX_UNIT_NAME_BYTES: usize = 255;

/// The name of the systemd unit that runs a server, `carrel-user-<user>[-<server>].service`.
///
/// Both parts are escaped as systemd-escape(1) does, so a hyphen in a name becomes `\x2d` and the
/// hyphen between the parts is the only plain one: the mapping from servers to units is injective.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitName(String);

const UNIT_PREFIX: &str = "carrel-user-";
const UNIT_SUFFIX: &str = ".service";

impl UnitName {
    /// The pattern that lists every unit of a user server (ListUnitsByPatterns).
    pub const PATTERN: &'static str = "carrel-user-*.service";

    /// Returns the name of the unit for `key`; fails when it would exceed systemd's 255 bytes.
    pub fn for_server(key: &ServerKey) -> Result<Self, NameError> {
        let mut name = String::from(UNIT_PREFIX);
        escape_into(&mut name, key.user.as_str());
        if !key.server.is_default() {
            name.push('-');
            escape_into(&mut name, key.server.as_str());
        }
        name.push_str(UNIT_SUFFIX);
        if name.len() > MAX_UNIT_NAME_BYTES {
            return Err(NameError::TooLong);
        }
        Ok(Self(name))
    }

    /// Reads a unit name back; `None` when it is not the unit of a user server.
    pub fn parse(text: &str) -> Option<(Self, ServerKey)> {
        let middle = text.strip_prefix(UNIT_PREFIX)?.strip_suffix(UNIT_SUFFIX)?;
        let (user, server) = middle.split_once('-').unwrap_or((middle, ""));
        let key = ServerKey {
            user: UserName::parse(&unescape(user)?).ok()?,
            server: ServerName::parse(&unescape(server)?).ok()?,
        };
        let unit = Self::for_server(&key).ok()?;
        (unit.0 == text).then_some((unit, key))
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
            assert_eq!(UnitName::parse(unit).unwrap().1, key);
        }
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
                prop_assert_eq!(UnitName::parse(unit.as_str()).unwrap().1, key);
            }
        }
    }
}
