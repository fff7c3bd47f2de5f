//! What the documentation points at is there.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    faults,
    source::{files_below, root},
    table::quoted,
};

const FOLDERS: [&str; 7] = [
    "src/",
    "tests/",
    "docs/",
    "systemd/",
    "packaging/",
    "debian/",
    ".ci/",
];

/// Starts of lines that define a name, in Rust and Python.
const DEFINERS: [&str; 12] = [
    "fn ",
    "struct ",
    "enum ",
    "const ",
    "static ",
    "type ",
    "trait ",
    "mod ",
    "macro_rules! ",
    "def ",
    "class ",
    "impl ",
];

#[test]
fn links_lead_to_files() {
    let mut wrong = Vec::new();
    for document in documents() {
        for link in links(&document) {
            if link.is_outside() {
                continue;
            }
            if !link.file(&document).exists() {
                wrong.push(format!("{} links to {}", document.display(), link.target));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", faults(&wrong));
}

#[test]
fn links_name_what_their_file_defines() {
    let mut wrong = Vec::new();
    for document in documents() {
        for link in links(&document) {
            let file = link.file(&document);
            let source = file
                .extension()
                .is_some_and(|ending| ending == "rs" || ending == "py");
            let Some(name) = link.name().filter(|_| source && file.exists()) else {
                continue;
            };
            if !defines(&fs::read_to_string(&file).unwrap(), &name) {
                wrong.push(format!(
                    "{}: {} has no {name}",
                    document.display(),
                    link.target
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", faults(&wrong));
}

#[test]
fn paths_in_the_text_exist() {
    let mut wrong = Vec::new();
    for document in documents() {
        let text = fs::read_to_string(root().join(&document)).unwrap();
        for path in quoted(&text) {
            let ours = FOLDERS.iter().any(|folder| path.starts_with(folder));
            let pattern = path.contains(['*', '<', '{', ' ', '…', '\n']);
            if ours && !pattern && !root().join(&path).exists() {
                wrong.push(format!("{} names {path}", document.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", faults(&wrong));
}

#[test]
fn configurations_in_the_text_have_no_faults() {
    let mut wrong = Vec::new();
    for document in documents() {
        let text = fs::read_to_string(root().join(&document)).unwrap();
        for block in text.split("```toml\n").skip(1) {
            let example = block.split("```").next().unwrap_or_default();
            if let Err(faults) = carrel::config::parse(&document, example) {
                wrong.push(faults.to_string());
            }
        }
    }
    assert!(wrong.is_empty(), "{}", faults(&wrong));
}

/// Returns the documents, from the repository's root.
fn documents() -> Vec<PathBuf> {
    let mut found = files_below(Path::new("docs"), ".md");
    found.push(PathBuf::from("README.md"));
    found
}

/// A link `[text](target)`.
struct Link {
    text: String,
    target: String,
}

impl Link {
    fn is_outside(&self) -> bool {
        self.target.contains("://") || self.target.starts_with("mailto:")
    }

    /// Returns the file it leads to; the document itself for a bare `#heading`.
    fn file(&self, document: &Path) -> PathBuf {
        let path = self.target.split('#').next().unwrap_or_default();
        match path.is_empty() {
            true => root().join(document),
            false => root().join(document).parent().unwrap().join(path),
        }
    }

    /// Returns the item its text names: `` `name` `` or `` `Type::name` ``.
    fn name(&self) -> Option<String> {
        let inner = self.text.strip_prefix('`')?.strip_suffix('`')?;
        let last = inner.rsplit("::").next()?;
        let word = last
            .chars()
            .all(|sign| sign.is_alphanumeric() || sign == '_');
        (word && !last.is_empty()).then(|| last.to_owned())
    }
}

fn links(document: &Path) -> Vec<Link> {
    let text = fs::read_to_string(root().join(document)).unwrap();
    let mut found = Vec::new();
    for (index, _) in text.match_indices("](") {
        let before = text[..index]
            .rfind('[')
            .map_or("", |start| &text[start + 1..index]);
        let after = text[index + 2..].split(')').next().unwrap_or_default();
        found.push(Link {
            text: before.to_owned(),
            target: after.to_owned(),
        });
    }
    found
}

fn defines(text: &str, name: &str) -> bool {
    let named = |rest: &str| {
        rest.strip_prefix(name).is_some_and(|after| {
            !after.starts_with(|sign: char| sign.is_alphanumeric() || sign == '_')
        })
    };
    DEFINERS
        .iter()
        .any(|word| text.split(word).skip(1).any(named))
        || text.lines().any(|line| {
            line.trim_start()
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with([',', '(', ' ', ':']))
        })
}
