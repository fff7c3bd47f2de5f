//! Who is it: cookies and tokens to callers, logins through the broker, forged requests refused.
//!
//! What a caller may do is decided in `domain::access`; nothing here knows a scope.
#![forbid(unsafe_code)]

pub mod cookies;
pub mod csrf;
pub mod identify;
pub mod login;
pub mod provider;
pub mod sign_in;
pub mod throttle;
