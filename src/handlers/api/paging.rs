//! Lists in parts: which part is asked for, and the two shapes in which it is sent (API-15).

use http::{HeaderMap, StatusCode, header};
use serde::Serialize;

use super::{Context, Request};
use crate::http::{
    error::Error,
    forms::Form,
    reply::{self, Reply},
};

/// What a client accepts that reads pages.
const MEDIA_TYPE: &str = "application/jupyterhub-pagination+json";

/// The part of a list that a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// How many items to leave out at the beginning.
    pub offset: u64,
    /// How many items to give at most.
    pub limit: u64,
    shape: Shape,
    /// The address of the request, without its query.
    address: String,
    query: Vec<(String, String)>,
}

/// How the items are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// As they are, silently cut at the limit.
    Plain,
    /// With their number and the address of the next ones.
    Page,
}

#[derive(Serialize)]
struct Page<'a, T> {
    items: &'a T,
    _pagination: Pagination,
}

#[derive(Serialize)]
struct Pagination {
    offset: u64,
    limit: u64,
    total: u64,
    next: Option<Next>,
}

#[derive(Serialize)]
struct Next {
    offset: u64,
    limit: u64,
    url: String,
}

impl Part {
    /// Reads which part is asked for, and whether the client reads pages.
    pub fn parse(ctx: &Context, request: &Request) -> Result<Self, Error> {
        let shape = match accepts_pages(request.headers()) {
            true => Shape::Page,
            false => Shape::Plain,
        };
        let query = Form::parse_query(request.uri().query())?;
        let number = |name: &str, default: u64| match query.get(name) {
            None => Ok(default),
            Some(text) => magnitude(text).ok_or_else(|| {
                Error::bad_request("Invalid argument type, offset and limit must be integers")
            }),
        };
        let max_limit = count(ctx.settings.hub.api_page_max_limit).max(1);
        let default_limit = match shape {
            Shape::Page => count(ctx.settings.hub.api_page_default_limit),
            // Scripts that do not know pages are to miss as little as can be.
            Shape::Plain => max_limit,
        };
        let own = &ctx.own;
        Ok(Self {
            offset: number("offset", 0)?,
            limit: number("limit", default_limit)?.clamp(1, max_limit),
            shape,
            address: format!("{}://{}{}", own.scheme, own.host, request.uri().path()),
            query: query
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        })
    }

    /// Returns the part of a list of which this has only the pages' shape.
    #[must_use]
    pub fn always_page(self) -> Self {
        Self {
            shape: Shape::Page,
            ..self
        }
    }

    /// Sends the items of the part, an array or object; `total` counts those of the whole list.
    pub fn reply<T: Serialize>(&self, items: &T, total: u64) -> Reply {
        match self.shape {
            Shape::Plain => reply::json(StatusCode::OK, items),
            Shape::Page => {
                let page = Page {
                    items,
                    _pagination: Pagination {
                        offset: self.offset,
                        limit: self.limit,
                        total,
                        next: self.next(total),
                    },
                };
                reply::json(StatusCode::OK, &page)
            }
        }
    }

    fn next(&self, total: u64) -> Option<Next> {
        let offset = self.offset.saturating_add(self.limit);
        (offset < total).then(|| Next {
            offset,
            limit: self.limit,
            url: self.next_url(offset),
        })
    }

    /// Returns the address of this request with another offset; all else in the query stays.
    fn next_url(&self, offset: u64) -> String {
        let numbers = [("offset", offset), ("limit", self.limit)];
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.query {
            if numbers.iter().all(|(number, _)| number != name) {
                query.append_pair(name, value);
            }
        }
        for (name, number) in numbers {
            query.append_pair(name, &number.to_string());
        }
        format!("{}?{}", self.address, query.finish())
    }
}

fn accepts_pages(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter();
    let mut parts = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    parts.any(|part| part.trim().eq_ignore_ascii_case(MEDIA_TYPE))
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Reads an integer without its sign, as large as a database can count.
fn magnitude(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    const MOST: u64 = i64::MAX.unsigned_abs();
    // Too many digits for the type are more than anything there is to count.
    Some(digits.parse().map_or(MOST, |number: u64| number.min(MOST)))
}
