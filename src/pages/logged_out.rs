//! The page after logging out.

use maud::{Markup, html};

use super::frame::{Frame, Page, framed};

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
            h1 { "You are logged out" }
            p { "Successfully logged out." }
            @if view.servers_keep_running {
                p {
                    "Your servers keep running, so that long computations can finish. Log in again to come back to them \
                     or to stop them."
                }
            }
            div.actions { a.button.primary href=(view.frame.links.login(None)) { "Log in again" } }
        }
    };
    framed(
        &view.frame,
        &Page::still("logged-out", "Logged out"),
        &content,
    )
}
