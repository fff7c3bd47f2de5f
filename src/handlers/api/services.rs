//! Services (API-50…API-53, API-84, API-87).

use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Context, Request, body};
use crate::{
    domain::{
        access::{self, AdminService, Caller, ListReach, ReadService},
        names::ServiceName,
        scope::{Scope, ScopeName},
        secret::Secret,
        token,
    },
    handlers::not_found,
    http::{
        error::Error,
        reply::{self, Reply},
    },
    hub::services::{
        self, Description, Known, Order, ServiceError,
        keeper::{Condition, State},
    },
    store::oauth::Confirmation,
};

const KEYS: [&str; 14] = [
    "name",
    "admin",
    "url",
    "oauth_client_allowed_scopes",
    "api_token",
    "info",
    "display",
    "oauth_no_confirm",
    "command",
    "cwd",
    "environment",
    "user",
    "oauth_client_id",
    "oauth_redirect_uri",
];

/// A service on the wire; what the caller may not see is absent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct ServiceModel {
    kind: &'static str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<String>>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    details: Option<Details>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Details {
    url: String,
    prefix: String,
    command: Vec<String>,
    pid: u32,
    info: Map<String, Value>,
    display: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
}

/// `GET /hub/api/services`: the services the caller may list, by name; never in pages.
pub async fn list_services(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let only = match access::list_services(ctx.caller.as_ref())? {
        ListReach::Everything => None,
        ListReach::Only(names) => Some(names),
    };
    let caller = ctx.caller.as_ref();
    let known = services::list(ctx.hub(), only.as_ref()).await?;
    let models = known.iter().filter_map(|service| {
        let model = ServiceModel::of(caller?, service)?;
        Some((service.name.to_string(), serde_json::to_value(model).ok()?))
    });
    let models: Map<String, Value> = models.collect();
    Ok(reply::json(StatusCode::OK, &models))
}

/// `GET /hub/api/services/SERVICE`: a service, as far as the caller may see it.
pub async fn get_service(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<ReadService>(ctx.caller.as_ref(), service_param(ctx)?)?;
    show(ctx, permit.target(), StatusCode::OK).await
}

/// `POST /hub/api/services/SERVICE`: adds a service that runs elsewhere.
pub async fn create_service(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let caller = ctx.caller.as_ref();
    let permit = access::permit::<AdminService>(caller, service_param(ctx)?)?;
    let object = match body::json(&request)? {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(object)) => object,
        Some(_) => return Err(Error::bad_request("Invalid service data")),
    };
    let order = order(permit.target(), &object)?;
    let Some(caller) = caller else {
        return Err(access::Denied::NoCredentials.into());
    };
    services::add(ctx.hub(), &ctx.parts.entropy, caller, &permit, order).await?;
    show(ctx, permit.target(), StatusCode::CREATED).await
}

/// `DELETE /hub/api/services/SERVICE`: removes one that was added.
pub async fn delete_service(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<AdminService>(ctx.caller.as_ref(), service_param(ctx)?)?;
    services::remove(ctx.hub(), &permit).await?;
    Ok(reply::empty(StatusCode::OK))
}

fn service_param(ctx: &Context) -> Result<ServiceName, Error> {
    ServiceName::parse(ctx.param("service")).map_err(|_| not_found())
}

async fn show(ctx: &Context, name: &ServiceName, status: StatusCode) -> Result<Reply, Error> {
    let missing = || Error::not_found(format!("No such service: {name}"));
    let known = services::find(ctx.hub(), name).await?.ok_or_else(missing)?;
    let model = ctx.caller.as_ref();
    let model = model.and_then(|caller| ServiceModel::of(caller, &known));
    Ok(reply::json(status, &model.ok_or_else(not_found)?))
}

impl ServiceModel {
    /// Returns a service as the caller may see it; `None` when they may not.
    pub(super) fn of(caller: &Caller, service: &Known) -> Option<Self> {
        let can = |scope| caller.can(&scope, &service.name);
        let (whole, roles) = (
            can(ScopeName::ReadServices),
            can(ScopeName::ReadRolesServices),
        );
        let named = can(ScopeName::ReadServicesName);
        (whole || named || roles).then(|| Self {
            kind: "service",
            name: service.name.to_string(),
            admin: Some(service.admin),
            roles: roles.then(|| service.roles.clone()),
            details: whole.then(|| Details::of(&service.description, service.condition)),
        })
    }
}

impl Details {
    fn of(description: &Description, condition: Option<Condition>) -> Self {
        let Description {
            url,
            prefix,
            command,
            info,
            display,
        } = description.clone();
        Self {
            url,
            prefix,
            command,
            pid: condition.map_or(0, |condition| condition.pid),
            info,
            display,
            state: condition.map(|condition| match condition.state {
                State::Starting => "starting",
                State::Running => "running",
                State::Failed => "failed",
            }),
        }
    }
}

fn order(name: &ServiceName, object: &Map<String, Value>) -> Result<Order, Error> {
    const MODEL: &str = "service";
    body::check_model_keys(object, &KEYS)?;
    let text = |key| body::text(object, MODEL, key);
    let flag = |key| body::boolean(object, MODEL, key);
    if text("name")?.is_some_and(|given| given != name.as_str()) {
        return Err(Error::bad_request("Invalid service data"));
    }
    let managed = ["command", "cwd", "environment", "user"];
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    if managed
        .iter()
        .any(|key| object.get(*key).is_some_and(|v| !empty(v)))
    {
        let text = format!("Can not create managed service {name} at runtime");
        return Err(Error::bad_request(text));
    }
    let info = match object.get("info") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(info)) => info.clone(),
        Some(other) => return Err(body::wrong_class(MODEL, "info", "dict", other)),
    };
    let url = text("url")?;
    if url.is_some_and(|url| !url.starts_with("http://") && !url.starts_with("https://")) {
        return Err(Error::bad_request(
            "service.url must begin with http:// or https://",
        ));
    }
    let api_token = text("api_token")?;
    if api_token.is_some_and(|text| !token::is_plausible(text)) {
        return Err(Error::bad_request(
            "service.api_token must have 8 to 64 visible characters",
        ));
    }
    let scopes = body::texts(object, MODEL, "oauth_client_allowed_scopes")?;
    let scopes = scopes.unwrap_or_default().into_iter().map(Scope::parse);
    let scopes: Result<Vec<_>, _> = scopes.collect();
    Ok(Order {
        admin: flag("admin")?.unwrap_or(false),
        url: url.map(str::to_owned),
        api_token: api_token.map(|text| Secret::new(text.to_owned())),
        info,
        display: flag("display")?.unwrap_or(true),
        client_id: text("oauth_client_id")?.map(str::to_owned),
        redirect_uri: text("oauth_redirect_uri")?.map(str::to_owned),
        confirmation: match flag("oauth_no_confirm")?.unwrap_or(false) {
            true => Confirmation::Skipped,
            false => Confirmation::Asked,
        },
        allowed_scopes: scopes.map_err(|error| Error::bad_request(error.to_string()))?,
    })
}

impl From<ServiceError> for Error {
    fn from(error: ServiceError) -> Self {
        let text = error.to_string();
        match error {
            ServiceError::Exists(_) => Self::conflict(text),
            ServiceError::Missing(_) => Self::not_found(text),
            ServiceError::Configured(_) => Self::new(StatusCode::METHOD_NOT_ALLOWED, text),
            ServiceError::GrantingAdmin => Self::forbidden(text),
            ServiceError::BadClient(_) | ServiceError::Exceeds { .. } => Self::bad_request(text),
            ServiceError::Store(error) => error.into(),
        }
    }
}
