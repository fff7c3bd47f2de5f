//! People's words must not turn ours around.
//!
//! Characters that set the direction of what follows (Unicode Standard Annex 9, explicit formatting) are
//! for plain text. One in a name would show the sentence around it backwards, and even an element that is
//! isolated from its neighbours (`bdi`) is left by a character that ends isolation. No word of ours needs
//! one, and what is written from right to left reads well without.

use std::fmt::Display;

use maud::{Markup, html};

/// Keeps a name in a sentence to itself: written from right to left, it takes no sign beside it along.
pub(super) fn isolated(name: impl Display) -> Markup {
    html! { bdi { (name) } }
}

/// Leaves such characters out of a page's text; values of attributes stay what they are.
///
/// Maud escapes `<` and `>` in texts and values, so only tags have them.
pub(super) fn drop_direction_marks(html: &mut String) {
    let mut is_tag = false;
    html.retain(|c| {
        match c {
            '<' => is_tag = true,
            '>' => is_tag = false,
            _ => {}
        }
        is_tag || !sets_direction(c)
    });
}

/// Tells whether this is an embedding, an override, an isolate or the end of one.
pub(super) fn sets_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_loses_its_direction_marks() {
        let table = [
            ("<p>שלום &amp; salut</p>", "<p>שלום &amp; salut</p>"),
            ("<p>a\u{202e}b\u{2069}c\u{200f}</p>", "<p>abc\u{200f}</p>"),
            (
                "<input value=\"a\u{202e}\"><b>\u{2066}</b>",
                "<input value=\"a\u{202e}\"><b></b>",
            ),
        ];
        for (html, expected) in table {
            let mut html = html.to_owned();
            drop_direction_marks(&mut html);
            assert_eq!(html, expected);
        }
    }
}
