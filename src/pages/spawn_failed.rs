//! The page after a start that failed, or after a server that ended by itself (PG-71).

use maud::{Markup, html};

use super::{
    failure::{FailureView, failure_notice},
    frame::{Frame, Page, framed},
    words::text,
};
use crate::domain::names::ServerKey;

/// What the failure page shows.
#[derive(Clone)]
pub struct SpawnFailedView {
    /// The frame.
    pub frame: Frame,
    /// Which server failed.
    pub key: ServerKey,
    /// Where the visitor wanted to go.
    pub next: Option<String>,
    /// What happened.
    pub failure: FailureView,
}

/// Renders the failure page.
pub fn spawn_failed_page(view: &SpawnFailedView) -> Markup {
    let links = &view.frame.links;
    let content = html! {
        h1 { (text!("spawn-failed-title")) }
        p.hint { (text!("spawn-failed-server", server = view.key)) }
        (failure_notice(&view.failure, view.frame.shows_admin()))
        div.actions {
            a.button.primary #relaunch href=(links.spawn(&view.key, view.next.as_deref())) { (text!("spawn-failed-again")) }
            a.button href=(links.home()) { (text!("spawn-failed-home")) }
        }
    };
    framed(
        &view.frame,
        &Page::still("spawn-failed", text!("spawn-failed-window")),
        &content,
    )
}
