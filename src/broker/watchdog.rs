//! The broker's own deadline: whatever hangs, this process ends.
//!
//! A PAM module that blocks cannot be interrupted, and a directory server may never answer. The hub
//! sees the connection close and says that logins do not work now.

use std::{
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};

use nix::sys::signal::{Signal, raise};

use super::serve::Error;

/// Ends the process unless it is told in time to wait longer; dropping it calls the end off.
pub(super) struct Watchdog(Sender<Duration>);

impl Watchdog {
    /// Gives the process this long.
    pub(super) fn start(patience: Duration) -> Result<Self, Error> {
        let (sender, receiver) = channel();
        thread::Builder::new()
            .name(String::from("watchdog"))
            .spawn(move || {
                let mut patience = patience;
                loop {
                    match receiver.recv_timeout(patience) {
                        Ok(longer) => patience = longer,
                        Err(RecvTimeoutError::Disconnected) => return,
                        Err(RecvTimeoutError::Timeout) => end(),
                    }
                }
            })
            .map_err(Error::io("start the watchdog"))?;
        Ok(Self(sender))
    }

    /// Gives the process this long from now on.
    pub(super) fn allow(&self, patience: Duration) {
        // The thread outlives this value, so the send cannot fail; if it did, the old deadline would
        // simply stand.
        if self.0.send(patience).is_err() {
            tracing::debug!("the watchdog is gone");
        }
    }
}

/// A signal and not exit(3), which would run the exit handlers of the module that hangs.
fn end() {
    tracing::error!("the deadline has passed; giving up");
    if let Err(error) = raise(Signal::SIGKILL) {
        tracing::error!(%error, "this process cannot be ended");
    }
}
