//! Names parsed once at the edge: users, servers, groups, services, and the systemd units that run.
//!
//! Inside Carrel a name is never a `&str` that "should be" valid.

mod backend;
mod display;
mod unit;

use std::fmt;

use percent_encoding::percent_decode_str;
use thiserror::Error;

pub use self::backend::Backend;
pub use self::display::DisplayName;
pub use self::unit::UnitName;

/// The longest user name accepted, in bytes; longer ones are no system account anywhere.
pub const MAX_USER_NAME_BYTES: usize = 255;

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
    /// either end, not only dots, even percent-encoded (JupyterHub authenticators, `validate_username`).
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
        if text.trim() != text || percent_decode_str(text).all(|b| b == b'.') {
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
    /// Parses a service name, which is a part of its path as it is: 1 to 255 bytes of UTF-8, no `/`, no
    /// `%`, no control character, no white space at either end, not only dots (SV-02).
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check_plain(text)?;
        if text.contains(['/', '%']) {
            return Err(NameError::BadCharacter);
        }
        if text.trim() != text || text.chars().all(|c| c == '.') {
            return Err(NameError::BadShape);
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ServiceName {
    /// Returns the name as units and files spell it: letters, digits, `-` and inner dots stay, every other
    /// byte becomes `_xx`.
    ///
    /// No character of it means anything to systemd or a shell, so `carrel-service-idle-culler` is what it
    /// says.
    pub fn stem(&self) -> String {
        let mut stem = String::with_capacity(self.0.len());
        for (at, byte) in self.0.bytes().enumerate() {
            if byte.is_ascii_alphanumeric() || byte == b'-' || (byte == b'.' && at > 0) {
                stem.push(char::from(byte));
            } else {
                stem.push_str(&format!("_{byte:02x}"));
            }
        }
        stem
    }

    /// Reads what [`ServiceName::stem`] wrote; `None` when it wrote nothing like it.
    pub fn from_stem(stem: &str) -> Option<Self> {
        let mut bytes = Vec::with_capacity(stem.len());
        let mut rest = stem;
        while let Some(first) = rest.chars().next() {
            if let Some(hex) = rest.strip_prefix('_') {
                bytes.push(u8::from_str_radix(hex.get(..2)?, 16).ok()?);
                rest = hex.get(2..)?;
            } else {
                bytes.extend_from_slice(rest.get(..first.len_utf8())?.as_bytes());
                rest = rest.get(first.len_utf8()..)?;
            }
        }
        let name = Self::parse(&String::from_utf8(bytes).ok()?).ok()?;
        (name.stem() == stem).then_some(name)
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

#[cfg(test)]
mod tests {
    use super::*;

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
            ("%2e%2E", Err(NameError::BadShape)),
            (".%2E", Err(NameError::BadShape)),
            ("a%2e", Ok(())),
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
    fn names_of_services_are_checked() {
        let table = [
            ("grader", Ok(())),
            ("my service 2", Ok(())),
            ("a.b-c_d", Ok(())),
            ("", Err(NameError::Empty)),
            ("a/b", Err(NameError::BadCharacter)),
            ("a%20b", Err(NameError::BadCharacter)),
            ("a\nb", Err(NameError::BadCharacter)),
            (" a", Err(NameError::BadShape)),
            ("a ", Err(NameError::BadShape)),
            (".", Err(NameError::BadShape)),
            ("..", Err(NameError::BadShape)),
        ];
        for (input, expected) in table {
            assert_eq!(ServiceName::parse(input).map(|_| ()), expected, "{input:?}");
        }
    }

    #[test]
    fn groups_are_called_what_their_system_calls_them() {
        for good in ["lab", "domain users", "LAB\\staff", "a/b", ".", "ä"] {
            assert_eq!(GroupName::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "a\nb", "a\0b"] {
            assert!(GroupName::parse(bad).is_err(), "{bad:?}");
        }
    }
}
