//! Asking a server something on the hub's own behalf, over the same checked connection that requests
//! take: whether it is up (SU-22), or what it is doing.

use std::{path::Path, time::Duration};

use ::http::{Request, StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use thiserror::Error;
use tokio::time::timeout;

use super::target;
use crate::{domain::secret::Secret, http::once::ask_once};

/// How long a server that accepted the connection may take to answer one probe.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest body that is read.
const MAX_BODY_BYTES: usize = 1024 * 1024;

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
    let asked = ask(stream, request(path, None), Wanted::Head);
    match timeout(ANSWER_TIMEOUT, asked).await {
        Ok(Ok((status, _))) if !status.is_server_error() => Ok(()),
        _ => Err(Error::NoAnswer),
    }
}

/// Asks the server behind `socket` for `path` with a token, and returns the body of a reply with status
/// 200 of at most [`MAX_BODY_BYTES`].
pub async fn get(
    socket: &Path,
    owner_uid: u32,
    path: &str,
    token: &Secret<String>,
) -> Result<Bytes, Error> {
    let stream = target::connect(socket, owner_uid).await?;
    let asked = ask(stream, request(path, Some(token)), Wanted::Body);
    match timeout(ANSWER_TIMEOUT, asked).await {
        Ok(Ok((StatusCode::OK, Some(body)))) => Ok(body),
        _ => Err(Error::NoAnswer),
    }
}

/// How much of a reply is of interest.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Head,
    Body,
}

fn request(path: &str, token: Option<&Secret<String>>) -> Request<Empty<Bytes>> {
    let mut request = Request::get(path)
        .header(header::HOST, "localhost")
        .header(header::CONNECTION, "close");
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("token {}", token.expose()));
    }
    request
        .body(Empty::new())
        .expect("a server's prefix is a percent-encoded path, and a token hexadecimal digits")
}

async fn ask(
    stream: tokio::net::UnixStream,
    request: Request<Empty<Bytes>>,
    wanted: Wanted,
) -> Result<(StatusCode, Option<Bytes>), hyper::Error> {
    ask_once(stream, request, async |reply| {
        let status = reply.status();
        if wanted == Wanted::Head {
            return Ok((status, None));
        }
        let body = Limited::new(reply.into_body(), MAX_BODY_BYTES)
            .collect()
            .await;
        Ok((status, body.ok().map(|body| body.to_bytes())))
    })
    .await
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
