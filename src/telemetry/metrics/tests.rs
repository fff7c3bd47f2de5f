//! The exposition as a scraper reads it.

use std::{collections::BTreeMap, time::Duration};

use super::{labels::*, *};

/// A family of the exposition.
#[derive(Debug, Default)]
struct Family {
    kind: String,
    help: String,
    /// Each sample's name, labels and value.
    samples: Vec<(String, BTreeMap<String, String>, f64)>,
}

/// Reads the text format: HELP and TYPE before the samples of each family, nothing else.
fn parse(text: &str) -> BTreeMap<String, Family> {
    let mut families = BTreeMap::<String, Family>::new();
    let mut current = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            current = name.to_owned();
            let family = Family {
                help: help.to_owned(),
                ..Family::default()
            };
            let before = families.insert(current.clone(), family);
            assert!(before.is_none(), "{name} comes twice");
            continue;
        }
        let family = families.get_mut(&current).unwrap();
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(name, current);
            family.kind = kind.to_owned();
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = name.split_once('{').unwrap_or((name, "}"));
        let labels = labels.strip_suffix('}').unwrap().split(',');
        let labels = labels.filter(|pair| !pair.is_empty()).map(|pair| {
            let (key, value) = pair.split_once('=').unwrap();
            let value = value.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
            (key.to_owned(), value.to_owned())
        });
        let sample = (name.to_owned(), labels.collect(), value.parse().unwrap());
        family.samples.push(sample);
    }
    families
}

#[tokio::test]
async fn the_exposition_is_the_text_format_that_was_described() {
    let metrics = Metrics::new();
    metrics.requests.observe(
        &Answered {
            method: "GET",
            handler: "api/users/{user}",
            code: 200,
        },
        Duration::from_millis(3),
    );
    metrics.proxy_failures.count(&Obstacle::Dead);
    metrics.proxied.count(Class::of(101));
    let families = parse(&metrics.text().await);
    let described = metrics.described();
    assert_eq!(families.len(), described.len(), "every family has samples");
    for about in described {
        let family = &families[about.name];
        assert_eq!(family.kind, about.kind);
        assert_eq!(family.help, format!("{}.", about.help));
        let total = about.name.ends_with("_total");
        assert_eq!(about.kind == "counter", total, "{}", about.name);
        for (name, labels, _) in &family.samples {
            let endings: &[&str] = match about.kind {
                "histogram" => &["_bucket", "_sum", "_count"],
                _ => &[""],
            };
            let ending = name.strip_prefix(about.name).unwrap();
            assert!(endings.contains(&ending), "{name}");
            let names: Vec<_> = labels.keys().filter(|name| *name != "le").collect();
            let mut expected = about.labels.to_vec();
            expected.sort_unstable();
            assert_eq!(names, expected, "{name}");
            assert_eq!(labels.contains_key("le"), ending == "_bucket", "{name}");
        }
    }
}

#[test]
fn jupyterhubs_names_labels_and_buckets_are_kept() {
    let families = parse(&Metrics::new().registration.text());
    let buckets = |name: &str| -> Vec<String> {
        let family = &families[name];
        let labels = |labels: &BTreeMap<String, String>| {
            let mut labels = labels.clone();
            labels.remove("le");
            labels
        };
        let first = labels(&family.samples[0].1);
        let of_first = family.samples.iter().filter(|s| labels(&s.1) == first);
        of_first.filter_map(|s| s.1.get("le").cloned()).collect()
    };
    let usual = [
        "0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "0.75", "1.0", "2.5",
        "5.0", "7.5", "10.0", "+Inf",
    ];
    let starts = [
        "0.5", "1.0", "2.5", "5.0", "10.0", "15.0", "30.0", "60.0", "120.0", "180.0", "300.0",
        "600.0", "+Inf",
    ];
    assert_eq!(buckets("jupyterhub_server_spawn_duration_seconds"), starts);
    for name in [
        "jupyterhub_check_routes_duration_seconds",
        "jupyterhub_hub_startup_duration_seconds",
        "jupyterhub_init_spawners_duration_seconds",
        "jupyterhub_proxy_poll_duration_seconds",
        "jupyterhub_login_duration_seconds",
        "jupyterhub_logout_duration_seconds",
        "jupyterhub_proxy_add_duration_seconds",
        "jupyterhub_proxy_delete_duration_seconds",
        "jupyterhub_server_poll_duration_seconds",
        "jupyterhub_server_stop_seconds",
    ] {
        assert_eq!(buckets(name), usual, "{name}");
    }
    let series = |name: &str, label: &str| -> Vec<String> {
        let samples = families[name].samples.iter();
        let mut values: Vec<_> = samples.filter_map(|s| s.1.get(label).cloned()).collect();
        values.sort_unstable();
        values.dedup();
        values
    };
    let status = ["failure", "success"];
    assert_eq!(
        series("jupyterhub_login_duration_seconds", "status"),
        status
    );
    assert_eq!(series("jupyterhub_server_stop_seconds", "status"), status);
    assert_eq!(
        series("jupyterhub_server_poll_duration_seconds", "status"),
        ["running", "stopped"]
    );
    assert_eq!(
        series("jupyterhub_active_users", "period"),
        ["24h", "30d", "7d"]
    );
}

#[test]
fn spawns_are_told_from_the_start() {
    let families = parse(&Metrics::new().registration.text());
    let samples = families["jupyterhub_server_spawn_duration_seconds"]
        .samples
        .iter();
    let counts = samples.filter(|(name, ..)| name.ends_with("_count"));
    let mut told: Vec<_> = counts
        .map(|(_, labels, count)| {
            assert_eq!(*count, 0.0);
            format!("{}/{}", labels["status"], labels["reason"])
        })
        .collect();
    told.sort_unstable();
    let expected = [
        "error/",
        "failure/",
        "failure/already-pending",
        "failure/throttled",
        "failure/too-many-users",
        "success/",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_fresh_exposition_has_not_changed() {
    // The order within a family is not defined.
    let families = parse(&Metrics::new().registration.text());
    let mut lines: Vec<String> = Vec::new();
    for (name, family) in &families {
        lines.push(format!("{name} ({}) {}", family.kind, family.help));
        let samples = family.samples.iter();
        let samples = samples.filter(|(name, ..)| !name.ends_with("_bucket"));
        let mut samples: Vec<_> = samples
            .map(|(name, labels, value)| format!("  {name} {labels:?} {value}"))
            .collect();
        samples.sort_unstable();
        lines.extend(samples);
    }
    insta::assert_snapshot!(
        lines
            .join("\n")
            .replace(env!("CARGO_PKG_VERSION"), "[version]")
    );
}

#[test]
fn made_up_methods_make_no_series() {
    for (method, label) in [
        ("GET", "GET"),
        ("DELETE", "DELETE"),
        ("get", "(other)"),
        ("BREW", "(other)"),
        ("PROPFIND", "(other)"),
    ] {
        assert_eq!(Answered::method(method), label);
    }
}
