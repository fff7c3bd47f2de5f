use super::*;
use crate::domain::{
    names::{ServerKey, ServerName, ServiceName, UserName},
    role::{ClientKind, Configured, ConfiguredRole, Members, RoleName, UserList},
    scope::{Membership, Scope, texts},
};

fn user(name: &str) -> UserName {
    UserName::parse(name).unwrap()
}

fn key(user_name: &str, server: &str) -> ServerKey {
    ServerKey {
        user: user(user_name),
        server: ServerName::parse(server).unwrap(),
    }
}

fn client(allowed: &[&str]) -> ClientRules {
    ClientRules {
        kind: ClientKind::Server(key("alice", "")),
        redirect_uri: "/user/alice/oauth_callback".into(),
        allowed_scopes: allowed.iter().map(|s| Scope::parse(s).unwrap()).collect(),
    }
}

fn check(query: &str, client: Option<&ClientRules>) -> Result<AuthorizeRequest, AuthorizeError> {
    let terms = Terms {
        book: &RoleBook::default(),
        pkce: Pkce::Optional,
    };
    check_by(terms, query, client)
}

fn check_by(
    terms: Terms<'_>,
    query: &str,
    client: Option<&ClientRules>,
) -> Result<AuthorizeRequest, AuthorizeError> {
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let pairs = pairs.iter().map(|(k, v)| (k.as_ref(), v.as_ref()));
    let parameters = AuthorizeParameters::from_pairs(pairs)?;
    parameters.client_id()?;
    parameters.check(client, &user("alice"), &Membership::default(), terms)
}

const GOOD: &str = "client_id=jupyterhub-user-alice&redirect_uri=%2Fuser%2Falice%2Foauth_callback\
    &response_type=code&state=s%20t";

#[test]
fn client_ids_are_quoted_as_python_does() {
    let table = [
        (key("alice", ""), "jupyterhub-user-alice"),
        (key("alice", "lab"), "jupyterhub-user-alice-lab"),
        (key("a b@x.y", ""), "jupyterhub-user-a%20b%40x.y"),
        (key("LAB\\bob~1", ""), "jupyterhub-user-LAB%5Cbob~1"),
        (key("jürgen", ""), "jupyterhub-user-j%C3%BCrgen"),
    ];
    for (key, expected) in table {
        assert_eq!(server_client_id(&key), expected);
    }
}

#[test]
fn a_plain_request_gets_the_default_scopes() {
    let request = check(GOOD, Some(&client(&[]))).unwrap();
    assert_eq!(
        texts(&request.scopes),
        [
            "access:servers!server=alice/",
            "read:users:groups!user",
            "read:users:name!user"
        ]
    );
    assert_eq!(
        request.location("c0de"),
        "/user/alice/oauth_callback?code=c0de&state=s+t"
    );
    let request = check(GOOD, Some(&client(&["inherit"]))).unwrap();
    assert_eq!(texts(&request.scopes), ["inherit"]);
    let request = check(
        "client_id=x&response_type=code",
        Some(&client(&["read:users!user"])),
    )
    .unwrap();
    assert_eq!(request.redirect_uri, "/user/alice/oauth_callback");
    assert!(texts(&request.scopes).contains(&"read:users!user".to_owned()));
}

#[test]
fn some_errors_are_for_the_user_only() {
    let known = client(&[]);
    let table = [
        (
            "response_type=code",
            Some(&known),
            "Missing client_id parameter.",
        ),
        (
            "client_id=&response_type=code",
            Some(&known),
            "Missing client_id parameter.",
        ),
        (
            "client_id=x&response_type=code",
            None,
            "Invalid client_id parameter value.",
        ),
        (
            "client_id=x&client_id=y&response_type=code",
            Some(&known),
            "Duplicate client_id parameter.",
        ),
        (
            "client_id=x&response_type=code&state=&state=a",
            Some(&known),
            "Duplicate state parameter.",
        ),
        (
            "client_id=x&response_type=code&redirect_uri=https://evil.example/",
            Some(&known),
            "Mismatching redirect URI.",
        ),
        (
            "client_id=x&response_type=code&redirect_uri=/user/alice/oauth_callback/",
            Some(&known),
            "Mismatching redirect URI.",
        ),
        (
            "client_id=x&response_type=code&redirect_uri=/user/alice/oauth_callback?x",
            Some(&known),
            "Mismatching redirect URI.",
        ),
    ];
    for (query, client, expected) in table {
        match check(query, client) {
            Err(AuthorizeError::Shown(text)) => assert_eq!(text, expected, "{query}"),
            other => panic!("{query}: {other:?}"),
        }
    }
}

#[test]
fn other_errors_go_back_to_the_client_with_its_state() {
    let callback = "/user/alice/oauth_callback";
    let base = "client_id=x&state=s";
    let table = [
        (
            "",
            "?error=invalid_request&error_description=Missing+response_type+parameter.&state=s",
        ),
        (
            "&response_type=token",
            "?error=unsupported_response_type&state=s",
        ),
        (
            "&response_type=code&code_challenge=c&code_challenge_method=S512",
            "?error=invalid_request&error_description=Transform+algorithm+not+supported.&state=s",
        ),
        (
            "&response_type=code&code_challenge_method=S256",
            "?error=invalid_request&error_description=Code+challenge+required.&state=s",
        ),
        (
            "&response_type=code&scope=nonsense",
            "?error=invalid_scope&state=s",
        ),
        (
            "&response_type=code&scope=self",
            "?error=invalid_scope&state=s",
        ),
        (
            "&response_type=code&scope=inherit",
            "?error=invalid_scope&state=s",
        ),
        (
            "&response_type=code&scope=admin",
            "?error=invalid_scope&state=s",
        ),
        (
            "&response_type=code&scope=access:servers",
            "?error=invalid_scope&state=s",
        ),
    ];
    for (query, expected) in table {
        let Err(AuthorizeError::Redirected(error)) =
            check(&format!("{base}{query}"), Some(&client(&[])))
        else {
            panic!("{query}");
        };
        assert_eq!(error.location(), format!("{callback}{expected}"), "{query}");
    }
}

#[test]
fn scopes_within_what_the_client_may_have_are_granted() {
    let known = client(&["self"]);
    let table: &[(&str, &[&str])] = &[
        ("identify", &[]),
        ("self", &["self"]),
        ("user", &["self"]),
        (
            "read:users!user servers!user=alice",
            &["read:users!user", "servers!user=alice"],
        ),
        ("access:servers!server", &["access:servers!server"]),
    ];
    for (scope, expected) in table {
        let query: String = form_urlencoded::Serializer::new(GOOD.to_owned())
            .append_pair("scope", scope)
            .finish();
        let request = check(&query, Some(&known)).unwrap();
        let beyond: Vec<_> = request
            .scopes
            .difference(&known.required_scopes())
            .map(Scope::to_string)
            .collect();
        assert_eq!(beyond, *expected, "{scope}");
    }
}

#[test]
fn challenges_follow_rfc_7636() {
    // The example of RFC 7636, appendix B.
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let hashed = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let with = |query: &str| check(&format!("{GOOD}&{query}"), Some(&client(&[]))).unwrap();
    let request = with(&format!(
        "code_challenge={hashed}&code_challenge_method=S256"
    ));
    let challenge = request.challenge.unwrap();
    assert!(challenge.is_met_by(verifier));
    assert!(!challenge.is_met_by(hashed));
    assert!(!challenge.is_met_by(""));
    let plain = with("code_challenge=abc").challenge.unwrap();
    assert_eq!(plain.method, ChallengeMethod::Plain);
    assert!(plain.is_met_by("abc"));
    assert!(!plain.is_met_by("abd"));
    assert_eq!(with("x=y").challenge, None);
}

#[test]
fn parameters_are_bounded() {
    let long = format!("{GOOD}&scope={}", "a".repeat(MAX_PARAMETER_BYTES + 1));
    assert_eq!(
        check(&long, Some(&client(&[]))),
        Err(AuthorizeError::Shown("A parameter is too long."))
    );
}

#[test]
fn pkce_can_be_required() {
    let terms = Terms {
        book: &RoleBook::default(),
        pkce: Pkce::Required,
    };
    let known = client(&[]);
    let Err(AuthorizeError::Redirected(error)) = check_by(terms, GOOD, Some(&known)) else {
        panic!("taken without a challenge");
    };
    assert_eq!(error.description, "Code challenge required.");
    let query = format!("{GOOD}&code_challenge=abc&code_challenge_method=S256");
    assert!(check_by(terms, &query, Some(&known)).is_ok());
}

#[test]
fn the_client_of_a_service_opens_that_service() {
    let grader = ServiceName::parse("grader").unwrap();
    let client = ClientRules {
        kind: ClientKind::Service(grader),
        redirect_uri: "https://grader.example/callback".into(),
        allowed_scopes: ["access:services!service", "read:servers!server"]
            .iter()
            .map(|s| Scope::parse(s).unwrap())
            .collect(),
    };
    let query = "client_id=service-grader&response_type=code";
    let request = check(query, Some(&client)).unwrap();
    assert_eq!(
        texts(&request.scopes),
        [
            "access:services!service",
            "access:services!service=grader",
            "read:servers!server",
            "read:users:groups!user",
            "read:users:name!user",
        ]
    );
    assert_eq!(
        request.location("c0de"),
        "https://grader.example/callback?code=c0de"
    );
    let table = [
        ("access:services!service=grader", true),
        ("access:services!service", true),
        ("access:services!service=other", false),
        ("access:servers!server", false),
        ("server", false),
    ];
    for (scope, is_taken) in table {
        let request = check(&format!("{query}&scope={scope}"), Some(&client));
        assert_eq!(request.is_ok(), is_taken, "{scope}");
    }
}

#[test]
fn names_of_roles_stand_for_their_scopes() {
    let reader = ConfiguredRole {
        name: RoleName::parse("reader").unwrap(),
        description: None,
        scopes: Some(vec![Scope::parse("read:users!user").unwrap()]),
        members: Members::default(),
        user_list: UserList::Absent,
    };
    let book = RoleBook::configured(Configured {
        roles: vec![reader],
        ..Configured::default()
    })
    .unwrap();
    let terms = Terms {
        book: &book,
        pkce: Pkce::Optional,
    };
    let known = client(&["self"]);
    let table: &[(&str, Option<&str>)] = &[
        ("reader", Some("read:users!user")),
        ("user", Some("self")),
        ("writer", None),
        ("admin", None),
        ("custom:undefined", None),
    ];
    for (name, expected) in table {
        let request = check_by(terms, &format!("{GOOD}&scope={name}"), Some(&known)).ok();
        let scopes = request.map(|request| texts(&request.scopes));
        assert_eq!(scopes.is_some(), expected.is_some(), "{name}");
        let (Some(scopes), Some(expected)) = (scopes, expected) else {
            continue;
        };
        assert!(scopes.contains(&(*expected).to_owned()), "{name}");
    }
}

#[test]
fn ids_of_services_are_told_from_those_of_servers() {
    let name = ServiceName::parse("grader").unwrap();
    assert_eq!(service_client_id(&name), "service-grader");
    let table = [
        ("service-grader", true),
        ("service-a.b_c", true),
        ("service-", false),
        ("grader", false),
        ("jupyterhub-user-alice", false),
        ("jupyterhub", false),
        ("service-a b", false),
        ("service-a;b", false),
        ("service-a=b", false),
        ("service-ä", false),
        ("service-a\nb", false),
    ];
    for (id, expected) in table {
        assert_eq!(is_service_client_id(id), expected, "{id:?}");
    }
    assert!(!is_service_client_id(&format!(
        "service-{}",
        "a".repeat(255)
    )));
}

#[test]
fn users_are_sent_back_to_a_path_or_an_address() {
    let table = [
        ("/services/grader/oauth_callback", true),
        ("https://grader.example/callback?x=1", true),
        ("http://127.0.0.1:9000/", true),
        ("", false),
        ("services/grader", false),
        ("//other.domain/x", false),
        ("/\\other.domain", false),
        ("https://", false),
        ("https:///x", false),
        ("https://@x", false),
        ("https://x/#y", false),
        ("javascript:alert(1)", false),
        ("data:text/html,x", false),
        ("/a b", false),
        ("/a\r\nSet-Cookie:x", false),
    ];
    for (uri, expected) in table {
        assert_eq!(is_redirect_uri(uri), expected, "{uri:?}");
    }
}
