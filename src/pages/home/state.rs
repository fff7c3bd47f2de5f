//! What a server is doing, since when and until when, in words.

use maud::html;

use super::{ServerState, ServerView};
use crate::{
    domain::{culling::Reason, time::Timestamp},
    pages::{
        times,
        words::{Text, amounts, text},
    },
};

/// What a server's state is called and means.
pub(super) struct StateWords {
    /// How it is styled.
    pub(super) class: &'static str,
    /// In a word.
    pub(super) name: Text,
    /// In a sentence.
    pub(super) meaning: Text,
}

impl StateWords {
    /// Puts the state of `server` into words.
    pub(super) fn of(server: &ServerView) -> Self {
        let (class, name, meaning) = match server.state {
            ServerState::Stopped if server.failure.is_some() => (
                "failed",
                text!("home-state-failed"),
                text!("home-meaning-stopped"),
            ),
            ServerState::Stopped => (
                "stopped",
                text!("home-state-stopped"),
                text!("home-meaning-stopped"),
            ),
            ServerState::Starting { .. } => (
                "starting",
                text!("home-state-starting"),
                text!("home-meaning-starting"),
            ),
            ServerState::Running { .. } => (
                "running",
                text!("home-state-running"),
                text!("home-meaning-running"),
            ),
            ServerState::Stopping { .. } => (
                "stopping",
                text!("home-state-stopping"),
                text!("home-meaning-stopping"),
            ),
        };
        Self {
            class,
            name,
            meaning,
        }
    }
}

/// Says since when a server is as it is, and when it was last used.
pub(super) fn since(now: Timestamp, server: &ServerView) -> Option<Text> {
    let ago = |instant| times::ago(now, instant);
    let used = server.last_activity;
    Some(match server.state {
        ServerState::Stopped => text!("home-since-used", time = ago(used?)),
        ServerState::Starting { since } => text!("home-since-asked", time = ago(since?)),
        ServerState::Running { since } => match (since, used) {
            (None, used) => text!("home-since-used", time = ago(used?)),
            (Some(since), None) => text!("home-since-started", time = ago(since)),
            (Some(since), Some(used)) => {
                text!(
                    "home-since-started-used",
                    time = ago(since),
                    used = ago(used)
                )
            }
        },
        ServerState::Stopping { since } => text!("home-since-stopping", time = ago(since?)),
    })
}

/// Says when and why a server will be, or was, stopped without its owner asking for it.
pub(super) fn culled(now: Timestamp, server: &ServerView) -> Option<Text> {
    let (at, reason) = server.culled?;
    let span = |length| html! { time datetime=(at) title=(at) { (amounts::duration(length)) } };
    let (left, passed) = (span(at.since(now)), span(now.since(at)));
    let exact = amounts::exact_duration;
    Some(match (server.state, reason) {
        (ServerState::Running { .. }, Reason::Unused(_)) => {
            text!("home-culled-unused-ahead", time = left)
        }
        (ServerState::Running { .. }, Reason::Old(age)) => {
            text!("home-culled-old-ahead", time = left, age = exact(age))
        }
        (ServerState::Stopped, _) if server.failure.is_some() => return None,
        (ServerState::Stopped, Reason::Unused(limit)) => {
            text!("home-culled-unused", time = passed, limit = exact(limit))
        }
        (ServerState::Stopped, Reason::Old(limit)) => {
            text!("home-culled-old", time = passed, limit = exact(limit))
        }
        (ServerState::Starting { .. } | ServerState::Stopping { .. }, _) => return None,
    })
}
