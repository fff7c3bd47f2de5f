//! The page for every 4xx and 5xx that has none of its own (PG-30, PG-31).

use maud::{Markup, html};

use super::frame::{Frame, Page, framed};

/// What the error page shows.
#[derive(Clone)]
pub struct ErrorView {
    /// The frame; works with nobody logged in and without a token.
    pub frame: Frame,
    /// The reply's status.
    pub status: u16,
    /// What went wrong, in public words; may be empty.
    pub message: String,
    /// What to do, when something better is known than what the status suggests.
    pub advice: Option<String>,
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
    let title = format!("{} {}", view.status, words.title);
    let content = html! {
        div.narrow {
            h1 { span.code { (view.status) } " " (words.title) }
            @if !view.message.is_empty() { p { (view.message) } }
            p { (view.advice.as_deref().unwrap_or(words.advice)) }
            div.actions {
                @if is_known {
                    a.button.primary href=(links.home()) { "Home" }
                } @else {
                    a.button.primary href=(links.login(None)) { "Log in" }
                }
            }
            @if view.status >= 500 || view.frame.shows_admin() {
                p.hint.after {
                    "If you ask for help, name this request: " code { (view.request_id) }
                }
            }
        }
    };
    framed(&view.frame, &Page::still("error", &title), &content)
}

struct ErrorWords {
    title: &'static str,
    advice: &'static str,
}

fn words(status: u16) -> ErrorWords {
    let (title, advice) = match status {
        400 | 422 => (
            "Not understood",
            "The request was not complete or not well formed. Go back and try it again; a link from \
             elsewhere may have been cut off.",
        ),
        401 => ("Not logged in", "Log in and try it again."),
        403 => (
            "Not allowed",
            "Your account may not do this. If the page had been open for a long time, load it again first; \
             otherwise ask the administrator of this machine.",
        ),
        404 => (
            "Not found",
            "Check the address. Things that you may not see are not found, either.",
        ),
        405 => (
            "Not possible here",
            "This address exists, but not for what was asked of it. Go there by a link or a form.",
        ),
        408 => (
            "Too slow",
            "The request took too long to arrive. Try it again.",
        ),
        413 | 414 | 431 => ("Too large", "Send less at once."),
        424 => (
            "Not running",
            "The server that should answer is not running. Start it from the home page.",
        ),
        429 => ("Too many requests", "Wait a little, then try it again."),
        502..=504 => (
            "Not available",
            "Your server appears to be down or busy. You can try restarting it from the home page.",
        ),
        500.. => (
            "Something broke",
            "This is not your fault, and it has been recorded. Try it again; if it stays so, tell the \
             administrator of this machine.",
        ),
        _ => ("That did not work", "Go back and try it again."),
    };
    ErrorWords { title, advice }
}
