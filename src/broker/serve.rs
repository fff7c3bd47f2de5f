//! Root's side: one request, read from the connection that the gate passed as standard input.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    os::unix::net::UnixStream,
    time::Duration,
};

use nix::errno::Errno;
use tokio::{
    runtime,
    signal::unix::{SignalKind, signal},
};

use super::{
    accounts, launch, login,
    message::{FrameError, Reply, Request, read_frame, write_frame},
    provider, service,
    watchdog::Watchdog,
};
use crate::{
    config::settings::Settings,
    domain::{
        names::{NameError, ServerKey, ServerName, ServiceName, UserName},
        time::Clock,
    },
};

/// How long the request's first frame may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the account database may take.
const LOOK_UP_TIMEOUT: Duration = Duration::from_secs(25);
/// What is added to the settings' own deadlines for the work around what they bound.
const GRACE: Duration = Duration::from_secs(10);

/// Why a request was not served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A system call failed.
    #[error("{what}")]
    System {
        /// What was attempted.
        what: &'static str,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// The other side is neither the hub nor root.
    #[error("refuse a request of uid {0}")]
    Peer(u32),
    /// The exchange broke off.
    #[error("talk to the hub")]
    Frame(#[from] FrameError),
    /// `carrel oidc` gave no answer.
    #[error("ask carrel oidc, whose journal may say more")]
    Provider(#[source] FrameError),
    /// A name in the request is none.
    #[error("read a name of the request")]
    Name(#[from] NameError),
    /// The request makes no sense.
    #[error("understand the request: {0}")]
    Request(&'static str),
    /// systemd could not be asked.
    #[error(transparent)]
    Systemd(#[from] crate::systemd::Error),
}

impl Error {
    /// Makes a system error of what the standard library says.
    pub(super) fn io(what: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::System { what, source }
    }

    /// Makes a system error of an error number.
    pub(super) fn os(what: &'static str) -> impl Fn(Errno) -> Self {
        move |errno| Self::System {
            what,
            source: errno.into(),
        }
    }
}

/// Serves the request on standard input, whose other side may ask.
pub fn serve(settings: &Settings) -> Result<(), Error> {
    serve_on(&standard_input()?.into(), settings)
}

fn serve_on(stream: &UnixStream, settings: &Settings) -> Result<(), Error> {
    let watchdog = Watchdog::start(REQUEST_TIMEOUT.saturating_add(GRACE))?;
    bound_time(stream, REQUEST_TIMEOUT)?;
    let request = read_frame(stream)?;
    watchdog.allow(patience(&request, settings));
    let outcome = answer(stream, request, settings, &watchdog);
    if let Err(error) = &outcome {
        // The hub gets the outline, the journal the causes.
        if !matches!(error, Error::Frame(_)) {
            write_frame(stream, &Reply::Failed(error.to_string()))?;
        }
    }
    outcome
}

/// Gives a read or write of `stream` so long.
pub(super) fn bound_time(stream: &UnixStream, time: Duration) -> Result<(), Error> {
    let outcome = stream.set_read_timeout(Some(time));
    let outcome = outcome.and_then(|()| stream.set_write_timeout(Some(time)));
    outcome.map_err(Error::io("bound the time of an exchange"))
}

fn patience(request: &Request, settings: &Settings) -> Duration {
    let work = match request {
        Request::Authenticate { .. } => settings.login.pam_timeout,
        Request::Depart | Request::Arrive { .. } => {
            provider::PATIENCE.saturating_add(settings.login.pam_timeout)
        }
        Request::Launch { .. } | Request::LaunchService { .. } => settings.server.start_timeout,
        Request::Stop { .. } | Request::StopService { .. } => settings.server.stop_timeout,
        Request::OpenBridge { .. } => service::BRIDGE_TIMEOUT,
        Request::Account { .. } => LOOK_UP_TIMEOUT,
    };
    work.saturating_add(GRACE)
}

fn answer(
    stream: &UnixStream,
    request: Request,
    settings: &Settings,
    watchdog: &Watchdog,
) -> Result<(), Error> {
    let reply = match request {
        Request::Authenticate { user, remote } => {
            if !settings.login.passwords {
                return Err(Error::Request("login.passwords is false"));
            }
            let attempt = login::Attempt { user, remote };
            let around = login::Surroundings::default();
            return login::log_in(stream, settings, watchdog, &attempt, &around);
        }
        Request::Depart => provider::depart(settings)?,
        Request::Arrive { arrival, remote } => provider::arrive(arrival, remote, settings)?,
        Request::Account { user } => {
            let account = accounts::find(&UserName::parse(&user)?, &settings.login)?;
            Reply::Account(account.map(Into::into))
        }
        Request::Launch {
            user,
            server,
            token,
            ticket,
            profile,
            answers,
        } => {
            let order = launch::Order {
                key: parse_key(&user, &server)?,
                token: token.0,
                ticket: ticket.map(|ticket| super::ticket::Ticket::from_secret(ticket.0)),
                profile,
                answers,
            };
            finish(launch::launch(&order, settings, &Clock::System))?
        }
        Request::Stop { user, server } => {
            let key = parse_key(&user, &server)?;
            finish(launch::stop(&key, settings))?
        }
        Request::LaunchService { name, token } => {
            let name = ServiceName::parse(&name)?;
            finish(service::launch(&name, &token.0, settings))?
        }
        Request::StopService { name } => {
            let name = ServiceName::parse(&name)?;
            finish(service::stop(&name, settings))?
        }
        Request::OpenBridge { name } => {
            let name = ServiceName::parse(&name)?;
            finish(service::open_bridge(&name, settings))?
        }
    };
    Ok(write_frame(stream, &reply)?)
}

fn parse_key(user: &str, server: &str) -> Result<ServerKey, Error> {
    Ok(ServerKey {
        user: UserName::parse(user)?,
        server: ServerName::parse(server)?,
    })
}

/// Does what talks to systemd. When the broker is stopped it gets the time to end, for what is half
/// done would have to be undone.
fn finish<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let what = "start the runtime";
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::io(what))?;
    runtime.block_on(async {
        let _unused = signal(SignalKind::terminate()).map_err(Error::io(what))?;
        work.await
    })
}

/// Returns the socket that this process was started with.
pub(super) fn standard_input() -> Result<OwnedFd, Error> {
    let input = io::stdin();
    let what = "take standard input";
    input.as_fd().try_clone_to_owned().map_err(Error::io(what))
}

#[cfg(test)]
#[path = "serve_tests.rs"]
mod tests;
