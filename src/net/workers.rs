//! The threads that serve connections, one per processor, each with a runtime of its own.
//!
//! A connection stays on the thread it was given to, with its TLS state, its link to the server behind
//! and its timers; nothing of the path of a byte is handed from thread to thread or waits for another
//! thread's queue. The rest of the hub lives on the runtime that everything else shares.

use std::{
    io,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;

/// The running threads.
pub(super) struct Workers {
    handles: Vec<Handle>,
    next: AtomicUsize,
}

impl Workers {
    /// Starts a thread per processor; they end when `stop` is cancelled, or with the process.
    pub(super) fn start(stop: &CancellationToken) -> io::Result<Self> {
        let count = thread::available_parallelism()?.get();
        let mut handles = Vec::with_capacity(count);
        for number in 0..count {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            handles.push(runtime.handle().clone());
            let stopped = stop.clone().cancelled_owned();
            thread::Builder::new()
                .name(format!("http-{number}"))
                .spawn(move || runtime.block_on(stopped))?;
        }
        Ok(Self {
            handles,
            next: AtomicUsize::new(0),
        })
    }

    /// Returns the thread whose turn it is.
    pub(super) fn next(&self) -> Option<&Handle> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        self.handles.get(turn % self.handles.len().max(1))
    }
}
