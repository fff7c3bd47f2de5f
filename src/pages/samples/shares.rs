//! Samples of the page about sharing.

use std::time::Duration;

use maud::Markup;

use super::{NOW, Texts, ago};
use crate::{
    domain::{
        names::GroupName,
        share::{Grantee, ShareCodeId},
    },
    pages::shares::{
        ForeignServer, InvitationView, Naming, Outcome, OwnServer, ShareView, SharesView,
        shares_page,
    },
};

pub(super) fn all(texts: Texts) -> Vec<(&'static str, Markup)> {
    let group = |name: &str| GroupName::parse(name).unwrap();
    let share = |with, seconds| ShareView {
        with,
        scopes: texts.texts(&["access:servers!server=ada/"]),
        since: ago(seconds),
    };
    let invitation = |id, accepted| InvitationView {
        id: ShareCodeId(id),
        expires: NOW.after(Duration::from_secs(50_000)),
        accepted,
    };
    let foreign = |user, server, by_group, is_running| ForeignServer {
        key: texts.key(user, server),
        by_group,
        is_running,
        since: ago(200_000),
    };
    let view = SharesView {
        frame: texts.frame(),
        now: NOW,
        outcome: None,
        servers: vec![
            OwnServer {
                key: texts.key("ada", ""),
                title: texts.words("Your server"),
                may_share: true,
                shares: vec![
                    share(Grantee::User(texts.user("bob")), 4_000),
                    share(Grantee::Group(group("thesis-group")), 900_000),
                ],
                invitations: vec![invitation(7, 0), invitation(9, 3)],
            },
            OwnServer {
                key: texts.key("ada", "gpu-2"),
                title: texts.words("Big model"),
                may_share: false,
                shares: Vec::new(),
                invitations: Vec::new(),
            },
        ],
        naming: Naming {
            users: true,
            groups: true,
        },
        with_visitor: vec![
            foreign("bob", "", None, true),
            foreign("grace", "demo", Some(group("class")), false),
        ],
    };
    let fresh = SharesView {
        outcome: Some(Outcome::Refused(texts.words(
            "There is no user eve, or you may not see them. Invite them with a link.",
        ))),
        servers: Vec::new(),
        with_visitor: Vec::new(),
        ..view.clone()
    };
    let invited = SharesView {
        outcome: Some(Outcome::Invited {
            link: texts.text(
                "https://lab.example/hub/accept-share?code=U-eYLFT1gGstEqMD4Sh4SzC2ULyYb7kcSbE7ncRTIuY",
            ),
            lifetime: Duration::from_secs(86_400),
        }),
        naming: Naming {
            users: false,
            groups: false,
        },
        ..view.clone()
    };
    vec![
        ("shares", shares_page(&view)),
        ("shares-none", shares_page(&fresh)),
        ("shares-invited", shares_page(&invited)),
    ]
}
