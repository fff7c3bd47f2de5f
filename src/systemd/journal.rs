//! The last lines a server wrote, out of the journal.
//!
//! `journalctl` runs as a child: the journal's file format stays its business, and the child can be
//! ended at its deadline.

use std::{io, process::Stdio, time::Duration};

use thiserror::Error;
use tokio::{io::AsyncReadExt, process::Command, time::timeout};

use crate::domain::server::InvocationId;

/// How long `journalctl` gets; it is quick, but the disk may not be.
const JOURNAL_TIMEOUT: Duration = Duration::from_secs(10);
/// What is read of its output at most.
const MAX_OUTPUT_BYTES: u64 = 256 * 1024;
/// What is kept of one line.
const MAX_LINE_CHARS: usize = 2000;

/// Why the journal gave no lines.
#[derive(Debug, Error)]
pub enum Error {
    /// `journalctl` could not be run.
    #[error("run journalctl")]
    Run(#[from] io::Error),
    /// It did not end in time.
    #[error("wait for journalctl")]
    Deadline,
    /// It said no, most often because this account may not read the journal.
    #[error("journalctl ended with {status}: {message}")]
    Failed {
        /// Its exit status.
        status: std::process::ExitStatus,
        /// What it wrote to standard error.
        message: String,
    },
}

/// Returns the last `count` lines that the processes of one run wrote, oldest first.
///
/// The run is named by its invocation, not by its unit: unit names are used again.
pub async fn last_lines(invocation: &InvocationId, count: usize) -> Result<Vec<String>, Error> {
    let mut command = Command::new("journalctl");
    command
        .arg(format!("_SYSTEMD_INVOCATION_ID={invocation}"))
        .arg(format!("--lines={count}"))
        .args(["--output=cat", "--no-pager", "--quiet", "--all"]);
    run(command, count).await
}

async fn run(mut command: Command, count: usize) -> Result<Vec<String>, Error> {
    let mut child = command
        .env("SYSTEMD_COLORS", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = child.stdout.take();
    let stderr = child.stderr.take();
    let work = async {
        let (output, message) = tokio::try_join!(read_some(stdout), read_some(stderr))?;
        Ok::<_, io::Error>((output, message, child.wait().await?))
    };
    let (output, message, status) = timeout(JOURNAL_TIMEOUT, work)
        .await
        .map_err(|_| Error::Deadline)??;
    if !status.success() {
        return Err(Error::Failed {
            status,
            message: clean(&message),
        });
    }
    let mut lines: Vec<String> = output.lines().map(clean).collect();
    let surplus = lines.len().saturating_sub(count);
    Ok(lines.split_off(surplus))
}

/// Reads up to the bound and drains the rest, so that the child never waits for us.
async fn read_some(pipe: Option<impl tokio::io::AsyncRead + Unpin>) -> io::Result<String> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        (&mut pipe)
            .take(MAX_OUTPUT_BYTES)
            .read_to_end(&mut bytes)
            .await?;
        tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Takes out what would act on a terminal or blow up a page.
fn clean(line: &str) -> String {
    line.trim_end()
        .chars()
        .filter(|c| !c.is_control() || *c == '\t')
        .take(MAX_LINE_CHARS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn shell(script: &str, count: usize) -> Result<Vec<String>, Error> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        run(command, count).await
    }

    #[tokio::test]
    async fn the_last_lines_are_kept_and_cleaned() {
        let lines = shell("printf 'one\\ntwo\\033[31m\\nthree\\r\\n'", 2)
            .await
            .unwrap();
        assert_eq!(lines, ["two[31m", "three"]);
    }

    #[tokio::test]
    async fn a_flood_is_bounded() {
        let lines = shell("yes carrel | head -c 3000000", 1_000_000)
            .await
            .unwrap();
        let bytes: usize = lines.iter().map(|line| line.len() + 1).sum();
        assert!(bytes <= 256 * 1024 + 10);
    }

    #[tokio::test]
    async fn a_refusal_is_told() {
        let error = shell("echo no permission >&2; exit 3", 5)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Failed { message, .. } if message == "no permission"));
    }
}
