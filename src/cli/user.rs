//! `carrel user`: who may use the hub.

use std::path::Path;

use clap::Subcommand;
use http::Method;
use serde_json::{Value, json};

use crate::{
    cli::{
        client::Client,
        output::{
            self,
            Column::{Text, Time},
            Columns, Shape,
        },
        records,
    },
    domain::names::UserName,
};

const USERS: Columns = &[
    Text("USER", "/name"),
    Text("ADMIN", "/admin"),
    Text("GROUPS", "/groups"),
    Text("ROLES", "/roles"),
    Text("SERVERS", "/servers"),
    Time("LAST ACTIVITY", "/last_activity"),
];

/// The command line of `carrel user`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    shape: Shape,
}

#[derive(Subcommand)]
enum Command {
    /// List all users, from the database; the hub need not run
    List,
    /// Show what the hub knows of a user
    Show {
        /// The user
        #[arg(value_parser = UserName::parse)]
        name: UserName,
    },
    /// Add accounts of the machine as users before they log in; if one name is wrong, none is added
    Add {
        /// The accounts
        #[arg(required = true, value_parser = UserName::parse)]
        name: Vec<UserName>,
        /// Make them administrators
        #[arg(long)]
        admin: bool,
    },
    /// Remove users with their tokens and shares; their accounts and files stay
    Remove {
        /// The users
        #[arg(required = true, value_parser = UserName::parse)]
        name: Vec<UserName>,
    },
    /// Make a user an administrator
    Admin {
        /// The user
        #[arg(value_parser = UserName::parse)]
        name: UserName,
        /// Make them one no more
        #[arg(long)]
        revoke: bool,
    },
}

/// Runs a subcommand.
pub(super) fn run(config: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let shape = arguments.shape;
    if let Command::List = arguments.command {
        return records::list_users(config, shape);
    }
    let client = Client::new(config)?;
    let answer = match arguments.command {
        Command::List => Value::Null,
        Command::Show { name } => client.get(&["users", name.as_str()])?,
        Command::Add { name, admin } => {
            let names: Vec<_> = name.iter().map(UserName::as_str).collect();
            let body = json!({ "usernames": names, "admin": admin });
            client.send(Method::POST, &["users"], body)?
        }
        Command::Remove { name } => {
            for name in name {
                client.send(Method::DELETE, &["users", name.as_str()], Value::Null)?;
            }
            Value::Null
        }
        Command::Admin { name, revoke } => {
            let body = json!({ "admin": !revoke });
            client.send(Method::PATCH, &["users", name.as_str()], body)?
        }
    };
    output::show(shape, &answer, USERS)
}
