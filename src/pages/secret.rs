//! What is shown this once, such as a new token.

use maud::{Markup, html};

use super::words::text;

/// Returns a secret with a button that copies it, which appears where scripts run.
pub(super) fn secret(id: &str, value: &str) -> Markup {
    html! {
        p {
            code.secret id=(id) tabindex="0" { (value) }
            " "
            button.copy type="button" hidden data-copies=(id) data-copied=(text!("secret-copied")) { (text!("secret-copy")) }
        }
    }
}
