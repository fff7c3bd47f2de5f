//! Kinds of servers that people can choose from when they start one, and what else they are asked.

use std::fmt;

use super::names::NameError;

/// The longest name of a profile or an option, in bytes.
const MAX_NAME_BYTES: usize = 30;

/// The name of a profile: 1 to 30 lower-case letters, digits and hyphens, a letter first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProfileName(String);

impl ProfileName {
    /// Parses a name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check_word(text, b"-")?;
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

/// The fields of a start that are no options.
pub const RESERVED_OPTIONS: [&str; 3] = ["profile", "next", "display_name"];

/// The name of an option of a start: 1 to 30 lower-case letters, digits, hyphens and underscores, a
/// letter first, and none of [`RESERVED_OPTIONS`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OptionName(String);

impl OptionName {
    /// Parses a name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check_word(text, b"-_")?;
        if RESERVED_OPTIONS.contains(&text) {
            return Err(NameError::BadShape);
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OptionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Checks a short word of lower-case letters, digits and some marks, a letter first.
fn check_word(text: &str, marks: &[u8]) -> Result<(), NameError> {
    if text.len() > MAX_NAME_BYTES {
        return Err(NameError::TooLong);
    }
    match text.bytes().next() {
        None => return Err(NameError::Empty),
        Some(first) if !first.is_ascii_lowercase() => return Err(NameError::BadShape),
        Some(_) => {}
    }
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || marks.contains(&b);
    match text.bytes().all(fits) {
        true => Ok(()),
        false => Err(NameError::BadCharacter),
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
            assert!(OptionName::parse(bad).is_err(), "{bad}");
        }
        assert!(ProfileName::parse("n_gpus").is_err());
        assert_eq!(OptionName::parse("n_gpus").unwrap().as_str(), "n_gpus");
        assert!(OptionName::parse("profile").is_err());
    }
}
