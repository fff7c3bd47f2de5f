//! How long the broker takes, by what it was asked for.

use std::time::Instant;

use crate::{
    broker::message::Request,
    telemetry::metrics::{METRICS, labels::Verb},
};

/// Waits for an answer, and counts it with the time it took.
pub(super) async fn timed<T, E>(
    verb: Verb,
    exchange: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let begun = Instant::now();
    let reply = exchange.await;
    METRICS.broker_requests.observe(&verb, begun.elapsed());
    reply.inspect_err(|_| failed(verb))
}

/// Counts a request that came to nothing.
pub(super) fn failed(verb: Verb) {
    METRICS.broker_failures.count(&verb);
}

/// Returns what a request asks for, in the words of metrics.
pub(super) fn verb(request: &Request) -> Verb {
    match request {
        Request::Authenticate { .. } | Request::Depart | Request::Arrive { .. } => {
            Verb::Authenticate
        }
        Request::Launch { .. } => Verb::Launch,
        Request::Stop { .. } => Verb::Stop,
        Request::LaunchService { .. }
        | Request::StopService { .. }
        | Request::OpenBridge { .. } => Verb::Service,
        Request::Account { .. } => Verb::Account,
    }
}
