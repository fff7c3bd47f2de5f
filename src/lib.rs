//! Carrel: one Linux machine becomes a notebook hub.
//!
//! Each module says in its own documentation what it holds and what is deliberately absent from it;
//! `docs/architecture.md` is the map, with a walk through a request and a spawn.

pub mod assets;
pub mod auth;
pub mod broker;
pub mod cli;
pub mod config;
pub mod domain;
pub mod handlers;
pub mod http;
pub mod hub;
pub mod import;
pub mod net;
pub mod oidc;
pub mod pages;
pub mod pam;
pub mod proxy;
pub mod serve;
pub mod server;
pub mod store;
pub mod systemd;
pub mod telemetry;
