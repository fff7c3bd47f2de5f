//! What all pages share: the head, the navigation, the announcement and the foot.

use maud::{DOCTYPE, Markup, html};

use super::{
    bidi::drop_direction_marks,
    words::{self, Text, text},
};
use crate::{
    assets::{self, Asset},
    domain::names::{ServiceName, UserName},
    http::links::Links,
};

/// How high the logo is, in CSS pixels.
const LOGO_HEIGHT: u32 = 32;

/// What every page knows about the visit.
#[derive(Clone)]
pub struct Frame {
    /// Builds the page's links.
    pub links: Links,
    /// Who is logged in.
    pub visitor: Option<Visitor>,
    /// The token that forms and scripts send back; empty when the page has neither.
    pub xsrf: String,
    /// What the site says of itself.
    pub site: Site,
    /// The administrator's words to everybody, shown on top.
    pub announcement: Option<String>,
}

impl Frame {
    /// Tells whether this user is looking.
    pub(super) fn is_seen_by(&self, user: &UserName) -> bool {
        self.visitor
            .as_ref()
            .is_some_and(|visitor| visitor.name == *user)
    }

    /// Tells whether an administrator is looking.
    pub fn shows_admin(&self) -> bool {
        self.visitor.as_ref().is_some_and(|visitor| visitor.admin)
    }
}

/// What the site says of itself on every page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// What it is called.
    pub title: String,
    /// Its logo, when it has one.
    pub logo: Option<Logo>,
    /// The version of the stylesheet with its colour, when it has one.
    pub style: Option<String>,
    /// Where people find help, and what the link to it is called.
    pub help: Option<(String, String)>,
    /// Where it stands who runs the site.
    pub imprint_url: Option<String>,
    /// Where it stands what becomes of people's data.
    pub privacy_url: Option<String>,
}

/// The site's own logo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    /// Changes whenever the file does.
    pub version: String,
    /// The type of the file.
    pub content_type: &'static str,
    /// How wide it is when it is 100 high.
    pub stretch_percent: u32,
}

impl Site {
    /// Returns the links of the foot with their texts.
    fn foot_links(&self) -> impl Iterator<Item = (Text, &str)> {
        let help = self.help.iter();
        let help = help.map(|(words, url)| (Text::of(words), url.as_str()));
        let imprint = self.imprint_url.iter();
        let imprint = imprint.map(|url| (text!("frame-imprint"), url.as_str()));
        let privacy = self.privacy_url.iter();
        let privacy = privacy.map(|url| (text!("frame-privacy"), url.as_str()));
        help.chain(imprint).chain(privacy)
    }
}

/// Who looks at the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// The account.
    pub name: UserName,
    /// Whether it may administer the hub.
    pub admin: bool,
    /// The services it is shown, all of which it may use.
    pub services: Vec<ServiceName>,
}

/// What a page tells its frame.
pub(super) struct Page {
    /// What the window is called, without the program's name.
    pub(super) title: Text,
    /// Which page it is, for styles and scripts.
    pub(super) kind: &'static str,
    /// Its script beside the one that all pages run.
    pub(super) script: Option<&'static Asset>,
    /// After how many seconds a browser without scripts loads the page again.
    pub(super) reload_seconds: Option<u32>,
}

impl Page {
    /// Describes a page without a script of its own, which never changes by itself.
    pub(super) fn still(kind: &'static str, title: Text) -> Self {
        Self {
            title,
            kind,
            script: None,
            reload_seconds: None,
        }
    }
}

/// Puts `main`, which brings the page's only `h1`, into the frame.
pub(super) fn framed(frame: &Frame, page: &Page, main: &Markup) -> Markup {
    let links = &frame.links;
    let mut whole = html! {
        (DOCTYPE)
        html lang=(words::LANGUAGE) {
            (head(frame, page))
            body
                data-page=(page.kind)
                data-base-url=(links.hub())
                data-prefix=(links.base())
                data-user=[frame.visitor.as_ref().map(|visitor| visitor.name.as_str())]
                data-admin-access=(frame.shows_admin())
                data-xsrf-token=(frame.xsrf)
            {
                a.skip href="#main" { (text!("frame-skip")) }
                (banner(frame, page))
                @if let Some(text) = &frame.announcement {
                    aside.announcement aria-label=(text!("frame-announcement")) { p { (text) } }
                }
                main #main tabindex="-1" { (main) }
                footer.foot {
                    @if frame.site.foot_links().next().is_some() {
                        ul {
                            @for (text, url) in frame.site.foot_links() { li { a href=(url) { (text) } } }
                        }
                    }
                    p {
                        "Carrel"
                        @if frame.visitor.is_some() { " " (env!("CARGO_PKG_VERSION")) }
                    }
                }
            }
        }
    };
    drop_direction_marks(&mut whole.0);
    whole
}

fn head(frame: &Frame, page: &Page) -> Markup {
    let links = &frame.links;
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="robots" content="noindex";
            title { (text!("frame-window", page = page.title, site = frame.site.title)) }
            @match &frame.site.logo {
                Some(logo) => link rel="icon" type=(logo.content_type) href=(links.logo(&logo.version));,
                None => link rel="icon" type=(assets::LOGO.content_type) href=(links.asset(&assets::LOGO));,
            }
            link rel="stylesheet" href=(links.asset(&assets::STYLE));
            @if let Some(version) = &frame.site.style {
                link rel="stylesheet" href=(links.site_style(version));
            }
            script type="module" src=(links.asset(&assets::PAGE_SCRIPT)) {}
            @if let Some(script) = page.script {
                script type="module" src=(links.asset(script)) {}
            }
            @if let Some(seconds) = page.reload_seconds {
                noscript { meta http-equiv="refresh" content=(seconds); }
            }
        }
    }
}

/// Shows the logo, with the room it takes so that nothing moves when it comes.
fn logo(frame: &Frame) -> Markup {
    let (link, width) = match &frame.site.logo {
        Some(logo) => (
            frame.links.logo(&logo.version),
            LOGO_HEIGHT * logo.stretch_percent / 100,
        ),
        None => (frame.links.asset(&assets::LOGO), LOGO_HEIGHT),
    };
    html! { img src=(link) alt="" width=(width) height=(LOGO_HEIGHT); }
}

fn banner(frame: &Frame, page: &Page) -> Markup {
    let links = &frame.links;
    html! {
        header.banner {
            a.brand #jupyterhub-logo href=(links.hub()) {
                (logo(frame))
                (frame.site.title)
            }
            @if let Some(visitor) = &frame.visitor {
                nav aria-label=(text!("frame-nav")) {
                    @for (link, kind, text) in [
                        (links.home(), "home", text!("frame-home")),
                        (links.tokens(), "token", text!("frame-token")),
                        (links.shares(), "shares", text!("frame-shares")),
                    ] {
                        a href=(link) aria-current=[(page.kind == kind).then_some("page")] { (text) }
                    }
                    (services_menu(links, &visitor.services))
                    @if visitor.admin {
                        a href=(links.admin("users", &[])) aria-current=[(page.kind == "admin").then_some("page")] {
                            (text!("frame-admin"))
                        }
                    }
                }
                p #login_widget {
                    span.who { span.sr { (text!("frame-logged-in-as")) " " } (visitor.name) }
                    @if visitor.admin { " " span.tag { (text!("frame-administrator")) } }
                    " "
                    a #logout href=(links.logout()) { (text!("frame-log-out")) }
                }
            } @else if page.kind != "login" {
                p #login_widget {
                    a #login href=(links.login(None)) { (text!("frame-log-in")) }
                }
            }
        }
    }
}

/// Lists the services behind a word that opens and closes the list, with scripts or without.
fn services_menu(links: &Links, services: &[ServiceName]) -> Markup {
    html! {
        @if !services.is_empty() {
            details.menu {
                summary { (text!("frame-services")) }
                ul { @for name in services { li { a href=(links.service(name)) { (name) } } } }
            }
        }
    }
}
