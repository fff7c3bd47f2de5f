//! What must hold for every page, and a snapshot of each.

use std::{collections::BTreeSet, fs, path::Path};

use super::{
    accent::accent_style,
    bidi::sets_direction,
    samples::{self, Texts},
};
use crate::{
    assets,
    domain::theme::{Accent, Colour},
};

/// The starting tags of a page with their attributes, one `(name, [(attribute, value)])` each.
///
/// Maud writes attributes as `name="value"` with the value escaped, so this little is enough.
fn tags(html: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut tags = Vec::new();
    for piece in html.split('<').skip(1) {
        let Some((inside, _)) = piece.split_once('>') else {
            panic!("a tag without an end: {piece}");
        };
        if inside.starts_with(['/', '!']) {
            continue;
        }
        let (name, mut rest) = inside.split_once(' ').unwrap_or((inside, ""));
        let mut attributes = Vec::new();
        while !rest.trim().is_empty() {
            rest = rest.trim_start();
            let end = rest.find([' ', '=']).unwrap_or(rest.len());
            let key = rest[..end].to_owned();
            rest = &rest[end..];
            let mut value = String::new();
            if let Some(after) = rest.strip_prefix("=\"") {
                let (inner, tail) = after.split_once('"').unwrap();
                value = inner.to_owned();
                rest = tail;
            }
            attributes.push((key, value));
        }
        tags.push((name.to_owned(), attributes));
    }
    tags
}

fn value<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|(key, _)| key == name)?;
    Some(&found.1)
}

fn every_page(check: impl Fn(&str, &str)) {
    for texts in [Texts::Plain, Texts::Hostile] {
        for (name, page) in samples::all(texts) {
            check(&format!("{name} ({texts:?})"), &page.into_string());
        }
    }
}

#[test]
fn every_page_looks_as_it_did() {
    for (name, page) in samples::all(Texts::Plain) {
        let version = env!("CARGO_PKG_VERSION");
        let mut html = page
            .into_string()
            .replace("><", ">\n<")
            .replace(&format!("Carrel {version}"), "Carrel [version]");
        for asset in [
            &assets::STYLE,
            &assets::LOGO,
            &assets::PAGE_SCRIPT,
            &assets::PROGRESS_SCRIPT,
            &assets::REFRESH_SCRIPT,
        ] {
            html = html.replace(&asset.version(), "[hash]");
        }
        insta::assert_snapshot!(name, html);
    }
}

#[test]
fn every_page_has_one_heading_a_title_and_a_language() {
    every_page(|name, html| {
        for (part, count) in [
            ("<h1", 1),
            ("<title>", 1),
            ("<html lang=\"en\">", 1),
            ("<main ", 1),
            ("<header ", 1),
            ("<footer ", 1),
            ("href=\"#main\"", 1),
            ("name=\"viewport\"", 1),
        ] {
            assert_eq!(html.matches(part).count(), count, "{part} in {name}");
        }
    });
}

#[test]
fn no_page_has_inline_script_or_style() {
    every_page(|name, html| {
        for (tag, attributes) in tags(html) {
            for (attribute, _) in &attributes {
                let is_inline = attribute == "style" || attribute.starts_with("on");
                assert!(!is_inline, "{attribute} of {tag} in {name}");
            }
            assert!(tag != "style", "{name}");
            if tag == "script" {
                assert!(value(&attributes, "src").is_some(), "{name}");
            }
        }
        assert_eq!(
            html.matches("<script").count(),
            html.matches("></script>").count(),
            "{name}"
        );
    });
}

#[test]
fn every_input_has_a_label() {
    every_page(|name, html| {
        let tags = tags(html);
        let labels: BTreeSet<&str> = tags
            .iter()
            .filter(|(tag, _)| tag == "label")
            .filter_map(|(_, attributes)| value(attributes, "for"))
            .collect();
        for (tag, attributes) in &tags {
            if matches!(tag.as_str(), "input" | "select")
                && value(attributes, "type") != Some("hidden")
            {
                let id = value(attributes, "id").unwrap_or_default();
                assert!(labels.contains(id), "input {id:?} in {name}");
            }
        }
    });
}

#[test]
fn ids_are_unique_and_references_lead_somewhere() {
    every_page(|name, html| {
        let tags = tags(html);
        let mut ids = BTreeSet::new();
        for (_, attributes) in &tags {
            if let Some(id) = value(attributes, "id") {
                assert!(ids.insert(id), "{id} twice in {name}");
            }
        }
        for (_, attributes) in &tags {
            for reference in ["for", "aria-labelledby", "aria-describedby"] {
                if let Some(id) = value(attributes, reference) {
                    assert!(ids.contains(id), "{reference}={id} in {name}");
                }
            }
        }
    });
}

#[test]
fn every_link_stays_on_this_hub() {
    every_page(|name, html| {
        for (tag, attributes) in tags(html) {
            for attribute in ["href", "src", "action", "data-progress-url"] {
                let Some(link) = value(&attributes, attribute) else {
                    continue;
                };
                let leads_away =
                    tag == "a" && link.starts_with("https://") && link.contains("lab.example/");
                let is_local = leads_away
                    || link == "#main"
                    || [
                        "/hub/",
                        "/user/",
                        "/services/",
                        "/lab/hub/",
                        "/lab/user/",
                        "/lab/services/",
                    ]
                    .iter()
                    .any(|start| link.starts_with(start));
                let is_clean = link
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && !b"\"'<>\\{}".contains(&byte));
                assert!(is_local && is_clean, "{tag} {attribute}={link} in {name}");
            }
        }
    });
}

#[test]
fn every_form_posts_with_the_token() {
    every_page(|name, html| {
        for form in html.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap();
            // What only looks something up changes nothing, and its address goes into histories.
            let tokens = usize::from(!form.contains("method=\"get\""));
            assert!(tokens == 0 || form.contains("method=\"post\""), "{name}");
            assert_eq!(form.matches("name=\"_xsrf\"").count(), tokens, "{name}");
        }
    });
}

#[test]
fn hostile_text_is_only_ever_text() {
    let known: BTreeSet<&str> = "a aside bdi body button caption code dd details div dl dt fieldset footer form h1 h2 h3 head \
         header html img input label legend li link main meta meter nav noscript ol option p pre progress script \
         section select span strong summary table tbody td th thead time title tr ul"
        .split_whitespace()
        .collect();
    for ((name, hostile), (_, plain)) in samples::all(Texts::Hostile)
        .into_iter()
        .zip(samples::all(Texts::Plain))
    {
        let (hostile, plain) = (hostile.into_string(), plain.into_string());
        assert!(
            hostile.contains("&lt;script&gt;"),
            "{name} shows no hostile text"
        );
        assert!(!hostile.contains("<script>"), "{name}");
        for tag in ["<script", "<img"] {
            assert_eq!(
                hostile.matches(tag).count(),
                plain.matches(tag).count(),
                "{tag} in {name}"
            );
        }
        for (tag, attributes) in tags(&hostile) {
            assert!(known.contains(tag.as_str()), "{tag} in {name}");
            for (attribute, _) in attributes {
                let is_known = attribute
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-');
                assert!(is_known, "{attribute} of {tag} in {name}");
            }
        }
    }
}

#[test]
fn nothing_on_a_page_turns_words_around() {
    for (name, page) in samples::all(Texts::Hostile) {
        let html = page.into_string();
        assert!(html.contains("שלום"), "{name}");
        for text in html.split('>').filter_map(|rest| rest.split('<').next()) {
            assert!(!text.contains(sets_direction), "{text:?} in {name}");
        }
    }
}

/// A logo that is wider than high.
const SITE_LOGO: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 100 40\" fill=\"none\" \
     stroke=\"#7a1f5c\" stroke-width=\"4\"><path d=\"M2 20Q14-14 26 20T50 20T74 20T98 20\"/></svg>";

/// Writes every sample with its files to `target/pages`, for eyes and for the accessibility scan.
#[test]
fn samples_can_be_looked_at() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pages");
    let accent = Accent::new(Colour::parse("#7a1f5c").unwrap(), None);
    for base in ["hub/static", "lab/hub/static"] {
        let files = folder.join(base);
        fs::create_dir_all(&files).unwrap();
        for name in [
            "carrel.css",
            "page.js",
            "progress.js",
            "refresh.js",
            "logo.svg",
        ] {
            fs::write(files.join(name), assets::find(name).unwrap().bytes).unwrap();
        }
        let style = accent_style(accent);
        fs::write(files.join("../site.css"), style).unwrap();
        fs::write(files.join("../logo"), SITE_LOGO).unwrap();
    }
    for (name, page) in samples::all(Texts::Plain) {
        fs::write(folder.join(format!("{name}.html")), page.into_string()).unwrap();
    }
    for (name, page) in samples::all(Texts::Hostile) {
        fs::write(
            folder.join(format!("hostile-{name}.html")),
            page.into_string(),
        )
        .unwrap();
    }
}
