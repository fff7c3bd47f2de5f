//! The token page: what a person sees of their tokens, asks for and revokes.

use http::Method;

use super::world::{World, get, read, request};
use crate::{
    domain::{access::Caller, secret::TokenHash, token::TokenId},
    handlers::html::tokens,
};

async fn ask(world: &World, who: Option<Caller>, body: &str) -> super::world::Answer {
    let ctx = world.context(who, &[]);
    let request = request(Method::POST, "/hub/token", body);
    read(tokens::request_token(&ctx, request).await).await
}

/// Returns the text between two others.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap();
    rest.split_once(end).unwrap().0
}

#[tokio::test]
async fn the_token_page_wants_a_login() {
    let world = World::new().await;
    let ctx = world.context(None, &[]);
    let shown = read(tokens::show_tokens(&ctx, get("/hub/token")).await).await;
    assert_eq!(shown.status, 302);
    assert_eq!(shown.header("location"), "/hub/login?next=%2Fhub%2Ftoken");
    assert_eq!(ask(&world, None, "note=x").await.status, 403);
    let revoked = read(tokens::revoke_token(&ctx, request(Method::POST, "/", "")).await).await;
    assert_eq!(revoked.status, 403);
}

#[tokio::test]
async fn a_token_is_shown_once_and_works() {
    let world = World::new().await;
    let alice = world.session("alice").await;
    let body = "note=%3Cb%3Enightly&expires_in=3600&scope=read%3Ausers%21user%3Dalice&scopes=";
    let made = ask(&world, alice.clone(), body).await;
    assert_eq!(made.status, 200);
    assert_eq!(made.header("cache-control"), "no-store");
    let text = between(
        &made.text,
        "<code class=\"secret\" id=\"token-result\" tabindex=\"0\">",
        "</code>",
    );
    let bearer = world.bearer(text).await.unwrap();
    assert!(
        bearer
            .grants()
            .texts()
            .contains(&"read:users!user=alice".to_owned())
    );
    assert!(
        !bearer
            .grants()
            .texts()
            .contains(&"servers!user=alice".to_owned())
    );
    assert!(made.text.contains("&lt;b&gt;nightly"));
    let ctx = world.context(alice, &[]);
    let again = read(tokens::show_tokens(&ctx, get("/hub/token")).await).await;
    assert!(!again.text.contains(text) && again.text.contains("&lt;b&gt;nightly"));
}

#[tokio::test]
async fn what_nobody_may_have_is_refused_and_the_form_keeps_what_was_typed() {
    let world = World::new().await;
    let table = [
        ("note=mine&scopes=admin%3Ausers", "not held by User alice"),
        ("note=mine&scopes=nonsense", "does not exist"),
        ("note=mine&expires_in=0", "A token can last from 1 to"),
        (
            "note=mine&expires_in=99999999999999999999",
            "A token can last",
        ),
    ];
    for (body, reason) in table {
        let refused = ask(&world, world.session("alice").await, body).await;
        assert_eq!(refused.status, 400, "{body}");
        assert!(refused.text.contains(reason), "{body}: {}", refused.text);
        assert!(refused.text.contains("value=\"mine\""), "{body}");
        assert!(!refused.text.contains("token-result"), "{body}");
    }
}

#[tokio::test]
async fn a_token_is_revoked_by_its_owner_only() {
    let world = World::new().await;
    let text = world.token_text("alice", &["inherit"]).await;
    let now = world.parts.hub.clock.now();
    let store = &world.parts.hub.store;
    let found = store.find_token(TokenHash::of(&text), now).await.unwrap();
    let id: TokenId = found.unwrap().token.id;
    for (who, is_good_after) in [("bob", true), ("boss", true), ("alice", false)] {
        let id = id.to_string();
        let ctx = world.context(world.session(who).await, &[("token", id.as_str())]);
        let revoked = read(tokens::revoke_token(&ctx, request(Method::POST, "/", "")).await).await;
        assert_eq!(revoked.status, 302, "{who}");
        assert_eq!(revoked.header("location"), "/hub/token");
        assert_eq!(world.bearer(&text).await.is_some(), is_good_after, "{who}");
    }
}
