//! Instants as people read them: how long ago, how long yet.
//!
//! Each stands in a `time` element with the exact instant; scripts put it into the reader's zone.

use std::time::Duration;

use maud::{Markup, html};

use super::words::{amounts, text};
use crate::domain::time::Timestamp;

/// Writes how long ago something was.
pub(super) fn ago(now: Timestamp, instant: Timestamp) -> Markup {
    let passed = now.since(instant);
    html! {
        time datetime=(instant) title=(instant) {
            @if passed < Duration::from_secs(5) { (text!("duration-ago-none")) } @else { (amounts::ago(passed)) }
        }
    }
}

/// Writes how long ago something was, or that it never was.
pub(super) fn ago_if_ever(now: Timestamp, instant: Option<Timestamp>) -> Markup {
    html! {
        @match instant {
            Some(instant) => (ago(now, instant)),
            None => (text!("duration-never")),
        }
    }
}

/// Writes how long something is yet to come.
pub(super) fn ahead(now: Timestamp, instant: Timestamp) -> Markup {
    html! {
        time datetime=(instant) title=(instant) { (amounts::ahead(instant.since(now))) }
    }
}
