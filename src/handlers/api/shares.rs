//! Shares: with whom servers are shared (API-62…API-69).

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    Context, Request, body,
    model::no_such_user,
    paging::Part,
    share_model::{self, ShareModel},
};
use crate::{
    domain::{
        access::{
            self, Action, Caller, Denied, LeaveGroupShares, LeaveUserShares, Permit,
            ReadGroupShares, ReadOwnersShares, ReadShares, ReadUserShares, WriteShares,
        },
        names::{GroupName, ServerKey, ServerName, UserName},
        scope::Scope,
        share::Grantee,
    },
    http::{
        error::Error,
        reply::{self, Reply},
    },
    hub::shares::{self, Offer, ShareError},
    store::shares::{Share, SharesOf, Window},
};

/// The most scopes one share may name.
const MAX_SCOPES: usize = 256;

/// `GET /hub/api/shares/OWNER`: with whom any of the owner's servers are shared.
pub async fn list_shares_of_user(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<ReadOwnersShares>(ctx.caller.as_ref(), ctx.user_param()?)?;
    let of = SharesOf::Owner(permit.target().clone());
    let missing = || Error::not_found("Not Found");
    list(ctx, &request, of, missing).await
}

/// `GET /hub/api/shares/OWNER/SERVER`: with whom a server is shared.
pub async fn list_shares(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = permitted::<ReadShares>(ctx)?;
    let key = permit.target();
    let of = SharesOf::Server(key.clone());
    let missing = || ShareError::NoServer(key.clone()).into();
    list(ctx, &request, of, missing).await
}

/// `POST /hub/api/shares/OWNER/SERVER`: shares a server with a user or group.
pub async fn create_share(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = permitted::<WriteShares>(ctx)?;
    let order = Order::parse(ctx, &request)?;
    let hub = ctx.hub();
    let offer = offer(ctx, &permit, &order.scopes)?;
    let share = shares::grant(&hub.store, &hub.clock, offer, &order.with).await?;
    Ok(show(ctx, &share))
}

/// `PATCH /hub/api/shares/OWNER/SERVER`: takes scopes back from a user or group, by default all.
pub async fn revoke_share(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = permitted::<WriteShares>(ctx)?;
    let order = Order::parse(ctx, &request)?;
    let left = shares::revoke(&ctx.hub().store, &permit, &order.with, &order.scopes).await?;
    Ok(match left {
        Some(share) => show(ctx, &share),
        None => reply::json(StatusCode::OK, &json!({})),
    })
}

/// `DELETE /hub/api/shares/OWNER/SERVER`: takes all shares of a server back.
pub async fn revoke_shares(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let permit = permitted::<WriteShares>(ctx)?;
    shares::revoke_all(&ctx.hub().store, &permit).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// `GET /hub/api/users/NAME/shared`: what is shared with a user, by name or with one of their groups.
pub async fn list_shared_with_user(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<ReadUserShares>(ctx.caller.as_ref(), ctx.user_param()?)?;
    let with = Grantee::User(permit.target().clone());
    let missing = || Error::not_found(no_such_user(permit.target()));
    list_shared_with(ctx, &request, &with, missing).await
}

/// `GET /hub/api/users/NAME/shared/OWNER/SERVER`: what a user may do with a server, by name.
pub async fn get_shared_with_user(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<ReadUserShares>(ctx.caller.as_ref(), ctx.user_param()?)?;
    find(ctx, &Grantee::User(permit.target().clone())).await
}

/// `DELETE /hub/api/users/NAME/shared/OWNER/SERVER`: a user gives a share up.
pub async fn leave_as_user(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<LeaveUserShares>(ctx.caller.as_ref(), ctx.user_param()?)?;
    let left = match shared_server(ctx) {
        Some(key) => shares::leave_as_user(&ctx.hub().store, &permit, &key).await?,
        None => false,
    };
    gone(ctx, &Grantee::User(permit.target().clone()), left)
}

/// `GET /hub/api/groups/GROUP/shared`: what is shared with a group.
pub async fn list_shared_with_group(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<ReadGroupShares>(ctx.caller.as_ref(), group_param(ctx)?)?;
    let with = Grantee::Group(permit.target().clone());
    let missing = || Error::not_found(format!("No such group: {}", permit.target()));
    list_shared_with(ctx, &request, &with, missing).await
}

/// `GET /hub/api/groups/GROUP/shared/OWNER/SERVER`: what a group may do with a server.
pub async fn get_shared_with_group(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<ReadGroupShares>(ctx.caller.as_ref(), group_param(ctx)?)?;
    find(ctx, &Grantee::Group(permit.target().clone())).await
}

/// `DELETE /hub/api/groups/GROUP/shared/OWNER/SERVER`: a share with a group is given up.
pub async fn leave_as_group(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<LeaveGroupShares>(ctx.caller.as_ref(), group_param(ctx)?)?;
    let left = match shared_server(ctx) {
        Some(key) => shares::leave_as_group(&ctx.hub().store, &permit, &key).await?,
        None => false,
    };
    gone(ctx, &Grantee::Group(permit.target().clone()), left)
}

async fn list(
    ctx: &Context,
    request: &Request,
    of: SharesOf,
    missing: impl Fn() -> Error,
) -> Result<Reply, Error> {
    let part = Part::parse(ctx, request)?.always_page();
    let listed = ctx.hub().store.list_shares(of, window(&part)).await?;
    let listed = listed.ok_or_else(missing)?;
    let models: Vec<_> = listed
        .items
        .iter()
        .map(|s| ShareModel::of(ctx, s))
        .collect();
    Ok(part.reply(&models, listed.total))
}

async fn list_shared_with(
    ctx: &Context,
    request: &Request,
    with: &Grantee,
    missing: impl Fn() -> Error,
) -> Result<Reply, Error> {
    let part = Part::parse(ctx, request)?.always_page();
    let listed = ctx
        .hub()
        .store
        .list_shared_with(with, window(&part))
        .await?;
    let listed = listed.ok_or_else(missing)?;
    let models: Vec<_> = listed
        .items
        .iter()
        .map(|s| ShareModel::of(ctx, s))
        .collect();
    Ok(part.reply(&models, listed.total))
}

async fn find(ctx: &Context, with: &Grantee) -> Result<Reply, Error> {
    let share = match shared_server(ctx) {
        Some(key) => ctx.hub().store.find_share(&key, with).await?,
        None => None,
    };
    let share = share.ok_or_else(|| no_such_share(ctx, with))?;
    Ok(show(ctx, &share))
}

fn show(ctx: &Context, share: &Share) -> Reply {
    reply::json(StatusCode::OK, &ShareModel::of(ctx, share))
}

fn gone(ctx: &Context, with: &Grantee, left: bool) -> Result<Reply, Error> {
    if left {
        Ok(reply::empty(StatusCode::NO_CONTENT))
    } else {
        Err(no_such_share(ctx, with))
    }
}

/// Returns the words for a share that is not there, whatever of it is not.
fn no_such_share(ctx: &Context, with: &Grantee) -> Error {
    let on = share_model::shown_server(ctx.param("owner"), ctx.param("server"));
    Error::not_found(format!("No such share for {with} on {on}"))
}

/// What a client wants to share, or to take back, and with whom.
struct Order {
    with: Grantee,
    scopes: Vec<Scope>,
}

impl Order {
    fn parse(ctx: &Context, request: &Request) -> Result<Self, Error> {
        let object = body::object(request, "Body must be a JSON object")?;
        body::check_keys(&object, &["user", "group", "scopes"])?;
        let name = |key: &str| match object.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(name)) => Ok(Some(name.as_str()).filter(|name| !name.is_empty())),
            Some(_) => Err(Error::bad_request(format!("{key} must be a string"))),
        };
        let with = match (name("user")?, name("group")?) {
            (Some(_), Some(_)) => {
                return Err(Error::bad_request(
                    "Expected exactly one of `user` or `group`, not both.",
                ));
            }
            (Some(user), None) => UserName::parse(user)
                .map(Grantee::User)
                .map_err(|_| nobody("user", user))?,
            (None, Some(group)) => GroupName::parse(group)
                .map(Grantee::Group)
                .map_err(|_| nobody("group", group))?,
            (None, None) => {
                return Err(Error::bad_request(
                    "Specify exactly one of `user` or `group`",
                ));
            }
        };
        Ok(Self {
            with,
            scopes: scopes(ctx, &object)?,
        })
    }
}

/// Returns the words for a name that nobody can have.
fn nobody(kind: &str, name: &str) -> Error {
    let name: String = name.chars().take(255).collect();
    Error::bad_request(format!("No such {kind}: {name}"))
}

/// Reads the scopes of an order; without any, what that means is for the use case to say.
pub(super) fn scopes(ctx: &Context, object: &Map<String, Value>) -> Result<Vec<Scope>, Error> {
    let texts = match object.get("scopes") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(texts)) if texts.len() > MAX_SCOPES => {
            let text = format!("share scopes must be at most {MAX_SCOPES}");
            return Err(Error::bad_request(text));
        }
        Some(Value::Array(texts)) => texts,
        Some(other) => return Err(no_scopes(other)),
    };
    let book = ctx.hub().authority.book();
    let scope = |text: &Value| {
        let text = text.as_str().ok_or_else(|| no_scopes(text))?;
        let unknown =
            |error: crate::domain::scope::ScopeError| Error::bad_request(error.to_string());
        book.parse_scope(text).map_err(unknown)
    };
    texts.iter().map(scope).collect()
}

fn no_scopes(value: &Value) -> Error {
    let shown = body::shown(value);
    Error::bad_request(format!(
        "share scopes must be null or a list of strings, not {shown}"
    ))
}

/// Puts an offer together; there is somebody who makes it, for they have a permit.
pub(super) fn offer<'a>(
    ctx: &'a Context,
    permit: &'a Permit<WriteShares>,
    scopes: &'a [Scope],
) -> Result<Offer<'a>, Error> {
    let caller: &Caller = ctx.caller.as_ref().ok_or(Denied::NoCredentials)?;
    Ok(Offer {
        caller,
        permit,
        scopes,
    })
}

pub(super) fn window(part: &Part) -> Window {
    Window {
        offset: part.offset,
        limit: part.limit,
    }
}

/// Gives the permit for the server a path names; one that nobody can have is not there.
pub(super) fn permitted<A>(ctx: &Context) -> Result<Permit<A>, Error>
where
    A: Action<Target = ServerKey>,
{
    let caller = ctx.caller.as_ref();
    let user = ctx.user_param()?;
    if let Ok(server) = ServerName::parse(ctx.param("server")) {
        return Ok(access::permit::<A>(caller, ServerKey { user, server })?);
    }
    let shown = share_model::shown_server(user.as_str(), ctx.param("server"));
    access::permit::<A>(caller, ServerKey::default_of(user))?;
    Err(Error::not_found(format!("No such server: {shown}")))
}

/// Returns the server that a path names as shared; `None` when nobody can have it.
fn shared_server(ctx: &Context) -> Option<ServerKey> {
    Some(ServerKey {
        user: UserName::parse(ctx.param("owner")).ok()?,
        server: ServerName::parse(ctx.param("server")).ok()?,
    })
}

fn group_param(ctx: &Context) -> Result<GroupName, Error> {
    GroupName::parse(ctx.param("group")).map_err(|_| Denied::NoAccess.into())
}

impl From<ShareError> for Error {
    fn from(error: ShareError) -> Self {
        let text = error.to_string();
        match error {
            ShareError::ForeignFilter(_) | ShareError::NoGrantee(_) => Self::bad_request(text),
            ShareError::NoServer(_) => Self::not_found(text),
            ShareError::NotHeld(_) | ShareError::NotNamed(_) => Self::forbidden(text),
            ShareError::Store(error) => error.into(),
        }
    }
}
