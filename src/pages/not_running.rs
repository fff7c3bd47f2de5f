//! The page for visits of a server that is not running (PG-74, PG-85).

use maud::{Markup, html};

use super::frame::{Frame, Page, framed};
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
    let is_own = view
        .frame
        .visitor
        .as_ref()
        .is_some_and(|visitor| visitor.name == view.key.user);
    let content = html! {
        div.narrow {
            h1 { "Server not running" }
            p {
                @if is_own { "Your server" } @else { "The server of " strong { (view.key.user) } }
                @if !view.key.server.is_default() { " named " strong { (view.key.server) } }
                " is not running. Its files are where they were left."
            }
            @if view.can_start {
                p { "Would you like to launch it?" }
            } @else {
                p { "You may use it, but not start it: ask its owner to." }
            }
            div.actions {
                @if view.can_start {
                    a.button.primary #start href=(links.spawn(&view.key, view.next.as_deref())) { "Launch server" }
                }
                a.button href=(links.home()) { "Home" }
            }
        }
    };
    framed(
        &view.frame,
        &Page::still("not-running", "Server not running"),
        &content,
    )
}
