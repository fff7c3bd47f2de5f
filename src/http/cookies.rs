//! Cookies: reading what browsers send, tolerant of rubbish, and writing what Carrel sets.

use std::time::Duration;

use ::http::{HeaderMap, HeaderValue, header};
use cookie::{Cookie, SameSite};

/// The most cookies looked at in one request; the rest is as if absent.
pub const MAX_COOKIES: usize = 128;

/// The cookie that holds a login: 256 random bits, of which the store knows the hash.
pub const HUB_LOGIN: &str = "__Host-jupyterhub-hub-login";

/// The cookie that proves that a request comes from one of the hub's own pages.
pub const XSRF: &str = "__Host-_xsrf";

/// The cookie that ties what single-user servers remember to a login; they read it (SU-33).
pub const SESSION_ID: &str = "jupyterhub-session-id";

/// The cookie that ties a sign-in at the OpenID Connect provider to the browser it was begun in.
pub const SIGN_IN: &str = "__Host-jupyterhub-sign-in";

/// The cookies that no user server may see, set or clear.
pub const HUB_ONLY: [&str; 3] = [HUB_LOGIN, XSRF, SIGN_IN];

/// Returns the cookies of a request as name and value, in the order they came.
///
/// A pair without `=`, and a header that is not text, is skipped: other programs of the origin set
/// cookies too, and one bad cookie must not lock anybody out (RFC 6265 section 5.4).
pub fn all(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .take(MAX_COOKIES)
        .filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            let value = value.trim();
            let bare = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
            Some((name.trim(), bare.unwrap_or(value)))
        })
}

/// Returns the first cookie of that name.
pub fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    all(headers)
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// A cookie to set: always `HttpOnly`, `Secure` and `SameSite=Lax`.
#[derive(Debug, Clone, Copy)]
pub struct SetCookie<'a> {
    /// The name; one beginning with `__Host-` needs the path `/`.
    pub name: &'a str,
    /// The value; must need no quoting.
    pub value: &'a str,
    /// Below which path the browser sends it.
    pub path: &'a str,
    /// How long the browser keeps it; `None` until it is closed.
    pub lifetime: Option<Duration>,
}

impl SetCookie<'_> {
    /// Returns the value of the `Set-Cookie` header; `None` when name or value cannot stand in one.
    pub fn header(&self) -> Option<HeaderValue> {
        let sound = |text: &str| {
            text.bytes()
                .all(|b| b.is_ascii_graphic() && !matches!(b, b';' | b',' | b'"' | b'\\'))
        };
        if !sound(self.name) || !sound(self.value) || !sound(self.path) || self.name.contains('=') {
            return None;
        }
        let mut cookie = Cookie::build((self.name, self.value))
            .path(self.path)
            .http_only(true)
            .secure(true)
            .same_site(SameSite::Lax)
            .build();
        if let Some(lifetime) = self.lifetime {
            let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
            cookie.set_max_age(cookie::time::Duration::seconds(seconds));
        }
        HeaderValue::from_str(&cookie.to_string()).ok()
    }
}

/// Returns the `Set-Cookie` header that makes the browser forget a cookie.
pub fn clear(name: &str, path: &str) -> Option<HeaderValue> {
    SetCookie {
        name,
        value: "",
        path,
        lifetime: Some(Duration::ZERO),
    }
    .header()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(values: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::COOKIE, HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    #[test]
    fn cookies_are_read() {
        type Row = (&'static [&'static [u8]], &'static str, Option<&'static str>);
        let table: &[Row] = &[
            (&[b"a=1; b=2"], "b", Some("2")),
            (&[b"a=1", b"b=2"], "b", Some("2")),
            (&[b"a=1; a=2"], "a", Some("1")),
            (&[b"a=\"1\""], "a", Some("1")),
            (&[b"a=b=c"], "a", Some("b=c")),
            (&[b"a="], "a", Some("")),
            (&[b"a"], "a", None),
            (&[b";;; =; rubbish;a=1"], "a", Some("1")),
            (&[b"a=\xff\xfe", b"b=2"], "b", Some("2")),
            (&[b"aa=1"], "a", None),
            (&[b"A=1"], "a", None),
            (&[], "a", None),
        ];
        for (values, name, expected) in table {
            assert_eq!(find(&request(values), name), *expected, "{values:?}");
        }
    }

    #[test]
    fn the_number_of_cookies_is_bounded() {
        let many = "x=1; ".repeat(MAX_COOKIES) + "late=1";
        let headers = request(&[many.as_bytes()]);
        assert_eq!(find(&headers, "late"), None);
        assert_eq!(all(&headers).count(), MAX_COOKIES);
    }

    #[test]
    fn cookies_are_written() {
        let cookie = SetCookie {
            name: "__Host-jupyterhub-hub-login",
            value: "abc",
            path: "/",
            lifetime: Some(Duration::from_secs(60)),
        };
        assert_eq!(
            cookie.header().unwrap(),
            "__Host-jupyterhub-hub-login=abc; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60"
        );
        assert_eq!(
            clear("a", "/hub/").unwrap(),
            "a=; HttpOnly; SameSite=Lax; Secure; Path=/hub/; Max-Age=0"
        );
    }

    #[test]
    fn a_value_cannot_add_an_attribute() {
        for value in ["a; Path=/", "a\r\nX: y", "ä", "a b", "a\"b"] {
            let cookie = SetCookie {
                name: "n",
                value,
                path: "/",
                lifetime: None,
            };
            assert!(cookie.header().is_none(), "{value:?}");
        }
    }
}
