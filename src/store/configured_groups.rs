//! The hub's own groups as the configuration has them: made when they are missing, and filled; nobody is
//! taken out.

use std::collections::BTreeSet;

use rusqlite::{Transaction, named_params};

use super::{Result, Store, row, user_edits};
use crate::domain::{
    names::{GroupName, UserName},
    role::AdminRole,
    time::Timestamp,
};

/// A group as the configuration has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredGroup {
    /// Its name.
    pub name: GroupName,
    /// What scripts are to find with it, a JSON object; what they put there stays when absent.
    pub properties: Option<String>,
    /// Who is in it.
    pub users: BTreeSet<UserName>,
}

impl Store {
    /// Takes the configured groups in, all or none; people they name who are no users become users.
    pub async fn take_configured_groups(
        &self,
        groups: Vec<ConfiguredGroup>,
        at: Timestamp,
    ) -> Result<()> {
        if groups.is_empty() {
            return Ok(());
        }
        self.write("take the configured groups in", move |tx| {
            groups.iter().try_for_each(|group| take(tx, group, at))
        })
        .await
    }
}

fn take(tx: &Transaction<'_>, group: &ConfiguredGroup, at: Timestamp) -> Result<()> {
    const GROUP: &str = "
        INSERT INTO groups (name, properties, created) VALUES (:name, coalesce(:properties, '{}'), :at)
        ON CONFLICT (name) DO UPDATE SET properties = coalesce(:properties, properties)";
    const MEMBER: &str = "
        INSERT INTO group_members (group_id, user_id, origin)
        SELECT id, :user_id, 'configuration' FROM groups WHERE name = :name
        ON CONFLICT DO NOTHING";
    tx.prepare_cached(GROUP)?.execute(named_params! {
        ":name": group.name.as_str(),
        ":properties": group.properties,
        ":at": at.as_micros(),
    })?;
    for user in &group.users {
        user_edits::create_user(tx, user, AdminRole::NotHeld, at)?;
        let user_id = row::get_user_id(tx, user)?;
        tx.prepare_cached(MEMBER)?
            .execute(named_params! { ":name": group.name.as_str(), ":user_id": user_id })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn groups_of_the_configuration_are_made_and_filled_and_keep_what_scripts_put_there() {
        let store = Store::in_memory().unwrap();
        let name = GroupName::parse("class").unwrap();
        let group = |users: &[&str], properties: Option<&str>| ConfiguredGroup {
            name: name.clone(),
            properties: properties.map(str::to_owned),
            users: users.iter().map(|u| UserName::parse(u).unwrap()).collect(),
        };
        let at = Timestamp::from_micros(5);
        let rounds = [
            (group(&["alice"], Some(r#"{"room":7}"#)), 1),
            (group(&["bob"], None), 2),
            (group(&[], None), 2),
        ];
        for (group, members) in rounds {
            store.take_configured_groups(vec![group], at).await.unwrap();
            let found = store.find_group(&name).await.unwrap().unwrap();
            assert_eq!(found.users.len(), members);
            assert!(found.properties.contains("room"));
        }
        assert_eq!(store.list_users().await.unwrap().len(), 2);
    }
}
