use std::{collections::BTreeSet, sync::Arc};

use super::*;
use crate::domain::{
    names::ServerName,
    role::{self, ClientKind},
    scope::{Grants, Membership, Scope},
    secret::TokenHash,
};

fn user(name: &str) -> UserName {
    UserName::parse(name).unwrap()
}

fn session() -> Via {
    Via::Session {
        hash: TokenHash::of("cookie"),
        session_id: "abc".into(),
    }
}

fn caller(scopes: &[&str]) -> Caller {
    let scopes: Vec<_> = scopes.iter().map(|s| Scope::parse(s).unwrap()).collect();
    let owner = Owner::User(user("alice"));
    let grants = Grants::expand(&scopes, &owner.holder());
    let mut members = Membership::default();
    members.insert(group("lab"), user("carol"));
    Caller::new(owner, session(), grants, Arc::new(members))
}

fn group(name: &str) -> GroupName {
    GroupName::parse(name).unwrap()
}

fn service(name: &str) -> ServiceName {
    ServiceName::parse(name).unwrap()
}

fn key(user_name: &str, server: &str) -> ServerKey {
    ServerKey {
        user: user(user_name),
        server: ServerName::parse(server).unwrap(),
    }
}

#[test]
fn a_user_may_use_own_servers_and_no_others() {
    let alice = caller(&["self"]);
    let own = alice.permit::<StartServer>(ServerKey::default_of(user("alice")));
    assert_eq!(own.unwrap().target().to_string(), "alice/");
    let other = alice.permit::<StartServer>(ServerKey::default_of(user("bob")));
    assert_eq!(other.unwrap_err(), Denied::NoAccess);
    assert!(alice.permit::<ReadTokens>(user("alice")).is_ok());
    assert_eq!(
        alice.permit::<ReadTokens>(user("bob")).unwrap_err(),
        Denied::NoAccess
    );
}

#[test]
fn what_is_denied_is_said_in_jupyterhubs_words() {
    let table: &[(Option<Caller>, &str)] = &[
        (None, "Missing or invalid credentials."),
        (
            Some(caller(&["servers"])),
            "Action is not authorized with current scopes; requires any of [read:tokens]",
        ),
        (
            Some(caller(&["tokens!user=carol"])),
            "No access to resources or resources not found",
        ),
    ];
    for (caller, expected) in table {
        let denied = permit::<ReadTokens>(caller.as_ref(), user("bob")).unwrap_err();
        assert_eq!(denied.to_string(), *expected);
    }
    let denied = caller(&["self"]).permit::<ReadHub>(WholeHub).unwrap_err();
    assert_eq!(
        denied.to_string(),
        "Action is not authorized with current scopes; requires any of [read:hub]"
    );
}

#[test]
fn a_filtered_scope_is_not_one_for_the_whole_hub() {
    let some = caller(&["read:metrics!user=alice", "admin:users!user=bob"]);
    let denied = some.permit::<ReadMetrics>(WholeHub).unwrap_err();
    assert_eq!(
        denied,
        Denied::NotHeld {
            any_of: &[ScopeName::ReadMetrics]
        }
    );
    assert!(some.permit::<CreateUsers>(WholeHub).is_err());
    assert!(some.permit::<AdminUser>(user("bob")).is_ok());
    let admin = Caller::new(
        Owner::User(user("root2")),
        session(),
        role::grants_of_user(&user("root2"), role::AdminRole::Held),
        Arc::default(),
    );
    assert!(admin.permit::<ReadMetrics>(WholeHub).is_ok());
    assert!(admin.permit::<StopServer>(key("bob", "")).is_ok());
}

/// Asks whether a caller with these scopes may do `A`.
fn allowed<A: Action>(scopes: &[&str], target: A::Target) -> bool {
    caller(scopes).permit::<A>(target).is_ok()
}

#[test]
fn permits_need_a_scope_whose_filter_covers_the_target() {
    let table = [
        allowed::<AdminUser>(&["admin:users"], user("bob")),
        !allowed::<AdminUser>(&["users"], user("bob")),
        !allowed::<AdminUser>(&["admin:users!user=carol"], user("bob")),
        allowed::<DeleteUser>(&["admin:users!user=bob"], user("bob")),
        !allowed::<DeleteUser>(&["users!user=bob"], user("bob")),
        allowed::<ReadUser>(&["read:users:name!group=lab"], user("carol")),
        !allowed::<ReadUser>(&["read:users:name!group=lab"], user("bob")),
        !allowed::<ReadUser>(&["read:users!server=bob/x"], user("bob")),
        allowed::<ReportActivity>(&["users:activity!user"], user("alice")),
        !allowed::<ReportActivity>(&["users:activity!user"], user("bob")),
        allowed::<ReadGroup>(&["read:groups!group=lab"], group("lab")),
        !allowed::<ReadGroup>(&["read:groups!group=lab"], group("la")),
        !allowed::<ReadGroup>(&["groups!user=lab"], group("lab")),
        allowed::<EditGroup>(&["groups!group=lab"], group("lab")),
        !allowed::<EditGroup>(&["read:groups!group=lab"], group("lab")),
        allowed::<DeleteGroup>(&["admin:groups"], group("lab")),
        !allowed::<DeleteGroup>(&["groups"], group("lab")),
        allowed::<ReadService>(&["read:services"], service("a")),
        !allowed::<ReadService>(&["read:services!service=b"], service("a")),
        !allowed::<AdminService>(&["read:services"], service("a")),
        allowed::<WriteShares>(&["shares!user=bob"], key("bob", "x")),
        allowed::<WriteShares>(&["shares!server=bob/x"], key("bob", "x")),
        !allowed::<WriteShares>(&["shares!server=bob/x"], key("bob", "")),
        !allowed::<WriteShares>(&["self"], key("alice", "")),
        allowed::<ReadShares>(&["self"], key("alice", "")),
        allowed::<ReadOwnersShares>(&["shares!user=bob"], user("bob")),
        !allowed::<ReadOwnersShares>(&["shares!server=bob/x"], user("bob")),
        allowed::<LeaveUserShares>(&["self"], user("alice")),
        !allowed::<LeaveUserShares>(&["self"], user("bob")),
        allowed::<LeaveGroupShares>(&["groups:shares!group=lab"], group("lab")),
        !allowed::<LeaveGroupShares>(&["read:groups:shares"], group("lab")),
        allowed::<ShareWithUser>(&["list:users"], user("bob")),
        !allowed::<ShareWithUser>(&["self"], user("bob")),
        allowed::<ShareWithGroup>(&["list:groups"], group("lab")),
        allowed::<AdminServerState>(&["admin:servers!server=bob/x"], key("bob", "x")),
        !allowed::<AdminServerState>(&["servers"], key("bob", "x")),
        !allowed::<WriteTokens>(&["tokens!service=bob"], user("bob")),
        !allowed::<WriteTokens>(&["tokens!group=other"], user("bob")),
        allowed::<ShutDown>(&["shutdown"], WholeHub),
        !allowed::<ManageProxy>(&["shutdown"], WholeHub),
    ];
    for (row, right) in table.into_iter().enumerate() {
        assert!(right, "row {row}");
    }
}

#[test]
fn a_client_is_used_with_the_scope_of_its_kind() {
    let server = ClientKind::Server(key("bob", "x"));
    let grader = ClientKind::Service(service("grader"));
    let table = [
        ("access:servers!server=bob/x", true, false),
        ("access:servers", true, false),
        ("access:services!service=grader", false, true),
        ("access:services!service=other", false, false),
        ("self", false, false),
    ];
    for (scope, opens_server, opens_service) in table {
        let caller = caller(&[scope]);
        assert_eq!(caller.can_access(&server), opens_server, "{scope}");
        assert_eq!(caller.can_access(&grader), opens_service, "{scope}");
    }
}

#[test]
fn a_list_shows_what_the_filters_cover() {
    type Names = &'static [&'static str];
    let users: &[(Names, Option<(Names, Names)>)] = &[
        (&["list:users!user=out-2"], Some((&["out-2"], &[]))),
        (
            &["list:users!group=lab", "list:users!user=out-2"],
            Some((&["out-2"], &["lab"])),
        ),
        (&["list:users!server=a/"], None),
        (&["list:users!user=a", "list:users!service=b"], None),
        (&["read:users"], None),
    ];
    for (scopes, expected) in users {
        let expected = expected.map(|(users, groups)| {
            ListReach::Only(UserBounds {
                users: users.iter().map(|name| user(name)).collect(),
                groups: groups.iter().map(|name| group(name)).collect(),
            })
        });
        assert_eq!(
            list_users(Some(&caller(scopes))).ok(),
            expected,
            "{scopes:?}"
        );
    }
    let everything = list_users(Some(&caller(&["list:users", "list:users!server=a/"])));
    assert_eq!(everything, Ok(ListReach::Everything));

    let lab = ListReach::Only(BTreeSet::from([group("lab")]));
    let groups = [
        ("list:groups", Some(ListReach::Everything)),
        ("list:groups!group=lab", Some(lab)),
        ("list:groups!user=lab", None),
        ("read:groups", None),
    ];
    for (scope, expected) in groups {
        assert_eq!(
            list_groups(Some(&caller(&[scope]))).ok(),
            expected,
            "{scope}"
        );
    }

    let none = ListReach::Only(BTreeSet::new());
    let services = [
        ("list:services", Some(ListReach::Everything)),
        ("list:services!user=a", Some(none)),
        ("read:services", None),
    ];
    for (scope, expected) in services {
        assert_eq!(
            list_services(Some(&caller(&[scope]))).ok(),
            expected,
            "{scope}"
        );
    }
    assert_eq!(list_users(None), Err(Denied::NoCredentials));
}

#[test]
fn servers_are_listed_as_far_as_the_scope_reaches() {
    let table: &[(&[&str], &[&str])] = &[
        (&["read:servers"], &["alice/", "alice/lab", "bob/"]),
        (&["admin:servers"], &["alice/", "alice/lab", "bob/"]),
        (&["read:servers!user=alice"], &["alice/", "alice/lab"]),
        (&["read:servers!server=alice/lab"], &["alice/lab"]),
        (&["read:servers!group=nobodys"], &[]),
        (&["self"], &["alice/", "alice/lab"]),
    ];
    let key = |user_name: &str, server: &str| ServerKey {
        user: user(user_name),
        server: ServerName::parse(server).unwrap(),
    };
    let servers = [key("alice", ""), key("alice", "lab"), key("bob", "")];
    for (scopes, expected) in table {
        let caller = caller(scopes);
        let is_seen = list_servers(Some(&caller)).ok().unwrap();
        let seen = servers.iter().filter(|key| is_seen(key));
        let seen: Vec<_> = seen.map(ToString::to_string).collect();
        assert_eq!(seen, *expected, "{scopes:?}");
    }
    let refused = |caller: Option<&Caller>| list_servers(caller).err();
    assert_eq!(refused(None), Some(Denied::NoCredentials));
    let denied = refused(Some(&caller(&["read:metrics", "read:users"])));
    assert!(matches!(denied, Some(Denied::NotHeld { .. })), "{denied:?}");
}

#[test]
fn a_list_that_cannot_be_bounded_is_refused_with_a_reason() {
    let denied = list_groups(Some(&caller(&["list:groups!user=irrelevant"]))).unwrap_err();
    assert_eq!(
        denied.to_string(),
        "Action is not authorized with current scopes; list:groups has a filter that does not apply"
    );
}

#[test]
fn the_hubs_own_permits_say_why() {
    let key = ServerKey::default_of(user("alice"));
    let permit = Permit::<StopServer>::by_hub(key, "its account is gone");
    assert_eq!(permit.by().to_string(), "the hub: its account is gone");
}
