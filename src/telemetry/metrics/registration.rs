//! What is registered, and its text.

use std::fmt::Debug;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, text::encode_registry},
    metrics::{
        MetricType, TypedMetric,
        family::{Family, MetricConstructor},
    },
    registry::Registry,
};

use super::labels::Labels;

/// Every metric that was registered.
#[derive(Debug, Default)]
pub(super) struct Registration {
    registry: Registry,
    described: Vec<Description>,
}

/// What is said about a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description {
    /// Its name.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it counts or measures; a sentence without its full stop.
    pub help: &'static str,
}

impl Registration {
    pub(super) fn add<L: Labels>(
        &mut self,
        name: &'static str,
        help: &'static str,
        kind: MetricType,
        metric: impl EncodeMetric + Debug + Send + Sync + 'static,
    ) {
        self.registry.register(name, help, metric);
        self.described.push(Description {
            name,
            kind: word(kind),
            labels: L::NAMES,
            help,
        });
    }

    /// Registers a family with the series that are told from the start.
    pub(super) fn add_family<L, M, C>(
        &mut self,
        name: &'static str,
        help: &'static str,
        kind: MetricType,
        family: &Family<L, M, C>,
    ) where
        L: Labels,
        M: EncodeMetric + TypedMetric + Clone + Debug + Send + Sync + 'static,
        C: MetricConstructor<M> + Clone + Send + Sync + 'static,
    {
        for labels in L::expected() {
            let series = family.get_or_create_owned(&labels);
            if L::NAMES.is_empty() {
                // By itself, for as a family it would be written with empty braces.
                return self.add::<L>(name, help, kind, series);
            }
        }
        self.add::<L>(name, help, kind, family.clone());
    }

    pub(super) fn described(&self) -> &[Description] {
        &self.described
    }

    /// Returns the present values.
    pub(super) fn text(&self) -> String {
        text_of(&self.registry)
    }
}

fn word(kind: MetricType) -> &'static str {
    match kind {
        MetricType::Counter => "counter",
        MetricType::Gauge => "gauge",
        MetricType::Histogram => "histogram",
        // Not words of the text format.
        MetricType::Info | MetricType::Unknown => "untyped",
    }
}

fn text_of(registry: &Registry) -> String {
    let mut text = String::new();
    encode_registry(&mut text, registry).expect("a string takes whatever is written");
    text
}

/// A figure that is read of something whenever somebody asks.
#[derive(Debug)]
pub(super) struct Figure<T> {
    pub(super) name: &'static str,
    pub(super) kind: MetricType,
    pub(super) help: &'static str,
    /// Returns the figure, if there is one.
    pub(super) of: fn(&T) -> Option<f64>,
}

/// Things that were just read, each with the values of its labels.
#[derive(Debug)]
pub(super) struct Reading<T: 'static> {
    pub(super) figures: &'static [Figure<T>],
    pub(super) things: Vec<(Vec<(&'static str, String)>, T)>,
}

impl<T: Debug + Send + Sync> Reading<T> {
    pub(super) fn text(self) -> String {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self));
        text_of(&registry)
    }
}

impl<T: Debug + Send + Sync> Collector for Reading<T> {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        for figure in self.figures {
            let help = format!("{}.", figure.help);
            let mut family = encoder.encode_descriptor(figure.name, &help, None, figure.kind)?;
            for (labels, thing) in &self.things {
                match (figure.of)(thing) {
                    None => {}
                    Some(value) if labels.is_empty() => family.encode_gauge(&value)?,
                    Some(value) => family.encode_family(labels)?.encode_gauge(&value)?,
                }
            }
        }
        Ok(())
    }
}

impl<T> Figure<T> {
    pub(super) fn described(&self, labels: &'static [&'static str]) -> Description {
        Description {
            name: self.name,
            kind: word(self.kind),
            labels,
            help: self.help,
        }
    }
}
