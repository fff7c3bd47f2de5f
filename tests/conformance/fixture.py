"""What both hubs know before the first case."""

import json

PASSWORD = "conformance-7Hq3"
COMMAND = "/usr/local/bin/conformance-server"
ADMINS = ["boss"]
PEOPLE = ["boss", "alice", "dora", "erin", "bob", "carol"]
"""They have logged in, in this order; the real hub makes those that roles name in the order of the roles."""
POOL = [f"u{number:03}" for number in range(1, 400)]
ODD = ["exits", "late", "never"]
"""Accounts of the machine that cases take from."""

GROUPS = {"class": ["alice", "bob"], "lab": ["bob", "carol"]}
SERVICES = [
    {"name": "grader", "api_token": "grader-token-51c09bd0"},
    {"name": "culler", "api_token": "culler-token-8a1f7702"},
    {"name": "idle", "api_token": "idle-token-b35d2219"},
    {"name": "fixed", "api_token": "fixed-token-7c1e0a44"},
    {"name": "outside", "api_token": "outside-secret-9f31", "oauth_client_id": "service-outside",
     "oauth_redirect_uri": "https://outside.test/callback",
     "oauth_client_allowed_scopes": ["read:users:activity!user", "read:servers!user", "tokens!user"]},
    {"name": "trusted", "api_token": "trusted-secret-03aa", "oauth_client_id": "service-trusted",
     "oauth_redirect_uri": "https://trusted.test/callback", "oauth_no_confirm": True},
]
CUSTOM_SCOPES = {
    "custom:grades:read": {"description": "read grades"},
    "custom:grades:write": {"description": "write grades", "subscopes": ["custom:grades:read"]},
}
ROLES = [
    {"name": "sharer", "users": ["alice"],
     "scopes": ["shares!user", "read:users:name", "read:groups:name", "list:users", "list:groups"]},
    {"name": "teacher", "description": "sees the class", "users": ["dora"],
     "scopes": ["list:users!group=class", "read:users!group=class", "read:servers!group=class",
                "read:groups!group=class", "list:groups!group=class", "access:servers!group=class",
                "custom:grades:write"]},
    {"name": "provider", "users": ["erin"], "scopes": ["admin:services"]},
    {"name": "lab-members", "groups": ["lab"], "scopes": ["access:services!service=outside", "read:hub"]},
    {"name": "clients", "users": ["alice"],
     "scopes": ["access:services!service=outside", "access:services!service=trusted"]},
    {"name": "grading", "services": ["grader"],
     "scopes": ["list:users", "read:users", "read:groups", "list:groups", "read:services!service=grader"]},
    {"name": "culling", "services": ["culler"],
     "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"]},
]
NAMED_SERVER_LIMIT = 3
CONCURRENT_SPAWN_LIMIT = 2
TOKEN_MAX_SECONDS = 90 * 24 * 3600
START_TIMEOUT = 8


def for_jupyterhub() -> dict:
    """Returns what jupyterhub_config.py reads."""
    return {"admins": ADMINS, "command": COMMAND, "groups": GROUPS, "roles": ROLES, "services": SERVICES,
            "custom_scopes": CUSTOM_SCOPES, "named_server_limit": NAMED_SERVER_LIMIT,
            "concurrent_spawn_limit": CONCURRENT_SPAWN_LIMIT, "token_max_seconds": TOKEN_MAX_SECONDS,
            "start_timeout": START_TIMEOUT}


def accounts_script() -> str:
    """Returns the shell commands that make the accounts, which is quicker than useradd for so many."""
    names = " ".join([*PEOPLE, *POOL, *ODD])
    return f"""
set -eu
hash=$(openssl passwd -5 -salt conformance '{PASSWORD}')
uid=3000
for name in {names}; do
    echo "$name:x:$uid:$uid:$name:/home/$name:/bin/bash" >> /etc/passwd
    echo "$name:x:$uid:" >> /etc/group
    echo "$name:$hash:19000:0:99999:7:::" >> /etc/shadow
    install -d -o $uid -g $uid -m 0700 /home/$name
    uid=$((uid + 1))
done
usermod -aG sudo boss
"""


SECRETS = "/etc/carrel/secrets"
"""Where Carrel finds the services' tokens, a file for each."""


def for_carrel() -> str:
    """Returns Carrel's configuration."""
    tables = [("roles", role) for role in ROLES]
    tables += [("custom_scopes", {"name": name} | scope) for name, scope in CUSTOM_SCOPES.items()]
    for service in SERVICES:
        others = {key: value for key, value in service.items() if key != "api_token"}
        tables.append(("services", others | {"api_token_file": f"{SECRETS}/{service['name']}"}))
    # What JSON and TOML write alike: texts, truths and lists of them.
    lists = "".join(
        f"[[{kind}]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
        for kind, table in tables
    )
    return f"""
[hub]
named_servers = true
named_server_limit_per_user = {NAMED_SERVER_LIMIT}
concurrent_spawn_limit = {CONCURRENT_SPAWN_LIMIT}
token_lifetime_max = "{TOKEN_MAX_SECONDS}s"
[login]
require_ticket = false
failures_per_account = 1000
failures_per_address = 10000
[server]
command = "{COMMAND}"
start_timeout = "{START_TIMEOUT}s"
http_timeout = "{START_TIMEOUT}s"
{lists}
"""
