//! Clients: websocket round trips, idle websockets, full handshakes; all over TLS.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use rustls::{
    ClientConfig, RootCertStore,
    client::Resumption,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_util::task::TaskTracker;

/// A masked frame with 64 bytes of text.
const FRAME_BYTES: usize = 2 + 4 + 64;

#[derive(Clone)]
pub(crate) struct Target {
    address: Arc<str>,
    path: Arc<str>,
    connector: TlsConnector,
}

impl Target {
    pub(crate) fn new(address: &str, pem: &str, path: &str) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(pem)?)?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok(Self {
            address: address.into(),
            path: path.into(),
            connector: TlsConnector::from(Arc::new(config)),
        })
    }

    async fn connect(&self) -> Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(&*self.address).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from("localhost")?;
        Ok(self.connector.connect(name, stream).await?)
    }

    async fn upgrade(&self) -> Result<TlsStream<TcpStream>> {
        let mut stream = self.connect().await?;
        let head = format!(
            "GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            self.path
        );
        stream.write_all(head.as_bytes()).await?;
        let mut reply = Vec::new();
        while !reply.ends_with(b"\r\n\r\n") {
            reply.push(stream.read_u8().await?);
        }
        ensure!(reply.starts_with(b"HTTP/1.1 101"), "no websocket");
        Ok(stream)
    }
}

/// Sends a frame and waits for it, on every connection, for some seconds; prints the count.
pub(crate) async fn echo(target: Target, connections: usize, seconds: u64) -> Result<()> {
    let count = Arc::new(AtomicU64::new(0));
    let tasks = TaskTracker::new();
    let mut streams = Vec::new();
    for _ in 0..connections {
        streams.push(target.upgrade().await?);
    }
    let begin = Instant::now();
    let end = begin + Duration::from_secs(seconds);
    for mut stream in streams {
        let count = count.clone();
        tasks.spawn(async move {
            let mut frame = [0_u8; FRAME_BYTES];
            frame[..2].copy_from_slice(&[0x81, 0x80 | 64]);
            let mut back = [0_u8; FRAME_BYTES];
            while Instant::now() < end {
                stream.write_all(&frame).await?;
                stream.read_exact(&mut back).await?;
                count.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        });
    }
    tasks.close();
    tasks.wait().await;
    println!(
        "{} {:.3}",
        count.load(Ordering::Relaxed),
        begin.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Opens websockets, says so, and holds them until it is killed.
pub(crate) async fn idle(target: Target, connections: usize) -> Result<()> {
    let mut streams = Vec::new();
    for _ in 0..connections {
        let mut stream = target.upgrade().await?;
        let mut frame = [0_u8; FRAME_BYTES];
        frame[..2].copy_from_slice(&[0x81, 0x80 | 64]);
        stream.write_all(&frame).await?;
        stream.read_exact(&mut frame).await?;
        streams.push(stream);
    }
    println!("ready");
    std::future::pending::<()>().await;
    drop(streams);
    Ok(())
}

/// Connects with a full handshake and hangs up, again and again; prints the count.
pub(crate) async fn handshakes(target: Target, connections: usize, seconds: u64) -> Result<()> {
    let count = Arc::new(AtomicU64::new(0));
    let tasks = TaskTracker::new();
    let begin = Instant::now();
    let end = begin + Duration::from_secs(seconds);
    for _ in 0..connections {
        let (target, count) = (target.clone(), count.clone());
        tasks.spawn(async move {
            while Instant::now() < end {
                if target.connect().await.is_ok() {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
    tasks.close();
    tasks.wait().await;
    println!(
        "{} {:.3}",
        count.load(Ordering::Relaxed),
        begin.elapsed().as_secs_f64()
    );
    Ok(())
}
