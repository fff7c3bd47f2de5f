//! The tables of which files may have many, each with a name of its own.

use confique::{Config, meta::Meta};
use serde::Deserialize;
use toml::{Spanned, de::DeTable};

use crate::config::{
    raw::{RawCustomScope, RawGroup, RawHubGroup, RawOption, RawProfile, RawRole, RawService},
    spelling::{
        AccountName, CustomScopeLabel, GroupLabel, OptionLabel, ProfileLabel, RoleLabel,
        ServiceLabel, reads,
    },
    words::join,
};

/// Changes for members of system groups.
pub(super) const GROUPS: &str = "groups";
/// Kinds of servers.
pub(super) const PROFILES: &str = "profiles";
/// What is asked when a server starts.
pub(super) const OPTIONS: &str = "options";
/// Groups of the hub itself.
pub(super) const HUB_GROUPS: &str = "hub_groups";
/// Scopes of the site's own.
pub(super) const CUSTOM_SCOPES: &str = "custom_scopes";
/// Services beside the hub.
pub(super) const SERVICES: &str = "services";
/// Roles.
pub(super) const ROLES: &str = "roles";

/// The key that names an entry of a list.
pub(super) const NAME: &str = "name";

/// Every kind of table there may be many of, in the order of the documentation.
pub(super) static KINDS: [Kind; 7] = [
    Kind {
        key: GROUPS,
        form: Form::Named,
        one: "a group",
        name_is: "the name of a system group",
        is_name: reads::<AccountName>,
        some_name: "students",
        meta: &RawGroup::META,
        trial: try_layer::<RawGroup>,
    },
    Kind {
        key: PROFILES,
        form: Form::Listed,
        one: "a profile",
        name_is: "the name of a profile",
        is_name: reads::<ProfileLabel>,
        some_name: "dashboards",
        meta: &RawProfile::META,
        trial: try_layer::<RawProfile>,
    },
    Kind {
        key: OPTIONS,
        form: Form::Listed,
        one: "an option",
        name_is: "the name of an option",
        is_name: reads::<OptionLabel>,
        some_name: "size",
        meta: &RawOption::META,
        trial: try_layer::<RawOption>,
    },
    Kind {
        key: HUB_GROUPS,
        form: Form::Named,
        one: "a group",
        name_is: "the name of a group",
        is_name: reads::<GroupLabel>,
        some_name: "course-101",
        meta: &RawHubGroup::META,
        trial: try_layer::<RawHubGroup>,
    },
    Kind {
        key: CUSTOM_SCOPES,
        form: Form::Listed,
        one: "a custom scope",
        name_is: "the name of a custom scope",
        is_name: reads::<CustomScopeLabel>,
        some_name: "custom:grader:read",
        meta: &RawCustomScope::META,
        trial: try_layer::<RawCustomScope>,
    },
    Kind {
        key: SERVICES,
        form: Form::Listed,
        one: "a service",
        name_is: "the name of a service",
        is_name: reads::<ServiceLabel>,
        some_name: "grader",
        meta: &RawService::META,
        trial: try_layer::<RawService>,
    },
    Kind {
        key: ROLES,
        form: Form::Listed,
        one: "a role",
        name_is: "the name of a role",
        is_name: reads::<RoleLabel>,
        some_name: "teaching-assistants",
        meta: &RawRole::META,
        trial: try_layer::<RawRole>,
    },
];

/// A kind of table of which there may be many.
pub(super) struct Kind {
    /// The key under which they stand.
    pub key: &'static str,
    /// How they are written.
    pub form: Form,
    /// What one of them is called.
    pub one: &'static str,
    /// What its name is.
    pub name_is: &'static str,
    /// Tells whether a text can be its name.
    pub is_name: fn(&str) -> bool,
    /// A name to show.
    pub some_name: &'static str,
    /// The description of its keys.
    pub meta: &'static Meta,
    /// Reads one of them, or a part of it.
    pub trial: Trial,
}

/// How tables of one kind are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `[key.NAME]`.
    Named,
    /// `[[key]]`, with the key `name`.
    Listed,
}

impl Kind {
    /// Returns the line above one of them; a list has its names elsewhere.
    pub(super) fn heading(&self, name: &str) -> String {
        match self.form {
            Form::Named => format!("[{}]", join(self.key, name)),
            Form::Listed => format!("[[{}]]", self.key),
        }
    }
}

/// How a value at a path below one described struct is tried.
pub(super) type Trial = fn(Spanned<DeTable<'_>>) -> Result<(), toml::de::Error>;

/// Reads a described struct, of which keys may be absent.
pub(super) fn try_layer<C: Config>(table: Spanned<DeTable<'_>>) -> Result<(), toml::de::Error> {
    C::Layer::deserialize(toml::de::Deserializer::from(table)).map(drop)
}
