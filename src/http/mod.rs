//! Protocol glue without rules: requests, replies, errors, cookies, forms, headers and typed URLs.
//!
//! Everything here is bounded by a named constant, reads nothing but what it is given, and knows
//! nothing of users, servers or pages.
#![forbid(unsafe_code)]

pub mod cookies;
pub mod error;
pub mod forms;
pub mod headers;
pub mod links;
pub mod once;
pub mod reply;
pub mod request;
