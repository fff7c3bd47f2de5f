//! The pages of administration.

pub mod groups;
pub mod health;
pub mod users;

use maud::{Markup, html};

use super::frame::Frame;

/// Leads from one page of administration to the others.
fn nav(frame: &Frame, here: &str) -> Markup {
    html! {
        nav.tabs aria-label="Administration" {
            @for (page, text) in [("users", "Users"), ("groups", "Groups"), ("hub", "Hub and services")] {
                a href=(frame.links.admin(page, &[])) aria-current=[(page == here).then_some("page")] { (text) }
            }
        }
    }
}
