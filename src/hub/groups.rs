//! Groups of users: made, filled, emptied and removed by the API.

use thiserror::Error;

use crate::{
    domain::{
        access::{AdminGroup, By, CreateGroups, DeleteGroup, EditGroup, Permit},
        names::{GroupName, UserName},
    },
    hub::Hub,
    store::{
        self,
        groups::{GroupCreation, MembersChange},
    },
};

/// Why a group was not made or changed; the texts are JupyterHub's.
#[derive(Debug, Error)]
pub enum GroupError {
    /// There is none.
    #[error("No such group: {0}")]
    NoSuchGroup(GroupName),
    /// There is one already.
    #[error("Group {0} already exists")]
    Exists(GroupName),
    /// One of its members is no user.
    #[error("No such user: {0}")]
    NoSuchUser(UserName),
    /// The database failed.
    #[error("change groups")]
    Store(#[from] store::Error),
}

/// What is done to members of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberChange {
    /// They become members.
    Add,
    /// They are members no more.
    Remove,
}

/// Makes groups, all with these members, or none.
pub async fn create_all(
    hub: &Hub,
    permit: &Permit<CreateGroups>,
    names: Vec<GroupName>,
    users: Vec<UserName>,
) -> Result<(), GroupError> {
    make(hub, permit.by(), names, users).await
}

/// Makes a group with these members.
pub async fn create(
    hub: &Hub,
    permit: &Permit<AdminGroup>,
    users: Vec<UserName>,
) -> Result<(), GroupError> {
    make(hub, permit.by(), vec![permit.target().clone()], users).await
}

async fn make(
    hub: &Hub,
    by: &By,
    names: Vec<GroupName>,
    users: Vec<UserName>,
) -> Result<(), GroupError> {
    let count = users.len();
    let now = hub.clock.now();
    match hub.store.create_groups(names.clone(), users, now).await? {
        GroupCreation::Done => {}
        GroupCreation::Exists(name) => return Err(GroupError::Exists(name)),
        GroupCreation::NoSuchUser(user) => return Err(GroupError::NoSuchUser(user)),
    }
    for name in names {
        tracing::info!(
            target: "audit",
            { group.name = %name },
            "group {name} made with {count} members by {by}"
        );
    }
    Ok(())
}

/// Changes who is in a group, for all of these users or none.
pub async fn change_members(
    hub: &Hub,
    permit: &Permit<EditGroup>,
    change: MemberChange,
    users: Vec<UserName>,
) -> Result<(), GroupError> {
    let name = permit.target();
    let names = in_words(&users);
    let (outcome, word) = match change {
        MemberChange::Add => (hub.store.add_members(name, users).await?, "added to"),
        MemberChange::Remove => (hub.store.remove_members(name, users).await?, "taken out of"),
    };
    match outcome {
        MembersChange::Done => {}
        MembersChange::NoSuchGroup => return Err(GroupError::NoSuchGroup(name.clone())),
        MembersChange::NoSuchUser(user) => return Err(GroupError::NoSuchUser(user)),
    }
    tracing::info!(
        target: "audit",
        { group.name = %name },
        "{names} {word} group {name} by {}",
        permit.by()
    );
    Ok(())
}

/// Replaces what scripts keep with a group, a JSON object.
pub async fn set_properties(
    hub: &Hub,
    permit: &Permit<EditGroup>,
    properties: String,
) -> Result<(), GroupError> {
    let name = permit.target();
    if !hub.store.set_group_properties(name, properties).await? {
        return Err(GroupError::NoSuchGroup(name.clone()));
    }
    Ok(())
}

/// Removes a group, and with it what its members had by it.
pub async fn delete(hub: &Hub, permit: &Permit<DeleteGroup>) -> Result<(), GroupError> {
    let name = permit.target();
    if !hub.store.delete_group(name).await? {
        return Err(GroupError::NoSuchGroup(name.clone()));
    }
    tracing::info!(
        target: "audit",
        { group.name = %name },
        "group {name} removed by {}",
        permit.by()
    );
    Ok(())
}

/// Returns the names as a line of the journal has them: all of a few, of many how many.
fn in_words(users: &[UserName]) -> String {
    const FEW: usize = 20;
    if users.len() > FEW {
        return format!("{} users", users.len());
    }
    let names: Vec<_> = users.iter().map(UserName::as_str).collect();
    names.join(", ")
}
