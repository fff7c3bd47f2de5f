//! The page for visits of a server that is ending (PG-73).

use maud::{Markup, html};

use super::{
    bidi::isolated,
    frame::{Frame, Page, framed},
    words::text,
};
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
            h1 { (text!("stopping-title")) }
            p role="status" { (text!("stopping-lead")) }
            p.hint { (text!("stopping-server", server = isolated(&view.key))) }
            noscript { p.hint { (text!("stopping-reload")) } }
            div.actions { a.button href=(view.frame.links.home()) { (text!("stopping-home")) } }
        }
    };
    let page = Page {
        title: text!("stopping-window"),
        kind: "stopping",
        script: Some(&assets::REFRESH_SCRIPT),
        reload_seconds: Some(5),
    };
    framed(&view.frame, &page, &content)
}
