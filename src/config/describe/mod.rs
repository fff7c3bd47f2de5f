//! The sample file, the reference and the man page, written from the description of the keys.
//!
//! Nothing about a key is said here: words come from `raw`'s comments, defaults from its
//! attributes, and what a value may be from the types, by asking them to read something wrong.

mod manual;
mod reference;
mod sample;

use std::path::Path;

use confique::{
    Config,
    meta::{Expr, Field, FieldKind, LeafKind, Meta},
};

use crate::config::{
    parse,
    raw::Raw,
    reload::RESTART_KEYS,
    tables::{Form, KINDS, Kind, NAME},
    words::join,
};

pub use self::{manual::manual, reference::reference, sample::sample};

/// One table of the file, or one kind of table of which there may be many.
struct Section {
    /// The line above it, such as `[hub]` or `[[roles]]`.
    heading: String,
    /// What stands in the sample instead, where that is an example.
    example: Option<String>,
    /// What it is about.
    words: String,
    keys: Vec<Key>,
    /// Tables in it whose keys are described elsewhere.
    below: Vec<Below>,
}

/// A table that takes the keys of another.
struct Below {
    heading: String,
    words: String,
    /// A line that sets one of its keys.
    example: String,
}

/// One key of the file.
struct Key {
    field: &'static Field,
    default: Option<String>,
    accepted: String,
    needs_restart: bool,
}

impl Key {
    /// Returns the lines of the comment but for its example.
    fn words(&self) -> Vec<&'static str> {
        let lines = self.field.doc.iter().map(|line| line.trim());
        lines
            .filter(|line| !line.is_empty() && !line.starts_with(EXAMPLE))
            .filter(|line| !line.starts_with(EXAMPLE_ALONE))
            .collect()
    }

    fn example(&self) -> Option<&'static str> {
        self.line_after(EXAMPLE)
    }

    /// Returns an example that does not go together with those of the other keys.
    fn example_alone(&self) -> Option<&'static str> {
        self.line_after(EXAMPLE_ALONE)
    }

    fn line_after(&self, start: &str) -> Option<&'static str> {
        let mut lines = self.field.doc.iter().map(|line| line.trim());
        let line = lines.find_map(|line| line.strip_prefix(start))?;
        line.trim().strip_prefix('`')?.strip_suffix('`')
    }
}

const EXAMPLE: &str = "Example:";
const EXAMPLE_ALONE: &str = "Example alone:";

/// What a switch takes; its default shows that already, so the sample leaves it out.
const BOOLEAN: &str = "`true` or `false`";

fn sections() -> Vec<Section> {
    let mut found = Vec::new();
    collect("", &Raw::META, &[], &mut found);
    found.extend(KINDS.iter().map(section_of_kind));
    found
}

/// Lists a table's own keys as one section, then the tables below it.
fn collect(
    name: &str,
    meta: &'static Meta,
    doc: &'static [&'static str],
    found: &mut Vec<Section>,
) {
    let keys: Vec<Key> = leaves(meta)
        .map(|(field, kind)| {
            let name = join(name, field.name);
            Key {
                accepted: accepted(|value| format!("{name} = {value}")),
                needs_restart: RESTART_KEYS.iter().any(|(key, _)| *key == name),
                field,
                default: default_of(kind),
            }
        })
        .collect();
    if !keys.is_empty() {
        found.push(Section {
            heading: format!("[{name}]"),
            example: None,
            words: one_line(doc),
            keys,
            below: Vec::new(),
        });
    }
    for (field, meta) in nested(meta) {
        collect(&join(name, field.name), meta, field.doc, found);
    }
}

/// Describes tables of which there may be many: one section for each kind.
fn section_of_kind(kind: &Kind) -> Section {
    let keys = leaves(kind.meta).map(|(field, leaf)| Key {
        accepted: accepted(|value| kind.with_key(field.name, value)),
        needs_restart: RESTART_KEYS.iter().any(|(key, _)| *key == kind.key),
        field,
        default: default_of(leaf),
    });
    let below = nested(kind.meta).map(|(field, meta)| Below {
        heading: match kind.form {
            Form::Named => format!("[{}.NAME.{}]", kind.key, field.name),
            Form::Listed => format!("[{}.{}]", kind.key, field.name),
        },
        words: one_line(field.doc),
        example: leaves(meta)
            .next()
            .map_or_else(String::new, |(first, leaf)| {
                let default = default_of(leaf).unwrap_or_default();
                format!("{}.{} = {default}", field.name, first.name)
            }),
    });
    Section {
        heading: kind.heading("NAME"),
        example: Some(kind.heading(kind.some_name)),
        // The first line of the comment is the heading again.
        words: one_line(kind.meta.doc.get(1..).unwrap_or_default()),
        keys: keys.collect(),
        below: below.collect(),
    }
}

impl Kind {
    /// Writes a file with one table of this kind and one key in it.
    fn with_key(&self, key: &str, value: &str) -> String {
        let name = self.some_name;
        match self.form {
            Form::Named => format!("{}.{key} = {value}", join(self.key, name)),
            Form::Listed if key == NAME => format!("{} = [{{ {NAME} = {value} }}]", self.key),
            Form::Listed => format!("{} = [{{ {NAME} = {name:?}, {key} = {value} }}]", self.key),
        }
    }
}

fn leaves(meta: &'static Meta) -> impl Iterator<Item = (&'static Field, &'static LeafKind)> {
    meta.fields.iter().filter_map(|field| match &field.kind {
        FieldKind::Leaf { kind, .. } => Some((field, kind)),
        FieldKind::Nested { .. } => None,
    })
}

fn nested(meta: &'static Meta) -> impl Iterator<Item = (&'static Field, &'static Meta)> {
    meta.fields.iter().filter_map(|field| match field.kind {
        FieldKind::Leaf { .. } => None,
        FieldKind::Nested { meta } => Some((field, meta)),
    })
}

fn one_line(doc: &[&str]) -> String {
    let lines = doc.iter().map(|line| line.trim());
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    lines.join(" ")
}

fn default_of(kind: &LeafKind) -> Option<String> {
    match kind {
        LeafKind::Required {
            default: Some(value),
        } => Some(literal(value)),
        LeafKind::Required { default: None } | LeafKind::Optional => None,
    }
}

/// Writes a default as TOML.
fn literal(value: &Expr) -> String {
    if let Expr::Map([]) = value {
        return "{}".to_owned();
    }
    if let Expr::Array(items) = value {
        let items: Vec<String> = items.iter().map(literal).collect();
        return format!("[{}]", items.join(", "));
    }
    toml::Value::try_from(value).map_or_else(|_| String::new(), |value| value.to_string())
}

/// Returns what may be the value of a key, in the words of its type; `file` writes a file that sets
/// the key.
///
/// No key takes "not a number", so trying to read it makes the type speak.
fn accepted(file: impl Fn(&str) -> String) -> String {
    let ask = |value: &str| {
        let faults = parse(Path::new(""), &file(value)).err()?;
        let mut texts = faults.as_slice().iter().map(|fault| &fault.text);
        texts.find_map(|text| Some(text.split_once("but must be ")?.1.to_owned()))
    };
    let asked = match ask("nan").as_deref() {
        Some("an array") => ask("[nan]").map(|item| format!("an array; each item is {item}")),
        Some("a table") => {
            ask("{ NAME = nan }").map(|item| format!("a table; each value is {item}"))
        }
        Some("a boolean") => Some(BOOLEAN.to_owned()),
        Some(other) => Some(other.to_owned()),
        None => None,
    };
    asked.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::Settings;

    const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");

    #[test]
    fn the_reference_is_the_generated_one() {
        let written = std::fs::read_to_string(REFERENCE).unwrap();
        assert!(
            written == reference(),
            "run: cargo run -q --bin carrel -- generate reference > docs/configuration.md"
        );
    }

    #[test]
    fn the_sample_changes_nothing() {
        let settings = parse(Path::new("sample"), &sample()).unwrap();
        assert_eq!(settings, Settings::default());
    }

    #[test]
    fn the_sample_may_be_uncommented() {
        let key = |line: &str| line.starts_with('#') && !line.starts_with("# ") && line != "#";
        let open: String = sample()
            .lines()
            .map(|line| {
                if key(line) {
                    line.trim_start_matches('#')
                } else {
                    line
                }
            })
            .map(|line| format!("{line}\n"))
            .collect();
        let settings = parse(Path::new("sample"), &open).unwrap();
        assert_eq!(settings.groups.first().unwrap().name, "students");
        assert_eq!(settings.login, Settings::default().login);
    }

    #[test]
    fn every_key_says_what_it_means_and_takes() {
        for section in sections() {
            assert!(!section.words.is_empty(), "{}", section.heading);
            for key in section.keys {
                let name = format!("{} {}", section.heading, key.field.name);
                assert!(!key.words().is_empty(), "{name} has no meaning");
                assert!(!key.accepted.is_empty(), "{name} takes nothing");
                let example = key.example().or(key.example_alone());
                assert!(
                    key.default.is_some() || example.is_some(),
                    "{name} has neither default nor example"
                );
            }
        }
    }

    #[test]
    fn keys_that_need_a_restart_exist() {
        let told = sections().into_iter().flat_map(|section| section.keys);
        let told = told.filter(|key| key.needs_restart).count();
        let kinds: Vec<&Kind> = KINDS
            .iter()
            .filter(|kind| RESTART_KEYS.iter().any(|(key, _)| *key == kind.key))
            .collect();
        let of_kinds: usize = kinds.iter().map(|kind| leaves(kind.meta).count()).sum();
        assert_eq!(told, RESTART_KEYS.len() - kinds.len() + of_kinds);
    }
}
