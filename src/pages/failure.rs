//! Why a server did not start or ended by itself, in words, and what to do about it.

use maud::{Markup, html};

use super::words::{Text, amounts, text};
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
    /// Says in one or two sentences what happened; without elements, for the API tells it too.
    pub fn sentence(&self) -> Text {
        let bare = |reason: &str| Text::of(reason.trim_end_matches('.'));
        match &self.cause {
            FailureCause::CommandMissing { command, .. } => {
                text!("failure-missing", command = command)
            }
            FailureCause::Refused(reason) => text!("failure-refused", reason = bare(reason)),
            FailureCause::LoginNeeded => text!("failure-login"),
            FailureCause::NotStarted(reason) => {
                text!("failure-not-started", reason = bare(reason))
            }
            FailureCause::Ended(end) => self.end_sentence(end),
            FailureCause::NoSocket(waited) => {
                text!("failure-no-socket", time = amounts::exact_duration(*waited))
            }
            FailureCause::NoAnswer(waited) => {
                text!("failure-no-answer", time = amounts::exact_duration(*waited))
            }
            FailureCause::WrongOwner => text!("failure-owner"),
            FailureCause::Unavailable(_) => text!("failure-unavailable"),
            FailureCause::DiskFull => text!("failure-disk"),
            FailureCause::Vanished => text!("failure-vanished"),
        }
    }

    fn end_sentence(&self, end: &UnitEnd) -> Text {
        match (end.result.as_str(), end.status) {
            ("oom-kill", _) => match self.memory_limit_bytes {
                Some(limit) => text!("failure-memory-limit", limit = amounts::bytes(limit)),
                None => text!("failure-memory"),
            },
            ("signal" | "core-dump", signal) => match signal_name(signal) {
                Some(name) => text!("failure-signal", name = name),
                None => text!("failure-signal-number", number = signal),
            },
            ("timeout", _) => text!("failure-timeout"),
            ("exit-code", status) => exit_sentence(status),
            ("success", _) => text!("failure-ended"),
            (result, _) => text!("failure-result", result = result),
        }
    }

    /// Says what the owner of the server can do about it.
    pub fn advice(&self) -> Text {
        match &self.cause {
            FailureCause::CommandMissing { .. } => text!("failure-missing-advice"),
            FailureCause::Ended(end) if end.result == "oom-kill" => text!("failure-memory-advice"),
            FailureCause::Ended(end) if end.result == "success" || end.status == 0 => {
                text!("failure-ended-advice")
            }
            FailureCause::Ended(_) => text!("failure-exit-advice"),
            FailureCause::NoSocket(_) | FailureCause::NoAnswer(_) => {
                text!("failure-no-answer-advice")
            }
            FailureCause::WrongOwner => text!("failure-owner-advice"),
            FailureCause::Refused(_) => text!("failure-refused-advice"),
            FailureCause::LoginNeeded => text!("failure-login-advice"),
            FailureCause::NotStarted(_) | FailureCause::Unavailable(_) => {
                text!("failure-unavailable-advice")
            }
            FailureCause::DiskFull => text!("failure-disk-advice"),
            FailureCause::Vanished => text!("failure-vanished-advice"),
        }
    }
}

/// Says that a program ended by itself, or at which step systemd gave up before it ran (systemd.exec(5),
/// process exit codes).
fn exit_sentence(status: i32) -> Text {
    match status {
        200 => text!("failure-setup-home", status = status),
        203 => text!("failure-setup-program", status = status),
        206 | 225 | 228 | 232 => text!("failure-setup-limit", status = status),
        216 | 217 => text!("failure-setup-account", status = status),
        219 => text!("failure-setup-group", status = status),
        226 => text!("failure-setup-sandbox", status = status),
        _ => text!("failure-exit", status = status),
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

/// Renders what happened, what to do, and the log.
pub(super) fn failure_notice(failure: &FailureView, shows_admin: bool) -> Markup {
    html! {
        div.notice.bad {
            p { strong { (failure.sentence()) } }
            p { (failure.advice()) }
            @if let FailureCause::CommandMissing { searched, .. } = &failure.cause {
                @if shows_admin && !searched.is_empty() {
                    p { (text!("failure-searched")) }
                    ul.plain { @for folder in searched { li { code { (folder) } } } }
                }
            }
        }
        @if !failure.journal.is_empty() { (journal(&failure.journal)) }
        @if shows_admin {
            @if let Some(unit) = &failure.unit {
                @let command = html! { code { "journalctl --unit=" (shell_word(unit)) } };
                p.hint { (text!("failure-journal-command", command = command)) }
            }
        }
    }
}

/// Renders the last lines of a unit's log; scrolls by keyboard, too.
fn journal(lines: &[String]) -> Markup {
    html! {
        section aria-labelledby="journal-title" {
            h2 #journal-title { (text!("failure-journal")) }
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
            for text in [view.sentence().plain(), view.advice().plain()] {
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
            let sentence = view(cause).sentence().plain();
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
