//! Databases that JupyterHub 5 and 6 wrote (`tests/fixtures/make`), taken over into an empty hub.

use std::path::PathBuf;

use super::*;
use crate::{
    domain::{
        access::{Caller, Owner},
        names::ServerName,
        time::Clock,
        token::TokenId,
    },
    hub::{authority::Authority, tokens},
    store::{
        Store, foreign,
        import::{Outcome, Tally},
    },
};

/// Tokens of the fixtures: a script of alice's, one that bob chose, and such as are not taken.
const SCRIPT: &str = "5c21f0000000000000000000000000a1";
const CHOSEN: &str = "5c21f-a-token-that-bob-chose";
const GRADES: &str = "c0570000000000000000000000000001";
const NOT_TAKEN: [&str; 4] = [
    "e4ded0000000000000000000000000a1",
    "5e27e0000000000000000000000000a1",
    "0a070000000000000000000000000001",
    "5e271ce0000000000000000000000001",
];

/// In 2027.
const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

fn records(version: &str) -> Records {
    let name = format!("tests/fixtures/jupyterhub-{version}.sql");
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("jupyterhub.sqlite");
    foreign::write_for_test(&path, &std::fs::read_to_string(script).unwrap());
    foreign::read(&path).unwrap()
}

fn judgement(version: &str) -> Judgement {
    let book = RoleBook::default();
    let here = Here {
        book: &book,
        profiles: BTreeSet::new(),
        now: NOW,
    };
    judge(&records(version), &here)
}

async fn import(store: &Store, version: &str) -> Outcome {
    let import = judgement(version).import;
    store.import(import, NOW).await.unwrap()
}

fn user(name: &str) -> UserName {
    UserName::parse(name).unwrap()
}

async fn present(store: &Store, text: &str) -> Option<Caller> {
    let clock = Clock::fixed(NOW);
    // Another hub each time: nothing is remembered but what is stored.
    let authority = Authority::new(store.clone());
    tokens::identify(store, &authority, &clock, text)
        .await
        .unwrap()
}

#[test]
fn what_is_not_taken_is_told_with_the_reason() {
    for version in ["5", "6"] {
        let told: Vec<_> = judgement(version)
            .omissions
            .into_iter()
            .map(|one| format!("{}: {}", one.what, one.why))
            .collect();
        insta::assert_snapshot!("omissions", told.join("\n"));
    }
}

#[tokio::test]
async fn what_is_taken_is_here_and_a_second_time_changes_nothing() {
    for version in ["5", "6"] {
        let store = Store::in_memory().unwrap();
        let first = import(&store, version).await;
        let count = |kind| first.tally(kind).taken;
        let kinds = [
            Kind::User,
            Kind::Group,
            Kind::Member,
            Kind::Role,
            Kind::Grant,
        ];
        assert_eq!(kinds.map(count), [3, 1, 2, 2, 3]);
        let kinds = [Kind::Server, Kind::Token, Kind::Share];
        assert_eq!(kinds.map(count), [2, 3, 2]);
        assert_eq!(first.omissions.len(), 1, "{:?}", first.omissions);
        assert_eq!(first.omissions[0].what, "role assistant of service grader");

        let carol = store.find_user(&user("carol")).await.unwrap().unwrap();
        assert!(carol.admin == crate::domain::role::AdminRole::Held);
        assert_eq!(carol.uid, None);
        let group = GroupName::parse("course").unwrap();
        let group = store.find_group(&group).await.unwrap().unwrap();
        assert_eq!(group.properties, r#"{"room":7}"#);
        assert_eq!(group.users, [user("alice"), user("bob")]);
        let servers = store.list_servers_of(&user("alice")).await.unwrap();
        let shown: Vec<_> = servers
            .iter()
            .map(|one| (one.key.server.as_str(), one.user_options.as_deref()))
            .collect();
        assert_eq!(shown, [("", Some(r#"{"size":"big"}"#)), ("lab", None)]);
        let name = if version == "5" { "lab" } else { "Alice's lab" };
        assert_eq!(servers[1].display_name, name);

        let second = import(&store, version).await;
        for (kind, tally) in &second.tallies {
            let known = first.tally(*kind).taken;
            assert_eq!(*tally, Tally { taken: 0, known }, "{kind:?}");
        }
        assert_eq!(second.omissions, first.omissions);
    }
}

#[tokio::test]
async fn a_share_is_what_it_was() {
    let store = Store::in_memory().unwrap();
    import(&store, "6").await;
    let bob = Owner::User(user("bob"));
    let standing = store.find_standing(&bob).await.unwrap().unwrap();
    let crate::domain::role::Standing::User(standing) = standing else {
        panic!("bob is a user");
    };
    let shares: Vec<_> = standing.shares.iter().map(Scope::to_string).collect();
    let lab = "access:servers!server=alice/lab";
    let own = ["access:servers!server=bob/", "read:servers!server=bob/"];
    assert_eq!(
        shares.into_iter().collect::<BTreeSet<_>>(),
        BTreeSet::from([lab, own[0], own[1]].map(str::to_owned))
    );
}

#[tokio::test]
async fn a_token_of_the_other_hub_is_good_here_and_gets_our_hash() {
    for version in ["5", "6"] {
        let store = Store::in_memory().unwrap();
        assert!(present(&store, SCRIPT).await.is_none());
        import(&store, version).await;
        for (text, owner) in [(SCRIPT, "alice"), (CHOSEN, "bob"), (GRADES, "bob")] {
            let foreign = || store.find_foreign_hashes(text.chars().take(4).collect(), NOW);
            let before = foreign().await.unwrap().len();
            let caller = present(&store, text).await.unwrap();
            assert_eq!(caller.owner(), &Owner::User(user(owner)));
            assert_eq!(foreign().await.unwrap().len(), before - 1);
            let again = present(&store, text).await.unwrap();
            assert_eq!(again.owner(), caller.owner());
        }
        for text in NOT_TAKEN {
            assert!(present(&store, text).await.is_none(), "{text}");
        }
    }
}

#[tokio::test]
async fn a_text_that_only_begins_like_a_token_is_none() {
    let store = Store::in_memory().unwrap();
    import(&store, "6").await;
    for text in ["5c21", "5c21f", "5c21f0000000000000000000000000a2", ""] {
        assert!(present(&store, text).await.is_none(), "{text:?}");
    }
    let hashes = store.find_foreign_hashes("5c21".into(), NOW).await.unwrap();
    assert_eq!(hashes.len(), 2, "nothing was adopted");
}

#[tokio::test]
async fn a_token_taken_over_can_do_what_it_could_and_no_more() {
    let store = Store::in_memory().unwrap();
    import(&store, "6").await;
    let grades = present(&store, GRADES).await.unwrap();
    let scopes = grades.grants().texts();
    assert!(
        scopes.iter().all(|scope| scope.ends_with("!user=bob")),
        "{scopes:?}"
    );
}

#[tokio::test]
async fn a_token_that_ended_since_or_was_revoked_is_none() {
    let store = Store::in_memory().unwrap();
    import(&store, "6").await;
    let in_2040 = Timestamp::parse("2040-01-01T00:00:00Z").unwrap();
    let hashes = store
        .find_foreign_hashes("5c21".into(), in_2040)
        .await
        .unwrap();
    assert_eq!(hashes.len(), 1, "alice's ends in ten years");
    let bob = Owner::User(user("bob"));
    for token in store.list_tokens(&bob, NOW).await.unwrap() {
        store.delete_token(&bob, TokenId(token.id.0)).await.unwrap();
    }
    assert!(present(&store, CHOSEN).await.is_none());
}

#[tokio::test]
async fn who_is_here_stays_what_they_are() {
    let store = Store::in_memory().unwrap();
    let users = vec![user("carol")];
    let none = crate::domain::role::AdminRole::of(false);
    store.create_users(users, none, NOW).await.unwrap();
    let outcome = import(&store, "6").await;
    assert_eq!(outcome.tally(Kind::User), Tally { taken: 2, known: 1 });
    let told = outcome.omissions.iter().map(|one| one.what.as_str());
    assert!(
        told.into_iter()
            .any(|what| what == "role admin of user carol")
    );
    let carol = store.find_user(&user("carol")).await.unwrap().unwrap();
    assert!(carol.admin == none);
}

#[test]
fn a_servers_key_is_what_the_other_hub_calls_it() {
    let servers = judgement("6").import.servers;
    let names: Vec<_> = servers.iter().map(|one| one.key.server.clone()).collect();
    assert_eq!(
        names,
        [
            ServerName::default_server(),
            ServerName::parse("lab").unwrap()
        ]
    );
}
