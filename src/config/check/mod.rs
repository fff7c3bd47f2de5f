//! Checks every key and value of a file where it stands.
//!
//! The checking follows the description in `raw`: its keys through confique's metadata, its types
//! by reading every value for itself, so that one fault does not hide another.

mod tables;

use std::path::Path;

use confique::{
    Config,
    meta::{Field, FieldKind, Meta},
};
use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue},
};

use crate::config::{
    Fault,
    merged::{Merged, item},
    raw::Raw,
    tables::{KINDS, Trial, try_layer},
    words::{in_words, join, line_and_column, unknown_key},
};

/// Checks one file and takes what is right in it into `merged`, the rest as faults.
pub(super) fn check<'t>(path: &Path, text: &'t str, merged: &mut Merged<'t>) {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader { path, text, merged };
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        reader.fault(at, error.message().to_owned());
    }
    reader.check_document(document.into_inner());
}

/// A position in the description: which struct, and how deep in it.
struct Position<'a> {
    /// The name of the key as a person writes it, from the root of the file.
    name: &'a str,
    /// The keys from the struct that `trial` reads.
    below: &'a [&'a str],
    trial: Trial,
}

struct Reader<'a, 't> {
    path: &'a Path,
    text: &'a str,
    merged: &'a mut Merged<'t>,
}

impl<'t> Reader<'_, 't> {
    fn check_document(&mut self, mut document: DeTable<'t>) {
        for kind in &KINDS {
            if let Some((_, value)) = document.remove_entry(kind.key) {
                let tables = self.check_kind(kind, value);
                self.merged.take_in_tables(kind.key, tables);
            }
        }
        let root = Position {
            name: "",
            below: &[],
            trial: try_layer::<Raw>,
        };
        let root = self.check_table(&root, &Raw::META, document);
        self.merged.take_in(root);
    }

    /// Checks a table key by key and returns what is right in it.
    fn check_table(
        &mut self,
        position: &Position<'_>,
        meta: &'static Meta,
        table: DeTable<'t>,
    ) -> DeTable<'t> {
        let mut right = DeTable::new();
        for (key, value) in table {
            let name = join(position.name, key.get_ref());
            let Some(field) = meta.fields.iter().find(|field| field.name == key.get_ref()) else {
                let text = unknown_key(position.name, key.get_ref(), meta);
                self.fault(key.span().start, text);
                continue;
            };
            let below: Vec<&str> = position.below.iter().copied().chain([field.name]).collect();
            let inner = Position {
                name: &name,
                below: &below,
                trial: position.trial,
            };
            if let Some(value) = self.check_field(&inner, field, value) {
                right.insert(key, value);
            }
        }
        right
    }

    fn check_field(
        &mut self,
        position: &Position<'_>,
        field: &Field,
        value: Spanned<DeValue<'t>>,
    ) -> Option<Spanned<DeValue<'t>>> {
        let span = value.span();
        match (&field.kind, value.get_ref()) {
            (FieldKind::Leaf { .. }, _) => self.check_leaf(position, value),
            (FieldKind::Nested { meta }, DeValue::Table(_)) => {
                let DeValue::Table(table) = value.into_inner() else {
                    return None;
                };
                self.remember(position.name, span.start);
                let table = self.check_table(position, meta, table);
                Some(Spanned::new(span, DeValue::Table(table)))
            }
            (FieldKind::Nested { .. }, other) => {
                let (name, kind) = (position.name, other.type_str());
                self.fault(
                    span.start,
                    format!("{name} is a table, written [{name}], but here it is of type {kind}"),
                );
                None
            }
        }
    }

    fn check_leaf(
        &mut self,
        position: &Position<'_>,
        value: Spanned<DeValue<'t>>,
    ) -> Option<Spanned<DeValue<'t>>> {
        self.remember(position.name, value.span().start);
        if let DeValue::Table(table) = value.get_ref() {
            for (key, _) in table {
                let name = join(position.name, key.get_ref());
                self.remember(&name, key.span().start);
            }
        }
        let items = value
            .get_ref()
            .as_array()
            .into_iter()
            .flat_map(|a| a.iter());
        for (index, part) in items.enumerate() {
            self.remember(&item(position.name, index), part.span().start);
        }
        let Err(whole) = try_value(position, value.clone()) else {
            return Some(value);
        };
        let of_parts: Vec<_> = parts(&value)
            .into_iter()
            .filter_map(|part| try_value(position, part).err())
            .collect();
        let is_of_wrong_kind = whole.span() == Some(value.span());
        let errors = if is_of_wrong_kind || of_parts.is_empty() {
            vec![whole]
        } else {
            of_parts
        };
        for error in errors {
            let at = error.span().unwrap_or(value.span()).start;
            self.fault(at, in_words(position.name, error.message()));
        }
        None
    }

    fn remember(&mut self, name: &str, at: usize) {
        self.merged
            .remember(name, self.path, line_and_column(self.text, at));
    }

    fn fault(&mut self, at: usize, text: String) {
        self.merged.faults.push(Fault {
            path: self.path.to_owned(),
            place: Some(line_and_column(self.text, at)),
            text,
        });
    }
}

/// Reads `value` alone, as if nothing else stood in the file.
fn try_value<'t>(
    position: &Position<'_>,
    value: Spanned<DeValue<'t>>,
) -> Result<(), toml::de::Error> {
    let span = value.span();
    let mut inner = value;
    for key in position.below.iter().rev() {
        let mut table = DeTable::new();
        let key = Spanned::new(span.clone(), (*key).to_owned().into());
        table.insert(key, inner);
        inner = Spanned::new(span.clone(), DeValue::Table(table));
    }
    let DeValue::Table(table) = inner.into_inner() else {
        return Ok(());
    };
    (position.trial)(Spanned::new(span, table))
}

/// Splits an array or a table into arrays or tables of one entry each; nothing else has parts.
fn parts<'t>(value: &Spanned<DeValue<'t>>) -> Vec<Spanned<DeValue<'t>>> {
    let span = value.span();
    let items = value
        .get_ref()
        .as_array()
        .into_iter()
        .flat_map(|a| a.iter());
    let alone = items.map(|item| {
        let mut array = DeArray::new();
        array.push(item.clone());
        DeValue::Array(array)
    });
    let entries = value.get_ref().as_table().into_iter().flatten();
    let apart = entries
        .map(|(key, item)| DeValue::Table(DeTable::from_iter([(key.clone(), item.clone())])));
    alone
        .chain(apart)
        .map(|part| Spanned::new(span.clone(), part))
        .collect()
}
