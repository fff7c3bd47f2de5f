//! Files stay short, and the part that runs as root stays shortest.

use std::path::Path;

use super::{
    faults,
    source::{Source, sources},
};

const MAX_LINES: usize = 400;
/// How long what root runs may be; why so long stands in docs/decisions/0018-services.md and
/// 0022-openid-connect.md.
const MAX_ROOT_LINES: usize = 1_950;
/// Files that may be longer, and why.
const EXCUSED: [(&str, &str); 1] = [(
    "src/server/dispatch.rs",
    "one road, to be read from top to bottom",
)];
/// The hub's side of the broker, which root never runs: the module, in its file and its folder.
const HUB_SIDE: &str = "client";

#[test]
fn files_stay_short() {
    let long: Vec<_> = sources()
        .iter()
        .filter(|source| source.code_lines > MAX_LINES && !is_excused(source))
        .map(|source| format!("{} has {} lines", source.path.display(), source.code_lines))
        .collect();
    assert!(long.is_empty(), "{}", faults(&long));
}

#[test]
fn the_broker_can_be_read_in_one_sitting() {
    let lines: usize = sources()
        .iter()
        .filter(|source| {
            source.area() == "broker" && source.module.get(1).is_none_or(|part| part != HUB_SIDE)
        })
        .map(written_lines)
        .sum();
    assert!(lines < MAX_ROOT_LINES, "what root runs has {lines} lines");
}

fn is_excused(source: &Source) -> bool {
    EXCUSED
        .iter()
        .any(|(path, _)| source.path == Path::new(path))
}

/// Counts the lines outside tests that say something: neither blank nor comment.
fn written_lines(source: &Source) -> usize {
    source
        .text
        .lines()
        .take(source.code_lines)
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count()
}
