//! Bytes through: from a browser's request to the socket of a user's server, and back.
//!
//! The path is forwarded as it came, no body is held back or gathered, and nothing here asks the
//! database or waits for another request. Each exchange with a server is driven by the very task
//! that serves the browser: no task, channel or thread stands between the two sockets. Who may see
//! what is the user server's business (PX-19); that only its owner's process can be behind the
//! socket is ours, in [`target`].
#![forbid(unsafe_code)]

pub mod probe;
pub mod target;

mod activity;
mod body;
mod frames;
mod headers;
mod link;
mod tunnel;

use std::{net::IpAddr, sync::Arc, time::Duration};

use ::http::{HeaderValue, Method, Response, StatusCode};
use hyper::body::Incoming;
use thiserror::Error;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    activity::Activity,
    body::{Outgoing, ReplyBody},
    link::{Link, Pool},
};
use crate::{
    domain::time::Clock,
    http::{
        reply::{Body, Reply},
        request::{Peer, Request},
    },
    hub::routes::{Route, Routes},
    telemetry::metrics::{
        METRICS,
        labels::{Obstacle, Unlabelled},
    },
};

/// How often connections that nobody used for a while are looked for.
const TEND_INTERVAL: Duration = Duration::from_secs(10);

/// Why a request could not be handed to its server.
#[derive(Debug, Error)]
pub enum Error {
    /// Nobody answers at the socket: the hub should look after the server.
    #[error("connect to the user server")]
    Dead(#[source] target::Error),
    /// The socket is not the owner's; nothing was sent.
    #[error("refuse the socket of the user server")]
    Foreign(#[source] target::Error),
    /// The server took the request and broke off, or answered something that is not HTTP.
    #[error("exchange a request with the user server")]
    Broken(#[source] Option<hyper::Error>),
}

impl Error {
    /// Returns the status for the client: 503 as JupyterHub's proxy has it (PX-07).
    pub fn status(&self) -> StatusCode {
        StatusCode::SERVICE_UNAVAILABLE
    }

    /// Returns what stood in the way, as metrics name it.
    pub fn obstacle(&self) -> Obstacle {
        match self {
            Self::Dead(_) => Obstacle::Dead,
            Self::Foreign(_) => Obstacle::Foreign,
            Self::Broken(_) => Obstacle::Broken,
        }
    }

    /// Tells whether the hub should look at once whether the server still runs.
    pub fn suggests_death(&self) -> bool {
        matches!(self, Self::Dead(_) | Self::Broken(_))
    }
}

/// What forwarding needs besides the request.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// Peers whose forwarding headers are passed on and added to, instead of replaced.
    pub trusted_proxies: Arc<[IpAddr]>,
    /// The clock that activity is noted by.
    pub clock: Clock,
    /// Where the tasks of websockets live.
    pub tunnels: TaskTracker,
    /// Ends websockets, with a closing frame, when it is cancelled.
    pub close_tunnels: CancellationToken,
}

impl Proxy {
    /// Hands a request to the server of `route` and returns the reply as it begins to come; `visitor` is
    /// who the hub let through, where it keeps the gate.
    pub async fn forward(
        &self,
        route: &Arc<Route>,
        mut request: Request,
        visitor: Option<&HeaderValue>,
        peer: &Peer,
    ) -> Result<Reply, Error> {
        let upgrade = headers::is_websocket(&request);
        let browser = upgrade.then(|| hyper::upgrade::on(&mut request));
        let (mut parts, body) = request.into_parts();
        headers::prepare_request(
            &mut parts,
            &body,
            visitor,
            peer,
            &self.trusted_proxies,
            upgrade,
        );
        // A websocket is input and answers; which of its frames are, the tunnel sees.
        let activity = match upgrade {
            true => Activity::new(route.clone(), self.clock.clone()),
            false => Activity::of(route.clone(), self.clock.clone(), &parts),
        };
        let outgoing = Outgoing::new(body, activity.clone());
        let request = ::http::Request::from_parts(parts, outgoing);

        let (link, mut reply) = exchange(route, request).await?;
        headers::clean_reply(&mut reply, &route.prefix);
        if reply.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Ok(stream(link, reply, route, activity).await);
        }
        let Some(browser) = browser.filter(|_| headers::switches_to_websocket(reply.headers()))
        else {
            return Err(Error::Broken(None));
        };
        let server = link.into_stream().await.map_err(Error::Broken)?;
        let tunnel = tunnel::run(browser, server, activity, self.close_tunnels.clone());
        let open = METRICS.tunnels.enter(&Unlabelled);
        self.tunnels.spawn(async move {
            tunnel.await;
            drop(open);
        });
        headers::keep_upgrade(reply.headers_mut());
        Ok(reply.map(|_| Body::empty()))
    }

    /// Closes connections to servers that were idle for long, until `stop`; runs beside the proxy.
    pub async fn tend(&self, routes: &Routes, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(TEND_INTERVAL);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            for route in routes.all() {
                if let Some(pool) = Pool::find(&route) {
                    pool.drop_idle();
                }
            }
        }
    }
}

/// Sends the request over a kept connection or a new one and waits for the head of the reply.
///
/// A request that was not written is sent again. One that was, over a connection that had been idle
/// long enough for the server to be about to close it, is sent again if that is harmless (RFC 9110
/// section 9.2.2): then a copy was kept.
async fn exchange(
    route: &Arc<Route>,
    request: ::http::Request<Outgoing>,
) -> Result<(Box<Link>, Response<Incoming>), Error> {
    let pool = Pool::of(route);
    let mut unsent = request;
    while let Some(mut link) = pool.take().await {
        let copy = if link.may_be_stale() && is_repeatable(&unsent) {
            Some(copy_of(&unsent))
        } else {
            None
        };
        match link.send(unsent).await {
            Ok(reply) => return Ok((link, reply)),
            Err(failure) => match failure.unsent.or(copy) {
                Some(request) => unsent = request,
                None => return Err(Error::Broken(failure.error)),
            },
        }
    }
    let stream = target::connect(&route.socket, route.owner_uid)
        .await
        .map_err(|error| {
            if error.is_foreign() {
                Error::Foreign(error)
            } else {
                Error::Dead(error)
            }
        })?;
    let mut link = Link::open(stream)
        .await
        .map_err(|e| Error::Broken(Some(e)))?;
    match link.send(unsent).await {
        Ok(reply) => Ok((link, reply)),
        Err(failure) => Err(Error::Broken(failure.error)),
    }
}

fn is_repeatable(request: &::http::Request<Outgoing>) -> bool {
    let harmless = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    harmless && http_body::Body::is_end_stream(request.body())
}

fn copy_of(request: &::http::Request<Outgoing>) -> ::http::Request<Outgoing> {
    let mut copy = ::http::Request::new(request.body().empty_copy());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    copy
}

async fn stream(
    link: Box<Link>,
    reply: Response<Incoming>,
    route: &Arc<Route>,
    activity: Activity,
) -> Reply {
    let (parts, incoming) = reply.into_parts();
    let activity = parts.status.as_u16().lt(&300).then_some(activity);
    let body = if http_body::Body::is_end_stream(&incoming) {
        if let Some(activity) = &activity {
            activity.note();
        }
        Pool::of(route).give_back(link).await;
        Body::Incoming(incoming)
    } else {
        Body::Boxed(Box::pin(ReplyBody::new(
            incoming,
            link,
            route.clone(),
            activity,
        )))
    };
    Response::from_parts(parts, body)
}

#[cfg(test)]
mod tests;
