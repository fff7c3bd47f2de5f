//! The home page: the visitor's servers, what state each is in, and what can be done with it.

use std::time::Duration;

use maud::{Markup, html};

use super::{
    failure::FailureView,
    forms,
    frame::{Frame, Page, framed},
    live::{self, IsMoving},
    times, words,
};
use crate::{
    assets,
    domain::{
        culling::Reason,
        names::{ServerKey, UserName},
        server::Life,
        time::Timestamp,
    },
};

/// What the home page shows.
#[derive(Clone)]
pub struct HomeView {
    /// The frame.
    pub frame: Frame,
    /// Whose home it is.
    pub user: UserName,
    /// The instant to which durations on the page refer.
    pub now: Timestamp,
    /// Something that just did not work, such as a server name that is not allowed.
    pub error: Option<String>,
    /// The servers: the default one first, then the named ones.
    pub servers: Vec<ServerView>,
    /// What may be done with named servers; absent when they are off.
    pub named: Option<NamedServersView>,
}

/// What may be done with named servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedServersView {
    /// How many named servers one may have; absent when there is no bound.
    pub limit: Option<usize>,
}

/// One server.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerView {
    /// Which one.
    pub key: ServerKey,
    /// What its owner calls it, when that is not its name.
    pub display_name: Option<String>,
    /// What it is doing.
    pub state: ServerState,
    /// When somebody last used it.
    pub last_activity: Option<Timestamp>,
    /// What it uses; all unknown unless it runs.
    pub usage: Usage,
    /// Why it last failed, when that was not long ago and it is stopped.
    pub failure: Option<FailureView>,
    /// When it will be stopped unless it is used, or when it was, and why.
    pub culled: Option<(Timestamp, Reason)>,
}

/// What a server is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerState {
    /// Nothing runs.
    Stopped,
    /// It was asked for and does not answer yet.
    Starting {
        /// Since when.
        since: Option<Timestamp>,
    },
    /// It can be used.
    Running {
        /// Since when.
        since: Option<Timestamp>,
    },
    /// It is ending.
    Stopping {
        /// Since when.
        since: Option<Timestamp>,
    },
}

impl ServerState {
    /// Tells whether it is on its way to another state.
    pub(super) fn is_moving(self) -> bool {
        matches!(self, Self::Starting { .. } | Self::Stopping { .. })
    }

    /// Returns what `life` looks like from outside.
    pub fn of(life: &Life) -> Self {
        match life {
            Life::Stopped { .. } => Self::Stopped,
            Life::Launching { since, .. } | Life::Waiting { since, .. } => Self::Starting {
                since: Some(*since),
            },
            Life::Checking { .. } => Self::Starting { since: None },
            Life::Ready { since, .. } => Self::Running {
                since: Some(*since),
            },
            Life::Stopping { since, .. } => Self::Stopping {
                since: Some(*since),
            },
        }
    }
}

/// What a server uses of the machine, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Bytes of memory.
    pub memory_bytes: Option<u64>,
    /// How many bytes it may use.
    pub memory_limit_bytes: Option<u64>,
    /// Processor time since it started.
    pub cpu_time: Option<Duration>,
}

/// Renders the home page.
pub fn home_page(view: &HomeView) -> Markup {
    let is_moving = IsMoving::from(view.servers.iter().any(|server| server.state.is_moving()));
    let cards = html! { @for server in &view.servers { (server_card(view, server)) } };
    let named_count = view
        .servers
        .iter()
        .filter(|server| !server.key.server.is_default())
        .count();
    let content = html! {
        h1 { @if view.named.is_some() { "Your servers" } @else { "Your server" } }
        @if let Some(error) = &view.error {
            p.notice.bad role="alert" { (error) }
        }
        (live::part(&view.frame, &view.frame.links.home(), is_moving, &cards))
        @if let Some(named) = &view.named { (new_server_form(view, named, named_count)) }
    };
    let page = Page {
        title: "Home",
        kind: "home",
        script: Some(&assets::REFRESH_SCRIPT),
        reload_seconds: is_moving.reload_seconds(),
    };
    framed(&view.frame, &page, &content)
}

fn server_card(view: &HomeView, server: &ServerView) -> Markup {
    let words = state_words(server);
    let title_id = if server.key.server.is_default() {
        String::from("server")
    } else {
        format!("server-{}", server.key.server)
    };
    html! {
        section.card data-server-name=(server.key.server) aria-labelledby=(title_id) {
            div.card-head {
                h2 id=(title_id) { (server_title(view, server)) }
                p.state.(words.class) data-of=(server_title(view, server)) { (words.name) }
            }
            p.since { (since_words(view.now, server)) }
            p { (words.meaning) }
            (culled_words(view.now, server))
            @if let (ServerState::Stopped, Some(failure)) = (server.state, &server.failure) {
                (failure_summary(view, server, failure))
            }
            (usage_list(&server.usage))
            div.actions { (actions(view, server)) }
            @if view.named.is_some() && !server.key.server.is_default() && server.state == ServerState::Stopped {
                (rename_form(view, server))
            }
        }
    }
}

fn rename_form(view: &HomeView, server: &ServerView) -> Markup {
    let id = format!("display-name-{}", server.key.server);
    let fields = html! {
        div.field {
            label for=(id) { "What it is called" }
            input id=(id) type="text" name="display_name" maxlength="255" autocomplete="off"
                value=(server_title(view, server));
        }
        button type="submit" { "Rename" }
    };
    html! {
        details {
            summary { "Rename" span.sr { " " (server_title(view, server)) } }
            (forms::post(&view.frame, &view.frame.links.rename_server(&server.key), &fields))
        }
    }
}

fn server_title(view: &HomeView, server: &ServerView) -> String {
    match &server.display_name {
        Some(name) => name.clone(),
        None if !server.key.server.is_default() => server.key.server.to_string(),
        None if view.named.is_some() => "Default server".into(),
        None => "Notebook server".into(),
    }
}

struct StateWords {
    class: &'static str,
    name: &'static str,
    meaning: &'static str,
}

fn state_words(server: &ServerView) -> StateWords {
    let (class, name, meaning) = match server.state {
        ServerState::Stopped if server.failure.is_some() => (
            "failed",
            "Stopped after a failure",
            "Nothing runs. Your files are where you left them.",
        ),
        ServerState::Stopped => (
            "stopped",
            "Stopped",
            "Nothing runs. Your files are where you left them.",
        ),
        ServerState::Starting { .. } => (
            "starting",
            "Starting",
            "It is coming up; mostly this takes a few seconds.",
        ),
        ServerState::Running { .. } => (
            "running",
            "Running",
            "It keeps running when you close the browser or log out. Stopping it ends its notebooks’ \
             kernels: what they hold in memory is lost, saved files are not.",
        ),
        ServerState::Stopping { .. } => (
            "stopping",
            "Stopping",
            "It is shutting down; programs get a moment to save their work.",
        ),
    };
    StateWords {
        class,
        name,
        meaning,
    }
}

fn since_words(now: Timestamp, server: &ServerView) -> Markup {
    let (verb, since) = match server.state {
        ServerState::Stopped => ("Last used ", server.last_activity),
        ServerState::Starting { since } => ("Asked for ", since),
        ServerState::Running { since } => ("Started ", since),
        ServerState::Stopping { since } => ("Told to stop ", since),
    };
    let is_running = matches!(server.state, ServerState::Running { .. });
    html! {
        @if let Some(since) = since { (verb) (times::ago(now, since)) }
        @if let (true, Some(used)) = (is_running, server.last_activity) {
            @if since.is_some() { ", last used " } @else { "Last used " }
            (times::ago(now, used))
        }
    }
}

/// Says when and why a server will be, or was, stopped without its owner asking for it.
fn culled_words(now: Timestamp, server: &ServerView) -> Markup {
    let Some((at, reason)) = server.culled else {
        return html! {};
    };
    let time =
        |passed: Duration| html! { time datetime=(at) title=(at) { (words::duration(passed)) } };
    match (server.state, reason) {
        (ServerState::Running { .. }, Reason::Unused(_)) => html! {
            p.hint { "It stops by itself in " (time(at.since(now))) ", unless you use it." }
        },
        (ServerState::Running { .. }, Reason::Old(age)) => html! {
            p.hint {
                "It stops in " (time(at.since(now))) ": no server may run for longer than "
                (words::duration(age)) ". Save your work before."
            }
        },
        (ServerState::Stopped, reason) if server.failure.is_none() => html! {
            p.hint { "The hub stopped it " (time(now.since(at))) " ago: " (reason.to_string()) "." }
        },
        _ => html! {},
    }
}

fn failure_summary(view: &HomeView, server: &ServerView, failure: &FailureView) -> Markup {
    html! {
        div.notice.bad {
            p { strong { (failure.sentence()) } " " (failure.advice()) }
            p { a href=(view.frame.links.spawn_pending(&server.key, None)) { "What happened in detail" } }
        }
    }
}

fn usage_list(usage: &Usage) -> Markup {
    html! {
        @if usage.memory_bytes.is_some() || usage.cpu_time.is_some() {
            dl.usage {
                @if let Some(used) = usage.memory_bytes {
                    div {
                        dt { "Memory" }
                        dd {
                            (words::bytes(used))
                            @if let Some(limit) = usage.memory_limit_bytes {
                                " of " (words::bytes(limit)) " "
                                meter min="0" max=(limit) high=(limit / 10 * 9) value=(used.min(limit)) aria-label="Memory used" {}
                            }
                        }
                    }
                }
                @if let Some(time) = usage.cpu_time {
                    div { dt { "Processor time" } dd { (words::duration(time)) } }
                }
            }
        }
    }
}

fn actions(view: &HomeView, server: &ServerView) -> Markup {
    let links = &view.frame.links;
    let is_default = server.key.server.is_default();
    let id = |id: &'static str| is_default.then_some(id);
    let what = |verb: &str| format!("{verb} {}", server_title(view, server));
    match server.state {
        ServerState::Stopped => html! {
            (forms::post(&view.frame, &links.spawn(&server.key, None), &html! {
                button.primary.start-server id=[id("start")] type="submit" aria-label=(what("Start")) { "Start" }
            }))
            @if !is_default && view.named.is_some() {
                (forms::post(&view.frame, &links.delete_server(&server.key), &html! {
                    button.delete-server.danger type="submit" aria-label=(what("Delete")) { "Delete" }
                }))
            }
        },
        ServerState::Starting { .. } => html! {
            a.button.primary href=(links.spawn_pending(&server.key, None)) aria-label=(what("Watch the start of")) {
                "Watch the start"
            }
            (stop_form(view, server, "Cancel", &what("Cancel the start of")))
        },
        ServerState::Running { .. } => html! {
            a.button.primary id=[id("start")] href=(links.server(&server.key)) aria-label=(what("Open")) { "Open" }
            (stop_form(view, server, "Stop", &what("Stop")))
        },
        ServerState::Stopping { .. } => html! {
            p.hint { "You can start it again as soon as it has stopped." }
        },
    }
}

fn stop_form(view: &HomeView, server: &ServerView, text: &str, label: &str) -> Markup {
    let id = server.key.server.is_default().then_some("stop");
    let button = html! {
        button.stop-server id=[id] type="submit" aria-label=(label) { (text) }
    };
    forms::post(&view.frame, &view.frame.links.stop(&server.key), &button)
}

fn new_server_form(view: &HomeView, named: &NamedServersView, count: usize) -> Markup {
    let is_full = named.limit.is_some_and(|limit| count >= limit);
    html! {
        section.card aria-labelledby="new-server" {
            h2 #new-server { "Another server" }
            p {
                "A server of its own for another project. It sees the same files."
                @if let Some(limit) = named.limit { " You have " (count) " of at most " (limit) "." }
            }
            @if is_full {
                p.hint { "Delete one that you no longer need to make room." }
            } @else {
                (forms::post(&view.frame, &view.frame.links.new_server(&view.user), &html! {
                    div.field {
                        label for="new-server-display-name" { "What it is called (optional)" }
                        input #new-server-display-name type="text" name="display_name" maxlength="255" autocomplete="off";
                    }
                    div.field {
                        label for="new-server-name" { "Name in its address" }
                        input #new-server-name .new-server-name type="text" name="server_name" required
                            maxlength="30" pattern="[a-z]([a-z0-9]|-[a-z0-9])*" autocomplete="off"
                            autocapitalize="none" spellcheck="false" aria-describedby="new-server-rule";
                        p.hint #new-server-rule { "Small letters, digits and single hyphens; a letter first." }
                    }
                    div.actions { button.new-server-btn type="submit" { "Add and start" } }
                }))
            }
        }
    }
}
