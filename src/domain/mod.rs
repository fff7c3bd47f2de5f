//! Rules, pure: every decision Carrel takes that needs no socket, clock or database to be tested.
//!
//! Nothing here does I/O, reads the time or knows the wire formats; time and randomness arrive as
//! parameters.
#![forbid(unsafe_code)]

pub mod access;
pub mod account;
pub mod culling;
pub mod entropy;
mod failure;
pub mod foreign_hash;
pub mod names;
pub mod oauth;
pub mod paths;
pub mod profile;
pub mod redirect;
pub mod role;
pub mod scope;
pub mod secret;
pub mod server;
pub mod share;
pub mod theme;
pub mod time;
pub mod token;
pub mod unit;
