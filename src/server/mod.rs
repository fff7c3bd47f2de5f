//! The one road of a request: [`dispatch`] calls each step in order, [`routes`] is the whole surface.
#![forbid(unsafe_code)]

mod bodies;
pub mod dispatch;
mod faults;
mod gate;
mod headers;
pub mod routes;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use self::bodies::Bodies;
use crate::{handlers::Parts, hub::Hub, proxy::Proxy};

/// Everything a request can need.
pub struct App {
    /// What handlers get.
    pub parts: Arc<Parts>,
    /// The way to people's servers.
    pub proxy: Proxy,
    /// Where handlers run on when their client goes away.
    pub tracker: TaskTracker,
    /// The runtime they run on: connections have threads of their own, which only move bytes.
    runtime: Handle,
    requests: AtomicU64,
    bodies: Bodies,
}

impl App {
    /// Puts the parts together; handlers will run on the runtime this is called on.
    pub fn new(parts: Arc<Parts>, proxy: Proxy, tracker: TaskTracker) -> Self {
        Self {
            parts,
            proxy,
            tracker,
            runtime: Handle::current(),
            requests: AtomicU64::new(0),
            bodies: Bodies::default(),
        }
    }

    /// Returns the hub.
    pub fn hub(&self) -> &Hub {
        &self.parts.hub
    }

    /// Returns the next request's number, as it stands in the journal and on error pages.
    fn next_request_id(&self) -> String {
        format!("{:x}", self.requests.fetch_add(1, Ordering::Relaxed) + 1)
    }
}
