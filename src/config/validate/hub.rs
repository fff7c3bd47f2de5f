//! `[hub]`, `[tls]`, `[login]`, `[culler]` and `[limits]` as plain types.

use crate::config::{
    raw::{RawCuller, RawHub, RawLimits, RawLogin, RawTls},
    settings::{
        AnnouncementSettings, CullerSettings, HubSettings, LimitSettings, LoginSettings,
        TlsSettings,
    },
    spelling::AccountName,
};

pub(super) fn hub(raw: RawHub) -> HubSettings {
    let token_lifetime_max = raw.token_lifetime_max.0;
    HubSettings {
        base_url: raw.base_url.0,
        public_url: raw.public_url.map(|origin| origin.0),
        listen: raw.listen.into_iter().map(|address| address.0).collect(),
        listen_redirect: raw.listen_redirect.into_iter().map(|a| a.0).collect(),
        listen_api: raw.listen_api.0,
        trusted_proxies: raw.trusted_proxies.into_iter().map(|p| p.0).collect(),
        session_lifetime: raw.session_lifetime.0,
        oauth_token_lifetime: raw.oauth_token_lifetime.0,
        announcements: AnnouncementSettings {
            everywhere: raw.announcement.map(|text| text.0),
            login: raw.announcement_login.map(|text| text.0),
            home: raw.announcement_home.map(|text| text.0),
            spawn: raw.announcement_spawn.map(|text| text.0),
            logout: raw.announcement_logout.map(|text| text.0),
        },
        redirect_to_server: raw.redirect_to_server,
        default_url: raw.default_url.map(|path| path.0),
        stopped_server_status: raw.stopped_server_status.0,
        shutdown_on_logout: raw.shutdown_on_logout,
        concurrent_spawn_limit: raw.concurrent_spawn_limit.0,
        active_server_limit: raw.active_server_limit.0,
        named_servers: raw.named_servers,
        named_server_limit_per_user: raw.named_server_limit_per_user.0,
        default_server_name: raw.default_server_name.0,
        slow_spawn_timeout: raw.slow_spawn_timeout.0,
        slow_stop_timeout: raw.slow_stop_timeout.0,
        api_page_default_limit: raw.api_page_default_limit.0,
        api_page_max_limit: raw.api_page_max_limit.0,
        token_lifetime_max,
        token_lifetime_default: raw.token_lifetime_default.0.or(token_lifetime_max),
        oauth_require_pkce: raw.oauth_require_pkce,
        mirror_groups: raw.mirror_groups.into_iter().map(|name| name.0).collect(),
        activity_resolution: raw.activity_resolution.0,
        active_user_window: raw.active_user_window.0,
        authenticate_metrics: raw.authenticate_metrics,
        drain_timeout: raw.drain_timeout.0,
        state_dir: raw.state_dir.0,
        runtime_dir: raw.runtime_dir.0,
    }
}

pub(super) fn tls(raw: RawTls) -> TlsSettings {
    TlsSettings {
        certificate: raw.certificate.map(|path| path.0),
        key: raw.key.map(|path| path.0),
    }
}

pub(super) fn login(raw: RawLogin) -> LoginSettings {
    let names = |list: Vec<AccountName>| list.into_iter().map(|name| name.0).collect();
    LoginSettings {
        min_uid: raw.min_uid.0,
        allowed_groups: names(raw.allowed_groups),
        allowed_users: names(raw.allowed_users),
        blocked_users: names(raw.blocked_users),
        passwords: raw.passwords,
        admin_groups: names(raw.admin_groups),
        require_ticket: raw.require_ticket,
        ticket_lifetime: raw.ticket_lifetime.0,
        pam_timeout: raw.pam_timeout.0,
        failures_per_account: raw.failures_per_account.0,
        failures_per_address: raw.failures_per_address.0,
    }
}

pub(super) fn culler(raw: RawCuller) -> CullerSettings {
    CullerSettings {
        enabled: raw.enabled,
        timeout: raw.timeout.0,
        count_connected: raw.count_connected,
        max_age: raw.max_age.0,
        check_interval: raw.check_interval.0,
        cull_named_servers: raw.cull_named_servers,
        remove_named_servers: raw.remove_named_servers,
        exempt_users: raw.exempt_users.into_iter().map(|name| name.0).collect(),
        exempt_groups: raw.exempt_groups.into_iter().map(|name| name.0).collect(),
    }
}

pub(super) fn limits(raw: &RawLimits) -> LimitSettings {
    LimitSettings {
        connections: raw.connections.0,
        connections_per_address: raw.connections_per_address.0,
        head_bytes: raw.head_size.0,
        body_bytes: raw.body_size.0,
        handshake_timeout: raw.handshake_timeout.0,
        head_timeout: raw.head_timeout.0,
        body_timeout: raw.body_timeout.0,
    }
}
