//! Figures for Prometheus (PG-22, MX-01).

use http::StatusCode;

use super::{Context, Request};
use crate::{
    domain::access::{self, ReadMetrics, WholeHub},
    http::{
        error::Error,
        reply::{self, Reply},
    },
    hub::Hub,
    telemetry::metrics::{CONTENT_TYPE, METRICS, labels::Unlabelled},
};

/// GET `/hub/metrics` and `/hub/api/metrics`: what was counted, as text.
///
/// What it costs does not depend on how many users there are: they are counted now and then, beside
/// all requests.
pub async fn get_metrics(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let permit = access::permit::<ReadMetrics>(ctx.caller.as_ref(), WholeHub);
    if ctx.settings.hub.authenticate_metrics && permit.is_err() {
        let text = "Access to metrics requires scope 'read:metrics'";
        return Err(Error::forbidden(text));
    }
    look(ctx.hub());
    let text = METRICS.text().await;
    Ok(reply::bytes(StatusCode::OK, CONTENT_TYPE, text))
}

/// Takes in what is known at any time and so need not be counted.
fn look(hub: &Hub) {
    let servers = hub.servers.list();
    let active = servers.iter().filter(|(_, status)| status.life.is_active());
    METRICS.running_servers.set(&Unlabelled, active.count());
    for (thread, length) in hub.store.queue_lengths() {
        METRICS.database_queue.set(&thread, length);
    }
}
