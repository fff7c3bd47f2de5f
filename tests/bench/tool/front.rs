//! Carrel's proxied path by itself: the listener, TLS and the proxy, with one route.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Result;
use carrel::{
    config::settings::{LimitSettings, TlsSettings},
    domain::{
        names::{ServerKey, UserName},
        time::Clock,
    },
    http::{
        reply,
        request::{Listener, Request},
    },
    hub::routes::{Route, Routes},
    net::{Server, listen::Listeners, tls::Tls},
    proxy::Proxy,
};
use http::StatusCode;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) async fn run(address: &str, pem: &str, socket: &str) -> Result<()> {
    let mut listeners = Listeners::default();
    listeners.bind(Listener::Public, address.parse()?)?;
    let settings = TlsSettings {
        certificate: Some(pem.into()),
        key: Some(pem.into()),
    };
    let clock = Clock::System;
    let tls = Tls::load(&settings, Path::new("/nonexistent"), clock.now())?;
    let server = Server {
        listeners,
        tls: Arc::new(tls),
        limits: LimitSettings {
            connections: 100_000,
            connections_per_address: 100_000,
            head_bytes: 64 * 1024,
            body_bytes: 1024 * 1024,
            handshake_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(30),
        },
        trusted_proxies: Vec::new(),
        drain: CancellationToken::new(),
        cut: CancellationToken::new(),
    };
    let tasks = TaskTracker::new();
    let proxy = Proxy {
        trusted_proxies: Arc::new([]),
        clock,
        tunnels: tasks.clone(),
        close_tunnels: CancellationToken::new(),
    };
    let key = ServerKey::default_of(UserName::parse("bench")?);
    let uid = nix::unistd::geteuid().as_raw();
    let routes = Arc::new(Routes::default());
    routes.publish(Route::new(key, "/user/bench/".into(), socket.into(), uid));
    let handler = move |request: Request, peer| {
        let (routes, proxy) = (routes.clone(), proxy.clone());
        async move {
            let Some(route) = routes.find(request.uri().path()) else {
                return reply::empty(StatusCode::NOT_FOUND);
            };
            match proxy.forward(&route, request, None, &peer).await {
                Ok(reply) => reply,
                Err(error) => reply::text(error.status(), error.to_string()),
            }
        }
    };
    server.run(handler, tasks).await?;
    Ok(())
}
