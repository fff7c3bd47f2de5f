//! What the hub's own process uses, under the names that every exporter has for it.

use std::io;

use nix::sys::{
    resource::{Resource, UsageWho, getrlimit, getrusage},
    time::TimeValLike,
};
use prometheus_client::metrics::MetricType;

use super::registration::{Description, Figure, Reading};

/// What a process uses.
#[derive(Debug, Default)]
struct Process {
    cpu_seconds: Option<f64>,
    resident_bytes: Option<f64>,
    virtual_bytes: Option<f64>,
    threads: Option<f64>,
    open_fds: Option<f64>,
    max_fds: Option<f64>,
}

const FIGURES: &[Figure<Process>] = &[
    Figure {
        name: "process_cpu_seconds_total",
        kind: MetricType::Counter,
        help: "CPU time that the hub used, in user and system mode",
        of: |process| process.cpu_seconds,
    },
    Figure {
        name: "process_resident_memory_bytes",
        kind: MetricType::Gauge,
        help: "Memory of the hub that is in RAM",
        of: |process| process.resident_bytes,
    },
    Figure {
        name: "process_virtual_memory_bytes",
        kind: MetricType::Gauge,
        help: "Address space of the hub",
        of: |process| process.virtual_bytes,
    },
    Figure {
        name: "process_threads",
        kind: MetricType::Gauge,
        help: "Threads of the hub",
        of: |process| process.threads,
    },
    Figure {
        name: "process_open_fds",
        kind: MetricType::Gauge,
        help: "File descriptors that the hub has open",
        of: |process| process.open_fds,
    },
    Figure {
        name: "process_max_fds",
        kind: MetricType::Gauge,
        help: "File descriptors that the hub may have open",
        of: |process| process.max_fds,
    },
];

/// Returns the present values of this process; one that the kernel does not tell is left out.
pub(super) async fn text() -> String {
    let status = tokio::fs::read_to_string("/proc/self/status").await;
    let status = status.unwrap_or_default();
    let process = Process {
        cpu_seconds: cpu_seconds(),
        resident_bytes: number(&status, "VmRSS:").map(|kib| kib * 1024.0),
        virtual_bytes: number(&status, "VmSize:").map(|kib| kib * 1024.0),
        threads: number(&status, "Threads:"),
        open_fds: open_fds().await.ok(),
        max_fds: getrlimit(Resource::RLIMIT_NOFILE)
            .ok()
            .map(|(soft, _)| soft as f64),
    };
    let things = vec![(Vec::new(), process)];
    let figures = FIGURES;
    Reading { figures, things }.text()
}

pub(super) fn described() -> impl Iterator<Item = Description> {
    FIGURES.iter().map(|figure| figure.described(&[]))
}

fn cpu_seconds() -> Option<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    let micros = (usage.user_time() + usage.system_time()).num_microseconds();
    Some(micros as f64 / 1e6)
}

/// Reads a number out of `/proc/PID/status` (proc_pid_status(5)).
fn number(status: &str, field: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().next()?.parse().ok()
}

async fn open_fds() -> io::Result<f64> {
    let mut entries = tokio::fs::read_dir("/proc/self/fd").await?;
    let mut count = 0.0;
    while entries.next_entry().await?.is_some() {
        count += 1.0;
    }
    // One of them is for looking.
    Ok(count - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_figure_of_this_process_is_told() {
        let text = text().await;
        for figure in FIGURES {
            let found = text.lines().find_map(|line| line.strip_prefix(figure.name));
            let value: f64 = found.unwrap().trim().parse().unwrap();
            assert!(value > 0.0, "{}", figure.name);
        }
    }

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let status = "Name:\tcarrel\nVmRSS:\t    1234 kB\nThreads:\t7\n";
        assert_eq!(number(status, "VmRSS:"), Some(1234.0));
        assert_eq!(number(status, "Threads:"), Some(7.0));
        assert_eq!(number(status, "VmSize:"), None);
    }
}
