//! Protocol glue without rules: requests, replies, cookies, forms and typed URLs.
#![forbid(unsafe_code)]

pub mod links;
