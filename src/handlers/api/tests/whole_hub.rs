//! What concerns the hub as a whole: its routes, its end, and the questions of old clients.

use http::Method;
use serde_json::json;

use super::world::{World, get, key, post, read, request};
use crate::{
    handlers::api::{authorizations, hub, proxy},
    hub::routes::Route,
};

const NOBODY: (u16, &str) = (403, "Missing or invalid credentials.");

#[tokio::test]
async fn the_routes_are_shown_to_those_with_the_scope() {
    let world = World::new().await;
    let list = async |caller, uri: &str| {
        read(proxy::list_routes(&world.context(caller, &[]), get(uri)).await).await
    };
    assert_eq!(list(None, "/").await.error(), NOBODY);
    let refusal = "Action is not authorized with current scopes; requires any of [proxy]";
    assert_eq!(
        list(world.session("alice").await, "/").await.error(),
        (403, refusal)
    );
    let socket = "/run/carrel/user/1001/_default.sock".into();
    let route = Route::new(key("alice", ""), "/user/alice/".into(), socket, 1001);
    assert!(world.parts.hub.routes.publish(route));
    let boss = world.session("boss").await;
    assert_eq!(
        list(boss.clone(), "/").await.json(),
        json!({
            "/": {
                "routespec": "/",
                "target": "http://127.0.0.1:8081",
                "data": { "hub": true },
            },
            "/user/alice/": {
                "routespec": "/user/alice/",
                "target": "http+unix://%2Frun%2Fcarrel%2Fuser%2F1001%2F%5Fdefault%2Esock",
                "data": { "user": "alice", "server_name": "", "last_activity": null },
            },
        })
    );
    let second = list(boss, "/?offset=1&limit=1").await.json();
    assert_eq!(second.as_object().unwrap().len(), 1);
    assert!(second["/user/alice/"].is_object());
}

#[tokio::test]
async fn another_proxy_is_heard_of_and_changes_nothing() {
    let world = World::new().await;
    let boss = world.session("boss").await;
    let table = [
        ("", (400, "need JSON body")),
        ("[]", (400, "Request body must be JSON dict")),
        ("{", (400, "Invalid JSON in body of request")),
        (r#"{"api_url": "http://127.0.0.1:8001"}"#, (200, "")),
        (r#"{"api_url": 1}"#, (400, "api_url must be a string")),
        (
            r#"{"port": "1"}"#,
            (
                400,
                "Unexpected field: port, supported fields: api_url, auth_token",
            ),
        ),
    ];
    for (body, expected) in table {
        let ctx = world.context(boss.clone(), &[]);
        let order = request(Method::PATCH, "/", body);
        let answer = read(proxy::replace_proxy(&ctx, order).await).await;
        assert_eq!(answer.error(), expected, "{body}");
    }
    let nobody = proxy::replace_proxy(&world.context(None, &[]), post("{}")).await;
    assert_eq!(read(nobody).await.error(), NOBODY);
    let nobody = proxy::check_routes(&world.context(None, &[]), post("")).await;
    assert_eq!(read(nobody).await.error(), NOBODY);
}

#[tokio::test]
async fn the_hub_ends_only_for_those_who_may_end_it() {
    let world = World::new().await;
    let end = async |caller, body: &str| {
        read(hub::shut_down(&world.context(caller, &[]), post(body)).await).await
    };
    assert_eq!(end(None, "").await.error(), NOBODY);
    let refusal = "Action is not authorized with current scopes; requires any of [shutdown]";
    assert_eq!(
        end(world.session("alice").await, "").await.error(),
        (403, refusal)
    );
    let boss = world.session("boss").await;
    let table = [
        (r#"{"proxy": 1}"#, "proxy must be true or false, got 1"),
        (
            r#"{"servers": "no"}"#,
            "servers must be true or false, got 'no'",
        ),
        (
            r#"{"now": true}"#,
            "Unexpected field: now, supported fields: proxy, servers",
        ),
        ("[]", "Request body must be a JSON object"),
    ];
    for (body, expected) in table {
        assert_eq!(end(boss.clone(), body).await.error(), (400, expected));
    }
    assert!(!world.parts.end.is_cancelled());
    let answer = end(boss, r#"{"proxy": true, "servers": false}"#).await;
    assert_eq!(answer.status, 202);
    assert_eq!(answer.json(), json!({ "message": "Shutting down Hub" }));
    assert!(world.parts.end.is_cancelled());
}

#[tokio::test]
async fn a_token_is_told_apart_for_programs_with_a_token() {
    let world = World::new().await;
    let show = async |caller, token: &str| {
        let ctx = world.context(caller, &[("token", token)]);
        read(authorizations::show_tokens_owner(&ctx, get("/")).await).await
    };
    let secret = "0123456789abcdef0123456789abcdef";
    world.begin_run(&key("alice", ""), secret).await;
    assert_eq!(show(None, secret).await.error(), NOBODY);
    assert_eq!(
        show(world.session("boss").await, secret).await.error(),
        NOBODY,
        "a browser is no program"
    );
    let bob = world.token("bob", &["inherit"]).await;
    assert_eq!(show(bob.clone(), secret).await.json()["name"], "alice");
    for wrong in ["short", "ffffffffffffffffffffffffffffffff"] {
        assert_eq!(show(bob.clone(), wrong).await.status, 404);
    }
}

#[tokio::test]
async fn a_cookie_is_told_apart_for_programs_with_a_token() {
    let world = World::new().await;
    let bob = world.token("bob", &["inherit"]).await;
    let value = world.login_cookie("alice").await;
    let show = async |caller, name: &str, value: &str| {
        let ctx = world.context(caller, &[("name", name), ("value", value)]);
        read(authorizations::show_cookies_owner(&ctx, get("/")).await).await
    };
    let name = crate::http::cookies::HUB_LOGIN;
    assert_eq!(show(None, name, &value).await.error(), NOBODY);
    assert_eq!(
        show(bob.clone(), name, &value).await.json()["name"],
        "alice"
    );
    for (name, value) in [(name, "wrong"), ("other", value.as_str())] {
        assert_eq!(show(bob.clone(), name, value).await.status, 404);
    }
}
