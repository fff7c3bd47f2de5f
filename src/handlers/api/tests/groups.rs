//! Groups made, filled, emptied and removed.

use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::world::{Answer, World, get, post, read, request};
use crate::{
    domain::access::Caller,
    handlers::api::{groups, roles, users},
};

const NO_ACCESS: (u16, &str) = (404, "No access to resources or resources not found");

async fn list(world: &World, caller: Option<Caller>, query: &str) -> Answer {
    let uri = format!("/hub/api/groups{query}");
    read(groups::list_groups(&world.context(caller, &[]), get(&uri)).await).await
}

async fn create_all(world: &World, body: &str) -> Answer {
    let ctx = world.context(world.session("boss").await, &[]);
    read(groups::create_groups(&ctx, post(body)).await).await
}

async fn create(world: &World, caller: Option<Caller>, name: &str, body: &str) -> Answer {
    let ctx = world.context(caller, &[("group", name)]);
    read(groups::create_group(&ctx, post(body)).await).await
}

async fn show(world: &World, caller: Option<Caller>, name: &str) -> Answer {
    let ctx = world.context(caller, &[("group", name)]);
    read(groups::get_group(&ctx, get("/")).await).await
}

async fn add(world: &World, name: &str, body: &str) -> Answer {
    let ctx = world.context(world.session("boss").await, &[("group", name)]);
    read(groups::add_members(&ctx, post(body)).await).await
}

async fn remove(world: &World, name: &str, body: &str) -> Answer {
    let ctx = world.context(world.session("boss").await, &[("group", name)]);
    read(groups::remove_members(&ctx, request(Method::DELETE, "/", body)).await).await
}

fn names(groups: &Value) -> Vec<&str> {
    let groups = groups.as_array().unwrap().iter();
    groups
        .map(|group| group["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn groups_are_listed_as_far_as_the_scope_goes() {
    let world = World::new().await;
    create_all(&world, r#"{"groups": ["lab", "class"]}"#).await;
    let boss = world.session("boss").await;
    assert_eq!(
        names(&list(&world, boss.clone(), "").await.json()),
        ["lab", "class"]
    );
    assert_eq!(
        names(&list(&world, boss.clone(), "?offset=1").await.json()),
        ["class"]
    );
    let some = world.token("boss", &["list:groups!group=class"]).await;
    let mut asked = get("/hub/api/groups");
    let pages = "application/jupyterhub-pagination+json".parse().unwrap();
    asked.headers_mut().insert(header::ACCEPT, pages);
    let page = read(groups::list_groups(&world.context(some, &[]), asked).await)
        .await
        .json();
    assert_eq!(page["items"], json!([{ "kind": "group", "name": "class" }]));
    assert_eq!(page["_pagination"]["total"], 1);
    let nothing = world.token("boss", &["list:groups!group=nothing"]).await;
    assert_eq!(list(&world, nothing, "").await.json(), json!([]));
    for scope in ["list:groups!user=alice", "read:groups"] {
        let refused = list(&world, world.token("boss", &[scope]).await, "").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{scope}");
    }
}

#[tokio::test]
async fn groups_are_made_all_or_none() {
    let world = World::new().await;
    let made = create_all(&world, r#"{"groups": ["lab", "ä /"], "users": ["Alice"]}"#).await;
    assert_eq!(made.status, StatusCode::CREATED);
    insta::assert_snapshot!("new_groups", made.pretty());
    let table = [
        ("", 400, "Must specify at least one group to create"),
        ("[\"x\"]", 400, "Must specify at least one group to create"),
        (
            r#"{"groups": []}"#,
            400,
            "Must specify at least one group to create",
        ),
        (
            r#"{"groups": "x"}"#,
            400,
            "group.groups must be <class 'list'>, not: <class 'str'>",
        ),
        (
            r#"{"groups": ["x", null]}"#,
            400,
            "group.groups[] must be <class 'str'>, not: <class 'NoneType'>",
        ),
        (
            r#"{"groups": ["x"], "properties": {}}"#,
            400,
            "Invalid JSON keys: properties",
        ),
        (r#"{"groups": ["x", ""]}"#, 400, "Invalid group name: ''"),
        (
            r#"{"groups": ["x", "lab"]}"#,
            409,
            "Group lab already exists",
        ),
        (r#"{"groups": ["x", "x"]}"#, 409, "Group x already exists"),
        (
            r#"{"groups": ["x"], "users": ["alice", "nobody"]}"#,
            400,
            "No such user: nobody",
        ),
        (
            r#"{"groups": ["x"], "users": ["a/b"]}"#,
            400,
            "No such user: a/b",
        ),
    ];
    for (body, status, text) in table {
        let refused = create_all(&world, body).await;
        assert_eq!(refused.error(), (status, text), "{body}");
    }
    let missing = show(&world, world.session("boss").await, "x").await;
    assert_eq!(missing.error(), (404, "No such group: x"));
}

#[tokio::test]
async fn one_group_is_made_by_name() {
    let world = World::new().await;
    let boss = world.session("boss").await;
    let made = create(&world, boss.clone(), "lab", "").await;
    assert_eq!(made.status, StatusCode::CREATED);
    let table = [
        ("lab", "{}", 409, "Group lab already exists"),
        ("x", "[]", 400, "Invalid JSON data: []"),
        ("x", r#"{"name": "x"}"#, 400, "Invalid JSON keys: name"),
        ("x", r#"{"users": ["nobody"]}"#, 400, "No such user: nobody"),
    ];
    for (name, body, status, text) in table {
        let refused = create(&world, boss.clone(), name, body).await;
        assert_eq!(refused.error(), (status, text), "{name} {body}");
    }
    let some = world.token("boss", &["admin:groups!group=class"]).await;
    assert_eq!(
        create(&world, some.clone(), "x", "").await.error(),
        NO_ACCESS
    );
    let made = create(&world, some, "class", "").await;
    assert_eq!(made.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_group_shows_what_the_scopes_open() {
    let world = World::new().await;
    create_all(&world, r#"{"groups": ["lab"], "users": ["alice"]}"#).await;
    let table: &[(&[&str], Value)] = &[
        (
            &["read:groups:name"],
            json!({ "kind": "group", "name": "lab" }),
        ),
        (
            &["read:groups!group=lab"],
            json!({ "kind": "group", "name": "lab", "users": ["alice"], "properties": {} }),
        ),
        (
            &["read:roles:groups"],
            json!({ "kind": "group", "name": "lab", "roles": [] }),
        ),
    ];
    for (scopes, expected) in table {
        let shown = show(&world, world.token("boss", scopes).await, "lab").await;
        assert_eq!(shown.json(), *expected, "{scopes:?}");
    }
    let other = world.token("boss", &["read:groups!group=class"]).await;
    assert_eq!(show(&world, other, "lab").await.error(), NO_ACCESS);
}

#[tokio::test]
async fn members_come_and_go_all_or_none() {
    let world = World::new().await;
    create_all(&world, r#"{"groups": ["lab"]}"#).await;
    let added = add(&world, "lab", r#"{"users": ["bob", "ALICE", "bob"]}"#).await;
    assert_eq!(added.json()["users"], json!(["alice", "bob"]));
    let table = [
        ("lab", "{}", 400, "Must specify users to add"),
        ("lab", "", 400, "Invalid JSON data: None"),
        (
            "lab",
            r#"{"users": ["boss", "nobody"]}"#,
            400,
            "No such user: nobody",
        ),
        (
            "nothing",
            r#"{"users": ["boss"]}"#,
            404,
            "No such group: nothing",
        ),
        (
            "lab",
            r#"{"users": ["boss"], "user": 1}"#,
            400,
            "Invalid JSON keys: user",
        ),
    ];
    for (name, body, status, text) in table {
        let refused = add(&world, name, body).await;
        assert_eq!(refused.error(), (status, text), "{name} {body}");
    }
    let refused = remove(&world, "lab", "{}").await;
    assert_eq!(refused.error(), (400, "Must specify users to delete"));
    let refused = remove(&world, "lab", r#"{"users": ["bob", "nobody"]}"#).await;
    assert_eq!(refused.error(), (400, "No such user: nobody"));
    let removed = remove(&world, "lab", r#"{"users": ["bob", "boss"]}"#).await;
    assert_eq!(removed.json()["users"], json!(["alice"]));
}

#[tokio::test]
async fn what_a_group_gives_its_members_have_while_they_are_in_it() {
    let world = World::new().await;
    create_all(&world, r#"{"groups": ["lab"]}"#).await;
    world.define_role("helper", &["list:users"]).await;
    let ctx = world.context(world.session("boss").await, &[("role", "helper")]);
    let body = r#"{"groups": ["lab"]}"#;
    let put = read(roles::put_role(&ctx, request(Method::PUT, "/", body)).await).await;
    assert_eq!(put.status, StatusCode::OK);
    let list = async || {
        let ctx = world.context(world.session("bob").await, &[]);
        read(users::list_users(&ctx, get("/hub/api/users")).await)
            .await
            .status
    };
    assert_eq!(list().await, StatusCode::FORBIDDEN);
    let group = add(&world, "lab", r#"{"users": ["bob"]}"#).await.json();
    assert_eq!(group["roles"], json!(["helper"]));
    assert_eq!(list().await, StatusCode::OK);
    remove(&world, "lab", r#"{"users": ["bob"]}"#).await;
    assert_eq!(list().await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn properties_are_any_object() {
    let world = World::new().await;
    create_all(&world, r#"{"groups": ["lab"]}"#).await;
    let boss = world.session("boss").await;
    let put = async |name: &str, body: &str| {
        let ctx = world.context(boss.clone(), &[("group", name)]);
        read(groups::replace_properties(&ctx, request(Method::PUT, "/", body)).await).await
    };
    let properties = json!({ "course": "Physics", "b": ["x", { "y": null }] });
    let shown = put("lab", &properties.to_string()).await;
    assert_eq!(shown.json()["properties"], properties);
    assert_eq!(put("lab", "{}").await.json()["properties"], json!({}));
    for body in ["", "[]", "\"x\"", "null"] {
        let refused = put("lab", body).await;
        assert_eq!(refused.error(), (400, "Must specify properties"), "{body}");
    }
    let missing = put("nothing", "{}").await;
    assert_eq!(missing.error(), (404, "No such group: nothing"));
}

#[tokio::test]
async fn a_removed_group_leaves_its_members() {
    let world = World::new().await;
    create_all(&world, r#"{"groups": ["lab"], "users": ["alice"]}"#).await;
    let delete = async |caller| {
        let ctx = world.context(caller, &[("group", "lab")]);
        read(groups::delete_group(&ctx, request(Method::DELETE, "/", "")).await).await
    };
    let some = world.token("boss", &["groups"]).await;
    assert_eq!(delete(some).await.status, StatusCode::FORBIDDEN);
    let boss = world.session("boss").await;
    assert_eq!(delete(boss.clone()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(
        delete(boss.clone()).await.error(),
        (404, "No such group: lab")
    );
    let ctx = world.context(boss, &[("user", "alice")]);
    let alice = read(users::get_user(&ctx, get("/")).await).await.json();
    assert_eq!(alice["groups"], json!([]));
}
