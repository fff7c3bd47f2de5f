//! What the processes of a unit use, as the kernel's files of its control group tell it.
//!
//! systemd mounts the files in one of three ways: all in one tree (v2, "unified"), a tree without
//! controllers beside one tree for each controller (v1, "hybrid"), or the latter alone ("legacy").
//! Every figure has a place in each version; the first that is there counts. systemd knows some of
//! the figures too, but reading them from the bus costs it a look into the same files and us a
//! round of messages for each unit.

use std::{
    fs,
    path::{Component, Path, PathBuf},
    time::Duration,
};

use tokio::{task, time::timeout};

/// Where systemd mounts control groups (systemd.exec(5), "Environment").
const ROOT: &str = "/sys/fs/cgroup";
/// How long all files of one group may take; they are no files on a disk, but a kernel that reclaims
/// memory may hold them.
const READ_TIMEOUT: Duration = Duration::from_secs(1);
/// v1 says "no bound" by the largest number of whole pages; nothing real comes near.
const NO_BOUND: u64 = 1 << 62;

/// What the processes of one control group use; what the kernel does not tell is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Memory in use, page cache included.
    pub memory_bytes: Option<u64>,
    /// The most memory that was ever in use.
    pub memory_peak_bytes: Option<u64>,
    /// The most memory that may be in use; `None` when this group has no bound of its own.
    pub memory_max_bytes: Option<u64>,
    /// CPU time used.
    pub cpu: Option<Duration>,
    /// Processes and threads.
    pub tasks: Option<u64>,
    /// How many of them there may be; `None` when this group has no bound of its own.
    pub tasks_max: Option<u64>,
}

/// The mounted trees.
#[derive(Debug, Clone)]
pub struct Cgroups {
    root: PathBuf,
}

/// One figure: its file and how to read it, in each version.
struct Figure {
    /// The file in the v2 tree.
    v2: (&'static str, Parse),
    /// The v1 controller and its file.
    v1: (&'static str, &'static str, Parse),
}

type Parse = fn(&str) -> Option<u64>;

const MEMORY: Figure = Figure {
    v2: ("memory.current", number),
    v1: ("memory", "memory.usage_in_bytes", number),
};
const MEMORY_PEAK: Figure = Figure {
    v2: ("memory.peak", number),
    v1: ("memory", "memory.max_usage_in_bytes", number),
};
const MEMORY_MAX: Figure = Figure {
    v2: ("memory.max", number),
    v1: ("memory", "memory.limit_in_bytes", number),
};
const CPU_MICROS: Figure = Figure {
    v2: ("cpu.stat", usage_usec),
    v1: ("cpuacct", "cpuacct.usage", micros_of_nanos),
};
const TASKS: Figure = Figure {
    v2: ("pids.current", number),
    v1: ("pids", "pids.current", number),
};
const TASKS_MAX: Figure = Figure {
    v2: ("pids.max", number),
    v1: ("pids", "pids.max", number),
};

impl Cgroups {
    /// Returns the trees of this machine.
    pub fn system() -> Self {
        Self { root: ROOT.into() }
    }

    /// Reads what a group uses, named as systemd's `ControlGroup` has it; one that is gone uses nothing.
    pub async fn usage(&self, group: &str) -> Usage {
        let Some(group) = below(group).map(Path::to_owned) else {
            return Usage::default();
        };
        let name = group.display().to_string();
        let trees = self.clone();
        // All files in one go: handing each to another thread costs more than reading it.
        #[expect(
            clippy::disallowed_methods,
            reason = "what tokio's own file functions do, once instead of once for each file"
        )]
        let read = task::spawn_blocking(move || trees.read_all(&group));
        match timeout(READ_TIMEOUT, read).await {
            Ok(read) => read.unwrap_or_default(),
            Err(_) => {
                tracing::warn!("the files of {name} took too long");
                Usage::default()
            }
        }
    }

    fn read_all(&self, group: &Path) -> Usage {
        Usage {
            memory_bytes: self.read(group, &MEMORY),
            memory_peak_bytes: self.read(group, &MEMORY_PEAK),
            memory_max_bytes: self.read(group, &MEMORY_MAX),
            cpu: self.read(group, &CPU_MICROS).map(Duration::from_micros),
            tasks: self.read(group, &TASKS),
            tasks_max: self.read(group, &TASKS_MAX),
        }
    }

    fn read(&self, group: &Path, figure: &Figure) -> Option<u64> {
        let (file, parse) = figure.v2;
        let unified = self.root.join(group).join(file);
        let hybrid = self.root.join("unified").join(group).join(file);
        let (controller, file_v1, parse_v1) = figure.v1;
        let legacy = self.root.join(controller).join(group).join(file_v1);
        for (path, parse) in [(unified, parse), (hybrid, parse), (legacy, parse_v1)] {
            // A file that cannot be read is one that this layout does not have.
            if let Ok(text) = fs::read_to_string(path) {
                return parse(&text);
            }
        }
        None
    }
}

/// Returns a group's path below a tree; `None` when it names no group, or leads elsewhere.
fn below(group: &str) -> Option<&Path> {
    let path = Path::new(group.strip_prefix('/')?);
    let is_plain = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    (is_plain && path.components().next().is_some()).then_some(path)
}

/// Reads a number; "max" and its like are no bound.
fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|bound| *bound < NO_BOUND)
}

/// Reads the first line of interest of `cpu.stat` (cgroup-v2.rst, "CPU Interface Files").
fn usage_usec(text: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix("usage_usec "))
        .and_then(number)
}

fn micros_of_nanos(text: &str) -> Option<u64> {
    number(text).map(|nanos| nanos / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = "/carrel.slice/carrel-u1001.slice/carrel-user-alice.service";

    /// Makes a tree of files below a folder of the test's own.
    fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Cgroups) {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path.replace("GROUP", &GROUP[1..]));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let root = dir.path().to_owned();
        (dir, Cgroups { root })
    }

    const EXPECTED: Usage = Usage {
        memory_bytes: Some(104_857_600),
        memory_peak_bytes: Some(209_715_200),
        memory_max_bytes: Some(1_073_741_824),
        cpu: Some(Duration::from_micros(1_500_123)),
        tasks: Some(23),
        tasks_max: Some(200),
    };
    const CPU_STAT: &str = "usage_usec 1500123\nuser_usec 1000000\nsystem_usec 500123\n";

    #[tokio::test]
    async fn one_tree_is_read() {
        let (_dir, cgroups) = tree(&[
            ("GROUP/memory.current", "104857600\n"),
            ("GROUP/memory.peak", "209715200\n"),
            ("GROUP/memory.max", "1073741824\n"),
            ("GROUP/cpu.stat", CPU_STAT),
            ("GROUP/pids.current", "23\n"),
            ("GROUP/pids.max", "200\n"),
        ]);
        assert_eq!(cgroups.usage(GROUP).await, EXPECTED);
    }

    #[tokio::test]
    async fn a_tree_for_each_controller_is_read() {
        let controllers = [
            ("memory/GROUP/memory.usage_in_bytes", "104857600\n"),
            ("memory/GROUP/memory.max_usage_in_bytes", "209715200\n"),
            ("memory/GROUP/memory.limit_in_bytes", "1073741824\n"),
            ("pids/GROUP/pids.current", "23\n"),
            ("pids/GROUP/pids.max", "200\n"),
        ];
        let cpu = [
            ("unified/GROUP/cpu.stat", CPU_STAT),
            ("cpuacct/GROUP/cpuacct.usage", "1500123999\n"),
        ];
        for cpu in cpu {
            let files: Vec<_> = controllers.into_iter().chain([cpu]).collect();
            let (_dir, cgroups) = tree(&files);
            assert_eq!(cgroups.usage(GROUP).await, EXPECTED, "{cpu:?}");
        }
    }

    #[tokio::test]
    async fn no_bound_and_no_file_are_no_figure() {
        let (_dir, cgroups) = tree(&[
            ("GROUP/memory.current", "0\n"),
            ("GROUP/memory.max", "max\n"),
            ("GROUP/pids.current", "nonsense\n"),
            ("GROUP/pids.max", "max\n"),
            ("GROUP/cpu.stat", ""),
        ]);
        let some = Usage {
            memory_bytes: Some(0),
            ..Usage::default()
        };
        assert_eq!(cgroups.usage(GROUP).await, some);
        assert_eq!(
            number("9223372036854771712\n"),
            None,
            "v1's way of saying it"
        );
        let gone = "/carrel.slice/carrel-u1001.slice/carrel-user-bob.service";
        assert_eq!(cgroups.usage(gone).await, Usage::default());
    }

    #[tokio::test]
    async fn only_groups_below_the_tree_are_read() {
        let (_dir, cgroups) = tree(&[("memory.current", "7\n"), ("GROUP/memory.current", "7\n")]);
        for group in [
            "",
            "/",
            "carrel.slice",
            "/../x",
            "/carrel.slice/../..",
            "//etc",
        ] {
            assert_eq!(cgroups.usage(group).await, Usage::default(), "{group:?}");
        }
        assert_eq!(cgroups.usage(GROUP).await.memory_bytes, Some(7));
    }
}
