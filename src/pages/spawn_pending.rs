//! The page that follows a starting server (PG-72).

use maud::{Markup, html};

use super::{
    forms,
    frame::{Frame, Page, framed},
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
        button #stop-server-btn type="submit" { "Cancel" }
    };
    let content = html! {
        div.narrow #progress-root data-progress-url=(links.progress(&view.key)) {
            h1 { "Your server is starting" }
            p.hint { (server_words(view)) " You will be taken there by yourself as soon as it answers." }
            div.stack {
                progress #progress-bar max="100" value=(view.progress.min(100)) aria-label="Progress of the start" {}
                p #progress-message role="status" { (view.message) }
            }
            details #progress-details {
                summary { "What has happened so far" }
                ol #progress-log .log tabindex="0" aria-label="What has happened so far" {
                    @for line in &view.log { li { (line) } }
                }
            }
            noscript { p.hint { "This page looks again every three seconds." } }
            div.actions { (forms::post(&view.frame, &links.stop(&view.key), &cancel)) }
        }
    };
    let page = Page {
        title: "Starting",
        kind: "spawn-pending",
        script: Some(&assets::PROGRESS_SCRIPT),
        reload_seconds: Some(3),
    };
    framed(&view.frame, &page, &content)
}

fn server_words(view: &SpawnPendingView) -> String {
    let is_own = view
        .frame
        .visitor
        .as_ref()
        .is_some_and(|visitor| visitor.name == view.key.user);
    match (is_own, view.key.server.is_default()) {
        (true, true) => "Mostly this takes a few seconds.".into(),
        (true, false) => format!("It is the one named {}.", view.key.server),
        (false, _) => format!("It is the server {} of another person.", view.key),
    }
}
