use std::{fs, time::Duration};

use super::{
    oauth::{Code, Confirmation, NewClient},
    runs::NewRun,
    servers::{NewServer, RecordedState},
    services::{ServiceRecords, ServiceToken, token_note},
    sessions::NewSession,
    tokens::{NewToken, TokenKind},
    user_edits::UserRemoval,
    users::{Login, LoginOutcome},
    *,
};
use crate::domain::{
    access::Owner,
    names::{DisplayName, ServerKey, ServerName, ServiceName, UserName},
    oauth::{Challenge, ChallengeMethod, server_client_id},
    role::{self, AdminRole, ClientKind, Standing, UserStanding},
    scope::Scope,
    secret::{Secret, TokenHash},
    server::InvocationId,
    time::Timestamp,
    token::TokenId,
};

fn alice() -> UserName {
    UserName::parse("alice").unwrap()
}

fn key(server: &str) -> ServerKey {
    ServerKey {
        user: alice(),
        server: ServerName::parse(server).unwrap(),
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn login(uid: u32, seconds: i64) -> Login {
    Login {
        ticket: Secret::new(format!("ticket-{seconds}")),
        ..Login::for_test("alice", uid, AdminRole::NotHeld, at(seconds))
    }
}

async fn with_alice() -> Store {
    let store = Store::in_memory().unwrap();
    store.record_login(login(1001, 10)).await.unwrap();
    store
}

fn token(text: &str) -> NewToken {
    NewToken {
        hash: TokenHash::of(text),
        owner: Owner::User(alice()),
        client_id: None,
        session_id: None,
        scopes: role::token(),
        note: "for a test".into(),
        created: at(20),
        expires: None,
    }
}

fn run(server: &str, secret: &str) -> NewRun {
    NewRun {
        key: key(server),
        user_options: None,
        token: NewToken {
            scopes: role::server(&key(server)),
            ..token(secret)
        },
        client: NewClient {
            id: server_client_id(&key(server)),
            redirect_uri: "/user/alice/oauth_callback".into(),
            description: "Server at /user/alice/".into(),
            allowed_scopes: vec![],
            confirmation: Confirmation::Asked,
        },
        at: at(30),
    }
}

fn session(text: &str) -> NewSession {
    NewSession {
        hash: TokenHash::of(text),
        user: alice(),
        session_id: "abc".into(),
        created: at(20),
        expires: at(100),
    }
}

#[tokio::test]
async fn a_login_makes_the_user_once_and_keeps_the_newest_ticket() {
    let store = Store::in_memory().unwrap();
    assert_eq!(store.find_user(&alice()).await.unwrap(), None);
    let first = store.record_login(login(1001, 10)).await.unwrap();
    assert_eq!(first, LoginOutcome::Created);
    let second = store.record_login(login(1001, 20)).await.unwrap();
    assert_eq!(second, LoginOutcome::Known);
    let user = store.find_user(&alice()).await.unwrap().unwrap();
    assert_eq!((user.uid, user.created), (Some(1001), at(10)));
    assert_eq!(user.last_activity, Some(at(20)));
    let ticket = store.find_ticket(&alice()).await.unwrap().unwrap();
    assert_eq!(ticket.expose(), "ticket-20");
    let servers = store.list_servers_of(&alice()).await.unwrap();
    assert_eq!(servers.len(), 1);
    assert!(servers[0].key.server.is_default());
    assert_eq!(servers[0].state, RecordedState::Stopped);
}

#[tokio::test]
async fn another_account_of_the_same_name_gets_nothing_of_the_old_one() {
    let store = with_alice().await;
    store.create_session(session("cookie")).await.unwrap();
    store.create_token(token("script")).await.unwrap();
    store.begin_run(run("", "secret")).await.unwrap();
    let outcome = store.record_login(login(2002, 30)).await.unwrap();
    let client = store.find_client(&server_client_id(&key(""))).await;
    assert_eq!(client.unwrap(), None);
    assert_eq!(outcome, LoginOutcome::Replaced);
    let session = store.find_session(TokenHash::of("cookie"), at(31)).await;
    assert_eq!(session.unwrap(), None);
    let token = store.find_token(TokenHash::of("script"), at(31)).await;
    assert_eq!(token.unwrap(), None);
}

#[tokio::test]
async fn sessions_end_by_time_and_by_request() {
    let store = with_alice().await;
    let hash = TokenHash::of("cookie");
    store.create_session(session("cookie")).await.unwrap();
    let found = store.find_session(hash, at(99)).await.unwrap().unwrap();
    assert_eq!(
        (found.user.name, found.session_id.as_str()),
        (alice(), "abc")
    );
    assert_eq!(store.find_session(hash, at(100)).await.unwrap(), None);
    let other = TokenHash::of("other");
    assert_eq!(store.find_session(other, at(30)).await.unwrap(), None);

    store.touch_session(hash, at(50)).await.unwrap();
    store.touch_session(hash, at(40)).await.unwrap();
    let found = store.find_session(hash, at(60)).await.unwrap().unwrap();
    assert_eq!(found.last_seen, at(50));

    assert_eq!(store.end_session(hash).await.unwrap(), 0);
    assert_eq!(store.find_session(hash, at(60)).await.unwrap(), None);
}

#[tokio::test]
async fn the_end_of_a_session_takes_the_tokens_issued_in_it() {
    let store = with_alice().await;
    store.create_session(session("cookie")).await.unwrap();
    store.begin_run(run("", "secret")).await.unwrap();
    let issued = NewToken {
        client_id: Some(server_client_id(&key(""))),
        session_id: Some("abc".into()),
        ..token("issued")
    };
    store.create_token(issued.clone()).await.unwrap();
    let elsewhere = NewToken {
        hash: TokenHash::of("elsewhere"),
        session_id: Some("def".into()),
        ..issued
    };
    store.create_token(elsewhere).await.unwrap();
    store.create_token(token("script")).await.unwrap();

    let ended = store.end_session(TokenHash::of("cookie")).await.unwrap();
    assert_eq!(ended, 1);
    for (text, stays) in [("issued", false), ("elsewhere", true), ("script", true)] {
        let found = store.find_token(TokenHash::of(text), at(40)).await.unwrap();
        assert_eq!(found.is_some(), stays, "{text}");
    }
}

#[tokio::test]
async fn tokens_are_found_by_hash_until_they_end() {
    let store = with_alice().await;
    let new = NewToken {
        expires: Some(at(100)),
        ..token("script")
    };
    let id = store.create_token(new).await.unwrap();
    let hash = TokenHash::of("script");
    let found = store.find_token(hash, at(99)).await.unwrap().unwrap();
    assert_eq!(
        found.owner,
        Standing::User(UserStanding::plain(alice(), AdminRole::NotHeld))
    );
    assert_eq!(found.token.id, id);
    assert_eq!(found.token.scopes, [Scope::parse("inherit").unwrap()]);
    assert_eq!(found.token.kind, TokenKind::Ordinary);
    assert_eq!(store.find_token(hash, at(100)).await.unwrap(), None);
    assert!(
        store
            .create_token(token("script"))
            .await
            .unwrap_err()
            .is_conflict()
    );
    store.create_token(token("endless")).await.unwrap();
    assert!(
        store
            .find_token(TokenHash::of("endless"), at(i64::MAX / 2_000_000))
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn revoking_a_clients_token_revokes_all_it_has_of_the_user() {
    let store = with_alice().await;
    store.begin_run(run("", "secret")).await.unwrap();
    let issued = |text: &str| NewToken {
        client_id: Some(server_client_id(&key(""))),
        ..token(text)
    };
    let first = store.create_token(issued("one")).await.unwrap();
    store.create_token(issued("two")).await.unwrap();
    let script = store.create_token(token("script")).await.unwrap();
    let bob = UserName::parse("bob").unwrap();
    assert_eq!(
        store.delete_token(&Owner::User(bob), script).await.unwrap(),
        0
    );
    assert_eq!(
        store
            .delete_token(&Owner::User(alice()), TokenId(999))
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        store
            .delete_token(&Owner::User(alice()), first)
            .await
            .unwrap(),
        2
    );
    let left = store
        .list_tokens(&Owner::User(alice()), at(40))
        .await
        .unwrap();
    let notes: Vec<_> = left.iter().map(|t| (t.kind, t.id)).collect();
    assert!(notes.contains(&(TokenKind::Ordinary, script)));
    assert_eq!(left.len(), 2);
    assert_eq!(
        store
            .delete_token(&Owner::User(alice()), script)
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn numbers_of_tokens_are_never_given_twice() {
    let store = with_alice().await;
    let first = store.create_token(token("one")).await.unwrap();
    store
        .delete_token(&Owner::User(alice()), first)
        .await
        .unwrap();
    let second = store.create_token(token("two")).await.unwrap();
    assert!(second > first);
}

#[tokio::test]
async fn use_of_a_token_counts_for_its_owner_but_not_a_servers() {
    let store = with_alice().await;
    let script = store.create_token(token("script")).await.unwrap();
    let server = store.begin_run(run("", "secret")).await.unwrap().token;
    store.touch_token(server, at(500)).await.unwrap();
    let user = store.find_user(&alice()).await.unwrap().unwrap();
    assert_eq!(user.last_activity, Some(at(30)));
    store.touch_token(script, at(400)).await.unwrap();
    store.touch_token(script, at(300)).await.unwrap();
    let user = store.find_user(&alice()).await.unwrap().unwrap();
    assert_eq!(user.last_activity, Some(at(400)));
}

#[tokio::test]
async fn a_run_has_its_credentials_from_first_to_last() {
    let store = with_alice().await;
    let id = server_client_id(&key(""));
    store.begin_run(run("", "secret")).await.unwrap();
    let server = store.find_server(&key("")).await.unwrap().unwrap();
    assert_eq!(server.state, RecordedState::Starting);
    assert_eq!(server.started, Some(at(30)));
    let client = store.find_client(&id).await.unwrap().unwrap();
    assert_eq!(client.secret_hash, TokenHash::of("secret"));
    assert_eq!(client.rules.kind, ClientKind::Server(key("")));
    let presented = store.find_token(TokenHash::of("secret"), at(31)).await;
    assert_eq!(presented.unwrap().unwrap().token.kind, TokenKind::Server);

    let invocation = InvocationId::parse(&"ab".repeat(16)).unwrap();
    store
        .record_launched(&key(""), &invocation, 1001)
        .await
        .unwrap();
    store.record_ready(&key(""), at(35)).await.unwrap();
    let unfinished = store.list_unfinished_servers().await.unwrap();
    assert_eq!(unfinished.len(), 1);
    assert_eq!(unfinished[0].state, RecordedState::Running);
    assert_eq!(unfinished[0].invocation, Some(invocation));

    store.begin_stop(&key("")).await.unwrap();
    let server = store.find_server(&key("")).await.unwrap().unwrap();
    assert_eq!(server.state, RecordedState::Stopping);
    store.record_ready(&key(""), at(36)).await.unwrap();
    let server = store.find_server(&key("")).await.unwrap().unwrap();
    assert_eq!(
        server.state,
        RecordedState::Stopping,
        "a late answer revives nothing"
    );

    store.finish_run(&key(""), at(40)).await.unwrap();
    store.finish_run(&key(""), at(50)).await.unwrap();
    let server = store.find_server(&key("")).await.unwrap().unwrap();
    assert_eq!(server.state, RecordedState::Stopped);
    assert_eq!((server.started, server.invocation), (None, None));
    assert_eq!(server.last_activity, Some(at(40)));
    assert_eq!(store.find_client(&id).await.unwrap(), None);
    let presented = store.find_token(TokenHash::of("secret"), at(41)).await;
    assert_eq!(presented.unwrap(), None);
    assert!(store.list_unfinished_servers().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_new_run_undoes_what_an_earlier_one_left() {
    let store = with_alice().await;
    store.begin_run(run("", "first")).await.unwrap();
    let issued = NewToken {
        client_id: Some(server_client_id(&key(""))),
        ..token("issued")
    };
    store.create_token(issued).await.unwrap();
    store.begin_run(run("", "second")).await.unwrap();
    for (text, stays) in [("first", false), ("issued", false), ("second", true)] {
        let found = store.find_token(TokenHash::of(text), at(40)).await.unwrap();
        assert_eq!(found.is_some(), stays, "{text}");
    }
}

#[tokio::test]
async fn options_of_the_last_start_stay_until_new_ones_come() {
    let store = with_alice().await;
    let with = NewRun {
        user_options: Some(r#"{"a":1}"#.into()),
        ..run("lab", "first")
    };
    store.begin_run(with).await.unwrap();
    store.begin_run(run("lab", "second")).await.unwrap();
    let server = store.find_server(&key("lab")).await.unwrap().unwrap();
    assert_eq!(server.user_options.as_deref(), Some(r#"{"a":1}"#));
    let names: Vec<_> = store.list_servers_of(&alice()).await.unwrap();
    let names: Vec<_> = names.iter().map(|s| s.key.to_string()).collect();
    assert_eq!(names, ["alice/", "alice/lab"]);
}

#[tokio::test]
async fn only_a_stopped_server_can_be_deleted() {
    let store = with_alice().await;
    let lab = |limit| NewServer {
        display_name: DisplayName::parse("Lab").unwrap(),
        user_options: None,
        created: at(20),
        limit,
    };
    assert!(store.create_server(&key("lab"), lab(1)).await.unwrap());
    let again = store.create_server(&key("lab"), lab(0)).await;
    assert!(again.unwrap_err().is_conflict());
    store.begin_run(run("lab", "secret")).await.unwrap();
    assert!(!store.delete_server(&key("lab")).await.unwrap());
    store.finish_run(&key("lab"), at(40)).await.unwrap();
    assert!(!store.create_server(&key("den"), lab(1)).await.unwrap());
    assert!(store.create_server(&key("den"), lab(2)).await.unwrap());
    assert!(store.delete_server(&key("lab")).await.unwrap());
    assert_eq!(store.find_server(&key("lab")).await.unwrap(), None);
}

#[tokio::test]
async fn a_code_is_taken_once_by_its_own_client_in_time() {
    let store = with_alice().await;
    store.begin_run(run("", "secret")).await.unwrap();
    let id = server_client_id(&key(""));
    let code = Code {
        client_id: id.clone(),
        user: alice(),
        session_id: Some("abc".into()),
        scopes: vec![Scope::parse("read:users:name!user").unwrap()],
        challenge: Some(Challenge {
            method: ChallengeMethod::S256,
            value: "x".into(),
        }),
        expires: at(330),
    };
    let hash = TokenHash::of("code");
    store.create_code(hash, code.clone()).await.unwrap();
    assert_eq!(store.take_code(hash, "other", at(31)).await.unwrap(), None);
    assert_eq!(
        store.take_code(hash, &id, at(31)).await.unwrap(),
        Some(code.clone())
    );
    assert_eq!(store.take_code(hash, &id, at(31)).await.unwrap(), None);
    store.create_code(hash, code.clone()).await.unwrap();
    assert_eq!(store.take_code(hash, &id, at(330)).await.unwrap(), None);
    let unknown = Code {
        client_id: "nobody".into(),
        ..code
    };
    assert!(
        store
            .create_code(hash, unknown)
            .await
            .unwrap_err()
            .is_conflict()
    );
}

#[tokio::test]
async fn what_has_ended_is_removed() {
    let store = with_alice().await;
    store.create_session(session("cookie")).await.unwrap();
    let ends = NewToken {
        expires: Some(at(100)),
        ..token("ends")
    };
    store.create_token(ends).await.unwrap();
    store.create_token(token("stays")).await.unwrap();
    let purged = store.purge_expired(at(99)).await.unwrap();
    assert_eq!((purged.sessions, purged.tokens), (0, 0));
    let purged = store.purge_expired(at(100)).await.unwrap();
    assert_eq!((purged.sessions, purged.tokens, purged.codes), (1, 1, 0));
    assert_eq!(
        store
            .list_tokens(&Owner::User(alice()), at(0))
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn users_are_counted_by_when_they_were_active() {
    let store = with_alice().await;
    let bob = Login {
        name: UserName::parse("bob").unwrap(),
        ..login(1002, 50)
    };
    store.record_login(bob).await.unwrap();
    assert_eq!(store.count_users().await.unwrap(), 2);
    store
        .record_activity(&alice(), Some(at(1000)), Vec::new())
        .await
        .unwrap();
    for (since, expected) in [(0, 2), (50, 2), (51, 1), (1000, 1), (1001, 0)] {
        let active = store.count_users_active_since(at(since)).await.unwrap();
        assert_eq!(active, expected, "since {since}");
    }
}

#[tokio::test]
async fn a_deleted_user_takes_everything_along() {
    let store = with_alice().await;
    store.create_session(session("cookie")).await.unwrap();
    store.begin_run(run("", "secret")).await.unwrap();
    let delete = async || store.delete_user(&alice()).await.unwrap();
    assert_eq!(delete().await, UserRemoval::Active);
    store.finish_run(&key(""), at(40)).await.unwrap();
    assert_eq!(delete().await, UserRemoval::Done);
    assert_eq!(delete().await, UserRemoval::NoSuchUser);
    assert!(store.list_servers().await.unwrap().is_empty());
    let client = store.find_client(&server_client_id(&key(""))).await;
    assert_eq!(client.unwrap(), None);
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("carrel.sqlite");
    let store = Store::open(&path).unwrap();
    store.record_login(login(1001, 10)).await.unwrap();
    store.begin_run(run("", "secret")).await.unwrap();
    // What a killed process leaves is what lies in the files at this moment, log and all.
    let killed = dir.path().join("killed.sqlite");
    fs::copy(&path, &killed).unwrap();
    fs::copy(
        path.with_extension("sqlite-wal"),
        killed.with_extension("sqlite-wal"),
    )
    .unwrap();
    let again = Store::open(&killed).unwrap();
    let server = again.find_server(&key("")).await.unwrap().unwrap();
    assert_eq!(server.state, RecordedState::Starting);
    let presented = again.find_token(TokenHash::of("secret"), at(31)).await;
    assert!(presented.unwrap().is_some());
}

#[tokio::test]
async fn a_full_disk_is_an_error_and_changes_nothing() {
    let store = with_alice().await;
    store.fill_for_test().await;
    let long = |text: &str| NewToken {
        note: "n".repeat(100_000),
        ..token(text)
    };
    let error = store.create_token(long("script")).await.unwrap_err();
    assert!(error.is_full(), "{error:?}");
    assert_eq!(error.to_string(), "make a token");
    assert!(
        store
            .list_tokens(&Owner::User(alice()), at(0))
            .await
            .unwrap()
            .is_empty()
    );
    assert!(store.find_user(&alice()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_second_process_reads_while_the_hub_writes_and_cannot_write() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("carrel.sqlite");
    let hub = Store::open(&path).unwrap();
    hub.record_login(login(1001, 10)).await.unwrap();
    let reader = Store::open_read_only(&path).unwrap();
    assert_eq!(reader.list_users().await.unwrap().len(), 1);
    assert!(reader.delete_user(&alice()).await.is_err());
    assert_eq!(hub.list_users().await.unwrap().len(), 1);
}

#[tokio::test]
async fn impossible_values_are_named() {
    let store = with_alice().await;
    store.create_token(token("script")).await.unwrap();
    let break_it = |tx: &Transaction<'_>| {
        tx.execute("UPDATE api_tokens SET scopes = '[\"nonsense\"]'", [])?;
        Ok(())
    };
    store.write("break a row", break_it).await.unwrap();
    let error = store
        .list_tokens(&Owner::User(alice()), at(0))
        .await
        .unwrap_err();
    assert!(matches!(error.root(), Error::Corrupt { column: "scopes" }));
}

#[tokio::test]
async fn many_callers_at_once_are_all_served() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("carrel.sqlite")).unwrap();
    store.record_login(login(1001, 10)).await.unwrap();
    let calls = (0..200).map(|n| {
        let store = store.clone();
        async move { store.create_token(token(&format!("token-{n}"))).await }
    });
    let all = async {
        let mut calls: tokio::task::JoinSet<_> = calls.collect();
        while let Some(done) = calls.join_next().await {
            done.unwrap().unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all)
        .await
        .unwrap();
    assert_eq!(
        store
            .list_tokens(&Owner::User(alice()), at(0))
            .await
            .unwrap()
            .len(),
        200
    );
}

#[tokio::test]
async fn a_browser_in_a_loop_does_not_fill_the_database() {
    let store = with_alice().await;
    store.begin_run(run("", "secret")).await.unwrap();
    let id = server_client_id(&key(""));
    for n in 0..i64::max(sessions::MAX_SESSIONS, tokens::MAX_CLIENT_TOKENS) + 5 {
        let new = NewSession {
            created: at(20 + n),
            expires: at(10_000),
            ..session(&format!("cookie-{n}"))
        };
        store.create_session(new).await.unwrap();
        let issued = NewToken {
            client_id: Some(id.clone()),
            ..token(&format!("token-{n}"))
        };
        store.create_token(issued).await.unwrap();
        let code = Code {
            client_id: id.clone(),
            user: alice(),
            session_id: None,
            scopes: vec![],
            challenge: None,
            expires: at(1000 + n),
        };
        let hash = TokenHash::of(&format!("code-{n}"));
        store.create_code(hash, code).await.unwrap();
    }
    let count = |tx: &Transaction<'_>| {
        let count = |sql| tx.query_row(sql, [], |row| row.get::<_, i64>(0));
        Ok((
            count("SELECT count(*) FROM sessions")?,
            count("SELECT count(*) FROM api_tokens WHERE client_id IS NOT NULL")?,
            count("SELECT count(*) FROM oauth_codes")?,
        ))
    };
    assert_eq!(
        store.write("count", count).await.unwrap(),
        (
            sessions::MAX_SESSIONS,
            tokens::MAX_CLIENT_TOKENS,
            oauth::MAX_CODES
        )
    );
    let newest = TokenHash::of("cookie-104");
    assert!(store.find_session(newest, at(500)).await.unwrap().is_some());
    let oldest = TokenHash::of("cookie-0");
    assert_eq!(store.find_session(oldest, at(500)).await.unwrap(), None);
}

#[tokio::test]
async fn a_user_who_never_logged_in_gets_the_uid_of_the_first_launch() {
    let store = with_alice().await;
    let forget = |tx: &Transaction<'_>| Ok(tx.execute("UPDATE users SET uid = NULL", [])?);
    store.write("forget", forget).await.unwrap();
    store.begin_run(run("", "secret")).await.unwrap();
    let invocation = InvocationId::parse("0123456789abcdef0123456789abcdef").unwrap();
    for uid in [1001, 2002] {
        store
            .record_launched(&key(""), &invocation, uid)
            .await
            .unwrap();
        let user = store.find_user(&alice()).await.unwrap().unwrap();
        assert_eq!(user.uid, Some(1001));
    }
}

#[tokio::test]
async fn configured_services_come_and_go_with_their_tokens() {
    let store = with_alice().await;
    let name = ServiceName::parse("grader").unwrap();
    let records = |text: &str| ServiceRecords {
        name: name.clone(),
        token: ServiceToken::Given(NewToken {
            owner: Owner::Service(name.clone()),
            note: token_note(&name),
            ..token(text)
        }),
        client: Some(NewClient {
            id: "service-grader".into(),
            ..run("", "x").client
        }),
    };
    for _ in 0..2 {
        let row = (name.clone(), AdminRole::Held);
        let taken = store.take_configured_services(vec![row], at(30));
        taken.await.unwrap();
        store.renew_service(records("first")).await.unwrap();
        store
            .record_service_start(&name, "as it is".to_owned())
            .await
            .unwrap();
    }
    let started = store.find_service_start(&name).await.unwrap();
    assert_eq!(started.as_deref(), Some("as it is"));
    let found = store.find_token(TokenHash::of("first"), at(31)).await;
    let found = found.unwrap().unwrap();
    assert_eq!(found.token.owner, Owner::Service(name.clone()));
    let Standing::Service(standing) = found.owner else {
        panic!("a service's token");
    };
    assert_eq!(standing.admin, AdminRole::Held);
    store.renew_service(records("second")).await.unwrap();
    let find = async |text| store.find_token(TokenHash::of(text), at(31)).await.unwrap();
    assert_eq!(find("first").await, None);
    assert!(find("second").await.is_some());
    let kept = ServiceRecords {
        token: ServiceToken::Kept,
        ..records("")
    };
    store.renew_service(kept).await.unwrap();
    let client = store.find_client("service-grader").await.unwrap();
    assert_eq!(client.unwrap().secret_hash, TokenHash::of("second"));
    let withdrawn = ServiceRecords {
        token: ServiceToken::Withdrawn,
        ..records("")
    };
    store.renew_service(withdrawn).await.unwrap();
    assert_eq!(find("second").await, None);
    assert!(store.find_client("service-grader").await.unwrap().is_none());
    store.renew_service(records("second")).await.unwrap();
    store
        .take_configured_services(vec![], at(40))
        .await
        .unwrap();
    assert_eq!(find("second").await, None);
    let standing = store.find_standing(&Owner::Service(name)).await.unwrap();
    assert_eq!(standing, None);
}
