//! `carrel doctor`: looks the machine over and says in a sentence what to do about what it finds.
//!
//! It changes nothing. Every check looks below a root folder and compares with given user ids, so
//! that tests can hand it a made-up machine.

mod api;
mod certificate;
mod command;
mod database;
mod files;
mod provider;
mod server;
mod sockets;
mod system;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use serde::Serialize;

use crate::{
    cli::output,
    config::{self, settings::Settings},
};

/// The command line of `carrel doctor`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Write JSON: an object with `ok` and the list `checks`, each with `name`, `state` (`ok`,
    /// `warn` or `fail`), `found` and, unless all is well, `advice`
    #[arg(long)]
    json: bool,
}

/// Looks the machine over; the exit code says whether anything failed.
pub(super) fn run(config: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    let checks = runtime.block_on(examine(config));
    let ok = checks.iter().all(|check| check.state != State::Fail);
    if arguments.json {
        output::json(&Report { ok, checks })?;
    } else {
        let lines: String = checks.iter().map(Check::in_words).collect();
        output::text(&lines)?;
    }
    Ok(if ok {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn examine(config: &Path) -> Vec<Check> {
    let machine = Machine::this(config);
    let mut checks = vec![
        files::configuration(&machine),
        files::pam(&machine),
        system::running(&machine),
        system::version().await,
    ];
    checks.extend(system::units().await);
    checks.push(system::control_groups(&machine));
    checks.extend(sockets::all(&machine));
    checks.push(api::answers(&machine).await);
    checks.push(server::program(&machine).await);
    checks.push(certificate::certificate(
        &machine,
        &crate::domain::time::Clock::System,
    ));
    checks.extend(provider::provider(&machine).await);
    checks.push(database::readable(&machine).await);
    checks
}

#[derive(Serialize)]
struct Report {
    ok: bool,
    checks: Vec<Check>,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// As it should be.
    Ok,
    /// Carrel runs, with less than it could have.
    Warn,
    /// Something will not work or is not safe.
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    /// What was looked at, in a word or two.
    name: String,
    state: State,
    /// What was found.
    found: String,
    /// What to do; absent when all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Check {
    fn ok(name: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            state: State::Ok,
            found: found.into(),
            advice: None,
        }
    }

    fn warn(name: impl Into<String>, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            state: State::Warn,
            found: found.into(),
            advice: Some(advice.into()),
        }
    }

    fn fail(name: impl Into<String>, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            state: State::Fail,
            ..Self::warn(name, found, advice)
        }
    }

    fn in_words(&self) -> String {
        let state = match self.state {
            State::Ok => "ok  ",
            State::Warn => "warn",
            State::Fail => "FAIL",
        };
        let advice = self
            .advice
            .as_ref()
            .map_or_else(String::new, |advice| format!("      {advice}\n"));
        format!("{state}  {}: {}\n{advice}", self.name, self.found)
    }
}

/// The machine that is looked over.
struct Machine {
    /// Folder that stands for `/`.
    root: PathBuf,
    /// The main configuration file.
    config: PathBuf,
    /// What it says, or what is wrong with it.
    settings: Result<Settings, config::Faults>,
    /// User id that system files belong to.
    system_uid: u32,
    /// User and group id of the account `carrel`, when there is one.
    hub: Option<(u32, u32)>,
    /// User id of whoever looks.
    own_uid: u32,
}

impl Machine {
    fn this(config: &Path) -> Self {
        // A failed look-up leaves the hub's account unknown, which the checks report.
        let account = nix::unistd::User::from_name("carrel").ok().flatten();
        Self {
            root: PathBuf::from("/"),
            config: config.to_owned(),
            settings: config::load_with_logo(config),
            system_uid: 0,
            hub: account.map(|account| (account.uid.as_raw(), account.gid.as_raw())),
            own_uid: nix::unistd::geteuid().as_raw(),
        }
    }

    /// Returns where an absolute path lies below the root.
    fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Returns the settings, or the defaults where they cannot be read; the first check tells that.
    fn settings(&self) -> Settings {
        self.settings.clone().unwrap_or_default()
    }

    /// Explains why something could not be read.
    fn cannot_read(&self, name: &str, path: &Path, error: &std::io::Error) -> Check {
        let found = format!("{} cannot be read: {error}", path.display());
        if error.kind() == std::io::ErrorKind::PermissionDenied && self.own_uid != self.system_uid {
            return Check::warn(name, found, "Run `carrel doctor` as root to look at this.");
        }
        Check::fail(
            name,
            found,
            "Repair the file or its place, or install the package again.",
        )
    }
}

#[cfg(test)]
mod tests;
