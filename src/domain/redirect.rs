//! Where a browser may be sent next: never off this host.

/// The address under which the browser reached the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnHost {
    /// `https` or `http`, as the browser sees it.
    pub scheme: String,
    /// Host and port as in the `Host` header.
    pub host: String,
}

/// The longest target taken; longer ones are as good as none.
pub const MAX_TARGET_BYTES: usize = 8192;

/// Returns the local target a client asked to be sent to, or `None` when it is not local.
///
/// The result begins with exactly one `/`, so no browser takes it for another host: backslashes, which
/// some read as slashes, are escaped, and so is everything that cannot stand in a `Location` header.
/// An absolute URL of our own host is cut to its path, query and fragment.
pub fn local_target(next: &str, own: &OwnHost) -> Option<String> {
    if next.is_empty() || next.len() > MAX_TARGET_BYTES {
        return None;
    }
    let next = escape(next);
    // Browsers read three and more leading slashes as two.
    let next = match next.strip_prefix("///") {
        Some(rest) => format!("//{}", rest.trim_start_matches('/')),
        None => next,
    };
    let target = match strip_own_host(&next, own) {
        Some(rest) => format!("/{}", rest.trim_start_matches('/')),
        None => next,
    };
    (target.starts_with('/') && !target.starts_with("//")).then_some(target)
}

/// Returns what follows `scheme://host` or `//host` when that host is ours.
fn strip_own_host<'a>(next: &'a str, own: &OwnHost) -> Option<&'a str> {
    let after_scheme = match next.strip_prefix("//") {
        Some(rest) => rest,
        None => {
            let (scheme, rest) = next.split_once("://")?;
            if !scheme.eq_ignore_ascii_case(&own.scheme) {
                return None;
            }
            rest
        }
    };
    let host = after_scheme.get(..own.host.len())?;
    let rest = after_scheme.get(own.host.len()..)?;
    let ends = rest.is_empty() || rest.starts_with(['/', '?', '#']);
    (ends && !own.host.is_empty() && host.eq_ignore_ascii_case(&own.host)).then_some(rest)
}

/// Escapes backslashes, white space, control characters and everything beyond ASCII.
///
/// Browsers drop tabs and newlines from URLs, so `/<tab>/host` would be another host's address.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte == b'\\' || !byte.is_ascii_graphic() {
            out.push_str(&format!("%{byte:02X}"));
        } else {
            out.push(char::from(byte));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn own() -> OwnHost {
        OwnHost {
            scheme: "https".into(),
            host: "lab.example:8443".into(),
        }
    }

    #[test]
    fn only_local_targets_are_taken() {
        let same = |text: &'static str| (text, Some(text));
        let table = [
            same("/hub/admin"),
            same("/user/other"),
            same("/absolute"),
            same("/has?query#andhash"),
            same("/has?repo=https://host.git"),
            same("/has#repo=https://host.git"),
            same("/user/alice/lab/tree/a%20b.ipynb"),
            ("", None),
            ("relative/path", None),
            ("https://other.domain", None),
            ("ftp://other.domain", None),
            ("//other.domain", None),
            ("///other.domain/triple", None),
            ("////other.domain", None),
            ("\\\\other.domain/backslashes", None),
            ("/\\other.domain/", Some("/%5Cother.domain/")),
            ("/\t/other.domain/", Some("/%09/other.domain/")),
            ("\t//other.domain/", None),
            (" /hub/", None),
            ("javascript:alert(1)", None),
            ("/a\r\nSet-Cookie: x=y", Some("/a%0D%0ASet-Cookie:%20x=y")),
            ("/ä", Some("/%C3%A4")),
            (
                "https://lab.example:8443/other.domain/",
                Some("/other.domain/"),
            ),
            (
                "https://lab.example:8443//other.domain/",
                Some("/other.domain/"),
            ),
            (
                "https://lab.example:8443///other.domain/",
                Some("/other.domain/"),
            ),
            (
                "https://lab.example:8443////other.domain/",
                Some("/other.domain/"),
            ),
            ("//lab.example:8443/hub/home", Some("/hub/home")),
            ("///lab.example:8443/hub/home", Some("/hub/home")),
            ("HTTPS://LAB.example:8443/x?y#z", Some("/x?y#z")),
            ("https://lab.example:8443", Some("/")),
            ("https://lab.example:8443?x=1", Some("/?x=1")),
            ("https://lab.example:8443@other.domain/", None),
            ("https://lab.example:84430/", None),
            ("https://lab.example/hub/", None),
            ("http://lab.example:8443/hub/", None),
            ("https://lab.example:8443.other.domain/", None),
            ("https:///lab.example:8443/", None),
        ];
        for (next, expected) in table {
            assert_eq!(local_target(next, &own()).as_deref(), expected, "{next:?}");
        }
    }

    #[test]
    fn an_empty_host_is_nobodys() {
        let own = OwnHost {
            scheme: "https".into(),
            host: String::new(),
        };
        assert_eq!(local_target("https:///x", &own), None);
        assert_eq!(local_target("//other.domain/x", &own), None);
    }

    #[test]
    fn targets_too_long_are_dropped() {
        let long = format!("/{}", "a".repeat(MAX_TARGET_BYTES));
        assert_eq!(local_target(&long, &own()), None);
    }

    proptest! {
        #[test]
        fn whatever_comes_out_is_a_path_on_this_host(next in "[/\\\\:@.?#a-z\\t\\n ]{0,24}") {
            if let Some(target) = local_target(&next, &own()) {
                prop_assert!(target.starts_with('/') && !target.starts_with("//"));
                prop_assert!(target.bytes().all(|b| b.is_ascii_graphic() && b != b'\\'));
            }
        }
    }
}
