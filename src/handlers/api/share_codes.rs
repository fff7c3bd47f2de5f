//! Share codes: links by which a server is shared (API-70…API-72).

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use super::{
    Context, Request, body,
    paging::Part,
    share_model::ShareCodeModel,
    shares::{offer, permitted, scopes, window},
};
use crate::{
    domain::{
        access::{self, ReadOwnersShares, ReadShares, WriteShares},
        secret::TokenHash,
        share::{CODE_LIFETIME, MAX_CODE_LIFETIME, MIN_CODE_LIFETIME, ShareCodeId},
    },
    http::{
        error::Error,
        forms::Form,
        reply::{self, Reply},
    },
    hub::shares::{self, ShareError},
    store::{share_codes::CodeChoice, shares::SharesOf},
};

/// `GET /hub/api/share-codes/OWNER`: the codes of all of the owner's servers.
pub async fn list_codes_of_user(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<ReadOwnersShares>(ctx.caller.as_ref(), ctx.user_param()?)?;
    let of = SharesOf::Owner(permit.target().clone());
    let missing = || Error::not_found("Not Found");
    list(ctx, &request, of, missing).await
}

/// `GET /hub/api/share-codes/OWNER/SERVER`: the codes of a server, never the codes themselves.
pub async fn list_codes(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = permitted::<ReadShares>(ctx)?;
    let key = permit.target();
    let of = SharesOf::Server(key.clone());
    let missing = || ShareError::NoServer(key.clone()).into();
    list(ctx, &request, of, missing).await
}

/// `POST /hub/api/share-codes/OWNER/SERVER`: the only reply that ever shows the code itself.
pub async fn create_code(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = permitted::<WriteShares>(ctx)?;
    let object = body::object(&request, "Body must be a JSON object")?;
    body::check_keys(&object, &["scopes", "expires_in"])?;
    let lifetime = lifetime(object.get("expires_in"))?;
    let scopes = scopes(ctx, &object)?;
    let offer = offer(ctx, &permit, &scopes)?;
    let (hub, entropy) = (ctx.hub(), &ctx.parts.entropy);
    let made = shares::create_code(&hub.store, &hub.clock, entropy, offer, lifetime).await;
    let (text, code) = made?;
    let model = ShareCodeModel::of(ctx, &code).showing(ctx, text.expose());
    Ok(reply::json(StatusCode::OK, &model))
}

/// `DELETE /hub/api/share-codes/OWNER/SERVER`: one code by `?code=` or `?id=`, else all.
pub async fn delete_codes(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = permitted::<WriteShares>(ctx)?;
    let query = Form::parse_query(request.uri().query())?;
    let (choice, missing) = choice(&query)?;
    let count = shares::delete_codes(&ctx.hub().store, &permit, choice).await?;
    match missing {
        Some(text) if count == 0 => Err(Error::not_found(text)),
        _ => Ok(reply::empty(StatusCode::NO_CONTENT)),
    }
}

async fn list(
    ctx: &Context,
    request: &Request,
    of: SharesOf,
    missing: impl Fn() -> Error,
) -> Result<Reply, Error> {
    let part = Part::parse(ctx, request)?.always_page();
    let (hub, window) = (ctx.hub(), window(&part));
    let listed = hub
        .store
        .list_share_codes(of, hub.clock.now(), window)
        .await?;
    let listed = listed.ok_or_else(missing)?;
    let codes = listed.items.iter();
    let models: Vec<_> = codes.map(|code| ShareCodeModel::of(ctx, code)).collect();
    Ok(part.reply(&models, listed.total))
}

/// Reads which codes are meant, with the words for its absence when it is one.
///
/// An empty value is no wish to delete all.
fn choice(query: &Form) -> Result<(CodeChoice, Option<String>), Error> {
    if let Some(code) = query.get("code") {
        let choice = CodeChoice::Hash(TokenHash::of(code));
        return Ok((choice, Some("No matching code found".to_owned())));
    }
    let Some(id) = query.get("id") else {
        return Ok((CodeChoice::All, None));
    };
    let shown: String = id.chars().take(64).collect();
    let missing = format!("No code found matching id={shown}");
    match ShareCodeId::parse(id) {
        Some(id) => Ok((CodeChoice::Id(id), Some(missing))),
        None => Err(Error::not_found(missing)),
    }
}

fn lifetime(value: Option<&Value>) -> Result<Duration, Error> {
    let value = match value {
        None | Some(Value::Null) => return Ok(CODE_LIFETIME),
        Some(value) => value,
    };
    let lifetime = value.as_u64().map(Duration::from_secs);
    lifetime
        .filter(|lifetime| (MIN_CODE_LIFETIME..=MAX_CODE_LIFETIME).contains(lifetime))
        .ok_or_else(|| {
            let (least, most) = (MIN_CODE_LIFETIME.as_secs(), MAX_CODE_LIFETIME.as_secs());
            let shown = body::shown(value);
            let text = format!("expires_in must be an integer from {least} to {most}, not {shown}");
            Error::bad_request(text)
        })
}
