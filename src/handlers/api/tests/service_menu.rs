//! The services that the navigation offers.

use std::{path::Path, sync::Arc};

use super::world::{World, get, read};
use crate::{
    config,
    handlers::html::{home, login},
};

const SERVICES: &str = r#"
[[services]]
name = "hand <in>"
url = "http://127.0.0.1:9001"
oauth_client_id = "service-hand-in"

[[services]]
name = "grader"
url = "http://127.0.0.1:9002"

[[services]]
name = "hidden"
url = "http://127.0.0.1:9003"
display = false

[[services]]
name = "culler"

[[roles]]
name = "students"
scopes = ["access:services!service=hand <in>", "access:services!service=hidden", "access:services!service=culler"]
users = ["alice"]
"#;

/// Returns the menu of somebody's home page.
async fn menu(world: &World, name: &str) -> Option<String> {
    let ctx = world.context(world.session(name).await, &[]);
    let page = read(home::show_home(&ctx, get("/hub/home")).await).await;
    let (_, menu) = page.text.split_once("<summary>Services</summary>")?;
    let (menu, _) = menu.split_once("</details>")?;
    Some(menu.to_owned())
}

#[tokio::test]
async fn visitors_see_the_services_they_may_use() {
    let mut world = World::new().await;
    world.settings = config::parse(Path::new("c"), SERVICES).unwrap();
    let hub = &world.parts.hub;
    hub.settings.store(Arc::new(world.settings.clone()));
    let taken = hub.authority.take_configuration(&hub.settings).await;
    assert!(taken.is_ok());
    let one = "<li><a href=\"/services/hand%20%3Cin%3E/\">hand &lt;in&gt;</a></li>";
    let other = "<li><a href=\"/services/grader/\">grader</a></li>";
    assert_eq!(
        menu(&world, "alice").await.unwrap(),
        format!("<ul>{one}</ul>")
    );
    assert_eq!(menu(&world, "bob").await, None);
    assert_eq!(
        menu(&world, "boss").await.unwrap(),
        format!("<ul>{other}{one}</ul>")
    );
    let ctx = world.context(None, &[]);
    let page = read(login::show_login(&ctx, get("/hub/login")).await).await;
    assert!(!page.text.contains("Services"));
}
