//! Named servers by the forms of the home page.

use http::Method;

use super::world::{Answer, World, get, key, read, request};
use crate::{
    domain::access::Caller,
    handlers::html::{home, named_servers},
};

#[derive(Clone, Copy, Debug)]
enum Form {
    Add,
    Rename,
    Delete,
}

async fn send(world: &World, who: Option<Caller>, form: Form, server: &str, body: &str) -> Answer {
    let ctx = world.context(who, &[("user", "alice"), ("server", server)]);
    let request = request(Method::POST, "/", body);
    let reply = match form {
        Form::Add => named_servers::add_server(&ctx, request).await,
        Form::Rename => named_servers::rename_server(&ctx, request).await,
        Form::Delete => named_servers::delete_server(&ctx, request).await,
    };
    read(reply).await
}

async fn titles(world: &World) -> String {
    let ctx = world.context(world.session("alice").await, &[]);
    read(home::show_home(&ctx, get("/hub/home")).await)
        .await
        .text
}

async fn world() -> World {
    let mut world = World::new().await;
    world.settings.hub.named_servers = true;
    world
}

#[tokio::test]
async fn a_named_server_is_added_renamed_and_deleted() {
    let world = world().await;
    let alice = world.session("alice").await;
    let body = "server_name=gpu&display_name=Big+one";
    let added = send(&world, alice.clone(), Form::Add, "", body).await;
    assert_eq!(added.header("location"), "/hub/spawn-pending/alice/gpu");
    let again = send(&world, alice.clone(), Form::Add, "", body).await;
    assert_eq!(again.status, 400);
    assert!(again.text.contains("There is a server named gpu already."));

    let store = &world.parts.hub.store;
    let made = |name| {
        let key = key("alice", name);
        async move { store.find_server(&key).await.unwrap() }
    };
    assert_eq!(made("gpu").await.unwrap().display_name, "Big one");

    // One that nobody started.
    store
        .create_server(
            &key("alice", "thesis"),
            crate::store::servers::NewServer {
                display_name: crate::domain::names::DisplayName::parse("Thesis").unwrap(),
                user_options: None,
                created: world.parts.hub.clock.now(),
                limit: 0,
            },
        )
        .await
        .unwrap();
    let body = "display_name=%3Cb%3EChapter+3";
    let renamed = send(&world, alice.clone(), Form::Rename, "thesis", body).await;
    assert_eq!(renamed.header("location"), "/hub/home");
    assert!(titles(&world).await.contains("&lt;b&gt;Chapter 3"));
    let back = send(
        &world,
        alice.clone(),
        Form::Rename,
        "thesis",
        "display_name=",
    )
    .await;
    assert_eq!(back.status, 302);
    assert_eq!(made("thesis").await.unwrap().display_name, "thesis");
    let deleted = send(&world, alice.clone(), Form::Delete, "thesis", "").await;
    assert_eq!(deleted.header("location"), "/hub/home");
    assert!(made("thesis").await.is_none());
    let gone = send(&world, alice, Form::Delete, "thesis", "").await;
    assert_eq!(gone.error(), (404, "alice has no server named 'thesis'"));
}

#[tokio::test]
async fn what_cannot_be_is_told_on_the_home_page() {
    let mut world = world().await;
    world.settings.hub.named_server_limit_per_user = 1;
    let alice = world.session("alice").await;
    let table = [
        (
            "server_name=",
            "“” cannot be the name of a server. Use lower-case letters, digits and single hyphens; begin with a letter.",
        ),
        ("server_name=A%2FB", "“A/B” cannot be the name"),
        (
            "server_name=x&display_name=%01",
            "A server cannot be called",
        ),
    ];
    for (body, reason) in table {
        let refused = send(&world, alice.clone(), Form::Add, "", body).await;
        assert_eq!(refused.status, 400, "{body}");
        assert!(refused.text.contains(reason), "{body}: {}", refused.text);
    }
    send(&world, alice.clone(), Form::Add, "", "server_name=one").await;
    let many = send(&world, alice, Form::Add, "", "server_name=two").await;
    assert!(many.text.contains("maximum of 1 named servers"));
}

#[tokio::test]
async fn nobody_else_touches_a_persons_servers() {
    let world = world().await;
    for form in [Form::Add, Form::Rename, Form::Delete] {
        let body = "server_name=gpu&display_name=x";
        let nobody = send(&world, None, form, "gpu", body).await;
        assert_eq!(nobody.status, 403, "{form:?}");
        let other = send(&world, world.session("bob").await, form, "gpu", body).await;
        assert_eq!(other.status, 404, "{form:?}");
    }
    let found = world
        .parts
        .hub
        .store
        .find_server(&key("alice", "gpu"))
        .await;
    assert!(found.unwrap().is_none());
}

#[tokio::test]
async fn without_named_servers_there_are_no_forms_for_them() {
    let world = World::new().await;
    let alice = world.session("alice").await;
    for form in [Form::Add, Form::Rename, Form::Delete] {
        let refused = send(&world, alice.clone(), form, "gpu", "server_name=gpu").await;
        assert_eq!(
            refused.error(),
            (400, "Named servers are not enabled."),
            "{form:?}"
        );
    }
    assert!(!titles(&world).await.contains("new-server"));
}
