//! The page that follows a starting server (PG-72).

use maud::{Markup, html};

use super::{
    bidi::isolated,
    forms,
    frame::{Frame, Page, framed},
    words::text,
};
use crate::{assets, domain::names::ServerKey};

/// What the progress page shows.
#[derive(Clone)]
pub struct SpawnPendingView {
    /// The frame.
    pub frame: Frame,
    /// Which server is starting.
    pub key: ServerKey,
    /// How far it is, 0 to 100.
    pub progress: u8,
    /// What is happening, in words.
    pub message: String,
    /// What has happened so far, oldest first.
    pub log: Vec<String>,
}

/// Renders the progress page; it loads itself again when the server is ready or has failed.
pub fn spawn_pending_page(view: &SpawnPendingView) -> Markup {
    let links = &view.frame.links;
    let cancel = html! {
        button #stop-server-btn type="submit" { (text!("spawn-pending-cancel")) }
    };
    let is_own = view.frame.is_seen_by(&view.key.user);
    let (title, server) = match (is_own, view.key.server.is_default()) {
        (true, true) => (text!("spawn-pending-title"), text!("spawn-pending-own")),
        (true, false) => (
            text!("spawn-pending-title"),
            text!("spawn-pending-own-named", server = view.key.server),
        ),
        (false, _) => (
            text!("spawn-pending-title-foreign"),
            text!("spawn-pending-foreign", server = isolated(&view.key)),
        ),
    };
    let content = html! {
        div.narrow #progress-root data-progress-url=(links.progress(&view.key)) {
            h1 { (title) }
            p.hint { (server) " " (text!("spawn-pending-lead")) }
            div.stack {
                progress #progress-bar max="100" value=(view.progress.min(100)) aria-label=(text!("spawn-pending-progress")) {}
                p #progress-message role="status" { (view.message) }
            }
            details #progress-details {
                summary { (text!("spawn-pending-log")) }
                ol #progress-log .log tabindex="0" aria-label=(text!("spawn-pending-log")) {
                    @for line in &view.log { li { (line) } }
                }
            }
            noscript { p.hint { (text!("spawn-pending-reload")) } }
            div.actions { (forms::post(&view.frame, &links.stop(&view.key), &cancel)) }
        }
    };
    let page = Page {
        title: text!("spawn-pending-window"),
        kind: "spawn-pending",
        script: Some(&assets::PROGRESS_SCRIPT),
        reload_seconds: Some(3),
    };
    framed(&view.frame, &page, &content)
}
