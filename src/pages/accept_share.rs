//! The page that invites to a shared server (PG-95).

use maud::{Markup, html};

use super::{
    bidi::isolated,
    forms,
    frame::{Frame, Page, framed},
    scope_words,
    words::{Text, text},
};
use crate::domain::names::{ServerKey, UserName};

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
        h2 #scopes-title { (text!("accept-share-scopes")) }
        ul.scopes aria-labelledby="scopes-title" {
            @for scope in &view.scopes {
                li { (scope_words::describe(scope)) " " code.scope { (scope) } }
            }
        }
        p.hint { (text!("accept-share-next", address = html! { code { (view.next) } })) }
        div.actions {
            button.primary #accept type="submit" { (text!("accept-share-accept")) }
            a.button href=(links.home()) { (text!("accept-share-not")) }
        }
    };
    let content = html! {
        div.narrow {
            h1 { (text!("accept-share-title")) }
            @if let Some(visitor) = &view.frame.visitor {
                p.lead { (lead(view, &visitor.name)) }
            }
            @if !view.is_running { p { (text!("accept-share-stopped", owner = isolated(&key.user))) } }
            p { (text!("accept-share-trust")) }
            (forms::post(&view.frame, &links.accept_share(&view.next), &fields))
        }
    };
    framed(
        &view.frame,
        &Page::still("accept-share", text!("accept-share-title")),
        &content,
    )
}

fn lead(view: &AcceptShareView, visitor: &UserName) -> Text {
    let ServerKey { user, server } = &view.key;
    let address = view.frame.links.server(&view.key);
    let link = html! { a href=(address) { (address) } };
    if server.is_default() {
        return text!(
            "accept-share-lead",
            visitor = isolated(visitor),
            owner = isolated(user),
            link = link
        );
    }
    let server = html! { strong { (server) } };
    text!(
        "accept-share-lead-named",
        visitor = isolated(visitor),
        owner = isolated(user),
        server = server,
        link = link
    )
}
