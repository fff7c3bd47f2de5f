//! How many users there are and were active, counted now and then for metrics.

use std::time::Duration;

use tokio::time::Instant;

use super::{Hub, housekeeping::is_due};
use crate::{
    store,
    telemetry::metrics::{
        METRICS,
        labels::{Period, Unlabelled},
    },
};

/// How old the counts of all users and of those present may be; SQLite counts by walking through an index.
const COUNT_ALL_EVERY: Duration = Duration::from_secs(60);
/// The same for those who were active in the last days, as JupyterHub has it.
const COUNT_ACTIVE_EVERY: Duration = Duration::from_secs(60 * 60);

/// When users were last counted.
#[derive(Debug, Default)]
pub(super) struct Census {
    all: Option<Instant>,
    active: Option<Instant>,
}

impl Census {
    /// Counts what was not counted for long.
    pub(super) async fn keep(&mut self, hub: &Hub) -> store::Result<()> {
        if is_due(self.active, COUNT_ACTIVE_EVERY) {
            let now = hub.clock.now();
            for period in Period::ALL {
                let begin = now.before(length(*period));
                let count = hub.store.count_users_active_since(begin).await?;
                METRICS.active_users.set(period, count);
            }
            self.active = Some(Instant::now());
        }
        if is_due(self.all, COUNT_ALL_EVERY) {
            let count = hub.store.count_users().await?;
            METRICS.total_users.set(&Unlabelled, count);
            let begin = hub
                .clock
                .now()
                .before(hub.settings.load().hub.active_user_window);
            let present = hub.store.count_users_active_since(begin).await?;
            METRICS.present_users.set(&Unlabelled, present);
            self.all = Some(Instant::now());
        }
        Ok(())
    }
}

fn length(period: Period) -> Duration {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    match period {
        Period::Day => DAY,
        Period::Week => DAY * 7,
        Period::Month => DAY * 30,
    }
}
