"""The hub itself: who may ask, in which form, and what unknown paths, methods and bodies get (API-01…API-15)."""

from case import Group, Step, api, delete, get, page, patch, post

case = Group("hub")

case("version", get("", 200, by=None), get("/", 200, by=None))
case("version for another origin", get("", 200, by=None, headers={"Origin": "https://other.test"}))
case("info", get("/info", 200))
case("info with the scope", get("/info", 200, by="boss[read:hub]"))
case("info by a role of a group", get("/info", 200, by="carol"))
case("info without the scope", get("/info", 403, "requires any of [read:hub]", by="alice"))
case("info without a token", get("/info", 403, "Missing or invalid credentials", by=None))

case("health", Step("GET", "/hub/health", 200, by=None), get("/health", 200, by=None))
case("health by HEAD", Step("HEAD", "/hub/health", 200, by=None), api("HEAD", "/health", 200, by=None))

# API-01: forms of the Authorization header.
FORMS = {
    "token": "token {t}",
    "Bearer": "Bearer {t}",
    "bearer": "bearer {t}",
    "TOKEN": "TOKEN {t}",
    "two blanks": "token  {t}",
    "colon": "token: {t}",
    "bare": "{t}",
    "no sir": "no sir",
    "Basic": "Basic {t}",
    "empty": "",
    "scheme alone": "token",
    "trailing word": "token {t} more",
    "quoted": 'token "{t}"',
}
ACCEPTED = ("token", "Bearer", "bearer", "TOKEN", "two blanks")
for name, value in FORMS.items():
    case(
        f"authorization, {name}",
        post("/users/alice/tokens", 201, by="alice", json={"note": "form"}, keep={"t": "token", "id": "id"}),
        get("/users/alice", 200 if name in ACCEPTED else 403, by=None, headers={"Authorization": value}),
        delete("/users/alice/tokens/{id}", 204, by="alice"),
    )
case(
    "token in the URL",
    post("/users/alice/tokens", 201, by="alice", json={}, keep={"t": "token", "id": "id"}),
    get("/users/alice?token={t}", 403, "Missing or invalid credentials", by=None),
    delete("/users/alice/tokens/{id}", 204, by="alice"),
)
case(
    "unknown token",
    get(
        "/users/alice",
        403,
        "Missing or invalid credentials",
        by=None,
        headers={"Authorization": "token 00000000000000000000000000000000"},
    ),
)
case(
    "revoked token",
    post("/users/alice/tokens", 201, by="alice", json={}, keep={"t": "token", "id": "id"}),
    get("/users/alice", 200, by="token:{t}"),
    delete("/users/alice/tokens/{id}", 204, by="alice"),
    get("/users/alice", 403, "Missing or invalid credentials", by="token:{t}"),
)
case("overlong token", get("/users/alice", 403, by=None, headers={"Authorization": "token " + "a" * 4000}))
case(
    "token beside a session of another user",
    get("/user", 200, by="@alice", headers={"Authorization": "token grader-token-51c09bd0"}),
)
case("invalid token beside a session", get("/users/alice", 200, by="@alice", headers={"Authorization": "token no"}))

# API-06, API-07.
for path in (
    "/nope",
    "/users/alice/",
    "/user/",
    "/users/",
    "/groups/",
    "/info/",
    "/users/alice/nope",
    "/users/alice/tokens/",
    "/users/alice/tokens/a1/x",
    "/proxy/",
):
    case(f"unknown path {path}", get(path, 404))
case("unknown path without a token", get("/nope", 404, by=None))
case("unknown path by POST", post("/nope", 404, json={}))
case("unknown path by DELETE", delete("/nope", 404, by=None))
for path in (
    "/users",
    "/user",
    "/users/alice",
    "/groups",
    "/info",
    "/users/alice/server",
    "/services",
    "/proxy",
    "/shares/alice",
    "/users/alice/tokens",
):
    case(f"OPTIONS {path}", api("OPTIONS", path, 200, by=None))
case("OPTIONS of the root", api("OPTIONS", "", 200, by=None))
for path in ("/users", "/user", "/users/alice", "/info", "/groups", "/services"):
    case(f"HEAD {path}", api("HEAD", path, 405))
case("HEAD of the root", api("HEAD", "", 405, by=None))
for method, path in (
    ("PUT", "/user"),
    ("POST", "/user"),
    ("DELETE", "/users"),
    ("PATCH", "/users"),
    ("PUT", "/users/alice"),
    ("POST", "/info"),
    ("DELETE", "/groups"),
    ("PATCH", "/groups/class"),
    ("PUT", "/groups/class/users"),
    ("GET", "/groups/class/users"),
    ("GET", "/groups/class/properties"),
    ("GET", "/shutdown"),
    ("DELETE", "/proxy"),
    ("GET", "/users/alice/activity"),
    ("POST", "/users/alice/server/progress"),
    ("PUT", "/services/grader"),
    ("POST", "/services"),
    ("PATCH", "/users/alice/tokens"),
    ("POST", "/oauth2/nope"),
    ("GET", "/oauth2/token"),
    ("POST", "/users/alice/tokens/a1"),
):
    case(f"method {method} {path}", api(method, path, 404 if "nope" in path else 405))
case(
    "body that is no JSON",
    post("/users", 400, "Invalid JSON in body of request", raw=b"{nope", headers={"Content-Type": "application/json"}),
)
case(
    "body that is no UTF-8",
    post(
        "/users", 400, "Invalid JSON in body of request", raw=b"\xff\xfe", headers={"Content-Type": "application/json"}
    ),
)
case("body that is no JSON, without its type", post("/users", 400, "Invalid JSON in body of request", raw=b"{nope"))
case("empty body", post("/users", 400, raw=b"", headers={"Content-Type": "application/json"}))
case("list as body", post("/users", 400, json=["x"]))
case("name in percent-encoding", get("/users/%61lice", 200), get("/users/al%2Fice", 404), get("/users/%C3%A4", 404))

case("own shape of a token", get("/authorizations/token/{nothing}", 404, by="alice"))
case(
    "owner of a token",
    post("/users/alice/tokens", 201, by="alice", json={}, keep={"t": "token", "id": "id"}),
    get("/authorizations/token/{t}", 200, by="service:grader"),
    get("/authorizations/token/{t}", 403, by=None),
    delete("/users/alice/tokens/{id}", 204, by="alice"),
)
case(
    "tokens by the old endpoint",
    post("/authorizations/token", 404, by=None, json={}),
    post("/authorizations/token", 404, json={}),
)
case(
    "owner of a cookie",
    get("/authorizations/cookie/jupyterhub-hub-login/nonsense", 404),
    get("/authorizations/cookie/jupyterhub-hub-login/nonsense", 403, by=None),
)

# PG-22, MX-01.
case(
    "metrics with the scope",
    get("/metrics", 200, "jupyterhub_total_users", by="boss[read:metrics]", body=False),
    Step("GET", "/hub/metrics", 200, "jupyterhub_running_servers", body=False),
)
case(
    "metrics without the scope",
    get("/metrics", 403, "read:metrics", by="alice"),
    Step("GET", "/hub/metrics", 403, "read:metrics", by="alice"),
)
case("metrics without a token", get("/metrics", 403, "read:metrics", by=None))
case("metrics with a session", get("/metrics", 200, by="@boss", body=False), page("/hub/metrics", 403, by="@alice"))
for name in (
    "jupyterhub_request_duration_seconds_bucket",
    "jupyterhub_server_spawn_duration_seconds_count",
    "jupyterhub_active_users",
    "jupyterhub_check_routes_duration_seconds_count",
    "jupyterhub_total_users",
    "jupyterhub_hub_startup_duration_seconds_count",
    "jupyterhub_init_spawners_duration_seconds_count",
    "jupyterhub_proxy_poll_duration_seconds_count",
    "jupyterhub_login_duration_seconds_count",
    "jupyterhub_logout_duration_seconds",
    "jupyterhub_csp_reports_total",
    "jupyterhub_proxy_add_duration_seconds_count",
    "jupyterhub_proxy_delete_duration_seconds_count",
    "jupyterhub_server_poll_duration_seconds_count",
    "jupyterhub_server_stop_seconds_count",
    "jupyterhub_event_loop_interval_seconds_count",
    "process_resident_memory_bytes",
    "process_cpu_seconds_total",
    "process_open_fds",
    "process_start_time_seconds",
):
    case(f"metric {name}", get("/metrics", 200, name, body=False))

# API-54…API-57.
case("proxy", get("/proxy", 200, body=False))
case(
    "proxy without the scope",
    get("/proxy", 403, "requires any of [proxy]", by="alice"),
    post("/proxy", 403, "requires any of [proxy]", by="alice"),
    patch("/proxy", 403, by="alice", json={}),
    get("/proxy", 403, by=None),
)
case("proxy is looked at again", post("/proxy", 200), post("/proxy", 200, by="boss[proxy]"))
case(
    "proxy is moved wrongly",
    patch("/proxy", 400, "need JSON body"),
    patch("/proxy", 400, "Request body must be JSON dict", json=["x"]),
)
case(
    "shutdown without the scope",
    post("/shutdown", 403, "requires any of [shutdown]", by="alice", json={}),
    post("/shutdown", 403, by=None, json={}),
    post("/shutdown", 403, by="boss[users proxy]", json={}),
)
case(
    "shutdown with wrong flags",
    post("/shutdown", 400, "proxy must be true or false", json={"proxy": "maybe"}),
    post("/shutdown", 400, "servers must be true or false", json={"servers": "maybe"}),
)
case("shutdown", post("/shutdown", 202, "Shutting down Hub", json={"servers": True, "proxy": True}), last=True)
