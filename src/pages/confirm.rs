//! The page that asks before another person's server or a service may act for the visitor (OA-09).

use maud::{Markup, html};

use super::{
    forms,
    frame::{Frame, Page, framed},
    scope_words,
    words::text,
};

/// What the confirmation page shows.
#[derive(Clone)]
pub struct ConfirmView {
    /// The frame; somebody is logged in.
    pub frame: Frame,
    /// Who asks: the client's description, such as `Server at /user/bob/`.
    pub client: String,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// What would be allowed, as scopes; sent back one by one.
    pub scopes: Vec<String>,
}

/// Renders the confirmation page; its form posts to the page's own address, query included.
pub fn confirm_page(view: &ConfirmView) -> Markup {
    let content = html! {
        div.narrow {
            h1 { (text!("confirm-title")) }
            p { (text!("confirm-lead", client = html! { strong { (view.client) } })) }
            form.stack #oauth-form method="post" {
                (forms::xsrf_field(&view.frame))
                @for scope in &view.scopes { input type="hidden" name="scopes" value=(scope); }
                h2 #scopes-title { (text!("confirm-scopes")) }
                ul.scopes aria-labelledby="scopes-title" {
                    @if view.scopes.is_empty() { li { (text!("confirm-no-scopes")) } }
                    @for scope in &view.scopes {
                        li { (scope_words::describe(scope)) " " code.scope { (scope) } }
                    }
                }
                p.hint { (text!("confirm-answer", address = html! { code { (view.redirect_uri) } })) }
                p { (text!("confirm-trust")) }
                div.actions {
                    button.primary type="submit" { (text!("confirm-allow")) }
                    a.button href=(view.frame.links.home()) { (text!("confirm-not")) }
                }
            }
        }
    };
    framed(
        &view.frame,
        &Page::still("oauth", text!("confirm-title")),
        &content,
    )
}
