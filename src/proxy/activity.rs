//! Noting that somebody uses a server (PX-06): on what the client sends and on replies that went well.

use std::sync::Arc;

use ::http::{Method, request};

use crate::{
    domain::{culling, time::Clock},
    hub::routes::Route,
};

/// The activity of one server, as one request sees it.
#[derive(Debug, Clone)]
pub(super) struct Activity {
    route: Arc<Route>,
    clock: Clock,
    kind: Kind,
}

/// What a request is a sign of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A person does something.
    Use,
    /// A page that lies open asks for news.
    News,
}

impl Activity {
    /// Takes what travels for the work of a person.
    pub(super) fn new(route: Arc<Route>, clock: Clock) -> Self {
        Self {
            route,
            clock,
            kind: Kind::Use,
        }
    }

    /// Looks at what is asked for.
    pub(super) fn of(route: Arc<Route>, clock: Clock, parts: &request::Parts) -> Self {
        let is_read = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
        let path = parts.uri.path();
        let below = path.strip_prefix(&route.prefix).unwrap_or_default();
        let kind = match culling::is_use(is_read, below) {
            true => Kind::Use,
            false => Kind::News,
        };
        Self { route, clock, kind }
    }

    pub(super) fn note(&self) {
        let now = self.clock.now();
        match self.kind {
            Kind::Use => self.route.note_use(now),
            Kind::News => self.route.note_activity(now),
        }
    }
}
