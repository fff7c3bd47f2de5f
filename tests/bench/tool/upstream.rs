//! The server behind: as little as can be, so that what stands in front shows.

use std::{convert::Infallible, os::unix::fs::PermissionsExt};

use anyhow::Result;
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, UnixListener},
};
use tokio_util::task::TaskTracker;

/// Serves on a Unix socket, and on TCP for a proxy that keeps no connections to Unix sockets.
pub(crate) async fn run(socket: &str, address: &str) -> Result<()> {
    let near = UnixListener::bind(socket)?;
    let far = TcpListener::bind(address).await?;
    let server = Server::new();
    loop {
        tokio::select! {
            accepted = near.accept() => server.serve(accepted?.0),
            accepted = far.accept() => {
                let stream = accepted?.0;
                stream.set_nodelay(true)?;
                server.serve(stream);
            }
        }
    }
}

/// Serves as a user's server that answers at once.
pub(crate) async fn run_as_server(socket: &str) -> Result<()> {
    let listener = UnixListener::bind(socket)?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o660))?;
    let server = Server::new();
    loop {
        server.serve(listener.accept().await?.0);
    }
}

struct Server {
    tasks: TaskTracker,
    small: Bytes,
    large: Bytes,
}

impl Server {
    fn new() -> Self {
        Self {
            tasks: TaskTracker::new(),
            small: Bytes::from(vec![b'x'; 1024]),
            large: Bytes::from(vec![b'x'; 1024 * 1024]),
        }
    }

    fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let (small, large) = (self.small.clone(), self.large.clone());
        let spawner = self.tasks.clone();
        self.tasks.spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let path = request.uri().path();
                let reply = if path.ends_with("/ws") {
                    echo(request, &spawner)
                } else if path.ends_with("/1m") {
                    Response::new(Full::new(large.clone()))
                } else {
                    Response::new(Full::new(small.clone()))
                };
                async move { Ok::<_, Infallible>(reply) }
            });
            let connection = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades();
            drop(connection.await);
        });
    }
}

/// Switches to websockets and sends every byte back; with frames unmasked or not, it is the same.
fn echo(request: Request<Incoming>, tasks: &TaskTracker) -> Response<Full<Bytes>> {
    tasks.spawn(async move {
        let Ok(stream) = hyper::upgrade::on(request).await else {
            return;
        };
        let mut stream = TokioIo::new(stream);
        let mut buffer = vec![0; 4096];
        while let Ok(n @ 1..) = stream.read(&mut buffer).await {
            let Some(bytes) = buffer.get(..n) else { return };
            if stream.write_all(bytes).await.is_err() || stream.flush().await.is_err() {
                return;
            }
        }
    });
    let mut reply = Response::new(Full::default());
    *reply.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = reply.headers_mut();
    headers.insert(
        header::CONNECTION,
        http::HeaderValue::from_static("Upgrade"),
    );
    headers.insert(header::UPGRADE, http::HeaderValue::from_static("websocket"));
    reply
}
