//! Pages have no words of their own: all are in the catalogue, and the catalogue has no others.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use fluent_syntax::{
    ast::{Entry, Expression, InlineExpression, Message, Pattern, PatternElement},
    parser,
};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::{
    faults,
    source::{files_below, root, sources},
};

/// Where catalogues lie, one for each language.
const CATALOGUES: &str = "src/pages/words";
/// What pages write in any language: names, commands, values of attributes.
const NO_WORDS: [&str; 6] = [
    "Carrel",
    "light dark",
    "sudo apt install python3-venv\\n",
    "sudo /usr/bin/python3 -m venv /opt/carrel/venv\\n",
    "sudo /opt/carrel/venv/bin/pip install jupyterhub jupyterlab\\n",
    "sudo apt install jupyterhub jupyter-notebook\\n",
];
/// The last parts of names of attributes that people see or hear, those that scripts show among them.
const READ_ATTRIBUTES: [&str; 6] = ["label", "title", "placeholder", "alt", "of", "copied"];

#[test]
fn messages_are_used_with_the_arguments_they_have() {
    let uses = uses();
    let used: BTreeSet<&String> = uses.iter().map(|one| &one.message).collect();
    let mut wrong = Vec::new();
    for path in catalogues() {
        let known = messages(&path);
        let file = path.display();
        for Use {
            message,
            arguments,
            place,
        } in &uses
        {
            match known.get(message) {
                None => wrong.push(format!("{file} has no {message}, which {place} uses")),
                Some(found) if found.arguments != *arguments => wrong.push(format!(
                    "{message} of {file} takes {:?}, but {place} gives it {arguments:?}",
                    found.arguments
                )),
                Some(_) => {}
            }
        }
        let unused = known.keys().filter(|message| !used.contains(message));
        wrong.extend(unused.map(|message| format!("nothing uses {message} of {file}")));
    }
    assert!(wrong.is_empty(), "{}", faults(&wrong));
}

#[test]
fn messages_need_no_escaping() {
    let mut wrong = Vec::new();
    for path in catalogues() {
        for (message, found) in messages(&path) {
            let clean = |text: &String| !text.contains(['<', '>', '&', '"', '\\', '\n']);
            let dirty = found.texts.iter().filter(|text| !clean(text));
            wrong.extend(dirty.map(|text| format!("{message} of {}: {text}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", faults(&wrong));
}

/// Whoever speaks to a browser says what can be seen (WCAG 2.2, 2.5.3).
#[test]
fn labels_begin_with_what_can_be_seen() {
    let mut wrong = Vec::new();
    for path in catalogues() {
        let known = messages(&path);
        for (message, label) in &known {
            let seen = message
                .strip_suffix("-label")
                .and_then(|name| known.get(name));
            let Some(seen) = seen else { continue };
            let (label, seen) = (label.texts.concat(), seen.texts.concat());
            if !label.starts_with(seen.trim_end_matches(':')) {
                wrong.push(format!(
                    "{message} of {}: {label:?}, not {seen:?}",
                    path.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", faults(&wrong));
}

#[test]
fn pages_have_no_words_of_their_own() {
    let mut wrong = Vec::new();
    for source in sources() {
        let is_page =
            source.area() == "pages" && source.module.get(1).is_none_or(|part| part != "words");
        if !is_page {
            continue;
        }
        each_literal(&source.code, Place::Rust, &mut |text, place| {
            let is_word = match place {
                Place::Rust => reads_as_words(text),
                Place::Content => text.replace("\\n", "").contains(char::is_alphabetic),
            };
            if is_word && !NO_WORDS.contains(&text) {
                wrong.push(format!("{} says {text:?}", source.path.display()));
            }
        });
    }
    assert!(wrong.is_empty(), "{}", faults(&wrong));
}

#[test]
fn words_are_told_from_names() {
    for text in ["Home", "in words", "or: so", "{name} is here, {} too"] {
        assert!(reads_as_words(text), "{text}");
    }
    for text in [
        "home",
        "server-{}",
        "SIGHUP",
        "a, b",
        "'self'; img-src 'self'",
        "off\\n",
    ] {
        assert!(!reads_as_words(text), "{text}");
    }
}

/// A call of `text!`.
struct Use {
    message: String,
    arguments: BTreeSet<String>,
    place: String,
}

fn uses() -> Vec<Use> {
    let mut found = Vec::new();
    for source in sources() {
        each_call(&source.code, &mut |call| {
            let mut tokens = call.into_iter();
            let first = tokens.next().map(|token| token.to_string());
            let message = first.unwrap_or_default().trim_matches('"').to_owned();
            let rest: Vec<TokenTree> = tokens.collect();
            let arguments = rest.windows(3).filter_map(|window| match window {
                [
                    TokenTree::Punct(before),
                    TokenTree::Ident(name),
                    TokenTree::Punct(after),
                ] if ",;".contains(before.as_char()) && after.as_char() == '=' => {
                    Some(name.to_string())
                }
                _ => None,
            });
            found.push(Use {
                message,
                arguments: arguments.collect(),
                place: source.path.display().to_string(),
            });
        });
    }
    assert!(!found.is_empty());
    found
}

/// Calls `visit` with what stands between the brackets of each `text!`.
fn each_call(stream: &TokenStream, visit: &mut impl FnMut(TokenStream)) {
    let tokens: Vec<TokenTree> = stream.clone().into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else {
            continue;
        };
        if is_macro(&tokens[..index], "text") {
            visit(group.stream());
        }
        each_call(&group.stream(), visit);
    }
}

fn is_macro(before: &[TokenTree], name: &str) -> bool {
    matches!(before, [.., TokenTree::Ident(ident), TokenTree::Punct(mark)]
        if ident == name && mark.as_char() == '!')
}

fn catalogues() -> Vec<PathBuf> {
    let found = files_below(Path::new(CATALOGUES), ".ftl");
    assert!(!found.is_empty());
    found
}

/// What a message is made of.
#[derive(Default)]
struct Parts {
    arguments: BTreeSet<String>,
    texts: Vec<String>,
}

/// Reads a catalogue, which has nothing but comments and messages with one value each.
fn messages(path: &Path) -> BTreeMap<String, Parts> {
    let text = fs::read_to_string(root().join(path)).unwrap();
    let read =
        parser::parse(text.as_str()).unwrap_or_else(|(_, errors)| panic!("{path:?}: {errors:?}"));
    let mut found = BTreeMap::new();
    for entry in read.body {
        let (id, pattern) = match entry {
            Entry::Message(Message {
                id,
                value: Some(value),
                attributes,
                ..
            }) if attributes.is_empty() => (id.name, value),
            Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => continue,
            other @ (Entry::Message(_) | Entry::Term(_) | Entry::Junk { .. }) => {
                panic!("{path:?}: {other:?}")
            }
        };
        let mut parts = Parts::default();
        parts.take_pattern(&pattern);
        let before = found.insert(id.to_owned(), parts);
        assert!(before.is_none(), "{path:?} has {id} twice");
    }
    found
}

impl Parts {
    fn take_pattern(&mut self, pattern: &Pattern<&str>) {
        for element in &pattern.elements {
            match element {
                PatternElement::TextElement { value } => self.texts.push((*value).to_owned()),
                PatternElement::Placeable { expression } => self.take(expression),
            }
        }
    }

    fn take(&mut self, expression: &Expression<&str>) {
        match expression {
            Expression::Inline(inline) => self.take_inline(inline),
            Expression::Select { selector, variants } => {
                self.take_inline(selector);
                for variant in variants {
                    self.take_pattern(&variant.value);
                }
            }
        }
    }

    fn take_inline(&mut self, inline: &InlineExpression<&str>) {
        match inline {
            InlineExpression::VariableReference { id } => {
                self.arguments.insert(id.name.to_owned());
            }
            InlineExpression::StringLiteral { value } => self.texts.push((*value).to_owned()),
            InlineExpression::Placeable { expression } => self.take(expression),
            other @ (InlineExpression::NumberLiteral { .. }
            | InlineExpression::FunctionReference { .. }
            | InlineExpression::MessageReference { .. }
            | InlineExpression::TermReference { .. }) => panic!("catalogues have no {other:?}"),
        }
    }
}

/// What a literal stands in.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// Code, or an attribute that nobody reads.
    Rust,
    /// An element, or an attribute that people see or hear.
    Content,
}

/// Calls `visit` with every string, as it is written between its quotation marks.
fn each_literal(stream: &TokenStream, place: Place, visit: &mut impl FnMut(&str, Place)) {
    let tokens: Vec<TokenTree> = stream.clone().into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        let before = &tokens[..index];
        match token {
            TokenTree::Group(group) => {
                if let Some(inner) = place_within(before, group.delimiter(), place) {
                    each_literal(&group.stream(), inner, visit);
                }
            }
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let text = text.trim_start_matches(['r', '#']).trim_end_matches('#');
                if let Some(text) = text
                    .strip_prefix('"')
                    .and_then(|text| text.strip_suffix('"'))
                {
                    visit(text, place_of_literal(before, place));
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

/// Returns what literals in a group stand in; nothing for groups without words.
fn place_within(before: &[TokenTree], delimiter: Delimiter, outside: Place) -> Option<Place> {
    let last = before.last().map(ToString::to_string).unwrap_or_default();
    match outside {
        Place::Rust if is_macro(before, "html") => Some(Place::Content),
        // Attributes, such as documentation.
        Place::Rust
            if last == "#"
                || before.len() >= 2
                    && last == "!"
                    && before[before.len() - 2].to_string() == "#" =>
        {
            None
        }
        Place::Rust => Some(Place::Rust),
        // What is to be typed or stands in files.
        Place::Content if last == "code" => None,
        Place::Content if delimiter == Delimiter::Brace => Some(Place::Content),
        Place::Content => Some(Place::Rust),
    }
}

fn place_of_literal(before: &[TokenTree], place: Place) -> Place {
    match (place, before) {
        (Place::Content, [.., TokenTree::Ident(name), TokenTree::Punct(mark)])
            if mark.as_char() == '=' && READ_ATTRIBUTES.iter().any(|one| name == one) =>
        {
            Place::Content
        }
        (Place::Content, [.., TokenTree::Punct(mark)]) if mark.as_char() == '=' => Place::Rust,
        _ => place,
    }
}

/// Tells whether two words stand side by side in a text, or one that begins with a capital.
fn reads_as_words(text: &str) -> bool {
    let text = text.replace("\\n", " ");
    let parts: Vec<&str> = text.split_whitespace().collect();
    let word = |part: &str| {
        let part = part.trim_end_matches([',', '.', ':', ';', '?', '!']);
        part.chars().count() > 1 && part.chars().all(char::is_alphabetic)
    };
    let is_capital = |part: &&str| {
        let mut signs = part.chars();
        signs.next().is_some_and(char::is_uppercase) && signs.next().is_some_and(char::is_lowercase)
    };
    parts.iter().any(is_capital)
        || parts
            .windows(2)
            .any(|pair| pair.iter().all(|part| word(part)))
}
