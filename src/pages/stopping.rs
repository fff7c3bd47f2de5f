//! The page for visits of a server that is ending (PG-73).

use maud::{Markup, html};

use super::frame::{Frame, Page, framed};
use crate::{assets, domain::names::ServerKey};

/// What the page shows.
#[derive(Clone)]
pub struct StoppingView {
    /// The frame.
    pub frame: Frame,
    /// Which server is ending.
    pub key: ServerKey,
}

/// Renders the page; it loads itself again until the server has stopped.
pub fn stopping_page(view: &StoppingView) -> Markup {
    let content = html! {
        div.narrow #refreshed data-moving="true" {
            h1 { "Your server is stopping" }
            p role="status" {
                "Your server is stopping. Programs get a moment to save their work; you can start it again as \
                 soon as it has stopped."
            }
            p.hint { "Server " (view.key) }
            noscript { p.hint { "This page looks again every five seconds." } }
            div.actions { a.button href=(view.frame.links.home()) { "Home" } }
        }
    };
    let page = Page {
        title: "Stopping",
        kind: "stopping",
        script: Some(&assets::REFRESH_SCRIPT),
        reload_seconds: Some(5),
    };
    framed(&view.frame, &page, &content)
}
