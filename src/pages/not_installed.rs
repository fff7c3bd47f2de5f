//! The page when the machine has no notebook server to start: it says exactly what to install.

use maud::{Markup, html};

use super::{
    frame::{Frame, Page, framed},
    words::text,
};
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
        h1 { (text!("not-installed-title")) }
        p { (text!("not-installed-lead", program = html! { code { (view.command) } })) }
        @if view.frame.shows_admin() {
            (for_administrators(view))
        } @else {
            p { (text!("not-installed-ask")) }
        }
        div.actions {
            a.button.primary #relaunch href=(links.spawn(&view.key, view.next.as_deref())) { (text!("not-installed-again")) }
            a.button href=(links.home()) { (text!("not-installed-home")) }
        }
    };
    framed(
        &view.frame,
        &Page::still("not-installed", text!("not-installed-window")),
        &content,
    )
}

fn for_administrators(view: &NotInstalledView) -> Markup {
    html! {
        section aria-labelledby="install" {
            h2 #install { (text!("not-installed-how")) }
            p { (text!("not-installed-current")) }
            pre.log tabindex="0" aria-label=(text!("not-installed-current-commands")) {
                "sudo apt install python3-venv\n"
                "sudo /usr/bin/python3 -m venv /opt/carrel/venv\n"
                "sudo /opt/carrel/venv/bin/pip install jupyterhub jupyterlab\n"
            }
            p { (text!("not-installed-older")) }
            pre.log tabindex="0" aria-label=(text!("not-installed-older-command")) {
                "sudo apt install jupyterhub jupyter-notebook\n"
            }
            p {
                (text!("not-installed-after",
                    doctor = html! { code { "sudo carrel doctor" } },
                    command = html! { code { "server.command" } },
                    path = html! { code { "server.search_path" } },
                    file = html! { code { "/etc/carrel/carrel.toml" } }))
            }
        }
        @if !view.searched.is_empty() {
            section aria-labelledby="searched" {
                h2 #searched { (text!("not-installed-searched")) }
                ul.plain { @for folder in &view.searched { li { code { (folder) } } } }
            }
        }
    }
}
