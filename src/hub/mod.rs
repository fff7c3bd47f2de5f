//! What the hub does: use cases over the store, systemd and the broker. Nothing here knows HTTP.
#![forbid(unsafe_code)]

pub mod activity;
pub mod authority;
pub mod callers;
mod census;
pub mod culler;
pub mod groups;
pub mod housekeeping;
pub mod oauth;
pub mod profiles;
pub mod roles;
pub mod routes;
pub mod servers;
pub mod services;
pub mod sessions;
pub mod shares;
pub mod tokens;
pub mod user_edits;
pub mod users;
pub mod visits;

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::{
    config::settings::Settings,
    domain::{entropy::Entropy, time::Clock},
    store::Store,
};

/// The hub's parts, as every handler gets them.
pub struct Hub {
    /// The present configuration; a reload replaces it.
    pub settings: Arc<ArcSwap<Settings>>,
    /// The time.
    pub clock: Clock,
    /// What is remembered.
    pub store: Store,
    /// What people and services may do.
    pub authority: Arc<authority::Authority>,
    /// People's servers.
    pub servers: servers::Servers,
    /// Services of the configuration.
    pub services: services::keeper::Services,
    /// Where the proxy finds both.
    pub routes: Arc<routes::Routes>,
    /// Which servers will be stopped for want of use.
    pub outlook: culler::Outlook,
}

impl Hub {
    /// Returns what making a token takes.
    pub fn token_maker<'a>(&'a self, entropy: &'a Entropy) -> tokens::Maker<'a> {
        tokens::Maker {
            store: &self.store,
            authority: &self.authority,
            clock: &self.clock,
            entropy,
        }
    }
}
