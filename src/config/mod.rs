//! The configuration: files as written, merged and checked into [`settings::Settings`].
//!
//! `/etc/carrel/carrel.toml` is read first, then every `/etc/carrel/carrel.d/*.toml` in the order
//! of their names; a later file wins key by key. Every fault in every file is reported at once,
//! with its place. Nothing here applies a setting.
#![forbid(unsafe_code)]

mod check;
mod describe;
mod logo;
mod merged;
mod raw;
pub mod reload;
pub mod settings;
mod sources;
mod spelling;
mod tables;
mod validate;
mod words;

use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

pub use describe::{manual, reference, sample};

use crate::config::{check::check, merged::Merged, settings::Settings, validate::NamedFiles};

/// Where the configuration lies on an installed machine.
pub const DEFAULT_PATH: &str = "/etc/carrel/carrel.toml";

/// Reads the configuration: the file at `path`, then the drop-ins beside it.
///
/// The drop-ins of `carrel.toml` are the files `*.toml` in the folder `carrel.d` next to it, in the
/// order of their names. The file itself must exist, so that a mistyped path does not silently run
/// a hub without its rules; the folder need not.
pub fn load(path: &Path) -> Result<Settings, Faults> {
    load_files(path, NamedFiles::Leave)
}

/// Reads the configuration as [`load`] does, and the files it names for the hub to show.
///
/// Who does not show them must not fail because of them: the broker goes by [`load`].
pub fn load_with_logo(path: &Path) -> Result<Settings, Faults> {
    load_files(path, NamedFiles::Read)
}

fn load_files(path: &Path, named: NamedFiles) -> Result<Settings, Faults> {
    let mut faults = Vec::new();
    let mut texts = Vec::new();
    for source in sources::list(path, &mut faults) {
        match sources::read(&source) {
            Ok(text) => texts.push((source, text)),
            Err(error) => faults.push(Fault::unreadable(&source, &error)),
        }
    }
    let mut merged = Merged::new(faults);
    for (source, text) in &texts {
        check(source, text, &mut merged);
    }
    validate::settle(merged, named)
}

/// Reads the configuration from one text, as if it stood in the file at `path`.
pub fn parse(path: &Path, text: &str) -> Result<Settings, Faults> {
    let mut merged = Merged::new(Vec::new());
    check(path, text, &mut merged);
    validate::settle(merged, NamedFiles::Leave)
}

/// Reads a time as the configuration has it, such as `90m` or `1d 12h`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    spelling::parse_duration(text)
}

impl Default for Settings {
    /// Returns what applies when no file changes anything.
    fn default() -> Self {
        validate::defaults()
    }
}

/// Everything that is wrong with the configuration, in the order in which it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Returns the faults, at least one.
    pub fn as_slice(&self) -> &[Fault] {
        &self.0
    }
}

impl std::error::Error for Faults {}

/// Writes one fault per line.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub path: PathBuf,
    /// Line and column, both from 1, columns in characters; `None` when the whole file is meant.
    pub place: Option<(usize, usize)>,
    /// What is wrong, in words.
    pub text: String,
}

impl Fault {
    fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        Self {
            path: path.to_owned(),
            place: None,
            text: format!("cannot be read: {error}"),
        }
    }
}

/// Writes `path:line:column: text`, as compilers do, so that editors find the place.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if let Some((line, column)) = self.place {
            write!(f, "{line}:{column}:")?;
        }
        write!(f, " {}", self.text)
    }
}

#[cfg(test)]
mod access_tests;
#[cfg(test)]
mod options_tests;
#[cfg(test)]
mod services_tests;
#[cfg(test)]
mod site_tests;
#[cfg(test)]
mod tests;
