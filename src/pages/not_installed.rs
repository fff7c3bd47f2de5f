//! The page when the machine has no notebook server to start: it says exactly what to install.

use maud::{Markup, html};

use super::frame::{Frame, Page, framed};
use crate::domain::names::ServerKey;

/// What the page shows.
#[derive(Clone)]
pub struct NotInstalledView {
    /// The frame.
    pub frame: Frame,
    /// Which server was to be started.
    pub key: ServerKey,
    /// Where the visitor wanted to go.
    pub next: Option<String>,
    /// The program that was not found, as configured.
    pub command: String,
    /// The folders in which it was looked for, in order.
    pub searched: Vec<String>,
}

/// Renders the page; the commands are for administrators, everybody else is told whom to ask.
pub fn not_installed_page(view: &NotInstalledView) -> Markup {
    let links = &view.frame.links;
    let content = html! {
        h1 { "No notebook server is installed" }
        p {
            "You are logged in and all is well with your account, but this machine has no program "
            code { (view.command) } " that could be started for you."
        }
        @if view.frame.shows_admin() {
            (for_administrators(view))
        } @else {
            p { "Ask the administrator of this machine to install it. This page tells them how when they log in." }
        }
        div.actions {
            a.button.primary #relaunch href=(links.spawn(&view.key, view.next.as_deref())) { "Try again" }
            a.button href=(links.home()) { "Home" }
        }
    };
    framed(
        &view.frame,
        &Page::still("not-installed", "Nothing to start"),
        &content,
    )
}

fn for_administrators(view: &NotInstalledView) -> Markup {
    html! {
        section aria-labelledby="install" {
            h2 #install { "How to install one" }
            p { "A current JupyterLab for everybody, in a folder of its own that Carrel knows:" }
            pre.log tabindex="0" aria-label="Commands that install JupyterLab" {
                "sudo apt install python3-venv\n"
                "sudo /usr/bin/python3 -m venv /opt/carrel/venv\n"
                "sudo /opt/carrel/venv/bin/pip install jupyterhub jupyterlab\n"
            }
            p { "Or the older one that Debian keeps up to date:" }
            pre.log tabindex="0" aria-label="Command that installs Debian’s packages" {
                "sudo apt install jupyterhub jupyter-notebook\n"
            }
            p {
                "Nothing has to be restarted: try it again when that is done. "
                code { "sudo carrel doctor" } " tells what is found. Another program or another place is set by "
                code { "server.command" } " and " code { "server.search_path" } " in "
                code { "/etc/carrel/carrel.toml" } "."
            }
        }
        @if !view.searched.is_empty() {
            section aria-labelledby="searched" {
                h2 #searched { "Where it was looked for" }
                ul.plain { @for folder in &view.searched { li { code { (folder) } } } }
            }
        }
    }
}
