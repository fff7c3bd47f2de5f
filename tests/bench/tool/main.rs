//! The parts of the benchmark that need code: a server behind, Carrel's proxied path alone, and clients
//! that speak websocket and open connections. `tests/bench/run` puts them together.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    reason = "the results go to the script that runs this"
)]

mod client;
mod front;
mod upstream;

use anyhow::{Context, Result, bail};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // As the command of a user's server it gets the arguments of jupyterhub-singleuser.
    let as_server =
        |argument: &String| Some(argument.strip_prefix("--ServerApp.sock=")?.to_owned());
    if let Some(socket) = arguments.iter().find_map(as_server) {
        return upstream::run_as_server(&socket).await;
    }
    let mut arguments = arguments.iter().map(String::as_str);
    let mut next = |what: &'static str| arguments.next().with_context(|| format!("{what}?"));
    match next("upstream, front, echo, idle or handshakes")? {
        "upstream" => upstream::run(next("socket")?, next("address")?).await,
        "front" => front::run(next("address")?, next("pem file")?, next("socket")?).await,
        "echo" => {
            let target = client::Target::new(next("address")?, next("pem file")?, next("path")?)?;
            let connections = next("connections")?.parse()?;
            let seconds = next("seconds")?.parse()?;
            client::echo(target, connections, seconds).await
        }
        "idle" => {
            let target = client::Target::new(next("address")?, next("pem file")?, next("path")?)?;
            client::idle(target, next("connections")?.parse()?).await
        }
        "handshakes" => {
            let target = client::Target::new(next("address")?, next("pem file")?, next("path")?)?;
            let connections = next("connections")?.parse()?;
            let seconds = next("seconds")?.parse()?;
            client::handshakes(target, connections, seconds).await
        }
        other => bail!("{other:?} is not known"),
    }
}
