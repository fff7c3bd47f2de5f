//! How single values are spelled: durations, sizes, bounds, addresses, paths and names.
//!
//! Each type says in one sentence what it accepts; that sentence ends up in the faults and in the
//! documentation.

use std::{
    fmt,
    marker::PhantomData,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use serde::{
    Deserialize, Deserializer,
    de::{Error, Unexpected, Visitor},
};

use crate::domain::names::UserName;

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
    <const MIN, const MAX> Size,
    <const MIN, const MAX> Count,
    <const MIN, const MAX> WholeNumber,
    MemoryBound,
    CpuBound,
    TaskBound,
    StoppedStatus,
    BaseUrl,
    Origin,
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
);

/// A duration between `MIN` and `MAX` seconds.
pub(super) struct Period<const MIN: u64, const MAX: u64>(pub(super) Duration);

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

/// A number of bytes between `MIN` and `MAX`.
pub(super) struct Size<const MIN: u64, const MAX: u64>(pub(super) usize);

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
pub(super) struct Count<const MIN: u64, const MAX: u64>(pub(super) usize);

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
pub(super) struct WholeNumber<const MIN: u64, const MAX: u64>(pub(super) u32);

impl<const MIN: u64, const MAX: u64> Spelling for WholeNumber<MIN, MAX> {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {MIN} to {MAX}")
    }

    fn from_whole(number: u64) -> Option<Self> {
        let fitting = u32::try_from(number).ok()?;
        (MIN..=MAX).contains(&number).then_some(Self(fitting))
    }
}

const UNLIMITED: &str = "unlimited";

/// The least memory a server can be bound to; below it not even an interpreter starts.
const MIN_MEMORY: u64 = 16 << 20;
const MAX_MEMORY: u64 = 1 << 50;

/// Bytes of memory, or no bound.
pub(super) struct MemoryBound(pub(super) Option<u64>);

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
pub(super) struct CpuBound(pub(super) Option<f64>);

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
pub(super) struct TaskBound(pub(super) Option<u64>);

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

/// The status of a visit to a stopped server.
pub(super) struct StoppedStatus(pub(super) u16);

impl Spelling for StoppedStatus {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("503 or 424")
    }

    fn from_whole(number: u64) -> Option<Self> {
        match number {
            503 => Some(Self(503)),
            424 => Some(Self(424)),
            _ => None,
        }
    }
}

/// A prefix of paths, kept with a slash at both ends.
pub(super) struct BaseUrl(pub(super) String);

impl Spelling for BaseUrl {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a path that begins with a slash, of letters, digits and -._~ only, such as \"/jupyter/\"",
        )
    }

    fn from_text(text: &str) -> Option<Self> {
        let inner = text.strip_prefix('/')?;
        let inner = inner.strip_suffix('/').unwrap_or(inner);
        if inner.is_empty() {
            return (text == "/").then(|| Self("/".to_owned()));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
        inner
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != ".." && part.chars().all(plain))
            .then(|| Self(format!("/{inner}/")))
    }
}

/// Scheme, host and port, without a path.
pub(super) struct Origin(pub(super) String);

impl Spelling for Origin {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("scheme and host without a path, such as \"https://lab.example:8443\"")
    }

    fn from_text(text: &str) -> Option<Self> {
        let uri: http::Uri = text.parse().ok()?;
        let scheme = uri.scheme_str()?;
        let authority = uri.authority()?;
        let plain = matches!(scheme, "https" | "http")
            && matches!(uri.path(), "" | "/")
            && uri.query().is_none()
            && !authority.as_str().contains('@')
            && !authority.host().is_empty();
        plain.then(|| Self(format!("{scheme}://{authority}")))
    }
}

/// A path on this site, with query if need be.
pub(super) struct LocalPath(pub(super) String);

impl Spelling for LocalPath {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path on this site that begins with one slash, such as \"/lab\"")
    }

    fn from_text(text: &str) -> Option<Self> {
        let local = text.starts_with('/')
            && !text.starts_with("//")
            && !text.contains(|c: char| c == '\\' || c.is_control() || c.is_whitespace());
        local.then(|| Self(text.to_owned()))
    }
}

/// A path from the root of the file system.
pub(super) struct AbsolutePath(pub(super) PathBuf);

impl Spelling for AbsolutePath {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an absolute path")
    }

    fn from_text(text: &str) -> Option<Self> {
        is_absolute(text).then(|| Self(PathBuf::from(text)))
    }
}

/// A folder, absolute or in the home.
pub(super) struct Folder(pub(super) String);

impl Spelling for Folder {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an absolute path, \"~\", or a path that begins with \"~/\"")
    }

    fn from_text(text: &str) -> Option<Self> {
        let from_home = text == "~" || text.strip_prefix("~/").is_some_and(is_clean_path);
        (from_home || is_absolute(text)).then(|| Self(text.to_owned()))
    }
}

/// A program: a bare name or an absolute path.
pub(super) struct Command(pub(super) String);

impl Spelling for Command {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a program or its absolute path, without arguments")
    }

    fn from_text(text: &str) -> Option<Self> {
        let bare = !text.is_empty()
            && !text.starts_with(['-', '.'])
            && !text.contains(|c: char| c == '/' || c.is_whitespace() || c.is_control());
        (bare || is_absolute(text)).then(|| Self(text.to_owned()))
    }
}

/// An address to listen on.
pub(super) struct Listen(pub(super) SocketAddr);

impl Spelling for Listen {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an IP address with a port, such as \"0.0.0.0:443\" or \"[::]:443\"")
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}

/// An address to listen on that only this machine reaches.
pub(super) struct LoopbackListen(pub(super) SocketAddr);

impl Spelling for LoopbackListen {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a loopback address with a port, such as \"127.0.0.1:8081\"")
    }

    fn from_text(text: &str) -> Option<Self> {
        let address: SocketAddr = text.parse().ok()?;
        address.ip().is_loopback().then_some(Self(address))
    }
}

/// The address of another machine.
pub(super) struct Peer(pub(super) IpAddr);

impl Spelling for Peer {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an IP address, such as \"192.0.2.7\"")
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}

/// The name of a system account or group.
pub(super) struct AccountName(pub(super) String);

impl Spelling for AccountName {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a system account or group")
    }

    fn from_text(text: &str) -> Option<Self> {
        is_account_name(text).then(|| Self(text.to_owned()))
    }
}

/// The name of an environment variable.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Variable(pub(super) String);

/// Variables that carry a server's secrets; a value for them in the configuration would be seen by
/// every account and would break the server.
const KEPT_VARIABLES: [&str; 2] = ["JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN"];

impl Spelling for Variable {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of an environment variable that does not carry a server's token")
    }

    fn from_text(text: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let fits = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text.chars().all(plain)
            && !KEPT_VARIABLES.contains(&text);
        fits.then(|| Self(text.to_owned()))
    }
}

/// A text that can be an argument or the value of an environment variable.
pub(super) struct Text(pub(super) String);

impl Spelling for Text {
    fn describe(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text without control characters")
    }

    fn from_text(text: &str) -> Option<Self> {
        let plain = !text.contains(|c: char| c.is_control() && c != '\t' && c != '\n');
        plain.then(|| Self(text.to_owned()))
    }
}

/// Tells whether `text` can be the name of an account or group of the system.
pub(super) fn is_account_name(text: &str) -> bool {
    UserName::parse(text).is_ok() && !text.contains(':')
}

fn is_absolute(text: &str) -> bool {
    text.starts_with('/') && is_clean_path(text)
}

fn is_clean_path(text: &str) -> bool {
    !text.contains(char::is_control) && text.split('/').all(|part| part != "..")
}

/// Reads a sum of numbers with units, such as `90s` or `1h 30m`; `None` when it is not one or does
/// not fit.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
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
pub(super) fn parse_size(text: &str) -> Option<u64> {
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
pub(super) fn spell_seconds(seconds: u64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "m")];
    for (size, unit) in units {
        if seconds > 0 && seconds.is_multiple_of(size) {
            return format!("{}{unit}", seconds / size);
        }
    }
    format!("{seconds}s")
}

/// Writes bytes in the largest unit that leaves no rest.
pub(super) fn spell_size(bytes: u64) -> String {
    let units = [(40, "T"), (30, "G"), (20, "M"), (10, "K")];
    for (shift, unit) in units {
        if bytes > 0 && bytes.is_multiple_of(1 << shift) {
            return format!("{}{unit}", bytes >> shift);
        }
    }
    bytes.to_string()
}
