//! Shares: who may make, see and end them, and that what they allow comes and goes at once.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::{Answer, World, get, key, post, read, request};
use crate::{
    domain::access::{AccessServer, Caller, StartServer},
    handlers::api::shares as api,
    server::routes::{Found, find},
};

/// What it takes to share by name.
const SHARER: &[&str] = &["shares", "read:users:name", "read:groups:name"];
const OWN: &[(&str, &str)] = &[("user", "alice"), ("server", "")];
const TO_BOB: &str = r#"{"user": "bob"}"#;
const TO_CLASS: &str = r#"{"group": "class"}"#;

/// Alice, Bob and Boss; Bob is in the group `class`.
async fn world() -> World {
    let world = World::new().await;
    world.group("class", &["bob"]).await;
    world
}

async fn share(world: &World, caller: &Option<Caller>, body: &str) -> Answer {
    let ctx = world.context(caller.clone(), OWN);
    read(api::create_share(&ctx, post(body)).await).await
}

async fn revoke(world: &World, caller: &Option<Caller>, body: &str) -> Answer {
    let ctx = world.context(caller.clone(), OWN);
    read(api::revoke_share(&ctx, request(Method::PATCH, "/", body)).await).await
}

async fn listed(world: &World, caller: &Option<Caller>) -> Answer {
    let ctx = world.context(caller.clone(), OWN);
    read(api::list_shares(&ctx, get("/hub/api/shares/alice/")).await).await
}

fn not_held(scope: &str) -> String {
    format!("Action is not authorized with current scopes; requires any of [{scope}]")
}

const NO_ACCESS: (u16, &str) = (404, "No access to resources or resources not found");

#[tokio::test]
async fn a_share_has_jupyterhubs_model() {
    let mut world = world().await;
    world.settings.hub.public_url = Some("https://lab.example".into());
    let boss = world.token("boss", SHARER).await;
    let made = share(&world, &boss, TO_BOB).await;
    assert_eq!(made.status, StatusCode::OK);
    insta::assert_snapshot!("share", made.pretty());
    let more = json!({ "group": "class", "scopes": ["servers!server=alice/", "read:shares"] });
    let made = share(&world, &boss, &more.to_string()).await.error().0;
    assert_eq!(made, 403, "servers are not the sharer's");
    let boss = world.session("boss").await;
    assert_eq!(
        share(&world, &boss, &more.to_string()).await.status,
        StatusCode::OK
    );
    insta::assert_snapshot!("shares", listed(&world, &boss).await.pretty());
}

#[tokio::test]
async fn who_may_share_is_who_has_the_scopes() {
    let world = world().await;
    let table: &[(&[&str], &str, u16, &str)] = &[
        (&["read:shares"], TO_BOB, 403, &not_held("shares")),
        (&["shares!user=bob"], TO_BOB, NO_ACCESS.0, NO_ACCESS.1),
        (
            &["shares!server=alice/lab"],
            TO_BOB,
            NO_ACCESS.0,
            NO_ACCESS.1,
        ),
        (
            &["shares"],
            TO_BOB,
            403,
            "Need scope 'read:users:name' to share with users by name",
        ),
        (
            &["shares", "read:users:name!user=alice"],
            TO_BOB,
            403,
            "Need scope 'read:users:name' to share with users by name",
        ),
        (
            &["shares", "read:users:name"],
            TO_CLASS,
            403,
            "Need scope 'read:groups:name' to share with groups by name",
        ),
        (
            SHARER,
            r#"{"user": "bob", "scopes": ["admin:servers"]}"#,
            403,
            "Do not have permission to grant share with scope admin:servers!server=alice/",
        ),
        (
            SHARER,
            r#"{"user": "bob", "scopes": ["self"]}"#,
            403,
            "Do not have permission to grant share with scope self!server=alice/",
        ),
        (
            SHARER,
            r#"{"user": "bob", "scopes": ["inherit"]}"#,
            403,
            "Do not have permission to grant share with scope inherit!server=alice/",
        ),
        (SHARER, r#"{"user": "none"}"#, 400, "No such user: none"),
        (SHARER, r#"{"group": "none"}"#, 400, "No such group: none"),
        (SHARER, r#"{"user": "a/b"}"#, 400, "No such user: a/b"),
    ];
    for (scopes, body, status, text) in table {
        let boss = world.token("boss", scopes).await;
        let refused = share(&world, &boss, body).await;
        assert_eq!(refused.error(), (*status, *text), "{scopes:?} {body}");
    }
    let nobody = share(&world, &None, TO_BOB).await;
    assert_eq!(nobody.error(), (403, "Missing or invalid credentials."));
    let alice = world.session("alice").await;
    assert_eq!(
        share(&world, &alice, TO_BOB).await.error(),
        (403, not_held("shares").as_str()),
        "by default nobody shares their own server"
    );
    for scopes in [
        &["shares!server=alice/", "read:users:name!user=bob"][..],
        &["shares!user=alice", "read:users:name"],
    ] {
        let boss = world.token("boss", scopes).await;
        assert_eq!(share(&world, &boss, TO_BOB).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn an_order_that_makes_no_sense_is_refused_in_words() {
    let world = world().await;
    let boss = world.session("boss").await;
    let many = json!({ "user": "bob", "scopes": vec!["servers"; 257] }).to_string();
    let table = [
        ("{", "Invalid JSON in body of request"),
        ("[1]", "Body must be a JSON object"),
        ("", "Specify exactly one of `user` or `group`"),
        (
            r#"{"user": null, "group": ""}"#,
            "Specify exactly one of `user` or `group`",
        ),
        (
            r#"{"user": "bob", "group": "class"}"#,
            "Expected exactly one of `user` or `group`, not both.",
        ),
        (r#"{"user": 1}"#, "user must be a string"),
        (r#"{"group": ["class"]}"#, "group must be a string"),
        (
            r#"{"user": "bob", "expires_in": 60}"#,
            "Unexpected field: expires_in, supported fields: user, group, scopes",
        ),
        (
            r#"{"user": "bob", "scopes": "servers"}"#,
            "share scopes must be null or a list of strings, not 'servers'",
        ),
        (
            r#"{"user": "bob", "scopes": [1]}"#,
            "share scopes must be null or a list of strings, not 1",
        ),
        (
            r#"{"user": "bob", "scopes": ["swim"]}"#,
            "Scope 'swim' does not exist",
        ),
        (
            r#"{"user": "bob", "scopes": ["custom:not:defined"]}"#,
            "Scope 'custom:not:defined' does not exist",
        ),
        (
            r#"{"user": "bob", "scopes": ["servers!server=alice/lab"]}"#,
            "!server=alice/lab not allowed on sharing servers!server=alice/lab, only !server=alice/",
        ),
        (
            r#"{"user": "bob", "scopes": ["servers!user=alice"]}"#,
            "!user=alice not allowed on sharing servers!user=alice, only !server=alice/",
        ),
        (many.as_str(), "share scopes must be at most 256"),
    ];
    for (body, text) in table {
        assert_eq!(
            share(&world, &boss, body).await.error(),
            (400, text),
            "{body}"
        );
        assert_eq!(
            revoke(&world, &boss, body).await.error(),
            (400, text),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_cannot_be_shared() {
    let world = world().await;
    let boss = world.session("boss").await;
    for (name, server, text) in [
        ("alice", "lab", "No such server: alice/lab"),
        ("alice", "Bad Name", "No such server: alice/Bad Name"),
        ("none", "", "No such server: none/"),
    ] {
        let ctx = world.context(boss.clone(), &[("user", name), ("server", server)]);
        let answers = [
            read(api::create_share(&ctx, post(TO_BOB)).await).await,
            read(api::revoke_share(&ctx, post(TO_BOB)).await).await,
            read(api::revoke_shares(&ctx, post("")).await).await,
            read(api::list_shares(&ctx, get("/")).await).await,
        ];
        for answer in answers {
            assert_eq!(answer.error(), (404, text));
        }
    }
    let ctx = world.context(boss, &[("user", "none")]);
    let owner = read(api::list_shares_of_user(&ctx, get("/")).await).await;
    assert_eq!(owner.error(), (404, "Not Found"));
}

#[tokio::test]
async fn what_is_shared_comes_and_goes_with_every_credential() {
    let world = world().await;
    let boss = world.session("boss").await;
    let text = world.token_text("bob", &["inherit"]).await;
    let may = async || {
        let cookie = world.session("bob").await.unwrap();
        let token = world.bearer(&text).await.unwrap();
        let use_it = |caller: &Caller| caller.permit::<AccessServer>(key("alice", "")).is_ok();
        let start = |caller: &Caller| caller.permit::<StartServer>(key("alice", "")).is_ok();
        assert_eq!(use_it(&cookie), use_it(&token));
        assert_eq!(start(&cookie), start(&token));
        (use_it(&token), start(&token))
    };
    assert_eq!(may().await, (false, false));
    share(&world, &boss, TO_CLASS).await;
    assert_eq!(may().await, (true, false));
    share(&world, &boss, r#"{"user": "bob", "scopes": ["servers"]}"#).await;
    assert_eq!(may().await, (true, true));
    let left = revoke(&world, &boss, TO_CLASS).await;
    assert_eq!((left.status, left.text.as_str()), (StatusCode::OK, "{}"));
    assert_eq!(may().await, (false, true));
    let body = r#"{"user": "bob", "scopes": ["servers!server=alice/", "shares"]}"#;
    assert_eq!(revoke(&world, &boss, body).await.json(), json!({}));
    assert_eq!(may().await, (false, false));
}

#[tokio::test]
async fn scopes_are_taken_back_one_by_one_or_all_at_once() {
    let world = world().await;
    let boss = world.session("boss").await;
    share(
        &world,
        &boss,
        r#"{"user": "bob", "scopes": ["servers", "read:shares"]}"#,
    )
    .await;
    share(&world, &boss, TO_BOB).await;
    let left = |answer: &Answer| answer.json()["scopes"].clone();
    let rest = revoke(
        &world,
        &boss,
        r#"{"user": "bob", "scopes": ["read:shares"]}"#,
    )
    .await;
    let both = json!(["access:servers!server=alice/", "servers!server=alice/"]);
    assert_eq!(left(&rest), both);
    let rest = revoke(&world, &boss, r#"{"user": "bob", "scopes": ["tokens"]}"#).await;
    assert_eq!(left(&rest), both, "it was not there");
    for body in [
        r#"{"user": "none"}"#,
        r#"{"group": "none"}"#,
        TO_CLASS,
        TO_BOB,
        TO_BOB,
    ] {
        assert_eq!(
            revoke(&world, &boss, body).await.json(),
            json!({}),
            "{body}"
        );
    }
    share(&world, &boss, TO_BOB).await;
    share(&world, &boss, TO_CLASS).await;
    assert_eq!(
        listed(&world, &boss).await.json()["_pagination"]["total"],
        2
    );
    let end = async |caller: Option<Caller>| {
        let ctx = world.context(caller, OWN);
        read(api::revoke_shares(&ctx, post("")).await).await
    };
    let reader = world.token("boss", &["read:shares"]).await;
    assert_eq!(
        end(reader).await.error(),
        (403, not_held("shares").as_str())
    );
    for scope in ["shares!user=bob", "shares!server=alice/lab"] {
        let other = world.token("boss", &[scope]).await;
        assert_eq!(end(other).await.error(), NO_ACCESS);
    }
    assert_eq!(
        end(None).await.error(),
        (403, "Missing or invalid credentials.")
    );
    assert_eq!(
        listed(&world, &boss).await.json()["_pagination"]["total"],
        2
    );
    let own = world.token("boss", &["shares!server=alice/"]).await;
    assert_eq!(end(own).await.status, StatusCode::NO_CONTENT);
    let nothing = json!({ "offset": 0, "limit": 200, "total": 0, "next": null });
    let empty = json!({ "items": [], "_pagination": nothing });
    assert_eq!(listed(&world, &boss).await.json(), empty);
}

#[tokio::test]
async fn lists_are_for_those_who_may_read_shares() {
    let world = world().await;
    let boss = world.session("boss").await;
    share(&world, &boss, TO_BOB).await;
    // Of the owner, and of one server.
    let table: &[(&[&str], u16, u16)] = &[
        (&["shares"], 200, 200),
        (&["read:shares"], 200, 200),
        (&["read:shares!user=alice"], 200, 200),
        (&["read:shares!user=bob"], 404, 404),
        (&["read:shares!server=alice/"], 404, 200),
        (&["read:shares!server=alice/lab"], 404, 404),
        (&["read:users:shares"], 403, 403),
    ];
    for (scopes, of_owner, of_server) in table {
        let caller = world.token("boss", scopes).await;
        let ctx = world.context(caller.clone(), &[("user", "alice")]);
        let uri = "/hub/api/shares/alice?limit=1";
        let owner = read(api::list_shares_of_user(&ctx, get(uri)).await).await;
        let server = listed(&world, &caller).await;
        let statuses = (owner.status.as_u16(), server.status.as_u16());
        assert_eq!(statuses, (*of_owner, *of_server), "{scopes:?}");
        if owner.status.is_success() {
            assert_eq!(owner.json()["items"], server.json()["items"]);
        }
    }
    let ctx = world.context(None, OWN);
    for answer in [
        read(api::list_shares(&ctx, get("/")).await).await,
        read(api::list_shares_of_user(&ctx, get("/")).await).await,
    ] {
        assert_eq!(answer.error(), (403, "Missing or invalid credentials."));
    }
    let ctx = world.context(boss.clone(), OWN);
    let bad = read(api::list_shares(&ctx, get("/?limit=x")).await).await;
    let text = "Invalid argument type, offset and limit must be integers";
    assert_eq!(bad.error(), (400, text));
    share(&world, &boss, TO_CLASS).await;
    let ctx = world.context(boss, OWN);
    let uri = "/hub/api/shares/alice/?limit=1";
    let first = read(api::list_shares(&ctx, get(uri)).await).await.json();
    assert_eq!(
        first["_pagination"]["next"]["url"],
        "https://lab.example/hub/api/shares/alice/?offset=1&limit=1"
    );
}

#[tokio::test]
async fn what_is_shared_with_somebody_is_for_them_to_see_and_leave() {
    let world = world().await;
    let boss = world.session("boss").await;
    for (kind, name, body, read_scope, leave_scope) in [
        ("user", "bob", TO_BOB, "read:users:shares", "users:shares"),
        (
            "group",
            "class",
            TO_CLASS,
            "read:groups:shares",
            "groups:shares",
        ),
    ] {
        let named = |scope: &str, name: &str| format!("{scope}!{kind}={name}");
        let table = [
            (format!("{kind}s"), 403, 403),
            (format!("read:{kind}s"), 403, 403),
            (named(read_scope, name), 200, 403),
            (named(leave_scope, name), 200, 204),
            (named(leave_scope, "alice"), 404, 404),
        ];
        for (scope, seen, left) in table {
            share(&world, &boss, body).await;
            let caller = world.token("boss", &[&scope]).await;
            let (one, end) = ask_both(&world, caller.clone(), kind, name, "alice").await;
            assert_eq!(
                (one.status.as_u16(), end.status.as_u16()),
                (seen, left),
                "{scope}"
            );
            if end.status == StatusCode::NO_CONTENT {
                let gone = format!("No such share for {kind} {name} on alice/");
                let (one, end) = ask_both(&world, caller.clone(), kind, name, "alice").await;
                assert_eq!((one.error(), end.error()), ((404, &*gone), (404, &*gone)));
            }
            if seen == 200 {
                let nowhere = format!("No such share for {kind} {name} on none/");
                let (one, _) = ask_both(&world, caller, kind, name, "none").await;
                assert_eq!(one.error(), (404, nowhere.as_str()));
            }
        }
        let (one, end) = ask_both(&world, None, kind, name, "alice").await;
        let nobody = (403, "Missing or invalid credentials.");
        assert_eq!((one.error(), end.error()), (nobody, nobody));
        let nobody = format!("No such share for {kind} none on alice/");
        let (one, end) = ask_both(&world, boss.clone(), kind, "none", "alice").await;
        if kind == "user" {
            assert_eq!(one.error(), (404, nobody.as_str()));
        }
        assert_eq!(end.status, StatusCode::NOT_FOUND);
    }
}

async fn ask_both(
    world: &World,
    caller: Option<Caller>,
    kind: &'static str,
    name: &str,
    owner: &str,
) -> (Answer, Answer) {
    let ctx = world.context(caller, &[(kind, name), ("owner", owner), ("server", "")]);
    match kind {
        "user" => (
            read(api::get_shared_with_user(&ctx, get("/")).await).await,
            read(api::leave_as_user(&ctx, get("/")).await).await,
        ),
        _ => (
            read(api::get_shared_with_group(&ctx, get("/")).await).await,
            read(api::leave_as_group(&ctx, get("/")).await).await,
        ),
    }
}

#[tokio::test]
async fn everybody_sees_what_is_shared_with_them_and_their_groups() {
    let world = world().await;
    let boss = world.session("boss").await;
    share(&world, &boss, TO_BOB).await;
    share(&world, &boss, TO_CLASS).await;
    let of_user = async |caller: Option<Caller>, name: &str| {
        let ctx = world.context(caller, &[("user", name)]);
        read(api::list_shared_with_user(&ctx, get("/")).await).await
    };
    let of_group = async |caller: Option<Caller>, name: &str| {
        let ctx = world.context(caller, &[("group", name)]);
        read(api::list_shared_with_group(&ctx, get("/")).await).await
    };
    let bob = world.session("bob").await;
    let kinds = |answer: Answer| -> Vec<Value> {
        let shares = answer.json()["items"].as_array().unwrap().clone();
        shares.iter().map(|share| share["kind"].clone()).collect()
    };
    assert_eq!(kinds(of_user(bob.clone(), "bob").await), ["user", "group"]);
    assert_eq!(of_user(bob.clone(), "alice").await.error(), NO_ACCESS);
    assert_eq!(of_user(bob.clone(), "none").await.error(), NO_ACCESS);
    assert_eq!(
        of_user(boss.clone(), "none").await.error(),
        (404, "No such user: none")
    );
    assert_eq!(kinds(of_group(boss.clone(), "class").await), ["group"]);
    assert_eq!(
        of_group(boss, "none").await.error(),
        (404, "No such group: none")
    );
    let needed = not_held("read:groups:shares");
    assert_eq!(
        of_group(bob.clone(), "class").await.error(),
        (403, needed.as_str())
    );
    let nobody = (403, "Missing or invalid credentials.");
    assert_eq!(of_user(None, "bob").await.error(), nobody);
    assert_eq!(of_group(None, "class").await.error(), nobody);
    let (_, left) = ask_both(&world, bob.clone(), "user", "bob", "alice").await;
    assert_eq!(left.status, StatusCode::NO_CONTENT, "bob may leave");
    assert_eq!(kinds(of_user(bob, "bob").await), ["group"]);
}

#[test]
fn what_all_servers_of_somebody_share_can_only_be_read() {
    for path in ["api/shares/alice", "api/share-codes/alice"] {
        let Found::Row(row, _) = find(path) else {
            panic!("{path} is not routed");
        };
        for method in [Method::POST, Method::PATCH, Method::DELETE] {
            assert!(row.handler(&method).is_none(), "{method} {path}");
        }
        assert_eq!(row.allow(), "GET");
    }
}
