//! Cross-site request forgery: which requests need the token, how it is made and checked.
//!
//! The token is a nonce with a MAC over the nonce and the login session. It travels in the
//! `__Host-_xsrf` cookie and in the form (or header); both must be equal and the MAC must hold. So
//! another site cannot send it (it cannot read the cookie), and a program on the same origin cannot
//! plant one (it cannot make the MAC). JupyterHub docs, "Web security"; contract HD-30…HD-41.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue, Method};
use sha2::Sha256;

use crate::domain::secret::{Secret, TokenHash, same_bytes};

/// The form field or query parameter that repeats it.
pub const FIELD: &str = "_xsrf";
/// The headers that may repeat it, first non-empty wins.
pub const HEADERS: [&str; 2] = ["x-xsrftoken", "x-csrftoken"];

const NONCE_BYTES: usize = 16;

/// The key under which tokens are made.
#[derive(Debug)]
pub struct Key(Secret<[u8; 32]>);

/// Whose page a token belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// Somebody who has not logged in.
    Anonymous,
    /// The login session with this hash.
    Session(TokenHash),
}

/// What a request lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No token in field or header.
    Missing,
    /// The token is not the cookie's, or not ours, or of another session.
    Mismatch,
}

impl Key {
    /// Takes 32 random bytes as the key.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// Makes a token for `holder` from a fresh nonce.
    pub fn token(&self, holder: Holder, nonce: [u8; NONCE_BYTES]) -> String {
        let mut bytes = nonce.to_vec();
        bytes.extend_from_slice(&self.mac(holder, &nonce).finalize().into_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Tells whether `token` was made here for `holder`.
    pub fn made(&self, holder: Holder, token: &str) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else {
            return false;
        };
        match bytes.split_at_checked(NONCE_BYTES) {
            Some((nonce, mac)) => self.mac(holder, nonce).verify_slice(mac).is_ok(),
            None => false,
        }
    }

    /// Checks the token a request repeats against the cookies of that name it carries: one of them
    /// must be equal and made here for `holder`.
    pub fn check<'a>(
        &self,
        holder: Holder,
        repeated: Option<&str>,
        mut cookies: impl Iterator<Item = &'a str>,
    ) -> Result<(), Fault> {
        let repeated = repeated.filter(|t| !t.is_empty()).ok_or(Fault::Missing)?;
        let good = self.made(holder, repeated)
            && cookies.any(|cookie| same_bytes(cookie.as_bytes(), repeated.as_bytes()));
        if good { Ok(()) } else { Err(Fault::Mismatch) }
    }

    fn mac(&self, holder: Holder, nonce: &[u8]) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.0.expose()).expect("HMAC takes keys of any length");
        mac.update(b"xsrf\0");
        mac.update(nonce);
        match holder {
            Holder::Anonymous => mac.update(b"anonymous"),
            Holder::Session(hash) => {
                mac.update(b"session");
                mac.update(hash.as_bytes());
            }
        }
        mac
    }
}

/// Tells whether a request that is identified by its cookie must carry the token (HD-30, HD-31, HD-33).
///
/// JupyterHub lets a `no-cors` GET of the same origin pass (HD-32). Its answer can be read by the
/// script that sent it, and with a page of ours the form's token: here it is checked.
pub fn is_checked(method: &Method, headers: &HeaderMap) -> bool {
    let fetch = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    match fetch("sec-fetch-mode") {
        None | Some("navigate" | "websocket") => false,
        Some(_) => true,
    }
}

/// Tells whether a person goes to a page, as far as the browser says (HD-41).
pub fn is_navigation(headers: &HeaderMap) -> bool {
    headers
        .get("sec-fetch-mode")
        .is_none_or(|mode| mode == "navigate")
}

/// Tells whether a person goes to a page that fills its tab: no frame is a page they see the address of.
pub fn is_top_navigation(headers: &HeaderMap) -> bool {
    let is_document = |dest: &HeaderValue| dest == "document";
    is_navigation(headers) && headers.get("sec-fetch-dest").is_none_or(is_document)
}

/// Tells whether a person came here by no page, such as by a bookmark, as far as the browser says.
pub fn is_from_nowhere(headers: &HeaderMap) -> bool {
    headers
        .get("sec-fetch-site")
        .is_none_or(|site| site == "none")
}

/// Tells whether a page of this origin sent the browser here, as far as the browser says.
pub fn is_from_here(headers: &HeaderMap) -> bool {
    headers
        .get("sec-fetch-site")
        .is_none_or(|site| site == "same-origin")
}

fn is_from_other_site(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    matches!(site, Some(b"cross-site" | b"same-site"))
}

/// Tells whether the browser says that the request comes from a page of another origin.
///
/// A second lock beside the token: no form of ours is ever posted from elsewhere.
pub fn is_cross_origin(method: &Method, headers: &HeaderMap) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return false;
    }
    if is_from_other_site(headers) {
        return true;
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("origin"), text("host")) {
        (Some(origin), Some(host)) => {
            let authority = origin.split_once("://").map(|(_, rest)| rest);
            authority != Some(host)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::new([7; 32])
    }

    const SESSION: fn(&str) -> Holder = |text| Holder::Session(TokenHash::of(text));

    #[test]
    fn a_token_belongs_to_its_session() {
        let token = key().token(SESSION("a"), [1; 16]);
        assert!(key().made(SESSION("a"), &token));
        assert!(!key().made(SESSION("b"), &token));
        assert!(!key().made(Holder::Anonymous, &token));
        assert!(!Key::new([8; 32]).made(SESSION("a"), &token));
    }

    #[test]
    fn field_and_cookie_must_agree() {
        let key = key();
        let good = key.token(Holder::Anonymous, [1; 16]);
        let other = key.token(Holder::Anonymous, [2; 16]);
        let planted = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let check = |field: Option<&str>, cookies: &[&str]| {
            key.check(Holder::Anonymous, field, cookies.iter().copied())
        };
        assert_eq!(check(Some(&good), &[&good]), Ok(()));
        assert_eq!(check(Some(&good), &["junk", &good]), Ok(()));
        assert_eq!(check(None, &[&good]), Err(Fault::Missing));
        assert_eq!(check(Some(""), &[&good]), Err(Fault::Missing));
        assert_eq!(check(Some(&other), &[&good]), Err(Fault::Mismatch));
        assert_eq!(check(Some(&good), &[]), Err(Fault::Mismatch));
        assert_eq!(check(Some(planted), &[planted]), Err(Fault::Mismatch));
        assert_eq!(check(Some("ä%"), &["ä%"]), Err(Fault::Mismatch));
    }

    #[test]
    fn reading_by_navigation_is_free_and_everything_else_is_checked() {
        let table = [
            ("GET", None, None, false),
            ("GET", Some("navigate"), None, false),
            ("HEAD", Some("websocket"), None, false),
            ("GET", Some("no-cors"), Some("same-origin"), true),
            ("GET", Some("no-cors"), Some("cross-site"), true),
            ("GET", Some("cors"), Some("same-origin"), true),
            ("POST", Some("navigate"), Some("same-origin"), true),
            ("POST", None, None, true),
            ("DELETE", None, None, true),
        ];
        for (method, mode, site, checked) in table {
            let mut headers = HeaderMap::new();
            if let Some(mode) = mode {
                headers.insert("sec-fetch-mode", mode.parse().unwrap());
            }
            if let Some(site) = site {
                headers.insert("sec-fetch-site", site.parse().unwrap());
            }
            let method: Method = method.parse().unwrap();
            assert_eq!(
                is_checked(&method, &headers),
                checked,
                "{method} {mode:?} {site:?}"
            );
        }
    }

    #[test]
    fn posts_from_other_origins_are_seen() {
        let table = [
            (None, None, false),
            (None, Some("https://lab.example"), false),
            (None, Some("https://evil.example"), true),
            (None, Some("null"), true),
            (Some("same-origin"), None, false),
            (Some("none"), None, false),
            (Some("cross-site"), None, true),
            (Some("same-site"), None, true),
        ];
        for (site, origin, cross) in table {
            let mut headers = HeaderMap::new();
            headers.insert("host", "lab.example".parse().unwrap());
            if let Some(site) = site {
                headers.insert("sec-fetch-site", site.parse().unwrap());
            }
            if let Some(origin) = origin {
                headers.insert("origin", origin.parse().unwrap());
            }
            assert_eq!(
                is_cross_origin(&Method::POST, &headers),
                cross,
                "{site:?} {origin:?}"
            );
        }
    }
}
