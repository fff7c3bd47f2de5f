//! Whatever `docs/rest-api.yml` says needs a scope is refused to everybody else, in JupyterHub's words.

use std::collections::BTreeSet;

use http::Method;
use yaml_serde::Value;

use super::world::{Answer, World, read, request};
use crate::{
    domain::{access::Caller, scope::Grants},
    server::routes::{Found, find},
};

const DOCUMENT: &str = include_str!("../../../../docs/rest-api.yml");

const NOBODY: (u16, &str) = (403, "Missing or invalid credentials.");
const NO_ACCESS: (u16, &str) = (404, "No access to resources or resources not found");

/// Operations that refuse in other words, and why.
const OTHER_WORDS: [(&str, &str); 2] = [
    (
        "create_token",
        "does not tell whether there is such a user (API-37)",
    ),
    ("get_metrics", "answers with a page (PG-22)"),
];

/// An operation that needs a scope.
struct Guarded {
    id: String,
    method: Method,
    path: String,
    scopes: Vec<String>,
    /// What the scopes are asked for: `hub`, `user` and so on.
    target: String,
    /// A filter that is not for what the path names.
    elsewhere: Option<&'static str>,
}

#[tokio::test]
async fn what_needs_a_scope_is_refused_without_it() {
    let world = World::new().await;
    for operation in guarded() {
        let told = ask(&world, None, &operation).await;
        assert_eq!(told.error(), NOBODY, "{}", operation.id);
        // Any real token may at least say whose it is.
        let nothing = world.session("boss").await.unwrap();
        let nothing = nothing.with_grants(Grants::default());
        let told = ask(&world, Some(nothing), &operation).await;
        let (status, text) = told.error();
        assert_eq!(status, 403, "{}: {text}", operation.id);
        let named = text
            .strip_prefix("Action is not authorized with current scopes; requires any of [")
            .and_then(|rest| rest.strip_suffix(']'));
        let named: BTreeSet<_> = named.expect(text).split(", ").collect();
        let documented: BTreeSet<_> = operation.scopes.iter().map(String::as_str).collect();
        assert_eq!(named, documented, "{}", operation.id);
    }
}

#[tokio::test]
async fn a_scope_for_something_else_gives_no_access() {
    let world = World::new().await;
    for operation in guarded() {
        let Some(filter) = operation.elsewhere else {
            continue;
        };
        for scope in &operation.scopes {
            let scope = format!("{scope}{filter}");
            let caller = world.token("boss", &[&scope]).await;
            let told = ask(&world, caller, &operation).await;
            if operation.target == "hub" {
                // A part of the hub is not the hub.
                assert_eq!(told.status, 403, "{} with {scope}", operation.id);
            } else {
                assert_eq!(told.error(), NO_ACCESS, "{} with {scope}", operation.id);
            }
        }
    }
}

async fn ask(world: &World, caller: Option<Caller>, operation: &Guarded) -> Answer {
    let Found::Row(row, params) = find(&operation.path) else {
        panic!("{} is not routed", operation.path);
    };
    let params: Vec<_> = params
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let ctx = world.context(caller, &params);
    let handler = row.handler(&operation.method).expect("it is routed");
    let uri = format!("/hub/{}", operation.path);
    read(handler(&ctx, request(operation.method.clone(), &uri, "")).await).await
}

/// Returns the operations of the document that need a scope and are routed.
fn guarded() -> Vec<Guarded> {
    let document: Value = yaml_serde::from_str(DOCUMENT).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_mapping().unwrap() {
        let path = format!("api{}", filled(path.as_str().unwrap()));
        let Found::Row(row, _) = find(&path) else {
            continue;
        };
        for (method, _) in row.methods {
            let body = &item[method.as_str().to_lowercase()];
            let scopes = body["x-scopes"].as_sequence().into_iter().flatten();
            let target = body["x-target"].as_str().unwrap_or_default();
            let operation = Guarded {
                id: body["operationId"].as_str().unwrap_or_default().to_owned(),
                method: method.clone(),
                path: path.clone(),
                scopes: scopes
                    .map(|scope| scope.as_str().unwrap().to_owned())
                    .collect(),
                target: target.to_owned(),
                elsewhere: elsewhere(target),
            };
            let other_words = OTHER_WORDS.iter().any(|(id, _)| *id == operation.id);
            let by_client = target == "client";
            if !operation.scopes.is_empty() && !other_words && !by_client {
                found.push(operation);
            }
        }
    }
    assert!(
        found.len() > 20,
        "the document has more than {}",
        found.len()
    );
    found
}

fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "{user}" => "bob",
        "{owner}" => "alice",
        part if part.starts_with('{') => "x1y",
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

fn elsewhere(target: &str) -> Option<&'static str> {
    match target {
        "hub" | "user" | "server" => Some("!user=alice"),
        "group" => Some("!group=others"),
        "service" => Some("!service=others"),
        _ => None,
    }
}
