//! `carrel token`: people's tokens.

use std::path::Path;

use anyhow::Context;
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
    },
    config,
    domain::names::UserName,
};

const TOKENS: Columns = &[
    Text("ID", "/id"),
    Text("NOTE", "/note"),
    Time("CREATED", "/created"),
    Time("LAST USE", "/last_activity"),
    Time("EXPIRES", "/expires_at"),
];

/// The command line of `carrel token`.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Make a token for this user; the same as `create NAME`
    #[arg(required = true, value_parser = UserName::parse)]
    name: Option<UserName>,
    #[command(flatten)]
    shape: Shape,
}

#[derive(Subcommand)]
enum Command {
    /// Make a token and print it, this once
    Create(Create),
    /// List a user's tokens
    List {
        /// The user
        #[arg(value_parser = UserName::parse)]
        name: UserName,
    },
    /// Revoke tokens of a user
    Revoke {
        /// The user
        #[arg(value_parser = UserName::parse)]
        name: UserName,
        /// The tokens, by the IDs that the list shows
        #[arg(required = true)]
        id: Vec<String>,
    },
}

#[derive(clap::Args)]
struct Create {
    /// The user whose token it is
    #[arg(value_parser = UserName::parse)]
    name: UserName,
    /// What it may do, such as read:users!group=physics; everything the user may when left out
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<String>,
    /// How long it is good, such as 12h or 30d; as long as the configuration says when left out
    #[arg(long, value_name = "TIME", value_parser = duration)]
    expires: Option<u64>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// Runs a subcommand.
pub(super) fn run(config: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let (client, shape) = (Client::new(config)?, arguments.shape);
    match (arguments.command, arguments.name) {
        (Some(Command::Create(order)), _) => create(&client, shape, &order),
        (None, Some(name)) => {
            let order = Create {
                name,
                scope: Vec::new(),
                expires: None,
                note: None,
            };
            create(&client, shape, &order)
        }
        (Some(Command::List { name }), _) => {
            let mut tokens = client.get(&["users", name.as_str(), "tokens"])?;
            let tokens = tokens.get_mut("api_tokens").map(Value::take);
            output::show(shape, &tokens.unwrap_or_default(), TOKENS)
        }
        (Some(Command::Revoke { name, id }), _) => {
            for id in id {
                let path = ["users", name.as_str(), "tokens", id.as_str()];
                client.send(Method::DELETE, &path, Value::Null)?;
            }
            Ok(())
        }
        (None, None) => Ok(()),
    }
}

fn create(client: &Client, shape: Shape, order: &Create) -> anyhow::Result<()> {
    let body = fields([
        ("scopes", texts_if_any(&order.scope)),
        ("expires_in", json!(order.expires)),
        (
            "note",
            json!(order.note.as_deref().unwrap_or("made by root")),
        ),
    ]);
    let made = client.send(
        Method::POST,
        &["users", order.name.as_str(), "tokens"],
        body,
    )?;
    output::secret(shape, &made, "/token")
}

/// Reads a time such as `12h`, in seconds.
pub(super) fn duration(text: &str) -> Result<u64, String> {
    let time = config::parse_duration(text).filter(|time| !time.is_zero());
    let time = time.ok_or("must be a time such as 90m, 12h or 30d")?;
    Ok(time.as_secs())
}

/// Reads what a file holds, without the line end.
pub(super) fn read_secret(file: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file);
    let text = text.with_context(|| format!("read {}", file.display()))?;
    Ok(text.trim_end().to_owned())
}
