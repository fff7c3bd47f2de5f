//! The authorization-code flow as a browser and a server see it.

use http::{Method, StatusCode};
use serde_json::json;

use super::world::{Answer, World, get, key, post, read, request};
use crate::{
    domain::{
        access::{Caller, StartServer, WriteShares},
        scope::Scope,
    },
    handlers::api::{oauth, shares, user},
};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const QUERY: &str = "client_id=jupyterhub-user-alice&response_type=code&state=xyz\
    &redirect_uri=%2Fuser%2Falice%2Foauth_callback";

async fn world() -> World {
    let world = World::new().await;
    world.begin_run(&key("alice", ""), SECRET).await;
    world
}

fn uri(query: &str) -> String {
    format!("/hub/api/oauth2/authorize?{query}")
}

async fn visit(world: &World, caller: Option<Caller>, query: &str) -> Answer {
    let ctx = world.context(caller, &[]);
    read(oauth::show_authorize(&ctx, get(&uri(query))).await).await
}

async fn agree(world: &World, caller: Option<Caller>, form: &str) -> Answer {
    let ctx = world.context(caller, &[]);
    let request = request(Method::POST, &uri(QUERY), form);
    read(oauth::confirm_authorize(&ctx, request).await).await
}

async fn exchange(world: &World, form: &str) -> Answer {
    let ctx = world.context(None, &[]);
    read(oauth::exchange_code(&ctx, post(form)).await).await
}

fn code_in(answer: &Answer) -> String {
    let location = answer.header("location");
    let code = location.strip_prefix("/user/alice/oauth_callback?code=");
    code.unwrap().strip_suffix("&state=xyz").unwrap().to_owned()
}

fn form(code: &str) -> String {
    format!(
        "client_id=jupyterhub-user-alice&client_secret={SECRET}&grant_type=authorization_code\
         &code={code}&redirect_uri=%2Fuser%2Falice%2Foauth_callback"
    )
}

#[tokio::test]
async fn an_owner_goes_straight_through() {
    let world = world().await;
    let answer = visit(&world, world.session("alice").await, QUERY).await;
    assert_eq!(answer.status, StatusCode::FOUND);
    let issued = exchange(&world, &form(&code_in(&answer))).await;
    assert_eq!(issued.status, StatusCode::OK);
    assert_eq!(issued.header("cache-control"), "no-store");
    assert_eq!(issued.header("pragma"), "no-cache");
    let issued = issued.json();
    assert_eq!(issued["token_type"], "Bearer");
    assert_eq!(
        issued["expires_in"],
        json!(world.settings.hub.oauth_token_lifetime.as_secs())
    );
    assert_eq!(
        issued["scope"],
        "access:servers!server=alice/ read:users:groups!user read:users:name!user"
    );
    let visitor = world.bearer(issued["access_token"].as_str().unwrap()).await;
    let session_id = visitor.as_ref().unwrap().session_id().map(str::to_owned);
    let whoami = read(user::get_self(&world.context(visitor, &[]), get("/")).await).await;
    let whoami = whoami.json();
    assert_eq!(whoami["name"], "alice");
    assert_eq!(whoami["session_id"], json!(session_id));
    assert_eq!(whoami["scopes"][0], "access:servers!server=alice/");
}

#[tokio::test]
async fn whoever_is_not_logged_in_is_sent_to_log_in_and_back() {
    let world = world().await;
    let answer = visit(&world, None, "client_id=x&state=a%20b").await;
    assert_eq!(answer.status, StatusCode::FOUND);
    assert_eq!(
        answer.header("location"),
        "/hub/login?next=%2Fhub%2Fapi%2Foauth2%2Fauthorize%3Fclient_id%3Dx%26state%3Da%2520b"
    );
    assert_eq!(agree(&world, None, "").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn errors_reach_those_who_can_mend_them() {
    let world = world().await;
    let callback = "/user/alice/oauth_callback";
    let table = [
        ("response_type=code", 400, "Missing client_id parameter."),
        (
            "client_id=nobody&response_type=code",
            400,
            "Invalid client_id parameter value.",
        ),
        (
            "client_id=jupyterhub-user-alice&redirect_uri=https://evil.example/",
            400,
            "Mismatching redirect URI.",
        ),
        (
            "client_id=jupyterhub-user-alice&client_id=x",
            400,
            "Duplicate client_id parameter.",
        ),
        (
            "client_id=jupyterhub-user-alice&response_type=token",
            302,
            "?error=unsupported_response_type",
        ),
        (
            "client_id=jupyterhub-user-alice&response_type=code&scope=admin:users",
            302,
            "?error=invalid_scope",
        ),
        ("client_id=%ff", 400, "The form could not be read"),
    ];
    for (query, status, expected) in table {
        let answer = visit(&world, world.session("alice").await, query).await;
        assert_eq!(answer.status.as_u16(), status, "{query}");
        if status == 302 {
            let expected = format!("{callback}{expected}");
            assert_eq!(answer.header("location"), expected, "{query}");
        } else {
            assert_eq!(answer.text, expected, "{query}");
        }
    }
}

#[tokio::test]
async fn a_stranger_is_told_and_an_administrator_is_asked() {
    let world = world().await;
    let bob = visit(&world, world.session("bob").await, QUERY).await;
    assert_eq!(
        bob.error(),
        (
            403,
            "You do not have permission to access Server at /user/alice/"
        )
    );
    let bob = agree(&world, world.session("bob").await, "").await;
    assert_eq!(bob.status, StatusCode::FORBIDDEN);

    let boss = world.session("boss").await;
    let asked = visit(&world, boss.clone(), QUERY).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(asked.text.contains("Server at /user/alice/"));
    assert!(asked.text.contains("/user/alice/oauth_callback"));
    let forged = agree(&world, boss.clone(), "scopes=inherit").await;
    assert_eq!(
        forged.header("location"),
        "/user/alice/oauth_callback?error=invalid_scope&state=xyz"
    );
    let agreed = agree(&world, boss.clone(), "_xsrf=xsrf").await;
    let issued = exchange(&world, &form(&code_in(&agreed))).await;
    let visitor = world
        .bearer(issued.json()["access_token"].as_str().unwrap())
        .await;
    assert_eq!(visitor.unwrap().user().unwrap().as_str(), "boss");
    let again = visit(&world, boss, QUERY).await;
    assert_eq!(again.status, StatusCode::FOUND);
}

#[tokio::test]
async fn a_member_of_a_group_enters_what_is_shared_with_the_group() {
    let world = world().await;
    world.group("class", &["bob"]).await;
    let bob = world.session("bob").await;
    let refused = visit(&world, bob, QUERY).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let boss = world.session("boss").await;
    let ctx = world.context(boss, &[("user", "alice"), ("server", "")]);
    let shared = post(r#"{"group": "class"}"#);
    assert!(shares::create_share(&ctx, shared).await.is_ok());

    let bob = world.session("bob").await;
    let asked = visit(&world, bob.clone(), QUERY).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text);
    let agreed = agree(&world, bob, "_xsrf=xsrf").await;
    let issued = exchange(&world, &form(&code_in(&agreed))).await.json();
    let token = issued["access_token"].as_str().unwrap();
    let scopes = async || {
        let ctx = world.context(world.bearer(token).await, &[]);
        read(user::get_self(&ctx, get("/")).await).await.json()["scopes"].clone()
    };
    let known = ["read:users:groups!user=bob", "read:users:name!user=bob"];
    let opening = "access:servers!server=alice/";
    assert_eq!(scopes().await, json!([opening, known[0], known[1]]));
    assert!(shares::revoke_shares(&ctx, post("")).await.is_ok());
    assert_eq!(
        scopes().await,
        json!(known),
        "what is taken back is gone at once"
    );
}

#[tokio::test]
async fn tokens_of_a_servers_visitors_have_what_is_configured_and_theirs() {
    let mut world = World::new().await;
    let scopes = ["access:servers!server", "servers!server", "shares!server"];
    let scopes = scopes.map(|text| Scope::parse(text).unwrap());
    world.settings.server.oauth_client_allowed_scopes = scopes.into();
    world.begin_run(&key("alice", ""), SECRET).await;
    let own = visit(&world, world.session("alice").await, QUERY).await;
    let asked = visit(&world, world.session("boss").await, QUERY).await;
    assert!(asked.text.contains("shares!server"), "{}", asked.text);
    let form_of_boss = "scopes=servers%21server&scopes=shares%21server";
    let agreed = agree(&world, world.session("boss").await, form_of_boss).await;
    // Alice may start her server and not share it; an administrator may both.
    for (answer, may) in [(own, [true, false]), (agreed, [true, true])] {
        let issued = exchange(&world, &form(&code_in(&answer))).await.json();
        let visitor = world.bearer(issued["access_token"].as_str().unwrap()).await;
        let visitor = visitor.unwrap();
        let start = visitor.permit::<StartServer>(key("alice", "")).is_ok();
        let share = visitor.permit::<WriteShares>(key("alice", "")).is_ok();
        assert_eq!([start, share], may);
        assert!(visitor.permit::<StartServer>(key("boss", "")).is_err());
    }
}

#[tokio::test]
async fn a_bad_exchange_is_refused_in_the_protocols_words() {
    let world = world().await;
    let code = code_in(&visit(&world, world.session("alice").await, QUERY).await);
    let good = form(&code);
    let table = [
        (
            String::new(),
            400,
            json!({ "error": "unsupported_grant_type" }),
        ),
        (
            good.replace("authorization_code", "refresh_token"),
            400,
            json!({ "error": "unauthorized_client" }),
        ),
        (
            good.replace(SECRET, "wrong"),
            401,
            json!({ "error": "invalid_client" }),
        ),
        (
            good.replace(&code, "wrong"),
            400,
            json!({ "error": "invalid_grant" }),
        ),
        (
            good.replace("&code=", "&x="),
            400,
            json!({ "error": "invalid_request", "error_description": "Missing code parameter." }),
        ),
        (
            "code=%ff".to_owned(),
            400,
            json!({ "error": "invalid_request", "error_description": "The request's body is not a form." }),
        ),
    ];
    for (form, status, expected) in table {
        let answer = exchange(&world, &form).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()),
            (status, expected),
            "{form}"
        );
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    assert_eq!(exchange(&world, &good).await.status, StatusCode::OK);
    let again = exchange(&world, &good).await;
    assert_eq!(again.json(), json!({ "error": "invalid_grant" }));
}

#[tokio::test]
async fn a_token_cannot_agree_in_its_owners_name() {
    let world = world().await;
    for scopes in [&["access:servers!server=alice/"][..], &["inherit"]] {
        let token = world.token("alice", scopes).await;
        let visited = visit(&world, token.clone(), QUERY).await;
        let agreed = agree(&world, token, "").await;
        for refused in [visited, agreed] {
            let expected = (403, "Missing or invalid credentials.");
            assert_eq!(refused.error(), expected);
        }
    }
}
