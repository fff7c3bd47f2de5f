//! `[hub_groups.NAME]`, `[[custom_scopes]]` and `[[roles]]` as the domain's types.

use crate::{
    config::{
        merged::Merged,
        raw::{RawCustomScope, RawHubGroup, RawRole},
        settings::HubGroupSettings,
        spelling::CustomScopeLabel,
        tables::{CUSTOM_SCOPES, HUB_GROUPS, ROLES, SERVICES},
        validate::{complete, scopes},
        words::join,
    },
    domain::{
        names::GroupName,
        role::{Configured, ConfiguredRole, Members, RoleBook, RoleName, UserList},
        scope::{
            CustomScopes, Scope,
            custom::{CustomDefinition, CustomScopeError},
        },
    },
};

/// Reads the groups that are made at the start.
pub(super) fn hub_groups(merged: &mut Merged<'_>) -> Result<Vec<HubGroupSettings>, String> {
    let tables = merged.hand_out(HUB_GROUPS).into_iter();
    let groups = tables.map(|(name, table)| {
        let raw: RawHubGroup = complete(table)?;
        let properties = raw.properties.into_iter();
        Ok(HubGroupSettings {
            name: GroupName::parse(&name).map_err(|error| error.to_string())?,
            users: raw.users.into_iter().map(|user| user.0).collect(),
            properties: properties.map(|(key, value)| (key, value.0)).collect(),
        })
    });
    groups.collect()
}

/// Makes the book of all roles and custom scopes.
pub(super) fn roles(
    extra_user_scopes: Vec<Scope>,
    merged: &mut Merged<'_>,
) -> Result<RoleBook, String> {
    let custom = custom_scopes(merged)?;
    let mut roles = Vec::new();
    for (_, table) in merged.hand_out(ROLES) {
        roles.push(role(complete(table)?, merged));
    }
    let configured = Configured {
        roles,
        extra_user_scopes,
        custom,
    };
    RoleBook::configured(configured).or_else(|error| told(merged, &error))
}

fn custom_scopes(merged: &mut Merged<'_>) -> Result<CustomScopes, String> {
    let mut definitions = Vec::new();
    for (_, table) in merged.hand_out(CUSTOM_SCOPES) {
        let raw: RawCustomScope = complete(table)?;
        let CustomScopeLabel(scope) = raw.name;
        let whole_name = join(CUSTOM_SCOPES, scope.as_str());
        let description = raw.description.map_or_else(String::new, |text| text.0);
        if description.trim().is_empty() {
            let key = join(&whole_name, "description");
            let text = format!("{whole_name} needs a description");
            merged.blame_first(&[&key, &whole_name], text);
        }
        let key = join(&whole_name, "subscopes");
        for (index, CustomScopeLabel(subscope)) in raw.subscopes.iter().enumerate() {
            if !merged.sets(&join(CUSTOM_SCOPES, subscope.as_str())) {
                let text = format!("{key}: {}", scopes::undefined(subscope));
                merged.blame_item(&key, index, text);
            }
        }
        let subscopes = raw.subscopes.into_iter().map(|label| label.0).collect();
        let definition = CustomDefinition {
            description,
            subscopes,
        };
        definitions.push((scope, definition));
    }
    CustomScopes::define(definitions).or_else(|error| {
        if let CustomScopeError::Cycle(scope) = &error {
            let key = join(&join(CUSTOM_SCOPES, scope.as_str()), "subscopes");
            merged.blame(&key, format!("{key} leads back to {scope}"));
        }
        told(merged, &error)
    })
}

fn role(raw: RawRole, merged: &mut Merged<'_>) -> ConfiguredRole {
    let name = raw.name.0;
    let whole_name = join(ROLES, name.as_str());
    let key = |key: &str| join(&whole_name, key);
    let scopes = raw
        .scopes
        .map(|texts| scopes::read(&key("scopes"), texts, merged));
    if name == RoleName::admin() {
        for fixed in [key("description"), key("scopes")] {
            let text = format!("{fixed}: only who is in the role admin can be configured");
            merged.blame(&fixed, text);
        }
    }
    for (index, service) in raw.services.iter().enumerate() {
        let service = service.0.as_str();
        if !merged.sets(&join(SERVICES, service)) {
            let text = format!("{}: there is no service {service:?}", key("services"));
            merged.blame_item(&key("services"), index, text);
        }
    }
    let user_list = match raw.users {
        Some(_) => UserList::Given,
        None => UserList::Absent,
    };
    ConfiguredRole {
        user_list,
        description: raw.description.map(|text| text.0),
        scopes,
        members: Members {
            users: raw.users.into_iter().flatten().map(|user| user.0).collect(),
            groups: raw.groups.into_iter().map(|group| group.0).collect(),
            services: raw.services.into_iter().map(|service| service.0).collect(),
        },
        name,
    }
}

/// Goes on with nothing where a fault has told what is wrong; were there none, the error would be it.
fn told<T: Default>(merged: &Merged<'_>, error: &impl ToString) -> Result<T, String> {
    if merged.faults.is_empty() {
        Err(error.to_string())
    } else {
        Ok(T::default())
    }
}
