//! The home page: the visitor's servers, what state each is in, and what can be done with it.

mod state;

use std::time::Duration;

use maud::{Markup, html};

use super::{
    failure::FailureView,
    forms,
    frame::{Frame, Page, framed},
    live::{self, IsMoving},
    words::{Text, amounts, text},
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
    pub error: Option<Text>,
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
        h1 { @if view.named.is_some() { (text!("home-title-many")) } @else { (text!("home-title")) } }
        @if let Some(error) = &view.error {
            p.notice.bad role="alert" { (error) }
        }
        (live::part(&view.frame, &view.frame.links.home(), is_moving, &cards))
        @if let Some(named) = &view.named { (new_server_form(view, named, named_count)) }
    };
    let page = Page {
        title: text!("home-window"),
        kind: "home",
        script: Some(&assets::REFRESH_SCRIPT),
        reload_seconds: is_moving.reload_seconds(),
    };
    framed(&view.frame, &page, &content)
}

fn server_card(view: &HomeView, server: &ServerView) -> Markup {
    let words = state::StateWords::of(server);
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
            p.since { @if let Some(words) = state::since(view.now, server) { (words) } }
            p { (words.meaning) }
            @if let Some(words) = state::culled(view.now, server) { p.hint { (words) } }
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
            label for=(id) { (text!("home-rename-name")) }
            input id=(id) type="text" name="display_name" maxlength="255" autocomplete="off"
                value=(server_title(view, server));
        }
        button type="submit" { (text!("home-rename")) }
    };
    let title = html! { span.sr { (server_title(view, server)) } };
    html! {
        details {
            summary { (text!("home-rename-title", server = title)) }
            (forms::post(&view.frame, &view.frame.links.rename_server(&server.key), &fields))
        }
    }
}

fn server_title(view: &HomeView, server: &ServerView) -> Text {
    match &server.display_name {
        Some(name) => Text::of(name),
        None if !server.key.server.is_default() => Text::of(&server.key.server),
        None if view.named.is_some() => text!("home-server-default"),
        None => text!("home-server-only"),
    }
}

fn failure_summary(view: &HomeView, server: &ServerView, failure: &FailureView) -> Markup {
    html! {
        div.notice.bad {
            p { strong { (failure.sentence()) } " " (failure.advice()) }
            p { a href=(view.frame.links.spawn_pending(&server.key, None)) { (text!("home-failure-details")) } }
        }
    }
}

fn usage_list(usage: &Usage) -> Markup {
    html! {
        @if usage.memory_bytes.is_some() || usage.cpu_time.is_some() {
            dl.usage {
                @if let Some(used) = usage.memory_bytes {
                    div {
                        dt { (text!("home-memory")) }
                        dd {
                            @if let Some(limit) = usage.memory_limit_bytes {
                                (text!("home-memory-used", used = amounts::bytes(used), limit = amounts::bytes(limit)))
                                " "
                                meter min="0" max=(limit) high=(limit / 10 * 9) value=(used.min(limit))
                                    aria-label=(text!("home-memory-meter")) {}
                            } @else {
                                (amounts::bytes(used))
                            }
                        }
                    }
                }
                @if let Some(time) = usage.cpu_time {
                    div { dt { (text!("home-cpu")) } dd { (amounts::duration(time)) } }
                }
            }
        }
    }
}

fn actions(view: &HomeView, server: &ServerView) -> Markup {
    let links = &view.frame.links;
    let is_default = server.key.server.is_default();
    let id = |id: &'static str| is_default.then_some(id);
    let title = server_title(view, server);
    match server.state {
        ServerState::Stopped => html! {
            (forms::post(&view.frame, &links.spawn(&server.key, None), &html! {
                button.primary.start-server id=[id("start")] type="submit" aria-label=(text!("home-start-label", server = title)) {
                    (text!("home-start"))
                }
            }))
            @if !is_default && view.named.is_some() {
                (forms::post(&view.frame, &links.delete_server(&server.key), &html! {
                    button.delete-server.danger type="submit" aria-label=(text!("home-delete-label", server = title)) {
                        (text!("home-delete"))
                    }
                }))
            }
        },
        ServerState::Starting { .. } => html! {
            a.button.primary href=(links.spawn_pending(&server.key, None))
                aria-label=(text!("home-watch-label", server = title))
            {
                (text!("home-watch"))
            }
            (stop_form(view, server, &text!("home-cancel"), &text!("home-cancel-label", server = title)))
        },
        ServerState::Running { .. } => html! {
            a.button.primary id=[id("start")] href=(links.server(&server.key))
                aria-label=(text!("home-open-label", server = title))
            {
                (text!("home-open"))
            }
            (stop_form(view, server, &text!("home-stop"), &text!("home-stop-label", server = title)))
        },
        ServerState::Stopping { .. } => html! {
            p.hint { (text!("home-stopping-hint")) }
        },
    }
}

fn stop_form(view: &HomeView, server: &ServerView, text: &Text, label: &Text) -> Markup {
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
            h2 #new-server { (text!("home-new-title")) }
            p {
                (text!("home-new-lead"))
                @if let Some(limit) = named.limit { " " (text!("home-new-count", count = count, limit = limit)) }
            }
            @if is_full {
                p.hint { (text!("home-new-full")) }
            } @else {
                (forms::post(&view.frame, &view.frame.links.new_server(&view.user), &html! {
                    div.field {
                        label for="new-server-display-name" { (text!("home-new-display-name")) }
                        input #new-server-display-name type="text" name="display_name" maxlength="255" autocomplete="off";
                    }
                    div.field {
                        label for="new-server-name" { (text!("home-new-name")) }
                        input #new-server-name .new-server-name type="text" name="server_name" required
                            maxlength="30" pattern="[a-z]([a-z0-9]|-[a-z0-9])*" autocomplete="off"
                            autocapitalize="none" spellcheck="false" aria-describedby="new-server-rule";
                        p.hint #new-server-rule { (text!("home-new-name-rule")) }
                    }
                    div.actions { button.new-server-btn type="submit" { (text!("home-new")) } }
                }))
            }
        }
    }
}
