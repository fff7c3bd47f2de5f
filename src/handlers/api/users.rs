//! Users by name (API-25).

use http::StatusCode;

use super::{
    Context, Request,
    model::{self, ShownServers},
};
use crate::{
    domain::access::{self, Denied, ReadUser},
    http::{
        error::Error,
        forms::Form,
        reply::{self, Reply},
    },
};

/// `GET /hub/api/users/NAME`: a user, as far as the caller may see them.
pub async fn get_user(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<ReadUser>(ctx.caller.as_ref(), ctx.user_param()?)?;
    let caller = ctx.caller.as_ref().ok_or(Denied::NoCredentials)?;
    let user = super::get_user(ctx, permit.target()).await?;
    let query = Form::parse_query(request.uri().query())?;
    let shown = match query.get("include_stopped_servers") {
        None | Some("0") => ShownServers::Active,
        Some(text) if text.eq_ignore_ascii_case("false") => ShownServers::Active,
        Some(_) => ShownServers::All,
    };
    let parts = model::user_parts(ctx, &user, shown).await?;
    Ok(reply::json(
        StatusCode::OK,
        &model::user(ctx, caller, &parts),
    ))
}
