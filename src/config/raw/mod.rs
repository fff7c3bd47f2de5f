//! The configuration as written: every key, its documentation, its default and its spelling.
//!
//! This is the one place where a key is described. The shipped sample, docs/configuration.md and
//! the faults of `carrel check-config` are made from these comments and types. The first paragraph
//! of a comment is what people read; a line `Example:` gives the sample something to show for a
//! key that has no default.
#![expect(
    unused_qualifications,
    reason = "confique's derive writes out `<T as confique::Config>` with the span of T"
)]

mod access;
mod culler;
mod hub;
mod limits;
mod openid_connect;
mod option;
mod profile;
mod server;
mod service;
mod site;

use confique::Config;

pub(super) use self::{
    access::{RawCustomScope, RawHubGroup, RawRole},
    culler::RawCuller,
    hub::{RawHub, RawLogin, RawTls},
    limits::RawLimits,
    openid_connect::RawOpenIdConnect,
    option::RawOption,
    profile::RawProfile,
    server::{RawGroup, RawResources, RawSandbox, RawServer},
    service::RawService,
    site::RawSite,
};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// The whole file.
#[derive(Config)]
pub(super) struct Raw {
    /// Addresses, pages and sessions.
    #[config(nested)]
    pub hub: RawHub,
    /// What the site is called and how it looks.
    #[config(nested)]
    pub site: RawSite,
    /// The certificate.
    #[config(nested)]
    pub tls: RawTls,
    /// Who may log in, and how often one may fail.
    #[config(nested)]
    pub login: RawLogin,
    /// People who sign in at a provider instead of giving their password here.
    #[config(nested)]
    pub openid_connect: RawOpenIdConnect,
    /// What a server runs, for everybody.
    #[config(nested)]
    pub server: RawServer,
    /// The end of servers that nobody uses.
    #[config(nested)]
    pub culler: RawCuller,
    /// Bounds on what clients may send.
    #[config(nested)]
    pub limits: RawLimits,
}
