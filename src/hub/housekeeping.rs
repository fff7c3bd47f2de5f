//! What is done now and then: writing down who was active, forgetting what has expired.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{Hub, census::Census};
use crate::{
    domain::{names::ServerKey, time::Timestamp},
    telemetry::{
        causes::Causes,
        metrics::{METRICS, labels::Unlabelled},
    },
};

/// How often.
const EVERY: Duration = Duration::from_secs(30);

/// Keeps house until `stop`, and once more then, so that a restart loses nobody's activity.
pub async fn keep(hub: &Hub, stop: CancellationToken) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut written = HashMap::new();
    let mut census = Census::default();
    loop {
        let stopping = tokio::select! {
            _ = ticks.tick() => false,
            () = stop.cancelled() => true,
        };
        write_activity(hub, &mut written).await;
        if stopping {
            return;
        }
        match hub.store.purge_expired(hub.clock.now()).await {
            Ok(purged) => tracing::debug!("forgot what has expired: {purged:?}"),
            Err(error) => {
                tracing::error!("forget what has expired: {causes}", causes = Causes(&error));
            }
        }
        if let Err(error) = census.keep(hub).await {
            tracing::error!("count users: {causes}", causes = Causes(&error));
        }
    }
}

/// Writes what the proxy saw since it was last written (PX-06).
async fn write_activity(hub: &Hub, written: &mut HashMap<ServerKey, Timestamp>) {
    let begun = Instant::now();
    let mut present = HashMap::new();
    for route in hub.routes.all() {
        let (Some(key), Some(at)) = (route.backend.server(), route.last_activity()) else {
            continue;
        };
        if written.get(key) != Some(&at) {
            let servers = vec![(key.clone(), at)];
            let user = &key.user;
            if let Err(error) = hub.store.record_activity(user, Some(at), servers).await {
                tracing::error!(server.name = %key, "write activity of {key}: {causes}", causes = Causes(&error));
                continue;
            }
        }
        present.insert(key.clone(), at);
    }
    *written = present;
    METRICS.route_polls.observe(&Unlabelled, begun.elapsed());
}
