//! `[[options]]`.

use std::collections::BTreeMap;

use confique::Config;

use crate::config::spelling::{
    AccountName, BoundWord, Count, Number, OptionKindWord, OptionLabel, ProfileLabel, Scalar, Step,
    Text, Variable,
};

/// `[[options]]`
///
/// What people are asked when they start a server: something to choose, a number, a line of text. The
/// answer becomes the value of an environment variable, or a bound. Programs answer in what they send when
/// they start a server: `{"size": "16G"}`. Who does not answer gets what was answered last, and otherwise
/// the default.
#[derive(Config)]
pub(crate) struct RawOption {
    /// What the option is called in what programs send: `{NAME: ANSWER}`.
    ///
    /// Example: `"size"`
    pub name: OptionLabel,
    /// What people read. Without it, the name.
    ///
    /// Example: `"Memory"`
    pub title: Option<Text>,
    /// What it is about, in a sentence.
    ///
    /// Example: `"Ask for what you need; others need it too."`
    pub description: Option<Text>,
    /// The profiles at which it is asked; without any, at every start.
    ///
    /// Example: `["dashboards"]`
    #[config(default = [])]
    pub profiles: Vec<ProfileLabel>,
    /// What may be answered: a `"choice"`, a `"number"` or a `"text"`.
    ///
    /// Example: `"choice"`
    #[config(default = "text")]
    pub kind: OptionKindWord,
    /// What there is to choose from. A choice needs it.
    ///
    /// Example: `["4G", "16G", "64G"]`
    #[config(default = [])]
    pub choices: Vec<Scalar>,
    /// System groups whose members alone may choose this; a choice that is not named here is for everybody.
    ///
    /// Example: `{ 64G = ["staff"] }`
    #[config(default = {})]
    pub choice_groups: BTreeMap<Scalar, Vec<AccountName>>,
    /// The least number. A number needs it.
    ///
    /// Example alone: `1`
    pub min: Option<Number>,
    /// The greatest number. A number needs it.
    ///
    /// Example alone: `64`
    pub max: Option<Number>,
    /// How far apart numbers are, counted from the least. Without it, 1.
    ///
    /// Example alone: `0.5`
    pub step: Option<Step>,
    /// What a number counts, in a word.
    ///
    /// Example alone: `"GiB"`
    pub unit: Option<Text>,
    /// The longest text, in characters. Without it, 200.
    ///
    /// Example alone: `40`
    pub max_length: Option<Count<1, 2000>>,
    /// The answer of who does not answer. Without it, the first choice, the least number, no text.
    ///
    /// Example: `"4G"`
    pub default: Option<Scalar>,
    /// The environment variable that gets the answer as its value. An option needs this or `bound`.
    ///
    /// Example alone: `"COURSE"`
    pub variable: Option<Variable>,
    /// The bound that the answer is: on `"memory"`, where a number is in GiB, on `"cpus"` or on `"tasks"`.
    /// It wins over what `[server.limits]`, groups and the profile say.
    ///
    /// Example: `"memory"`
    pub bound: Option<BoundWord>,
}
