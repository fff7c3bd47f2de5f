//! How many connections may be open, in all and from one address.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use crate::telemetry::metrics::Present;

/// The bounds.
#[derive(Debug)]
pub(super) struct Limits {
    /// Open at once.
    pub(super) total: usize,
    /// Open at once from one address; IPv6 counts by /64, which is what one client is given.
    pub(super) per_address: usize,
    /// Addresses that only `total` bounds.
    pub(super) unbounded: Vec<IpAddr>,
}

/// Lets connections in and counts them.
#[derive(Debug)]
pub(super) struct Admission {
    limits: Limits,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// The place of one connection, free again when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    admission: Arc<Admission>,
    address: Option<IpAddr>,
    _present: Option<Present>,
}

impl Admission {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            open: Mutex::default(),
        }
    }

    /// Returns a place for a connection from `address`; `None` when there is none.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let counted =
            self.limits.per_address < usize::MAX && !self.limits.unbounded.contains(&address);
        let address = counted.then(|| one_client(address));
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.total >= self.limits.total {
            return None;
        }
        if let Some(address) = address {
            let count = open.by_address.entry(address).or_default();
            if *count >= self.limits.per_address {
                return None;
            }
            *count += 1;
        }
        open.total += 1;
        drop(open);
        Some(Place {
            admission: self.clone(),
            address,
            _present: None,
        })
    }
}

impl Place {
    /// Has the place's connection counted in metrics for as long as it is taken.
    pub(super) fn counted_by(mut self, present: Present) -> Self {
        self._present = Some(present);
        self
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self
            .admission
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        open.total = open.total.saturating_sub(1);
        let Some(address) = self.address else {
            return;
        };
        if let Entry::Occupied(mut count) = open.by_address.entry(address) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

/// Returns what stands for a client: an IPv4 address, or the first 64 bits of an IPv6 one. A program of
/// this machine may come from any loopback address, so all of them are one.
fn one_client(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) if v4.is_loopback() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(total: usize, per_address: usize) -> Arc<Admission> {
        Arc::new(Admission::new(Limits {
            total,
            per_address,
            unbounded: vec!["10.0.0.1".parse().unwrap()],
        }))
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_cannot_take_every_place() {
        let admission = admission(10, 2);
        let first = admission.admit(ip("192.0.2.1")).unwrap();
        let _second = admission.admit(ip("192.0.2.1")).unwrap();
        assert!(admission.admit(ip("192.0.2.1")).is_none());
        let _other = admission.admit(ip("192.0.2.2")).unwrap();
        drop(first);
        let _again = admission.admit(ip("192.0.2.1")).unwrap();
    }

    #[test]
    fn ipv6_counts_by_network() {
        let admission = admission(10, 1);
        let _first = admission.admit(ip("2001:db8::1")).unwrap();
        assert!(admission.admit(ip("2001:db8::2")).is_none());
        let _other = admission.admit(ip("2001:db8:0:1::1")).unwrap();
    }

    #[test]
    fn loopback_addresses_count_together() {
        let admission = admission(10, 1);
        let _first = admission.admit(ip("127.0.0.1")).unwrap();
        assert!(admission.admit(ip("127.3.2.1")).is_none());
        let _other = admission.admit(ip("128.0.0.1")).unwrap();
    }

    #[test]
    fn the_total_holds_for_everybody() {
        let admission = admission(3, 1);
        let mut places: Vec<_> = (0..3)
            .map(|_| admission.admit(ip("10.0.0.1")).unwrap())
            .collect();
        assert!(admission.admit(ip("10.0.0.1")).is_none());
        assert!(admission.admit(ip("192.0.2.1")).is_none());
        places.clear();
        let _place = admission.admit(ip("192.0.2.1")).unwrap();
        drop(_place);
        let open = admission.open.lock().unwrap();
        assert_eq!(
            (open.total, open.by_address.len()),
            (0, 0),
            "nothing is left behind"
        );
    }
}
