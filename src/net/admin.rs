//! The door of root: a Unix socket that only one account may use, over which no token is asked for.
//!
//! The socket's mode keeps others out; here it is looked at once more who is on the other side
//! (unix(7), SO_PEERCRED), so that a mode somebody loosened gives nothing away.

use std::{
    io,
    net::{IpAddr, Ipv6Addr},
    os::unix::net::UnixListener as StdListener,
    sync::Arc,
};

use nix::unistd::Uid;
use tokio::net::{UnixListener, UnixStream};

use super::{Door, connection::Connection, idle::Patient};
use crate::{
    http::{
        reply::Reply,
        request::{Listener, Peer, Request, Scheme},
    },
    telemetry::metrics::{METRICS, labels as metrics},
};

/// The socket, and the account that may use it.
#[derive(Debug)]
pub(super) struct AdminSocket {
    pub(super) listener: StdListener,
    /// Root; tests have an account of their own.
    pub(super) account: Uid,
}

impl AdminSocket {
    pub(super) fn of_root(listener: StdListener) -> Self {
        Self {
            listener,
            account: Uid::from_raw(0),
        }
    }
}

impl<H, F> Door<H>
where
    H: Fn(Request, Peer) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Reply> + Send + 'static,
{
    pub(super) async fn accept_admin(self: Arc<Self>, listener: UnixListener, account: Uid) {
        self.accept_until_drained(
            || listener.accept(),
            |(stream, _)| self.admit_account(stream, account),
        )
        .await;
    }

    fn admit_account(self: &Arc<Self>, stream: UnixStream, account: Uid) {
        match stream.peer_cred() {
            Ok(peer) if peer.uid() == account.as_raw() => {}
            Ok(peer) => {
                let uid = peer.uid();
                tracing::warn!(
                    target: "audit",
                    "the account with UID {uid} tried to use the hub as root; look at the mode of the socket"
                );
                return;
            }
            Err(error) => return tracing::debug!(%error, "nobody knows who connects"),
        }
        let peer = Peer {
            // A Unix socket has no address; this is nobody else's.
            addr: IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            port: 0,
            scheme: Scheme::Http,
            via: Listener::Admin,
        };
        let Some(place) = self.admission.admit(peer.addr) else {
            METRICS.connections_refused.count(&metrics::Door::Admin);
            return;
        };
        let place = place.counted_by(METRICS.connections.enter(&metrics::Door::Admin));
        let door = self.clone();
        self.tasks.spawn(async move {
            let connection = Connection { door, peer };
            let stream = Patient::new(stream, place);
            if let Err(error) = connection.serve_http1(stream).await {
                tracing::debug!(%error, "a connection of root broke off");
            }
        });
    }
}

/// Makes the socket ready for the runtime.
pub(super) fn listen(listener: StdListener) -> io::Result<UnixListener> {
    listener.set_nonblocking(true)?;
    UnixListener::from_std(listener)
}
