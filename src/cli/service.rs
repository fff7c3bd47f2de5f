//! `carrel service`: programs beside the hub.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use http::Method;
use serde_json::{Value, json};

use crate::{
    cli::{
        client::{Client, fields},
        output::{self, Column::Text, Columns, Shape},
        token,
    },
    domain::names::ServiceName,
};

const SERVICES: Columns = &[
    Text("SERVICE", "/name"),
    Text("ADMIN", "/admin"),
    Text("ROLES", "/roles"),
    Text("URL", "/url"),
    Text("PREFIX", "/prefix"),
    Text("COMMAND", "/command"),
    Text("PID", "/pid"),
];

/// The command line of `carrel service`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    shape: Shape,
}

#[derive(Subcommand)]
enum Command {
    /// List all services
    List,
    /// Show a service; `systemctl status` tells more of one that Carrel runs
    Status {
        /// The service
        #[arg(value_parser = ServiceName::parse)]
        name: ServiceName,
    },
    /// Register a service that runs elsewhere; what Carrel is to run stands in the configuration
    Add {
        /// The service
        #[arg(value_parser = ServiceName::parse)]
        name: ServiceName,
        /// Make it an administrator
        #[arg(long)]
        admin: bool,
        /// Where it listens, for pages to link to
        #[arg(long)]
        url: Option<String>,
        /// A file with the token it is to speak to the hub with
        #[arg(long, value_name = "FILE")]
        token_file: Option<PathBuf>,
    },
    /// Remove a service that was registered
    Remove {
        /// The service
        #[arg(value_parser = ServiceName::parse)]
        name: ServiceName,
    },
}

/// Runs a subcommand.
pub(super) fn run(config: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let client = Client::new(config)?;
    let answer = match arguments.command {
        Command::List => {
            let by_name = client.get(&["services"])?;
            let services = by_name.as_object().into_iter().flat_map(|all| all.values());
            services.cloned().collect()
        }
        Command::Status { name } => client.get(&["services", name.as_str()])?,
        Command::Add {
            name,
            admin,
            url,
            token_file,
        } => {
            let token = token_file.as_deref().map(token::read_secret).transpose()?;
            let body = fields([
                ("admin", json!(admin)),
                ("url", json!(url)),
                ("api_token", json!(token)),
            ]);
            client.send(Method::POST, &["services", name.as_str()], body)?
        }
        Command::Remove { name } => {
            client.send(Method::DELETE, &["services", name.as_str()], Value::Null)?
        }
    };
    output::show(arguments.shape, &answer, SERVICES)
}
