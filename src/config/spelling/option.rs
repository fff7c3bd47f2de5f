//! Options of a start: their names, kinds and answers.

use std::fmt;

use super::{CpuBound, MemoryBound, Spelling, TaskBound};
use crate::{config::settings::options::Effect, domain::profile::OptionName};

/// The name of an option.
pub(in crate::config) struct OptionLabel(pub(in crate::config) OptionName);

impl Spelling for OptionLabel {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the name of an option, of at most 30 lower-case letters, digits, hyphens and \
             underscores, which begins with a letter and is none of \"profile\", \"next\" and \
             \"display_name\"",
        )
    }

    fn from_text(text: &str) -> Option<Self> {
        OptionName::parse(text).ok().map(Self)
    }
}

/// What may be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) enum OptionKindWord {
    /// One of a list.
    Choice,
    /// A number.
    Number,
    /// A line of text.
    Text,
}

impl Spelling for OptionKindWord {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"choice\", \"number\" or \"text\"")
    }

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "choice" => Some(Self::Choice),
            "number" => Some(Self::Number),
            "text" => Some(Self::Text),
            _ => None,
        }
    }
}

/// The bound that an answer is.
pub(in crate::config) struct BoundWord(pub(in crate::config) Effect);

impl Spelling for BoundWord {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"memory\", \"cpus\" or \"tasks\"")
    }

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "memory" => Some(Self(Effect::Memory)),
            "cpus" => Some(Self(Effect::Cpus)),
            "tasks" => Some(Self(Effect::Tasks)),
            _ => None,
        }
    }
}

/// A text or a number, kept as text.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::config) struct Scalar(pub(in crate::config) String);

impl Spelling for Scalar {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or a text without control characters and without spaces around it")
    }

    fn from_text(text: &str) -> Option<Self> {
        let fits = !text.contains(|c: char| c.is_control()) && text.trim() == text;
        fits.then(|| Self(text.to_owned()))
    }

    fn from_whole(number: u64) -> Option<Self> {
        Some(Self(number.to_string()))
    }

    fn from_decimal(number: f64) -> Option<Self> {
        number.is_finite().then(|| Self(number.to_string()))
    }
}

/// A number that may be answered.
pub(in crate::config) struct Number(pub(in crate::config) f64);

const MAX_NUMBER: f64 = 1e12;

impl Spelling for Number {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a number from 0 to {MAX_NUMBER}")
    }

    fn from_whole(number: u64) -> Option<Self> {
        Self::from_decimal(number.to_string().parse().ok()?)
    }

    fn from_decimal(number: f64) -> Option<Self> {
        (0.0..=MAX_NUMBER).contains(&number).then_some(Self(number))
    }
}

/// How far apart numbers are.
pub(in crate::config) struct Step(pub(in crate::config) f64);

const MIN_STEP: f64 = 0.001;

impl Spelling for Step {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a number from {MIN_STEP} to {MAX_NUMBER}")
    }

    fn from_whole(number: u64) -> Option<Self> {
        Number::from_whole(number).and_then(|number| Self::from_decimal(number.0))
    }

    fn from_decimal(number: f64) -> Option<Self> {
        (MIN_STEP..=MAX_NUMBER)
            .contains(&number)
            .then_some(Self(number))
    }
}

/// Reads an answer as a bound on memory: bytes, or none where it is lifted.
pub(in crate::config) fn memory_bound(answer: &str) -> Option<Option<u64>> {
    MemoryBound::from_text(answer).map(|bound| bound.0)
}

/// Reads an answer as a number of processors, or none where there is no bound.
pub(in crate::config) fn cpu_bound(answer: &str) -> Option<Option<f64>> {
    let number = answer.parse().ok().and_then(CpuBound::from_decimal);
    number
        .or_else(|| CpuBound::from_text(answer))
        .map(|bound| bound.0)
}

/// Reads an answer as a number of processes and threads, or none where there is no bound.
pub(in crate::config) fn task_bound(answer: &str) -> Option<Option<u64>> {
    let number = answer.parse().ok().and_then(TaskBound::from_whole);
    number
        .or_else(|| TaskBound::from_text(answer))
        .map(|bound| bound.0)
}
