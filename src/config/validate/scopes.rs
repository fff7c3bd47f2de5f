//! Lists of scopes: every scope that there is not is a fault at its own place.

use crate::{
    config::{merged::Merged, spelling::ScopeText, tables::CUSTOM_SCOPES, words::join},
    domain::scope::{CustomScope, Scope, ScopeError, ScopeName},
};

/// Reads the scopes of `key`; what is none is left out and told.
pub(super) fn read(key: &str, texts: Vec<ScopeText>, merged: &mut Merged<'_>) -> Vec<Scope> {
    let mut scopes = Vec::new();
    for (index, ScopeText(text)) in texts.into_iter().enumerate() {
        match Scope::parse(&text) {
            Ok(scope) => {
                if let ScopeName::Custom(name) = &scope.name
                    && !merged.sets(&join(CUSTOM_SCOPES, name.as_str()))
                {
                    let fault = format!("{key}: {}", undefined(name));
                    merged.blame_item(key, index, fault);
                }
                scopes.push(scope);
            }
            Err(error) => {
                let fault = format!("{key}: {}", in_words(&text, &error));
                merged.blame_item(key, index, fault);
            }
        }
    }
    scopes
}

/// Says that nobody defines a custom scope.
pub(super) fn undefined(name: &CustomScope) -> String {
    format!(
        "there is no custom scope {:?} in [[{CUSTOM_SCOPES}]]",
        name.as_str()
    )
}

fn in_words(text: &str, error: &ScopeError) -> String {
    match error {
        ScopeError::UnknownName(_) => {
            let name = text.split_once('!').map_or(text, |(name, _)| name);
            let near = nearest(name).map_or_else(String::new, |near| format!("; is {near} meant?"));
            format!("there is no scope {name:?}{near}")
        }
        ScopeError::RenamedAll => "the scope \"all\" is called \"inherit\" now".to_owned(),
        ScopeError::UnknownFilter { filter, .. } => format!(
            "{text:?} has the filter {filter:?}, but a filter is !user, !service, !server, or one \
             of !user=NAME, !group=NAME, !service=NAME and !server=USER/SERVER"
        ),
    }
}

fn nearest(name: &str) -> Option<&str> {
    ScopeName::ALL
        .iter()
        .map(|known| (strsim::jaro_winkler(known.as_str(), name), known.as_str()))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}
