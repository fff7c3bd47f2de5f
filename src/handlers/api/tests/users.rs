//! Users in lists, added, changed and removed.

use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::world::{Answer, World, get, key, post, read, request, user};
use crate::{
    domain::{access::Caller, role::AdminRole},
    handlers::api::{groups, users},
};

const NO_ACCESS: (u16, &str) = (404, "No access to resources or resources not found");

async fn list(world: &World, caller: Option<Caller>, query: &str) -> Answer {
    let uri = format!("/hub/api/users{query}");
    read(users::list_users(&world.context(caller, &[]), get(&uri)).await).await
}

fn names(answer: &Answer) -> Vec<String> {
    let users = answer.json();
    let name = |user: &Value| user["name"].as_str().unwrap().to_owned();
    users.as_array().unwrap().iter().map(name).collect()
}

async fn create(world: &World, caller: Option<Caller>, body: &str) -> Answer {
    read(users::create_users(&world.context(caller, &[]), post(body)).await).await
}

async fn create_one(world: &World, caller: Option<Caller>, name: &str, body: &str) -> Answer {
    let ctx = world.context(caller, &[("user", name)]);
    read(users::create_user(&ctx, post(body)).await).await
}

async fn edit(world: &World, caller: Option<Caller>, name: &str, body: &str) -> Answer {
    let ctx = world.context(caller, &[("user", name)]);
    read(users::edit_user(&ctx, request(Method::PATCH, "/", body)).await).await
}

async fn show(world: &World, name: &str) -> Answer {
    let ctx = world.context(world.session("boss").await, &[("user", name)]);
    read(users::get_user(&ctx, get("/")).await).await
}

async fn delete(world: &World, caller: Option<Caller>, name: &str) -> Answer {
    let ctx = world.context(caller, &[("user", name)]);
    read(users::delete_user(&ctx, request(Method::DELETE, "/", "")).await).await
}

async fn make_group(world: &World, name: &str, members: &[&str]) {
    let ctx = world.context(world.session("boss").await, &[("group", name)]);
    let body = json!({ "users": members }).to_string();
    let made = read(groups::create_group(&ctx, post(&body)).await).await;
    assert_eq!(made.status, StatusCode::CREATED);
}

#[tokio::test]
async fn users_are_listed_sorted_filtered_and_cut() {
    let world = World::new().await;
    let boss = world.session("boss").await;
    create(&world, boss.clone(), r#"{"usernames": ["Zoe", "bea"]}"#).await;
    let table: &[(&str, &[&str])] = &[
        ("", &["alice", "bob", "boss", "zoe", "bea"]),
        ("?sort=-id", &["bea", "zoe", "boss", "bob", "alice"]),
        ("?sort=name", &["alice", "bea", "bob", "boss", "zoe"]),
        ("?sort=-name&limit=2", &["zoe", "boss"]),
        ("?offset=3", &["zoe", "bea"]),
        ("?sort=last_activity&limit=2", &["zoe", "bea"]),
        ("?sort=-last_activity&offset=3", &["bea", "zoe"]),
        ("?name_filter=B&sort=name", &["bea", "bob", "boss"]),
        ("?name_filter=%25", &[]),
        ("?state=inactive&limit=1", &["alice"]),
        ("?state=active", &[]),
        ("?state=ready", &[]),
        ("?state=", &["alice", "bob", "boss", "zoe", "bea"]),
    ];
    for (query, expected) in table {
        let listed = list(&world, boss.clone(), query).await;
        assert_eq!(names(&listed), *expected, "{query}");
    }
    for (query, text) in [
        ("?state=x", "Unrecognized state filter: 'x'"),
        (
            "?sort=-x",
            "sort must be 'id', 'name', or 'last_activity', not '-x'",
        ),
        (
            "?limit=x",
            "Invalid argument type, offset and limit must be integers",
        ),
    ] {
        let refused = list(&world, boss.clone(), query).await;
        assert_eq!(refused.error(), (400, text));
    }
}

#[tokio::test]
async fn a_filtered_scope_lists_whom_its_filter_names() {
    let world = World::new().await;
    make_group(&world, "class", &["alice", "bob"]).await;
    let table: &[(&[&str], &[&str])] = &[
        (&["list:users"], &["alice", "bob", "boss"]),
        (&["list:users!user=alice"], &["alice"]),
        (&["list:users!group=class"], &["alice", "bob"]),
        (
            &["list:users!group=class", "list:users!user=boss"],
            &["alice", "bob", "boss"],
        ),
        (&["list:users!user=nobody"], &[]),
        (&["list:users!group=nothing"], &[]),
    ];
    for (scopes, expected) in table {
        let caller = world.token("boss", scopes).await;
        let listed = list(&world, caller, "").await;
        assert_eq!(names(&listed), *expected, "{scopes:?}");
    }
    let by_group = world.token("boss", &["list:users!group=class"]).await;
    let mut asked = get("/hub/api/users?limit=1");
    let pages = "application/jupyterhub-pagination+json".parse().unwrap();
    asked.headers_mut().insert(header::ACCEPT, pages);
    let page = read(users::list_users(&world.context(by_group, &[]), asked).await).await;
    assert_eq!(page.json()["_pagination"]["total"], 2);
    for scope in ["list:users!server=alice/", "read:users", "list:groups"] {
        let caller = world.token("boss", &[scope]).await;
        let refused = list(&world, caller, "").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{scope}");
    }
}

#[tokio::test]
async fn lists_show_of_each_what_the_scopes_open_for_them() {
    let world = World::new().await;
    make_group(&world, "class", &["bob"]).await;
    let scopes = [
        "list:users",
        "read:users:groups!user=bob",
        "read:roles:users!user=boss",
        "read:servers!user=alice",
    ];
    let caller = world.token("boss", &scopes).await;
    let listed = list(&world, caller, "").await;
    insta::assert_snapshot!("users_in_part", listed.pretty());
}

#[tokio::test]
async fn stopped_servers_are_in_lists_when_asked_for() {
    let world = World::new().await;
    let boss = world.session("boss").await;
    let listed = list(&world, boss.clone(), "?name_filter=alice").await;
    assert_eq!(listed.json()[0]["servers"], json!({}));
    let query = "?name_filter=alice&include_stopped_servers=1";
    let listed = list(&world, boss, query).await.json();
    assert_eq!(listed[0]["servers"][""]["stopped"], true);
    assert_eq!(listed[0]["servers"][""]["full_name"], "alice/");
}

#[tokio::test]
async fn several_users_are_added_or_none() {
    let world = World::new().await;
    let boss = world.session("boss").await;
    let table = [
        ("", 400, "Must specify at least one user to create"),
        ("[]", 400, "Must specify at least one user to create"),
        ("{}", 400, "Must specify at least one user to create"),
        (
            r#"{"usernames": []}"#,
            400,
            "Must specify at least one user to create",
        ),
        ("{", 400, "Invalid JSON in body of request"),
        (
            r#"{"usernames": "zoe"}"#,
            400,
            "user.usernames must be <class 'list'>, not: <class 'str'>",
        ),
        (
            r#"{"usernames": ["zoe", 5]}"#,
            400,
            "user.usernames[] must be <class 'str'>, not: <class 'int'>",
        ),
        (
            r#"{"usernames": ["zoe"], "admn": true}"#,
            400,
            "Invalid JSON keys: admn",
        ),
        (
            r#"{"usernames": ["zoe"], "admin": "yes"}"#,
            400,
            "user.admin must be <class 'bool'>, not: <class 'str'>",
        ),
        (
            r#"{"usernames": ["zoe", "a/b"]}"#,
            400,
            "Invalid username: a/b",
        ),
        (
            r#"{"usernames": ["a/b", "zoe", ".."]}"#,
            400,
            "Invalid usernames: a/b, ..",
        ),
        (
            r#"{"usernames": ["alice", "BOB"]}"#,
            409,
            "All 2 users already exist",
        ),
    ];
    for (body, status, text) in table {
        let refused = create(&world, boss.clone(), body).await;
        assert_eq!(refused.error(), (status, text), "{body}");
    }
    let many = json!({ "usernames": vec!["zoe"; 10_001] }).to_string();
    let refused = create(&world, boss.clone(), &many).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(show(&world, "zoe").await.status, StatusCode::NOT_FOUND);

    let body = r#"{"usernames": ["alice", "Zoe", "zoe"], "admin": true}"#;
    let added = create(&world, boss, body).await;
    assert_eq!(added.status, StatusCode::CREATED);
    insta::assert_snapshot!("added_users", added.pretty());
}

#[tokio::test]
async fn only_administrators_make_administrators() {
    let world = World::new().await;
    world.give_roles("bob", &["admin:users"]).await;
    let bob = world.session("bob").await;
    let granting = (403, "Only admins can grant admin permissions");
    let body = r#"{"usernames": ["zoe"], "admin": true}"#;
    assert_eq!(create(&world, bob.clone(), body).await.error(), granting);
    let body = r#"{"admin": true}"#;
    let refused = create_one(&world, bob.clone(), "zoe", body).await;
    assert_eq!(refused.error(), granting);
    assert_eq!(
        edit(&world, bob.clone(), "alice", body).await.error(),
        granting
    );
    let body = r#"{"roles": ["admin"]}"#;
    assert_eq!(
        edit(&world, bob.clone(), "alice", body).await.error(),
        granting
    );
    let body = r#"{"admin": false}"#;
    let refused = edit(&world, bob.clone(), "boss", body).await;
    let modifying = (403, "Only admins can modify other admins");
    assert_eq!(refused.error(), modifying);
    let added = create(&world, bob.clone(), r#"{"usernames": ["zoe"]}"#).await;
    assert_eq!(added.status, StatusCode::CREATED);
    let same = edit(&world, bob, "alice", r#"{"admin": false}"#).await;
    assert_eq!(same.json()["admin"], false);
    // Whoever is one may do it by any token with the scope.
    let token = world.token("boss", &["admin:users"]).await;
    let promoted = edit(&world, token, "alice", r#"{"admin": true}"#).await;
    assert_eq!(promoted.json()["roles"], json!(["admin", "user"]));
}

#[tokio::test]
async fn one_user_is_added_by_name() {
    let world = World::new().await;
    let boss = world.session("boss").await;
    let added = create_one(&world, boss.clone(), "Zoe", "").await;
    assert_eq!(added.status, StatusCode::CREATED);
    assert_eq!(added.json()["name"], "zoe");
    assert_eq!(added.json()["last_activity"], Value::Null);
    let table = [
        ("ZOE", "{}", 409, "User zoe already exists"),
        ("a/b", "{}", 400, "Invalid username: 'a/b'"),
        ("bea", "[]", 400, "Invalid JSON data: []"),
        ("bea", r#"{"name": "bea"}"#, 400, "Invalid JSON keys: name"),
        ("bea", "{", 400, "Invalid JSON in body of request"),
    ];
    for (name, body, status, text) in table {
        let refused = create_one(&world, boss.clone(), name, body).await;
        assert_eq!(refused.error(), (status, text), "{name} {body}");
    }
    let some = world.token("boss", &["admin:users!user=bea"]).await;
    let added = create_one(&world, some.clone(), "bea", "").await;
    assert_eq!(added.status, StatusCode::CREATED);
    let refused = create_one(&world, some, "carol", "").await;
    assert_eq!(refused.error(), NO_ACCESS);
}

#[tokio::test]
async fn a_user_is_changed_in_what_is_named() {
    let world = World::new().await;
    let boss = world.session("boss").await;
    let before = show(&world, "alice").await.json();
    for body in ["{}", r#"{"name": "alice"}"#, r#"{"auth_state": {}}"#] {
        let mut same = edit(&world, boss.clone(), "alice", body).await.json();
        let state = same.as_object_mut().unwrap().remove("auth_state");
        assert_eq!(state, Some(Value::Null), "{body}");
        let mut expected = before.clone();
        expected.as_object_mut().unwrap().remove("auth_state");
        assert_eq!(same, expected, "{body}");
    }
    let table = [
        ("", "Invalid JSON data: None"),
        (r#"["x"]"#, r#"Invalid JSON data: ["x"]"#),
        (
            r#"{"colour": 1, "size": 2}"#,
            "Invalid JSON keys: colour, size",
        ),
        (
            r#"{"name": 5}"#,
            "user.name must be <class 'str'>, not: <class 'int'>",
        ),
        (
            r#"{"auth_state": null}"#,
            "user.auth_state must be <class 'dict'>, not: <class 'NoneType'>",
        ),
        (
            r#"{"groups": {}}"#,
            "user.groups must be <class 'list'>, not: <class 'dict'>",
        ),
        (r#"{"name": "a/b"}"#, "Invalid username: 'a/b'"),
        (r#"{"name": ""}"#, "Invalid username: ''"),
        (
            r#"{"name": "Bob"}"#,
            "User bob already exists, username must be unique",
        ),
        (r#"{"groups": ["nothing"]}"#, "No such group: nothing"),
        (r#"{"roles": ["nothing"]}"#, "No such role: nothing"),
        (r#"{"roles": ["No Role"]}"#, "No such role: No Role"),
        (
            r#"{"roles": [], "admin": true}"#,
            "user.admin and user.roles contradict each other",
        ),
    ];
    for (body, text) in table {
        let refused = edit(&world, boss.clone(), "alice", body).await;
        assert_eq!(refused.error(), (400, text), "{body}");
    }
    let refused = edit(&world, boss, "nobody", "{}").await;
    assert_eq!(refused.error(), (404, "Not Found"));
    assert_eq!(show(&world, "alice").await.json(), before);
}

#[tokio::test]
async fn a_renamed_user_is_another_account() {
    let world = World::new().await;
    let token = world.token("alice", &["self"]).await.unwrap();
    let boss = world.session("boss").await;
    let renamed = edit(&world, boss.clone(), "alice", r#"{"name": "Alicia"}"#).await;
    assert_eq!(renamed.json()["name"], "alicia");
    assert_eq!(show(&world, "alice").await.status, StatusCode::NOT_FOUND);
    let store = &world.parts.hub.store;
    let tokens = store.list_tokens(token.owner(), world.parts.hub.clock.now());
    assert_eq!(tokens.await.unwrap(), vec![], "what alice had is gone");
    let ticket = store.find_ticket(&user("alicia")).await.unwrap();
    assert!(ticket.is_none(), "so is what lets alice's servers start");
    // A scope for the old name is none for another.
    let some = world.token("boss", &["admin:users!user=bob"]).await;
    let refused = edit(&world, some, "bob", r#"{"name": "root2"}"#).await;
    assert_eq!(refused.error(), NO_ACCESS);
    // The name of a unit cannot change while it runs.
    world.begin_run(&key("bob", ""), "0123456789abcdef").await;
    let refused = edit(&world, boss, "bob", r#"{"name": "robert"}"#).await;
    let text = "bob has a server that is active. Please stop it before changing the name.";
    assert_eq!(refused.error(), (400, text));
}

#[tokio::test]
async fn groups_of_a_user_are_replaced_where_one_may_change_them() {
    let world = World::new().await;
    make_group(&world, "class", &["alice"]).await;
    make_group(&world, "lab", &[]).await;
    let boss = world.session("boss").await;
    let body = r#"{"groups": ["lab"]}"#;
    let moved = edit(&world, boss.clone(), "alice", body).await;
    assert_eq!(moved.json()["groups"], json!(["lab"]));
    let some = world
        .token("boss", &["admin:users", "groups!group=lab"])
        .await;
    let refused = edit(
        &world,
        some.clone(),
        "alice",
        r#"{"groups": ["lab", "class"]}"#,
    )
    .await;
    assert_eq!(refused.error(), NO_ACCESS);
    let left = edit(&world, some, "alice", r#"{"groups": []}"#).await;
    assert_eq!(left.json()["groups"], json!([]));
    // What the system says of an account stays true.
    world.log_in_with_groups("bob", &["class", "wheel"]).await;
    let kept = edit(&world, boss.clone(), "bob", body).await;
    assert_eq!(kept.json()["groups"], json!(["class", "lab"]));
    world.log_in_with_groups("bob", &[]).await;
    assert_eq!(show(&world, "bob").await.json()["groups"], json!(["lab"]));
}

#[tokio::test]
async fn nobody_gives_a_role_with_more_than_they_have() {
    let world = World::new().await;
    world
        .define_role("grader", &["read:servers!user", "shutdown"])
        .await;
    world.define_role("helper", &["read:users!user"]).await;
    world.give_roles("bob", &["admin:users"]).await;
    let bob = world.session("bob").await;
    let refused = edit(&world, bob.clone(), "alice", r#"{"roles": ["grader"]}"#).await;
    let text = "Not giving role grader with scopes that you do not hold: \
                shutdown, read:servers!user=alice";
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("shutdown"), "{} {text}", refused.text);
    let given = edit(
        &world,
        bob.clone(),
        "alice",
        r#"{"roles": ["helper", "user"]}"#,
    )
    .await;
    assert_eq!(given.json()["roles"], json!(["helper", "user"]));
    let boss = world.session("boss").await;
    let given = edit(&world, boss, "alice", r#"{"roles": ["helper", "grader"]}"#).await;
    assert_eq!(given.json()["roles"], json!(["grader", "helper", "user"]));
    // What is there already may be named by anybody who may change the user, and be taken.
    let kept = edit(&world, bob, "alice", r#"{"roles": ["grader"]}"#).await;
    assert_eq!(kept.json()["roles"], json!(["grader", "user"]));
}

#[tokio::test]
async fn a_user_is_removed_with_all_that_is_theirs() {
    let world = World::new().await;
    make_group(&world, "class", &["alice", "bob"]).await;
    let token = world.token("alice", &["self"]).await;
    assert!(token.is_some());
    let boss = world.session("boss").await;
    let yourself = delete(&world, boss.clone(), "boss").await;
    assert_eq!(yourself.error(), (400, "Cannot delete yourself!"));
    let nobody = delete(&world, boss.clone(), "nobody").await;
    assert_eq!(nobody.error(), (404, "Not Found"));
    let gone = delete(&world, boss.clone(), "alice").await;
    assert_eq!(
        (gone.status, gone.text.as_str()),
        (StatusCode::NO_CONTENT, "")
    );
    assert_eq!(show(&world, "alice").await.status, StatusCode::NOT_FOUND);
    let again = delete(&world, boss.clone(), "alice").await;
    assert_eq!(again.error(), (404, "Not Found"));
    let store = &world.parts.hub.store;
    let class = crate::domain::names::GroupName::parse("class").unwrap();
    let group = store.find_group(&class).await.unwrap().unwrap();
    assert_eq!(group.users, [user("bob")]);
    // What is recorded as running is not forgotten.
    world.begin_run(&key("bob", ""), "0123456789abcdef").await;
    let busy = delete(&world, boss, "bob").await;
    let text = "bob's server is in the process of stopping, please wait.";
    assert_eq!(busy.error(), (400, text));
}

#[tokio::test]
async fn contradictory_requests_at_once_leave_one_answer() {
    let world = World::new().await;
    let boss = world.session("boss").await;
    let body = r#"{"usernames": ["zoe", "bea"]}"#;
    let (one, other) = tokio::join!(
        create(&world, boss.clone(), body),
        create(&world, boss.clone(), body),
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort();
    assert_eq!(statuses, [201, 409]);
    let (first, second) = (r#"{"name": "ann"}"#, r#"{"name": "eve"}"#);
    let (one, other) = tokio::join!(
        edit(&world, boss.clone(), "zoe", first),
        edit(&world, boss.clone(), "zoe", second),
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort();
    assert_eq!(statuses, [200, 404]);
    let listed = list(&world, boss, "").await;
    assert_eq!(names(&listed).len(), 5);
}

#[tokio::test]
async fn administrators_stay_none_when_the_hub_and_the_system_say_so() {
    let world = World::new().await;
    let boss = world.session("boss").await;
    edit(&world, boss.clone(), "alice", r#"{"admin": true}"#).await;
    let alice = world.session("alice").await;
    let demoted = edit(&world, alice, "boss", r#"{"admin": false}"#).await;
    assert_eq!(demoted.json()["roles"], json!(["user"]));
    let store = &world.parts.hub.store;
    let found = store.find_user(&user("boss")).await.unwrap().unwrap();
    assert_eq!(found.admin, AdminRole::NotHeld);
    // The session of boss is no administrator's any more.
    let refused = create(
        &world,
        world.session("boss").await,
        r#"{"usernames": ["zoe"]}"#,
    )
    .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_old_way_into_others_servers_is_closed() {
    let world = World::new().await;
    let ask = async |caller| {
        let ctx = world.context(caller, &[("user", "alice")]);
        read(users::refuse_admin_access(&ctx, post("")).await).await
    };
    let boss = ask(world.session("boss").await).await;
    let text = "admin access to user servers disabled";
    assert_eq!(boss.error(), (403, text));
    let bob = ask(world.session("bob").await).await;
    assert_eq!(bob.error(), NO_ACCESS);
}
