//! `carrel import`: takes over what another hub remembers.
//!
//! Without `--apply` the import happens to a copy of the database in memory, so its report is what would
//! become of the real one.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;

use crate::{
    cli::{block_on, load_settings, output, records::DATABASE},
    config::settings::Settings,
    domain::time::{Clock, Timestamp},
    import::{self, Here, Judgement},
    store::{
        self, Store, foreign,
        import::{Kind, Omission, Outcome},
    },
};

const KINDS: [(Kind, &str); 9] = [
    (Kind::User, "users"),
    (Kind::Group, "groups"),
    (Kind::Member, "users in groups"),
    (Kind::Role, "roles"),
    (Kind::Grant, "who has which role"),
    (Kind::Server, "servers"),
    (Kind::Token, "tokens"),
    (Kind::Share, "shares"),
    (Kind::ShareCode, "share codes"),
];

const DONE: &str = "The import is done. Start the hub again: systemctl start carrel\n";

const TRIED: &str = "This was a trial: nothing has changed. To import, stop the hub (systemctl stop carrel) and run the \
                     command again with --apply.\n";

/// The command line of `carrel import`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    source: Source,
}

#[derive(Subcommand)]
enum Source {
    /// Take users, groups, roles, servers, shares and tokens over from the database of a JupyterHub 5 or 6
    ///
    /// The database is only read. Without --apply nothing is changed here either, and the report says
    /// what would be. What is here already stays as it is.
    Jupyterhub {
        /// The database, jupyterhub.sqlite
        #[arg(value_name = "PATH")]
        database: PathBuf,
        /// Do it; the hub must be stopped
        #[arg(long)]
        apply: bool,
    },
}

/// Runs `carrel import`.
pub(super) fn run(config: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let Source::Jupyterhub { database, apply } = &arguments.source;
    let settings = load_settings(config)?;
    let shown = database.display();
    let records = foreign::read(database)
        .with_context(|| format!("take over the JupyterHub database {shown}"))?;
    let now = Clock::System.now();
    let Judgement { import, omissions } = judge(&records, &settings, now);
    let store = open(&settings, *apply)?;
    let outcome = block_on(async { anyhow::Ok(store.import(import, now).await?) })?;
    let omissions: Vec<_> = omissions.iter().chain(&outcome.omissions).collect();
    let version = records.version;
    output::text(&format!("{shown}, of JupyterHub {version}.x:\n\n"))?;
    output::table(
        ["", "TAKEN", "HERE ALREADY", "REMARKS"],
        &rows(&outcome, &omissions),
    )?;
    output::text(&remarks(&omissions))?;
    output::text(if *apply { DONE } else { TRIED })
}

fn judge(records: &foreign::Records, settings: &Settings, now: Timestamp) -> Judgement {
    let profiles = settings.profiles.iter();
    let here = Here {
        book: &settings.roles,
        profiles: profiles.map(|profile| profile.name.clone()).collect(),
        now,
    };
    import::judge(records, &here)
}

fn open(settings: &Settings, apply: bool) -> anyhow::Result<Store> {
    let path = settings.hub.state_dir.join(DATABASE);
    let shown = path.display();
    let exists = path
        .try_exists()
        .with_context(|| format!("look for {shown}, which root and the account carrel may"))?;
    anyhow::ensure!(
        exists,
        "{shown} is absent; the hub makes it when it first starts"
    );
    if !apply {
        return Ok(Store::open_copy(&path)?);
    }
    Store::open_alone(&path).map_err(|error: store::Error| match error.is_in_use() {
        true => anyhow::Error::new(error)
            .context("the hub must be stopped for this: systemctl stop carrel"),
        false => error.into(),
    })
}

fn rows(outcome: &Outcome, omissions: &[&Omission]) -> Vec<[String; 4]> {
    let row = |(kind, word): (Kind, &str)| {
        let tally = outcome.tally(kind);
        let remarks = omissions.iter().filter(|one| one.kind == kind).count();
        let numbers = [tally.taken, tally.known, remarks];
        let [taken, known, remarks] = numbers.map(|number| number.to_string());
        [word.to_owned(), taken, known, remarks]
    };
    KINDS.into_iter().map(row).collect()
}

/// Writes why each thing was not taken, or not as it was, in the order of the table.
fn remarks(omissions: &[&Omission]) -> String {
    let mut sorted = omissions.to_vec();
    sorted.sort_by_key(|one| one.kind);
    let mut text = String::from("\n");
    for Omission { what, why, .. } in &sorted {
        text.push_str(&format!("{what}: {why}\n"));
    }
    if !sorted.is_empty() {
        text.push('\n');
    }
    text
}
