//! The way down: the unit ends, its socket and secrets go, then its token and grants.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{Shared, measure, supervisor::Done};
use crate::{
    domain::{
        names::ServerKey,
        server::{Event, InvocationId},
    },
    systemd::journal,
    telemetry::causes::Causes,
};

/// Lines of the journal kept with a failure.
const LINES_KEPT: usize = 30;
/// First and longest pause before a step that failed is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));

/// Ends the unit if it runs and undoes what belonged to the run; tries until all of it is done, for
/// a server that is only half stopped must not look stopped.
///
/// Collects the last lines of `failed_run`, if any.
pub(super) async fn undo(
    shared: Arc<Shared>,
    key: ServerKey,
    failed_run: Option<InvocationId>,
) -> Done {
    if let Err(error) = shared.parts.store.begin_stop(&key).await {
        // Without this record a hub that is killed now would adopt what was to be stopped.
        tracing::warn!(server.name = %key, "record that {key} is being stopped: {causes}", causes = Causes(&error));
    }
    let mut pause = PAUSES.0;
    let mut begun = Instant::now();
    while let Err(error) = shared.parts.broker.stop(&key).await {
        measure::not_stopped(begun.elapsed());
        tracing::error!(server.name = %key, "stop the unit of {key}: {causes}; trying again", causes = Causes(&error));
        sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
        begun = Instant::now();
    }
    // A token outlives its server by the time this takes, never the other way round: the program
    // may still report its activity while it ends.
    pause = PAUSES.0;
    while let Err(error) = shared
        .parts
        .store
        .finish_run(&key, shared.parts.clock.now())
        .await
    {
        tracing::error!(server.name = %key, "forget the run of {key}: {causes}; trying again", causes = Causes(&error));
        sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
    let log = match failed_run {
        Some(run) => last_lines(&run).await,
        None => Vec::new(),
    };
    Event::Undone { log }.into()
}

async fn last_lines(run: &InvocationId) -> Vec<String> {
    match journal::last_lines(run, LINES_KEPT).await {
        Ok(lines) => lines,
        Err(error) => {
            tracing::warn!(
                "read the journal of run {run}: {causes}",
                causes = Causes(&error)
            );
            Vec::new()
        }
    }
}
