//! What JupyterHub had before tokens were asked about with the token itself (API-58…API-60). Programs of
//! that time still call it.

use http::StatusCode;

use super::{Context, Request, user::model_of_owner};
use crate::{
    domain::{
        access::{Denied, Via},
        secret::TokenHash,
        token,
    },
    http::{
        cookies as jar,
        error::Error,
        reply::{self, Reply},
    },
    hub::{sessions, tokens},
};

/// `GET /hub/api/authorizations/token/T`: whose token this is, for whoever shows a token of their own.
pub async fn show_tokens_owner(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    check_token(ctx)?;
    let text = ctx.param("token");
    let hub = ctx.hub();
    let found = match token::is_plausible(text) {
        true => tokens::identify(&hub.store, &hub.authority, &hub.clock, text).await?,
        false => None,
    };
    let owner = found.ok_or_else(|| Error::not_found("Not Found"))?;
    let model = model_of_owner(ctx, &owner).await?;
    Ok(reply::json(StatusCode::OK, &model))
}

/// `POST /hub/api/authorizations/token`: gone from JupyterHub too.
pub async fn refuse_to_make_tokens(_ctx: &Context, _request: Request) -> Result<Reply, Error> {
    Err(Error::not_found(
        "This endpoint is removed. Use /hub/api/users/NAME/tokens to make a token.",
    ))
}

/// `GET /hub/api/authorizations/cookie/NAME/VALUE`: whose login cookie this is.
pub async fn show_cookies_owner(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    check_token(ctx)?;
    let missing = || Error::not_found("Not Found");
    if ctx.param("name") != jar::HUB_LOGIN {
        return Err(missing());
    }
    let hub = ctx.hub();
    let hash = TokenHash::of(ctx.param("value"));
    let found = sessions::find(&hub.store, &hub.authority, &hub.clock, hash).await?;
    let owner = found.ok_or_else(missing)?.caller;
    let model = model_of_owner(ctx, &owner).await?;
    Ok(reply::json(StatusCode::OK, &model))
}

/// These are for programs; a browser's cookie is none.
fn check_token(ctx: &Context) -> Result<(), Error> {
    match ctx.caller.as_ref().map(|caller| caller.via()) {
        Some(Via::Token { .. } | Via::Peer) => Ok(()),
        Some(Via::Session { .. }) | None => Err(Denied::NoCredentials.into()),
    }
}
