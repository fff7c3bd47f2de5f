//! `carrel server`: people's servers.

use std::path::Path;

use clap::Subcommand;
use http::Method;
use serde_json::{Value, json};

use crate::{
    cli::{client::Client, output::Shape, records},
    domain::names::{ServerKey, ServerName, UserName},
};

/// What a server is called on the command line.
pub(super) const KEY_HELP: &str = "The server: USER for the default one, USER/NAME for a named one";

/// The command line of `carrel server`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    shape: Shape,
}

#[derive(Subcommand)]
enum Command {
    /// List people's servers: what the hub set out to do, and what systemd says of their units
    List,
    /// Start a server of somebody who has logged in lately, or of anybody where login.require_ticket is off
    Start {
        #[arg(help = KEY_HELP, value_parser = parse_key)]
        server: ServerKey,
        /// The options to start it with, a JSON object; those of the last start when left out
        #[arg(long, value_name = "JSON", value_parser = parse_options)]
        options: Option<Value>,
    },
    /// Stop a server
    Stop {
        #[arg(help = KEY_HELP, value_parser = parse_key)]
        server: ServerKey,
        /// Forget a named server, too
        #[arg(long)]
        remove: bool,
    },
}

/// Runs a subcommand.
pub(super) fn run(config: &Path, arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Command::List => records::list_servers(config, arguments.shape),
        Command::Start { server, options } => {
            let body = options.map_or(Value::Null, |options| json!({ "user_options": options }));
            change(config, Method::POST, &server, body)
        }
        Command::Stop { server, remove } => {
            let body = match remove {
                true => json!({ "remove": true }),
                false => Value::Null,
            };
            change(config, Method::DELETE, &server, body)
        }
    }
}

fn change(config: &Path, method: Method, key: &ServerKey, body: Value) -> anyhow::Result<()> {
    let path = ["users", key.user.as_str(), "servers", key.server.as_str()];
    Client::new(config)?.send(method, &path, body)?;
    Ok(())
}

/// Reads `USER` or `USER/NAME`.
pub(super) fn parse_key(text: &str) -> Result<ServerKey, String> {
    let (user, server) = text.split_once('/').unwrap_or((text, ""));
    let user = UserName::parse(user).map_err(|error| format!("user {user:?}: {error}"))?;
    let server =
        ServerName::parse(server).map_err(|error| format!("server {server:?}: {error}"))?;
    Ok(ServerKey { user, server })
}

fn parse_options(text: &str) -> Result<Value, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    match value.is_object() {
        true => Ok(value),
        false => Err("must be a JSON object".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_after_its_user() {
        let parsed =
            |text| parse_key(text).map(|key| (key.user.to_string(), key.server.to_string()));
        let pair = |user: &str, server: &str| Ok((user.to_owned(), server.to_owned()));
        assert_eq!(parsed("alice"), pair("alice", ""));
        assert_eq!(parsed("alice/"), pair("alice", ""));
        assert_eq!(parsed("alice/lab"), pair("alice", "lab"));
        assert!(parsed("").is_err());
        assert!(parsed("/lab").is_err());
    }
}
