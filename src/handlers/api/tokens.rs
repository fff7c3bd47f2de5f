//! API tokens of users (API-36, API-37, API-39, API-40).

use std::time::Duration;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    Context, Request, body,
    model::{self, TokenModel},
};
use crate::{
    auth::login::Outcome,
    config::settings::HubSettings,
    domain::{
        access::{self, Caller, Denied, Owner, Permit, ReadTokens, WriteTokens},
        names::UserName,
        role::{RoleBook, RoleName},
        scope::Scope,
        secret::Secret,
        token::TokenId,
    },
    http::{
        error::Error,
        reply::{self, Reply},
    },
    hub::{
        tokens::{self, CreateError, Described, Order},
        users,
    },
};

/// The most scopes one token may name.
const MAX_SCOPES: usize = 256;

/// `GET /hub/api/users/NAME/tokens`.
pub async fn list_tokens(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<ReadTokens>(ctx.caller.as_ref(), ctx.user_param()?)?;
    let tokens = described(ctx, &permit).await?;
    let models: Vec<_> = tokens.into_iter().map(TokenModel::of).collect();
    Ok(reply::json(
        StatusCode::OK,
        &json!({ "api_tokens": models }),
    ))
}

/// `GET /hub/api/users/NAME/tokens/ID`.
pub async fn get_token(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<ReadTokens>(ctx.caller.as_ref(), ctx.user_param()?)?;
    let tokens = described(ctx, &permit).await?;
    let id = TokenId::parse(ctx.param("token"));
    let found = tokens.into_iter().find(|found| Some(found.token.id) == id);
    let found = found.ok_or_else(|| no_such_token(ctx, permit.target()))?;
    Ok(reply::json(StatusCode::OK, &TokenModel::of(found)))
}

/// `POST /hub/api/users/NAME/tokens`: the only reply that ever shows the token itself.
pub async fn create_token(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let mut object = body::object(&request, "Body must be a JSON dict or empty")?;
    let auth = object.remove("auth");
    let permit = match (&ctx.caller, auth) {
        (Some(caller), _) => by_caller(ctx, caller)?,
        (None, Some(auth)) => by_password(ctx, &auth).await?,
        (None, None) => return Err(Denied::NoCredentials.into()),
    };
    let order = order(ctx, &object)?;
    let maker = ctx.hub().token_maker(&ctx.parts.entropy);
    let made = tokens::create(maker, &permit, order).await;
    let (text, id) = match made {
        Ok(made) => made,
        Err(CreateError::NoSuchUser) => return Err(not_allowed("User", ctx.param("user"))),
        Err(error @ (CreateError::Exceeds { .. } | CreateError::TooMany(_))) => {
            return Err(Error::bad_request(error.to_string()));
        }
        Err(CreateError::Store(error)) => return Err(error.into()),
    };
    let read = Permit::by_hub(permit.target().clone(), "the token was just made");
    let tokens = described(ctx, &read).await?;
    let found = tokens.into_iter().find(|found| found.token.id == id);
    let found = found.ok_or_else(|| no_such_token(ctx, permit.target()))?;
    let mut model = json!(TokenModel::of(found));
    if let Some(object) = model.as_object_mut() {
        object.insert("token".into(), json!(text.expose()));
    }
    Ok(reply::json(StatusCode::CREATED, &model))
}

/// `DELETE /hub/api/users/NAME/tokens/ID`: with a client's token goes all that client has of the user.
pub async fn revoke_token(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<WriteTokens>(ctx.caller.as_ref(), ctx.user_param()?)?;
    super::get_user(ctx, permit.target())
        .await
        .map_err(|error| named(error, permit.target()))?;
    let missing = || no_such_token(ctx, permit.target());
    let id = TokenId::parse(ctx.param("token")).ok_or_else(missing)?;
    if !tokens::revoke(&ctx.hub().store, &permit, id).await? {
        return Err(missing());
    }
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

fn by_caller(ctx: &Context, caller: &Caller) -> Result<Permit<WriteTokens>, Error> {
    let kind = match caller.owner() {
        Owner::User(_) => "User",
        Owner::Service(_) => "Service",
        Owner::Root => "Root",
    };
    let refused = || not_allowed(kind, ctx.param("user"));
    let name = UserName::parse(ctx.param("user")).map_err(|_| refused())?;
    caller.permit::<WriteTokens>(name).map_err(|_| refused())
}

/// Lets somebody who has no token make one by their name and password, for themselves (API-38).
async fn by_password(ctx: &Context, auth: &Value) -> Result<Permit<WriteTokens>, Error> {
    let text = |key: &str| auth.get(key).and_then(Value::as_str);
    let (Some(username), Some(password)) = (text("username"), text("password")) else {
        return Err(Denied::NoCredentials.into());
    };
    let password = Secret::new(password.to_owned());
    let conversation = ctx.parts.entropy.base64_text().expose().clone();
    let logins = &ctx.parts.logins;
    let outcome = logins
        .begin(username.trim(), password, ctx.remote, conversation)
        .await;
    let login = match outcome {
        Outcome::Welcome(login) => login,
        // What PAM asks beyond the password can only be answered on the login page.
        Outcome::Refused | Outcome::Expired | Outcome::Asked { .. } => {
            return Err(Error::forbidden("Invalid username or password"));
        }
        Outcome::Throttled(wait) => {
            let text = "Too many failed logins. Try again later.";
            return Err(Error::too_many(text, wait.as_secs() + 1));
        }
        Outcome::Unavailable => {
            return Err(Error::unavailable(
                "Nobody can log in at the moment. Tell the administrator.",
            ));
        }
    };
    users::log_in(ctx.hub(), &login).await?;
    let name = login.account.name;
    if name.as_str() != ctx.param("user") {
        return Err(not_allowed("User", ctx.param("user")));
    }
    Ok(Permit::by_hub(name, "the person gave their password"))
}

async fn described(ctx: &Context, permit: &Permit<ReadTokens>) -> Result<Vec<Described>, Error> {
    let hub = ctx.hub();
    let tokens = tokens::list(&hub.store, &hub.authority, &hub.clock, permit).await?;
    tokens.ok_or_else(|| Error::not_found(model::no_such_user(permit.target())))
}

fn order(ctx: &Context, object: &Map<String, Value>) -> Result<Order, Error> {
    body::check_keys(object, &["note", "expires_in", "scopes", "roles"])?;
    let scopes = texts(object, "scopes")?;
    let roles = texts(object, "roles")?;
    let scopes = match (scopes, roles) {
        (Some(_), Some(_)) => {
            return Err(Error::bad_request(
                "Can only assign one of scopes or roles when creating tokens.",
            ));
        }
        (Some(scopes), None) => Some(parse_scopes(&scopes)?),
        (None, Some(roles)) => Some(scopes_of_roles(&ctx.hub().authority.book(), &roles)?),
        (None, None) => None,
    };
    let note = match object.get("note") {
        None | Some(Value::Null) => None,
        Some(Value::String(note)) => Some(note.as_str()),
        Some(_) => return Err(Error::bad_request("token note must be null or a string")),
    };
    Ok(Order {
        note: note.map(str::to_owned),
        lifetime: lifetime(&ctx.settings.hub, object.get("expires_in"))?,
        scopes,
    })
}

fn texts(object: &Map<String, Value>, key: &str) -> Result<Option<Vec<String>>, Error> {
    let value = match object.get(key) {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value,
    };
    let items = value.as_array().filter(|items| items.len() <= MAX_SCOPES);
    let texts = items.and_then(|items| {
        let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
        texts.collect::<Option<Vec<_>>>()
    });
    texts.map(Some).ok_or_else(|| {
        let shown = body::shown(value);
        Error::bad_request(format!(
            "token {key} must be null or a list of strings, not {shown}"
        ))
    })
}

fn lifetime(settings: &HubSettings, value: Option<&Value>) -> Result<Option<Duration>, Error> {
    let max = settings.token_lifetime_max;
    let value = match value {
        None | Some(Value::Null) => return Ok(settings.token_lifetime_default.or(max)),
        Some(value) => value,
    };
    let is_integer = value.is_i64() || value.is_u64();
    if !is_integer {
        let shown = body::shown(value);
        return Err(Error::bad_request(format!(
            "token expires_in must be null or integer, not {shown}"
        )));
    }
    let max = max.unwrap_or(tokens::LONGEST).as_secs();
    match value.as_u64() {
        Some(seconds) if seconds > max => Err(Error::bad_request(format!(
            "token expires_in: {seconds} must not exceed {max}"
        ))),
        Some(seconds @ 1..) => Ok(Some(Duration::from_secs(seconds))),
        _ => Err(Error::bad_request(format!(
            "expires_in must be a positive integer or null, not {value}"
        ))),
    }
}

fn parse_scopes(texts: &[String]) -> Result<Vec<Scope>, Error> {
    let scopes = texts.iter().map(|text| Scope::parse(text));
    let scopes: Result<_, _> = scopes.collect();
    scopes.map_err(|error| Error::bad_request(error.to_string()))
}

fn scopes_of_roles(book: &RoleBook, names: &[String]) -> Result<Vec<Scope>, Error> {
    let mut scopes = Vec::new();
    for name in names {
        let found = RoleName::parse(name).ok();
        let found = found.and_then(|name| book.scopes_of(&name));
        let shown = || body::shown(&json!(name));
        scopes
            .extend(found.ok_or_else(|| Error::bad_request(format!("No such role: {}", shown())))?);
    }
    Ok(scopes)
}

fn not_allowed(kind: &str, user: &str) -> Error {
    let user: String = user.chars().take(255).collect();
    Error::forbidden(format!(
        "{kind} {user} not found or no permissions to generate tokens"
    ))
}

fn named(error: Error, user: &UserName) -> Error {
    if error.status() == StatusCode::NOT_FOUND {
        return Error::not_found(model::no_such_user(user));
    }
    error
}

fn no_such_token(ctx: &Context, user: &UserName) -> Error {
    let id: String = ctx.param("token").chars().take(64).collect();
    Error::not_found(format!("No such token {id} for user {user}"))
}
