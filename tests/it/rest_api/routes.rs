//! The document and the table of routes name the same paths and methods.

use std::collections::BTreeSet;

use carrel::server::routes::TABLE;

use super::document::Document;

#[test]
fn what_is_routed_is_documented() {
    let documented = documented();
    let missing: Vec<_> = routed().difference(&documented).cloned().collect();
    assert!(missing.is_empty(), "not in rest-api.yml: {missing:#?}");
}

#[test]
fn what_is_documented_is_routed() {
    let routed = routed();
    let missing: Vec<_> = documented().difference(&routed).cloned().collect();
    assert!(
        missing.is_empty(),
        "in rest-api.yml and not routed: {missing:#?}"
    );
}

/// Returns `GET /users/{}` for each method of each row below `api/`.
fn routed() -> BTreeSet<String> {
    let below = TABLE.iter().filter_map(|row| {
        let path = row.path.strip_prefix("api")?;
        // OpenAPI's paths begin with a slash; `api` and `api/` are one there.
        Some((if path.is_empty() { "/" } else { path }, row))
    });
    let names = below.flat_map(|(path, row)| {
        let methods = row.methods.iter();
        methods.map(move |(method, _)| shape(&format!("{method} {path}")))
    });
    names.collect()
}

fn documented() -> BTreeSet<String> {
    let document = Document::read();
    document
        .operations()
        .map(|operation| shape(&operation.name()))
        .collect()
}

/// Takes the names out of `{parts}`: they are not part of what a path matches.
fn shape(name: &str) -> String {
    let mut shape = String::new();
    let mut inside = false;
    for sign in name.chars() {
        inside = inside && sign != '}';
        if !inside {
            shape.push(sign);
        }
        inside = inside || sign == '{';
    }
    shape
}
