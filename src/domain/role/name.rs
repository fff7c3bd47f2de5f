//! Names of roles.

use std::{fmt, sync::Arc};

use crate::domain::names::NameError;

/// The name of a role.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleName(Arc<str>);

impl RoleName {
    /// Parses a role name: 3 to 255 of `a-z 0-9 - _ ~ .`, first a letter, last a letter or digit (RB-42).
    pub fn parse(text: &str) -> Result<Self, NameError> {
        const LENGTHS: std::ops::RangeInclusive<usize> = 3..=255;
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.len() > *LENGTHS.end() {
            return Err(NameError::TooLong);
        }
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_~.".contains(&b);
        if !text.bytes().all(allowed) {
            return Err(NameError::BadCharacter);
        }
        let starts_well = text.starts_with(|c: char| c.is_ascii_lowercase());
        let ends_well = text.ends_with(|c: char| c.is_ascii_alphanumeric());
        if text.len() < *LENGTHS.start() || !starts_well || !ends_well {
            return Err(NameError::BadShape);
        }
        Ok(Self(text.into()))
    }

    /// Returns the role every user is in.
    pub fn user() -> Self {
        Self("user".into())
    }

    /// Returns the role of administrators.
    pub fn admin() -> Self {
        Self("admin".into())
    }

    /// Returns the role that says what a server's own token may do.
    pub fn server() -> Self {
        Self("server".into())
    }

    /// Returns the role that says what a token may do that asks for nothing.
    pub fn token() -> Self {
        Self("token".into())
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of upstream's `test_valid_names`, and some more.
    #[test]
    fn names_of_roles_are_checked() {
        let long = "a".repeat(255);
        for good in [
            "abc",
            "group",
            "a-pretty-long-name-with-123",
            "a._~-z",
            &long,
        ] {
            assert_eq!(RoleName::parse(good).unwrap().to_string(), good);
        }
        let too_long = "a".repeat(256);
        let table = [
            ("", NameError::Empty),
            ("ab", NameError::BadShape),
            ("0-abc", NameError::BadShape),
            ("role-", NameError::BadShape),
            ("has-Uppercase", NameError::BadCharacter),
            ("has space", NameError::BadCharacter),
            ("abc\n", NameError::BadCharacter),
            ("äbc", NameError::BadCharacter),
            (&too_long, NameError::TooLong),
        ];
        for (name, expected) in table {
            assert_eq!(RoleName::parse(name), Err(expected), "{name:?}");
        }
    }

    #[test]
    fn default_names_are_names() {
        for name in [
            RoleName::user(),
            RoleName::admin(),
            RoleName::server(),
            RoleName::token(),
        ] {
            assert_eq!(RoleName::parse(name.as_str()), Ok(name));
        }
    }
}
