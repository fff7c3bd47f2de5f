//! The gate of servers whose programs know nothing of JupyterHub: the hub itself looks at each visitor.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method, Uri, header};
use percent_encoding::utf8_percent_encode;

use super::{
    App,
    dispatch::{Arrival, forward},
    faults, headers,
    routes::{Params, Realm},
};
use crate::{
    auth::{
        csrf,
        identify::{Accepts, Identity, identify},
    },
    domain::{
        access::{self, AccessServer, Caller},
        paths::SEGMENT,
    },
    handlers::{Context, html::visit},
    http::{
        error::Error,
        reply::{self, Reply},
        request::{Peer, Request},
    },
    hub::routes::Route,
};

/// Hands a request to the server when its visitor may use it, with who they are; else says why not.
pub(super) async fn forward_if_admitted(
    app: &App,
    route: &Arc<Route>,
    mut request: Request,
    peer: Peer,
) -> Reply {
    let identity = match identify(app.hub(), request.headers(), Accepts::TokenOrCookie).await {
        Ok(identity) => identity,
        Err(error) => {
            return turn_away(app, &request, peer, Identity::Nobody, &error.into());
        }
    };
    let (caller, by_token) = match &identity {
        Identity::Nobody => (None, false),
        Identity::Token(caller) | Identity::Root(caller) => (Some(caller), true),
        Identity::Session { caller, .. } => (Some(caller), false),
    };
    if caller.is_none() && csrf::is_navigation(request.headers()) && request.method() == Method::GET
    {
        return lead_to_login(app, &request, peer);
    }
    let server = route.backend.server().cloned();
    let allowed = server.map(|key| access::permit::<AccessServer>(caller, key));
    let (Some(Ok(_)), Some(visitor)) = (allowed, caller.and_then(name_of)) else {
        let error = match caller {
            None => access::Denied::NoCredentials.into(),
            Some(_) => visit::no_access(),
        };
        return turn_away(app, &request, peer, identity, &error);
    };
    if by_token {
        // It is the hub's, and would be good elsewhere.
        request.headers_mut().remove(header::AUTHORIZATION);
    } else if !comes_from_here(app, &request, peer) {
        let error = Error::forbidden("This request was made by a page of another site.");
        return turn_away(app, &request, peer, identity, &error);
    }
    forward(app, route, request, Some(&visitor), peer).await
}

/// Returns the visitor's name as a header can carry it. Services have none, and are not let through:
/// programs would take theirs for a person's.
fn name_of(caller: &Caller) -> Option<HeaderValue> {
    let name = caller.user()?.as_str();
    HeaderValue::from_str(&utf8_percent_encode(name, SEGMENT).to_string()).ok()
}

/// Tells whether a request that shows a cookie was made by a page of this origin, or by the person. Looking
/// needs no proof; what changes something, or opens a websocket, does: browsers say where it comes from.
fn comes_from_here(app: &App, request: &Request, peer: Peer) -> bool {
    let is_upgrade = request.headers().contains_key(header::UPGRADE);
    let only_looks = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if only_looks && !is_upgrade {
        return true;
    }
    let own = Arrival::new(app, request.uri(), request.headers(), peer).origin();
    is_from(request.headers(), &own)
}

fn is_from(headers: &HeaderMap, own: &str) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (Some(origin), None) => origin.as_bytes().eq_ignore_ascii_case(own.as_bytes()),
        _ => false,
    }
}

fn lead_to_login(app: &App, request: &Request, peer: Peer) -> Reply {
    let ctx = context(
        app,
        request.uri(),
        request.headers(),
        peer,
        Identity::Nobody,
    );
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let mut reply = reply::redirect(
        http::StatusCode::FOUND,
        ctx.links.login(Some(path)).as_str(),
    );
    headers::finish(&mut reply, Realm::Visit, ctx.links.csp_report().as_str());
    reply
}

fn turn_away(app: &App, request: &Request, peer: Peer, identity: Identity, error: &Error) -> Reply {
    let ctx = context(app, request.uri(), request.headers(), peer, identity);
    let mut reply = faults::tell(&ctx, Realm::Visit, request.headers(), error);
    headers::finish(&mut reply, Realm::Visit, ctx.links.csp_report().as_str());
    reply
}

fn context(app: &App, uri: &Uri, headers: &HeaderMap, peer: Peer, identity: Identity) -> Context {
    Arrival::new(app, uri, headers, peer).context(app, Params::new(), identity, String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_origin_changes_something() {
        let own = "https://lab.example";
        let table: [(&[&str], bool); 6] = [
            (&["https://lab.example"], true),
            (&["https://lab.example:444"], false),
            (&["http://lab.example"], false),
            (&["https://other.example"], false),
            (&["null"], false),
            (&[], false),
        ];
        for (origins, expected) in table {
            let mut headers = HeaderMap::new();
            for origin in origins {
                headers.append(header::ORIGIN, HeaderValue::from_static(origin));
            }
            assert_eq!(is_from(&headers, own), expected, "{origins:?}");
        }
    }
}
