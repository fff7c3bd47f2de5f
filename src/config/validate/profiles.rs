//! `[[profiles]]` as plain types, and the rules between a profile's keys.

use crate::{
    config::{
        merged::Merged,
        raw::RawProfile,
        settings::{Overrides, profiles::ProfileSettings},
        tables::PROFILES,
        validate::{
            complete,
            server::{bounds_changed, environment, set_switches},
        },
        words::join,
    },
    domain::{profile::Gatekeeper, unit::Listening},
};

/// Reads the profiles.
pub(super) fn profiles(merged: &mut Merged<'_>) -> Result<Vec<ProfileSettings>, String> {
    let mut profiles = Vec::new();
    for (name, mut table) in merged.hand_out(PROFILES) {
        let sandbox = set_switches(&mut table);
        let raw: RawProfile = complete(table)?;
        let profile = ProfileSettings {
            title: raw.title.map_or_else(|| name.clone(), |text| text.0),
            name: raw.name.0,
            description: raw.description.map_or_else(String::new, |text| text.0),
            groups: raw.groups.into_iter().map(|group| group.0).collect(),
            gatekeeper: raw.gatekeeper.0,
            command: raw.command.map(|command| command.0),
            args: raw
                .args
                .map(|args| args.into_iter().map(|arg| arg.0).collect()),
            default_url: raw.default_url.map(|path| path.0),
            root_dir: raw.root_dir.map(|folder| folder.0),
            changes: Overrides {
                environment: environment(raw.environment),
                sandbox,
                ..bounds_changed(raw.memory, raw.cpus, raw.tasks)
            },
        };
        check_gate(&profile, merged);
        profiles.push(profile);
    }
    Ok(profiles)
}

/// A program that the hub guards must be told where to listen, and nothing listens in two ways.
fn check_gate(profile: &ProfileSettings, merged: &mut Merged<'_>) {
    if profile.gatekeeper == Gatekeeper::Program {
        return;
    }
    let whole_name = join(PROFILES, profile.name.as_str());
    let key = |key: &str| join(&whole_name, key);
    for needed in ["command", "args"] {
        if !merged.sets(&key(needed)) {
            let text = format!("{whole_name} is kept by the hub, which needs {needed} as well");
            merged.blame(&key("gatekeeper"), text);
        }
    }
    let args = profile.args.as_deref().unwrap_or_default();
    if merged.sets(&key("args")) && Listening::asked_by(args).is_none() {
        let text = format!(
            "{} must have either {{socket}} or {{port}} in it: where the program listens",
            key("args")
        );
        merged.blame(&key("args"), text);
    }
}
