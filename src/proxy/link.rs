//! Kept-alive connections to one server, each driven by whoever uses it.
//!
//! hyper hands out a sender and a future that moves the bytes. Elsewhere that future gets a task of
//! its own; here it lies beside the sender and is polled by the request that holds the link, so a
//! reply passes from socket to socket without a switch of tasks, and an idle link costs no task.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use ::http::{Request, Response};
use bytes::Bytes;
use hyper::{
    body::Incoming,
    client::conn::http1::{self, Connection, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::{net::UnixStream, time::Instant};

use super::body::Outgoing;
use crate::hub::routes::Route;

/// Idle connections that one thread keeps to one server; a browser uses up to six at once.
const MAX_IDLE: usize = 64;

/// Pools per server: threads share one only on machines with more processors than this.
const SHARDS: usize = 16;

/// How long an idle connection is kept.
const MAX_IDLE_TIME: Duration = Duration::from_secs(30);

/// An idle time from which on the server might be about to close the connection.
const STALE_AFTER: Duration = Duration::from_millis(500);

/// The largest head of a reply, and the most that is read from a server at once, in bytes.
const MAX_BUFFER_BYTES: usize = 256 * 1024;

/// A connection to a server.
pub(super) struct Link {
    sender: SendRequest<Outgoing>,
    connection: Connection<TokioIo<UnixStream>, Outgoing>,
    is_closed: bool,
    idle_since: Option<Instant>,
}

/// A request that got no reply.
pub(super) struct Failure {
    /// The request, when nothing of it was written.
    pub(super) unsent: Option<Request<Outgoing>>,
    /// What went wrong, if anything is known.
    pub(super) error: Option<hyper::Error>,
}

/// The server's end of a websocket: the socket, and bytes that came with the reply.
pub(super) struct ServerStream {
    pub(super) stream: UnixStream,
    pub(super) early: Bytes,
}

impl Link {
    /// Prepares a fresh connection; nothing is sent yet.
    pub(super) async fn open(stream: UnixStream) -> Result<Box<Self>, hyper::Error> {
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(MAX_BUFFER_BYTES)
            .handshake(TokioIo::new(stream))
            .await?;
        Ok(Box::new(Self {
            sender,
            connection,
            is_closed: false,
            idle_since: None,
        }))
    }

    /// Tells whether the link was idle long enough for the server to lose patience.
    pub(super) fn may_be_stale(&self) -> bool {
        self.idle_since
            .is_some_and(|since| since.elapsed() >= STALE_AFTER)
    }

    /// Sends a request and waits for the head of the reply; the body of the request goes on meanwhile.
    pub(super) async fn send(
        &mut self,
        request: Request<Outgoing>,
    ) -> Result<Response<Incoming>, Failure> {
        let mut reply = pin!(self.sender.try_send_request(request));
        poll_fn(|cx| {
            if !self.is_closed {
                self.is_closed = self.connection.poll_without_shutdown(cx).is_ready();
            }
            match reply.as_mut().poll(cx) {
                Poll::Ready(Ok(reply)) => Poll::Ready(Ok(reply)),
                Poll::Ready(Err(mut error)) => Poll::Ready(Err(Failure {
                    unsent: error.take_message(),
                    error: Some(error.into_error()),
                })),
                Poll::Pending if self.is_closed => Poll::Ready(Err(Failure {
                    unsent: None,
                    error: None,
                })),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    /// Moves bytes as far as they go.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) {
        if !self.is_closed {
            self.is_closed = self.connection.poll_without_shutdown(cx).is_ready();
        }
    }

    /// Moves bytes and tells whether the next request may be sent.
    fn is_reusable(&mut self, cx: &mut Context<'_>) -> bool {
        self.drive(cx);
        !self.is_closed && self.sender.is_ready()
    }

    /// Takes the socket out after the server switched protocols.
    pub(super) async fn into_stream(
        mut self: Box<Self>,
    ) -> Result<ServerStream, Option<hyper::Error>> {
        if !self.is_closed {
            poll_fn(|cx| self.connection.poll_without_shutdown(cx)).await?;
        }
        let parts = self.connection.into_parts();
        Ok(ServerStream {
            stream: parts.io.into_inner(),
            early: parts.read_buf,
        })
    }
}

/// The idle links of one server, kept in its route.
///
/// A link is given back to and taken from the thread it is used on: its socket reports to that thread's
/// runtime, and no thread waits for another's lock.
#[derive(Default)]
pub(super) struct Pool {
    shards: [Mutex<Vec<BoxedLink>>; SHARDS],
}

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static SHARD: usize = THREADS.fetch_add(1, Ordering::Relaxed) % SHARDS;
}

/// Links are large and change hands often, so they move by their box.
type BoxedLink = Box<Link>;

impl Pool {
    /// Returns the pool of a route, which is made at first use.
    pub(super) fn of(route: &Arc<Route>) -> &Self {
        let slot = route.upstream.get_or_init(|| Box::new(Self::default()));
        slot.downcast_ref()
            .expect("nobody but the proxy fills the slot")
    }

    /// Returns the pool of a route that has been used.
    pub(super) fn find(route: &Arc<Route>) -> Option<&Self> {
        route.upstream.get()?.downcast_ref()
    }

    /// Takes the link that was used last and is still open.
    pub(super) async fn take(&self) -> Option<Box<Link>> {
        loop {
            let mut link = self.lock().pop()?;
            let is_good = poll_fn(|cx| Poll::Ready(link.is_reusable(cx))).await;
            if is_good {
                return Some(link);
            }
        }
    }

    /// Keeps a link whose exchange is over, if it can serve another.
    pub(super) async fn give_back(&self, link: Box<Link>) {
        let mut link = Some(link);
        poll_fn(|cx| {
            if let Some(link) = link.take() {
                self.give_back_now(link, cx);
            }
            Poll::Ready(())
        })
        .await;
    }

    /// The same from within a poll.
    pub(super) fn give_back_now(&self, mut link: Box<Link>, cx: &mut Context<'_>) {
        if !link.is_reusable(cx) {
            return;
        }
        link.idle_since = Some(Instant::now());
        let mut idle = self.lock();
        if idle.len() < MAX_IDLE {
            idle.push(link);
        }
    }

    /// Closes the links that were idle for long; the oldest lie at the bottom.
    pub(super) fn drop_idle(&self) {
        for shard in &self.shards {
            let mut idle = shard.lock().unwrap_or_else(PoisonError::into_inner);
            idle.retain(|link| {
                link.idle_since
                    .is_some_and(|since| since.elapsed() < MAX_IDLE_TIME)
            });
            idle.shrink_to_fit();
        }
    }

    #[cfg(test)]
    pub(super) fn idle_count(&self) -> usize {
        let count = |shard: &Mutex<Vec<_>>| shard.lock().unwrap().len();
        self.shards.iter().map(count).sum()
    }

    /// The lock is held for a push or a pop, never across anything that waits.
    fn lock(&self) -> MutexGuard<'_, Vec<BoxedLink>> {
        let [first, ..] = &self.shards;
        let shard = SHARD.with(|number| self.shards.get(*number));
        let shard = shard.unwrap_or(first);
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
