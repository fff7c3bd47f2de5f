//! Noting that somebody uses a server (PX-06): on what the client sends and on replies that went well.

use std::sync::Arc;

use crate::{domain::time::Clock, hub::routes::Route};

/// The activity of one server, as one request sees it.
#[derive(Debug, Clone)]
pub(super) struct Activity {
    route: Arc<Route>,
    clock: Clock,
}

impl Activity {
    pub(super) fn new(route: Arc<Route>, clock: Clock) -> Self {
        Self { route, clock }
    }

    pub(super) fn note(&self) {
        self.route.note_activity(self.clock.now());
    }
}
