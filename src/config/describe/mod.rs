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
    raw::{Raw, RawGroup},
    reload::RESTART_KEYS,
    words::join,
};

pub use self::{manual::manual, reference::reference, sample::sample};

/// The group that stands for any group.
const SOME_GROUP: &str = "students";

/// One table of the file.
struct Section {
    name: String,
    meta_doc: &'static [&'static str],
    keys: Vec<Key>,
}

impl Section {
    /// Returns what the table is about.
    fn words(&self) -> String {
        let lines: Vec<&str> = self.meta_doc.iter().map(|line| line.trim()).collect();
        lines.join(" ")
    }
}

/// One key of the file.
struct Key {
    field: &'static Field,
    default: Option<String>,
    accepted: String,
    needs_restart: bool,
}

impl Key {
    fn new(table: &str, field: &'static Field, default: Option<String>) -> Self {
        let name = join(table, field.name);
        Self {
            accepted: accepted(&name),
            needs_restart: RESTART_KEYS.iter().any(|(key, _)| *key == name),
            field,
            default,
        }
    }

    /// Returns the lines of the comment but for its example.
    fn words(&self) -> Vec<&'static str> {
        let lines = self.field.doc.iter().map(|line| line.trim());
        lines
            .filter(|line| !line.is_empty() && !line.starts_with(EXAMPLE))
            .collect()
    }

    fn example(&self) -> Option<&'static str> {
        let line = self
            .field
            .doc
            .iter()
            .find_map(|line| line.trim().strip_prefix(EXAMPLE))?;
        line.trim().strip_prefix('`')?.strip_suffix('`')
    }
}

const EXAMPLE: &str = "Example:";

/// What a switch takes; its default shows that already, so the sample leaves it out.
const BOOLEAN: &str = "`true` or `false`";

fn sections() -> Vec<Section> {
    let mut found = Vec::new();
    collect("", &Raw::META, &[], &mut found);
    found
}

fn group() -> Section {
    let name = join("groups", SOME_GROUP);
    let mut found = Vec::new();
    collect(&name, &RawGroup::META, &[], &mut found);
    found.swap_remove(0)
}

/// Lists a table's own keys as one section, then the tables below it.
fn collect(
    name: &str,
    meta: &'static Meta,
    doc: &'static [&'static str],
    found: &mut Vec<Section>,
) {
    let mut keys = Vec::new();
    let mut below = Vec::new();
    for field in meta.fields {
        match &field.kind {
            FieldKind::Leaf { kind, .. } => keys.push(Key::new(name, field, default_of(kind))),
            FieldKind::Nested { meta } => below.push((join(name, field.name), *meta, field.doc)),
        }
    }
    if !keys.is_empty() {
        found.push(Section {
            name: name.to_owned(),
            meta_doc: doc,
            keys,
        });
    }
    for (name, meta, doc) in below {
        collect(&name, meta, doc, found);
    }
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

/// Returns what may be the value of `key`, in the words of its type.
///
/// No key takes "not a number", so trying to read it makes the type speak.
fn accepted(key: &str) -> String {
    let ask = |value: &str| {
        let faults = parse(Path::new(""), &format!("{key} = {value}")).err()?;
        let fault = faults.as_slice().first()?.text.clone();
        Some(fault.split_once("but must be ")?.1.to_owned())
    };
    let asked = match ask("nan").as_deref() {
        Some("an array") => ask("[nan]").map(|item| format!("an array; each item is {item}")),
        Some("a table") => {
            ask("{ NAME = nan }").map(|item| format!("a table of variables; each is {item}"))
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
        assert_eq!(settings.groups.first().unwrap().name, SOME_GROUP);
        assert_eq!(settings.login, Settings::default().login);
    }

    #[test]
    fn every_key_says_what_it_means_and_takes() {
        for section in sections().into_iter().chain([group()]) {
            assert!(section.name == "groups.students" || !section.meta_doc.is_empty());
            for key in section.keys {
                let name = join(&section.name, key.field.name);
                assert!(!key.words().is_empty(), "{name} has no meaning");
                assert!(!key.accepted.is_empty(), "{name} takes nothing");
                let shown = key.default.is_some() || key.example().is_some();
                assert!(shown, "{name} has neither default nor example");
            }
        }
    }

    #[test]
    fn keys_that_need_a_restart_exist() {
        let known: Vec<String> = sections()
            .iter()
            .flat_map(|s| s.keys.iter().map(|key| join(&s.name, key.field.name)))
            .collect();
        for (key, _) in RESTART_KEYS {
            assert!(known.iter().any(|name| name == key), "{key}");
        }
    }
}
