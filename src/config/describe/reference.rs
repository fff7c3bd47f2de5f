//! docs/configuration.md.

use crate::config::describe::{Section, sections};

const REFERENCE_HEAD: &str = "\
# Configuration

`/etc/carrel/carrel.toml` is read first, then every `/etc/carrel/carrel.d/*.toml` in the order of
their names; a later file wins key by key. Tables in double brackets, such as `[[roles]]`, may
stand any number of times; each is known by its `name`, also to later files. The installed
`carrel.toml` has every key commented out with its default, so drop-ins alone suffice.

`carrel check-config` tells every fault with file, line and column, and changes nothing. `systemctl
reload carrel` applies changes without dropping a connection; keys marked *restart* wait for
`systemctl restart carrel`, which leaves people's servers running. When a reload finds a fault, the
hub goes on with what it has and says so in the journal. A running server keeps its bounds and
sandbox until it is started again.

This file is written by `carrel generate reference` from the source that reads the configuration;
a test holds the two together.
";

/// Returns docs/configuration.md.
pub fn reference() -> String {
    let mut out = REFERENCE_HEAD.to_owned();
    for section in sections() {
        let (heading, words) = (&section.heading, &section.words);
        out.push_str(&format!("\n## `{heading}`\n\n{words}\n\n"));
        out.push_str(&table(&section));
        for below in &section.below {
            out.push_str(&format!("\n`{}`: {}\n", below.heading, below.words));
        }
    }
    out
}

fn table(section: &Section) -> String {
    let mut out = "| Key | Default | Meaning | Value |\n|---|---|---|---|\n".to_owned();
    for key in &section.keys {
        let default = key
            .default
            .as_ref()
            .map_or_else(String::new, |text| format!("`{text}`"));
        let restart = if key.needs_restart { " *restart*" } else { "" };
        let row = format!(
            "| `{}` | {default} | {}{restart} | {} |\n",
            key.field.name,
            key.words().join(" ").replace('|', "\\|"),
            key.accepted.replace('|', "\\|"),
        );
        out.push_str(&row);
    }
    out
}
