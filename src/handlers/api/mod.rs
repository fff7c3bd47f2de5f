//! The REST API: JSON in, JSON out, one file per resource, as JupyterHub's `rest-api.yml` has it.
//!
//! A handler reads what it was sent, asks for a permit, calls a use case and writes the wire form. Texts
//! of errors are JupyterHub's wherever its clients could match on them.

pub mod activity;
pub mod authorizations;
pub mod body;
pub mod groups;
pub mod hub;
pub mod metrics;
pub mod model;
pub mod oauth;
pub mod paging;
pub mod progress;
pub mod proxy;
pub mod roles;
pub mod servers;
pub mod services;
pub mod share_codes;
pub mod share_model;
pub mod shares;
pub mod tokens;
pub mod user;
pub mod user_model;
pub mod users;

use super::{Context, Request};
use crate::{domain::names::UserName, http::error::Error, store::users::User};

/// Returns a stored user, or the 404 of one that is not there.
async fn get_user(ctx: &Context, name: &UserName) -> Result<User, Error> {
    let user = ctx.hub().store.find_user(name).await?;
    user.ok_or_else(|| Error::not_found("Not Found"))
}

#[cfg(test)]
mod tests;
