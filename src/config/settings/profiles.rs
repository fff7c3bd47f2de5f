//! Kinds of servers to choose from, as they are configured.

use super::{Overrides, ServerSettings, is_open_to};
use crate::domain::profile::{Gatekeeper, ProfileName};

/// A kind of server: what is changed of [`ServerSettings`].
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileSettings {
    /// What it is called.
    pub name: ProfileName,
    /// What people read.
    pub title: String,
    /// What it is for; may be empty.
    pub description: String,
    /// System groups whose members may choose it; without any, everybody may.
    pub groups: Vec<String>,
    /// Who finds out whether a visitor may use the server.
    pub gatekeeper: Gatekeeper,
    /// Another program.
    pub command: Option<String>,
    /// Other arguments.
    pub args: Option<Vec<String>>,
    /// Another first page.
    pub default_url: Option<String>,
    /// Another folder to show.
    pub root_dir: Option<String>,
    /// Other bounds, environment and sandbox.
    pub changes: Overrides,
}

impl ProfileSettings {
    /// Tells whether a member of these system groups may choose it.
    pub fn is_for(&self, groups: &[String]) -> bool {
        is_open_to(&self.groups, groups)
    }

    /// Returns what is run, changed; bounds, environment and sandbox are changed after those of groups.
    pub fn applied_to(&self, server: &ServerSettings) -> ServerSettings {
        let mut server = server.clone();
        let texts = [
            (&mut server.command, &self.command),
            (&mut server.default_url, &self.default_url),
            (&mut server.root_dir, &self.root_dir),
        ];
        for (text, change) in texts {
            if let Some(change) = change {
                text.clone_from(change);
            }
        }
        if let Some(args) = &self.args {
            server.args.clone_from(args);
        }
        server
    }
}
