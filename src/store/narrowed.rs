//! What narrows a list of users, in the form that the queries take.

use super::user_pages::UserQuery;
use crate::domain::names::UserName;

/// What narrows a list, as the queries take it.
pub(super) struct Narrowed {
    pub(super) only: Option<String>,
    pub(super) except: String,
    /// A pattern that every name must be like.
    pub(super) part: Option<String>,
}

impl Narrowed {
    /// Returns what narrows the list; `None` when it is a list of everybody.
    pub(super) fn by(query: &UserQuery) -> Option<Self> {
        if query.only.is_none() && query.except.is_empty() && query.part_of_name.is_empty() {
            return None;
        }
        Some(Self {
            only: query.only.as_ref().map(names),
            except: names(&query.except),
            part: pattern(&query.part_of_name),
        })
    }
}

/// Returns names as the queries take them: a JSON array.
pub(super) fn names<'a>(names: impl IntoIterator<Item = &'a UserName>) -> String {
    let names: Vec<&str> = names.into_iter().map(UserName::as_str).collect();
    serde_json::Value::from(names).to_string()
}

/// How much of a part counts, in characters: more than any name has, so what is cut was in none anyway.
/// SQLite refuses patterns of more than 50,000 bytes.
const MAX_PART_CHARS: usize = 256;

/// Returns the pattern of names with this in them; `None` when it is in every name.
fn pattern(part: &str) -> Option<String> {
    if part.is_empty() {
        return None;
    }
    let mut pattern = String::from("%");
    for c in part.chars().take(MAX_PART_CHARS) {
        match c {
            '%' | '_' | '\\' => pattern.extend(['\\', c]),
            // A pattern ends at a NUL; no name has either.
            '\0' => pattern.push('\u{1}'),
            _ => pattern.push(c),
        }
    }
    pattern.push('%');
    Some(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_part_of_a_name_is_a_wildcard() {
        let table = [
            ("", None),
            ("al", Some("%al%")),
            ("50%_\\", Some(r"%50\%\_\\%")),
            ("a\0", Some("%a\u{1}%")),
        ];
        for (part, expected) in table {
            assert_eq!(pattern(part).as_deref(), expected);
        }
        let long = pattern(&"ü".repeat(60_000)).unwrap();
        assert!(long.len() < 1000);
    }
}
