//! The administrator's words on top of pages.

use super::world::{World, get, read};
use crate::handlers::html::{home, login, tokens};

#[tokio::test]
async fn a_page_shows_its_own_announcement_or_the_one_to_everybody() {
    let mut world = World::new().await;
    let words = &mut world.settings.hub.announcements;
    words.everywhere = Some("Restart on <Sunday>".into());
    words.login = Some("Welcome, class of 2026".into());
    let ctx = world.context(world.session("alice").await, &[]);
    for page in [
        read(home::show_home(&ctx, get("/hub/home")).await).await,
        read(tokens::show_tokens(&ctx, get("/hub/token")).await).await,
    ] {
        assert!(page.text.contains("<p>Restart on &lt;Sunday&gt;</p>"));
    }
    let ctx = world.context(None, &[]);
    let page = read(login::show_login(&ctx, get("/hub/login")).await).await;
    assert!(page.text.contains("class of 2026") && !page.text.contains("Sunday"));
}
