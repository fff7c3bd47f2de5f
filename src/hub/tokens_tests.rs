use arc_swap::ArcSwap;

use super::*;
use crate::{
    config::settings::Settings,
    domain::{access::ReportActivity, names::UserName, role::AdminRole},
    store::{runs::NewRun, users::Login},
};

struct World {
    store: Store,
    authority: Authority,
    clock: Clock,
    entropy: Entropy,
}

fn alice() -> UserName {
    UserName::parse("alice").unwrap()
}

async fn world(admin: AdminRole) -> World {
    let store = Store::in_memory().unwrap();
    let world = World {
        authority: Authority::new(store.clone()),
        store,
        clock: Clock::fixed(Timestamp::from_micros(1_000_000)),
        entropy: Entropy::counted(),
    };
    world.log_in(admin).await;
    world
}

impl World {
    async fn log_in(&self, admin: AdminRole) {
        let login = Login::for_test("alice", 1001, admin, self.clock.now());
        self.store.record_login(login).await.unwrap();
    }

    fn maker(&self) -> Maker<'_> {
        Maker {
            store: &self.store,
            authority: &self.authority,
            clock: &self.clock,
            entropy: &self.entropy,
        }
    }

    async fn create(&self, order: Order) -> Result<Secret<String>, CreateError> {
        let permit = Permit::by_hub(alice(), "a test wants a token");
        let made = create(self.maker(), &permit, order).await;
        made.map(|(text, _)| text)
    }

    async fn identify(&self, text: &str) -> Option<Caller> {
        identify(&self.store, &self.authority, &self.clock, text)
            .await
            .unwrap()
    }
}

fn scopes(texts: &[&str]) -> Option<Vec<Scope>> {
    Some(texts.iter().map(|t| Scope::parse(t).unwrap()).collect())
}

#[tokio::test]
async fn a_token_is_its_owner() {
    let world = world(AdminRole::NotHeld).await;
    let text = world.create(Order::default()).await.unwrap();
    assert_eq!(text.expose().len(), 32);
    let caller = world.identify(text.expose()).await.unwrap();
    assert_eq!(caller.user(), Some(&alice()));
    assert_eq!(
        caller.grants(),
        &role::grants_of_user(&alice(), AdminRole::NotHeld)
    );
    assert!(
        world
            .identify("0123456789abcdef0123456789abcdef")
            .await
            .is_none()
    );
}

#[tokio::test]
async fn a_token_ends_when_its_time_is_over() {
    let world = world(AdminRole::NotHeld).await;
    let order = Order {
        lifetime: Some(Duration::from_secs(60)),
        ..Order::default()
    };
    let text = world.create(order).await.unwrap();
    world.clock.advance(Duration::from_secs(59));
    assert!(world.identify(text.expose()).await.is_some());
    world.clock.advance(Duration::from_secs(1));
    assert!(world.identify(text.expose()).await.is_none());
}

#[tokio::test]
async fn nobody_gets_a_token_for_more_than_its_owner_has() {
    let world = world(AdminRole::NotHeld).await;
    let table: &[(&[&str], bool)] = &[
        (&["inherit"], true),
        (&["self"], true),
        (&["read:users!user"], true),
        (&["read:users!user=alice", "servers!user=alice"], true),
        (&["access:servers!server=alice/lab"], true),
        (&[], true),
        (&["read:users"], false),
        (&["read:users!user=bob"], false),
        (&["self", "admin:users"], false),
        (&["proxy"], false),
    ];
    for (texts, good) in table {
        let order = Order {
            scopes: scopes(texts),
            ..Order::default()
        };
        assert_eq!(world.create(order).await.is_ok(), *good, "{texts:?}");
    }
    let order = Order {
        scopes: scopes(&["self", "proxy"]),
        ..Order::default()
    };
    assert_eq!(
        world.create(order).await.unwrap_err().to_string(),
        "Not assigning requested scopes proxy not held by User alice"
    );
}

#[tokio::test]
async fn what_the_owner_loses_all_tokens_lose_at_once() {
    let world = world(AdminRole::Held).await;
    let order = Order {
        scopes: scopes(&["proxy", "read:users!user"]),
        ..Order::default()
    };
    let text = world.create(order).await.unwrap();
    let proxy = ScopeName::Proxy;
    assert!(
        world
            .identify(text.expose())
            .await
            .unwrap()
            .grants()
            .has(&proxy)
    );
    world.log_in(AdminRole::NotHeld).await;
    let caller = world.identify(text.expose()).await.unwrap();
    assert!(!caller.grants().has(&proxy));
    assert!(caller.grants().has(&ScopeName::ReadUsers));
}

#[tokio::test]
async fn a_servers_token_does_what_a_server_needs_and_no_more() {
    let world = world(AdminRole::Held).await;
    let key = ServerKey::default_of(alice());
    let text = new_secret(&world.entropy);
    let token = server_token("/", &key, &text, role::server(&key), world.clock.now());
    assert_eq!(token.note, "Server at /user/alice/");
    let run = NewRun {
        key: key.clone(),
        user_options: None,
        client: crate::hub::oauth::server_client("/", &key, Vec::new()),
        token,
        at: world.clock.now(),
    };
    world.store.begin_run(run).await.unwrap();
    let caller = world.identify(text.expose()).await.unwrap();
    assert_eq!(
        caller.grants().texts(),
        [
            "access:servers!server=alice/",
            "read:users:activity!user=alice",
            "read:users:groups!user=alice",
            "read:users:name!user=alice",
            "users:activity!user=alice",
        ]
    );
    assert!(caller.permit::<ReportActivity>(alice()).is_ok());
    assert!(caller.permit::<WriteTokens>(alice()).is_err());
    let bob = UserName::parse("bob").unwrap();
    assert!(caller.permit::<ReportActivity>(bob).is_err());
}

#[tokio::test]
async fn tokens_are_listed_with_what_they_may_do_and_revoked() {
    let world = world(AdminRole::NotHeld).await;
    let order = Order {
        note: Some("backup".into()),
        scopes: scopes(&["read:servers!user"]),
        ..Order::default()
    };
    let text = world.create(order).await.unwrap();
    let read = Permit::by_hub(alice(), "a test looks");
    let listed = list(&world.store, &world.authority, &world.clock, &read)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].token.note, "backup");
    assert_eq!(
        listed[0].scopes,
        [
            "read:servers!user=alice",
            "read:users:groups!user=alice",
            "read:users:name!user=alice"
        ]
    );
    let write = Permit::by_hub(alice(), "a test revokes");
    let id = listed[0].token.id;
    assert!(revoke(&world.store, &write, id).await.unwrap());
    assert!(!revoke(&world.store, &write, id).await.unwrap());
    assert!(world.identify(text.expose()).await.is_none());
    let nobody = Permit::by_hub(UserName::parse("nobody").unwrap(), "a test looks");
    let listed = list(&world.store, &world.authority, &world.clock, &nobody)
        .await
        .unwrap();
    assert!(listed.is_none());
}

#[tokio::test]
async fn a_full_disk_locks_nobody_out() {
    let world = world(AdminRole::NotHeld).await;
    let text = world.create(Order::default()).await.unwrap();
    world.store.fill_for_test().await;
    world.clock.advance(world.authority.resolution() * 2);
    assert!(world.identify(text.expose()).await.is_some());
    let order = Order {
        note: Some("n".repeat(MAX_NOTE_CHARS)),
        ..Order::default()
    };
    let mut refused = None;
    for _ in 0..100 {
        refused = refused.or(world.create(order.clone()).await.err());
    }
    assert!(matches!(refused, Some(CreateError::Store(error)) if error.is_full()));
}

#[tokio::test]
async fn uses_are_recorded_in_the_steps_of_the_configuration() {
    let world = world(AdminRole::NotHeld).await;
    let text = world.create(Order::default()).await.unwrap();
    let mut settings = Settings::default();
    settings.hub.activity_resolution = Duration::from_secs(5);
    let settings = ArcSwap::from_pointee(settings);
    world.authority.take_configuration(&settings).await.unwrap();
    let hash = TokenHash::of(text.expose());
    let begin = world.clock.now();
    // Seconds that pass, and the second of the last use that is recorded then.
    for (pass, recorded) in [(0, 0), (4, 0), (1, 5), (3, 5), (2, 10)] {
        world.clock.advance(Duration::from_secs(pass));
        world.identify(text.expose()).await.unwrap();
        let found = world
            .store
            .find_token(hash, world.clock.now())
            .await
            .unwrap();
        let last = found.unwrap().token.last_activity;
        assert_eq!(last, Some(begin.after(Duration::from_secs(recorded))));
    }
}

#[tokio::test]
async fn nobody_has_more_tokens_than_allowed() {
    let world = world(AdminRole::NotHeld).await;
    for _ in 0..MAX_TOKENS {
        world.create(Order::default()).await.unwrap();
    }
    let error = world.create(Order::default()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "User alice already has the maximum of 1000 tokens. Revoke one first."
    );
}
