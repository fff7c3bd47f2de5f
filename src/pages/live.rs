//! The part of a page that a script keeps up to date while somebody looks at it.
//!
//! Whatever the script may have to say stands in the page, hidden, so that all words are here.

use maud::{Markup, html};

use super::{frame::Frame, words::text};
use crate::http::links::Link;

/// Frames such a part, which a GET of `from` renders again; it is asked for often while something in
/// it `is_moving`.
///
/// What has a state says so in an element of class `state` whose `data-of` names it: its changes are
/// told to those who do not see them.
pub(super) fn part(frame: &Frame, from: &Link, is_moving: IsMoving, content: &Markup) -> Markup {
    let again =
        html! { a href=(frame.links.login(Some(from.as_str()))) { (text!("frame-login-again")) } };
    html! {
        p #live .sr role="status" {}
        div #refreshed data-from=(from) data-moving=(is_moving == IsMoving::Yes) { (content) }
        p #stale .notice.warn.afloat hidden role="alert" {
            (text!("frame-stale"))
        }
        p #login-ended .notice.warn.afloat hidden role="alert" {
            (text!("frame-login-ended", link = again))
        }
    }
}

/// Whether something is on its way from one state to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IsMoving {
    /// It is.
    Yes,
    /// Everything is at rest.
    No,
}

impl IsMoving {
    /// Returns after how many seconds a browser without scripts looks again.
    pub(super) fn reload_seconds(self) -> Option<u32> {
        (self == Self::Yes).then_some(5)
    }
}

impl From<bool> for IsMoving {
    fn from(is_moving: bool) -> Self {
        if is_moving { Self::Yes } else { Self::No }
    }
}
