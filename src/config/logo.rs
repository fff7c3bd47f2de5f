//! The site's logo: a file that is read with the configuration and then kept in memory.
//!
//! Only its type, size and shape are looked at. What a drawing would run or fetch is the browser's
//! to refuse, by the policy it is served with and because pages show it as an image.

use std::{fs::File, io::Read, path::Path};

use crate::{assets, config::settings::site::Logo};

/// The largest file that is taken; a page with all it needs stays below 60 KiB.
const MAX_BYTES: u64 = 24 * 1024;
/// How often the width may hold the height, and the other way round.
const MAX_STRETCH: f64 = 8.0;

const PNG_START: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Reads a logo, or says in words why not.
pub(super) fn read(path: &Path) -> Result<Logo, String> {
    let mut bytes = Vec::new();
    let mut file = File::open(path).map_err(|error| format!("cannot be read: {error}"))?;
    let limited = file.by_ref().take(MAX_BYTES + 1).read_to_end(&mut bytes);
    limited.map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err("is larger than 24 KiB".to_owned());
    }
    parse(bytes).map_err(str::to_owned)
}

fn parse(bytes: Vec<u8>) -> Result<Logo, &'static str> {
    let drawing = std::str::from_utf8(&bytes)
        .ok()
        .filter(|text| text.contains("<svg"));
    let (content_type, shape) = if bytes.starts_with(PNG_START) {
        let shape = bitmap_shape(&bytes).ok_or("is a PNG file without its head")?;
        ("image/png", shape)
    } else if let Some(text) = drawing {
        let shape = drawing_shape(text);
        let shape = shape.ok_or("is an SVG file without a viewBox, which tells its shape")?;
        ("image/svg+xml", shape)
    } else {
        return Err("is neither a PNG nor an SVG file");
    };
    let stretch = shape.0 / shape.1;
    if !(1.0 / MAX_STRETCH..=MAX_STRETCH).contains(&stretch) {
        return Err("is more than eight times as long as it is thick");
    }
    Ok(Logo {
        version: assets::version_of(&bytes),
        content_type,
        stretch_percent: percent(stretch),
        bytes,
    })
}

/// Reads width and height from the first chunk (PNG specification, section 11.2.1).
fn bitmap_shape(bytes: &[u8]) -> Option<(f64, f64)> {
    let head = bytes.get(PNG_START.len()..)?;
    let number = |at: usize| {
        let four: [u8; 4] = head.get(at..at + 4)?.try_into().ok()?;
        Some(f64::from(u32::from_be_bytes(four))).filter(|number| *number > 0.0)
    };
    let is_head = head.get(4..8)? == b"IHDR";
    is_head.then_some((number(8)?, number(12)?))
}

/// Reads the third and fourth number of the outermost element's `viewBox`.
fn drawing_shape(text: &str) -> Option<(f64, f64)> {
    let (_, rest) = text.split_once("<svg")?;
    let (tag, _) = rest.split_once('>')?;
    let (_, rest) = tag.split_once("viewBox=")?;
    let quote = rest
        .chars()
        .next()
        .filter(|sign| matches!(sign, '"' | '\''))?;
    let (value, _) = rest.get(1..)?.split_once(quote)?;
    let numbers = value
        .split([' ', ',', '\t', '\n', '\r'])
        .filter(|part| !part.is_empty());
    let numbers: Vec<f64> = numbers.map(str::parse).collect::<Result<_, _>>().ok()?;
    match numbers.as_slice() {
        [_, _, width, height] if *width > 0.0 && *height > 0.0 => Some((*width, *height)),
        _ => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is between 12 and 800"
)]
fn percent(stretch: f64) -> u32 {
    (stretch * 100.0).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = PNG_START.to_vec();
        bytes.extend(b"\x00\x00\x00\x0dIHDR");
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes
    }

    #[test]
    fn type_and_shape_are_read() {
        let svg =
            |attributes: &str| format!("<?xml version=\"1.0\"?>\n<svg {attributes}><g/></svg>");
        let drawings = [
            ("viewBox=\"0 0 64 32\"", Ok(200)),
            ("class='a' viewBox='0,0, 30.5 61'", Ok(50)),
            ("viewBox=\"0 0 64 0\"", Err("viewBox")),
            ("viewBox=\"0 0 64\"", Err("viewBox")),
            ("viewBox=0 0 1 1", Err("viewBox")),
            ("viewBox=\"0 0 nan 1\"", Err("viewBox")),
            ("viewBox=\"0 0 inf 1\"", Err("eight times")),
            ("viewBox=\"0 0 900 100\"", Err("eight times")),
            ("width=\"3\"", Err("viewBox")),
        ];
        for (attributes, expected) in drawings {
            check(svg(attributes).into_bytes(), "image/svg+xml", expected);
        }
        for (bytes, expected) in [
            (png(300, 100), Ok(300)),
            (png(100, 801), Err("eight times")),
            (png(0, 1), Err("without its head")),
            (PNG_START.to_vec(), Err("without its head")),
            (b"GIF89a".to_vec(), Err("neither")),
            (b"<html><script>".to_vec(), Err("neither")),
            (b"\xff<svg viewBox=\"0 0 1 1\">".to_vec(), Err("neither")),
            (Vec::new(), Err("neither")),
        ] {
            check(bytes, "image/png", expected);
        }
    }

    fn check(bytes: Vec<u8>, content_type: &str, expected: Result<u32, &str>) {
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        match (parse(bytes), expected) {
            (Ok(logo), Ok(stretch)) => {
                assert_eq!(logo.stretch_percent, stretch, "{shown}");
                assert_eq!(logo.content_type, content_type);
            }
            (Err(told), Err(part)) => assert!(told.contains(part), "{shown}: {told}"),
            (told, _) => panic!("{shown}: {told:?}"),
        }
    }

    #[test]
    fn a_large_file_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logo.png");
        let mut bytes = png(32, 32);
        bytes.resize(24 * 1024, 0);
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(read(&path).unwrap().bytes, bytes);
        bytes.push(0);
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(read(&path), Err("is larger than 24 KiB".to_owned()));
    }
}
