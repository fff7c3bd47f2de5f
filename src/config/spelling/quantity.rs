//! Quantities: durations, sizes, counts and the bounds of a server.

use std::{fmt, time::Duration};

use crate::config::spelling::Spelling;

const UNLIMITED: &str = "unlimited";

/// A duration between `MIN` and `MAX` seconds.
pub(in crate::config) struct Period<const MIN: u64, const MAX: u64>(pub(in crate::config) Duration);

impl<const MIN: u64, const MAX: u64> Spelling for Period<MIN, MAX> {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (min, max) = (spell_seconds(MIN), spell_seconds(MAX));
        write!(
            f,
            "a duration from {min} to {max} in s, m, h, d or w, such as \"90s\" or \"1h 30m\""
        )
    }

    fn from_text(text: &str) -> Option<Self> {
        let duration = parse_duration(text)?;
        (Duration::from_secs(MIN)..=Duration::from_secs(MAX))
            .contains(&duration)
            .then_some(Self(duration))
    }
}

/// A duration between `MIN` and `MAX` seconds, or no bound.
pub(in crate::config) struct PeriodBound<const MIN: u64, const MAX: u64>(
    pub(in crate::config) Option<Duration>,
);

impl<const MIN: u64, const MAX: u64> Spelling for PeriodBound<MIN, MAX> {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Period::<MIN, MAX>::describe(f)?;
        write!(f, ", or \"{UNLIMITED}\"")
    }

    fn from_text(text: &str) -> Option<Self> {
        if text == UNLIMITED {
            return Some(Self(None));
        }
        let Period(duration) = Period::<MIN, MAX>::from_text(text)?;
        Some(Self(Some(duration)))
    }
}

/// A number of bytes between `MIN` and `MAX`.
pub(in crate::config) struct Size<const MIN: u64, const MAX: u64>(pub(in crate::config) usize);

impl<const MIN: u64, const MAX: u64> Spelling for Size<MIN, MAX> {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (min, max) = (spell_size(MIN), spell_size(MAX));
        write!(
            f,
            "a size from {min} to {max} in bytes, K, M, G or T (1024 each), such as \"512K\""
        )
    }

    fn from_text(text: &str) -> Option<Self> {
        Self::from_whole(parse_size(text)?)
    }

    fn from_whole(bytes: u64) -> Option<Self> {
        let size = usize::try_from(bytes).ok()?;
        (MIN..=MAX).contains(&bytes).then_some(Self(size))
    }
}

/// How many of something, between `MIN` and `MAX`.
pub(in crate::config) struct Count<const MIN: u64, const MAX: u64>(pub(in crate::config) usize);

impl<const MIN: u64, const MAX: u64> Spelling for Count<MIN, MAX> {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {MIN} to {MAX}")
    }

    fn from_whole(number: u64) -> Option<Self> {
        let count = usize::try_from(number).ok()?;
        (MIN..=MAX).contains(&number).then_some(Self(count))
    }
}

/// A whole number between `MIN` and `MAX` that fits 32 bits.
pub(in crate::config) struct WholeNumber<const MIN: u64, const MAX: u64>(pub(in crate::config) u32);

impl<const MIN: u64, const MAX: u64> Spelling for WholeNumber<MIN, MAX> {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {MIN} to {MAX}")
    }

    fn from_whole(number: u64) -> Option<Self> {
        let fitting = u32::try_from(number).ok()?;
        (MIN..=MAX).contains(&number).then_some(Self(fitting))
    }
}

/// The least memory a server can be bound to; below it not even an interpreter starts.
const MIN_MEMORY: u64 = 16 << 20;
const MAX_MEMORY: u64 = 1 << 50;

/// Bytes of memory, or no bound.
pub(in crate::config) struct MemoryBound(pub(in crate::config) Option<u64>);

impl Spelling for MemoryBound {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a size from {} to {} in bytes, K, M, G or T (1024 each), such as \"4G\", or \"{UNLIMITED}\"",
            spell_size(MIN_MEMORY),
            spell_size(MAX_MEMORY)
        )
    }

    fn from_text(text: &str) -> Option<Self> {
        if text == UNLIMITED {
            return Some(Self(None));
        }
        Self::from_whole(parse_size(text)?)
    }

    fn from_whole(bytes: u64) -> Option<Self> {
        (MIN_MEMORY..=MAX_MEMORY)
            .contains(&bytes)
            .then_some(Self(Some(bytes)))
    }
}

const MIN_CPUS: f64 = 0.01;
const MAX_CPUS: f64 = 4096.0;

/// Processors, or no bound.
pub(in crate::config) struct CpuBound(pub(in crate::config) Option<f64>);

impl Spelling for CpuBound {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a number of processors from {MIN_CPUS} to {MAX_CPUS}, such as 1.5, or \"{UNLIMITED}\""
        )
    }

    fn from_text(text: &str) -> Option<Self> {
        (text == UNLIMITED).then_some(Self(None))
    }

    fn from_whole(number: u64) -> Option<Self> {
        Self::from_decimal(f64::from(u32::try_from(number).ok()?))
    }

    fn from_decimal(number: f64) -> Option<Self> {
        (MIN_CPUS..=MAX_CPUS)
            .contains(&number)
            .then_some(Self(Some(number)))
    }
}

const MIN_TASKS: u64 = 16;
const MAX_TASKS: u64 = 4_194_304;

/// Processes and threads, or no bound.
pub(in crate::config) struct TaskBound(pub(in crate::config) Option<u64>);

impl Spelling for TaskBound {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a whole number from {MIN_TASKS} to {MAX_TASKS}, or \"{UNLIMITED}\""
        )
    }

    fn from_text(text: &str) -> Option<Self> {
        (text == UNLIMITED).then_some(Self(None))
    }

    fn from_whole(number: u64) -> Option<Self> {
        (MIN_TASKS..=MAX_TASKS)
            .contains(&number)
            .then_some(Self(Some(number)))
    }
}

/// Reads a sum of numbers with units, such as `90s` or `1h 30m`; `None` when it is not one or does
/// not fit.
pub(in crate::config) fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    let mut total = 0_u64;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at_checked(digits)?;
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at_checked(letters)?;
        let seconds = match unit {
            "s" => 1,
            "m" | "min" => 60,
            "h" => 3600,
            "d" => 86_400,
            "w" => 7 * 86_400,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(seconds)?)?;
        rest = after.trim_start();
    }
    Some(Duration::from_secs(total))
}

/// Reads a number of bytes with an optional suffix K, M, G or T, each 1024 times the one before.
pub(in crate::config) fn parse_size(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let shift = match unit {
        "" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// Writes seconds in the largest unit that leaves no rest.
pub(in crate::config) fn spell_seconds(seconds: u64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "m")];
    for (size, unit) in units {
        if seconds > 0 && seconds.is_multiple_of(size) {
            return format!("{}{unit}", seconds / size);
        }
    }
    format!("{seconds}s")
}

/// Writes bytes in the largest unit that leaves no rest.
pub(in crate::config) fn spell_size(bytes: u64) -> String {
    let units = [(40, "T"), (30, "G"), (20, "M"), (10, "K")];
    for (shift, unit) in units {
        if bytes > 0 && bytes.is_multiple_of(1 << shift) {
            return format!("{}{unit}", bytes >> shift);
        }
    }
    bytes.to_string()
}
