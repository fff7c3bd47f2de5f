//! The login page: name and password, and whatever else PAM asks afterwards.

use std::time::Duration;

use maud::{Markup, html};

use super::{
    forms,
    frame::{Frame, Page, framed},
    words::{Text, amounts, text},
};

/// Names longer than this many characters are shown shortened (PG-47).
const MAX_SHOWN_NAME_CHARS: usize = 32;
/// How many characters of a long name are shown.
const SHORT_NAME_CHARS: usize = 16;

/// The box that accepts the terms, as JupyterHub calls it.
pub const TERMS_FIELD: &str = "login_terms_checkbox";

/// What the login page shows.
#[derive(Clone)]
pub struct LoginView {
    /// The frame; nobody is logged in.
    pub frame: Frame,
    /// Where to go afterwards; may be empty.
    pub next: String,
    /// Why the last attempt did not succeed.
    pub error: Option<LoginError>,
    /// What must be accepted first, one text for each paragraph; empty when nothing must.
    pub terms: Vec<String>,
    /// What is asked for.
    pub round: LoginRound,
    /// What people call the provider at which one can sign in, if there is one.
    pub provider: Option<String>,
    /// Whether one can log in with a password.
    pub passwords: bool,
}

/// Which questions the login page asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginRound {
    /// The first round: `username` and `password`.
    Password {
        /// The name to fill in; empty when none is known.
        username: String,
        /// Whether the terms were accepted the last time the form was sent.
        accepts_terms: bool,
    },
    /// A later round: PAM has questions of its own, answered by `answer-0`, `answer-1`, ….
    Further {
        /// Names the conversation that goes on, sent back as `conversation`.
        conversation: String,
        /// Who is logging in.
        username: String,
        /// What PAM said, in its order.
        messages: Vec<LoginMessage>,
        /// What PAM asks, in its order; may be empty when it only had to say something.
        prompts: Vec<LoginPrompt>,
    },
}

/// Something PAM says without expecting an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginMessage {
    /// PAM's words.
    pub text: String,
    /// Whether it is an error and not only information.
    pub is_error: bool,
}

/// Something PAM asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginPrompt {
    /// PAM's words.
    pub text: String,
    /// Whether the answer must not be seen on the screen.
    pub is_hidden: bool,
}

/// Why an attempt to log in did not succeed; every wrong name, password or account looks the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginError {
    /// The account or the answer was not accepted.
    Refused,
    /// The terms were not accepted.
    TermsNotAccepted,
    /// The form's token was missing or old.
    FormExpired,
    /// The conversation of a later round took too long.
    RoundExpired,
    /// There were too many attempts.
    Throttled {
        /// When the next attempt will be heard.
        retry_after: Duration,
    },
    /// The machine cannot check anybody at the moment.
    Unavailable,
}

/// Renders the login page.
pub fn login_page(view: &LoginView) -> Markup {
    let content = html! {
        div.narrow {
            h1 { (text!("login-title")) }
            p #insecure-login-warning .notice.warn hidden role="alert" {
                (text!("login-insecure", address = html! { code { "https://" } }))
            }
            @if let Some(error) = &view.error {
                p #login_error .login_error.notice.bad role="alert" { (error_text(error)) }
            }
            @if let Some(provider) = offered_provider(view) {
                (provider_form(view, provider))
                @if view.passwords { p { (text!("login-or-password")) } }
            }
            @if view.passwords { (login_form(view)) }
            @if matches!(view.round, LoginRound::Further { .. }) {
                p { a href=(view.frame.links.login(Some(&view.next))) { (text!("login-again")) } }
            }
        }
    };
    framed(
        &view.frame,
        &Page::still("login", text!("login-title")),
        &content,
    )
}

/// Returns the provider to which the page leads first; it asks for a password only as another way then.
fn offered_provider(view: &LoginView) -> Option<&str> {
    let is_first = matches!(view.round, LoginRound::Password { .. });
    view.provider.as_deref().filter(|_| is_first)
}

/// Leads to the provider, with nothing but where to go afterwards and that the terms are accepted.
fn provider_form(view: &LoginView, provider: &str) -> Markup {
    html! {
        form.stack method="get" action=(view.frame.links.oauth_login(None)) {
            @if !view.next.is_empty() { input type="hidden" name="next" value=(view.next); }
            @if !view.terms.is_empty() {
                (terms_text(&view.terms))
                (terms_box("provider_terms_checkbox", false))
            }
            button.primary type="submit" { (text!("login-provider", provider = provider)) }
        }
    }
}

fn login_form(view: &LoginView) -> Markup {
    html! {
        form.stack method="post" action=(view.frame.links.login(Some(&view.next))) {
            (forms::xsrf_field(&view.frame))
            @match &view.round {
                LoginRound::Password { username, accepts_terms } => {
                    (password_fields(view, username))
                    @if !view.terms.is_empty() {
                        @if view.provider.is_none() { (terms_text(&view.terms)) }
                        (terms_box(TERMS_FIELD, *accepts_terms))
                    }
                }
                LoginRound::Further { conversation, username, messages, prompts } => {
                    p { (text!("login-as", user = html! { strong { (shown_name(username)) } })) }
                    input type="hidden" name="conversation" value=(conversation);
                    (further_fields(messages, prompts))
                }
            }
            button class=[offered_provider(view).is_none().then_some("primary")] id="login_submit" type="submit" {
                (submit_text(&view.round))
            }
        }
    }
}

fn password_fields(view: &LoginView, username: &str) -> Markup {
    let described = view.error.as_ref().map(|_| "login_error");
    html! {
        p.hint { (text!("login-hint")) }
        div.field {
            label for="username_input" { (text!("login-user")) }
            input #username_input type="text" name="username" value=(shown_name(username)) required
                autocomplete="username" autocapitalize="none" autocorrect="off" spellcheck="false"
                autofocus[username.is_empty() && offered_provider(view).is_none()] aria-describedby=[described];
        }
        div.field {
            label for="password_input" { (text!("login-password")) }
            input #password_input type="password" name="password" autocomplete="current-password"
                autofocus[!username.is_empty()] aria-describedby=[described];
        }
    }
}

/// Shows the terms in a box that can be scrolled by keyboard too.
fn terms_text(terms: &[String]) -> Markup {
    html! {
        div #login_terms .terms role="region" aria-label=(text!("login-terms")) tabindex="0" {
            @for paragraph in terms { p { (paragraph) } }
        }
    }
}

/// What accepts them.
fn terms_box(id: &str, are_accepted: bool) -> Markup {
    html! {
        div.pick {
            input id=(id) type="checkbox" name=(TERMS_FIELD) value="1" required checked[are_accepted];
            label for=(id) { (text!("login-terms-accept")) }
        }
    }
}

fn further_fields(messages: &[LoginMessage], prompts: &[LoginPrompt]) -> Markup {
    html! {
        @for message in messages {
            p.notice.bad[message.is_error] { (message.text) }
        }
        @for (index, prompt) in prompts.iter().enumerate() {
            @let id = format!("answer-{index}");
            div.field {
                label for=(id) { (label_text(&prompt.text)) }
                input id=(id) name=(id) type=(if prompt.is_hidden { "password" } else { "text" })
                    autocomplete=(autocomplete(prompt)) autocapitalize="none" spellcheck="false"
                    autofocus[index == 0];
            }
        }
    }
}

fn submit_text(round: &LoginRound) -> Text {
    match round {
        LoginRound::Password { .. } => text!("login-submit"),
        LoginRound::Further { .. } => text!("login-continue"),
    }
}

fn error_text(error: &LoginError) -> Text {
    match error {
        LoginError::Refused => text!("login-refused"),
        LoginError::TermsNotAccepted => text!("login-terms-first"),
        LoginError::FormExpired => text!("login-form-expired"),
        LoginError::RoundExpired => text!("login-round-expired"),
        LoginError::Throttled { retry_after } => {
            let wait = (*retry_after).max(Duration::from_secs(1));
            text!("login-throttled", time = amounts::duration(wait))
        }
        LoginError::Unavailable => text!("login-unavailable"),
    }
}

/// Shortens long names, so that the page shows what was typed without repeating all of it (PG-47).
fn shown_name(name: &str) -> Text {
    let length = name.chars().count();
    if length <= MAX_SHOWN_NAME_CHARS {
        return Text::of(name);
    }
    let head: String = name.chars().take(SHORT_NAME_CHARS).collect();
    text!("login-long-name", start = head, length = length)
}

/// PAM's prompts end in a colon made for terminals; a label needs none, but must not be empty.
fn label_text(prompt: &str) -> Text {
    match prompt.trim().trim_end_matches(':').trim_end() {
        "" => text!("login-answer"),
        words => Text::of(words),
    }
}

/// Guesses what a password manager should offer.
fn autocomplete(prompt: &LoginPrompt) -> &'static str {
    let text = prompt.text.to_lowercase();
    let is_password = text.contains("password") || text.contains("passphrase");
    match (is_password, text.contains("new")) {
        (true, true) => "new-password",
        (true, false) => "current-password",
        (false, _) => "one-time-code",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_shortened() {
        assert_eq!(shown_name(&"ä".repeat(32)).plain(), "ä".repeat(32));
        assert_eq!(
            shown_name(&"ä".repeat(33)).plain(),
            format!("{}...(33 chars)", "ä".repeat(16))
        );
    }

    #[test]
    fn labels_lose_the_terminal_s_colon() {
        for (prompt, label) in [
            ("Verification code: ", "Verification code"),
            ("Token", "Token"),
            (" : ", "Answer"),
            ("", "Answer"),
        ] {
            assert_eq!(label_text(prompt).plain(), label);
        }
    }

    #[test]
    fn password_managers_get_the_right_hint() {
        for (text, expected) in [
            ("Password: ", "current-password"),
            ("New password: ", "new-password"),
            ("Verification code:", "one-time-code"),
        ] {
            let prompt = LoginPrompt {
                text: text.into(),
                is_hidden: true,
            };
            assert_eq!(autocomplete(&prompt), expected);
        }
    }
}
