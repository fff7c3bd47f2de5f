use std::sync::Arc;

use super::*;
use crate::{
    domain::{
        access::{Owner, Via},
        oauth::Pkce,
        role::{self, AdminRole, RoleBook},
        time::Timestamp,
    },
    hub::{authority::Authority, tokens},
    store::{runs::NewRun, sessions::NewSession, users::Login},
};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

struct World {
    store: Store,
    authority: Authority,
    clock: Clock,
    entropy: Entropy,
}

fn user(name: &str) -> UserName {
    UserName::parse(name).unwrap()
}

fn caller(name: &str, admin: AdminRole) -> Caller {
    let via = Via::Session {
        hash: TokenHash::of("cookie"),
        session_id: format!("session-of-{name}"),
    };
    let grants = role::grants_of_user(&user(name), admin);
    Caller::new(Owner::User(user(name)), via, grants, Arc::default())
}

fn terms(book: &RoleBook) -> Terms<'_> {
    Terms {
        book,
        pkce: Pkce::Optional,
    }
}

/// Alice's default server runs; Bob is another user and Boss an administrator.
async fn world() -> World {
    let store = Store::in_memory().unwrap();
    let world = World {
        authority: Authority::new(store.clone()),
        store,
        clock: Clock::fixed(Timestamp::from_micros(1_000_000)),
        entropy: Entropy::counted(),
    };
    for (name, uid) in [("alice", 1001), ("bob", 1002), ("boss", 1003)] {
        let admin = AdminRole::of(name == "boss");
        let login = Login::for_test(name, uid, admin, world.clock.now());
        world.store.record_login(login).await.unwrap();
    }
    world.start_server(SECRET).await;
    world
}

impl World {
    async fn start_server(&self, secret: &str) {
        let key = ServerKey::default_of(user("alice"));
        let secret = Secret::new(secret.to_owned());
        let run = NewRun {
            key: key.clone(),
            user_options: None,
            token: tokens::server_token("/", &key, &secret, role::server(&key), self.clock.now()),
            client: server_client("/", &key, Vec::new()),
            at: self.clock.now(),
        };
        self.store.begin_run(run).await.unwrap();
    }

    async fn authorize(
        &self,
        caller: &Caller,
        query: &str,
        agreed: Option<&[&str]>,
    ) -> Result<Authorization, AuthorizeFailure> {
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        let pairs = pairs.iter().map(|(k, v)| (k.as_ref(), v.as_ref()));
        let parameters = AuthorizeParameters::from_pairs(pairs)?;
        let visit = Visit {
            caller: Some(caller),
            parameters: &parameters,
            agreed,
        };
        let book = self.authority.book();
        authorize(&self.store, &self.clock, terms(&book), visit).await
    }

    async fn code_for(&self, caller: &Caller, query: &str) -> String {
        let granted = self.authorize(caller, query, None).await.unwrap();
        self.issue(&granted).await
    }

    async fn issue(&self, granted: &Authorization) -> String {
        let location = issue_code(&self.store, &self.clock, &self.entropy, granted)
            .await
            .unwrap();
        let query = location.split_once("?code=").unwrap().1;
        query.split('&').next().unwrap().to_owned()
    }

    async fn exchange(&self, pairs: &[(&str, &str)]) -> Result<Issued, ExchangeError> {
        let parameters = ExchangeParameters::from_pairs(pairs.iter().copied())?;
        exchange(&self.store, &self.clock, &self.entropy, WEEK, &parameters).await
    }
}

const QUERY: &str = "client_id=jupyterhub-user-alice&redirect_uri=/user/alice/oauth_callback\
    &response_type=code&state=xyz";

fn request(code: &str) -> Vec<(&'static str, String)> {
    vec![
        ("client_id", "jupyterhub-user-alice".into()),
        ("client_secret", SECRET.into()),
        ("grant_type", "authorization_code".into()),
        ("code", code.into()),
        ("redirect_uri", "/user/alice/oauth_callback".into()),
    ]
}

fn pairs<'a>(request: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    request.iter().map(|(k, v)| (*k, v.as_str())).collect()
}

#[tokio::test]
async fn a_visit_to_ones_own_server_needs_no_consent_and_ends_in_a_token() {
    let world = world().await;
    let alice = caller("alice", AdminRole::NotHeld);
    let granted = world.authorize(&alice, QUERY, None).await.unwrap();
    assert_eq!(granted.consent, Consent::Given);
    let location = issue_code(&world.store, &world.clock, &world.entropy, &granted)
        .await
        .unwrap();
    let code = location
        .strip_prefix("/user/alice/oauth_callback?code=")
        .unwrap()
        .strip_suffix("&state=xyz")
        .unwrap();
    assert_eq!(code.len(), 30);
    let issued = world.exchange(&pairs(&request(code))).await.unwrap();
    assert_eq!(issued.access_token.expose().len(), 30);
    assert_eq!(issued.lifetime, WEEK);
    assert_eq!(
        issued.scopes.join(" "),
        "access:servers!server=alice/ read:users:groups!user read:users:name!user"
    );
    let visitor = tokens::identify(
        &world.store,
        &world.authority,
        &world.clock,
        issued.access_token.expose(),
    )
    .await
    .unwrap()
    .unwrap();
    assert_eq!(visitor.user(), Some(&user("alice")));
    assert_eq!(visitor.session_id(), Some("session-of-alice"));
    assert_eq!(
        visitor.grants().texts(),
        [
            "access:servers!server=alice/",
            "read:users:groups!user=alice",
            "read:users:name!user=alice"
        ]
    );
}

#[tokio::test]
async fn a_code_is_good_once_and_for_five_minutes() {
    let world = world().await;
    let alice = caller("alice", AdminRole::NotHeld);
    let code = world.code_for(&alice, QUERY).await;
    world
        .clock
        .advance(CODE_LIFETIME - Duration::from_micros(1));
    assert!(world.exchange(&pairs(&request(&code))).await.is_ok());
    let again = world.exchange(&pairs(&request(&code))).await;
    assert!(matches!(again, Err(ExchangeError::InvalidGrant)));
    let late = world.code_for(&alice, QUERY).await;
    world.clock.advance(CODE_LIFETIME);
    let late = world.exchange(&pairs(&request(&late))).await;
    assert!(matches!(late, Err(ExchangeError::InvalidGrant)));
}

#[tokio::test]
async fn a_code_with_a_challenge_needs_its_verifier() {
    let world = world().await;
    let alice = caller("alice", AdminRole::NotHeld);
    let query = format!("{QUERY}&code_challenge={CHALLENGE}&code_challenge_method=S256");
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(world.code_for(&alice, &query).await);
    }
    let without = world.exchange(&pairs(&request(&codes[0]))).await;
    assert!(matches!(
        without,
        Err(ExchangeError::InvalidRequest("Code verifier required."))
    ));
    let mut wrong = request(&codes[1]);
    wrong.push(("code_verifier", CHALLENGE.into()));
    let wrong = world.exchange(&pairs(&wrong)).await;
    assert!(matches!(wrong, Err(ExchangeError::InvalidGrant)));
    let mut right = request(&codes[2]);
    right.push(("code_verifier", VERIFIER.into()));
    assert!(world.exchange(&pairs(&right)).await.is_ok());
    let mut second_guess = request(&codes[1]);
    second_guess.push(("code_verifier", VERIFIER.into()));
    let second_guess = world.exchange(&pairs(&second_guess)).await;
    assert!(matches!(second_guess, Err(ExchangeError::InvalidGrant)));
}

#[tokio::test]
async fn what_is_wrong_with_an_exchange_is_said_by_the_protocol() {
    let world = world().await;
    let alice = caller("alice", AdminRole::NotHeld);
    let code = world.code_for(&alice, QUERY).await;
    let table: &[(&str, Option<&str>, &str)] = &[
        ("grant_type", None, "unsupported_grant_type"),
        ("grant_type", Some("password"), "unsupported_grant_type"),
        ("grant_type", Some("refresh_token"), "unauthorized_client"),
        ("code", None, "invalid_request: Missing code parameter."),
        ("client_id", None, "invalid_client"),
        ("client_id", Some("jupyterhub-user-bob"), "invalid_client"),
        ("client_secret", None, "invalid_client"),
        ("client_secret", Some("guessed"), "invalid_client"),
        (
            "code",
            Some("000000000000000000000000000000"),
            "invalid_grant",
        ),
        (
            "redirect_uri",
            Some("/user/bob/oauth_callback"),
            "invalid_request: Mismatching redirect URI.",
        ),
    ];
    for (name, value, expected) in table {
        let mut wrong = request(&code);
        wrong.retain(|(n, _)| n != name);
        wrong.extend(value.map(|value| (*name, value.to_owned())));
        let error = world.exchange(&pairs(&wrong)).await.unwrap_err();
        assert_eq!(error.to_string(), *expected);
    }
    let mut twice = request(&code);
    twice.push(("code", "x".into()));
    let error = world.exchange(&pairs(&twice)).await.unwrap_err();
    assert_eq!(error.to_string(), "invalid_request: Duplicate parameter.");
}

#[tokio::test]
async fn nobody_without_access_gets_a_code() {
    let world = world().await;
    let bob = caller("bob", AdminRole::NotHeld);
    let error = world.authorize(&bob, QUERY, None).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "You do not have permission to access Server at /user/alice/"
    );
    let error = world.authorize(&bob, QUERY, Some(&[])).await.unwrap_err();
    assert!(matches!(error, AuthorizeFailure::NoAccess(_)));
    let visit = Visit {
        caller: None,
        parameters: &AuthorizeParameters::default(),
        agreed: None,
    };
    let book = world.authority.book();
    let nobody = authorize(&world.store, &world.clock, terms(&book), visit).await;
    assert!(matches!(nobody, Err(AuthorizeFailure::Denied(_))));
}

#[tokio::test]
async fn a_visitor_is_asked_once() {
    let world = world().await;
    let boss = caller("boss", AdminRole::Held);
    let asked = world.authorize(&boss, QUERY, None).await.unwrap();
    assert_eq!(asked.consent, Consent::Needed);
    assert!(asked.scopes_to_confirm().is_empty());
    let agreed = world.authorize(&boss, QUERY, Some(&[])).await.unwrap();
    assert_eq!(agreed.consent, Consent::Given);
    let code = world.issue(&agreed).await;
    let issued = world.exchange(&pairs(&request(&code))).await.unwrap();
    let visitor = tokens::identify(
        &world.store,
        &world.authority,
        &world.clock,
        issued.access_token.expose(),
    )
    .await
    .unwrap()
    .unwrap();
    assert_eq!(visitor.user(), Some(&user("boss")));
    assert!(!visitor.grants().has(&ScopeName::AdminUi));
    let again = world.authorize(&boss, QUERY, None).await.unwrap();
    assert_eq!(again.consent, Consent::Given);
}

#[tokio::test]
async fn nobody_agrees_to_more_than_could_be_asked() {
    let world = world().await;
    let boss = caller("boss", AdminRole::Held);
    for scope in ["inherit", "admin:users", "self", "nonsense"] {
        let error = world.authorize(&boss, QUERY, Some(&[scope])).await;
        let Err(AuthorizeFailure::Redirected(error)) = error else {
            panic!("{scope}");
        };
        assert_eq!(
            error.location(),
            "/user/alice/oauth_callback?error=invalid_scope&state=xyz"
        );
    }
}

#[tokio::test]
async fn a_restart_of_the_server_ends_what_was_issued_for_it() {
    let world = world().await;
    let alice = caller("alice", AdminRole::NotHeld);
    let code = world.code_for(&alice, QUERY).await;
    let issued = world.exchange(&pairs(&request(&code))).await.unwrap();
    let open = world.code_for(&alice, QUERY).await;
    world
        .start_server("another secret of the same server")
        .await;
    let token = issued.access_token.expose();
    let found = tokens::identify(&world.store, &world.authority, &world.clock, token).await;
    assert!(found.unwrap().is_none());
    let old_secret = world.exchange(&pairs(&request(&open))).await;
    assert!(matches!(old_secret, Err(ExchangeError::InvalidClient)));
}

#[tokio::test]
async fn logout_ends_what_was_issued_in_the_session() {
    let world = world().await;
    let session = NewSession {
        hash: TokenHash::of("cookie"),
        user: user("alice"),
        session_id: "session-of-alice".into(),
        created: world.clock.now(),
        expires: world.clock.now().after(WEEK),
    };
    world.store.create_session(session).await.unwrap();
    let alice = caller("alice", AdminRole::NotHeld);
    let code = world.code_for(&alice, QUERY).await;
    let issued = world.exchange(&pairs(&request(&code))).await.unwrap();
    let open = world.code_for(&alice, QUERY).await;
    crate::hub::sessions::end(&world.store, TokenHash::of("cookie"))
        .await
        .unwrap();
    let token = issued.access_token.expose();
    let found = tokens::identify(&world.store, &world.authority, &world.clock, token).await;
    assert!(found.unwrap().is_none());
    let open = world.exchange(&pairs(&request(&open))).await;
    assert!(matches!(open, Err(ExchangeError::InvalidGrant)));
}
