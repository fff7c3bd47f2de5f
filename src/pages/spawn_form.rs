//! The page on which a kind of server is chosen before one starts (PG-64a).

use maud::{Markup, html};

use super::{
    forms,
    frame::{Frame, Page, framed},
};
use crate::domain::{names::ServerKey, profile::ProfileName};

/// What the form shows.
#[derive(Clone)]
pub struct SpawnFormView {
    /// The frame; somebody is logged in.
    pub frame: Frame,
    /// The server that would start.
    pub key: ServerKey,
    /// Where the visitor wants to go once it runs, a local address.
    pub next: Option<String>,
    /// What there is to choose from.
    pub choices: Vec<Choice>,
}

/// A kind of server.
#[derive(Debug, Clone)]
pub struct Choice {
    /// What is sent.
    pub name: ProfileName,
    /// What is read.
    pub title: String,
    /// What it is for; may be empty.
    pub description: String,
    /// Whether it is the one that is chosen at first.
    pub is_chosen: bool,
}

/// Renders the form; looking at it starts nothing.
pub fn spawn_form_page(view: &SpawnFormView) -> Markup {
    let links = &view.frame.links;
    let SpawnFormView { key, .. } = view;
    let content = html! {
        div.narrow {
            h1 { "Start a server" }
            @if !key.server.is_default() { p.lead { "It is called " strong { (key.server) } "." } }
            @if view.choices.is_empty() {
                p { "There is no kind of server that you may start. Ask the administrator of this machine." }
            } @else {
                form.stack #spawn_form method="post" action=(links.spawn(key, view.next.as_deref())) {
                    (forms::xsrf_field(&view.frame))
                    fieldset.choices {
                        legend { "What should it run?" }
                        @for choice in &view.choices { (option(choice)) }
                    }
                    div.actions {
                        button.primary type="submit" { "Start" }
                        a.button href=(links.home()) { "Back" }
                    }
                }
            }
        }
    };
    framed(
        &view.frame,
        &Page::still("spawn", "Start a server"),
        &content,
    )
}

fn option(choice: &Choice) -> Markup {
    let id = format!("profile-{}", choice.name);
    let hint = format!("{id}-hint");
    let has_hint = !choice.description.is_empty();
    html! {
        div.choice {
            input id=(id) type="radio" name="profile" value=(choice.name) required
                checked[choice.is_chosen] aria-describedby=[has_hint.then_some(&hint)];
            label for=(id) { (choice.title) }
            @if has_hint { p.hint id=(hint) { (choice.description) } }
        }
    }
}
