//! How much the bodies of requests may take of the memory, together and from one place.
//!
//! One body is bounded by `limits.body_size`, but a client can send thousands at once. So each takes its
//! share before it is read, by the length it declares, and whoever finds none left is asked to come again.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::auth::throttle::network_of;

/// Bodies of the greatest size that fit at once.
const TOGETHER: usize = 64;
/// Bodies of the greatest size that fit at once from one place.
const FROM_ONE_PLACE: usize = 16;
/// The longest body of somebody who has not shown who they are: a login, or a code to exchange.
const UNKNOWN_BYTES: usize = 32 * 1024;

/// The bodies that are in memory.
#[derive(Debug, Default, Clone)]
pub(super) struct Bodies(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    bytes: usize,
    by_place: HashMap<IpAddr, usize>,
}

/// Room for one body, free again when it is dropped.
#[derive(Debug)]
pub(super) struct Room {
    bodies: Bodies,
    place: IpAddr,
    bytes: usize,
}

/// Returns the longest body that is read of whoever asks, where anybody's may have `limit` bytes.
pub(super) fn longest(is_known: bool, limit: usize) -> usize {
    match is_known {
        true => limit,
        false => limit.min(UNKNOWN_BYTES),
    }
}

impl Bodies {
    /// Returns room for a body of so many bytes, where none may have more than `limit`.
    pub(super) fn room(&self, from: IpAddr, bytes: usize, limit: usize) -> Option<Room> {
        let place = network_of(from);
        let mut held = self.held();
        let here = held.by_place.get(&place).copied().unwrap_or(0);
        let fits = |held: usize, bodies: usize| held + bytes <= limit.saturating_mul(bodies);
        if !fits(held.bytes, TOGETHER) || !fits(here, FROM_ONE_PLACE) {
            return None;
        }
        held.bytes += bytes;
        held.by_place.insert(place, here + bytes);
        drop(held);
        Some(Room {
            bodies: self.clone(),
            place,
            bytes,
        })
    }

    /// The sums stay right whatever a panicking thread left half-done.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut held = self.bodies.held();
        held.bytes = held.bytes.saturating_sub(self.bytes);
        if let Some(here) = held.by_place.get_mut(&self.place) {
            *here = here.saturating_sub(self.bytes);
            if *here == 0 {
                held.by_place.remove(&self.place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 1000;

    fn take(bodies: &Bodies, from: &str, count: usize) -> Vec<Room> {
        let room = || bodies.room(from.parse().unwrap(), LIMIT, LIMIT);
        std::iter::repeat_with(room).take(count).flatten().collect()
    }

    #[test]
    fn one_place_cannot_take_all_room() {
        let bodies = Bodies::default();
        let mut first = take(&bodies, "2001:db8::1", 100);
        assert_eq!(first.len(), FROM_ONE_PLACE);
        assert!(take(&bodies, "2001:db8::2", 1).is_empty());
        assert_eq!(take(&bodies, "2001:db8:0:1::1", 1).len(), 1);
        first.pop();
        assert_eq!(take(&bodies, "2001:db8::2", 1).len(), 1);
    }

    #[test]
    fn all_places_together_are_bounded_and_leave_nothing_behind() {
        let bodies = Bodies::default();
        let rooms: Vec<_> = (0..9)
            .flat_map(|n| take(&bodies, &format!("192.0.2.{n}"), 100))
            .collect();
        assert_eq!(rooms.len(), TOGETHER);
        assert!(
            bodies
                .room("192.0.2.99".parse().unwrap(), 0, LIMIT)
                .is_some()
        );
        drop(rooms);
        let held = bodies.held();
        assert_eq!((held.bytes, held.by_place.len()), (0, 0));
    }

    #[test]
    fn who_is_not_known_has_little_to_say() {
        assert_eq!(longest(true, 1 << 20), 1 << 20);
        assert_eq!(longest(false, 1 << 20), UNKNOWN_BYTES);
        assert_eq!(longest(false, 4096), 4096);
    }
}
