"""Servers: started, stopped, named, renamed, followed (API-30…API-35, SP-01…SP-55)."""

from case import Group, Step, delete, get, page, patch, post, put

case = Group("servers")
ME = "No access to resources or resources not found"
READY = ("ready", True)
UP = {"by": None, "body": True}

# API-30, API-32, API-34: the default server.
case(
    "start and stop",
    post("/users/{u}/server", 201),
    get("/users/{u}/server", 200),
    get("/users/{u}", 200),
    Step("GET", "/user/{u}/x?y=1", 200, by=None),
    post("/users/{u}/server", 400, "{u} is already running"),
    get("/users?state=active&name_filter={u}", 200),
    get("/users?state=ready&name_filter={u}", 200),
    delete("/users/{u}/server", 204),
    get("/users/{u}/server", 200),
    get("/users/{u}", 200),
    delete("/users/{u}/server", 204),
    users=1,
)
case(
    "start by its owner",
    post("/users/{u}/tokens", 201, json={}, keep={"t": "token"}),
    post("/users/{u}/server", 201, by="token:{t}"),
    delete("/users/{u}/server", 204, by="token:{t}"),
    users=1,
)
case(
    "start by the empty name",
    post("/users/{u}/servers/", 201),
    get("/users/{u}/servers/", 200),
    delete("/users/{u}/servers/", 204),
    users=1,
)
case(
    "server that never ran",
    get("/users/{u}/server", 200),
    get("/users/{u}/servers/", 200),
    delete("/users/{u}/server", 204),
    users=1,
)
case(
    "environment",
    post("/users/{u}/server", 201, json={"user_options": {"size": "big"}}),
    Step("GET", "/user/{u}/env", 200, by=None, keep={"t": "JUPYTERHUB_API_TOKEN"}),
    get("/user", 200, by="token:{t}"),
    get("/users/{u}/tokens", 200),
    post("/users/{u}/activity", 200, by="token:{t}", json={"last_activity": "2026-01-01T00:00:00Z"}),
    get("/users/{u}", 200, by="token:{t}"),
    get("/users/alice", 404, ME, by="token:{t}"),
    get("/users", 403, by="token:{t}"),
    post("/users/{u}/tokens", 403, by="token:{t}", json={}),
    delete("/users/{u}/server", 403, by="token:{t}"),
    delete("/users/{u}/server", 204),
    get("/user", 403, by="token:{t}"),
    users=1,
)
case(
    "environment of a named server",
    post("/users/{u}/servers/lab", 201),
    Step("GET", "/user/{u}/lab/env", 200, by=None, keep={"t": "JUPYTERHUB_API_TOKEN"}),
    get("/user", 200, by="token:{t}"),
    delete("/users/{u}/servers/lab", 204),
    users=1,
)
case(
    "options are kept",
    post("/users/{u}/server", 201, json={"user_options": {"size": "big", "list": [1, None]}}),
    get("/users/{u}/server", 200),
    delete("/users/{u}/server", 204),
    get("/users/{u}/server", 200),
    post("/users/{u}/server", 201),
    get("/users/{u}/server", 200),
    delete("/users/{u}/server", 204),
    users=1,
)
case(
    "options in the old form",
    post("/users/{u}/server", 201, json={"size": "big"}),
    get("/users/{u}/server", 200),
    delete("/users/{u}/server", 204),
    users=1,
)
case(
    "start with wrong bodies",
    post("/users/{u}/server", 400, "must be", json=["x"]),
    post("/users/{u}/server", 400, "display_name must be a string", json={"display_name": 5}),
    post("/users/{u}/server", 400, "user_options must be", json={"user_options": [1]}),
    post("/users/{u}/server", 400, "Invalid JSON", raw=b"{"),
    get("/users/{u}/server", 200),
    users=1,
)
case(
    "start for nobody",
    post("/users/nobody/server", 404),
    delete("/users/nobody/server", 404),
    get("/users/nobody/server", 404),
)
case(
    "start without the scope",
    post("/users/{u}/server", 404, ME, by="alice"),
    post("/users/{u}/server", 403, by=None),
    post("/users/{u}/server", 403, "requires any of [start:servers]", by="service:culler"),
    post("/users/{u}/server", 403, "requires any of [start:servers]", by="boss[read:servers delete:servers]"),
    post("/users/{u}/server", 404, ME, by="boss[servers!server={u}/lab]"),
    post("/users/{u}/server", 404, ME, by="boss[servers!group=class]"),
    get("/users/{u}/server", 200),
    users=1,
)
case(
    "start with the scope on the server",
    post("/users/{u}/server", 201, by="boss[start:servers!server={u}/]"),
    get("/users/{u}/server", 403, by="boss[start:servers!server={u}/]"),
    get("/users/{u}/server", 200, by="boss[read:servers!server={u}/]"),
    delete("/users/{u}/server", 403, by="boss[start:servers!server={u}/]"),
    delete("/users/{u}/server", 204, by="boss[delete:servers!server={u}/]"),
    users=1,
)
case(
    "stop without the scope",
    post("/users/{u}/server", 201),
    delete("/users/{u}/server", 404, ME, by="alice"),
    delete("/users/{u}/server", 403, by=None),
    delete("/users/{u}/server", 403, by="service:grader"),
    delete("/users/{u}/server", 204, by="service:culler"),
    users=1,
)
case(
    "show without the scope",
    get("/users/alice/server", 404, ME, by="bob"),
    get("/users/alice/server", 403, by=None),
    get("/users/alice/server", 403, "requires any of [read:servers]", by="service:grader"),
    get("/users/alice/server", 200, by="dora"),
    get("/users/carol/server", 404, ME, by="dora"),
)
case(
    "state of a server",
    post("/users/{u}/server", 201),
    get("/users/{u}", 200, by="boss[admin:server_state read:servers]", body=False),
    get("/users/{u}/server", 200, by="boss[read:servers]"),
    delete("/users/{u}/server", 204),
    users=1,
)
case(
    "by a session",
    post("/users/alice/server", 201, by="@alice"),
    get("/users/alice", 200, by="@alice"),
    delete("/users/alice/server", 204, by="@alice"),
)
case(
    "remove a default server",
    delete("/users/{u}/server", 400, "Cannot delete the default server", json={"remove": True}),
    delete("/users/{u}/servers/", 400, "Cannot delete the default server", json={"remove": True}),
    users=1,
)
case(
    "user is removed with a running server",
    post("/users/{u}/server", 201),
    delete("/users/{u}", 204),
    get("/users/{u}", 404),
    Step("GET", "/user/{u}/x", 302, by=None),
    users=1,
)
case(
    "user is renamed while a server runs",
    post("/users/{u}/server", 201),
    patch("/users/{u}", 200, json={"name": "{n}"}),
    delete("/users/{n}/server", 204),
    users=1,
    unborn=1,
)

# API-31…API-34: named servers.
case(
    "make a named one",
    put("/users/{u}/servers/lab", 201),
    get("/users/{u}/servers/lab", 200),
    get("/users/{u}", 200),
    get("/users/{u}?include_stopped_servers=1", 200),
    put("/users/{u}/servers/lab", 409, "User {u} already has server lab"),
    delete("/users/{u}/servers/lab", 204, json={"remove": True}),
    get("/users/{u}/servers/lab", 404),
    get("/users/{u}?include_stopped_servers=1", 200),
    users=1,
)
case(
    "make a default one",
    put("/users/{u}/servers/", 409, "User {u} already has a default server"),
    put("/users/{u}/server", 409),
    users=1,
)
case(
    "make with a display name",
    put("/users/{u}/servers/lab", 201, json={"display_name": "Große Maschine", "user_options": {"a": 1}}),
    get("/users/{u}/servers/lab", 200),
    users=1,
)
case(
    "make with wrong bodies",
    put("/users/{u}/servers/lab", 400, json=["x"]),
    put("/users/{u}/servers/lab", 400, json={"display_name": 5}),
    put("/users/{u}/servers/lab", 400, json={"user_options": "x"}),
    get("/users/{u}/servers/lab", 404),
    users=1,
)
for name in ("Lab", "1lab", "lab-", "-lab", "la--b", "la_b", "la.b", "l%C3%A4b", "a" * 31, "la%20b", "la%2Fb"):
    case(
        f"name {name}",
        put(f"/users/{{u}}/servers/{name}", 400, "Invalid server_name"),
        post(f"/users/{{u}}/servers/{name}", 400, "Invalid server_name"),
        users=1,
    )
for name in ("lab", "l", "a" * 30, "lab-1-x", "l1"):
    case(f"name {name}", put(f"/users/{{u}}/servers/{name}", 201), users=1)
for name in (" x", "x ", "a  b", "", "a\tb", "a\nb", "x" * 256):
    case(
        f"display name {name[:8]!r}",
        put("/users/{u}/servers/lab", 201 if name == "" else 400, json={"display_name": name}),
        users=1,
    )
for name in ("x" * 255, "ä b", "a\u0308", "日本", "<b>"):
    case(f"display name {name[:8]!r}", put("/users/{u}/servers/lab", 201, json={"display_name": name}), users=1)
case(
    "start a named one",
    post("/users/{u}/servers/lab", 201, json={"display_name": "Lab"}),
    get("/users/{u}", 200),
    Step("GET", "/user/{u}/lab/x", 200, by=None),
    get("/users/{u}/servers/lab", 200),
    post("/users/{u}/servers/lab", 400, "{u}:lab is already running"),
    delete("/users/{u}/servers/lab", 204),
    get("/users/{u}?include_stopped_servers", 200),
    get("/users/{u}/servers/lab", 200),
    users=1,
)
case(
    "both kinds at once",
    post("/users/{u}/server", 201),
    post("/users/{u}/servers/lab", 201),
    get("/users/{u}", 200),
    Step("GET", "/user/{u}/lab/x", 200, by=None),
    Step("GET", "/user/{u}/lap/x", 200, by=None),
    delete("/users/{u}/servers/lab", 204),
    Step("GET", "/user/{u}/lab/x", 200, by=None),
    get("/users/{u}", 200),
    delete("/users/{u}/server", 204),
    users=1,
)
case(
    "stop and remove a named one",
    post("/users/{u}/servers/lab", 201),
    delete("/users/{u}/servers/lab", 204, json={"remove": True}),
    get("/users/{u}/servers/lab", 404),
    delete("/users/{u}/servers/lab", 404, "no server named 'lab'"),
    users=1,
)
case(
    "stop what is not there",
    delete("/users/{u}/servers/lab", 404, "no server named 'lab'"),
    get("/users/{u}/servers/lab", 404),
    users=1,
)
case(
    "too many named ones",
    put("/users/{u}/servers/a1", 201),
    put("/users/{u}/servers/a2", 201),
    put("/users/{u}/servers/a3", 201),
    put("/users/{u}/servers/a4", 400, "already has the maximum of 3 named servers"),
    post("/users/{u}/servers/a4", 400, "already has the maximum of 3 named servers"),
    get("/users/{u}/servers/a4", 404),
    delete("/users/{u}/servers/a1", 204, json={"remove": True}),
    put("/users/{u}/servers/a4", 201),
    users=1,
)
case(
    "make without the scope",
    put("/users/{u}/servers/lab", 404, ME, by="alice"),
    put("/users/{u}/servers/lab", 403, by=None),
    put("/users/{u}/servers/lab", 403, by="boss[read:servers]"),
    put("/users/{u}/servers/lab", 404, ME, by="boss[servers!server={u}/]"),
    put("/users/{u}/servers/lab", 201, by="boss[start:servers!server={u}/lab]"),
    users=1,
)

# API-33.
LAB = put("/users/{u}/servers/lab", 201)
case(
    "rename",
    LAB,
    patch("/users/{u}/servers/lab", 200, json={"name": "den"}),
    get("/users/{u}/servers/lab", 404),
    get("/users/{u}/servers/den", 200),
    users=1,
)
case(
    "rename with a display name",
    LAB,
    patch("/users/{u}/servers/lab", 200, json={"name": "den", "display_name": "The den"}),
    users=1,
)
case(
    "change the display name",
    LAB,
    patch("/users/{u}/servers/lab", 200, json={"display_name": "The lab"}),
    patch("/users/{u}/servers/lab", 400, "display_name must be a string", json={"display_name": 5}),
    patch("/users/{u}/servers/lab", 200, json={"display_name": " x"}),
    get("/users/{u}/servers/lab", 200),
    users=1,
)
case(
    "change the options",
    LAB,
    patch("/users/{u}/servers/lab", 200, json={"user_options": {"a": 1}}),
    patch("/users/{u}/servers/lab", 400, "user_options must be a dict", json={"user_options": "x"}),
    get("/users/{u}/servers/lab", 200),
    users=1,
)
case(
    "change nothing",
    LAB,
    patch("/users/{u}/servers/lab", 400, "Must specify at least one field to modify", json={}),
    patch("/users/{u}/servers/lab", 400, "Must specify at least one field to modify", raw=b""),
    users=1,
)
case("change unknown keys", LAB, patch("/users/{u}/servers/lab", 500, json={"colour": "red"}), users=1)
case("change with a body of another kind", LAB, patch("/users/{u}/servers/lab", 500, json=["x"]), users=1)
case(
    "rename to an invalid name",
    LAB,
    patch("/users/{u}/servers/lab", 400, "Invalid server_name", json={"name": "La"}),
    users=1,
)
case(
    "rename to a name in use",
    LAB,
    put("/users/{u}/servers/den", 201),
    patch("/users/{u}/servers/lab", 409, "already has server", json={"name": "den"}),
    users=1,
)
case("rename to the present name", LAB, patch("/users/{u}/servers/lab", 409, json={"name": "lab"}), users=1)
case("rename what is not there", patch("/users/{u}/servers/lab", 404, "no such server", json={"name": "den"}), users=1)
case(
    "rename while it runs",
    post("/users/{u}/servers/lab", 201),
    patch("/users/{u}/servers/lab", 400, "is active", json={"name": "den"}),
    delete("/users/{u}/servers/lab", 204),
    users=1,
)
case(
    "change a default one",
    patch("/users/{u}/servers/", 200, json={"user_options": {"a": 1}}),
    get("/users/{u}/server", 200),
    users=1,
)
case("rename a default one", patch("/users/{u}/server", 200, json={"name": "den"}), users=1)
case(
    "change without the scope",
    LAB,
    patch("/users/{u}/servers/lab", 404, ME, by="alice", json={"name": "den"}),
    patch("/users/{u}/servers/lab", 403, by=None, json={"name": "den"}),
    patch("/users/{u}/servers/lab", 403, by="boss[read:servers]", json={"name": "den"}),
    users=1,
)

# API-35, SP-50…SP-54.
case(
    "progress of one that runs",
    post("/users/{u}/server", 201),
    get("/users/{u}/server/progress", 200),
    get("/users/{u}/servers//progress", 200),
    delete("/users/{u}/server", 204),
    users=1,
)
case(
    "progress of a named one that runs",
    post("/users/{u}/servers/lab", 201),
    get("/users/{u}/servers/lab/progress", 200),
    delete("/users/{u}/servers/lab", 204),
    users=1,
)
case(
    "progress of one that is not starting",
    get("/users/{u}/server/progress", 404),
    LAB,
    get("/users/{u}/servers/lab/progress", 400),
    users=1,
)
case(
    "progress of nothing",
    get("/users/{u}/servers/lab/progress", 404),
    get("/users/nobody/server/progress", 404),
    users=1,
)
case(
    "progress without the scope",
    get("/users/{u}/server/progress", 404, ME, by="alice"),
    get("/users/{u}/server/progress", 403, by=None),
    get("/users/{u}/server/progress", 403, by="service:grader"),
    users=1,
)
case(
    "progress of a start",
    Step("GET", "/hub/spawn/alice/late-1", 302, by="@alice"),
    get("/users/alice/servers/late-1", 200),
    post("/users/alice/servers/late-1", 202),
    get("/users?name_filter=alice", 200),
    get("/users/alice/servers/late-1/progress", 200, by="@alice"),
    get("/users/alice/servers/late-1", 200),
    delete("/users/alice/servers/late-1", 204, json={"remove": True}),
)

# API-32: starts that fail, take long, are ended.
case(
    "start that fails",
    post("/users/{u}/servers/exits", 500),
    get("/users/{u}/servers/exits", 200),
    get("/users/{u}", 200),
    get("/users/{u}/servers/exits/progress", 200),
    post("/users/{u}/servers/exits", 500),
    users=1,
)
case(
    "start that is ended",
    Step("GET", "/hub/spawn/alice/late-2", 302, by="@alice"),
    delete("/users/alice/servers/late-2", 204),
    get("/users/alice/servers/late-2", 200),
    delete("/users/alice/servers/late-2", 204, json={"remove": True}),
)
case(
    "change of one that starts",
    Step("GET", "/hub/spawn/alice/late-3", 302, by="@alice"),
    patch("/users/alice/servers/late-3", 400, "is active", json={"name": "x"}),
    get("/users/alice/servers/late-3", 200, until=READY),
    delete("/users/alice/servers/late-3", 204, json={"remove": True}),
)
case(
    "too many that start",
    Step("GET", "/hub/spawn/alice/late-4", 302, by="@alice"),
    Step("GET", "/hub/spawn/bob/late-5", 302, by="@bob"),
    post("/users/{u}/server", 429, "Too many users trying to log in right now"),
    page("/hub/spawn/carol", 429, by="@carol", body=False),
    get("/users/alice/servers/late-4", 200, until=READY),
    get("/users/bob/servers/late-5", 200, until=READY),
    post("/users/{u}/server", 201),
    delete("/users/{u}/server", 204),
    delete("/users/alice/servers/late-4", 204, json={"remove": True}),
    delete("/users/bob/servers/late-5", 204, json={"remove": True}),
    users=1,
)
case(
    "start that never answers",
    Step("GET", "/hub/spawn/alice/never", 302, by="@alice"),
    get("/users/alice/servers/never/progress", 200, by="@alice"),
    get("/users/alice/servers/never", 200),
    page("/hub/spawn-pending/alice/never", 500, by="@alice"),
    delete("/users/alice/servers/never", 204, json={"remove": True}),
)
