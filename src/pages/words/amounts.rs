//! Durations and sizes in words.

use std::time::Duration;

use super::{Text, text};

/// Writes a duration in its largest unit: `45 seconds`, `1 minute`, `2 days`.
pub(in crate::pages) fn duration(duration: Duration) -> Text {
    let (count, unit) = Unit::largest(duration);
    text!("duration", unit = unit.name(); count = count)
}

/// Writes a duration that somebody chose, without loss: in the largest unit that measures it, as `90 minutes`, `1 day`.
pub(in crate::pages) fn exact_duration(duration: Duration) -> Text {
    let seconds = duration.as_secs();
    let measures = |(length, _): &(u64, Unit)| seconds > 0 && seconds.is_multiple_of(*length);
    let (length, unit) = Unit::ALL
        .into_iter()
        .find(measures)
        .unwrap_or((1, Unit::Seconds));
    let count = seconds / length;
    text!("duration", unit = unit.name(); count = count)
}

/// Writes how long ago something was: `2 days ago`.
pub(in crate::pages) fn ago(passed: Duration) -> Text {
    let (count, unit) = Unit::largest(passed);
    text!("duration-ago", unit = unit.name(); count = count)
}

/// Writes how long something is yet to come: `in 2 days`.
pub(in crate::pages) fn ahead(left: Duration) -> Text {
    let (count, unit) = Unit::largest(left);
    text!("duration-ahead", unit = unit.name(); count = count)
}

/// A unit of time, by which the catalogue chooses words.
#[derive(Debug, Clone, Copy)]
enum Unit {
    Seconds,
    Minutes,
    Hours,
    Days,
}

impl Unit {
    /// All with their seconds, the largest first.
    const ALL: [(u64, Self); 4] = [
        (24 * 60 * 60, Self::Days),
        (60 * 60, Self::Hours),
        (60, Self::Minutes),
        (1, Self::Seconds),
    ];

    /// Returns the largest unit that goes into `duration`, and how often.
    fn largest(duration: Duration) -> (u64, Self) {
        let seconds = duration.as_secs();
        let counts = Self::ALL
            .into_iter()
            .map(|(length, unit)| (seconds / length, unit));
        let mut whole = counts.filter(|(count, _)| *count > 0);
        whole.next().unwrap_or((0, Self::Seconds))
    }

    /// Returns its name in the catalogue.
    fn name(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Minutes => "minutes",
            Self::Hours => "hours",
            Self::Days => "days",
        }
    }
}

/// Writes a number of bytes as people read memory: `812 MiB`, `1.5 GiB`.
pub(in crate::pages) fn bytes(count: u64) -> Text {
    const UNITS: [&str; 5] = ["kib", "mib", "gib", "tib", "pib"];
    let mut tenths = u128::from(count) * 10;
    let mut unit = None;
    for name in UNITS {
        if tenths < 10_240 {
            break;
        }
        tenths /= 1024;
        unit = Some(name);
    }
    let Some(unit) = unit else {
        return text!("size-bytes"; count = count);
    };
    let (whole, tenth) = (tenths / 10, tenths % 10);
    let number = match tenth {
        1.. if whole < 10 => text!("size-number", whole = whole, tenth = tenth),
        _ => Text::of(whole),
    };
    text!("size", unit = unit, number = number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        for (seconds, expected) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (3599, "59 minutes"),
            (7200, "2 hours"),
            (86_400, "1 day"),
            (900_000, "10 days"),
        ] {
            let time = Duration::from_secs(seconds);
            assert_eq!(duration(time).plain(), expected);
            assert_eq!(ago(time).plain(), format!("{expected} ago"));
            assert_eq!(ahead(time).plain(), format!("in {expected}"));
        }
    }

    #[test]
    fn exact_durations_lose_nothing() {
        for (seconds, expected) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (60, "1 minute"),
            (90, "90 seconds"),
            (3600, "1 hour"),
            (5400, "90 minutes"),
            (86_400, "1 day"),
            (129_600, "36 hours"),
        ] {
            let text = exact_duration(Duration::from_secs(seconds));
            assert_eq!(text.plain(), expected);
        }
    }

    #[test]
    fn sizes_read_well() {
        for (count, expected) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1023, "1023 bytes"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            (851_443_712, "812 MiB"),
            (2_147_483_648, "2 GiB"),
            (u64::MAX, "16383 PiB"),
        ] {
            assert_eq!(bytes(count).plain(), expected);
        }
    }
}
