//! The caller: whose credentials these are and what they allow (API-22).

use http::StatusCode;
use serde::Serialize;

use super::{
    Context, Request,
    user_model::{ShownServers, Sight, UserModel},
};
use crate::{
    domain::{
        access::{Caller, Via},
        names::ServerKey,
        role,
        scope::{Grants, Holder},
    },
    http::{
        error::Error,
        reply::{self, Reply},
    },
};

/// The caller on the wire: whose the credential is, and what it may do.
#[derive(Serialize)]
struct SelfModel {
    #[serde(flatten)]
    owner: UserModel,
    token_id: Option<String>,
    session_id: Option<String>,
    scopes: Vec<String>,
}

/// `GET /hub/api/user`: single-user servers ask it whom a token belongs to.
pub async fn get_self(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let caller = ctx.caller.as_ref();
    let caller = caller.ok_or_else(|| Error::forbidden("Forbidden"))?;
    let owner = model_of_owner(ctx, caller).await?;
    let (token_id, session_id) = match caller.via() {
        Via::Token { id, session_id } => (Some(id.to_string()), session_id.clone()),
        Via::Session { .. } => (None, None),
    };
    let model = SelfModel {
        owner,
        token_id,
        session_id,
        scopes: caller.grants().texts(),
    };
    Ok(reply::json(StatusCode::OK, &model))
}

/// Returns what a credential may say of whose it is.
pub(super) async fn model_of_owner(ctx: &Context, caller: &Caller) -> Result<UserModel, Error> {
    let name = caller.user();
    let name = name.ok_or_else(|| Error::forbidden("Forbidden"))?;
    let details = ctx.hub().store.find_user_details(name).await?;
    let details = details.ok_or_else(|| Error::not_found("Not Found"))?;
    let status = |key: &ServerKey| ctx.hub().servers.status(key);
    let identifying = identifying(caller);
    let model = Sight::of(&identifying).user(ctx, &details, ShownServers::Active, status);
    model.ok_or_else(|| Error::forbidden("Forbidden"))
}

/// Every credential may say whose it is, here and nowhere else.
fn identifying(caller: &Caller) -> Caller {
    let holder = Holder {
        user: caller.user().cloned(),
        ..Holder::default()
    };
    let mut grants = caller.grants().clone();
    grants.extend(&Grants::expand(&role::identify(&holder), &holder));
    caller.with_grants(grants)
}
