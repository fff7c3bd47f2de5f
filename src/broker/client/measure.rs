//! How long the broker takes, by what it was asked for.

use std::time::Instant;

use crate::{
    broker::message::Request,
    telemetry::metrics::{METRICS, labels::Verb},
};

/// Waits for the answer to a request, and counts it with the time it took.
pub(super) async fn timed<T, E>(
    request: &Request,
    exchange: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let begun = Instant::now();
    let reply = exchange.await;
    let verb = match request {
        Request::Authenticate { .. } => Verb::Authenticate,
        Request::Launch { .. } => Verb::Launch,
        Request::Stop { .. } => Verb::Stop,
        Request::Account { .. } => Verb::Account,
    };
    METRICS.broker_requests.observe(&verb, begun.elapsed());
    if reply.is_err() {
        METRICS.broker_failures.count(&verb);
    }
    reply
}
