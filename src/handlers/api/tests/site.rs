//! What the site says of itself on its pages.

use std::path::Path;

use super::world::{World, get, post, read};
use crate::{
    assets,
    config::{self, settings::site::Logo},
    handlers::html::{files, home, login},
};

const SITE: &str = "[site]
title = \"Physics <3\"
accent = \"#7a1f5c\"
help_url = \"mailto:help@lab.example\"
help_text = \"Ask us\"
privacy_url = \"https://lab.example/privacy\"
";

#[tokio::test]
async fn pages_have_the_sites_name_colour_and_links() {
    let mut world = World::new().await;
    world.settings = config::parse(Path::new("c"), SITE).unwrap();
    let ctx = world.context(None, &[]);
    let page = read(login::show_login(&ctx, get("/hub/login")).await).await;
    for part in [
        "<title>Log in · Physics &lt;3</title>",
        "<a href=\"mailto:help@lab.example\">Ask us</a>",
        "<a href=\"https://lab.example/privacy\">Privacy</a>",
    ] {
        assert!(page.text.contains(part), "{part}");
    }
    let (_, rest) = page.text.split_once("href=\"/hub/site.css?v=").unwrap();
    let (version, _) = rest.split_once('"').unwrap();

    for (query, caching) in [
        (
            format!("?v={version}"),
            "public, max-age=31536000, immutable",
        ),
        ("?v=0".to_owned(), "no-cache"),
        (String::new(), "no-cache"),
    ] {
        let address = format!("/hub/site.css{query}");
        let style = read(files::get_site_style(&ctx, get(&address)).await).await;
        assert!(style.text.contains("--accent:#7a1f5c;"));
        assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
        assert_eq!(style.header("cache-control"), caching, "{query}");
    }
}

#[tokio::test]
async fn pages_have_carrels_own_looks_unless_told_otherwise() {
    let world = World::new().await;
    let ctx = world.context(world.session("alice").await, &[]);
    let page = read(home::show_home(&ctx, get("/hub/home")).await).await;
    assert!(page.text.contains("<title>Home · Carrel</title>"));
    assert!(!page.text.contains("site.css") && !page.text.contains("Imprint"));
    let style = read(files::get_site_style(&ctx, get("/hub/site.css")).await).await;
    assert_eq!((style.status.as_u16(), style.text.as_str()), (200, ""));
}

#[tokio::test]
async fn nobody_logs_in_without_accepting_the_terms() {
    let mut world = World::new().await;
    let text = "[site]\nterms = \"\"\"\nBe <kind>\nalways.\n\n\nAnd clean up.\n\"\"\"";
    world.settings = config::parse(Path::new("c"), text).unwrap();
    let ctx = world.context(None, &[]);
    let page = read(login::show_login(&ctx, get("/hub/login")).await).await;
    let terms = "<p>Be &lt;kind&gt; always.</p><p>And clean up.</p></div>";
    assert!(page.text.contains(terms), "{}", page.text);
    assert!(
        page.text
            .contains("name=\"login_terms_checkbox\" value=\"1\" required>")
    );

    let form = "username=alice&password=x";
    let refused = read(login::submit_login(&ctx, post(form)).await).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text.contains("To log in, accept the terms first."));
    assert!(refused.text.contains("value=\"alice\""));

    // The attempt gets as far as asking the broker.
    world.end_broker();
    let form = "username=alice&password=x&login_terms_checkbox=1";
    let asked = read(login::submit_login(&ctx, post(form)).await).await;
    assert_eq!(asked.status, 503);
    assert!(asked.text.contains("value=\"1\" required checked>"));
    assert!(!asked.text.contains("accept the terms first"));
}

#[tokio::test]
async fn the_sites_logo_is_served_and_runs_nothing() {
    let mut world = World::new().await;
    let plain = world.context(None, &[]);
    let ours = files::get_logo(&plain, get("/hub/logo")).await.unwrap();
    assert_eq!(ours.headers()["content-type"], "image/png");

    let drawing = "<svg viewBox=\"0 0 30 10\"><script>alert(1)</script></svg>";
    world.settings.site.logo = Some(Logo {
        version: assets::version_of(drawing.as_bytes()),
        content_type: "image/svg+xml",
        stretch_percent: 300,
        bytes: drawing.into(),
    });
    let ctx = world.context(None, &[]);
    let page = read(login::show_login(&ctx, get("/hub/login")).await).await;
    let (_, rest) = page.text.split_once("<img src=\"/hub/logo?v=").unwrap();
    let (version, rest) = rest.split_once('"').unwrap();
    assert!(
        rest.starts_with(" alt=\"\" width=\"96\" height=\"32\">"),
        "{rest}"
    );
    let address = format!("/hub/logo?v={version}");
    let logo = read(files::get_logo(&ctx, get(&address)).await).await;
    assert_eq!(logo.text, drawing);
    assert_eq!(logo.header("content-type"), "image/svg+xml");
    assert!(logo.header("cache-control").ends_with("immutable"));
    let policy = logo.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none';") && policy.ends_with("sandbox"));
    assert!(!policy.contains("script-src"));
}
