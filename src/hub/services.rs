//! Services: programs beside the hub, which ask it with a token of their own or have people log in
//! through it. The configuration names them, and the API adds others that run elsewhere.
//!
//! None that the API added is routed: where the hub leads people is for the configuration to say, not for
//! whoever holds a token.

pub mod configured;
pub mod keeper;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use thiserror::Error;

use self::keeper::Condition;
use super::tokens;
use crate::{
    config::settings::services::ServiceSettings,
    domain::{
        access::{AdminService, By, Caller, Owner, Permit},
        entropy::Entropy,
        names::ServiceName,
        oauth, paths,
        role::{self, Standing},
        scope::{self, Scope, ScopeName},
        secret::{Secret, TokenHash},
        time::Timestamp,
    },
    hub::Hub,
    store::{
        self,
        oauth::{Confirmation, NewClient},
        services::{AddedService, ServiceRecords, ServiceToken, token_note},
        tokens::NewToken,
    },
};

/// What is asked of a new service.
#[derive(Debug)]
pub struct Order {
    /// Whether it is to be an administrator.
    pub admin: bool,
    /// Where it listens; shown, not routed.
    pub url: Option<String>,
    /// The token it is to have; one is made up when there is none, and nobody knows it.
    pub api_token: Option<Secret<String>>,
    /// Anything.
    pub info: Map<String, Value>,
    /// Whether pages are to show it.
    pub display: bool,
    /// The id of its OAuth client.
    pub client_id: Option<String>,
    /// Where its OAuth client's users are sent back.
    pub redirect_uri: Option<String>,
    /// Whether people are asked before it learns who they are.
    pub confirmation: Confirmation,
    /// What its visitors' tokens may do at most.
    pub allowed_scopes: Vec<Scope>,
}

/// A service as it is known.
#[derive(Debug, Clone)]
pub struct Known {
    /// Its name.
    pub name: ServiceName,
    /// Whether it is an administrator.
    pub admin: bool,
    /// Its roles, sorted.
    pub roles: Vec<String>,
    /// What it is beside that.
    pub description: Description,
    /// How it is, if Carrel runs it.
    pub condition: Option<Condition>,
}

/// What a service is, in the words of JupyterHub's API.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Description {
    /// Where it listens.
    pub url: String,
    /// Where people reach it; empty when they do not.
    pub prefix: String,
    /// What Carrel runs.
    pub command: Vec<String>,
    /// Anything.
    pub info: Map<String, Value>,
    /// Whether pages are to show it.
    pub display: bool,
}

/// Why a service was not added or removed; the texts are JupyterHub's.
#[derive(Debug, Error)]
pub enum ServiceError {
    /// There is one of that name.
    #[error("Service {0} already exists")]
    Exists(ServiceName),
    /// There is none of that name.
    #[error("Service {0} does not exist")]
    Missing(ServiceName),
    /// It stands in the configuration.
    #[error("Service {0} is not modifiable at runtime")]
    Configured(ServiceName),
    /// Its OAuth client cannot be as asked.
    #[error("{0}")]
    BadClient(String),
    /// Somebody who may not do everything wants to make an administrator.
    #[error("Only admins can grant admin permissions")]
    GrantingAdmin,
    /// Whoever adds it cannot give these scopes.
    #[error("Not assigning requested scopes {} not held by {who}", .scopes.join(","))]
    Exceeds {
        /// The scopes.
        scopes: Vec<String>,
        /// Who adds it.
        who: String,
    },
    /// The database failed.
    #[error("change services")]
    Store(#[from] store::Error),
}

/// Lists the services, or those of `only`, by name.
pub async fn list(
    hub: &Hub,
    only: Option<&BTreeSet<ServiceName>>,
) -> Result<Vec<Known>, store::Error> {
    let settings = hub.settings.load_full();
    let mut described = BTreeMap::new();
    for service in hub.store.list_added_services().await? {
        described.insert(service.name.clone(), Description::of_added(&service));
    }
    for service in &settings.services {
        let description = Description::of_configured(&settings.hub.base_url, service);
        described.insert(service.name.clone(), description);
    }
    let mut known = Vec::new();
    for (name, description) in described {
        if only.is_none_or(|only| only.contains(&name)) {
            known.extend(know(hub, name, description).await?);
        }
    }
    Ok(known)
}

/// Finds a service.
pub async fn find(hub: &Hub, name: &ServiceName) -> Result<Option<Known>, store::Error> {
    let only = BTreeSet::from([name.clone()]);
    Ok(list(hub, Some(&only)).await?.pop())
}

async fn know(
    hub: &Hub,
    name: ServiceName,
    description: Description,
) -> Result<Option<Known>, store::Error> {
    let owner = Owner::Service(name.clone());
    let Some(Standing::Service(standing)) = hub.store.find_standing(&owner).await? else {
        // It was removed in between.
        return Ok(None);
    };
    let roles = hub.authority.book().roles_of_service(&standing);
    let condition = hub.services.condition(&name);
    Ok(Some(Known {
        name,
        admin: roles.iter().any(|role| role.as_str() == "admin"),
        roles: roles.iter().map(ToString::to_string).collect(),
        description,
        condition,
    }))
}

impl Description {
    fn of_added(service: &AddedService) -> Self {
        let spec = match serde_json::from_str(&service.spec) {
            Ok(Value::Object(spec)) => spec,
            // Only objects are ever stored.
            _ => Map::new(),
        };
        let url = spec.get("url").and_then(Value::as_str);
        let info = spec.get("info").and_then(Value::as_object);
        let display = spec.get("display").and_then(Value::as_bool);
        Self {
            url: url.unwrap_or_default().to_owned(),
            info: info.cloned().unwrap_or_default(),
            display: display.unwrap_or(true),
            ..Self::default()
        }
    }

    fn of_configured(base_url: &str, service: &ServiceSettings) -> Self {
        let address = service.address.as_ref();
        let mut command = Vec::new();
        if let Some(program) = &service.program {
            command.push(program.command.clone());
            command.extend_from_slice(&program.args);
        }
        Self {
            url: address.map(ToString::to_string).unwrap_or_default(),
            prefix: address.map_or_else(String::new, |_| {
                paths::service_prefix(base_url, &service.name)
            }),
            command,
            info: service.info.clone(),
            display: service.display,
        }
    }
}

/// Adds a service that runs elsewhere.
pub async fn add(
    hub: &Hub,
    entropy: &Entropy,
    caller: &Caller,
    permit: &Permit<AdminService>,
    order: Order,
) -> Result<(), ServiceError> {
    let name = permit.target();
    check_held(hub, caller, &order).await?;
    let client = client(name, &order)?;
    let created = hub.clock.now();
    let text = match order.api_token {
        Some(text) => text,
        None => tokens::new_secret(entropy),
    };
    let spec = json!({
        "admin": order.admin,
        "url": order.url,
        "info": order.info,
        "display": order.display,
        "oauth_no_confirm": order.confirmation == Confirmation::Skipped,
    });
    let records = ServiceRecords {
        name: name.clone(),
        token: ServiceToken::Given(token(name, &text, created)),
        client,
    };
    let service = AddedService {
        name: name.clone(),
        spec: spec.to_string(),
        created,
    };
    match hub.store.add_service(service, records).await {
        Ok(()) => {}
        Err(error) if error.is_conflict() => return Err(ServiceError::Exists(name.clone())),
        Err(error) => return Err(error.into()),
    }
    tell(name, "added", permit.by());
    Ok(())
}

/// Removes a service that the API added, with its tokens and its OAuth client.
pub async fn remove(hub: &Hub, permit: &Permit<AdminService>) -> Result<(), ServiceError> {
    let name = permit.target();
    if !hub.store.delete_added_service(name).await? {
        let owner = Owner::Service(name.clone());
        return Err(match hub.store.find_standing(&owner).await? {
            Some(_) => ServiceError::Configured(name.clone()),
            None => ServiceError::Missing(name.clone()),
        });
    }
    tell(name, "removed", permit.by());
    Ok(())
}

/// Returns the token that a service has.
fn token(name: &ServiceName, text: &Secret<String>, created: Timestamp) -> NewToken {
    NewToken {
        hash: TokenHash::of(text.expose()),
        owner: Owner::Service(name.clone()),
        client_id: None,
        session_id: None,
        scopes: role::token(),
        note: token_note(name),
        created,
        expires: None,
    }
}

fn tell(name: &ServiceName, what: &str, by: &By) {
    tracing::info!(target: "audit", { service.name = %name }, "service {name} {what} by {by}");
}

/// Refuses to add a service that could do more than whoever adds it, by itself or with what its visitors
/// let it do: they may not even be asked, and whoever adds it knows its token.
async fn check_held(hub: &Hub, caller: &Caller, order: &Order) -> Result<(), ServiceError> {
    let held = caller.grants();
    let members = hub.authority.members(held, &order.allowed_scopes).await?;
    let book = hub.authority.book();
    let everything = book.most_of(&role::admin());
    if order.admin && !everything.is_within(held, &members) {
        return Err(ServiceError::GrantingAdmin);
    }
    let is_held = |scope: &&Scope| {
        if scope.name == ScopeName::Inherit {
            // An administrator may be among the visitors.
            return everything.is_within(held, &members);
        }
        book.most_of([*scope]).is_within(held, &members)
    };
    let exceeding = order.allowed_scopes.iter().filter(|scope| !is_held(scope));
    let scopes = scope::texts(exceeding);
    if scopes.is_empty() {
        return Ok(());
    }
    let who = caller.owner().to_string();
    Err(ServiceError::Exceeds { scopes, who })
}

/// Returns what people read of a client that wants to log them in.
fn client_description(name: &ServiceName) -> String {
    format!("JupyterHub service {name}")
}

fn client(name: &ServiceName, order: &Order) -> Result<Option<NewClient>, ServiceError> {
    let Some(redirect_uri) = order.redirect_uri.clone() else {
        return match order.client_id {
            Some(_) => Err(ServiceError::BadClient(
                "oauth_client_id needs oauth_redirect_uri".to_owned(),
            )),
            None => Ok(None),
        };
    };
    let id = order.client_id.clone();
    let id = id.unwrap_or_else(|| oauth::service_client_id(name));
    if !oauth::is_service_client_id(&id) {
        return Err(ServiceError::BadClient(format!(
            "oauth_client_id must begin with service-, not {id}"
        )));
    }
    if !oauth::is_redirect_uri(&redirect_uri) {
        let text = "oauth_redirect_uri must be a path of this host or begin with http:// or https://, without a fragment";
        return Err(ServiceError::BadClient(text.to_owned()));
    }
    Ok(Some(NewClient {
        id,
        redirect_uri,
        description: client_description(name),
        allowed_scopes: order.allowed_scopes.clone(),
        confirmation: order.confirmation,
    }))
}
