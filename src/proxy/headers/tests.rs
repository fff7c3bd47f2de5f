use ::http::StatusCode;

use super::*;
use crate::http::{
    reply::Whole,
    request::{Listener, Scheme},
};

type Pairs<'a> = &'a [(&'static str, &'static str)];

fn peer() -> Peer {
    Peer {
        addr: "192.0.2.7".parse().unwrap(),
        port: 50_000,
        scheme: Scheme::Https,
        via: Listener::Public,
    }
}

fn request(target: &str, pairs: Pairs<'_>) -> request::Parts {
    let mut request = Request::get(target);
    for (name, value) in pairs {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn prepared(target: &str, pairs: Pairs<'_>, trusted: bool, upgrade: bool) -> request::Parts {
    let mut parts = request(target, pairs);
    let trusted: &[IpAddr] = if trusted { &[peer().addr] } else { &[] };
    prepare_request(&mut parts, &Body::empty(), None, &peer(), trusted, upgrade);
    parts
}

fn listed(headers: &HeaderMap) -> Vec<String> {
    let mut list: Vec<_> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    list.sort();
    list
}

#[test]
fn what_the_client_says_of_itself_is_replaced() {
    let parts = prepared(
        "/user/alice/",
        &[
            ("host", "lab.example"),
            ("x-forwarded-for", "10.0.0.1"),
            ("x-forwarded-for", "10.0.0.2"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-port", "1"),
            ("x-real-ip", "10.0.0.1"),
            ("x-scheme", "http"),
            ("forwarded", "for=10.0.0.1;proto=http"),
        ],
        false,
        false,
    );
    assert_eq!(
        listed(&parts.headers),
        [
            "host: lab.example",
            "x-forwarded-for: 192.0.2.7",
            "x-forwarded-host: lab.example",
            "x-forwarded-port: 443",
            "x-forwarded-proto: https",
            "x-real-ip: 192.0.2.7",
        ]
    );
}

#[test]
fn what_a_trusted_proxy_says_is_passed_on() {
    let parts = prepared(
        "/user/alice/",
        &[
            ("host", "lab.example:8443"),
            ("x-forwarded-for", "10.0.0.1"),
            ("x-forwarded-proto", "http"),
            ("forwarded", "for=10.0.0.1;proto=http"),
        ],
        true,
        false,
    );
    assert_eq!(
        listed(&parts.headers),
        [
            "forwarded: for=10.0.0.1;proto=http",
            "host: lab.example:8443",
            "x-forwarded-for: 10.0.0.1, 192.0.2.7",
            "x-forwarded-host: lab.example:8443",
            "x-forwarded-port: 8443",
            "x-forwarded-proto: http",
        ]
    );
}

#[test]
fn the_rest_passes_untouched() {
    let pairs: Pairs<'_> = &[
        ("host", "lab.example"),
        ("origin", "https://elsewhere.example"),
        ("sec-fetch-site", "cross-site"),
        ("sec-websocket-protocol", "v1.kernel.websocket.jupyter.org"),
        ("cookie", "_xsrf=2|a|b;  jupyterhub-session-id=x;odd"),
        ("authorization", "token abc"),
        ("x-anything", "1"),
    ];
    let parts = prepared("/user/al%2Fice/a//b/%7e?x=%20&y", pairs, false, false);
    assert_eq!(parts.uri, "/user/al%2Fice/a//b/%7e?x=%20&y");
    for (name, value) in pairs {
        assert_eq!(parts.headers[*name], value, "{name}");
    }
}

#[test]
fn http2_becomes_http1() {
    let parts = prepared(
        "https://lab.example:8443/user/alice/?a=1",
        &[("cookie", "a=1"), ("cookie", "b=2"), ("te", "trailers")],
        false,
        false,
    );
    assert_eq!(parts.version, Version::HTTP_11);
    assert_eq!(parts.uri, "/user/alice/?a=1");
    assert_eq!(parts.headers["host"], "lab.example:8443");
    assert_eq!(parts.headers["x-forwarded-port"], "8443");
    let cookies: Vec<_> = parts.headers.get_all("cookie").iter().collect();
    assert_eq!(cookies, ["a=1; b=2"]);
    assert!(!parts.headers.contains_key("te"));
}

#[test]
fn the_hubs_cookies_do_not_reach_a_server() {
    let table: &[(Pairs<'_>, Option<&str>)] = &[
        (
            &[("cookie", "a=1; __Host-jupyterhub-hub-login=x; b=2")],
            Some("a=1; b=2"),
        ),
        (&[("cookie", "__Host-_xsrf=x")], None),
        (
            &[("cookie", "__Host-_xsrf=x"), ("cookie", "_xsrf=y")],
            Some("_xsrf=y"),
        ),
        (&[("cookie", "__HOST-_XSRF=x;a=1")], Some("a=1")),
        (&[("cookie", "=__Host-_xsrf=x; a=1")], Some("a=1")),
        (&[("cookie", " __Host-_xsrf =x")], None),
        (&[("cookie", "__Host-_xsrf")], None),
        (&[("cookie", "__Host-mine=x")], Some("__Host-mine=x")),
        (
            &[("cookie", "jupyterhub-session-id=s; __Host-_xsrf=x")],
            Some("jupyterhub-session-id=s"),
        ),
        (&[("cookie", "a=\"q;__Host-_xsrf=x\"")], Some("a=\"q")),
    ];
    for (pairs, expected) in table {
        let parts = prepared("/", pairs, false, false);
        let cookie = parts.headers.get("cookie").map(|v| v.to_str().unwrap());
        assert_eq!(cookie, *expected, "{pairs:?}");
    }
}

#[test]
fn a_server_cannot_set_the_hubs_cookies() {
    let mut reply = Response::builder()
        .header("set-cookie", "a=1; Path=/user/alice/")
        .header(
            "set-cookie",
            "__Host-jupyterhub-hub-login=evil; Path=/; Secure",
        )
        .header("set-cookie", "__host-_XSRF=evil")
        .header("set-cookie", "=__Host-_xsrf=evil")
        .header("set-cookie", "b=2")
        .body(())
        .unwrap();
    clean_reply(&mut reply, "/user/alice/");
    let left: Vec<_> = reply.headers().get_all("set-cookie").iter().collect();
    assert_eq!(left, ["a=1; Path=/user/alice/", "b=2"]);
}

#[test]
fn a_server_cannot_speak_for_the_whole_origin() {
    let mut reply = Response::builder()
        .header("clear-site-data", "\"*\"")
        .header("alt-svc", "h2=\":8443\"")
        .header("strict-transport-security", "max-age=0")
        .header("nel", "{}")
        .header("report-to", "{}")
        .header("service-worker-allowed", "/")
        .header("content-security-policy", "frame-ancestors 'none'")
        .header("x-jupyterhub-version", "6.1.1")
        .header("server", "TornadoServer/6.5")
        .header("date", "Thu, 01 Jan 2026 00:00:00 GMT")
        .header("connection", "close")
        .header("transfer-encoding", "chunked")
        .body(())
        .unwrap();
    clean_reply(&mut reply, "/user/alice/");
    assert_eq!(
        listed(reply.headers()),
        [
            "content-security-policy: frame-ancestors 'none'",
            "date: Thu, 01 Jan 2026 00:00:00 GMT",
            "server: TornadoServer/6.5",
            "x-jupyterhub-version: 6.1.1",
        ]
    );
}

#[test]
fn a_service_worker_stays_below_its_server() {
    let table = [
        ("/user/alice/", true),
        ("/user/alice/files/", true),
        ("/", false),
        ("/user/", false),
        ("/user/alice", false),
        ("/user/alice/../bob/", false),
        ("/user/alice/%2e%2e/bob/", false),
        ("https://lab.example/", false),
        ("./", false),
    ];
    for (scope, stays) in table {
        let mut reply = Response::builder()
            .header("service-worker-allowed", scope)
            .body(())
            .unwrap();
        clean_reply(&mut reply, "/user/alice/");
        assert_eq!(!reply.headers().is_empty(), stays, "{scope:?}");
    }
}

#[test]
fn only_websockets_are_upgraded() {
    let table: &[(Pairs<'_>, bool)] = &[
        (&[("connection", "Upgrade"), ("upgrade", "websocket")], true),
        (
            &[
                ("connection", "keep-alive, upgrade"),
                ("upgrade", "WebSocket"),
            ],
            true,
        ),
        (&[("connection", "Upgrade"), ("upgrade", "h2c")], false),
        (
            &[("connection", "Upgrade"), ("upgrade", "h2c, websocket")],
            false,
        ),
        (&[("upgrade", "websocket")], false),
        (&[("connection", "Upgrade")], false),
    ];
    for (pairs, expected) in table {
        let parts = request("/", pairs);
        let request = Request::from_parts(parts, ());
        assert_eq!(is_websocket(&request), *expected, "{pairs:?}");
    }
    let upgraded = prepared(
        "/",
        &[
            ("connection", "Upgrade, X-A"),
            ("upgrade", "websocket"),
            ("x-a", "1"),
        ],
        false,
        true,
    );
    assert_eq!(upgraded.headers["connection"], "Upgrade");
    assert_eq!(upgraded.headers["upgrade"], "websocket");
    assert!(!upgraded.headers.contains_key("x-a"));
    let plain = prepared(
        "/",
        &[("connection", "Upgrade"), ("upgrade", "h2c")],
        false,
        false,
    );
    assert!(!plain.headers.contains_key("upgrade"));
}

#[test]
fn a_101_keeps_what_makes_it_one() {
    let mut reply = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-accept", "x")
        .body(())
        .unwrap();
    clean_reply(&mut reply, "/user/alice/");
    assert!(switches_to_websocket(reply.headers()));
    assert_eq!(reply.headers()["sec-websocket-accept"], "x");
}

#[test]
fn a_body_of_unknown_length_is_chunked() {
    let (_sender, receiver) = tokio::sync::mpsc::channel(1);
    let mut parts = request("/", &[]);
    prepare_request(
        &mut parts,
        &Body::Channel(receiver),
        None,
        &peer(),
        &[],
        false,
    );
    assert_eq!(parts.headers["transfer-encoding"], "chunked");
    let mut parts = request("/", &[]);
    prepare_request(
        &mut parts,
        &Body::from(Whole("x")),
        None,
        &peer(),
        &[],
        false,
    );
    assert!(!parts.headers.contains_key("transfer-encoding"));
}
