//! `carrel group`: groups of users.

use std::path::Path;

use clap::Subcommand;
use http::Method;
use serde_json::{Value, json};

use crate::{
    cli::{
        client::Client,
        output::{self, Column::Text, Columns, Shape},
    },
    domain::names::{GroupName, UserName},
};

const GROUPS: Columns = &[
    Text("GROUP", "/name"),
    Text("USERS", "/users"),
    Text("ROLES", "/roles"),
];

/// The command line of `carrel group`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    shape: Shape,
}

#[derive(Subcommand)]
enum Command {
    /// List all groups
    List,
    /// Make a group
    Add {
        /// The group
        #[arg(value_parser = GroupName::parse)]
        group: GroupName,
    },
    /// Remove a group
    Delete {
        /// The group
        #[arg(value_parser = GroupName::parse)]
        group: GroupName,
    },
    /// Add users to a group
    AddUser(Members),
    /// Take users out of a group
    RemoveUser(Members),
}

#[derive(clap::Args)]
struct Members {
    /// The group
    #[arg(value_parser = GroupName::parse)]
    group: GroupName,
    /// The users
    #[arg(required = true, value_parser = UserName::parse)]
    user: Vec<UserName>,
}

/// Runs a subcommand.
pub(super) fn run(config: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let client = Client::new(config)?;
    let change = |method, members: &Members| {
        let users: Vec<_> = members.user.iter().map(UserName::as_str).collect();
        let path = ["groups", members.group.as_str(), "users"];
        client.send(method, &path, json!({ "users": users }))
    };
    let answer = match arguments.command {
        Command::List => client.list(&["groups"])?,
        Command::Add { group } => {
            client.send(Method::POST, &["groups", group.as_str()], Value::Null)?
        }
        Command::Delete { group } => {
            client.send(Method::DELETE, &["groups", group.as_str()], Value::Null)?
        }
        Command::AddUser(members) => change(Method::POST, &members)?,
        Command::RemoveUser(members) => change(Method::DELETE, &members)?,
    };
    output::show(arguments.shape, &answer, GROUPS)
}
