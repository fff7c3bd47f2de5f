//! The hub's own cookies: login, public session id, form token (HD-10…HD-12).
//!
//! The login and the form token have `__Host-` names: no page below another path and no sibling
//! host can set or overwrite them, and the proxy lets neither through.

use std::time::Duration;

use http::header;

use super::csrf;
use crate::{
    domain::secret::Secret,
    http::{
        cookies::{HUB_LOGIN, SESSION_ID, SetCookie, XSRF, clear},
        reply::Reply,
    },
};

/// How long the form token of somebody who has not logged in is kept.
const ANONYMOUS_LIFETIME: Duration = Duration::from_secs(3600);

/// Sets the cookies of a fresh login.
pub fn set_login(
    reply: &mut Reply,
    login: &Secret<String>,
    session_id: &str,
    base: &str,
    lifetime: Duration,
) {
    set(
        reply,
        SetCookie {
            name: HUB_LOGIN,
            value: login.expose(),
            path: "/",
            lifetime: Some(lifetime),
        },
    );
    set_session_id(reply, session_id, base);
}

/// Sets the public session id, which the browser forgets when it is closed.
pub fn set_session_id(reply: &mut Reply, session_id: &str, base: &str) {
    set(
        reply,
        SetCookie {
            name: SESSION_ID,
            value: session_id,
            path: base,
            lifetime: None,
        },
    );
}

/// Sets the token that forms repeat.
pub fn set_xsrf(reply: &mut Reply, token: &str, holder: csrf::Holder) {
    let lifetime = match holder {
        csrf::Holder::Anonymous => Some(ANONYMOUS_LIFETIME),
        csrf::Holder::Session(_) => None,
    };
    set(
        reply,
        SetCookie {
            name: XSRF,
            value: token,
            path: "/",
            lifetime,
        },
    );
}

/// Makes the browser forget all three.
pub fn clear_all(reply: &mut Reply, base: &str) {
    for (name, path) in [(HUB_LOGIN, "/"), (SESSION_ID, base), (XSRF, "/")] {
        if let Some(value) = clear(name, path) {
            reply.headers_mut().append(header::SET_COOKIE, value);
        }
    }
}

fn set(reply: &mut Reply, cookie: SetCookie<'_>) {
    if let Some(value) = cookie.header() {
        reply.headers_mut().append(header::SET_COOKIE, value);
    }
}
