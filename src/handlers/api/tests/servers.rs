//! Servers, as far as they can be asked about without starting one.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::json;

use super::world::{World, get, key, post, read, request, user};
use crate::{
    domain::{access::StartServer, names::DisplayName},
    handlers::api::{model, progress, servers as api},
    hub::servers::StartError,
    store::servers::NewServer,
};

const DEFAULT: &[(&str, &str)] = &[("user", "alice")];

#[tokio::test]
async fn a_stopped_server_has_a_model_too() {
    let world = World::new().await;
    let ctx = world.context(world.session("alice").await, DEFAULT);
    let answer = read(api::get_server(&ctx, get("/")).await).await;
    insta::assert_snapshot!("stopped_server", answer.pretty());
    let ctx = world.context(world.session("boss").await, DEFAULT);
    let model = read(api::get_server(&ctx, get("/")).await).await.json();
    assert_eq!(
        model["state"],
        json!({ "unit_name": "carrel-user-alice.service", "invocation": null }),
        "the inner state is for administrators"
    );
}

#[tokio::test]
async fn who_may_not_see_a_server_learns_nothing_of_it() {
    let world = World::new().await;
    let alice = world.session("alice").await;
    for (name, server) in [("bob", ""), ("bob", "lab"), ("nobody", "")] {
        let ctx = world.context(alice.clone(), &[("user", name), ("server", server)]);
        let expected = (404, "No access to resources or resources not found");
        let seen = read(api::get_server(&ctx, get("/")).await).await;
        assert_eq!(seen.error(), expected);
        let started = read(api::start_server(&ctx, get("/")).await).await;
        assert_eq!(started.error(), expected);
        let stopped = read(api::stop_server(&ctx, get("/")).await).await;
        assert_eq!(stopped.error(), expected);
        let followed = read(progress::follow_progress(&ctx, get("/")).await).await;
        assert_eq!(followed.error(), expected);
    }
    let ctx = world.context(None, DEFAULT);
    let nobody = read(api::start_server(&ctx, get("/")).await).await;
    assert_eq!(nobody.error(), (403, "Missing or invalid credentials."));
}

#[tokio::test]
async fn a_servers_own_token_cannot_start_or_stop_it() {
    let world = World::new().await;
    world.begin_run(&key("alice", ""), "0123456789abcdef").await;
    let ctx = world.context(world.bearer("0123456789abcdef").await, DEFAULT);
    let started = read(api::start_server(&ctx, get("/")).await).await;
    let needed = "Action is not authorized with current scopes; requires any of";
    assert_eq!(
        started.error(),
        (403, format!("{needed} [start:servers]").as_str())
    );
    let stopped = read(api::stop_server(&ctx, get("/")).await).await;
    assert_eq!(
        stopped.error(),
        (403, format!("{needed} [delete:servers]").as_str())
    );
}

#[tokio::test]
async fn bad_wishes_for_a_start_are_refused() {
    let mut world = World::new().await;
    world.settings.hub.named_servers = true;
    let table = [
        ("lab", "[]", 400, "Body must be a JSON object"),
        ("lab", "{", 400, "Invalid JSON in body of request"),
        (
            "lab",
            r#"{"display_name": 1}"#,
            400,
            "display_name must be a string",
        ),
        (
            "lab",
            r#"{"user_options": [1]}"#,
            400,
            "user_options must be an object or null",
        ),
        (
            "lab",
            r#"{"display_name": " x"}"#,
            400,
            "Invalid display_name: ' x'",
        ),
        ("Bad_Name", "", 400, "Invalid server_name: 'Bad_Name'"),
        ("a--b", "", 400, "Invalid server_name: 'a--b'"),
    ];
    let alice = world.session("alice").await;
    for (server, body, status, text) in table {
        let ctx = world.context(alice.clone(), &[("user", "alice"), ("server", server)]);
        let started = api::start_server(&ctx, request(Method::POST, "/", body));
        assert_eq!(read(started.await).await.error(), (status, text));
    }
    world.settings.hub.named_servers = false;
    let ctx = world.context(alice, &[("user", "alice"), ("server", "lab")]);
    let off = read(api::start_server(&ctx, get("/")).await).await;
    assert_eq!(off.error(), (400, "Named servers are not enabled."));
    let off = read(api::stop_server(&ctx, get("/")).await).await;
    assert_eq!(off.error(), (400, "Named servers are not enabled."));
}

#[tokio::test]
async fn stopping_what_does_not_run_is_done_at_once() {
    let mut world = World::new().await;
    world.settings.hub.named_servers = true;
    let alice = world.session("alice").await;
    let delete = async |server: &str, body: &str| {
        let ctx = world.context(alice.clone(), &[("user", "alice"), ("server", server)]);
        read(api::stop_server(&ctx, request(Method::DELETE, "/", body)).await).await
    };
    assert_eq!(delete("", "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(
        delete("", r#"{"remove": true}"#).await.error(),
        (400, "Cannot delete the default server")
    );
    assert_eq!(
        delete("", r#"{"remove": 1}"#).await.error(),
        (400, "remove must be true or false")
    );
    assert_eq!(
        delete("", r#"{"removed": true}"#).await.error(),
        (400, "Unexpected field: removed, supported fields: remove")
    );
    assert_eq!(
        delete("lab", "").await.error(),
        (404, "alice has no server named 'lab'")
    );
    let store = &world.parts.hub.store;
    let lab = NewServer {
        display_name: DisplayName::parse("Lab").unwrap(),
        user_options: None,
        created: world.parts.hub.clock.now(),
        limit: 0,
    };
    store
        .create_server(&key("alice", "lab"), lab)
        .await
        .unwrap();
    assert_eq!(delete("lab", "").await.status, StatusCode::NO_CONTENT);
    assert!(
        store
            .find_server(&key("alice", "lab"))
            .await
            .unwrap()
            .is_some()
    );
    let removed = delete("lab", r#"{"remove": true}"#).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    assert!(
        store
            .find_server(&key("alice", "lab"))
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn there_is_no_progress_of_what_does_not_start() {
    let world = World::new().await;
    let alice = world.session("alice").await;
    let ctx = world.context(alice.clone(), DEFAULT);
    let followed = read(progress::follow_progress(&ctx, get("/")).await).await;
    assert_eq!(followed.error(), (400, "alice is not starting..."));
    let ctx = world.context(alice, &[("user", "alice"), ("server", "lab")]);
    let followed = read(progress::follow_progress(&ctx, get("/")).await).await;
    assert_eq!(followed.error(), (404, "Not Found"));
}

#[tokio::test]
async fn what_is_under_way_is_said_and_can_be_followed() {
    let world = World::new().await;
    let alice = world.session("alice").await;
    let ctx = world.context(alice.clone(), DEFAULT);
    let servers = &world.parts.hub.servers;
    let own = key("alice", "");
    let start = alice.as_ref().unwrap().permit(own.clone()).unwrap();
    servers.start(&start, None).unwrap();
    let moment = Duration::from_millis(50);
    assert!(
        servers.settled(&own, moment).await.life.is_active(),
        "what was just asked for counts"
    );
    let model = read(api::get_server(&ctx, get("/")).await).await.json();
    assert_eq!(model["pending"], "spawn");
    assert_eq!(
        (&model["ready"], &model["stopped"]),
        (&json!(false), &json!(false))
    );
    assert!(progress::follow_progress(&ctx, get("/")).await.is_ok());
    let again = read(api::start_server(&ctx, get("/")).await).await;
    assert_eq!(again.status, StatusCode::ACCEPTED);
    assert_eq!(again.header("content-type"), "text/plain");

    let stop = alice.as_ref().unwrap().permit(own.clone()).unwrap();
    servers.stop(&stop).unwrap();
    servers.settled(&own, moment).await;
    let again = read(api::start_server(&ctx, get("/")).await).await;
    assert_eq!(again.error(), (400, "alice is pending stop"));
    let stopped = read(api::stop_server(&ctx, get("/")).await).await;
    assert_eq!(stopped.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn only_so_many_start_at_once() {
    let world = World::new().await;
    let mut settings = world.settings.clone();
    settings.hub.concurrent_spawn_limit = 1;
    world.parts.hub.settings.store(settings.into());
    let ask = async |name: &str| {
        let caller = world.session(name).await.unwrap();
        let permit = caller.permit::<StartServer>(key(name, "")).unwrap();
        world.parts.hub.servers.start(&permit, None)
    };
    ask("alice").await.unwrap();
    assert!(matches!(ask("bob").await, Err(StartError::TooManyStarting)));
    let ctx = world.context(world.session("bob").await, &[("user", "bob")]);
    let refused = read(api::start_server(&ctx, get("/")).await).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.header("retry-after"), "30");
    assert!(
        refused
            .text
            .starts_with("Too many users trying to log in right now.")
    );
}

#[tokio::test]
async fn nobody_has_more_named_servers_than_allowed() {
    let mut world = World::new().await;
    world.settings.hub.named_servers = true;
    world.settings.hub.named_server_limit_per_user = 1;
    let alice = world.session("alice").await;
    let ctx = |server: &str| world.context(alice.clone(), &[("user", "alice"), ("server", server)]);
    let text = "User alice already has the maximum of 1 named servers.  \
                One must be deleted before a new server can be created";
    let put = async |server: &str| read(api::create_server(&ctx(server), post("")).await).await;
    assert_eq!(put("lab").await.status, StatusCode::CREATED);
    assert_eq!(put("den").await.error(), (400, text));
    let started = read(api::start_server(&ctx("den"), post("")).await).await;
    assert_eq!(started.error(), (400, text));
    assert_eq!(put("lab").await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_named_server_is_made_and_changed_without_being_started() {
    let mut world = World::new().await;
    world.settings.hub.named_servers = true;
    let alice = world.session("alice").await;
    let ctx = |server: &str| world.context(alice.clone(), &[("user", "alice"), ("server", server)]);
    let put = async |server: &str, body: &str| {
        read(api::create_server(&ctx(server), post(body)).await).await
    };
    let patch = async |server: &str, body: &str| {
        read(api::edit_server(&ctx(server), post(body)).await).await
    };
    let made = put(
        "lab",
        r#"{"display_name": "Lab", "user_options": {"a": 1}}"#,
    )
    .await;
    assert_eq!(made.status, StatusCode::CREATED);
    let made = made.json();
    assert_eq!(
        (&made["display_name"], &made["stopped"]),
        (&json!("Lab"), &json!(true))
    );
    assert_eq!(made["user_options"], json!({ "a": 1 }));
    assert_eq!(
        put("lab", "").await.error(),
        (409, "User alice already has server lab")
    );
    assert_eq!(
        put("", "").await.error(),
        (409, "User alice already has a default server")
    );

    let table = [
        ("lab", "", 400, "Must specify at least one field to modify."),
        (
            "lab",
            r#"{"state": 1}"#,
            400,
            "Unexpected field: state, supported fields: name, display_name, user_options",
        ),
        (
            "lab",
            r#"{"name": "Bad Name"}"#,
            400,
            "Invalid server_name: 'Bad Name'",
        ),
        ("lab", r#"{"name": 1}"#, 400, "name must be a string"),
        (
            "lab",
            r#"{"display_name": []}"#,
            400,
            "display_name must be a string",
        ),
        (
            "lab",
            r#"{"user_options": null}"#,
            400,
            "user_options must be a dict",
        ),
        (
            "lab",
            r#"{"name": ""}"#,
            409,
            "User alice already has server ''",
        ),
        (
            "gone",
            r#"{"name": "x"}"#,
            404,
            "User alice has no such server 'gone'",
        ),
    ];
    for (server, body, status, text) in table {
        assert_eq!(patch(server, body).await.error(), (status, text), "{body}");
    }
    let renamed = patch("lab", r#"{"name": "gpu", "display_name": "GPU"}"#)
        .await
        .json();
    assert_eq!(renamed["full_name"], "alice/gpu");
    assert_eq!(renamed["user_options"], json!({ "a": 1 }));
    let named = patch("", r#"{"name": "old"}"#).await.json();
    assert_eq!(named["full_name"], "alice/old");
    let own = world
        .parts
        .hub
        .store
        .list_servers_of(&user("alice"))
        .await
        .unwrap();
    let own: Vec<_> = own.iter().map(|server| server.key.to_string()).collect();
    assert_eq!(own, ["alice/", "alice/gpu", "alice/old"]);

    world
        .begin_run(&key("alice", "gpu"), "0123456789abcdef")
        .await;
    assert_eq!(
        patch("gpu", r#"{"name": "x"}"#).await.error(),
        (
            400,
            "alice:gpu is active. Please stop it before modifying it."
        )
    );
}

#[tokio::test]
async fn a_server_of_another_account_of_the_same_name_is_stopped() {
    let world = World::new().await;
    let servers = &world.parts.hub.servers;
    for name in ["alice", "bob"] {
        let caller = world.session(name).await.unwrap();
        servers
            .start(&caller.permit(key(name, "")).unwrap(), None)
            .unwrap();
        servers
            .settled(&key(name, ""), Duration::from_millis(50))
            .await;
    }
    world.log_in_again("alice", 2002).await;
    world.log_in_again("bob", 1002).await;
    let pending = |name: &str| model::pending(&servers.status(&key(name, "")).life);
    let moment = Duration::from_millis(50);
    servers.settled(&key("alice", ""), moment).await;
    assert_eq!(
        (pending("alice"), pending("bob")),
        (Some("stop"), Some("spawn"))
    );
}
