"""Users: listed, made, shown, changed, removed; what they have done (API-22…API-29)."""

from case import Group, delete, get, patch, post

case = Group("users")
PAGES = {"Accept": "application/jupyterhub-pagination+json"}
ME = "No access to resources or resources not found"

# API-22.
case("self by a token", get("/user", 200, by="alice"))
case("self as administrator", get("/user", 200, by="boss"))
case("self by a session", get("/user", 200, by="@alice"))
case("self as a service", get("/user", 200, by="service:grader"), get("/user", 200, by="service:idle"))
case("self without a token", get("/user", 403, by=None))
for scopes in (
    "read:users",
    "read:users:name!user",
    "users:activity!user",
    "self",
    "read:servers",
    "list:users",
    "read:users!group=class",
    "access:servers!server=alice/lab",
    "inherit",
    "tokens",
    "read:hub",
    "admin:users",
    "read:roles",
    "shares",
    "groups",
    "admin:groups!group=class",
    "servers!user=alice",
    "read:services",
):
    case(f"self with {scopes}", get("/user", 200, by=f"boss[{scopes}]"))
case("self of a teacher", get("/user", 200, by="dora"))
case("self with a group's role", get("/user", 200, by="carol"))
case("self with a custom scope", get("/user", 200, by="dora[custom:grades:read]"))

# API-23.
case("list", get("/users", 200))
case("list as a service", get("/users", 200, by="service:grader"))
case("list for culling", get("/users?state=ready", 200, by="service:culler"), get("/users", 200, by="service:culler"))
case("list without a token", get("/users", 403, "Missing or invalid credentials", by=None))
case(
    "list without the scope",
    get("/users", 403, "requires any of [list:users]", by="bob"),
    get("/users", 403, by="service:idle"),
    get("/users", 403, by="boss[read:users]"),
)
for scopes in (
    "list:users",
    "list:users!group=class",
    "list:users!user=alice",
    "list:users!user=alice read:users",
    "list:users!group=class read:users!group=class",
    "list:users!group=class read:users:name",
    "list:users read:servers!user=bob",
    "list:users read:users:activity!user=bob",
    "list:users!user=nobody",
    "list:users!group=nothing",
    "list:users read:users:groups",
    "list:users read:roles:users",
    "list:users!user=alice list:users!user=bob",
    "users!user=bob",
    "admin:users!group=class",
):
    case(f"list with {scopes}", get("/users", 200, by=f"boss[{scopes}]"))
case("list with a server filter", get("/users", 403, by="boss[list:users!server=alice/ ]"))
case("list of a teacher", get("/users", 200, by="dora"))
case(
    "list in pages",
    get("/users", 200, headers=PAGES),
    get("/users?limit=2", 200, headers=PAGES, ordered=True),
    get("/users?limit=2&offset=2", 200, headers=PAGES, ordered=True),
    get("/users?offset=100", 200, headers=PAGES),
    get("/users?limit=2&offset=4&state=inactive", 200, headers=PAGES),
)
case(
    "list in pages, filtered by scope",
    get("/users?limit=1", 200, headers=PAGES, by="boss[list:users!group=class]"),
    get("/users?limit=1&offset=1", 200, headers=PAGES, by="boss[list:users!group=class]"),
)
for limits in ("limit=-2", "limit=0", "limit=100000", "offset=-1&limit=2", "limit=2", "offset=3"):
    case(f"list with {limits}", get(f"/users?{limits}", 200, ordered=True), get(f"/users?{limits}", 200, headers=PAGES))
for limits in ("limit=x", "offset=x", "limit=1.5", "limit="):
    case(f"list with {limits}", get(f"/users?{limits}", 400, "offset and limit must be integers"))
for accept in (
    "application/jupyterhub-pagination+json, application/json",
    "APPLICATION/JUPYTERHUB-PAGINATION+JSON",
    "application/jupyterhub-pagination+json;q=1",
    "*/*",
    "text/html, application/jupyterhub-pagination+json",
):
    case(f"list, accepting {accept}", get("/users?limit=1", 200, headers={"Accept": accept}, ordered=True))
for state in ("active", "inactive", "ready"):
    case(f"list of {state}", get(f"/users?state={state}", 200))
case("list of an unknown state", get("/users?state=x", 400, "Unrecognized state filter: 'x'"))
for sort in ("id", "-id", "name", "-name"):
    case(f"list sorted by {sort}", get(f"/users?sort={sort}", 200, ordered=True))
case("list sorted by last activity", get("/users?sort=last_activity", 200), get("/users?sort=-last_activity", 200))
case(
    "list sorted by nothing known",
    get("/users?sort=x", 400, "sort must be"),
    get("/users?sort=-x", 400, "sort must be"),
)
for name in ("al", "AL", "a%25", "_", "nobody", "%25", ""):
    case(f"list of names with '{name}'", get(f"/users?name_filter={name}", 200))
case(
    "list with stopped servers",
    get("/users?include_stopped_servers=1&name_filter=alice", 200),
    get("/users?include_stopped_servers=0&name_filter=alice", 200),
    get("/users?include_stopped_servers=false&name_filter=alice", 200),
    get("/users?include_stopped_servers&name_filter=alice", 200),
)

# API-24.
case("make several", post("/users", 201, json={"usernames": ["{n}", "{n2}"]}), get("/users/{n}", 200), unborn=2)
case(
    "make one by the list",
    post("/users", 201, json={"usernames": ["{n}"]}),
    post("/users", 409, "All 1 users already exist", json={"usernames": ["{n}"]}),
    unborn=1,
)
case("make some that exist", post("/users", 201, json={"usernames": ["{u}", "{n}"]}), users=1, unborn=1)
case(
    "make administrators",
    post("/users", 201, json={"usernames": ["{n}"], "admin": True}),
    get("/users/{n}", 200),
    unborn=1,
)
case(
    "make upper-case names",
    post("/users", 201, json={"usernames": ["U190"]}),
    get("/users/u190", 200),
    delete("/users/u190", 204),
)
case(
    "make nobody",
    post("/users", 400, "Must specify at least one user to create", json={"usernames": []}),
    post("/users", 400, "Must specify at least one user to create", json={}),
    post("/users", 400, raw=b""),
)
case(
    "make invalid names",
    post("/users", 400, "Invalid username: a/b", json={"usernames": ["a/b"]}),
    post("/users", 400, "Invalid usernames:", json={"usernames": ["a/b", "", "{n}"]}),
    get("/users/{n}", 404),
    unborn=1,
)
case("make names of the wrong type", post("/users", 400, json={"usernames": "{n}"}), unborn=1)
case(
    "make people the machine does not know",
    post("/users", 400, "Failed to create user", json={"usernames": ["nobody-here"]}),
    get("/users/nobody-here", 404),
)
case(
    "make without a token",
    post("/users", 403, "Missing or invalid credentials", by=None, json={"usernames": ["{n}"]}),
    unborn=1,
)
case(
    "make without the scope",
    post("/users", 403, "requires any of [admin:users]", by="alice", json={"usernames": ["{n}"]}),
    post("/users", 403, by="boss[users list:users]", json={"usernames": ["{n}"]}),
    unborn=1,
)
case(
    "make with a filtered scope",
    post(
        "/users", 403, "requires any of [admin:users]", by="boss[admin:users!group=class]", json={"usernames": ["{n}"]}
    ),
    unborn=1,
)
case("make by a session", post("/users", 201, by="@boss", json={"usernames": ["{n}"]}), unborn=1)

# API-25.
case("show", get("/users/alice", 200))
case("show oneself", get("/users/alice", 200, by="alice"), get("/users/alice", 200, by="@alice"))
case("show without a token", get("/users/alice", 403, "Missing or invalid credentials", by=None))
case("show someone else", get("/users/bob", 404, ME, by="carol"))
case("show nobody", get("/users/nobody", 404), get("/users/nobody", 404, ME, by="carol"))
case(
    "show without the scope",
    get("/users/alice", 403, "requires any of", by="service:idle"),
    get("/users/alice", 404, ME, by="boss[read:hub]"),
    get("/users/boss", 200, by="boss[read:hub]"),
)
for scopes in (
    "read:users",
    "read:users:name",
    "read:users:groups",
    "read:users:activity",
    "read:servers",
    "read:roles:users",
    "read:users!user=alice",
    "read:users!group=class",
    "read:users:name!user=alice read:servers!server=alice/",
    "admin:users",
    "users",
    "list:users",
    "servers",
    "admin:servers",
    "read:roles",
    "read:users:name!group=class read:users:groups!user=alice",
):
    case(f"show with {scopes}", get("/users/alice", 200, by=f"boss[{scopes}]"))
for scopes in (
    "read:users!user=bob",
    "read:users!group=lab",
    "read:users:activity!user=bob",
    "servers!user=bob",
    "read:users!user=alic",
    "users!group=nothing",
    "read:servers!server=alice/lab",
    "admin:auth_state",
):
    case(f"show alice with {scopes}", get("/users/alice", 404, ME, by=f"boss[{scopes}]"))
case(
    "show somebody of the teacher's group", get("/users/alice", 200, by="dora"), get("/users/carol", 404, ME, by="dora")
)
case("show as a service", get("/users/alice", 200, by="service:grader"), get("/users/alice", 200, by="service:culler"))

# API-26.
case("make one", post("/users/{n}", 201), get("/users/{n}", 200), post("/users/{n}", 409, "already exists"), unborn=1)
case("make one administrator", post("/users/{n}", 201, json={"admin": True}), get("/users/{n}", 200), unborn=1)
case("make one with a body of another kind", post("/users/{n}", 400, json=["x"]), unborn=1)
case("make one that the machine does not know", post("/users/nobody-here", 400, "Failed to create user: nobody-here"))
case(
    "make one without the scope",
    post("/users/{n}", 403, "requires any of [admin:users]", by="alice"),
    post("/users/{n}", 403, by=None),
    post("/users/{n}", 404, ME, by="boss[admin:users!user=bob]"),
    unborn=1,
)
case("make one with a filtered scope", post("/users/{n}", 201, by="boss[admin:users!user={n}]"), unborn=1)
case(
    "make an administrator with a token that may not",
    post("/users/{n}", 201, by="boss[admin:users]", json={"admin": True}),
    unborn=1,
)

# API-27.
case(
    "make somebody administrator",
    patch("/users/{u}", 200, json={"admin": True}),
    get("/users/{u}", 200),
    patch("/users/{u}", 200, json={"admin": False}),
    get("/users/{u}", 200),
    users=1,
)
case(
    "rename",
    patch("/users/{u}", 200, json={"name": "{n}"}),
    get("/users/{u}", 404),
    get("/users/{n}", 200),
    users=1,
    unborn=1,
)
case("rename to a name in use", patch("/users/{u}", 400, "username must be unique", json={"name": "alice"}), users=1)
case(
    "rename to an invalid name",
    patch("/users/{u}", 400, "Invalid username", json={"name": "a/b"}),
    patch("/users/{u}", 400, "Invalid username", json={"name": ""}),
    users=1,
)
case("rename to the present name", patch("/users/{u}", 200, json={"name": "{u}", "admin": False}), users=1)
case("change unknown keys", patch("/users/{u}", 400, "Invalid JSON keys", json={"colour": "red"}), users=1)
case(
    "change with wrong types",
    patch("/users/{u}", 400, "must be", json={"admin": "yes"}),
    patch("/users/{u}", 400, json={"name": 5}),
    patch("/users/{u}", 400, json=["x"]),
    users=1,
)
case(
    "change groups in the wrong place",
    patch("/users/{u}", 500, json={"groups": ["class"]}),
    patch("/users/{u}", 500, json={"roles": ["user"]}),
    users=1,
)
case("change nobody", patch("/users/nobody", 404, json={"admin": True}))
case("change nothing", patch("/users/{u}", 200, json={}), users=1)
case(
    "change without the scope",
    patch("/users/{u}", 403, "requires any of [admin:users]", by="alice", json={"admin": True}),
    patch("/users/{u}", 403, by=None, json={"admin": True}),
    patch("/users/{u}", 404, ME, by="boss[admin:users!user=alice]", json={"admin": True}),
    users=1,
)
case("auth state is nothing", patch("/users/{u}", 400, json={"auth_state": None}), users=1)

# API-28.
case("remove", delete("/users/{u}", 204), get("/users/{u}", 404), delete("/users/{u}", 404), users=1)
case("remove oneself", delete("/users/boss", 400, "Cannot delete yourself!"))
case("remove nobody", delete("/users/nobody", 404))
case(
    "remove without the scope",
    delete("/users/{u}", 403, "requires any of [delete:users]", by="alice"),
    delete("/users/{u}", 403, by=None),
    delete("/users/{u}", 404, ME, by="boss[delete:users!user=alice]"),
    delete("/users/{u}", 204, by="boss[delete:users!user={u}]"),
    users=1,
)
case(
    "removed user's token",
    post("/users/{u}/tokens", 201, json={}, keep={"t": "token"}),
    get("/user", 200, by="token:{t}"),
    delete("/users/{u}", 204),
    get("/user", 403, by="token:{t}"),
    users=1,
)
case(
    "removed user leaves groups",
    post("/groups/{g}", 201, json={"users": ["{u}", "alice"]}),
    delete("/users/{u}", 204),
    get("/groups/{g}", 200),
    users=1,
)

# API-29.
NOW = "2099-01-01T00:00:00.000000Z"
case(
    "activity",
    post("/users/{u}/activity", 200, json={"last_activity": "2026-01-01T00:00:00.000000Z"}),
    get("/users/{u}", 200),
    users=1,
)
case(
    "activity in other forms of time",
    post("/users/{u}/activity", 200, json={"last_activity": "2026-01-01T00:00:00Z"}),
    post("/users/{u}/activity", 200, json={"last_activity": "2026-01-01T02:00:00+02:00"}),
    post("/users/{u}/activity", 200, json={"last_activity": "2026-01-01T02:00:00"}),
    post("/users/{u}/activity", 200, json={"last_activity": "2026-01-01"}),
    users=1,
)
case(
    "activity of servers",
    post("/users/{u}/activity", 200, json={"servers": {"": {"last_activity": "2026-01-01T00:00:00Z"}}}),
    post(
        "/users/{u}/activity",
        400,
        "No such server 'x'",
        json={"servers": {"x": {"last_activity": "2026-01-01T00:00:00Z"}}},
    ),
    users=1,
)
case(
    "activity, wrong bodies",
    post("/users/{u}/activity", 400, "must be a json dict", json=["x"]),
    post("/users/{u}/activity", 400, "must contain at least one of", json={}),
    post("/users/{u}/activity", 400, "must be a json dict", raw=b""),
    post("/users/{u}/activity", 400, "servers must be a dict", json={"servers": ["x"]}),
    post("/users/{u}/activity", 400, "servers must be a dict", json={"servers": {"": {}}}),
    post("/users/{u}/activity", 400, "Not a valid timestamp", json={"last_activity": "yesterday"}),
    post("/users/{u}/activity", 400, "Not a valid timestamp", json={"servers": {"": {"last_activity": "soon"}}}),
    post("/users/{u}/activity", 400, "more than an hour in the future", json={"last_activity": NOW}),
    users=1,
)
case("activity of nobody", post("/users/nobody/activity", 404, json={"last_activity": "2026-01-01T00:00:00Z"}))
case(
    "activity without the scope",
    post("/users/bob/activity", 404, ME, by="alice", json={"last_activity": "2026-01-01T00:00:00Z"}),
    post("/users/alice/activity", 403, "requires any of [users:activity]", by="service:culler", json={}),
    post("/users/alice/activity", 403, by=None, json={}),
    post("/users/alice/activity", 200, by="alice[users:activity!user]", json={"last_activity": "2026-01-01T00:00:00Z"}),
)
