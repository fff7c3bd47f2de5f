use proptest::{collection::vec, prelude::*};

use super::*;
use crate::domain::{names::ServerName, scope::arbitrary};

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

/// Rows of upstream's `test_get_expanded_scopes`.
#[test]
fn scopes_of_roles_expand_as_jupyterhubs() {
    let table: &[(&[&str], &[&str])] = &[
        (
            &["admin:users"],
            &[
                "admin:auth_state",
                "admin:users",
                "delete:users",
                "list:users",
                "read:roles:users",
                "read:users",
                "read:users:activity",
                "read:users:groups",
                "read:users:name",
                "users",
                "users:activity",
            ],
        ),
        (
            &["users"],
            &[
                "list:users",
                "read:users",
                "read:users:activity",
                "read:users:groups",
                "read:users:name",
                "users",
                "users:activity",
            ],
        ),
        (
            &["admin:groups", "read:servers"],
            &[
                "admin:groups",
                "delete:groups",
                "groups",
                "list:groups",
                "read:groups",
                "read:groups:name",
                "read:roles:groups",
                "read:servers",
                "read:users:name",
            ],
        ),
        (
            &["tokens!group=hobbits"],
            &["read:tokens!group=hobbits", "tokens!group=hobbits"],
        ),
        (
            &["admin:services"],
            &[
                "admin:services",
                "list:services",
                "read:roles:services",
                "read:services",
                "read:services:name",
            ],
        ),
    ];
    for (scopes, expected) in table {
        assert_eq!(grants(scopes).texts(), *expected);
    }
}

/// Rows of upstream's `test_expand_scopes`.
#[test]
fn filters_without_a_value_are_spelt_out_for_the_holder() {
    let owner = Holder::user(user("alice"));
    let server = ClientKind::Server(key("alice", "salmon"));
    let service = ClientKind::Service(ServiceName::parse("x").unwrap());
    let table: &[(&str, &ClientKind, &[&str])] = &[
        (
            "read:users:name!user",
            &service,
            &["read:users:name!user=alice"],
        ),
        (
            "users:activity!user",
            &service,
            &[
                "read:users:activity!user=alice",
                "users:activity!user=alice",
            ],
        ),
        (
            "access:services!service",
            &service,
            &["access:services!service=x"],
        ),
        (
            "access:servers!server",
            &server,
            &["access:servers!server=alice/salmon"],
        ),
        ("access:servers!server", &service, &[]),
        ("access:services!service", &server, &[]),
    ];
    for (scope, client, expected) in table {
        let scope = Scope::parse(scope).unwrap();
        let expanded = Grants::expand([&scope], &owner.through(client));
        assert_eq!(expanded.texts(), *expected, "{scope}");
    }
}

/// Rows of upstream's `test_intersect_expanded_scopes` and `test_intersect_groups`; `ux` is in the group
/// `gx`, and `uy` in `gy`.
#[test]
fn sets_intersect_as_jupyterhubs() {
    let mut members = Membership::default();
    members.insert(group("gx"), user("ux"));
    members.insert(group("gy"), user("uy"));
    type Texts = &'static [&'static str];
    let table: &[(Texts, Texts, Texts)] = &[
        (&[], &[], &[]),
        (&[], &["users"], &[]),
        (&["users!user=x", "users!group=y"], &[], &[]),
        (
            &["users!user=x", "users!user=y", "users!group=y"],
            &["users!user=x"],
            &["users!user=x"],
        ),
        (
            &["users!user=x", "users!group=y"],
            &["users!user=x", "users!group=y", "users!user=z"],
            &["users!group=y", "users!user=x"],
        ),
        (&["users!group=y", "users!user=z"], &["users!user=x"], &[]),
        (
            &["users!group=y", "users!user=z"],
            &["users!server=x/y"],
            &[],
        ),
        (
            &["users!group=y", "users!user=x"],
            &["users!server=x/y"],
            &["users!server=x/y"],
        ),
        (
            &["users!user=abc"],
            &["users!server=abc/xyz"],
            &["users!server=abc/xyz"],
        ),
        (&["users!user=abc"], &["users!server=abcd/xyz"], &[]),
        (&["users!group=gx"], &["users!user=ux"], &["users!user=ux"]),
        (&["users!group=gx"], &["users!user=nosuchuser"], &[]),
        (
            &["users!group=gx"],
            &["users!server=nosuchuser/server"],
            &[],
        ),
        (
            &["users!group=gx"],
            &["users!server=ux/server", "users!user=uy"],
            &["users!server=ux/server"],
        ),
        (
            &["users!group=gy"],
            &["users!server=ux/server", "users!user=uy"],
            &["users!user=uy"],
        ),
        (
            &["users!server=ux/server", "users!group=gy"],
            &["users!server=uy/server", "users!user=ux"],
            &["users!server=ux/server", "users!server=uy/server"],
        ),
        (
            &["users!user=ux", "users!group=gy"],
            &["users!user=uy", "users!group=gx"],
            &["users!user=ux", "users!user=uy"],
        ),
        (
            &["users!service=a", "users!service=b"],
            &["users!service=b", "users!service=c"],
            &["users!service=b"],
        ),
    ];
    let about = |texts: Vec<String>| -> Vec<String> {
        let of_users = |text: &String| text.starts_with("users!");
        texts.into_iter().filter(of_users).collect()
    };
    for (left, right, expected) in table {
        let (a, b) = (grants(left), grants(right));
        assert_eq!(about(a.intersect(&b, &members).texts()), *expected);
        assert_eq!(about(b.intersect(&a, &members).texts()), *expected);
    }
}

#[test]
fn what_goes_beyond_another_set_is_told() {
    let held = grants(&["read:users!group=lab", "tokens!user=alice"]);
    let asked = grants(&["read:users:name!user=bob", "tokens", "proxy"]);
    let beyond = asked.beyond(&held, &members());
    let beyond: Vec<_> = beyond.iter().map(Scope::to_string).collect();
    assert_eq!(beyond, ["tokens", "read:tokens", "proxy"]);
    // Alice is in the lab, so that to name her beside it adds nothing.
    let lab = grants(&["read:users!group=lab"]);
    let twice = grants(&["read:users!group=lab", "read:users!user=alice"]);
    assert!(twice.is_within(&lab, &members()) && lab.is_within(&twice, &members()));
    assert!(!twice.is_within(&lab, &Membership::default()));
}

#[test]
fn groups_in_filters_are_those_whose_members_matter() {
    let held = grants(&["read:users!group=lab", "tokens!user=alice", "proxy"]);
    assert_eq!(held.groups_in_filters(), BTreeSet::from([group("lab")]));
    assert!(grants(&["self", "users"]).groups_in_filters().is_empty());
}

fn any_grants() -> impl Strategy<Value = Grants> {
    vec(arbitrary::expanded_scope(), 0..12).prop_map(|s| Grants::expand(&s, &Holder::default()))
}

/// Tells whether everything in `a` is in `b`, asked one question at a time.
fn covers_no_more(a: &Grants, b: &Grants, members: &Membership) -> bool {
    let targets = arbitrary::targets();
    arbitrary::names().iter().all(|name| {
        let questions = targets.iter();
        let mut covered = questions.filter(|target| a.covers(name, target, members));
        covered.all(|target| b.covers(name, target, members))
    })
}

proptest! {
    #[test]
    fn any_scope_parses_back(scope in arbitrary::scope()) {
        prop_assert_eq!(Scope::parse(&scope.to_string()).unwrap(), scope);
    }

    #[test]
    fn expansion_is_idempotent(scopes in arbitrary::scopes(), holder in arbitrary::holder()) {
        let once = Grants::expand(&scopes, &holder);
        prop_assert_eq!(&Grants::expand(&once.scopes(), &holder), &once);
        prop_assert_eq!(&Grants::expand(&once.scopes(), &Holder::default()), &once);
    }

    #[test]
    fn expansion_is_monotone(
        fewer in arbitrary::scopes(),
        more in arbitrary::scopes(),
        holder in arbitrary::holder(),
    ) {
        let before = Grants::expand(&fewer, &holder);
        let after = Grants::expand(fewer.iter().chain(&more), &holder);
        prop_assert!(covers_no_more(&before, &after, &members()));
        prop_assert!(before.is_within(&after, &members()));
    }

    #[test]
    fn intersection_commutes_and_is_idempotent(a in any_grants(), b in any_grants()) {
        prop_assert_eq!(a.intersect(&b, &members()), b.intersect(&a, &members()));
        prop_assert_eq!(a.intersect(&a, &members()), a);
    }

    #[test]
    fn intersection_never_exceeds_either(
        a in any_grants(),
        b in any_grants(),
        members in arbitrary::membership(),
    ) {
        let both = a.intersect(&b, &members);
        prop_assert!(covers_no_more(&both, &a, &members));
        prop_assert!(covers_no_more(&both, &b, &members));
        prop_assert!(both.is_within(&a, &members) && both.is_within(&b, &members));
    }

    /// Whoever is in two groups is lost where scopes for one meet scopes for the other (RB-16), so the
    /// order of three sets matters then; with one group it does not.
    #[test]
    fn intersection_is_associative_but_for_those_in_two_groups(
        a in any_grants(),
        b in any_grants(),
        c in any_grants(),
    ) {
        let left = a.intersect(&b, &members()).intersect(&c, &members());
        let right = a.intersect(&b.intersect(&c, &members()), &members());
        prop_assert!(covers_no_more(&left, &right, &members()));
        prop_assert!(covers_no_more(&right, &left, &members()));
    }

    #[test]
    fn more_scopes_never_allow_less(a in any_grants(), b in any_grants(), c in any_grants()) {
        let mut more = a.clone();
        more.extend(&c);
        prop_assert!(covers_no_more(&a, &more, &members()));
        let (before, after) = (a.intersect(&b, &members()), more.intersect(&b, &members()));
        prop_assert!(covers_no_more(&before, &after, &members()));
    }

    #[test]
    fn what_is_within_covers_no_more(
        a in any_grants(),
        b in any_grants(),
        members in arbitrary::membership(),
    ) {
        if a.is_within(&b, &members) {
            prop_assert!(covers_no_more(&a, &b, &members));
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
