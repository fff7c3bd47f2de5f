//! The broker's parent: gives each connection of the hub a process of its own.
//!
//! It reads nothing from anybody. What a request leaks, breaks or hangs in ends with the request's
//! process, and what that left behind is ended here. systemd holds the socket: it starts the gate
//! when somebody connects, and again when somebody does after it has ended.

use std::{
    collections::HashSet,
    fs,
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        prctl,
        signal::{Signal, kill},
        socket::{getsockopt, sockopt::PeerCredentials},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};

use super::{
    accounts,
    serve::{Error, standard_input},
};
use crate::telemetry::causes::Causes;

/// The account of the hub, the only one beside root that is served.
const HUB_ACCOUNT: &str = "carrel";
/// Requests under way at once; whoever comes then waits in the socket's queue.
pub(super) const PLACES: usize = 256;
/// How long nobody has asked anything when the gate ends.
const IDLE: Duration = Duration::from_secs(300);
/// How soon the end of a request is noticed.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Serves the socket on standard input until nobody has asked anything for a while.
pub fn keep(config: &Path) -> Result<(), Error> {
    let gate = Gate {
        program: std::env::current_exe().map_err(Error::io("find the broker's program"))?,
        config: config.to_owned(),
        hub: accounts::uid_of(HUB_ACCOUNT)?,
        places: PLACES,
        idle: IDLE,
    };
    let what = "adopt what requests leave behind";
    prctl::set_child_subreaper(true).map_err(Error::os(what))?;
    gate.serve(&standard_input()?.into())
}

/// Whom the gate lets in, and to what.
struct Gate {
    /// This program, which serves one request as `broker --request`.
    program: PathBuf,
    config: PathBuf,
    /// The hub's uid, if there is such an account.
    hub: Option<u32>,
    places: usize,
    idle: Duration,
}

impl Gate {
    fn serve(&self, listener: &UnixListener) -> Result<(), Error> {
        let what = "accept connections on standard input, which must be a listening Unix socket";
        let mut requests = HashSet::new();
        loop {
            let busy = reap(&mut requests);
            let patience = if busy { LOOK_EVERY } else { self.idle };
            let patience = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
            let mut heard = vec![PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
            heard.truncate(self.places.saturating_sub(requests.len()));
            if poll(&mut heard, patience).map_err(Error::os(what))? > 0 {
                let (connection, _) = listener.accept().map_err(Error::io(what))?;
                match self.admit(connection) {
                    Ok(request) => _ = requests.insert(request),
                    Err(error) => tracing::error!("{}", Causes(&error)),
                }
            } else if !busy {
                return Ok(());
            }
        }
    }

    /// Starts the process of one request, if whoever connected may ask.
    #[expect(clippy::disallowed_methods, reason = "nothing here is asynchronous")]
    fn admit(&self, connection: UnixStream) -> Result<Pid, Error> {
        let peer =
            getsockopt(&connection, PeerCredentials).map_err(Error::os("ask who connected"))?;
        if !may_ask(peer.uid(), self.hub) {
            return Err(Error::Peer(peer.uid()));
        }
        let child = Command::new(&self.program)
            .arg("--config")
            .arg(&self.config)
            .args(["broker", "--request"])
            .stdin(OwnedFd::from(connection))
            .spawn()
            .map_err(Error::io("start the process of a request"))?;
        Ok(Pid::from_raw(child.id().cast_signed()))
    }
}

fn may_ask(uid: u32, hub: Option<u32>) -> bool {
    uid == 0 || Some(uid) == hub
}

/// Takes note of the requests that ended, and ends what they left behind: programs that a PAM module
/// had started, and that hang or whose request was killed. Tells whether anything is left.
fn reap(requests: &mut HashSet<Pid>) -> bool {
    let look = Some(WaitPidFlag::WNOHANG);
    requests.retain(|request| match waitpid(*request, look) {
        Ok(WaitStatus::Signaled(_, signal, _)) => {
            tracing::error!("{signal} ended the process of a request");
            false
        }
        end => end == Ok(WaitStatus::StillAlive),
    });
    let mut busy = !requests.is_empty();
    for stray in children().filter(|child| !requests.contains(child)) {
        // One that became another account cannot be ended from here, but ends with the gate.
        let ended = kill(stray, Signal::SIGKILL).and_then(|()| waitpid(stray, look));
        busy |= ended == Ok(WaitStatus::StillAlive);
    }
    busy
}

/// Lists this process's children. Orphans are given to its first thread, which started the others.
fn children() -> impl Iterator<Item = Pid> {
    let list = format!("/proc/self/task/{}/children", std::process::id());
    let text = fs::read_to_string(list).unwrap_or_default();
    let pids = text.split_whitespace().filter_map(|pid| pid.parse().ok());
    pids.map(Pid::from_raw).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
