//! What headers say: who the client is, which host and scheme the browser used, what ends at us.
//!
//! Forwarding headers are believed only from peers the administrator named; from everybody else
//! they are as if absent.

use std::net::IpAddr;

use ::http::{HeaderMap, HeaderName, Uri, header};

use crate::http::request::{Peer, Scheme};

/// `X-Forwarded-For`.
pub const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// `X-Forwarded-Host`.
pub const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
/// `X-Forwarded-Port`.
pub const X_FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
/// `X-Forwarded-Proto`.
pub const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// `X-Real-IP`.
pub const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
/// `X-Scheme`.
pub const X_SCHEME: HeaderName = HeaderName::from_static("x-scheme");
/// `Keep-Alive`.
pub const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
/// `Proxy-Connection`, which no standard knows and some clients send.
pub const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// The longest host with port that is believed, in bytes (RFC 1035 section 2.3.4 and a port).
pub const MAX_HOST_BYTES: usize = 261;

/// Tells whether the peer's forwarding headers are believed.
pub fn is_trusted(peer: &Peer, trusted_proxies: &[IpAddr]) -> bool {
    !trusted_proxies.is_empty() && trusted_proxies.contains(&peer.addr)
}

/// Returns the client's address: the peer's, or what a trusted peer says of it.
///
/// From a trusted peer `X-Real-IP` counts if it is an address, else the right-most address in
/// `X-Forwarded-For` that is not itself a trusted proxy (tornado's `xheaders`).
pub fn client_address(peer: &Peer, headers: &HeaderMap, trusted_proxies: &[IpAddr]) -> IpAddr {
    if !is_trusted(peer, trusted_proxies) {
        return peer.addr;
    }
    let real = headers
        .get(X_REAL_IP)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.trim().parse().ok());
    if let Some(address) = real {
        return address;
    }
    let values: Vec<_> = headers.get_all(X_FORWARDED_FOR).iter().collect();
    values
        .into_iter()
        .rev()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.rsplit(','))
        .map_while(|item| item.trim().parse::<IpAddr>().ok())
        .find(|address| !trusted_proxies.contains(address))
        .unwrap_or(peer.addr)
}

/// Returns the scheme the browser used: the connection's, or what a trusted peer says.
///
/// The order is JupyterHub's: the first `Forwarded: proto=`, then `X-Scheme`, then the first item
/// of `X-Forwarded-Proto`.
pub fn browser_scheme(peer: &Peer, headers: &HeaderMap, trusted_proxies: &[IpAddr]) -> Scheme {
    if !is_trusted(peer, trusted_proxies) {
        return peer.scheme;
    }
    let first = |name: HeaderName| {
        let value = headers.get(name)?.to_str().ok()?;
        value.split(',').next().map(str::trim)
    };
    let forwarded = first(header::FORWARDED).and_then(|element| {
        element.split(';').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            let is_proto = name.trim().eq_ignore_ascii_case("proto");
            is_proto.then(|| value.trim().trim_matches('"'))
        })
    });
    let said = forwarded
        .or_else(|| first(X_SCHEME))
        .or_else(|| first(X_FORWARDED_PROTO));
    match said {
        Some(text) if text.eq_ignore_ascii_case("https") => Scheme::Https,
        Some(text) if text.eq_ignore_ascii_case("http") => Scheme::Http,
        _ => peer.scheme,
    }
}

/// Returns the host, with its port if there is one, that the request is for.
///
/// HTTP/2 says it in `:authority`, HTTP/1.1 in `Host`; `None` when it is absent, given twice or not
/// a host.
pub fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let text = match (uri.authority(), hosts.next(), hosts.next()) {
        (_, _, Some(_)) | (None, None, _) => return None,
        (Some(authority), _, None) => authority.as_str(),
        (None, Some(host), None) => host.to_str().ok()?,
    };
    is_host(text).then_some(text)
}

/// Tells whether `text` is a host with an optional port (RFC 3986 section 3.2.2, no user part).
pub fn is_host(text: &str) -> bool {
    if text.is_empty() || text.len() > MAX_HOST_BYTES {
        return false;
    }
    let (name, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => {
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            match rest.strip_prefix(':') {
                Some(port) => ("v6", Some(port)),
                None if rest.is_empty() => ("v6", None),
                None => return false,
            }
        }
        None => match text.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (text, None),
        },
    };
    let good_name = !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
    let good_port = port
        .is_none_or(|port| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok());
    good_name && good_port
}

/// Removes the headers that belong to one connection only (RFC 9110 section 7.6.1).
///
/// Those are the ones `Connection` names and the ones that are known without being named.
/// `Transfer-Encoding` goes too: the next connection frames the body by itself.
pub fn remove_hop_by_hop(headers: &mut HeaderMap) {
    if headers.contains_key(header::CONNECTION) {
        let named: Vec<HeaderName> = headers
            .get_all(header::CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok())
            .filter(|name| !is_end_to_end(name))
            .collect();
        for name in named {
            headers.remove(name);
        }
        headers.remove(header::CONNECTION);
    }
    for name in [
        KEEP_ALIVE,
        PROXY_CONNECTION,
        header::PROXY_AUTHENTICATE,
        header::PROXY_AUTHORIZATION,
        header::TE,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
    ] {
        headers.remove(name);
    }
}

/// Tells whether a header may not be taken away by naming it in `Connection`.
///
/// Otherwise a client could make us drop what we add for the server behind, or what frames and
/// authenticates the request (RFC 9110 section 7.6.1, last paragraphs).
fn is_end_to_end(name: &HeaderName) -> bool {
    [
        header::HOST,
        header::COOKIE,
        header::AUTHORIZATION,
        header::ORIGIN,
        header::CONTENT_LENGTH,
        header::CONTENT_TYPE,
        header::CACHE_CONTROL,
        header::FORWARDED,
        X_FORWARDED_FOR,
        X_FORWARDED_HOST,
        X_FORWARDED_PORT,
        X_FORWARDED_PROTO,
        X_REAL_IP,
        X_SCHEME,
    ]
    .contains(name)
        || name.as_str().starts_with("sec-")
}

/// Tells whether a comma-separated header has `token` among its items, in any case.
pub fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| item.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use ::http::HeaderValue;

    use super::*;
    use crate::http::request::Listener;

    type Pairs = &'static [(&'static str, &'static str)];

    fn peer(addr: &str) -> Peer {
        Peer {
            addr: addr.parse().unwrap(),
            port: 4000,
            scheme: Scheme::Https,
            via: Listener::Public,
        }
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn only_trusted_peers_say_who_the_client_is() {
        let trusted = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        let table: &[(&str, Pairs, &str)] = &[
            ("192.0.2.1", &[("x-real-ip", "192.0.2.9")], "192.0.2.1"),
            (
                "192.0.2.1",
                &[("x-forwarded-for", "192.0.2.9")],
                "192.0.2.1",
            ),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &[("x-real-ip", "192.0.2.9")], "192.0.2.9"),
            ("10.0.0.1", &[("x-real-ip", "rubbish")], "10.0.0.1"),
            ("10.0.0.1", &[("x-forwarded-for", "192.0.2.9")], "192.0.2.9"),
            (
                "10.0.0.1",
                &[("x-forwarded-for", "1.2.3.4, 192.0.2.9, 10.0.0.2")],
                "192.0.2.9",
            ),
            (
                "10.0.0.1",
                &[("x-forwarded-for", "1.2.3.4"), ("x-forwarded-for", "::1")],
                "::1",
            ),
            (
                "10.0.0.1",
                &[("x-forwarded-for", "1.2.3.4, rubbish")],
                "10.0.0.1",
            ),
        ];
        for (from, pairs, expected) in table {
            assert_eq!(
                client_address(&peer(from), &headers(pairs), &trusted),
                expected.parse::<IpAddr>().unwrap(),
                "{from} {pairs:?}"
            );
        }
    }

    #[test]
    fn only_trusted_peers_say_the_scheme() {
        let trusted = ["10.0.0.1".parse().unwrap()];
        let table: &[(&str, Pairs, Scheme)] = &[
            ("192.0.2.1", &[("x-forwarded-proto", "http")], Scheme::Https),
            ("10.0.0.1", &[("x-forwarded-proto", "http")], Scheme::Http),
            (
                "10.0.0.1",
                &[("x-forwarded-proto", "http, https")],
                Scheme::Http,
            ),
            (
                "10.0.0.1",
                &[("x-scheme", "https"), ("x-forwarded-proto", "http")],
                Scheme::Https,
            ),
            (
                "10.0.0.1",
                &[
                    ("forwarded", "for=1.2.3.4;proto=\"http\", proto=https"),
                    ("x-scheme", "https"),
                ],
                Scheme::Http,
            ),
            ("10.0.0.1", &[("x-scheme", "gopher")], Scheme::Https),
        ];
        for (from, pairs, expected) in table {
            let scheme = browser_scheme(&peer(from), &headers(pairs), &trusted);
            assert_eq!(scheme, *expected, "{from} {pairs:?}");
        }
    }

    #[test]
    fn hosts_are_checked() {
        for good in [
            "lab",
            "lab.example:8443",
            "127.0.0.1",
            "[::1]",
            "[::1]:443",
            "a_b",
        ] {
            assert!(is_host(good), "{good:?}");
        }
        for bad in [
            "",
            "a b",
            "a/b",
            "a@b",
            "lab:x",
            "lab:99999",
            "[::1",
            "[::1]x",
            "[x]",
            ":80",
            "a\r\nb",
            "a,b",
            "ä",
        ] {
            assert!(!is_host(bad), "{bad:?}");
        }
        assert!(!is_host(&"a".repeat(MAX_HOST_BYTES + 1)));
        let uri: Uri = "/x".parse().unwrap();
        assert_eq!(host(&uri, &headers(&[("host", "lab")])), Some("lab"));
        assert_eq!(host(&uri, &headers(&[("host", "a"), ("host", "b")])), None);
        assert_eq!(host(&uri, &headers(&[])), None);
        let uri: Uri = "https://lab:8443/x".parse().unwrap();
        assert_eq!(host(&uri, &headers(&[])), Some("lab:8443"));
    }

    #[test]
    fn hop_by_hop_headers_end_here() {
        let mut map = headers(&[
            ("connection", "keep-alive, X-Mine, Cookie, X-Forwarded-For"),
            ("connection", "upgrade"),
            ("keep-alive", "timeout=5"),
            ("x-mine", "1"),
            ("cookie", "a=1"),
            ("x-forwarded-for", "1.2.3.4"),
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
            ("proxy-authorization", "Basic x"),
            ("accept", "*/*"),
        ]);
        remove_hop_by_hop(&mut map);
        let mut left: Vec<_> = map.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["accept", "cookie", "x-forwarded-for"]);
    }

    #[test]
    fn tokens_are_found() {
        let map = headers(&[("connection", "keep-alive, UPGRADE")]);
        assert!(has_token(&map, &header::CONNECTION, "upgrade"));
        assert!(!has_token(&map, &header::CONNECTION, "up"));
        assert!(!has_token(&map, &header::UPGRADE, "upgrade"));
    }
}
