//! The man page carrel.toml(5).

use roff::{Roff, bold, italic, roman};

use crate::config::describe::{Section, sections};

const ABOUT: &str = "\
Read by the hub and, as root, by the broker: /etc/carrel/carrel.toml first, then every \
/etc/carrel/carrel.d/*.toml in the order of their names. A later file wins key by key. Tables in \
double brackets may stand any number of times; each is known by its name, also to later files. The \
format is TOML. An unknown key is a fault, and with a fault the hub does not start; a reload that \
finds one leaves the hub as it is.";

/// Returns the man page of the configuration, in roff.
pub fn manual() -> String {
    let mut page = Roff::new();
    page.control(
        "TH",
        [
            "carrel.toml",
            "5",
            "",
            concat!("carrel ", env!("CARGO_PKG_VERSION")),
        ],
    );
    page.control("SH", ["NAME"]);
    page.text([roman("carrel.toml - the configuration of Carrel")]);
    page.control("SH", ["SYNOPSIS"]);
    page.text([italic("/etc/carrel/carrel.toml")]);
    page.control("br", []);
    page.text([italic("/etc/carrel/carrel.d/*.toml")]);
    page.control("SH", ["DESCRIPTION"]);
    page.text([roman(ABOUT)]);
    for section in sections() {
        write_section(&mut page, &section);
    }
    page.control("SH", ["SEE ALSO"]);
    page.text([
        bold("carrel"),
        roman("(1), "),
        bold("carrel-check-config"),
        roman("(1)"),
    ]);
    page.render()
}

fn write_section(page: &mut Roff, section: &Section) {
    page.control("SH", [section.heading.as_str()]);
    page.text([roman(&section.words)]);
    for key in &section.keys {
        page.control("TP", []);
        let default = key.default.as_deref().filter(|text| *text != "{}");
        let default = default.map_or_else(String::new, |text| format!(" = {text}"));
        page.text([bold(key.field.name), roman(default)]);
        let restart = if key.needs_restart {
            " Needs a restart."
        } else {
            ""
        };
        let words = key.words().join(" ");
        page.text([roman(format!("{words} Value: {}.{restart}", key.accepted))]);
    }
    for below in &section.below {
        page.control("TP", []);
        page.text([bold(&below.heading)]);
        page.text([roman(&below.words)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_in_the_man_page() {
        let page = manual();
        for section in sections() {
            assert!(page.contains(&section.heading), "{}", section.heading);
            for key in section.keys {
                assert!(
                    page.contains(&format!("\\fB{}\\fR", key.field.name)),
                    "{}",
                    key.field.name
                );
            }
        }
    }
}
