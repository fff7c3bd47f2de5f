//! What is done now and then: writing down who was active, forgetting what has expired.

use std::{collections::HashMap, time::Duration};

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{Hub, census::Census};
use crate::{
    domain::{names::ServerKey, time::Timestamp},
    telemetry::{
        causes::Causes,
        metrics::{METRICS, labels::Unlabelled},
    },
};

/// How often what has expired is forgotten, and how often at least is looked what else is to be done.
const EVERY: Duration = Duration::from_secs(30);

/// Keeps house until `stop`, and once more then, so that a restart loses nobody's activity.
pub async fn keep(hub: &Hub, stop: CancellationToken) {
    let mut written = HashMap::new();
    let mut census = Census::default();
    let (mut wrote, mut forgot) = (None, None);
    loop {
        let stopping = stop.is_cancelled();
        let resolution = hub.settings.load().hub.activity_resolution;
        if stopping || is_due(wrote, resolution) {
            wrote = Some(Instant::now());
            write_activity(hub, &mut written).await;
        }
        if stopping {
            return;
        }
        if is_due(forgot, EVERY) {
            forgot = Some(Instant::now());
            forget(hub).await;
        }
        if let Err(error) = census.keep(hub).await {
            tracing::error!("count users: {causes}", causes = Causes(&error));
        }
        tokio::select! {
            () = sleep(resolution.min(EVERY)) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Tells whether what was last done then is to be done again.
pub(super) fn is_due(last: Option<Instant>, every: Duration) -> bool {
    last.is_none_or(|last| last.elapsed() >= every)
}

async fn forget(hub: &Hub) {
    match hub.store.purge_expired(hub.clock.now()).await {
        Ok(purged) => tracing::debug!("forgot what has expired: {purged:?}"),
        Err(error) => {
            tracing::error!("forget what has expired: {causes}", causes = Causes(&error));
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
