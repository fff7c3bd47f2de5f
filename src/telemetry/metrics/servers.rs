//! What each person's server uses: an exposition of its own, because its labels name people.

use std::time::Duration;

use prometheus_client::metrics::MetricType;

use super::registration::{Description, Figure, Reading};

/// The labels: whose server, which of theirs (empty for the default one), and the unit it runs as.
const LABELS: &[&str] = &["user", "server", "unit"];

/// What the processes of one server use; what the kernel does not tell is `None`.
#[derive(Debug, Clone, Default)]
pub struct ServerUsage {
    /// The owner's name.
    pub user: String,
    /// The server's name, empty for the default one.
    pub server: String,
    /// The unit.
    pub unit: String,
    /// Memory in use.
    pub memory_bytes: Option<u64>,
    /// The most that was ever in use.
    pub memory_peak_bytes: Option<u64>,
    /// The most that may be in use.
    pub memory_max_bytes: Option<u64>,
    /// CPU time used.
    pub cpu: Option<Duration>,
    /// Threads and processes.
    pub tasks: Option<u64>,
    /// How many there may be.
    pub tasks_max: Option<u64>,
}

const FIGURES: &[Figure<ServerUsage>] = &[
    Figure {
        name: "carrel_server_memory_bytes",
        kind: MetricType::Gauge,
        help: "Memory that a server's processes use, page cache included",
        of: |usage| number(usage.memory_bytes),
    },
    Figure {
        name: "carrel_server_memory_peak_bytes",
        kind: MetricType::Gauge,
        help: "The most memory that a server's processes used at once",
        of: |usage| number(usage.memory_peak_bytes),
    },
    Figure {
        name: "carrel_server_memory_max_bytes",
        kind: MetricType::Gauge,
        help: "Memory that a server's processes may use, where it is bounded",
        of: |usage| number(usage.memory_max_bytes),
    },
    Figure {
        name: "carrel_server_cpu_seconds_total",
        kind: MetricType::Counter,
        help: "CPU time that a server's processes used, in user and system mode",
        of: |usage| usage.cpu.map(|time| time.as_secs_f64()),
    },
    Figure {
        name: "carrel_server_tasks",
        kind: MetricType::Gauge,
        help: "Threads and processes of a server",
        of: |usage| number(usage.tasks),
    },
    Figure {
        name: "carrel_server_tasks_max",
        kind: MetricType::Gauge,
        help: "Threads and processes that a server may have, where they are bounded",
        of: |usage| number(usage.tasks_max),
    },
];

/// Returns the exposition of these servers.
pub fn text(servers: Vec<ServerUsage>) -> String {
    let labelled = |usage: ServerUsage| {
        let values = [&usage.user, &usage.server, &usage.unit].map(String::clone);
        let labels = LABELS.iter().copied().zip(values).collect();
        (labels, usage)
    };
    let things = servers.into_iter().map(labelled).collect();
    let figures = FIGURES;
    Reading { figures, things }.text()
}

/// Returns what is said about each metric of this exposition.
pub fn described() -> impl Iterator<Item = Description> {
    FIGURES.iter().map(|figure| figure.described(LABELS))
}

fn number(count: Option<u64>) -> Option<f64> {
    count.map(|count| count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_has_its_figures_and_no_more() {
        let alice = ServerUsage {
            user: "alice".to_owned(),
            unit: "carrel-user-alice.service".to_owned(),
            memory_bytes: Some(400 << 20),
            memory_peak_bytes: Some(410 << 20),
            memory_max_bytes: Some(1 << 30),
            cpu: Some(Duration::from_millis(1500)),
            tasks: Some(12),
            tasks_max: Some(200),
            ..ServerUsage::default()
        };
        let odd = ServerUsage {
            user: "a\"b\\c\nd".to_owned(),
            server: "lab".to_owned(),
            unit: "x.service".to_owned(),
            cpu: Some(Duration::ZERO),
            ..ServerUsage::default()
        };
        insta::assert_snapshot!(text(vec![alice, odd]));
    }
}
