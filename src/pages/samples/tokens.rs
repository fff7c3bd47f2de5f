//! Samples of the token page.

use std::time::Duration;

use maud::Markup;

use super::{NOW, Texts, ago};
use crate::{
    domain::token::TokenId,
    pages::tokens::{ApplicationView, Draft, Outcome, TokenView, TokensView, tokens_page},
};

pub(super) fn all(texts: Texts) -> Vec<(&'static str, Markup)> {
    let token = |id, note: &str, scopes: &[&str]| TokenView {
        id: TokenId(id),
        note: texts.text(note),
        is_servers: false,
        scopes: texts.texts(scopes),
        created: ago(90_000),
        last_activity: None,
        expires: None,
    };
    let view = TokensView {
        frame: texts.frame(),
        now: NOW,
        outcome: None,
        draft: Draft::default(),
        longest: None,
        offered: texts.texts(&[
            "access:servers!user=ada",
            "read:users!user=ada",
            "servers!user=ada",
            "shares!user=ada",
            "tokens!user=ada",
        ]),
        tokens: vec![
            TokenView {
                last_activity: Some(ago(3_700)),
                expires: Some(NOW.after(Duration::from_secs(500_000))),
                ..token(
                    12,
                    "Nightly backup of my notebooks",
                    &["read:users!user=ada", "servers!user=ada"],
                )
            },
            TokenView {
                is_servers: true,
                last_activity: Some(ago(20)),
                ..token(
                    15,
                    "Server at /user/ada/",
                    &[
                        "access:servers!server=ada/",
                        "read:users:name!user",
                        "users:activity!user",
                    ],
                )
            },
            token(3, "Requested via api", &["inherit"]),
        ],
        applications: vec![ApplicationView {
            id: TokenId(16),
            description: texts.text("Server at /user/ada/"),
            scopes: texts.texts(&["access:servers!server=ada/"]),
            created: ago(400_000),
            last_activity: Some(ago(61)),
        }],
    };
    let none = TokensView {
        outcome: Some(Outcome::Refused(texts.words(
            "Not assigning requested scopes admin:users not held by User ada",
        ))),
        draft: Draft {
            note: texts.text("Term report"),
            expires_in: "86400".into(),
            picked: vec![texts.text("servers!user=ada")],
            typed: texts.text("admin:users"),
        },
        longest: Some(Duration::from_secs(30 * 86_400)),
        tokens: Vec::new(),
        applications: Vec::new(),
        ..view.clone()
    };
    let made = TokensView {
        outcome: Some(Outcome::Made(
            texts.text("4f2a8c6b1e9d47038a5c2b7e6f1d0c93"),
        )),
        ..view.clone()
    };
    vec![
        ("token", tokens_page(&view)),
        ("token-refused", tokens_page(&none)),
        ("token-made", tokens_page(&made)),
    ]
}
