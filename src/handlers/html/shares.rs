//! Sharing one's servers by forms; JupyterHub has this in its API only.

use std::time::Duration;

use http::{HeaderValue, StatusCode, header};

use super::{
    Context, Error, Reply, Request, form, frame, no_group_name, no_user_name, page, refused, see,
    server_of, signed_in,
};
use crate::{
    domain::{
        access::{
            self, Caller, Denied, LeaveUserShares, ReadOwnersShares, ReadUserShares, WriteShares,
        },
        names::{GroupName, ServerKey, UserName},
        scope::{self, Reach, ScopeName},
        server::Life,
        share::{self, CODE_LIFETIME, Grantee, MAX_CODE_LIFETIME, MIN_CODE_LIFETIME, ShareCodeId},
    },
    http::forms::Form,
    hub::shares::{self, Offer, ShareError},
    pages::{
        shares::{
            ForeignServer, InvitationView, Naming, Outcome, OwnServer, ShareView, SharesView,
            shares_page,
        },
        words::{Text, text},
    },
    store::{
        share_codes::{CodeChoice, ShareCode},
        shares::{Share, SharesOf, Window},
    },
};

/// The most that is shown of each list; whoever has more asks the API.
const SHOWN: Window = Window {
    offset: 0,
    limit: 200,
};

/// GET `/hub/shares`.
pub async fn show_shares(ctx: &Context, request: Request) -> Result<Reply, Error> {
    match signed_in(ctx, &request) {
        Ok(person) => show(ctx, person, None).await,
        Err(login) => Ok(see(login.as_str())),
    }
}

/// POST `/hub/shares/USER[/SERVER]`: shares a server, invites to it, or ends one of these; `do` says which.
pub async fn change_share(ctx: &Context, request: Request) -> Result<Reply, Error> {
    let Ok(person) = signed_in(ctx, &request) else {
        return Err(Error::forbidden("Log in first"));
    };
    let key = server_of(ctx, person)?;
    let form = form(&request)?;
    let done = match form.get("do").unwrap_or_default() {
        "grant" => grant(ctx, key, &form).await.map(|()| None),
        "revoke" => revoke(ctx, key, &form).await.map(|()| None),
        "invite" => invite(ctx, key, &form).await.map(Some),
        "uninvite" => uninvite(ctx, key, &form).await.map(|()| None),
        "leave" => leave(ctx, person, &key).await.map(|()| None),
        _ => Err(Error::bad_request("The form does not say what to do.")),
    };
    match done {
        Ok(None) => Ok(see(ctx.links.shares().as_str())),
        Ok(made) => show(ctx, person, made).await,
        Err(error) if error.status() == StatusCode::BAD_REQUEST => {
            let outcome = Outcome::Refused(Text::of(error.public()));
            show(ctx, person, Some(outcome)).await
        }
        Err(error) => Err(error),
    }
}

async fn grant(ctx: &Context, key: ServerKey, form: &Form) -> Result<(), Error> {
    let caller = ctx.caller.as_ref().ok_or(Denied::NoCredentials)?;
    let permit = access::permit::<WriteShares>(Some(caller), key)?;
    let offer = Offer {
        caller,
        permit: &permit,
        scopes: &[],
    };
    let with = grantee(form)?;
    if with == Grantee::User(permit.target().user.clone()) {
        return Err(refused(&text!("shares-refused-owner")));
    }
    match shares::grant(&ctx.hub().store, &ctx.hub().clock, offer, &with).await {
        Ok(_) => Ok(()),
        // Whoever is not known and whoever may not be known look alike.
        Err(ShareError::NotNamed(with) | ShareError::NoGrantee(with)) => {
            Err(refused(&match with {
                Grantee::User(name) => text!("shares-refused-user", name = name),
                Grantee::Group(name) => text!("shares-refused-group", name = name),
            }))
        }
        Err(error) => Err(error.into()),
    }
}

async fn revoke(ctx: &Context, key: ServerKey, form: &Form) -> Result<(), Error> {
    let permit = access::permit::<WriteShares>(ctx.caller.as_ref(), key)?;
    shares::revoke(&ctx.hub().store, &permit, &grantee(form)?, &[]).await?;
    Ok(())
}

async fn invite(ctx: &Context, key: ServerKey, form: &Form) -> Result<Outcome, Error> {
    let caller = ctx.caller.as_ref().ok_or(Denied::NoCredentials)?;
    let permit = access::permit::<WriteShares>(Some(caller), key)?;
    let offer = Offer {
        caller,
        permit: &permit,
        scopes: &[],
    };
    let lifetime = lifetime(form.get("expires_in"))?;
    let (hub, entropy) = (ctx.hub(), &ctx.parts.entropy);
    let (code, _) = shares::create_code(&hub.store, &hub.clock, entropy, offer, lifetime).await?;
    let link = ctx.links.invitation(code.expose());
    Ok(Outcome::Invited {
        link: format!("{}://{}{link}", ctx.own.scheme, ctx.own.host),
        lifetime,
    })
}

async fn uninvite(ctx: &Context, key: ServerKey, form: &Form) -> Result<(), Error> {
    let permit = access::permit::<WriteShares>(ctx.caller.as_ref(), key)?;
    let id = form.get("id").and_then(ShareCodeId::parse);
    let id = id.ok_or_else(|| refused(&text!("shares-refused-invitation")))?;
    shares::delete_codes(&ctx.hub().store, &permit, CodeChoice::Id(id)).await?;
    Ok(())
}

async fn leave(ctx: &Context, person: &UserName, key: &ServerKey) -> Result<(), Error> {
    let permit = access::permit::<LeaveUserShares>(ctx.caller.as_ref(), person.clone())?;
    shares::leave_as_user(&ctx.hub().store, &permit, key).await?;
    Ok(())
}

fn grantee(form: &Form) -> Result<Grantee, Error> {
    let name = form.get("name").unwrap_or_default().trim();
    match form.get("kind") {
        Some("user") => UserName::normalised(name)
            .map(Grantee::User)
            .map_err(|_| no_user_name(name)),
        Some("group") => GroupName::parse(name)
            .map(Grantee::Group)
            .map_err(|_| no_group_name(name)),
        _ => Err(refused(&text!("shares-refused-kind"))),
    }
}

fn lifetime(text: Option<&str>) -> Result<Duration, Error> {
    let Some(text) = text else {
        return Ok(CODE_LIFETIME);
    };
    let lifetime = text.parse().ok().map(Duration::from_secs);
    lifetime
        .filter(|lifetime| (MIN_CODE_LIFETIME..=MAX_CODE_LIFETIME).contains(lifetime))
        .ok_or_else(|| refused(&text!("shares-refused-lifetime")))
}

async fn show(ctx: &Context, person: &UserName, outcome: Option<Outcome>) -> Result<Reply, Error> {
    let caller = ctx.caller.as_ref().ok_or(Denied::NoCredentials)?;
    let (hub, now) = (ctx.hub(), ctx.hub().clock.now());
    access::permit::<ReadOwnersShares>(Some(caller), person.clone())?;
    access::permit::<ReadUserShares>(Some(caller), person.clone())?;
    let own = SharesOf::Owner(person.clone());
    let shares = hub.store.list_shares(own.clone(), SHOWN).await?;
    let codes = hub.store.list_share_codes(own, now, SHOWN).await?;
    let (shares, codes) = (
        shares.map_or_else(Vec::new, |listed| listed.items),
        codes.map_or_else(Vec::new, |listed| listed.items),
    );
    let with = Grantee::User(person.clone());
    let foreign = hub.store.list_shared_with(&with, SHOWN).await?;
    let servers = hub.store.list_servers_of(person).await?.into_iter();
    let servers = servers
        .filter(|server| server.key.server.is_default() || ctx.settings.hub.named_servers)
        .map(|server| OwnServer {
            title: match server.display_name.as_str() {
                "" if server.key.server.is_default() => text!("shares-own-server"),
                "" => Text::of(&server.key.server),
                name => Text::of(name),
            },
            may_share: caller.can(&ScopeName::Shares, &server.key),
            shares: shares_of(&shares, &server.key),
            invitations: invitations_of(&codes, &server.key),
            key: server.key,
        });
    let status = match outcome {
        Some(Outcome::Refused(_)) => StatusCode::BAD_REQUEST,
        Some(Outcome::Invited { .. }) | None => StatusCode::OK,
    };
    let view = SharesView {
        frame: frame(ctx),
        now,
        outcome,
        servers: servers.collect(),
        naming: naming(caller, person),
        with_visitor: foreign
            .map_or_else(Vec::new, |listed| listed.items)
            .into_iter()
            .map(|share| foreign_server(ctx, share))
            .collect(),
    };
    let mut reply = page(status, shares_page(&view));
    let no_store = HeaderValue::from_static("no-store");
    reply.headers_mut().insert(header::CACHE_CONTROL, no_store);
    Ok(reply)
}

fn shares_of(shares: &[Share], key: &ServerKey) -> Vec<ShareView> {
    let of_server = shares.iter().filter(|share| share.server == *key);
    let view = |share: &Share| ShareView {
        with: share.with.clone(),
        scopes: scope::texts(&share::bounded(&share.shared, key)),
        since: share.created,
    };
    of_server.map(view).collect()
}

fn invitations_of(codes: &[ShareCode], key: &ServerKey) -> Vec<InvitationView> {
    let of_server = codes.iter().filter(|code| code.server == *key);
    let view = |code: &ShareCode| InvitationView {
        id: code.id,
        expires: code.expires,
        accepted: code.exchange_count,
    };
    of_server.map(view).collect()
}

fn foreign_server(ctx: &Context, share: Share) -> ForeignServer {
    let life = ctx.hub().servers.status(&share.server).life;
    ForeignServer {
        is_running: matches!(life, Life::Ready { .. }),
        by_group: match share.with {
            Grantee::User(_) => None,
            Grantee::Group(group) => Some(group),
        },
        since: share.created,
        key: share.server,
    }
}

/// Tells whom a person may name: everybody knows themselves, which is nobody to share with.
fn naming(caller: &Caller, person: &UserName) -> Naming {
    let reach = |scope: &ScopeName| caller.grants().reach(scope).cloned();
    Naming {
        users: match reach(&ScopeName::ReadUsersName) {
            None => false,
            Some(Reach::Unfiltered) => true,
            Some(Reach::Filtered(bounds)) => {
                !bounds.groups.is_empty() || bounds.users.iter().any(|user| user != person)
            }
        },
        groups: match reach(&ScopeName::ReadGroupsName) {
            None => false,
            Some(Reach::Unfiltered) => true,
            Some(Reach::Filtered(bounds)) => !bounds.groups.is_empty(),
        },
    }
}
