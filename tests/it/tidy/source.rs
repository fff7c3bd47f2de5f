//! The crate's files as tokens: comments gone, strings whole, tests set apart.

use std::{
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// One file of the crate.
pub(super) struct Source {
    /// Its path from the repository's root: `src/hub/routes.rs`.
    pub(super) path: PathBuf,
    /// The modules it lies in: `["hub", "routes"]`; empty for `lib.rs`.
    pub(super) module: Vec<String>,
    /// Its text.
    pub(super) text: String,
    /// Everything in it but items under `#[cfg(test)]`; empty for files that are tests as a whole.
    pub(super) code: TokenStream,
    /// Everything in it.
    pub(super) all: TokenStream,
    /// How many of its lines are not under `#[cfg(test)]`.
    pub(super) code_lines: usize,
    /// Whether it is a test as a whole.
    pub(super) is_test: bool,
}

impl Source {
    /// Returns the first module of its path: `hub`, or `main` and `serve` for files of that name.
    pub(super) fn area(&self) -> &str {
        self.module.first().map_or("lib", String::as_str)
    }
}

/// Returns the repository's root.
pub(super) fn root() -> PathBuf {
    PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it for tests"))
}

/// Reads every file that `lib.rs` leads to, and `main.rs`.
pub(super) fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    read(Path::new("src/lib.rs"), Vec::new(), false, &mut found);
    read(
        Path::new("src/main.rs"),
        vec!["main".to_owned()],
        false,
        &mut found,
    );
    found
}

/// Returns every file below `folder` whose name ends with `ending`.
pub(super) fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(root().join(folder)) else {
        return found;
    };
    for entry in entries {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            found.extend(files_below(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(path: &Path, module: Vec<String>, is_test: bool, found: &mut Vec<Source>) {
    let text =
        fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let all: TokenStream = text
        .parse()
        .unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let mut split = Split::default();
    let code = split.without_tests(all.clone());
    let lines = text.lines().count();
    let children = children(&all, &split.test_modules);
    found.push(Source {
        path: path.to_owned(),
        module: module.clone(),
        code: if is_test { TokenStream::new() } else { code },
        all,
        code_lines: if is_test { 0 } else { lines - split.test_lines },
        is_test,
        text,
    });
    for child in children {
        let mut inner = module.clone();
        inner.push(child.name.clone());
        read(&child.find(path), inner, is_test || child.is_test, found);
    }
}

/// A `mod name;` in a file.
struct Child {
    name: String,
    /// What `#[path]` says.
    path: Option<String>,
    is_test: bool,
}

impl Child {
    /// Returns its file, as the compiler finds it.
    fn find(&self, parent: &Path) -> PathBuf {
        let beside = parent.parent().expect("every file lies in src");
        if let Some(path) = &self.path {
            return beside.join(path);
        }
        let folder = match parent.file_stem().and_then(|stem| stem.to_str()) {
            Some("mod" | "lib") | None => beside.to_owned(),
            Some(stem) => beside.join(stem),
        };
        let file = folder.join(format!("{}.rs", self.name));
        match root().join(&file).exists() {
            true => file,
            false => folder.join(&self.name).join("mod.rs"),
        }
    }
}

/// Returns the modules that a file declares; `tests` are those that stood under `#[cfg(test)]`.
fn children(all: &TokenStream, tests: &[String]) -> Vec<Child> {
    let tokens: Vec<TokenTree> = all.clone().into_iter().collect();
    let mut found = Vec::new();
    let mut path = None;
    for (index, token) in tokens.iter().enumerate() {
        let text = token.to_string();
        if let TokenTree::Group(group) = token
            && group.delimiter() == Delimiter::Bracket
        {
            path = path_attribute(group).or(path);
        } else if text == "mod"
            && tokens
                .get(index + 2)
                .is_some_and(|end| end.to_string() == ";")
        {
            let name = tokens[index + 1].to_string();
            found.push(Child {
                is_test: tests.contains(&name),
                path: path.take(),
                name,
            });
        } else if text == ";" {
            path = None;
        }
    }
    found
}

fn path_attribute(group: &Group) -> Option<String> {
    let text = group.stream().to_string();
    let value = text.strip_prefix("path = \"")?;
    Some(value.trim_end_matches('"').to_owned())
}

/// Takes items under `#[cfg(test)]` out, and remembers what they were.
#[derive(Default)]
struct Split {
    test_modules: Vec<String>,
    test_lines: usize,
}

impl Split {
    fn without_tests(&mut self, stream: TokenStream) -> TokenStream {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut kept = Vec::new();
        let mut index = 0;
        while index < tokens.len() {
            if is_cfg_test(&tokens[index..]) {
                let end = item_end(&tokens, index + 2);
                self.remember(&tokens[index..end]);
                index = end;
                continue;
            }
            kept.push(if let TokenTree::Group(group) = &tokens[index] {
                let inner = self.without_tests(group.stream());
                TokenTree::Group(Group::new(group.delimiter(), inner))
            } else {
                tokens[index].clone()
            });
            index += 1;
        }
        kept.into_iter().collect()
    }

    fn remember(&mut self, item: &[TokenTree]) {
        let [first, .., last] = item else { return };
        self.test_lines += last.span().end().line - first.span().start().line + 1;
        let name = item
            .iter()
            .skip_while(|token| token.to_string() != "mod")
            .nth(1);
        self.test_modules.extend(name.map(ToString::to_string));
    }
}

fn is_cfg_test(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [hash, TokenTree::Group(group), ..]
        if hash.to_string() == "#" && group.stream().to_string().replace(' ', "") == "cfg(test)")
}

/// Returns the index after the item that begins at `start`, attributes included.
fn item_end(tokens: &[TokenTree], start: usize) -> usize {
    let to_semicolon = tokens[start..]
        .iter()
        .take_while(|token| !is_braces(token))
        .any(|token| {
            matches!(
                token.to_string().as_str(),
                "use" | "const" | "static" | "type"
            )
        });
    let ends = |token: &TokenTree| token.to_string() == ";" || (!to_semicolon && is_braces(token));
    tokens[start..]
        .iter()
        .position(ends)
        .map_or(tokens.len(), |offset| start + offset + 1)
}

fn is_braces(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// Calls `visit` with every token, those in groups included.
pub(super) fn each_token(stream: &TokenStream, visit: &mut impl FnMut(&TokenTree)) {
    for token in stream.clone() {
        visit(&token);
        if let TokenTree::Group(group) = &token {
            each_token(&group.stream(), visit);
        }
    }
}
