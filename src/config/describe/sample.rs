//! The sample file that the package installs.

use crate::config::describe::{BOOLEAN, Key, group, sections};

const SAMPLE_HEAD: &str = "\
# Carrel's configuration. Every key is here with its default, commented out.
#
# Files /etc/carrel/carrel.d/*.toml are read after this one, in the order of their names; a later
# file wins key by key. `carrel check-config` tells what is wrong, with line and column.
# `systemctl reload carrel` applies changes without dropping a connection, but for keys that say
# that they need a restart: `systemctl restart carrel`, which leaves people's servers running.
";

const SAMPLE_GROUPS: &str = "
# For members of a system group, in the order of this file: where several of somebody's groups set
# the same key, the last one wins. \"unlimited\" lifts a bound.
";

/// Returns the sample configuration that the package installs: every key, commented out, with its
/// default.
pub fn sample() -> String {
    let mut out = SAMPLE_HEAD.to_owned();
    for section in sections() {
        out.push_str(&format!(
            "\n{}[{}]\n",
            comment(section.meta_doc),
            section.name
        ));
        for key in &section.keys {
            out.push_str(&in_sample(key));
        }
    }
    out.push_str(SAMPLE_GROUPS);
    let group = group();
    out.push_str(&format!("#[{}]\n", group.name));
    for key in &group.keys {
        out.push_str(&in_sample(key));
    }
    out.push_str("# Changes keys of `server.sandbox`.\n#sandbox.no_new_privileges = false\n");
    out.replace("\n\n\n", "\n\n")
}

fn in_sample(key: &Key) -> String {
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
    let name = key.field.name;
    match (&key.default, key.example()) {
        (Some(default), Some(example)) if default == "{}" => {
            out.push_str(&format!("#{name} = {example}\n\n"));
        }
        (Some(value), _) => out.push_str(&format!("#{name} = {value}\n\n")),
        (None, Some(example)) => out.push_str(&format!("#{name} = {example}\n\n")),
        (None, None) => out.push_str(&format!("#{name} =\n\n")),
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
