//! The home page: a person's servers and what can be done with them (PG-06).

use http::StatusCode;

use super::{Context, Error, Reply, Request, failures, frame_saying, page, query, see, signed_in};
use crate::{
    domain::{
        names::{ServerKey, UserName},
        server::Life,
        time::Timestamp,
    },
    hub::servers::{Status, usage::ServerUsage},
    pages::{
        home::{HomeView, NamedServersView, ServerState, ServerView, Usage, home_page},
        words::Text,
    },
    store::servers::Server,
};

/// GET `/hub/home`.
pub async fn show_home(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let person = match signed_in(ctx, &request) {
        Ok(person) => person,
        Err(login) => return Ok(see(login.as_str())),
    };
    query(&request)?;
    show(ctx, person, None).await
}

/// Shows a person's servers, and what just did not work.
pub(super) async fn show(
    ctx: &Context,
    person: &UserName,
    error: Option<Text>,
) -> Result<Reply, Error> {
    let records = ctx.hub().store.list_servers_of(person).await?;
    let mut keys: Vec<ServerKey> = records.iter().map(|record| record.key.clone()).collect();
    keys.push(ServerKey::default_of(person.clone()));
    keys.sort();
    keys.dedup();
    keys.retain(|key| key.server.is_default() || ctx.settings.hub.named_servers);
    let used = ctx.hub().servers.usage(|key| key.user == *person).await;
    let servers = keys.into_iter().map(|key| {
        let record = records.iter().find(|record| record.key == key);
        let used = used.iter().find(|used| used.key == key);
        server_view(ctx, key, record, used)
    });
    let status = match error {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    let view = HomeView {
        frame: frame_saying(ctx, ctx.settings.hub.announcements.home.as_ref()),
        user: person.clone(),
        now: ctx.hub().clock.now(),
        error,
        servers: servers.collect(),
        named: ctx.settings.hub.named_servers.then(|| NamedServersView {
            limit: Some(ctx.settings.hub.named_server_limit_per_user).filter(|limit| *limit > 0),
        }),
    };
    Ok(page(status, home_page(&view)))
}

fn server_view(
    ctx: &Context,
    key: ServerKey,
    record: Option<&Server>,
    used: Option<&ServerUsage>,
) -> ServerView {
    let status = ctx.hub().servers.status(&key);
    let seen = ctx.hub().routes.get(&key).and_then(|r| r.last_activity());
    let usage = used.map(|used| Usage {
        memory_bytes: used.usage.memory_bytes,
        memory_limit_bytes: used
            .usage
            .memory_max_bytes
            .or_else(|| failures::memory_limit(&ctx.settings)),
        cpu_time: used.usage.cpu,
    });
    ServerView {
        display_name: record
            .map(|record| record.display_name.clone())
            .filter(|name| !name.is_empty()),
        state: state(&status, record.and_then(|record| record.started)),
        last_activity: record.and_then(|record| record.last_activity).max(seen),
        usage: usage.unwrap_or_default(),
        failure: status
            .life
            .failure()
            .map(|failure| failures::view(&key, failure, &ctx.settings)),
        culled: match status.life {
            Life::Ready { .. } => ctx.hub().outlook.ahead(&key),
            Life::Stopped { .. }
            | Life::Launching { .. }
            | Life::Waiting { .. }
            | Life::Checking { .. }
            | Life::Stopping { .. } => ctx.hub().outlook.past(&key),
        },
        key,
    }
}

fn state(status: &Status, started: Option<Timestamp>) -> ServerState {
    match &status.life {
        Life::Stopped { .. } => ServerState::Stopped,
        Life::Launching { since, .. } | Life::Waiting { since, .. } => ServerState::Starting {
            since: Some(*since),
        },
        Life::Checking { .. } => ServerState::Starting { since: started },
        Life::Ready { since, .. } => ServerState::Running {
            since: started.or(Some(*since)),
        },
        Life::Stopping { since, .. } => ServerState::Stopping {
            since: Some(*since),
        },
    }
}
