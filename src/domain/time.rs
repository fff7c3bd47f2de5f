//! Time as a value: instants in microseconds UTC, and the clock they are read from.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// The last second of the calendar, in microseconds; what is beyond has no date.
const LATEST: i64 = 253_402_207_200_000_000;
/// The first one.
const EARLIEST: i64 = -377_705_023_201_000_000;

/// An instant, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Returns the instant `micros` microseconds after the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Returns the microseconds since the epoch, the stored form.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Parses an RFC 3339 instant with any offset.
    pub fn parse(text: &str) -> Option<Self> {
        let instant: jiff::Timestamp = text.parse().ok()?;
        Some(Self(instant.as_microsecond()))
    }

    /// Returns the instant `duration` later, at the latest representable.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros).min(LATEST))
    }

    /// Returns the instant `duration` earlier, at the earliest representable.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(micros).max(EARLIEST))
    }

    /// Returns how long after `earlier` this is; zero when it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        let micros = self.0.saturating_sub(earlier.0);
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }
}

/// Writes RFC 3339 in UTC with six decimals and `Z`, as JupyterHub's API does.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(instant) => write!(f, "{instant:.6}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

/// Where the time comes from: the machine, or a test.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A hand that only a test moves.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// Returns a clock that stands at `start` until [`Clock::advance`].
    pub fn fixed(start: Timestamp) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(start.0)))
    }

    /// Returns the present instant.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where time is read"
    )]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp(jiff::Timestamp::now().as_microsecond()),
            Self::Fixed(micros) => Timestamp(micros.load(Ordering::Relaxed)),
        }
    }

    /// Moves a fixed clock on; the machine's clock is not ours to move.
    pub fn advance(&self, by: Duration) {
        if let Self::Fixed(micros) = self {
            let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
            micros.fetch_add(by, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_print_as_jupyterhub_does() {
        let instant = Timestamp::from_micros(1_767_323_045_123_456);
        assert_eq!(instant.to_string(), "2026-01-02T03:04:05.123456Z");
        assert_eq!(
            Timestamp::parse("2026-01-02T03:04:05.123456Z"),
            Some(instant)
        );
        assert_eq!(
            Timestamp::parse("2026-01-02T04:04:05.123456+01:00"),
            Some(instant)
        );
        assert_eq!(Timestamp::parse("yesterday"), None);
    }

    #[test]
    fn an_instant_beyond_the_calendar_is_its_last() {
        let now = Timestamp::from_micros(0);
        let last = now.after(Duration::MAX);
        assert_eq!(last.to_string(), "9999-12-30T22:00:00.000000Z");
        assert_eq!(Timestamp::parse(&last.to_string()), Some(last));
        let first = now.before(Duration::MAX);
        assert_eq!(Timestamp::parse(&first.to_string()), Some(first));
    }

    #[test]
    fn a_fixed_clock_moves_by_hand() {
        let clock = Clock::fixed(Timestamp::from_micros(0));
        clock.advance(Duration::from_secs(2));
        assert_eq!(clock.now().as_micros(), 2_000_000);
        assert_eq!(
            clock.now().since(Timestamp::from_micros(500_000)),
            Duration::from_millis(1500)
        );
    }
}
