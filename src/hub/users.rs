//! Users: remembered at their first login or added before it, brought up to date at each login, removed.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::{
    broker::client,
    domain::{
        access::{AdminUser, By, CreateUsers, DeleteUser, Denied, Owner, Permit},
        names::{GroupName, ServerKey, UserName},
        role::{AdminRole, RoleName},
        secret::Secret,
        server::Life,
    },
    hub::{Hub, servers::Servers},
    store::{
        self,
        user_edits::UserRemoval,
        users::{Login, LoginOutcome},
    },
};

/// Why a user was not added, changed or removed; the texts are JupyterHub's where it has one.
#[derive(Debug, Error)]
pub enum UserError {
    /// Somebody who is no administrator wants to make one.
    #[error("Only admins can grant admin permissions")]
    GrantingAdmin,
    /// Somebody who is no administrator wants to change one.
    #[error("Only admins can modify other admins")]
    ModifyingAdmin,
    /// Everybody who was to be added is a user already.
    #[error("All {0} users already exist")]
    AllExist(usize),
    /// Whoever was to be added is a user already.
    #[error("User {0} already exists")]
    Exists(UserName),
    /// Somebody else has the new name.
    #[error("User {0} already exists, username must be unique")]
    NameTaken(UserName),
    /// There is no such user.
    #[error("Not Found")]
    NoSuchUser,
    /// There is no such group.
    #[error("No such group: {0}")]
    NoSuchGroup(GroupName),
    /// There is no such role.
    #[error("No such role: {0}")]
    NoSuchRole(RoleName),
    /// Nobody can give what they do not have.
    #[error("Not giving role {role} with scopes that you do not hold: {}", .scopes.join(", "))]
    NotHeld {
        /// The role that was to be given.
        role: RoleName,
        /// Its scopes that the giver does not hold.
        scopes: Vec<String>,
    },
    /// The user is to be an administrator and not to be one.
    #[error("user.admin and user.roles contradict each other")]
    Contradiction,
    /// The name of a server's unit cannot change while it runs.
    #[error("{0} has a server that is active. Please stop it before changing the name.")]
    Active(UserName),
    /// Nobody removes themselves.
    #[error("Cannot delete yourself!")]
    Yourself,
    /// A server of the user takes its time to stop.
    #[error("{0}'s server is in the process of stopping, please wait.")]
    Stopping(UserName),
    /// The caller may not do a part of it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The database failed.
    #[error("change users")]
    Store(#[from] store::Error),
}

/// Remembers a login that the broker has accepted, with the ticket that lets servers be started.
///
/// A known name that belongs to another account now (its UID differs) loses what the old one had, and
/// servers that still run under the old UID are stopped: they hold another person's work.
pub async fn log_in(hub: &Hub, login: &client::Login) -> Result<LoginOutcome, store::Error> {
    let name = &login.account.name;
    let outcome = hub
        .store
        .record_login(Login {
            name: name.clone(),
            uid: login.account.uid,
            admin: AdminRole::of(login.admin),
            system_groups: mirrored_groups(hub, login),
            ticket: Secret::new(login.ticket.as_text().to_owned()),
            at: hub.clock.now(),
        })
        .await?;
    if outcome == LoginOutcome::Replaced {
        tracing::warn!(
            target: "audit",
            { user.name = %name },
            "{name} is another account than before: sessions and tokens of the old one are revoked"
        );
        stop_all(
            &hub.servers,
            name,
            "the account of its name is another one now",
        );
    }
    Ok(outcome)
}

/// Returns the account's groups among those whose membership the hub takes from the system.
fn mirrored_groups(hub: &Hub, login: &client::Login) -> BTreeSet<GroupName> {
    let settings = hub.settings.load();
    let groups = settings.hub.mirror_groups.iter();
    let mirrored = groups.filter(|group| {
        let mut names = login.account.groups.iter();
        names.any(|name| name == group.as_str())
    });
    mirrored.cloned().collect()
}

/// Adds users who need not have logged in; those who are users already are left out. Returns the others.
pub async fn create_all(
    hub: &Hub,
    permit: &Permit<CreateUsers>,
    names: Vec<UserName>,
    admin: AdminRole,
) -> Result<Vec<UserName>, UserError> {
    check_granting(hub, permit.by(), admin).await?;
    let asked = names.len();
    let now = hub.clock.now();
    let created = hub.store.create_users(names, admin, now).await?;
    if created.is_empty() {
        return Err(UserError::AllExist(asked));
    }
    for name in &created {
        log_creation(name, admin, permit.by());
    }
    Ok(created)
}

/// Adds a user who need not have logged in.
pub async fn create(
    hub: &Hub,
    permit: &Permit<AdminUser>,
    admin: AdminRole,
) -> Result<(), UserError> {
    check_granting(hub, permit.by(), admin).await?;
    let name = permit.target();
    let now = hub.clock.now();
    let created = hub.store.create_users(vec![name.clone()], admin, now);
    if created.await?.is_empty() {
        return Err(UserError::Exists(name.clone()));
    }
    log_creation(name, admin, permit.by());
    Ok(())
}

/// Removes a user with all that is theirs, once nothing of theirs runs; the account on the machine and
/// its files stay.
pub async fn delete(hub: &Hub, permit: &Permit<DeleteUser>) -> Result<(), UserError> {
    let name = permit.target();
    if hub.store.find_user(name).await?.is_none() {
        return Err(UserError::NoSuchUser);
    }
    if *permit.by() == By::Caller(Owner::User(name.clone())) {
        return Err(UserError::Yourself);
    }
    stop_and_wait(hub, name).await?;
    match hub.store.delete_user(name).await? {
        UserRemoval::Done => {}
        UserRemoval::NoSuchUser => return Err(UserError::NoSuchUser),
        // Something was started in between.
        UserRemoval::Active => return Err(UserError::Stopping(name.clone())),
    }
    tracing::info!(
        target: "audit",
        { user.name = %name },
        "user {name} removed by {}",
        permit.by()
    );
    Ok(())
}

/// Refuses to make administrators for somebody who is none.
pub(super) async fn check_granting(hub: &Hub, by: &By, admin: AdminRole) -> Result<(), UserError> {
    if admin == AdminRole::Held && !is_admin(hub, by).await? {
        return Err(UserError::GrantingAdmin);
    }
    Ok(())
}

/// Tells whether an administrator is behind a permit, whatever scopes their token has (API-27).
pub(super) async fn is_admin(hub: &Hub, by: &By) -> Result<bool, store::Error> {
    match by {
        By::Hub(_) => Ok(true),
        By::Caller(owner) => hub.authority.is_admin(owner).await,
    }
}

/// Stops all servers of a user and waits until they are, as long as any request waits for a stop.
async fn stop_and_wait(hub: &Hub, name: &UserName) -> Result<(), UserError> {
    let stopping = || UserError::Stopping(name.clone());
    let active = active_servers(&hub.servers, name);
    let ends = |life: &Life| matches!(life, Life::Stopping { .. });
    if active.iter().any(|(_, life)| ends(life)) {
        return Err(stopping());
    }
    stop_all(&hub.servers, name, "its user is removed");
    let patience = hub.settings.load().hub.slow_stop_timeout;
    for (key, _) in active {
        if hub.servers.settled(&key, patience).await.life.is_active() {
            return Err(stopping());
        }
    }
    Ok(())
}

fn stop_all(servers: &Servers, name: &UserName, reason: &'static str) {
    for (key, _) in active_servers(servers, name) {
        if let Err(error) = servers.stop(&Permit::by_hub(key.clone(), reason)) {
            // Whoever may not go on before it is stopped finds it active; without its OAuth client
            // nobody can log in to it all the same.
            tracing::error!(server.name = %key, "{key} is not stopped: {error}");
        }
    }
}

fn active_servers(servers: &Servers, name: &UserName) -> Vec<(ServerKey, Life)> {
    let all = servers.list().into_iter();
    let active = all.filter(|(key, status)| key.user == *name && status.life.is_active());
    active.map(|(key, status)| (key, status.life)).collect()
}

fn log_creation(name: &UserName, admin: AdminRole, by: &By) {
    let what = match admin {
        AdminRole::Held => "administrator",
        AdminRole::NotHeld => "user",
    };
    tracing::info!(target: "audit", { user.name = %name }, "{what} {name} added by {by}");
}
