//! Use cases: what the hub does, without HTTP.
#![forbid(unsafe_code)]

pub mod routes;
