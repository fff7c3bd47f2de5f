//! `carrel check-config`: every fault of the configuration, with its place.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde::Serialize;

use crate::{cli::output, config};

/// The command line of `carrel check-config`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The file to check, with the drop-ins beside it; without it, the one that the hub reads
    path: Option<PathBuf>,
    /// Write JSON: an object with `ok` and the list `faults`, each with `path`, `line`, `column` and
    /// `text`
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    ok: bool,
    faults: Vec<ReportedFault>,
}

#[derive(Serialize)]
struct ReportedFault {
    path: PathBuf,
    /// Absent when the whole file is meant.
    line: Option<usize>,
    column: Option<usize>,
    text: String,
}

/// Checks the configuration; the exit code says whether it is right.
pub(super) fn run(config: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let path = arguments.path.as_deref().unwrap_or(config);
    let faults = match config::load_with_logo(path) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.as_slice().to_vec(),
    };
    if arguments.json {
        output::json(&report(&faults))?;
    } else if faults.is_empty() {
        output::text("ok\n")?;
    } else {
        let lines: String = faults.iter().map(|fault| format!("{fault}\n")).collect();
        output::text(&lines)?;
    }
    Ok(if faults.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn report(faults: &[config::Fault]) -> Report {
    let report_one = |fault: &config::Fault| ReportedFault {
        path: fault.path.clone(),
        line: fault.place.map(|(line, _)| line),
        column: fault.place.map(|(_, column)| column),
        text: fault.text.clone(),
    };
    Report {
        ok: faults.is_empty(),
        faults: faults.iter().map(report_one).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_reported_field_by_field() {
        let faults = config::parse(Path::new("/c"), "\n x = 1").unwrap_err();
        let told = serde_json::to_value(report(faults.as_slice())).unwrap();
        let expected = serde_json::json!({
            "ok": false,
            "faults": [{"path": "/c", "line": 2, "column": 2, "text": "unknown key x"}],
        });
        assert_eq!(told, expected);
    }
}
