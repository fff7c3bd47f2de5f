//! Faults in words: how a key is written, what an unknown key may have meant, what was expected.

use confique::{
    Config,
    meta::{FieldKind, Meta},
};

use crate::config::{raw::Raw, tables::KINDS};

/// Turns serde's `invalid value: string "x", expected y` into a sentence about the key.
pub(super) fn in_words(key: &str, message: &str) -> String {
    let pair = message
        .strip_prefix("invalid value: ")
        .or_else(|| message.strip_prefix("invalid type: "))
        .and_then(|rest| rest.rsplit_once(", expected "));
    match pair {
        Some(("map", expected)) => format!("{key} is a table, but must be {expected}"),
        Some(("sequence", expected)) => format!("{key} is an array, but must be {expected}"),
        Some((found, "a sequence")) => format!("{key} is the {found}, but must be an array"),
        Some((found, "a map")) => format!("{key} is the {found}, but must be a table"),
        Some((found, expected)) => format!("{key} is the {found}, but must be {expected}"),
        None => format!("{key}: {message}"),
    }
}

/// Says that a key is unknown, and which one may be meant.
pub(super) fn unknown_key(table: &str, key: &str, meta: &'static Meta) -> String {
    let name = join(table, key);
    let near = |known: &str| strsim::jaro_winkler(known, key);
    let lists = KINDS.iter().filter(|_| table.is_empty());
    let siblings = meta.fields.iter().map(|field| field.name);
    let siblings = siblings.chain(lists.map(|kind| kind.key));
    let siblings = siblings.map(|key| join(table, key));
    let everywhere = every_key(&Raw::META, "");
    let meant = siblings
        .map(|full| (near(last_part(&full)), full))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .or_else(|| {
            everywhere
                .into_iter()
                .map(|full| (near(last_part(&full)), full))
                .filter(|(score, _)| *score > 0.9)
                .max_by(|a, b| a.0.total_cmp(&b.0))
        });
    match meant {
        Some((_, meant)) => format!("unknown key {name}; is {meant} meant?"),
        None => format!("unknown key {name}"),
    }
}

fn every_key(meta: &'static Meta, prefix: &str) -> Vec<String> {
    let mut keys = Vec::new();
    for field in meta.fields {
        let name = join(prefix, field.name);
        if let FieldKind::Nested { meta } = field.kind {
            keys.extend(every_key(meta, &name));
        }
        keys.push(name);
    }
    keys
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// Writes the whole name of a key.
pub(super) fn join(table: &str, key: &str) -> String {
    if table.is_empty() {
        bare_or_quoted(key)
    } else {
        format!("{table}.{}", bare_or_quoted(key))
    }
}

/// Writes a key as TOML does: bare where it can be, else in quotes, so that nothing in it can pose
/// as something else.
pub(super) fn bare_or_quoted(key: &str) -> String {
    let bare = !key.is_empty()
        && key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if bare {
        key.to_owned()
    } else {
        format!("{key:?}")
    }
}

/// Turns a byte offset into a line and a column, both from 1, the column in characters.
pub(super) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = 1 + before.matches('\n').count();
    let column = 1 + before.chars().rev().take_while(|c| *c != '\n').count();
    (line, column)
}
