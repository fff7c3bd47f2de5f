//! The visitor's tokens and the applications they let act for them (PG-90, PG-91).

use std::time::Duration;

use maud::{Markup, html};

use super::{
    forms,
    frame::{Frame, Page, framed},
    scope_words,
    secret::secret,
    times,
    words::{Text, amounts, text},
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
    Refused(Text),
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
        h1 { (text!("tokens-title")) }
        @match &view.outcome {
            Some(Outcome::Made(token)) => (made(token)),
            Some(Outcome::Refused(reason)) => p.notice.bad role="alert" { (reason) },
            None => {}
        }
        (request_form(view))
        section aria-labelledby="tokens" {
            h2 #tokens { (text!("tokens-own")) }
            @if view.tokens.is_empty() {
                p { (text!("tokens-own-none")) }
            } @else {
                (token_table(view))
            }
        }
        section aria-labelledby="applications" {
            h2 #applications { (text!("tokens-applications")) }
            @if view.applications.is_empty() {
                p { (text!("tokens-applications-none")) }
            } @else {
                p { (text!("tokens-applications-lead")) }
                (application_table(view))
            }
        }
    };
    framed(
        &view.frame,
        &Page::still("token", text!("tokens-window")),
        &content,
    )
}

fn made(token: &str) -> Markup {
    html! {
        div.notice.good role="status" #token-area {
            p { strong { (text!("tokens-made")) } }
            (secret("token-result", token))
            p { (text!("tokens-made-hint")) }
        }
    }
}

fn request_form(view: &TokensView) -> Markup {
    let fields = html! {
        div.fields {
            div.field {
                label for="token-note" { (text!("tokens-note")) }
                input #token-note type="text" name="note" maxlength="1000" value=(view.draft.note)
                    autocomplete="off" placeholder=(text!("tokens-note-example"));
            }
            div.field {
                label for="token-expiration-seconds" { (text!("tokens-expires")) }
                select #token-expiration-seconds name="expires_in" { (lives(view)) }
            }
        }
        details open[!view.draft.picked.is_empty() || !view.draft.typed.is_empty()] {
            summary { (text!("tokens-permissions")) }
            fieldset {
                legend { (text!("tokens-picks")) }
                ul.picks {
                    @for (n, scope) in view.offered.iter().enumerate() { (choice(view, n, scope)) }
                }
            }
            div.field {
                label for="token-scopes" { (text!("tokens-scopes")) }
                input #token-scopes type="text" name="scopes" value=(view.draft.typed) autocomplete="off"
                    autocapitalize="none" spellcheck="false" aria-describedby="token-scopes-hint";
                @let example = html! { code { "read:users!group=class" } };
                p.hint #token-scopes-hint { (text!("tokens-scopes-hint", example = example)) }
            }
        }
        div.actions { button.primary type="submit" { (text!("tokens-request")) } }
    };
    html! {
        section.card aria-labelledby="new-token" {
            h2 #new-token { (text!("tokens-new")) }
            p { (text!("tokens-new-lead")) }
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
            @let life = amounts::exact_duration(Duration::from_secs(seconds));
            option value=(value) selected[chosen(&value)] { (text!("tokens-expires-in", time = life)) }
        }
        option value="" selected[chosen("")] {
            @match view.longest {
                Some(longest) => (text!("tokens-expires-last", time = amounts::exact_duration(longest))),
                None => (text!("tokens-expires-never")),
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
    let note = text!("tokens-column-note");
    let permissions = text!("tokens-column-permissions");
    let used = text!("tokens-column-used");
    let created = text!("tokens-column-created");
    let expires = text!("tokens-column-expires");
    html! {
        table.rows #api-tokens-table aria-labelledby="tokens" {
            thead {
                tr {
                    th scope="col" { (note) }
                    th scope="col" { (permissions) }
                    th scope="col" { (used) }
                    th scope="col" { (created) }
                    th scope="col" { (expires) }
                    th scope="col" { span.sr { (text!("tokens-revoke")) } }
                }
            }
            tbody {
                @for token in &view.tokens {
                    tr.token-row data-token-id=(token.id) {
                        td.main data-label=(note) {
                            (token.note)
                            @if token.is_servers { p.hint { (text!("tokens-servers")) } }
                        }
                        td data-label=(permissions) { (scope_list(&token.scopes)) }
                        td data-label=(used) { (times::ago_if_ever(view.now, token.last_activity)) }
                        td data-label=(created) { (times::ago(view.now, token.created)) }
                        td data-label=(expires) {
                            @match token.expires {
                                Some(at) => (times::ahead(view.now, at)),
                                None => (text!("duration-never")),
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
    let name = text!("tokens-column-application");
    let permissions = text!("tokens-column-permissions");
    let used = text!("tokens-column-used");
    let created = text!("tokens-column-authorized");
    html! {
        table.rows #oauth-tokens-table aria-labelledby="applications" {
            thead {
                tr {
                    th scope="col" { (name) }
                    th scope="col" { (permissions) }
                    th scope="col" { (used) }
                    th scope="col" { (created) }
                    th scope="col" { span.sr { (text!("tokens-revoke")) } }
                }
            }
            tbody {
                @for application in &view.applications {
                    tr.token-row data-token-id=(application.id) {
                        td.main data-label=(name) { (application.description) }
                        td data-label=(permissions) { (scope_list(&application.scopes)) }
                        td data-label=(used) { (times::ago_if_ever(view.now, application.last_activity)) }
                        td data-label=(created) { (times::ago(view.now, application.created)) }
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
            0 => (text!("tokens-no-permissions")),
            1..=FEW => (list),
            many => details { summary { (text!("tokens-many-permissions"; count = many)) } (list) },
        }
    }
}

fn revoke_form(view: &TokensView, id: TokenId, what: &str) -> Markup {
    let button = html! {
        button.revoke-token-btn.danger type="submit" aria-label=(text!("tokens-revoke-label", token = what)) {
            (text!("tokens-revoke"))
        }
    };
    forms::post(&view.frame, &view.frame.links.revoke_token(id), &button)
}
