//! Who asks, and the permits a use case demands.
//!
//! A [`Permit`] holds an action's permission and its target in one value. Only the check of a caller's
//! scopes makes one, or [`Permit::by_hub`] with a reason; so a forgotten check does not compile. What a
//! list may show is a [`ListReach`].

mod caller;
mod lists;
mod permit;

pub use self::caller::{Caller, Denied, Owner, Via};
pub use self::lists::{
    ListReach, UserBounds, list_groups, list_servers, list_services, list_users,
};
pub use self::permit::{Action, By, Object, Permit, WholeHub, permit};

use crate::domain::{
    names::{GroupName, ServerKey, ServiceName, UserName},
    scope::ScopeName,
};

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident($target:ty) = [$($scope:ident),+];)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub enum $action {}

            impl Action for $action {
                type Target = $target;
                const ANY_OF: &'static [ScopeName] = &[$(ScopeName::$scope),+];
            }
        )*
    };
}

// The hub as a whole.
actions! {
    /// See what kind of hub this is, in detail.
    ReadHub(WholeHub) = [ReadHub];
    /// Shut the hub down.
    ShutDown(WholeHub) = [Shutdown];
    /// See the table of routes and have it rebuilt.
    ManageProxy(WholeHub) = [Proxy];
    /// Scrape metrics.
    ReadMetrics(WholeHub) = [ReadMetrics];
    /// Open the pages of administration.
    OpenAdminPages(WholeHub) = [AdminUi];
    /// See all roles, and who is in them.
    ReadRoles(WholeHub) = [ReadRoles];
    /// Create users of any name.
    CreateUsers(WholeHub) = [AdminUsers];
    /// Create groups of any name.
    CreateGroups(WholeHub) = [AdminGroups];
}

// Users and their tokens.
actions! {
    /// See some of a user's model; which keys, the scopes decide.
    ReadUser(UserName) = [
        ReadUsers, ReadUsersName, ReadServers, ReadUsersGroups, ReadUsersActivity, ReadRolesUsers
    ];
    /// Create, rename or change a user.
    AdminUser(UserName) = [AdminUsers];
    /// Delete a user with all that is theirs.
    DeleteUser(UserName) = [DeleteUsers];
    /// See what the login left about a user.
    ReadAuthState(UserName) = [AdminAuthState];
    /// Report that a user was active.
    ReportActivity(UserName) = [UsersActivity];
    /// See a user's tokens.
    ReadTokens(UserName) = [ReadTokens];
    /// Make and revoke a user's tokens.
    WriteTokens(UserName) = [Tokens];
}

// Servers.
actions! {
    /// See a server.
    ReadServer(ServerKey) = [ReadServers];
    /// Start or edit a server.
    StartServer(ServerKey) = [StartServers];
    /// Stop or delete a server.
    StopServer(ServerKey) = [DeleteServers];
    /// Start and stop a server by the pages of the hub.
    OperateServer(ServerKey) = [Servers];
    /// Start and stop a user's servers.
    OperateServers(UserName) = [Servers];
    /// See the inner state of a server.
    AdminServerState(ServerKey) = [AdminServerState];
    /// Use a server.
    AccessServer(ServerKey) = [AccessServers];
}

// Groups.
actions! {
    /// See some of a group's model; which keys, the scopes decide.
    ReadGroup(GroupName) = [ReadGroups, ReadGroupsName, ReadRolesGroups];
    /// Add and remove members, and set a group's properties.
    EditGroup(GroupName) = [Groups];
    /// Create a group.
    AdminGroup(GroupName) = [AdminGroups];
    /// Delete a group.
    DeleteGroup(GroupName) = [DeleteGroups];
}

// Services.
actions! {
    /// See some of a service's model; which keys, the scopes decide.
    ReadService(ServiceName) = [ReadServices, ReadServicesName, ReadRolesServices];
    /// Add and remove a service.
    AdminService(ServiceName) = [AdminServices];
    /// Use a service.
    AccessService(ServiceName) = [AccessServices];
}

// What is shared.
actions! {
    /// See with whom a server is shared.
    ReadShares(ServerKey) = [ReadShares];
    /// See with whom any server of an owner is shared.
    ReadOwnersShares(UserName) = [ReadShares];
    /// Share a server, and end that.
    WriteShares(ServerKey) = [Shares];
    /// Name a user to share something with.
    ShareWithUser(UserName) = [ReadUsersName];
    /// Name a group to share something with.
    ShareWithGroup(GroupName) = [ReadGroupsName];
    /// See what is shared with a user.
    ReadUserShares(UserName) = [ReadUsersShares];
    /// Give up what is shared with a user.
    LeaveUserShares(UserName) = [UsersShares];
    /// See what is shared with a group.
    ReadGroupShares(GroupName) = [ReadGroupsShares];
    /// Give up what is shared with a group.
    LeaveGroupShares(GroupName) = [GroupsShares];
}

#[cfg(test)]
mod tests;
