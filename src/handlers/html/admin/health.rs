//! The hub's own health, its services, and its end.

use http::StatusCode;

use super::{
    Context, Error, Reply, Request, check, check_form, form, frame, page, query, see, signed_in,
};
use crate::{
    domain::{
        access::{self, ListReach, ReadHub, ShutDown, WholeHub},
        server::Life,
    },
    handlers::api::hub::end,
    hub::services::{self, Known, keeper},
    pages::{
        admin::health::{HealthView, ServiceRow, ServiceState, health_page},
        words::{Text, text},
    },
};

/// GET `/hub/admin/hub`.
pub async fn show_health(ctx: &Context, request: Request) -> Result<Reply, Error> {
    if let Err(login) = signed_in(ctx, &request) {
        return Ok(see(login.as_str()));
    }
    check(ctx)?;
    query(&request)?;
    show(ctx, None).await
}

/// POST `/hub/admin/hub`: ends the hub, and with `servers` everybody's servers before it.
pub async fn shut_down(ctx: &Context, request: Request) -> Result<Reply, Error> {
    check_form(ctx, &request)?;
    let permit = access::permit::<ShutDown>(ctx.caller.as_ref(), WholeHub)?;
    let form = form(&request)?;
    if form.get("sure").is_none() {
        return show(ctx, Some(text!("admin-hub-tick"))).await;
    }
    end(ctx, &permit, form.get("servers").is_some());
    show(ctx, Some(text!("admin-hub-ending"))).await
}

async fn show(ctx: &Context, fault: Option<Text>) -> Result<Reply, Error> {
    let caller = ctx.caller.as_ref();
    access::permit::<ReadHub>(caller, WholeHub)?;
    let hub = ctx.hub();
    let (mut running, mut moving) = (0, 0);
    for (_, status) in hub.servers.list() {
        match status.life {
            Life::Ready { .. } => running += 1,
            Life::Stopped { .. } => {}
            Life::Launching { .. }
            | Life::Waiting { .. }
            | Life::Checking { .. }
            | Life::Stopping { .. } => moving += 1,
        }
    }
    let used = hub.servers.usage(|_| true).await;
    let memory = used.iter().filter_map(|used| used.usage.memory_bytes);
    let listed = match access::list_services(caller) {
        Ok(ListReach::Everything) => services::list(hub, None).await?,
        Ok(ListReach::Only(names)) => services::list(hub, Some(&names)).await?,
        Err(_) => Vec::new(),
    };
    let status = match fault {
        None => StatusCode::OK,
        Some(_) if ctx.parts.end.is_cancelled() => StatusCode::ACCEPTED,
        Some(_) => StatusCode::BAD_REQUEST,
    };
    let view = HealthView {
        frame: frame(ctx),
        uptime: hub.clock.now().since(ctx.parts.started),
        users: hub.store.number_of_users().await?,
        running,
        moving,
        memory_bytes: memory.sum(),
        database_bytes: hub.store.size_in_bytes().await?,
        services: listed.into_iter().map(service_row).collect(),
        may_shut_down: access::permit::<ShutDown>(caller, WholeHub).is_ok(),
        fault,
    };
    Ok(page(status, health_page(&view)))
}

fn service_row(service: Known) -> ServiceRow {
    ServiceRow {
        name: service.name,
        admin: service.admin,
        url: service.description.url,
        state: match service.condition.map(|condition| condition.state) {
            None => ServiceState::Elsewhere,
            Some(keeper::State::Starting) => ServiceState::Starting,
            Some(keeper::State::Running) => ServiceState::Running,
            Some(keeper::State::Failed) => ServiceState::Failed,
        },
    }
}
