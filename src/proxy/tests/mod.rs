//! The proxy over real sockets: a browser's bytes in, a server's bytes out.

use std::{
    convert::Infallible,
    sync::atomic::{AtomicUsize, Ordering},
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    net::{UnixListener, UnixStream},
    time::timeout,
};

use super::*;
use crate::{
    domain::{
        names::{ServerKey, UserName},
        time::Timestamp,
    },
    http::{
        reply,
        request::{Listener, Scheme},
    },
};

mod exchanges;
mod websockets;

const SOON: Duration = Duration::from_secs(10);
const NOW: Timestamp = Timestamp::from_micros(1_000);

/// A server's socket, a route to it and a proxy in front.
struct Lab {
    _dir: TempDir,
    route: Arc<Route>,
    proxy: Proxy,
    tasks: TaskTracker,
    connections: Arc<AtomicUsize>,
}

impl Lab {
    /// Starts a server that treats every connection with `serve`.
    fn new<F>(serve: impl Fn(Server) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("s.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let tasks = TaskTracker::new();
        let connections = Arc::new(AtomicUsize::new(0));
        let (count, spawner) = (connections.clone(), tasks.clone());
        tasks.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                spawner.spawn(serve(Server(stream)));
            }
        });
        let key = ServerKey::default_of(UserName::parse("alice").unwrap());
        let uid = nix::unistd::geteuid().as_raw();
        Self {
            _dir: dir,
            route: Arc::new(Route::new(key, "/user/alice/".into(), socket, uid)),
            proxy: Proxy {
                trusted_proxies: Arc::new([]),
                clock: Clock::fixed(NOW),
                tunnels: tasks.clone(),
                close_tunnels: CancellationToken::new(),
            },
            tasks,
            connections,
        }
    }

    /// A server that gives the same reply to every request without a body.
    fn replying(reply: &'static str) -> Self {
        Self::new(move |mut server| async move {
            while server.head().await.is_some() {
                server.send(reply).await;
            }
        })
    }

    /// Opens a browser's connection.
    fn browser(&self) -> Browser {
        let (ours, theirs) = duplex(64 * 1024);
        let (proxy, route) = (self.proxy.clone(), self.route.clone());
        self.tasks.spawn(async move {
            let service = service_fn(move |request: ::http::Request<Incoming>| {
                let (proxy, route) = (proxy.clone(), route.clone());
                async move {
                    let peer = Peer {
                        addr: "192.0.2.7".parse().unwrap(),
                        port: 1,
                        scheme: Scheme::Https,
                        via: Listener::Public,
                    };
                    let reply = proxy
                        .forward(&route, request.map(Body::from), None, &peer)
                        .await;
                    let reply = reply.unwrap_or_else(|e| reply::text(e.status(), e.to_string()));
                    Ok::<_, Infallible>(reply)
                }
            });
            let connection = http1::Builder::new()
                .serve_connection(TokioIo::new(theirs), service)
                .with_upgrades();
            drop(connection.await);
        });
        Browser(ours)
    }
}

/// The server's end.
struct Server(UnixStream);

impl Server {
    async fn head(&mut self) -> Option<String> {
        read_head(&mut self.0).await
    }

    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }
}

/// The browser's end.
struct Browser(DuplexStream);

impl Browser {
    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    async fn get(&mut self, target: &str) {
        self.send(format!("GET {target} HTTP/1.1\r\nHost: lab\r\n\r\n"))
            .await;
    }

    async fn head(&mut self) -> String {
        read_head(&mut self.0).await.unwrap()
    }

    async fn expect(&mut self, bytes: impl AsRef<[u8]>) {
        let mut found = vec![0; bytes.as_ref().len()];
        timeout(SOON, self.0.read_exact(&mut found))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            String::from_utf8_lossy(&found),
            String::from_utf8_lossy(bytes.as_ref())
        );
    }

    async fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        timeout(SOON, self.0.read_to_end(&mut rest))
            .await
            .unwrap()
            .unwrap();
        rest
    }
}

async fn read_head(stream: &mut (impl AsyncReadExt + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = timeout(SOON, stream.read_u8())
            .await
            .expect("a head in time");
        head.push(byte.ok()?);
    }
    Some(String::from_utf8(head).unwrap())
}

async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..500 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}

async fn eventually_closed(stream: &mut UnixStream) {
    let mut rest = Vec::new();
    let ended = timeout(SOON, stream.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "the connection stays open");
}
