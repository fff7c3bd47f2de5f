//! The hub's own cookies: login, public session id, form token (HD-10…HD-12).
//!
//! The login and the form token have `__Host-` names: no page below another path and no sibling
//! host can set or overwrite them, and the proxy lets neither through.

use std::time::Duration;

use http::{HeaderValue, header};

use super::csrf;
use crate::{
    domain::secret::Secret,
    http::{
        cookies::{HUB_LOGIN, SESSION_ID, SIGN_IN, SetCookie, XSRF, clear},
        error::Error,
        reply::Reply,
    },
};

/// How long the form token of somebody who has not logged in is kept.
const ANONYMOUS_LIFETIME: Duration = Duration::from_secs(3600);
/// How long a person may take at the OpenID Connect provider.
const SIGN_IN_LIFETIME: Duration = Duration::from_secs(600);

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

/// Sets what the browser keeps while it is at the OpenID Connect provider.
pub fn set_sign_in(reply: &mut Reply, value: &Secret<String>) {
    set(
        reply,
        SetCookie {
            name: SIGN_IN,
            value: value.expose(),
            path: "/",
            lifetime: Some(SIGN_IN_LIFETIME),
        },
    );
}

/// Makes the browser forget that.
pub fn forget_sign_in(reply: &mut Reply) {
    if let Some(value) = clear(SIGN_IN, "/") {
        reply.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// Makes the browser forget all three.
pub fn clear_all(reply: &mut Reply, base: &str) {
    for value in cleared(base) {
        reply.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// Makes the browser forget all three by an error.
pub fn cleared_by(error: Error, base: &str) -> Error {
    cleared(base).fold(error, |error, value| {
        error.with_header(header::SET_COOKIE, value)
    })
}

fn cleared(base: &str) -> impl Iterator<Item = HeaderValue> {
    let all = [(HUB_LOGIN, "/"), (SESSION_ID, base), (XSRF, "/")];
    all.into_iter().filter_map(|(name, path)| clear(name, path))
}

/// Makes the browser forget a login that is good no more, unless the reply brings a new one (HD-15).
pub fn forget_login(reply: &mut Reply) {
    let is_login = |value: &HeaderValue| value.as_bytes().starts_with(HUB_LOGIN.as_bytes());
    let mut set = reply.headers().get_all(header::SET_COOKIE).iter();
    if !set.any(is_login)
        && let Some(value) = clear(HUB_LOGIN, "/")
    {
        reply.headers_mut().append(header::SET_COOKIE, value);
    }
}

fn set(reply: &mut Reply, cookie: SetCookie<'_>) {
    if let Some(value) = cookie.header() {
        reply.headers_mut().append(header::SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::reply;

    #[test]
    fn a_login_that_is_good_no_more_is_forgotten_unless_there_is_a_new_one() {
        let cookies = |reply: &Reply| -> Vec<String> {
            let all = reply.headers().get_all(header::SET_COOKIE).iter();
            all.map(|value| value.to_str().unwrap().to_owned())
                .collect()
        };
        let mut refused = reply::empty(http::StatusCode::FORBIDDEN);
        forget_login(&mut refused);
        let [cleared] = &cookies(&refused)[..] else {
            panic!("{:?}", cookies(&refused));
        };
        assert!(cleared.starts_with("__Host-jupyterhub-hub-login=;"));
        assert!(cleared.contains("Max-Age=0"));

        let mut welcome = reply::empty(http::StatusCode::FOUND);
        let hour = Duration::from_secs(3600);
        set_login(&mut welcome, &Secret::new("fresh".into()), "id", "/", hour);
        let before = cookies(&welcome);
        forget_login(&mut welcome);
        assert_eq!(cookies(&welcome), before);
    }
}
