//! The page for every 4xx and 5xx that has none of its own (PG-30, PG-31).

use maud::{Markup, html};

use super::{
    frame::{Frame, Page, framed},
    words::{Text, text},
};

/// What the error page shows.
#[derive(Clone)]
pub struct ErrorView {
    /// The frame; works with nobody logged in and without a token.
    pub frame: Frame,
    /// The reply's status.
    pub status: u16,
    /// What went wrong, in public words; may be empty.
    pub message: String,
    /// What finds the request in the journal.
    pub request_id: String,
}

/// Renders the error page.
pub fn error_page(view: &ErrorView) -> Markup {
    let links = &view.frame.links;
    let is_known = view.frame.visitor.is_some();
    let words = match view.status {
        // What was refused may well be theirs once the hub knows who asks.
        403 if !is_known => words(401),
        status => words(status),
    };
    let title = text!("error-window", status = view.status, title = words.title);
    let content = html! {
        div.narrow {
            h1 { span.code { (view.status) } " " (words.title) }
            @if !view.message.is_empty() { p { (view.message) } }
            p { (words.advice) }
            div.actions {
                @if is_known {
                    a.button.primary href=(links.home()) { (text!("error-home")) }
                } @else {
                    a.button.primary href=(links.login(None)) { (text!("error-log-in")) }
                }
            }
            @if view.status >= 500 || view.frame.shows_admin() {
                p.hint.after { (text!("error-request", id = html! { code { (view.request_id) } })) }
            }
        }
    };
    framed(&view.frame, &Page::still("error", title), &content)
}

struct ErrorWords {
    title: Text,
    advice: Text,
}

fn words(status: u16) -> ErrorWords {
    let (title, advice) = match status {
        400 | 422 => (text!("error-400"), text!("error-400-advice")),
        401 => (text!("error-401"), text!("error-401-advice")),
        403 => (text!("error-403"), text!("error-403-advice")),
        404 => (text!("error-404"), text!("error-404-advice")),
        405 => (text!("error-405"), text!("error-405-advice")),
        408 => (text!("error-408"), text!("error-408-advice")),
        413 | 414 | 431 => (text!("error-413"), text!("error-413-advice")),
        424 => (text!("error-424"), text!("error-424-advice")),
        429 => (text!("error-429"), text!("error-429-advice")),
        502..=504 => (text!("error-503"), text!("error-503-advice")),
        500.. => (text!("error-500"), text!("error-500-advice")),
        _ => (text!("error-other"), text!("error-other-advice")),
    };
    ErrorWords { title, advice }
}
