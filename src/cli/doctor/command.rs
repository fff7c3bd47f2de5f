//! Runs programs for the doctor: without a shell, with a deadline, with little environment.

use std::{process::Stdio, time::Duration};

use tokio::{process::Command, time::timeout};

/// An account that owns nothing; other people's programs are tried as it.
const NOBODY: u32 = 65_534;

/// Who runs the program.
#[derive(Clone, Copy)]
pub(super) enum As {
    /// Whoever runs the doctor.
    Oneself,
    /// An account without rights, when the doctor is root; else whoever runs it.
    Nobody,
}

/// Runs a program and returns what it wrote to standard output; the error says what went wrong.
pub(super) async fn output(
    program: &str,
    arguments: &[&str],
    who: As,
    deadline: Duration,
) -> Result<String, String> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .env(
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        )
        .env("LC_ALL", "C.UTF-8")
        .env("HOME", "/nonexistent")
        .current_dir("/")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    if matches!(who, As::Nobody) && nix::unistd::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let result = match timeout(deadline, command.output()).await {
        Err(_) => return Err(format!("gave no answer within {} s", deadline.as_secs())),
        Ok(Err(error)) => return Err(format!("cannot be run: {error}")),
        Ok(Ok(result)) => result,
    };
    if result.status.success() {
        return Ok(String::from_utf8_lossy(&result.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&result.stderr);
    let last = said
        .lines()
        .rfind(|line| !line.trim().is_empty())
        .unwrap_or("no message");
    Err(format!("ended with {}: {last}", result.status))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn programs_are_run_and_given_up() {
        let shell = |script| ["-c", script];
        let said = output("/bin/sh", &shell("echo hi"), As::Nobody, SOON).await;
        assert_eq!(said, Ok("hi\n".to_owned()));
        let failed = output("/bin/sh", &shell("echo no >&2; exit 3"), As::Oneself, SOON).await;
        assert_eq!(failed, Err("ended with exit status: 3: no".to_owned()));
        let slow = output("/bin/sh", &shell("sleep 60"), As::Oneself, Duration::ZERO).await;
        assert_eq!(slow, Err("gave no answer within 0 s".to_owned()));
        assert!(
            output("/nonexistent", &[], As::Oneself, SOON)
                .await
                .is_err()
        );
    }
}
