//! What people are asked when they start a server, as it is configured.

use std::collections::BTreeMap;

use thiserror::Error;

use super::{Change, Overrides, Settings, is_open_to};
use crate::{
    config::spelling::{cpu_bound, memory_bound, task_bound},
    domain::profile::{OptionName, ProfileName},
};

/// One gibibyte, in bytes: what numbers of memory are counted in.
const GIBIBYTE: f64 = 1_073_741_824.0;
/// How far a number may be from a step, for the rounding of fractions.
const TOLERANCE: f64 = 1e-6;

/// A question, what may be answered, and what the answer changes.
#[derive(Debug, Clone, PartialEq)]
pub struct OptionSettings {
    /// What it is called.
    pub name: OptionName,
    /// What people read.
    pub title: String,
    /// What it is about; may be empty.
    pub description: String,
    /// The profiles that it belongs to; without any, to every start.
    pub profiles: Vec<ProfileName>,
    /// What may be answered.
    pub kind: OptionKind,
    /// The answer of who does not answer.
    pub default: String,
    /// What the answer changes.
    pub effect: Effect,
}

/// What may be answered.
#[derive(Debug, Clone, PartialEq)]
pub enum OptionKind {
    /// One of a list.
    Choice(Vec<ChoiceSettings>),
    /// A line of text.
    Text {
        /// The longest, in characters.
        max_length: usize,
    },
    /// A number.
    Number(NumberSettings),
}

/// One of a list of answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChoiceSettings {
    /// The answer.
    pub text: String,
    /// System groups whose members may give it; without any, everybody may.
    pub groups: Vec<String>,
}

impl ChoiceSettings {
    /// Tells whether a member of these system groups may choose it.
    pub fn is_for(&self, groups: &[String]) -> bool {
        is_open_to(&self.groups, groups)
    }
}

/// Which numbers may be answered.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberSettings {
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// How far apart they are, counted from the least.
    pub step: f64,
    /// What is counted; may be empty.
    pub unit: String,
}

/// What an answer changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The value of an environment variable.
    Variable(String),
    /// The bound on memory; numbers are GiB.
    Memory,
    /// The bound on processors.
    Cpus,
    /// The bound on processes and threads.
    Tasks,
}

impl Settings {
    /// Tells whether people are asked anything when they start a server.
    pub fn asks_at_starts(&self) -> bool {
        !(self.profiles.is_empty() && self.options.is_empty())
    }

    /// Returns what is asked when a server of this profile starts.
    pub fn asked(&self, profile: Option<&ProfileName>) -> impl Iterator<Item = &OptionSettings> {
        let options = self.options.iter();
        options.filter(move |option| option.belongs_to(profile))
    }

    /// Returns what answers change, option by option, or why a member of these system groups cannot
    /// give one of them.
    pub fn changes(
        &self,
        profile: Option<&ProfileName>,
        answers: &BTreeMap<String, String>,
        groups: &[String],
    ) -> Result<Vec<Overrides>, Unfit> {
        let is_asked = |name: &String| {
            let mut asked = self.asked(profile);
            asked.any(|option| option.name.as_str() == name)
        };
        if let Some(unknown) = answers.keys().find(|name| !is_asked(name)) {
            return Err(Unfit::NotAsked(unknown.clone()));
        }
        let answer =
            |option: &OptionSettings| answers.get(option.name.as_str()).map(String::as_str);
        self.asked(profile)
            .map(|option| option.changes(answer(option), groups))
            .collect()
    }
}

/// Why an answer is not taken. The words are for the person who gave it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unfit {
    /// Nobody asks it (any more).
    #[error("there is no option {0:?} at such a start (any more)")]
    NotAsked(String),
    /// It is none of the choices.
    #[error("{0} has no choice {1:?}")]
    NoChoice(String, String),
    /// It is a choice of others.
    #[error("the choice {1:?} of {0} is for members of {2}")]
    NotYours(String, String, String),
    /// Every choice is one of others.
    #[error("none of the choices of {0} is for you")]
    NothingLeft(String),
    /// It is no number, or not one of those.
    #[error("{0} must be a number from {1} to {2} in steps of {3}")]
    Number(String, String, String, String),
    /// It is too long, or no line of text.
    #[error("{0} must be one line of at most {1} characters")]
    Text(String, usize),
}

impl OptionSettings {
    /// Tells whether it is asked when a server of this profile starts.
    pub fn belongs_to(&self, profile: Option<&ProfileName>) -> bool {
        self.profiles.is_empty() || profile.is_some_and(|name| self.profiles.contains(name))
    }

    /// Returns all choices; other kinds of options have none.
    pub fn choices(&self) -> &[ChoiceSettings] {
        match &self.kind {
            OptionKind::Choice(choices) => choices,
            OptionKind::Text { .. } | OptionKind::Number(_) => &[],
        }
    }

    /// Returns the choices that a member of these system groups has.
    pub fn choices_for(&self, groups: &[String]) -> Vec<&ChoiceSettings> {
        let choices = self.choices().iter();
        choices.filter(|one| one.is_for(groups)).collect()
    }

    /// Returns what applies when a member of these system groups does not answer: the default, or
    /// the first choice that is theirs.
    pub fn default_for(&self, groups: &[String]) -> Result<&str, Unfit> {
        let OptionKind::Choice(_) = self.kind else {
            return Ok(&self.default);
        };
        let open = self.choices_for(groups);
        let default = open.iter().find(|one| one.text == self.default);
        let settled = default.or_else(|| open.first());
        settled.map_or_else(
            || Err(Unfit::NothingLeft(self.title.clone())),
            |one| Ok(one.text.as_str()),
        )
    }

    /// Returns what an answer changes, or why a member of these system groups cannot give it.
    pub fn changes(&self, answer: Option<&str>, groups: &[String]) -> Result<Overrides, Unfit> {
        let answer = match answer {
            Some(answer) => answer.trim(),
            None => self.default_for(groups)?,
        };
        self.check(answer, groups)?;
        self.effect_of(answer).ok_or_else(|| self.unfit(answer))
    }

    fn check(&self, answer: &str, groups: &[String]) -> Result<(), Unfit> {
        match &self.kind {
            OptionKind::Choice(choices) => match choices.iter().find(|one| one.text == answer) {
                Some(one) if one.is_for(groups) => Ok(()),
                Some(one) => {
                    let groups = one.groups.join(", ");
                    Err(Unfit::NotYours(
                        self.title.clone(),
                        one.text.clone(),
                        groups,
                    ))
                }
                None => Err(self.unfit(answer)),
            },
            OptionKind::Text { max_length } => {
                let fits = answer.chars().count() <= *max_length
                    && !answer.contains(|c: char| c.is_control());
                fits.then_some(()).ok_or_else(|| self.unfit(answer))
            }
            OptionKind::Number(number) => {
                let fits = number.take(answer).is_some();
                fits.then_some(()).ok_or_else(|| self.unfit(answer))
            }
        }
    }

    fn unfit(&self, answer: &str) -> Unfit {
        let name = self.title.clone();
        match &self.kind {
            OptionKind::Choice(_) => Unfit::NoChoice(name, answer.to_owned()),
            OptionKind::Text { max_length } => Unfit::Text(name, *max_length),
            OptionKind::Number(number) => {
                let [min, max, step] = [number.min, number.max, number.step].map(|x| x.to_string());
                Unfit::Number(name, min, max, step)
            }
        }
    }

    /// Returns the change; `None` when the answer is no such bound.
    pub(in crate::config) fn effect_of(&self, answer: &str) -> Option<Overrides> {
        let number = match &self.kind {
            OptionKind::Number(number) => number.take(answer),
            OptionKind::Choice(_) | OptionKind::Text { .. } => None,
        };
        let mut changes = Overrides::default();
        match &self.effect {
            Effect::Variable(name) => {
                let value = number.map_or_else(|| answer.to_owned(), |number| number.to_string());
                changes.environment = BTreeMap::from([(name.clone(), value)]);
            }
            Effect::Memory => {
                let bytes = number.map(|number| (number * GIBIBYTE).round().to_string());
                changes.memory_bytes = Some(Change::from(memory_bound(
                    bytes.as_deref().unwrap_or(answer),
                )?));
            }
            Effect::Cpus => changes.cpus = Some(Change::from(cpu_bound(answer)?)),
            Effect::Tasks => changes.tasks = Some(Change::from(task_bound(answer)?)),
        }
        Some(changes)
    }
}

impl NumberSettings {
    /// Reads a number that may be answered.
    pub(in crate::config) fn take(&self, answer: &str) -> Option<f64> {
        let number: f64 = answer.parse().ok()?;
        let steps = (number - self.min) / self.step;
        let fits =
            (self.min..=self.max).contains(&number) && (steps - steps.round()).abs() < TOLERANCE;
        fits.then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(kind: OptionKind, default: &str, effect: Effect) -> OptionSettings {
        OptionSettings {
            name: OptionName::parse("size").unwrap(),
            title: String::new(),
            description: String::new(),
            profiles: Vec::new(),
            kind,
            default: default.to_owned(),
            effect,
        }
    }

    fn sizes() -> OptionSettings {
        let choice = |text: &str, groups: &[&str]| ChoiceSettings {
            text: text.to_owned(),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        };
        let kind = OptionKind::Choice(vec![
            choice("64G", &["staff"]),
            choice("4G", &[]),
            choice("unlimited", &["wheel"]),
        ]);
        option(kind, "64G", Effect::Memory)
    }

    fn staff() -> Vec<String> {
        vec!["staff".to_owned()]
    }

    #[test]
    fn a_choice_is_open_to_its_groups_only() {
        let sizes = sizes();
        assert_eq!(sizes.default_for(&staff()), Ok("64G"));
        assert_eq!(sizes.default_for(&[]), Ok("4G"));
        let memory = |answer, groups: &[String]| {
            sizes
                .changes(answer, groups)
                .map(|changes| changes.memory_bytes)
        };
        assert_eq!(
            memory(Some("64G"), &staff()),
            Ok(Some(Change::To(64 << 30)))
        );
        assert_eq!(memory(None, &[]), Ok(Some(Change::To(4 << 30))));
        assert_eq!(
            memory(Some("unlimited"), &["wheel".to_owned()]),
            Ok(Some(Change::Lift))
        );
        assert!(matches!(memory(Some("64G"), &[]), Err(Unfit::NotYours(..))));
        assert!(matches!(
            memory(Some("5G"), &staff()),
            Err(Unfit::NoChoice(..))
        ));
    }

    #[test]
    fn without_a_choice_of_ones_own_nothing_starts() {
        let kind = OptionKind::Choice(vec![ChoiceSettings {
            text: "a".to_owned(),
            groups: staff(),
        }]);
        let only_staff = option(kind, "a", Effect::Variable("A".to_owned()));
        assert!(matches!(
            only_staff.changes(None, &[]),
            Err(Unfit::NothingLeft(_))
        ));
    }

    #[test]
    fn numbers_keep_to_their_bounds_and_steps() {
        let number = NumberSettings {
            min: 0.5,
            max: 4.0,
            step: 0.1,
            unit: "GiB".to_owned(),
        };
        let size = option(OptionKind::Number(number), "0.5", Effect::Memory);
        for good in ["0.5", "0.8", "4", " 2 "] {
            assert!(size.changes(Some(good), &[]).is_ok(), "{good}");
        }
        for bad in ["0.4", "4.1", "0.55", "NaN", "inf", "-1", "", "2G"] {
            assert!(
                matches!(size.changes(Some(bad), &[]), Err(Unfit::Number(..))),
                "{bad}"
            );
        }
        let half = size.changes(None, &[]).unwrap();
        assert_eq!(half.memory_bytes, Some(Change::To(1 << 29)));
    }

    #[test]
    fn a_text_is_one_short_line() {
        let kind = OptionKind::Text { max_length: 5 };
        let text = option(kind, "", Effect::Variable("COURSE".to_owned()));
        let changes = text.changes(Some("caf\u{e9}"), &[]).unwrap();
        assert_eq!(changes.environment["COURSE"], "caf\u{e9}");
        for bad in ["123456", "a\nb", "a\0"] {
            assert!(
                matches!(text.changes(Some(bad), &[]), Err(Unfit::Text(..))),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn an_option_belongs_to_its_profiles() {
        let lab = ProfileName::parse("lab").unwrap();
        let mut sizes = sizes();
        assert!(sizes.belongs_to(None) && sizes.belongs_to(Some(&lab)));
        sizes.profiles = vec![ProfileName::parse("other").unwrap()];
        assert!(!sizes.belongs_to(None) && !sizes.belongs_to(Some(&lab)));
        sizes.profiles.push(lab.clone());
        assert!(sizes.belongs_to(Some(&lab)));
    }
}
