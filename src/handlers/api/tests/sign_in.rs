//! Signing in at a provider, with a broker that says what a test wants.

use std::{path::Path, thread};

use http::header;

use super::world::{Answer, World, get, read};
use crate::{
    broker::message::{
        Refusal, Reply, Request as Asked, WireSecret,
        provider::{Departure, FaultKind, ProviderFault},
        read_frame, write_frame,
    },
    config,
    domain::{account::Account, names::UserName, secret::Secret},
    handlers::{
        Request,
        html::{login, logout, sign_in},
    },
};

const CONFIG: &str = "[hub]
public_url = \"https://lab.example\"
[openid_connect]
issuer = \"https://login.example\"
client_id = \"carrel\"
name = \"Example <University>\"
";

const BACK: &str = "/hub/oauth_callback?state=st&code=co";

async fn world(more: &str) -> World {
    let mut world = World::new().await;
    world.settings = config::parse(Path::new("c"), &format!("{CONFIG}{more}")).unwrap();
    world
}

fn wire(text: &str) -> WireSecret {
    WireSecret(Secret::new(text.into()))
}

fn departure() -> Reply {
    Reply::Departure(Departure {
        url: "https://login.example/a?x=1".into(),
        state: wire("st"),
        nonce: wire("no"),
        verifier: wire("ve"),
    })
}

fn accepted(name: &str) -> Reply {
    let account = Account {
        name: UserName::parse(name).unwrap(),
        uid: 1001,
        gid: 1001,
        home: "/home/x".into(),
        shell: "/bin/sh".into(),
        groups: Vec::new(),
        admin: false,
    };
    Reply::Accepted {
        account: account.into(),
        ticket: wire("ticket"),
    }
}

fn fault(kind: FaultKind) -> Reply {
    Reply::ProviderFault(ProviderFault {
        kind,
        reason: "because".into(),
    })
}

impl World {
    /// Has the broker answer one request, and returns what it was.
    fn answer(&self, reply: Reply) -> thread::JoinHandle<Asked> {
        let listener = self.broker.try_clone().unwrap();
        thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let asked = read_frame(&stream).unwrap();
            write_frame(&stream, &reply).unwrap();
            asked
        })
    }

    async fn depart(&self, address: &str, reply: Reply) -> Answer {
        let asked = self.answer(reply);
        let ctx = self.context(None, &[]);
        let answer = read(sign_in::lead_to_provider(&ctx, get(address)).await).await;
        assert!(matches!(asked.join().unwrap(), Asked::Depart));
        answer
    }

    /// Comes back without the broker being asked.
    async fn come_back(&self, address: &str, cookie: &str) -> Answer {
        let ctx = self.context(None, &[]);
        read(sign_in::take_arrival(&ctx, with_cookie(address, cookie)).await).await
    }
}

fn with_cookie(address: &str, cookie: &str) -> Request {
    let mut request = get(address);
    let cookie = format!("__Host-jupyterhub-sign-in={cookie}");
    let headers = request.headers_mut();
    headers.insert(header::COOKIE, cookie.parse().unwrap());
    request
}

fn saying(address: &str, header: &'static str, value: &'static str) -> Request {
    let mut request = get(address);
    let value = http::HeaderValue::from_static(value);
    request.headers_mut().insert(header, value);
    request
}

fn set_cookies(answer: &Answer) -> Vec<&str> {
    let all = answer.headers.get_all(header::SET_COOKIE).iter();
    all.map(|value| value.to_str().unwrap()).collect()
}

#[tokio::test]
async fn a_browser_is_led_there_and_back_and_is_logged_in() {
    let world = world("").await;
    let away = world
        .depart("/hub/oauth_login?next=%2Fhub%2Ftoken", departure())
        .await;
    assert_eq!(away.status.as_u16(), 302);
    assert_eq!(away.header("location"), "https://login.example/a?x=1");
    let [cookie] = set_cookies(&away)[..] else {
        panic!("{away:?}");
    };
    let (cookie, attributes) = cookie.split_once(';').unwrap();
    assert_eq!(
        attributes,
        " HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=600"
    );
    let (_, value) = cookie.split_once('=').unwrap();

    let asked = world.answer(accepted("alice"));
    let back = world
        .come_back(&format!("{BACK}&iss=https%3A%2F%2Flogin.example"), value)
        .await;
    assert_eq!(back.status.as_u16(), 302, "{}", back.text);
    assert_eq!(back.header("location"), "/hub/token");
    let cookies = set_cookies(&back).join("\n");
    assert!(
        cookies.contains("__Host-jupyterhub-hub-login="),
        "{cookies}"
    );
    assert!(
        cookies.contains("__Host-jupyterhub-sign-in=; "),
        "{cookies}"
    );
    let Asked::Arrive { arrival, .. } = asked.join().unwrap() else {
        panic!("something else was asked");
    };
    let told = [arrival.code, arrival.nonce, arrival.verifier];
    assert_eq!(told.map(|wire| wire.0.expose().clone()), ["co", "no", "ve"]);
}

#[tokio::test]
async fn a_page_cannot_begin_a_sign_in_by_itself() {
    let world = world("").await;
    let ctx = world.context(None, &[]);
    for mode in ["no-cors", "cors", "same-origin", "websocket"] {
        let request = saying("/hub/oauth_login", "sec-fetch-mode", mode);
        let answer = read(sign_in::lead_to_provider(&ctx, request).await).await;
        assert_eq!(answer.status.as_u16(), 400, "{mode}");
        assert!(set_cookies(&answer).is_empty(), "{mode}");
    }
    for dest in ["iframe", "frame", "object"] {
        let request = saying("/hub/oauth_login", "sec-fetch-dest", dest);
        let answer = read(sign_in::lead_to_provider(&ctx, request).await).await;
        assert_eq!(answer.status.as_u16(), 400, "{dest}");
    }
    let asked = world.answer(departure());
    let request = saying("/hub/oauth_login", "sec-fetch-mode", "navigate");
    let answer = read(sign_in::lead_to_provider(&ctx, request).await).await;
    assert_eq!(answer.status.as_u16(), 302);
    asked.join().unwrap();
}

#[tokio::test]
async fn nobody_is_led_off_the_site_afterwards() {
    let world = world("").await;
    let away = world
        .depart(
            "/hub/oauth_login?next=https%3A%2F%2Fevil.example%2F",
            departure(),
        )
        .await;
    let value = set_cookies(&away)[0]
        .split(['=', ';'])
        .nth(1)
        .unwrap()
        .to_owned();
    let asked = world.answer(accepted("alice"));
    let back = world.come_back(BACK, &value).await;
    assert!(back.header("location").starts_with("/hub/"), "{back:?}");
    asked.join().unwrap();
    // A cookie that somebody made up is held to the same rule.
    let asked = world.answer(accepted("alice"));
    let back = world.come_back(BACK, "st.no.ve.Ly9ldmlsLmV4YW1wbGUv").await;
    assert!(back.header("location").starts_with("/hub/"), "{back:?}");
    asked.join().unwrap();
}

#[tokio::test]
async fn whoever_is_logged_in_stays_who_they_are() {
    let world = world("").await;
    let ctx = world.context(world.session("alice").await, &[]);
    // "L2h1Yi90b2tlbg" is /hub/token.
    let table = [
        ("st.no.ve.L2h1Yi90b2tlbg", "/hub/token", true),
        ("xx.no.ve.L2h1Yi90b2tlbg", "/hub/spawn", false),
        ("", "/hub/spawn", false),
    ];
    for (cookie, target, is_over) in table {
        let answer = read(sign_in::take_arrival(&ctx, with_cookie(BACK, cookie)).await).await;
        assert_eq!(answer.status.as_u16(), 302, "{cookie}");
        assert!(answer.header("location").starts_with(target), "{answer:?}");
        let cookies = set_cookies(&answer);
        assert_eq!(cookies.len(), usize::from(is_over), "{cookies:?}");
        assert!(!cookies.iter().any(|c| c.contains("hub-login")));
    }
}

#[tokio::test]
async fn what_was_not_begun_here_is_not_finished_here() {
    let world = world("").await;
    let error = "/hub/oauth_callback?state=st&error=";
    let table = [
        (BACK.to_owned(), "", 400),
        (BACK.to_owned(), "xx.no.ve.", 400),
        (BACK.to_owned(), "rubbish", 400),
        ("/hub/oauth_callback?code=co".to_owned(), "st.no.ve.", 400),
        ("/hub/oauth_callback?state=st".to_owned(), "st.no.ve.", 400),
        (
            "/hub/oauth_callback?state=st&code=".to_owned(),
            "st.no.ve.",
            400,
        ),
        (
            format!("{BACK}&iss=https%3A%2F%2Fevil.example"),
            "st.no.ve.",
            403,
        ),
        (format!("{error}access_denied"), "st.no.ve.", 403),
        (format!("{error}server_error"), "st.no.ve.", 502),
        (format!("{error}access_denied"), "xx.no.ve.", 400),
    ];
    for (address, cookie, status) in table {
        let answer = world.come_back(&address, cookie).await;
        assert_eq!(answer.status.as_u16(), status, "{address} {cookie}");
        assert!(answer.text.contains("You are not logged in"), "{address}");
        assert!(
            answer.text.contains("href=\"/hub/oauth_login\""),
            "{address}"
        );
        let cookies = set_cookies(&answer);
        assert!(
            !cookies.iter().any(|c| c.contains("hub-login")),
            "{cookies:?}"
        );
        // Only the answer to a sign-in ends it.
        let is_answer = address.contains("state=st") && cookie.starts_with("st.");
        assert_eq!(
            cookies.iter().any(|c| c.contains("sign-in=; ")),
            is_answer,
            "{address} {cookie}: {cookies:?}"
        );
    }
}

#[tokio::test]
async fn a_password_leads_to_the_same_place() {
    // "L2h1Yi90b2tlbg" is /hub/token.
    let failed = "/hub/oauth_callback?state=st&error=access_denied";
    for (more, is_offered) in [("", true), ("[login]\npasswords = false\n", false)] {
        let world = world(more).await;
        let answer = world.come_back(failed, "st.no.ve.L2h1Yi90b2tlbg").await;
        let link = "href=\"/hub/login?error=&amp;next=%2Fhub%2Ftoken\"";
        assert_eq!(answer.text.contains(link), is_offered, "{}", answer.text);
    }
}

#[tokio::test]
async fn every_trouble_has_its_status_and_its_words() {
    let world = world("").await;
    let refused = Reply::Refused(Refusal::Policy {
        reason: "because".into(),
    });
    let table = [
        (fault(FaultKind::Provider), 502, "cannot be reached"),
        (fault(FaultKind::Deadline), 504, "took too long"),
        (fault(FaultKind::Code), 400, "has been used already"),
        (fault(FaultKind::Identity), 403, "leads to no account"),
        (fault(FaultKind::Setup), 503, "does not work at the moment"),
        (refused, 403, "leads to no account"),
        (
            Reply::Failed("because".into()),
            503,
            "does not work at the moment",
        ),
        (Reply::Stopped, 503, "does not work at the moment"),
    ];
    for (reply, status, words) in table {
        let asked = world.answer(reply);
        let answer = world.come_back(BACK, "st.no.ve.").await;
        asked.join().unwrap();
        assert_eq!(answer.status.as_u16(), status, "{words}");
        assert!(answer.text.contains(words), "{words}: {}", answer.text);
        assert!(!answer.text.contains("because"), "{words}");
    }
    let answer = world
        .depart("/hub/oauth_login", fault(FaultKind::Provider))
        .await;
    assert_eq!(answer.status.as_u16(), 502);
    assert!(set_cookies(&answer).is_empty());
}

#[tokio::test]
async fn failures_count_for_the_address() {
    let world = world("").await;
    let mut statuses = Vec::new();
    for _ in 0..30 {
        let asked = world.answer(fault(FaultKind::Code));
        let answer = world.come_back(BACK, "st.no.ve.").await;
        statuses.push(answer.status.as_u16());
        if answer.status.as_u16() == 429 {
            assert!(!answer.header("retry-after").is_empty());
            break;
        }
        asked.join().unwrap();
    }
    // The failure that passes the rate is still told.
    assert!((21..=22).contains(&statuses.len()), "{statuses:?}");
    assert_eq!(statuses.last(), Some(&429));
}

#[tokio::test]
async fn departures_count_for_the_address_too() {
    let world = world("").await;
    let ctx = world.context(None, &[]);
    for count in 0.. {
        let asked = world.answer(departure());
        let answer = read(sign_in::lead_to_provider(&ctx, get("/hub/oauth_login")).await).await;
        if answer.status.as_u16() == 302 {
            asked.join().unwrap();
            assert!(count < 2000);
            continue;
        }
        // A class or two were let go before.
        assert!(count >= 120, "{count}");
        assert_eq!(answer.status.as_u16(), 429);
        assert_eq!(answer.header("retry-after"), "1");
        assert!(answer.text.contains("There were too many attempts."));
        assert!(answer.text.contains("href=\"/hub/oauth_login\""));
        assert!(set_cookies(&answer).is_empty());
        break;
    }
}

#[tokio::test]
async fn without_a_provider_the_addresses_do_not_exist() {
    let world = World::new().await;
    let ctx = world.context(None, &[]);
    let there = read(sign_in::lead_to_provider(&ctx, get("/hub/oauth_login")).await).await;
    assert_eq!(there.status.as_u16(), 404);
    assert_eq!(
        world.come_back(BACK, "st.no.ve.").await.status.as_u16(),
        404
    );
    let page = read(login::show_login(&ctx, get("/hub/login")).await).await;
    assert!(!page.text.contains("Sign in with"));
}

#[tokio::test]
async fn the_login_page_offers_what_there_is() {
    let parts = [
        "method=\"get\" action=\"/hub/oauth_login\"",
        "name=\"next\" value=\"/hub/token\"",
        ">Sign in with Example &lt;University&gt;<",
    ];
    for (more, passwords) in [("", true), ("[login]\npasswords = false\n", false)] {
        let world = world(more).await;
        let ctx = world.context(None, &[]);
        let address = get("/hub/login?next=%2Fhub%2Ftoken");
        let page = read(login::show_login(&ctx, address).await).await;
        for part in parts {
            assert!(page.text.contains(part), "{part}: {}", page.text);
        }
        assert_eq!(page.text.contains("name=\"password\""), passwords);
    }
}

#[tokio::test]
async fn where_passwords_are_off_none_is_taken() {
    let world = world("[login]\npasswords = false\n").await;
    let ctx = world.context(None, &[]);
    let answer = read(login::submit_login(&ctx, get("/hub/login")).await).await;
    assert_eq!(answer.status.as_u16(), 403);
}

#[tokio::test]
async fn the_way_may_be_taken_at_once_but_not_in_circles() {
    let world = world("auto = true\n").await;
    let ctx = world.context(None, &[]);
    let table = [
        ("/hub/login", Some("/hub/oauth_login")),
        (
            "/hub/login?next=%2Fhub%2Ftoken",
            Some("/hub/oauth_login?next=%2Fhub%2Ftoken"),
        ),
        (
            "/hub/login?next=https%3A%2F%2Fevil.example",
            Some("/hub/oauth_login"),
        ),
        ("/hub/login?error", None),
        ("/hub/login?error=", None),
    ];
    for (address, target) in table {
        let answer = read(login::show_login(&ctx, get(address)).await).await;
        let found = target.map_or("", |target| target);
        assert_eq!(answer.header("location"), found, "{address}");
    }
    let out = read(logout::log_out(&ctx, get("/hub/logout")).await).await;
    assert_eq!((out.status.as_u16(), out.header("location")), (200, ""));
    assert!(!out.text.contains("keep running"), "{}", out.text);
    let failed = world.come_back(BACK, "").await;
    assert_eq!(
        (failed.status.as_u16(), failed.header("location")),
        (400, "")
    );
}

#[tokio::test]
async fn terms_are_accepted_before_one_leaves() {
    let world = world("auto = true\n[site]\nterms = \"Be kind.\"\n").await;
    let ctx = world.context(None, &[]);
    let page = read(login::show_login(&ctx, get("/hub/login")).await).await;
    assert_eq!(page.status.as_u16(), 200, "{}", page.header("location"));
    assert_eq!(page.text.matches("Be kind.").count(), 1);
    assert_eq!(page.text.matches("I accept these terms.").count(), 2);
    let refused = read(sign_in::lead_to_provider(&ctx, get("/hub/oauth_login")).await).await;
    assert_eq!(refused.status.as_u16(), 400);
    assert!(refused.text.contains("To log in, accept the terms first."));
    let accepting = "/hub/oauth_login?login_terms_checkbox=1";
    for site in ["cross-site", "same-site", "none"] {
        let request = saying(accepting, "sec-fetch-site", site);
        let refused = read(sign_in::lead_to_provider(&ctx, request).await).await;
        assert_eq!(refused.status.as_u16(), 400, "{site}");
        assert!(!refused.text.contains(" checked"), "{site}");
    }
    let asked = world.answer(departure());
    let request = saying(accepting, "sec-fetch-site", "same-origin");
    let away = read(sign_in::lead_to_provider(&ctx, request).await).await;
    assert_eq!(away.status.as_u16(), 302);
    asked.join().unwrap();
    let away = world.depart(accepting, departure()).await;
    assert_eq!(away.status.as_u16(), 302);
    let failed = world.come_back(BACK, "").await;
    assert!(
        failed.text.contains("href=\"/hub/login\""),
        "{}",
        failed.text
    );
}
