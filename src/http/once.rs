//! One request over a connection of its own, for whoever asks seldom.

use std::pin::pin;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// Sends `request` over `stream` and has `read` make something of the reply.
///
/// For how long, is the caller's to bound, and how much of a body is read, `read`'s.
pub async fn ask_once<S, B, T, E>(
    stream: S,
    request: Request<B>,
    read: impl AsyncFnOnce(Response<Incoming>) -> Result<T, E>,
) -> Result<T, E>
where
    S: AsyncRead + AsyncWrite + Unpin,
    B: Body<Data = Bytes> + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    E: From<hyper::Error>,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let answer = async {
        let reply = sender.send_request(request).await?;
        read(reply).await
    };
    let mut answer = pin!(answer);
    // The connection moves only while it is polled; it may end first, with the reply handed over.
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        ended = connection => {
            ended?;
            answer.await
        }
    }
}
