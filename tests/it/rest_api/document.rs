//! The document, read into plain JSON values.

use std::{fs, path::Path};

use serde_json::{Map, Value};

/// The methods an OpenAPI path item can have, in the order in which they are told.
pub(super) const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The whole document.
pub(super) struct Document(Value);

/// A method of a path.
pub(super) struct Operation<'a> {
    /// The path below `/hub/api`.
    pub(super) path: &'a str,
    /// In small letters.
    pub(super) method: &'static str,
    /// What the document says about it.
    pub(super) body: &'a Map<String, Value>,
}

impl Document {
    /// Reads the document; a key that stands twice in a mapping is a fault.
    pub(super) fn read() -> Self {
        let root = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it for tests");
        let text = fs::read_to_string(Path::new(&root).join("docs/rest-api.yml")).unwrap();
        let yaml: yaml_serde::Value = yaml_serde::from_str(&text).unwrap();
        Self(serde_json::to_value(yaml).unwrap())
    }

    /// Returns the document as it was read.
    pub(super) fn root(&self) -> &Value {
        &self.0
    }

    /// Returns what stands at a JSON pointer (RFC 6901), if anything does.
    pub(super) fn at(&self, pointer: &str) -> Option<&Value> {
        self.0.pointer(pointer)
    }

    /// Returns every operation, by path and then by method.
    pub(super) fn operations(&self) -> Vec<Operation<'_>> {
        let paths = self.at("/paths").and_then(Value::as_object).unwrap();
        let of_path = |(path, item)| {
            let found = METHODS.into_iter().filter_map(move |method| {
                let body = item_of(item, method)?;
                Some(Operation { path, method, body })
            });
            found.collect::<Vec<_>>()
        };
        paths
            .iter()
            .map(|(path, item)| (path.as_str(), item))
            .flat_map(of_path)
            .collect()
    }
}

impl Operation<'_> {
    /// Returns `GET /users/{user}`.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }
}

fn item_of<'a>(item: &'a Value, method: &str) -> Option<&'a Map<String, Value>> {
    item.get(method)?.as_object()
}
