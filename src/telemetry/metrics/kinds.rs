//! The kinds of metrics: what the rest of the program touches, and how each is written.
//!
//! The format is Prometheus's text format, which JupyterHub serves, and not OpenMetrics, which the
//! crate has in mind: there a counter's family has the name of its samples, `_total` included.

use std::{
    cell::Cell,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use prometheus_client::{
    encoding::{EncodeMetric, MetricEncoder},
    metrics::{
        MetricType, TypedMetric,
        family::{Family, MetricConstructor},
        gauge::Gauge,
        histogram::Histogram,
    },
};

use super::{
    labels::{Class, Labels, Unlabelled},
    registration::Registration,
};

/// How long things took, by labels.
#[derive(Debug, Clone)]
pub struct Durations<L: Labels>(Family<L, Histogram, Bounds>);

/// The upper bounds of a histogram's buckets, in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds(pub(super) &'static [f64]);

/// How often things happened, by labels.
#[derive(Debug, Clone)]
pub struct Totals<L: Labels>(Family<L, Count>);

/// How many there are now, by labels.
#[derive(Debug, Clone)]
pub struct Levels<L: Labels>(Family<L, Gauge>);

/// Something that is there, until it is dropped.
#[derive(Debug)]
pub struct Present(Gauge);

impl<L: Labels> Durations<L> {
    pub(super) fn register(
        all: &mut Registration,
        (name, help): (&'static str, &'static str),
        bounds: &'static [f64],
    ) -> Self {
        let family = Family::new_with_constructor(Bounds(bounds));
        all.add_family(name, help, MetricType::Histogram, &family);
        Self(family)
    }

    /// Notes that something took so long.
    pub fn observe(&self, labels: &L, took: Duration) {
        self.0.get_or_create(labels).observe(took.as_secs_f64());
    }
}

impl MetricConstructor<Histogram> for Bounds {
    fn new_metric(&self) -> Histogram {
        Histogram::new(self.0.iter().copied())
    }
}

impl<L: Labels> Totals<L> {
    pub(super) fn register(
        all: &mut Registration,
        (name, help): (&'static str, &'static str),
    ) -> Self {
        let family = Family::<L, Count>::default();
        all.add_family(name, help, MetricType::Counter, &family);
        Self(family)
    }

    /// Counts one.
    pub fn count(&self, labels: &L) {
        let count = &self.0.get_or_create(labels).0;
        count.fetch_add(1, Ordering::Relaxed);
    }
}

impl Totals<Unlabelled> {
    /// Counts one.
    pub fn count_one(&self) {
        self.count(&Unlabelled);
    }
}

impl<L: Labels> Levels<L> {
    pub(super) fn register(
        all: &mut Registration,
        (name, help): (&'static str, &'static str),
    ) -> Self {
        let family = Family::<L, Gauge>::default();
        all.add_family(name, help, MetricType::Gauge, &family);
        Self(family)
    }

    /// Says how many there are.
    pub fn set(&self, labels: &L, count: impl TryInto<i64>) {
        let count = count.try_into().unwrap_or(i64::MAX);
        self.0.get_or_create(labels).set(count);
    }

    /// Counts one more, until what is returned is dropped.
    pub fn enter(&self, labels: &L) -> Present {
        let gauge = self.0.get_or_create_owned(labels);
        gauge.inc();
        Present(gauge)
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A number that only grows.
#[derive(Debug, Clone, Default)]
struct Count(Arc<AtomicU64>);

impl TypedMetric for Count {
    const TYPE: MetricType = MetricType::Counter;
}

impl EncodeMetric for Count {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        // As a gauge, because a counter would be written with `_total` after its family's name.
        encoder.encode_gauge(&self.0.load(Ordering::Relaxed))
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

/// How many shards a busy counter has: more than threads serve connections on most machines.
const SHARDS: usize = 32;

/// How often something happened that happens on every thread all the time, by [`Class`].
///
/// Counting is one addition to a cache line that no other thread writes (with up to [`SHARDS`]
/// threads; beyond, a few share one): no lock, no hash, no line that travels between processors, a
/// few nanoseconds beside the hundred thousand of the request it counts. Adding up is left to
/// whoever reads.
#[derive(Debug, Clone)]
pub struct BusyTotals(Arc<[Shard; SHARDS]>);

/// The counts of the threads that share a number; alone on its cache lines (x86 fetches two).
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard([AtomicU64; Class::ALL.len()]);

thread_local! {
    /// Which shard this thread counts in.
    static SHARD: Cell<usize> = {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        Cell::new(THREADS.fetch_add(1, Ordering::Relaxed) % SHARDS)
    };
}

impl BusyTotals {
    pub(super) fn register(
        all: &mut Registration,
        (name, help): (&'static str, &'static str),
    ) -> Self {
        let totals = Self(Arc::default());
        all.add::<Class>(name, help, MetricType::Counter, totals.clone());
        totals
    }

    /// Counts one.
    pub fn count(&self, class: Class) {
        let shard = self.0.get(SHARD.get());
        if let Some(count) = shard.and_then(|shard| shard.0.get(class as usize)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn sum(&self, class: Class) -> u64 {
        let counts = self
            .0
            .iter()
            .filter_map(|shard| shard.0.get(class as usize));
        counts.map(|count| count.load(Ordering::Relaxed)).sum()
    }
}

impl EncodeMetric for BusyTotals {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        for class in Class::ALL {
            let mut encoder = encoder.encode_family(class)?;
            encoder.encode_gauge(&self.sum(*class))?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Counter
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn no_thread_loses_a_count() {
        let mut all = Registration::default();
        let totals = BusyTotals::register(&mut all, ("busy_total", "Busy"));
        thread::scope(|scope| {
            for _ in 0..2 * SHARDS {
                scope.spawn(|| {
                    for status in [101, 200, 206, 304, 404, 503] {
                        totals.count(Class::of(status));
                    }
                });
            }
        });
        let sums: Vec<_> = Class::ALL.iter().map(|class| totals.sum(*class)).collect();
        assert_eq!(sums, [64, 128, 64, 64, 64]);
    }

    #[test]
    fn what_is_present_is_counted_until_it_goes() {
        let mut all = Registration::default();
        let levels = Levels::<Unlabelled>::register(&mut all, ("things", "Things"));
        let (first, second) = (levels.enter(&Unlabelled), levels.enter(&Unlabelled));
        assert!(all.text().ends_with("things 2\n"));
        drop(first);
        assert!(all.text().ends_with("things 1\n"));
        drop(second);
        assert!(all.text().ends_with("things 0\n"));
    }
}
