//! Rules about what a file may contain.

use std::{collections::BTreeSet, path::Path};

use proc_macro2::TokenTree;

use super::{
    faults,
    source::{Source, each_token, files_below, sources},
};

const FORBID_UNSAFE: &str = "#![forbid(unsafe_code)]";
const UNSAFE_HOMES: [&str; 3] = [
    "src/pam/conversation.rs",
    "src/pam/transaction.rs",
    "src/pam/transaction_tests.rs",
];
const SQL_WORDS: [&str; 8] = [
    "SELECT ",
    "INSERT ",
    "UPDATE ",
    "DELETE FROM ",
    "CREATE TABLE",
    "PRAGMA ",
    "BEGIN ",
    "VACUUM ",
];

#[test]
fn every_file_is_part_of_the_program() {
    let known: BTreeSet<_> = sources().into_iter().map(|source| source.path).collect();
    let orphans: Vec<_> = files_below(Path::new("src"), ".rs")
        .into_iter()
        .filter(|path| !known.contains(path))
        .map(|path| format!("no mod line leads to {}", path.display()))
        .collect();
    assert!(orphans.is_empty(), "{}", faults(&orphans));
}

#[test]
fn every_module_says_what_it_is() {
    check(|source| {
        let says = source.is_test || source.text.starts_with("//! ");
        (!says).then(|| "does not begin with its documentation".to_owned())
    });
}

#[test]
fn unsafe_code_stays_in_two_files() {
    check(|source| {
        let home = UNSAFE_HOMES
            .iter()
            .any(|home| source.path == Path::new(home));
        (!home && has_ident(source, "unsafe")).then(|| "has unsafe code".to_owned())
    });
}

#[test]
fn every_folder_forbids_unsafe_code() {
    check(|source| {
        let top = source.module.len() == 1 && source.area() != "pam";
        (top && !source.text.contains(FORBID_UNSAFE)).then(|| format!("has no {FORBID_UNSAFE}"))
    });
}

#[test]
fn data_is_always_escaped() {
    // Words of the catalogue are not: that they need not is a test of its own.
    let writes_markup = |source: &Source| source.path == Path::new("src/pages/words/mod.rs");
    check(|source| has_ident(source, "PreEscaped").then(|| "has PreEscaped".to_owned()));
    check(|source| {
        let renders = has_ident(source, "Render") && !writes_markup(source);
        renders.then(|| "has a Render of its own".to_owned())
    });
}

#[test]
fn sql_stays_in_the_store() {
    check(|source| {
        if source.area() == "store" {
            return None;
        }
        let mut found = None;
        each_token(&source.code, &mut |token| {
            let TokenTree::Literal(literal) = token else {
                return;
            };
            let text = literal.to_string();
            let text = text.trim_start_matches(['r', '#', '"', '\\', 'n', ' ']);
            if SQL_WORDS.iter().any(|word| text.starts_with(word)) {
                found = Some(format!("has SQL: {text}"));
            }
        });
        found
    });
}

#[test]
fn no_test_is_switched_off() {
    check(|source| {
        let mut found = None;
        each_token(&source.all, &mut |token| {
            let TokenTree::Group(group) = token else {
                return;
            };
            let text = group.stream().to_string();
            if text == "ignore" || text.starts_with("ignore =") || text.starts_with("should_panic")
            {
                found = Some(format!("has #[{text}]"));
            }
        });
        found
    });
}

/// Fails with every file for which `rule` returns what is wrong.
fn check(rule: impl Fn(&Source) -> Option<String>) {
    let wrong: Vec<_> = sources()
        .iter()
        .filter_map(|source| Some(format!("{} {}", source.path.display(), rule(source)?)))
        .collect();
    assert!(wrong.is_empty(), "{}", faults(&wrong));
}

fn has_ident(source: &Source, name: &str) -> bool {
    let mut found = false;
    each_token(&source.all, &mut |token| {
        found |= matches!(token, TokenTree::Ident(ident) if ident == name);
    });
    found
}
