use std::collections::BTreeSet;

use super::*;
use crate::domain::{
    names::{GroupName, ServerKey, ServiceName, UserName},
    scope::{CustomScope, CustomScopes, ScopeName, custom::CustomDefinition, texts},
};

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
    let scopes = texts(&server(&lab()));
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

pub(super) fn role_name(name: &str) -> RoleName {
    RoleName::parse(name).unwrap()
}

fn names(roles: &BTreeSet<RoleName>) -> Vec<&str> {
    roles.iter().map(RoleName::as_str).collect()
}

fn scopes(texts: &[&str]) -> Vec<Scope> {
    texts
        .iter()
        .map(|text| Scope::parse(text).unwrap())
        .collect()
}

fn configured(name: &str, scopes_of: Option<&[&str]>) -> ConfiguredRole {
    ConfiguredRole {
        name: role_name(name),
        description: None,
        scopes: scopes_of.map(scopes),
        members: Members::default(),
        user_list: UserList::Absent,
    }
}

fn book(roles: Vec<ConfiguredRole>) -> Result<RoleBook, RoleError> {
    RoleBook::configured(Configured {
        roles,
        ..Configured::default()
    })
}

fn users(names: &[&str]) -> BTreeSet<UserName> {
    let names = names.iter().map(|name| UserName::parse(name).unwrap());
    names.collect()
}

fn group(name: &str) -> GroupName {
    GroupName::parse(name).unwrap()
}

fn plain_alice() -> UserStanding {
    UserStanding::plain(alice(), AdminRole::NotHeld)
}

#[test]
fn default_roles_are_jupyterhubs() {
    let book = RoleBook::default();
    let roles: Vec<_> = book.iter().map(|(role, ..)| role.name.as_str()).collect();
    assert_eq!(roles, ["admin", "server", "token", "user"]);
    let server = book.scopes_of(&RoleName::server()).unwrap();
    assert_eq!(
        texts(&server),
        ["access:servers!server", "users:activity!user"]
    );
    assert_eq!(book.scopes_of(&RoleName::admin()).unwrap().len(), 16);
    assert!(book.iter().all(|(_, origin, _)| origin == Origin::Default));
}

/// Rows of upstream's `test_creating_roles`, `test_duplicate_role_users` and `test_scope_existence`.
#[test]
fn roles_of_a_configuration_are_checked() {
    let undefined = RoleError::UndefinedScope {
        role: role_name("reader"),
        scope: "custom:gone!user".into(),
    };
    let table = [
        (vec![configured("new-role", Some(&["groups"]))], Ok(())),
        (
            vec![
                configured("new-role", Some(&[])),
                configured("new-role", None),
            ],
            Err(RoleError::Duplicate(role_name("new-role"))),
        ),
        (vec![configured("admin", None)], Ok(())),
        (
            vec![configured("admin", Some(&["admin:users"]))],
            Err(RoleError::AdminChanged),
        ),
        (
            vec![ConfiguredRole {
                description: Some("New description".into()),
                ..configured("admin", None)
            }],
            Err(RoleError::AdminChanged),
        ),
        (
            vec![configured("reader", Some(&["custom:gone!user"]))],
            Err(undefined),
        ),
    ];
    for (roles, expected) in table {
        assert_eq!(book(roles).map(|_| ()), expected);
    }
}

#[test]
fn a_configured_role_goes_over_the_default_one() {
    let changed = book(vec![configured("user", Some(&["self", "shutdown"]))]).unwrap();
    let user = changed.find(&RoleName::user()).unwrap();
    assert_eq!(texts(&user.scopes), ["self", "shutdown"]);
    assert_eq!(user.description, "Standard user privileges");
    let grants = changed.grants_of(&Standing::User(plain_alice()));
    assert!(grants.has(&ScopeName::Shutdown));
    let described = book(vec![ConfiguredRole {
        description: Some("Everybody".into()),
        ..configured("user", None)
    }])
    .unwrap();
    let user = described.find(&RoleName::user()).unwrap();
    assert_eq!(
        (user.description.as_str(), texts(&user.scopes)),
        ("Everybody", vec!["self".to_owned()])
    );
}

#[test]
fn what_is_hardly_meant_is_remarked() {
    assert_eq!(
        book(vec![configured("no-permissions", None)])
            .unwrap()
            .remarks(),
        [Remark::NoScopes(role_name("no-permissions"))]
    );
    let extra = |roles| Configured {
        roles,
        extra_user_scopes: scopes(&["access:services"]),
        ..Configured::default()
    };
    let added = RoleBook::configured(extra(vec![])).unwrap();
    assert_eq!(
        texts(&added.scopes_of(&RoleName::user()).unwrap()),
        ["access:services", "self"]
    );
    assert!(added.remarks().is_empty());
    let ignored = extra(vec![configured("user", Some(&["self"]))]);
    let ignored = RoleBook::configured(ignored).unwrap();
    assert_eq!(
        texts(&ignored.scopes_of(&RoleName::user()).unwrap()),
        ["self"]
    );
    assert_eq!(ignored.remarks(), [Remark::ExtraUserScopes]);
}

#[test]
fn members_come_from_the_configuration_and_from_run_time() {
    let mut painter = configured("painter", Some(&["read:groups"]));
    painter.members.users = users(&["alice"]);
    painter.members.groups.insert(group("lab"));
    let grader = ServiceName::parse("grader").unwrap();
    painter.members.services.insert(grader.clone());
    let book = book(vec![painter, configured("plumber", Some(&["proxy"]))]).unwrap();

    assert_eq!(
        names(&book.roles_of_user(&plain_alice())),
        ["painter", "user"]
    );
    let bob = UserStanding {
        name: UserName::parse("bob").unwrap(),
        groups: BTreeSet::from([group("lab")]),
        roles: BTreeSet::from([role_name("plumber"), role_name("gone")]),
        ..plain_alice()
    };
    assert_eq!(names(&book.roles_of_user(&bob)), ["plumber", "user"]);
    let grants = book.grants_of(&Standing::User(bob));
    assert!(grants.has(&ScopeName::ReadGroups) && grants.has(&ScopeName::Proxy));

    let none = BTreeSet::new();
    assert_eq!(
        names(&book.roles_of_group(&group("lab"), &none)),
        ["painter"]
    );
    assert!(book.roles_of_group(&group("other"), &none).is_empty());
    let run_time = BTreeSet::from([role_name("plumber"), role_name("gone")]);
    let roles = book.roles_of_group(&group("lab"), &run_time);
    assert_eq!(names(&roles), ["painter", "plumber"]);

    let grader = ServiceStanding {
        name: grader,
        admin: AdminRole::NotHeld,
        roles: run_time,
    };
    assert_eq!(
        names(&book.roles_of_service(&grader)),
        ["painter", "plumber"]
    );
}

#[test]
fn services_have_no_role_of_their_own() {
    let mut grader = ServiceStanding {
        name: ServiceName::parse("grader").unwrap(),
        admin: AdminRole::NotHeld,
        roles: BTreeSet::new(),
    };
    let book = RoleBook::default();
    assert!(
        book.grants_of(&Standing::Service(grader.clone()))
            .is_empty()
    );
    // A user's role means nothing for a service.
    grader.roles.insert(RoleName::user());
    assert!(
        book.grants_of(&Standing::Service(grader.clone()))
            .is_empty()
    );
    grader.admin = AdminRole::Held;
    assert!(
        book.grants_of(&Standing::Service(grader))
            .has(&ScopeName::AdminUsers)
    );
}

#[test]
fn administrators_are_those_marked_and_those_in_the_role() {
    let mut admin = configured("admin", None);
    admin.members.users = users(&["alice"]);
    let book = book(vec![admin]).unwrap();
    let named = |name: &str, admin| UserStanding::plain(UserName::parse(name).unwrap(), admin);
    assert!(book.is_admin(&named("alice", AdminRole::NotHeld)));
    assert!(book.is_admin(&named("bob", AdminRole::Held)));
    let mut carol = named("carol", AdminRole::NotHeld);
    assert!(!book.is_admin(&carol));
    carol.roles.insert(RoleName::admin());
    assert!(book.is_admin(&carol));
}

/// Upstream's `test_user_role_from_config`, as far as it does not concern the database.
#[test]
fn everybody_is_in_the_role_user_unless_it_has_a_list() {
    let is_user = |list: Option<&[&str]>| {
        let mut user = configured("user", Some(&["self", "shutdown"]));
        if let Some(list) = list {
            user.user_list = UserList::Given;
            user.members.users = users(list);
        }
        let book = book(vec![user]).unwrap();
        book.roles_of_user(&plain_alice())
            .contains(&RoleName::user())
    };
    assert!(is_user(None));
    assert!(!is_user(Some(&[])));
    assert!(is_user(Some(&["alice"])));
    assert!(!is_user(Some(&["bob"])));
}

#[test]
fn roles_of_run_time_come_last_and_go_at_once() {
    let role = |name: &str, texts: &[&str]| Role {
        name: role_name(name),
        description: String::new(),
        scopes: scopes(texts),
    };
    let book = book(vec![configured("painter", Some(&["read:groups"]))]).unwrap();
    let defined = [
        role("painter", &["proxy"]),
        role("user", &["admin:users"]),
        role("plumber", &["shutdown", "custom:gone"]),
    ];
    let later = book.with_run_time(defined);
    assert_eq!(
        later.scopes_of(&role_name("painter")),
        Some(scopes(&["read:groups"]))
    );
    assert_eq!(later.scopes_of(&RoleName::user()), Some(scopes(&["self"])));
    let standing = UserStanding {
        roles: BTreeSet::from([role_name("plumber")]),
        ..plain_alice()
    };
    let standing = Standing::User(standing);
    let grants = later.grants_of(&standing);
    assert!(grants.has(&ScopeName::Shutdown));
    assert!(
        !grants
            .texts()
            .iter()
            .any(|text| text.starts_with("custom:"))
    );
    let removed = later.with_run_time([]);
    assert_eq!(removed, book);
    assert!(!removed.grants_of(&standing).has(&ScopeName::Shutdown));
}

#[test]
fn what_is_shared_counts_in_tokens_too_with_all_it_implies() {
    let shares = scopes(&["servers!server=bob/x", "access:servers!server=bob/"]);
    let standing = UserStanding {
        shares,
        ..plain_alice()
    };
    let book = RoleBook::default();
    let owner = book.grants_of(&Standing::User(standing));
    let bobs = |grants: &Grants| -> Vec<String> {
        let texts = grants.texts().into_iter();
        texts.filter(|text| text.contains("bob/")).collect()
    };
    let expected = [
        "access:servers!server=bob/",
        "delete:servers!server=bob/x",
        "read:servers!server=bob/x",
        "servers!server=bob/x",
        "start:servers!server=bob/x",
    ];
    assert_eq!(bobs(&owner), expected);
    let members = Membership::default();
    let token = |scopes: &[Scope], client: Option<&ClientKind>| {
        book.grants_of_token(scopes, &holder(), &owner, &members, client)
    };
    assert_eq!(bobs(&token(&scopes(&["inherit"]), None)), expected);
    assert_eq!(
        bobs(&token(&scopes(&["read:servers"]), None)),
        ["read:servers!server=bob/x"]
    );
    let client = ClientKind::Server(ServerKey::default_of(UserName::parse("bob").unwrap()));
    assert_eq!(
        bobs(&token(&[], Some(&client))),
        ["access:servers!server=bob/"]
    );
}

/// Rows of upstream's `test_resolve_token_permissions`.
#[test]
fn tokens_are_cut_to_what_their_owner_has() {
    type Texts = &'static [&'static str];
    let table: &[(Texts, Texts, Texts)] = &[
        (
            &["users:activity"],
            &["users:activity"],
            &["read:users:activity", "users:activity"],
        ),
        (
            &["read:users:activity"],
            &["read:users:activity!user"],
            &["read:users:activity!user=alice"],
        ),
        (
            &["read:users:activity"],
            &["read:users:activity!user=otheruser"],
            &["read:users:activity!user=otheruser"],
        ),
        (
            &["read:users:activity!user"],
            &["read:users:activity"],
            &["read:users:activity!user=alice"],
        ),
        (
            &["read:users:activity!user"],
            &["read:users:activity!user=otheruser"],
            &[],
        ),
        (
            &["users!user=x"],
            &["read:users:name"],
            &["read:users:name!user=x"],
        ),
        (
            &["users!user=x", "users!user=y"],
            &["read:users:name!user=x"],
            &["read:users:name!user=x"],
        ),
        (&["users!group=y"], &["users!user=x"], &[]),
        (&["servers!user=y"], &["servers!server=x/"], &[]),
        (
            &["users!group=x", "users!user=y"],
            &["read:users:name!group=x", "read:users!user=y"],
            &[
                "read:users!user=y",
                "read:users:activity!user=y",
                "read:users:groups!user=y",
                "read:users:name!group=x",
                "read:users:name!user=y",
            ],
        ),
        (
            &["users!group=x", "users!user=y"],
            &["read:users:name!group=z", "read:users!user=y"],
            &[
                "read:users!user=y",
                "read:users:activity!user=y",
                "read:users:groups!user=y",
                "read:users:name!user=y",
            ],
        ),
    ];
    let book = RoleBook::default();
    let members = Membership::default();
    for (owned, asked, expected) in table {
        let owner = Grants::expand(&scopes(owned), &holder());
        let token = book.grants_of_token(&scopes(asked), &holder(), &owner, &members, None);
        let beside_identity = |text: &String| {
            !matches!(
                text.as_str(),
                "read:users:name!user=alice" | "read:users:groups!user=alice"
            )
        };
        let token: Vec<_> = token.texts().into_iter().filter(beside_identity).collect();
        assert_eq!(token, *expected, "{asked:?} of {owned:?}");
    }
}

#[test]
fn tokens_of_services_say_which_service_they_are() {
    let grader = ServiceName::parse("grader").unwrap();
    let holder = Holder::service(grader);
    let owner = Grants::expand(&scopes(&["read:services", "list:users"]), &holder);
    let token = RoleBook::default().grants_of_token(
        &scopes(&["list:users", "self", "read:users!user"]),
        &holder,
        &owner,
        &Membership::default(),
        None,
    );
    assert_eq!(
        token.texts(),
        [
            "list:users",
            "read:services:name!service=grader",
            "read:users:name"
        ]
    );
}

#[test]
fn what_a_token_asks_beyond_its_owner_is_told() {
    let owner = grants_of_user(&alice(), AdminRole::NotHeld);
    let table: &[(&[&str], &[&str])] = &[
        (&["inherit"], &[]),
        (
            &["self", "read:users!user", "access:servers!user=alice"],
            &[],
        ),
        (&["inherit", "proxy"], &["proxy"]),
        (
            &["tokens!user=bob"],
            &["tokens!user=bob", "read:tokens!user=bob"],
        ),
    ];
    for (asked, expected) in table {
        let members = Membership::default();
        let asked = scopes(asked);
        let beyond = RoleBook::default().exceeding(&asked, &holder(), &owner, &members);
        let beyond: Vec<_> = beyond.iter().map(Scope::to_string).collect();
        assert_eq!(beyond, *expected);
    }
}

/// Rows of upstream's `test_server_token_scopes`, before they are cut to what the user has, and more.
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
        let chosen = chosen.map(scopes);
        let token = RoleBook::default().server_token_scopes(chosen.as_deref(), &lab());
        assert_eq!(texts(&token), *expected, "{chosen:?}");
    }
}

fn custom(name: &str) -> CustomScope {
    CustomScope::parse(name).unwrap()
}

/// `custom:all` implies `custom:read`; `custom:gone` is not defined.
pub(super) fn some_custom_scopes() -> CustomScopes {
    let definition = |subscopes| CustomDefinition {
        description: "Of the site.".into(),
        subscopes,
    };
    CustomScopes::define([
        (
            custom("custom:all"),
            definition(vec![custom("custom:read")]),
        ),
        (custom("custom:read"), definition(vec![])),
    ])
    .unwrap()
}

#[test]
fn custom_scopes_are_held_with_their_subscopes() {
    let book = RoleBook::configured(Configured {
        extra_user_scopes: scopes(&["custom:all!user"]),
        custom: some_custom_scopes(),
        ..Configured::default()
    })
    .unwrap();
    let owner = book.grants_of(&Standing::User(plain_alice()));
    let asked = scopes(&["custom:all", "custom:gone"]);
    let members = Membership::default();
    let token = book.grants_of_token(&asked, &holder(), &owner, &members, None);
    let held = |grants: &Grants| -> Vec<String> {
        let texts = grants.texts().into_iter();
        texts.filter(|text| text.starts_with("custom:")).collect()
    };
    let expected = ["custom:all!user=alice", "custom:read!user=alice"];
    assert_eq!(held(&owner), expected);
    assert_eq!(held(&token), expected);
}
