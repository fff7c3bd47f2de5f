//! Roles made, given, changed and removed while the hub runs.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::{Answer, World, get, read, request};
use crate::{
    domain::access::Caller,
    handlers::api::{roles, user},
};

async fn put(world: &World, caller: Option<Caller>, name: &str, body: &str) -> Answer {
    let ctx = world.context(caller, &[("role", name)]);
    read(roles::put_role(&ctx, request(Method::PUT, "/", body)).await).await
}

async fn show(world: &World, name: &str) -> Answer {
    let ctx = world.context(world.session("boss").await, &[("role", name)]);
    read(roles::get_role(&ctx, get("/")).await).await
}

async fn delete(world: &World, caller: Option<Caller>, name: &str) -> Answer {
    let ctx = world.context(caller, &[("role", name)]);
    read(roles::delete_role(&ctx, request(Method::DELETE, "/", "")).await).await
}

async fn scopes_of(world: &World, name: &str) -> Vec<Value> {
    let ctx = world.context(world.session(name).await, &[]);
    let own = read(user::get_self(&ctx, get("/")).await).await.json();
    own["scopes"].as_array().unwrap().clone()
}

#[tokio::test]
async fn all_roles_are_listed_with_who_has_them() {
    let world = World::new().await;
    let boss = world.session("boss").await;
    let body = r#"{"description": "Grades.", "scopes": ["read:users!user"], "users": ["alice"]}"#;
    put(&world, boss.clone(), "grader", body).await;
    let listed = read(roles::list_roles(&world.context(boss, &[]), get("/")).await).await;
    insta::assert_snapshot!("roles", listed.pretty());
    let some = world.token("boss", &["read:roles:users"]).await;
    let refused = read(roles::list_roles(&world.context(some, &[]), get("/")).await).await;
    let text = "Action is not authorized with current scopes; requires any of [read:roles]";
    assert_eq!(refused.error(), (403, text));
}

#[tokio::test]
async fn a_role_is_made_given_changed_and_removed() {
    let world = World::new().await;
    let boss = world.session("boss").await;
    let body = r#"{"scopes": ["read:hub", "read:hub", "list:users!user=bob"], "users": ["Alice"]}"#;
    let made = put(&world, boss.clone(), "viewer", body).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(
        made.json(),
        json!({
            "name": "viewer", "description": "", "scopes": ["list:users!user=bob", "read:hub"],
            "users": ["alice"], "groups": [], "services": [], "origin": "run-time",
        })
    );
    assert!(
        scopes_of(&world, "alice")
            .await
            .contains(&json!("read:hub"))
    );
    let changed = put(&world, boss.clone(), "viewer", r#"{"scopes": ["proxy"]}"#).await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_eq!(
        changed.json()["users"],
        json!(["alice"]),
        "who has it stays"
    );
    let alice = scopes_of(&world, "alice").await;
    assert!(!alice.contains(&json!("read:hub")));
    assert!(alice.contains(&json!("proxy")));
    put(&world, boss.clone(), "viewer", r#"{"users": ["bob"]}"#).await;
    assert!(!scopes_of(&world, "alice").await.contains(&json!("proxy")));
    assert!(scopes_of(&world, "bob").await.contains(&json!("proxy")));
    let gone = delete(&world, boss.clone(), "viewer").await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert!(!scopes_of(&world, "bob").await.contains(&json!("proxy")));
    let missing = (404, "No such role: viewer");
    assert_eq!(
        delete(&world, boss.clone(), "viewer").await.error(),
        missing
    );
    assert_eq!(show(&world, "viewer").await.error(), missing);
    // One of the same name that is made later is another role.
    put(&world, boss, "viewer", r#"{"scopes": ["shutdown"]}"#).await;
    assert!(!scopes_of(&world, "bob").await.contains(&json!("shutdown")));
}

/// A role as it is made.
const VIEWER: &str = r#"{"scopes": ["read:hub"]}"#;

async fn change(
    world: &World,
    caller: Option<Caller>,
    method: Method,
    name: &str,
    body: &str,
) -> Answer {
    let ctx = world.context(caller, &[("role", name)]);
    let request = request(method.clone(), "/", body);
    if method == Method::POST {
        return read(roles::give_role(&ctx, request).await).await;
    }
    read(roles::take_role(&ctx, request).await).await
}

#[tokio::test]
async fn two_who_give_a_role_at_once_both_give_it() {
    let world = World::new().await;
    world.group("class", &["bob"]).await;
    let boss = world.session("boss").await;
    put(&world, boss.clone(), "viewer", VIEWER).await;
    let give = |body| change(&world, boss.clone(), Method::POST, "viewer", body);
    let (one, other) = tokio::join!(
        give(r#"{"users": ["alice"]}"#),
        give(r#"{"users": ["boss"], "groups": ["class"]}"#),
    );
    assert_eq!((one.status.as_u16(), other.status.as_u16()), (200, 200));
    let held = show(&world, "viewer").await.json();
    assert_eq!(held["users"], json!(["alice", "boss"]));
    assert_eq!(held["groups"], json!(["class"]));
    for name in ["alice", "bob"] {
        let scopes = scopes_of(&world, name).await;
        assert!(scopes.contains(&json!("read:hub")), "{name}");
    }
    let take = |body| change(&world, boss.clone(), Method::DELETE, "viewer", body);
    let (one, other) = tokio::join!(
        take(r#"{"users": ["alice", "bob"]}"#),
        take(r#"{"groups": ["class"]}"#),
    );
    assert_eq!((one.status.as_u16(), other.status.as_u16()), (200, 200));
    let held = show(&world, "viewer").await.json();
    assert_eq!(held["users"], json!(["boss"]));
    assert_eq!(held["groups"], json!([]));
    for name in ["alice", "bob"] {
        let scopes = scopes_of(&world, name).await;
        assert!(!scopes.contains(&json!("read:hub")), "{name}");
    }
}

#[tokio::test]
async fn holders_of_a_role_are_changed_by_whom_and_as_the_rules_say() {
    let world = World::new().await;
    world.group("class", &[]).await;
    let boss = world.session("boss").await;
    put(&world, boss.clone(), "viewer", VIEWER).await;
    let default = "Role user is a default role: it can only be changed in the configuration";
    let admin = "Role admin is a default role: it can only be changed in the configuration";
    let table = [
        (
            "nothing",
            r#"{"users": ["alice"]}"#,
            404,
            "No such role: nothing",
        ),
        ("viewer", r#"{"users": ["eve"]}"#, 400, "No such user: eve"),
        ("viewer", r#"{"groups": ["x"]}"#, 400, "No such group: x"),
        (
            "viewer",
            r#"{"services": ["x"]}"#,
            400,
            "No such service: x",
        ),
        (
            "viewer",
            r#"{"scopes": []}"#,
            400,
            "Invalid JSON keys: scopes",
        ),
        ("user", r#"{"groups": ["class"]}"#, 409, default),
        ("admin", r#"{"users": ["alice"]}"#, 409, admin),
    ];
    for method in [Method::POST, Method::DELETE] {
        for (name, body, status, text) in table {
            let answer = change(&world, boss.clone(), method.clone(), name, body).await;
            assert_eq!(answer.error(), (status, text), "{method} {name} {body}");
        }
        // Nobody gives or takes without the right to write roles.
        let alice = world.session("alice").await;
        let refused = change(&world, alice, method, "viewer", r#"{"users": ["alice"]}"#).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    }
    // Nor what they do not hold.
    put(
        &world,
        boss.clone(),
        "killer",
        r#"{"scopes": ["shutdown"]}"#,
    )
    .await;
    let some = world.token("boss", &["admin:users", "admin:groups"]).await;
    let body = r#"{"users": ["alice"]}"#;
    let refused = change(&world, some.clone(), Method::POST, "killer", body).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let taken = change(&world, some, Method::DELETE, "killer", body).await;
    assert_eq!(taken.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_wrong_with_a_role_is_told_and_nothing_changed() {
    let world = World::new().await;
    let boss = world.session("boss").await;
    let table = [
        ("viewer", "", 400, "Invalid JSON data: None"),
        ("viewer", "[", 400, "Invalid JSON in body of request"),
        (
            "viewer",
            r#"{"scope": []}"#,
            400,
            "Invalid JSON keys: scope",
        ),
        (
            "viewer",
            r#"{"scopes": "proxy"}"#,
            400,
            "role.scopes must be <class 'list'>, not: <class 'str'>",
        ),
        (
            "viewer",
            r#"{"scopes": ["nonsense"]}"#,
            400,
            "Scope 'nonsense' does not exist",
        ),
        (
            "viewer",
            r#"{"scopes": ["custom:not:defined"]}"#,
            400,
            "Scope 'custom:not:defined' does not exist",
        ),
        (
            "viewer",
            r#"{"users": ["nobody"]}"#,
            400,
            "No such user: nobody",
        ),
        (
            "viewer",
            r#"{"groups": ["none"]}"#,
            400,
            "No such group: none",
        ),
        ("viewer", r#"{"services": [""]}"#, 400, "No such service: "),
        (
            "viewer",
            r#"{"users": ["alice"], "services": ["none"]}"#,
            400,
            "No such service: none",
        ),
        ("No Role", "{}", 400, "Invalid role name: 'No Role'"),
        (
            "admin",
            r#"{"users": ["alice"]}"#,
            409,
            "Role admin is a default role: it can only be changed in the configuration",
        ),
    ];
    for (name, body, status, text) in table {
        let refused = put(&world, boss.clone(), name, body).await;
        assert_eq!(refused.error(), (status, text), "{name} {body}");
    }
    let kept = delete(&world, boss.clone(), "user").await;
    assert_eq!(kept.status, StatusCode::CONFLICT);
    assert_eq!(
        show(&world, "viewer").await.error(),
        (404, "No such role: viewer")
    );
    assert_eq!(
        delete(&world, boss, "No Role").await.error(),
        (404, "No such role: No Role")
    );
}

#[tokio::test]
async fn nobody_writes_a_role_that_could_give_more_than_they_have() {
    let world = World::new().await;
    world
        .give_roles("bob", &["admin:users", "admin:groups"])
        .await;
    let bob = world.session("bob").await;
    for (scopes, lacking) in [
        (json!(["shutdown"]), "shutdown"),
        // What is each member's own is all members' own.
        (json!(["tokens!user"]), "read:tokens, tokens"),
        (json!(["admin:users", "read:hub"]), "read:hub"),
    ] {
        let body = json!({ "scopes": scopes, "users": ["bob"] }).to_string();
        let refused = put(&world, bob.clone(), "power", &body).await;
        let text = format!("Not giving role power scopes that you do not hold: {lacking}");
        assert_eq!(refused.error(), (403, text.as_str()));
    }
    let body = r#"{"scopes": ["read:users!user", "list:users"], "users": ["bob"]}"#;
    let made = put(&world, bob.clone(), "power", body).await;
    assert_eq!(made.status, StatusCode::CREATED);
    // Nor does anybody give one that somebody else made.
    let boss = world.session("boss").await;
    put(
        &world,
        boss.clone(),
        "keeper",
        r#"{"scopes": ["shutdown"]}"#,
    )
    .await;
    let refused = put(&world, bob, "keeper", r#"{"users": ["bob"]}"#).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(show(&world, "keeper").await.json()["users"], json!([]));
    // A token that has less than its owner gives less.
    let token = world.token("boss", &["admin:users", "admin:groups"]).await;
    let refused = put(&world, token, "power", r#"{"scopes": ["proxy"]}"#).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn users_alone_or_groups_alone_are_not_enough_to_write_roles() {
    let world = World::new().await;
    let table = [
        ("admin:users", "admin:groups"),
        ("admin:groups", "admin:users"),
    ];
    for (held, needed) in table {
        let caller = world.token("boss", &[held]).await;
        let text =
            format!("Action is not authorized with current scopes; requires any of [{needed}]");
        let refused = put(&world, caller.clone(), "viewer", "{}").await;
        assert_eq!(refused.error(), (403, text.as_str()));
        let refused = delete(&world, caller, "viewer").await;
        assert_eq!(refused.error(), (403, text.as_str()));
    }
}
