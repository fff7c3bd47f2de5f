//! The page that invites to a shared server (PG-95).

use maud::{Markup, html};

use super::{
    forms,
    frame::{Frame, Page, framed},
    scope_words,
};
use crate::domain::names::ServerKey;

/// What the invitation shows.
#[derive(Clone)]
pub struct AcceptShareView {
    /// The frame; somebody is logged in.
    pub frame: Frame,
    /// The server.
    pub key: ServerKey,
    /// Whether it can be used now.
    pub is_running: bool,
    /// What the visitor would be allowed, as scopes.
    pub scopes: Vec<String>,
    /// The code, sent back.
    pub code: String,
    /// Where the visitor is led afterwards, a local address.
    pub next: String,
}

/// Renders the invitation; looking at it changes nothing.
pub fn accept_share_page(view: &AcceptShareView) -> Markup {
    let links = &view.frame.links;
    let AcceptShareView { key, .. } = view;
    let fields = html! {
        input type="hidden" name="code" value=(view.code);
        h2 #scopes-title { "You would be able to" }
        ul.scopes aria-labelledby="scopes-title" {
            @for scope in &view.scopes {
                li { (scope_words::describe(scope)) " " code.scope { (scope) } }
            }
        }
        p.hint { "Afterwards you are led to " code { (view.next) } "." }
        div.actions {
            button.primary #accept type="submit" { "Accept" }
            a.button href=(links.home()) { "Do not accept" }
        }
    };
    let content = html! {
        div.narrow {
            h1 { "Use a shared server?" }
            p.lead {
                @if let Some(visitor) = &view.frame.visitor { "You (" (visitor.name) ") " } @else { "You " }
                "have been invited to access " (key.user) "'s server "
                @if !key.server.is_default() { strong { (key.server) } " " }
                "at " a href=(links.server(key)) { (links.server(key)) } "."
            }
            @if !view.is_running {
                p { "It is not currently running. You may have to ask " (key.user) " to start it." }
            }
            p { "Whoever can use a server can see and change what is in it. Work in a server of somebody you trust." }
            (forms::post(&view.frame, &links.accept_share(&view.next), &fields))
        }
    };
    framed(
        &view.frame,
        &Page::still("accept-share", "Use a shared server?"),
        &content,
    )
}
