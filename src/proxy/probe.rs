//! Asking a server whether it is up, over the same checked connection that requests take (SU-22).

use std::{path::Path, time::Duration};

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
    let answer = async {
        let reply = sender.send_request(request).await?;
        Ok(reply.status())
    };
    // The connection moves only while it is polled, and is not needed beyond the head of the reply.
    tokio::select! {
        answer = answer => answer,
        ended = connection => match ended {
            Ok(()) => std::future::pending().await,
            Err(error) => Err(error),
        },
    }
}
