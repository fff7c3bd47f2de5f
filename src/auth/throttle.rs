//! Failed logins are counted per account and per address; past the rate, attempts wait.
//!
//! Only failures count, so a class that logs in at once from behind one address is not held up.
//! Attempts under way are few at a time for one account, and not many for one address, so that a burst
//! cannot slip past the counts. Departures to a provider can neither fail nor succeed, and cost a question
//! to it, so all of them count.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use governor::{
    DefaultKeyedRateLimiter, Quota,
    clock::{Clock, DefaultClock},
};

use crate::domain::{names::MAX_USER_NAME_BYTES, time::Timestamp};

/// Attempts under way at once for one account name.
const IN_FLIGHT_PER_ACCOUNT: u32 = 4;
/// The same for one address: a class of sixty may log in at once, and each takes a broker.
const IN_FLIGHT_PER_ADDRESS: u32 = 80;
/// How long to wait when too many are under way.
const IN_FLIGHT_PAUSE: Duration = Duration::from_secs(2);
/// Departures to a provider a minute from one address; two classes of sixty may be under way at once, and
/// each of them need more than one try.
const DEPARTURES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(240).expect("it is not zero");
/// How long a name or address that failed too often is refused.
const LOCK: Duration = Duration::from_secs(30);
/// Past this many remembered names or addresses the ones at rest are dropped.
const REMEMBERED: usize = 10_000;

/// The count of failures.
#[derive(Debug)]
pub struct Throttle {
    accounts: Failures<String>,
    addresses: Failures<IpAddr>,
    departures: DefaultKeyedRateLimiter<IpAddr>,
    in_flight: Mutex<InFlight>,
}

/// How many attempts are under way.
#[derive(Debug, Default)]
struct InFlight {
    accounts: HashMap<String, u32>,
    addresses: HashMap<IpAddr, u32>,
}

/// Leave to try a login once; says how it went by [`Attempt::failed`] or by going away.
#[derive(Debug)]
pub struct Attempt<'a> {
    throttle: &'a Throttle,
    account: String,
    address: IpAddr,
}

impl Throttle {
    /// Counts up to so many failures a minute per account and per address before it locks.
    pub fn new(per_account: u32, per_address: u32) -> Self {
        Self {
            accounts: Failures::new(per_account),
            addresses: Failures::new(per_address),
            departures: DefaultKeyedRateLimiter::keyed(Quota::per_minute(DEPARTURES_PER_MINUTE)),
            in_flight: Mutex::default(),
        }
    }

    /// Asks for leave to try; `Err` says how long to wait.
    pub fn attempt(
        &self,
        account: &str,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<Attempt<'_>, Duration> {
        let account = remembered_name(account);
        let address = network_of(address);
        self.accounts.check(&account, now)?;
        self.addresses.check(&address, now)?;
        lock(&self.in_flight).begin(&account, address)?;
        Ok(Attempt {
            throttle: self,
            account,
            address,
        })
    }

    /// Counts a departure to a provider; `Err` says how long to wait with it.
    pub fn depart(&self, address: IpAddr) -> Result<(), Duration> {
        forget_those_at_rest(&self.departures);
        let counted = self.departures.check_key(&network_of(address));
        counted.map_err(|too_early| too_early.wait_time_from(DefaultClock::default().now()))
    }
}

impl Attempt<'_> {
    /// Counts the attempt as failed.
    pub fn failed(self, now: Timestamp) {
        self.throttle.accounts.count(&self.account, now);
        self.throttle.addresses.count(&self.address, now);
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let mut in_flight = lock(&self.throttle.in_flight);
        one_less(&mut in_flight.accounts, &self.account);
        one_less(&mut in_flight.addresses, &self.address);
    }
}

impl InFlight {
    fn begin(&mut self, account: &str, address: IpAddr) -> Result<(), Duration> {
        let of_account = self.accounts.get(account).copied().unwrap_or(0);
        let of_address = self.addresses.get(&address).copied().unwrap_or(0);
        if of_account >= IN_FLIGHT_PER_ACCOUNT || of_address >= IN_FLIGHT_PER_ADDRESS {
            return Err(IN_FLIGHT_PAUSE);
        }
        self.accounts.insert(account.to_owned(), of_account + 1);
        self.addresses.insert(address, of_address + 1);
        Ok(())
    }
}

fn one_less<K: Hash + Eq>(counts: &mut HashMap<K, u32>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[derive(Debug)]
struct Failures<K: Hash + Eq + Clone> {
    rate: DefaultKeyedRateLimiter<K>,
    locked_until: Mutex<HashMap<K, Timestamp>>,
}

impl<K: Hash + Eq + Clone> Failures<K> {
    fn new(per_minute: u32) -> Self {
        let per_minute = NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN);
        Self {
            rate: DefaultKeyedRateLimiter::keyed(Quota::per_minute(per_minute)),
            locked_until: Mutex::default(),
        }
    }

    fn check(&self, key: &K, now: Timestamp) -> Result<(), Duration> {
        let wait = match lock(&self.locked_until).get(key) {
            Some(until) => until.since(now),
            None => Duration::ZERO,
        };
        // A longer one was begun before the clock was set back, and would last until it has caught up.
        if wait.is_zero() || wait > LOCK {
            return Ok(());
        }
        Err(wait)
    }

    fn count(&self, key: &K, now: Timestamp) {
        if self.rate.check_key(key).is_err() {
            let mut locked = lock(&self.locked_until);
            if locked.len() >= REMEMBERED {
                locked.retain(|_, until| *until > now);
            }
            locked.insert(key.clone(), now.after(LOCK));
        }
        forget_those_at_rest(&self.rate);
    }
}

/// Keeps what is remembered small, once it is much.
fn forget_those_at_rest<K: Hash + Eq + Clone>(rate: &DefaultKeyedRateLimiter<K>) {
    if rate.len() >= REMEMBERED {
        rate.retain_recent();
    }
}

/// Returns what is remembered of a name: the case does not count, and names longer than any account's
/// count together, so that nobody fills the memory with what they type.
fn remembered_name(account: &str) -> String {
    if account.len() > MAX_USER_NAME_BYTES {
        return String::new();
    }
    account.to_lowercase()
}

/// Returns the unit of address space that counts as one peer: an IPv4 address, an IPv6 /64. A program of
/// this machine may come from any loopback address, so all of them are one.
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let network = u128::from(v6) & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from(network))
        }
        IpAddr::V4(v4) if v4.is_loopback() => Ipv4Addr::LOCALHOST.into(),
        v4 => v4,
    }
}

/// Counters stay right whatever a panicking thread left half-done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(0);
    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn fail(throttle: &Throttle, account: &str, address: IpAddr, times: u32) {
        for _ in 0..times {
            if let Ok(attempt) = throttle.attempt(account, address, NOW) {
                attempt.failed(NOW);
            }
        }
    }

    #[test]
    fn an_account_locks_after_too_many_failures_and_opens_again() {
        let throttle = Throttle::new(3, 1000);
        fail(&throttle, "Alice", HERE, 4);
        assert!(throttle.attempt("alice", HERE, NOW).is_err());
        assert!(throttle.attempt("bob", HERE, NOW).is_ok());
        assert!(throttle.attempt("alice", HERE, NOW.after(LOCK)).is_ok());
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let throttle = Throttle::new(3, 1000);
        let later = NOW.after(Duration::from_secs(3600));
        for _ in 0..4 {
            throttle
                .attempt("alice", HERE, later)
                .unwrap()
                .failed(later);
        }
        assert!(throttle.attempt("alice", HERE, later).is_err());
        assert!(throttle.attempt("alice", HERE, NOW).is_ok());
    }

    #[test]
    fn an_address_locks_for_every_account() {
        let throttle = Throttle::new(1000, 3);
        let six = |n: u128| IpAddr::V6(Ipv6Addr::from((0x2001_u128 << 112) | n));
        fail(&throttle, "a", six(1), 4);
        assert!(throttle.attempt("b", six(2), NOW).is_err());
        assert!(throttle.attempt("b", HERE, NOW).is_ok());
    }

    #[test]
    fn few_attempts_are_under_way_for_one_address() {
        let throttle = Throttle::new(1000, 1000);
        let six = |n: u128| IpAddr::V6(Ipv6Addr::from((0x2001_u128 << 112) | n));
        let attempts: Vec<_> = (0..IN_FLIGHT_PER_ADDRESS)
            .map(|n| throttle.attempt(&format!("user-{n}"), six(n.into()), NOW))
            .collect::<Result<_, _>>()
            .unwrap();
        assert!(throttle.attempt("another", six(1), NOW).is_err());
        assert!(throttle.attempt("another", HERE, NOW).is_ok());
        drop(attempts);
        assert!(throttle.attempt("another", six(1), NOW).is_ok());
        let left = lock(&throttle.in_flight);
        assert!(left.accounts.is_empty() && left.addresses.is_empty());
    }

    #[test]
    fn names_too_long_for_an_account_are_not_remembered() {
        let throttle = Throttle::new(1000, 1000);
        for n in 0..3 {
            let name = format!("{n}{}", "a".repeat(MAX_USER_NAME_BYTES));
            fail(&throttle, &name, HERE, 1);
        }
        assert_eq!(throttle.accounts.rate.len(), 1);
    }

    #[test]
    fn loopback_addresses_lock_together() {
        let throttle = Throttle::new(1000, 3);
        fail(&throttle, "a", HERE, 4);
        assert!(
            throttle
                .attempt("b", "127.3.2.1".parse().unwrap(), NOW)
                .is_err()
        );
        assert!(
            throttle
                .attempt("b", "128.0.0.1".parse().unwrap(), NOW)
                .is_ok()
        );
    }

    #[test]
    fn departures_are_so_many_a_minute_for_one_address() {
        let throttle = Throttle::new(1000, 1000);
        let six = |n: u128| IpAddr::V6(Ipv6Addr::from((0x2001_u128 << 112) | n));
        let all = DEPARTURES_PER_MINUTE.get();
        assert!((0..all).all(|n| throttle.depart(six(n.into())).is_ok()));
        // A few more may have become possible meanwhile.
        let refused = (0..all).find_map(|n| throttle.depart(six(n.into())).err());
        let second = Duration::from_secs(1);
        assert!(refused.is_some_and(|wait| wait <= second), "{refused:?}");
        assert!(throttle.depart(HERE).is_ok());
        assert!(throttle.attempt("a", six(1), NOW).is_ok());
    }

    #[test]
    fn successes_never_lock() {
        let throttle = Throttle::new(3, 3);
        for _ in 0..100 {
            assert!(throttle.attempt("alice", HERE, NOW).is_ok());
        }
    }

    #[test]
    fn few_attempts_are_under_way_for_one_account() {
        let throttle = Throttle::new(1000, 1000);
        let attempts: Vec<_> = (0..IN_FLIGHT_PER_ACCOUNT)
            .map(|_| throttle.attempt("alice", HERE, NOW).unwrap())
            .collect();
        assert!(throttle.attempt("alice", HERE, NOW).is_err());
        drop(attempts);
        assert!(throttle.attempt("alice", HERE, NOW).is_ok());
    }
}
