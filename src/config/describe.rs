//! The sample file and the reference, written from the description of the keys.
//!
//! Nothing about a key is said here: words come from `raw`'s comments, defaults from its
//! attributes, and what a value may be from the types, by asking them to read something wrong.

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

/// The group that stands for any group.
const SOME_GROUP: &str = "students";

const SAMPLE_HEAD: &str = "\
# Carrel's configuration. Every key is here with its default, commented out.
#
# Files /etc/carrel/carrel.d/*.toml are read after this one, in the order of their names; a later
# file wins key by key. `carrel check-config` tells what is wrong, with line and column;
# `systemctl reload carrel` applies changes without dropping a connection. `systemctl restart
# carrel` is needed after changes of:
";

const SAMPLE_GROUPS: &str = "
# For members of a system group, in the order of this file: where several of somebody's groups set
# the same key, the last one wins. \"unlimited\" lifts a bound.
";

const REFERENCE_HEAD: &str = "\
# Configuration

`/etc/carrel/carrel.toml` is read first, then every `/etc/carrel/carrel.d/*.toml` in the order of
their names; a later file wins key by key. The installed `carrel.toml` has every key commented out
with its default, so drop-ins alone suffice.

`carrel check-config` tells every fault with file, line and column, and changes nothing. `systemctl
reload carrel` applies changes without dropping a connection; keys marked *restart* wait for
`systemctl restart carrel`, which leaves people's servers running. When a reload finds a fault, the
hub goes on with what it has and says so in the journal. A running server keeps its bounds and
sandbox until it is started again.

This file is written by `carrel generate reference` from the source that reads the configuration;
a test holds the two together.
";

const REFERENCE_GROUPS: &str = "
Changes for members of a system group, in the order of the files: where several of somebody's
groups set the same key, the last one wins. `\"unlimited\"` lifts a bound. `[groups.NAME.sandbox]`
takes the keys of `[server.sandbox]`; keys that it does not name stay as they are.
";

/// Returns the sample configuration that the package installs: every key, commented out, with its
/// default.
pub fn sample() -> String {
    let mut out = SAMPLE_HEAD.to_owned();
    for (key, _) in RESTART_KEYS {
        out.push_str(&format!("#   {key}\n"));
    }
    for section in sections() {
        out.push_str(&format!(
            "\n{}[{}]\n",
            comment(section.meta_doc),
            section.name
        ));
        for key in &section.keys {
            out.push_str(&key.in_sample());
        }
    }
    out.push_str(SAMPLE_GROUPS);
    let group = group();
    out.push_str(&format!("#[{}]\n", group.name));
    for key in &group.keys {
        out.push_str(&key.in_sample());
    }
    out.push_str("# Changes keys of `server.sandbox`.\n#sandbox.no_new_privileges = false\n");
    out.replace("\n\n\n", "\n\n")
}

/// Returns docs/configuration.md.
pub fn reference() -> String {
    let mut out = REFERENCE_HEAD.to_owned();
    for section in sections() {
        let words = joined(section.meta_doc);
        out.push_str(&format!("\n## `[{}]`\n\n{words}\n\n", section.name));
        out.push_str(&section.as_table());
    }
    out.push_str(&format!("\n## `[groups.NAME]`\n{REFERENCE_GROUPS}\n"));
    out.push_str(&group().as_table());
    out
}

/// One table of the file.
struct Section {
    name: String,
    meta_doc: &'static [&'static str],
    keys: Vec<Key>,
}

impl Section {
    fn as_table(&self) -> String {
        let mut out = "| Key | Default | Meaning | Value |\n|---|---|---|---|\n".to_owned();
        for key in &self.keys {
            let default = key
                .default
                .as_ref()
                .map_or_else(String::new, |text| format!("`{text}`"));
            let restart = if key.needs_restart { " *restart*" } else { "" };
            let row = format!(
                "| `{}` | {default} | {}{restart} | {} |\n",
                key.field.name,
                key.words().join(" ").replace('|', "\\|"),
                key.accepted.replace('|', "\\|"),
            );
            out.push_str(&row);
        }
        out
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

    fn in_sample(&self) -> String {
        let mut out = comment(&self.words());
        if self.accepted != BOOLEAN {
            out.push_str(&comment(&wrapped(&format!("Value: {}.", self.accepted))));
        }
        let name = self.field.name;
        match (&self.default, self.example()) {
            (Some(default), Some(example)) if default == "{}" => {
                out.push_str(&format!("#{name} = {example}\n\n"));
            }
            (Some(value), _) => out.push_str(&format!("#{name} = {value}\n\n")),
            (None, Some(example)) => out.push_str(&format!("#{name} = {example}\n\n")),
            (None, None) => out.push_str(&format!("#{name} =\n\n")),
        }
        out
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

fn joined(lines: &[&str]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    lines.join(" ")
}

fn comment<T: AsRef<str>>(lines: &[T]) -> String {
    lines
        .iter()
        .map(|line| format!("# {}\n", line.as_ref().trim()))
        .collect()
}

/// Breaks a long line at spaces.
fn wrapped(text: &str) -> Vec<String> {
    const WIDTH: usize = 96;
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let fits = lines
            .last()
            .is_some_and(|line| line.is_empty() || line.len() + word.len() < WIDTH);
        match lines.last_mut() {
            Some(line) if fits => {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::Settings;

    const SAMPLE: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/packaging/etc/carrel/carrel.toml"
    );
    const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");

    #[test]
    fn the_shipped_sample_is_the_generated_one() {
        let shipped = std::fs::read_to_string(SAMPLE).unwrap();
        assert!(
            shipped == sample(),
            "run: cargo run -q -- generate config > packaging/etc/carrel/carrel.toml"
        );
    }

    #[test]
    fn the_reference_is_the_generated_one() {
        let written = std::fs::read_to_string(REFERENCE).unwrap();
        assert!(
            written == reference(),
            "run: cargo run -q -- generate reference > docs/configuration.md"
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
