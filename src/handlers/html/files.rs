//! What browsers and monitors fetch by themselves: embedded files, the logo, health, reports.

use http::{HeaderValue, StatusCode, header};

use super::{Context, Error, Reply, Request};
use crate::{
    assets::{self, Asset},
    http::reply,
    pages::accent::accent_style,
    telemetry::metrics::METRICS,
};

/// A versioned file never changes; browsers may keep it for a year.
const KEEP: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// An unversioned one is asked for again.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");
/// What a drawing may do that is opened by itself: look as it says, and nothing else.
const DRAWING_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");

/// GET `/hub/static/NAME`: an embedded file (PG-23).
pub async fn get_asset(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let asset =
        assets::find(ctx.param("name")).ok_or_else(|| Error::not_found("There is no such file"))?;
    Ok(file(asset, caching(&request, &asset.version())))
}

/// GET `/hub/site.css`: the stylesheet with the site's colour; without one, it says nothing.
pub async fn get_site_style(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let style = ctx.settings.site.accent.map(accent_style);
    let style = style.unwrap_or_default();
    let caching = caching(&request, &assets::version_of(style.as_bytes()));
    let mut reply = reply::bytes(StatusCode::OK, assets::STYLE.content_type, style);
    reply.headers_mut().insert(header::CACHE_CONTROL, caching);
    Ok(reply)
}

/// A site may go back to what it had: only the version that was asked for is kept.
fn caching(request: &Request, version: &str) -> HeaderValue {
    let asked = request
        .uri()
        .query()
        .and_then(|query| query.strip_prefix("v="));
    if asked == Some(version) {
        KEEP
    } else {
        ASK_AGAIN
    }
}

/// GET `/hub/logo`: the site's logo, else ours as a bitmap (PG-24).
pub async fn get_logo(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let Some(logo) = &ctx.settings.site.logo else {
        return Ok(file(&assets::LOGO_BITMAP, ASK_AGAIN));
    };
    let caching = caching(&request, &logo.version);
    let mut reply = reply::bytes(StatusCode::OK, logo.content_type, logo.bytes.clone());
    let headers = reply.headers_mut();
    headers.insert(header::CACHE_CONTROL, caching);
    headers.insert(header::CONTENT_SECURITY_POLICY, DRAWING_POLICY);
    Ok(reply)
}

/// GET `/favicon.ico`: what browsers show in the tab (PG-25).
pub async fn get_favicon(_ctx: &Context, _request: Request) -> Result<Reply, Error> {
    Ok(file(&assets::FAVICON, ASK_AGAIN))
}

fn file(asset: &'static Asset, caching: HeaderValue) -> Reply {
    let mut reply = reply::bytes(StatusCode::OK, asset.content_type, asset.bytes);
    reply.headers_mut().insert(header::CACHE_CONTROL, caching);
    reply
}

/// GET `/hub/health`: 200 and nothing else, without asking anybody (PG-21).
pub async fn get_health(_ctx: &Context, _request: Request) -> Result<Reply, Error> {
    Ok(reply::empty(StatusCode::OK))
}

/// POST `/hub/security/csp-report`: takes note of what a browser refused to load (PG-26).
pub async fn take_csp_report(_ctx: &Context, request: Request) -> Result<Reply, Error> {
    METRICS.csp_reports.count_one();
    tracing::debug!(
        "a browser reported {} bytes about the content security policy",
        request.body().len()
    );
    Ok(reply::empty(StatusCode::NO_CONTENT))
}
