//! The caller: whose credentials these are and what they allow (API-22).

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    Context, Request, get_user,
    model::{self, ShownServers},
};
use crate::{
    domain::{
        access::{Caller, Via},
        role,
        scope::{Grants, Holder},
    },
    http::{
        error::Error,
        reply::{self, Reply},
    },
};

/// `GET /hub/api/user`: single-user servers ask it whom a token belongs to.
pub async fn get_self(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let caller = ctx.caller.as_ref();
    let caller = caller.ok_or_else(|| Error::forbidden("Forbidden"))?;
    let mut model = model_of_owner(ctx, caller).await?;
    let (token_id, session_id) = match caller.via() {
        Via::Token { id, session_id } => (Some(id.to_string()), session_id.clone()),
        Via::Session { .. } => (None, None),
    };
    model.insert("token_id".into(), json!(token_id));
    model.insert("session_id".into(), json!(session_id));
    model.insert("scopes".into(), json!(caller.grants().texts()));
    Ok(reply::json(StatusCode::OK, &model))
}

/// Returns what a credential may say of whose it is.
pub(super) async fn model_of_owner(
    ctx: &Context,
    caller: &Caller,
) -> Result<Map<String, Value>, Error> {
    let name = caller.user();
    let name = name.ok_or_else(|| Error::forbidden("Forbidden"))?;
    let user = get_user(ctx, name).await?;
    let parts = model::user_parts(ctx, &user, ShownServers::Active).await?;
    Ok(model::user(ctx, &identifying(caller), &parts))
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
