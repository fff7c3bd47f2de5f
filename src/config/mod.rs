//! The configuration: files as written (raw), merged and checked into [`settings::Settings`].
#![forbid(unsafe_code)]

pub mod settings;
