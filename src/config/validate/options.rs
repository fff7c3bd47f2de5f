//! `[[options]]` as plain types, and the rules between an option's keys.

use crate::config::{
    merged::Merged,
    raw::RawOption,
    settings::{
        options::{ChoiceSettings, Effect, NumberSettings, OptionKind, OptionSettings},
        profiles::ProfileSettings,
    },
    spelling::OptionKindWord,
    tables::OPTIONS,
    validate::complete,
    words::join,
};

/// The longest text where no other is set, in characters.
const MAX_LENGTH: usize = 200;

/// Keys that only one kind of option has.
const KEYS_OF_KINDS: [(&str, OptionKindWord); 7] = [
    ("choices", OptionKindWord::Choice),
    ("choice_groups", OptionKindWord::Choice),
    ("min", OptionKindWord::Number),
    ("max", OptionKindWord::Number),
    ("step", OptionKindWord::Number),
    ("unit", OptionKindWord::Number),
    ("max_length", OptionKindWord::Text),
];

/// Reads the options.
pub(super) fn options(
    merged: &mut Merged<'_>,
    profiles: &[ProfileSettings],
) -> Result<Vec<OptionSettings>, String> {
    let mut options = Vec::new();
    for (name, table) in merged.hand_out(OPTIONS) {
        let raw: RawOption = complete(table)?;
        let mut keys = Keys {
            whole_name: join(OPTIONS, &name),
            merged,
        };
        if let Some(option) = option(raw, profiles, &mut keys) {
            options.push(option);
        }
    }
    Ok(options)
}

/// The keys of one option, and where to blame them.
struct Keys<'a, 't> {
    whole_name: String,
    merged: &'a mut Merged<'t>,
}

impl Keys<'_, '_> {
    fn blame(&mut self, key: &str, text: &str) {
        let key = join(&self.whole_name, key);
        // What is missing has no place of its own.
        let place = match self.merged.sets(&key) {
            true => &key,
            false => &self.whole_name,
        };
        self.merged.blame(place, format!("{key} {text}"));
    }
}

fn option(
    raw: RawOption,
    profiles: &[ProfileSettings],
    keys: &mut Keys<'_, '_>,
) -> Option<OptionSettings> {
    for (key, kind) in KEYS_OF_KINDS {
        if kind != raw.kind && keys.merged.sets(&join(&keys.whole_name, key)) {
            keys.blame(key, "is for another kind of option");
        }
    }
    for profile in &raw.profiles {
        if !profiles.iter().any(|one| one.name == profile.0) {
            let text = format!("has {:?}, which is no profile", profile.0.as_str());
            keys.blame("profiles", &text);
        }
    }
    let effect = match (raw.variable, raw.bound) {
        (Some(variable), None) => Effect::Variable(variable.0),
        (None, Some(bound)) => bound.0,
        (None, None) => {
            keys.blame("variable", "or bound is needed: what the answer changes");
            return None;
        }
        (Some(_), Some(_)) => {
            keys.blame("bound", "and variable do not go together");
            return None;
        }
    };
    let choices = raw.choices.into_iter().map(|choice| choice.0).collect();
    let groups = raw.choice_groups.into_iter();
    let groups = groups.map(|(choice, names)| {
        let names = names.into_iter().map(|name| name.0).collect();
        (choice.0, names)
    });
    let kind = match raw.kind {
        OptionKindWord::Choice => choice(choices, groups.collect(), keys)?,
        OptionKindWord::Text => OptionKind::Text {
            max_length: raw.max_length.map_or(MAX_LENGTH, |length| length.0),
        },
        OptionKindWord::Number => {
            let (Some(min), Some(max)) = (raw.min, raw.max) else {
                keys.blame("kind", "is \"number\", which needs min and max as well");
                return None;
            };
            if min.0 > max.0 {
                keys.blame("min", "is more than max");
            }
            OptionKind::Number(NumberSettings {
                min: min.0,
                max: max.0,
                step: raw.step.map_or(1.0, |step| step.0),
                unit: raw.unit.map_or_else(String::new, |unit| unit.0),
            })
        }
    };
    let default = raw.default.map(|default| default.0);
    let option = OptionSettings {
        title: raw
            .title
            .map_or_else(|| raw.name.0.to_string(), |title| title.0),
        name: raw.name.0,
        description: raw.description.map_or_else(String::new, |text| text.0),
        profiles: raw.profiles.into_iter().map(|name| name.0).collect(),
        default: default.unwrap_or_else(|| first_answer(&kind)),
        kind,
        effect,
    };
    check_answers(&option, keys);
    Some(option)
}

fn choice(
    texts: Vec<String>,
    mut groups: Vec<(String, Vec<String>)>,
    keys: &mut Keys<'_, '_>,
) -> Option<OptionKind> {
    if texts.is_empty() {
        keys.blame("kind", "is \"choice\", which needs choices as well");
        return None;
    }
    let mut choices: Vec<ChoiceSettings> = Vec::new();
    for text in texts {
        if choices.iter().any(|one| one.text == text) {
            keys.blame("choices", &format!("has {text:?} twice"));
        }
        let own = groups.iter().position(|(choice, _)| *choice == text);
        let groups = own.map_or_else(Vec::new, |index| groups.swap_remove(index).1);
        choices.push(ChoiceSettings { text, groups });
    }
    for (text, _) in groups {
        keys.blame(
            "choice_groups",
            &format!("has {text:?}, which is no choice"),
        );
    }
    Some(OptionKind::Choice(choices))
}

fn first_answer(kind: &OptionKind) -> String {
    match kind {
        OptionKind::Choice(choices) => choices
            .first()
            .map_or_else(String::new, |one| one.text.clone()),
        OptionKind::Text { .. } => String::new(),
        OptionKind::Number(number) => number.min.to_string(),
    }
}

/// What may be answered must be such a bound, and the default must be an answer.
fn check_answers(option: &OptionSettings, keys: &mut Keys<'_, '_>) {
    let is_no_bound = |answer: &&String| option.effect_of(answer).is_none();
    let everybody: Vec<String> = match &option.kind {
        OptionKind::Choice(choices) => {
            if let Some(choice) = choices.iter().map(|one| &one.text).find(is_no_bound) {
                keys.blame(
                    "choices",
                    &format!("has {choice:?}, which is no such bound"),
                );
            }
            choices.iter().flat_map(|one| one.groups.clone()).collect()
        }
        OptionKind::Text { .. } => {
            match &option.effect {
                Effect::Variable(name) if decides_what_runs(name) => {
                    let text = format!("is {name:?}, by which a text could decide what runs");
                    keys.blame("variable", &text);
                }
                Effect::Variable(_) => {}
                Effect::Memory | Effect::Cpus | Effect::Tasks => {
                    keys.blame("bound", "does not go with a text");
                }
            }
            return check_default(option, &[], keys);
        }
        OptionKind::Number(number) => {
            let ends = [("min", number.min), ("max", number.max)];
            for (key, end) in ends {
                if option.effect_of(&end.to_string()).is_none() && is_on_a_step(number, end) {
                    keys.blame(key, "is no such bound");
                }
            }
            Vec::new()
        }
    };
    check_default(option, &everybody, keys);
}

/// Tells whether programs take code, or whom to trust, from a variable.
fn decides_what_runs(name: &str) -> bool {
    const NAMES: [&str; 6] = ["PATH", "HOME", "ENV", "BASH_ENV", "SHELL", "IFS"];
    const STARTS: [&str; 6] = ["LD_", "PYTHON", "JUPYTER", "GIT_", "R_", "NODE_"];
    NAMES.contains(&name) || STARTS.iter().any(|start| name.starts_with(start))
}

/// Only numbers that may be answered can be bounds.
fn is_on_a_step(number: &NumberSettings, end: f64) -> bool {
    number.take(&end.to_string()).is_some()
}

fn check_default(option: &OptionSettings, groups: &[String], keys: &mut Keys<'_, '_>) {
    if let Err(unfit) = option.changes(Some(&option.default), groups) {
        keys.blame("default", &format!("is no answer: {unfit}"));
    }
}
