//! The page after logging out.

use maud::{Markup, html};

use super::{
    frame::{Frame, Page, framed},
    words::text,
};

/// What the page shows.
#[derive(Clone)]
pub struct LoggedOutView {
    /// The frame; nobody is logged in any more.
    pub frame: Frame,
    /// Whether servers of the visitor keep running.
    pub servers_keep_running: bool,
}

/// Renders the page.
pub fn logged_out_page(view: &LoggedOutView) -> Markup {
    let content = html! {
        div.narrow {
            h1 { (text!("logged-out-title")) }
            p { (text!("logged-out-lead")) }
            @if view.servers_keep_running {
                p { (text!("logged-out-servers")) }
            }
            div.actions { a.button.primary href=(view.frame.links.login(None)) { (text!("logged-out-again")) } }
        }
    };
    framed(
        &view.frame,
        &Page::still("logged-out", text!("logged-out-window")),
        &content,
    )
}
