//! The page that follows a start (PG-70…PG-75); looking at it changes nothing.

use http::StatusCode;

use super::{
    Context, Error, Reply, Request, failures, frame_saying, next_target, page, query, root, see,
    server_of, signed_in,
};
use crate::{
    domain::{
        access::{self, ReadServer},
        names::ServerKey,
        server::{Failure, FailureCause, Life},
    },
    hub::servers::Status,
    pages::{
        not_installed::{NotInstalledView, not_installed_page},
        not_running::{NotRunningView, not_running_page},
        spawn_failed::{SpawnFailedView, spawn_failed_page},
        spawn_pending::{SpawnPendingView, spawn_pending_page},
        stopping::{StoppingView, stopping_page},
    },
};

/// GET `/hub/spawn-pending[/USER[/SERVER]]`.
pub async fn show_pending(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let person = match signed_in(ctx, &request) {
        Ok(person) => person,
        Err(login) => return Ok(see(login.as_str())),
    };
    let key = server_of(ctx, person)?;
    access::permit::<ReadServer>(ctx.caller.as_ref(), key.clone())?;
    let query = query(&request)?;
    let next = || next_target(ctx, &query);
    let status = ctx.hub().servers.status(&key);
    Ok(match &status.life {
        Life::Ready { .. } => root::lead_to_server(ctx, &key, &query),
        Life::Launching { .. } | Life::Waiting { .. } | Life::Checking { .. } => {
            page(StatusCode::OK, pending_page(ctx, key, &status))
        }
        Life::Stopping { failure: None, .. } => {
            let frame = frame_saying(ctx, ctx.settings.hub.announcements.spawn.as_ref());
            page(StatusCode::OK, stopping_page(&StoppingView { frame, key }))
        }
        // The cause is known; what the unit last said is being collected.
        Life::Stopping { .. } => page(StatusCode::OK, pending_page(ctx, key, &status)),
        Life::Stopped { failure: None } => {
            super::check_user(ctx, &key.user).await?;
            if !key.server.is_default() && ctx.hub().store.find_server(&key).await?.is_none() {
                let text = format!("{} has no such server {}", key.user, key.server);
                return Err(Error::not_found(text));
            }
            let view = NotRunningView {
                frame: frame_saying(ctx, ctx.settings.hub.announcements.spawn.as_ref()),
                key,
                next: next(),
                can_start: true,
            };
            page(StatusCode::OK, not_running_page(&view))
        }
        Life::Stopped {
            failure: Some(failure),
        } => failed(ctx, key, failure, next()),
    })
}

fn pending_page(ctx: &Context, key: ServerKey, status: &Status) -> maud::Markup {
    let (progress, message) = status.progress();
    spawn_pending_page(&SpawnPendingView {
        frame: frame_saying(ctx, ctx.settings.hub.announcements.spawn.as_ref()),
        key,
        progress,
        message: message.to_owned(),
        log: status.said.clone(),
    })
}

/// The failure in words, with the journal's last lines (PG-71, PG-32).
pub fn failed(ctx: &Context, key: ServerKey, failure: &Failure, next: Option<String>) -> Reply {
    let frame = frame_saying(ctx, ctx.settings.hub.announcements.spawn.as_ref());
    if let FailureCause::CommandMissing { command, searched } = &failure.cause {
        let view = NotInstalledView {
            frame,
            key,
            next,
            command: command.clone(),
            searched: searched.clone(),
        };
        return page(StatusCode::INTERNAL_SERVER_ERROR, not_installed_page(&view));
    }
    let view = SpawnFailedView {
        frame,
        failure: failures::view(&key, failure, &ctx.settings),
        key,
        next,
    };
    page(StatusCode::INTERNAL_SERVER_ERROR, spawn_failed_page(&view))
}
