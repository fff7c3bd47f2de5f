//! Why a server did not start or ended by itself, in words, and what to do about it.

use maud::{Markup, html};

use super::words;
use crate::domain::server::{FailureCause, UnitEnd};

/// A failed start or an unexpected end, as its owner and administrators may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureView {
    /// What happened.
    pub cause: FailureCause,
    /// The unit that ran the server, when one was made.
    pub unit: Option<String>,
    /// How much memory the unit was allowed, when that was bounded.
    pub memory_limit_bytes: Option<u64>,
    /// The unit's last lines in the journal; empty when the visitor may not see them.
    pub journal: Vec<String>,
}

impl FailureView {
    /// Says in one or two sentences what happened.
    pub fn sentence(&self) -> String {
        match &self.cause {
            FailureCause::CommandMissing { command, .. } => {
                format!("The program “{command}” is not installed on this machine.")
            }
            FailureCause::Refused(reason) => {
                format!("This machine refused to start it: {}.", reason.trim_end_matches('.'))
            }
            FailureCause::LoginNeeded => {
                "Your last login is too long ago to start a server by it.".into()
            }
            FailureCause::NotStarted(reason) => {
                format!("The server could not be started: {}.", reason.trim_end_matches('.'))
            }
            FailureCause::Ended(end) => self.end_sentence(end),
            FailureCause::NoSocket(waited) => {
                format!("The server did not come up within {}.", words::duration(*waited))
            }
            FailureCause::NoAnswer(waited) => format!(
                "The server’s program is running, but it did not answer within {}.",
                words::duration(*waited)
            ),
            FailureCause::WrongOwner => {
                "Something else than your server’s program was listening at its address, so it was not connected.".into()
            }
            FailureCause::Unavailable(_) => {
                "The machine itself could not start the server; nothing is wrong with your account.".into()
            }
            FailureCause::DiskFull => "The machine’s disk is full, so the server could not be started.".into(),
            FailureCause::Vanished => {
                "The server ended while nobody was watching, as when the machine was restarted.".into()
            }
        }
    }

    fn end_sentence(&self, end: &UnitEnd) -> String {
        match (end.result.as_str(), end.status) {
            ("oom-kill", _) => match self.memory_limit_bytes {
                Some(limit) => format!(
                    "The server was stopped because it needed more memory than the {} it may use.",
                    words::bytes(limit)
                ),
                None => "The server was stopped because the machine ran out of memory.".into(),
            },
            ("signal" | "core-dump", signal) => match signal_name(signal) {
                Some(name) => format!("The server was ended by a signal ({name})."),
                None => format!("The server was ended by signal {signal}."),
            },
            ("timeout", _) => "The server took too long and was ended.".into(),
            ("exit-code", status) => match setup_step(status) {
                Some(step) => format!("The server could not be started: {step} (status {status})."),
                None => format!("The server ended by itself with exit status {status}."),
            },
            ("success", _) => "The server ended by itself.".into(),
            (result, _) => format!("The server could not be run; systemd says “{result}”."),
        }
    }

    /// Says what the owner of the server can do about it.
    pub fn advice(&self) -> &'static str {
        match &self.cause {
            FailureCause::CommandMissing { .. } => {
                "The administrator of this machine has to install it."
            }
            FailureCause::Ended(end) if end.result == "oom-kill" => {
                "Launch it again and work on less data at once, or ask the administrator for more memory."
            }
            FailureCause::Ended(end) if end.result == "success" || end.status == 0 => {
                "It may have been shut down from within, or told to by a configuration. Launch it again."
            }
            FailureCause::Ended(_) => {
                "The last lines of its log mostly name the reason. If you changed your Jupyter configuration \
                 or environment lately, undo that first; then launch it again."
            }
            FailureCause::NoSocket(_) | FailureCause::NoAnswer(_) => {
                "The machine may be busy: launch it again in a minute. If it fails again, show the log to the \
                 administrator."
            }
            FailureCause::WrongOwner => {
                "Launch it again. If it happens again, look for a program of yours that uses the server’s socket."
            }
            FailureCause::Refused(_) => "Ask the administrator of this machine about it.",
            FailureCause::LoginNeeded => "Log out, log in again, and launch it then.",
            FailureCause::NotStarted(_) | FailureCause::Unavailable(_) => {
                "Launch it again. If it fails again, tell the administrator; the journal of this machine knows more."
            }
            FailureCause::DiskFull => {
                "Tell the administrator, and launch it again when there is room."
            }
            FailureCause::Vanished => "Launch it again.",
        }
    }
}

/// Names the signals that end programs (signal(7), numbers of every Linux but MIPS).
fn signal_name(number: i32) -> Option<&'static str> {
    Some(match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        31 => "SIGSYS",
        _ => return None,
    })
}

/// Says at which step systemd gave up before the program ran (systemd.exec(5), process exit codes).
fn setup_step(status: i32) -> Option<&'static str> {
    Some(match status {
        200 => "its home folder could not be entered",
        203 => "its program could not be executed",
        206 | 225 | 228 | 232 => "one of its limits could not be set",
        216 | 217 => "its account or groups could not be taken on",
        219 => "its control group could not be set up",
        226 => "its sandbox could not be set up",
        _ => return None,
    })
}

/// Renders what happened, what to do, and the log.
pub(super) fn failure_notice(failure: &FailureView, shows_admin: bool) -> Markup {
    html! {
        div.notice.bad {
            p { strong { (failure.sentence()) } }
            p { (failure.advice()) }
            @if let FailureCause::CommandMissing { searched, .. } = &failure.cause {
                @if shows_admin && !searched.is_empty() {
                    p { "It was looked for in:" }
                    ul.plain { @for folder in searched { li { code { (folder) } } } }
                }
            }
        }
        @if !failure.journal.is_empty() { (journal(&failure.journal)) }
        @if shows_admin {
            @if let Some(unit) = &failure.unit {
                p.hint {
                    "For administrators: " code { "journalctl --unit=" (shell_word(unit)) }
                    " shows the whole log."
                }
            }
        }
    }
}

/// Renders the last lines of a unit's log; scrolls by keyboard, too.
fn journal(lines: &[String]) -> Markup {
    html! {
        section aria-labelledby="journal-title" {
            h2 #journal-title { "The last lines of its log" }
            pre.log tabindex="0" aria-labelledby="journal-title" {
                @for line in lines { (line) "\n" }
            }
        }
    }
}

/// Quotes a unit's name for a shell; escaped names hold backslashes.
fn shell_word(text: &str) -> String {
    if text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "-_.@:".contains(c))
    {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn ended(result: &str, status: i32) -> FailureCause {
        FailureCause::Ended(UnitEnd {
            result: result.into(),
            status,
        })
    }

    fn view(cause: FailureCause) -> FailureView {
        FailureView {
            cause,
            unit: None,
            memory_limit_bytes: Some(1 << 30),
            journal: vec![],
        }
    }

    #[test]
    fn causes_read_as_sentences() {
        let minute = Duration::from_secs(60);
        let causes = [
            FailureCause::CommandMissing {
                command: "x".into(),
                searched: vec![],
            },
            FailureCause::Refused("closed today.".into()),
            FailureCause::LoginNeeded,
            FailureCause::NotStarted("no such slice".into()),
            FailureCause::NoSocket(minute),
            FailureCause::NoAnswer(minute),
            FailureCause::WrongOwner,
            FailureCause::Unavailable("no such file".into()),
            FailureCause::DiskFull,
            FailureCause::Vanished,
            ended("success", 0),
            ended("exit-code", 1),
            ended("exit-code", 203),
            ended("signal", 9),
            ended("core-dump", 64),
            ended("oom-kill", 9),
            ended("timeout", 15),
            ended("resources", 0),
        ];
        for cause in causes {
            let view = view(cause);
            for text in [view.sentence(), view.advice().to_owned()] {
                assert!(text.starts_with(char::is_uppercase), "{text}");
                assert!(
                    text.ends_with('.') && !text.contains("..") && !text.contains("  "),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn ends_name_what_is_known() {
        for (cause, part) in [
            (ended("exit-code", 1), "exit status 1"),
            (ended("exit-code", 200), "home folder"),
            (ended("signal", 11), "(SIGSEGV)"),
            (ended("signal", 60), "signal 60"),
            (ended("oom-kill", 9), "than the 1 GiB"),
        ] {
            let sentence = view(cause).sentence();
            assert!(sentence.contains(part), "{sentence}");
        }
    }

    #[test]
    fn unit_names_can_be_pasted_into_a_shell() {
        assert_eq!(shell_word("carrel-user-a.service"), "carrel-user-a.service");
        assert_eq!(
            shell_word("carrel-user-a\\x2db.service"),
            "'carrel-user-a\\x2db.service'"
        );
        assert_eq!(shell_word("a'b"), "'a'\\''b'");
    }
}
