//! Faults told to whoever asked: a page for people, JSON for programs; and once to the journal.

use http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::routes::Realm;
use crate::{
    handlers::{Context, html},
    http::{
        error::Error,
        reply::{self, Reply},
        request::wants_json,
    },
    pages::error::{ErrorView, error_page},
    telemetry::causes::Causes,
};

/// The body of an API error (API-05).
#[derive(Serialize)]
struct Fault<'a> {
    status: u16,
    message: &'a str,
}

/// Turns an error into the reply and logs it.
pub(super) fn tell(ctx: &Context, realm: Realm, headers: &HeaderMap, error: &Error) -> Reply {
    log(&ctx.request_id, error);
    let as_json = match realm {
        Realm::Api | Realm::OpenApi | Realm::OAuthToken => true,
        Realm::Visit => html::visit::is_api_like(ctx, headers),
        Realm::Open | Realm::Page => wants_json(headers),
    };
    let status = error.status();
    let mut told = if as_json {
        json(status, error.public())
    } else {
        let view = ErrorView {
            frame: html::frame(ctx),
            status: status.as_u16(),
            message: error.public().to_owned(),
            request_id: ctx.request_id.clone(),
        };
        reply::html(status, error_page(&view).into_string())
    };
    for (name, value) in error.headers() {
        told.headers_mut().append(name, value.clone());
    }
    told
}

/// Returns an API error.
pub(super) fn json(status: StatusCode, message: &str) -> Reply {
    let fault = Fault {
        status: status.as_u16(),
        message,
    };
    reply::json(status, &fault)
}

fn log(request_id: &str, error: &Error) {
    let causes = Causes(error);
    if error.status().is_server_error() && error.status() != StatusCode::SERVICE_UNAVAILABLE {
        tracing::error!(request.id = request_id, "request {request_id}: {causes}");
    } else {
        tracing::debug!(request.id = request_id, "request {request_id}: {causes}");
    }
}
