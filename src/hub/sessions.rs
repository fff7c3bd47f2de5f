//! Browser sessions: from a login to its cookie, and from the cookie back to a caller.
//!
//! The cookie is 256 random bits, of which only the hash is stored. Beside it a session has a public id
//! that user servers see too: it ties the tokens they get to the session and is no credential.

use std::time::Duration;

use crate::{
    domain::{
        access::{Caller, Via},
        entropy::Entropy,
        names::UserName,
        role::Standing,
        secret::{Secret, TokenHash},
        time::Clock,
    },
    hub::authority::Authority,
    store::{self, Store, sessions::NewSession},
    telemetry::causes::Causes,
};

/// A session that has begun.
#[derive(Debug)]
pub struct Begun {
    /// The value of the login cookie.
    pub login: Secret<String>,
    /// The public id.
    pub session_id: String,
}

/// A session that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Whose session it is, and what they may do.
    pub caller: Caller,
    /// The public id.
    pub session_id: String,
}

/// Begins a session.
pub async fn begin(
    store: &Store,
    clock: &Clock,
    entropy: &Entropy,
    user: &UserName,
    lifetime: Duration,
) -> Result<Begun, store::Error> {
    let login = entropy.base64_text();
    let session_id = entropy.hex_text().expose().clone();
    let created = clock.now();
    store
        .create_session(NewSession {
            hash: TokenHash::of(login.expose()),
            user: user.clone(),
            session_id: session_id.clone(),
            created,
            expires: created.after(lifetime),
        })
        .await?;
    Ok(Begun { login, session_id })
}

/// Finds the session of a login cookie by the cookie's hash.
pub async fn find(
    store: &Store,
    authority: &Authority,
    clock: &Clock,
    hash: TokenHash,
) -> Result<Option<Found>, store::Error> {
    let now = clock.now();
    let Some(session) = store.find_session(hash, now).await? else {
        return Ok(None);
    };
    if now.since(session.last_seen) >= authority.resolution()
        && let Err(error) = store.touch_session(hash, now).await
    {
        // A full disk must not lock anybody out.
        tracing::warn!(
            "the use of a session of {} is not recorded: {causes}",
            session.user.name,
            causes = Causes(&error)
        );
    }
    let via = Via::Session {
        hash,
        session_id: session.session_id.clone(),
    };
    let standing = Standing::User(session.user);
    Ok(Some(Found {
        caller: authority.session_caller(&standing, via).await?,
        session_id: session.session_id,
    }))
}

/// Ends a session; every token that clients got within it goes too. Returns how many.
pub async fn end(store: &Store, hash: TokenHash) -> Result<usize, store::Error> {
    store.end_session(hash).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{role::AdminRole, time::Timestamp},
        store::users::Login,
    };

    /// A hub in which alice has just logged in.
    struct World {
        store: Store,
        authority: Authority,
        clock: Clock,
        begun: Begun,
    }

    fn alice() -> UserName {
        UserName::parse("alice").unwrap()
    }

    fn login(admin: AdminRole) -> Login {
        Login::for_test("alice", 1001, admin, Timestamp::from_micros(0))
    }

    impl World {
        async fn new(admin: AdminRole, lifetime: Duration) -> Self {
            let store = Store::in_memory().unwrap();
            store.record_login(login(admin)).await.unwrap();
            let clock = Clock::fixed(Timestamp::from_micros(1_000_000));
            let begun = begin(&store, &clock, &Entropy::System, &alice(), lifetime).await;
            Self {
                authority: Authority::new(store.clone()),
                store,
                clock,
                begun: begun.unwrap(),
            }
        }

        fn cookie(&self) -> TokenHash {
            TokenHash::of(self.begun.login.expose())
        }

        async fn find(&self, cookie: TokenHash) -> Option<Found> {
            let found = find(&self.store, &self.authority, &self.clock, cookie);
            found.await.unwrap()
        }
    }

    #[tokio::test]
    async fn a_cookie_is_good_until_its_session_ends() {
        let hour = Duration::from_secs(3600);
        let world = World::new(AdminRole::NotHeld, hour).await;
        world.clock.advance(hour / 2);
        let found = world.find(world.cookie()).await.unwrap();
        let public = &world.begun.session_id;
        assert_eq!(found.caller.user(), Some(&alice()));
        assert_eq!(&found.session_id, public);
        assert_eq!(found.caller.session_id(), Some(public.as_str()));
        assert!(
            world.find(TokenHash::of(public)).await.is_none(),
            "the public id is no credential"
        );
        world.clock.advance(hour / 2);
        assert!(world.find(world.cookie()).await.is_none());
    }

    #[tokio::test]
    async fn a_cookie_is_worth_nothing_after_logout() {
        let world = World::new(AdminRole::NotHeld, Duration::from_secs(9)).await;
        end(&world.store, world.cookie()).await.unwrap();
        assert!(world.find(world.cookie()).await.is_none());
    }

    #[tokio::test]
    async fn who_is_administrator_is_asked_at_each_use() {
        let world = World::new(AdminRole::Held, Duration::from_secs(9)).await;
        let admin = crate::domain::scope::ScopeName::AdminUi;
        let found = world.find(world.cookie()).await.unwrap();
        assert!(found.caller.grants().has(&admin));
        let demoted = login(AdminRole::NotHeld);
        world.store.record_login(demoted).await.unwrap();
        let found = world.find(world.cookie()).await.unwrap();
        assert!(!found.caller.grants().has(&admin));
    }
}
