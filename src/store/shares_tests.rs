use super::*;
use crate::{
    domain::{
        access::Owner,
        names::{DisplayName, ServerName},
        role::{AdminRole, Standing},
        scope::{ScopeName, texts},
        secret::TokenHash,
        share::{ShareCodeId, bounded},
    },
    store::{
        servers::{NewServer, ServerEdit},
        share_codes::{CodeChoice, Exchange, NewShareCode, ShareCode},
        users::Login,
    },
};

const ALL: Window = Window {
    offset: 0,
    limit: 200,
};

fn user(name: &str) -> UserName {
    UserName::parse(name).unwrap()
}

fn key(name: &str, server: &str) -> ServerKey {
    ServerKey {
        user: user(name),
        server: ServerName::parse(server).unwrap(),
    }
}

fn to_user(name: &str) -> Grantee {
    Grantee::User(user(name))
}

fn to_group(name: &str) -> Grantee {
    Grantee::Group(GroupName::parse(name).unwrap())
}

fn shared(names: &[&str]) -> Shared {
    let names = names.iter().map(|name| ScopeName::find(name).unwrap());
    names.collect()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

/// Alice has a server `lab` beside her default one; Bob and Carol are in the group `class`.
async fn store() -> Store {
    let store = Store::in_memory().unwrap();
    for (name, uid) in [("alice", 1001), ("bob", 1002), ("carol", 1003)] {
        let login = Login::for_test(name, uid, AdminRole::NotHeld, at(1));
        store.record_login(login).await.unwrap();
    }
    let lab = key("alice", "lab");
    let server = NewServer {
        display_name: DisplayName::parse("Lab").unwrap(),
        user_options: None,
        created: at(2),
        limit: 0,
    };
    store.create_server(&lab, server).await.unwrap();
    run(
        &store,
        "INSERT INTO groups (id, name, created) VALUES (1, 'class', 1), (2, 'empty', 1);
         INSERT INTO group_members (group_id, user_id, origin)
             SELECT 1, id, 'api' FROM users WHERE name IN ('bob', 'carol');",
    )
    .await;
    store
}

async fn run(store: &Store, sql: &'static str) {
    let change = move |tx: &Transaction<'_>| Ok(tx.execute_batch(sql)?);
    store
        .write("change what a test wants", change)
        .await
        .unwrap();
}

async fn grant(store: &Store, server: &ServerKey, with: &Grantee, names: &[&str]) -> Share {
    let granted = store.grant_share(server, with, shared(names), at(10)).await;
    let Granted::Share(share) = granted.unwrap() else {
        panic!("{server} or {with} is not there");
    };
    share
}

/// Returns what somebody has by shares, theirs and their groups'.
async fn held(store: &Store, name: &str) -> Vec<String> {
    let standing = store.find_standing(&Owner::User(user(name))).await.unwrap();
    match standing {
        Some(Standing::User(standing)) => texts(&standing.shares),
        other => panic!("{other:?}"),
    }
}

async fn count(store: &Store, of: SharesOf) -> Option<u64> {
    let listed = store.list_shares(of, ALL).await.unwrap()?;
    assert_eq!(u64::try_from(listed.items.len()).unwrap(), listed.total);
    Some(listed.total)
}

#[tokio::test]
async fn grants_add_up_and_the_share_ends_with_its_last_scope() {
    let store = store().await;
    let (lab, bob) = (key("alice", "lab"), to_user("bob"));
    let first = grant(&store, &lab, &bob, &["access:servers"]).await;
    assert_eq!(first.created, at(10));
    let more = store
        .grant_share(&lab, &bob, shared(&["read:servers"]), at(20))
        .await;
    let both = Share {
        shared: shared(&["access:servers", "read:servers"]),
        ..first
    };
    assert_eq!(more.unwrap(), Granted::Share(both.clone()));
    let same = store
        .grant_share(&lab, &bob, shared(&["read:servers"]), at(30))
        .await;
    assert_eq!(same.unwrap(), Granted::Share(both.clone()));

    let revoke = async |names: Option<&[&str]>| {
        let revoked = store.revoke_share(&lab, &bob, names.map(shared)).await;
        revoked.unwrap().map(|share| share.shared)
    };
    let not_held = revoke(Some(&["servers"])).await;
    assert_eq!(not_held, Some(both.shared));
    let one = revoke(Some(&["access:servers", "servers"])).await;
    assert_eq!(one, Some(shared(&["read:servers"])));
    assert_eq!(revoke(Some(&["read:servers"])).await, None);
    assert_eq!(store.find_share(&lab, &bob).await.unwrap(), None);
    grant(&store, &lab, &bob, &["servers", "shares"]).await;
    assert_eq!(revoke(None).await, None, "all of it");
    assert_eq!(revoke(None).await, None, "there is nothing to take back");
    assert_eq!(count(&store, SharesOf::Server(lab)).await, Some(0));
}

#[tokio::test]
async fn a_user_and_a_group_have_shares_of_their_own() {
    let store = store().await;
    let lab = key("alice", "lab");
    grant(&store, &lab, &to_user("bob"), &["access:servers"]).await;
    grant(&store, &lab, &to_group("class"), &["servers"]).await;
    grant(
        &store,
        &key("alice", ""),
        &to_group("class"),
        &["access:servers"],
    )
    .await;
    assert_eq!(count(&store, SharesOf::Server(lab.clone())).await, Some(2));
    assert_eq!(count(&store, SharesOf::Owner(user("alice"))).await, Some(3));
    assert_eq!(count(&store, SharesOf::Owner(user("bob"))).await, Some(0));
    assert_eq!(count(&store, SharesOf::Owner(user("nobody"))).await, None);
    assert_eq!(count(&store, SharesOf::Server(key("bob", "x"))).await, None);

    let with = async |with: Grantee| {
        let listed = store.list_shared_with(&with, ALL).await.unwrap()?;
        Some(listed.total)
    };
    assert_eq!(with(to_user("bob")).await, Some(3));
    assert_eq!(with(to_user("carol")).await, Some(2));
    assert_eq!(with(to_user("alice")).await, Some(0));
    assert_eq!(with(to_group("class")).await, Some(2));
    assert_eq!(with(to_group("empty")).await, Some(0));
    assert_eq!(with(to_group("none")).await, None);
    assert_eq!(with(to_user("none")).await, None);

    assert_eq!(
        held(&store, "bob").await,
        [
            "access:servers!server=alice/",
            "access:servers!server=alice/lab",
            "servers!server=alice/lab"
        ]
    );
    store
        .revoke_share(&lab, &to_group("class"), None)
        .await
        .unwrap();
    assert_eq!(
        held(&store, "carol").await,
        ["access:servers!server=alice/"]
    );
    assert_eq!(store.revoke_all_shares(&lab).await.unwrap(), 1);
    assert_eq!(held(&store, "bob").await, ["access:servers!server=alice/"]);
}

#[tokio::test]
async fn a_list_is_cut_to_its_window_and_counted_whole() {
    let store = store().await;
    for with in [to_user("bob"), to_user("carol"), to_group("class")] {
        grant(&store, &key("alice", ""), &with, &["access:servers"]).await;
    }
    let of = SharesOf::Owner(user("alice"));
    for (offset, limit, expected) in [
        (0, 2, &["bob", "carol"][..]),
        (2, 2, &["class"]),
        (3, 2, &[]),
        (u64::MAX, u64::MAX, &[]),
    ] {
        let listed = store
            .list_shares(of.clone(), Window { offset, limit })
            .await;
        let listed = listed.unwrap().unwrap();
        let names: Vec<_> = listed.items.iter().map(|share| share.with.name()).collect();
        assert_eq!(names, expected);
        assert_eq!(listed.total, 3);
    }
}

#[tokio::test]
async fn nothing_is_shared_of_or_with_what_is_not_there() {
    let store = store().await;
    let table = [
        (key("alice", "none"), to_user("bob"), Granted::NoServer),
        (key("none", ""), to_user("bob"), Granted::NoServer),
        (key("alice", ""), to_user("none"), Granted::NoGrantee),
        (key("alice", ""), to_group("none"), Granted::NoGrantee),
    ];
    for (server, with, expected) in table {
        let granted = store
            .grant_share(&server, &with, shared(&["servers"]), at(1))
            .await;
        assert_eq!(granted.unwrap(), expected);
        assert_eq!(
            store.revoke_share(&server, &with, None).await.unwrap(),
            None
        );
        assert_eq!(store.find_share(&server, &with).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_share_goes_with_its_server_its_owner_and_whom_it_is_for() {
    for gone in [
        "DELETE FROM users WHERE name = 'alice'",
        "DELETE FROM servers WHERE name = 'lab'",
        "DELETE FROM users WHERE name = 'bob'; DELETE FROM groups WHERE name = 'class'",
    ] {
        let store = store().await;
        let lab = key("alice", "lab");
        grant(&store, &lab, &to_user("bob"), &["servers"]).await;
        grant(&store, &lab, &to_group("class"), &["servers"]).await;
        make_code(&store, "code", &lab, 100).await;
        run(&store, gone).await;
        let left = async |table: &'static str| {
            let count =
                move |conn: &Connection| Ok(conn.query_row(table, [], |row| row.get::<_, i64>(0))?);
            store.read("count", count).await.unwrap()
        };
        assert_eq!(left("SELECT count(*) FROM shares").await, 0, "{gone}");
        let codes = i64::from(gone.contains("'bob'"));
        assert_eq!(
            left("SELECT count(*) FROM share_codes").await,
            codes,
            "{gone}"
        );
    }
}

#[tokio::test]
async fn shares_and_codes_follow_whoever_and_whatever_is_renamed() {
    let store = store().await;
    let lab = key("alice", "lab");
    grant(&store, &lab, &to_user("bob"), &["access:servers"]).await;
    make_code(&store, "code", &lab, 100).await;
    let edit = ServerEdit {
        name: Some(ServerName::parse("gpu").unwrap()),
        ..ServerEdit::default()
    };
    assert!(store.edit_server(&lab, edit, at(20)).await.unwrap());
    assert_eq!(
        held(&store, "bob").await,
        ["access:servers!server=alice/gpu"]
    );
    run(&store, "UPDATE users SET name = 'ada' WHERE name = 'alice'").await;
    run(&store, "UPDATE users SET name = 'rob' WHERE name = 'bob'").await;
    assert_eq!(held(&store, "rob").await, ["access:servers!server=ada/gpu"]);
    let share = store.find_share(&key("ada", "gpu"), &to_user("rob")).await;
    assert_eq!(share.unwrap().unwrap().server, key("ada", "gpu"));
    let code = store.find_share_code(TokenHash::of("code"), at(50)).await;
    assert_eq!(code.unwrap().unwrap().server, key("ada", "gpu"));
}

async fn make_code(store: &Store, text: &str, server: &ServerKey, expires: i64) -> ShareCode {
    let code = NewShareCode {
        hash: TokenHash::of(text),
        server: server.clone(),
        shared: shared(&["access:servers", "read:servers"]),
        created: at(10),
        expires: at(expires),
    };
    store.create_share_code(code).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_code_gives_its_share_to_whoever_has_it_until_it_expires() {
    let store = store().await;
    let lab = key("alice", "lab");
    let code = make_code(&store, "code", &lab, 100).await;
    assert_eq!((code.exchange_count, code.last_exchanged), (0, None));
    grant(&store, &lab, &to_user("bob"), &["shares"]).await;
    let exchange = async |text: &str, name: &str, seconds: i64| {
        let exchanged = store
            .exchange_share_code(TokenHash::of(text), &user(name), at(seconds))
            .await;
        exchanged.unwrap()
    };
    let expected = ["access:servers", "read:servers", "shares"];
    for seconds in [20, 30] {
        let Exchange::Share(share) = exchange("code", "bob", seconds).await else {
            panic!("the code is good at {seconds}");
        };
        assert_eq!(share.shared, shared(&expected));
    }
    assert!(matches!(
        exchange("code", "carol", 40).await,
        Exchange::Share(_)
    ));
    assert_eq!(exchange("code", "alice", 50).await, Exchange::OwnServer);
    assert_eq!(exchange("other", "bob", 50).await, Exchange::NoCode);
    assert_eq!(exchange("code", "nobody", 50).await, Exchange::NoCode);
    assert_eq!(exchange("code", "bob", 100).await, Exchange::NoCode);
    let found = store.find_share_code(TokenHash::of("code"), at(99)).await;
    let found = found.unwrap().unwrap();
    assert_eq!(
        (found.exchange_count, found.last_exchanged),
        (3, Some(at(40)))
    );
    let late = store.find_share_code(TokenHash::of("code"), at(100)).await;
    assert_eq!(late.unwrap(), None);
    let bounds = texts(&bounded(&found.shared, &found.server));
    assert_eq!(
        bounds,
        [
            "access:servers!server=alice/lab",
            "read:servers!server=alice/lab"
        ]
    );
}

#[tokio::test]
async fn codes_are_listed_until_they_expire_and_then_purged() {
    let store = store().await;
    let (lab, own) = (key("alice", "lab"), key("alice", ""));
    let first = make_code(&store, "a", &lab, 100).await;
    make_code(&store, "b", &lab, 50).await;
    make_code(&store, "c", &own, 100).await;
    let list = async |of: SharesOf, seconds: i64| {
        let listed = store
            .list_share_codes(of, at(seconds), ALL)
            .await
            .unwrap()?;
        assert_eq!(u64::try_from(listed.items.len()).unwrap(), listed.total);
        Some(listed.total)
    };
    assert_eq!(list(SharesOf::Server(lab.clone()), 49).await, Some(2));
    assert_eq!(list(SharesOf::Server(lab.clone()), 50).await, Some(1));
    assert_eq!(list(SharesOf::Owner(user("alice")), 50).await, Some(2));
    assert_eq!(list(SharesOf::Owner(user("bob")), 50).await, Some(0));
    assert_eq!(list(SharesOf::Owner(user("none")), 50).await, None);
    assert_eq!(list(SharesOf::Server(key("alice", "none")), 50).await, None);
    assert_eq!(store.purge_expired(at(50)).await.unwrap().share_codes, 1);

    let delete = async |server: &ServerKey, choice: CodeChoice| {
        store.delete_share_codes(server, choice).await.unwrap()
    };
    let a = CodeChoice::Hash(TokenHash::of("a"));
    assert_eq!(delete(&own, a).await, 0, "it is another server's");
    assert_eq!(delete(&own, CodeChoice::Id(first.id)).await, 0);
    assert_eq!(delete(&lab, CodeChoice::Id(ShareCodeId(99))).await, 0);
    assert_eq!(delete(&lab, a).await, 1);
    assert_eq!(delete(&lab, a).await, 0);
    let again = make_code(&store, "d", &lab, 100).await;
    assert!(again.id.0 > first.id.0, "numbers are never given twice");
    assert_eq!(delete(&lab, CodeChoice::Id(again.id)).await, 1);
    make_code(&store, "e", &lab, 100).await;
    make_code(&store, "f", &lab, 100).await;
    assert_eq!(delete(&lab, CodeChoice::All).await, 2);
    assert_eq!(list(SharesOf::Owner(user("alice")), 50).await, Some(1));
    let nowhere = store.create_share_code(NewShareCode {
        hash: TokenHash::of("x"),
        server: key("alice", "none"),
        shared: shared(&["servers"]),
        created: at(10),
        expires: at(100),
    });
    assert_eq!(nowhere.await.unwrap(), None);
}
