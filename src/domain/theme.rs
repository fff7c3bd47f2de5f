//! The colour that a site may choose for its pages, and what it must hold to be read on them.
//!
//! The rest of the colours stand in the stylesheet; a test holds the grounds named here and there
//! together. Contrast is WCAG's (WCAG 2.2, success criterion 1.4.3).

use std::fmt;

/// The least contrast between a text and what it stands on (WCAG 2.2, level AA).
const LEAST_CONTRAST: f64 = 4.5;
/// In how many steps a colour is mixed with another.
const MIX_STEPS: u16 = 20;
/// How many of these make a colour that is told apart from the one before, for what is pointed at.
const POINTED_AT_STEPS: u16 = 5;

const BLACK: Colour = Colour([0, 0, 0]);
const WHITE: Colour = Colour([255, 255, 255]);

/// A colour of the screen, as sRGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour([u8; 3]);

impl Colour {
    /// Reads `#rrggbb`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let part = |at: usize| {
            let pair = digits.get(at..at + 2)?;
            let is_hex = pair.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_hex.then(|| u8::from_str_radix(pair, 16).ok()).flatten()
        };
        Some(Self([part(0)?, part(2)?, part(4)?]))
    }

    /// Returns WCAG's contrast ratio, from 1 to 21.
    pub fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// Returns this colour with `steps` of [`MIX_STEPS`] of another in it.
    fn mixed(self, other: Self, steps: u16) -> Self {
        let mut mixed = self;
        for (own, other) in mixed.0.iter_mut().zip(other.0) {
            let sum = u16::from(*own) * (MIX_STEPS - steps) + u16::from(other) * steps;
            *own = u8::try_from(sum / MIX_STEPS).unwrap_or(u8::MAX);
        }
        mixed
    }
}

/// Writes `#rrggbb`.
impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// How bright a visitor wants pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Dark text on light ground.
    Light,
    /// Light text on dark ground.
    Dark,
}

impl Scheme {
    /// Returns the grounds on which links stand, with the names that the stylesheet has for them.
    pub fn grounds(self) -> [(&'static str, Colour); 2] {
        match self {
            Self::Light => [
                ("--ground", Colour([0xf7, 0xf5, 0xf0])),
                ("--idle-ground", Colour([0xeb, 0xe8, 0xe0])),
            ],
            Self::Dark => [
                ("--paper", Colour([0x1c, 0x21, 0x24])),
                ("--idle-ground", Colour([0x2a, 0x30, 0x33])),
            ],
        }
    }

    /// Returns the colour of the text on buttons, which have the accent as their ground.
    ///
    /// It is lighter or darker than every ground, so an accent that can be read on them can have it.
    fn on_accent(self) -> Colour {
        match self {
            Self::Light => WHITE,
            Self::Dark => BLACK,
        }
    }

    /// Returns the ground on which the colour cannot be read, with the contrast they have.
    pub fn find_unreadable(self, colour: Colour) -> Option<(Colour, f64)> {
        let with_contrast = |(_, ground)| (ground, colour.contrast(ground));
        let worst = self.grounds().map(with_contrast);
        let worst = worst.into_iter().min_by(|(_, a), (_, b)| a.total_cmp(b));
        worst.filter(|(_, contrast)| *contrast < LEAST_CONTRAST)
    }

    /// Returns the colour of what is pointed at, which differs more from the ground.
    fn stronger(self, colour: Colour) -> Colour {
        match self {
            Self::Light => colour.mixed(BLACK, POINTED_AT_STEPS),
            Self::Dark => colour.mixed(WHITE, POINTED_AT_STEPS),
        }
    }
}

/// The colour of links and buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accent {
    light: Colour,
    dark: Colour,
}

impl Accent {
    /// Takes the colour for light pages and the one for dark pages; without the second, it is the
    /// first with as much white as makes it readable there.
    pub fn new(light: Colour, dark: Option<Colour>) -> Self {
        let lightened = || {
            let mixtures = (0..MIX_STEPS).map(|steps| light.mixed(WHITE, steps));
            let mut readable =
                mixtures.filter(|colour| Scheme::Dark.find_unreadable(*colour).is_none());
            readable.next().unwrap_or(WHITE)
        };
        Self {
            light,
            dark: dark.unwrap_or_else(lightened),
        }
    }

    /// Returns the values that the stylesheet's names have in a scheme.
    pub fn variables(self, scheme: Scheme) -> [(&'static str, Colour); 3] {
        let colour = match scheme {
            Scheme::Light => self.light,
            Scheme::Dark => self.dark,
        };
        [
            ("--accent", colour),
            ("--accent-strong", scheme.stronger(colour)),
            ("--on-accent", scheme.on_accent()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn colour(text: &str) -> Colour {
        Colour::parse(text).unwrap()
    }

    #[test]
    fn colours_are_six_digits() {
        assert_eq!(colour("#17614f").to_string(), "#17614f");
        assert_eq!(colour("#ABCDEF").to_string(), "#abcdef");
        for text in [
            "", "#", "#fff", "17614f", "#17614g", "#17614ff", "red", "#+1+1+1", "#ä6144",
        ] {
            assert_eq!(Colour::parse(text), None, "{text}");
        }
    }

    #[test]
    fn contrasts_are_those_of_wcag() {
        for (one, other, expected) in [
            ("#000000", "#ffffff", 21.0),
            ("#ffffff", "#ffffff", 1.0),
            ("#777777", "#ffffff", 4.48),
            ("#767676", "#ffffff", 4.54),
            ("#ff0000", "#ffffff", 4.0),
        ] {
            let contrast = colour(one).contrast(colour(other));
            assert!((contrast - expected).abs() < 0.01, "{one}: {contrast}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_found_with_its_ground() {
        assert_eq!(Scheme::Light.find_unreadable(colour("#17614f")), None);
        let (ground, contrast) = Scheme::Light.find_unreadable(colour("#ffcc00")).unwrap();
        assert_eq!(ground, colour("#ebe8e0"));
        assert!(contrast < 1.5, "{contrast}");
        let (ground, _) = Scheme::Dark.find_unreadable(colour("#17614f")).unwrap();
        assert_eq!(ground, colour("#2a3033"));
    }

    #[test]
    fn the_grounds_are_those_of_the_stylesheet() {
        let style = std::str::from_utf8(crate::assets::STYLE.bytes).unwrap();
        let (light, dark) = style.split_once("prefers-color-scheme: dark").unwrap();
        for (part, scheme) in [(light, Scheme::Light), (dark, Scheme::Dark)] {
            for (name, ground) in scheme.grounds() {
                assert!(part.contains(&format!("{name}: {ground};")), "{name}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_readable_accent_makes_readable_pages(light in prop::array::uniform3(0_u8..)) {
            let light = Colour(light);
            prop_assume!(Scheme::Light.find_unreadable(light).is_none());
            let accent = Accent::new(light, None);
            for scheme in [Scheme::Light, Scheme::Dark] {
                let [(_, plain), (_, strong), (_, on_accent)] = accent.variables(scheme);
                for colour in [plain, strong] {
                    prop_assert_eq!(scheme.find_unreadable(colour), None);
                    prop_assert!(colour.contrast(on_accent) >= LEAST_CONTRAST);
                }
            }
        }
    }
}
