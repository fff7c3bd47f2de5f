//! What the site says of itself on its pages.

use std::path::PathBuf;

use crate::domain::theme::Accent;

/// What the site says of itself, and how it looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteSettings {
    /// What it is called.
    pub title: String,
    /// The file with its logo, when that is not Carrel's.
    pub logo_path: Option<PathBuf>,
    /// The logo; only who serves or checks it reads it.
    pub logo: Option<Logo>,
    /// The colour of links and buttons, when it is not Carrel's.
    pub accent: Option<Accent>,
    /// Where people find help, and what the link to it is called.
    pub help: Option<SiteLink>,
    /// Where it stands who runs the site.
    pub imprint_url: Option<String>,
    /// Where it stands what becomes of people's data.
    pub privacy_url: Option<String>,
    /// What people must accept before they log in, one text for each paragraph; empty when
    /// nothing.
    pub terms: Vec<String>,
}

/// The site's logo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    /// Changes whenever the file does.
    pub version: String,
    /// The value of its `Content-Type` header.
    pub content_type: &'static str,
    /// How wide it is when it is 100 high.
    pub stretch_percent: u32,
    /// The file.
    pub bytes: Vec<u8>,
}

/// A link that leads away from the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteLink {
    /// What it is called.
    pub text: String,
    /// Where it leads.
    pub url: String,
}
