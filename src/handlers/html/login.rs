//! The login form, its answer, and the further rounds PAM may want (PG-40…PG-51).

use http::{HeaderValue, StatusCode, header};

use super::{
    Context, Error, Reply, Request, form, frame_saying, next_target, page, query, root, see,
};
use crate::{
    auth::{cookies, login::Outcome},
    broker::{client::Login, message::Prompt, message::PromptKind},
    domain::secret::Secret,
    http::forms::Form,
    hub::{sessions, users},
    pages::login::{
        LoginError, LoginMessage, LoginPrompt, LoginRound, LoginView, TERMS_FIELD, login_page,
    },
};

/// Answers taken in one further round; PAM asks for one or two.
const MAX_ANSWERS: usize = 16;

/// GET `/hub/login`: the form, or onward for somebody who is logged in.
pub async fn show_login(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let query = query(&request)?;
    if let Some(person) = ctx.person() {
        return Ok(see(&root::after_login(ctx, person, &query)));
    }
    let provider = ctx.settings.openid_connect.as_ref();
    let auto = provider.is_some_and(|provider| provider.auto) && ctx.settings.site.terms.is_empty();
    if auto && query.get("error").is_none() {
        let next = next_target(ctx, &query);
        return Ok(see(ctx.links.oauth_login(next.as_deref()).as_str()));
    }
    let username = query.get("username").unwrap_or_default().to_owned();
    let round = LoginRound::Password {
        username,
        accepts_terms: false,
    };
    Ok(page(
        StatusCode::OK,
        login_page(&view(ctx, &query, None, round)),
    ))
}

/// POST `/hub/login`: a name and a password, or the answers of a further round.
pub async fn submit_login(ctx: &Context, request: Request) -> Result<Reply, Error> {
    if !ctx.settings.login.passwords {
        return Err(Error::forbidden("Passwords are not taken here."));
    }
    let query = query(&request)?;
    let form = form(&request)?;
    let secret = |text: &str| Secret::new(text.to_owned());
    let outcome = if let Some(conversation) = form.get("conversation") {
        let answers = (0..MAX_ANSWERS).map_while(|n| form.get(&format!("answer-{n}")));
        let answers = answers.map(secret).collect();
        let conversation = conversation.to_owned();
        ctx.parts
            .logins
            .go_on(conversation, answers, ctx.remote)
            .await
    } else if !accepts_terms(ctx, &form) {
        return Ok(terms_first(ctx, &query, &form));
    } else {
        let username = form.get("username").unwrap_or_default().trim();
        let password = secret(form.get("password").unwrap_or_default());
        let conversation = ctx.parts.entropy.base64_text().expose().clone();
        ctx.parts
            .logins
            .begin(username, password, ctx.remote, conversation)
            .await
    };
    answer(ctx, &query, &form, outcome).await
}

/// Tells whether whoever sent `form` accepts the site's terms, if there are any.
pub(super) fn accepts_terms(ctx: &Context, form: &Form) -> bool {
    ctx.settings.site.terms.is_empty() || form.get(TERMS_FIELD).is_some()
}

/// Returns the login page again after the terms were not accepted.
pub(super) fn terms_first(ctx: &Context, query: &Form, form: &Form) -> Reply {
    let error = Some(LoginError::TermsNotAccepted);
    let view = view(ctx, query, error, first_round(form));
    page(StatusCode::BAD_REQUEST, login_page(&view))
}

async fn answer(
    ctx: &Context,
    query: &Form,
    form: &Form,
    outcome: Outcome,
) -> Result<Reply, Error> {
    let again = |error| login_page(&view(ctx, query, Some(error), first_round(form)));
    Ok(match outcome {
        Outcome::Welcome(login) => return welcome(ctx, query, *login).await,
        Outcome::Asked {
            conversation,
            username,
            prompts,
        } => {
            let round = further(conversation, username, prompts);
            page(StatusCode::OK, login_page(&view(ctx, query, None, round)))
        }
        Outcome::Refused => page(StatusCode::FORBIDDEN, again(LoginError::Refused)),
        Outcome::Expired => page(StatusCode::FORBIDDEN, again(LoginError::RoundExpired)),
        Outcome::Throttled(retry_after) => {
            let markup = again(LoginError::Throttled { retry_after });
            let mut reply = page(StatusCode::TOO_MANY_REQUESTS, markup);
            let seconds = HeaderValue::from(retry_after.as_secs() + 1);
            reply.headers_mut().insert(header::RETRY_AFTER, seconds);
            reply
        }
        Outcome::Unavailable => page(
            StatusCode::SERVICE_UNAVAILABLE,
            again(LoginError::Unavailable),
        ),
    })
}

/// Remembers the login and leads on (PG-46).
pub(super) async fn welcome(ctx: &Context, query: &Form, login: Login) -> Result<Reply, Error> {
    let hub = ctx.hub();
    let person = &login.account.name;
    users::log_in(hub, &login).await?;
    let lifetime = ctx.settings.hub.session_lifetime;
    let entropy = &ctx.parts.entropy;
    let session = sessions::begin(&hub.store, &hub.clock, entropy, person, lifetime).await?;
    tracing::info!(
        target: "audit",
        { user.name = %person, remote = %ctx.remote },
        "{person} logged in from {}",
        ctx.remote
    );
    let mut reply = see(&root::after_login(ctx, person, query));
    cookies::set_login(
        &mut reply,
        &session.login,
        &session.session_id,
        ctx.links.base(),
        lifetime,
    );
    Ok(reply)
}

/// Returns the login page again after its form came without a good token (PG-49).
pub fn expired_form(ctx: &Context, request: &Request) -> Reply {
    let query = query(request).unwrap_or_default();
    let form = form(request).unwrap_or_default();
    let view = view(
        ctx,
        &query,
        Some(LoginError::FormExpired),
        first_round(&form),
    );
    page(StatusCode::FORBIDDEN, login_page(&view))
}

/// Returns the first round with what was filled in before, but for the password.
fn first_round(form: &Form) -> LoginRound {
    let username = form.get("username").unwrap_or_default();
    LoginRound::Password {
        username: username.trim().to_owned(),
        accepts_terms: form.get(TERMS_FIELD).is_some(),
    }
}

fn view(ctx: &Context, query: &Form, error: Option<LoginError>, round: LoginRound) -> LoginView {
    LoginView {
        frame: frame_saying(ctx, ctx.settings.hub.announcements.login.as_ref()),
        next: next_target(ctx, query).unwrap_or_default(),
        error,
        terms: ctx.settings.site.terms.clone(),
        round,
        provider: ctx.settings.openid_connect.as_ref().map(|p| p.name.clone()),
        passwords: ctx.settings.login.passwords,
    }
}

fn further(conversation: String, username: String, said: Vec<Prompt>) -> LoginRound {
    let (mut messages, mut prompts) = (Vec::new(), Vec::new());
    for Prompt { text, kind } in said {
        match kind {
            PromptKind::Hidden | PromptKind::Shown => prompts.push(LoginPrompt {
                text,
                is_hidden: kind == PromptKind::Hidden,
            }),
            PromptKind::Info | PromptKind::Error => messages.push(LoginMessage {
                text,
                is_error: kind == PromptKind::Error,
            }),
        }
    }
    LoginRound::Further {
        conversation,
        username,
        messages,
        prompts,
    }
}
