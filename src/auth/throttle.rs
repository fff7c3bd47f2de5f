//! Failed logins are counted per account and per address; past the rate, attempts wait.
//!
//! Only failures count, so a class that logs in at once from behind one address is not held up.
//! Attempts under way for one account are few at a time, so that a burst cannot slip past the count.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use governor::{DefaultKeyedRateLimiter, Quota};

use crate::domain::time::Timestamp;

/// Attempts under way at once for one account name.
const IN_FLIGHT_PER_ACCOUNT: u32 = 4;
/// How long a name or address that failed too often is refused.
const LOCK: Duration = Duration::from_secs(30);
/// Past this many remembered names or addresses the ones at rest are dropped.
const REMEMBERED: usize = 10_000;

/// The count of failures.
#[derive(Debug)]
pub struct Throttle {
    accounts: Failures<String>,
    addresses: Failures<IpAddr>,
    in_flight: Mutex<HashMap<String, u32>>,
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
        let account = account.to_lowercase();
        let address = network_of(address);
        self.accounts.check(&account, now)?;
        self.addresses.check(&address, now)?;
        let mut in_flight = lock(&self.in_flight);
        let count = in_flight.entry(account.clone()).or_insert(0);
        if *count >= IN_FLIGHT_PER_ACCOUNT {
            return Err(Duration::from_secs(2));
        }
        *count += 1;
        drop(in_flight);
        Ok(Attempt {
            throttle: self,
            account,
            address,
        })
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
        if let Some(count) = in_flight.get_mut(&self.account) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                in_flight.remove(&self.account);
            }
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
        match lock(&self.locked_until).get(key) {
            Some(until) if *until > now => Err(until.since(now)),
            _ => Ok(()),
        }
    }

    fn count(&self, key: &K, now: Timestamp) {
        if self.rate.check_key(key).is_err() {
            let mut locked = lock(&self.locked_until);
            if locked.len() >= REMEMBERED {
                locked.retain(|_, until| *until > now);
            }
            locked.insert(key.clone(), now.after(LOCK));
        }
        if self.rate.len() >= REMEMBERED {
            self.rate.retain_recent();
        }
    }
}

/// Returns the unit of address space that counts as one peer: an IPv4 address, an IPv6 /64.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let network = u128::from(v6) & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from(network))
        }
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
    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

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
    fn an_address_locks_for_every_account() {
        let throttle = Throttle::new(1000, 3);
        let six = |n: u128| IpAddr::V6(Ipv6Addr::from((0x2001_u128 << 112) | n));
        fail(&throttle, "a", six(1), 4);
        assert!(throttle.attempt("b", six(2), NOW).is_err());
        assert!(throttle.attempt("b", HERE, NOW).is_ok());
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
