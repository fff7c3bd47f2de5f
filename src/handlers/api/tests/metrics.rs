//! Who may read metrics, and what they get.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::world::{Answer, World, get, key, user};
use crate::{
    domain::access::Caller,
    handlers::api::metrics,
    hub::{housekeeping, routes::Route},
};

const REFUSED: (u16, &str) = (403, "Access to metrics requires scope 'read:metrics'");

async fn ask(world: &World, caller: Option<Caller>) -> Answer {
    let ctx = world.context(caller, &[]);
    super::world::read(metrics::get_metrics(&ctx, get("/hub/metrics")).await).await
}

#[tokio::test]
async fn metrics_are_for_those_with_the_scope() {
    let world = World::new().await;
    let refused = [
        None,
        world.session("alice").await,
        world.token("alice", &["read:users:name!user"]).await,
        // A filter makes no sense here, so it does not make the scope hold either.
        world.token("boss", &["read:metrics!user=alice"]).await,
        world.token("boss", &["read:hub"]).await,
        world.bearer("made-up").await,
    ];
    for caller in refused {
        let who = format!("{caller:?}");
        assert_eq!(ask(&world, caller).await.error(), REFUSED, "{who}");
    }
    for caller in [
        world.session("boss").await,
        world.token("boss", &["read:metrics"]).await,
    ] {
        let told = ask(&world, caller).await;
        assert_eq!(told.status, 200);
        assert_eq!(
            told.header("content-type"),
            "text/plain; version=1.0.0; charset=utf-8"
        );
        assert!(told.text.contains("\njupyterhub_running_servers 0\n"));
    }
}

#[tokio::test]
async fn the_configuration_can_open_metrics_to_everybody() {
    let mut world = World::new().await;
    world.settings.hub.authenticate_metrics = false;
    assert_eq!(ask(&world, None).await.status, 200);
    let alice = world.token("alice", &["read:users:name!user"]).await;
    assert_eq!(ask(&world, alice).await.status, 200);
}

#[tokio::test]
async fn whoever_was_active_within_the_window_is_counted() {
    let world = World::new().await;
    let hub = &world.parts.hub;
    let mut settings = world.settings.clone();
    settings.hub.active_user_window = Duration::from_secs(600);
    hub.settings.store(Arc::new(settings));
    hub.clock.advance(Duration::from_secs(601));
    let now = hub.clock.now();
    let bob = user("bob");
    let active = hub.store.record_activity(&bob, Some(now), vec![]);
    active.await.unwrap();
    let stop = CancellationToken::new();
    let counted = async {
        let boss = world.session("boss").await;
        while !ask(&world, boss.clone())
            .await
            .text
            .contains("\ncarrel_active_users 1\n")
        {
            tokio::task::yield_now().await;
        }
        stop.cancel();
    };
    let both = async { tokio::join!(housekeeping::keep(hub, stop.clone()), counted) };
    timeout(Duration::from_secs(10), both).await.unwrap();
}

#[tokio::test]
async fn uses_of_servers_are_written_in_the_steps_of_the_configuration() {
    let world = World::new().await;
    let hub = &world.parts.hub;
    let mut settings = world.settings.clone();
    settings.hub.activity_resolution = Duration::from_secs(1);
    hub.settings.store(Arc::new(settings));
    let alice = key("alice", "");
    let route = Route::new(alice.clone(), "/user/alice/".into(), "/s".into(), 1001);
    let route = Arc::new(route);
    assert!(hub.routes.publish_shared(Arc::clone(&route)));
    let last = async || {
        let server = hub.store.find_server(&alice).await.unwrap().unwrap();
        server.last_activity
    };
    let stop = CancellationToken::new();
    let written = async {
        for second in [1, 2] {
            let at = hub.clock.now().after(Duration::from_secs(second));
            route.note_use(at);
            while last().await != Some(at) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        stop.cancel();
    };
    // The old half minute would be too long.
    let both = async { tokio::join!(housekeeping::keep(hub, stop.clone()), written) };
    timeout(Duration::from_secs(15), both).await.unwrap();
}

#[tokio::test]
async fn nothing_of_people_stands_in_the_metrics() {
    let world = World::new().await;
    let told = ask(&world, world.session("boss").await).await;
    for name in ["alice", "bob", "boss"] {
        assert!(!told.text.contains(name), "{name}");
    }
}

#[tokio::test]
async fn what_servers_use_is_for_those_who_may_see_servers() {
    let mut world = World::new().await;
    // This opens the other figures and must not open these.
    world.settings.hub.authenticate_metrics = false;
    let ask = async |caller| {
        let ctx = world.context(caller, &[]);
        let reply = metrics::get_server_metrics(&ctx, get("/hub/api/metrics/servers")).await;
        super::world::read(reply).await
    };
    let nobody = ask(None).await;
    assert_eq!(nobody.error(), (403, "Missing or invalid credentials."));
    let scraper = ask(world.token("boss", &["read:metrics"]).await).await;
    let text = "Action is not authorized with current scopes; requires any of [read:servers]";
    assert_eq!(scraper.error(), (403, text));
    for caller in [
        world.session("boss").await,
        world.session("alice").await,
        world.token("boss", &["read:servers!user=alice"]).await,
    ] {
        let told = ask(caller).await;
        assert_eq!(told.status, 200);
        assert!(told.text.contains("# TYPE carrel_server_tasks gauge\n"));
        assert!(!told.text.contains('{'), "nothing runs");
    }
}
