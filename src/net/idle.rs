//! A stream that loses patience with a peer that does not take what is written.
//!
//! Reading has deadlines where it is known what is waited for: the handshake, a head, a body the hub
//! itself reads. A reply or a websocket may be silent for as long as it likes; but a peer that leaves
//! bytes of ours lying for [`WRITE_TIMEOUT`] holds a place for nothing.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use super::limits::Place;

/// How long written bytes may wait without any being taken.
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_secs(60);

/// A stream whose writes have a deadline.
#[derive(Debug)]
pub(super) struct Patient<S> {
    stream: S,
    /// Kept for as long as the stream is, whatever protocol it has come to speak.
    _place: Option<Place>,
    /// Since when a write waits.
    waiting_since: Option<Instant>,
    /// Made at the first wait, moved on lazily: most waits are short and many.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    /// Takes a stream, with the place among the connections that it is counted by.
    pub(super) fn new(stream: S, place: impl Into<Option<Place>>) -> Self {
        Self {
            stream,
            _place: place.into(),
            waiting_since: None,
            alarm: None,
        }
    }

    /// Passes the result of a write on, unless writes have been waiting for too long.
    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        result: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.waiting_since = None;
            return result;
        }
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        let deadline = since + WRITE_TIMEOUT;
        let alarm = self
            .alarm
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        while alarm.as_mut().poll(cx).is_ready() {
            if Instant::now() >= deadline {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            alarm.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.watch(cx, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.watch(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(cx, result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.watch(cx, result)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, duplex},
        time::{advance, sleep},
    };

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_given_up() {
        let (ours, _theirs) = duplex(4);
        let begin = Instant::now();
        let error = Patient::new(ours, None)
            .write_all(b"12345")
            .await
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(begin.elapsed() >= WRITE_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_peer_is_not() {
        let (ours, mut theirs) = duplex(1);
        let mut ours = Patient::new(ours, None);
        let writing = ours.write_all(b"1234");
        let reading = async {
            for _ in 0..4 {
                sleep(WRITE_TIMEOUT - Duration::from_secs(1)).await;
                theirs.read_u8().await.unwrap();
            }
        };
        let (written, ()) = tokio::join!(writing, reading);
        written.unwrap();
        advance(WRITE_TIMEOUT * 3).await;
        let (written, _) = tokio::join!(ours.write_all(b"12"), theirs.read_u8());
        written.unwrap();
    }
}
