//! Names of servers for people.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::{NameError, ServerName};

/// The longest display name, in characters.
const MAX_CHARS: usize = 255;

/// What people call a server; the default is its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DisplayName(String);

impl DisplayName {
    /// Parses a display name: 1 to 255 characters that can be seen, with single spaces between them
    /// (JupyterHub 6, named servers).
    ///
    /// It is kept in Unicode's normal form C, so that what looks the same is the same.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        let normal: String = text.nfc().take(MAX_CHARS + 1).collect();
        if normal.chars().count() > MAX_CHARS {
            return Err(NameError::TooLong);
        }
        if !normal.chars().all(|c| c == ' ' || is_visible(c)) {
            return Err(NameError::BadCharacter);
        }
        if normal.trim() != normal || normal.contains("  ") {
            return Err(NameError::BadShape);
        }
        Ok(Self(normal))
    }

    /// Returns what a server is called that nobody has called anything: its name.
    pub fn of_server(name: &ServerName) -> Self {
        Self(name.as_str().to_owned())
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Letters, marks, numbers, punctuation and symbols; no separators, controls and unassigned characters.
fn is_visible(c: char) -> bool {
    use GeneralCategoryGroup::{Letter, Mark, Number, Punctuation, Symbol};
    matches!(
        c.general_category_group(),
        Letter | Mark | Number | Punctuation | Symbol
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of upstream's `test_is_valid_display_name`, and some more.
    #[test]
    fn display_names_can_be_read() {
        let longest = "🐧".repeat(255);
        for good in [
            "eèéêë",
            "EÈÉÊË",
            "北京大学",
            "🐧 🦆 🐣",
            "∇²φ=0",
            "x x",
            &longest,
        ] {
            assert_eq!(DisplayName::parse(good).unwrap().as_str(), good);
        }
        let too_long = "🐧".repeat(256);
        let table = [
            ("", NameError::Empty),
            ("x  x", NameError::BadShape),
            (" x", NameError::BadShape),
            ("x ", NameError::BadShape),
            ("x\tx", NameError::BadCharacter),
            ("x\nx", NameError::BadCharacter),
            ("x\u{a0}x", NameError::BadCharacter),
            ("x\u{200b}x", NameError::BadCharacter),
            ("x\u{202e}x", NameError::BadCharacter),
            ("x\u{e000}", NameError::BadCharacter),
            ("x\u{378}", NameError::BadCharacter),
            (&too_long, NameError::TooLong),
        ];
        for (name, expected) in table {
            assert_eq!(DisplayName::parse(name), Err(expected), "{name:?}");
        }
    }

    #[test]
    fn what_looks_the_same_is_the_same() {
        let composed = DisplayName::parse("caf\u{e9}").unwrap();
        assert_eq!(DisplayName::parse("cafe\u{301}").unwrap(), composed);
    }

    #[test]
    fn a_servers_name_is_its_first_display_name() {
        let name = ServerName::parse("lab-2").unwrap();
        let display = DisplayName::of_server(&name);
        assert_eq!(DisplayName::parse("lab-2"), Ok(display));
    }
}
