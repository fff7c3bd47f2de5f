use std::collections::BTreeSet;

use super::{
    configured_groups::ConfiguredGroup,
    groups::{GroupCreation, MemberOrigin, MembersChange},
    roles::{NamedHolders, RoleChange},
    user_edits::{UserChange, UserEdit},
    user_pages::{Direction, ServersOf, UserOrder, UserQuery},
    users::Login,
    *,
};
use crate::domain::{
    names::{GroupName, UserName},
    role::{AdminRole, Role, RoleName},
    scope::Scope,
    time::Timestamp,
};

fn user(name: &str) -> UserName {
    UserName::parse(name).unwrap()
}

fn group(name: &str) -> GroupName {
    GroupName::parse(name).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn login(name: &str, uid: u32, groups: &[&str]) -> Login {
    Login {
        system_groups: groups.iter().map(|name| group(name)).collect(),
        ..Login::for_test(name, uid, AdminRole::NotHeld, at(20))
    }
}

async fn with_users(names: &[&str]) -> Store {
    let store = Store::in_memory().unwrap();
    let names: Vec<_> = names.iter().map(|name| user(name)).collect();
    let created = store.create_users(names.clone(), AdminRole::NotHeld, at(10));
    assert_eq!(created.await.unwrap(), names);
    store
}

fn everybody() -> UserQuery {
    UserQuery {
        only: None,
        except: BTreeSet::new(),
        part_of_name: String::new(),
        order: UserOrder::Added(Direction::Ascending),
        offset: 0,
        limit: 200,
        servers_of: ServersOf::Only(BTreeSet::new()),
    }
}

async fn list(store: &Store, query: UserQuery) -> (Vec<String>, u64) {
    let page = store.page_of_users(query).await.unwrap();
    let names = page.users.iter().map(|found| found.user.name.to_string());
    (names.collect(), page.total)
}

async fn groups_of(store: &Store, name: &str) -> Vec<(String, MemberOrigin)> {
    let found = store.find_user_details(&user(name)).await.unwrap().unwrap();
    let groups = found.groups.iter().cloned();
    groups
        .map(|(name, origin)| (name.to_string(), origin))
        .collect()
}

#[tokio::test]
async fn a_page_is_narrowed_sorted_and_counted() {
    let store = with_users(&["carol", "alice", "Bob", "dan"]).await;
    store.record_login(login("alice", 1001, &[])).await.unwrap();
    let names = |names: &[&str]| names.iter().map(|name| user(name)).collect();
    let table: Vec<(UserQuery, &[&str], u64)> = vec![
        (everybody(), &["carol", "alice", "Bob", "dan"], 4),
        (
            UserQuery {
                offset: 1,
                limit: 2,
                ..everybody()
            },
            &["alice", "Bob"],
            4,
        ),
        (
            UserQuery {
                order: UserOrder::Name(Direction::Descending),
                ..everybody()
            },
            &["dan", "carol", "alice", "Bob"],
            4,
        ),
        (
            UserQuery {
                order: UserOrder::LastActivity(Direction::Descending),
                limit: 1,
                ..everybody()
            },
            &["alice"],
            4,
        ),
        (
            UserQuery {
                part_of_name: "O".into(),
                limit: 1,
                ..everybody()
            },
            &["carol"],
            2,
        ),
        (
            UserQuery {
                part_of_name: "o".into(),
                ..everybody()
            },
            &["carol", "Bob"],
            2,
        ),
        (
            UserQuery {
                part_of_name: "%".into(),
                ..everybody()
            },
            &[],
            0,
        ),
        (
            UserQuery {
                offset: 3,
                ..everybody()
            },
            &["dan"],
            4,
        ),
        (
            UserQuery {
                offset: 9,
                ..everybody()
            },
            &[],
            4,
        ),
        (
            UserQuery {
                only: Some(names(&["dan", "Bob", "nobody"])),
                ..everybody()
            },
            &["Bob", "dan"],
            2,
        ),
        (
            UserQuery {
                only: Some(names(&["dan", "Bob"])),
                except: names(&["Bob"]),
                part_of_name: "a".into(),
                ..everybody()
            },
            &["dan"],
            1,
        ),
        (
            UserQuery {
                except: names(&["alice", "dan", "nobody"]),
                order: UserOrder::Name(Direction::Ascending),
                ..everybody()
            },
            &["Bob", "carol"],
            2,
        ),
        (
            UserQuery {
                only: Some(BTreeSet::new()),
                ..everybody()
            },
            &[],
            0,
        ),
    ];
    for (query, expected, total) in table {
        let (found, counted) = list(&store, query.clone()).await;
        assert_eq!(found, expected, "{query:?}");
        assert_eq!(counted, total, "{query:?}");
    }
    store.delete_user(&user("dan")).await.unwrap();
    assert_eq!(list(&store, everybody()).await.1, 3, "the total is kept");
}

#[tokio::test]
async fn each_user_of_a_page_has_what_is_theirs() {
    let store = with_users(&["alice", "bob"]).await;
    let made = store.create_groups(vec![group("lab"), group("class")], vec![user("bob")], at(1));
    assert_eq!(made.await.unwrap(), GroupCreation::Done);
    let give = UserEdit {
        give: vec![RoleName::parse("grader").unwrap()],
        ..UserEdit::default()
    };
    store.edit_user(&user("alice"), give).await.unwrap();
    let query = UserQuery {
        servers_of: ServersOf::Only([user("bob")].into()),
        ..everybody()
    };
    let page = store.page_of_users(query).await.unwrap();
    let [alice, bob] = page.users.as_slice() else {
        panic!("{page:?}");
    };
    assert_eq!(alice.roles, [RoleName::parse("grader").unwrap()].into());
    assert!(alice.groups.is_empty() && alice.servers.is_empty());
    let groups: Vec<_> = bob.groups.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(groups, ["class", "lab"]);
    assert!(bob.roles.is_empty());
    assert_eq!(bob.servers.len(), 1, "everybody has a default server");
}

#[tokio::test]
async fn a_change_that_cannot_be_made_changes_nothing() {
    let store = with_users(&["alice", "bob"]).await;
    let names = vec![group("lab"), group("class")];
    let members = vec![user("alice"), user("nobody")];
    let refused = store
        .create_groups(names.clone(), members.clone(), at(1))
        .await;
    assert_eq!(refused.unwrap(), GroupCreation::NoSuchUser(user("nobody")));
    assert_eq!(store.find_group(&group("lab")).await.unwrap(), None);
    store
        .create_groups(vec![group("class")], vec![], at(1))
        .await
        .unwrap();
    let refused = store.create_groups(names, vec![], at(1)).await;
    assert_eq!(refused.unwrap(), GroupCreation::Exists(group("class")));
    assert_eq!(store.find_group(&group("lab")).await.unwrap(), None);
    let refused = store.add_members(&group("class"), members).await;
    assert_eq!(refused.unwrap(), MembersChange::NoSuchUser(user("nobody")));
    let class = store.find_group(&group("class")).await.unwrap().unwrap();
    assert_eq!(class.users, vec![]);
    let edit = UserEdit {
        name: Some(user("bob")),
        admin: Some(AdminRole::Held),
        join: vec![group("class")],
        ..UserEdit::default()
    };
    let refused = store.edit_user(&user("alice"), edit.clone()).await;
    assert_eq!(refused.unwrap(), UserChange::NameTaken);
    let edit = UserEdit {
        name: None,
        join: vec![group("class"), group("lab")],
        ..edit
    };
    let refused = store.edit_user(&user("alice"), edit).await;
    assert_eq!(refused.unwrap(), UserChange::NoSuchGroup(group("lab")));
    let alice = store.find_user(&user("alice")).await.unwrap().unwrap();
    assert_eq!(alice.admin, AdminRole::NotHeld);
    assert_eq!(groups_of(&store, "alice").await, []);
    let role = Role {
        name: RoleName::parse("grader").unwrap(),
        description: String::new(),
        scopes: vec![Scope::parse("read:hub").unwrap()],
    };
    let holders = NamedHolders {
        users: Some(vec![user("alice")]),
        groups: Some(vec![group("lab")]),
        services: None,
    };
    let refused = store.put_role(role, holders, at(1)).await.unwrap();
    assert_eq!(refused, RoleChange::NoSuchGroup(group("lab")));
    assert_eq!(store.list_roles().await.unwrap(), vec![]);
}

#[tokio::test]
async fn groups_of_the_system_are_mirrored_at_each_login() {
    let store = with_users(&["alice"]).await;
    let by_hand = store.create_groups(
        vec![group("lab"), group("staff")],
        vec![user("alice")],
        at(1),
    );
    by_hand.await.unwrap();
    let mirrored = async |groups: &[&str]| {
        store
            .record_login(login("alice", 1001, groups))
            .await
            .unwrap();
        groups_of(&store, "alice").await
    };
    let (api, system) = (MemberOrigin::Api, MemberOrigin::System);
    let entry = |name: &str, origin| (name.to_owned(), origin);
    assert_eq!(
        mirrored(&["class", "lab"]).await,
        [
            entry("class", system),
            entry("lab", api),
            entry("staff", api)
        ],
        "who was put there by hand stays so"
    );
    assert_eq!(
        mirrored(&["course"]).await,
        [
            entry("course", system),
            entry("lab", api),
            entry("staff", api)
        ]
    );
    assert_eq!(
        mirrored(&[]).await,
        [entry("lab", api), entry("staff", api)]
    );
    // Another account of the name is in nothing of the old one's.
    mirrored(&["class"]).await;
    store
        .record_login(login("alice", 2002, &["course"]))
        .await
        .unwrap();
    assert_eq!(groups_of(&store, "alice").await, [entry("course", system)]);
}

#[tokio::test]
async fn what_the_configuration_gives_a_name_stays_with_the_name() {
    let store = with_users(&[]).await;
    let lab = ConfiguredGroup {
        name: group("lab"),
        properties: None,
        users: [user("alice")].into(),
    };
    store
        .take_configured_groups(vec![lab], at(5))
        .await
        .unwrap();
    for uid in [1001, 2002] {
        store.record_login(login("alice", uid, &[])).await.unwrap();
        let origin = MemberOrigin::Configuration;
        assert_eq!(
            groups_of(&store, "alice").await,
            [("lab".to_owned(), origin)]
        );
    }
}

/// What a page costs must follow what is on it, not who comes after it.
#[tokio::test]
async fn lists_do_not_look_at_users_behind_the_page() {
    let store = with_users(&["alice"]).await;
    for order in [
        UserOrder::Added(Direction::Ascending),
        UserOrder::Added(Direction::Descending),
        UserOrder::Name(Direction::Ascending),
        UserOrder::Name(Direction::Descending),
        UserOrder::LastActivity(Direction::Ascending),
        UserOrder::LastActivity(Direction::Descending),
    ] {
        let plan = store
            .plan_of_page_for_test(UserQuery {
                order,
                ..everybody()
            })
            .await;
        assert!(
            !plan.contains("TEMP B-TREE FOR ORDER BY"),
            "{order:?}: {plan}"
        );
    }
}
