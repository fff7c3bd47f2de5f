//! `[hub_groups.NAME]`, `[[custom_scopes]]` and `[[roles]]`.

use std::collections::BTreeMap;

use confique::Config;

use crate::config::spelling::{
    CustomScopeLabel, GroupLabel, Json, RoleLabel, ScopeText, ServiceLabel, Text, UserLabel,
};

/// `[hub_groups.NAME]`
///
/// Groups of the hub itself, which need not be groups of the system: roles can be given to them and
/// servers shared with them. Whenever the hub starts it makes those that are missing and adds the
/// people named here; it removes nobody.
#[derive(Config)]
pub(crate) struct RawHubGroup {
    /// People to add to the group.
    ///
    /// Example: `["alice", "bob"]`
    #[config(default = [])]
    pub users: Vec<UserLabel>,
    /// What programs are to find in the group's record; the hub gives it no meaning.
    ///
    /// Example: `{ room = "B 12" }`
    #[config(default = {})]
    pub properties: BTreeMap<String, Json>,
}

/// `[[custom_scopes]]`
///
/// Scopes with a meaning for the site's own services: roles can hold them, tokens carry them, and a
/// service finds them in what the hub says about its visitor. The hub gives them no meaning.
#[derive(Config)]
pub(crate) struct RawCustomScope {
    /// What the scope is called.
    ///
    /// Example: `"custom:grader:read"`
    pub name: CustomScopeLabel,
    /// What it allows, as a sentence that people can agree to.
    ///
    /// Example: `"See the marks of one's courses."`
    pub description: Option<Text>,
    /// Custom scopes that it implies.
    ///
    /// Example: `[]`
    #[config(default = [])]
    pub subscopes: Vec<CustomScopeLabel>,
}

/// `[[roles]]`
///
/// Sets of scopes, and who has them. The roles `user`, `admin`, `server` and `token` always exist: an
/// entry for one of them changes what it names, but `admin` keeps its scopes. A role that is no
/// longer here is gone.
#[derive(Config)]
pub(crate) struct RawRole {
    /// What the role is called.
    ///
    /// Example: `"teaching-assistants"`
    pub name: RoleLabel,
    /// What it is for.
    ///
    /// Example: `"May look after the servers of a course."`
    pub description: Option<Text>,
    /// What it allows.
    ///
    /// Example: `["list:users!group=course-101", "admin:servers!group=course-101", "access:servers!group=course-101"]`
    pub scopes: Option<Vec<ScopeText>>,
    /// People who have it. Everybody has the role `user`, unless this says who does.
    ///
    /// Example: `["carol"]`
    pub users: Option<Vec<UserLabel>>,
    /// Groups of the hub whose members have it.
    ///
    /// Example: `["assistants-101"]`
    #[config(default = [])]
    pub groups: Vec<GroupLabel>,
    /// Services that have it.
    ///
    /// Example: `["grader"]`
    #[config(default = [])]
    pub services: Vec<ServiceLabel>,
}
