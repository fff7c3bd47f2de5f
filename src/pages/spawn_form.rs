//! The page on which a kind of server is chosen before one starts (PG-64a).

use maud::{Markup, html};

use super::{
    forms,
    frame::{Frame, Page, framed},
    words::text,
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
    /// What a new named server is to be called, if it was said.
    pub display_name: Option<String>,
    /// What was wrong with what was sent.
    pub fault: Option<String>,
    /// What is asked.
    pub offer: Offer,
}

/// What is asked.
#[derive(Debug, Clone)]
pub enum Offer {
    /// Which kind of server, and for each kind what else.
    Profiles(Vec<Choice>),
    /// There is one kind.
    Options(Vec<Question>),
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
    /// What else is asked for it.
    pub questions: Vec<Question>,
}

/// Something to answer.
#[derive(Debug, Clone)]
pub struct Question {
    /// The name of the field.
    pub name: String,
    /// What is read.
    pub title: String,
    /// What it is about; may be empty.
    pub description: String,
    /// What stands in the field at first.
    pub answer: String,
    /// What may be answered.
    pub field: Field,
}

/// What may be answered.
#[derive(Debug, Clone)]
pub enum Field {
    /// One of these.
    Choice(Vec<String>),
    /// A line of text.
    Text {
        /// The longest, in characters.
        max_length: usize,
    },
    /// A number.
    Number {
        /// The least.
        min: f64,
        /// The greatest.
        max: f64,
        /// How far apart.
        step: f64,
        /// What is counted; may be empty.
        unit: String,
    },
}

/// Renders the form; looking at it starts nothing.
pub fn spawn_form_page(view: &SpawnFormView) -> Markup {
    let SpawnFormView { key, .. } = view;
    let content = html! {
        div.narrow {
            h1 { (text!("spawn-form-title")) }
            @if !key.server.is_default() {
                p.lead { (text!("spawn-form-name", server = html! { strong { (key.server) } })) }
            }
            @if let Some(fault) = &view.fault { p.notice.bad role="alert" { (fault) "." } }
            @match &view.offer {
                Offer::Profiles(choices) if choices.is_empty() => {
                    p { (text!("spawn-form-nothing")) }
                }
                Offer::Profiles(choices) => (form(view, &html! {
                    fieldset.choices {
                        legend { (text!("spawn-form-choices")) }
                        @for choice in choices { (option(choice)) }
                    }
                })),
                Offer::Options(questions) => (form(view, &self::questions(questions))),
            }
        }
    };
    framed(
        &view.frame,
        &Page::still("spawn", text!("spawn-form-title")),
        &content,
    )
}

fn form(view: &SpawnFormView, fields: &Markup) -> Markup {
    let links = &view.frame.links;
    html! {
        // The hub checks all fields itself: a browser that does would hold a form back for a field of a kind
        // that is not chosen, and could not show it.
        form.stack #spawn_form method="post" novalidate action=(links.spawn(&view.key, view.next.as_deref())) {
            (forms::xsrf_field(&view.frame))
            @if let Some(name) = &view.display_name {
                input type="hidden" name="display_name" value=(name);
            }
            (fields)
            div.actions {
                button.primary type="submit" { (text!("spawn-form-start")) }
                a.button href=(links.home()) { (text!("spawn-form-back")) }
            }
        }
    }
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
            @if !choice.questions.is_empty() { div.questions { (questions(&choice.questions)) } }
        }
    }
}

fn questions(questions: &[Question]) -> Markup {
    html! { @for one in questions { (question(one)) } }
}

fn question(question: &Question) -> Markup {
    let Question { name, answer, .. } = question;
    let id = format!("option-{name}");
    let hint = format!("{id}-hint");
    let has_hint = !question.description.is_empty();
    let described = has_hint.then_some(&hint);
    html! {
        div.field {
            label for=(id) {
                (question.title)
                @if let Field::Number { unit, .. } = &question.field {
                    @if !unit.is_empty() { " (" (unit) ")" }
                }
            }
            @match &question.field {
                Field::Choice(choices) => select id=(id) name=(name) aria-describedby=[described] {
                    @for choice in choices { option value=(choice) selected[choice == answer] { (choice) } }
                },
                Field::Text { max_length } => input id=(id) type="text" name=(name) value=(answer)
                    maxlength=(max_length) autocomplete="off" aria-describedby=[described];,
                Field::Number { min, max, step, .. } => input id=(id) type="number" name=(name) value=(answer)
                    min=(min) max=(max) step=(step) aria-describedby=[described];,
            }
            @if has_hint { p.hint id=(hint) { (question.description) } }
        }
    }
}
