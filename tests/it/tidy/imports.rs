//! Who may import whom, and where each outside crate is at home.

use std::collections::BTreeSet;

use proc_macro2::{Spacing, TokenStream, TokenTree};

use super::{
    faults,
    source::{Source, root, sources},
    table,
};

const MAP: &str = "docs/architecture.md";

/// Words that may stand before a path that begins with `::`.
const LEADERS: [&str; 5] = ["use", "dyn", "impl", "as", "in"];

#[test]
fn modules_import_only_what_the_map_allows() {
    let allowed = table::read(MAP, "Who may import whom");
    let mut wrong = BTreeSet::new();
    for source in sources() {
        let Some(list) = allowed.get(source.area()) else {
            wrong.insert(format!("{MAP} does not name the module {}", source.area()));
            continue;
        };
        for path in Paths::of(&source).ours {
            let own = path.first().map(String::as_str) == Some(source.area());
            if !own && !list.iter().any(|entry| allows(entry, &path)) {
                let file = source.path.display();
                wrong.insert(format!("{file} imports crate::{}", path.join("::")));
            }
        }
    }
    let wrong: Vec<_> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "{}", faults(&wrong));
}

#[test]
fn outside_crates_stay_at_home() {
    let homes = table::read(MAP, "Where each outside crate is at home");
    let crates = dependencies();
    let mut used = BTreeSet::new();
    let mut wrong = BTreeSet::new();
    for source in sources() {
        for name in Paths::of(&source).outside.intersection(&crates) {
            used.insert(name.clone());
            let area = source.area();
            let home = homes
                .get(name)
                .is_some_and(|home| home.iter().any(|one| one == "everywhere" || one == area));
            if !home {
                wrong.insert(format!("{} uses {name}", source.path.display()));
            }
        }
    }
    wrong.extend(
        crates
            .difference(&used)
            .map(|name| format!("nothing uses {name}")),
    );
    let known: BTreeSet<String> = homes.keys().cloned().collect();
    wrong.extend(
        crates
            .symmetric_difference(&known)
            .map(|name| format!("{name} is in one of Cargo.toml and {MAP} only")),
    );
    let wrong: Vec<_> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "{}", faults(&wrong));
}

/// An entry of the map allows itself and everything below it.
fn allows(entry: &str, path: &[String]) -> bool {
    entry == "everything"
        || entry
            .split("::")
            .zip(path.iter().map(Some).chain([None; 3]))
            .all(|(want, have)| have.is_some_and(|have| have == want))
}

/// Returns the names under `[dependencies]`, as the source writes them.
fn dependencies() -> BTreeSet<String> {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim().replace('-', "_"))
        .collect()
}

/// The paths a file writes.
#[derive(Default)]
struct Paths {
    /// Modules of this crate, without `crate::`, `self::` and `super::`.
    ours: BTreeSet<Vec<String>>,
    /// First parts of all other paths: crates, and names the file has imported.
    outside: BTreeSet<String>,
    /// Crates written `::name`, where a module of ours has the same name.
    forced: BTreeSet<String>,
}

impl Paths {
    fn of(source: &Source) -> Self {
        let mut paths = Self::default();
        paths.scan(&source.code, source);
        let imported: BTreeSet<_> = paths.ours.iter().filter_map(|path| path.last()).collect();
        paths.outside.retain(|name| !imported.contains(name));
        paths.outside.append(&mut paths.forced);
        paths
    }

    fn scan(&mut self, stream: &TokenStream, source: &Source) {
        let tokens: Vec<TokenTree> = stream.clone().into_iter().collect();
        let mut index = 0;
        while index < tokens.len() {
            if let TokenTree::Group(group) = &tokens[index] {
                self.scan(&group.stream(), source);
                index += 1;
                continue;
            }
            match path_start(&tokens, index) {
                Start::Plain(name) => index = self.path(&tokens, index, name, source),
                Start::Forced(name) => {
                    self.forced.insert(name);
                    index = after_path(&tokens, index);
                }
                Start::Not => index += 1,
            }
        }
    }

    /// Notes the path that begins at `index`; returns where to go on.
    fn path(&mut self, tokens: &[TokenTree], index: usize, name: String, source: &Source) -> usize {
        let parent = source.module.len().saturating_sub(1);
        let base = match name.as_str() {
            "crate" => Vec::new(),
            "super" => source.module.get(..parent).unwrap_or_default().to_vec(),
            "self" | "Self" => return index + 3,
            _ => {
                self.outside.insert(name);
                return after_path(tokens, index);
            }
        };
        self.tree(&tokens[index + 3..], base);
        after_path(tokens, index)
    }

    /// Notes every path of a tree like `a::{b, c::d}`.
    fn tree(&mut self, tokens: &[TokenTree], mut path: Vec<String>) {
        let mut rest = tokens;
        loop {
            match rest {
                [TokenTree::Group(group), ..] => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    let parts = inner.split(|token| token.to_string() == ",");
                    for part in parts.filter(|part| !part.is_empty()) {
                        self.tree(part, path.clone());
                    }
                    return;
                }
                [TokenTree::Ident(ident), more @ ..] => {
                    match ident.to_string().as_str() {
                        "super" => drop(path.pop()),
                        "self" => {}
                        name => path.push(name.to_owned()),
                    }
                    let [first, second, after @ ..] = more else {
                        break;
                    };
                    if first.to_string() != ":" || second.to_string() != ":" {
                        break;
                    }
                    rest = after;
                }
                _ => break,
            }
        }
        if !path.is_empty() {
            self.ours.insert(path);
        }
    }
}

/// How a path begins.
enum Start {
    /// `name::…`
    Plain(String),
    /// `::name::…`
    Forced(String),
    /// Not here.
    Not,
}

/// Returns how a path begins at `index`, if one does.
fn path_start(tokens: &[TokenTree], index: usize) -> Start {
    let separator = |at: usize| match (tokens.get(at), tokens.get(at + 1)) {
        (Some(TokenTree::Punct(first)), Some(TokenTree::Punct(second))) => {
            (first.as_char(), second.as_char()) == (':', ':') && first.spacing() == Spacing::Joint
        }
        _ => false,
    };
    let Some(TokenTree::Ident(ident)) = tokens.get(index) else {
        return Start::Not;
    };
    if !separator(index + 1) {
        return Start::Not;
    }
    let name = ident.to_string();
    let is_led = index.checked_sub(2).is_some_and(separator);
    if !is_led {
        return Start::Plain(name);
    }
    let before = index.checked_sub(3).and_then(|at| tokens.get(at));
    let is_name = matches!(before, Some(TokenTree::Ident(_)));
    let before = before.map(ToString::to_string).unwrap_or_default();
    let goes_on = before == ">" || is_name && !LEADERS.contains(&before.as_str());
    if goes_on {
        Start::Not
    } else {
        Start::Forced(name)
    }
}

/// Returns where the path that begins at `index` ends: at its group, or after its last name.
fn after_path(tokens: &[TokenTree], mut index: usize) -> usize {
    let in_use = tokens.get(..index).is_some_and(|before| {
        before
            .last()
            .is_some_and(|token| token.to_string() == "use")
    });
    while tokens
        .get(index)
        .is_some_and(|token| matches!(token, TokenTree::Ident(_)) || token.to_string() == ":")
    {
        index += 1;
    }
    match in_use {
        true => index + 1,
        false => index,
    }
}
