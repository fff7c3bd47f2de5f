//! Samples of the page for a sign-in that came to nothing.

use std::time::Duration;

use maud::Markup;

use super::Texts;
use crate::pages::sign_in_failed::{SignInFailedView, SignInTrouble, sign_in_failed_page};

pub(super) fn all(texts: Texts) -> Vec<(&'static str, Markup)> {
    let page = |trouble, passwords: bool| {
        let frame = texts.anonymous();
        let next = texts.text("/hub/home");
        sign_in_failed_page(&SignInFailedView {
            again: frame.links.oauth_login(Some(&next)),
            password_login: passwords.then(|| frame.links.login_form(Some(&next))),
            frame,
            provider: texts.text("Example University"),
            trouble,
            request_id: texts.text("4f1c"),
        })
    };
    let retry_after = Duration::from_secs(42);
    vec![
        ("sign-in-stale", page(SignInTrouble::Stale, true)),
        ("sign-in-declined", page(SignInTrouble::Declined, true)),
        ("sign-in-unwelcome", page(SignInTrouble::Unwelcome, false)),
        ("sign-in-broken", page(SignInTrouble::Broken, true)),
        ("sign-in-slow", page(SignInTrouble::Slow, true)),
        (
            "sign-in-unavailable",
            page(SignInTrouble::Unavailable, true),
        ),
        (
            "sign-in-throttled",
            page(SignInTrouble::Throttled { retry_after }, true),
        ),
    ]
}
