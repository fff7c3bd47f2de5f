//! Idle culling: when a server has gone unused for long enough to be stopped, and why.
//!
//! Use is what a person does (a request that is not a page asking for news, input over a websocket) and
//! a kernel at work. A page that merely lies open is none. Nothing here does I/O.

use std::{fmt, time::Duration};

use crate::domain::time::Timestamp;

/// How far a clock may run ahead between two looks and be called right.
const LEAP: Duration = Duration::from_secs(60);

/// What an administrator allows a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How long it may go unused; `None` is for ever.
    pub timeout: Option<Duration>,
    /// How long it may run, used or not; `None` is for ever.
    pub max_age: Option<Duration>,
    /// What a page means that has a kernel connected and does nothing.
    pub connected: Connected,
}

/// Whether a connected kernel that does nothing is use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connected {
    /// It is.
    Counts,
    /// It is not.
    Ignored,
}

/// What is known of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// When it was started.
    pub started: Timestamp,
    /// When somebody last used it, as far as the hub saw.
    pub used: Option<Timestamp>,
    /// What its kernels do; `None` when it has none to ask about, or does not say.
    pub kernels: Option<Kernels>,
}

/// What a server's kernels and terminals do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kernels {
    /// How many are at work.
    pub busy: usize,
    /// How many pages are connected to them.
    pub connections: usize,
    /// When one of them last did something.
    pub last_activity: Option<Timestamp>,
}

/// Why a server is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Nobody used it for this long.
    Unused(Duration),
    /// It ran for this long, which is as long as any server may.
    Old(Duration),
}

/// What is to be done with a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It stays, and nothing is known that will end it.
    Stays,
    /// It stays until then, unless it is used.
    StaysUntil(Timestamp, Reason),
    /// It is to be stopped now.
    Stop(Reason),
}

/// Judges a server.
pub fn judge(rules: &Rules, seen: &Seen, now: Timestamp) -> Verdict {
    let age = rules
        .max_age
        .map(|age| (seen.started.after(age), Reason::Old(age)));
    let unused = rules
        .timeout
        .filter(|_| !is_at_work(rules, seen))
        .map(|timeout| (last_use(seen).after(timeout), Reason::Unused(timeout)));
    // A server at work ends no earlier than if it were used at this moment.
    let first = age.into_iter().chain(unused).min_by_key(|(at, _)| *at);
    match first {
        None => Verdict::Stays,
        Some((at, reason)) if at <= now => Verdict::Stop(reason),
        Some((at, reason)) => Verdict::StaysUntil(at, reason),
    }
}

fn is_at_work(rules: &Rules, seen: &Seen) -> bool {
    seen.kernels.is_some_and(|kernels| {
        let connected = rules.connected == Connected::Counts && kernels.connections > 0;
        kernels.busy > 0 || connected
    })
}

fn last_use(seen: &Seen) -> Timestamp {
    let by_kernels = seen.kernels.and_then(|kernels| kernels.last_activity);
    let last = seen.used.max(by_kernels);
    last.map_or(seen.started, |used| used.max(seen.started))
}

/// Tells whether the clock ran ahead of the time that passed between two looks at it: it was set, or the
/// machine slept. Nobody could use a server in that time, so it counts for nothing.
pub fn has_leapt(by_clock: Duration, passed: Duration) -> bool {
    by_clock > passed.saturating_add(LEAP)
}

/// Tells whether a request is something a person does.
///
/// `path` is what follows the server's prefix. Pages of Jupyter that lie open ask every few seconds for
/// what is listed here (JupyterLab's and the classic notebook's polls).
pub fn is_use(is_read: bool, path: &str) -> bool {
    const POLLED: [&str; 6] = [
        "api/kernels",
        "api/sessions",
        "api/terminals",
        "api/kernelspecs",
        "api/status",
        "api/contents",
    ];
    let path = path.split('?').next().unwrap_or_default();
    let path = path.trim_matches('/');
    let below = |polled: &str| {
        path.strip_prefix(polled)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let asks_for_news = path == "api" || POLLED.iter().any(|polled| below(polled));
    !(is_read && asks_for_news)
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unused(time) => write!(f, "nobody used it for {}", words(*time)),
            Self::Old(time) => write!(f, "it ran for {}, as long as a server may", words(*time)),
        }
    }
}

/// Writes a length of time as a person would say it.
fn words(time: Duration) -> String {
    let seconds = time.as_secs();
    let (number, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7200 => (seconds / 60, "minute"),
        7200..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_micros(minutes * 60 * 1_000_000)
    }

    const RULES: Rules = Rules {
        timeout: Some(HOUR),
        max_age: None,
        connected: Connected::Ignored,
    };

    fn seen(used: Option<i64>, kernels: Option<Kernels>) -> Seen {
        Seen {
            started: at(0),
            used: used.map(at),
            kernels,
        }
    }

    fn kernels(busy: usize, connections: usize, last: Option<i64>) -> Option<Kernels> {
        Some(Kernels {
            busy,
            connections,
            last_activity: last.map(at),
        })
    }

    #[test]
    fn a_server_is_stopped_when_nobody_used_it_for_long() {
        let unused = Reason::Unused(HOUR);
        let table = [
            (seen(None, None), 59, Verdict::StaysUntil(at(60), unused)),
            (seen(None, None), 60, Verdict::Stop(unused)),
            (
                seen(Some(30), None),
                60,
                Verdict::StaysUntil(at(90), unused),
            ),
            (seen(Some(30), None), 90, Verdict::Stop(unused)),
            // What the clock said before the start is of another run.
            (
                seen(Some(-500), None),
                1,
                Verdict::StaysUntil(at(60), unused),
            ),
            (
                seen(Some(10), kernels(0, 0, Some(50))),
                100,
                Verdict::StaysUntil(at(110), unused),
            ),
        ];
        for (seen, now, expected) in table {
            assert_eq!(judge(&RULES, &seen, at(now)), expected, "{seen:?} at {now}");
        }
    }

    #[test]
    fn a_busy_kernel_keeps_its_server_whatever_else() {
        let busy = seen(None, kernels(1, 0, None));
        assert_eq!(judge(&RULES, &busy, at(100_000)), Verdict::Stays);
    }

    #[test]
    fn an_open_page_counts_only_where_it_is_to() {
        let open = seen(None, kernels(0, 3, None));
        assert_eq!(
            judge(&RULES, &open, at(60)),
            Verdict::Stop(Reason::Unused(HOUR))
        );
        let counts = Rules {
            connected: Connected::Counts,
            ..RULES
        };
        assert_eq!(judge(&counts, &open, at(60)), Verdict::Stays);
    }

    #[test]
    fn nothing_outlives_the_greatest_age() {
        let rules = Rules {
            max_age: Some(2 * HOUR),
            ..RULES
        };
        let busy = seen(Some(119), kernels(1, 1, Some(119)));
        let old = Reason::Old(2 * HOUR);
        assert_eq!(
            judge(&rules, &busy, at(119)),
            Verdict::StaysUntil(at(120), old)
        );
        assert_eq!(judge(&rules, &busy, at(120)), Verdict::Stop(old));
        let never = Rules {
            timeout: None,
            ..RULES
        };
        assert_eq!(judge(&never, &seen(None, None), at(9999)), Verdict::Stays);
    }

    #[test]
    fn a_clock_that_is_set_ahead_is_told_from_time_that_passes() {
        let minutes = |n: u64| Duration::from_secs(60 * n);
        let table = [
            (minutes(5), minutes(5), false),
            (minutes(6), minutes(5), false),
            (minutes(60), minutes(5), true),
            // Set back.
            (Duration::ZERO, minutes(5), false),
        ];
        for (by_clock, passed, leapt) in table {
            assert_eq!(has_leapt(by_clock, passed), leapt, "{by_clock:?}");
        }
    }

    #[test]
    fn what_an_open_page_asks_by_itself_is_no_use() {
        for polled in [
            "api/kernels?1700000000",
            "/api/sessions",
            "api/terminals",
            "api/kernelspecs",
            "api/contents/work?content=1",
            "api/status",
            "api",
        ] {
            assert!(!is_use(true, polled), "{polled}");
            assert!(is_use(false, polled), "{polled}");
        }
        for used in ["lab", "", "api/kernelsx", "files/a.csv", "lab/api/settings"] {
            assert!(is_use(true, used), "{used}");
        }
    }

    #[test]
    fn reasons_read_well() {
        let table = [
            (Reason::Unused(HOUR), "nobody used it for 60 minutes"),
            (
                Reason::Unused(Duration::from_secs(1)),
                "nobody used it for 1 second",
            ),
            (
                Reason::Old(Duration::from_secs(8 * 86_400)),
                "it ran for 8 days, as long as a server may",
            ),
        ];
        for (reason, expected) in table {
            assert_eq!(reason.to_string(), expected);
        }
    }
}
