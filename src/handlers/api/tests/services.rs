//! Services that the API adds.

use std::{path::Path, sync::Arc};

use http::Method;
use serde_json::json;

use super::world::{Answer, World, get, post, read, request};
use crate::{
    config,
    domain::access::Caller,
    handlers::api::{services, user},
    hub::services::configured,
};

const NOBODY: (u16, &str) = (403, "Missing or invalid credentials.");
const NO_ACCESS: (u16, &str) = (404, "No access to resources or resources not found");
const TOKEN: &str = "grader-token-0123456789";

async fn create(world: &World, caller: Option<Caller>, name: &str, body: &str) -> Answer {
    let ctx = world.context(caller, &[("service", name)]);
    read(services::create_service(&ctx, post(body)).await).await
}

async fn show(world: &World, caller: Option<Caller>, name: &str) -> Answer {
    let ctx = world.context(caller, &[("service", name)]);
    read(services::get_service(&ctx, get("/")).await).await
}

async fn delete(world: &World, caller: Option<Caller>, name: &str) -> Answer {
    let ctx = world.context(caller, &[("service", name)]);
    let order = request(Method::DELETE, "/", "");
    read(services::delete_service(&ctx, order).await).await
}

/// Has the hub take a configuration in.
async fn configure(world: &World, text: &str) {
    let hub = &world.parts.hub;
    let settings = config::parse(Path::new("c"), text).unwrap();
    hub.settings.store(Arc::new(settings));
    hub.authority
        .take_configuration(&hub.settings)
        .await
        .unwrap();
    configured::take(&hub.store, &hub.settings.load_full(), hub.clock.now())
        .await
        .unwrap();
}

async fn grader(world: &World) -> Option<Caller> {
    let boss = world.session("boss").await;
    let body = format!(r#"{{"api_token": "{TOKEN}", "info": {{"room": 7}}, "display": false}}"#);
    assert_eq!(
        create(world, boss.clone(), "grader", &body).await.status,
        201
    );
    boss
}

#[tokio::test]
async fn a_service_is_added_seen_and_removed() {
    let world = World::new().await;
    let boss = grader(&world).await;
    let expected = json!({
        "kind": "service", "name": "grader", "admin": false, "roles": [], "url": "", "prefix": "",
        "command": [], "pid": 0, "info": {"room": 7}, "display": false,
    });
    assert_eq!(show(&world, boss.clone(), "grader").await.json(), expected);
    let listed = services::list_services(&world.context(boss.clone(), &[]), get("/")).await;
    assert_eq!(read(listed).await.json(), json!({ "grader": expected }));
    let again = create(&world, boss.clone(), "grader", "").await;
    assert_eq!(again.error(), (409, "Service grader already exists"));
    assert_eq!(delete(&world, boss.clone(), "grader").await.status, 200);
    assert!(
        world.bearer(TOKEN).await.is_none(),
        "its token went with it"
    );
    let missing = delete(&world, boss.clone(), "grader").await;
    assert_eq!(missing.error(), (404, "Service grader does not exist"));
    assert_eq!(
        show(&world, boss, "grader").await.error(),
        (404, "No such service: grader")
    );
}

#[tokio::test]
async fn a_services_token_is_the_services_own() {
    let world = World::new().await;
    grader(&world).await;
    let caller = world.bearer(TOKEN).await;
    let answer = read(user::get_self(&world.context(caller, &[]), get("/")).await).await;
    let model = answer.json();
    assert_eq!(
        (&model["kind"], &model["name"]),
        (&json!("service"), &json!("grader"))
    );
    assert_eq!(model["scopes"], json!([]), "it may say who it is, no more");
}

#[tokio::test]
async fn what_a_caller_may_see_of_a_service_their_scopes_say() {
    let world = World::new().await;
    grader(&world).await;
    let keys = async |scopes: &[&str]| {
        let model = show(&world, world.token("boss", scopes).await, "grader").await;
        let model = model.json();
        let keys = model.as_object().unwrap().keys();
        keys.cloned().collect::<Vec<_>>()
    };
    assert_eq!(
        keys(&["read:services:name"]).await,
        ["admin", "kind", "name"]
    );
    assert_eq!(
        keys(&["read:roles:services"]).await,
        ["admin", "kind", "name", "roles"]
    );
    assert_eq!(
        keys(&["read:services!service=grader"]).await,
        [
            "admin", "command", "display", "info", "kind", "name", "pid", "prefix", "url"
        ]
    );
    assert_eq!(show(&world, None, "grader").await.error(), NOBODY);
    let other = world.token("boss", &["read:services!service=other"]).await;
    assert_eq!(show(&world, other, "grader").await.error(), NO_ACCESS);
    let held = show(&world, world.session("alice").await, "grader").await;
    assert_eq!(held.status, 403);
}

#[tokio::test]
async fn a_configured_service_is_what_the_configuration_says() {
    let world = World::new().await;
    // One that the API added gives way to it.
    let boss = grader(&world).await;
    let text = r#"
        [[services]]
        name = "grader"
        url = "unix"
        command = ["/opt/grader", "--course", "101"]
        user = "grader"
        info = { room = 8 }
        [[roles]]
        name = "grading"
        scopes = ["list:users"]
        services = ["grader"]
    "#;
    configure(&world, text).await;
    let expected = json!({
        "kind": "service", "name": "grader", "admin": false, "roles": ["grading"], "url": "unix",
        "prefix": "/services/grader/", "command": ["/opt/grader", "--course", "101"], "pid": 0,
        "info": {"room": 8}, "display": true,
    });
    assert_eq!(show(&world, boss.clone(), "grader").await.json(), expected);
    assert_eq!(
        delete(&world, boss.clone(), "grader").await.error(),
        (405, "Service grader is not modifiable at runtime")
    );
    let again = create(&world, boss.clone(), "grader", "").await;
    assert_eq!(again.error(), (409, "Service grader already exists"));
    configure(&world, "").await;
    assert_eq!(show(&world, boss, "grader").await.status, 404);
}

#[tokio::test]
async fn bad_orders_add_nothing() {
    let world = World::new().await;
    let boss = world.session("boss").await;
    let table = [
        ("[]", "Invalid service data"),
        (r#"{"name": "other"}"#, "Invalid service data"),
        (r#"{"colour": "red"}"#, "Invalid JSON keys: colour"),
        (
            r#"{"command": ["x"]}"#,
            "Can not create managed service grader at runtime",
        ),
        (
            r#"{"admin": 1}"#,
            "service.admin must be <class 'bool'>, not: <class 'int'>",
        ),
        (
            r#"{"api_token": "short"}"#,
            "service.api_token must have 8 to 64 visible characters",
        ),
        (
            r#"{"url": "file:///etc"}"#,
            "service.url must begin with http:// or https://",
        ),
        (
            r#"{"oauth_client_id": "service-x"}"#,
            "oauth_client_id needs oauth_redirect_uri",
        ),
        (
            r#"{"oauth_client_id": "x", "oauth_redirect_uri": "https://x.test/cb"}"#,
            "oauth_client_id must begin with service-, not x",
        ),
        (
            r#"{"oauth_client_allowed_scopes": ["nothing"]}"#,
            "Scope 'nothing' does not exist",
        ),
        (
            r#"{"oauth_redirect_uri": "javascript:alert(1)"}"#,
            "oauth_redirect_uri must be a path of this host or begin with http:// or https://, without a fragment",
        ),
    ];
    for (body, expected) in table {
        let refused = create(&world, boss.clone(), "grader", body).await;
        assert_eq!(refused.error(), (400, expected), "{body}");
    }
    assert_eq!(show(&world, boss, "grader").await.status, 404);
}

#[tokio::test]
async fn what_only_managed_services_have_may_be_there_and_empty() {
    let world = World::new().await;
    let boss = world.session("boss").await;
    let body = r#"{"command": [], "environment": {}, "cwd": "", "user": null}"#;
    assert_eq!(create(&world, boss, "plain", body).await.status, 201);
}

#[tokio::test]
async fn nobody_gives_a_service_more_than_they_have() {
    let world = World::new().await;
    world.give_roles("bob", &["admin:services"]).await;
    let bob = world.session("bob").await;
    assert_eq!(
        create(&world, bob.clone(), "plain", "").await.status,
        201,
        "one that may do nothing is anybody's to add who may add any"
    );
    let makes_admin = r#"{"admin": true}"#;
    let visitors = |scope: &str| {
        format!(
            r#"{{"oauth_redirect_uri": "https://x.test/cb", "oauth_client_allowed_scopes": ["{scope}"]}}"#
        )
    };
    // Some of these mean nothing or little for who adds it, and much for an administrator who visits.
    let scopes = [
        "admin:users",
        "inherit",
        "self",
        "tokens!user",
        "read:users!user",
    ];
    for (number, scope) in scopes.into_iter().enumerate() {
        let refused = create(&world, bob.clone(), "grader", &visitors(scope)).await;
        let expected = format!("Not assigning requested scopes {scope} not held by user bob");
        assert_eq!(refused.error(), (400, expected.as_str()));
        let (boss, name) = (world.session("boss").await, format!("grader-{number}"));
        let made = create(&world, boss, &name, &visitors(scope)).await;
        assert_eq!(made.status, 201, "{scope}");
    }
    let own = create(&world, bob.clone(), "lister", &visitors("list:services")).await;
    assert_eq!(own.status, 201);

    // To have all users is not to be an administrator.
    world
        .give_roles("bob", &["admin:services", "admin:users"])
        .await;
    let tokens = ["admin:services", "admin:users"];
    for caller in [
        world.session("bob").await,
        world.token("boss", &tokens).await,
    ] {
        let refused = create(&world, caller, "grader", makes_admin).await;
        assert_eq!(
            refused.error(),
            (403, "Only admins can grant admin permissions")
        );
    }

    assert_eq!(create(&world, None, "other", "").await.error(), NOBODY);
    assert_eq!(delete(&world, None, "plain").await.error(), NOBODY);
    assert_eq!(
        create(&world, world.session("alice").await, "other", "")
            .await
            .status,
        403
    );
}
