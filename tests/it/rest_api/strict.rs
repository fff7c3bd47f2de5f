//! The document keeps to rules of its own: whole, without loose ends, nothing misspelt.

use std::collections::BTreeSet;

use carrel::domain::scope::ScopeName;

use super::document::{Document, Operation, Value, fields, items, reference, text};

/// What a scope's filter is compared with. `filtered` is a list that shows what the filter names, `client`
/// the server or service that somebody visits.
const TARGETS: [&str; 7] = [
    "hub", "user", "server", "group", "service", "filtered", "client",
];

/// The words of JSON Schema that the document uses; anything else there is a slip of the pen.
const SCHEMA_WORDS: [&str; 26] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contentMediaType",
    "contentSchema",
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
];

/// Objects that take keys which they do not name: those that others are made of are closed there, the
/// first two take a server's options, the rest ignore what they do not know as their protocols have it.
const OPEN: [&str; 9] = [
    "StartOrder",
    "NewServer",
    "UserKeys",
    "ServiceKeys",
    "CredentialKeys",
    "TokenKeys",
    "ShareCodeKeys",
    "Agreement",
    "CodeExchange",
];

#[test]
fn every_operation_says_what_it_is_and_who_may_ask() {
    let mut wrong = Vec::new();
    let mut ids = BTreeSet::new();
    let document = Document::read();
    let tags = document.at("/tags").unwrap();
    let tags: BTreeSet<_> = items(tags).filter_map(|tag| text(tag, "name")).collect();
    for operation in document.operations() {
        let mut fault = |what: &str| wrong.push(format!("{}: {what}", operation.name()));
        let id = text(operation.body, "operationId");
        if !id.is_some_and(|id| ids.insert(id.to_owned())) {
            fault("its operationId is missing or not its own");
        }
        let tag = operation.body["tags"].get(0).and_then(Value::as_str);
        if !tag.is_some_and(|tag| tags.contains(tag)) {
            fault("it has no tag, or none of the list");
        }
        if text(operation.body, "summary").is_none() {
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
    for operation in document.operations() {
        let parts = operation.path.split('/');
        let parts: BTreeSet<_> = parts
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        let parameters: BTreeSet<_> = operation
            .parameters(&document)
            .filter(|parameter| parameter["in"] == "path")
            .filter_map(|parameter| text(parameter, "name"))
            .collect();
        if parts != parameters {
            let name = operation.name();
            wrong.push(format!("{name}: {parts:?} are {parameters:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_the_same_is_told_the_same() {
    let mut wrong = Vec::new();
    let document = Document::read();
    for operation in document.operations() {
        let Some(other) = operation.same_as() else {
            continue;
        };
        let mut all = document.operations();
        let other = all.find(|one| one.id() == other).expect(other);
        for what in [
            "x-scopes",
            "x-target",
            "parameters",
            "requestBody",
            "responses",
        ] {
            if operation.body.get(what) != other.body.get(what) {
                wrong.push(format!("{}: other {what}", operation.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn references_lead_somewhere_and_everything_is_referred_to() {
    let document = Document::read();
    let mut used = BTreeSet::new();
    each_place(document.root(), "", &mut |_, value| {
        used.extend(reference(value).map(str::to_owned));
    });
    let lost = used.iter().filter(|place| document.at(place).is_none());
    let lost: Vec<_> = lost.collect();
    assert!(lost.is_empty(), "nothing at {lost:#?}");
    let mut unused = Vec::new();
    for kind in ["parameters", "requestBodies", "responses", "schemas"] {
        for (name, _) in document.components(kind) {
            let place = format!("/components/{kind}/{name}");
            if !used.contains(&place) {
                unused.push(place);
            }
        }
    }
    assert!(unused.is_empty(), "used by nothing: {unused:#?}");
}

#[test]
fn every_body_has_an_example() {
    let mut wrong = Vec::new();
    each_place(Document::read().root(), "", &mut |place, value| {
        for (kind, media) in value.get("content").into_iter().flat_map(fields) {
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
        for (word, _) in fields(schema) {
            if !SCHEMA_WORDS.contains(&word) {
                wrong.push(format!("{place}: {word}"));
            }
        }
    };
    for (name, schema) in document.components("schemas") {
        each_schema(name, schema, &mut check);
    }
    each_place(document.root(), "", &mut |place, value| {
        if let Some(schema) = value.get("schema") {
            each_schema(place, schema, &mut check);
        }
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn objects_take_no_keys_but_their_own() {
    let mut wrong = Vec::new();
    for (name, schema) in Document::read().components("schemas") {
        each_schema(name, schema, &mut |place, schema| {
            let has = |word| schema.get(word).is_some();
            let closed = has("additionalProperties") || has("unevaluatedProperties");
            if has("properties") && !closed && !OPEN.contains(&place) {
                wrong.push(place.to_owned());
            }
        });
    }
    assert!(wrong.is_empty(), "take any key: {wrong:#?}");
}

#[test]
fn nothing_is_left_empty() {
    let mut wrong = Vec::new();
    each_place(Document::read().root(), "", &mut |place, value| {
        // A comma in an unquoted text makes a key without a value of what follows.
        if value.is_null() && !place.contains("/example") && !place.contains("/enum/") {
            wrong.push(place.to_owned());
        }
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn faults_of_scopes(operation: &Operation<'_>) -> Vec<String> {
    let Some(scopes) = operation.scopes() else {
        return vec!["it has no x-scopes".to_owned()];
    };
    let mut wrong = Vec::new();
    for scope in &scopes {
        if ScopeName::find(scope).is_none() {
            wrong.push(format!("there is no scope {scope}"));
        }
    }
    let target = text(operation.body, "x-target");
    if target.is_some() == scopes.is_empty() {
        wrong.push("scopes and x-target go together".to_owned());
    }
    if !target.is_none_or(|target| TARGETS.contains(&target)) {
        wrong.push("x-target is none of the known".to_owned());
    }
    if !scopes.is_empty() && operation.body["responses"].get("403").is_none() {
        wrong.push("it demands scopes and never answers 403".to_owned());
    }
    wrong
}

/// Calls `visit` with every value below one, and with where it stands.
fn each_place(value: &Value, place: &str, visit: &mut impl FnMut(&str, &Value)) {
    visit(place, value);
    for (key, inner) in fields(value) {
        each_place(inner, &format!("{place}/{key}"), visit);
    }
    for inner in items(value) {
        each_place(inner, &format!("{place}/"), visit);
    }
}

/// Calls `visit` with a schema and every schema within it.
fn each_schema(place: &str, schema: &Value, visit: &mut impl FnMut(&str, &Value)) {
    if !schema.is_mapping() {
        return;
    }
    visit(place, schema);
    for (name, inner) in fields(&schema["properties"]) {
        each_schema(&format!("{place}.{name}"), inner, visit);
    }
    for word in ["items", "additionalProperties"] {
        each_schema(&format!("{place}[]"), &schema[word], visit);
    }
    for word in ["allOf", "anyOf", "oneOf"] {
        for inner in items(&schema[word]) {
            each_schema(place, inner, visit);
        }
    }
}
