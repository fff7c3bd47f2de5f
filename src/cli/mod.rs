//! The command line: one file per command.
//!
//! Results go to standard output, errors to standard error, one line per cause. Exit codes are
//! those of sysexits.h where it has one: 0 done, 64 the command line is wrong, 78 the configuration
//! is wrong, 1 everything else.
#![forbid(unsafe_code)]

mod broker;
mod check_config;
mod client;
mod doctor;
mod generate;
mod group;
mod hub;
mod import;
mod oidc;
mod output;
mod present;
mod records;
mod role;
mod server;
mod service;
mod share;
mod token;
mod user;

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::{Parser, Subcommand};

use crate::config;

/// The command line is wrong (sysexits.h, EX_USAGE).
const EXIT_USAGE: u8 = 64;

/// The configuration is wrong (sysexits.h, EX_CONFIG).
const EXIT_CONFIG: u8 = 78;

/// Turns one Linux machine into a notebook hub.
#[derive(Parser)]
#[command(name = "carrel", version, after_help = EXIT_CODES, after_long_help = LONG_HELP)]
pub struct Arguments {
    /// The configuration; files *.toml in the folder of the same name with .d are read after it
    #[arg(long, global = true, value_name = "PATH", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 something failed, and standard error says what; 64 the command line is wrong; \
78 the configuration is wrong.";

/// What the man page says in addition.
const LONG_HELP: &str = "\
Exit codes: 0 done; 1 something failed, and standard error says what; 64 the command line is wrong; \
78 the configuration is wrong. check-config and doctor end with 1 when they found a fault.

Files: /etc/carrel/carrel.toml and /etc/carrel/carrel.d/*.toml, the configuration; \
/var/lib/carrel, the database and keys; /run/carrel, sockets; /etc/pam.d/carrel, the rules of logins.

The commands token, user, group, role, share, service and server ask the hub over /run/carrel/admin.sock, \
which only root may use; the lists of users and servers are read from the database.

Environment: CARREL_LOG says what the hub and the broker log, such as debug or \
carrel::hub=debug,info; the default is info. `journalctl CARREL_USER_NAME=alice` finds what concerns \
alice.";

/// What Carrel is to do.
#[derive(Subcommand)]
enum Command {
    /// Run the hub; systemd does this (carrel.service)
    Hub,
    /// Serve the hub's requests with root's rights; systemd does this (carrel-broker.service)
    Broker(broker::Arguments),
    /// Ask an OpenID Connect provider for the broker; systemd does this (carrel-oidc@.service)
    Oidc,
    /// Start a web program where the hub can reach it; a server's unit does this
    Present(present::Arguments),
    /// Tell every fault of the configuration, with file, line and column
    CheckConfig(check_config::Arguments),
    /// Make, list and revoke people's tokens
    Token(token::Arguments),
    /// List, add and remove users
    User(user::Arguments),
    /// Make and remove groups, and say who is in them
    Group(group::Arguments),
    /// Define roles, and give them to people
    Role(role::Arguments),
    /// Share people's servers
    Share(share::Arguments),
    /// List, register and remove programs beside the hub
    Service(service::Arguments),
    /// List, start and stop people's servers
    Server(server::Arguments),
    /// Take over what another hub remembers
    Import(import::Arguments),
    /// Look the machine over and say what to do about what is wrong
    Doctor(doctor::Arguments),
    /// Write what packages need: man pages, completions, the sample configuration
    Generate(generate::Arguments),
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return explain_usage(&error),
    };
    match run(arguments) {
        Ok(code) => code,
        Err(error) => explain(&error),
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let config = &arguments.config;
    match arguments.command {
        Command::Hub => hub::run(config)?,
        Command::Broker(arguments) => broker::run(config, &arguments)?,
        Command::Oidc => oidc::run(config)?,
        Command::Present(arguments) => present::run(arguments)?,
        Command::CheckConfig(arguments) => return check_config::run(config, &arguments),
        Command::Token(arguments) => token::run(config, arguments)?,
        Command::User(arguments) => user::run(config, arguments)?,
        Command::Group(arguments) => group::run(config, arguments)?,
        Command::Role(arguments) => role::run(config, arguments)?,
        Command::Share(arguments) => share::run(config, arguments)?,
        Command::Service(arguments) => service::run(config, arguments)?,
        Command::Server(arguments) => server::run(config, arguments)?,
        Command::Import(arguments) => import::run(config, &arguments)?,
        Command::Doctor(arguments) => return doctor::run(config, &arguments),
        Command::Generate(arguments) => generate::run(&arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What a command says that cannot go on for this.
const FAULTY: &str = "the configuration has faults";

/// Reads the configuration for a command that cannot go on without it.
pub(crate) fn load_settings(path: &Path) -> anyhow::Result<config::settings::Settings> {
    config::load(path).context(FAULTY)
}

/// Runs what must wait for others, in a command that does nothing else meanwhile.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime")?
        .block_on(work)
}

/// Returns the definition of the command line, for man pages, completions and tests.
fn definition() -> clap::Command {
    <Arguments as clap::CommandFactory>::command()
}

/// Shows clap's text; help and version are no errors.
fn explain_usage(error: &clap::Error) -> ExitCode {
    let shown = error.print();
    match (error.exit_code(), shown) {
        (0, Ok(())) => ExitCode::SUCCESS,
        (0, Err(_)) => ExitCode::FAILURE,
        _ => ExitCode::from(EXIT_USAGE),
    }
}

/// Shows an error and its causes, and chooses the exit code.
fn explain(error: &anyhow::Error) -> ExitCode {
    if output::is_closed_pipe(error) {
        return ExitCode::SUCCESS;
    }
    let written = std::io::stderr().write_all(describe(error).as_bytes());
    if written.is_err() {
        return ExitCode::FAILURE;
    }
    match error.chain().any(|cause| cause.is::<config::Faults>()) {
        true => ExitCode::from(EXIT_CONFIG),
        false => ExitCode::FAILURE,
    }
}

/// Writes an error and its causes, one per line, outermost first.
fn describe(error: &anyhow::Error) -> String {
    let mut text = format!("error: {error}\n");
    for cause in error.chain().skip(1) {
        for line in cause.to_string().lines() {
            text.push_str(&format!("  caused by: {line}\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        definition().debug_assert();
    }

    #[test]
    fn an_error_is_told_cause_by_cause() {
        let error = anyhow::anyhow!("no such file").context("open the database");
        assert_eq!(
            describe(&error.context("start the hub")),
            "error: start the hub\n  caused by: open the database\n  caused by: no such file\n"
        );
    }

    #[test]
    fn every_command_explains_itself() {
        fn check(command: &clap::Command) {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for argument in command.get_arguments() {
                let name = argument.get_id();
                assert!(
                    argument.get_help().is_some(),
                    "{} {name}",
                    command.get_name()
                );
            }
            command.get_subcommands().for_each(check);
        }
        check(&definition());
    }
}
