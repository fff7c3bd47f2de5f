//! An error with everything behind it, for the journal.

use std::{error::Error, fmt};

/// Writes an error and its whole chain of causes, `what: why: why`.
///
/// Only what handles an error logs it, so the line must tell all that is known.
pub struct Causes<'a>(pub &'a dyn Error);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(next) = cause {
            write!(f, ": {next}")?;
            cause = next.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("start the unit")]
    struct Start(#[source] Bus);

    #[derive(Debug, thiserror::Error)]
    #[error("ask systemd")]
    struct Bus(#[source] std::io::Error);

    #[test]
    fn the_whole_chain_is_told() {
        let error = Start(Bus(std::io::Error::other("broken pipe")));
        assert_eq!(
            Causes(&error).to_string(),
            "start the unit: ask systemd: broken pipe"
        );
    }
}
