//! `carrel role`: roles, and who has them.

use std::{collections::BTreeSet, path::Path};

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

/// Whether holders are added or taken away.
#[derive(Clone, Copy)]
enum Change {
    Grant,
    Revoke,
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
        Command::Grant(holders) => change(&client, &holders, Change::Grant)?,
        Command::Revoke(holders) => change(&client, &holders, Change::Revoke)?,
    };
    output::show(arguments.shape, &answer, ROLES)
}

/// Lists are replaced as a whole: what stands in them now is read, changed and sent back.
fn change(client: &Client, holders: &Holders, change: Change) -> anyhow::Result<Value> {
    let (role, to) = (holders.role.as_str(), &holders.to);
    let now = client.get(&["roles", role])?;
    for user in &to.user {
        let path = ["users", user.as_str()];
        let roles = changed(&client.get(&path)?, "roles", &[role], change);
        client.send(Method::PATCH, &path, json!({ "roles": roles }))?;
    }
    let groups: Vec<_> = to.group.iter().map(GroupName::as_str).collect();
    let services: Vec<_> = to.service.iter().map(ServiceName::as_str).collect();
    let mut body = serde_json::Map::new();
    for (list, names) in [("groups", groups), ("services", services)] {
        if !names.is_empty() {
            body.insert(list.to_owned(), json!(changed(&now, list, &names, change)));
        }
    }
    if !body.is_empty() {
        client.send(Method::PUT, &["roles", role], Value::Object(body))?;
    }
    client.get(&["roles", role])
}

fn changed(model: &Value, list: &str, names: &[&str], change: Change) -> BTreeSet<String> {
    let held = model.get(list).and_then(Value::as_array);
    let held = held.into_iter().flatten().filter_map(Value::as_str);
    let mut held: BTreeSet<String> = held.map(str::to_owned).collect();
    for name in names {
        match change {
            Change::Grant => held.insert((*name).to_owned()),
            Change::Revoke => held.remove(*name),
        };
    }
    held
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_others_in_a_list_stay() {
        let model = json!({ "groups": ["b", "a"] });
        let table = [
            (Change::Grant, "c", &["a", "b", "c"][..]),
            (Change::Grant, "a", &["a", "b"]),
            (Change::Revoke, "a", &["b"]),
            (Change::Revoke, "c", &["a", "b"]),
        ];
        for (change, name, expected) in table {
            let list: Vec<_> = changed(&model, "groups", &[name], change)
                .into_iter()
                .collect();
            assert_eq!(list, expected);
        }
    }
}
