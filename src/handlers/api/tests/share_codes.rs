//! Share codes from their making to their end.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::{Answer, World, get, post, read, request};
use crate::{domain::access::Caller, handlers::api::share_codes as api, hub::shares};

const OWN: &[(&str, &str)] = &[("user", "alice"), ("server", "")];
const NO_ACCESS: (u16, &str) = (404, "No access to resources or resources not found");
const NOBODY: (u16, &str) = (403, "Missing or invalid credentials.");

async fn make(world: &World, caller: &Option<Caller>, body: &str) -> Answer {
    let ctx = world.context(caller.clone(), OWN);
    read(api::create_code(&ctx, post(body)).await).await
}

async fn listed(world: &World, caller: &Option<Caller>) -> Answer {
    let ctx = world.context(caller.clone(), OWN);
    read(api::list_codes(&ctx, get("/hub/api/share-codes/alice/")).await).await
}

async fn delete(world: &World, caller: &Option<Caller>, query: &str) -> Answer {
    let ctx = world.context(caller.clone(), OWN);
    let uri = format!("/hub/api/share-codes/alice/{query}");
    read(api::delete_codes(&ctx, request(Method::DELETE, &uri, "")).await).await
}

/// Makes a code for Alice's server and returns it.
async fn code(world: &World) -> String {
    let boss = world.session("boss").await;
    let made = make(world, &boss, "").await.json();
    made["code"].as_str().unwrap().to_owned()
}

fn not_held(scope: &str) -> String {
    format!("Action is not authorized with current scopes; requires any of [{scope}]")
}

#[tokio::test]
async fn a_code_is_shown_once_and_has_jupyterhubs_model() {
    let mut world = World::new().await;
    world.settings.hub.public_url = Some("https://lab.example/".into());
    let boss = world.session("boss").await;
    let made = make(&world, &boss, "").await;
    assert_eq!(made.status, StatusCode::OK);
    insta::assert_snapshot!("new_share_code", made.pretty());
    let made = made.json();
    assert_eq!(made["code"].as_str().unwrap().len(), 43);
    let list = listed(&world, &boss).await;
    insta::assert_snapshot!("share_codes", list.pretty());
    assert!(!list.text.contains(made["code"].as_str().unwrap()));
    world.settings.hub.public_url = None;
    assert_eq!(
        make(&world, &boss, "").await.json()["full_accept_url"],
        Value::Null
    );
}

#[tokio::test]
async fn a_code_gives_no_more_than_its_maker_has() {
    let world = World::new().await;
    let table: &[(&[&str], &str, u16, &str)] = &[
        (&["read:shares"], "", 403, &not_held("shares")),
        (&["shares!user=bob"], "", NO_ACCESS.0, NO_ACCESS.1),
        (
            &["shares", "access:servers"],
            r#"{"scopes": ["admin:servers!server=alice/"]}"#,
            403,
            "Do not have permission to grant share with scope admin:servers!server=alice/",
        ),
        (
            &["shares"],
            r#"{"scopes": ["read:servers!server=other/"]}"#,
            400,
            "!server=other/ not allowed on sharing read:servers!server=other/, only !server=alice/",
        ),
        (
            &["shares"],
            r#"{"scopes": ["x"]}"#,
            400,
            "Scope 'x' does not exist",
        ),
        (
            &["shares"],
            r#"{"user": "bob"}"#,
            400,
            "Unexpected field: user, supported fields: scopes, expires_in",
        ),
        (&["shares"], "[1]", 400, "Body must be a JSON object"),
        (&["shares"], "{", 400, "Invalid JSON in body of request"),
    ];
    for (scopes, body, status, text) in table {
        let caller = world.token("boss", scopes).await;
        let refused = make(&world, &caller, body).await;
        assert_eq!(refused.error(), (*status, *text), "{scopes:?} {body}");
    }
    assert_eq!(make(&world, &None, "").await.error(), NOBODY);
    let alice = world.session("alice").await;
    let own = make(&world, &alice, "").await;
    assert_eq!(own.error(), (403, not_held("shares").as_str()));
    let both = world
        .token("boss", &["shares!server=alice/", "servers!server=alice/"])
        .await;
    let body = r#"{"scopes": ["read:servers!server=alice/", "access:servers"]}"#;
    let made = make(&world, &both, body).await.json();
    let expected = json!(["access:servers!server=alice/", "read:servers!server=alice/"]);
    assert_eq!(made["scopes"], expected);
    let boss = world.session("boss").await;
    let ctx = world.context(boss, &[("user", "alice"), ("server", "lab")]);
    let missing = read(api::create_code(&ctx, post("")).await).await;
    assert_eq!(missing.error(), (404, "No such server: alice/lab"));
}

#[tokio::test]
async fn a_code_lives_from_a_minute_to_a_year() {
    let world = World::new().await;
    let boss = world.session("boss").await;
    // The clock stands at 2026-01-02T03:04:05Z.
    for (body, expected) in [
        ("", "2026-01-03T03:04:05.000000Z"),
        (r#"{"expires_in": null}"#, "2026-01-03T03:04:05.000000Z"),
        (r#"{"expires_in": 60}"#, "2026-01-02T03:05:05.000000Z"),
        (r#"{"expires_in": 31536000}"#, "2027-01-02T03:04:05.000000Z"),
    ] {
        let made = make(&world, &boss, body).await.json();
        assert_eq!(made["expires_at"], expected, "{body}");
    }
    for value in ["59", "31536001", "-1", "60.5", "true", "\"x\"", "[]"] {
        let body = format!(r#"{{"expires_in": {value}}}"#);
        let refused = make(&world, &boss, &body).await;
        let shown = value.replace('"', "'");
        let text = format!("expires_in must be an integer from 60 to 31536000, not {shown}");
        assert_eq!(refused.error(), (400, text.as_str()));
    }
}

#[tokio::test]
async fn codes_are_listed_for_those_who_may_read_shares() {
    let world = World::new().await;
    let boss = world.session("boss").await;
    make(&world, &boss, "").await;
    make(&world, &boss, "").await;
    // Of the owner, and of one server.
    let table: &[(&[&str], u16, u16)] = &[
        (&["shares"], 200, 200),
        (&["read:shares!user=alice"], 200, 200),
        (&["read:shares!server=alice/"], 404, 200),
        (&["read:shares!user=bob"], 404, 404),
        (&["read:users:shares"], 403, 403),
        (&["users:shares"], 403, 403),
    ];
    for (scopes, of_owner, of_server) in table {
        let caller = world.token("boss", scopes).await;
        let ctx = world.context(caller.clone(), &[("user", "alice")]);
        let owner = read(api::list_codes_of_user(&ctx, get("/")).await).await;
        let server = listed(&world, &caller).await;
        let statuses = (owner.status.as_u16(), server.status.as_u16());
        assert_eq!(statuses, (*of_owner, *of_server), "{scopes:?}");
        for answer in [owner, server].iter().filter(|a| a.status.is_success()) {
            let ids: Vec<_> = answer.json()["items"].as_array().unwrap().clone();
            let ids: Vec<_> = ids.iter().map(|code| code["id"].clone()).collect();
            assert_eq!(ids, ["sc_1", "sc_2"]);
        }
    }
    assert_eq!(listed(&world, &None).await.error(), NOBODY);
    let ctx = world.context(None, OWN);
    let of_user = read(api::list_codes_of_user(&ctx, get("/")).await).await;
    assert_eq!(of_user.error(), NOBODY);
    for (name, server, text) in [
        ("none", "", "No such server: none/"),
        ("alice", "lab", "No such server: alice/lab"),
    ] {
        let ctx = world.context(boss.clone(), &[("user", name), ("server", server)]);
        let missing = read(api::list_codes(&ctx, get("/")).await).await;
        assert_eq!(missing.error(), (404, text));
    }
    let ctx = world.context(boss, &[("user", "none")]);
    let missing = read(api::list_codes_of_user(&ctx, get("/")).await).await;
    assert_eq!(missing.error(), (404, "Not Found"));
}

#[tokio::test]
async fn codes_are_deleted_by_text_by_number_or_all() {
    let world = World::new().await;
    let boss = world.session("boss").await;
    let refusals: &[(&[&str], &str, u16, &str)] = &[
        (&["read:shares"], "", 403, &not_held("shares")),
        (&["shares!user=bob"], "", NO_ACCESS.0, NO_ACCESS.1),
        (
            &["shares"],
            "?id=invalid",
            404,
            "No code found matching id=invalid",
        ),
        (
            &["shares"],
            "?id=sc_9999",
            404,
            "No code found matching id=sc_9999",
        ),
        (
            &["shares"],
            "?id=sc_1x",
            404,
            "No code found matching id=sc_1x",
        ),
        (&["shares"], "?id=", 404, "No code found matching id="),
        (&["shares"], "?code=nomatch", 404, "No matching code found"),
        (&["shares"], "?code=", 404, "No matching code found"),
    ];
    let (first, second) = (code(&world).await, code(&world).await);
    for (scopes, query, status, text) in refusals {
        let caller = world.token("boss", scopes).await;
        let refused = delete(&world, &caller, query).await;
        assert_eq!(refused.error(), (*status, *text), "{scopes:?} {query}");
    }
    assert_eq!(delete(&world, &None, "").await.error(), NOBODY);
    let left = async || listed(&world, &boss).await.json()["_pagination"]["total"].clone();
    assert_eq!(left().await, 2);
    let own = world.token("boss", &["shares!server=alice/"]).await;
    let gone = delete(&world, &own, &format!("?code={first}")).await;
    assert_eq!(
        (gone.status, gone.text.as_str()),
        (StatusCode::NO_CONTENT, "")
    );
    assert_eq!(left().await, 1);
    let again = delete(&world, &own, &format!("?code={first}")).await;
    assert_eq!(again.error(), (404, "No matching code found"));
    assert_eq!(
        delete(&world, &boss, "?id=sc_2").await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(left().await, 0);
    code(&world).await;
    let third = code(&world).await;
    assert_eq!(
        delete(&world, &boss, "").await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        delete(&world, &boss, "").await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(left().await, 0);
    for gone in [second, third] {
        let hub = &world.parts.hub;
        let found = shares::find_code(&hub.store, &hub.clock, &gone).await;
        assert!(found.unwrap().is_none());
    }
    let ctx = world.context(boss, &[("user", "alice"), ("server", "lab")]);
    let missing = read(api::delete_codes(&ctx, get("/")).await).await;
    assert_eq!(missing.error(), (404, "No such server: alice/lab"));
}
