//! `carrel generate`: files that the package ships, written from the source they describe.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;
use clap_complete::Shell;

use crate::{
    cli::{definition, output},
    config,
};

/// The command line of `carrel generate`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Write a man page for every command, and one for the configuration, into a folder
    Man {
        /// The folder; made when absent
        folder: PathBuf,
    },
    /// Write a completion script to standard output
    Completion {
        /// The shell that is to read it
        shell: Shell,
    },
    /// Write the sample configuration to standard output
    Config,
    /// Write the reference of the configuration, in Markdown, to standard output
    Reference,
}

/// Writes what was asked for.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    match &arguments.what {
        What::Man { folder } => write_man_pages(folder),
        What::Completion { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut definition(), "carrel", &mut script);
            output::text(&String::from_utf8(script).context("the completion script is no text")?)
        }
        What::Config => output::text(&config::sample()),
        What::Reference => output::text(&config::reference()),
    }
}

fn write_man_pages(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(definition(), folder))
        .and_then(|()| std::fs::write(folder.join("carrel.toml.5"), config::manual()))
        .with_context(|| format!("write man pages into {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_man_page() {
        let folder = tempfile::tempdir().unwrap();
        write_man_pages(folder.path()).unwrap();
        for page in ["carrel.1", "carrel-check-config.1", "carrel-generate-man.1"] {
            let text = std::fs::read_to_string(folder.path().join(page)).unwrap();
            assert!(text.contains(".SH SYNOPSIS"), "{page}");
        }
    }
}
