//! The caller: whose credentials these are and what they allow (API-22).

use http::StatusCode;
use serde::Serialize;

use super::{
    Context, Request,
    services::ServiceModel,
    user_model::{ShownServers, Sight, UserModel},
};
use crate::{
    domain::{
        access::{Caller, Owner, Via},
        names::ServerKey,
        role,
        scope::Grants,
    },
    http::{
        error::Error,
        reply::{self, Reply},
    },
    hub::{authority, services},
};

/// The caller on the wire: whose the credential is, and what it may do.
#[derive(Serialize)]
struct SelfModel {
    #[serde(flatten)]
    owner: OwnerModel,
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
        Via::Session { .. } | Via::Peer => (None, None),
    };
    let model = SelfModel {
        owner,
        token_id,
        session_id,
        scopes: caller.grants().texts(),
    };
    Ok(reply::json(StatusCode::OK, &model))
}

/// Whose a credential is.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum OwnerModel {
    /// A person's.
    User(Box<UserModel>),
    /// A service's.
    Service(ServiceModel),
    /// Nobody's: root of this machine shows none.
    Root(RootModel),
}

/// Root of this machine, on the socket that only root may use.
#[derive(Debug, Serialize)]
pub(super) struct RootModel {
    kind: &'static str,
    name: &'static str,
    admin: bool,
}

/// Returns what a credential may say of whose it is.
pub(super) async fn model_of_owner(ctx: &Context, caller: &Caller) -> Result<OwnerModel, Error> {
    let identifying = identifying(caller);
    let gone = || Error::not_found("Not Found");
    let model = match caller.owner() {
        Owner::User(name) => {
            let details = ctx.hub().store.find_user_details(name).await?;
            let details = details.ok_or_else(gone)?;
            let status = |key: &ServerKey| ctx.hub().servers.status(key);
            let sight = Sight::of(&identifying);
            let model = sight.user(ctx, &details, ShownServers::Active, status);
            model.map(|model| OwnerModel::User(Box::new(model)))
        }
        Owner::Service(name) => {
            let known = services::find(ctx.hub(), name).await?.ok_or_else(gone)?;
            ServiceModel::of(&identifying, &known).map(OwnerModel::Service)
        }
        Owner::Root => Some(OwnerModel::Root(RootModel {
            kind: "root",
            name: "root",
            admin: true,
        })),
    };
    model.ok_or_else(|| Error::forbidden("Forbidden"))
}

/// Every credential may say whose it is, here and nowhere else.
fn identifying(caller: &Caller) -> Caller {
    let holder = authority::holder(caller.owner(), None);
    let mut grants = caller.grants().clone();
    grants.extend(&Grants::expand(&role::identify(&holder), &holder));
    caller.with_grants(grants)
}
