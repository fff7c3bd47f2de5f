//! Requests to replies: one function per thing a person or a script can ask of the hub.
//!
//! A handler gets a request whose body has been read within its bounds, and a [`Context`] that says
//! who asks. It translates, calls a use case, and translates back; rules stand elsewhere.
#![forbid(unsafe_code)]

pub mod api;
pub mod html;
mod user_list;

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use bytes::Bytes;
use http::StatusCode;
use tokio_util::sync::CancellationToken;

use crate::{
    auth::{csrf, login::Logins},
    config::settings::Settings,
    domain::{
        access::{Caller, Denied},
        entropy::Entropy,
        names::{GroupName, ServerKey, ServerName, UserName},
        redirect::OwnHost,
        time::Timestamp,
    },
    http::{error::Error, links::Links},
    hub::Hub,
    store,
};

/// Returns what a client sent, cut to a length that can be sent back.
fn cut(text: &str) -> String {
    const MAX_CHARS: usize = 64;
    text.chars().take(MAX_CHARS).collect()
}

/// A request with its body, already bounded.
pub type Request = http::Request<Bytes>;

/// What outlives requests.
pub struct Parts {
    /// The hub.
    pub hub: Hub,
    /// Logins under way.
    pub logins: Logins,
    /// Makes and checks the tokens of forms.
    pub csrf: csrf::Key,
    /// Randomness.
    pub entropy: Entropy,
    /// When the hub began.
    pub started: Timestamp,
    /// Ends the hub when it is cancelled.
    pub end: CancellationToken,
}

/// What a handler knows beside the request.
pub struct Context {
    /// What outlives the request.
    pub parts: Arc<Parts>,
    /// The configuration as it was when the request came.
    pub settings: Arc<Settings>,
    /// Who asks, when that is known.
    pub caller: Option<Caller>,
    /// Typed URLs below the hub's prefix.
    pub links: Links,
    /// The person's address, past trusted proxies.
    pub remote: IpAddr,
    /// The address under which the browser reached the hub.
    pub own: OwnHost,
    /// The decoded `{parts}` of the path.
    pub params: HashMap<&'static str, String>,
    /// The token that forms of this reply repeat.
    pub xsrf: String,
    /// The request's number in the journal.
    pub request_id: String,
}

impl Context {
    /// Returns the decoded part `{name}` of the path; empty when the route has none of this name.
    pub fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// Returns the user named by the path; a name nobody can have is nobody's.
    pub fn user_param(&self) -> Result<UserName, Error> {
        UserName::parse(self.param("user")).map_err(|_| not_found())
    }

    /// Returns the group named by the path; a name no group can have is none's.
    pub fn group_param(&self) -> Result<GroupName, Error> {
        GroupName::parse(self.param("group")).map_err(|_| not_found())
    }

    /// Returns the server named by the path.
    pub fn server_param(&self) -> Result<ServerKey, Error> {
        let user = self.user_param()?;
        let server = ServerName::parse(self.param("server")).map_err(|_| not_found())?;
        Ok(ServerKey { user, server })
    }

    /// Refuses a named server where the configuration lets nobody have one (SP-40).
    pub fn check_named(&self, key: &ServerKey) -> Result<(), Error> {
        if key.server.is_default() || self.settings.hub.named_servers {
            Ok(())
        } else {
            Err(Error::bad_request("Named servers are not enabled."))
        }
    }

    /// Returns the hub.
    pub fn hub(&self) -> &Hub {
        &self.parts.hub
    }

    /// Returns the person who asks; `None` for nobody and for services.
    pub fn person(&self) -> Option<&UserName> {
        self.caller.as_ref()?.user()
    }
}

fn not_found() -> Error {
    Error::from(Denied::NoAccess)
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        let told = if error.is_full() {
            Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "The machine's disk is full, so nothing was changed. Tell the administrator.",
            )
        } else if error.is_conflict() {
            Self::conflict("Somebody else just changed the same.")
        } else {
            Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "The hub cannot use its database. Tell the administrator; its journal says more.",
            )
        };
        told.because(error)
    }
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        let status = match denied {
            Denied::NoCredentials | Denied::NotHeld { .. } | Denied::Unlistable(_) => {
                StatusCode::FORBIDDEN
            }
            Denied::NoAccess => StatusCode::NOT_FOUND,
        };
        Self::new(status, denied.to_string())
    }
}
