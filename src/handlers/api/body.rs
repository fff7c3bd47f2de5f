//! Bodies of API requests: JSON, read within the bounds that dispatch has kept.

use serde_json::{Map, Value};

use super::Request;
use crate::{
    domain::{names::UserName, time::Timestamp},
    handlers::cut,
    http::error::Error,
};

/// The most names that one request may have in a list.
pub(super) const MAX_NAMES: usize = 10_000;

/// Returns the body as JSON; `None` when there is none (API-06).
pub(super) fn json(request: &Request) -> Result<Option<Value>, Error> {
    if request.body().is_empty() {
        return Ok(None);
    }
    let value = serde_json::from_slice(request.body())
        .map_err(|cause| Error::bad_request("Invalid JSON in body of request").because(cause))?;
    Ok(Some(value))
}

/// Returns the body as a JSON object, an empty one for none; `refusal` tells what else is wrong.
pub(super) fn object(
    request: &Request,
    refusal: &'static str,
) -> Result<Map<String, Value>, Error> {
    match json(request)? {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(object)) => Ok(object),
        Some(_) => Err(Error::bad_request(refusal)),
    }
}

/// Refuses a key that is not one of `keys`, and names it: a misspelt one must not be lost.
pub(super) fn check_keys(object: &Map<String, Value>, keys: &[&str]) -> Result<(), Error> {
    let Some(key) = object.keys().find(|key| !keys.contains(&key.as_str())) else {
        return Ok(());
    };
    let key = cut(key);
    let known = keys.join(", ");
    Err(Error::bad_request(format!(
        "Unexpected field: {key}, supported fields: {known}"
    )))
}

/// Returns the body as a JSON object with none but these keys.
pub(super) fn object_of(request: &Request, known: &[&str]) -> Result<Map<String, Value>, Error> {
    let object = match json(request)? {
        Some(Value::Object(object)) => object,
        other => {
            let shown = other.map_or("None".to_owned(), |value| shown(&value));
            return Err(Error::bad_request(format!("Invalid JSON data: {shown}")));
        }
    };
    check_model_keys(&object, known)?;
    Ok(object)
}

/// Refuses keys that an operation does not know, so that a misspelt one is not lost.
pub(super) fn check_model_keys(object: &Map<String, Value>, known: &[&str]) -> Result<(), Error> {
    let unknown = object.keys().filter(|key| !known.contains(&key.as_str()));
    let unknown: Vec<_> = unknown.map(|key| cut(key)).take(8).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let text = format!("Invalid JSON keys: {}", unknown.join(", "));
    Err(Error::bad_request(text))
}

/// Returns the key of a model as a truth value, `None` when it is absent.
pub(super) fn boolean(
    object: &Map<String, Value>,
    model: &str,
    key: &str,
) -> Result<Option<bool>, Error> {
    match object.get(key) {
        None => Ok(None),
        Some(Value::Bool(value)) => Ok(Some(*value)),
        Some(other) => Err(wrong_class(model, key, "bool", other)),
    }
}

/// Returns the key of a model as text, `None` when it is absent.
pub(super) fn text<'a>(
    object: &'a Map<String, Value>,
    model: &str,
    key: &str,
) -> Result<Option<&'a str>, Error> {
    match object.get(key) {
        None => Ok(None),
        Some(Value::String(value)) => Ok(Some(value)),
        Some(other) => Err(wrong_class(model, key, "str", other)),
    }
}

/// Returns the key of a model as a list of at most [`MAX_NAMES`] texts, `None` when it is absent.
pub(super) fn texts<'a>(
    object: &'a Map<String, Value>,
    model: &str,
    key: &str,
) -> Result<Option<Vec<&'a str>>, Error> {
    let list = match object.get(key) {
        None => return Ok(None),
        Some(Value::Array(list)) => list,
        Some(other) => return Err(wrong_class(model, key, "list", other)),
    };
    if list.len() > MAX_NAMES {
        let text = format!("{model}.{key} must have at most {MAX_NAMES} entries");
        return Err(Error::bad_request(text));
    }
    let each = list.iter().map(|value| {
        let wrong = || wrong_class(model, &format!("{key}[]"), "str", value);
        value.as_str().ok_or_else(wrong)
    });
    each.collect::<Result<Vec<_>, _>>().map(Some)
}

/// Returns the key of a model as names of users, `None` when it is absent; a name that nobody can have is
/// as unknown as any other.
pub(super) fn user_names(
    object: &Map<String, Value>,
    model: &str,
    key: &str,
) -> Result<Option<Vec<UserName>>, Error> {
    let Some(texts) = texts(object, model, key)? else {
        return Ok(None);
    };
    let names = texts.into_iter().map(|text| {
        let unknown = |_| Error::bad_request(format!("No such user: {}", cut(text)));
        UserName::normalised(text).map_err(unknown)
    });
    names.collect::<Result<Vec<_>, _>>().map(Some)
}

/// Says in JupyterHub's words, which are Python's, that a value is of the wrong type.
pub(super) fn wrong_class(model: &str, key: &str, expected: &str, found: &Value) -> Error {
    let found = match found {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    };
    Error::bad_request(format!(
        "{model}.{key} must be <class '{expected}'>, not: <class '{found}'>"
    ))
}

/// Reads a time that a client sent; one without an offset is UTC.
pub(super) fn timestamp(value: &Value) -> Result<Timestamp, Error> {
    let parsed = value
        .as_str()
        .and_then(|text| Timestamp::parse(text).or_else(|| Timestamp::parse(&format!("{text}Z"))));
    parsed.ok_or_else(|| Error::bad_request(format!("Not a valid timestamp: {}", shown(value))))
}

/// Returns a value as it can be told back, cut to a line.
pub(in crate::handlers) fn shown(value: &Value) -> String {
    const MAX_CHARS: usize = 80;
    let text = match value {
        Value::String(text) => format!("'{text}'"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    };
    text.chars().take(MAX_CHARS).collect()
}
