//! The document, in the order in which it is written.

use std::{fs, path::PathBuf};

pub(super) use yaml_serde::Value;

/// The methods an OpenAPI path item can have, in the order in which they are told.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The whole document.
pub(super) struct Document(Value);

/// A method of a path.
pub(super) struct Operation<'a> {
    /// The path below `/hub/api`.
    pub(super) path: &'a str,
    /// In capital letters.
    pub(super) method: String,
    /// What the document says of the path: the parameters of all its methods.
    pub(super) item: &'a Value,
    /// What the document says of the method.
    pub(super) body: &'a Value,
}

impl Document {
    /// Reads the document; a key that stands twice in a mapping is a fault.
    pub(super) fn read() -> Self {
        let text = fs::read_to_string(docs().join("rest-api.yml")).unwrap();
        Self(yaml_serde::from_str(&text).unwrap())
    }

    /// Returns the document as it was read.
    pub(super) fn root(&self) -> &Value {
        &self.0
    }

    /// Returns what stands at `/a/b/c`, if anything does.
    pub(super) fn at(&self, place: &str) -> Option<&Value> {
        let mut parts = place.split('/').filter(|part| !part.is_empty());
        parts.try_fold(&self.0, |found, part| found.get(part))
    }

    /// Returns what is described under `/components`, by name.
    pub(super) fn components(&self, kind: &str) -> impl Iterator<Item = (&str, &Value)> {
        fields(self.at(&format!("/components/{kind}")).unwrap())
    }

    /// Returns a value, or what it refers to.
    pub(super) fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let target = reference(value).map(|target| self.at(target));
        target
            .unwrap_or(Some(value))
            .expect("references lead somewhere")
    }

    /// Returns every operation.
    pub(super) fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        fields(self.at("/paths").unwrap()).flat_map(|(path, item)| {
            METHODS.into_iter().filter_map(move |method| {
                Some(Operation {
                    path,
                    method: method.to_uppercase(),
                    item,
                    body: item.get(method)?,
                })
            })
        })
    }
}

impl Operation<'_> {
    /// Returns `GET /users/{user}`.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Returns the name of the operation.
    pub(super) fn id(&self) -> &str {
        text(self.body, "operationId").expect("every operation has one")
    }

    /// Returns the operation that this one is, with an empty name in the place of a server's.
    pub(super) fn same_as(&self) -> Option<&str> {
        text(self.body, "x-same-as")
    }

    /// Returns the parameters of the path and of the method.
    pub(super) fn parameters<'a>(
        &'a self,
        document: &'a Document,
    ) -> impl Iterator<Item = &'a Value> {
        let both = [self.item, self.body]
            .into_iter()
            .flat_map(|at| items(&at["parameters"]));
        both.map(|parameter| document.resolve(parameter))
    }

    /// Returns the scopes of which any one suffices; `None` when it does not say.
    pub(super) fn scopes(&self) -> Option<Vec<&str>> {
        let scopes = self.body.get("x-scopes")?;
        items(scopes).map(Value::as_str).collect()
    }
}

/// Returns the folder of the documentation.
pub(super) fn docs() -> PathBuf {
    let root = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it for tests");
    PathBuf::from(root).join("docs")
}

/// Returns the fields of a mapping; nothing for any other value.
pub(super) fn fields(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let inside = value.as_mapping().into_iter().flatten();
    inside.map(|(key, value)| (key.as_str().expect("keys are texts"), value))
}

/// Returns the items of a sequence; nothing for any other value.
pub(super) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_sequence().into_iter().flatten()
}

/// Returns the text under a key; nothing when there is none.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str().map(str::trim_end)
}

/// Returns the place that a value refers to.
pub(super) fn reference(value: &Value) -> Option<&str> {
    text(value, "$ref").map(|target| target.trim_start_matches('#'))
}
