//! Changing units, for the broker: start a transient one, stop one, and wait for the job.
//!
//! A call's return says only that a job is queued. The job's end arrives as a signal, which may get
//! lost when systemd re-executes; so the unit is looked at from time to time as well.

use std::{future::poll_fn, pin::Pin, time::Duration};

use futures_core::Stream;
use tokio::time::{Instant, sleep, sleep_until};
use zbus::{MatchRule, MessageStream, OwnedObjectPath};

use super::{
    ActiveState, Error, Systemd, UnitStatus, call, properties,
    proxies::{AuxiliaryUnit, ManagerProxy},
};
use crate::domain::{names::UnitName, unit::UnitSpec};

/// Which argument of JobRemoved is the unit's name.
const UNIT_ARGUMENT: u8 = 2;
/// How often the unit is looked at while its job's end is waited for.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);
/// How long systemd may take to be back after it re-executed.
const RETURN_PAUSE: Duration = Duration::from_millis(700);

/// Why a unit did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It runs already, as the same account.
    #[error("the unit runs already")]
    AlreadyRunning(Box<UnitStatus>),
    /// A unit of this name is there and not one that Carrel made for this account.
    #[error("a unit of this name exists that is not this server's: {0}")]
    NotOurs(&'static str),
    /// Its start failed.
    #[error("the unit's start job ended with {job}")]
    Failed {
        /// The job's result.
        job: String,
        /// What is left of the unit.
        status: Option<Box<UnitStatus>>,
    },
    /// systemd did not take the unit.
    #[error("systemd refuses the unit: {0}")]
    Rejected(String),
    /// systemd could not be asked.
    #[error(transparent)]
    Bus(#[from] Error),
}

impl StartError {
    /// Says what a unit that stands in the way means for whoever wants to start it as `user`.
    pub fn standing(status: UnitStatus, user: &str) -> Self {
        if !status.transient {
            Self::NotOurs("it comes from a file or is masked")
        } else if status.user != user {
            Self::NotOurs("it runs as another account")
        } else {
            Self::AlreadyRunning(Box::new(status))
        }
    }
}

/// How waiting for a job ended.
enum JobEnd {
    Result(String),
    /// No signal came, but the unit is at rest in this state.
    Rest,
}

impl Systemd {
    /// Starts a unit and waits, at most `patience`, until it is active.
    pub async fn start_transient(
        &self,
        spec: &UnitSpec,
        user: &str,
        patience: Duration,
    ) -> Result<UnitStatus, StartError> {
        let deadline = Instant::now() + patience;
        let mut jobs = self.job_ends(&spec.unit).await?;
        let job = match self.queue_start(spec).await {
            Ok(job) => job,
            Err(error) if error.is_named("org.freedesktop.systemd1.UnitExists") => {
                self.clear_way(&spec.unit, user).await?;
                self.queue_start(spec).await.map_err(rejected)?
            }
            // The call may have been lost in a re-execution, before or after the unit was made.
            Err(error) if error.is_lost_reply() => {
                sleep(RETURN_PAUSE).await;
                self.clear_way(&spec.unit, user).await?;
                self.queue_start(spec).await.map_err(rejected)?
            }
            Err(error) => return Err(rejected(error)),
        };
        let end = self.wait(&mut jobs, &job, &spec.unit, deadline).await?;
        let status = self.unit_status(&spec.unit).await?;
        match (end, status) {
            (_, Some(status)) if status.active == ActiveState::Active => Ok(status),
            (JobEnd::Result(job), status) => Err(StartError::Failed {
                job,
                status: status.map(Box::new),
            }),
            (JobEnd::Rest, status) => Err(StartError::Failed {
                job: String::from("lost"),
                status: status.map(Box::new),
            }),
        }
    }

    /// Starts a unit that has a file and waits, at most `patience`, for the end of that; one that runs is
    /// left so.
    pub async fn start_unit(&self, unit: &UnitName, patience: Duration) -> Result<(), StartError> {
        let deadline = Instant::now() + patience;
        let mut jobs = self.job_ends(unit).await?;
        let manager = self.manager().await?;
        let start = manager.start_unit(unit.as_str(), "replace");
        let job = call("start a unit", start).await.map_err(rejected)?;
        match self.wait(&mut jobs, &job, unit, deadline).await? {
            JobEnd::Result(job) if job != "done" => Err(StartError::Failed { job, status: None }),
            JobEnd::Result(_) | JobEnd::Rest => Ok(()),
        }
    }

    /// Stops a unit and waits, at most `patience`, until it is at rest; then systemd may forget it.
    ///
    /// A unit that does not exist is as good as stopped.
    pub async fn stop_unit(&self, unit: &UnitName, patience: Duration) -> Result<(), Error> {
        let deadline = Instant::now() + patience;
        let mut jobs = self.job_ends(unit).await?;
        let manager = self.manager().await?;
        let what = "stop a unit";
        match call(what, manager.stop_unit(unit.as_str(), "replace")).await {
            Ok(job) => {
                self.wait(&mut jobs, &job, unit, deadline).await?;
            }
            Err(error) if error.is_named("org.freedesktop.systemd1.NoSuchUnit") => {}
            Err(error) if error.is_lost_reply() => {
                sleep(RETURN_PAUSE).await;
                let manager = self.manager().await?;
                let job = call(what, manager.stop_unit(unit.as_str(), "replace")).await?;
                self.wait(&mut jobs, &job, unit, deadline).await?;
            }
            Err(error) => return Err(error),
        }
        self.reset_failed(unit).await
    }

    /// Makes systemd forget that a unit failed.
    pub async fn reset_failed(&self, unit: &UnitName) -> Result<(), Error> {
        let manager = self.manager().await?;
        match call("reset a unit", manager.reset_failed_unit(unit.as_str())).await {
            Err(error) if error.is_named("org.freedesktop.systemd1.NoSuchUnit") => Ok(()),
            outcome => outcome,
        }
    }

    /// Makes room for a unit whose name is taken: a failed one is forgotten; one that runs, or that
    /// somebody else made, stays as it is.
    async fn clear_way(&self, unit: &UnitName, user: &str) -> Result<(), StartError> {
        let Some(status) = self.unit_status(unit).await? else {
            return Ok(());
        };
        if status.active.is_up() || !status.transient {
            return Err(StartError::standing(status, user));
        }
        Ok(self.reset_failed(unit).await?)
    }

    async fn queue_start(&self, spec: &UnitSpec) -> Result<OwnedObjectPath, Error> {
        let manager: ManagerProxy<'_> = self.manager().await?;
        let properties: Vec<_> = spec.properties.iter().map(properties::encode).collect();
        let auxiliary: [AuxiliaryUnit<'_>; 0] = [];
        let unit = spec.unit.as_str();
        let start = manager.start_transient_unit(unit, "fail", &properties, &auxiliary);
        call("start a unit", start).await
    }

    /// Listens for ends of the unit's jobs; to be called before a job is queued, for it may end at once.
    ///
    /// The bus is told the unit's name, so that the ends of a hundred other starts do not fill the
    /// queue, behind which the answers to calls would have to wait.
    async fn job_ends(&self, unit: &UnitName) -> Result<MessageStream, Error> {
        let what = "send signals";
        let connection = self.connection().await?;
        let sender = super::watch::sender_of_systemd(&connection).await?;
        let rule = MatchRule::builder()
            .msg_type(zbus::message::Type::Signal)
            .sender(sender)
            .member("JobRemoved")
            .arg(UNIT_ARGUMENT, unit.as_str())
            .build()
            .map_err(|source| Error::Call { what, source })?;
        let stream = MessageStream::for_match_rule(rule, &connection, None);
        let stream = call(what, stream).await?;
        super::watch::subscribe(&connection).await?;
        Ok(stream)
    }

    async fn wait(
        &self,
        jobs: &mut MessageStream,
        job: &OwnedObjectPath,
        unit: &UnitName,
        deadline: Instant,
    ) -> Result<JobEnd, Error> {
        let mut look_at = Instant::now() + LOOK_INTERVAL;
        loop {
            tokio::select! {
                result = end_of(jobs, job) => match result {
                    Some(result) => return Ok(JobEnd::Result(result)),
                    None => sleep(LOOK_INTERVAL).await,
                },
                () = sleep_until(look_at) => {}
                () = sleep_until(deadline) => return Err(Error::Deadline("end a job")),
            }
            if Instant::now() >= deadline {
                return Err(Error::Deadline("end a job"));
            }
            look_at = Instant::now() + LOOK_INTERVAL;
            if self.is_at_rest(unit).await {
                return Ok(JobEnd::Rest);
            }
        }
    }

    /// Tells whether no job is under way for the unit; when in doubt it says no.
    async fn is_at_rest(&self, unit: &UnitName) -> bool {
        match self.find_unit(unit).await {
            Ok(Some(record)) => !record.has_job,
            Ok(None) => true,
            Err(_) => false,
        }
    }
}

fn rejected(error: Error) -> StartError {
    if let Error::Call {
        source: zbus::Error::MethodError(name, text, _),
        ..
    } = error
    {
        return StartError::Rejected(text.unwrap_or_else(|| name.to_string()));
    }
    StartError::Bus(error)
}

/// Waits for the end of `job`; `None` when the stream has ended.
async fn end_of(jobs: &mut MessageStream, job: &OwnedObjectPath) -> Option<String> {
    loop {
        let message = poll_fn(|cx| Pin::new(&mut *jobs).poll_next(cx)).await?;
        let Ok(message) = message else { continue };
        let body = message.body();
        let parts = body.deserialize::<(u32, OwnedObjectPath, String, String)>();
        if let Ok((_, ended, _, result)) = parts
            && ended == *job
        {
            return Some(result);
        }
    }
}
