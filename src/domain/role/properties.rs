//! What holds for all books, standings and tokens.

use proptest::{
    collection::{btree_set, vec},
    option,
    prelude::*,
    sample::select,
};

use super::{
    tests::{role_name, some_custom_scopes},
    *,
};
use crate::domain::scope::{ScopeName, arbitrary};

fn any_role_name() -> impl Strategy<Value = RoleName> {
    select(vec!["user", "admin", "one", "two", "gone"]).prop_map(role_name)
}

fn any_role() -> impl Strategy<Value = Role> {
    (any_role_name(), arbitrary::scopes()).prop_map(|(name, scopes)| Role {
        name,
        description: String::new(),
        scopes,
    })
}

fn any_configured_role() -> impl Strategy<Value = ConfiguredRole> {
    let members = (
        btree_set(arbitrary::user(), 0..3),
        btree_set(arbitrary::group(), 0..2),
        btree_set(arbitrary::service(), 0..2),
    );
    let name = select(vec!["user", "one", "three"]);
    let user_list = select(vec![UserList::Given, UserList::Absent]);
    (name, option::of(arbitrary::scopes()), members, user_list).prop_map(
        |(name, scopes, (users, groups, services), user_list)| ConfiguredRole {
            name: role_name(name),
            description: None,
            scopes,
            members: Members {
                users,
                groups,
                services,
            },
            user_list,
        },
    )
}

fn any_book() -> impl Strategy<Value = RoleBook> {
    let configured = (
        any_configured_role(),
        arbitrary::scopes().prop_map(|scopes| {
            let custom = some_custom_scopes();
            let defined = scopes.into_iter().filter(|s| custom.is_defined(&s.name));
            defined.collect()
        }),
    );
    (configured, vec(any_role(), 0..4)).prop_map(|((mut role, extra_user_scopes), later)| {
        let custom = some_custom_scopes();
        if let Some(scopes) = &mut role.scopes {
            scopes.retain(|scope| custom.is_defined(&scope.name));
        }
        let configured = Configured {
            roles: vec![role],
            extra_user_scopes,
            custom,
        };
        RoleBook::configured(configured)
            .unwrap()
            .with_run_time(later)
    })
}

fn any_standing() -> impl Strategy<Value = Standing> {
    let admin = || any::<bool>().prop_map(AdminRole::of);
    let roles = || btree_set(any_role_name(), 0..3);
    let user = (
        (
            arbitrary::user(),
            admin(),
            btree_set(arbitrary::group(), 0..2),
        ),
        (roles(), roles(), arbitrary::scopes()),
    );
    let user = user.prop_map(|((name, admin, groups), (roles, group_roles, shares))| {
        Standing::User(UserStanding {
            name,
            admin,
            groups,
            roles,
            group_roles,
            shares,
        })
    });
    let service = (arbitrary::service(), admin(), roles());
    let service = service
        .prop_map(|(name, admin, roles)| Standing::Service(ServiceStanding { name, admin, roles }));
    prop_oneof![3 => user, 1 => service]
}

fn any_client() -> impl Strategy<Value = Option<ClientKind>> {
    option::of(prop_oneof![
        arbitrary::server().prop_map(ClientKind::Server),
        arbitrary::service().prop_map(ClientKind::Service),
    ])
}

proptest! {
    #[test]
    fn no_token_goes_beyond_its_owner(
        book in any_book(),
        standing in any_standing(),
        asked in arbitrary::scopes(),
        client in any_client(),
        members in arbitrary::membership(),
    ) {
        let owner = book.grants_of(&standing);
        let holder = standing.holder();
        let token = book.grants_of_token(&asked, &holder, &owner, &members, client.as_ref());
        prop_assert!(token.is_within(&owner, &members));
        for name in arbitrary::names() {
            for target in arbitrary::targets() {
                if token.covers(&name, &target, &members) {
                    prop_assert!(owner.covers(&name, &target, &members));
                }
            }
        }
        // Whatever is granted was asked for, or comes with every token.
        let all = asked.iter().any(|scope| scope.name == ScopeName::Inherit);
        let exceeding = book.exceeding(&token.scopes(), &holder, &owner, &members);
        prop_assert!(exceeding.is_empty());
        prop_assert!(!all || token == owner);
    }

    #[test]
    fn without_its_roles_and_shares_a_standing_allows_no_more(
        book in any_book(),
        standing in any_standing(),
        members in arbitrary::membership(),
    ) {
        let Standing::User(user) = standing else { return Ok(()) };
        let plain = UserStanding::plain(user.name.clone(), user.admin);
        let before = book.grants_of(&Standing::User(plain));
        let after = book.grants_of(&Standing::User(user));
        prop_assert!(before.is_within(&after, &members));
    }

    #[test]
    fn without_roles_of_run_time_a_book_allows_no_more(
        book in any_book(),
        standing in any_standing(),
        members in arbitrary::membership(),
    ) {
        let fewer = book.with_run_time([]).grants_of(&standing);
        prop_assert!(fewer.is_within(&book.grants_of(&standing), &members));
    }
}
