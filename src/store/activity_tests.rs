//! Activity is written beside the versions of rights, so it must change nothing else.

use super::*;
use crate::{
    domain::{
        access::Owner,
        names::{ServerKey, UserName},
        role::AdminRole,
        secret::TokenHash,
        time::Timestamp,
    },
    store::{sessions::NewSession, tokens::NewToken, users::Login},
};

/// The columns in which times of activity stand.
const TIMES: [&str; 2] = ["last_activity", "last_seen"];

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn login() -> Login {
    Login::for_test("alice", 1001, AdminRole::Held, at(10))
}

fn new_token(user: &UserName, text: &str) -> NewToken {
    NewToken {
        hash: TokenHash::of(text),
        owner: Owner::User(user.clone()),
        client_id: None,
        session_id: None,
        scopes: Vec::new(),
        note: String::new(),
        created: at(10),
        expires: None,
    }
}

/// Returns every value of every table but times of activity, as SQL writes them.
async fn all_but_times(store: &Store) -> Vec<String> {
    let dump = |conn: &Connection| {
        let tables = texts(
            conn,
            "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
        )?;
        let mut rows = Vec::new();
        for table in tables {
            let columns = format!("SELECT name FROM pragma_table_info('{table}')");
            let columns = texts(conn, &columns)?.into_iter();
            let quoted: Vec<_> = columns
                .filter(|column| !TIMES.contains(&column.as_str()))
                .map(|column| format!("quote({column})"))
                .collect();
            let sql = format!(
                "SELECT {} FROM {table} ORDER BY 1",
                quoted.join(" || ',' || ")
            );
            rows.extend(texts(conn, &sql)?);
        }
        Ok(rows)
    };
    store.read("dump", dump).await.unwrap()
}

fn texts(conn: &Connection, sql: &str) -> Result<Vec<String>> {
    let mut statement = conn.prepare(sql)?;
    let texts = statement.query_map([], |row| row.get(0))?;
    Ok(texts.collect::<std::result::Result<_, _>>()?)
}

#[tokio::test]
async fn activity_changes_nothing_that_a_right_depends_on() {
    let store = Store::in_memory().unwrap();
    let alice = UserName::parse("alice").unwrap();
    store.record_login(login()).await.unwrap();
    let cookie = TokenHash::of("cookie");
    let session = NewSession {
        hash: cookie,
        user: alice.clone(),
        session_id: "public".into(),
        created: at(10),
        expires: at(100),
    };
    store.create_session(session).await.unwrap();
    let token = store
        .create_token(new_token(&alice, "token"))
        .await
        .unwrap();
    let (rights, all) = (store.rights_version(), store.versions.all());
    let before = all_but_times(&store).await;
    assert!(before.iter().any(|row| row.contains("'alice'")));

    store.touch_session(cookie, at(20)).await.unwrap();
    store.touch_token(token, at(30)).await.unwrap();
    let server = ServerKey::default_of(alice.clone());
    let servers = vec![(server, at(40))];
    store
        .record_activity(&alice, Some(at(40)), servers)
        .await
        .unwrap();
    assert_eq!(all_but_times(&store).await, before);
    assert_eq!(store.rights_version(), rights);
    assert_ne!(store.versions.all(), all);
    let user = store.find_user_details(&alice).await.unwrap().unwrap();
    assert_eq!(user.user.last_activity, Some(at(40)));
    assert_eq!(user.servers[0].last_activity, Some(at(40)));
    store
        .delete_token(&Owner::User(alice), token)
        .await
        .unwrap();
    assert_ne!(store.rights_version(), rights);
}

#[tokio::test]
async fn a_new_token_changes_nothing_that_was_read_and_there_are_no_more_than_allowed() {
    let store = Store::in_memory().unwrap();
    let alice = UserName::parse("alice").unwrap();
    store.record_login(login()).await.unwrap();
    let versions = || (store.rights_version(), store.versions.all());
    let before = versions();
    let first = store.create_personal_token(new_token(&alice, "first"), 1);
    assert!(first.await.unwrap().is_some());
    let [one, other] =
        ["one", "other"].map(|text| store.create_personal_token(new_token(&alice, text), 2));
    let added = tokio::join!(one, other);
    assert_ne!(added.0.unwrap().is_some(), added.1.unwrap().is_some());
    assert!(versions() == before);
    let held = store.list_tokens(&Owner::User(alice), at(20)).await;
    assert_eq!(held.unwrap().len(), 2);
}
