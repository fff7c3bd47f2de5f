//! `carrel role`: roles, and who has them.

use std::path::Path;

use clap::Subcommand;
use http::Method;
use serde_json::{Value, json};

use crate::{
    cli::{
        client::{Client, fields, texts_if_any},
        output::{self, Column::Text, Columns, Shape},
    },
    domain::{
        names::{GroupName, ServiceName, UserName},
        role::RoleName,
    },
};

const ROLES: Columns = &[
    Text("ROLE", "/name"),
    Text("ORIGIN", "/origin"),
    Text("SCOPES", "/scopes"),
    Text("USERS", "/users"),
    Text("GROUPS", "/groups"),
    Text("SERVICES", "/services"),
];

/// The command line of `carrel role`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    shape: Shape,
}

#[derive(Subcommand)]
enum Command {
    /// List all roles
    List,
    /// Make a role, or change one that was made so
    Define {
        /// The role
        #[arg(value_parser = RoleName::parse)]
        role: RoleName,
        /// What it allows, such as list:users!group=physics; replaces what it allowed
        #[arg(long, value_name = "SCOPE")]
        scope: Vec<String>,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// Remove a role that was made by define or by the API
    Delete {
        /// The role
        #[arg(value_parser = RoleName::parse)]
        role: RoleName,
    },
    /// Give a role to users, groups or services
    Grant(Holders),
    /// Take a role back from users, groups or services
    Revoke(Holders),
}

#[derive(clap::Args)]
struct Holders {
    /// The role
    #[arg(value_parser = RoleName::parse)]
    role: RoleName,
    #[command(flatten)]
    to: To,
}

#[derive(clap::Args)]
#[group(required = true, multiple = true)]
struct To {
    /// A user
    #[arg(long, value_name = "NAME", value_parser = UserName::parse)]
    user: Vec<UserName>,
    /// A group, whose members then have it; for roles that were made by define or by the API
    #[arg(long, value_name = "NAME", value_parser = GroupName::parse)]
    group: Vec<GroupName>,
    /// A service; for roles that were made by define or by the API
    #[arg(long, value_name = "NAME", value_parser = ServiceName::parse)]
    service: Vec<ServiceName>,
}

/// Runs a subcommand.
pub(super) fn run(config: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let client = Client::new(config)?;
    let answer = match arguments.command {
        Command::List => client.get(&["roles"])?,
        Command::Define {
            role,
            scope,
            description,
        } => {
            let body = fields([
                ("scopes", texts_if_any(&scope)),
                ("description", json!(description)),
            ]);
            client.send(Method::PUT, &["roles", role.as_str()], body)?
        }
        Command::Delete { role } => {
            client.send(Method::DELETE, &["roles", role.as_str()], Value::Null)?
        }
        Command::Grant(holders) => change(&client, &holders, Method::POST)?,
        Command::Revoke(holders) => change(&client, &holders, Method::DELETE)?,
    };
    output::show(arguments.shape, &answer, ROLES)
}

/// Gives a role by POST, or takes it back by DELETE. Who is an administrator is a mark of the user's.
fn change(client: &Client, holders: &Holders, method: Method) -> anyhow::Result<Value> {
    let role = &holders.role;
    let To {
        user,
        group,
        service,
    } = &holders.to;
    let is_mark = *role == RoleName::admin();
    if is_mark {
        for user in user {
            let mark = json!({ "admin": method == Method::POST });
            client.send(Method::PATCH, &["users", user.as_str()], mark)?;
        }
    }
    let users = if is_mark { &[][..] } else { user };
    let body = fields([
        ("users", texts_if_any(users)),
        ("groups", texts_if_any(group)),
        ("services", texts_if_any(service)),
    ]);
    if body == json!({}) {
        return client.get(&["roles", role.as_str()]);
    }
    client.send(method, &["roles", role.as_str(), "holders"], body)
}
