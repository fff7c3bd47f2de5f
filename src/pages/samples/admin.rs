//! Samples of the pages of administration.

use std::time::Duration;

use maud::Markup;

use super::{NOW, Texts, ago};
use crate::{
    domain::names::{GroupName, ServiceName},
    pages::{
        admin::{
            groups::{GroupRow, GroupsView, groups_page},
            health::{HealthView, ServiceRow, ServiceState, health_page},
            users::{Choice, RemovalView, ServerRow, UserRow, UsersView, removal_page, users_page},
        },
        home::ServerState,
    },
};

pub(super) fn all(texts: Texts) -> Vec<(&'static str, Markup)> {
    let mut samples = users(texts);
    samples.extend(groups(texts));
    samples.extend(health(texts));
    samples
}

fn users(texts: Texts) -> Vec<(&'static str, Markup)> {
    let class = GroupName::parse("class").unwrap();
    let row = |name: &str, servers| UserRow {
        name: texts.user(name),
        admin: name == "grace",
        groups: vec![class.clone(), GroupName::parse("thesis").unwrap()],
        last_activity: Some(ago(500)),
        servers,
    };
    let server = |user, name, state, memory_bytes| ServerRow {
        key: texts.key(user, name),
        state,
        memory_bytes,
        may_open: user == "grace",
    };
    let running = ServerState::Running {
        since: Some(ago(7_900)),
    };
    let starting = ServerState::Starting {
        since: Some(ago(3)),
    };
    let view = UsersView {
        frame: texts.admin_frame(),
        now: NOW,
        faults: Vec::new(),
        choice: Choice {
            sort: "name".into(),
            ..Choice::default()
        },
        users: vec![
            row(
                "ada",
                vec![
                    server("ada", "", running, Some(851_443_712)),
                    server("ada", "gpu-2", starting, None),
                ],
            ),
            row(
                "grace",
                vec![server("grace", "", running, Some(214_958_080))],
            ),
            UserRow {
                last_activity: None,
                groups: Vec::new(),
                ..row("hedy", Vec::new())
            },
            row(
                "katherine",
                vec![server("katherine", "", ServerState::Stopped, None)],
            ),
        ],
        total: 2_314,
        size: 50,
        may_add: true,
    };
    let refused = UsersView {
        faults: vec![texts.words("ada: No access to resources or resources not found")],
        choice: Choice {
            name_filter: texts.text("a"),
            state: "ready".into(),
            sort: "-last_activity".into(),
            offset: 50,
        },
        total: 54,
        may_add: false,
        ..view.clone()
    };
    let none = UsersView {
        users: Vec::new(),
        total: 0,
        ..refused.clone()
    };
    let removal = RemovalView {
        frame: texts.admin_frame(),
        users: vec![texts.user("ada"), texts.user("hedy")],
    };
    vec![
        ("admin-users", users_page(&view)),
        ("admin-users-refused", users_page(&refused)),
        ("admin-users-none", users_page(&none)),
        ("admin-users-removal", removal_page(&removal)),
    ]
}

fn groups(texts: Texts) -> Vec<(&'static str, Markup)> {
    let row = |name: &str, members: &[&str], count| GroupRow {
        name: GroupName::parse(name).unwrap(),
        members: members.iter().map(|name| texts.user(name)).collect(),
        count,
        may_edit: true,
        may_delete: name == "class",
    };
    let view = GroupsView {
        frame: texts.admin_frame(),
        fault: None,
        groups: vec![
            row("class", &["ada", "hedy", "katherine"], 312),
            row("thesis", &["ada"], 1),
            row("empty", &[], 0),
        ],
        offset: 0,
        total: 21,
        may_create: true,
    };
    let none = GroupsView {
        fault: Some(texts.text("Group class already exists")),
        groups: Vec::new(),
        total: 0,
        may_create: false,
        ..view.clone()
    };
    vec![
        ("admin-groups", groups_page(&view)),
        ("admin-groups-none", groups_page(&none)),
    ]
}

fn health(texts: Texts) -> Vec<(&'static str, Markup)> {
    let row = |name: &str, state| ServiceRow {
        name: ServiceName::parse(name).unwrap(),
        admin: name == "grader",
        url: texts.text("http://127.0.0.1:9000"),
        state,
    };
    let view = HealthView {
        frame: texts.admin_frame(),
        uptime: Duration::from_secs(700_000),
        users: 2_314,
        running: 204,
        moving: 3,
        memory_bytes: 180_000_000_000,
        database_bytes: 12_345_678,
        services: vec![
            row("dashboard", ServiceState::Running),
            row("grader", ServiceState::Elsewhere),
            row("reports", ServiceState::Failed),
            row("wiki", ServiceState::Starting),
        ],
        may_shut_down: true,
        fault: None,
    };
    let few = HealthView {
        services: Vec::new(),
        may_shut_down: false,
        fault: Some(texts.words("The hub is shutting down.")),
        ..view.clone()
    };
    vec![
        ("admin-hub", health_page(&view)),
        ("admin-hub-ending", health_page(&few)),
    ]
}
