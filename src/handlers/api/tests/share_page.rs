//! The page about sharing: what a person sees, grants, revokes and hands out.

use http::Method;

use super::world::{Answer, World, get, key, read, request};
use crate::{
    domain::{access::Caller, server::Life, share::Grantee},
    handlers::html::shares,
    hub::shares as use_cases,
    store::shares::Share,
};

async fn world() -> World {
    let world = World::new().await;
    world.begin_run(&key("alice", ""), "secret").await;
    world.give_roles("alice", &["shares!user=alice"]).await;
    world.give_roles("bob", &["shares!user=bob"]).await;
    world
}

async fn send(world: &World, who: Option<Caller>, owner: &str, body: &str) -> Answer {
    let ctx = world.context(who, &[("user", owner)]);
    let request = request(Method::POST, "/", body);
    read(shares::change_share(&ctx, request).await).await
}

async fn page(world: &World, name: &str) -> String {
    let ctx = world.context(world.session(name).await, &[]);
    read(shares::show_shares(&ctx, get("/hub/shares")).await)
        .await
        .text
}

async fn share_with(world: &World, with: Grantee) -> Option<Share> {
    let store = &world.parts.hub.store;
    store.find_share(&key("alice", ""), &with).await.unwrap()
}

fn bob() -> Grantee {
    Grantee::User(super::world::user("bob"))
}

#[tokio::test]
async fn the_page_wants_a_login() {
    let world = world().await;
    let ctx = world.context(None, &[]);
    let shown = read(shares::show_shares(&ctx, get("/hub/shares")).await).await;
    assert_eq!(shown.header("location"), "/hub/login?next=%2Fhub%2Fshares");
    assert_eq!(send(&world, None, "alice", "do=invite").await.status, 403);
}

#[tokio::test]
async fn a_server_is_shared_left_and_taken_back() {
    let world = world().await;
    world
        .give_roles("alice", &["read:users:name", "shares!user=alice"])
        .await;
    let alice = world.session("alice").await;
    let body = "do=grant&kind=user&name=bob";
    let granted = send(&world, alice.clone(), "alice", body).await;
    assert_eq!(granted.header("location"), "/hub/shares");
    assert!(share_with(&world, bob()).await.is_some());
    assert!(page(&world, "alice").await.contains("<strong>bob</strong>"));
    assert!(page(&world, "bob").await.contains("href=\"/user/alice/\""));

    let left = send(&world, world.session("bob").await, "alice", "do=leave").await;
    assert_eq!(left.status, 302);
    assert!(share_with(&world, bob()).await.is_none());

    send(&world, alice.clone(), "alice", body).await;
    let body = "do=revoke&kind=user&name=bob";
    let revoked = send(&world, alice, "alice", body).await;
    assert_eq!(revoked.status, 302);
    assert!(share_with(&world, bob()).await.is_none());
}

#[tokio::test]
async fn an_invitation_is_shown_once_counted_and_withdrawn() {
    let world = world().await;
    let alice = world.session("alice").await;
    let made = send(&world, alice.clone(), "alice", "do=invite&expires_in=3600").await;
    assert_eq!(
        (made.status.as_u16(), made.header("cache-control")),
        (200, "no-store")
    );
    let (_, rest) = made
        .text
        .split_once("https://lab.example/hub/accept-share?code=")
        .unwrap();
    let code = rest.split('<').next().unwrap();
    let hub = &world.parts.hub;
    let found = use_cases::find_code(&hub.store, &hub.clock, code)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.expires.since(hub.clock.now()).as_secs(), 3600);
    let bob = super::world::user("bob");
    let accepted = use_cases::exchange(&hub.store, &hub.clock, code, &bob).await;
    accepted.unwrap();
    let shown = page(&world, "alice").await;
    assert!(shown.contains("accepted once") && !shown.contains(code));

    let body = format!("do=uninvite&id={}", found.id);
    send(&world, alice, "alice", &body).await;
    let gone = use_cases::find_code(&hub.store, &hub.clock, code)
        .await
        .unwrap();
    assert!(gone.is_none());
}

#[tokio::test]
async fn what_cannot_be_is_told_on_the_page() {
    let world = world().await;
    let table = [
        (
            "do=grant&kind=user&name=bob",
            "There is no user bob, or you may not see them.",
        ),
        (
            "do=grant&kind=user&name=eve",
            "There is no user eve, or you may not see them.",
        ),
        (
            "do=grant&kind=user&name=alice",
            "The server is theirs already.",
        ),
        (
            "do=grant&kind=user&name=%00",
            "cannot be the name of a user",
        ),
        ("do=grant&name=bob", "Say whether it is a user or a group."),
        (
            "do=invite&expires_in=1",
            "at least a minute and at most a year",
        ),
        ("do=uninvite&id=7", "There is no such invitation."),
        ("do=nothing", "does not say what to do"),
    ];
    for (body, reason) in table {
        let refused = send(&world, world.session("alice").await, "alice", body).await;
        assert_eq!(refused.status, 400, "{body}");
        assert!(refused.text.contains(reason), "{body}: {}", refused.text);
    }
    assert!(share_with(&world, bob()).await.is_none());
}

#[tokio::test]
async fn nobody_shares_what_is_another_persons() {
    let world = world().await;
    for body in [
        "do=grant&kind=user&name=bob",
        "do=revoke&kind=user&name=bob",
        "do=invite",
        "do=uninvite&id=sc_1",
    ] {
        let refused = send(&world, world.session("bob").await, "alice", body).await;
        assert_eq!(refused.status, 404, "{body}");
    }
    let life = world.parts.hub.servers.status(&key("alice", "")).life;
    assert!(matches!(life, Life::Stopped { .. }));
}

#[tokio::test]
async fn whoever_may_not_share_is_told_so() {
    let world = World::new().await;
    world.begin_run(&key("alice", ""), "secret").await;
    let shown = page(&world, "alice").await;
    assert!(shown.contains("You may not share it") && !shown.contains("Make a link"));
    let refused = send(&world, world.session("alice").await, "alice", "do=invite").await;
    assert_eq!(refused.status, 403);
}
