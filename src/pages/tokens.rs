//! The visitor's tokens and the applications they let act for them (PG-90, PG-91).

use std::time::Duration;

use maud::{Markup, html};

use super::{
    forms,
    frame::{Frame, Page, framed},
    scope_words, times, words,
};
use crate::domain::{time::Timestamp, token::TokenId};

/// What the token page shows.
#[derive(Clone)]
pub struct TokensView {
    /// The frame; somebody is logged in.
    pub frame: Frame,
    /// The instant to which durations on the page refer.
    pub now: Timestamp,
    /// What happened to the last request, if there was one.
    pub outcome: Option<Outcome>,
    /// What stands in the form.
    pub draft: Draft,
    /// How long a token may last at most.
    pub longest: Option<Duration>,
    /// The scopes that may be picked.
    pub offered: Vec<String>,
    /// The tokens people asked for, and those of servers.
    pub tokens: Vec<TokenView>,
    /// The applications that act for the visitor.
    pub applications: Vec<ApplicationView>,
}

/// What became of a request.
#[derive(Clone)]
pub enum Outcome {
    /// A token was made; this is the only time it is seen.
    Made(String),
    /// It was refused, for this reason.
    Refused(String),
}

/// What somebody has filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// What the token is for.
    pub note: String,
    /// How many seconds it is to last; empty for as long as may be.
    pub expires_in: String,
    /// Scopes that were picked.
    pub picked: Vec<String>,
    /// Scopes that were typed.
    pub typed: String,
}

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenView {
    /// Its number.
    pub id: TokenId,
    /// What it is for.
    pub note: String,
    /// Whether a server of the visitor's works with it.
    pub is_servers: bool,
    /// What it may do, as it was asked for.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last used.
    pub last_activity: Option<Timestamp>,
    /// When it ends.
    pub expires: Option<Timestamp>,
}

/// One application, with all the tokens it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationView {
    /// One of its tokens; with it go all others.
    pub id: TokenId,
    /// What it is.
    pub description: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Since when.
    pub created: Timestamp,
    /// When it was last used.
    pub last_activity: Option<Timestamp>,
}

/// The lives a token can be asked for, in seconds.
const LIVES: [u64; 5] = [3_600, 86_400, 604_800, 2_592_000, 31_536_000];

/// Renders the token page.
pub fn tokens_page(view: &TokensView) -> Markup {
    let content = html! {
        h1 { "Tokens and applications" }
        @match &view.outcome {
            Some(Outcome::Made(token)) => (made(token)),
            Some(Outcome::Refused(reason)) => p.notice.bad role="alert" { (reason) },
            None => {}
        }
        (request_form(view))
        section aria-labelledby="tokens" {
            h2 #tokens { "Your tokens" }
            @if view.tokens.is_empty() {
                p { "You have none." }
            } @else {
                (token_table(view))
            }
        }
        section aria-labelledby="applications" {
            h2 #applications { "Authorised applications" }
            @if view.applications.is_empty() {
                p { "You have let no application act for you." }
            } @else {
                p { "You let these act for you. Revoking one logs you out of it; it has to ask again." }
                (application_table(view))
            }
        }
    };
    framed(&view.frame, &Page::still("token", "Token"), &content)
}

fn made(token: &str) -> Markup {
    html! {
        div.notice.good role="status" #token-area {
            p { strong { "Your new token:" } }
            p { code.secret #token-result tabindex="0" { (token) } }
            p { "Copy it now. It is not kept in readable form, so it cannot be shown again." }
        }
    }
}

fn request_form(view: &TokensView) -> Markup {
    let fields = html! {
        div.fields {
            div.field {
                label for="token-note" { "What it is for" }
                input #token-note type="text" name="note" maxlength="1000" value=(view.draft.note)
                    autocomplete="off" placeholder="Nightly script on my laptop";
            }
            div.field {
                label for="token-expiration-seconds" { "Expires" }
                select #token-expiration-seconds name="expires_in" { (lives(view)) }
            }
        }
        details open[!view.draft.picked.is_empty() || !view.draft.typed.is_empty()] {
            summary { "Permissions: everything you can do, unless you choose" }
            fieldset {
                legend { "Only what is ticked" }
                ul.picks {
                    @for (n, scope) in view.offered.iter().enumerate() { (choice(view, n, scope)) }
                }
            }
            div.field {
                label for="token-scopes" { "Others, as scopes with spaces between" }
                input #token-scopes type="text" name="scopes" value=(view.draft.typed) autocomplete="off"
                    autocapitalize="none" spellcheck="false" aria-describedby="token-scopes-hint";
                p.hint #token-scopes-hint { "For a part of what you can do, such as " code { "read:users!group=class" } "." }
            }
        }
        div.actions { button.primary type="submit" { "Request new token" } }
    };
    html! {
        section.card aria-labelledby="new-token" {
            h2 #new-token { "A new token" }
            p { "A token lets a script or program of yours use the hub’s API as you. Whoever has it can do the same: treat it as a password." }
            form #request-token-form method="post" action=(view.frame.links.tokens()) {
                (forms::xsrf_field(&view.frame))
                (fields)
            }
        }
    }
}

fn lives(view: &TokensView) -> Markup {
    let chosen = |value: &str| view.draft.expires_in == value;
    html! {
        @for seconds in LIVES.into_iter().filter(|life| view.longest.is_none_or(|max| *life <= max.as_secs())) {
            @let value = seconds.to_string();
            option value=(value) selected[chosen(&value)] { "In " (words::duration(Duration::from_secs(seconds))) }
        }
        option value="" selected[chosen("")] {
            @match view.longest {
                Some(longest) => { "Max (" (words::duration(longest)) ")" },
                None => "Never",
            }
        }
    }
}

fn choice(view: &TokensView, number: usize, scope: &str) -> Markup {
    let id = format!("scope-{number}");
    let is_picked = view.draft.picked.iter().any(|picked| picked == scope);
    html! {
        li {
            input id=(id) type="checkbox" name="scope" value=(scope) checked[is_picked];
            label for=(id) { (scope_words::describe(scope)) " " code.scope { (scope) } }
        }
    }
}

fn token_table(view: &TokensView) -> Markup {
    html! {
        table.rows #api-tokens-table aria-labelledby="tokens" {
            thead {
                tr {
                    th scope="col" { "Note" }
                    th scope="col" { "Permissions" }
                    th scope="col" { "Last used" }
                    th scope="col" { "Created" }
                    th scope="col" { "Expires" }
                    th scope="col" { span.sr { "Revoke" } }
                }
            }
            tbody {
                @for token in &view.tokens {
                    tr.token-row data-token-id=(token.id) {
                        td.main data-label="Note" {
                            (token.note)
                            @if token.is_servers { p.hint { "Your server works with it. It ends with the server." } }
                        }
                        td data-label="Permissions" { (scope_list(&token.scopes)) }
                        td data-label="Last used" { (times::ago_if_ever(view.now, token.last_activity)) }
                        td data-label="Created" { (times::ago(view.now, token.created)) }
                        td data-label="Expires" {
                            @match token.expires {
                                Some(at) => (times::ahead(view.now, at)),
                                None => "never",
                            }
                        }
                        td.do { (revoke_form(view, token.id, &token.note)) }
                    }
                }
            }
        }
    }
}

fn application_table(view: &TokensView) -> Markup {
    html! {
        table.rows #oauth-tokens-table aria-labelledby="applications" {
            thead {
                tr {
                    th scope="col" { "Application" }
                    th scope="col" { "Permissions" }
                    th scope="col" { "Last used" }
                    th scope="col" { "First authorised" }
                    th scope="col" { span.sr { "Revoke" } }
                }
            }
            tbody {
                @for application in &view.applications {
                    tr.token-row data-token-id=(application.id) {
                        td.main data-label="Application" { (application.description) }
                        td data-label="Permissions" { (scope_list(&application.scopes)) }
                        td data-label="Last used" { (times::ago_if_ever(view.now, application.last_activity)) }
                        td data-label="First authorised" { (times::ago(view.now, application.created)) }
                        td.do { (revoke_form(view, application.id, &application.description)) }
                    }
                }
            }
        }
    }
}

/// Says what scopes allow; many of them only when they are asked for.
fn scope_list(scopes: &[String]) -> Markup {
    const FEW: usize = 2;
    let list = html! {
        ul.scopes { @for scope in scopes { li title=(scope) { (scope_words::describe(scope)) } } }
    };
    html! {
        @match scopes.len() {
            0 => "none",
            1..=FEW => (list),
            many => details { summary { (many) " permissions" } (list) },
        }
    }
}

fn revoke_form(view: &TokensView, id: TokenId, what: &str) -> Markup {
    let button = html! {
        button.revoke-token-btn.danger type="submit" aria-label={ "Revoke " (what) } { "Revoke" }
    };
    forms::post(&view.frame, &view.frame.links.revoke_token(id), &button)
}
