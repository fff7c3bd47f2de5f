//! Starts by form where people choose what runs.

use std::path::Path;

use http::Method;

use super::world::{Answer, World, read, request};
use crate::{
    config,
    domain::access::Caller,
    handlers::html::{named_servers, spawn},
};

const PROFILES: &str = "\
[[profiles]]
name = \"small\"
title = \"Small\"
";

async fn world() -> World {
    let mut world = World::new().await;
    let chosen = config::parse(Path::new("test.toml"), PROFILES).unwrap();
    world.settings.profiles = chosen.profiles;
    world.settings.hub.named_servers = true;
    world
}

async fn send(world: &World, who: Option<Caller>, uri: &str, body: &str) -> Answer {
    let ctx = world.context(who, &[("user", "alice")]);
    read(spawn::spawn_by_form(&ctx, request(Method::POST, uri, body)).await).await
}

#[tokio::test]
async fn a_form_that_chooses_nothing_leads_to_the_choice() {
    let world = world().await;
    let alice = world.session("alice").await;
    for (uri, expected) in [
        ("/hub/spawn/alice", "/hub/spawn/alice"),
        (
            "/hub/spawn/alice?next=%2Fuser%2Falice%2Flab",
            "/hub/spawn/alice?next=%2Fuser%2Falice%2Flab",
        ),
    ] {
        let asked = send(&world, alice.clone(), uri, "").await;
        assert_eq!(
            (asked.status.as_u16(), asked.header("location")),
            (302, expected)
        );
    }
    let chosen = send(&world, alice, "/hub/spawn/alice", "profile=small").await;
    assert_eq!(chosen.header("location"), "/hub/spawn-pending/alice");
}

#[tokio::test]
async fn what_an_address_asks_stays_on_the_way() {
    let world = World::new().await;
    // Starts fail at once, and the page that follows one is where the browser is led all the same.
    world.end_broker();
    let ctx = world.context(world.session("alice").await, &[("user", "alice")]);
    for (query, expected) in [
        ("?display_name=X&_xsrf=x", ""),
        ("?opt-size=big&other=a%20b", "?opt-size=big&other=a+b"),
        (
            "?size=big&next=%2Fuser%2Falice%2Flab",
            "?next=%2Fuser%2Falice%2Flab&size=big",
        ),
        ("?size=big&next=https%3A%2F%2Fevil.example", "?size=big"),
    ] {
        let visit = request(Method::GET, &format!("/hub/spawn/alice{query}"), "");
        let started = read(spawn::spawn_by_visit(&ctx, visit).await).await;
        let pending = format!("/hub/spawn-pending/alice{expected}");
        assert_eq!(started.header("location"), pending);
    }
}

#[tokio::test]
async fn nobody_chooses_for_another() {
    let world = world().await;
    let bob = world.session("bob").await;
    assert_eq!(send(&world, bob, "/hub/spawn/alice", "").await.status, 404);
    let token = world.token("alice", &["read:servers!user=alice"]).await;
    assert_eq!(
        send(&world, token, "/hub/spawn/alice", "").await.status,
        403
    );
    assert_eq!(send(&world, None, "/hub/spawn/alice", "").await.status, 403);
}

#[tokio::test]
async fn a_new_named_server_begins_with_the_choice() {
    let world = world().await;
    let ctx = world.context(world.session("alice").await, &[("user", "alice")]);
    let form = request(Method::POST, "/", "server_name=gpu");
    let added = read(named_servers::add_server(&ctx, form).await).await;
    assert_eq!(added.header("location"), "/hub/spawn/alice/gpu");
}

#[tokio::test]
async fn a_link_proposes_and_starts_nothing() {
    let world = world().await;
    let alice = world.session("alice").await;
    let visit = async |site: &str| {
        let ctx = world.context(alice.clone(), &[("user", "alice")]);
        let mut request = request(Method::GET, "/hub/spawn/alice?profile=small", "");
        let headers = request.headers_mut();
        headers.insert("sec-fetch-site", site.parse().unwrap());
        read(spawn::spawn_by_visit(&ctx, request).await).await
    };
    for site in ["cross-site", "same-site", "same-origin"] {
        let shown = visit(site).await;
        assert_eq!(shown.status, 200, "{site}");
        assert!(shown.text.contains("spawn_form"), "{site}");
    }
    let started = visit("none").await;
    let pending = "/hub/spawn-pending/alice?profile=small";
    assert_eq!(started.header("location"), pending);
}
