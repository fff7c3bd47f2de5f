//! What changes in the heads that pass: as little as possible.
//!
//! Path, query, `Host`, `Origin`, `Cookie` but for the hub's own, `Sec-*` and everything not named here
//! arrive at the server as the browser sent them (PX-02, PX-05, PX-09).

use std::net::IpAddr;

use ::http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri, Version, header, request,
};
use http_body::Body as _;

use crate::http::{
    cookies,
    headers::{
        X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PORT, X_FORWARDED_PROTO, X_REAL_IP,
        X_SCHEME, has_token, is_trusted, remove_hop_by_hop,
    },
    reply::Body,
    request::Peer,
};

/// Who the visitor is, percent-encoded, for programs whose gate the hub keeps.
const X_CARREL_USER: HeaderName = HeaderName::from_static("x-carrel-user");
const SERVICE_WORKER_ALLOWED: HeaderName = HeaderName::from_static("service-worker-allowed");

/// Headers of a reply that speak for the whole origin, which belongs to the hub and everybody's
/// servers: one server must not sign people out, move the origin elsewhere or have it watched.
const FOR_THE_WHOLE_ORIGIN: [HeaderName; 5] = [
    HeaderName::from_static("clear-site-data"),
    header::ALT_SVC,
    header::STRICT_TRANSPORT_SECURITY,
    HeaderName::from_static("nel"),
    HeaderName::from_static("report-to"),
];

/// Tells whether a request asks to become a websocket (RFC 6455 section 4.1).
pub(super) fn is_websocket<B>(request: &Request<B>) -> bool {
    request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && switches_to_websocket(request.headers())
}

/// Tells whether a head speaks of switching to websockets, and to nothing else.
pub(super) fn switches_to_websocket(headers: &HeaderMap) -> bool {
    headers
        .get(header::UPGRADE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
        && has_token(headers, &header::CONNECTION, "upgrade")
}

/// Makes a request ready for the server behind. `visitor` is who the hub let through, where it keeps the
/// gate; nobody else can say so in its place.
pub(super) fn prepare_request(
    parts: &mut request::Parts,
    body: &Body,
    visitor: Option<&HeaderValue>,
    peer: &Peer,
    trusted_proxies: &[IpAddr],
    upgrade: bool,
) {
    let host = parts.uri.authority().map(|authority| authority.as_str());
    let host = host.and_then(|host| HeaderValue::from_str(host).ok());
    if parts.uri.authority().is_some() {
        // HTTP/2, or the absolute form of HTTP/1.1: the server gets a path, and a Host.
        let path = parts.uri.path_and_query().cloned();
        parts.uri = path.map_or_else(Uri::default, Uri::from);
    }
    parts.version = Version::HTTP_11;
    parts.extensions = ::http::Extensions::new();
    let headers = &mut parts.headers;
    if let Some(host) = host {
        headers.insert(header::HOST, host);
    }
    remove_hop_by_hop(headers);
    join_cookies(headers);
    headers.remove(X_CARREL_USER);
    if let Some(visitor) = visitor {
        headers.insert(X_CARREL_USER, visitor.clone());
    }
    set_forwarded(headers, peer, is_trusted(peer, trusted_proxies));
    if upgrade {
        keep_upgrade(headers);
    } else if !body.is_end_stream() && body.size_hint().exact().is_none() {
        headers.insert(
            header::TRANSFER_ENCODING,
            HeaderValue::from_static("chunked"),
        );
    }
}

/// Puts back the two headers that switch to websockets.
pub(super) fn keep_upgrade(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
}

/// Takes out of a reply what is not the server's to say.
///
/// `Connection` and `Upgrade` stay in a 101 until it has been looked at.
pub(super) fn clean_reply<B>(reply: &mut Response<B>, prefix: &str) {
    let switches = reply.status() == ::http::StatusCode::SWITCHING_PROTOCOLS
        && switches_to_websocket(reply.headers());
    let headers = reply.headers_mut();
    remove_hop_by_hop(headers);
    if switches {
        keep_upgrade(headers);
    }
    for name in FOR_THE_WHOLE_ORIGIN {
        headers.remove(name);
    }
    if let Some(scope) = headers.get(SERVICE_WORKER_ALLOWED) {
        let scope = scope.as_bytes();
        let is_inside = scope.starts_with(prefix.as_bytes())
            && !scope.windows(2).any(|pair| pair == b".." || pair == b"//")
            && !scope.contains(&b'%')
            && !scope.contains(&b'\\');
        if !is_inside {
            headers.remove(SERVICE_WORKER_ALLOWED);
        }
    }
    strip_set_cookies(headers);
}

/// Tells who the client is: replaces what the client itself said, unless it is a trusted proxy.
fn set_forwarded(headers: &mut HeaderMap, peer: &Peer, trusted: bool) {
    let address = peer.addr.to_string();
    let address = HeaderValue::from_str(&address).expect("an address is ASCII");
    let scheme = HeaderValue::from_static(peer.scheme.as_str());
    if !trusted {
        headers.remove(header::FORWARDED);
        headers.remove(X_SCHEME);
        headers.insert(X_FORWARDED_FOR, address.clone());
        headers.insert(X_REAL_IP, address);
        headers.insert(X_FORWARDED_PROTO, scheme);
        headers.insert(X_FORWARDED_PORT, port_of(headers, peer));
        match headers.get(header::HOST).cloned() {
            Some(host) => headers.insert(X_FORWARDED_HOST, host),
            None => headers.remove(X_FORWARDED_HOST),
        };
        return;
    }
    let mut chain = Vec::new();
    for value in headers.get_all(X_FORWARDED_FOR) {
        chain.extend_from_slice(value.as_bytes());
        chain.extend_from_slice(b", ");
    }
    chain.extend_from_slice(address.as_bytes());
    let chain = HeaderValue::from_bytes(&chain).unwrap_or(address);
    headers.insert(X_FORWARDED_FOR, chain);
    let port = port_of(headers, peer);
    headers.entry(X_FORWARDED_PROTO).or_insert(scheme);
    headers.entry(X_FORWARDED_PORT).or_insert(port);
    if let Some(host) = headers.get(header::HOST).cloned() {
        headers.entry(X_FORWARDED_HOST).or_insert(host);
    }
}

/// Returns the port of the `Host` header, or the one its scheme implies.
fn port_of(headers: &HeaderMap, peer: &Peer) -> HeaderValue {
    let port = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .and_then(|host| host.rsplit_once(':'))
        .and_then(|(_, port)| port.parse::<u16>().ok());
    match port.unwrap_or(peer.scheme.default_port()) {
        443 => HeaderValue::from_static("443"),
        port => HeaderValue::from(port),
    }
}

/// Makes one `Cookie` header of several, as HTTP/2 may split it (RFC 9113 section 8.2.3), and takes
/// the hub's own cookies out; without either the header stays byte for byte.
fn join_cookies(headers: &mut HeaderMap) {
    let mut values = headers.get_all(header::COOKIE).iter();
    let Some(first) = values.next() else {
        return;
    };
    if values.next().is_none() && !may_hold_hub_cookie(first.as_bytes()) {
        return;
    }
    let mut joined = Vec::new();
    let pairs = headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|b| *b == b';'))
        .map(<[u8]>::trim_ascii)
        .filter(|pair| !pair.is_empty() && !is_hub_cookie(pair));
    for pair in pairs {
        if !joined.is_empty() {
            joined.extend_from_slice(b"; ");
        }
        joined.extend_from_slice(pair);
    }
    match HeaderValue::from_bytes(&joined) {
        Ok(value) if !joined.is_empty() => headers.insert(header::COOKIE, value),
        _ => headers.remove(header::COOKIE),
    };
}

fn may_hold_hub_cookie(value: &[u8]) -> bool {
    value.windows(7).any(|w| w.eq_ignore_ascii_case(b"__host-"))
}

/// Tells whether `name=value` is a cookie of the hub.
///
/// A cookie without a name is sent by its value alone, so `=name=value` counts as `name` does; case
/// is ignored as browsers do for the `__Host-` prefix.
fn is_hub_cookie(pair: &[u8]) -> bool {
    let pair = pair.trim_ascii_start();
    let pair = pair.strip_prefix(b"=").unwrap_or(pair);
    let name = pair.split(|b| *b == b'=').next().unwrap_or_default();
    cookies::HUB_ONLY
        .iter()
        .any(|hub| hub.as_bytes().eq_ignore_ascii_case(name.trim_ascii()))
}

/// Removes the `Set-Cookie` headers that would touch the hub's own cookies.
fn strip_set_cookies(headers: &mut HeaderMap) {
    let is_ours = |value: &HeaderValue| {
        let pair = value.as_bytes().split(|b| *b == b';').next();
        is_hub_cookie(pair.unwrap_or_default())
    };
    if !headers.get_all(header::SET_COOKIE).iter().any(is_ours) {
        return;
    }
    let header::Entry::Occupied(entry) = headers.entry(header::SET_COOKIE) else {
        return;
    };
    let (name, values) = entry.remove_entry_mult();
    let kept: Vec<_> = values.filter(|value| !is_ours(value)).collect();
    for value in kept {
        headers.append(name.clone(), value);
    }
}

#[cfg(test)]
mod tests;
