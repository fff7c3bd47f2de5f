//! The pages of administration.

pub mod groups;
pub mod health;
pub mod users;

use maud::{Markup, html};

use super::{frame::Frame, words::text};

/// Leads from one page of administration to the others.
fn nav(frame: &Frame, here: &str) -> Markup {
    html! {
        nav.tabs aria-label=(text!("admin-nav")) {
            @for (page, text) in [
                ("users", text!("admin-nav-users")),
                ("groups", text!("admin-nav-groups")),
                ("hub", text!("admin-nav-hub")),
            ] {
                a href=(frame.links.admin(page, &[])) aria-current=[(page == here).then_some("page")] { (text) }
            }
        }
    }
}
