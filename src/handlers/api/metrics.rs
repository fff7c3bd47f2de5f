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
    telemetry::metrics::{
        CONTENT_TYPE, METRICS,
        labels::Unlabelled,
        servers::{self, ServerUsage},
    },
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

/// GET `/hub/api/metrics/servers`: what each server uses that runs, as text; Carrel's own.
///
/// Its labels name people, so the configuration cannot open it: one sees the servers that one may see.
pub async fn get_server_metrics(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let is_seen = access::list_servers(ctx.caller.as_ref())?;
    let found = ctx.hub().servers.usage(is_seen).await;
    let told = found.into_iter().map(|server| ServerUsage {
        user: server.key.user.as_str().to_owned(),
        server: server.key.server.as_str().to_owned(),
        unit: server.unit.as_str().to_owned(),
        memory_bytes: server.usage.memory_bytes,
        memory_peak_bytes: server.usage.memory_peak_bytes,
        memory_max_bytes: server.usage.memory_max_bytes,
        cpu: server.usage.cpu,
        tasks: server.usage.tasks,
        tasks_max: server.usage.tasks_max,
    });
    let text = servers::text(told.collect());
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
