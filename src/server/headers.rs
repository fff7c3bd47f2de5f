//! What every reply of the hub itself carries (HD-01…HD-08); proxied replies keep their own.

use http::{HeaderName, HeaderValue, header};

use super::routes::Realm;
use crate::{handlers::api::model::JUPYTERHUB_VERSION, http::reply::Reply, pages};

const VERSION: HeaderName = HeaderName::from_static("x-jupyterhub-version");

/// Data is not a page at all.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Headers whose value never changes.
const FIXED: [(HeaderName, &str); 5] = [
    (
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        "accept, content-type, authorization",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Adds what a reply has not set itself.
pub(super) fn finish(reply: &mut Reply, realm: Realm, csp_report: &str) {
    let headers = reply.headers_mut();
    headers.insert(VERSION, HeaderValue::from_static(JUPYTERHUB_VERSION));
    for (name, value) in FIXED {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    let policy = match realm {
        Realm::Api | Realm::OpenApi | Realm::OAuthToken => API_POLICY,
        Realm::Open | Realm::Page | Realm::Visit => pages::CONTENT_SECURITY_POLICY,
    };
    if let Ok(policy) = HeaderValue::from_str(&format!("{policy}; report-uri {csp_report}")) {
        headers
            .entry(header::CONTENT_SECURITY_POLICY)
            .or_insert(policy);
    }
    // What was written for one visitor must not come back after they logged out.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}
