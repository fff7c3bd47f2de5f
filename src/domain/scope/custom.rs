//! Scopes a site defines for its own services (RB-50); the hub gives them no meaning of its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use thiserror::Error;

use crate::domain::scope::{Scope, ScopeError, ScopeName};

/// What the names of custom scopes begin with.
const PREFIX: &str = "custom:";

/// The longest name, in bytes.
const MAX_BYTES: usize = 255;

/// The well-formed name of a custom scope; whether it is defined, [`CustomScopes`] knows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CustomScope(Arc<str>);

/// What a site says about one of its scopes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomDefinition {
    /// What the scope allows, as a sentence a person can agree to.
    pub description: String,
    /// The custom scopes it implies directly.
    pub subscopes: Vec<CustomScope>,
}

/// The custom scopes that are defined; their subscopes are too, and none implies itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomScopes(BTreeMap<CustomScope, CustomDefinition>);

/// What is wrong with the definition of a custom scope.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CustomScopeError {
    /// Nobody could tell what they agree to.
    #[error("custom scope '{0}' has no description")]
    NoDescription(CustomScope),
    /// It is defined twice, differently.
    #[error("custom scope '{0}' is defined twice, in different ways")]
    Redefined(CustomScope),
    /// A subscope has no definition.
    #[error("subscope '{subscope}' of custom scope '{scope}' is not defined")]
    UndefinedSubscope {
        /// The scope that implies it.
        scope: CustomScope,
        /// The scope without a definition.
        subscope: CustomScope,
    },
    /// It implies itself.
    #[error("custom scope '{0}' is among its own subscopes")]
    Cycle(CustomScope),
}

impl CustomScope {
    /// Parses `custom:` and at least three of `a-z 0-9 _ - * :`, beginning and ending as a word does.
    ///
    /// JupyterHub's pattern is `^custom:[a-z0-9][a-z0-9_\-\*:]+[a-z0-9_\*]$`.
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.strip_prefix(PREFIX)?.as_bytes();
        let letter_or_digit = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let (first, rest) = name.split_first()?;
        let (last, inner) = rest.split_last()?;
        let well_formed = letter_or_digit(*first)
            && !inner.is_empty()
            && inner
                .iter()
                .all(|b| letter_or_digit(*b) || b"_-*:".contains(b))
            && (letter_or_digit(*last) || b"_*".contains(last));
        (well_formed && text.len() <= MAX_BYTES).then(|| Self(text.into()))
    }

    /// Returns the name as it is written on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CustomScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl CustomScopes {
    /// Checks definitions as a whole and takes them.
    pub fn define(
        definitions: impl IntoIterator<Item = (CustomScope, CustomDefinition)>,
    ) -> Result<Self, CustomScopeError> {
        let mut defined = BTreeMap::new();
        for (name, definition) in definitions {
            if definition.description.trim().is_empty() {
                return Err(CustomScopeError::NoDescription(name));
            }
            if defined.get(&name).is_some_and(|known| *known != definition) {
                return Err(CustomScopeError::Redefined(name));
            }
            defined.insert(name, definition);
        }
        let scopes = Self(defined);
        scopes.check_subscopes()?;
        Ok(scopes)
    }

    fn check_subscopes(&self) -> Result<(), CustomScopeError> {
        for (scope, definition) in &self.0 {
            let undefined = |name: &&CustomScope| !self.0.contains_key(*name);
            if let Some(subscope) = definition.subscopes.iter().find(undefined) {
                return Err(CustomScopeError::UndefinedSubscope {
                    scope: scope.clone(),
                    subscope: subscope.clone(),
                });
            }
            let mut implied = definition.subscopes.iter();
            if implied.any(|name| self.with_subscopes(name).contains(scope)) {
                return Err(CustomScopeError::Cycle(scope.clone()));
            }
        }
        Ok(())
    }

    /// Parses a scope that somebody asks for; unlike what [`Scope::parse`] takes, it must be defined.
    pub fn parse(&self, text: &str) -> Result<Scope, ScopeError> {
        let scope = Scope::parse(text)?;
        if self.is_defined(&scope.name) {
            Ok(scope)
        } else {
            Err(ScopeError::UnknownName(super::shortened(text)))
        }
    }

    /// Tells whether a scope exists: one of the catalogue always does, a custom one by its definition.
    pub fn is_defined(&self, name: &ScopeName) -> bool {
        name.custom().is_none_or(|name| self.0.contains_key(name))
    }

    /// Returns the custom scopes with their definitions, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&CustomScope, &CustomDefinition)> {
        self.0.iter()
    }

    /// Finds the definition of a custom scope.
    pub fn find(&self, name: &CustomScope) -> Option<&CustomDefinition> {
        self.0.get(name)
    }

    /// Adds to scopes what the custom ones among them imply, and leaves out those without a definition.
    ///
    /// Subscopes have the filter of the scope that implies them.
    pub fn expand<'a>(&self, scopes: impl IntoIterator<Item = &'a Scope>) -> Vec<Scope> {
        let mut expanded = Vec::new();
        for scope in scopes {
            match scope.name.custom() {
                None => expanded.push(scope.clone()),
                Some(name) => expanded.extend(
                    self.with_subscopes(name)
                        .into_iter()
                        .map(|name| Scope::filtered(ScopeName::Custom(name), scope.filter.clone())),
                ),
            }
        }
        expanded
    }

    /// Returns a scope with everything it implies; nothing when it is not defined.
    fn with_subscopes(&self, name: &CustomScope) -> BTreeSet<CustomScope> {
        let mut found = BTreeSet::new();
        let mut next = vec![name];
        while let Some(name) = next.pop() {
            if let Some(definition) = self.0.get(name)
                && found.insert(name.clone())
            {
                next.extend(&definition.subscopes);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(name: &str) -> CustomScope {
        CustomScope::parse(name).unwrap()
    }

    fn define(table: &[(&str, &str, &[&str])]) -> Result<CustomScopes, CustomScopeError> {
        CustomScopes::define(table.iter().map(|(name, description, subscopes)| {
            let definition = CustomDefinition {
                description: (*description).to_owned(),
                subscopes: subscopes.iter().map(|name| scope(name)).collect(),
            };
            (scope(name), definition)
        }))
    }

    #[test]
    fn names_are_those_of_jupyterhubs_pattern() {
        for good in [
            "custom:jupyter_server:read:*",
            "custom:read-all:1",
            "custom:abc",
            "custom:a*_",
            "custom:1:2",
        ] {
            let parsed = CustomScope::parse(good).map(|name| name.to_string());
            assert_eq!(parsed.as_deref(), Some(good));
        }
        for bad in [
            "custom:",
            "custom:a",
            "custom:ab",
            "custom:Abc",
            "custom:*ab",
            "custom:_ab",
            "custom:ab:",
            "custom:ab-",
            "custom:a b",
            "custom:äbc",
            "custom:abc\n",
            "Custom:abc",
            "abc",
        ] {
            assert_eq!(CustomScope::parse(bad), None, "{bad}");
        }
        let long = format!("custom:{}", "a".repeat(MAX_BYTES));
        assert_eq!(CustomScope::parse(&long), None);
    }

    #[test]
    fn definitions_are_checked_as_a_whole() {
        let a = || scope("custom:aaa");
        let undefined = CustomScopeError::UndefinedSubscope {
            scope: a(),
            subscope: scope("custom:bbb"),
        };
        type Definition<'a> = (&'a str, &'a str, &'a [&'a str]);
        let table: &[(&[Definition<'_>], Result<(), CustomScopeError>)] = &[
            (&[], Ok(())),
            (&[("custom:aaa", "A.", &[])], Ok(())),
            (
                &[
                    ("custom:aaa", "A.", &["custom:bbb"]),
                    ("custom:bbb", "B.", &[]),
                ],
                Ok(()),
            ),
            (
                &[("custom:aaa", " ", &[])],
                Err(CustomScopeError::NoDescription(a())),
            ),
            (&[("custom:aaa", "A.", &["custom:bbb"])], Err(undefined)),
            (
                &[("custom:aaa", "A.", &["custom:aaa"])],
                Err(CustomScopeError::Cycle(a())),
            ),
            (
                &[
                    ("custom:aaa", "A.", &["custom:bbb"]),
                    ("custom:bbb", "B.", &["custom:aaa"]),
                ],
                Err(CustomScopeError::Cycle(a())),
            ),
            (
                &[("custom:aaa", "A.", &[]), ("custom:aaa", "A.", &[])],
                Ok(()),
            ),
            (
                &[("custom:aaa", "A.", &[]), ("custom:aaa", "B.", &[])],
                Err(CustomScopeError::Redefined(a())),
            ),
        ];
        for (definitions, expected) in table {
            assert_eq!(define(definitions).map(|_| ()), *expected);
        }
    }

    #[test]
    fn a_scope_that_is_asked_for_must_be_defined() {
        let scopes = define(&[("custom:aaa", "A.", &[])]).unwrap();
        for text in ["custom:aaa", "custom:aaa!user=alice", "self", "read:users"] {
            assert_eq!(scopes.parse(text).unwrap().to_string(), text);
        }
        let unknown = scopes.parse("custom:bbb!user=alice").unwrap_err();
        let expected = "Scope 'custom:bbb!user=alice' does not exist";
        assert_eq!(unknown.to_string(), expected);
    }

    #[test]
    fn subscopes_are_added_with_their_filter_and_undefined_ones_left_out() {
        let scopes = define(&[
            ("custom:all", "All.", &["custom:read", "custom:write"]),
            ("custom:read", "Read.", &[]),
            ("custom:write", "Write.", &["custom:read"]),
        ])
        .unwrap();
        let held = ["custom:all!group=lab", "custom:gone", "proxy"];
        let held = held.map(|text| Scope::parse(text).unwrap());
        assert_eq!(
            crate::domain::scope::texts(&scopes.expand(&held)),
            [
                "custom:all!group=lab",
                "custom:read!group=lab",
                "custom:write!group=lab",
                "proxy",
            ]
        );
    }
}
