//! The rules of the authorization-code flow: who asks, for what, and whether it fits.
//!
//! RFC 6749 section 4.1 with RFC 7636 (PKCE), as JupyterHub speaks them: a redirect URI may be a path on
//! the hub's host, and a client is a user's server or a service. Nothing here does I/O.

mod challenge;
mod client;
mod request;

pub use self::challenge::{Challenge, ChallengeMethod, Pkce};
pub use self::client::{
    ClientRules, is_redirect_uri, is_service_client_id, server_client_id, service_client_id,
};
pub use self::request::{AuthorizeError, AuthorizeParameters, AuthorizeRequest, RedirectedError};

use crate::domain::role::RoleBook;

/// The longest value of a parameter that is taken, in bytes.
const MAX_PARAMETER_BYTES: usize = 4096;

/// What every client is held to.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The roles and scopes there are.
    pub book: &'a RoleBook,
    /// Whether clients may do without PKCE.
    pub pkce: Pkce,
}

#[cfg(test)]
mod tests;
