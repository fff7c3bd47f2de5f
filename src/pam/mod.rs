//! PAM: is this person who they say, and may their account be used now?
//!
//! A safe wrapper of the few calls Carrel needs. The `pam` crate gives the declarations; its own
//! client is not used, for it lets empty passwords in, tells modules no remote host and trusts the
//! user name after modules ran. All of the program's `unsafe` is in this folder, in
//! `transaction.rs` and `conversation.rs`. Nothing here knows the broker or its frames.

mod conversation;
mod transaction;

use thiserror::Error;

pub use self::{
    conversation::{Message, Style, Talk},
    transaction::Transaction,
};

/// Why PAM did not say yes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PamError {
    /// The answers were wrong, or there is no such account.
    #[error("PAM does not accept the credentials: {0}")]
    Credentials(String),
    /// The account is there and may not be used: expired, locked, not now.
    #[error("PAM does not let the account in: {0}")]
    Account(String),
    /// The password is too old and must be changed before anything else.
    #[error("the password has expired")]
    PasswordExpired,
    /// The conversation was ended by its other side.
    #[error("the conversation with the person ended early")]
    Conversation,
    /// A module put another user in the place of the one that was asked for.
    #[error("a PAM module changed the user")]
    UserChanged,
    /// PAM does not work: no service file, a module that is missing or broken.
    #[error("PAM does not work: {0}")]
    Broken(String),
}
