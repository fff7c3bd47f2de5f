//! Form bodies and query strings (`application/x-www-form-urlencoded`), strict and bounded.

use std::borrow::Cow;

use percent_encoding::percent_decode;
use thiserror::Error;

use crate::http::error;

/// The most fields a form or query may have.
pub const MAX_FIELDS: usize = 256;

/// What is wrong with a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FormError {
    /// More than [`MAX_FIELDS`] fields.
    #[error("the form has too many fields")]
    TooManyFields,
    /// A name or value is not UTF-8 after decoding, or `%` is not followed by two hex digits.
    #[error("the form is not valid UTF-8 in percent-encoding")]
    BadEncoding,
}

impl From<FormError> for error::Error {
    fn from(cause: FormError) -> Self {
        Self::bad_request("The form could not be read").because(cause)
    }
}

/// The fields of a form or query, in the order they came.
#[derive(Clone, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Parses a form body.
    pub fn parse(body: &[u8]) -> Result<Self, FormError> {
        let mut fields = Vec::new();
        for field in body.split(|b| *b == b'&').filter(|field| !field.is_empty()) {
            if fields.len() == MAX_FIELDS {
                return Err(FormError::TooManyFields);
            }
            let mut halves = field.splitn(2, |b| *b == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            fields.push((name, value));
        }
        Ok(Self(fields))
    }

    /// Parses the query of a request's target.
    pub fn parse_query(query: Option<&str>) -> Result<Self, FormError> {
        Self::parse(query.unwrap_or_default().as_bytes())
    }

    /// Makes a form of one field.
    pub fn of(name: &str, value: String) -> Self {
        Self(vec![(name.to_owned(), value)])
    }

    /// Returns the first field of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_all(name).next()
    }

    /// Returns every field of that name.
    pub fn get_all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.iter()
            .filter(move |(found, _)| *found == name)
            .map(|(_, value)| value)
    }

    /// Returns every field as name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Shows names only: values may be passwords.
impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.iter().map(|(name, _)| name))
            .finish()
    }
}

impl Drop for Form {
    fn drop(&mut self) {
        use zeroize::Zeroize;
        for (_, value) in &mut self.0 {
            value.zeroize();
        }
    }
}

fn decode(text: &[u8]) -> Result<String, FormError> {
    if !is_percent_encoded(text) {
        return Err(FormError::BadEncoding);
    }
    let spaced: Cow<'_, [u8]> = if text.contains(&b'+') {
        text.iter()
            .map(|b| if *b == b'+' { b' ' } else { *b })
            .collect::<Vec<_>>()
            .into()
    } else {
        text.into()
    };
    match percent_decode(&spaced).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(FormError::BadEncoding),
    }
}

/// Tells whether every `%` begins a pair of hex digits (RFC 3986 section 2.1).
pub fn is_percent_encoded(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|b| *b == b'%') {
        let digits = rest.get(at + 1..at + 3).unwrap_or_default();
        if digits.len() != 2 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return false;
        }
        rest = rest.get(at + 3..).unwrap_or_default();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read() {
        let form = Form::parse(b"username=al+ice&password=p%2Bw%C3%A4&x&x=2&&=3").unwrap();
        assert_eq!(form.get("username"), Some("al ice"));
        assert_eq!(form.get("password"), Some("p+wä"));
        assert_eq!(form.get_all("x").collect::<Vec<_>>(), ["", "2"]);
        assert_eq!(form.get(""), Some("3"));
        assert_eq!(form.get("absent"), None);
        assert_eq!(Form::parse_query(None).unwrap().iter().count(), 0);
    }

    #[test]
    fn malformed_forms_are_refused() {
        for body in [
            &b"a=%"[..],
            b"a=%4",
            b"a=%zz",
            b"%ff=1",
            b"a=%C3",
            b"a=\xff",
        ] {
            assert_eq!(Form::parse(body).unwrap_err(), FormError::BadEncoding);
        }
        let many = "a=1&".repeat(MAX_FIELDS + 1);
        assert_eq!(
            Form::parse(many.as_bytes()).unwrap_err(),
            FormError::TooManyFields
        );
    }

    #[test]
    fn values_are_not_shown() {
        let form = Form::parse(b"password=hunter2").unwrap();
        assert_eq!(format!("{form:?}"), "[\"password\"]");
    }
}
