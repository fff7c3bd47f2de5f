//! `carrel share`: with whom servers are shared.

use std::path::Path;

use clap::Subcommand;
use http::Method;
use serde_json::{Value, json};

use crate::{
    cli::{
        client::{Client, fields, texts_if_any},
        output::{
            self,
            Column::{Text, Time},
            Columns, Shape,
        },
        server::{self, KEY_HELP},
        token,
    },
    domain::names::{GroupName, ServerKey, UserName},
};

const SHARES: Columns = &[
    Text("USER", "/user/name"),
    Text("GROUP", "/group/name"),
    Text("SCOPES", "/scopes"),
    Time("SINCE", "/created_at"),
];

/// The command line of `carrel share`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    shape: Shape,
}

#[derive(Subcommand)]
enum Command {
    /// List with whom a server is shared
    List {
        #[arg(help = KEY_HELP, value_parser = server::parse_key)]
        server: ServerKey,
    },
    /// Share a server with a user or a group
    Grant(Share),
    /// Take a share back
    Revoke(Share),
    /// Make a code by which whoever has it gets a share, and print the path where it is accepted, this once
    Code {
        #[arg(help = KEY_HELP, value_parser = server::parse_key)]
        server: ServerKey,
        /// What it gives; the use of the server when left out
        #[arg(long, value_name = "SCOPE")]
        scope: Vec<String>,
        /// How long it is good, such as 12h or 7d; a day when left out
        #[arg(long, value_name = "TIME", value_parser = token::duration)]
        expires: Option<u64>,
    },
}

#[derive(clap::Args)]
struct Share {
    #[arg(help = KEY_HELP, value_parser = server::parse_key)]
    server: ServerKey,
    #[command(flatten)]
    with: With,
    /// What is given or taken back; the use of the server, or all of it, when left out
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<String>,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct With {
    /// With this user
    #[arg(long, value_name = "NAME", value_parser = UserName::parse)]
    user: Option<UserName>,
    /// With all members of this group
    #[arg(long, value_name = "NAME", value_parser = GroupName::parse)]
    group: Option<GroupName>,
}

/// Runs a subcommand.
pub(super) fn run(config: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let (client, shape) = (Client::new(config)?, arguments.shape);
    let change = |method, share: &Share| {
        let With { user, group } = &share.with;
        let body = fields([
            ("user", json!(user.as_ref().map(UserName::as_str))),
            ("group", json!(group.as_ref().map(GroupName::as_str))),
            ("scopes", texts_if_any(&share.scope)),
        ]);
        client.send(method, &path("shares", &share.server), body)
    };
    match &arguments.command {
        Command::List { server } => {
            output::show(shape, &client.list(&path("shares", server))?, SHARES)
        }
        Command::Grant(share) => output::show(shape, &change(Method::POST, share)?, SHARES),
        Command::Revoke(share) => {
            let left = change(Method::PATCH, share)?;
            let is_gone = left.as_object().is_none_or(serde_json::Map::is_empty);
            let left = if is_gone { Value::Null } else { left };
            output::show(shape, &left, SHARES)
        }
        Command::Code {
            server,
            scope,
            expires,
        } => {
            let body = fields([
                ("scopes", texts_if_any(scope)),
                ("expires_in", json!(expires)),
            ]);
            let made = client.send(Method::POST, &path("share-codes", server), body)?;
            output::secret(shape, &made, "/accept_url")
        }
    }
}

fn path<'a>(of: &'a str, key: &'a ServerKey) -> [&'a str; 3] {
    [of, key.user.as_str(), key.server.as_str()]
}
