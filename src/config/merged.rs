//! What the files say together: right values merged, faults collected, places remembered.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::config::Fault;

/// A table with its name.
pub(super) type Table<'t> = (String, DeTable<'t>);

/// What the files say together, so far.
pub(super) struct Merged<'t> {
    /// The right values of the whole file but for the tables of which there may be many.
    pub root: DeTable<'t>,
    /// Those, by the key of their kind.
    tables: BTreeMap<&'static str, Vec<Table<'t>>>,
    /// What is wrong so far, file by file.
    pub faults: Vec<Fault>,
    /// Where each key was set last, by its whole name; wrong values count.
    places: BTreeMap<String, (PathBuf, (usize, usize))>,
}

impl<'t> Merged<'t> {
    /// Starts with what went wrong before the first file was read.
    pub(super) fn new(faults: Vec<Fault>) -> Self {
        Self {
            root: DeTable::new(),
            tables: BTreeMap::new(),
            faults,
            places: BTreeMap::new(),
        }
    }

    /// Takes in what is right in the next file; its values win over those before.
    pub(super) fn take_in(&mut self, root: DeTable<'t>) {
        merge(&mut self.root, root);
    }

    /// Takes in the tables of one kind in the next file; of one with a known name, the values win over
    /// those before.
    pub(super) fn take_in_tables(&mut self, kind: &'static str, tables: Vec<Table<'t>>) {
        let known = self.tables.entry(kind).or_default();
        for (name, table) in tables {
            match known.iter_mut().find(|(earlier, _)| *earlier == name) {
                Some((_, earlier)) => merge(earlier, table),
                None => known.push((name, table)),
            }
        }
    }

    /// Hands out the tables of one kind, in the order in which they were first named.
    pub(super) fn hand_out(&mut self, kind: &str) -> Vec<Table<'t>> {
        self.tables.remove(kind).unwrap_or_default()
    }

    /// Remembers where a file sets `key`.
    pub(super) fn remember(&mut self, key: &str, path: &Path, place: (usize, usize)) {
        self.places.insert(key.to_owned(), (path.to_owned(), place));
    }

    /// Returns the faults in the order of the files and of the places in them.
    pub(super) fn into_faults(mut self) -> Vec<Fault> {
        let mut files: Vec<PathBuf> = Vec::new();
        for fault in &self.faults {
            if !files.contains(&fault.path) {
                files.push(fault.path.clone());
            }
        }
        let rank = |fault: &Fault| files.iter().position(|path| *path == fault.path);
        self.faults.sort_by_key(|fault| (rank(fault), fault.place));
        self.faults
    }

    /// Tells whether a file sets the key, rightly or not.
    pub(super) fn sets(&self, key: &str) -> bool {
        self.places.contains_key(key)
    }

    /// Adds a fault at the place where `key` was set; a key that no file sets has no fault.
    pub(super) fn blame(&mut self, key: &str, text: String) {
        if let Some((path, place)) = self.places.get(key) {
            self.faults.push(Fault {
                path: path.clone(),
                place: Some(*place),
                text,
            });
        }
    }

    /// Adds a fault at the place of one item of the array `key`.
    pub(super) fn blame_item(&mut self, key: &str, index: usize, text: String) {
        self.blame(&item(key, index), text);
    }

    /// Adds a fault at the place of the first of `keys` that a file sets.
    pub(super) fn blame_first(&mut self, keys: &[&str], text: String) {
        if let Some(key) = keys.iter().find(|key| self.sets(key)) {
            self.blame(key, text);
        }
    }
}

/// Names one item of an array; no key is written so.
pub(super) fn item(key: &str, index: usize) -> String {
    format!("{key}[{index}]")
}

/// Takes `later` into `earlier`, table by table.
fn merge<'t>(earlier: &mut DeTable<'t>, later: DeTable<'t>) {
    for (key, value) in later {
        let span = value.span();
        let known = earlier.get_mut::<str>(key.get_ref()).map(Spanned::get_mut);
        match (known, value.into_inner()) {
            (Some(DeValue::Table(known)), DeValue::Table(new)) => merge(known, new),
            (_, new) => {
                // The map keeps the key it has when only the value is replaced, which is right:
                // nobody asks for the place of a merged key.
                earlier.insert(key, Spanned::new(span, new));
            }
        }
    }
}
