//! docs/metrics.md lists every metric there is, as it describes itself.

use carrel::telemetry::metrics::{Description, Metrics, servers};

const PAGE: &str = include_str!("../../docs/metrics.md");

#[test]
fn the_page_lists_what_is_exposed() {
    let mut listed: Vec<_> = PAGE
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(str::to_owned)
        .collect();
    let described = Metrics::new().described().into_iter();
    let described = described.chain(servers::described());
    let mut expected: Vec<_> = described.map(|about| row(&about)).collect();
    listed.sort_unstable();
    expected.sort_unstable();
    assert!(
        listed == expected,
        "the tables of docs/metrics.md should have these lines:\n{}",
        expected.join("\n")
    );
}

fn row(about: &Description) -> String {
    let labels: Vec<_> = about
        .labels
        .iter()
        .map(|label| format!("`{label}`"))
        .collect();
    let labels = match labels.is_empty() {
        true => "none".to_owned(),
        false => labels.join(", "),
    };
    format!(
        "| `{}` | {} | {} | {} |",
        about.name, about.kind, labels, about.help
    )
}
