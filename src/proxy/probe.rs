//! Asking a server whether it is up, over the same checked connection that requests take (SU-22).

use std::{path::Path, pin::pin, time::Duration};

use ::http::{Request, StatusCode, header};
use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::time::timeout;

use super::target;

/// How long a server that accepted the connection may take to answer one probe.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a server is not known to be up.
#[derive(Debug, Error)]
pub enum Error {
    /// There is no connection to it.
    #[error("connect to the user server")]
    Connect(#[from] target::Error),
    /// It took the connection and gave no answer that means it is up.
    #[error("the user server gave no good answer")]
    NoAnswer,
}

/// Asks the server behind `socket` for `path`; any status below 500 says that it is up.
pub async fn probe(socket: &Path, owner_uid: u32, path: &str) -> Result<(), Error> {
    let stream = target::connect(socket, owner_uid).await?;
    match timeout(ANSWER_TIMEOUT, ask(stream, path)).await {
        Ok(Ok(status)) if !status.is_server_error() => Ok(()),
        _ => Err(Error::NoAnswer),
    }
}

async fn ask(stream: tokio::net::UnixStream, path: &str) -> Result<StatusCode, hyper::Error> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::get(path)
        .header(header::HOST, "localhost")
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .expect("a server's prefix is a percent-encoded path");
    let mut answer = pin!(sender.send_request(request));
    // The connection moves only while it is polled; it may end first, with the reply handed over.
    let reply = tokio::select! {
        biased;
        reply = &mut answer => reply?,
        ended = connection => {
            ended?;
            answer.await?
        }
    };
    Ok(reply.status())
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::UnixListener,
    };

    use super::*;

    /// Probes a server that answers its one request with `reply` and closes.
    async fn probed(reply: &'static str) -> Result<(), Error> {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("s");
        let listener = UnixListener::bind(&socket).unwrap();
        let uid = nix::unistd::getuid().as_raw();
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 1024];
            let read = stream.read(&mut head).await.unwrap();
            assert!(head[..read].starts_with(b"GET /user/alice/api HTTP/1.1\r\n"));
            stream.write_all(reply.as_bytes()).await.unwrap();
            drop(stream);
        };
        let probe = probe(&socket, uid, "/user/alice/api");
        tokio::join!(serve, probe).1
    }

    #[tokio::test]
    async fn a_server_that_closes_at_once_is_up() {
        let reply = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
        assert!(probed(reply).await.is_ok());
    }

    #[tokio::test]
    async fn a_refusal_is_an_answer_and_a_failure_is_none() {
        assert!(
            probed("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                .await
                .is_ok()
        );
        for bad in [
            "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
            "what?\r\n\r\n",
            "",
        ] {
            assert!(matches!(probed(bad).await, Err(Error::NoAnswer)), "{bad:?}");
        }
    }

    #[tokio::test]
    async fn nothing_there_is_no_connection() {
        let dir = tempfile::tempdir().unwrap();
        let missing = probe(&dir.path().join("s"), 0, "/").await;
        assert!(matches!(missing, Err(Error::Connect(_))));
    }
}
