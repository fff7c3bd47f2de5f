//! How single values are spelled: durations, sizes, bounds, addresses, paths and names.
//!
//! Each type says in one sentence what it accepts; that sentence ends up in the faults and in the
//! documentation.

mod json;
mod label;
mod name;
mod option;
mod profile;
mod quantity;
mod service;
mod site;

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, Unexpected, Visitor},
};

pub(super) use json::Json;
pub(super) use label::{
    CustomScopeLabel, GroupLabel, RoleLabel, ScopeText, ServerLabel, ServiceLabel, UserLabel,
};
pub(super) use name::{
    AbsolutePath, AccountName, BaseUrl, Command, Folder, IssuerUrl, Listen, LocalPath,
    LoopbackListen, Origin, Peer, StoppedStatus, Text, Variable,
};
pub(super) use option::{
    BoundWord, Number, OptionKindWord, OptionLabel, Scalar, Step, cpu_bound, memory_bound,
    task_bound,
};
pub(super) use profile::{GatekeeperWord, ProfileLabel};
pub(super) use quantity::{
    Count, CpuBound, MemoryBound, Period, PeriodBound, Size, TaskBound, WholeNumber,
    parse_duration, spell_seconds,
};
#[cfg(test)]
pub(super) use quantity::{parse_size, spell_size};
pub(super) use service::{Address, ClientId, RedirectUri, ServiceAccount};
pub(super) use site::{AccentColour, Terms, Title, WebAddress};

/// A kind of value that can be read from a TOML scalar.
///
/// A scalar of another kind, or one that does not fit, is a fault that says what was expected.
trait Spelling: Sized {
    /// Writes what is accepted, to follow "expected".
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result;

    /// Reads a string.
    fn from_text(_text: &str) -> Option<Self> {
        None
    }

    /// Reads a whole number.
    fn from_whole(_number: u64) -> Option<Self> {
        None
    }

    /// Reads a number with a fraction.
    fn from_decimal(_number: f64) -> Option<Self> {
        None
    }
}

/// Tells whether `text` can be read as a `T`.
#[expect(
    private_bounds,
    reason = "which spellings there are is nobody else's business"
)]
pub(super) fn reads<T: Spelling>(text: &str) -> bool {
    T::from_text(text).is_some()
}

struct Reader<T>(PhantomData<T>);

impl<T: Spelling> Visitor<'_> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::describe(f)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::from_text(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        u64::try_from(number)
            .ok()
            .and_then(T::from_whole)
            .ok_or_else(|| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        T::from_whole(number).ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        T::from_decimal(number).ok_or_else(|| E::invalid_value(Unexpected::Float(number), &self))
    }
}

/// Gives each spelling its `Deserialize`, which coherence does not let one blanket impl do.
macro_rules! read_by_spelling {
    ($( $(<$(const $bound:ident),+>)? $name:ident ),+ $(,)?) => { $(
        impl<'de $(, $(const $bound: u64),+)?> Deserialize<'de> for $name $(<$($bound),+>)? {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                input.deserialize_any(Reader(PhantomData))
            }
        }
    )+ };
}

read_by_spelling!(
    <const MIN, const MAX> Period,
    <const MIN, const MAX> PeriodBound,
    <const MIN, const MAX> Size,
    <const MIN, const MAX> Count,
    <const MIN, const MAX> WholeNumber,
    MemoryBound,
    CpuBound,
    TaskBound,
    StoppedStatus,
    BaseUrl,
    Origin,
    IssuerUrl,
    LocalPath,
    AbsolutePath,
    Folder,
    Command,
    Listen,
    LoopbackListen,
    Peer,
    AccountName,
    Variable,
    Text,
    UserLabel,
    GroupLabel,
    ServerLabel,
    ServiceLabel,
    RoleLabel,
    CustomScopeLabel,
    ScopeText,
    Address,
    ServiceAccount,
    ClientId,
    RedirectUri,
    ProfileLabel,
    GatekeeperWord,
    Title,
    Terms,
    AccentColour,
    WebAddress,
    OptionLabel,
    OptionKindWord,
    BoundWord,
    Scalar,
    Number,
    Step,
);
