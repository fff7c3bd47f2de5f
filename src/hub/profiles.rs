//! The kind of server somebody chose, among the options of a start.

use serde_json::Value;

use super::Hub;
use crate::{
    broker::client,
    config::settings::{Settings, profiles::ProfileSettings},
    domain::{
        names::ServerKey,
        profile::{Gatekeeper, ProfileName},
    },
};

/// The option that names the profile.
pub const OPTION: &str = "profile";

/// Returns the profile that options name, whether or not there is one of that name.
///
/// Pages send lists of texts, programs a text (PG-65).
pub fn chosen(options: Option<&str>) -> Option<ProfileName> {
    let options: Value = serde_json::from_str(options?).ok()?;
    let option = options.get(OPTION)?;
    let text = option.get(0).unwrap_or(option).as_str()?;
    ProfileName::parse(text).ok()
}

/// Finds a profile.
pub fn find<'a>(settings: &'a Settings, name: &ProfileName) -> Option<&'a ProfileSettings> {
    settings.profiles.iter().find(|one| one.name == *name)
}

/// Returns the profiles that the owner of a server may choose from, in the order of the configuration.
pub async fn offered<'a>(
    hub: &Hub,
    settings: &'a Settings,
    key: &ServerKey,
) -> Result<Vec<&'a ProfileSettings>, client::Error> {
    let is_for_some = settings.profiles.iter().any(|one| !one.groups.is_empty());
    let groups = match is_for_some {
        true => hub
            .servers
            .account_of(key)
            .await?
            .map(|account| account.groups),
        false => None,
    };
    let groups = groups.unwrap_or_default();
    Ok(settings
        .profiles
        .iter()
        .filter(|one| one.is_for(&groups))
        .collect())
}

/// Returns who guards a server that was started with these options. What is not in the configuration any
/// more may have been one that the hub guarded.
pub fn gatekeeper(settings: &Settings, options: Option<&str>) -> Gatekeeper {
    match chosen(options) {
        None => Gatekeeper::Program,
        Some(name) => find(settings, &name).map_or(Gatekeeper::Hub, |found| found.gatekeeper),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn options_name_a_profile() {
        let name = |options: &str| chosen(Some(options)).map(|name| name.to_string());
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
