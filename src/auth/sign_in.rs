//! What a browser keeps while it is at the OpenID Connect provider.
//!
//! It lies in a cookie that no server of a person gets, and not in the hub, so nothing has to be bounded
//! or forgotten here. That it can be changed by whose browser it is does no harm: state only ties the
//! answer to the browser, and the nonce and the verifier must be those that the provider was told.
//! Scripts of people's servers run in the hub's origin and can set such a cookie where there is none, and
//! with it have a browser finish a sign-in of their own; so no answer changes who is logged in already.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    broker::message::{
        WireSecret,
        provider::{Arrival, Departure},
    },
    domain::secret::{Secret, same_bytes},
};

/// Longer targets are not kept: browsers take cookies of 4096 bytes.
const MAX_NEXT_BYTES: usize = 2048;

/// A sign-in under way in one browser.
#[derive(Debug)]
pub struct SignIn {
    state: Secret<String>,
    nonce: Secret<String>,
    verifier: Secret<String>,
    /// Where to go afterwards; may be empty.
    pub next: String,
}

impl SignIn {
    /// Takes what belongs to a departure, which is to lead to `next` in the end.
    pub fn begin(departure: Departure, next: String) -> Self {
        Self {
            state: departure.state.0,
            nonce: departure.nonce.0,
            verifier: departure.verifier.0,
            next: if next.len() > MAX_NEXT_BYTES {
                String::new()
            } else {
                next
            },
        }
    }

    /// Reads what a cookie holds.
    pub fn from_cookie(value: &str) -> Option<Self> {
        let mut parts = value.split('.');
        let mut secret = || {
            let part = parts.next().filter(|part| !part.is_empty())?;
            Some(Secret::new(part.to_owned()))
        };
        let (state, nonce, verifier) = (secret()?, secret()?, secret()?);
        let next = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
        Some(Self {
            state,
            nonce,
            verifier,
            next: String::from_utf8(next).ok()?,
        })
    }

    /// Writes it for a cookie.
    pub fn to_cookie(&self) -> Secret<String> {
        let next = URL_SAFE_NO_PAD.encode(&self.next);
        let [state, nonce, verifier] = [&self.state, &self.nonce, &self.verifier];
        Secret::new(format!(
            "{}.{}.{}.{next}",
            state.expose(),
            nonce.expose(),
            verifier.expose()
        ))
    }

    /// Tells whether `state` came back from this sign-in.
    pub fn is_answered_by(&self, state: &str) -> bool {
        same_bytes(state.as_bytes(), self.state.expose().as_bytes())
    }

    /// Puts what came back together with what is known.
    pub fn arrive(self, code: &str) -> Arrival {
        Arrival {
            code: WireSecret(Secret::new(code.to_owned())),
            nonce: WireSecret(self.nonce),
            verifier: WireSecret(self.verifier),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::cookies::{SIGN_IN, SetCookie};

    fn wire(text: &str) -> WireSecret {
        WireSecret(Secret::new(text.into()))
    }

    fn begin(next: &str) -> SignIn {
        let departure = Departure {
            url: "https://p/a".into(),
            state: wire("st-_"),
            nonce: wire("no"),
            verifier: wire("ve"),
        };
        SignIn::begin(departure, next.into())
    }

    #[test]
    fn a_cookie_brings_back_what_was_put_in() {
        for next in ["", "/user/alice/lab?x=ü&y;,\"", "/hub/home"] {
            let value = begin(next).to_cookie();
            let cookie = SetCookie {
                name: SIGN_IN,
                value: value.expose(),
                path: "/",
                lifetime: None,
            };
            assert!(cookie.header().is_some());
            let back = SignIn::from_cookie(value.expose()).unwrap();
            assert_eq!(back.next, next);
            assert!(back.is_answered_by("st-_"));
            for other in ["", "st-", "st-_x", "no"] {
                assert!(!back.is_answered_by(other), "{other:?}");
            }
            let arrival = back.arrive("c");
            assert_eq!(arrival.code.0.expose(), "c");
            assert_eq!(arrival.nonce.0.expose(), "no");
            assert_eq!(arrival.verifier.0.expose(), "ve");
        }
    }

    #[test]
    fn rubbish_is_no_sign_in() {
        for value in ["", "...", "a.b.c", "a..c.", ".b.c.", "a.b.c.!", "a.b.c._w"] {
            assert!(SignIn::from_cookie(value).is_none(), "{value:?}");
        }
    }

    #[test]
    fn a_target_that_no_cookie_holds_is_left_out() {
        let long = format!("/{}", "x".repeat(MAX_NEXT_BYTES));
        assert_eq!(begin(&long).next, "");
        assert_eq!(begin(&long[1..]).next.len(), MAX_NEXT_BYTES);
    }
}
