//! Scopes, holders and memberships at random, from few names so that they meet often.

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{Filter, Holder, Membership, Scope, ScopeName, Target};
use crate::domain::names::{GroupName, ServerKey, ServerName, ServiceName, UserName};

const USERS: [&str; 3] = ["alice", "bob", "carol"];
const GROUPS: [&str; 2] = ["lab", "other"];
const SERVICES: [&str; 2] = ["grader", "hub"];
const SERVERS: [&str; 2] = ["", "x"];
const CUSTOM: [&str; 3] = ["custom:all", "custom:read", "custom:gone"];

pub(crate) fn user() -> impl Strategy<Value = UserName> {
    select(&USERS).prop_map(|name| UserName::parse(name).unwrap())
}

pub(crate) fn group() -> impl Strategy<Value = GroupName> {
    select(&GROUPS).prop_map(|name| GroupName::parse(name).unwrap())
}

pub(crate) fn service() -> impl Strategy<Value = ServiceName> {
    select(&SERVICES).prop_map(|name| ServiceName::parse(name).unwrap())
}

pub(crate) fn server() -> impl Strategy<Value = ServerKey> {
    (user(), select(&SERVERS)).prop_map(|(user, server)| ServerKey {
        user,
        server: ServerName::parse(server).unwrap(),
    })
}

/// Any scope there is, with any filter that can stand with it.
pub(crate) fn scope() -> impl Strategy<Value = Scope> {
    let custom = select(&CUSTOM).prop_map(|name| ScopeName::find(name).unwrap());
    let names = prop_oneof![9 => select(ScopeName::ALL), 1 => custom];
    let filters = prop_oneof![
        2 => spelt_out(),
        1 => select(vec![Filter::OwnUser, Filter::OwnService, Filter::OwnServer]),
    ];
    (names, filters).prop_map(|(name, filter)| {
        let filter = if name.is_meta() {
            Filter::Unfiltered
        } else {
            filter
        };
        Scope::filtered(name, filter)
    })
}

/// Any scope that stands for itself, as expanded ones do.
pub(crate) fn expanded_scope() -> impl Strategy<Value = Scope> {
    let names: Vec<_> = ScopeName::ALL
        .iter()
        .filter(|name| !name.is_meta())
        .collect();
    (select(names), spelt_out()).prop_map(|(name, filter)| Scope::filtered(name.clone(), filter))
}

pub(crate) fn scopes() -> impl Strategy<Value = Vec<Scope>> {
    vec(scope(), 0..8)
}

fn spelt_out() -> impl Strategy<Value = Filter> {
    prop_oneof![
        Just(Filter::Unfiltered),
        user().prop_map(Filter::User),
        group().prop_map(Filter::Group),
        server().prop_map(Filter::Server),
        service().prop_map(Filter::Service),
    ]
}

pub(crate) fn holder() -> impl Strategy<Value = Holder> {
    (
        option::of(user()),
        option::of(service()),
        option::of(server()),
    )
        .prop_map(|(user, service, server)| Holder {
            user,
            service,
            server,
        })
}

pub(crate) fn membership() -> impl Strategy<Value = Membership> {
    vec((group(), user()), 0..5).prop_map(|pairs| {
        let mut members = Membership::default();
        for (group, user) in pairs {
            members.insert(group, user);
        }
        members
    })
}

/// Every target the names above make up.
pub(crate) fn targets() -> Vec<Target> {
    let groups = GROUPS.map(|name| Target::Group(GroupName::parse(name).unwrap()));
    let services = SERVICES.map(|name| Target::Service(ServiceName::parse(name).unwrap()));
    let mut targets = vec![Target::Everything];
    targets.extend(groups.into_iter().chain(services));
    for user in USERS.map(|name| UserName::parse(name).unwrap()) {
        for server in SERVERS {
            targets.push(Target::Server(ServerKey {
                user: user.clone(),
                server: ServerName::parse(server).unwrap(),
            }));
        }
        targets.push(Target::User(user));
    }
    targets
}

/// Every scope name, custom ones too.
pub(crate) fn names() -> Vec<ScopeName> {
    let custom = CUSTOM.iter().map(|name| ScopeName::find(name).unwrap());
    ScopeName::ALL.iter().cloned().chain(custom).collect()
}
