//! Users with what belongs to them, one or a page at a time, in a constant number of queries.
//!
//! A page costs what is on it and the rows it skips; how many users come after it is counted beforehand
//! (table `totals`), unless the list is narrowed.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use rusqlite::{Connection, ToSql, named_params};

use super::{
    Result, Store,
    groups::MemberOrigin,
    narrowed::{Narrowed, names},
    row::Columns,
    servers::{self, Server},
    users::{self, User},
};
use crate::domain::{
    names::{GroupName, UserName},
    role::RoleName,
};

/// A user with what belongs to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserDetails {
    /// The user.
    pub user: User,
    /// The groups they are in, and why, by name.
    pub groups: Vec<(GroupName, MemberOrigin)>,
    /// The roles they were given while the hub ran.
    pub roles: BTreeSet<RoleName>,
    /// Their servers, the default one first, as far as they were asked for.
    pub servers: Vec<Server>,
}

/// Which users are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserQuery {
    /// Only these, as far as they exist.
    pub only: Option<BTreeSet<UserName>>,
    /// None of these.
    pub except: BTreeSet<UserName>,
    /// Only those with this in their name, whatever the case of its ASCII letters; may be empty.
    pub part_of_name: String,
    /// In which order.
    pub order: UserOrder,
    /// How many to skip.
    pub offset: u64,
    /// How many to give at most.
    pub limit: u64,
    /// Whose servers are wanted too.
    pub servers_of: ServersOf,
}

/// In which order users come; whoever was never active comes before all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserOrder {
    /// As they were added.
    Added(Direction),
    /// By name.
    Name(Direction),
    /// By when they were last active.
    LastActivity(Direction),
}

/// From which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// Whose servers are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServersOf {
    /// Everybody's.
    Everybody,
    /// Only those of these users.
    Only(BTreeSet<UserName>),
}

/// Part of a list of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPage {
    /// Those of the part.
    pub users: Vec<UserDetails>,
    /// How many the whole list has.
    pub total: u64,
}

impl Store {
    /// Finds a user with all that belongs to them.
    pub async fn find_user_details(&self, name: &UserName) -> Result<Option<Arc<UserDetails>>> {
        let version = self.versions.all();
        if let Some(known) = self.users.find(name, version) {
            return Ok(Some(known));
        }
        let wanted = name.clone();
        let found = self
            .read("look a user up", move |conn| find_details(conn, &wanted))
            .await?;
        let found = found.map(Arc::new);
        if let Some(details) = &found {
            self.users.keep(name.clone(), version, Arc::clone(details));
        }
        Ok(found)
    }

    /// Lists a part of the users.
    pub async fn page_of_users(&self, query: UserQuery) -> Result<UserPage> {
        self.read("list users", move |conn| {
            let users = page(conn, &query)?;
            Ok(UserPage {
                total: total(conn, &query, users.len())?,
                users,
            })
        })
        .await
    }
}

/// The query of users, for one source, condition and order.
macro_rules! select {
    ($from:literal, $condition:literal, $order:literal) => {
        concat!(
            "SELECT users.id AS id, users.name AS name, uid, admin OR admin_granted AS admin, created, last_activity
             FROM ", $from, " WHERE ", $condition, " ORDER BY ", $order, " LIMIT :limit OFFSET :offset"
        )
    };
}

/// The query of users in each order, for one source and condition.
macro_rules! in_order {
    ($order:expr, $from:literal, $condition:literal) => {
        match $order {
            UserOrder::Added(Direction::Ascending) => select!($from, $condition, "users.id"),
            UserOrder::Added(Direction::Descending) => select!($from, $condition, "users.id DESC"),
            UserOrder::Name(Direction::Ascending) => select!($from, $condition, "users.name"),
            UserOrder::Name(Direction::Descending) => {
                select!($from, $condition, "users.name DESC")
            }
            UserOrder::LastActivity(Direction::Ascending) => {
                select!($from, $condition, "last_activity, users.id")
            }
            UserOrder::LastActivity(Direction::Descending) => {
                select!($from, $condition, "last_activity DESC, users.id DESC")
            }
        }
    };
}

fn page(conn: &Connection, query: &UserQuery) -> Result<Vec<UserDetails>> {
    let narrowed = Narrowed::by(query);
    let (limit, offset) = (number(query.limit), number(query.offset));
    match &narrowed {
        None => {
            let sql = in_order!(query.order, "users", "1");
            let parameters = named_params! { ":limit": limit, ":offset": offset };
            details(conn, sql, parameters, &query.servers_of)
        }
        Some(Narrowed {
            only: None,
            except,
            part,
        }) => {
            let sql = in_order!(
                query.order,
                "users",
                "(:part IS NULL OR users.name LIKE :part ESCAPE '\\')
                 AND users.name NOT IN (SELECT value FROM json_each(:except))"
            );
            let parameters = named_params! {
                ":limit": limit, ":offset": offset, ":part": part, ":except": except,
            };
            details(conn, sql, parameters, &query.servers_of)
        }
        Some(Narrowed {
            only: Some(only),
            except,
            part,
        }) => {
            let sql = in_order!(
                query.order,
                "json_each(:only) AS only CROSS JOIN users ON users.name = only.value",
                "(:part IS NULL OR users.name LIKE :part ESCAPE '\\')
                 AND users.name NOT IN (SELECT value FROM json_each(:except))"
            );
            let parameters = named_params! {
                ":limit": limit, ":offset": offset, ":part": part, ":except": except, ":only": only,
            };
            details(conn, sql, parameters, &query.servers_of)
        }
    }
}

/// Counts the whole list, of which so many were found within the offset and the limit.
fn total(conn: &Connection, query: &UserQuery, found: usize) -> Result<u64> {
    const COUNTED: &str = "SELECT number FROM totals WHERE counted = 'users'";
    const ALL_BUT: &str = "
        SELECT number - (
            SELECT count(*) FROM json_each(:except) AS others CROSS JOIN users ON users.name = others.value)
        FROM totals WHERE counted = 'users'";
    const NARROWED: &str = "
        SELECT count(*) FROM users
        WHERE (:part IS NULL OR users.name LIKE :part ESCAPE '\\')
          AND users.name NOT IN (SELECT value FROM json_each(:except))";
    const ONLY: &str = "
        SELECT count(*) FROM json_each(:only) AS only CROSS JOIN users ON users.name = only.value
        WHERE (:part IS NULL OR users.name LIKE :part ESCAPE '\\')
          AND users.name NOT IN (SELECT value FROM json_each(:except))";
    let found = u64::try_from(found).unwrap_or(u64::MAX);
    if found < query.limit && (found > 0 || query.offset == 0) {
        return Ok(query.offset.saturating_add(found));
    }
    let count: i64 = match Narrowed::by(query) {
        None => conn
            .prepare_cached(COUNTED)?
            .query_row([], |row| row.get(0))?,
        Some(Narrowed {
            only: None,
            except,
            part,
        }) if part.is_none() => conn
            .prepare_cached(ALL_BUT)?
            .query_row(named_params! { ":except": except }, |row| row.get(0))?,
        Some(Narrowed {
            only: None,
            except,
            part,
        }) => conn
            .prepare_cached(NARROWED)?
            .query_row(named_params! { ":part": part, ":except": except }, |row| {
                row.get(0)
            })?,
        Some(Narrowed {
            only: Some(only),
            except,
            part,
        }) => {
            let parameters = named_params! { ":part": part, ":except": except, ":only": only };
            conn.prepare_cached(ONLY)?
                .query_row(parameters, |row| row.get(0))?
        }
    };
    Ok(count.unsigned_abs())
}

fn find_details(conn: &Connection, name: &UserName) -> Result<Option<UserDetails>> {
    const SQL: &str = "
        SELECT id, name, uid, admin OR admin_granted AS admin, created, last_activity
        FROM users WHERE name = :name";
    let parameters = named_params! { ":name": name.as_str() };
    let found = details(conn, SQL, parameters, &ServersOf::Everybody)?;
    Ok(found.into_iter().next())
}

/// Runs a query of users and adds to each what belongs to them.
fn details(
    conn: &Connection,
    sql: &'static str,
    parameters: &[(&str, &dyn ToSql)],
    servers_of: &ServersOf,
) -> Result<Vec<UserDetails>> {
    let mut page = Page::default();
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    while let Some(row) = rows.next()? {
        page.push(Columns(row).number("id")?, users::user(row)?);
    }
    if page.users.is_empty() {
        return Ok(page.users);
    }
    page.add_groups(conn)?;
    page.add_roles(conn)?;
    page.add_servers(conn, servers_of)?;
    Ok(page.users)
}

/// Users as they are gathered, and where each stands by the number of their row.
#[derive(Default)]
struct Page {
    users: Vec<UserDetails>,
    places: HashMap<i64, usize>,
}

impl Page {
    fn push(&mut self, id: i64, user: User) {
        self.places.insert(id, self.users.len());
        self.users.push(UserDetails {
            user,
            groups: Vec::new(),
            roles: BTreeSet::new(),
            servers: Vec::new(),
        });
    }

    fn find(&mut self, id: i64) -> Option<&mut UserDetails> {
        let place = *self.places.get(&id)?;
        self.users.get_mut(place)
    }

    /// Returns the numbers of all rows, as the queries take them.
    fn ids(&self) -> String {
        let ids: Vec<i64> = self.places.keys().copied().collect();
        serde_json::Value::from(ids).to_string()
    }

    fn add_groups(&mut self, conn: &Connection) -> Result<()> {
        const SQL: &str = "
            SELECT user_id, name, origin FROM group_members JOIN groups ON groups.id = group_id
            WHERE user_id IN (SELECT value FROM json_each(:ids)) ORDER BY user_id, name";
        let mut statement = conn.prepare_cached(SQL)?;
        let mut rows = statement.query(named_params! { ":ids": self.ids() })?;
        while let Some(row) = rows.next()? {
            let columns = Columns(row);
            let group = (
                columns.group_name("name")?,
                columns.member_origin("origin")?,
            );
            if let Some(user) = self.find(columns.number("user_id")?) {
                user.groups.push(group);
            }
        }
        Ok(())
    }

    fn add_roles(&mut self, conn: &Connection) -> Result<()> {
        const SQL: &str = "
            SELECT user_id, role FROM user_roles
            WHERE user_id IN (SELECT value FROM json_each(:ids))";
        let mut statement = conn.prepare_cached(SQL)?;
        let mut rows = statement.query(named_params! { ":ids": self.ids() })?;
        while let Some(row) = rows.next()? {
            let columns = Columns(row);
            let role = columns.role_name("role")?;
            if let Some(user) = self.find(columns.number("user_id")?) {
                user.roles.insert(role);
            }
        }
        Ok(())
    }

    fn add_servers(&mut self, conn: &Connection, servers_of: &ServersOf) -> Result<()> {
        let wanted = |user: &User| match servers_of {
            ServersOf::Everybody => true,
            ServersOf::Only(users) => users.contains(&user.name),
        };
        let mut users: HashMap<UserName, &mut Vec<Server>> = self
            .users
            .iter_mut()
            .filter(|details| wanted(&details.user))
            .map(|details| (details.user.name.clone(), &mut details.servers))
            .collect();
        let wanted = names(users.keys());
        for server in servers::list_of_users(conn, &wanted)? {
            if let Some(servers) = users.get_mut(&server.key.user) {
                servers.push(server);
            }
        }
        Ok(())
    }
}

/// Returns a number as SQLite takes it; it counts no further.
pub(super) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
impl Store {
    /// Returns how SQLite goes about a list of everybody.
    pub(super) async fn plan_of_page_for_test(&self, query: UserQuery) -> String {
        self.read("explain a list", move |conn| {
            let sql = in_order!(query.order, "users", "1");
            let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let parameters = named_params! { ":limit": 1, ":offset": 0 };
            let details = statement.query_map(parameters, |row| row.get::<_, String>("detail"))?;
            Ok(details
                .collect::<std::result::Result<Vec<_>, _>>()?
                .join("; "))
        })
        .await
        .unwrap()
    }
}
