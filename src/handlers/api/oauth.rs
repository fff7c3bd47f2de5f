//! The OAuth provider's two addresses: where browsers ask, and where servers exchange (OA-05…OA-14).

use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use super::{Context, Request};
use crate::{
    domain::{
        access::Denied,
        oauth::{AuthorizeParameters, Pkce, Terms},
    },
    handlers::html::frame,
    http::{
        error::Error,
        forms::Form,
        reply::{self, Reply},
    },
    hub::oauth::{
        self, Authorization, AuthorizeFailure, Consent, ExchangeError, ExchangeParameters, Issued,
        Visit,
    },
    pages::confirm::{ConfirmView, confirm_page},
};

/// `GET /hub/api/oauth2/authorize`: straight on to one's own server, else the question first.
pub async fn show_authorize(ctx: &Context, request: Request) -> Result<Reply, Error> {
    if ctx.person().is_none() {
        let here = request.uri().path_and_query().map(|here| here.as_str());
        return Ok(found(ctx.links.login(here).as_str()));
    }
    let authorization = match authorize(ctx, &request, None).await? {
        Ok(authorization) => authorization,
        Err(failed) => return failed.into_reply(),
    };
    match authorization.consent {
        Consent::Given => issue(ctx, &authorization).await,
        Consent::Needed => Ok(ask(ctx, &authorization)),
    }
}

/// `POST /hub/api/oauth2/authorize`: the person has agreed to the scopes in the form.
pub async fn confirm_authorize(ctx: &Context, request: Request) -> Result<Reply, Error> {
    if ctx.person().is_none() {
        return Err(Denied::NoCredentials.into());
    }
    let form = Form::parse(request.body())?;
    let agreed: Vec<_> = form.get_all("scopes").collect();
    match authorize(ctx, &request, Some(&agreed)).await? {
        Ok(authorization) => issue(ctx, &authorization).await,
        Err(failed) => failed.into_reply(),
    }
}

/// `POST /hub/api/oauth2/token`: a server exchanges a code; its own credentials are in the form.
pub async fn exchange_code(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let hub = ctx.hub();
    let lifetime = ctx.settings.hub.oauth_token_lifetime;
    let form = Form::parse(request.body())
        .map_err(|_| ExchangeError::InvalidRequest("The request's body is not a form."));
    let parameters = form.and_then(|form| ExchangeParameters::from_pairs(form.iter()));
    let issued = match parameters {
        Ok(parameters) => {
            let entropy = &ctx.parts.entropy;
            oauth::exchange(&hub.store, &hub.clock, entropy, lifetime, &parameters).await
        }
        Err(error) => Err(error),
    };
    let mut reply = match issued {
        Ok(issued) => token(&issued),
        Err(ExchangeError::Store(error)) => return Err(error.into()),
        Err(error) => refusal(&error),
    };
    let headers = reply.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(reply)
}

/// A failure that still is a reply of the protocol.
struct Failed(AuthorizeFailure);

async fn authorize(
    ctx: &Context,
    request: &Request,
    agreed: Option<&[&str]>,
) -> Result<Result<Authorization, Failed>, Error> {
    let query = Form::parse_query(request.uri().query())?;
    let hub = ctx.hub();
    let parameters = match AuthorizeParameters::from_pairs(query.iter()) {
        Ok(parameters) => parameters,
        Err(error) => return Ok(Err(Failed(error.into()))),
    };
    let book = hub.authority.book();
    let terms = Terms {
        book: &book,
        pkce: Pkce::of(ctx.settings.hub.oauth_require_pkce),
    };
    let visit = Visit {
        caller: ctx.caller.as_ref(),
        parameters: &parameters,
        agreed,
    };
    let authorized = oauth::authorize(&hub.store, &hub.clock, terms, visit).await;
    Ok(authorized.map_err(Failed))
}

impl Failed {
    fn into_reply(self) -> Result<Reply, Error> {
        match self.0 {
            AuthorizeFailure::Redirected(error) => Ok(found(&error.location())),
            AuthorizeFailure::Shown(text) => Err(Error::bad_request(text)),
            AuthorizeFailure::NoAccess(_) => Err(Error::forbidden(self.0.to_string())),
            AuthorizeFailure::Denied(denied) => Err(denied.into()),
            AuthorizeFailure::Store(error) => Err(error.into()),
        }
    }
}

async fn issue(ctx: &Context, authorization: &Authorization) -> Result<Reply, Error> {
    let hub = ctx.hub();
    let entropy = &ctx.parts.entropy;
    let location = oauth::issue_code(&hub.store, &hub.clock, entropy, authorization).await?;
    let mut reply = found(&location);
    let no_store = HeaderValue::from_static("no-store");
    reply.headers_mut().insert(header::CACHE_CONTROL, no_store);
    Ok(reply)
}

fn ask(ctx: &Context, authorization: &Authorization) -> Reply {
    let view = ConfirmView {
        frame: frame(ctx),
        client: authorization.client.description.clone(),
        redirect_uri: authorization.request.redirect_uri.clone(),
        scopes: authorization.scopes_to_confirm(),
    };
    reply::html(StatusCode::OK, confirm_page(&view).into_string())
}

fn token(issued: &Issued) -> Reply {
    let body = json!({
        "access_token": issued.access_token.expose(),
        "expires_in": issued.lifetime.as_secs(),
        "token_type": "Bearer",
        "scope": issued.scopes.join(" "),
    });
    reply::json(StatusCode::OK, &body)
}

fn refusal(error: &ExchangeError) -> Reply {
    let (status, code, description) = match error {
        ExchangeError::UnsupportedGrantType => {
            (StatusCode::BAD_REQUEST, "unsupported_grant_type", None)
        }
        ExchangeError::InvalidClient => (StatusCode::UNAUTHORIZED, "invalid_client", None),
        ExchangeError::UnauthorizedClient => (StatusCode::BAD_REQUEST, "unauthorized_client", None),
        ExchangeError::InvalidGrant => (StatusCode::BAD_REQUEST, "invalid_grant", None),
        ExchangeError::InvalidRequest(text) => {
            (StatusCode::BAD_REQUEST, "invalid_request", Some(*text))
        }
        ExchangeError::Store(_) => (StatusCode::INTERNAL_SERVER_ERROR, "server_error", None),
    };
    let mut body = json!({ "error": code });
    if let (Some(text), Some(object)) = (description, body.as_object_mut()) {
        object.insert("error_description".into(), json!(text));
    }
    let mut reply = reply::json(status, &body);
    if status == StatusCode::UNAUTHORIZED {
        reply.headers_mut().insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer error=\"invalid_client\""),
        );
    }
    reply
}

fn found(location: &str) -> Reply {
    reply::redirect(StatusCode::FOUND, location)
}
