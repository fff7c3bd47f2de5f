//! `[site]`.

use confique::Config;

use crate::config::spelling::{AbsolutePath, AccentColour, Terms, Title, WebAddress};

/// `[site]`
#[derive(Config)]
pub(crate) struct RawSite {
    /// What the site is called, on top of every page and in the titles of windows.
    #[config(default = "Carrel")]
    pub title: Title,
    /// The logo, a PNG or SVG file of at most 24 KiB that the account `carrel` can read. A reload reads
    /// it again.
    ///
    /// Example: `"/etc/carrel/logo.svg"`
    pub logo: Option<AbsolutePath>,
    /// The colour of links and buttons. It must be readable on light pages.
    ///
    /// Example: `"#7a1f5c"`
    pub accent: Option<AccentColour>,
    /// The same on dark pages; without it, `accent` with as much white as it needs there.
    ///
    /// Example: `"#e59ac9"`
    pub accent_dark: Option<AccentColour>,
    /// Where people find help; a link at the foot of every page leads there.
    ///
    /// Example: `"https://wiki.lab.example/notebooks"`
    pub help_url: Option<WebAddress>,
    /// What that link is called.
    #[config(default = "Help")]
    pub help_text: Title,
    /// Where it stands who runs the site.
    ///
    /// Example: `"https://lab.example/imprint"`
    pub imprint_url: Option<WebAddress>,
    /// Where it stands what becomes of people's data.
    ///
    /// Example: `"https://lab.example/privacy"`
    pub privacy_url: Option<WebAddress>,
    /// What people must accept before they log in; an empty line begins a new paragraph. The login
    /// page shows it, with a box to tick.
    ///
    /// Example: `"Whoever computes here keeps to the rules of the institute."`
    pub terms: Option<Terms>,
}
