//! Logging in by an OpenID Connect provider, at JupyterHub's addresses for it.

use http::{HeaderValue, StatusCode, header};

use super::{Context, Error, Reply, Request, frame, login, next_target, page, query, root, see};
use crate::{
    auth::{cookies, csrf, provider::Trouble, sign_in::SignIn},
    broker::message::provider::FaultKind,
    config::settings::OpenIdConnectSettings,
    domain::names::UserName,
    http::{cookies as jar, forms::Form},
    pages::sign_in_failed::{SignInFailedView, SignInTrouble, sign_in_failed_page},
};

/// The longest code that is passed on, in bytes.
const MAX_CODE_BYTES: usize = 8192;
/// A provider's word for a failure is written to the journal up to here.
const MAX_WORD_CHARS: usize = 64;

/// GET `/hub/oauth_login`: leads to the provider, or onward for somebody who is logged in.
pub async fn lead_to_provider(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let provider = provider(ctx)?;
    // A picture or a frame on somebody's page is not a person who wants to sign in.
    if !csrf::is_top_navigation(request.headers()) {
        return Err(Error::bad_request(
            "Signing in begins by opening this address, not from within a page.",
        ));
    }
    let query = query(&request)?;
    if let Some(person) = ctx.person() {
        return Ok(see(&root::after_login(ctx, person, &query)));
    }
    // A link on another site's page accepts nothing in anybody's name, nor ticks the box for them.
    let by_link = !csrf::is_from_here(request.headers());
    let form = if by_link { &Form::default() } else { &query };
    if !login::accepts_terms(ctx, form) {
        return Ok(login::terms_first(ctx, &query, form));
    }
    let next = next_target(ctx, &query).unwrap_or_default();
    let departure = ctx.parts.logins.depart(ctx.remote, &id(ctx)).await;
    let departure = match departure {
        Ok(departure) => departure,
        Err(trouble) => return Ok(failed(ctx, provider, trouble.into(), next)),
    };
    let mut reply = see(&departure.url);
    let sign_in = SignIn::begin(departure, next);
    cookies::set_sign_in(&mut reply, &sign_in.to_cookie());
    Ok(reply)
}

/// GET `/hub/oauth_callback`: logs in whoever the provider says came back.
pub async fn take_arrival(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let provider = provider(ctx)?;
    let query = query(&request)?;
    let state = query.get("state").unwrap_or_default();
    let begun = jar::find(request.headers(), jar::SIGN_IN).and_then(SignIn::from_cookie);
    let begun = begun.filter(|begun| begun.is_answered_by(state));
    if let Some(person) = ctx.person() {
        return Ok(stay(ctx, person, begun));
    }
    let Some(sign_in) = begun else {
        // What is under way stays: anybody's link may lead here.
        return Ok(failed(ctx, provider, SignInTrouble::Stale, String::new()));
    };
    let mut reply = arrive(ctx, provider, sign_in, &query).await?;
    // A sign-in is good once, however it went.
    cookies::forget_sign_in(&mut reply);
    Ok(reply)
}

/// Leads on somebody who is logged in, as whom they are: a page of somebody's server could have begun
/// this, to have them work in another person's account.
fn stay(ctx: &Context, person: &UserName, answered: Option<SignIn>) -> Reply {
    let is_answer = answered.is_some();
    let next = answered.map(|sign_in| sign_in.next).unwrap_or_default();
    let mut reply = see(&root::after_login(ctx, person, &Form::of("next", next)));
    if is_answer {
        cookies::forget_sign_in(&mut reply);
    }
    reply
}

async fn arrive(
    ctx: &Context,
    provider: &OpenIdConnectSettings,
    sign_in: SignIn,
    query: &Form,
) -> Result<Reply, Error> {
    let next = sign_in.next.clone();
    let code = match code(query, provider) {
        Ok(code) => code,
        Err(trouble) => return Ok(failed(ctx, provider, trouble, next)),
    };
    let arrival = sign_in.arrive(code);
    match ctx.parts.logins.arrive(arrival, ctx.remote, &id(ctx)).await {
        Ok(login) => login::welcome(ctx, &Form::of("next", next), login).await,
        Err(trouble) => Ok(failed(ctx, provider, trouble.into(), next)),
    }
}

/// Returns the code that came back (RFC 6749 section 4.1.2, RFC 9207 section 2.4).
fn code<'a>(query: &'a Form, provider: &OpenIdConnectSettings) -> Result<&'a str, SignInTrouble> {
    if query.get("iss").is_some_and(|iss| iss != provider.issuer) {
        tracing::warn!(target: "audit", "a sign-in came back from another provider");
        return Err(SignInTrouble::Unwelcome);
    }
    if let Some(error) = query.get("error") {
        let word: String = error.chars().take(MAX_WORD_CHARS).collect();
        tracing::warn!("the provider did not sign a person in: {word:?}");
        return Err(match error {
            "temporarily_unavailable" | "server_error" => SignInTrouble::Broken,
            _ => SignInTrouble::Declined,
        });
    }
    let code = query.get("code").filter(|code| !code.is_empty());
    code.filter(|code| code.len() <= MAX_CODE_BYTES)
        .ok_or(SignInTrouble::Stale)
}

impl From<Trouble> for SignInTrouble {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Provider(FaultKind::Provider) => Self::Broken,
            Trouble::Provider(FaultKind::Deadline) => Self::Slow,
            Trouble::Provider(FaultKind::Code) => Self::Stale,
            Trouble::Provider(FaultKind::Identity) | Trouble::Refused => Self::Unwelcome,
            Trouble::Provider(FaultKind::Setup) | Trouble::Unavailable => Self::Unavailable,
            Trouble::Throttled(retry_after) => Self::Throttled { retry_after },
        }
    }
}

fn failed(
    ctx: &Context,
    provider: &OpenIdConnectSettings,
    trouble: SignInTrouble,
    next: String,
) -> Reply {
    let status = match trouble {
        SignInTrouble::Stale => StatusCode::BAD_REQUEST,
        SignInTrouble::Declined | SignInTrouble::Unwelcome => StatusCode::FORBIDDEN,
        SignInTrouble::Broken => StatusCode::BAD_GATEWAY,
        SignInTrouble::Slow => StatusCode::GATEWAY_TIMEOUT,
        SignInTrouble::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        SignInTrouble::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
    };
    let passwords = ctx.settings.login.passwords;
    let view = SignInFailedView {
        frame: frame(ctx),
        provider: provider.name.clone(),
        trouble,
        again: match ctx.settings.site.terms.is_empty() {
            true => ctx.links.oauth_login(Some(&next)),
            false => ctx.links.login(Some(&next)),
        },
        password_login: passwords.then(|| ctx.links.login_form(Some(&next))),
        request_id: ctx.request_id.clone(),
    };
    let mut reply = page(status, sign_in_failed_page(&view));
    if let SignInTrouble::Throttled { retry_after } = trouble {
        let seconds = HeaderValue::from(retry_after.as_secs() + 1);
        reply.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    reply
}

/// Returns the provider; without one these addresses do not exist.
fn provider(ctx: &Context) -> Result<&OpenIdConnectSettings, Error> {
    let provider = ctx.settings.openid_connect.as_ref();
    provider.ok_or_else(|| Error::not_found("This hub has no other place to sign in."))
}

/// Names one attempt, which counts for no account.
fn id(ctx: &Context) -> String {
    ctx.parts.entropy.hex_text().expose().clone()
}
