//! Tables in the documentation that are rules.

use std::{collections::BTreeMap, fs, path::Path};

use super::source::root;

/// Reads the table below the heading `heading` of a document: for each `name` of its first column,
/// the `names` of its second.
pub(super) fn read(document: &str, heading: &str) -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(root().join(Path::new(document))).unwrap();
    let rows = text
        .lines()
        .skip_while(|line| line.trim_start_matches('#').trim() != heading || !line.starts_with('#'))
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2);
    let mut table = BTreeMap::new();
    for row in rows {
        let mut cells = row.trim_matches('|').split('|');
        let (Some(first), Some(second)) = (cells.next(), cells.next()) else {
            panic!("{document}: a row with one cell: {row}");
        };
        for name in quoted(first) {
            table.insert(name, quoted(second));
        }
    }
    assert!(!table.is_empty(), "{document} has no table under {heading}");
    table
}

/// Returns what stands between backticks.
pub(super) fn quoted(text: &str) -> Vec<String> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}
