//! Administration of users: a part of them with their servers, and what can be done to those picked.

use maud::{Markup, html};

use super::nav;
use crate::{
    assets,
    domain::{
        names::{GroupName, ServerKey, UserName},
        time::Timestamp,
    },
    pages::{
        bidi::isolated,
        forms,
        frame::{Frame, Page, framed},
        home::ServerState,
        live::{self, IsMoving},
        times,
        words::{Text, amounts, text},
    },
};

/// What the page shows.
#[derive(Clone)]
pub struct UsersView {
    /// The frame; somebody is logged in who may see this.
    pub frame: Frame,
    /// The instant to which durations on the page refer.
    pub now: Timestamp,
    /// What did not work of the last request.
    pub faults: Vec<Text>,
    /// Which part of the users this is.
    pub choice: Choice,
    /// The users of this part.
    pub users: Vec<UserRow>,
    /// How many there are in all parts.
    pub total: u64,
    /// How many a part has.
    pub size: u64,
    /// Whether the visitor may add users.
    pub may_add: bool,
}

/// Which users are shown, as the address says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// Part of their names.
    pub name_filter: String,
    /// `active`, `ready`, `inactive`, or empty for all.
    pub state: String,
    /// The order, in the API's words.
    pub sort: String,
    /// How many are left out before them.
    pub offset: u64,
}

/// One user.
#[derive(Debug, Clone, PartialEq)]
pub struct UserRow {
    /// Who.
    pub name: UserName,
    /// Whether they are an administrator.
    pub admin: bool,
    /// Their groups.
    pub groups: Vec<GroupName>,
    /// When they were last active.
    pub last_activity: Option<Timestamp>,
    /// Their servers, as far as the visitor may see them.
    pub servers: Vec<ServerRow>,
}

/// One server of a user.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerRow {
    /// Which one.
    pub key: ServerKey,
    /// What it is doing.
    pub state: ServerState,
    /// How much memory it uses.
    pub memory_bytes: Option<u64>,
    /// Whether the visitor may use it.
    pub may_open: bool,
}

/// The states that can be asked for, in the API's words and in people's.
fn states() -> [(&'static str, Text); 4] {
    [
        ("", text!("admin-users-state-any")),
        ("active", text!("admin-users-state-active")),
        ("ready", text!("admin-users-state-ready")),
        ("inactive", text!("admin-users-state-inactive")),
    ]
}

impl Choice {
    /// The order in which users are when nothing else is asked.
    pub const BY_NAME: &str = "name";

    /// Returns what of it stands in an address.
    fn query(&self) -> [(&'static str, String); 4] {
        let offset = match self.offset {
            0 => String::new(),
            offset => offset.to_string(),
        };
        let sort = match self.sort.as_str() {
            Self::BY_NAME => "",
            sort => sort,
        };
        [
            ("name_filter", self.name_filter.clone()),
            ("state", self.state.clone()),
            ("sort", sort.to_owned()),
            ("offset", offset),
        ]
    }

    /// Returns the address of the page with this choice.
    pub fn link(&self, frame: &Frame) -> crate::http::links::Link {
        frame.links.admin("users", &self.query())
    }
}

/// Renders the page.
pub fn users_page(view: &UsersView) -> Markup {
    let mut servers = view.users.iter().flat_map(|user| &user.servers);
    let is_moving = IsMoving::from(servers.any(|server| server.state.is_moving()));
    let users = html! {
        @if view.users.is_empty() {
            p { (text!("admin-users-none")) }
        } @else {
            (users_form(view))
        }
    };
    let content = html! {
        h1 { (text!("admin-users-title")) }
        (nav(&view.frame, "users"))
        @if !view.faults.is_empty() {
            div.notice.bad role="alert" { @for fault in &view.faults { p { (fault) } } }
        }
        (filter_form(view))
        (live::part(&view.frame, &view.choice.link(&view.frame), is_moving, &users))
        @if view.may_add { (add_form(view)) }
    };
    let page = Page {
        script: Some(&assets::REFRESH_SCRIPT),
        ..Page::still("admin", text!("admin-users-window"))
    };
    framed(&view.frame, &page, &content)
}

fn filter_form(view: &UsersView) -> Markup {
    let Choice {
        name_filter,
        state,
        sort,
        ..
    } = &view.choice;
    html! {
        form.fields.filter method="get" action=(view.frame.links.admin("users", &[])) role="search" {
            @if sort != Choice::BY_NAME { input type="hidden" name="sort" value=(sort); }
            div.field {
                label for="name-filter" { (text!("admin-users-filter-name")) }
                input #name-filter type="search" name="name_filter" value=(name_filter) autocomplete="off"
                    autocapitalize="none" spellcheck="false";
            }
            div.field {
                label for="state" { (text!("admin-users-filter-state")) }
                select #state name="state" {
                    @for (value, text) in states() { option value=(value) selected[value == state] { (text) } }
                }
            }
            button type="submit" { (text!("admin-users-filter")) }
        }
    }
}

fn users_form(view: &UsersView) -> Markup {
    html! {
        form method="post" action=(view.frame.links.admin("users", &[])) {
            (forms::xsrf_field(&view.frame))
            @for (name, value) in view.choice.query() {
                @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
            }
            div.bar role="group" aria-label=(text!("admin-users-ticked-label")) {
                span.hint { (text!("admin-users-ticked")) }
                @for (verb, text) in [
                    ("start", text!("admin-users-start")),
                    ("stop", text!("admin-users-stop")),
                    ("make-admin", text!("admin-users-make-admin")),
                    ("unmake-admin", text!("admin-users-unmake-admin")),
                ] {
                    button type="submit" name="do" value=(verb) { (text) }
                }
                button.danger type="submit" name="do" value="remove" { (text!("admin-users-remove-picked")) }
            }
            (table(view))
        }
        (parts(view))
    }
}

fn table(view: &UsersView) -> Markup {
    let columns = Columns {
        servers: text!("admin-users-column-servers"),
        active: text!("admin-users-column-active"),
        groups: text!("admin-users-column-groups"),
    };
    html! {
        table.rows.users aria-label=(text!("admin-users-table")) {
            thead {
                tr {
                    th scope="col" { (sorter(view, "name", &text!("admin-users-column-user"))) }
                    th scope="col" { (columns.servers) }
                    th scope="col" { (sorter(view, "last_activity", &columns.active)) }
                    th scope="col" { (columns.groups) }
                }
            }
            tbody { @for (n, user) in view.users.iter().enumerate() { (user_row(view, &columns, n, user)) } }
        }
    }
}

/// What columns are called, on top and where there is no room for columns.
struct Columns {
    servers: Text,
    active: Text,
    groups: Text,
}

fn user_row(view: &UsersView, columns: &Columns, number: usize, user: &UserRow) -> Markup {
    let id = format!("user-{number}");
    html! {
        tr data-user=(user.name) {
            td.main {
                span.pick {
                    input id=(id) type="checkbox" name="user" value=(user.name);
                    label for=(id) { (user.name) }
                    @if user.admin { " " span.tag { (text!("admin-users-admin")) } }
                }
            }
            td data-label=(columns.servers) {
                @if user.servers.is_empty() { span.hint { (text!("admin-users-no-server")) } }
                @for server in &user.servers { (server_line(view, server)) }
            }
            td data-label=(columns.active) { (times::ago_if_ever(view.now, user.last_activity)) }
            td data-label=(columns.groups) {
                @for (n, group) in user.groups.iter().enumerate() { @if n > 0 { ", " } (isolated(group)) }
            }
        }
    }
}

fn server_line(view: &UsersView, server: &ServerRow) -> Markup {
    let name = match server.key.server.is_default() {
        true => text!("admin-users-default-server"),
        false => Text::of(&server.key.server),
    };
    let (class, text, is_running) = match server.state {
        ServerState::Stopped => ("stopped", text!("admin-users-stopped"), false),
        ServerState::Starting { .. } => ("starting", text!("admin-users-starting"), false),
        ServerState::Running { .. } => ("running", text!("admin-users-running"), true),
        ServerState::Stopping { .. } => ("stopping", text!("admin-users-stopping"), false),
    };
    html! {
        div.server {
            @if server.may_open && is_running {
                a href=(view.frame.links.server(&server.key)) { (name) }
            } @else {
                span { (name) }
            }
            " " span.state.(class) data-of={ (server.key.user) ", " (name) } { (text) }
            @if let Some(bytes) = server.memory_bytes { " " span.hint { (amounts::bytes(bytes)) } }
        }
    }
}

/// Returns a column's head that sorts by it, and by it the other way round when it does already.
fn sorter(view: &UsersView, column: &str, text: &Text) -> Markup {
    let is_sorted = view.choice.sort == column;
    let is_reversed = view.choice.sort.strip_prefix('-') == Some(column);
    let other = Choice {
        sort: match is_sorted {
            true => format!("-{column}"),
            false => column.to_owned(),
        },
        offset: 0,
        ..view.choice.clone()
    };
    html! {
        a href=(other.link(&view.frame)) {
            (text)
            @if is_sorted { span.sr { ", " (text!("admin-users-ascending")) } " ↑" }
            @if is_reversed { span.sr { ", " (text!("admin-users-descending")) } " ↓" }
        }
    }
}

fn parts(view: &UsersView) -> Markup {
    let first = view.choice.offset + 1;
    let last = view.choice.offset + u64::try_from(view.users.len()).unwrap_or(0);
    let at = |offset| Choice {
        offset,
        ..view.choice.clone()
    };
    html! {
        nav.parts aria-label=(text!("admin-parts")) {
            @if view.choice.offset > 0 {
                a.button rel="prev" href=(at(view.choice.offset.saturating_sub(view.size)).link(&view.frame)) { (text!("admin-users-earlier")) }
            }
            p { (text!("admin-users-range", first = first, last = last, total = view.total)) }
            @if last < view.total {
                a.button rel="next" href=(at(last).link(&view.frame)) { (text!("admin-further")) }
            }
        }
    }
}

fn add_form(view: &UsersView) -> Markup {
    let fields = html! {
        input type="hidden" name="do" value="add";
        div.field {
            label for="new-names" { (text!("admin-users-add-names")) }
            input #new-names type="text" name="names" required autocomplete="off" autocapitalize="none" spellcheck="false";
        }
        p.pick {
            input #new-admin type="checkbox" name="admin" value="yes";
            label for="new-admin" { (text!("admin-users-add-admin")) }
        }
        div.actions { button type="submit" { (text!("admin-users-add")) } }
    };
    html! {
        section.card aria-labelledby="add-users" {
            h2 #add-users { (text!("admin-users-add-title")) }
            p { (text!("admin-users-add-lead")) }
            (forms::post(&view.frame, &view.frame.links.admin("users", &[]), &fields))
        }
    }
}

/// What is asked before users are removed.
#[derive(Clone)]
pub struct RemovalView {
    /// The frame.
    pub frame: Frame,
    /// Who would go.
    pub users: Vec<UserName>,
}

/// Renders the question.
pub fn removal_page(view: &RemovalView) -> Markup {
    let fields = html! {
        input type="hidden" name="do" value="remove-now";
        @for user in &view.users { input type="hidden" name="user" value=(user); }
        ul.plain { @for user in &view.users { li { (user) } } }
        p { (text!("admin-removal-lead")) }
        div.actions {
            button.danger type="submit" { (text!("admin-removal-remove")) }
            a.button href=(view.frame.links.admin("users", &[])) { (text!("admin-removal-not")) }
        }
    };
    let content = html! {
        div.narrow {
            h1 { (text!("admin-removal-title")) }
            (forms::post(&view.frame, &view.frame.links.admin("users", &[]), &fields))
        }
    };
    framed(
        &view.frame,
        &Page::still("admin", text!("admin-removal-window")),
        &content,
    )
}
