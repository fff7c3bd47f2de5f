use super::*;
use crate::domain::role::{grants_of_token, grants_of_user, server};

fn alice() -> UserName {
    UserName::parse("alice").unwrap()
}

fn lab() -> ServerKey {
    ServerKey::default_of(alice())
}

fn holder() -> Holder {
    Holder {
        user: Some(alice()),
        ..Holder::default()
    }
}

fn token(scopes: &[&str], holder: &Holder) -> Vec<String> {
    let scopes: Vec<_> = scopes.iter().map(|s| Scope::parse(s).unwrap()).collect();
    let owner = grants_of_user(&alice(), AdminRole::NotHeld);
    grants_of_token(&scopes, holder, &owner, &Membership::default()).texts()
}

#[test]
fn self_is_what_a_user_has_and_no_more() {
    let own = grants_of_user(&alice(), AdminRole::NotHeld);
    assert_eq!(
        own.texts(),
        [
            "access:servers!user=alice",
            "delete:servers!user=alice",
            "read:servers!user=alice",
            "read:shares!user=alice",
            "read:tokens!user=alice",
            "read:users!user=alice",
            "read:users:activity!user=alice",
            "read:users:groups!user=alice",
            "read:users:name!user=alice",
            "read:users:shares!user=alice",
            "servers!user=alice",
            "start:servers!user=alice",
            "tokens!user=alice",
            "users:activity!user=alice",
            "users:shares!user=alice",
        ]
    );
}

#[test]
fn a_servers_token_reports_activity_and_opens_its_server_only() {
    let scopes = crate::domain::scope::texts(&server(&lab()));
    let scopes: Vec<_> = scopes.iter().map(String::as_str).collect();
    assert_eq!(
        token(&scopes, &holder()),
        [
            "access:servers!server=alice/",
            "read:users:activity!user=alice",
            "read:users:groups!user=alice",
            "read:users:name!user=alice",
            "users:activity!user=alice",
        ]
    );
}

#[test]
fn an_oauth_token_opens_the_server_it_was_issued_to() {
    let issued_to = Holder {
        server: Some(lab()),
        ..holder()
    };
    assert_eq!(
        token(&[], &issued_to),
        [
            "access:servers!server=alice/",
            "read:users:groups!user=alice",
            "read:users:name!user=alice",
        ]
    );
}

#[test]
fn a_token_never_has_what_its_owner_lacks() {
    assert_eq!(
        token(
            &["admin:users", "list:users", "read:users!user=bob"],
            &holder()
        ),
        [
            "read:users!user=alice",
            "read:users:activity!user=alice",
            "read:users:groups!user=alice",
            "read:users:name!user=alice",
            "users:activity!user=alice",
        ]
    );
    assert_eq!(
        token(&["servers!user=bob"], &holder()),
        ["read:users:groups!user=alice", "read:users:name!user=alice"]
    );
}

#[test]
fn inherit_is_the_owners_whole_set() {
    let owner = grants_of_user(&alice(), AdminRole::NotHeld);
    assert_eq!(token(&["inherit"], &holder()), owner.texts());
}

#[test]
fn a_servers_scopes_are_spelt_out_for_it() {
    type Texts = &'static [&'static str];
    const ACTIVITY: &str = "users:activity!user";
    let table: &[(Option<Texts>, Texts)] = &[
        (None, &["access:servers!server=alice/", ACTIVITY]),
        (Some(&[]), &[ACTIVITY]),
        (Some(&["inherit"]), &["inherit"]),
        (Some(&["users:activity"]), &["users:activity"]),
        (
            Some(&["users:activity!server"]),
            &["users:activity!server=alice/", ACTIVITY],
        ),
        (
            Some(&["shares!server", "read:users!user", "users:activity!user"]),
            &["read:users!user", "shares!server=alice/", ACTIVITY],
        ),
    ];
    for (chosen, expected) in table {
        let chosen: Option<Vec<_>> =
            chosen.map(|texts| texts.iter().map(|t| Scope::parse(t).unwrap()).collect());
        let scopes = RoleBook::default().server_token_scopes(chosen.as_deref(), &lab());
        assert_eq!(
            crate::domain::scope::texts(&scopes),
            *expected,
            "{chosen:?}"
        );
    }
}
