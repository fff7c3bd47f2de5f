//! Websockets: bytes both ways until one side ends, at no cost while nothing moves.
//!
//! A tunnel owns no buffer. Bytes are read into one that all tunnels of a thread share and written on at
//! once; only what the other side does not take yet is copied aside, and freed when it is gone. There is
//! no time limit on silence (PX-05); TCP's keep-alive finds dead browsers, and the listener's write
//! deadline those that do not read.

use std::{
    cell::RefCell,
    future::poll_fn,
    io,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::UnixStream,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{activity::Activity, frames::Frames, link::ServerStream};

/// The most that is moved at once, in bytes.
const SHARED_BUFFER_BYTES: usize = 64 * 1024;

/// How long one direction may go on after the other has ended.
const LINGER: Duration = Duration::from_secs(10);

/// How long the browser's side may take to become a websocket after the server's did.
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a closing frame may take to leave.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// A frame from a server that closes with 1012, "service restart": the browser connects again.
const CLOSE_FRAME: [u8; 4] = [0x88, 0x02, 0x03, 0xf4];

thread_local! {
    static SHARED_BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; SHARED_BUFFER_BYTES]);
}

/// One direction.
#[derive(Default)]
struct Flow {
    /// What was read and not yet taken by the other side.
    backlog: Vec<u8>,
    written: usize,
    needs_flush: bool,
    has_ended: bool,
    is_done: bool,
    is_broken: bool,
    frames: Frames,
}

/// Joins the browser's connection to the server's until one ends or `close` is cancelled.
pub(super) async fn run(
    browser: OnUpgrade,
    server: ServerStream,
    activity: Activity,
    close: CancellationToken,
) {
    let Ok(Ok(browser)) = timeout(UPGRADE_TIMEOUT, browser).await else {
        return;
    };
    let mut tunnel = Tunnel {
        browser: TokioIo::new(browser),
        server: server.stream,
        upward: Flow::default(),
        downward: Flow {
            backlog: server.early.to_vec(),
            ..Flow::default()
        },
        activity,
    };
    tunnel.downward.frames.saw_data(&server.early);
    drop(server.early);
    let mut closed = pin!(close.cancelled());
    let was_closed = poll_fn(|cx| {
        if tunnel.poll(cx).is_ready() {
            Poll::Ready(false)
        } else {
            closed.as_mut().poll(cx).map(|()| true)
        }
    })
    .await;
    if was_closed {
        tunnel.close().await;
    } else {
        tunnel.linger().await;
    }
}

struct Tunnel<B> {
    browser: B,
    server: UnixStream,
    /// From browser to server.
    upward: Flow,
    /// From server to browser.
    downward: Flow,
    activity: Activity,
}

impl<B: AsyncRead + AsyncWrite + Unpin> Tunnel<B> {
    /// Moves what can be moved; ready when either direction is done or broken.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let activity = &self.activity;
        let up = self
            .upward
            .poll(cx, &mut self.browser, &mut self.server, || activity.note());
        let down = self
            .downward
            .poll(cx, &mut self.server, &mut self.browser, || ());
        if up.is_ready() || down.is_ready() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Lets the other direction end after one has, for a while; not when that one broke.
    async fn linger(mut self) {
        let mut deadline = pin!(sleep_until(Instant::now() + LINGER));
        poll_fn(|cx| {
            let _one_is_done = self.poll(cx);
            let is_over = self.upward.is_done && self.downward.is_done;
            if is_over || self.upward.is_broken || self.downward.is_broken {
                return Poll::Ready(());
            }
            deadline.as_mut().poll(cx)
        })
        .await;
    }

    /// Tells the browser that we go, if no frame is half sent, and ends both sides.
    async fn close(mut self) {
        let may_speak = self.downward.backlog.is_empty()
            && !self.downward.has_ended
            && self.downward.frames.is_between_frames();
        let goodbye = async {
            if may_speak {
                self.browser.write_all(&CLOSE_FRAME).await?;
            }
            self.browser.shutdown().await
        };
        // Whether the goodbye arrives or not, both sides are dropped now.
        drop(timeout(CLOSE_TIMEOUT, goodbye).await);
    }
}

impl Flow {
    /// Moves bytes one way until nothing more can be; ready when the way is done or broken.
    fn poll<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut R,
        to: &mut W,
        saw_data: impl Fn(),
    ) -> Poll<()>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        if self.is_done {
            return Poll::Ready(());
        }
        let result = ready!(self.poll_move(cx, from, to, saw_data));
        self.is_done = true;
        if let Err(error) = result {
            self.is_broken = true;
            tracing::debug!(%error, "a websocket broke off");
        }
        Poll::Ready(())
    }

    fn poll_move<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut R,
        to: &mut W,
        saw_data: impl Fn(),
    ) -> Poll<io::Result<()>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        loop {
            ready!(self.poll_backlog(cx, to))?;
            if self.has_ended {
                return Pin::new(to).poll_shutdown(cx);
            }
            let step = SHARED_BUFFER.with_borrow_mut(|buffer| {
                let mut buffer = ReadBuf::new(buffer);
                let read = Pin::new(&mut *from).poll_read(cx, &mut buffer);
                let bytes = buffer.filled();
                match read {
                    Poll::Ready(Ok(())) if bytes.is_empty() => self.has_ended = true,
                    Poll::Ready(Ok(())) => {
                        if self.frames.saw_data(bytes) {
                            saw_data();
                        }
                        self.write_or_keep(cx, to, bytes)?;
                    }
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => return Poll::Pending,
                }
                Poll::Ready(Ok(()))
            });
            match step {
                Poll::Ready(result) => result?,
                Poll::Pending => {
                    if self.needs_flush {
                        ready!(Pin::new(&mut *to).poll_flush(cx))?;
                        self.needs_flush = false;
                    }
                    return Poll::Pending;
                }
            }
        }
    }

    /// Writes what the other side takes and copies the rest aside.
    fn write_or_keep<W: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut W,
        mut bytes: &[u8],
    ) -> io::Result<()> {
        self.needs_flush = true;
        while !bytes.is_empty() {
            match Pin::new(&mut *to).poll_write(cx, bytes) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(n)) => bytes = bytes.get(n..).unwrap_or_default(),
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => {
                    self.backlog = bytes.to_vec();
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Writes what was copied aside and frees it.
    fn poll_backlog<W: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut W,
    ) -> Poll<io::Result<()>> {
        while let Some(rest) = self.backlog.get(self.written..).filter(|r| !r.is_empty()) {
            let n = ready!(Pin::new(&mut *to).poll_write(cx, rest))?;
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += n;
            self.needs_flush = true;
        }
        if self.written > 0 {
            self.backlog = Vec::new();
            self.written = 0;
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::{
        domain::{
            names::{ServerKey, UserName},
            time::{Clock, Timestamp},
        },
        hub::routes::Route,
    };

    /// A browser whose connection was reset.
    struct Reset;

    impl AsyncRead for Reset {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
        }
    }

    impl AsyncWrite for Reset {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Pending
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn a_reset_connection_is_not_lingered_for() {
        let (server, mut theirs) = UnixStream::pair().unwrap();
        let key = ServerKey::default_of(UserName::parse("alice").unwrap());
        let route = Route::new(key, "/user/alice/".into(), "/s".into(), 0);
        let clock = Clock::fixed(Timestamp::from_micros(0));
        let mut tunnel = Tunnel {
            browser: Reset,
            server,
            upward: Flow::default(),
            downward: Flow::default(),
            activity: Activity::new(Arc::new(route), clock),
        };
        poll_fn(|cx| tunnel.poll(cx)).await;
        let begin = Instant::now();
        tunnel.linger().await;
        assert!(begin.elapsed() < LINGER / 2);
        assert_eq!(
            theirs.read(&mut [0; 1]).await.unwrap(),
            0,
            "the server learns of it"
        );
    }
}
