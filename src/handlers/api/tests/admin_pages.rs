//! The pages of administration: who gets them, and what each can see and do there.

use http::Method;

use super::world::{Answer, World, get, key, read, request, user};
use crate::{
    domain::{access::Caller, names::GroupName},
    handlers::html::admin::{self, groups, health, users},
};

async fn list(world: &World, who: Option<Caller>, query: &str) -> Answer {
    let ctx = world.context(who, &[]);
    let request = get(&format!("/hub/admin/users?{query}"));
    read(users::show_users(&ctx, request).await).await
}

async fn act(world: &World, who: Option<Caller>, body: &str) -> Answer {
    let ctx = world.context(who, &[]);
    let request = request(Method::POST, "/hub/admin/users", body);
    read(users::change_users(&ctx, request).await).await
}

async fn group(world: &World, who: Option<Caller>, body: &str) -> Answer {
    let ctx = world.context(who, &[]);
    let request = request(Method::POST, "/hub/admin/groups", body);
    read(groups::change_groups(&ctx, request).await).await
}

fn shows(page: &Answer, name: &str) -> bool {
    page.text.contains(&format!("<tr data-user=\"{name}\""))
}

#[tokio::test]
async fn only_those_with_admin_ui_get_these_pages() {
    let world = World::new().await;
    for (who, status) in [(None, 302), (world.session("alice").await, 403)] {
        let ctx = world.context(who.clone(), &[]);
        let pages = [
            read(admin::lead_on(&ctx, get("/hub/admin")).await).await,
            read(users::show_users(&ctx, get("/hub/admin/users")).await).await,
            read(groups::show_groups(&ctx, get("/hub/admin/groups")).await).await,
            read(health::show_health(&ctx, get("/hub/admin/hub")).await).await,
        ];
        for page in pages {
            assert_eq!(page.status, status, "{}", page.text);
        }
        let forms = [
            act(&world, who.clone(), "do=stop&user=bob").await,
            group(&world, who, "do=create&group=x").await,
            read(health::shut_down(&ctx, request(Method::POST, "/", "sure=yes")).await).await,
        ];
        for form in forms {
            assert_eq!(form.status, 403, "{}", form.text);
        }
    }
    assert!(!world.parts.end.is_cancelled());
}

#[tokio::test]
async fn users_are_searched_and_sorted_by_the_hub() {
    let world = World::new().await;
    let boss = world.session("boss").await;
    act(&world, boss.clone(), "do=add&names=amy").await;
    let all = list(&world, boss.clone(), "").await;
    assert!(all.text.contains("1–4 of 4"));
    let place = |page: &Answer, name: &str| {
        let row = format!("<tr data-user=\"{name}\"");
        page.text.find(&row).unwrap()
    };
    assert!(place(&all, "alice") < place(&all, "amy"));
    assert!(place(&all, "amy") < place(&all, "bob"));
    assert!(place(&all, "bob") < place(&all, "boss"));
    let some = list(&world, boss.clone(), "name_filter=BO&sort=-name").await;
    assert!(!shows(&some, "alice"));
    assert!(place(&some, "boss") < place(&some, "bob"));
    let active = list(&world, boss.clone(), "state=active").await;
    assert!(active.text.contains("There are no such users."));
    for query in ["state=odd", "sort=odd"] {
        assert_eq!(
            list(&world, boss.clone(), query).await.status,
            400,
            "{query}"
        );
    }
}

#[tokio::test]
async fn whoever_may_list_a_group_sees_that_group_only() {
    let world = World::new().await;
    world.group("class", &["bob"]).await;
    world
        .give_roles(
            "alice",
            &[
                "admin-ui",
                "list:users!group=class",
                "delete:servers!group=class",
            ],
        )
        .await;
    let alice = world.session("alice").await;
    let page = list(&world, alice.clone(), "").await;
    assert!(shows(&page, "bob") && !shows(&page, "alice") && !shows(&page, "boss"));
    assert!(page.text.contains("1–1 of 1"));
    assert!(!page.text.contains("Add users"));
    let allowed = act(&world, alice.clone(), "do=stop&user=bob&state=ready").await;
    assert_eq!(allowed.header("location"), "/hub/admin/users?state=ready");
    for what in ["stop", "start", "make-admin", "unmake-admin", "remove-now"] {
        let refused = act(&world, alice.clone(), &format!("do={what}&user=boss")).await;
        assert_eq!(refused.status, 400, "{what}");
        assert!(refused.text.contains("boss: "), "{what}: {}", refused.text);
    }
    let boss = world
        .parts
        .hub
        .store
        .find_user(&user("boss"))
        .await
        .unwrap();
    assert!(boss.is_some());
    let added = act(&world, alice, "do=add&names=eve").await;
    assert_eq!(added.status, 400);
}

#[tokio::test]
async fn users_are_added_made_administrators_and_removed() {
    let world = World::new().await;
    let boss = world.session("boss").await;
    let store = &world.parts.hub.store;
    let added = act(&world, boss.clone(), "do=add&names=carol,+dave&admin=yes").await;
    assert_eq!(added.header("location"), "/hub/admin/users");
    for name in ["carol", "dave"] {
        let found = store.find_user(&user(name)).await.unwrap().unwrap();
        assert_eq!(found.admin, crate::domain::role::AdminRole::Held, "{name}");
    }
    act(&world, boss.clone(), "do=unmake-admin&user=carol&user=dave").await;
    let found = store.find_user(&user("dave")).await.unwrap().unwrap();
    assert_eq!(found.admin, crate::domain::role::AdminRole::NotHeld);

    let asked = act(&world, boss.clone(), "do=remove&user=carol&user=dave").await;
    assert!(asked.text.contains("Remove these users?"));
    assert!(store.find_user(&user("carol")).await.unwrap().is_some());
    let removed = act(&world, boss.clone(), "do=remove-now&user=carol&user=dave").await;
    assert_eq!(removed.status, 302);
    assert!(store.find_user(&user("carol")).await.unwrap().is_none());

    let table = [
        ("do=stop", "Tick somebody first."),
        ("do=remove-now&user=boss", "boss: Cannot delete yourself!"),
        ("do=start&user=nobody", "nobody: No such user: nobody"),
        ("do=add&names=alice", "already exist"),
        ("do=add&names=", "Enter at least one name."),
    ];
    for (body, reason) in table {
        let refused = act(&world, boss.clone(), body).await;
        assert_eq!(refused.status, 400, "{body}");
        assert!(refused.text.contains(reason), "{body}: {}", refused.text);
    }
}

#[tokio::test]
async fn several_servers_are_started_at_once() {
    let world = World::new().await;
    let boss = world.session("boss").await;
    let started = act(&world, boss.clone(), "do=start&user=alice&user=bob").await;
    assert_eq!(started.status, 302);
    for name in ["alice", "bob"] {
        assert!(
            world.parts.hub.servers.follow(&key(name, "")).is_some(),
            "{name}"
        );
    }
}

#[tokio::test]
async fn groups_are_made_filled_emptied_and_removed() {
    let world = World::new().await;
    let boss = world.session("boss").await;
    let store = &world.parts.hub.store;
    let class = GroupName::parse("class").unwrap();
    let members = || async {
        let found = store.find_group(&class).await.unwrap();
        found.map(|group| group.users)
    };
    for (body, expected) in [
        ("do=create&group=class", Some(vec![])),
        (
            "do=add&group=class&names=alice+bob",
            Some(vec![user("alice"), user("bob")]),
        ),
        (
            "do=take-out&group=class&names=alice",
            Some(vec![user("bob")]),
        ),
        ("do=remove&group=class", None),
    ] {
        let done = group(&world, boss.clone(), body).await;
        assert_eq!(
            done.header("location"),
            "/hub/admin/groups",
            "{body}: {}",
            done.text
        );
        assert_eq!(members().await, expected, "{body}");
    }
    for (body, status, reason) in [
        (
            "do=add&group=class&names=alice",
            404,
            "No such group: class",
        ),
        ("do=create&group=", 400, "cannot be the name of a group"),
        ("do=odd&group=class", 400, "does not say what to do"),
    ] {
        let refused = group(&world, boss.clone(), body).await;
        assert_eq!(refused.status, status, "{body}");
        assert!(refused.text.contains(reason), "{body}: {}", refused.text);
    }
}

#[tokio::test]
async fn a_group_is_changed_by_those_only_who_may() {
    let world = World::new().await;
    world.group("class", &["bob"]).await;
    world.group("other", &["boss"]).await;
    world
        .give_roles(
            "alice",
            &[
                "admin-ui",
                "list:groups!group=class",
                "groups!group=class",
                "read:groups!group=class",
            ],
        )
        .await;
    let alice = world.session("alice").await;
    let ctx = world.context(alice.clone(), &[]);
    let page = read(groups::show_groups(&ctx, get("/hub/admin/groups")).await).await;
    assert!(page.text.contains(">class</h2>") && !page.text.contains(">other</h2>"));
    assert!(!page.text.contains("A new group"));
    let allowed = group(&world, alice.clone(), "do=add&group=class&names=alice").await;
    assert_eq!(allowed.status, 302);
    for body in [
        "do=add&group=other&names=alice",
        "do=remove&group=class",
        "do=create&group=mine",
    ] {
        let refused = group(&world, alice.clone(), body).await;
        assert!(
            matches!(refused.status.as_u16(), 403 | 404),
            "{body}: {}",
            refused.status
        );
    }
}

#[tokio::test]
async fn the_hub_ends_only_for_somebody_who_is_sure() {
    let world = World::new().await;
    let boss = world.session("boss").await;
    let ctx = world.context(boss, &[]);
    let shown = read(health::show_health(&ctx, get("/hub/admin/hub")).await).await;
    assert!(
        shown.text.contains("<dt>Users</dt><dd>3</dd>"),
        "{}",
        shown.text
    );
    let unsure = read(health::shut_down(&ctx, request(Method::POST, "/", "servers=yes")).await);
    assert_eq!(unsure.await.status, 400);
    assert!(!world.parts.end.is_cancelled());
    let ended = read(health::shut_down(&ctx, request(Method::POST, "/", "sure=yes")).await).await;
    assert_eq!(ended.status, 202);
    assert!(world.parts.end.is_cancelled());
}
