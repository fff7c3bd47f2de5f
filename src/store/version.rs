//! Versions of what is remembered, by which it is told whether something read before still holds.

use std::{
    borrow::Borrow,
    collections::HashMap,
    fmt,
    hash::Hash,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// A state of what is remembered; equal ones are the same state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version(u64);

/// Counts changes: of anything, and of what any right depends on.
#[derive(Debug, Default)]
pub(super) struct Versions {
    all: AtomicU64,
    rights: AtomicU64,
}

/// Values that were read, each with the version that was asked for before; they count while it lasts.
pub struct Memo<K, V> {
    max: usize,
    values: Mutex<HashMap<K, (Version, V)>>,
}

impl Versions {
    /// Returns the present version; what it has changed before is seen by every read that begins later.
    pub(super) fn all(&self) -> Version {
        Version(self.all.load(Ordering::Acquire))
    }

    /// Returns the present version of what rights depend on.
    pub(super) fn rights(&self) -> Version {
        Version(self.rights.load(Ordering::Acquire))
    }

    /// Ends the present version, after a change on which no right depends.
    pub(super) fn activity_changed(&self) {
        self.all.fetch_add(1, Ordering::Release);
    }

    /// Ends the present version of everything.
    pub(super) fn rights_changed(&self) {
        self.rights.fetch_add(1, Ordering::Release);
        self.all.fetch_add(1, Ordering::Release);
    }
}

impl<K: Eq + Hash, V: Clone> Memo<K, V> {
    /// Makes one that keeps so many values at most.
    pub fn new(max: usize) -> Self {
        Self {
            max,
            values: Mutex::default(),
        }
    }

    /// Returns the value read at this version.
    pub fn find<Q: Eq + Hash + ?Sized>(&self, key: &Q, version: Version) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let values = self.values();
        let (of, value) = values.get(key)?;
        (*of == version).then(|| value.clone())
    }

    /// Remembers a value; what is old goes when there are too many.
    pub fn keep(&self, key: K, version: Version, value: V) {
        let mut values = self.values();
        if values.len() >= self.max {
            values.retain(|_, (of, _)| *of == version);
        }
        if values.len() >= self.max {
            values.clear();
        }
        values.insert(key, (version, value));
    }

    fn values(&self) -> MutexGuard<'_, HashMap<K, (Version, V)>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, V> fmt::Debug for Memo<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memo")
            .field("max", &self.max)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_for_the_version_it_was_read_at() {
        let (versions, memo) = (Versions::default(), Memo::new(8));
        let before = (versions.all(), versions.rights());
        versions.activity_changed();
        assert_ne!(versions.all(), before.0);
        assert_eq!(versions.rights(), before.1);
        memo.keep("alice", before.0, 1);
        assert_eq!(memo.find("alice", versions.all()), None);
        memo.keep("alice", versions.all(), 2);
        assert_eq!(memo.find("alice", versions.all()), Some(2));
        assert_eq!(memo.find("bob", versions.all()), None);
        versions.rights_changed();
        assert_ne!(versions.rights(), before.1);
        assert_eq!(memo.find("alice", versions.all()), None);
    }

    #[test]
    fn no_more_are_kept_than_allowed_and_old_ones_go_first() {
        let (versions, memo) = (Versions::default(), Memo::new(3));
        memo.keep(0, versions.all(), 0);
        versions.activity_changed();
        let now = versions.all();
        for number in 1..=3 {
            memo.keep(number, now, number);
        }
        assert_eq!(memo.find(&1, now), Some(1));
        assert_eq!(memo.values().len(), 3);
        memo.keep(4, now, 4);
        assert_eq!(memo.find(&4, now), Some(4));
        assert!(memo.values().len() <= 3);
    }
}
