"""Groups: listed, made, filled, removed (API-42…API-49)."""

from case import Group, delete, get, post, put

case = Group("groups")
PAGES = {"Accept": "application/jupyterhub-pagination+json"}
ME = "No access to resources or resources not found"

case("list", get("/groups", 200))
case(
    "list in pages",
    get("/groups?limit=1", 200, headers=PAGES, ordered=True),
    get("/groups?limit=1&offset=1", 200, headers=PAGES, ordered=True),
    get("/groups?limit=1", 200, ordered=True),
)
case("list with wrong pages", get("/groups?limit=x", 400, "offset and limit must be integers"))
case(
    "list without the scope",
    get("/groups", 403, "requires any of [list:groups]", by="bob"),
    get("/groups", 403, by=None),
    get("/groups", 403, by="boss[read:groups]"),
)
for scopes in (
    "list:groups",
    "list:groups!group=class",
    "list:groups read:groups!group=lab",
    "groups",
    "admin:groups",
    "list:groups read:roles:groups",
    "list:groups!group=nothing",
):
    case(f"list with {scopes}", get("/groups", 200, by=f"boss[{scopes}]"))
case("list with a user filter", get("/groups", 403, by="boss[list:groups!user=alice]"))
case("list of a teacher", get("/groups", 200, by="dora"), get("/groups?limit=1", 200, headers=PAGES, by="dora"))
case("list as a service", get("/groups", 200, by="service:grader"))

case(
    "make several",
    post("/groups", 201, json={"groups": ["{g}", "{g2}"]}),
    get("/groups/{g}", 200),
    get("/groups/{g2}", 200),
)
case("make several with members", post("/groups", 201, json={"groups": ["{g}", "{g2}"], "users": ["alice"]}))
case(
    "make none",
    post("/groups", 400, "Must specify at least one group to create", json={"groups": []}),
    post("/groups", 400, "Must specify at least one group to create", json={}),
    post("/groups", 400, raw=b""),
)
case(
    "make some that exist",
    post("/groups", 409, "Group class already exists", json={"groups": ["{g}", "class"]}),
    get("/groups/{g}", 200),
)
case(
    "make several with an unknown member",
    post("/groups", 400, "No such user: nobody", json={"groups": ["{g}"], "users": ["nobody"]}),
)
case("make groups of the wrong type", post("/groups", 400, json=["{g}"]))
case(
    "make several without the scope",
    post("/groups", 403, "requires any of [admin:groups]", by="alice", json={"groups": ["{g}"]}),
    post("/groups", 403, by=None, json={"groups": ["{g}"]}),
    post("/groups", 403, by="boss[admin:groups!group={g}]", json={"groups": ["{g}"]}),
)

case("show", get("/groups/class", 200), get("/groups/nothing", 404, "No such group: nothing"))
case(
    "show without the scope", get("/groups/class", 403, "requires any of", by="bob"), get("/groups/class", 403, by=None)
)
for scopes in (
    "read:groups",
    "read:groups:name",
    "read:roles:groups",
    "read:groups!group=class",
    "groups!group=class",
    "read:groups:name!group=class read:roles:groups",
    "list:groups",
    "admin:groups",
):
    case(f"show with {scopes}", get("/groups/class", 200, by=f"boss[{scopes}]"))
case(
    "show another",
    get("/groups/lab", 404, ME, by="dora"),
    get("/groups/nothing", 404, ME, by="dora"),
    get("/groups/lab", 404, ME, by="boss[read:groups!group=class]"),
)
case("show a group with a role", get("/groups/lab", 200))

case(
    "make one",
    post("/groups/{g}", 201, json={}),
    get("/groups/{g}", 200),
    post("/groups/{g}", 409, "already exists", json={}),
)
case("make one without a body", post("/groups/{g}", 201, raw=b""))
case(
    "make one with members", post("/groups/{g}", 201, json={"users": ["{u}", "alice"]}), get("/users/{u}", 200), users=1
)
case(
    "make one with an unknown member",
    post("/groups/{g}", 400, "No such user: nobody", json={"users": ["alice", "nobody"]}),
    get("/groups/{g}", 404),
)
case(
    "make one with properties",
    post("/groups/{g}", 400, "Invalid JSON keys", json={"properties": {"a": 1}}),
    get("/groups/{g}", 404),
)
case(
    "make one with an odd name", post("/groups/{g}-%C3%A4%20%2F", 201, json={}), delete("/groups/{g}-%C3%A4%20%2F", 204)
)
case(
    "make one without the scope",
    post("/groups/{g}", 403, "requires any of [admin:groups]", by="alice", json={}),
    post("/groups/{g}", 403, by=None, json={}),
    post("/groups/{g}", 404, ME, by="boss[admin:groups!group=class]", json={}),
    post("/groups/{g}", 201, by="boss[admin:groups!group={g}]", json={}),
)

case(
    "remove",
    post("/groups/{g}", 201, json={"users": ["{u}"]}),
    delete("/groups/{g}", 204),
    get("/groups/{g}", 404),
    delete("/groups/{g}", 404, "No such group"),
    get("/users/{u}", 200),
    users=1,
)
case(
    "remove without the scope",
    post("/groups/{g}", 201, json={}),
    delete("/groups/{g}", 403, "requires any of [delete:groups]", by="alice"),
    delete("/groups/{g}", 403, by=None),
    delete("/groups/{g}", 404, ME, by="boss[delete:groups!group=class]"),
    delete("/groups/{g}", 403, by="boss[groups]"),
    delete("/groups/{g}", 204, by="boss[delete:groups!group={g}]"),
)

case(
    "add members",
    post("/groups/{g}", 201, json={}),
    post("/groups/{g}/users", 200, json={"users": ["{u}", "{u2}"]}),
    post("/groups/{g}/users", 200, json={"users": ["{u}"]}),
    get("/users/{u}", 200),
    users=2,
)
case(
    "add members wrongly",
    post("/groups/{g}", 201, json={}),
    post("/groups/{g}/users", 400, "Must specify users to add", json={}),
    post("/groups/{g}/users", 400, raw=b""),
    post("/groups/{g}/users", 400, "No such user: nobody", json={"users": ["{u}", "nobody"]}),
    get("/groups/{g}", 200),
    post("/groups/nothing/users", 404, json={"users": ["{u}"]}),
    users=1,
)
case(
    "add members without the scope",
    post("/groups/class/users", 403, "requires any of [groups]", by="alice", json={"users": ["alice"]}),
    post("/groups/class/users", 403, by=None, json={"users": ["alice"]}),
    post("/groups/lab/users", 403, by="dora", json={"users": ["dora"]}),
    post("/groups/lab/users", 404, ME, by="boss[groups!group=class]", json={"users": ["dora"]}),
)
case(
    "take members out",
    post("/groups/{g}", 201, json={"users": ["{u}", "{u2}"]}),
    delete("/groups/{g}/users", 200, json={"users": ["{u}"]}),
    delete("/groups/{g}/users", 200, json={"users": ["{u}"]}),
    get("/users/{u}", 200),
    users=2,
)
case(
    "take members out wrongly",
    post("/groups/{g}", 201, json={"users": ["{u}"]}),
    delete("/groups/{g}/users", 400, "Must specify users to delete", json={}),
    delete("/groups/{g}/users", 400, raw=b""),
    delete("/groups/{g}/users", 400, "No such user: nobody", json={"users": ["nobody"]}),
    delete("/groups/nothing/users", 404, json={"users": ["{u}"]}),
    get("/groups/{g}", 200),
    users=1,
)
case(
    "take members out without the scope",
    delete("/groups/class/users", 403, by="alice", json={"users": ["alice"]}),
    delete("/groups/class/users", 403, by=None, json={"users": ["alice"]}),
    delete("/groups/class/users", 404, ME, by="boss[groups!group=lab]", json={"users": ["alice"]}),
)
case(
    "properties",
    post("/groups/{g}", 201, json={}),
    put("/groups/{g}/properties", 200, json={"a": 1, "b": ["x", {"y": None}]}),
    put("/groups/{g}/properties", 200, json={"c": "only"}),
    get("/groups/{g}", 200),
    put("/groups/{g}/properties", 200, json={}),
)
case(
    "properties of the wrong kind",
    post("/groups/{g}", 201, json={}),
    put("/groups/{g}/properties", 400, "Must specify properties", raw=b""),
    put("/groups/{g}/properties", 400, json=["x"]),
    put("/groups/{g}/properties", 400, json="x"),
    put("/groups/nothing/properties", 404, json={"a": 1}),
)
case(
    "properties without the scope",
    put("/groups/class/properties", 403, "requires any of [groups]", by="alice", json={}),
    put("/groups/class/properties", 403, by=None, json={}),
    put("/groups/class/properties", 404, ME, by="boss[groups!group=lab]", json={}),
)
case(
    "role of a group reaches its members",
    get("/info", 403, by="boss[users]"),
    post("/groups/lab/users", 200, json={"users": ["{u}"]}),
    get("/users/{u}", 200),
    delete("/groups/lab/users", 200, json={"users": ["{u}"]}),
    users=1,
)
