//! The page for visits of a server that is not running (PG-74, PG-85).

use maud::{Markup, html};

use super::{
    frame::{Frame, Page, framed},
    words::{Text, text},
};
use crate::domain::names::ServerKey;

/// What the page shows.
#[derive(Clone)]
pub struct NotRunningView {
    /// The frame.
    pub frame: Frame,
    /// Which server was visited.
    pub key: ServerKey,
    /// Where the visitor wanted to go.
    pub next: Option<String>,
    /// Whether the visitor may start it.
    pub can_start: bool,
}

/// Renders the page; looking at it starts nothing.
pub fn not_running_page(view: &NotRunningView) -> Markup {
    let links = &view.frame.links;
    let content = html! {
        div.narrow {
            h1 { (text!("not-running-title")) }
            p { (lead(view)) }
            @if view.can_start {
                p { (text!("not-running-question")) }
            } @else {
                p { (text!("not-running-ask")) }
            }
            div.actions {
                @if view.can_start {
                    a.button.primary #start href=(links.spawn(&view.key, view.next.as_deref())) { (text!("not-running-start")) }
                }
                a.button href=(links.home()) { (text!("not-running-home")) }
            }
        }
    };
    framed(
        &view.frame,
        &Page::still("not-running", text!("not-running-title")),
        &content,
    )
}

fn lead(view: &NotRunningView) -> Text {
    let ServerKey { user, server } = &view.key;
    let is_own = view.frame.is_seen_by(user);
    let (owner, name) = (html! { strong { (user) } }, html! { strong { (server) } });
    match (is_own, server.is_default()) {
        (true, true) => text!("not-running-own"),
        (true, false) => text!("not-running-own-named", server = name),
        (false, true) => text!("not-running-foreign", owner = owner),
        (false, false) => text!("not-running-foreign-named", owner = owner, server = name),
    }
}
