//! Values that the hub keeps for others and gives no meaning.

use serde::{
    Deserialize, Deserializer,
    de::{Error, Unexpected},
};
use serde_json::Value;

/// What is accepted, to follow "expected".
const DESCRIPTION: &str = "a text, a number, true or false, an array or a table, but no date";

/// A value that can be written as JSON.
pub(in crate::config) struct Json(pub(in crate::config) Value);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        json(toml::Value::deserialize(input)?)
            .map(Self)
            .map_err(|refused| D::Error::invalid_value(Unexpected::Other(&refused), &DESCRIPTION))
    }
}

/// Turns a value of TOML into one of JSON, or says what is none.
fn json(value: toml::Value) -> Result<Value, String> {
    Ok(match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Float(number) if number.is_finite() => number.into(),
        toml::Value::Float(number) => return Err(format!("number {number}")),
        toml::Value::Datetime(date) => return Err(format!("date {date}")),
        toml::Value::Array(items) => items.into_iter().map(json).collect::<Result<_, _>>()?,
        toml::Value::Table(table) => table
            .into_iter()
            .map(|(key, value)| Ok((key, json(value)?)))
            .collect::<Result<_, String>>()?,
    })
}
