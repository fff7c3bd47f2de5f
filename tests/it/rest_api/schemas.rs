//! The bodies of the page: each object with its keys, and how a value is told in a cell.

use super::{
    document::{Document, Value, fields, items, reference, text},
    page::cell,
};

/// Returns the part of the page that tells of every object.
pub(super) fn section(document: &Document) -> String {
    let mut out = "\n## Bodies\n\nKeys in **bold** are always there, or must be sent.\n".to_owned();
    for (name, schema) in document.components("schemas") {
        if !is_told(name, schema) {
            continue;
        }
        let anchor = name.to_lowercase();
        out.push_str(&format!("\n<a id=\"{anchor}\"></a>\n\n### {name}\n\n"));
        if let Some(described) = text(schema, "description") {
            out.push_str(&format!("{described}\n\n"));
        }
        out.push_str("| key | value | meaning |\n|---|---|---|\n");
        for (key, value, needed) in keys(document, schema) {
            let mark = if needed { "**" } else { "" };
            let meaning = cell(text(value, "description").unwrap_or_default());
            out.push_str(&format!(
                "| {mark}`{key}`{mark} | {} | {meaning} |\n",
                self::value(value)
            ));
        }
    }
    out
}

/// Returns what a request's or a response's body can be.
pub(super) fn bodies(document: &Document, holder: &Value) -> String {
    let told = fields(&holder["content"]).map(|(kind, media)| match kind {
        "application/json" => value(&media["schema"]),
        "application/x-www-form-urlencoded" => format!("form, {}", value(&media["schema"])),
        "text/html" => "a page".to_owned(),
        "text/plain" if media["schema"].get("maxLength").is_some() => "empty".to_owned(),
        "text/event-stream" => format!("stream of {}", value(&media["schema"])),
        kind => format!("`{kind}`"),
    });
    let mut told: Vec<_> = told.collect();
    for (name, header) in fields(&holder["headers"]) {
        let header = document.resolve(header);
        let sure = if header["required"] == true {
            ""
        } else {
            "perhaps "
        };
        told.push(format!("{sure}header `{name}`"));
    }
    told.join("; ")
}

/// Returns what a value can be, for a cell.
pub(super) fn value(schema: &Value) -> String {
    if let Some(place) = reference(schema) {
        let name = place.rsplit('/').next().unwrap();
        return match name {
            "Name" => "text".to_owned(),
            "Time" => "time".to_owned(),
            "MaybeTime" => "time or null".to_owned(),
            "Pending" => "null, `spawn`, `stop`, `check`, `rename`".to_owned(),
            name => format!("[{name}](#{})", name.to_lowercase()),
        };
    }
    if let Some(only) = schema.get("const") {
        return literal(only);
    }
    if let Some(choices) = schema.get("enum") {
        return items(choices).map(literal).collect::<Vec<_>>().join(", ");
    }
    if let Some(inside) = schema.get("contentSchema") {
        return format!("text: {}", value(inside));
    }
    for word in ["oneOf", "anyOf"] {
        if let Some(choices) = schema.get(word) {
            return items(choices).map(value).collect::<Vec<_>>().join(" or ");
        }
    }
    let kinds = &schema["type"];
    let kinds = items(kinds).chain(Some(kinds).filter(|one| one.is_string()));
    let told = kinds
        .filter_map(Value::as_str)
        .map(|kind| kind_of(kind, schema));
    let mut told = told.collect::<Vec<_>>().join(" or ");
    if let Some(default) = schema.get("default") {
        told.push_str(&format!(", {} by default", literal(default)));
    }
    told
}

fn kind_of(kind: &str, schema: &Value) -> String {
    match kind {
        "string" => "text".to_owned(),
        "boolean" => "`true` or `false`".to_owned(),
        "integer" => match (schema.get("minimum"), schema.get("maximum")) {
            (Some(least), Some(most)) => format!("{} to {}", literal(least), literal(most)),
            (Some(least), None) => format!("integer from {}", literal(least)),
            _ => "integer".to_owned(),
        },
        "array" if schema.get("items").is_none() => "empty list".to_owned(),
        "array" => format!("list of {}", value(&schema["items"])),
        "object" => match (&schema["additionalProperties"], schema.get("maxProperties")) {
            (inner, None) if inner.is_mapping() => format!("object of {}", value(inner)),
            (_, Some(_)) => "empty object".to_owned(),
            (_, None) => match schema.get("properties") {
                Some(inside) => {
                    let keys = fields(inside).map(|(key, _)| format!("`{key}`"));
                    format!("object with {}", keys.collect::<Vec<_>>().join(", "))
                }
                None => "object".to_owned(),
            },
        },
        kind => kind.to_owned(),
    }
}

fn literal(value: &Value) -> String {
    format!(
        "`{}`",
        serde_json::to_string(value).unwrap().trim_matches('"')
    )
}

/// Tells whether a schema has a place of its own; simple values and what others are made of have none.
fn is_told(name: &str, schema: &Value) -> bool {
    !name.ends_with("Keys") && (schema.get("properties").or(schema.get("allOf"))).is_some()
}

/// Returns the keys of an object, those of what it is made of included, and whether each must be there.
fn keys<'a>(document: &'a Document, schema: &'a Value) -> Vec<(&'a str, &'a Value, bool)> {
    let mut found = Vec::new();
    for part in items(&schema["allOf"]) {
        found.extend(keys(document, document.resolve(part)));
    }
    for (key, value) in fields(&schema["properties"]) {
        let needed = items(&schema["required"]).any(|name| name == key);
        found.push((key, value, needed));
    }
    found
}
