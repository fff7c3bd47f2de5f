use std::path::Path;

use super::{load, load_with_logo, parse};
use crate::domain::theme::{Accent, Colour};

fn faults(text: &str) -> String {
    let text = format!("[site]\n{text}");
    parse(Path::new("c"), &text).map_or_else(|faults| faults.to_string(), |_| String::new())
}

#[test]
fn colours_must_be_readable() {
    let text = "accent = \"#7a1f5c\"\naccent_dark = \"#e59ac9\"";
    let settings = parse(Path::new("c"), &format!("[site]\n{text}")).unwrap();
    let colour = |text| Colour::parse(text).unwrap();
    let expected = Accent::new(colour("#7a1f5c"), Some(colour("#e59ac9")));
    assert_eq!(settings.site.accent, Some(expected));

    for (text, expected) in [
        (
            "accent = \"#ffcc00\"",
            "c:2:10: site.accent cannot be read on #ebe8e0, a ground of the pages: the contrast is \
             1.23 and must be 4.5",
        ),
        (
            "accent = \"#7a1f5c\"\naccent_dark = \"#7a1f5c\"",
            "c:3:15: site.accent_dark cannot be read on #2a3033, a ground of the pages: the contrast is \
             1.39 and must be 4.5",
        ),
        (
            "accent_dark = \"#e59ac9\"",
            "c:2:15: site.accent_dark needs site.accent as well",
        ),
        (
            "accent = \"red\"",
            "c:2:10: site.accent is the string \"red\", but must be a colour of six hexadecimal digits, \
             such as \"#7a1f5c\"",
        ),
    ] {
        assert_eq!(faults(text), expected);
    }
}

#[test]
fn links_lead_to_pages_and_mail_only() {
    for address in [
        "https://lab.example",
        "http://lab.example/a?b=c#d",
        "mailto:a@b",
    ] {
        assert_eq!(faults(&format!("help_url = \"{address}\"")), "");
    }
    for address in [
        "",
        "/help",
        "lab.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://",
        "https://me:x@lab.example",
        "https://lab.example/\\u0022onclick",
        "https://lab.example/a b",
        "mailto:",
        "mailto:@",
    ] {
        let told = faults(&format!("imprint_url = \"{address}\""));
        assert!(
            told.starts_with("c:2:15: site.imprint_url is the string"),
            "{address}: {told}"
        );
    }
    let told = faults("help_text = \"Ask\"");
    assert_eq!(told, "c:2:13: site.help_text needs site.help_url as well");
}

#[test]
fn titles_fit_on_a_phone() {
    let long = "x".repeat(61);
    for title in ["", " ", "a\\nb", &long] {
        let told = faults(&format!("title = \"{title}\""));
        assert!(
            told.contains("must be a text of 1 to 60 characters"),
            "{title}: {told}"
        );
    }
    assert_eq!(faults(&format!("title = \"{}\"", "ü".repeat(60))), "");
}

#[test]
fn terms_are_paragraphs() {
    let text = "[site]\nterms = \"\"\"\n  One\ntwo.\r\n \n\n\n\tThree.\n\"\"\"";
    let settings = parse(Path::new("c"), text).unwrap();
    assert_eq!(settings.site.terms, ["One two.", "Three."]);
    let long = "x".repeat(8_001);
    for terms in ["", "\\n", "a\\u0000", &long] {
        let told = faults(&format!("terms = \"{terms}\""));
        assert!(
            told.contains("must be a text of 1 to 8000 characters"),
            "{told}"
        );
    }
}

#[test]
fn the_logo_is_read_where_it_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let (file, logo) = (folder.path().join("c.toml"), folder.path().join("l.svg"));
    std::fs::write(
        &file,
        format!("[site]\nlogo = {:?}", logo.display().to_string()),
    )
    .unwrap();

    let told = load_with_logo(&file).unwrap_err().to_string();
    let expected = format!(
        "{}:2:8: the file {} cannot be read: No such file or directory (os error 2)",
        file.display(),
        logo.display()
    );
    assert_eq!(told, expected);
    let left_alone = load(&file).unwrap().site;
    assert_eq!(
        (left_alone.logo_path.as_ref(), left_alone.logo),
        (Some(&logo), None)
    );

    std::fs::write(&logo, "<svg viewBox='0 0 2 1'/>").unwrap();
    let read = load_with_logo(&file).unwrap().site.logo.unwrap();
    assert_eq!(
        (read.content_type, read.stretch_percent),
        ("image/svg+xml", 200)
    );
}
