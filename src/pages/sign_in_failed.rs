//! The page for a sign-in at the OpenID Connect provider that came to nothing.

use std::time::Duration;

use maud::{Markup, html};

use super::{
    frame::{Frame, Page, framed},
    words,
};
use crate::http::links::Link;

/// What the page shows.
#[derive(Clone)]
pub struct SignInFailedView {
    /// The frame; nobody is logged in.
    pub frame: Frame,
    /// What people call the provider.
    pub provider: String,
    /// What went wrong.
    pub trouble: SignInTrouble,
    /// Where another try begins.
    pub again: Link,
    /// Where one can log in with a password instead, if one can.
    pub password_login: Option<Link>,
    /// What finds the request in the journal.
    pub request_id: String,
}

/// Why a sign-in came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInTrouble {
    /// It was not begun in this browser, or too long ago, or was finished already.
    Stale,
    /// The provider did not sign the person in.
    Declined,
    /// The provider's word does not count, or names no account that may log in.
    Unwelcome,
    /// The provider cannot be reached or understood.
    Broken,
    /// The provider took too long.
    Slow,
    /// This machine cannot let anybody in at the moment.
    Unavailable,
    /// There were too many attempts.
    Throttled {
        /// When the next attempt will be heard.
        retry_after: Duration,
    },
}

/// Renders the page.
pub fn sign_in_failed_page(view: &SignInFailedView) -> Markup {
    let content = html! {
        div.narrow {
            h1 { "You are not logged in" }
            p { (what(view)) }
            p { (advice(view)) }
            div.actions {
                a.button.primary href=(view.again) { "Sign in again" }
                @if let Some(login) = &view.password_login {
                    a.button href=(login) { "Log in with a password" }
                }
            }
            p.hint.after {
                "If you ask for help, name this request: " code { (view.request_id) }
            }
        }
    };
    let page = Page::still("sign-in-failed", "Not logged in");
    framed(&view.frame, &page, &content)
}

fn what(view: &SignInFailedView) -> String {
    let provider = &view.provider;
    match view.trouble {
        SignInTrouble::Stale => {
            "This sign-in was begun in another browser, or too long ago, or it has been used \
             already."
                .into()
        }
        SignInTrouble::Declined => format!("{provider} did not sign you in."),
        SignInTrouble::Unwelcome => format!(
            "You signed in at {provider}, but that leads to no account of this machine that may log in."
        ),
        SignInTrouble::Broken => {
            format!("{provider} cannot be reached, or its answer cannot be understood.")
        }
        SignInTrouble::Slow => format!("{provider} took too long to answer."),
        SignInTrouble::Unavailable => "Logging in does not work at the moment.".into(),
        SignInTrouble::Throttled { retry_after } => format!(
            "There were too many attempts. Try again in {}.",
            words::duration(retry_after.max(Duration::from_secs(1)))
        ),
    }
}

fn advice(view: &SignInFailedView) -> String {
    match view.trouble {
        SignInTrouble::Stale | SignInTrouble::Declined => {
            "Begin again, and finish in the same browser within ten minutes.".into()
        }
        SignInTrouble::Unwelcome => format!(
            "If you have more than one account at {}, sign out there and take the other one. Otherwise ask the \
             administrator of this machine.",
            view.provider
        ),
        SignInTrouble::Broken | SignInTrouble::Slow | SignInTrouble::Unavailable => {
            "Try again in a minute; if it stays so, tell the administrator of this machine.".into()
        }
        SignInTrouble::Throttled { .. } => {
            "Whoever shares your address counts together with you.".into()
        }
    }
}
