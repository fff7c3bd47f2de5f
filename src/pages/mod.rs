//! What people see: pure functions from plain data to markup, one file per page.
//!
//! A view holds everything its page shows, and a page reads nothing else: no store, no hub, no
//! clock. Every page works without scripts, and none has inline script or style, so that
//! [`CONTENT_SECURITY_POLICY`] can be strict.
#![forbid(unsafe_code)]

pub mod accent;
pub mod accept_share;
pub mod admin;
pub mod confirm;
pub mod error;
pub mod failure;
pub mod frame;
pub mod home;
pub mod logged_out;
pub mod login;
pub mod not_installed;
pub mod not_running;
pub mod shares;
pub mod sign_in_failed;
pub mod spawn_failed;
pub mod spawn_form;
pub mod spawn_pending;
pub mod stopping;
pub mod tokens;
pub mod words;

mod bidi;
mod forms;
mod live;
mod scope_words;
mod secret;
mod times;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

/// The policy that every page here gets along with; the reply may add `report-uri`.
///
/// `form-action` is absent on purpose: browsers apply it to where a form's answer redirects, and
/// the confirmation of an OAuth client leads to that client.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";
