//! Titles, colours and addresses that the site shows of itself.

use std::fmt;

use crate::{config::spelling::Spelling, domain::theme::Colour};

/// How many characters a title may have, so that it fits on a phone.
const MAX_TITLE_CHARS: usize = 60;

/// A short text.
pub(in crate::config) struct Title(pub(in crate::config) String);

impl Spelling for Title {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a text of 1 to {MAX_TITLE_CHARS} characters without control characters"
        )
    }

    fn from_text(text: &str) -> Option<Self> {
        let fits = !text.trim().is_empty()
            && text.chars().count() <= MAX_TITLE_CHARS
            && !text.contains(char::is_control);
        fits.then(|| Self(text.trim().to_owned()))
    }
}

/// How many characters terms may have, so that the login page stays light.
const MAX_TERMS_CHARS: usize = 8_000;

/// A text of some paragraphs.
pub(in crate::config) struct Terms(pub(in crate::config) String);

impl Spelling for Terms {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a text of 1 to {MAX_TERMS_CHARS} characters without control characters other than line \
             breaks"
        )
    }

    fn from_text(text: &str) -> Option<Self> {
        let text = text.replace("\r\n", "\n");
        let fits = !text.trim().is_empty()
            && text.chars().count() <= MAX_TERMS_CHARS
            && !text.contains(|c: char| c.is_control() && c != '\n' && c != '\t');
        fits.then(|| Self(text.trim().to_owned()))
    }
}

/// A colour.
pub(in crate::config) struct AccentColour(pub(in crate::config) Colour);

impl Spelling for AccentColour {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a colour of six hexadecimal digits, such as \"#7a1f5c\"")
    }

    fn from_text(text: &str) -> Option<Self> {
        Colour::parse(text).map(Self)
    }
}

/// The address of a page elsewhere, or of somebody's mail.
pub(in crate::config) struct WebAddress(pub(in crate::config) String);

impl Spelling for WebAddress {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the address of a page, such as \"https://wiki.lab.example/notebooks\", or of mail, \
             such as \"mailto:help@lab.example\"",
        )
    }

    fn from_text(text: &str) -> Option<Self> {
        let is_plain = text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"\"'<>\\{}|^`".contains(&byte));
        let is_address = match text.strip_prefix("mailto:") {
            Some(mail) => mail
                .split_once('@')
                .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()),
            None => is_page(text),
        };
        (is_plain && is_address).then(|| Self(text.to_owned()))
    }
}

fn is_page(text: &str) -> bool {
    let Ok(uri) = text.parse::<http::Uri>() else {
        return false;
    };
    let is_web = matches!(uri.scheme_str(), Some("https" | "http"));
    is_web
        && uri
            .authority()
            .is_some_and(|at| !at.host().is_empty() && !at.as_str().contains('@'))
}
