//! What somebody chose among the options of a start: the kind of server, and answers.

use std::collections::BTreeMap;

use serde_json::Value;
use thiserror::Error;

use super::Hub;
use crate::{
    broker::client,
    config::settings::{
        Settings,
        options::{OptionSettings, Unfit},
        profiles::ProfileSettings,
    },
    domain::{
        names::ServerKey,
        profile::{Gatekeeper, ProfileName},
    },
    store::{self, Store},
};

/// The option that names the profile.
pub const OPTION: &str = "profile";

/// What was chosen for a start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chosen {
    /// The profile, whether or not there is one of that name.
    pub profile: Option<ProfileName>,
    /// The answers to what the configuration asks, by the names of the options; whether they fit, is another
    /// question.
    pub answers: BTreeMap<String, String>,
}

/// Why a choice is not taken. The words are for the person who made it.
#[derive(Debug, Error)]
pub enum Refused {
    /// The profile is not there, or for others.
    #[error("{0:?} is not among the kinds of servers that you may start")]
    Profile(ProfileName),
    /// An answer does not fit.
    #[error(transparent)]
    Answer(#[from] Unfit),
}

impl Chosen {
    /// Reads options of a start, a JSON object. Whatever else is in it is for others.
    pub fn read(settings: &Settings, options: Option<&str>) -> Self {
        let options: Option<Value> = options.and_then(|text| serde_json::from_str(text).ok());
        let options = options.unwrap_or_default();
        let profile = options.get(OPTION).and_then(text_of);
        let profile = profile.and_then(|text| ProfileName::parse(&text).ok());
        let asked = settings.asked(profile.as_ref());
        let answers = asked.filter_map(|option| {
            let name = option.name.as_str();
            Some((name.to_owned(), text_of(options.get(name)?)?))
        });
        Self {
            answers: answers.collect(),
            profile,
        }
    }

    /// Leaves out the answers that a member of these system groups cannot give (any more).
    pub fn fitting(mut self, settings: &Settings, groups: &[String]) -> Self {
        let fits = |name: &str, answer: &str| {
            let mut asked = settings.asked(self.profile.as_ref());
            let option = asked.find(|option| option.name.as_str() == name);
            option.is_some_and(|option| option.changes(Some(answer), groups).is_ok())
        };
        self.answers.retain(|name, answer| fits(name, answer));
        self
    }

    /// Finds out whether a member of these system groups may choose this. The broker looks again.
    pub fn check(&self, settings: &Settings, groups: &[String]) -> Result<(), Refused> {
        if let Some(name) = &self.profile
            && !find(settings, name).is_some_and(|profile| profile.is_for(groups))
        {
            return Err(Refused::Profile(name.clone()));
        }
        settings.changes(self.profile.as_ref(), &self.answers, groups)?;
        Ok(())
    }
}

/// Returns the options to record for a start: those given, or what replaces those of the last start.
pub async fn options_of_start(
    store: &Store,
    settings: &Settings,
    key: &ServerKey,
    given: Option<String>,
) -> Result<Option<String>, store::Error> {
    if given.is_some() || !settings.profiles.is_empty() {
        return Ok(given);
    }
    let last = store.find_server(key).await?;
    let last = last.and_then(|server| server.user_options);
    Ok(forgotten(settings, last.as_deref()))
}

/// Returns the options of the last start without the profile that they name, where there is none to choose
/// any more: somebody who is asked nothing could name no other. Nothing when they stay as they are.
fn forgotten(settings: &Settings, last: Option<&str>) -> Option<String> {
    let mut options: Value = serde_json::from_str(last?).ok()?;
    let is_stale =
        settings.profiles.is_empty() && options.as_object_mut()?.remove(OPTION).is_some();
    is_stale.then(|| options.to_string())
}

/// Pages send lists of texts, programs a text or a number (PG-65).
fn text_of(option: &Value) -> Option<String> {
    match option.get(0).unwrap_or(option) {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Finds a profile.
pub fn find<'a>(settings: &'a Settings, name: &ProfileName) -> Option<&'a ProfileSettings> {
    settings.profiles.iter().find(|one| one.name == *name)
}

/// Returns the system groups of a server's owner; none where nothing is for members of some group.
pub async fn groups_of_owner(
    hub: &Hub,
    settings: &Settings,
    key: &ServerKey,
) -> Result<Vec<String>, client::Error> {
    let profiles = settings.profiles.iter().map(|one| &one.groups);
    let choices = settings.options.iter().flat_map(OptionSettings::choices);
    let mut groups = profiles.chain(choices.map(|one| &one.groups));
    if groups.all(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let account = hub.servers.account_of(key).await?;
    Ok(account.map_or_else(Vec::new, |account| account.groups))
}

/// Returns who guards a server that was started with these options. What is not in the configuration any
/// more may have been one that the hub guarded.
pub fn gatekeeper(settings: &Settings, options: Option<&str>) -> Gatekeeper {
    match Chosen::read(settings, options).profile {
        None => Gatekeeper::Program,
        Some(name) => find(settings, &name).map_or(Gatekeeper::Hub, |found| found.gatekeeper),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_profile_is_forgotten_when_there_is_none_to_choose() {
        let none = Settings::default();
        let check = |last, expected| assert_eq!(forgotten(&none, last).as_deref(), expected);
        check(
            Some(r#"{"profile":["lab"],"size":"big"}"#),
            Some(r#"{"size":"big"}"#),
        );
        check(Some(r#"{"profile":"lab"}"#), Some("{}"));
        for kept in [
            None,
            Some("{}"),
            Some(r#"{"size":"big"}"#),
            Some("[1]"),
            Some("no JSON"),
        ] {
            check(kept, None);
        }
        let text = "[[profiles]]\nname = \"other\"\ntitle = \"Other\"\n";
        let some = crate::config::parse(Path::new("c"), text).unwrap();
        assert_eq!(forgotten(&some, Some(r#"{"profile":"lab"}"#)), None);
    }

    #[test]
    fn options_name_a_profile() {
        let settings = Settings::default();
        let name = |options: &str| {
            let chosen = Chosen::read(&settings, Some(options));
            chosen.profile.map(|name| name.to_string())
        };
        assert_eq!(name(r#"{"profile": "lab"}"#).as_deref(), Some("lab"));
        assert_eq!(name(r#"{"profile": ["lab", "x"]}"#).as_deref(), Some("lab"));
        for none in [
            "{}",
            r#"{"profile": 1}"#,
            r#"{"profile": []}"#,
            r#"{"profile": "A b"}"#,
            "[",
            "[]",
        ] {
            assert_eq!(name(none), None, "{none}");
        }
    }

    #[test]
    fn answers_are_those_that_are_asked_for() {
        let text = "[[profiles]]\nname = \"lab\"\n[[options]]\nname = \"n\"\nvariable = \"N\"\n\
                    [[options]]\nname = \"m\"\nvariable = \"M\"\nprofiles = [\"lab\"]\n";
        let settings = crate::config::parse(Path::new("c"), text).unwrap();
        let table = [
            (r#"{"n": "1", "m": "2", "x": "3"}"#, vec![("n", "1")]),
            (
                r#"{"n": ["1", "2"], "m": 3, "profile": "lab"}"#,
                vec![("m", "3"), ("n", "1")],
            ),
            (r#"{"n": {"a": 1}, "m": null, "profile": ["lab"]}"#, vec![]),
        ];
        for (options, expected) in table {
            let answers = Chosen::read(&settings, Some(options)).answers;
            let found: Vec<_> = answers
                .iter()
                .map(|(n, a)| (n.as_str(), a.as_str()))
                .collect();
            assert_eq!(found, expected, "{options}");
        }
    }

    #[test]
    fn what_is_not_known_any_more_stays_guarded() {
        let text = "[[profiles]]\nname = \"open\"\n[[profiles]]\nname = \"kept\"\ngatekeeper = \"hub\"\n\
                    command = \"x\"\nargs = [\"{socket}\"]\n";
        let settings = crate::config::parse(Path::new("c"), text).unwrap();
        let table = [
            (None, Gatekeeper::Program),
            (Some(r#"{"size": "big"}"#), Gatekeeper::Program),
            (Some(r#"{"profile": "open"}"#), Gatekeeper::Program),
            (Some(r#"{"profile": "kept"}"#), Gatekeeper::Hub),
            (Some(r#"{"profile": "gone"}"#), Gatekeeper::Hub),
        ];
        for (options, expected) in table {
            assert_eq!(gatekeeper(&settings, options), expected, "{options:?}");
        }
    }
}
