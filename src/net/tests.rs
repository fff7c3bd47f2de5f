//! The listener over real sockets: TLS, both HTTPs, every bound, draining.

use std::{net::SocketAddr, path::Path};

use ::http::StatusCode;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Notify,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::*;
use crate::{
    config::settings::TlsSettings,
    domain::time::{Clock, Timestamp},
    http::reply,
};

const SOON: Duration = Duration::from_secs(10);

/// A running server and what ends it.
struct Lab {
    dir: tempfile::TempDir,
    tls: Arc<Tls>,
    public: SocketAddr,
    redirect: SocketAddr,
    api: SocketAddr,
    /// Root's socket, which here is for the account of the test.
    admin: std::path::PathBuf,
    drain: CancellationToken,
    cut: CancellationToken,
    /// Lets requests for `/wait` go on.
    go_on: Arc<Notify>,
    running: tokio::task::JoinHandle<io::Result<()>>,
}

fn limits() -> LimitSettings {
    LimitSettings {
        connections: 100,
        connections_per_address: 50,
        head_bytes: 16 * 1024,
        body_bytes: 1024,
        handshake_timeout: SOON,
        head_timeout: SOON,
        body_timeout: SOON,
    }
}

fn now() -> Timestamp {
    Clock::System.now()
}

impl Lab {
    fn new(limits: LimitSettings) -> Self {
        Self::with_admin(limits, nix::unistd::getuid())
    }

    fn with_admin(limits: LimitSettings, account: nix::unistd::Uid) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let none = TlsSettings {
            certificate: None,
            key: None,
        };
        let tls = Arc::new(Tls::load(&none, dir.path(), now()).unwrap());
        let mut listeners = Listeners::default();
        for via in [Listener::Public, Listener::Redirect, Listener::Api] {
            listeners.bind(via, "127.0.0.1:0".parse().unwrap()).unwrap();
        }
        let address = |wanted| {
            let mut all = listeners.addresses();
            all.find(|(via, _)| *via == wanted).unwrap().1
        };
        let (public, redirect, api) = (
            address(Listener::Public),
            address(Listener::Redirect),
            address(Listener::Api),
        );
        let admin = dir.path().join("admin.sock");
        let listener = std::os::unix::net::UnixListener::bind(&admin).unwrap();
        listeners.admin = Some(AdminSocket { listener, account });
        let (drain, cut) = (CancellationToken::new(), CancellationToken::new());
        let server = Server {
            listeners,
            tls: tls.clone(),
            limits,
            trusted_proxies: Vec::new(),
            drain: drain.clone(),
            cut: cut.clone(),
        };
        let go_on = Arc::new(Notify::new());
        let wait = go_on.clone();
        let handler = move |request: Request, peer: Peer| {
            let wait = wait.clone();
            async move {
                if request.uri().path() == "/wait" {
                    wait.notified().await;
                }
                let version = request.version();
                let (via, scheme) = (peer.via, peer.scheme.as_str());
                reply::text(StatusCode::OK, format!("{version:?} {via:?} {scheme}"))
            }
        };
        let tasks = TaskTracker::new();
        let running = tasks.spawn(server.run(handler, tasks.clone()));
        Self {
            dir,
            tls,
            public,
            redirect,
            api,
            admin,
            drain,
            cut,
            go_on,
            running,
        }
    }

    async fn connect(&self, protocol: &str) -> TlsStream<TcpStream> {
        let pem = self.dir.path().join("tls/self-signed.pem");
        connect(self.public, &pem, protocol).await.unwrap()
    }
}

async fn connect(to: SocketAddr, pem: &Path, protocol: &str) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(pem).unwrap())
        .unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let stream = TcpStream::connect(to).await?;
    TlsConnector::from(Arc::new(config))
        .connect(ServerName::try_from("localhost").unwrap(), stream)
        .await
}

const GET: &str = "GET / HTTP/1.1\r\nHost: lab\r\n\r\n";
const GET_AND_CLOSE: &str = "GET / HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n";

/// Sends bytes and reads until the other side closes, which must be soon.
async fn talk(mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin, bytes: &str) -> String {
    let mut answer = Vec::new();
    let talk = async {
        // The server may hang up while we still speak.
        drop(stream.write_all(bytes.as_bytes()).await);
        drop(stream.read_to_end(&mut answer).await);
    };
    timeout(SOON, talk)
        .await
        .expect("the connection stays open");
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn each_door_serves_what_it_is_for() {
    let lab = Lab::new(limits());
    let answer = talk(lab.connect("http/1.1").await, GET_AND_CLOSE).await;
    assert!(answer.ends_with("HTTP/1.1 Public https"), "{answer}");
    let plain = TcpStream::connect(lab.api).await.unwrap();
    let answer = talk(plain, GET_AND_CLOSE).await;
    assert!(answer.ends_with("HTTP/1.1 Api http"), "{answer}");
    let plain = TcpStream::connect(lab.redirect).await.unwrap();
    let answer = talk(plain, GET_AND_CLOSE).await;
    let location = format!("location: https://lab:{}/\r\n", lab.public.port());
    assert!(
        answer.starts_with("HTTP/1.1 301") && answer.contains(&location),
        "{answer}"
    );
}

#[tokio::test]
async fn http2_is_spoken() {
    let lab = Lab::new(limits());
    let stream = lab.connect("h2").await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let request = ::http::Request::get("https://lab/")
        .body(Empty::<bytes::Bytes>::new())
        .unwrap();
    let exchange = async {
        let reply = sender.send_request(request).await.unwrap();
        reply.into_body().collect().await.unwrap().to_bytes()
    };
    let body = tokio::select! {
        _ = connection => panic!("the connection ended"),
        body = exchange => body,
    };
    assert_eq!(body, "HTTP/2.0 Public https");
}

#[tokio::test]
async fn malformed_requests_are_refused() {
    let long = format!(
        "GET / HTTP/1.1\r\nHost: lab\r\nX: {}\r\n\r\n",
        "a".repeat(20_000)
    );
    let many = format!(
        "GET / HTTP/1.1\r\nHost: lab\r\n{}\r\n",
        "X: 1\r\n".repeat(200)
    );
    let far = format!("GET /{} HTTP/1.1\r\nHost: lab\r\n\r\n", "a".repeat(70_000));
    let table = [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost : lab\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: lab\r\nX: \0\r\n\r\n", 400),
        ("GET /\0 HTTP/1.1\r\nHost: lab\r\n\r\n", 400),
        ("GET / HTTP/9.9\r\nHost: lab\r\n\r\n", 400),
        ("nonsense\r\n\r\n", 400),
        (
            "POST / HTTP/1.1\r\nHost: l\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: l\r\nContent-Length: -1\r\n\r\n",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: l\r\nTransfer-Encoding: gzip\r\n\r\n",
            400,
        ),
        ("CONNECT lab:22 HTTP/1.1\r\nHost: lab:22\r\n\r\n", 405),
        ("TRACE / HTTP/1.1\r\nHost: lab\r\n\r\n", 405),
        (&long, 431),
        (&many, 431),
        (&far, 431),
        ("GET / HTTP/1.0\r\n\r\n", 200),
    ];
    let lab = Lab::new(limits());
    for (request, status) in table {
        let stream = TcpStream::connect(lab.api).await.unwrap();
        let mut stream = tokio::io::BufReader::new(stream);
        drop(stream.write_all(request.as_bytes()).await);
        let mut line = String::new();
        let read = tokio::io::AsyncBufReadExt::read_line(&mut stream, &mut line);
        drop(timeout(SOON, read).await.expect("an answer"));
        let found = line.split(' ').nth(1).unwrap_or("none");
        let shown: String = request.chars().take(80).collect();
        assert_eq!(found, status.to_string(), "{shown:?}");
    }
}

#[tokio::test]
async fn a_handshake_has_a_deadline() {
    let lab = Lab::new(LimitSettings {
        handshake_timeout: Duration::from_millis(100),
        ..limits()
    });
    let stream = TcpStream::connect(lab.public).await.unwrap();
    assert_eq!(talk(stream, "").await, "");
    let stream = TcpStream::connect(lab.public).await.unwrap();
    assert_eq!(talk(stream, "\u{16}\u{3}\u{1}").await, "", "half a record");
}

#[tokio::test]
async fn a_head_has_a_deadline() {
    let lab = Lab::new(LimitSettings {
        head_timeout: Duration::from_millis(100),
        ..limits()
    });
    let stream = TcpStream::connect(lab.api).await.unwrap();
    talk(stream, "GET / HTTP/1.1\r\nHost: l").await;
    // A kept connection that asks nothing more ends by the same deadline.
    let answer = talk(lab.connect("http/1.1").await, GET).await;
    assert!(answer.ends_with("HTTP/1.1 Public https"), "{answer}");
}

#[tokio::test]
async fn one_client_cannot_take_every_connection() {
    let lab = Lab::new(LimitSettings {
        connections_per_address: 2,
        ..limits()
    });
    let first = lab.connect("http/1.1").await;
    let _second = lab.connect("http/1.1").await;
    let pem = lab.dir.path().join("tls/self-signed.pem");
    assert!(connect(lab.public, &pem, "http/1.1").await.is_err());
    let programs = TcpStream::connect(lab.api).await.unwrap();
    assert!(
        talk(programs, GET_AND_CLOSE)
            .await
            .starts_with("HTTP/1.1 200")
    );
    talk(first, GET_AND_CLOSE).await;
    let again = timeout(SOON, async {
        while connect(lab.public, &pem, "http/1.1").await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    again.await.expect("the place is free again");
}

#[tokio::test]
async fn draining_lets_requests_end() {
    let lab = Lab::new(limits());
    let mut busy = lab.connect("http/1.1").await;
    busy.write_all(b"GET /wait HTTP/1.1\r\nHost: lab\r\n\r\n")
        .await
        .unwrap();
    busy.flush().await.unwrap();
    let idle = lab.connect("http/1.1").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    lab.drain.cancel();
    assert_eq!(talk(idle, "").await, "");
    assert!(!lab.running.is_finished());
    lab.go_on.notify_waiters();
    assert!(talk(busy, "").await.starts_with("HTTP/1.1 200"));
    timeout(SOON, lab.running).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn what_does_not_end_is_cut() {
    let lab = Lab::new(limits());
    let mut busy = lab.connect("http/1.1").await;
    busy.write_all(b"GET /wait HTTP/1.1\r\nHost: lab\r\n\r\n")
        .await
        .unwrap();
    busy.flush().await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    lab.drain.cancel();
    lab.cut.cancel();
    timeout(SOON, lab.running).await.unwrap().unwrap().unwrap();
    assert_eq!(talk(busy, "").await, "");
}

#[tokio::test]
async fn a_new_certificate_drops_no_connection() {
    let lab = Lab::new(limits());
    let before = lab.connect("http/1.1").await;
    let signed = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let file = lab.dir.path().join("new.pem");
    std::fs::write(
        &file,
        signed.cert.pem() + &signed.signing_key.serialize_pem(),
    )
    .unwrap();
    let settings = TlsSettings {
        certificate: Some(file.clone()),
        key: Some(file.clone()),
    };
    lab.tls.reload(&settings, now()).unwrap();
    assert!(
        talk(before, GET_AND_CLOSE)
            .await
            .starts_with("HTTP/1.1 200")
    );
    let after = connect(lab.public, &file, "http/1.1").await.unwrap();
    assert!(talk(after, GET_AND_CLOSE).await.starts_with("HTTP/1.1 200"));
}

async fn ask_admin(lab: &Lab) -> String {
    let mut stream = tokio::net::UnixStream::connect(&lab.admin).await.unwrap();
    let asked = stream.write_all(GET_AND_CLOSE.as_bytes()).await;
    let mut answer = String::new();
    // One who is turned away may find the connection closed at either step.
    if asked.is_ok() && stream.read_to_string(&mut answer).await.is_err() {
        answer.clear();
    }
    answer
}

#[tokio::test]
async fn roots_socket_is_plain_and_says_so() {
    let lab = Lab::new(limits());
    let answer = timeout(SOON, ask_admin(&lab)).await.unwrap();
    assert!(answer.ends_with("HTTP/1.1 Admin http"), "{answer}");
}

#[tokio::test]
async fn roots_socket_gives_other_accounts_nothing() {
    let other = nix::unistd::Uid::from_raw(nix::unistd::getuid().as_raw() + 1);
    let lab = Lab::with_admin(limits(), other);
    assert_eq!(timeout(SOON, ask_admin(&lab)).await.unwrap(), "");
}
