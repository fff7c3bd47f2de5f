//! The visitor's tokens and applications: seen, asked for, revoked (PG-90…PG-92).

use std::{collections::BTreeMap, time::Duration};

use http::{HeaderValue, StatusCode, header};

use super::{Context, Error, Reply, Request, form, frame, page, see, signed_in};
use crate::{
    domain::{
        access::{self, ReadTokens, WriteTokens},
        names::UserName,
        scope::{self, Scope},
        token::TokenId,
    },
    http::forms::Form,
    hub::tokens::{self, CreateError, Order},
    pages::{
        tokens::{ApplicationView, Draft, Outcome, TokenView, TokensView, tokens_page},
        words::{Text, text},
    },
    store::tokens::{Token, TokenKind},
};

/// The most scopes that are offered to be picked; a form has no room for more.
const MAX_OFFERED: usize = 200;

/// GET `/hub/token`.
pub async fn show_tokens(ctx: &Context, request: Request) -> Result<Reply, Error> {
    match signed_in(ctx, &request) {
        Ok(person) => show(ctx, person, None, Draft::default()).await,
        Err(login) => Ok(see(login.as_str())),
    }
}

/// POST `/hub/token`: makes a token; the answer is the only page that ever shows it.
pub async fn request_token(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let Ok(person) = signed_in(ctx, &request) else {
        return Err(Error::forbidden("Log in first"));
    };
    let permit = access::permit::<WriteTokens>(ctx.caller.as_ref(), person.clone())?;
    let draft = draft(&form(&request)?);
    let order = match order(ctx, &draft) {
        Ok(order) => order,
        Err(reason) => return show(ctx, person, Some(Outcome::Refused(reason)), draft).await,
    };
    let maker = ctx.hub().token_maker(&ctx.parts.entropy);
    match tokens::create(maker, &permit, order).await {
        Ok((text, _)) => {
            let made = Outcome::Made(text.expose().clone());
            show(ctx, person, Some(made), Draft::default()).await
        }
        Err(CreateError::Store(error)) => Err(error.into()),
        Err(
            error @ (CreateError::NoSuchUser
            | CreateError::Exceeds { .. }
            | CreateError::TooMany(_)),
        ) => {
            let refused = Outcome::Refused(Text::of(error));
            show(ctx, person, Some(refused), draft).await
        }
    }
}

/// POST `/hub/revoke-token/ID`: with a client's token goes all that client has of the visitor.
pub async fn revoke_token(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let Ok(person) = signed_in(ctx, &request) else {
        return Err(Error::forbidden("Log in first"));
    };
    let permit = access::permit::<WriteTokens>(ctx.caller.as_ref(), person.clone())?;
    // One that is gone already is what was wished.
    if let Some(id) = TokenId::parse(ctx.param("token")) {
        tokens::revoke(&ctx.hub().store, &permit, id).await?;
    }
    Ok(see(ctx.links.tokens().as_str()))
}

async fn show(
    ctx: &Context,
    person: &UserName,
    outcome: Option<Outcome>,
    draft: Draft,
) -> Result<Reply, Error> {
    let permit = access::permit::<ReadTokens>(ctx.caller.as_ref(), person.clone())?;
    let hub = ctx.hub();
    let listed = tokens::list(&hub.store, &hub.authority, &hub.clock, &permit).await?;
    let listed = listed.unwrap_or_default().into_iter();
    let (issued, mut own): (Vec<_>, Vec<_>) = listed
        .map(|described| described.token)
        .partition(|token| token.client.is_some());
    own.sort_by_key(|token| std::cmp::Reverse(token.created));
    let grants = ctx.caller.as_ref().map(|caller| caller.grants().texts());
    let mut offered = grants.unwrap_or_default();
    offered.truncate(MAX_OFFERED);
    let status = match outcome {
        Some(Outcome::Refused(_)) => StatusCode::BAD_REQUEST,
        Some(Outcome::Made(_)) | None => StatusCode::OK,
    };
    let view = TokensView {
        frame: frame(ctx),
        now: hub.clock.now(),
        outcome,
        draft,
        longest: ctx.settings.hub.token_lifetime_max,
        offered,
        tokens: own.into_iter().map(token_view).collect(),
        applications: applications(issued),
    };
    let mut reply = page(status, tokens_page(&view));
    let no_store = HeaderValue::from_static("no-store");
    reply.headers_mut().insert(header::CACHE_CONTROL, no_store);
    Ok(reply)
}

fn token_view(token: Token) -> TokenView {
    TokenView {
        id: token.id,
        is_servers: token.kind == TokenKind::Server,
        scopes: scope::texts(&token.scopes),
        note: token.note,
        created: token.created,
        last_activity: token.last_activity,
        expires: token.expires,
    }
}

/// Puts the tokens of each client together (PG-91).
fn applications(issued: Vec<Token>) -> Vec<ApplicationView> {
    let mut found: BTreeMap<String, ApplicationView> = BTreeMap::new();
    for token in issued {
        let Some(client) = token.client else { continue };
        let scopes = scope::texts(&token.scopes);
        let application = found.entry(client.id).or_insert_with(|| ApplicationView {
            id: token.id,
            description: client.description,
            scopes: Vec::new(),
            created: token.created,
            last_activity: None,
        });
        application.scopes.extend(scopes);
        application.scopes.sort();
        application.scopes.dedup();
        application.created = application.created.min(token.created);
        application.last_activity = application.last_activity.max(token.last_activity);
    }
    found.into_values().collect()
}

fn draft(form: &Form) -> Draft {
    let text = |name: &str| form.get(name).unwrap_or_default().trim().to_owned();
    Draft {
        note: text("note"),
        expires_in: text("expires_in"),
        picked: form.get_all("scope").map(str::to_owned).collect(),
        typed: text("scopes"),
    }
}

fn order(ctx: &Context, draft: &Draft) -> Result<Order, Text> {
    let picked = draft.picked.iter().map(String::as_str);
    let scopes: Result<Vec<_>, _> = picked
        .chain(draft.typed.split_whitespace())
        .map(Scope::parse)
        .collect();
    let scopes = scopes.map_err(Text::of)?;
    Ok(Order {
        note: Some(draft.note.clone()),
        lifetime: lifetime(&draft.expires_in, ctx.settings.hub.token_lifetime_max)?,
        scopes: (!scopes.is_empty()).then_some(scopes),
    })
}

/// Reads how long a token is to last; without a number as long as may be.
fn lifetime(field: &str, longest: Option<Duration>) -> Result<Option<Duration>, Text> {
    if field.is_empty() {
        return Ok(longest);
    }
    let wanted = field.parse().ok().filter(|seconds| *seconds > 0);
    let wanted = wanted.map(Duration::from_secs);
    let within = wanted.filter(|wanted| *wanted <= longest.unwrap_or(tokens::LONGEST));
    within.map(Some).ok_or_else(|| {
        let longest = longest.unwrap_or(tokens::LONGEST).as_secs();
        text!("tokens-refused-lifetime", longest = longest)
    })
}
