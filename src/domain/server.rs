//! The life of one server as a state machine: states with their data, events, effects.
//!
//! [`Life::on`] decides; the supervisor (`hub::servers::supervisor`) acts. A rule about what may
//! follow what stands here and nowhere else.

use std::{fmt, time::Duration};

use crate::domain::time::Timestamp;

/// One run of a unit, from its start to its end (systemd.exec(5), `$INVOCATION_ID`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InvocationId([u8; 16]);

impl InvocationId {
    /// Parses 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let number = u128::from_str_radix(text, 16).ok()?;
        Some(Self(number.to_be_bytes()))
    }

    /// Takes the bytes of the D-Bus property; `None` when the unit has never run.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let id: [u8; 16] = bytes.try_into().ok()?;
        (id != [0; 16]).then_some(Self(id))
    }
}

/// Writes 32 lower-case hexadecimal digits, as the journal does.
impl fmt::Display for InvocationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// How a unit ended, as systemd reports it (systemd.exec(5), `$SERVICE_RESULT`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitEnd {
    /// `success`, `exit-code`, `signal`, `oom-kill`, `timeout`, …
    pub result: String,
    /// Exit status, or the number of the signal.
    pub status: i32,
}

/// Why a server failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureCause {
    /// The program to run is not installed.
    CommandMissing {
        /// What was looked for.
        command: String,
        /// Where it was looked for.
        searched: Vec<String>,
    },
    /// The broker refused to start it: an account or a policy stands against it.
    Refused(String),
    /// The owner's last login is too long ago to start programs by.
    LoginNeeded,
    /// systemd could not start the unit; why, in words.
    NotStarted(String),
    /// The unit ended, before or after it was ready.
    Ended(UnitEnd),
    /// The program did not open its socket in time.
    NoSocket(Duration),
    /// The program did not answer in time.
    NoAnswer(Duration),
    /// The socket belongs to someone else.
    WrongOwner,
    /// systemd or the broker could not be reached or failed.
    Unavailable(String),
    /// The hub could not write its records, for the disk is full.
    DiskFull,
    /// The unit was gone when the hub came back.
    Vanished,
}

/// A failure with what is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Why.
    pub cause: FailureCause,
    /// When.
    pub at: Timestamp,
    /// The unit's last lines in the journal, oldest first.
    pub log: Vec<String>,
}

/// Where a server is in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Life {
    /// Nothing runs.
    Stopped {
        /// Why the last run ended, when it did not end by request.
        failure: Option<Failure>,
    },
    /// The broker has been asked to start the unit.
    Launching {
        /// Since when.
        since: Timestamp,
        /// Whether a stop was asked for meanwhile; it follows as soon as the broker has answered.
        cancelled: bool,
    },
    /// The unit runs; the program has not answered yet.
    Waiting {
        /// Since when the start is under way.
        since: Timestamp,
        /// The run of the unit.
        run: InvocationId,
    },
    /// The unit was found running when the hub came; the program has not answered yet.
    Checking {
        /// The run of the unit.
        run: InvocationId,
    },
    /// The program answers and is routed.
    Ready {
        /// Since when.
        since: Timestamp,
        /// The run of the unit.
        run: InvocationId,
    },
    /// The unit is being stopped and what belonged to the run undone.
    Stopping {
        /// Since when.
        since: Timestamp,
        /// The run that is ended, when there was one.
        run: Option<InvocationId>,
        /// Why, when it is a failure.
        failure: Option<Failure>,
    },
}

/// What happened to a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Somebody asked for it to start.
    StartRequested,
    /// Somebody asked for it to stop.
    StopRequested,
    /// The unit was found running by a hub that did not start it.
    Found(InvocationId),
    /// The unit was found although it should not run.
    FoundUnwanted,
    /// systemd started the unit.
    Launched(InvocationId),
    /// The unit did not start.
    LaunchFailed {
        /// Why.
        cause: FailureCause,
        /// The run that came to nothing, when systemd had begun one; its journal may say more.
        run: Option<InvocationId>,
    },
    /// The program answered.
    Answered,
    /// The program did not answer in time, or its socket is wrong.
    NotAnswered(FailureCause),
    /// This run of the unit ended.
    Ended(InvocationId, UnitEnd),
    /// The proxy could not connect to the program.
    Unreachable,
    /// The unit is gone, its secrets and grants are removed.
    Undone {
        /// The last lines the unit wrote, when it failed; oldest first.
        log: Vec<String>,
    },
}

/// What the supervisor is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Mint the token and ask the broker to start the unit.
    Launch,
    /// Wait until the program answers.
    AwaitAnswer,
    /// Make the server reachable.
    PublishRoute,
    /// Make the server unreachable.
    WithdrawRoute,
    /// Stop the unit if it runs; revoke the token, forget the client; answer with [`Event::Undone`].
    Undo,
    /// Look whether the unit still runs; its end arrives as an event.
    Inspect,
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "an event matters in the states that name it and changes nothing in any other"
)]
impl Life {
    /// A server that has never run.
    pub const NEW: Self = Self::Stopped { failure: None };

    /// Returns the state after `event` and what is to be done; events that no longer matter (of an
    /// earlier run, or asking for what is already so) change nothing.
    #[must_use]
    pub fn on(self, event: Event, now: Timestamp) -> (Self, Vec<Effect>) {
        match event {
            Event::StartRequested => self.on_start_requested(now),
            Event::StopRequested | Event::FoundUnwanted => self.on_stop_requested(now),
            Event::Found(run) => self.on_found(run),
            Event::Launched(run) => self.on_launched(run, now),
            Event::LaunchFailed { cause, run } => self.on_launch_failed(cause, run, now),
            Event::Answered => self.on_answered(now),
            Event::NotAnswered(cause) => self.on_not_answered(cause, now),
            Event::Ended(run, end) => self.on_ended(&run, end, now),
            Event::Unreachable => match self {
                Self::Ready { .. } => (self, vec![Effect::Inspect]),
                other => (other, vec![]),
            },
            Event::Undone { log } => match self {
                Self::Stopping { failure, .. } => {
                    let failure = failure.map(|failure| Failure { log, ..failure });
                    (Self::Stopped { failure }, vec![])
                }
                other => (other, vec![]),
            },
        }
    }

    fn on_start_requested(self, now: Timestamp) -> (Self, Vec<Effect>) {
        match self {
            Self::Stopped { .. } => {
                let next = Self::Launching {
                    since: now,
                    cancelled: false,
                };
                (next, vec![Effect::Launch])
            }
            other => (other, vec![]),
        }
    }

    fn on_stop_requested(self, now: Timestamp) -> (Self, Vec<Effect>) {
        match self {
            Self::Launching { since, .. } => {
                let next = Self::Launching {
                    since,
                    cancelled: true,
                };
                (next, vec![])
            }
            Self::Waiting { run, .. } | Self::Checking { run } => stopping(Some(run), None, now),
            Self::Ready { run, .. } => {
                let (next, _) = stopping(Some(run), None, now);
                (next, vec![Effect::WithdrawRoute, Effect::Undo])
            }
            // A stopped server is undone again: the request may be about a unit that nobody owns.
            Self::Stopped { .. } => stopping(None, None, now),
            Self::Stopping { .. } => (self, vec![]),
        }
    }

    fn on_found(self, run: InvocationId) -> (Self, Vec<Effect>) {
        match self {
            Self::Stopped { .. } => (Self::Checking { run }, vec![Effect::AwaitAnswer]),
            other => (other, vec![]),
        }
    }

    fn on_launched(self, run: InvocationId, now: Timestamp) -> (Self, Vec<Effect>) {
        match self {
            Self::Launching {
                cancelled: true, ..
            } => stopping(Some(run), None, now),
            Self::Launching { since, .. } => {
                (Self::Waiting { since, run }, vec![Effect::AwaitAnswer])
            }
            other => (other, vec![]),
        }
    }

    fn on_launch_failed(
        self,
        cause: FailureCause,
        run: Option<InvocationId>,
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        match self {
            Self::Launching {
                cancelled: true, ..
            } => stopping(None, None, now),
            Self::Launching { .. } => stopping(run, Some(cause), now),
            other => (other, vec![]),
        }
    }

    fn on_answered(self, now: Timestamp) -> (Self, Vec<Effect>) {
        match self {
            Self::Waiting { run, .. } | Self::Checking { run } => {
                (Self::Ready { since: now, run }, vec![Effect::PublishRoute])
            }
            other => (other, vec![]),
        }
    }

    fn on_not_answered(self, cause: FailureCause, now: Timestamp) -> (Self, Vec<Effect>) {
        match self {
            Self::Waiting { run, .. } | Self::Checking { run } => {
                stopping(Some(run), Some(cause), now)
            }
            other => (other, vec![]),
        }
    }

    fn on_ended(self, ended: &InvocationId, end: UnitEnd, now: Timestamp) -> (Self, Vec<Effect>) {
        let withdraw = matches!(self, Self::Ready { .. });
        let running = !matches!(self, Self::Stopping { .. });
        if !running || self.run() != Some(ended) {
            return (self, vec![]);
        }
        // An end by `systemctl stop` is somebody's wish, not a failure; before the first answer it
        // still explains why the start came to nothing.
        let wished = end.result == "success" && withdraw;
        let cause = (!wished).then_some(FailureCause::Ended(end));
        let (next, mut effects) = stopping(Some(*ended), cause, now);
        if withdraw {
            effects.insert(0, Effect::WithdrawRoute);
        }
        (next, effects)
    }

    /// Tells whether anything of the server is under way or running.
    pub fn is_active(&self) -> bool {
        !matches!(self, Self::Stopped { .. })
    }

    /// Returns the run of the unit that this state is about.
    pub fn run(&self) -> Option<&InvocationId> {
        match self {
            Self::Waiting { run, .. } | Self::Checking { run } | Self::Ready { run, .. } => {
                Some(run)
            }
            Self::Stopping { run, .. } => run.as_ref(),
            Self::Stopped { .. } | Self::Launching { .. } => None,
        }
    }

    /// Returns the state's name, for logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Stopped { failure: None } => "stopped",
            Self::Stopped { failure: Some(_) } => "failed",
            Self::Launching { .. } => "launching",
            Self::Waiting { .. } => "waiting for its program",
            Self::Checking { .. } => "being checked",
            Self::Ready { .. } => "ready",
            Self::Stopping { .. } => "stopping",
        }
    }

    /// Returns why the last run failed, once nothing runs any more.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Stopped { failure } => failure.as_ref(),
            _ => None,
        }
    }
}

fn stopping(
    run: Option<InvocationId>,
    cause: Option<FailureCause>,
    now: Timestamp,
) -> (Life, Vec<Effect>) {
    let failure = cause.map(|cause| Failure {
        cause,
        at: now,
        log: Vec::new(),
    });
    let next = Life::Stopping {
        since: now,
        run,
        failure,
    };
    (next, vec![Effect::Undo])
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
