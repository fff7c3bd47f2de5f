//! The source keeps the rules of `docs/architecture.md`, and the documentation tells the truth.
//!
//! Where a rule is a table, the table in the document is the rule: these tests read it from there.

mod docs;
mod imports;
mod lines;
mod rules;
mod source;
mod table;
mod words;

/// Returns one text with every fault, or nothing when there is none.
fn faults(list: &[String]) -> String {
    list.join("\n")
}
