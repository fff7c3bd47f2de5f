//! Bodies of API requests: JSON, read within the bounds that dispatch has kept.

use serde_json::{Map, Value};

use super::Request;
use crate::{domain::time::Timestamp, http::error::Error};

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
    const MAX_CHARS: usize = 64;
    let Some(key) = object.keys().find(|key| !keys.contains(&key.as_str())) else {
        return Ok(());
    };
    let key: String = key.chars().take(MAX_CHARS).collect();
    let known = keys.join(", ");
    Err(Error::bad_request(format!(
        "Unexpected field: {key}, supported fields: {known}"
    )))
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
