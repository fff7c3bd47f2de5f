//! What root of this machine may do, on the socket that only root may use.

use super::world::{World, get, post, read};
use crate::handlers::api::{tokens, user, users};

#[tokio::test]
async fn root_may_do_what_administrators_may() {
    let world = World::new().await;
    let root = world.parts.hub.authority.root_caller();
    let boss = world.session("boss").await.unwrap();
    let own = |scope: &String| scope.contains('!');
    let mut held = boss.grants().texts();
    held.retain(|scope| !own(scope));
    let mut of_root = root.grants().texts();
    of_root.retain(|scope| !own(scope));
    assert_eq!(of_root, held);
}

#[tokio::test]
async fn root_says_who_it_is_and_is_no_user() {
    let world = World::new().await;
    let ctx = world.context(Some(world.parts.hub.authority.root_caller()), &[]);
    let told = read(user::get_self(&ctx, get("/")).await).await.json();
    assert_eq!(
        (&told["kind"], &told["name"]),
        (&"root".into(), &"root".into())
    );
    assert_eq!(ctx.person(), None);
}

#[tokio::test]
async fn root_adds_administrators_and_makes_tokens_that_have_no_more_than_their_owners() {
    let world = World::new().await;
    let root = || Some(world.parts.hub.authority.root_caller());
    let ctx = world.context(root(), &[("user", "carol")]);
    let made = read(users::create_user(&ctx, post(r#"{"admin": true}"#)).await).await;
    assert_eq!(
        (made.status.as_u16(), &made.json()["admin"]),
        (201, &true.into())
    );

    let ctx = world.context(root(), &[("user", "alice")]);
    let made = read(tokens::create_token(&ctx, post("{}")).await).await;
    assert_eq!(made.status, 201);
    let text = made.json()["token"].as_str().unwrap().to_owned();
    let alice = world.bearer(&text).await.unwrap();
    assert_eq!(alice.user().map(ToString::to_string), Some("alice".into()));
    let more = post(r#"{"scopes": ["admin:users"]}"#);
    assert_eq!(
        read(tokens::create_token(&ctx, more).await).await.status,
        400
    );
}
