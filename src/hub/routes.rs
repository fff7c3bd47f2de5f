//! Which server or service a path belongs to: the table in memory that every proxied request reads.
//!
//! Readers never wait: they see the table as it was when they looked. Paths are matched on raw
//! segments, each decoded by itself, so `%2F` cannot make two segments of one and `..` is never
//! resolved (PX-17); the path itself is forwarded as it came.

use std::{
    any::Any,
    borrow::Cow,
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
};

use arc_swap::ArcSwap;
use percent_encoding::percent_decode_str;

use crate::domain::{
    names::{Backend, ServerKey},
    profile::Gatekeeper,
    time::Timestamp,
};

/// A server or service that can be reached.
pub struct Route {
    /// Which server or service.
    pub backend: Backend,
    /// The path below which it answers, percent-encoded, beginning and ending in `/`, base included.
    pub prefix: String,
    /// The socket it listens on.
    pub socket: PathBuf,
    /// Who must own the socket and be the process behind it.
    pub owner_uid: u32,
    /// Who finds out whether a visitor may use it.
    pub gatekeeper: Gatekeeper,
    /// What the proxy keeps for this server, such as open connections; nobody else looks inside.
    pub upstream: OnceLock<Box<dyn Any + Send + Sync>>,
    activity_micros: AtomicI64,
    use_micros: AtomicI64,
}

impl Route {
    /// Describes a server or service that is about to be published.
    pub fn new(
        backend: impl Into<Backend>,
        prefix: String,
        socket: PathBuf,
        owner_uid: u32,
    ) -> Self {
        Self {
            backend: backend.into(),
            prefix,
            socket,
            owner_uid,
            gatekeeper: Gatekeeper::Program,
            upstream: OnceLock::new(),
            activity_micros: AtomicI64::new(i64::MIN),
            use_micros: AtomicI64::new(i64::MIN),
        }
    }

    /// Says who keeps its gate, if it is not the program.
    pub fn kept_by(self, gatekeeper: Gatekeeper) -> Self {
        Self { gatekeeper, ..self }
    }

    /// Notes that somebody used the server (PX-06).
    pub fn note_activity(&self, now: Timestamp) {
        self.activity_micros
            .fetch_max(now.as_micros(), Ordering::Relaxed);
    }

    /// Notes that a person did something with the server, which is activity too.
    pub fn note_use(&self, now: Timestamp) {
        self.note_activity(now);
        self.use_micros
            .fetch_max(now.as_micros(), Ordering::Relaxed);
    }

    /// Returns when somebody or their browser last asked something of the server; `None` when nobody did
    /// since it was published.
    pub fn last_activity(&self) -> Option<Timestamp> {
        instant(&self.activity_micros)
    }

    /// Returns when a person last did something with the server: not when a page that lies open asked
    /// for news (`domain::culling::is_use`).
    pub fn last_use(&self) -> Option<Timestamp> {
        instant(&self.use_micros)
    }
}

fn instant(micros: &AtomicI64) -> Option<Timestamp> {
    match micros.load(Ordering::Relaxed) {
        i64::MIN => None,
        micros => Some(Timestamp::from_micros(micros)),
    }
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Route")
            .field("backend", &self.backend)
            .field("prefix", &self.prefix)
            .field("socket", &self.socket)
            .field("owner_uid", &self.owner_uid)
            .finish_non_exhaustive()
    }
}

/// Every server that can be reached.
#[derive(Debug, Default)]
pub struct Routes {
    table: ArcSwap<Table>,
}

#[derive(Debug, Default, Clone)]
struct Table {
    /// By decoded prefix: decoded segments have no `/`, so joining them is injective.
    by_prefix: HashMap<String, Arc<Route>>,
    /// The decoded prefix of each server and service.
    by_backend: HashMap<Backend, String>,
    /// How many segments the longest prefix has.
    depth: usize,
}

impl Routes {
    /// Returns the server a raw path belongs to: the one with the longest matching prefix.
    ///
    /// A path with a `.` or `..` segment or a NUL, encoded or not, belongs to none.
    /// `/user/alice` matches `/user/alice/` (PX-01).
    pub fn find(&self, raw_path: &str) -> Option<Arc<Route>> {
        if !is_sound(raw_path) {
            return None;
        }
        let table = self.table.load();
        let decoded = decode_head(raw_path, table.depth)?;
        let mut end = decoded.len();
        while end > 0 {
            if let Some(route) = decoded.get(..end).and_then(|p| table.by_prefix.get(p)) {
                return Some(route.clone());
            }
            let shorter = decoded.get(..end.saturating_sub(1))?;
            end = shorter.rfind('/')? + 1;
        }
        None
    }

    /// Makes a server reachable; replaces what the same server or prefix led to before.
    ///
    /// A prefix that no path could match is refused by returning `false`.
    pub fn publish(&self, route: Route) -> bool {
        self.publish_shared(Arc::new(route))
    }

    /// The same for a route that the caller goes on to watch.
    pub fn publish_shared(&self, route: Arc<Route>) -> bool {
        let prefix = &route.prefix;
        if !prefix.starts_with('/') || !prefix.ends_with('/') || !is_sound(prefix) {
            return false;
        }
        let depth = segments(prefix).count().saturating_sub(1);
        let Some(decoded) =
            decode_head(prefix, depth).filter(|d| d.matches('/').count() == depth + 1)
        else {
            return false;
        };
        self.change(|table| {
            table.remove(&route.backend);
            table.insert(decoded.to_string(), route.clone());
        });
        true
    }

    /// Makes a server unreachable; requests that are on their way end by themselves.
    pub fn withdraw(&self, backend: &Backend) {
        self.change(|table| table.remove(backend));
    }

    /// Returns the route of a server.
    pub fn get(&self, key: &ServerKey) -> Option<Arc<Route>> {
        let table = self.table.load();
        let prefix = table.by_backend.get(&Backend::Server(key.clone()))?;
        table.by_prefix.get(prefix).cloned()
    }

    /// Returns every route, in no order.
    pub fn all(&self) -> Vec<Arc<Route>> {
        self.table.load().by_prefix.values().cloned().collect()
    }

    fn change(&self, edit: impl Fn(&mut Table)) {
        self.table.rcu(|table| {
            let mut table = Table::clone(table);
            edit(&mut table);
            table.depth = table
                .by_prefix
                .keys()
                .map(|prefix| prefix.matches('/').count().saturating_sub(1))
                .max()
                .unwrap_or(0);
            table
        });
    }
}

impl Table {
    fn insert(&mut self, prefix: String, route: Arc<Route>) {
        let backend = route.backend.clone();
        if let Some(replaced) = self.by_prefix.insert(prefix.clone(), route) {
            self.by_backend.remove(&replaced.backend);
        }
        self.by_backend.insert(backend, prefix);
    }

    fn remove(&mut self, backend: &Backend) {
        if let Some(prefix) = self.by_backend.remove(backend) {
            self.by_prefix.remove(&prefix);
        }
    }
}

/// Returns the segments after the leading `/`; a trailing `/` gives an empty last one.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

/// Tells whether no segment is `.` or `..` and no byte NUL, percent-encoded or not.
fn is_sound(path: &str) -> bool {
    if !path.starts_with('/') || path.contains('\0') {
        return false;
    }
    if !path.contains("/.") && !path.contains('%') {
        return true;
    }
    segments(path).all(|segment| {
        let decoded: Cow<'_, [u8]> = percent_decode_str(segment).into();
        !matches!(decoded.as_ref(), b"." | b"..") && !decoded.contains(&0)
    })
}

/// Decodes at most `depth` leading segments, each followed by `/`; stops before a segment that no
/// prefix can have: an empty one, one with `%2F`, one that is not UTF-8.
fn decode_head(path: &str, depth: usize) -> Option<Cow<'_, str>> {
    if !path.contains('%') && path.ends_with('/') && !path.contains("//") {
        let mut ends = path.match_indices('/').map(|(at, _)| at + 1);
        let end = ends.nth(depth).unwrap_or(path.len());
        return path.get(..end).map(Cow::Borrowed);
    }
    let mut decoded = String::with_capacity(path.len().min(128) + 1);
    decoded.push('/');
    for segment in segments(path).take(depth) {
        match percent_decode_str(segment).decode_utf8() {
            Ok(text) if !text.is_empty() && !text.contains('/') => decoded.push_str(&text),
            _ => break,
        }
        decoded.push('/');
    }
    Some(Cow::Owned(decoded))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::names::{ServerName, ServiceName, UserName};

    fn key(user: &str, server: &str) -> ServerKey {
        ServerKey {
            user: UserName::parse(user).unwrap(),
            server: ServerName::parse(server).unwrap(),
        }
    }

    fn table() -> Routes {
        let routes = Routes::default();
        for (user, server, prefix) in [
            ("alice", "", "/user/alice/"),
            ("alice", "lab", "/user/alice/lab/"),
            ("al ice@lab", "", "/user/al%20ice@lab/"),
            ("jürgen", "", "/user/j%C3%BCrgen/"),
        ] {
            let route = Route::new(key(user, server), prefix.to_owned(), "/s".into(), 1000);
            assert!(routes.publish(route), "{prefix}");
        }
        let grader = ServiceName::parse("grader").unwrap();
        let prefix = "/services/grader/".to_owned();
        assert!(routes.publish(Route::new(grader, prefix, "/g".into(), 998)));
        routes
    }

    #[test]
    fn the_longest_prefix_wins() {
        let routes = table();
        let lab = Some("server alice/lab");
        let default = Some("server alice/");
        let grader = Some("service grader");
        let table = [
            ("/user/alice/", default),
            ("/user/alice", default),
            ("/user/alice/tree/x", default),
            ("/user/alice/la", default),
            ("/user/alice/labs/", default),
            ("/user/alice/lab", lab),
            ("/user/alice/lab/", lab),
            ("/user/alice/lab/tree", lab),
            ("/user/alice/l%61b/tree", lab),
            ("/user/%61lice/lab/a%2Fb//c", lab),
            ("/user/alice/lab%2Ftree", default),
            ("/user/alice//lab/", default),
            ("/user/al%20ice%40lab/x", Some("server al ice@lab/")),
            ("/user/j%c3%bcrgen/", Some("server jürgen/")),
            ("/user/j%FCrgen/", None),
            ("/user/alicia/", None),
            ("/user/alic", None),
            ("/user/", None),
            ("/", None),
            ("", None),
            ("*", None),
            ("user/alice/", None),
            ("//user/alice/", None),
            ("/user//alice/", None),
            ("/user%2Falice/", None),
            ("/user/alice%2Flab/", None),
            ("/user/alice%00/", None),
            ("/user/alice/%00", None),
            ("/user/alice/../bob/", None),
            ("/user/alice/%2e%2E/bob/", None),
            ("/user/alice/.%2e/bob/", None),
            ("/user/./alice/", None),
            ("/user/alice/x/..", None),
            ("/user/alice/.hidden/..x/", default),
            ("/user/ALICE/", None),
            ("/services/grader/x", grader),
            ("/services/grader", grader),
            ("/services/grade%72/", grader),
            ("/services/graders/", None),
            ("/services/", None),
        ];
        for (path, expected) in table {
            let found = routes.find(path).map(|route| route.backend.to_string());
            assert_eq!(found.as_deref(), expected, "{path:?}");
        }
    }

    #[test]
    fn a_withdrawn_server_is_gone() {
        let routes = table();
        routes.withdraw(&key("alice", "lab").into());
        let found = routes.find("/user/alice/lab/").unwrap();
        assert_eq!(found.backend, key("alice", "").into());
        routes.withdraw(&key("alice", "").into());
        assert!(routes.find("/user/alice/lab/").is_none());
        assert_eq!(routes.all().len(), 3);
    }

    #[test]
    fn publishing_again_replaces() {
        let routes = table();
        let again = Route::new(key("alice", ""), "/u/alice/".to_owned(), "/t".into(), 1);
        assert!(routes.publish(again));
        assert!(routes.find("/user/alice/").is_none());
        assert_eq!(routes.get(&key("alice", "")).unwrap().prefix, "/u/alice/");
    }

    #[test]
    fn a_server_whose_prefix_another_takes_has_none() {
        let routes = table();
        let other = Route::new(key("bob", ""), "/user/alice/".to_owned(), "/t".into(), 2);
        assert!(routes.publish(other));
        assert!(routes.get(&key("alice", "")).is_none());
        routes.withdraw(&key("alice", "").into());
        let found = routes.find("/user/alice/").unwrap();
        assert_eq!(found.backend, key("bob", "").into());
    }

    #[test]
    fn a_prefix_that_cannot_match_is_refused() {
        let routes = Routes::default();
        for prefix in [
            "",
            "user/a/",
            "/user/a",
            "/user//a/",
            "/user/../a/",
            "/user/a%2Fb/",
            "/%ff/",
        ] {
            let route = Route::new(key("a", ""), prefix.to_owned(), "/s".into(), 1);
            assert!(!routes.publish(route), "{prefix:?}");
        }
        assert!(routes.all().is_empty());
    }

    #[test]
    fn activity_only_moves_forward() {
        let route = Route::new(key("a", ""), "/user/a/".to_owned(), "/s".into(), 1);
        assert_eq!(route.last_activity(), None);
        route.note_activity(Timestamp::from_micros(5));
        route.note_activity(Timestamp::from_micros(3));
        assert_eq!(route.last_activity(), Some(Timestamp::from_micros(5)));
    }
}
