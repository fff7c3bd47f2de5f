//! The page for a sign-in at the OpenID Connect provider that came to nothing.

use std::time::Duration;

use maud::{Markup, html};

use super::{
    frame::{Frame, Page, framed},
    words::{Text, amounts, text},
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
            h1 { (text!("sign-in-failed-title")) }
            p { (what(view)) }
            p { (advice(view)) }
            div.actions {
                a.button.primary href=(view.again) { (text!("sign-in-failed-again")) }
                @if let Some(login) = &view.password_login {
                    a.button href=(login) { (text!("sign-in-failed-password")) }
                }
            }
            p.hint.after { (text!("error-request", id = html! { code { (view.request_id) } })) }
        }
    };
    let page = Page::still("sign-in-failed", text!("sign-in-failed-window"));
    framed(&view.frame, &page, &content)
}

fn what(view: &SignInFailedView) -> Text {
    let provider = &view.provider;
    match view.trouble {
        SignInTrouble::Stale => text!("sign-in-failed-stale"),
        SignInTrouble::Declined => text!("sign-in-failed-declined", provider = provider),
        SignInTrouble::Unwelcome => {
            text!("sign-in-failed-unwelcome", provider = provider)
        }
        SignInTrouble::Broken => text!("sign-in-failed-broken", provider = provider),
        SignInTrouble::Slow => text!("sign-in-failed-slow", provider = provider),
        SignInTrouble::Unavailable => text!("sign-in-failed-unavailable"),
        SignInTrouble::Throttled { retry_after } => {
            let wait = retry_after.max(Duration::from_secs(1));
            text!("sign-in-failed-throttled", time = amounts::duration(wait))
        }
    }
}

fn advice(view: &SignInFailedView) -> Text {
    match view.trouble {
        SignInTrouble::Stale => text!("sign-in-failed-stale-advice"),
        SignInTrouble::Declined => {
            text!("sign-in-failed-declined-advice", provider = view.provider)
        }
        SignInTrouble::Unwelcome => {
            text!("sign-in-failed-unwelcome-advice", provider = view.provider)
        }
        SignInTrouble::Broken | SignInTrouble::Slow | SignInTrouble::Unavailable => {
            text!("sign-in-failed-broken-advice")
        }
        SignInTrouble::Throttled { .. } => text!("sign-in-failed-throttled-advice"),
    }
}
