//! The end of a browser's login (PG-55).

use std::time::Instant;

use http::StatusCode;

use super::{Context, Error, Reply, Request, frame_saying, page};
use crate::{
    auth::cookies,
    domain::{
        access::{Permit, Via},
        names::{ServerKey, UserName},
    },
    handlers::user_list::Active,
    hub::sessions,
    pages::logged_out::{LoggedOutView, logged_out_page},
    telemetry::metrics::{METRICS, labels::Unlabelled},
};

/// GET `/hub/logout`: ends the session, revokes what it was granted, forgets its cookies.
pub async fn log_out(ctx: &Context, _request: Request) -> Result<Reply, Error> {
    let begun = Instant::now();
    let mut servers_keep_running = false;
    if let (Some(person), Some(caller)) = (ctx.person(), &ctx.caller) {
        if let Via::Session { hash, .. } = caller.via()
            && let Err(error) = sessions::end(&ctx.hub().store, *hash).await
        {
            // On a full disk, say; whoever uses this browser next shall not be in all the same.
            return Err(cookies::cleared_by(error.into(), ctx.links.base()));
        }
        tracing::info!(target: "audit", { user.name = %person }, "{person} logged out");
        let servers = Active::of(ctx).servers_of(person);
        if ctx.settings.hub.shutdown_on_logout {
            stop_all(ctx, person, servers);
        } else {
            servers_keep_running = !servers.is_empty();
        }
    }
    let view = LoggedOutView {
        frame: crate::pages::frame::Frame {
            visitor: None,
            ..frame_saying(ctx, ctx.settings.hub.announcements.logout.as_ref())
        },
        servers_keep_running,
    };
    let mut reply = page(StatusCode::OK, logged_out_page(&view));
    cookies::clear_all(&mut reply, ctx.links.base());
    METRICS.logouts.observe(&Unlabelled, begun.elapsed());
    Ok(reply)
}

fn stop_all(ctx: &Context, person: &UserName, servers: Vec<ServerKey>) {
    for key in servers {
        let reason = "the configuration stops servers when their owner logs out";
        let permit = Permit::by_hub(key, reason);
        // A supervisor too busy to listen keeps the server up; the log out stands.
        if let Err(error) = ctx.hub().servers.stop(&permit) {
            tracing::warn!("stop a server of {person} at log out: {error}");
        }
    }
}
