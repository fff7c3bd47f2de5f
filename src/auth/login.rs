//! A login from the form to PAM's verdict, over as many rounds as PAM wants.
//!
//! The first round answers PAM's one question with the password. Whatever PAM asks after that (a
//! one-time code, a new password) is shown to the person, and the conversation waits here, in
//! memory, for the answers. A refusal says nothing about its cause, and takes the same time for
//! every cause: it is told at the next full step of [`REFUSAL_STEP`] after the attempt began.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::throttle::{Throttle, network_of};
use crate::{
    broker::{
        client::{self, Broker, Conversation, Login, Step},
        message::{Prompt, Refusal},
    },
    domain::{names::UserName, secret::Secret, time::Clock},
    telemetry::{
        causes::Causes,
        metrics::{METRICS, labels as metrics},
    },
};

/// Refusals are told at multiples of this after the attempt began: longer than the broker, which
/// tells none before two seconds, ever needs, so that every cause takes the same time.
const REFUSAL_STEP: Duration = Duration::from_millis(2500);
/// How long a person has to answer a further round.
const ROUND_LIFETIME: Duration = Duration::from_secs(120);
/// Conversations that may wait for answers at once. Each keeps one of the broker's places for logins, of
/// which some must stay free for others.
const MAX_WAITING: usize = 160;
/// The same for one address; a class of sixty behind one fits.
const MAX_WAITING_PER_ADDRESS: usize = 80;
/// A name somebody typed is written to the journal up to here.
const SHOWN_NAME_CHARS: usize = 64;

/// All logins under way.
#[derive(Debug)]
pub struct Logins {
    pub(super) broker: Broker,
    pub(super) throttle: Throttle,
    pub(super) clock: Clock,
    waiting: Mutex<HashMap<String, Waiting>>,
}

#[derive(Debug)]
struct Waiting {
    conversation: Conversation,
    username: String,
    remote: IpAddr,
    since: Instant,
}

/// What came of an attempt or a further round.
#[derive(Debug)]
pub enum Outcome {
    /// PAM and the policy let the person in.
    Welcome(Box<Login>),
    /// PAM asks more.
    Asked {
        /// Names the conversation that waits.
        conversation: String,
        /// Who is logging in, as typed.
        username: String,
        /// What PAM said and asks.
        prompts: Vec<Prompt>,
    },
    /// Not let in; why is in the journal.
    Refused,
    /// The conversation was not waited for any longer.
    Expired,
    /// Too many failures; try again after this.
    Throttled(Duration),
    /// The broker or PAM did not answer.
    Unavailable,
}

impl Logins {
    /// Makes the place where logins wait.
    pub fn new(broker: Broker, throttle: Throttle, clock: Clock) -> Self {
        Self {
            broker,
            throttle,
            clock,
            waiting: Mutex::default(),
        }
    }

    /// Tries a name and a password; `conversation` names the conversation if it has to go on.
    pub async fn begin(
        &self,
        username: &str,
        password: Secret<String>,
        remote: IpAddr,
        conversation: String,
    ) -> Outcome {
        let begun = Instant::now();
        let attempt = match self.throttle.attempt(username, remote, self.clock.now()) {
            Ok(attempt) => attempt,
            Err(wait) => return held_up(wait),
        };
        let outcome = match UserName::parse(username) {
            Ok(user) => match self.broker.begin_login(&user, remote).await {
                Ok(talk) => {
                    let waiting = Waiting {
                        conversation: talk,
                        username: username.to_owned(),
                        remote,
                        since: begun,
                    };
                    self.talk(waiting, conversation, Some(password)).await
                }
                Err(error) => unavailable(&error),
            },
            Err(_) => Outcome::Refused,
        };
        if matches!(outcome, Outcome::Refused) {
            attempt.failed(self.clock.now());
            settle(begun).await;
        }
        measure(&outcome, begun);
        outcome
    }

    /// Hands PAM the answers of a further round.
    pub async fn go_on(
        &self,
        conversation: String,
        answers: Vec<Secret<String>>,
        remote: IpAddr,
    ) -> Outcome {
        let begun = Instant::now();
        let found = self.waiting().remove(&conversation);
        let fresh = |w: &Waiting| w.since.elapsed() <= ROUND_LIFETIME && w.remote == remote;
        let Some(mut waiting) = found.filter(fresh) else {
            return Outcome::Expired;
        };
        let username = waiting.username.clone();
        let attempt = match self.throttle.attempt(&username, remote, self.clock.now()) {
            Ok(attempt) => attempt,
            Err(wait) => return held_up(wait),
        };
        let outcome = match waiting.conversation.answer(answers).await {
            Ok(()) => self.talk(waiting, conversation, None).await,
            Err(error) => unavailable(&error),
        };
        if matches!(outcome, Outcome::Refused) {
            attempt.failed(self.clock.now());
            settle(begun).await;
        }
        measure(&outcome, begun);
        outcome
    }

    /// Listens to PAM until it has decided or wants to know something only the person knows.
    async fn talk(
        &self,
        mut waiting: Waiting,
        id: String,
        mut password: Option<Secret<String>>,
    ) -> Outcome {
        loop {
            let prompts = match waiting.conversation.next().await {
                Ok(Step::Prompt(prompts)) => prompts,
                Ok(Step::Accepted(login)) => return Outcome::Welcome(Box::new(login)),
                Ok(Step::Refused(refusal)) => {
                    log_refusal(&waiting, &refusal);
                    return Outcome::Refused;
                }
                Err(error) => return unavailable(&error),
            };
            let questions = prompts.iter().filter(|p| p.kind.is_question()).count();
            let answers = match (questions, password.take()) {
                (0, unused) => {
                    password = unused;
                    Vec::new()
                }
                (1, Some(password)) => vec![password],
                _ => return self.wait(waiting, id, prompts),
            };
            if let Err(error) = waiting.conversation.answer(answers).await {
                return unavailable(&error);
            }
        }
    }

    fn wait(&self, mut waiting: Waiting, id: String, prompts: Vec<Prompt>) -> Outcome {
        waiting.since = Instant::now();
        let username = waiting.username.clone();
        let mut table = self.waiting();
        table.retain(|_, waiting| waiting.since.elapsed() <= ROUND_LIFETIME);
        if !has_room(table.values().map(|other| other.remote), waiting.remote) {
            let count = table.len();
            tracing::warn!(
                "{count} logins wait for answers; refusing another from {}",
                waiting.remote
            );
            return Outcome::Unavailable;
        }
        table.insert(id.clone(), waiting);
        Outcome::Asked {
            conversation: id,
            username,
            prompts,
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<String, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells whether one more conversation from `remote` may wait beside those from `others`.
fn has_room(others: impl Iterator<Item = IpAddr>, remote: IpAddr) -> bool {
    let here = network_of(remote);
    let (mut all, mut from_here) = (0, 0);
    for other in others {
        all += 1;
        from_here += usize::from(network_of(other) == here);
    }
    all < MAX_WAITING && from_here < MAX_WAITING_PER_ADDRESS
}

/// Waits for the next full step since `begun`.
async fn settle(begun: Instant) {
    let steps = begun.elapsed().as_millis() / REFUSAL_STEP.as_millis() + 1;
    let steps = u32::try_from(steps).unwrap_or(u32::MAX);
    tokio::time::sleep_until(begun + REFUSAL_STEP * steps).await;
}

fn held_up(wait: Duration) -> Outcome {
    throttled();
    Outcome::Throttled(wait)
}

/// Counts an attempt that was not heard.
pub(super) fn throttled() {
    METRICS.logins_throttled.count_one();
}

fn measure(outcome: &Outcome, begun: Instant) {
    let ended = match outcome {
        Outcome::Welcome(_) => metrics::Outcome::Success,
        Outcome::Refused | Outcome::Unavailable => metrics::Outcome::Failure,
        // It goes on, or was none.
        Outcome::Asked { .. } | Outcome::Expired | Outcome::Throttled(_) => return,
    };
    measure_login(ended, begun);
}

/// Counts a login that ended, with the time it took.
pub(super) fn measure_login(ended: metrics::Outcome, begun: Instant) {
    METRICS.logins.observe(&ended, begun.elapsed());
}

/// The journal is told what the person is not.
fn log_refusal(waiting: &Waiting, refusal: &Refusal) {
    let (Refusal::Credentials { reason }
    | Refusal::Account { reason }
    | Refusal::Policy { reason }) = refusal;
    let name: String = waiting.username.chars().take(SHOWN_NAME_CHARS).collect();
    tracing::warn!(
        target: "audit",
        { user.name = %name.escape_debug(), remote = %waiting.remote },
        "refused to log {name:?} in from {}: {reason}",
        waiting.remote
    );
}

fn unavailable(error: &client::Error) -> Outcome {
    tracing::error!("log a person in: {}", Causes(error));
    Outcome::Unavailable
}

#[cfg(test)]
mod tests {
    use std::iter::repeat_n;

    use super::*;

    #[test]
    fn one_address_cannot_keep_every_place_waiting() {
        let here: IpAddr = "2001:db8::1".parse().unwrap();
        let beside: IpAddr = "2001:db8::2".parse().unwrap();
        let elsewhere: IpAddr = "192.0.2.1".parse().unwrap();
        let most = MAX_WAITING_PER_ADDRESS;
        assert!(has_room(repeat_n(here, most - 1), beside));
        assert!(!has_room(repeat_n(here, most), beside));
        assert!(has_room(repeat_n(here, most), elsewhere));
        let both = repeat_n(here, most).chain(repeat_n(elsewhere, most));
        assert!(!has_room(both, "192.0.2.2".parse().unwrap()));
    }
}
