//! Looks at systemd, Carrel's units and the control groups.

use std::{collections::BTreeMap, time::Duration};

use super::{
    Check, Machine,
    command::{As, output},
};
use crate::systemd::OLDEST_VERSION;

/// systemctl answers from memory; a busy manager takes a moment.
const SYSTEMCTL_DEADLINE: Duration = Duration::from_secs(10);

/// The units that must be active for people to log in.
const UNITS: [&str; 7] = [
    "carrel.service",
    "carrel.socket",
    "carrel-http.socket",
    "carrel-api.socket",
    "carrel-admin.socket",
    "carrel-broker.socket",
    "carrel-oidc.socket",
];

/// The controllers that the limits of a server need.
const CONTROLLERS: [&str; 3] = ["memory", "cpu", "pids"];

/// systemd runs this machine.
pub(super) fn running(machine: &Machine) -> Check {
    const NAME: &str = "systemd";
    if !machine.at("/run/systemd/system").is_dir() {
        let advice = "Carrel starts people's servers as systemd units; use a machine or a \
                      container in which systemd runs as the first process.";
        return Check::fail(NAME, "systemd does not run this machine", advice);
    }
    match machine.hub {
        Some(_) => Check::ok(NAME, "it runs this machine, and the account carrel exists"),
        None => Check::fail(
            NAME,
            "there is no account carrel",
            "Run `systemd-sysusers`, or install the package again.",
        ),
    }
}

/// systemd is new enough.
pub(super) async fn version() -> Check {
    const NAME: &str = "systemd version";
    match output("systemctl", &["--version"], As::Oneself, SYSTEMCTL_DEADLINE).await {
        Ok(text) => judge_version(&text),
        Err(error) => Check::fail(NAME, format!("systemctl {error}"), "Install systemd."),
    }
}

fn judge_version(text: &str) -> Check {
    const NAME: &str = "systemd version";
    let number: Option<u32> = text
        .split_whitespace()
        .nth(1)
        .and_then(|word| word.parse().ok());
    match number {
        Some(number) if number >= OLDEST_VERSION => Check::ok(NAME, format!("{number}")),
        Some(number) => Check::warn(
            NAME,
            format!("{number}"),
            format!("Carrel is tested with {OLDEST_VERSION} and newer; update the system."),
        ),
        None => Check::warn(
            NAME,
            "systemctl does not tell its version",
            format!("Carrel needs systemd {OLDEST_VERSION} or newer."),
        ),
    }
}

/// Carrel's units are active.
pub(super) async fn units() -> Vec<Check> {
    let mut arguments = vec![
        "show",
        "--property=Id,LoadState,ActiveState,SubState,Result",
    ];
    arguments.extend(UNITS);
    match output("systemctl", &arguments, As::Oneself, SYSTEMCTL_DEADLINE).await {
        Ok(text) => text.split("\n\n").map(judge_unit).collect(),
        Err(error) => vec![Check::fail(
            "units",
            format!("systemctl {error}"),
            "See whether systemd and D-Bus run: `systemctl status dbus`.",
        )],
    }
}

fn judge_unit(block: &str) -> Check {
    let properties: BTreeMap<&str, &str> = block
        .lines()
        .filter_map(|line| line.split_once('='))
        .collect();
    let get = |key: &str| properties.get(key).copied().unwrap_or_default();
    let unit = get("Id");
    if get("LoadState") != "loaded" {
        let advice = "Install the package again, then `systemctl daemon-reload`.";
        return Check::fail(unit, format!("the unit is {}", get("LoadState")), advice);
    }
    let found = format!("{} ({})", get("ActiveState"), get("SubState"));
    match get("ActiveState") {
        "active" | "reloading" => Check::ok(unit, found),
        "activating" if get("SubState") == "auto-restart" => Check::fail(
            unit,
            found,
            format!(
                "It does not start, and is tried again: `journalctl -u {unit} -n 20` says why."
            ),
        ),
        "activating" => Check::warn(unit, found, "It is starting; look again in a moment."),
        _ => Check::fail(
            unit,
            format!("{found}, result {}", get("Result")),
            format!(
                "`systemctl start {unit}`; `journalctl -u {unit} -n 50` tells why it does not run."
            ),
        ),
    }
}

/// The kernel can enforce the limits of servers.
pub(super) fn control_groups(machine: &Machine) -> Check {
    const NAME: &str = "control groups";
    let root = machine.at("/sys/fs/cgroup");
    if let Ok(text) = std::fs::read_to_string(root.join("cgroup.controllers")) {
        let missing = missing(|name| text.split_whitespace().any(|known| known == name));
        return match missing.as_str() {
            "" => Check::ok(NAME, "version 2 with memory, cpu and pids"),
            _ => Check::warn(
                NAME,
                format!("version 2 without {missing}"),
                "Limits that need these are accepted and not enforced; boot with \
                 systemd.unified_cgroup_hierarchy=1 and without cgroup_disable=.",
            ),
        };
    }
    let missing = missing(|name| root.join(name).is_dir());
    match missing.as_str() {
        "" => Check::warn(
            NAME,
            "version 1 with memory, cpu and pids",
            "Limits are enforced, but a memory limit does not count swap; boot with \
             systemd.unified_cgroup_hierarchy=1.",
        ),
        _ => Check::warn(
            NAME,
            format!("version 1 or none, without {missing}"),
            "Limits that need these are accepted and not enforced; boot with \
             systemd.unified_cgroup_hierarchy=1.",
        ),
    }
}

fn missing(has: impl Fn(&str) -> bool) -> String {
    let absent: Vec<&str> = CONTROLLERS.into_iter().filter(|name| !has(name)).collect();
    absent.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::State;

    #[test]
    fn versions_are_judged() {
        let table = [
            ("systemd 257 (257.9-1)\n+PAM", State::Ok),
            ("systemd 252 (252.39-1~deb12u1)\n", State::Ok),
            ("systemd 249 (249.11)\n", State::Warn),
            ("elogind", State::Warn),
        ];
        for (text, state) in table {
            assert_eq!(judge_version(text).state, state, "{text}");
        }
    }

    #[test]
    fn units_are_judged() {
        let block = |load, active| {
            format!(
                "Result=x\nId=carrel.socket\nLoadState={load}\nActiveState={active}\nSubState=y"
            )
        };
        let table = [
            ("loaded", "active", State::Ok),
            ("loaded", "reloading", State::Ok),
            ("loaded", "activating", State::Warn),
            ("loaded", "failed", State::Fail),
            ("loaded", "inactive", State::Fail),
            ("not-found", "inactive", State::Fail),
            ("masked", "inactive", State::Fail),
        ];
        for (load, active, state) in table {
            let check = judge_unit(&block(load, active));
            assert_eq!(check.state, state, "{load} {active}");
            assert_eq!(check.name, "carrel.socket");
        }
    }
}
