//! docs/rest-api.md: the document as a page for people.

use std::fs;

use super::{
    curl,
    document::{Document, Operation, docs, fields, items, reference, text},
    schemas,
};

/// Set to anything, it has the test write the page.
const WRITE: &str = "CARREL_WRITE_DOCS";

#[test]
fn the_page_says_what_the_document_says() {
    let path = docs().join("rest-api.md");
    let page = page(&Document::read());
    if std::env::var_os(WRITE).is_some() {
        fs::write(&path, &page).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == page,
        "docs/rest-api.md is not what docs/rest-api.yml makes: {WRITE}=1 cargo nextest run rest_api"
    );
}

fn page(document: &Document) -> String {
    let info = document.at("/info").unwrap();
    let mut out = format!(
        "# REST API\n\n{}\n\n{}\n\n",
        text(info, "summary").unwrap(),
        text(info, "description").unwrap()
    );
    out.push_str(
        "This page is made from [rest-api.yml](rest-api.yml), an OpenAPI 3.1 document for programs; a test\n\
         holds the two together. [scripting.md](scripting.md) shows a course set up with it.\n\n",
    );
    out.push_str(&contents(document));
    for tag in items(document.at("/tags").unwrap()) {
        let name = text(tag, "name").unwrap();
        let described = text(tag, "description").unwrap();
        out.push_str(&format!("\n## {name}\n\n{described}\n"));
        for operation in of_tag(document, name) {
            if operation.same_as().is_none() {
                out.push_str(&section(document, &operation));
            }
        }
    }
    out.push_str(&schemas::section(document));
    out
}

/// Returns a table of everything that can be asked.
fn contents(document: &Document) -> String {
    let mut out = "| | | needs one of |\n|---|---|---|\n".to_owned();
    for tag in items(document.at("/tags").unwrap()) {
        for operation in of_tag(document, text(tag, "name").unwrap()) {
            out.push_str(&format!(
                "| [`{}`](#{}) | {} | {} |\n",
                operation.name(),
                operation.same_as().unwrap_or(operation.id()),
                text(operation.body, "summary").unwrap(),
                listed(&operation.scopes().unwrap()),
            ));
        }
    }
    out
}

fn of_tag<'a>(document: &'a Document, tag: &str) -> impl Iterator<Item = Operation<'a>> {
    document
        .operations()
        .filter(move |operation| operation.body["tags"][0] == tag)
}

fn section(document: &Document, operation: &Operation<'_>) -> String {
    let mut out = format!(
        "\n<a id=\"{}\"></a>\n\n### {}\n\n{}{}.",
        operation.id(),
        operation.name(),
        if operation.body["deprecated"] == true {
            "*Deprecated.* "
        } else {
            ""
        },
        text(operation.body, "summary").unwrap(),
    );
    if let Some(described) = text(operation.body, "description") {
        out.push_str(&format!(" {}", one_line(described)));
    }
    out.push_str(&format!("\n\n{}\n", who(operation)));
    let same = document
        .operations()
        .filter(|other| other.same_as() == Some(operation.id()));
    let same: Vec<_> = same.map(|other| format!("`{}`", other.name())).collect();
    if !same.is_empty() {
        out.push_str(&format!(
            "\nFor the default server: {}.\n",
            same.join(" and ")
        ));
    }
    out.push_str(&parameters(document, operation));
    if let Some(body) = operation.body.get("requestBody") {
        let body = document.resolve(body);
        let need = if body["required"] == true {
            "needed"
        } else {
            "may be absent"
        };
        let told = schemas::bodies(document, body);
        out.push_str(&format!("\nBody ({need}): {told}.\n"));
    }
    out.push_str(&answers(document, operation));
    out.push_str(&curl::example(document, operation));
    out
}

/// Says who may ask, and what a filter of the scope is compared with.
fn who(operation: &Operation<'_>) -> String {
    let scopes = operation.scopes().unwrap();
    let open = operation
        .body
        .get("security")
        .is_some_and(|demands| items(demands).count() == 0);
    if scopes.is_empty() {
        let who = if open {
            "Open to everybody."
        } else {
            "Needs good credentials and no scope."
        };
        return who.to_owned();
    }
    let filter = match text(operation.body, "x-target") {
        Some("hub") => "without a filter",
        Some("filtered") => "whose filter then says what is shown",
        Some("user") => "for the user",
        Some("server") => "for the server",
        Some("group") => "for the group",
        Some("service") => "for the service",
        _ => "for the client's server or service",
    };
    let one_of = if scopes.len() > 1 { "one of " } else { "" };
    format!("Needs {one_of}{}, {filter}.", listed(&scopes))
}

fn parameters(document: &Document, operation: &Operation<'_>) -> String {
    let mut rows = String::new();
    for parameter in operation.parameters(document) {
        rows.push_str(&format!(
            "| `{}` | {} | {} | {} |\n",
            text(parameter, "name").unwrap(),
            text(parameter, "in").unwrap(),
            schemas::value(&parameter["schema"]),
            cell(text(parameter, "description").unwrap_or_default()),
        ));
    }
    if rows.is_empty() {
        return rows;
    }
    format!("\n| parameter | in | value | meaning |\n|---|---|---|---|\n{rows}")
}

fn answers(document: &Document, operation: &Operation<'_>) -> String {
    let mut out = "\n| status | meaning | body |\n|---|---|---|\n".to_owned();
    for (status, response) in fields(&operation.body["responses"]) {
        let full = document.resolve(response);
        // What is said beside a reference counts more than what it leads to.
        let own = text(response, "description").filter(|_| reference(response).is_some());
        let meaning = own.or(text(full, "description")).unwrap_or_default();
        out.push_str(&format!(
            "| {status} | {} | {} |\n",
            cell(meaning),
            schemas::bodies(document, full)
        ));
    }
    out
}

fn listed(scopes: &[&str]) -> String {
    let scopes: Vec<_> = scopes.iter().map(|scope| format!("`{scope}`")).collect();
    scopes.join(", ")
}

/// Returns a text as a cell of a table.
pub(super) fn cell(text: &str) -> String {
    one_line(text).replace('|', "\\|")
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}
