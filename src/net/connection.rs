//! One connection: handshake, HTTP/1.1 or HTTP/2, bounds on both, and its end.

use std::{
    convert::Infallible,
    future::poll_fn,
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use ::http::{Method, StatusCode, Version};
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use nix::sys::socket::{setsockopt, sockopt};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::server::TlsStream;

use super::{Door, idle::Patient, limits::Place, redirect};
use crate::http::{
    headers,
    reply::{self, Body, Reply},
    request::{Listener, Peer, Request},
};

/// How long a connection may be silent before TCP asks whether the other end lives, in seconds.
const KEEP_ALIVE_IDLE_SECONDS: u32 = 60;

/// How often TCP asks, and how many answers may be missing.
const KEEP_ALIVE_INTERVAL_SECONDS: u32 = 15;
const KEEP_ALIVE_PROBES: u32 = 4;

/// Requests of one HTTP/2 connection that may run at once.
const MAX_STREAMS: u32 = 128;

/// Bytes of one upload, and of all uploads of an HTTP/2 connection, that may be on their way.
const STREAM_WINDOW_BYTES: u32 = 1024 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 4 * 1024 * 1024;

/// Bytes of one HTTP/2 reply that wait for the browser to take them.
const MAX_SEND_BUFFER_BYTES: usize = 256 * 1024;

/// How often HTTP/2 asks whether a silent browser lives, and how long it may take to answer.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// hyper's least buffer for reading, in bytes.
const MIN_BUFFER_BYTES: usize = 8192;

/// A connection that has been let in.
pub(super) struct Connection<H> {
    pub(super) door: Arc<Door<H>>,
    pub(super) peer: Peer,
}

type Broken = Box<dyn std::error::Error + Send + Sync>;

impl<H, F> Connection<H>
where
    H: Fn(Request, Peer) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Reply> + Send + 'static,
{
    /// Serves requests until either side ends the connection.
    pub(super) async fn serve(self, stream: std::net::TcpStream, place: Place) {
        let stream = match prepare(stream) {
            Ok(stream) => stream,
            Err(error) => {
                tracing::debug!(%error, "a connection was gone before it began");
                return;
            }
        };
        let stream = Patient::new(stream, place);
        let result = match self.door.via {
            Listener::Public => self.serve_tls(stream).await,
            Listener::Redirect | Listener::Api | Listener::Admin => self.serve_http1(stream).await,
        };
        if let Err(error) = result {
            tracing::debug!(client.address = %self.peer.addr, %error, "a connection broke off");
        }
    }

    async fn serve_tls(&self, stream: Patient<TcpStream>) -> Result<(), Broken> {
        let handshake = self.door.tls.acceptor().accept(stream);
        let handshake = timeout(self.door.limits.handshake_timeout, handshake);
        let stream = tokio::select! {
            biased;
            () = self.door.drain.cancelled() => return Ok(()),
            stream = handshake => stream.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??,
        };
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            self.serve_http2(stream).await
        } else {
            self.serve_http1(stream).await
        }
    }

    pub(super) async fn serve_http1<S>(&self, stream: S) -> Result<(), Broken>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = service_fn(|request| self.door.answer(self.peer, request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.door.limits.head_timeout)
            .max_buf_size(self.door.limits.head_bytes.max(MIN_BUFFER_BYTES))
            .pipeline_flush(false)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let drain = http1::UpgradeableConnection::graceful_shutdown;
        self.drive(connection, drain).await
    }

    async fn serve_http2(&self, stream: TlsStream<Patient<TcpStream>>) -> Result<(), Broken> {
        let (door, peer) = (self.door.clone(), self.peer);
        let service = service_fn(move |request| {
            let door = door.clone();
            async move { door.answer(peer, request).await }
        });
        let head_bytes = u32::try_from(self.door.limits.head_bytes).unwrap_or(u32::MAX);
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS)
            .max_header_list_size(head_bytes)
            .max_send_buf_size(MAX_SEND_BUFFER_BYTES)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
            .serve_connection(TokioIo::new(stream), service);
        let drain = http2::Connection::graceful_shutdown;
        self.drive(connection, drain).await
    }

    /// Runs a connection; lets the requests on it end when the door drains, and cuts it when told to.
    async fn drive<C>(&self, connection: C, drain_now: fn(Pin<&mut C>)) -> Result<(), Broken>
    where
        C: Future<Output = hyper::Result<()>>,
    {
        let mut connection = pin!(connection);
        let mut drain = pin!(self.door.drain.cancelled());
        let mut cut = pin!(self.door.cut.cancelled());
        let mut is_draining = false;
        poll_fn(|cx| {
            if let Poll::Ready(result) = connection.as_mut().poll(cx) {
                return Poll::Ready(result.map_err(Into::into));
            }
            if !is_draining && drain.as_mut().poll(cx).is_ready() {
                is_draining = true;
                drain_now(connection.as_mut());
                if let Poll::Ready(result) = connection.as_mut().poll(cx) {
                    return Poll::Ready(result.map_err(Into::into));
                }
            }
            if is_draining && cut.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ok(()));
            }
            Poll::Pending
        })
        .await
    }
}

impl<H, F> Door<H>
where
    H: Fn(Request, Peer) -> F,
    F: Future<Output = Reply>,
{
    /// Hands a request on, unless it is for nobody.
    async fn answer(
        &self,
        peer: Peer,
        request: ::http::Request<Incoming>,
    ) -> Result<Reply, Infallible> {
        let request = request.map(Body::from);
        if peer.via == Listener::Redirect {
            return Ok(redirect::reply(&request, self.https_port));
        }
        // RFC 9112 section 3.2: exactly one valid Host, but for HTTP/1.0.
        let needs_host = request.version() > Version::HTTP_10;
        if needs_host && headers::host(request.uri(), request.headers()).is_none() {
            let text = "Bad request: no valid Host\n";
            return Ok(reply::text(StatusCode::BAD_REQUEST, text));
        }
        if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
            let text = "Method not allowed\n";
            return Ok(reply::text(StatusCode::METHOD_NOT_ALLOWED, text));
        }
        Ok((self.handler)(request, peer).await)
    }
}

fn prepare(stream: std::net::TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    let stream = TcpStream::from_std(stream)?;
    setsockopt(&stream, sockopt::KeepAlive, &true)?;
    setsockopt(&stream, sockopt::TcpKeepIdle, &KEEP_ALIVE_IDLE_SECONDS)?;
    setsockopt(
        &stream,
        sockopt::TcpKeepInterval,
        &KEEP_ALIVE_INTERVAL_SECONDS,
    )?;
    setsockopt(&stream, sockopt::TcpKeepCount, &KEEP_ALIVE_PROBES)?;
    Ok(stream)
}
