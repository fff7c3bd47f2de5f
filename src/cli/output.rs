//! Results on standard output: lines, JSON and plain tables.

use std::io::Write;

use anyhow::Context;
use serde::Serialize;
use serde_json::Value;

/// The columns of a table whose rows are JSON objects.
pub(super) type Columns = &'static [Column];

/// A column: its head, and where in the object its cells are (RFC 6901).
pub(super) enum Column {
    Text(&'static str, &'static str),
    /// An instant, which people read to the minute.
    Time(&'static str, &'static str),
}

/// How results are written.
#[derive(Clone, Copy, clap::Args)]
pub(super) struct Shape {
    /// Write JSON
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// Writes what the hub answered: an object, a list of objects, or nothing where there is null.
pub(super) fn show(shape: Shape, answer: &Value, columns: Columns) -> anyhow::Result<()> {
    if answer.is_null() {
        return Ok(());
    }
    if shape.json {
        return json(answer);
    }
    text(&table_of(answer, columns))
}

/// Writes what is shown only once, alone on its line so that scripts can take it.
pub(super) fn secret(shape: Shape, answer: &Value, place: &str) -> anyhow::Result<()> {
    if shape.json {
        return json(answer);
    }
    let secret = answer.pointer(place).and_then(Value::as_str);
    text(&format!(
        "{}\n",
        secret.context("the hub's answer lacks it")?
    ))
}

/// Writes a text to standard output.
pub(super) fn text(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Writes a value as indented JSON with a line end.
pub(super) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    text(&format!("{}\n", serde_json::to_string_pretty(value)?))
}

/// Writes rows in columns as wide as their widest cell, the first row being the head.
pub(super) fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> anyhow::Result<()> {
    text(&aligned(&head, rows))
}

/// Tells whether the reader of our output went away, as `| head` does; that is no failure.
pub(super) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Cuts an instant to the minute, for people.
pub(super) fn short(instant: Option<&str>) -> String {
    let minute = instant.and_then(|text| text.get(..16));
    minute.map_or_else(|| "-".to_owned(), |text| text.replace('T', " "))
}

fn table_of(answer: &Value, columns: Columns) -> String {
    let one = || std::slice::from_ref(answer);
    let items = answer.as_array().map_or_else(one, Vec::as_slice);
    let heads: Vec<_> = columns.iter().map(Column::head).collect();
    let row = |item| columns.iter().map(|column| column.cell(item)).collect();
    let rows: Vec<Vec<String>> = items.iter().map(row).collect();
    aligned(&heads, &rows)
}

impl Column {
    fn head(&self) -> &'static str {
        let (Self::Text(head, _) | Self::Time(head, _)) = self;
        head
    }

    fn cell(&self, item: &Value) -> String {
        match self {
            Self::Text(_, place) => item.pointer(place).map_or_else(|| "-".to_owned(), cell),
            Self::Time(_, place) => short(item.pointer(place).and_then(Value::as_str)),
        }
    }
}

/// Writes a value as people read it; what has several parts as their names.
fn cell(value: &Value) -> String {
    let or_dash = |text: String| match text.as_str() {
        "" => "-".to_owned(),
        _ => text,
    };
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => or_dash(text.clone()),
        Value::Array(items) => or_dash(items.iter().map(cell).collect::<Vec<_>>().join(", ")),
        Value::Object(object) => {
            let named = |name: &String| match name.as_str() {
                "" => "(default)".to_owned(),
                name => name.to_owned(),
            };
            or_dash(object.keys().map(named).collect::<Vec<_>>().join(", "))
        }
    }
}

fn aligned(head: &[&str], rows: &[impl AsRef<[String]>]) -> String {
    let head: Vec<String> = head.iter().map(|&cell| cell.to_owned()).collect();
    let rows: Vec<&[String]> = std::iter::once(head.as_slice())
        .chain(rows.iter().map(AsRef::as_ref))
        .collect();
    let mut widths = vec![0_usize; head.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(*row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:width$}  "));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let rows = [
            ["ä".to_owned(), "1".to_owned()],
            ["alice".to_owned(), String::new()],
        ];
        assert_eq!(
            aligned(&["USER", "N"], &rows),
            "USER   N\nä      1\nalice\n"
        );
    }

    #[test]
    fn what_the_hub_answers_becomes_rows() {
        let columns: Columns = &[
            Column::Text("NAME", "/name"),
            Column::Text("ADMIN", "/admin"),
            Column::Text("GROUPS", "/groups"),
            Column::Text("SERVERS", "/servers"),
            Column::Time("SEEN", "/seen"),
        ];
        let alice = serde_json::json!({
            "name": "alice", "admin": true, "groups": ["a", "b"], "servers": {"": {}, "lab": {}},
            "seen": "2026-01-02T03:04:05.000006Z",
        });
        let bob = serde_json::json!({"name": "bob", "admin": false, "groups": [], "seen": null});
        assert_eq!(
            table_of(&Value::Array(vec![alice.clone(), bob]), columns),
            "NAME   ADMIN  GROUPS  SERVERS         SEEN\n\
             alice  yes    a, b    (default), lab  2026-01-02 03:04\n\
             bob    no     -       -               -\n"
        );
        let table = table_of(&alice, columns);
        assert_eq!(table.lines().count(), 2);
    }
}
