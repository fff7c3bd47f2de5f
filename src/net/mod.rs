//! Bytes in: listening sockets, TLS, connections and their bounds, and the way to hand requests on.
//!
//! What a request means is not known here: a handler gets it with the [`Peer`] it came from.
#![forbid(unsafe_code)]

pub mod listen;
pub mod tls;

mod admin;
mod connection;
mod idle;
mod limits;
mod redirect;
mod self_signed;
mod workers;

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    admin::AdminSocket,
    connection::Connection,
    limits::{Admission, Limits},
    listen::Listeners,
    tls::Tls,
    workers::Workers,
};
use crate::{
    config::settings::LimitSettings,
    http::{
        reply::Reply,
        request::{Listener, Peer, Request, Scheme},
    },
    telemetry::metrics::{METRICS, labels as metrics},
};

/// The first pause after the system refused to accept, such as for want of file descriptors.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Everything that accepts connections.
pub struct Server {
    /// The sockets.
    pub listeners: Listeners,
    /// Certificates for the public ones.
    pub tls: Arc<Tls>,
    /// Bounds on connections and heads.
    pub limits: LimitSettings,
    /// Peers that stand for many clients, so that bounds per address are not for them.
    pub trusted_proxies: Vec<IpAddr>,
    /// Cancelled: accept no more, let running requests end. Cancelled for good by `cut`.
    pub drain: CancellationToken,
    /// Cancelled: drop what is still open, websockets included, and end the threads.
    pub cut: CancellationToken,
}

/// What all connections of one door share.
struct Door<H> {
    via: Listener,
    /// The port to redirect to; what the public door listens on.
    https_port: u16,
    tls: Arc<Tls>,
    limits: LimitSettings,
    admission: Arc<Admission>,
    workers: Arc<Workers>,
    drain: CancellationToken,
    cut: CancellationToken,
    tasks: TaskTracker,
    handler: H,
}

impl Server {
    /// Accepts and serves until `drain`, and returns when the last connection is gone.
    ///
    /// Loops live in `tasks`. Websockets of the proxy may outlive this; their threads go on until `cut`.
    pub async fn run<H, F>(self, handler: H, tasks: TaskTracker) -> io::Result<()>
    where
        H: Fn(Request, Peer) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        let https_port = self.listeners.https_port();
        let browsers = Arc::new(Admission::new(Limits {
            total: self.limits.connections,
            per_address: self.limits.connections_per_address,
            unbounded: self.trusted_proxies.clone(),
        }));
        // User servers all come from loopback and must get through whatever browsers do.
        let programs = Arc::new(Admission::new(Limits {
            total: self.limits.connections,
            per_address: usize::MAX,
            unbounded: Vec::new(),
        }));
        // Nobody can keep root out.
        let root = Arc::new(Admission::new(Limits {
            total: self.limits.connections,
            per_address: usize::MAX,
            unbounded: Vec::new(),
        }));
        let connections = TaskTracker::new();
        let workers = Arc::new(Workers::start(&self.cut)?);
        let mut loops = Vec::new();
        let door = |via| {
            Arc::new(Door {
                via,
                https_port,
                tls: self.tls.clone(),
                limits: self.limits.clone(),
                admission: match via {
                    Listener::Public | Listener::Redirect => browsers.clone(),
                    Listener::Api => programs.clone(),
                    Listener::Admin => root.clone(),
                },
                workers: workers.clone(),
                drain: self.drain.clone(),
                cut: self.cut.clone(),
                tasks: connections.clone(),
                handler: handler.clone(),
            })
        };
        let (tcp, admin) = self.listeners.into_all();
        for (via, listener) in tcp {
            listener.set_nonblocking(true)?;
            let listener = TcpListener::from_std(listener)?;
            loops.push(tasks.spawn(door(via).accept(listener)));
        }
        if let Some(AdminSocket { listener, account }) = admin {
            let (door, listener) = (door(Listener::Admin), admin::listen(listener)?);
            loops.push(tasks.spawn(door.accept_admin(listener, account)));
        }
        for accepting in loops {
            accepting.await.map_err(io::Error::other)?;
        }
        connections.close();
        connections.wait().await;
        Ok(())
    }
}

impl<H, F> Door<H>
where
    H: Fn(Request, Peer) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Reply> + Send + 'static,
{
    async fn accept(self: Arc<Self>, listener: TcpListener) {
        self.accept_until_drained(
            || listener.accept(),
            |(stream, address)| self.admit(stream, address),
        )
        .await;
    }

    /// Hands every connection that `next` brings to `admit`, until the hub is to accept no more.
    async fn accept_until_drained<C, N>(&self, next: impl Fn() -> N, admit: impl Fn(C))
    where
        N: Future<Output = io::Result<C>>,
    {
        let mut pause = FIRST_PAUSE;
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.drain.cancelled() => return,
                accepted = next() => accepted,
            };
            match accepted {
                Ok(connection) => {
                    pause = FIRST_PAUSE;
                    admit(connection);
                }
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, door = ?self.via, "cannot accept connections; trying again");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    fn admit(self: &Arc<Self>, stream: TcpStream, address: std::net::SocketAddr) {
        let addr = address.ip().to_canonical();
        let door = match self.via {
            Listener::Public => metrics::Door::Public,
            Listener::Redirect => metrics::Door::Redirect,
            Listener::Api => metrics::Door::Api,
            Listener::Admin => metrics::Door::Admin,
        };
        let Some(place) = self.admission.admit(addr) else {
            METRICS.connections_refused.count(&door);
            tracing::debug!(client.address = %addr, "too many connections");
            return;
        };
        let place = place.counted_by(METRICS.connections.enter(&door));
        let peer = Peer {
            addr,
            port: address.port(),
            scheme: match self.via {
                Listener::Public => Scheme::Https,
                Listener::Redirect | Listener::Api | Listener::Admin => Scheme::Http,
            },
            via: self.via,
        };
        let connection = Connection {
            door: self.clone(),
            peer,
        };
        // Given up here and registered anew there: a socket belongs to one runtime.
        let (Ok(stream), Some(worker)) = (stream.into_std(), self.workers.next()) else {
            return;
        };
        self.tasks.spawn_on(connection.serve(stream, place), worker);
    }
}

/// Tells whether `accept` failed for the sake of one connection only (accept(2), "Error handling").
fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
    )
}

#[cfg(test)]
mod tests;
