//! What people read, from a catalogue in Project Fluent's format: `en.ftl`.
//!
//! No page has words of its own; it names messages of the catalogue by [`text`]. A message is a whole sentence or a
//! label. Names, numbers and elements come into it as arguments. Tests hold the catalogue and the sources together: no
//! message is missing or left over, and each gets the arguments that it uses. Why it is so and how another language
//! comes in stands in `docs/decisions/0024-words-in-a-catalogue.md`.

pub(super) mod amounts;

use std::{
    borrow::Cow,
    fmt::Display,
    sync::{LazyLock, Once},
};

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle, types::FluentNumber};
use maud::{Markup, Render, html};

/// The language of the catalogue, as HTML and the rules of plurals name it (BCP 47).
pub(super) const LANGUAGE: &str = "en";

static CATALOGUE: LazyLock<FluentBundle<FluentResource>> =
    LazyLock::new(|| catalogue(include_str!("en.ftl")));

/// Words for people, ready to stand in a page or in an attribute of an element.
///
/// Those of the catalogue are trusted; a test keeps signs of markup out of them. Everything else was escaped on its
/// way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(Cow<'static, str>);

impl Text {
    /// Takes words that are not the catalogue's: somebody's own, or those that programs get too.
    pub fn of(words: impl Display) -> Self {
        Self(Cow::Owned(html! { (words) }.into_string()))
    }

    /// Returns it for where there is no markup, such as JSON; it must have no elements in it.
    pub fn plain(&self) -> String {
        self.0
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&amp;", "&")
    }
}

impl Render for Text {
    fn render_to(&self, buffer: &mut String) {
        buffer.push_str(&self.0);
    }
}

/// Names a message of the catalogue with what goes into it, and returns it as a [`Text`].
///
/// `text!("home-title")`, or with arguments `text!("home-start-label", server = title)`: whatever a page can show, which
/// escapes it unless it is markup. The number by which a message chooses between singular and plural stands last and
/// apart: `text!("tokens-many-permissions"; count = many)`.
macro_rules! text {
    ($id:literal $(, $name:ident = $value:expr)* $(; $number:ident = $count:expr)? $(,)?) => {
        $crate::pages::words::Message::new($id)
            $(.with(stringify!($name), ::maud::html! { ($value) }))*
            $(.counting(stringify!($number), $count))?
            .text()
    };
}
pub(crate) use text;

/// A message that is being filled in; [`text`] makes one.
pub struct Message {
    id: &'static str,
    arguments: FluentArgs<'static>,
}

impl Message {
    /// Names one.
    pub fn new(id: &'static str) -> Self {
        Self {
            id,
            arguments: FluentArgs::new(),
        }
    }

    /// Gives it markup.
    pub fn with(mut self, name: &'static str, value: Markup) -> Self {
        self.arguments.set(name, value.into_string());
        self
    }

    /// Gives it a number to choose by.
    pub fn counting(mut self, name: &'static str, count: impl Into<FluentNumber>) -> Self {
        self.arguments.set(name, count.into());
        self
    }

    /// Returns its words; one that is not in the catalogue is told by its name.
    pub fn text(self) -> Text {
        let message = CATALOGUE.get_message(self.id);
        let Some(pattern) = message.and_then(|message| message.value()) else {
            complain(self.id);
            return Text(Cow::Borrowed(self.id));
        };
        let mut faults = Vec::new();
        let words = CATALOGUE.format_pattern(pattern, Some(&self.arguments), &mut faults);
        if !faults.is_empty() {
            complain(self.id);
        }
        Text(words)
    }
}

fn catalogue(source: &str) -> FluentBundle<FluentResource> {
    // What cannot be read of it is missing then; a test reads all of it.
    let resource = FluentResource::try_new(source.to_owned());
    let resource = resource.unwrap_or_else(|(resource, _)| resource);
    let language = LANGUAGE.parse().expect("it is a tag of BCP 47");
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // The signs that isolate names of another direction would get into attributes and between elements.
    bundle.set_use_isolating(false);
    bundle.add_resource_overriding(resource);
    bundle
}

/// Says once that a message cannot be shown as it should be.
fn complain(id: &str) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing::error!("the catalogue of words has no message {id} for these arguments");
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_escaped_and_markup_is_not() {
        let hostile = "<b>\"&'";
        let text = text!(
            "frame-window",
            page = hostile,
            site = html! { code { "x" } }
        );
        let shown = html! { (text) }.into_string();
        assert_eq!(shown, "&lt;b&gt;&quot;&amp;' · <code>x</code>");
        assert_eq!(
            html! { (Text::of(hostile)) }.into_string(),
            "&lt;b&gt;&quot;&amp;'"
        );
    }

    #[test]
    fn plain_texts_are_what_went_in() {
        for words in ["<b>\"&'", "&lt;", "&amp;lt;", "a “b”"] {
            assert_eq!(Text::of(words).plain(), words);
        }
    }

    #[test]
    fn texts_without_arguments_are_not_copied() {
        assert!(matches!(text!("home-window").0, Cow::Borrowed(_)));
    }

    #[test]
    fn a_missing_message_is_told_by_its_name() {
        let text = Message::new("nobody-wrote-this")
            .with("who", html! { "x" })
            .text();
        assert_eq!(text.plain(), "nobody-wrote-this");
    }

    #[test]
    fn a_missing_argument_is_no_panic() {
        assert_eq!(Message::new("frame-window").text().0, "{$page} · {$site}");
    }
}
