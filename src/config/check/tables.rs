//! Checks the tables of which there may be many, and their names.

use std::collections::BTreeMap;

use toml::{
    Spanned,
    de::{DeArray, DeString, DeTable, DeValue},
};

use super::{Position, Reader};
use crate::config::{
    merged::Table,
    tables::{Form, Kind, NAME},
    words::{join, line_and_column},
};

impl<'t> Reader<'_, 't> {
    /// Checks all tables of one kind and returns what is right in them.
    pub(super) fn check_kind(
        &mut self,
        kind: &Kind,
        value: Spanned<DeValue<'t>>,
    ) -> Vec<Table<'t>> {
        let span = value.span();
        match (kind.form, value.into_inner()) {
            (Form::Named, DeValue::Table(tables)) => self.check_named(kind, tables),
            (Form::Listed, DeValue::Array(tables)) => self.check_listed(kind, tables),
            _ => {
                let (key, heading) = (kind.key, kind.heading("NAME"));
                self.fault(span.start, format!("{key} are tables, written {heading}"));
                Vec::new()
            }
        }
    }

    fn check_named(&mut self, kind: &Kind, tables: DeTable<'t>) -> Vec<Table<'t>> {
        let mut entries: Vec<(Spanned<DeString<'t>>, _)> = tables.into_iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let mut right = Vec::new();
        for (key, value) in entries {
            let (at, name) = (key.span().start, key.into_inner().into_owned());
            if !(kind.is_name)(&name) {
                self.fault(at, format!("{name:?} cannot be {}", kind.name_is));
                continue;
            }
            let whole_name = join(kind.key, &name);
            self.remember(&whole_name, at);
            if let Some(table) = self.check_one(kind, &whole_name, value) {
                right.push((name, table));
            }
        }
        right
    }

    fn check_listed(&mut self, kind: &Kind, tables: DeArray<'t>) -> Vec<Table<'t>> {
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
        let mut right = Vec::new();
        for value in tables {
            let at = value.span().start;
            let named = value.get_ref().as_table().map(|table| table.get(NAME));
            if matches!(named, Some(None)) {
                self.fault(at, format!("{} needs the key {NAME}", kind.one));
            }
            let name = named.flatten().and_then(|name| {
                let text = name.get_ref().as_str()?;
                (kind.is_name)(text).then(|| (text.to_owned(), name.span().start))
            });
            let Some((name, at)) = name else {
                // Its keys are looked at all the same; without a name, nothing comes of them.
                self.check_one(kind, kind.key, value);
                continue;
            };
            let (line, _) = line_and_column(self.text, at);
            if let Some(line) = lines.insert(name.clone(), line) {
                self.fault(
                    at,
                    format!("{} {name:?} is in line {line} already", kind.one),
                );
                continue;
            }
            let whole_name = join(kind.key, &name);
            self.remember(&whole_name, at);
            if let Some(table) = self.check_one(kind, &whole_name, value) {
                right.push((name, table));
            }
        }
        right
    }

    fn check_one(
        &mut self,
        kind: &Kind,
        whole_name: &str,
        value: Spanned<DeValue<'t>>,
    ) -> Option<DeTable<'t>> {
        let span = value.span();
        let DeValue::Table(table) = value.into_inner() else {
            let written = match kind.form {
                Form::Named => format!("[{whole_name}]"),
                Form::Listed => kind.heading(""),
            };
            self.fault(
                span.start,
                format!("{} is a table, written {written}", kind.one),
            );
            return None;
        };
        let position = Position {
            name: whole_name,
            below: &[],
            trial: kind.trial,
        };
        Some(self.check_table(&position, kind.meta, table))
    }
}
