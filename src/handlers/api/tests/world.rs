//! A hub in memory, and people who ask it.

use std::{
    collections::HashMap,
    net::Ipv4Addr,
    os::unix::net::{UnixListener, UnixStream},
    sync::Arc,
};

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    auth::{csrf, login::Logins, throttle::Throttle},
    broker::{
        client::{self, Broker},
        ticket::Ticket,
    },
    config::settings::Settings,
    domain::{
        access::{Caller, Permit},
        account::Account,
        entropy::Entropy,
        names::{GroupName, ServerKey, ServerName, UserName},
        redirect::OwnHost,
        role::{AdminRole, Role, RoleName},
        scope::Scope,
        secret::{Secret, TokenHash},
        time::{Clock, Timestamp},
    },
    handlers::{Context, Parts, Request},
    http::{
        error::Error,
        links::Links,
        reply::{Body, Reply},
    },
    hub::{
        Hub,
        authority::Authority,
        culler::Outlook,
        oauth,
        routes::Routes,
        servers::{self, ProbeError, Servers},
        services::keeper::{self, Services},
        sessions,
        tokens::{self, Order},
        users,
    },
    store::{
        Store,
        roles::{NamedHolders, RoleChange},
        runs::NewRun,
        user_edits::UserEdit,
        users::Login,
    },
    systemd::Systemd,
};

/// When every test begins: 2026-01-02T03:04:05Z.
const BEGIN: Timestamp = Timestamp::from_micros(1_767_323_045_000_000);

pub(super) struct World {
    pub(super) parts: Arc<Parts>,
    pub(super) settings: Settings,
    /// The broker's socket, which nobody serves unless a test does.
    pub(super) broker: UnixListener,
    /// The other end of the bus, open and deaf, and the socket's folder.
    other_ends: (zbus::Connection, TempDir),
}

/// What came back, in the form a client reads it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: http::HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// Returns the body as people read JSON.
    pub(super) fn pretty(&self) -> String {
        serde_json::to_string_pretty(&self.json()).unwrap()
    }

    /// Returns status and message of an error.
    pub(super) fn error(&self) -> (u16, &str) {
        (self.status.as_u16(), &self.text)
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

pub(super) fn user(name: &str) -> UserName {
    UserName::parse(name).unwrap()
}

pub(super) fn key(name: &str, server: &str) -> ServerKey {
    ServerKey {
        user: user(name),
        server: ServerName::parse(server).unwrap(),
    }
}

impl World {
    /// Alice and Bob are users, Boss is an administrator; nothing runs.
    pub(super) async fn new() -> Self {
        let settings = Settings::default();
        let store = Store::in_memory().unwrap();
        let clock = Clock::fixed(BEGIN);
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("broker.sock");
        let deaf_broker = UnixListener::bind(&socket).unwrap();
        let broker = Broker::at(socket);
        let shared = Arc::new(ArcSwap::from_pointee(settings.clone()));
        let routes = Arc::new(Routes::default());
        let (bus, other_end) = deaf_bus().await;
        let authority = Arc::new(Authority::new(store.clone()));
        let systemd = Arc::new(Systemd::over(bus));
        let service_news = Arc::new(Notify::new());
        let services = Services::new(keeper::Parts {
            store: store.clone(),
            broker: broker.clone(),
            systemd: Arc::clone(&systemd),
            settings: Arc::clone(&shared),
            routes: Arc::clone(&routes),
            clock: clock.clone(),
            entropy: Entropy::counted(),
            probe: Arc::new(|_, _| Box::pin(async { Err(ProbeError::NoSocket) })),
            news: Arc::clone(&service_news),
        });
        let servers = Servers::new(servers::Parts {
            store: store.clone(),
            authority: Arc::clone(&authority),
            broker: broker.clone(),
            routes: Arc::clone(&routes),
            settings: Arc::clone(&shared),
            clock: clock.clone(),
            entropy: Entropy::counted(),
            systemd,
            service_news,
            probe: Arc::new(|_, _| Box::pin(async { Err(ProbeError::NoSocket) })),
            tracker: TaskTracker::new(),
            stop: CancellationToken::new(),
        });
        let parts = Parts {
            started: BEGIN,
            logins: Logins::new(broker, Throttle::new(5, 20), clock.clone()),
            csrf: csrf::Key::new([7; 32]),
            entropy: Entropy::counted(),
            end: CancellationToken::new(),
            hub: Hub {
                settings: shared,
                clock,
                authority,
                store,
                servers,
                services,
                routes,
                outlook: Outlook::default(),
            },
        };
        let world = Self {
            parts: Arc::new(parts),
            settings,
            broker: deaf_broker,
            other_ends: (other_end, dir),
        };
        for (name, uid) in [("alice", 1001), ("bob", 1002), ("boss", 1003)] {
            world.log_in(name, uid).await;
        }
        world
    }

    /// Lets nobody reach the broker any more, so that whoever asks it hears so at once.
    pub(super) fn end_broker(&self) {
        let (_, dir) = &self.other_ends;
        std::fs::remove_file(dir.path().join("broker.sock")).unwrap();
    }

    async fn log_in(&self, name: &str, uid: u32) {
        let login = Login::for_test(name, uid, AdminRole::of(name == "boss"), BEGIN);
        self.parts.hub.store.record_login(login).await.unwrap();
    }

    /// Lets somebody log in whose account has this UID now.
    pub(super) async fn log_in_again(&self, name: &str, uid: u32) {
        let hub = &self.parts.hub;
        users::log_in(hub, &login_of(name, uid, Vec::new()))
            .await
            .unwrap();
    }

    /// Lets somebody log in who is in these groups of the system, of which `class` is mirrored.
    pub(super) async fn log_in_with_groups(&self, name: &str, groups: &[&str]) {
        let hub = &self.parts.hub;
        let mut settings = self.settings.clone();
        settings.hub.mirror_groups = vec![GroupName::parse("class").unwrap()];
        hub.settings.store(Arc::new(settings));
        let known = hub.store.find_user(&user(name)).await.unwrap().unwrap();
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        let login = login_of(name, known.uid.unwrap(), groups);
        users::log_in(hub, &login).await.unwrap();
    }

    /// Defines a role while the hub runs.
    pub(super) async fn define_role(&self, name: &str, scopes: &[&str]) {
        let hub = &self.parts.hub;
        let role = Role {
            name: RoleName::parse(name).unwrap(),
            description: String::new(),
            scopes: scopes.iter().map(|s| Scope::parse(s).unwrap()).collect(),
        };
        let holders = NamedHolders::default();
        let defined = hub.store.put_role(role, holders, BEGIN).await;
        assert_eq!(defined.unwrap(), RoleChange::Done);
        hub.authority.rebuild(&hub.settings).await.unwrap();
    }

    /// Gives somebody a role of their own with these scopes.
    pub(super) async fn give_roles(&self, name: &str, scopes: &[&str]) {
        let role = format!("role-of-{name}");
        self.define_role(&role, scopes).await;
        let edit = UserEdit {
            give: vec![RoleName::parse(&role).unwrap()],
            ..UserEdit::default()
        };
        let store = &self.parts.hub.store;
        store.edit_user(&user(name), edit).await.unwrap();
    }

    /// Returns somebody with a login cookie.
    pub(super) async fn session(&self, name: &str) -> Option<Caller> {
        let hub = &self.parts.hub;
        let hash = TokenHash::of(&self.login_cookie(name).await);
        let found = sessions::find(&hub.store, &hub.authority, &hub.clock, hash).await;
        Some(found.unwrap().unwrap().caller)
    }

    /// Begins a session and returns the value of its cookie.
    pub(super) async fn login_cookie(&self, name: &str) -> String {
        let hub = &self.parts.hub;
        let lifetime = std::time::Duration::from_secs(3600);
        let begun = sessions::begin(
            &hub.store,
            &hub.clock,
            &self.parts.entropy,
            &user(name),
            lifetime,
        )
        .await
        .unwrap();
        begun.login.expose().clone()
    }

    /// Returns somebody with a token of these scopes.
    pub(super) async fn token(&self, name: &str, scopes: &[&str]) -> Option<Caller> {
        let text = self.token_text(name, scopes).await;
        self.bearer(&text).await
    }

    /// Makes a token of these scopes.
    pub(super) async fn token_text(&self, name: &str, scopes: &[&str]) -> String {
        let order = Order {
            scopes: Some(scopes.iter().map(|s| Scope::parse(s).unwrap()).collect()),
            ..Order::default()
        };
        let hub = &self.parts.hub;
        let permit = Permit::by_hub(user(name), "a test wants a token");
        let maker = hub.token_maker(&self.parts.entropy);
        let (text, _) = tokens::create(maker, &permit, order).await.unwrap();
        text.expose().clone()
    }

    /// Returns whoever shows this token.
    pub(super) async fn bearer(&self, text: &str) -> Option<Caller> {
        let hub = &self.parts.hub;
        tokens::identify(&hub.store, &hub.authority, &hub.clock, text)
            .await
            .unwrap()
    }

    /// Makes a group with these members.
    pub(super) async fn group(&self, name: &str, members: &[&str]) {
        let groups = vec![GroupName::parse(name).unwrap()];
        let members = members.iter().map(|name| user(name)).collect();
        let store = &self.parts.hub.store;
        store.create_groups(groups, members, BEGIN).await.unwrap();
    }

    /// Makes the records of a server that runs, with this secret.
    pub(super) async fn begin_run(&self, key: &ServerKey, secret: &str) {
        let hub = &self.parts.hub;
        let secret = Secret::new(secret.to_owned());
        let (authority, server) = (&hub.authority, &self.settings.server);
        let chosen = server.token_scopes.as_deref();
        let scopes = authority.server_token_scopes(chosen, key).await.unwrap();
        let run = NewRun {
            key: key.clone(),
            user_options: None,
            token: tokens::server_token("/", key, &secret, scopes, hub.clock.now()),
            client: oauth::server_client("/", key, server.oauth_client_allowed_scopes.clone()),
            at: hub.clock.now(),
        };
        hub.store.begin_run(run).await.unwrap();
    }

    pub(super) fn context(
        &self,
        caller: Option<Caller>,
        params: &[(&'static str, &str)],
    ) -> Context {
        let params = params
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        Context {
            parts: Arc::clone(&self.parts),
            settings: Arc::new(self.settings.clone()),
            caller,
            links: Links::new("/"),
            remote: Ipv4Addr::LOCALHOST.into(),
            own: OwnHost {
                scheme: "https".into(),
                host: "lab.example".into(),
            },
            params: params.collect::<HashMap<_, _>>(),
            xsrf: "xsrf".into(),
            request_id: "1".into(),
        }
    }
}

/// Returns a login that the broker has accepted.
fn login_of(name: &str, uid: u32, groups: Vec<String>) -> client::Login {
    client::Login {
        account: Account {
            name: user(name),
            uid,
            gid: uid,
            home: "/home/somebody".into(),
            shell: "/bin/bash".into(),
            groups,
            admin: false,
        },
        admin: false,
        ticket: Ticket::from_text("ticket".into()),
    }
}

pub(super) fn request(method: Method, uri: &str, body: &str) -> Request {
    http::Request::builder()
        .method(method)
        .uri(uri)
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap()
}

pub(super) fn get(uri: &str) -> Request {
    request(Method::GET, uri, "")
}

pub(super) fn post(body: &str) -> Request {
    request(Method::POST, "/", body)
}

/// Reads a reply to its end; an error becomes its status and public text.
pub(super) async fn read(result: Result<Reply, Error>) -> Answer {
    let reply = match result {
        Ok(reply) => reply,
        Err(error) => {
            return Answer {
                status: error.status(),
                headers: error
                    .headers()
                    .map(|(n, v)| (n.clone(), v.clone()))
                    .collect(),
                text: error.public().to_owned(),
            };
        }
    };
    let (head, body): (_, Body) = reply.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Answer {
        status: head.status,
        headers: head.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

/// Returns a bus on which nobody answers, and its other end.
async fn deaf_bus() -> (zbus::Connection, zbus::Connection) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let guid = zbus::Guid::generate();
    let server = zbus::connection::Builder::unix_stream(theirs)
        .server(guid)
        .p2p()
        .build();
    let client = zbus::connection::Builder::unix_stream(ours).p2p().build();
    let (server, client) = tokio::join!(server, client);
    (client.unwrap(), server.unwrap())
}
