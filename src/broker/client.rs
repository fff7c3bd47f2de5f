//! The hub's side of the broker: one connection per request, every wait with a deadline.

mod frames;
mod launch;
mod measure;
mod provider;

use std::{io, net::IpAddr, path::PathBuf, sync::Arc, time::Duration};

use thiserror::Error;
use tokio::{
    net::UnixStream,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

pub use self::launch::{LaunchError, LaunchOrder, Launched};
pub use self::provider::ProviderError;
use self::{
    frames::{receive_frame, send_frame},
    launch::{read_fault, read_launched},
    provider::PROVIDER_PLACES,
};
use super::{
    gate,
    message::{Answers, FrameError, Prompt, Refusal, Reply, Request, WireAccount, WireSecret},
    ticket::Ticket,
};
use crate::{
    config::settings::Settings,
    domain::{
        account::Account,
        names::{ServerKey, ServiceName, UserName},
        secret::Secret,
    },
    telemetry::metrics::labels::Verb,
};

/// The broker's places that logins may take; the others stay free to start and stop servers.
const LOGIN_PLACES: usize = gate::PLACES / 4 * 3;
/// How long connecting and sending may take; systemd keeps the socket, even under load.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// What the broker gets beyond its own deadline before the hub gives up on it.
const GRACE: Duration = Duration::from_secs(15);
/// How long looking up an account may take; directory servers can be slow.
const ACCOUNT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long opening a bridge may take.
const BRIDGE_TIMEOUT: Duration = Duration::from_secs(30);
/// The file name of the broker's socket in the runtime folder.
const SOCKET_NAME: &str = "broker.sock";

/// Why the broker gave no answer.
#[derive(Debug, Error)]
pub enum Error {
    /// Its socket could not be reached.
    #[error("connect to the broker at {socket}")]
    Connect {
        /// The socket.
        socket: PathBuf,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// It did not answer in time.
    #[error("wait for the broker to {0}")]
    Deadline(&'static str),
    /// The exchange broke off.
    #[error("talk to the broker")]
    Frame(#[from] FrameError),
    /// It answered something else than was asked.
    #[error("the broker's answer does not fit the question")]
    Protocol,
    /// It says it could not do its work.
    #[error("the broker could not {0}")]
    Broker(String),
}

/// The way to the broker; cheap to clone.
#[derive(Debug, Clone)]
pub struct Broker {
    socket: PathBuf,
    login_places: Arc<Semaphore>,
    provider_places: Arc<Semaphore>,
    pam_timeout: Duration,
    start_timeout: Duration,
    stop_timeout: Duration,
}

/// A login: who, and the proof for later launches.
#[derive(Debug)]
pub struct Login {
    /// The account.
    pub account: Account,
    /// Whether the settings make it an administrator.
    pub admin: bool,
    /// The proof of this login.
    pub ticket: Ticket,
}

impl Login {
    fn read(account: WireAccount, ticket: WireSecret) -> Result<Self, Error> {
        let account = Account::try_from(account).map_err(|_| Error::Protocol)?;
        Ok(Self {
            admin: account.admin,
            account,
            ticket: Ticket::from_secret(ticket.0),
        })
    }
}

/// What happens next in a login.
#[derive(Debug)]
pub enum Step {
    /// PAM asks; [`Conversation::answer`] with one answer for each prompt that is a question.
    Prompt(Vec<Prompt>),
    /// The person is who they say; the conversation is over.
    Accepted(Login),
    /// The person is not let in; the conversation is over.
    Refused(Refusal),
}

/// A login under way. Dropping it ends it.
#[derive(Debug)]
pub struct Conversation {
    _place: OwnedSemaphorePermit,
    stream: UnixStream,
    round_timeout: Duration,
}

impl Broker {
    /// Makes the way to the broker whose socket and deadlines `settings` name.
    pub fn new(settings: &Settings) -> Self {
        Self {
            socket: settings.hub.runtime_dir.join(SOCKET_NAME),
            login_places: Arc::new(Semaphore::new(LOGIN_PLACES)),
            provider_places: Arc::new(Semaphore::new(PROVIDER_PLACES)),
            pam_timeout: settings.login.pam_timeout,
            start_timeout: settings.server.start_timeout,
            stop_timeout: settings.server.stop_timeout,
        }
    }

    /// Makes the way to a broker at `socket`, with the usual deadlines; for tests.
    pub fn at(socket: PathBuf) -> Self {
        Self {
            socket,
            login_places: Arc::new(Semaphore::new(LOGIN_PLACES)),
            provider_places: Arc::new(Semaphore::new(PROVIDER_PLACES)),
            pam_timeout: Duration::from_secs(30),
            start_timeout: Duration::from_secs(60),
            stop_timeout: Duration::from_secs(20),
        }
    }

    /// Begins to log `user` in from `remote`.
    pub async fn begin_login(
        &self,
        user: &UserName,
        remote: IpAddr,
    ) -> Result<Conversation, Error> {
        let place = take_place(&self.login_places, "have a place for a login").await?;
        let request = Request::Authenticate {
            user: user.as_str().to_owned(),
            remote,
        };
        let sent = self.send(&request).await;
        Ok(Conversation {
            _place: place,
            stream: sent.inspect_err(|_| measure::failed(Verb::Authenticate))?,
            round_timeout: self.pam_timeout.saturating_add(GRACE),
        })
    }

    /// Starts a server and waits until its unit is active.
    pub async fn launch(&self, order: LaunchOrder<'_>) -> Result<Launched, LaunchError> {
        let request = Request::Launch {
            user: order.key.user.as_str().to_owned(),
            server: order.key.server.as_str().to_owned(),
            token: WireSecret::copy_of(order.token),
            ticket: order
                .ticket
                .map(|ticket| WireSecret(Secret::new(ticket.as_text().to_owned()))),
            profile: order.profile.map(|name| name.as_str().to_owned()),
            answers: order.answers.clone(),
        };
        self.ask_launch(&request, "start a server").await
    }

    async fn ask_launch(
        &self,
        request: &Request,
        what: &'static str,
    ) -> Result<Launched, LaunchError> {
        let patience = self.start_timeout.saturating_add(GRACE);
        let reply = self
            .ask(request, patience, what)
            .await
            .map_err(LaunchError::Unavailable)?;
        if let Reply::NotLaunched(fault) = reply {
            return Err(read_fault(fault));
        }
        let Reply::Launched {
            unit,
            invocation,
            socket,
            account,
        } = reply
        else {
            return Err(LaunchError::Unavailable(unexpected(reply)));
        };
        read_launched(&unit, &invocation, socket, account)
            .ok_or(LaunchError::Unavailable(Error::Protocol))
    }

    /// Stops a server's unit if it runs and clears away its traces; doing it twice is no error.
    pub async fn stop(&self, key: &ServerKey) -> Result<(), Error> {
        let request = Request::Stop {
            user: key.user.as_str().to_owned(),
            server: key.server.as_str().to_owned(),
        };
        let patience = self.stop_timeout.saturating_add(GRACE);
        let reply = self.ask(&request, patience, "stop a server").await?;
        let Reply::Stopped = reply else {
            return Err(unexpected(reply));
        };
        Ok(())
    }

    /// Starts a service that the configuration names and waits until its unit is active.
    pub async fn launch_service(
        &self,
        name: &ServiceName,
        token: &Secret<String>,
    ) -> Result<Launched, LaunchError> {
        let request = Request::LaunchService {
            name: name.as_str().to_owned(),
            token: WireSecret::copy_of(token),
        };
        self.ask_launch(&request, "start a service").await
    }

    /// Stops a service's unit if it runs, and closes its bridge; doing it twice is no error.
    pub async fn stop_service(&self, name: &ServiceName) -> Result<(), Error> {
        let request = Request::StopService {
            name: name.as_str().to_owned(),
        };
        let patience = self.stop_timeout.saturating_add(GRACE);
        let reply = self.ask(&request, patience, "stop a service").await?;
        let Reply::Stopped = reply else {
            return Err(unexpected(reply));
        };
        Ok(())
    }

    /// Opens the bridge to a service that listens on a port; one that stands open is left so.
    pub async fn open_bridge(&self, name: &ServiceName) -> Result<(), Error> {
        let request = Request::OpenBridge {
            name: name.as_str().to_owned(),
        };
        let reply = self.ask(&request, BRIDGE_TIMEOUT, "open a bridge").await?;
        let Reply::BridgeOpen = reply else {
            return Err(unexpected(reply));
        };
        Ok(())
    }

    /// Looks an account up; `None` when there is none of this name.
    pub async fn account(&self, user: &UserName) -> Result<Option<Account>, Error> {
        let request = Request::Account {
            user: user.as_str().to_owned(),
        };
        let reply = self
            .ask(&request, ACCOUNT_TIMEOUT, "look an account up")
            .await?;
        let Reply::Account(found) = reply else {
            return Err(unexpected(reply));
        };
        found
            .map(Account::try_from)
            .transpose()
            .map_err(|_| Error::Protocol)
    }

    async fn ask(
        &self,
        request: &Request,
        patience: Duration,
        what: &'static str,
    ) -> Result<Reply, Error> {
        let exchange = async {
            let mut stream = self.send(request).await?;
            timeout(patience, receive_frame(&mut stream))
                .await
                .map_err(|_| Error::Deadline(what))?
                .map_err(Error::Frame)
        };
        measure::timed(measure::verb(request), exchange).await
    }

    async fn send(&self, request: &Request) -> Result<UnixStream, Error> {
        let exchange = async {
            let mut stream =
                UnixStream::connect(&self.socket)
                    .await
                    .map_err(|source| Error::Connect {
                        socket: self.socket.clone(),
                        source,
                    })?;
            send_frame(&mut stream, request).await?;
            Ok(stream)
        };
        timeout(CONNECT_TIMEOUT, exchange)
            .await
            .map_err(|_| Error::Deadline("accept a connection"))?
    }
}

impl Conversation {
    /// Waits for what PAM wants or says next.
    pub async fn next(&mut self) -> Result<Step, Error> {
        let round = async {
            let frame = timeout(self.round_timeout, receive_frame(&mut self.stream)).await;
            Ok::<_, Error>(frame.map_err(|_| Error::Deadline("log a person in"))??)
        };
        let reply = measure::timed(Verb::Authenticate, round).await?;
        if let Reply::Prompts(prompts) = reply {
            return Ok(Step::Prompt(prompts));
        }
        if let Reply::Refused(refusal) = reply {
            return Ok(Step::Refused(refusal));
        }
        let Reply::Accepted { account, ticket } = reply else {
            return Err(unexpected(reply));
        };
        Ok(Step::Accepted(Login::read(account, ticket)?))
    }

    /// Answers the questions of the last [`Step::Prompt`], in their order.
    pub async fn answer(&mut self, answers: Vec<Secret<String>>) -> Result<(), Error> {
        let answers = Answers(answers.into_iter().map(WireSecret).collect());
        timeout(CONNECT_TIMEOUT, send_frame(&mut self.stream, &answers))
            .await
            .map_err(|_| Error::Deadline("take answers"))?
            .map_err(Error::Frame)
    }
}

/// Waits for one of `places`, for as long as for a connection.
async fn take_place(
    places: &Arc<Semaphore>,
    what: &'static str,
) -> Result<OwnedSemaphorePermit, Error> {
    match timeout(CONNECT_TIMEOUT, Arc::clone(places).acquire_owned()).await {
        Ok(Ok(place)) => Ok(place),
        _ => Err(Error::Deadline(what)),
    }
}

fn unexpected(reply: Reply) -> Error {
    if let Reply::Failed(what) = reply {
        Error::Broker(what)
    } else {
        Error::Protocol
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::UnixListener;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn logins_leave_places_for_servers() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("broker.sock");
        let _deaf = UnixListener::bind(&socket).unwrap();
        let broker = Broker {
            login_places: Arc::new(Semaphore::new(1)),
            ..Broker::at(socket)
        };
        let alice = UserName::parse("alice").unwrap();
        let here = IpAddr::from([192, 0, 2, 1]);
        let first = broker.begin_login(&alice, here).await.unwrap();
        let second = broker.begin_login(&alice, here).await;
        assert!(matches!(second, Err(Error::Deadline(_))), "{second:?}");
        let stop = Request::Stop {
            user: "alice".into(),
            server: String::new(),
        };
        broker.send(&stop).await.unwrap();
        drop(first);
        broker.begin_login(&alice, here).await.unwrap();
    }
}
