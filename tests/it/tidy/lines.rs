//! Files stay short, and the part that runs as root stays shortest.

use std::path::Path;

use super::{
    faults,
    source::{Source, sources},
    table,
};

const MAX_LINES: usize = 400;
const MAX_ROOT_LINES: usize = 1_500;
/// The hub's side of the broker, which root never runs.
const HUB_SIDE: &str = "src/broker/client.rs";

#[test]
fn files_stay_short() {
    let excused = table::read("docs/architecture.md", "Long files");
    let mut wrong = Vec::new();
    for source in sources() {
        let path = source.path.display().to_string();
        let long = source.code_lines > MAX_LINES;
        if long && !excused.contains_key(&path) {
            wrong.push(format!("{path} has {} lines", source.code_lines));
        } else if !long && excused.contains_key(&path) {
            wrong.push(format!("{path} needs no excuse any more"));
        }
    }
    assert!(wrong.is_empty(), "{}", faults(&wrong));
}

#[test]
fn the_broker_can_be_read_in_one_sitting() {
    let lines: usize = sources()
        .iter()
        .filter(|source| source.area() == "broker" && source.path != Path::new(HUB_SIDE))
        .map(written_lines)
        .sum();
    assert!(lines < MAX_ROOT_LINES, "what root runs has {lines} lines");
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
