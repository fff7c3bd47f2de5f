//! Forms that change something: every one posts and carries the XSRF token.

use maud::{Markup, html};

use super::frame::Frame;
use crate::http::links::Link;

/// Returns the hidden field without which no form is accepted.
pub(super) fn xsrf_field(frame: &Frame) -> Markup {
    html! { input type="hidden" name="_xsrf" value=(frame.xsrf); }
}

/// Returns a form that posts `content` to `link`.
pub(super) fn post(frame: &Frame, link: &Link, content: &Markup) -> Markup {
    html! {
        form method="post" action=(link) {
            (xsrf_field(frame))
            (content)
        }
    }
}
