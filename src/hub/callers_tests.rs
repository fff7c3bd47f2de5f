use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use arc_swap::ArcSwap;
use proptest::prelude::*;
use tokio::runtime;

use super::*;
use crate::{
    config::settings::Settings,
    domain::{
        access::Owner,
        names::{GroupName, ServerKey, UserName},
        role::{AdminRole, Role, RoleName},
        scope::{Scope, ScopeName},
        secret::TokenHash,
        share::Grantee,
        time::Clock,
    },
    hub::{authority::Authority, tokens},
    store::{Store, roles::NamedHolders, tokens::NewToken, user_edits::UserEdit, users::Login},
};

const TOKENS: [&str; 3] = ["everything", "some", "short"];

/// What may change between two questions.
#[derive(Debug, Clone, Copy)]
enum Change {
    Admin(bool),
    Member(bool),
    OwnRole(bool),
    GroupRole(bool),
    DefineRole(bool),
    Share(bool),
    ShareWithGroup(bool),
    Revoke(usize),
    LogIn,
    Time,
    Nothing,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        any::<bool>().prop_map(Change::Admin),
        any::<bool>().prop_map(Change::Member),
        any::<bool>().prop_map(Change::OwnRole),
        any::<bool>().prop_map(Change::GroupRole),
        any::<bool>().prop_map(Change::DefineRole),
        any::<bool>().prop_map(Change::Share),
        any::<bool>().prop_map(Change::ShareWithGroup),
        (0..TOKENS.len()).prop_map(Change::Revoke),
        Just(Change::LogIn),
        Just(Change::Time),
        Just(Change::Nothing),
    ]
}

struct World {
    store: Store,
    authority: Authority,
    settings: ArcSwap<Settings>,
    clock: Clock,
}

fn alice() -> UserName {
    UserName::parse("alice").unwrap()
}

fn bob() -> UserName {
    UserName::parse("bob").unwrap()
}

fn class() -> GroupName {
    GroupName::parse("class").unwrap()
}

fn teacher() -> RoleName {
    RoleName::parse("teacher").unwrap()
}

impl World {
    async fn of(store: Store) -> Self {
        let world = Self {
            authority: Authority::new(store.clone()),
            settings: ArcSwap::from_pointee(Settings::default()),
            clock: Clock::fixed(Timestamp::from_micros(1_000_000)),
            store,
        };
        for name in [alice(), bob()] {
            world.log_in(name).await;
        }
        let now = world.clock.now();
        world
            .store
            .create_groups(vec![class()], vec![], now)
            .await
            .unwrap();
        for text in TOKENS {
            world.make_token(text).await;
        }
        world
    }

    async fn log_in(&self, name: UserName) {
        let login = Login::for_test(name.as_str(), 1001, AdminRole::NotHeld, self.clock.now());
        self.store.record_login(login).await.unwrap();
    }

    async fn make_token(&self, text: &str) {
        let scopes: &[&str] = match text {
            "some" => &[
                "read:users!group=class",
                "proxy",
                "access:servers!server=bob/",
            ],
            _ => &["inherit"],
        };
        let created = self.clock.now();
        let token = NewToken {
            hash: TokenHash::of(text),
            owner: Owner::User(alice()),
            client_id: None,
            session_id: None,
            scopes: scopes
                .iter()
                .map(|text| Scope::parse(text).unwrap())
                .collect(),
            note: String::new(),
            created,
            expires: (text == "short").then(|| created.after(Duration::from_secs(50))),
        };
        self.store.create_token(token).await.unwrap();
    }

    async fn edit(&self, edit: UserEdit) {
        self.store.edit_user(&alice(), edit).await.unwrap();
    }

    async fn make(&self, change: Change) {
        let (store, now) = (&self.store, self.clock.now());
        let servers = ServerKey::default_of(bob());
        match change {
            Change::Admin(is) => {
                let admin = Some(AdminRole::of(is));
                self.edit(UserEdit {
                    admin,
                    ..UserEdit::default()
                })
                .await;
            }
            Change::Member(true) => drop(store.add_members(&class(), vec![alice()]).await.unwrap()),
            Change::Member(false) => {
                drop(store.remove_members(&class(), vec![alice()]).await.unwrap());
            }
            Change::OwnRole(true) => {
                self.edit(UserEdit {
                    give: vec![teacher()],
                    ..UserEdit::default()
                })
                .await;
            }
            Change::OwnRole(false) => {
                self.edit(UserEdit {
                    take: vec![teacher()],
                    ..UserEdit::default()
                })
                .await;
            }
            Change::GroupRole(is) => {
                let groups = Some(if is { vec![class()] } else { Vec::new() });
                self.define(NamedHolders {
                    groups,
                    ..NamedHolders::default()
                })
                .await;
            }
            Change::DefineRole(true) => self.define(NamedHolders::default()).await,
            Change::DefineRole(false) => {
                store.delete_role(&teacher()).await.unwrap();
                self.authority.rebuild(&self.settings).await.unwrap();
            }
            Change::Share(is) => self.share(&servers, Grantee::User(alice()), is).await,
            Change::ShareWithGroup(is) => self.share(&servers, Grantee::Group(class()), is).await,
            Change::Revoke(which) => {
                let owner = Owner::User(alice());
                for token in store.list_tokens(&owner, now).await.unwrap() {
                    if usize::try_from(token.id.0).unwrap() % TOKENS.len() == which {
                        store.delete_token(&owner, token.id).await.unwrap();
                    }
                }
            }
            Change::LogIn => self.log_in(alice()).await,
            Change::Time => self.clock.advance(Duration::from_secs(20)),
            Change::Nothing => {}
        }
    }

    async fn define(&self, holders: NamedHolders) {
        let role = Role {
            name: teacher(),
            description: String::new(),
            scopes: vec![
                Scope::parse("proxy").unwrap(),
                Scope::parse("read:users!group=class").unwrap(),
            ],
        };
        self.store
            .put_role(role, holders, self.clock.now())
            .await
            .unwrap();
        self.authority.rebuild(&self.settings).await.unwrap();
    }

    async fn share(&self, key: &ServerKey, with: Grantee, is: bool) {
        let shared = BTreeSet::from([ScopeName::AccessServers]);
        if is {
            self.store
                .grant_share(key, &with, shared, self.clock.now())
                .await
                .unwrap();
        } else {
            self.store.revoke_share(key, &with, None).await.unwrap();
        }
    }

    async fn identify(
        &self,
        authority: &Authority,
        text: &str,
    ) -> Option<(String, Vec<String>, bool)> {
        let found = tokens::identify(&self.store, authority, &self.clock, text)
            .await
            .unwrap();
        found.map(|caller| {
            let is_member = caller.members().of(&class()).any(|name| *name == alice());
            (
                caller.owner().to_string(),
                caller.grants().texts(),
                is_member,
            )
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whoever_is_remembered_is_whoever_would_be_found(changes in proptest::collection::vec(change(), 1..24)) {
        let runtime = runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = World::of(Store::in_memory().unwrap()).await;
            for change in changes {
                world.make(change).await;
                let fresh = Authority::new(world.store.clone());
                fresh.rebuild(&world.settings).await.unwrap();
                for text in TOKENS {
                    let expected = world.identify(&fresh, text).await;
                    prop_assert_eq!(&world.identify(&world.authority, text).await, &expected, "{:?}", change);
                    prop_assert_eq!(world.identify(&world.authority, text).await, expected, "{:?}, again", change);
                }
            }
            Ok(())
        })?;
    }
}

/// What those who ask all the time and whoever changes things know of each other.
#[derive(Default)]
struct Watch {
    /// Odd while the right is taken: from the reply that says so until it is given again.
    phase: AtomicUsize,
    asked: AtomicUsize,
    /// Answers that had the right though it was taken before the question.
    stale: AtomicUsize,
}

impl World {
    async fn holds(&self, text: &str) -> bool {
        let (_, scopes, _) = self.identify(&self.authority, text).await.unwrap();
        let rights = ["proxy", "access:servers!server=bob/"];
        scopes.iter().any(|scope| rights.contains(&scope.as_str()))
    }

    async fn ask(&self, text: &str, watch: &Watch) {
        while watch.phase.load(Ordering::SeqCst) != usize::MAX {
            let phase = watch.phase.load(Ordering::SeqCst);
            let holds = self.holds(text).await;
            let is_stale = holds && phase % 2 == 1 && watch.phase.load(Ordering::SeqCst) == phase;
            watch.stale.fetch_add(is_stale.into(), Ordering::SeqCst);
            watch.asked.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_taken_is_gone_with_the_reply_however_many_ask() {
    const ROUNDS: usize = 200;
    const QUESTIONS: usize = 20;
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("carrel.sqlite")).unwrap();
    let world = World::of(store).await;
    world.make(Change::DefineRole(true)).await;
    let watch = Watch::default();
    let changing = async {
        for round in 0..ROUNDS {
            let right = [
                Change::Admin,
                Change::OwnRole,
                Change::Share,
                Change::GroupRole,
            ];
            let right = right[round % right.len()];
            world.make(Change::Member(true)).await;
            world.make(right(true)).await;
            assert!(world.holds("everything").await, "{:?}", right(true));
            world.make(right(false)).await;
            watch.phase.fetch_add(1, Ordering::SeqCst);
            let enough = watch.asked.load(Ordering::SeqCst) + QUESTIONS;
            while watch.asked.load(Ordering::SeqCst) < enough {
                assert!(!world.holds("everything").await, "{:?}", right(false));
                tokio::task::yield_now().await;
            }
            assert_eq!(watch.stale.load(Ordering::SeqCst), 0, "{:?}", right(false));
            watch.phase.fetch_add(1, Ordering::SeqCst);
        }
        watch.phase.store(usize::MAX, Ordering::SeqCst);
    };
    let asking = async |text| world.ask(text, &watch).await;
    tokio::join!(
        changing,
        asking(TOKENS[0]),
        asking(TOKENS[1]),
        asking(TOKENS[2])
    );
}

#[tokio::test]
async fn what_is_read_while_a_change_is_made_is_not_believed_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("carrel.sqlite")).unwrap();
    let world = World::of(store.clone()).await;
    world.make(Change::Admin(true)).await;
    for text in TOKENS {
        // Their use is recorded now, and so not while the change is made.
        assert!(world.holds(text).await);
    }
    let (changed, is_changed) = tokio::sync::oneshot::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel();
    let asking = async {
        is_changed.await.unwrap();
        for text in TOKENS {
            assert!(world.holds(text).await, "nobody has heard of the change");
        }
        go_on.send(()).unwrap();
    };
    tokio::join!(store.demote_slowly_for_test(changed, may_go_on), asking);
    for text in TOKENS {
        assert!(!world.holds(text).await, "{text}");
    }
}

#[tokio::test]
async fn what_was_read_before_a_change_is_not_believed_after_it() {
    let world = World::of(Store::in_memory().unwrap()).await;
    let (hash, now) = (TokenHash::of("everything"), world.clock.now());
    let basis = world.authority.basis();
    let presented = world.store.find_token(hash, now).await.unwrap().unwrap();
    let caller = world
        .authority
        .token_caller(presented, &basis.book)
        .await
        .unwrap();
    let known = Known {
        caller,
        expires: None,
        last_use: None,
    };
    world.make(Change::Admin(true)).await;
    // Whoever read it takes its time to put it down.
    world.authority.callers.keep(hash, basis, known);
    assert!(
        world
            .authority
            .callers
            .find(&hash, &world.authority.basis(), now)
            .is_none()
    );
}
