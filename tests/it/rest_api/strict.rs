//! The document keeps to rules of its own: whole, without loose ends, nothing misspelt.

use std::collections::BTreeSet;

use carrel::domain::scope::ScopeName;
use serde_json::{Map, Value};

use super::document::{Document, Operation};

/// What a scope's filter is compared with; `client` is whose authorization is asked for.
const TARGETS: [&str; 7] = [
    "hub", "user", "server", "group", "service", "filtered", "client",
];

/// The words of JSON Schema that the document uses; anything else there is a slip of the pen.
const SCHEMA_WORDS: [&str; 25] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "default",
    "description",
    "enum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "oneOf",
    "pattern",
    "properties",
    "required",
    "type",
    "unevaluatedProperties",
    "title",
];

#[test]
fn every_operation_says_what_it_is_and_who_may_ask() {
    let mut wrong = Vec::new();
    let mut ids = BTreeSet::new();
    let document = Document::read();
    let tags = named(document.at("/tags").unwrap());
    for operation in document.operations() {
        let mut fault = |what: &str| wrong.push(format!("{}: {what}", operation.name()));
        let id = operation.body.get("operationId").and_then(Value::as_str);
        if !id.is_some_and(|id| ids.insert(id.to_owned())) {
            fault("its operationId is missing or not its own");
        }
        let tag = operation.body.get("tags").and_then(|tags| tags.get(0));
        if !tag
            .and_then(Value::as_str)
            .is_some_and(|tag| tags.contains(tag))
        {
            fault("it has no tag, or none of the list");
        }
        if !operation.body.contains_key("summary") {
            fault("it has no summary");
        }
        for what in faults_of_scopes(&operation) {
            fault(&what);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_path_part_is_a_parameter_and_the_other_way_round() {
    let mut wrong = Vec::new();
    let document = Document::read();
    let paths = document.at("/paths").and_then(Value::as_object).unwrap();
    for (path, item) in paths {
        let parts: BTreeSet<_> = path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        let parameters = item.get("parameters").and_then(Value::as_array);
        let parameters: BTreeSet<_> = parameters
            .into_iter()
            .flatten()
            .map(|parameter| resolve(&document, parameter))
            .filter(|parameter| parameter["in"] == "path")
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        if parts != parameters {
            wrong.push(format!("{path}: {parts:?} are {parameters:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn references_lead_somewhere_and_everything_is_referred_to() {
    let document = Document::read();
    let mut used = BTreeSet::new();
    each_value(document.root(), &mut |value| {
        if let Some(target) = value.get("$ref").and_then(Value::as_str) {
            used.insert(target.trim_start_matches('#').to_owned());
        }
    });
    let lost: Vec<_> = used
        .iter()
        .filter(|target| document.at(target).is_none())
        .collect();
    assert!(lost.is_empty(), "nothing at {lost:#?}");
    // Events are told in a stream, whose schema is text.
    used.insert("/components/schemas/ProgressEvent".to_owned());
    let mut unused = Vec::new();
    for kind in ["parameters", "requestBodies", "responses", "schemas"] {
        let there = document.at(&format!("/components/{kind}")).unwrap();
        for name in there.as_object().unwrap().keys() {
            let target = format!("/components/{kind}/{name}");
            if !used.contains(&target) {
                unused.push(target);
            }
        }
    }
    assert!(unused.is_empty(), "used by nothing: {unused:#?}");
}

#[test]
fn every_body_has_an_example() {
    let mut wrong = Vec::new();
    let document = Document::read();
    each_place(document.root(), &mut String::new(), &mut |place, value| {
        let contents = value.get("content").and_then(Value::as_object);
        for (kind, media) in contents.into_iter().flatten() {
            if media.get("example").or(media.get("examples")).is_none() {
                wrong.push(format!("{place} {kind}"));
            }
        }
    });
    assert!(wrong.is_empty(), "without an example: {wrong:#?}");
}

#[test]
fn schemas_use_words_of_json_schema_only() {
    let mut wrong = Vec::new();
    let document = Document::read();
    let mut check = |place: &str, schema: &Value| {
        each_schema(place, schema, &mut |place, schema| {
            for word in schema.keys() {
                if !SCHEMA_WORDS.contains(&word.as_str()) {
                    wrong.push(format!("{place}: {word}"));
                }
            }
        });
    };
    let named = document.at("/components/schemas").unwrap();
    for (name, schema) in named.as_object().unwrap() {
        check(name, schema);
    }
    each_place(document.root(), &mut String::new(), &mut |place, value| {
        if let Some(schema) = value.get("schema") {
            check(place, schema);
        }
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn objects_of_the_hub_are_closed() {
    let mut wrong = Vec::new();
    let document = Document::read();
    let named = document.at("/components/schemas").unwrap();
    for (name, schema) in named.as_object().unwrap() {
        each_schema(name, schema, &mut |place, schema| {
            let open = schema.contains_key("properties")
                && !schema.contains_key("additionalProperties")
                && !schema.contains_key("unevaluatedProperties");
            // Those that others are made of are closed there; these take more for a reason.
            let excused = place.ends_with("Keys")
                || [
                    "StartOrder",
                    "NewServer",
                    "ProxyOrder",
                    "Agreement",
                    "CodeExchange",
                ]
                .contains(&place);
            if open && !excused {
                wrong.push(place.to_owned());
            }
        });
    }
    assert!(wrong.is_empty(), "take any key: {wrong:#?}");
}

#[test]
fn nothing_is_left_empty() {
    let mut wrong = Vec::new();
    let document = Document::read();
    each_place(document.root(), &mut String::new(), &mut |place, value| {
        let inside = value.as_object();
        for (key, value) in inside.into_iter().flatten() {
            // A comma in an unquoted text makes a key without a value of what follows.
            if value.is_null() && !place.contains("example") {
                wrong.push(format!("{place}: {key}"));
            }
        }
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn faults_of_scopes(operation: &Operation<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    let scopes = operation.body.get("x-scopes").and_then(Value::as_array);
    let Some(scopes) = scopes else {
        return vec!["it has no x-scopes".to_owned()];
    };
    for scope in scopes {
        let known = scope.as_str().and_then(ScopeName::find);
        if known.is_none() {
            wrong.push(format!("there is no scope {scope}"));
        }
    }
    let target = operation.body.get("x-target").and_then(Value::as_str);
    if target.is_some() == scopes.is_empty() {
        wrong.push("scopes and x-target go together".to_owned());
    }
    if !target.is_none_or(|target| TARGETS.contains(&target)) {
        wrong.push("x-target is none of the known".to_owned());
    }
    let responses = operation.body.get("responses").and_then(Value::as_object);
    let refuses = responses.is_some_and(|told| told.contains_key("403"));
    if !scopes.is_empty() && !refuses {
        wrong.push("it demands scopes and never answers 403".to_owned());
    }
    wrong
}

fn named(list: &Value) -> BTreeSet<&str> {
    let items = list.as_array().unwrap().iter();
    items.filter_map(|item| item["name"].as_str()).collect()
}

fn resolve<'a>(document: &'a Document, value: &'a Value) -> &'a Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(target) => document.at(target.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

/// Calls `visit` with every value below one.
fn each_value(value: &Value, visit: &mut impl FnMut(&Value)) {
    each_place(value, &mut String::new(), &mut |_, value| visit(value));
}

/// Calls `visit` with every value below one, and with where it stands.
fn each_place(value: &Value, place: &mut String, visit: &mut impl FnMut(&str, &Value)) {
    visit(place, value);
    let length = place.len();
    let mut inside = |key: &str, value: &Value| {
        place.push('/');
        place.push_str(key);
        each_place(value, place, visit);
        place.truncate(length);
    };
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                inside(key, value);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                inside(&index.to_string(), value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Calls `visit` with a schema and every schema within it.
fn each_schema(place: &str, schema: &Value, visit: &mut impl FnMut(&str, &Map<String, Value>)) {
    let Some(fields) = schema.as_object() else {
        return;
    };
    visit(place, fields);
    for (name, inner) in fields
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        each_schema(&format!("{place}.{name}"), inner, visit);
    }
    for word in ["items", "additionalProperties"] {
        if let Some(inner) = fields.get(word) {
            each_schema(&format!("{place}[]"), inner, visit);
        }
    }
    for word in ["allOf", "anyOf", "oneOf"] {
        for inner in fields
            .get(word)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            each_schema(place, inner, visit);
        }
    }
}
