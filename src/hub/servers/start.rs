//! The way up: records and token first, then the unit, then the wait for its program to answer.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, interval, sleep},
};

use super::{Parts, ProbeError, ProbeResult, Shared, Status, Target, measure, supervisor::Done};
use crate::{
    broker::{
        client::{LaunchError, LaunchOrder},
        ticket::Ticket,
    },
    domain::{
        names::{ServerKey, UnitName},
        paths,
        profile::Gatekeeper,
        secret::Secret,
        server::{Event, FailureCause, InvocationId, UnitEnd},
    },
    hub::{oauth, profiles, profiles::Chosen, tokens},
    store::{self, runs::NewRun},
    systemd::{Exit, UnitStatus, journal},
    telemetry::causes::Causes,
};

/// How often a program that does not answer yet is asked again: often while it may be a quick one.
const PROBE_EVERY: [Duration; 2] = [Duration::from_millis(5), Duration::from_millis(50)];
/// Until when a program may be a quick one.
const QUICK: Duration = Duration::from_secs(1);
/// How often the journal is looked at for what the program says while it starts.
const LISTEN_EVERY: Duration = Duration::from_millis(1000);
/// Lines of the program shown while it starts.
const LINES_SHOWN: usize = 8;

/// Records the run with a fresh token and asks the broker to start the unit.
pub(super) async fn launch(shared: Arc<Shared>, key: ServerKey, options: Option<String>) -> Done {
    match try_launch(&shared, &key, options).await {
        Ok(run) => Event::Launched(run).into(),
        Err(NotLaunched { cause, run }) => Event::LaunchFailed { cause, run }.into(),
    }
}

async fn try_launch(
    shared: &Shared,
    key: &ServerKey,
    options: Option<String>,
) -> Result<InvocationId, NotLaunched> {
    let parts = &shared.parts;
    let token = parts.entropy.hex_text();
    let ticket = parts.store.find_ticket(&key.user).await?;
    let ticket = ticket.map(|text| Ticket::from_text(text.expose().clone()));
    let settings = parts.settings.load_full();
    let options = profiles::options_of_start(&parts.store, &settings, key, options).await?;
    // The record comes before the unit: whatever is killed from here on, the next hub finds either
    // a record without a unit or a unit with a record, and knows what to do with both.
    let run = new_run(shared, key, &token, options).await?;
    let begun = parts.store.begin_run(run).await?;
    let chosen = Chosen::read(&settings, begun.user_options.as_deref());
    let order = LaunchOrder {
        key,
        token: &token,
        ticket: ticket.as_ref(),
        profile: chosen.profile.as_ref(),
        answers: &chosen.answers,
    };
    let launched = parts.broker.launch(order).await?;
    parts
        .store
        .record_launched(key, &launched.invocation, launched.account.uid)
        .await?;
    Ok(launched.invocation)
}

/// Returns the records of a run: its token (RB-60) and its OAuth client, whose secret the token is
/// (OA-02…OA-04, RB-61).
async fn new_run(
    shared: &Shared,
    key: &ServerKey,
    token: &Secret<String>,
    user_options: Option<String>,
) -> Result<NewRun, store::Error> {
    let Parts {
        settings,
        authority,
        clock,
        ..
    } = &shared.parts;
    let settings = settings.load_full();
    let (base_url, server) = (&settings.hub.base_url, &settings.server);
    let chosen = server.token_scopes.as_deref();
    let scopes = authority.server_token_scopes(chosen, key).await?;
    let at = clock.now();
    Ok(NewRun {
        key: key.clone(),
        user_options,
        token: tokens::server_token(base_url, key, token, scopes, at),
        client: oauth::server_client(base_url, key, server.oauth_client_allowed_scopes.clone()),
        at,
    })
}

/// Why a server was not launched, and the run whose journal may say more.
struct NotLaunched {
    cause: FailureCause,
    run: Option<InvocationId>,
}

impl From<store::Error> for NotLaunched {
    fn from(error: store::Error) -> Self {
        Self {
            cause: error.into(),
            run: None,
        }
    }
}

impl From<LaunchError> for NotLaunched {
    fn from(error: LaunchError) -> Self {
        let run = match &error {
            LaunchError::Failed { invocation, .. } => *invocation,
            LaunchError::Refused { .. }
            | LaunchError::CommandMissing { .. }
            | LaunchError::AlreadyRunning { .. }
            | LaunchError::Unavailable(_) => None,
        };
        Self {
            cause: error.into(),
            run,
        }
    }
}

impl From<store::Error> for FailureCause {
    fn from(error: store::Error) -> Self {
        tracing::error!(
            "the database refused a server's record: {causes}",
            causes = Causes(&error)
        );
        if error.is_full() {
            return Self::DiskFull;
        }
        Self::Unavailable("the hub could not write its records".to_owned())
    }
}

impl From<LaunchError> for FailureCause {
    fn from(error: LaunchError) -> Self {
        match error {
            LaunchError::CommandMissing { command, searched } => Self::CommandMissing {
                command,
                searched: searched
                    .iter()
                    .map(|folder| folder.display().to_string())
                    .collect(),
            },
            LaunchError::Refused {
                login_needed: true, ..
            } => Self::LoginNeeded,
            LaunchError::Refused { reason, .. } => Self::Refused(reason),
            LaunchError::Failed {
                result, message, ..
            } => {
                tracing::warn!("a unit did not start: {message} ({result})");
                Self::NotStarted(message)
            }
            error @ (LaunchError::AlreadyRunning { .. } | LaunchError::Unavailable(_)) => {
                let what = Causes(&error).to_string();
                tracing::error!("a server did not start: {what}");
                Self::Unavailable(what)
            }
        }
    }
}

/// Waits until the program of this run answers, ends, or takes too long; publishes what it says.
pub(super) async fn await_answer(
    shared: Arc<Shared>,
    key: ServerKey,
    run: InvocationId,
    publish: watch::Sender<Status>,
) -> Done {
    // The unit may have ended before anybody listened for its end.
    let unit = match look(&shared, &key, &run).await {
        Look::Over(event) => return event.into(),
        Look::Up(unit) => Some(unit),
        Look::Failed => None,
    };
    let Some(target) = shared.await_target(&key).await else {
        return Event::NotAnswered(FailureCause::Vanished).into();
    };
    let event = tokio::select! {
        event = answer(&shared, &key, &target) => event,
        () = listen(&run, &publish) => Event::NotAnswered(FailureCause::Vanished),
    };
    if event == Event::Answered {
        // A hub that restarts finds the run by the records that were made before it. So one that cannot
        // be written, on a full disk, is no reason to end a server and what somebody does in it.
        let now = shared.parts.clock.now();
        if let Err(error) = shared.parts.store.record_ready(&key, now).await {
            tracing::warn!(server.name = %key, "record that {key} is ready: {causes}", causes = Causes(&error));
        }
    }
    let target = Some(target);
    Done {
        event,
        target,
        unit,
    }
}

async fn answer(shared: &Shared, key: &ServerKey, target: &Target) -> Event {
    let settings = shared.parts.settings.load_full();
    let prefix = paths::server_prefix(&settings.hub.base_url, key);
    let path = match target.gatekeeper {
        Gatekeeper::Program => format!("{prefix}api"),
        Gatekeeper::Hub => prefix,
    };
    let begun = Instant::now();
    let mut opened = None;
    loop {
        match ask(shared, target, &path, settings.server.http_timeout).await {
            Ok(()) => return Event::Answered,
            Err(ProbeError::WrongOwner) => {
                return Event::NotAnswered(FailureCause::WrongOwner);
            }
            Err(ProbeError::NoAnswer) => {
                opened.get_or_insert_with(Instant::now);
            }
            Err(ProbeError::NoSocket) => {}
        }
        let event = match opened {
            None if begun.elapsed() > settings.server.start_timeout => {
                Some(FailureCause::NoSocket(settings.server.start_timeout))
            }
            Some(since) if since.elapsed() > settings.server.http_timeout => {
                Some(FailureCause::NoAnswer(settings.server.http_timeout))
            }
            _ => None,
        };
        if let Some(cause) = event {
            return Event::NotAnswered(cause);
        }
        let [often, seldom] = PROBE_EVERY;
        sleep(if begun.elapsed() < QUICK {
            often
        } else {
            seldom
        })
        .await;
    }
}

async fn ask(shared: &Shared, target: &Target, path: &str, patience: Duration) -> ProbeResult {
    let probe = (shared.parts.probe)(target.clone(), path.to_owned());
    match tokio::time::timeout(patience, probe).await {
        Ok(result) => result,
        Err(_) => Err(ProbeError::NoAnswer),
    }
}

/// Publishes the program's latest lines, for as long as it is let.
async fn listen(run: &InvocationId, publish: &watch::Sender<Status>) {
    let mut ticks = interval(LISTEN_EVERY);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        match journal::last_lines(run, LINES_SHOWN).await {
            Ok(lines) => {
                publish.send_if_modified(|status| {
                    let news = status.said != lines;
                    status.said = lines;
                    news
                });
            }
            Err(error) => tracing::debug!(
                "read the journal of run {run}: {causes}",
                causes = Causes(&error)
            ),
        }
    }
}

/// What is to be seen of a run.
enum Look {
    /// It goes on.
    Up(Box<UnitStatus>),
    /// It is over.
    Over(Event),
    /// Nothing; not knowing is not an end, signals and the next resync will tell.
    Failed,
}

/// Returns how this run of the unit ended; `None` while it goes on.
pub(super) async fn end_of(shared: &Shared, key: &ServerKey, run: &InvocationId) -> Option<Event> {
    match look(shared, key, run).await {
        Look::Over(event) => Some(event),
        Look::Up(_) | Look::Failed => None,
    }
}

async fn look(shared: &Shared, key: &ServerKey, run: &InvocationId) -> Look {
    let Ok(unit) = UnitName::for_server(key) else {
        return Look::Failed;
    };
    let begun = Instant::now();
    let found = match shared.parts.systemd.unit_status(&unit).await {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(unit = %unit, "look at {unit}: {causes}", causes = Causes(&error));
            return Look::Failed;
        }
    };
    let is_up = found.as_ref().is_some_and(|unit| unit.active.is_up());
    measure::looked(is_up, begun.elapsed());
    let end = match found {
        Some(status) if status.invocation.as_ref() == Some(run) => {
            if is_up {
                return Look::Up(Box::new(status));
            }
            end_in(&status)
        }
        // The unit is gone or runs anew: this run is over and left no trace.
        _ => UnitEnd {
            result: "success".to_owned(),
            status: 0,
        },
    };
    Look::Over(Event::Ended(*run, end))
}

/// Returns how the last run of a unit that is not up ended.
pub(super) fn end_in(status: &UnitStatus) -> UnitEnd {
    UnitEnd {
        result: status.result.clone(),
        status: match status.exit {
            Some(Exit::Status(number) | Exit::Signal(number)) => number,
            None => 0,
        },
    }
}
