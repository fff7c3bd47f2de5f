//! Wire types: what shares and share codes look like in JSON (API-85, API-86).

use serde::Serialize;

use super::Context;
use crate::{
    domain::{names::ServerKey, scope, server::Life, share},
    store::{share_codes::ShareCode, shares::Share},
};

/// A share on the wire.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShareModel {
    server: SharedServer,
    scopes: Vec<String>,
    user: Option<Named>,
    group: Option<Named>,
    kind: &'static str,
    created_at: String,
}

/// A share code on the wire, without the code itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShareCodeModel {
    server: SharedServer,
    scopes: Vec<String>,
    id: String,
    created_at: String,
    expires_at: String,
    exchange_count: i64,
    last_exchanged_at: Option<String>,
}

/// A share code in the one reply that shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewShareCodeModel {
    #[serde(flatten)]
    model: ShareCodeModel,
    code: String,
    accept_url: String,
    full_accept_url: Option<String>,
}

/// What those learn of a server with whom it is shared.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct SharedServer {
    user: Named,
    name: String,
    url: String,
    full_url: Option<String>,
    ready: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Named {
    name: String,
}

impl ShareModel {
    /// Returns a share as it is sent.
    pub fn of(ctx: &Context, share: &Share) -> Self {
        let named = Some(Named {
            name: share.with.name().to_owned(),
        });
        let (user, group, kind) = match share.with {
            share::Grantee::User(_) => (named, None, "user"),
            share::Grantee::Group(_) => (None, named, "group"),
        };
        Self {
            server: SharedServer::of(ctx, &share.server),
            scopes: scope::texts(&share::bounded(&share.shared, &share.server)),
            user,
            group,
            kind,
            created_at: share.created.to_string(),
        }
    }
}

impl ShareCodeModel {
    /// Returns a code as it is sent.
    pub fn of(ctx: &Context, code: &ShareCode) -> Self {
        Self {
            server: SharedServer::of(ctx, &code.server),
            scopes: scope::texts(&share::bounded(&code.shared, &code.server)),
            id: code.id.to_string(),
            created_at: code.created.to_string(),
            expires_at: code.expires.to_string(),
            exchange_count: code.exchange_count,
            last_exchanged_at: code.last_exchanged.map(|at| at.to_string()),
        }
    }

    /// Adds the code itself, and where it is accepted.
    pub fn showing(self, ctx: &Context, text: &str) -> NewShareCodeModel {
        let accept_url = ctx.links.invitation(text).to_string();
        NewShareCodeModel {
            model: self,
            code: text.to_owned(),
            full_accept_url: full(ctx, &accept_url),
            accept_url,
        }
    }
}

impl SharedServer {
    fn of(ctx: &Context, key: &ServerKey) -> Self {
        let url = ctx.links.server(key).to_string();
        Self {
            user: Named {
                name: key.user.to_string(),
            },
            name: key.server.to_string(),
            full_url: full(ctx, &url),
            url,
            ready: matches!(ctx.hub().servers.status(key).life, Life::Ready { .. }),
        }
    }
}

/// Returns a path of the hub as a whole address, when the configuration says where the hub is.
fn full(ctx: &Context, path: &str) -> Option<String> {
    let origin = ctx.settings.hub.public_url.as_deref()?;
    Some(format!("{}{path}", origin.trim_end_matches('/')))
}

/// Returns the full name of a server as a path gave it, cut to what can be told back.
pub(super) fn shown_server(user: &str, server: &str) -> String {
    let cut = |text: &str| text.chars().take(255).collect::<String>();
    format!("{}/{}", cut(user), cut(server))
}
