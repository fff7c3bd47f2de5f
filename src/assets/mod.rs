//! The files that pages need beside their markup: style, scripts, icons, all inside the program.
//!
//! Every file is served under one name with its content hash as a query, so that browsers may keep
//! it for ever. Scripts only add comfort: no page needs one.
#![forbid(unsafe_code)]

/// One embedded file.
#[derive(Debug, PartialEq, Eq)]
pub struct Asset {
    /// The file's name below `hub/static/`.
    pub name: &'static str,
    /// The value of its `Content-Type` header.
    pub content_type: &'static str,
    /// Its content.
    pub bytes: &'static [u8],
    hash: u64,
}

impl Asset {
    const fn new(name: &'static str, content_type: &'static str, bytes: &'static [u8]) -> Self {
        Self {
            name,
            content_type,
            bytes,
            hash: content_hash(bytes),
        }
    }

    /// Returns what changes whenever the content does: the value of `?v=` and a good `ETag`.
    pub fn version(&self) -> String {
        spell(self.hash)
    }
}

/// The one stylesheet, for screen and paper, light and dark.
pub static STYLE: Asset = Asset::new(
    "carrel.css",
    "text/css; charset=utf-8",
    include_bytes!("carrel.css"),
);

/// What every page runs: the globals that JupyterHub's scripts rely on, the insecure-page warning.
pub static PAGE_SCRIPT: Asset = Asset::new(
    "page.js",
    "text/javascript; charset=utf-8",
    include_bytes!("page.js"),
);

/// Follows the progress stream of a starting server.
pub static PROGRESS_SCRIPT: Asset = Asset::new(
    "progress.js",
    "text/javascript; charset=utf-8",
    include_bytes!("progress.js"),
);

/// Keeps the state shown on a page up to date.
pub static REFRESH_SCRIPT: Asset = Asset::new(
    "refresh.js",
    "text/javascript; charset=utf-8",
    include_bytes!("refresh.js"),
);

/// The logo, a study desk between its walls; adapts to light and dark by itself.
pub static LOGO: Asset = Asset::new("logo.svg", "image/svg+xml", include_bytes!("logo.svg"));

/// The logo for `hub/logo`, where clients expect a bitmap.
pub static LOGO_BITMAP: Asset = Asset::new("logo.png", "image/png", include_bytes!("logo.png"));

/// The logo for `favicon.ico`, which browsers ask for by themselves.
pub static FAVICON: Asset = Asset::new(
    "favicon.ico",
    "image/vnd.microsoft.icon",
    include_bytes!("favicon.ico"),
);

static ALL: [&Asset; 7] = [
    &STYLE,
    &PAGE_SCRIPT,
    &PROGRESS_SCRIPT,
    &REFRESH_SCRIPT,
    &LOGO,
    &LOGO_BITMAP,
    &FAVICON,
];

/// Returns the file called `name`, exactly.
pub fn find(name: &str) -> Option<&'static Asset> {
    ALL.iter().copied().find(|asset| asset.name == name)
}

/// Returns what changes whenever some other content does, as [`Asset::version`] does for a file.
pub fn version_of(bytes: &[u8]) -> String {
    spell(content_hash(bytes))
}

fn spell(hash: u64) -> String {
    format!("{hash:016x}")
}

/// Hashes with FNV-1a: it only tells versions of one file apart, nobody gains by a collision.
const fn content_hash(mut bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    while let [byte, rest @ ..] = bytes {
        hash = (hash ^ *byte as u64).wrapping_mul(0x0000_0100_0000_01b3);
        bytes = rest;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_STYLE_BYTES: usize = 16 * 1024;
    const MAX_TOTAL_BYTES: usize = 60 * 1024;

    #[test]
    fn files_are_found_by_their_exact_name() {
        assert_eq!(find("carrel.css"), Some(&STYLE));
        for name in ["", "Carrel.css", "../carrel.css", "carrel.css?v=1"] {
            assert_eq!(find(name), None, "{name}");
        }
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(content_hash(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(content_hash(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn pages_stay_light() {
        assert!(STYLE.bytes.len() <= MAX_STYLE_BYTES);
        let total: usize = ALL.iter().map(|asset| asset.bytes.len()).sum();
        assert!(total <= MAX_TOTAL_BYTES, "{total}");
    }

    #[test]
    fn nothing_is_fetched_from_elsewhere() {
        for asset in ALL
            .iter()
            .filter(|asset| asset.content_type.contains("utf-8"))
        {
            let text = std::str::from_utf8(asset.bytes).unwrap();
            for foreign in ["http:", "https:", "@import", "url(", "innerHTML", "eval("] {
                assert!(!text.contains(foreign), "{} has {foreign}", asset.name);
            }
        }
    }
}
