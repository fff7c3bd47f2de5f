//! The form that asks, before a server starts, which kind it should be and what else the configuration
//! asks (PG-64a, PG-65).

use maud::Markup;

use super::{
    Context, frame_saying, next_target,
    spawn::{Options, display_name},
};
use crate::{
    config::settings::{
        options::{OptionKind, OptionSettings},
        profiles::ProfileSettings,
    },
    domain::{names::ServerKey, profile::ProfileName},
    http::forms::Form,
    hub::profiles::{self, Chosen},
    pages::spawn_form::{Choice, Field, Offer, Question, SpawnFormView, spawn_form_page},
};

/// What a form is filled with.
pub(super) struct StartForm<'a> {
    key: ServerKey,
    query: &'a Form,
    chosen: Chosen,
}

impl<'a> StartForm<'a> {
    /// A form for a server, filled with what was chosen last or just now.
    pub(super) fn new(key: ServerKey, query: &'a Form, chosen: Chosen) -> Self {
        Self { key, query, chosen }
    }

    /// Shows it to whom has these system groups, with what was wrong.
    pub(super) fn page(self, ctx: &Context, groups: &[String], fault: Option<String>) -> Markup {
        let settings = &ctx.settings;
        let profiles = settings.profiles.iter();
        let offered: Vec<_> = profiles.filter(|one| one.is_for(groups)).collect();
        let last = self.chosen.profile.as_ref();
        let first = offered.iter().position(|one| Some(&one.name) == last);
        let first = first.unwrap_or(0);
        let questions = |profile: Option<&ProfileName>| {
            let asked = settings.asked(profile);
            let questions = asked.map(|option| self.question(option, profile, groups));
            questions.collect()
        };
        let choice = |(index, one): (usize, &ProfileSettings)| Choice {
            name: one.name.clone(),
            title: one.title.clone(),
            description: one.description.clone(),
            is_chosen: index == first,
            questions: questions(Some(&one.name)),
        };
        let offer = match settings.profiles.is_empty() {
            true => Offer::Options(questions(None)),
            false => Offer::Profiles(offered.into_iter().enumerate().map(choice).collect()),
        };
        spawn_form_page(&SpawnFormView {
            frame: frame_saying(ctx, settings.hub.announcements.spawn.as_ref()),
            offer,
            next: next_target(ctx, self.query),
            display_name: display_name(self.query).map(str::to_owned),
            fault,
            key: self.key,
        })
    }

    fn question(
        &self,
        option: &OptionSettings,
        profile: Option<&ProfileName>,
        groups: &[String],
    ) -> Question {
        let name = option.name.as_str();
        let given = (profile == self.chosen.profile.as_ref())
            .then(|| self.chosen.answers.get(name).cloned())
            .flatten();
        let default = || option.default_for(groups).unwrap_or_default().to_owned();
        let field = match &option.kind {
            OptionKind::Choice(_) => {
                let choices = option.choices_for(groups).into_iter();
                Field::Choice(choices.map(|one| one.text.clone()).collect())
            }
            OptionKind::Text { max_length } => Field::Text {
                max_length: *max_length,
            },
            OptionKind::Number(number) => Field::Number {
                min: number.min,
                max: number.max,
                step: number.step,
                unit: number.unit.clone(),
            },
        };
        Question {
            name: match profile {
                Some(profile) => format!("{profile}{OF}{name}"),
                None => name.to_owned(),
            },
            title: option.title.clone(),
            description: option.description.clone(),
            answer: given.unwrap_or_else(default),
            field,
        }
    }
}

/// What stands between a profile and an option in the name of a field. No name has it.
const OF: char = '.';

/// Takes the answers that belong to the chosen profile out of a form that has those of all profiles.
pub(super) fn of_chosen_profile(fields: Options) -> Options {
    let chosen = fields
        .get(profiles::OPTION)
        .and_then(|values| values.first());
    let Some(chosen) = chosen.cloned() else {
        return fields;
    };
    let own = |(name, values): (String, Vec<String>)| match name.split_once(OF) {
        Some((profile, option)) if profile == chosen => Some((option.to_owned(), values)),
        Some((profile, _)) if ProfileName::parse(profile).is_ok() => None,
        Some(_) | None => Some((name, values)),
    };
    fields.into_iter().filter_map(own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_to_what_other_profiles_ask_are_left_out() {
        let fields = [
            ("profile", "lab"),
            ("lab.size", "4G"),
            ("big.size", "64G"),
            ("note", "a.b"),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), vec![value.to_owned()]));
        let own = of_chosen_profile(Options::from(fields.clone()));
        let names: Vec<_> = own.keys().map(String::as_str).collect();
        assert_eq!(names, ["note", "profile", "size"]);
        assert_eq!(own["size"], ["4G"]);
        let without = Options::from(fields)
            .into_iter()
            .filter(|(name, _)| name != "profile");
        assert_eq!(of_chosen_profile(without.collect()).len(), 3);
    }
}
