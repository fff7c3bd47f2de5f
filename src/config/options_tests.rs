//! Options of a start: what `carrel check-config` says of them.

use std::path::Path;

use super::parse;

fn faults(text: &str) -> Vec<String> {
    let whole = format!("[[profiles]]\nname = \"lab\"\n[[options]]\nname = \"o\"\n{text}\n");
    match parse(Path::new("c"), &whole) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.0.into_iter().map(|fault| fault.text).collect(),
    }
}

#[test]
fn options_that_fit_are_taken() {
    let good = [
        "variable = \"A\"",
        "kind = \"choice\"\nchoices = [3.11, \"3.12\"]\nvariable = \"A\"\nprofiles = [\"lab\"]",
        "kind = \"choice\"\nchoices = [\"4G\", \"unlimited\"]\nbound = \"memory\"\nchoice_groups = { unlimited = [\"staff\"] }",
        "kind = \"number\"\nmin = 0.5\nmax = 8\nstep = 0.5\nunit = \"GiB\"\nbound = \"memory\"",
        "kind = \"number\"\nmin = 1\nmax = 8\nbound = \"cpus\"\ndefault = 2",
    ];
    for text in good {
        assert_eq!(faults(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn what_does_not_fit_is_told() {
    let table = [
        ("kind = \"text\"", "options.o.variable or bound is needed"),
        ("variable = \"A\"\nbound = \"cpus\"", "do not go together"),
        ("bound = \"cpus\"", "does not go with a text"),
        (
            "variable = \"A\"\nchoices = [\"a\"]",
            "for another kind of option",
        ),
        ("kind = \"choice\"\nvariable = \"A\"", "needs choices"),
        (
            "kind = \"choice\"\nchoices = [\"a\", \"a\"]\nvariable = \"A\"",
            "has \"a\" twice",
        ),
        (
            "kind = \"choice\"\nchoices = [\"a\"]\nvariable = \"A\"\nchoice_groups = { b = [\"x\"] }",
            "\"b\", which is no choice",
        ),
        (
            "kind = \"choice\"\nchoices = [\"many\"]\nbound = \"tasks\"",
            "no such bound",
        ),
        (
            "kind = \"number\"\nmin = 1\nvariable = \"A\"",
            "needs min and max",
        ),
        (
            "kind = \"number\"\nmin = 2\nmax = 1\nvariable = \"A\"",
            "is more than max",
        ),
        (
            "kind = \"number\"\nmin = 0\nmax = 9\nbound = \"memory\"",
            "min is no such bound",
        ),
        (
            "kind = \"number\"\nmin = 1\nmax = 9\nvariable = \"A\"\ndefault = 10",
            "is no answer",
        ),
        (
            "variable = \"A\"\nprofiles = [\"none\"]",
            "which is no profile",
        ),
        ("variable = \"LD_PRELOAD\"", "could decide what runs"),
        ("variable = \"JUPYTERHUB_API_TOKEN\"", "variable"),
    ];
    for (text, expected) in table {
        let found = faults(text);
        assert!(
            found.iter().any(|fault| fault.contains(expected)),
            "{text}: {found:?}"
        );
    }
}
