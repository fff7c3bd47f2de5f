//! Users, tokens, activity and the hub itself.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use super::world::{Answer, World, get, key, post, read, user};
use crate::{
    domain::{access::Caller, paths, time::Timestamp},
    handlers::api::{activity, hub, tokens, user as own, users},
    http::links::Links,
};

const NOBODY: (u16, &str) = (403, "Missing or invalid credentials.");
const NO_ACCESS: (u16, &str) = (404, "No access to resources or resources not found");

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn links_and_paths_agree_on_where_a_server_lies() {
    for base in ["/", "/lab/"] {
        for key in [key("alice", ""), key("a b@x", "lab"), key("LAB\\bob~1", "")] {
            let prefix = paths::server_prefix(base, &key);
            assert_eq!(Links::new(base).server(&key).as_str(), prefix);
        }
    }
}

#[tokio::test]
async fn the_version_is_for_everybody() {
    let world = World::new().await;
    let answer = read(hub::get_version(&world.context(None, &[]), get("/hub/api")).await).await;
    assert_eq!(answer.json(), json!({ "version": "6.1.1" }));
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn details_of_the_hub_are_for_those_with_the_scope() {
    let world = World::new().await;
    let info =
        async |caller| read(hub::get_info(&world.context(caller, &[]), get("/")).await).await;
    assert_eq!(info(None).await.error(), NOBODY);
    let alice = info(world.session("alice").await).await;
    assert_eq!(
        alice.error(),
        (
            403,
            "Action is not authorized with current scopes; requires any of [read:hub]"
        )
    );
    let boss = info(world.session("boss").await).await.json();
    assert_eq!(boss["version"], "6.1.1");
    assert_eq!(boss["spawner"]["class"], "carrel.systemd");
}

#[tokio::test]
async fn whoever_asks_who_they_are_is_told() {
    let world = World::new().await;
    let whoami =
        async |caller| read(own::get_self(&world.context(caller, &[]), get("/")).await).await;
    assert_eq!(whoami(None).await.error(), (403, "Forbidden"));
    let own = whoami(world.session("alice").await).await;
    insta::assert_snapshot!("own_model", own.pretty());
    let token = whoami(world.token("alice", &["read:servers!user"]).await).await;
    let token = token.json();
    assert_eq!(token["name"], "alice");
    assert_eq!(token["token_id"], "a1");
    assert_eq!(token["session_id"], Value::Null);
    assert_eq!(
        token["scopes"],
        json!([
            "read:servers!user=alice",
            "read:users:groups!user=alice",
            "read:users:name!user=alice"
        ])
    );
    assert_eq!(
        keys(&token),
        [
            "admin",
            "groups",
            "kind",
            "name",
            "scopes",
            "servers",
            "session_id",
            "token_id",
            "user_info"
        ]
    );
}

#[tokio::test]
async fn a_users_model_has_the_keys_the_scopes_open() {
    let world = World::new().await;
    let model = async |caller: Option<Caller>, name: &str| {
        let ctx = world.context(caller, &[("user", name)]);
        read(users::get_user(&ctx, get("/")).await).await
    };
    assert_eq!(model(None, "alice").await.error(), NOBODY);
    let table: &[(&[&str], &[&str])] = &[
        (
            &["read:users!user"],
            &[
                "admin",
                "created",
                "groups",
                "kind",
                "last_activity",
                "name",
                "pending",
                "roles",
                "server",
                "user_info",
            ],
        ),
        (&[], &["admin", "groups", "kind", "name", "user_info"]),
        (
            &["read:users:activity!user"],
            &[
                "admin",
                "groups",
                "kind",
                "last_activity",
                "name",
                "user_info",
            ],
        ),
    ];
    for (scopes, expected) in table {
        let answer = model(world.token("alice", scopes).await, "alice").await;
        assert_eq!(keys(&answer.json()), *expected, "{scopes:?}");
    }
    for name in ["bob", "nobody", "..", "a\nb"] {
        let answer = model(world.session("alice").await, name).await;
        assert_eq!(answer.error(), NO_ACCESS, "{name}");
    }
    let boss = world.session("boss").await;
    assert_eq!(model(boss.clone(), "alice").await.json()["name"], "alice");
    assert_eq!(model(boss, "nobody").await.error(), (404, "Not Found"));
}

#[tokio::test]
async fn stopped_servers_are_shown_when_asked_for() {
    let world = World::new().await;
    let caller = world.session("alice").await;
    for (query, count) in [
        ("", 0),
        ("?include_stopped_servers=0", 0),
        ("?include_stopped_servers=False", 0),
        ("?include_stopped_servers=1", 1),
        ("?include_stopped_servers", 1),
    ] {
        let ctx = world.context(caller.clone(), &[("user", "alice")]);
        let uri = format!("/hub/api/users/alice{query}");
        let model = read(users::get_user(&ctx, get(&uri)).await).await.json();
        assert_eq!(
            model["servers"].as_object().unwrap().len(),
            count,
            "{query}"
        );
    }
}

async fn make(world: &World, caller: Option<Caller>, name: &str, body: &str) -> Answer {
    let ctx = world.context(caller, &[("user", name)]);
    read(tokens::create_token(&ctx, post(body)).await).await
}

#[tokio::test]
async fn a_token_is_made_shown_once_used_and_revoked() {
    let world = World::new().await;
    let alice = world.session("alice").await;
    let body = r#"{"note": "backup", "expires_in": 60, "scopes": ["self"]}"#;
    let answer = make(&world, alice.clone(), "alice", body).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let made = answer.json();
    let text = made["token"].as_str().unwrap();
    assert_eq!(text.len(), 32);
    assert!(world.bearer(text).await.is_some());
    let redacted = answer.pretty().replace(text, "[token]");
    insta::assert_snapshot!("new_token", redacted);

    let ctx = world.context(alice.clone(), &[("user", "alice")]);
    let listed = read(tokens::list_tokens(&ctx, get("/")).await).await.json();
    assert_eq!(listed["api_tokens"].as_array().unwrap().len(), 1);
    assert_eq!(listed["api_tokens"][0]["id"], "a1");
    assert!(listed["api_tokens"][0].get("token").is_none());

    let one = &[("user", "alice"), ("token", "a1")];
    let ctx = world.context(alice.clone(), one);
    let got = read(tokens::get_token(&ctx, get("/")).await).await;
    assert_eq!(got.json()["note"], "backup");
    let gone = read(tokens::revoke_token(&ctx, get("/")).await).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert!(world.bearer(text).await.is_none());
    let again = read(tokens::revoke_token(&ctx, get("/")).await).await;
    assert_eq!(again.error(), (404, "No such token a1 for user alice"));
}

#[tokio::test]
async fn a_token_lasts_as_long_as_the_configuration_lets_it() {
    let mut world = World::new().await;
    let hour = |hours: u64| Some(Duration::from_secs(hours * 3600));
    // What the configuration says, what is asked, and when it expires or why not.
    let century = 100 * 365 * 24 * 3600_u64;
    let table = [
        (None, None, "null", Ok(None)),
        (None, None, "60", Ok(Some("2026-01-02T03:05:05.000000Z"))),
        (None, None, "1000000000000", Err(century)),
        (
            hour(2),
            None,
            "null",
            Ok(Some("2026-01-02T05:04:05.000000Z")),
        ),
        (
            hour(2),
            hour(1),
            "null",
            Ok(Some("2026-01-02T04:04:05.000000Z")),
        ),
        (
            None,
            hour(1),
            "null",
            Ok(Some("2026-01-02T04:04:05.000000Z")),
        ),
        (
            hour(2),
            None,
            "7200",
            Ok(Some("2026-01-02T05:04:05.000000Z")),
        ),
        (hour(2), None, "7201", Err(7200)),
    ];
    for (max, default, asked, expected) in table {
        world.settings.hub.token_lifetime_max = max;
        world.settings.hub.token_lifetime_default = default;
        let body = format!(r#"{{"expires_in": {asked}}}"#);
        let answer = make(&world, world.session("alice").await, "alice", &body).await;
        match expected {
            Ok(expires) => assert_eq!(answer.json()["expires_at"].as_str(), expires),
            Err(max) => {
                let text = format!("token expires_in: {asked} must not exceed {max}");
                assert_eq!(answer.error(), (400, text.as_str()));
            }
        }
    }
}

#[tokio::test]
async fn a_password_of_the_wrong_kind_makes_no_token() {
    let world = World::new().await;
    for auth in [
        r#""alice""#,
        "null",
        "{}",
        r#"{"username": "alice"}"#,
        r#"{"password": "x"}"#,
    ] {
        let answer = make(&world, None, "alice", &format!(r#"{{"auth": {auth}}}"#)).await;
        assert_eq!(
            answer.error(),
            (403, "Missing or invalid credentials."),
            "{auth}"
        );
    }
}

#[tokio::test]
async fn bad_wishes_for_a_token_are_refused() {
    let world = World::new().await;
    let table = [
        ("[]", 400, "Body must be a JSON dict or empty"),
        ("{", 400, "Invalid JSON in body of request"),
        (
            r#"{"scopes": "self"}"#,
            400,
            "token scopes must be null or a list of strings, not 'self'",
        ),
        (
            r#"{"roles": [1]}"#,
            400,
            "token roles must be null or a list of strings, not [1]",
        ),
        (
            r#"{"scope": ["self"]}"#,
            400,
            "Unexpected field: scope, supported fields: note, expires_in, scopes, roles",
        ),
        (r#"{"note": 1}"#, 400, "token note must be null or a string"),
        (
            r#"{"expires_in": "60"}"#,
            400,
            "token expires_in must be null or integer, not '60'",
        ),
        (
            r#"{"expires_in": 0}"#,
            400,
            "expires_in must be a positive integer or null, not 0",
        ),
        (
            r#"{"expires_in": -5}"#,
            400,
            "expires_in must be a positive integer or null, not -5",
        ),
        (
            r#"{"scopes": ["admin:users"]}"#,
            400,
            "Not assigning requested scopes admin:users not held by User alice",
        ),
        (
            r#"{"roles": ["admin"]}"#,
            400,
            "Not assigning requested scopes admin-ui,admin:users,",
        ),
        (r#"{"roles": ["root"]}"#, 400, "No such role: 'root'"),
        (
            r#"{"scopes": ["nonsense"]}"#,
            400,
            "Scope 'nonsense' does not exist",
        ),
        (
            r#"{"scopes": [], "roles": []}"#,
            400,
            "Can only assign one of scopes or roles when creating tokens.",
        ),
    ];
    for (body, status, text) in table {
        let answer = make(&world, world.session("alice").await, "alice", body).await;
        assert_eq!(answer.status.as_u16(), status, "{body}");
        assert!(answer.text.starts_with(text), "{body}: {}", answer.text);
    }
    let kept = world.token("alice", &["inherit"]).await;
    assert_eq!(
        make(&world, kept, "alice", "").await.status,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn tokens_of_others_are_none_of_ones_business() {
    let world = World::new().await;
    assert_eq!(make(&world, None, "alice", "").await.error(), NOBODY);
    let alice = world.session("alice").await;
    for name in ["bob", "nobody", ""] {
        let text = format!("User {name} not found or no permissions to generate tokens");
        let answer = make(&world, alice.clone(), name, "").await;
        assert_eq!(answer.error(), (403, text.as_str()));
    }
    let weak = world.token("alice", &["read:tokens!user"]).await;
    assert_eq!(
        make(&world, weak.clone(), "alice", "").await.status,
        StatusCode::FORBIDDEN
    );
    let ctx = world.context(weak, &[("user", "alice"), ("token", "a1")]);
    assert!(tokens::list_tokens(&ctx, get("/")).await.is_ok());
    let revoked = read(tokens::revoke_token(&ctx, get("/")).await).await;
    assert_eq!(
        revoked.error(),
        (
            403,
            "Action is not authorized with current scopes; requires any of [tokens]"
        )
    );
    let ctx = world.context(alice.clone(), &[("user", "bob"), ("token", "a1")]);
    assert_eq!(
        read(tokens::list_tokens(&ctx, get("/")).await)
            .await
            .error(),
        NO_ACCESS
    );
    assert_eq!(
        read(tokens::get_token(&ctx, get("/")).await).await.error(),
        NO_ACCESS
    );
    // Boss may look, but a token is found below its own user only.
    let ctx = world.context(
        world.session("boss").await,
        &[("user", "bob"), ("token", "a1")],
    );
    let other = read(tokens::get_token(&ctx, get("/")).await).await;
    assert_eq!(other.error(), (404, "No such token a1 for user bob"));
    let by_boss = make(&world, world.session("boss").await, "bob", "")
        .await
        .json();
    assert_eq!(by_boss["note"], "Requested via api by user boss");
    assert_eq!(by_boss["user"], "bob");
}

#[tokio::test]
async fn activity_is_reported_as_servers_do() {
    let world = World::new().await;
    world.begin_run(&key("alice", ""), "0123456789abcdef").await;
    let server = world.bearer("0123456789abcdef").await;
    let post_as = async |caller: Option<Caller>, name: &str, body: &str| {
        let ctx = world.context(caller, &[("user", name)]);
        read(activity::post_activity(&ctx, post(body)).await).await
    };
    let stamp = "2026-01-02T03:30:00.000000Z";
    let body = json!({ "last_activity": stamp, "servers": { "": { "last_activity": stamp } } });
    let answer = post_as(server.clone(), "alice", &body.to_string()).await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, ""));
    let stored = world
        .parts
        .hub
        .store
        .find_user(&user("alice"))
        .await
        .unwrap();
    assert_eq!(stored.unwrap().last_activity, Timestamp::parse(stamp));

    let table = [
        ("", "body must be a json dict"),
        ("[]", "body must be a json dict"),
        (
            "{}",
            "body must contain at least one of `last_activity` or `servers`",
        ),
        (
            r#"{"servers": {}, "last_activity": null}"#,
            "body must contain at least one of `last_activity` or `servers`",
        ),
        (
            r#"{"servers": {"": "now"}}"#,
            "servers must be a dict of the form {server_name: {last_activity: timestamp}}",
        ),
        (
            r#"{"servers": ["x"]}"#,
            "servers must be a dict of the form {server_name: {last_activity: timestamp}}",
        ),
        (
            r#"{"last_activity": "now"}"#,
            "Not a valid timestamp: 'now'",
        ),
        (r#"{"last_activity": 5}"#, "Not a valid timestamp: 5"),
        (r#"{"last_activity": {}}"#, "Not a valid timestamp: {}"),
        (
            r#"{"last_activty": "2026-01-02T03:00:00"}"#,
            "Unexpected field: last_activty, supported fields: last_activity, servers",
        ),
        (
            r#"{"servers": false}"#,
            "servers must be a dict of the form {server_name: {last_activity: timestamp}}",
        ),
        (
            r#"{"servers": {"": {"last_activity": "2026-01-02T03:00:00", "kernels": 1}}}"#,
            "Unexpected field: kernels, supported fields: last_activity",
        ),
        (
            r#"{"servers": {"lab": {"last_activity": "2026-01-02T03:00:00"}}}"#,
            "No such server 'lab' for user alice",
        ),
        (
            r#"{"last_activity": "2026-01-02T05:00:00Z"}"#,
            "Rejecting activity from more than an hour in the future: 2026-01-02T05:00:00.000000Z",
        ),
    ];
    for (body, text) in table {
        let answer = post_as(server.clone(), "alice", body).await;
        assert_eq!(answer.error(), (400, text), "{body}");
    }
    assert_eq!(post_as(server, "bob", "{}").await.error(), NO_ACCESS);
    assert_eq!(post_as(None, "alice", "{}").await.error(), NOBODY);
    let boss = world.session("boss").await;
    let nobody = post_as(boss, "nobody", &body.to_string()).await;
    assert_eq!(nobody.error(), (404, "No such user: 'nobody'"));
}
