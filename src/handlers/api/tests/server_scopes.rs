//! What a server's own token may do, by configuration (RB-60).

use http::StatusCode;
use serde_json::json;

use super::world::{World, get, key, post, read, user as named};
use crate::{
    domain::{
        access::{AdminUser, ReadShares, StartServer, WriteShares},
        scope::Scope,
    },
    handlers::api::{share_codes, shares, user},
};

/// What JupyterHub's example of sharing gives to servers.
const SHARING: [&str; 3] = ["shares!server", "servers!server", "users:activity!server"];

async fn world_with_token_scopes(scopes: &[&str]) -> World {
    let mut world = World::new().await;
    let scopes = scopes.iter().map(|text| Scope::parse(text).unwrap());
    world.settings.server.token_scopes = Some(scopes.collect());
    for (name, secret) in [
        ("boss", "boss-s-servers-secret"),
        ("alice", "alice-s-secret"),
    ] {
        world.begin_run(&key(name, ""), secret).await;
    }
    world
}

#[tokio::test]
async fn a_servers_token_has_what_is_configured_bounded_to_the_server() {
    let world = world_with_token_scopes(&SHARING).await;
    let ctx = world.context(world.bearer("boss-s-servers-secret").await, &[]);
    let whoami = read(user::get_self(&ctx, get("/")).await).await.json();
    // The list of JupyterHub's notebook, whose hub did not know `start:servers` yet.
    let expected = [
        "access:servers!server=boss/",
        "delete:servers!server=boss/",
        "groups:shares!server=boss/",
        "read:groups:shares!server=boss/",
        "read:servers!server=boss/",
        "read:shares!server=boss/",
        "read:users:activity!user=boss",
        "read:users:groups!user=boss",
        "read:users:name!user=boss",
        "servers!server=boss/",
        "shares!server=boss/",
        "start:servers!server=boss/",
        "users:activity!server=boss/",
        "users:activity!user=boss",
        "users:shares!server=boss/",
    ];
    assert_eq!(whoami["scopes"], json!(expected));
}

#[tokio::test]
async fn a_servers_token_has_no_more_than_its_owner() {
    let world = world_with_token_scopes(&["admin:users", "shares!server", "servers"]).await;
    let alice = world.bearer("alice-s-secret").await.unwrap();
    let texts = alice.grants().texts();
    let own = |text: &String| text.ends_with("!user=alice") || text.ends_with("!server=alice/");
    assert!(texts.iter().all(own), "{texts:?}");
    assert!(alice.permit::<StartServer>(key("alice", "")).is_ok());
    assert!(alice.permit::<StartServer>(key("bob", "")).is_err());
    assert!(alice.permit::<ReadShares>(key("alice", "")).is_ok());
    assert!(alice.permit::<WriteShares>(key("alice", "")).is_err());
    assert!(alice.permit::<AdminUser>(named("alice")).is_err());
}

#[tokio::test]
async fn a_server_shares_itself_with_its_own_token() {
    let world = world_with_token_scopes(&SHARING).await;
    let own = world.bearer("boss-s-servers-secret").await;
    let ctx = world.context(own.clone(), &[("user", "boss")]);
    let all = r#"{"scopes": ["access:servers", "servers!server=boss/", "shares!server=boss/"]}"#;
    let made = read(share_codes::create_code(&ctx, post(all)).await).await;
    assert_eq!(made.status, StatusCode::OK);
    let by_name = read(shares::create_share(&ctx, post(r#"{"user": "bob"}"#)).await).await;
    let text = "Need scope 'read:users:name' to share with users by name";
    assert_eq!(by_name.error(), (403, text));
    let more = read(share_codes::create_code(&ctx, post(r#"{"scopes": ["tokens"]}"#)).await).await;
    let text = "Do not have permission to grant share with scope tokens!server=boss/";
    assert_eq!(more.error(), (403, text));
    let listed = read(share_codes::list_codes(&ctx, get("/")).await)
        .await
        .json();
    assert_eq!(listed["_pagination"]["total"], 1);
    let ended = read(shares::revoke_shares(&ctx, post("")).await).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    let ctx = world.context(own, &[("user", "bob")]);
    let other = read(share_codes::create_code(&ctx, post("")).await).await;
    assert_eq!(
        other.error(),
        (404, "No access to resources or resources not found")
    );
}
