//! Parts of lists, in both shapes.

use http::header;
use serde_json::{Value, json};

use super::world::{World, get, read};
use crate::{handlers::api::paging::Part, http::error::Error};

const MEDIA_TYPE: &str = "application/jupyterhub-pagination+json";

async fn part(uri: &str, accept: &str) -> Result<Part, Error> {
    let world = World::new().await;
    let mut request = get(uri);
    request
        .headers_mut()
        .insert(header::ACCEPT, accept.parse().unwrap());
    Part::parse(&world.context(None, &[]), &request)
}

#[tokio::test]
async fn the_part_is_what_the_query_says_within_bounds() {
    let table = [
        ("", "", (0, 200)),
        ("", MEDIA_TYPE, (0, 50)),
        ("?limit=2&offset=3", "", (3, 2)),
        ("?limit=-2&offset=-3", "", (3, 2)),
        ("?limit=0", MEDIA_TYPE, (0, 1)),
        ("?limit=100000", MEDIA_TYPE, (0, 200)),
        (
            "?offset=99999999999999999999",
            "",
            (i64::MAX.unsigned_abs(), 200),
        ),
    ];
    for (query, accept, expected) in table {
        let part = part(&format!("/hub/api/users{query}"), accept)
            .await
            .unwrap();
        assert_eq!((part.offset, part.limit), expected, "{query} {accept}");
    }
    for query in ["limit=x", "offset=1.5", "limit=", "offset=-", "limit=1_0"] {
        let refused = part(&format!("/hub/api/users?{query}"), "")
            .await
            .unwrap_err();
        let text = "Invalid argument type, offset and limit must be integers";
        assert_eq!(
            (refused.status().as_u16(), refused.public()),
            (400, text),
            "{query}"
        );
    }
}

#[tokio::test]
async fn pages_are_for_those_who_ask_for_them() {
    let table = [
        ("*/*", false),
        ("application/json", false),
        (MEDIA_TYPE, true),
        ("APPLICATION/JupyterHub-Pagination+JSON", true),
        ("text/html, application/jupyterhub-pagination+json", true),
        ("application/jupyterhub-pagination+json;q=1", false),
    ];
    for (accept, paged) in table {
        let part = part("/hub/api/users", accept).await.unwrap();
        let sent = read(Ok(part.reply(&json!(["a"]), 1))).await.json();
        assert_eq!(sent.is_object(), paged, "{accept}");
    }
    let part = part("/hub/api/shares/alice", "*/*").await.unwrap();
    let sent = read(Ok(part.always_page().reply(&json!([]), 0)))
        .await
        .json();
    let pagination = json!({ "offset": 0, "limit": 200, "total": 0, "next": null });
    assert_eq!(sent, json!({ "items": [], "_pagination": pagination }));
}

#[tokio::test]
async fn a_page_says_where_the_next_one_is() {
    let table = [
        ("?limit=2", 3, Some("limit=2&offset=2"), (2, 2)),
        ("?limit=2", 2, None, (0, 0)),
        ("?offset=2&limit=2", 3, None, (0, 0)),
        (
            "?state=ready&offset=1&limit=1&name_filter=a%26b",
            9,
            Some("state=ready&name_filter=a%26b&offset=2&limit=1"),
            (2, 1),
        ),
    ];
    for (query, total, expected, (offset, limit)) in table {
        let part = part(&format!("/hub/api/users{query}"), MEDIA_TYPE)
            .await
            .unwrap();
        let sent = read(Ok(part.reply(&json!([1, 2]), total))).await.json();
        assert_eq!(sent["items"], json!([1, 2]));
        let next = &sent["_pagination"]["next"];
        let Some(expected) = expected else {
            assert_eq!(*next, Value::Null, "{query}");
            continue;
        };
        let url = next["url"].as_str().unwrap();
        let (address, found) = url.split_once('?').unwrap();
        assert_eq!(address, "https://lab.example/hub/api/users");
        let sorted = |query: &str| {
            let mut pairs: Vec<_> = query.split('&').map(str::to_owned).collect();
            pairs.sort();
            pairs
        };
        assert_eq!(sorted(found), sorted(expected));
        assert_eq!(next["offset"], json!(offset));
        assert_eq!(next["limit"], json!(limit));
    }
}
