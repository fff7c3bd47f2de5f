//! How long servers take to start and to stop, told to metrics.

use std::time::{Duration, Instant};

use super::StartError;
use crate::{
    domain::server::{FailureCause, Life},
    systemd::UnitStatus,
    telemetry::metrics::{
        METRICS,
        labels::{Found, Outcome, Phase, StartReason, StartStatus, Started},
    },
};

/// The stop-watch of one supervisor.
#[derive(Debug)]
pub(super) struct Measure {
    /// When the present start was asked for.
    started: Instant,
    /// When the present state was entered.
    entered: Instant,
}

impl Measure {
    pub(super) fn begin() -> Self {
        let now = Instant::now();
        Self {
            started: now,
            entered: now,
        }
    }

    /// Tells what systemd said of the unit of a server that has just been started.
    pub(super) fn unit(&self, life: &Life, unit: &UnitStatus) {
        if let (Life::Waiting { .. }, Some(took)) = (life, unit.start_took) {
            METRICS.start_phases.observe(&Phase::UnitStart, took);
        }
    }

    /// Tells what a change of state means for metrics.
    pub(super) fn change(&mut self, from: &Life, to: &Life) {
        use Life as L;
        if from.name() == to.name() {
            return;
        }
        let (taken, in_all) = (self.entered.elapsed(), self.started.elapsed());
        self.entered = Instant::now();
        match (from, to) {
            (_, L::Launching { .. }) => self.started = self.entered,
            (L::Launching { .. }, L::Waiting { .. }) => {
                METRICS.start_phases.observe(&Phase::Broker, taken);
            }
            (L::Waiting { .. }, L::Ready { .. }) => {
                METRICS.start_phases.observe(&Phase::FirstAnswer, taken);
                ended(StartStatus::Success, StartReason::None, in_all);
            }
            (L::Launching { .. } | L::Waiting { .. }, L::Stopping { failure, .. }) => {
                // One without failure was given up by whoever wanted it.
                if let Some(failure) = failure {
                    let (status, reason) = failed(&failure.cause);
                    ended(status, reason, in_all);
                }
            }
            (
                L::Stopping {
                    run: Some(_),
                    failure: None,
                    ..
                },
                L::Stopped { .. },
            ) => METRICS.stops.observe(&Outcome::Success, taken),
            _ => {}
        }
    }
}

/// Tells that a start was refused before anything was done.
pub(super) fn refused(error: &StartError) {
    let reason = match error {
        StartError::PendingStop(_) | StartError::PendingCheck(_) => StartReason::AlreadyPending,
        StartError::TooManyStarting => StartReason::Throttled,
        StartError::TooManyRunning => StartReason::TooManyUsers,
        StartError::Busy => StartReason::None,
        // It was not refused, it was not needed.
        StartError::AlreadyRunning(_) => return,
    };
    ended(StartStatus::Failure, reason, Duration::ZERO);
}

/// Tells what systemd said when it was asked whether a unit runs.
pub(super) fn looked(is_up: bool, took: Duration) {
    let found = match is_up {
        true => Found::Running,
        false => Found::Stopped,
    };
    METRICS.polls.observe(&found, took);
}

/// Tells that a server was made reachable, or could not be.
pub(super) fn published(is_routed: bool, took: Duration) {
    let outcome = match is_routed {
        true => Outcome::Success,
        false => Outcome::Failure,
    };
    METRICS.routes_added.observe(&outcome, took);
}

/// Tells that a server is reachable no longer.
pub(super) fn withdrawn(took: Duration) {
    METRICS.routes_removed.observe(&Outcome::Success, took);
}

/// Tells that a unit could not be stopped, this time.
pub(super) fn not_stopped(took: Duration) {
    METRICS.stops.observe(&Outcome::Failure, took);
}

/// Returns what stood in the way, in the words of metrics: a policy is a failure, the rest errors.
fn failed(cause: &FailureCause) -> (StartStatus, StartReason) {
    use StartStatus::{Error, Failure};
    match cause {
        FailureCause::Refused(_) => (Failure, StartReason::Refused),
        FailureCause::LoginNeeded => (Failure, StartReason::LoginNeeded),
        FailureCause::CommandMissing { .. } => (Error, StartReason::CommandMissing),
        FailureCause::NotStarted(_) => (Error, StartReason::NotStarted),
        FailureCause::Ended(_) | FailureCause::Vanished => (Error, StartReason::Exited),
        FailureCause::NoSocket(_) | FailureCause::NoAnswer(_) => (Error, StartReason::Timeout),
        FailureCause::WrongOwner => (Error, StartReason::WrongOwner),
        FailureCause::Unavailable(_) | FailureCause::DiskFull => (Error, StartReason::None),
    }
}

fn ended(status: StartStatus, reason: StartReason, took: Duration) {
    METRICS.starts.observe(&Started { status, reason }, took);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_forbids_is_a_failure_and_what_breaks_an_error() {
        use StartReason as Reason;
        use StartStatus::{Error, Failure};
        let seconds = Duration::from_secs(1);
        let missing = FailureCause::CommandMissing {
            command: "jupyterhub-singleuser".to_owned(),
            searched: Vec::new(),
        };
        let table = [
            (
                FailureCause::Refused("no".to_owned()),
                (Failure, Reason::Refused),
            ),
            (FailureCause::LoginNeeded, (Failure, Reason::LoginNeeded)),
            (missing, (Error, Reason::CommandMissing)),
            (
                FailureCause::NotStarted("no".to_owned()),
                (Error, Reason::NotStarted),
            ),
            (FailureCause::NoSocket(seconds), (Error, Reason::Timeout)),
            (FailureCause::NoAnswer(seconds), (Error, Reason::Timeout)),
            (FailureCause::WrongOwner, (Error, Reason::WrongOwner)),
            (FailureCause::Vanished, (Error, Reason::Exited)),
            (
                FailureCause::Unavailable("no".to_owned()),
                (Error, Reason::None),
            ),
        ];
        for (cause, expected) in table {
            assert_eq!(failed(&cause), expected, "{cause:?}");
        }
    }
}
