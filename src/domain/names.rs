//! Names parsed once at the edge: users, servers, and the systemd units made from them.
//!
//! Inside Carrel a name is never a `&str` that "should be" valid.

use std::fmt;

use thiserror::Error;

/// The longest user name accepted, in bytes; longer ones are no system account anywhere.
pub const MAX_USER_NAME_BYTES: usize = 255;

/// The longest systemd unit name, in bytes (systemd.unit(5)).
const MAX_UNIT_NAME_BYTES: usize = 255;

/// What is wrong with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NameError {
    /// The name has no characters.
    #[error("the name is empty")]
    Empty,
    /// The name is longer than its kind allows.
    #[error("the name is too long")]
    TooLong,
    /// The name has a character its kind does not allow.
    #[error("the name has a character that is not allowed")]
    BadCharacter,
    /// The name has the right characters in a shape its kind does not allow.
    #[error("the name has a shape that is not allowed")]
    BadShape,
}

/// The name of a system account, as the account database spells it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserName(String);

impl UserName {
    /// Parses a user name: 1 to 255 bytes of UTF-8, no `/`, no control character, no white space at
    /// either end, not only dots (JupyterHub authenticators, `validate_username`).
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.len() > MAX_USER_NAME_BYTES {
            return Err(NameError::TooLong);
        }
        if text.chars().any(|c| c == '/' || c.is_control()) {
            return Err(NameError::BadCharacter);
        }
        if text.trim() != text || text.chars().all(|c| c == '.') {
            return Err(NameError::BadShape);
        }
        Ok(Self(text.to_owned()))
    }

    /// Parses a name that a program or an administrator wrote before the account was seen: in lower
    /// case, as JupyterHub keeps names (`normalize_username`).
    pub fn normalised(text: &str) -> Result<Self, NameError> {
        Self::parse(&text.to_lowercase())
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of one of a user's servers; the default server's name is empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerName(String);

impl ServerName {
    /// Returns the name of the default server.
    pub fn default_server() -> Self {
        Self(String::new())
    }

    /// Parses a server name: empty for the default server, else 1 to 30 characters `a-z 0-9 -`,
    /// first a letter, last a letter or digit, hyphens single (JupyterHub 6, named servers).
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Ok(Self::default_server());
        }
        if text.len() > 30 {
            return Err(NameError::TooLong);
        }
        if !text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        {
            return Err(NameError::BadCharacter);
        }
        let starts_well = text.starts_with(|c: char| c.is_ascii_lowercase());
        if !starts_well || text.ends_with('-') || text.contains("--") {
            return Err(NameError::BadShape);
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the name as text; empty for the default server.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Tells whether this is the default server.
    pub fn is_default(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which server: its owner and its name among the owner's servers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerKey {
    /// Whose server it is.
    pub user: UserName,
    /// Which of the user's servers it is.
    pub server: ServerName,
}

impl ServerKey {
    /// Returns the key of a user's default server.
    pub fn default_of(user: UserName) -> Self {
        Self {
            user,
            server: ServerName::default_server(),
        }
    }
}

/// Writes `user/server`, JupyterHub's full name of a server; the default server ends in `/`.
impl fmt::Display for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.user, self.server)
    }
}

/// The name of a group of users.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupName(String);

impl GroupName {
    /// Parses a group name: 1 to 255 bytes of UTF-8, no control character.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check_plain(text)?;
        Ok(Self(text.to_owned()))
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a service beside the hub.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceName(String);

impl ServiceName {
    /// Parses a service name: 1 to 255 bytes of UTF-8, no control character.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check_plain(text)?;
        Ok(Self(text.to_owned()))
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn check_plain(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.len() > MAX_USER_NAME_BYTES {
        return Err(NameError::TooLong);
    }
    if text.chars().any(char::is_control) {
        return Err(NameError::BadCharacter);
    }
    Ok(())
}

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
    fn user_names_are_checked() {
        let table = [
            ("alice", Ok(())),
            ("LAB\\alice", Ok(())),
            ("alice@lab.example", Ok(())),
            ("a b", Ok(())),
            ("", Err(NameError::Empty)),
            ("a/b", Err(NameError::BadCharacter)),
            ("a\nb", Err(NameError::BadCharacter)),
            ("a\0b", Err(NameError::BadCharacter)),
            (" alice", Err(NameError::BadShape)),
            ("..", Err(NameError::BadShape)),
        ];
        for (input, expected) in table {
            assert_eq!(UserName::parse(input).map(|_| ()), expected, "{input:?}");
        }
        assert_eq!(UserName::parse(&"x".repeat(256)), Err(NameError::TooLong));
        let normalised = UserName::normalised("LAB\\Ärnest");
        assert_eq!(normalised.unwrap().as_str(), "lab\\ärnest");
    }

    #[test]
    fn server_names_are_checked() {
        for good in ["", "a", "lab-2", "a1"] {
            assert!(ServerName::parse(good).is_ok(), "{good:?}");
        }
        for bad in ["A", "-a", "a-", "a--b", "1a", "a_b", "a/b", "ä"] {
            assert!(ServerName::parse(bad).is_err(), "{bad:?}");
        }
        assert!(ServerName::parse(&"a".repeat(31)).is_err());
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
