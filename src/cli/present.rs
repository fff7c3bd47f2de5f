//! `carrel present`: starts a program that knows nothing of JupyterHub where the hub can reach it.
//!
//! It runs as the person whose server it is and becomes the program, so that systemd sees the program's
//! own process. What has to be done beside it is done by a second process, which ends with the unit.
#![expect(
    clippy::disallowed_methods,
    reason = "this is a process of one person's server: no runtime of the hub is there to be blocked"
)]

use std::{
    convert::Infallible,
    ffi::OsString,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use tokio::net::{TcpStream, UnixListener, UnixStream};

/// How often a program that starts is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long a program may take to listen; the hub gives up on it before.
const PATIENCE: Duration = Duration::from_secs(3600);
/// Owner and group may connect: the group is the hub's, by the folder.
const SOCKET_MODE: u32 = 0o660;

/// What is to be presented where.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The Unix socket that the hub connects to
    socket: PathBuf,
    /// What stands for a port of 127.0.0.1 in the program's arguments; the socket then leads to that port
    #[arg(long, value_name = "TEXT")]
    port_mark: Option<String>,
    /// Do what has to be done beside the program
    #[arg(long, hide = true, value_enum)]
    beside: Option<Beside>,
    /// The port, for what is done beside the program
    #[arg(long, hide = true)]
    port: Option<u16>,
    /// The program and its arguments
    #[arg(last = true)]
    program: Vec<OsString>,
}

/// What is done beside the program.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Beside {
    /// Let the hub's group use the socket once it is there.
    Open,
    /// Lead the socket to the port.
    Lead,
}

/// Becomes the program, or does what has to be done beside it.
pub(super) fn run(arguments: Arguments) -> anyhow::Result<()> {
    match (arguments.beside, arguments.port) {
        (Some(Beside::Open), _) => open(&arguments.socket),
        (Some(Beside::Lead), Some(port)) => lead(&arguments.socket, port),
        (Some(Beside::Lead), None) => bail!("--beside=lead needs --port"),
        (None, _) => become_program(arguments).map(|never| match never {}),
    }
}

fn become_program(arguments: Arguments) -> anyhow::Result<Infallible> {
    let mut words = arguments.program.into_iter();
    let program = words.next().context("there is no program to start")?;
    let mut beside = Command::new(std::env::current_exe().context("find Carrel's own program")?);
    beside.arg("present").arg(&arguments.socket);
    let words: Vec<OsString> = match arguments.port_mark {
        None => {
            beside.arg("--beside=open");
            words.collect()
        }
        Some(mark) => {
            let port = free_port().context("find a free port")?;
            beside.arg("--beside=lead").arg(format!("--port={port}"));
            words.map(|word| with_port(word, &mark, port)).collect()
        }
    };
    beside
        .stdin(Stdio::null())
        .spawn()
        .context("start what runs beside the program")?;
    let error = Command::new(&program).args(words).exec();
    Err(error).with_context(|| format!("start {}", Path::new(&program).display()))
}

/// Returns a port that nobody listens on. Between this and the program's own use of it somebody else may
/// take it, and the program then says so.
fn free_port() -> std::io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

fn with_port(word: OsString, mark: &str, port: u16) -> OsString {
    match word.to_str() {
        Some(text) => text.replace(mark, &port.to_string()).into(),
        None => word,
    }
}

/// Waits for the program's socket and lets the hub's group use it.
fn open(socket: &Path) -> anyhow::Result<()> {
    let begun = Instant::now();
    while !socket.exists() {
        if begun.elapsed() > PATIENCE {
            bail!("the program did not make {}", socket.display());
        }
        thread::sleep(LOOK_EVERY);
    }
    let mode = std::fs::Permissions::from_mode(SOCKET_MODE);
    std::fs::set_permissions(socket, mode)
        .with_context(|| format!("let the hub use {}", socket.display()))
}

/// Makes the socket once the program listens on its port, and hands connections on.
fn lead(socket: &Path, port: u16) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    runtime.block_on(async {
        let target = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let begun = Instant::now();
        while TcpStream::connect(target).await.is_err() {
            if begun.elapsed() > PATIENCE {
                bail!("the program does not listen on {target}");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let listener = UnixListener::bind(socket)
            .with_context(|| format!("listen on {}", socket.display()))?;
        open(socket)?;
        loop {
            let (browser, _) = listener.accept().await.context("take a connection")?;
            tokio::spawn(hand_on(browser, target));
        }
    })
}

/// Either side's end ends the other; nobody is there to be told of an error.
async fn hand_on(mut browser: UnixStream, target: SocketAddr) {
    if let Ok(mut program) = TcpStream::connect(target).await {
        drop(tokio::io::copy_bidirectional(&mut browser, &mut program).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_stands_where_its_mark_stood() {
        let word = with_port("--bind=127.0.0.1:{port}".into(), "{port}", 81);
        assert_eq!(word, "--bind=127.0.0.1:81");
    }

    #[test]
    fn a_socket_is_opened_for_its_group() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let made = path.clone();
        let maker = thread::spawn(move || {
            thread::sleep(LOOK_EVERY);
            std::os::unix::net::UnixListener::bind(made).unwrap()
        });
        open(&path).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, SOCKET_MODE);
        maker.join().unwrap();
    }
}
