//! The page where a share code is accepted, and what comes of it.

use http::{Method, StatusCode};

use super::world::{Answer, World, get, key, post, read, request};
use crate::{
    domain::access::{AccessServer, Caller},
    handlers::{
        api::{share_codes, shares},
        html::accept_share,
    },
};

const OWN: &[(&str, &str)] = &[("user", "alice"), ("server", "")];

/// Makes a code for Alice's server and returns it.
async fn code(world: &World) -> String {
    let ctx = world.context(world.session("boss").await, OWN);
    let made = read(share_codes::create_code(&ctx, post("")).await).await;
    made.json()["code"].as_str().unwrap().to_owned()
}

async fn listed(world: &World, caller: &Option<Caller>) -> Answer {
    let ctx = world.context(caller.clone(), OWN);
    read(share_codes::list_codes(&ctx, get("/")).await).await
}

async fn visit(world: &World, name: &str, query: &str) -> Answer {
    let ctx = world.context(world.session(name).await, &[]);
    let uri = format!("/hub/accept-share{query}");
    read(accept_share::show_invitation(&ctx, get(&uri)).await).await
}

async fn accept(world: &World, name: &str, query: &str, form: &str) -> Answer {
    let ctx = world.context(world.session(name).await, &[]);
    let uri = format!("/hub/accept-share{query}");
    let request = request(Method::POST, &uri, form);
    read(accept_share::accept_invitation(&ctx, request).await).await
}

#[tokio::test]
async fn whoever_has_a_code_comes_to_the_server() {
    let world = World::new().await;
    let code = code(&world).await;
    let may = async || {
        let bob = world.session("bob").await.unwrap();
        bob.permit::<AccessServer>(key("alice", "")).is_ok()
    };
    let page = visit(&world, "bob", &format!("?code={code}")).await;
    assert_eq!(page.status, StatusCode::OK);
    for part in [
        "alice",
        "/user/alice/",
        "not currently running",
        "access:servers",
        &code,
    ] {
        assert!(page.text.contains(part), "{part}");
    }
    assert!(!may().await, "looking at it changes nothing");
    let accepted = accept(&world, "bob", "", &format!("code={code}")).await;
    assert_eq!(
        (accepted.status, accepted.header("location")),
        (StatusCode::FOUND, "/user/alice/")
    );
    assert!(may().await);
    accept(&world, "bob", "", &format!("code={code}")).await;
    let boss = world.session("boss").await;
    let codes = listed(&world, &boss).await.json();
    assert_eq!(codes["items"][0]["exchange_count"], 2);
    assert_eq!(
        codes["items"][0]["last_exchanged_at"],
        "2026-01-02T03:04:05.000000Z"
    );
    let ctx = world.context(boss, OWN);
    let made = read(shares::list_shares(&ctx, get("/")).await).await.json();
    assert_eq!(
        made["_pagination"]["total"], 1,
        "there is one share of bob's"
    );
    assert_eq!(made["items"][0]["user"]["name"], "bob");
}

#[tokio::test]
async fn a_bad_code_or_ones_own_is_told() {
    let world = World::new().await;
    let code = code(&world).await;
    let own = "You can't share with yourself!";
    let wrong = "Invalid share code: nosuchcode";
    let table = [
        (
            "bob",
            "",
            (400, "Missing argument code"),
            (400, "Missing argument code"),
        ),
        (
            "bob",
            "code=nosuchcode",
            (404, "Share not found or expired"),
            (400, wrong),
        ),
        ("alice", &format!("code={code}"), (403, own), (400, own)),
    ];
    for (name, code, shown, accepted) in table {
        let query = format!("?{code}");
        assert_eq!(visit(&world, name, &query).await.error(), shown);
        assert_eq!(accept(&world, name, "", code).await.error(), accepted);
        assert_eq!(accept(&world, name, &query, "").await.error(), accepted);
    }
    let boss = world.session("boss").await;
    assert_eq!(
        listed(&world, &boss).await.json()["items"][0]["exchange_count"],
        0
    );
}

#[tokio::test]
async fn an_invitation_waits_for_the_login_and_leads_on_afterwards() {
    let world = World::new().await;
    let code = code(&world).await;
    let ctx = world.context(None, &[]);
    let uri = "/hub/accept-share?code=x&next=%2Fuser%2Falice%2Flab";
    let login = read(accept_share::show_invitation(&ctx, get(uri)).await).await;
    assert_eq!(
        login.header("location"),
        "/hub/login?next=%2Fhub%2Faccept-share%3Fcode%3Dx%26next%3D%252Fuser%252Falice%252Flab"
    );
    let refused = read(accept_share::accept_invitation(&ctx, post("code=x")).await).await;
    assert_eq!(refused.error(), (403, "Log in first"));
    let notebook = "/user/alice/lab/tree/a.ipynb?param=5";
    for (next, expected) in [
        ("", "/user/alice/"),
        ("&next=https://evil.example/", "/user/alice/"),
        ("&next=//evil.example/", "/user/alice/"),
        ("&next=%2Fhub", "/hub"),
        (
            "&next=%2Fuser%2Falice%2Flab%2Ftree%2Fa.ipynb%3Fparam%3D5",
            notebook,
        ),
        (
            "&next=https://lab.example/user/alice/lab",
            "/user/alice/lab",
        ),
    ] {
        let query = format!("?code={code}{next}");
        let page = visit(&world, "bob", &query).await;
        assert!(page.text.contains(expected), "{next}");
        assert!(!page.text.contains("evil"), "{next}");
        for (query, form) in [(query.as_str(), ""), ("", query.trim_start_matches('?'))] {
            let form = format!("code={code}&{form}");
            let accepted = accept(&world, "bob", query, &form).await;
            assert_eq!(accepted.header("location"), expected, "{query} {form}");
        }
    }
}
