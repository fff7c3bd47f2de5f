//! `[site]` as plain types.

use crate::{
    config::{
        logo,
        merged::Merged,
        raw::RawSite,
        settings::site::{SiteLink, SiteSettings},
        spelling::AccentColour,
    },
    domain::theme::{Accent, Colour, Scheme},
};

pub(super) fn site(raw: RawSite, merged: &mut Merged<'_>) -> SiteSettings {
    for (given, needed) in [
        ("site.help_text", "site.help_url"),
        ("site.accent_dark", "site.accent"),
    ] {
        if merged.sets(given) && !merged.sets(needed) {
            merged.blame(given, format!("{given} needs {needed} as well"));
        }
    }
    SiteSettings {
        title: raw.title.0,
        logo_path: raw.logo.map(|path| path.0),
        logo: None,
        accent: accent(raw.accent, raw.accent_dark, merged),
        help: raw.help_url.map(|url| SiteLink {
            text: raw.help_text.0,
            url: url.0,
        }),
        imprint_url: raw.imprint_url.map(|url| url.0),
        privacy_url: raw.privacy_url.map(|url| url.0),
        terms: raw
            .terms
            .map(|terms| paragraphs(&terms.0))
            .unwrap_or_default(),
    }
}

/// Reads the logo; one that cannot be used is a fault of the key that names it.
pub(super) fn read_logo(site: &mut SiteSettings, merged: &mut Merged<'_>) {
    let Some(path) = &site.logo_path else {
        return;
    };
    match logo::read(path) {
        Ok(logo) => site.logo = Some(logo),
        Err(why) => merged.blame("site.logo", format!("the file {} {why}", path.display())),
    }
}

/// Splits a text at its empty lines.
fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    for line in text.lines().map(str::trim) {
        match paragraphs.last_mut() {
            Some(last) if line.is_empty() && !last.is_empty() => paragraphs.push(String::new()),
            Some(last) => {
                let gap = if last.is_empty() || line.is_empty() {
                    ""
                } else {
                    " "
                };
                last.push_str(gap);
                last.push_str(line);
            }
            None => {}
        }
    }
    paragraphs
}

fn accent(
    light: Option<AccentColour>,
    dark: Option<AccentColour>,
    merged: &mut Merged<'_>,
) -> Option<Accent> {
    let (light, dark) = (light.map(|colour| colour.0), dark.map(|colour| colour.0));
    let mut check = |key: &str, scheme: Scheme, colour: Option<Colour>| {
        if let Some((ground, contrast)) = colour.and_then(|colour| scheme.find_unreadable(colour)) {
            let text = format!(
                "{key} cannot be read on {ground}, a ground of the pages: the contrast is \
                 {contrast:.2} and must be 4.5"
            );
            merged.blame(key, text);
        }
    };
    check("site.accent", Scheme::Light, light);
    check("site.accent_dark", Scheme::Dark, dark);
    light.map(|light| Accent::new(light, dark))
}
