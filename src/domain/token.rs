//! API tokens: their numbers, and how a client presents one.

use std::fmt;

/// The shortest text taken for a token, in bytes.
const MIN_TOKEN_BYTES: usize = 8;

/// The longest text taken for a token, in bytes; longer ones are not even hashed.
const MAX_TOKEN_BYTES: usize = 64;

/// The number of a token as the API writes it, `a12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId(pub i64);

impl TokenId {
    /// Parses `a` and a decimal number.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('a')?;
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse().ok().map(Self)).flatten()
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a{}", self.0)
    }
}

/// Returns the token in an `Authorization` header, `token T` or `Bearer T`, if it can be one.
pub fn from_authorization(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let known = scheme.eq_ignore_ascii_case("token") || scheme.eq_ignore_ascii_case("bearer");
    let token = token.trim_matches(' ');
    (known && is_plausible(token)).then_some(token)
}

/// Tells whether a text can be a token at all.
pub fn is_plausible(token: &str) -> bool {
    (MIN_TOKEN_BYTES..=MAX_TOKEN_BYTES).contains(&token.len())
        && token.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_parse_and_print_back() {
        assert_eq!(TokenId::parse("a12"), Some(TokenId(12)));
        assert_eq!(TokenId(12).to_string(), "a12");
        for text in [
            "",
            "a",
            "12",
            "b12",
            "a-1",
            "a+1",
            "a 1",
            "a99999999999999999999",
        ] {
            assert_eq!(TokenId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn tokens_are_taken_from_the_header_only_in_jupyterhubs_forms() {
        let long = format!("token {}", "x".repeat(65));
        let table = [
            ("token 0123456789abcdef", Some("0123456789abcdef")),
            ("Bearer 0123456789abcdef", Some("0123456789abcdef")),
            ("TOKEN  0123456789abcdef", Some("0123456789abcdef")),
            ("Basic 0123456789abcdef", None),
            ("0123456789abcdef", None),
            ("token", None),
            ("token ", None),
            ("token short", None),
            ("token 01234567 89abcdef", None),
            (long.as_str(), None),
        ];
        for (header, expected) in table {
            assert_eq!(from_authorization(header), expected, "{header}");
        }
    }
}
