//! The broker: the one part of Carrel that has rights, and the smallest.
//!
//! It runs as root, one process per request (see [`gate`]), and knows few verbs: authenticate,
//! launch, stop, account, two for an OpenID Connect provider, and three for services. The hub sends names, never commands, paths,
//! environment or unit properties; those the broker reads itself from root-owned configuration.
//! A hub that is taken over can therefore start only what the configuration says, and only for
//! people who have logged in (see [`ticket`]).
#![forbid(unsafe_code)]

mod accounts;
pub mod client;
mod files;
pub mod gate;
mod launch;
mod login;
pub mod message;
mod policy;
mod profile;
mod provider;
pub mod serve;
mod service;
pub mod ticket;
mod watchdog;
