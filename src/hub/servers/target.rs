//! Where servers listen, and the routes that lead there.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Shared, Target, measure};
use crate::{
    domain::{
        names::{ServerKey, UnitName},
        paths,
        unit::Places,
    },
    hub::{profiles, routes::Route},
    store,
    telemetry::causes::Causes,
};

/// Pause before records that could not be read are looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

impl Shared {
    /// Returns where a server listens, as soon as that can be known: a database that cannot be read is no
    /// reason to end what somebody works in. `None` as for [`Self::find_target`].
    pub(super) async fn await_target(&self, key: &ServerKey) -> Option<Target> {
        loop {
            match self.find_target(key).await {
                Ok(target) => return target,
                Err(error) => {
                    tracing::error!(
                        server.name = %key,
                        "look up where {key} listens, trying again: {causes}",
                        causes = Causes(&error)
                    );
                }
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Returns where a server listens; `None` when its owner has no record (any more) or no server of
    /// theirs was ever launched.
    async fn find_target(&self, key: &ServerKey) -> Result<Option<Target>, store::Error> {
        let Ok(unit) = UnitName::for_server(key) else {
            return Ok(None);
        };
        let store = &self.parts.store;
        let Some(uid) = store.find_user(&key.user).await?.and_then(|user| user.uid) else {
            return Ok(None);
        };
        // What was asked of the server's last start.
        let options = store.find_server(key).await?;
        let options = options.and_then(|server| server.user_options);
        let settings = self.parts.settings.load();
        Ok(Some(Target {
            socket: Places::of(&settings.hub.runtime_dir, uid, key, &unit).socket,
            owner_uid: uid,
            gatekeeper: profiles::gatekeeper(&settings, options.as_deref()),
        }))
    }

    pub(super) fn publish(&self, key: &ServerKey, target: &Target) {
        let prefix = paths::server_prefix(&self.parts.settings.load().hub.base_url, key);
        let Target {
            socket,
            owner_uid,
            gatekeeper,
        } = target.clone();
        let route = Route::new(key.clone(), prefix, socket, owner_uid).kept_by(gatekeeper);
        let begun = Instant::now();
        let is_routed = self.parts.routes.publish(route);
        measure::published(is_routed, begun.elapsed());
        if !is_routed {
            tracing::error!(server.name = %key, "{key} has a name that no address can have");
        }
    }

    pub(super) fn withdraw(&self, key: &ServerKey) {
        let begun = Instant::now();
        self.parts.routes.withdraw(&key.clone().into());
        measure::withdrawn(begun.elapsed());
    }
}
