//! Kinds of servers that people can choose from when they start one.

use std::fmt;

use super::names::NameError;

/// The longest name of a profile, in bytes.
const MAX_NAME_BYTES: usize = 30;

/// The name of a profile: 1 to 30 lower-case letters, digits and hyphens, a letter first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProfileName(String);

impl ProfileName {
    /// Parses a name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.len() > MAX_NAME_BYTES {
            return Err(NameError::TooLong);
        }
        match text.bytes().next() {
            None => return Err(NameError::Empty),
            Some(first) if !first.is_ascii_lowercase() => return Err(NameError::BadShape),
            Some(_) => {}
        }
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !text.bytes().all(fits) {
            return Err(NameError::BadCharacter);
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who finds out whether a visitor may use a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Gatekeeper {
    /// The program itself, by OAuth with the hub, as `jupyterhub-singleuser` does.
    #[default]
    Program,
    /// The hub, at each request: the program knows nothing of JupyterHub.
    Hub,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_words() {
        for good in ["lab", "r-studio", "gpu2"] {
            assert_eq!(ProfileName::parse(good).unwrap().as_str(), good);
        }
        let long = "x".repeat(31);
        for bad in [
            "",
            "Lab",
            "2gpu",
            "-a",
            "a b",
            "a/b",
            "\u{e4}",
            long.as_str(),
        ] {
            assert!(ProfileName::parse(bad).is_err(), "{bad}");
        }
    }
}
