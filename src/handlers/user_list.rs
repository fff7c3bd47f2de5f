//! Which users a list shows: those the asker may list, narrowed by state and part of the name, in an order.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::{Context, api::body, api::user_model::ShownServers};
use crate::{
    domain::{
        access::{self, Caller, Denied, ListReach, UserBounds},
        names::{ServerKey, UserName},
        server::Life,
    },
    http::{error::Error, forms::Form},
    hub::servers::Status,
    store::user_pages::{Direction, ServersOf, UserOrder, UserPage, UserQuery},
};

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// How many are left out before it.
    pub(super) offset: u64,
    /// How many it has at most.
    pub(super) limit: u64,
}

/// Finds the users whom `state`, `name_filter` and `sort` of a query pick, of those the caller may list.
///
/// They come in the order `usual`, a value of `sort`, when the query names none.
pub(super) async fn find(
    ctx: &Context,
    query: &Form,
    usual: &str,
    window: Window,
    shown: ShownServers,
) -> Result<(UserPage, Active), Error> {
    let reach = access::list_users(ctx.caller.as_ref())?;
    let caller = ctx.caller.as_ref().ok_or(Denied::NoCredentials)?;
    let active = Active::of(ctx);
    let (only, except) = match query.get("state").unwrap_or_default() {
        "" => (None, BTreeSet::new()),
        "active" => (Some(active.users(|_| true)), BTreeSet::new()),
        "ready" => {
            let ready = |life: &Life| matches!(life, Life::Ready { .. });
            (Some(active.users(ready)), BTreeSet::new())
        }
        "inactive" => (None, active.users(|_| true)),
        other => {
            let shown = body::shown(&Value::from(other));
            let text = format!("Unrecognized state filter: {shown}");
            return Err(Error::bad_request(text));
        }
    };
    let reached = match reach {
        ListReach::Everything => None,
        ListReach::Only(bounds) => Some(names_within(caller, bounds)),
    };
    let query = UserQuery {
        only: narrower(reached, only),
        except,
        part_of_name: query.get("name_filter").unwrap_or_default().to_owned(),
        order: order(query, usual)?,
        offset: window.offset,
        limit: window.limit,
        servers_of: match shown {
            ShownServers::All => ServersOf::Everybody,
            ShownServers::Active => ServersOf::Only(active.users(|_| true)),
        },
    };
    let page = ctx.hub().store.page_of_users(query).await?;
    Ok((page, active))
}

/// The servers that are not at rest, as they were when a list was begun.
pub(super) struct Active(HashMap<ServerKey, Status>);

impl Active {
    /// Looks at them.
    pub(super) fn of(ctx: &Context) -> Self {
        Self(ctx.hub().servers.list().into_iter().collect())
    }

    /// Returns the users who have an active server in such a state.
    fn users(&self, wanted: impl Fn(&Life) -> bool) -> BTreeSet<UserName> {
        let found = self
            .0
            .iter()
            .filter(|(_, status)| status.life.is_active() && wanted(&status.life));
        found.map(|(key, _)| key.user.clone()).collect()
    }

    /// Returns the active servers of a user.
    pub(super) fn servers_of(&self, user: &UserName) -> Vec<ServerKey> {
        let found = self
            .0
            .iter()
            .filter(|(key, status)| key.user == *user && status.life.is_active());
        found.map(|(key, _)| key.clone()).collect()
    }

    /// Returns how a server was.
    pub(super) fn status(&self, key: &ServerKey) -> Status {
        self.0.get(key).cloned().unwrap_or_else(Status::at_rest)
    }
}

fn order(query: &Form, usual: &str) -> Result<UserOrder, Error> {
    let wanted = query.get("sort").unwrap_or(usual);
    let (column, direction) = match wanted.strip_prefix('-') {
        Some(column) => (column, Direction::Descending),
        None => (wanted, Direction::Ascending),
    };
    match column {
        "id" => Ok(UserOrder::Added(direction)),
        "name" => Ok(UserOrder::Name(direction)),
        "last_activity" => Ok(UserOrder::LastActivity(direction)),
        _ => {
            let shown = body::shown(&Value::from(wanted));
            let text = format!("sort must be 'id', 'name', or 'last_activity', not {shown}");
            Err(Error::bad_request(text))
        }
    }
}

fn names_within(caller: &Caller, bounds: UserBounds) -> BTreeSet<UserName> {
    let mut names = bounds.users;
    for group in &bounds.groups {
        names.extend(caller.members().of(group).cloned());
    }
    names
}

fn narrower(
    one: Option<BTreeSet<UserName>>,
    other: Option<BTreeSet<UserName>>,
) -> Option<BTreeSet<UserName>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.intersection(&other).cloned().collect()),
        (one, other) => one.or(other),
    }
}
