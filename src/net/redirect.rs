//! The plain door: whoever knocks is sent to the same path over HTTPS.

use ::http::{Method, StatusCode, header};

use crate::http::{
    headers,
    reply::{self, Reply},
    request::Request,
};

/// Returns the redirect for a request that came over plain HTTP.
///
/// 308 keeps the method and body of what is not a GET (RFC 9110 section 15.4.9); that body was sent in
/// the clear already, so the connection is closed instead of reading it.
pub(super) fn reply(request: &Request, https_port: u16) -> Reply {
    let Some(host) = headers::host(request.uri(), request.headers()) else {
        return reply::text(StatusCode::BAD_REQUEST, "Bad request: no valid Host\n");
    };
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    if !path.starts_with('/') {
        return reply::text(StatusCode::BAD_REQUEST, "Bad request\n");
    }
    let name = without_port(host);
    let location = match https_port {
        443 => format!("https://{name}{path}"),
        port => format!("https://{name}:{port}{path}"),
    };
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let status = if is_read {
        StatusCode::MOVED_PERMANENTLY
    } else {
        StatusCode::PERMANENT_REDIRECT
    };
    let mut reply = reply::redirect(status, &location);
    if !is_read {
        reply.headers_mut().insert(
            header::CONNECTION,
            ::http::HeaderValue::from_static("close"),
        );
    }
    reply
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::reply::Body;

    fn location(method: Method, host: Option<&str>, target: &str, port: u16) -> (u16, String) {
        let mut request = ::http::Request::builder().method(method).uri(target);
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let reply = reply(&request.body(Body::empty()).unwrap(), port);
        let location = reply.headers().get("location");
        (
            reply.status().as_u16(),
            location.map_or(String::new(), |l| l.to_str().unwrap().to_owned()),
        )
    }

    #[test]
    fn whoever_knocks_is_sent_to_https() {
        let table = [
            (
                Method::GET,
                "lab.example",
                "/a?b=%20",
                443,
                301,
                "https://lab.example/a?b=%20",
            ),
            (
                Method::HEAD,
                "lab.example:80",
                "/",
                443,
                301,
                "https://lab.example/",
            ),
            (
                Method::POST,
                "lab.example",
                "/x",
                443,
                308,
                "https://lab.example/x",
            ),
            (Method::GET, "lab:8080", "/", 8443, 301, "https://lab:8443/"),
            (
                Method::GET,
                "[::1]:80",
                "//evil.example",
                443,
                301,
                "https://[::1]//evil.example",
            ),
            (Method::GET, "[::1]", "/", 8443, 301, "https://[::1]:8443/"),
        ];
        for (method, host, target, port, status, expected) in table {
            let found = location(method, Some(host), target, port);
            assert_eq!(found, (status, expected.to_owned()));
        }
    }

    #[test]
    fn a_host_that_is_none_leads_nowhere() {
        for host in [
            None,
            Some("evil.example/"),
            Some("a@evil.example"),
            Some("a b"),
            Some(""),
        ] {
            let (status, location) = location(Method::GET, host, "/", 443);
            assert_eq!((status, location.as_str()), (400, ""), "{host:?}");
        }
    }
}
