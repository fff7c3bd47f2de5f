//! What is remembered: all SQL, behind asynchronous methods with typed arguments.
//!
//! One thread writes, each call in one transaction, so a call happens whole or not at all; a few threads
//! read. Nothing of SQLite leaves this module, and of tokens, codes and session ids only hashes come in.
#![forbid(unsafe_code)]

mod error;
mod file;
mod narrowed;
mod row;
mod version;

pub mod census;
pub mod configured_groups;
pub mod foreign;
pub mod foreign_hashes;
pub mod groups;
pub mod import;
pub mod oauth;
pub mod purge;
pub mod roles;
pub mod runs;
pub mod servers;
pub mod services;
pub mod sessions;
pub mod share_codes;
pub mod shares;
pub mod standing;
pub mod tokens;
pub mod user_edits;
pub mod user_pages;
pub mod users;

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Instant,
};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

pub use self::{
    error::Error,
    version::{Memo, Version},
};
use self::{user_pages::UserDetails, version::Versions};
use crate::{
    domain::names::UserName,
    telemetry::metrics::{METRICS, labels::Thread},
};

/// How many calls may wait for a thread; further callers wait for a place.
const QUEUE_LENGTH: usize = 1024;

/// How many threads read, so that a long list keeps nobody else waiting.
const READERS: usize = 3;

/// How many users who were looked up are remembered until something changes.
const REMEMBERED_USERS: usize = 1024;

/// The result of a store call.
pub type Result<T> = std::result::Result<T, Error>;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// The database; clones share it, and it closes when the last one goes.
#[derive(Clone)]
pub struct Store {
    writer: mpsc::Sender<Job>,
    reader: mpsc::Sender<Job>,
    versions: Arc<Versions>,
    users: Arc<Memo<UserName, Arc<UserDetails>>>,
}

impl Store {
    /// Opens the database, making or migrating it as needed. Blocks: for the start of the program.
    pub fn open(path: &Path) -> Result<Self> {
        let writer = start("store-writer", vec![file::open_writer(path)?])?;
        let readers: Result<Vec<_>> = (0..READERS).map(|_| file::open_reader(path)).collect();
        let reader = start("store-reader", readers?)?;
        Ok(Self::of(writer, reader))
    }

    /// Opens an existing database only to read it, beside a hub that may be running.
    pub fn open_read_only(path: &Path) -> Result<Self> {
        let reader = start("store-reader", vec![file::open_reader(path)?])?;
        Ok(Self::of(reader.clone(), reader))
    }

    /// Opens an existing database for this process alone: no hub can have it meanwhile.
    pub fn open_alone(path: &Path) -> Result<Self> {
        let both = start("store", vec![file::open_alone(path)?])?;
        Ok(Self::of(both.clone(), both))
    }

    /// Copies an existing database into memory, beside a hub that may be running, to try something on it.
    pub fn open_copy(path: &Path) -> Result<Self> {
        let both = start("store", vec![file::copy_into_memory(path)?])?;
        Ok(Self::of(both.clone(), both))
    }

    /// Makes a database that lives in memory, for tests.
    pub fn in_memory() -> Result<Self> {
        let both = start("store", vec![file::in_memory()?])?;
        Ok(Self::of(both.clone(), both))
    }

    fn of(writer: mpsc::Sender<Job>, reader: mpsc::Sender<Job>) -> Self {
        Self {
            writer,
            reader,
            versions: Arc::default(),
            users: Arc::new(Memo::new(REMEMBERED_USERS)),
        }
    }

    /// Returns the present version of everything that says who may do what.
    ///
    /// What is read after that may be kept and used again for as long as the version stays the same: each
    /// change of what could have been read is in the next version before its caller hears that it is made.
    pub fn rights_version(&self) -> Version {
        self.versions.rights()
    }

    async fn write<T: Send + 'static>(
        &self,
        attempt: &'static str,
        change: impl FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let versions = Arc::clone(&self.versions);
        self.change(attempt, change, move || versions.rights_changed())
            .await
    }

    /// Changes nothing but when somebody or something was last active, on which no right depends.
    async fn write_activity<T: Send + 'static>(
        &self,
        attempt: &'static str,
        change: impl FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let versions = Arc::clone(&self.versions);
        self.change(attempt, change, move || versions.activity_changed())
            .await
    }

    async fn change<T: Send + 'static>(
        &self,
        attempt: &'static str,
        change: impl FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
        ended: impl FnOnce() + Send + 'static,
    ) -> Result<T> {
        timed(Thread::Writer, &self.writer, attempt, move |conn| {
            let result = commit(conn, change);
            // Whether a commit that failed has failed for good is not asked.
            ended();
            result
        })
        .await
    }

    async fn read<T: Send + 'static>(
        &self,
        attempt: &'static str,
        query: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        timed(Thread::Reader, &self.reader, attempt, move |conn| {
            query(conn)
        })
        .await
    }

    /// Returns how many calls wait for each thread.
    pub fn queue_lengths(&self) -> [(Thread, usize); 2] {
        [
            (Thread::Writer, &self.writer),
            (Thread::Reader, &self.reader),
        ]
        .map(|(thread, jobs)| (thread, jobs.max_capacity() - jobs.capacity()))
    }
}

#[cfg(test)]
impl Store {
    /// Makes the database as full as a full disk would.
    pub(crate) async fn fill_for_test(&self) {
        let fill = |tx: &Transaction<'_>| {
            let pages: i64 = tx.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            let sql = format!("PRAGMA max_page_count = {}", pages + 1);
            Ok(tx.query_row(&sql, [], |row| row.get::<_, i64>(0))?)
        };
        self.write("fill the disk", fill).await.unwrap();
    }

    /// Takes the mark of an administrator from everybody, and between the change and its commit says so and
    /// waits for a word.
    pub(crate) async fn demote_slowly_for_test(
        &self,
        changed: oneshot::Sender<()>,
        go_on: std::sync::mpsc::Receiver<()>,
    ) {
        let demote = move |tx: &Transaction<'_>| {
            tx.execute("UPDATE users SET admin = 0, admin_granted = 0", [])?;
            changed.send(()).unwrap();
            go_on.recv().unwrap();
            Ok(())
        };
        self.write("demote everybody", demote).await.unwrap();
    }
}

fn commit<T>(
    conn: &mut Connection,
    change: impl FnOnce(&Transaction<'_>) -> Result<T>,
) -> Result<T> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let value = change(&tx)?;
    tx.commit()?;
    Ok(value)
}

async fn timed<T: Send + 'static>(
    name: Thread,
    thread: &mpsc::Sender<Job>,
    attempt: &'static str,
    call: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
) -> Result<T> {
    let begun = Instant::now();
    let result = run(thread, attempt, call).await;
    METRICS.database_calls.observe(&name, begun.elapsed());
    result
}

async fn run<T: Send + 'static>(
    thread: &mpsc::Sender<Job>,
    attempt: &'static str,
    call: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
) -> Result<T> {
    let (answer, answered) = oneshot::channel();
    let job: Job = Box::new(move |conn| {
        // The caller may have gone; what was asked is done all the same.
        drop(answer.send(call(conn)));
    });
    let closed = || Error::Closed { attempt };
    thread.send(job).await.map_err(|_| closed())?;
    let result = answered.await.map_err(|_| closed())?;
    result.map_err(|error| error.during(attempt))
}

/// Starts a thread for each connection, which run jobs until the last sender is gone.
fn start(name: &str, connections: Vec<Connection>) -> Result<mpsc::Sender<Job>> {
    let (sender, jobs) = mpsc::channel::<Job>(QUEUE_LENGTH);
    let jobs = Arc::new(Mutex::new(jobs));
    for mut conn in connections {
        let jobs = Arc::clone(&jobs);
        // One thread waits for a job, the others for their turn to wait.
        let next = move || {
            let mut jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
            jobs.blocking_recv()
        };
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                while let Some(job) = next() {
                    job(&mut conn);
                }
            })
            .map_err(Error::Thread)?;
    }
    Ok(sender)
}

#[cfg(test)]
mod activity_tests;
#[cfg(test)]
mod people_tests;
#[cfg(test)]
mod tests;
