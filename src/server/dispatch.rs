//! One request from the listener to its reply, step by step; there is no other way through.

use std::{net::IpAddr, sync::Arc, time::Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request};
use http_body::Body as _;

use super::{
    App, bodies, faults, gate, headers,
    routes::{self, Found, Params, Realm, Row},
};
use crate::{
    auth::{
        cookies, csrf,
        identify::{Accepts, Identity, identify},
    },
    config::settings::Settings,
    domain::{names::Backend, profile::Gatekeeper, redirect::OwnHost},
    handlers::{self, Context, html},
    http::{
        cookies as jar,
        error::Error,
        forms::Form,
        headers as forwarded,
        links::Links,
        reply::{self, Body, Reply},
        request::{Listener, Peer, Request, is_form, is_json, read_body},
    },
    hub::routes::Route,
    telemetry::metrics::{
        METRICS,
        labels::{Answered, Class},
    },
};

/// Answers one request.
pub async fn dispatch(app: Arc<App>, request: Request, peer: Peer) -> Reply {
    if peer.via == Listener::Public
        && let Some(route) = app.hub().routes.find(request.uri().path())
    {
        return match route.gatekeeper {
            Gatekeeper::Program => forward(&app, &route, request, None, peer).await,
            Gatekeeper::Hub => gate::forward_if_admitted(&app, &route, request, peer).await,
        };
    }
    let begun = Instant::now();
    let method = Answered::method(request.method().as_str());
    // A client that goes away must not leave a change half done: the handler runs on without it.
    let (tracker, runtime) = (app.tracker.clone(), app.runtime.clone());
    let answering = async move { answer(&app, request, peer).await };
    let answer = tracker.spawn_on(answering, &runtime);
    let (handler, reply) = answer.await.unwrap_or_else(|panic| {
        tracing::error!("a handler did not come to its end: {panic}");
        let reply = reply::empty(StatusCode::INTERNAL_SERVER_ERROR);
        (Answered::BROKEN_OFF, reply)
    });
    let code = reply.status().as_u16();
    let answered = Answered {
        method,
        handler,
        code,
    };
    METRICS.requests.observe(&answered, begun.elapsed());
    reply
}

/// Hands a request to the server it is for; when that is gone, says so and tells the supervisor.
pub(super) async fn forward(
    app: &App,
    route: &Arc<Route>,
    request: Request,
    visitor: Option<&HeaderValue>,
    peer: Peer,
) -> Reply {
    // Of the head, only what telling a fault needs is kept: this is the busiest way of all.
    let target = request.uri().clone();
    let kept = [header::ACCEPT, header::HOST].map(|name| {
        let value = request.headers().get(&name).cloned();
        (name, value)
    });
    let error = match app.proxy.forward(route, request, visitor, &peer).await {
        Ok(reply) => {
            METRICS.proxied.count(Class::of(reply.status().as_u16()));
            return reply;
        }
        Err(error) => error,
    };
    METRICS.proxied.count(Class::of(error.status().as_u16()));
    METRICS.proxy_failures.count(&error.obstacle());
    let text = match &route.backend {
        Backend::Server(key) => {
            if error.suggests_death() {
                app.hub().servers.unreachable(key);
            }
            "Your server does not answer. It may have just ended: look at the home page."
        }
        Backend::Service(_) => {
            "The service does not answer. If it stays so, its administrator can tell why."
        }
    };
    let head: HeaderMap = kept
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    let arrival = Arrival::new(app, &target, &head, peer);
    let ctx = arrival.context(app, Params::new(), Identity::Nobody, String::new());
    let fault = Error::new(error.status(), text).because(error);
    let mut reply = faults::tell(&ctx, Realm::Visit, &head, &fault);
    headers::finish(&mut reply, Realm::Visit, ctx.links.csp_report().as_str());
    reply
}

/// What is known of a request before anybody has been asked who it is.
pub(super) struct Arrival {
    settings: Arc<Settings>,
    links: Links,
    remote: IpAddr,
    own: OwnHost,
    request_id: String,
}

impl Arrival {
    pub(super) fn new(app: &App, target: &Uri, headers: &HeaderMap, peer: Peer) -> Self {
        let settings = app.hub().settings.load_full();
        let trusted = &settings.hub.trusted_proxies;
        let scheme = forwarded::browser_scheme(&peer, headers, trusted);
        let own = OwnHost {
            scheme: scheme.as_str().to_owned(),
            host: forwarded::host(target, headers)
                .unwrap_or_default()
                .to_owned(),
        };
        Self {
            links: Links::new(&settings.hub.base_url),
            remote: forwarded::client_address(&peer, headers, trusted),
            own: own_by_settings(&settings).unwrap_or(own),
            request_id: app.next_request_id(),
            settings,
        }
    }

    /// Returns this site's origin (RFC 6454), as the visitor's browser knows it.
    pub(super) fn origin(&self) -> String {
        format!("{}://{}", self.own.scheme, self.own.host)
    }

    pub(super) fn context(
        self,
        app: &App,
        params: Params,
        identity: Identity,
        xsrf: String,
    ) -> Context {
        Context {
            parts: Arc::clone(&app.parts),
            settings: self.settings,
            caller: identity.into_caller(),
            links: self.links,
            remote: self.remote,
            own: self.own,
            params,
            xsrf,
            request_id: self.request_id,
        }
    }
}

fn own_by_settings(settings: &Settings) -> Option<OwnHost> {
    let url = settings.hub.public_url.as_deref()?;
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split('/').next()?;
    Some(OwnHost {
        scheme: scheme.to_owned(),
        host: host.to_owned(),
    })
}

/// Where a path leads.
enum Way {
    /// To a row of the table.
    To(&'static Row, Params),
    /// Elsewhere, with this status.
    Redirect(StatusCode, String),
    /// Nowhere.
    Nowhere(Realm, Error),
}

/// Returns the reply, and which handler gave it, as metrics name it.
async fn answer(app: &App, request: Request, peer: Peer) -> (&'static str, Reply) {
    let (head, body) = request.into_parts();
    let arrival = Arrival::new(app, &head.uri, &head.headers, peer);
    let csp_report = arrival.links.csp_report();
    let (handler, realm, mut reply) = match find(&arrival.links, &head, peer) {
        Way::Redirect(status, location) => {
            let reply = reply::redirect(status, &location);
            (Answered::REDIRECTED, Realm::Open, reply)
        }
        Way::Nowhere(realm, error) => {
            let ctx = arrival.context(app, Params::new(), Identity::Nobody, String::new());
            let reply = faults::tell(&ctx, realm, &head.headers, &error);
            (Answered::UNKNOWN, realm, reply)
        }
        Way::To(row, params) => {
            let asked = Asked {
                row,
                params,
                head,
                body,
                peer,
            };
            (row.path, row.realm, answer_row(app, arrival, asked).await)
        }
    };
    headers::finish(&mut reply, realm, csp_report.as_str());
    (handler, reply)
}

/// Finds the way of a path that no server owns (PG-01…PG-04, PX-16).
fn find(links: &Links, head: &request::Parts, peer: Peer) -> Way {
    let path = head.uri.path();
    let query = head
        .uri
        .query()
        .map(|q| format!("?{q}"))
        .unwrap_or_default();
    let base = links.base();
    let Some(below) = path.strip_prefix(base) else {
        return nowhere(Realm::Page);
    };
    if below == "hub" {
        let hub = format!("{}{query}", links.hub());
        return Way::Redirect(StatusCode::MOVED_PERMANENTLY, hub);
    }
    let inside = below.strip_prefix("hub/");
    let is_api_only = matches!(peer.via, Listener::Api | Listener::Admin);
    if is_api_only && !inside.is_some_and(|path| path.starts_with("api")) {
        return nowhere(Realm::Api);
    }
    let is_read = matches!(head.method, Method::GET | Method::HEAD);
    let inside = match inside {
        Some(inside) => inside,
        // Browsers ask for it there, whatever pages say.
        None if below == "favicon.ico" => below,
        // What an application still sends to its stopped server cannot follow a redirect.
        None if !is_read && below.starts_with("user/") => below,
        None => {
            let slashless = below
                .strip_prefix("user/")
                .or(below.strip_prefix("services/"))
                .is_some_and(|name| !name.is_empty() && !name.contains('/'));
            return if slashless {
                Way::Redirect(StatusCode::MOVED_PERMANENTLY, format!("{path}/{query}"))
            } else {
                Way::Redirect(StatusCode::FOUND, format!("{base}hub/{below}{query}"))
            };
        }
    };
    let realm = if inside.starts_with("api/") {
        Realm::Api
    } else {
        Realm::Page
    };
    match routes::find(inside) {
        Found::Row(row, params) => Way::To(row, params),
        Found::Nothing => nowhere(realm),
        Found::Malformed => {
            let error = Error::bad_request("The address is not percent-encoded UTF-8");
            Way::Nowhere(realm, error)
        }
    }
}

fn nowhere(realm: Realm) -> Way {
    let text = match realm {
        Realm::Api | Realm::OpenApi | Realm::OAuthToken => "Not Found",
        Realm::Open | Realm::Page | Realm::Visit => {
            "Jupyter has lots of moons, but this is not one..."
        }
    };
    Way::Nowhere(realm, Error::not_found(text))
}

/// A request whose way is found.
struct Asked {
    row: &'static Row,
    params: Params,
    head: request::Parts,
    body: Body,
    peer: Peer,
}

async fn answer_row(app: &App, arrival: Arrival, asked: Asked) -> Reply {
    let Asked {
        row,
        params,
        head,
        body,
        peer,
    } = asked;
    let accepts = match (peer.via, row.realm) {
        (Listener::Admin, _) => Accepts::Root,
        (Listener::Api, _) => Accepts::Token,
        (Listener::Public | Listener::Redirect, Realm::Page) => Accepts::Cookie,
        (Listener::Public | Listener::Redirect, _) => Accepts::TokenOrCookie,
    };
    let identity = match row.realm {
        Realm::Open | Realm::OpenApi | Realm::OAuthToken => Ok(Identity::Nobody),
        Realm::Page | Realm::Visit | Realm::Api => {
            identify(app.hub(), &head.headers, accepts).await
        }
    };
    let limits = arrival.settings.limits.clone();
    let fault = |error: &Error, arrival: Arrival| {
        let ctx = arrival.context(app, Params::new(), Identity::Nobody, String::new());
        faults::tell(&ctx, row.realm, &head.headers, error)
    };
    let identity = match identity {
        Ok(identity) => identity,
        Err(error) => return fault(&error.into(), arrival),
    };
    let Some(handler) = row.handler(&head.method) else {
        if head.method == Method::OPTIONS && matches!(row.realm, Realm::Api | Realm::OpenApi) {
            return reply::empty(StatusCode::OK);
        }
        return fault(&method_not_allowed(row), arrival);
    };
    let is_stale = takes_cookies(row.realm, accepts)
        && matches!(identity, Identity::Nobody)
        && jar::find(&head.headers, jar::HUB_LOGIN).is_some();
    let is_known = !matches!(identity, Identity::Nobody);
    let longest = bodies::longest(is_known, limits.body_bytes);
    // What has no declared length may become as long as any.
    let declared = body
        .size_hint()
        .upper()
        .and_then(|n| usize::try_from(n).ok());
    let bytes = declared.map_or(longest, |bytes| bytes.min(longest));
    let Some(_room) = app.bodies.room(arrival.remote, bytes, limits.body_bytes) else {
        let text = "Too many requests are being read at once. Try again in a moment.";
        return fault(&Error::unavailable(text), arrival);
    };
    let body = match read_body(body, longest, limits.body_timeout).await {
        Ok(body) => body,
        Err(error) => return fault(&error.into(), arrival),
    };
    let holder = identity.holder();
    let (xsrf, fresh_xsrf) = xsrf_token(app, &head.headers, holder);
    let checked = check_forgery(app, row, &identity, &head, &body);
    let identity = match &checked {
        // A request that cannot prove itself is nobody's; pages say so, the API says how (HD-36).
        Err(_) => Identity::Nobody,
        Ok(()) => identity,
    };
    let session_id = missing_session_id(&identity, &head.headers);
    let ctx = arrival.context(app, params, identity, xsrf);
    let request = handlers::Request::from_parts(head, body);
    let (request_headers, method) = (request.headers().clone(), request.method().clone());
    let result = match checked {
        Ok(()) => handler(&ctx, request).await,
        Err(_) if row.path == "login" => Ok(html::login::expired_form(&ctx, &request)),
        Err(fault) => Err(forgery_error(fault, &method)),
    };
    let mut reply = match result {
        Ok(reply) => reply,
        Err(error) => faults::tell(&ctx, row.realm, &request_headers, &error),
    };
    if matches!(row.realm, Realm::Page | Realm::Visit) && csrf::is_navigation(&request_headers) {
        if let Some(session_id) = session_id {
            cookies::set_session_id(&mut reply, &session_id, ctx.links.base());
        }
        let is_page = reply.status() != StatusCode::FOUND;
        if fresh_xsrf && is_page {
            cookies::set_xsrf(&mut reply, &ctx.xsrf, holder);
        }
    }
    if is_stale {
        cookies::forget_login(&mut reply);
    }
    reply
}

fn method_not_allowed(row: &Row) -> Error {
    let error = Error::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
    match HeaderValue::from_str(&row.allow()) {
        Ok(allow) => error.with_header(header::ALLOW, allow),
        Err(_) => error,
    }
}

/// Returns the form token of this visitor: the one they have, or a fresh one to be set.
fn xsrf_token(app: &App, headers: &HeaderMap, holder: csrf::Holder) -> (String, bool) {
    let csrf = &app.parts.csrf;
    let held = jar::all(headers)
        .filter(|(name, _)| *name == jar::XSRF)
        .find(|(_, token)| csrf.made(holder, token));
    match held {
        Some((_, token)) => (token.to_owned(), false),
        None => (csrf.token(holder, app.parts.entropy.bytes()), true),
    }
}

/// Refuses what another site, or another person's program on this one, made the browser send.
fn check_forgery(
    app: &App,
    row: &Row,
    identity: &Identity,
    head: &request::Parts,
    body: &Bytes,
) -> Result<(), csrf::Fault> {
    let by_cookie = match (row.realm, identity) {
        (Realm::Open | Realm::OpenApi | Realm::OAuthToken, _)
        | (_, Identity::Token(_) | Identity::Root(_)) => false,
        (_, Identity::Session { .. }) => true,
        // Logging somebody else's browser in is a forgery too.
        (Realm::Page, Identity::Nobody) => head.method != Method::GET,
        (Realm::Api | Realm::Visit, Identity::Nobody) => false,
    };
    if !by_cookie || !csrf::is_checked(&head.method, &head.headers) {
        return Ok(());
    }
    if csrf::is_cross_origin(&head.method, &head.headers) {
        return Err(csrf::Fault::Mismatch);
    }
    // A form of another site can send text, not JSON (HD-39).
    let has_type = head.headers.contains_key(header::CONTENT_TYPE);
    if row.realm == Realm::Api && has_type && !is_json(&head.headers) {
        return Err(csrf::Fault::Mismatch);
    }
    let repeated = repeated_token(head, body);
    let cookies = jar::all(&head.headers)
        .filter(|(name, _)| *name == jar::XSRF)
        .map(|(_, value)| value);
    app.parts
        .csrf
        .check(identity.holder(), repeated.as_deref(), cookies)
}

/// Returns the form token from the query, the form or a header; the first that is not empty (HD-34).
fn repeated_token(head: &request::Parts, body: &Bytes) -> Option<String> {
    let field = |form: Form| form.get(csrf::FIELD).map(str::to_owned);
    let in_query = Form::parse_query(head.uri.query()).ok().and_then(field);
    let in_form = || {
        let is_form = is_form(&head.headers);
        is_form.then(|| Form::parse(body).ok().and_then(field))?
    };
    let in_header = || {
        csrf::HEADERS
            .iter()
            .filter_map(|name| head.headers.get(*name)?.to_str().ok())
            .find(|value| !value.is_empty())
            .map(str::to_owned)
    };
    in_query
        .filter(|token| !token.is_empty())
        .or_else(in_form)
        .filter(|token| !token.is_empty())
        .or_else(in_header)
}

fn forgery_error(fault: csrf::Fault, method: &Method) -> Error {
    Error::forbidden(match fault {
        csrf::Fault::Missing => format!("'_xsrf' argument missing from {method}"),
        csrf::Fault::Mismatch => format!("XSRF cookie does not match {method} argument"),
    })
}

/// Tells whether a login cookie would have counted here.
fn takes_cookies(realm: Realm, accepts: Accepts) -> bool {
    match realm {
        Realm::Page | Realm::Visit | Realm::Api => {
            !matches!(accepts, Accepts::Token | Accepts::Root)
        }
        Realm::Open | Realm::OpenApi | Realm::OAuthToken => false,
    }
}

/// Returns the session id that a logged-in browser has lost (HD-17).
fn missing_session_id(identity: &Identity, headers: &HeaderMap) -> Option<String> {
    match identity {
        Identity::Session { session_id, .. } => {
            let held = jar::find(headers, jar::SESSION_ID) == Some(session_id.as_str());
            (!held).then(|| session_id.clone())
        }
        Identity::Nobody | Identity::Token(_) | Identity::Root(_) => None,
    }
}
