//! The sample file that the package installs.

use crate::config::describe::{BOOLEAN, Key, Section, sections};

const SAMPLE_HEAD: &str = "\
# Carrel's configuration. Every key is here with its default, commented out.
#
# Files /etc/carrel/carrel.d/*.toml are read after this one, in the order of their names; a later
# file wins key by key. Tables in double brackets may stand any number of times; each is known by
# its name, also to later files.
#
# `carrel check-config` tells what is wrong, with line and column. `systemctl reload carrel` applies
# changes without dropping a connection, but for keys that say that they need a restart: `systemctl
# restart carrel`, which leaves people's servers running.
";

/// Returns the sample configuration that the package installs: every key, commented out, with its
/// default.
pub fn sample() -> String {
    let mut out = SAMPLE_HEAD.to_owned();
    for section in sections() {
        out.push_str(&format!("\n{}", comment(&wrapped(&section.words))));
        match &section.example {
            Some(example) => out.push_str(&format!("#{example}\n")),
            None => out.push_str(&format!("{}\n", section.heading)),
        }
        for key in &section.keys {
            out.push_str(&in_sample(key, &section));
        }
        for below in &section.below {
            let words = comment(&wrapped(&below.words));
            out.push_str(&format!("{words}#{}\n\n", below.example));
        }
    }
    out.replace("\n\n\n", "\n\n")
}

fn in_sample(key: &Key, section: &Section) -> String {
    let mut out = comment(&key.words());
    if key.accepted != BOOLEAN {
        let restart = if key.needs_restart {
            " Needs a restart."
        } else {
            ""
        };
        let value = format!("Value: {}.{restart}", key.accepted);
        out.push_str(&comment(&wrapped(&value)));
    }
    // Where the whole table is an example, the default would show less.
    let default = key.default.as_deref();
    let default = default.filter(|text| *text != "{}" && section.example.is_none());
    let shown = default.or(key.example()).or(key.default.as_deref());
    let name = key.field.name;
    match (shown, key.example_alone()) {
        // Were it uncommented with the others, it would be a fault.
        (None, Some(alone)) => out.push_str(&format!("# {name} = {alone}\n\n")),
        (shown, _) => out.push_str(&format!("#{name} = {}\n\n", shown.unwrap_or_default())),
    }
    out
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
