//! The stylesheet with a site's own colour, which pages load after the common one.

use crate::domain::theme::{Accent, Scheme};

/// Writes the stylesheet.
pub fn accent_style(accent: Accent) -> String {
    let rule = |scheme: Scheme| {
        let lines = accent.variables(scheme);
        let lines = lines.map(|(name, colour)| format!("{name}:{colour};"));
        format!(":root{{{}}}", lines.concat())
    };
    let (light, dark) = (rule(Scheme::Light), rule(Scheme::Dark));
    format!("{light}\n@media (prefers-color-scheme:dark){{{dark}}}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{assets, domain::theme::Colour};

    #[test]
    fn the_style_sets_what_the_common_one_reads() {
        let accent = Accent::new(Colour::parse("#7a1f5c").unwrap(), Colour::parse("#e59ac9"));
        let style = accent_style(accent);
        assert_eq!(
            style,
            ":root{--accent:#7a1f5c;--accent-strong:#5b1745;--on-accent:#ffffff;}\n\
             @media (prefers-color-scheme:dark){:root{--accent:#e59ac9;--accent-strong:#ebb3d6;--on-accent:#000000;}}\n"
        );
        let common = std::str::from_utf8(assets::STYLE.bytes).unwrap();
        for name in ["--accent", "--accent-strong", "--on-accent"] {
            assert_eq!(common.matches(&format!("{name}: #")).count(), 2, "{name}");
            assert!(common.contains(&format!("var({name})")), "{name}");
        }
    }
}
