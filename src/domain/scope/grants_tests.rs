use proptest::{collection::vec, prelude::*};

use super::*;
use crate::domain::names::ServerName;

fn user(name: &str) -> UserName {
    UserName::parse(name).unwrap()
}

fn group(name: &str) -> GroupName {
    GroupName::parse(name).unwrap()
}

fn key(user_name: &str, server: &str) -> ServerKey {
    ServerKey {
        user: user(user_name),
        server: ServerName::parse(server).unwrap(),
    }
}

fn grants(texts: &[&str]) -> Grants {
    let scopes: Vec<_> = texts.iter().map(|t| Scope::parse(t).unwrap()).collect();
    Grants::expand(&scopes, &Holder::default())
}

/// Alice and Bob are in the group `lab`.
fn members() -> Membership {
    let mut members = Membership::default();
    members.insert(group("lab"), user("alice"));
    members.insert(group("lab"), user("bob"));
    members
}

#[test]
fn unfiltered_absorbs_filtered() {
    assert_eq!(
        grants(&["tokens!user=alice", "tokens"]).texts(),
        ["read:tokens", "tokens"]
    );
    assert_eq!(
        grants(&["tokens", "tokens!user=alice"]),
        grants(&["tokens"])
    );
}

#[test]
fn a_server_filter_does_not_carry_to_scopes_of_users() {
    assert_eq!(
        grants(&["servers!server=alice/lab"]).texts(),
        [
            "delete:servers!server=alice/lab",
            "read:servers!server=alice/lab",
            "servers!server=alice/lab",
            "start:servers!server=alice/lab",
        ]
    );
    assert!(
        grants(&["read:servers!user=alice"])
            .texts()
            .contains(&"read:users:name!user=alice".to_owned())
    );
}

#[test]
fn filters_without_meaning_for_the_holder_are_dropped() {
    assert!(grants(&["self"]).is_empty());
    assert!(grants(&["read:users!user", "access:servers!server"]).is_empty());
    assert!(grants(&["(no_scope)"]).is_empty());
    let service = Holder {
        service: Some(ServiceName::parse("grader").unwrap()),
        ..Holder::default()
    };
    let scopes = [
        Scope::parse("access:services!service").unwrap(),
        Scope::parse("self").unwrap(),
    ];
    assert_eq!(
        Grants::expand(&scopes, &service).texts(),
        ["access:services!service=grader"]
    );
}

#[test]
fn a_scope_covers_what_its_filter_names_and_nothing_else() {
    let read = ScopeName::ReadServers;
    let alice = Target::User(user("alice"));
    let alice_lab = Target::Server(key("alice", "lab"));
    let alice_default = Target::Server(key("alice", ""));
    let carol = Target::User(user("carol"));
    let group_lab = Target::Group(group("lab"));
    let table: &[(&str, &Target, bool)] = &[
        ("read:servers", &Target::Everything, true),
        ("read:servers", &carol, true),
        ("read:servers!user=alice", &Target::Everything, false),
        ("read:servers!user=alice", &alice, true),
        ("read:servers!user=alice", &alice_lab, true),
        ("read:servers!user=alice", &carol, false),
        ("read:servers!group=lab", &alice, true),
        ("read:servers!group=lab", &alice_lab, true),
        ("read:servers!group=lab", &carol, false),
        ("read:servers!group=lab", &group_lab, true),
        ("read:servers!user=alice", &group_lab, false),
        ("read:servers!server=alice/lab", &alice_lab, true),
        ("read:servers!server=alice/lab", &alice_default, false),
        ("read:servers!server=alice/", &alice_default, true),
        ("read:servers!server=alice/lab", &alice, false),
        ("read:users", &alice, false),
        ("read:servers!user=alic", &alice, false),
    ];
    for (scope, target, expected) in table {
        assert_eq!(
            grants(&[scope]).covers(&read, target, &members()),
            *expected,
            "{scope} {target:?}"
        );
    }
}

#[test]
fn intersection_resolves_servers_users_and_groups() {
    let table: &[(&str, &str, &[&str])] = &[
        ("proxy", "proxy", &["proxy"]),
        ("proxy", "shutdown", &[]),
        ("tokens", "read:tokens!user=a", &["read:tokens!user=a"]),
        ("read:tokens!user=a", "read:tokens!user=b", &[]),
        (
            "access:servers!server=alice/x",
            "access:servers!user=alice",
            &["access:servers!server=alice/x"],
        ),
        (
            "access:servers!server=alice/x",
            "access:servers!user=bob",
            &[],
        ),
        (
            "access:servers!server=alice/x",
            "access:servers!group=lab",
            &["access:servers!server=alice/x"],
        ),
        (
            "read:tokens!user=alice",
            "read:tokens!group=lab",
            &["read:tokens!user=alice"],
        ),
        ("read:tokens!user=carol", "read:tokens!group=lab", &[]),
        (
            "read:tokens!group=lab",
            "read:tokens!group=lab",
            &["read:tokens!group=lab"],
        ),
        ("read:tokens!group=lab", "read:tokens!group=other", &[]),
    ];
    for (a, b, expected) in table {
        let (a, b) = (grants(&[a]), grants(&[b]));
        assert_eq!(a.intersect(&b, &members()).texts(), *expected);
        assert_eq!(b.intersect(&a, &members()).texts(), *expected);
    }
}

fn any_scope() -> impl Strategy<Value = Scope> {
    let names: Vec<_> = ScopeName::ALL
        .iter()
        .filter(|n| !n.is_meta())
        .cloned()
        .collect();
    let user_names = || prop::sample::select(vec!["alice", "bob", "carol"]);
    let filters = prop_oneof![
        Just(Filter::Unfiltered),
        user_names().prop_map(|n| Filter::User(user(n))),
        prop::sample::select(vec!["lab", "other"]).prop_map(|n| Filter::Group(group(n))),
        (user_names(), prop::sample::select(vec!["", "x"]))
            .prop_map(|(u, s)| Filter::Server(key(u, s))),
        Just(Filter::Service(ServiceName::parse("grader").unwrap())),
    ];
    (prop::sample::select(names), filters).prop_map(|(name, f)| Scope::filtered(name, f))
}

fn any_grants() -> impl Strategy<Value = Grants> {
    vec(any_scope(), 0..12).prop_map(|s| Grants::expand(&s, &Holder::default()))
}

fn every_target() -> Vec<Target> {
    let mut targets = vec![
        Target::Everything,
        Target::Group(group("lab")),
        Target::Group(group("other")),
        Target::Service(ServiceName::parse("grader").unwrap()),
    ];
    for name in ["alice", "bob", "carol"] {
        targets.push(Target::User(user(name)));
        targets.push(Target::Server(key(name, "")));
        targets.push(Target::Server(key(name, "x")));
    }
    targets
}

proptest! {
    #[test]
    fn any_scope_parses_back(scope in any_scope()) {
        prop_assert_eq!(Scope::parse(&scope.to_string()).unwrap(), scope);
    }

    #[test]
    fn expansion_is_idempotent(set in any_grants()) {
        prop_assert_eq!(Grants::expand(&set.scopes(), &Holder::default()), set);
    }

    #[test]
    fn intersection_commutes_and_is_idempotent(a in any_grants(), b in any_grants()) {
        prop_assert_eq!(a.intersect(&b, &members()), b.intersect(&a, &members()));
        prop_assert_eq!(a.intersect(&a, &members()), a);
    }

    #[test]
    fn intersection_never_exceeds_either(a in any_grants(), b in any_grants()) {
        let both = a.intersect(&b, &members());
        for name in ScopeName::ALL {
            for target in every_target() {
                if both.covers(name, &target, &members()) {
                    prop_assert!(a.covers(name, &target, &members()));
                    prop_assert!(b.covers(name, &target, &members()));
                }
            }
        }
        prop_assert!(both.is_within(&a, &members()) && both.is_within(&b, &members()));
    }

    #[test]
    fn more_scopes_never_allow_less(a in any_grants(), b in any_grants(), c in any_grants()) {
        let mut more = a.clone();
        more.extend(&c);
        for name in ScopeName::ALL {
            for target in every_target() {
                if a.covers(name, &target, &members()) {
                    prop_assert!(more.covers(name, &target, &members()));
                }
                if a.intersect(&b, &members()).covers(name, &target, &members()) {
                    prop_assert!(more.intersect(&b, &members()).covers(name, &target, &members()));
                }
            }
        }
    }
}

#[test]
fn what_is_ones_own_is_everybodys_at_most() {
    let table: &[(&[&str], &[&str])] = &[
        (&["read:hub", "inherit", "(no_scope)"], &["read:hub"]),
        (&["tokens!user"], &["read:tokens", "tokens"]),
        (
            &["access:services!service=x"],
            &["access:services!service=x"],
        ),
        (&["read:metrics!server"], &["read:metrics"]),
        (
            &["users:activity!group=lab"],
            &["read:users:activity!group=lab", "users:activity!group=lab"],
        ),
    ];
    for (scopes, expected) in table {
        let scopes: Vec<_> = scopes.iter().map(|s| Scope::parse(s).unwrap()).collect();
        assert_eq!(Grants::of_anybody(&scopes).texts(), *expected);
    }
    let own = Grants::of_anybody(&[Scope::unfiltered(ScopeName::Own)]).texts();
    assert!(own.contains(&"servers".to_owned()), "{own:?}");
}
