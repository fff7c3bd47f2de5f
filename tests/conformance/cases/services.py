"""Services: listed, shown, made, removed; reached through the proxy (API-50…API-53)."""

from case import Group, delete, get, page, post

case = Group("services")
ME = "No access to resources or resources not found"

SOME = {"info": {"about": "made by a case"}}

case("list", get("/services", 200))
case(
    "list without the scope",
    get("/services", 403, "requires any of [list:services]", by="alice"),
    get("/services", 403, by=None),
)
for scopes in (
    "list:services",
    "list:services!service=grader",
    "list:services read:services!service=grader",
    "list:services read:roles:services",
    "admin:services",
    "list:services!service=nothing",
):
    case(f"list with {scopes}", get("/services", 200, by=f"boss[{scopes}]"))
case(
    "show",
    get("/services/grader", 200),
    get("/services/outside", 200),
    get("/services/trusted", 200),
    get("/services/nothing", 404, "No such service: nothing"),
)
case(
    "show itself",
    get("/services/grader", 200, by="service:grader"),
    get("/services/culler", 404, ME, by="service:grader"),
    get("/services/idle", 403, "requires any of", by="service:idle"),
)
case(
    "show without the scope",
    get("/services/grader", 403, "requires any of", by="alice"),
    get("/services/grader", 403, by=None),
)
for scopes in (
    "read:services",
    "read:services:name",
    "read:roles:services",
    "read:services!service=grader",
    "list:services",
    "read:services:name!service=grader read:roles:services",
):
    case(f"show with {scopes}", get("/services/grader", 200, by=f"boss[{scopes}]"))
case(
    "show another",
    get("/services/grader", 404, ME, by="boss[read:services!service=idle]"),
    get("/services/nothing", 404, ME, by="boss[read:services!service=idle]"),
)

case(
    "make",
    post("/services/{s}", 201, json=SOME),
    get("/services/{s}", 200),
    delete("/services/{s}", 200),
    get("/services/{s}", 404),
)
case(
    "make without a body",
    post("/services/{s}", 400, "Invalid service data", raw=b""),
    post("/services/{s}", 400, "Invalid service data", json={}),
)
case(
    "make with everything",
    post(
        "/services/{s}",
        201,
        json={"name": "{s}", "info": {"a": 1}, "display": False, "api_token": "made-token-0123456789"},
    ),
    get("/services/{s}", 200),
    get("/user", 200, by=None, headers={"Authorization": "token made-token-0123456789"}),
    delete("/services/{s}", 200),
    get("/user", 403, by=None, headers={"Authorization": "token made-token-0123456789"}),
)
case(
    "make with a client",
    post(
        "/services/{s}",
        201,
        json={
            "oauth_client_id": "service-{s}",
            "api_token": "client-secret-123",
            "oauth_redirect_uri": "https://made.test/cb",
            "oauth_client_allowed_scopes": ["read:users!user"],
        },
    ),
    get("/services/{s}", 200),
)
case("make an administrator", post("/services/{s}", 201, json={"admin": True}), get("/services/{s}", 200))
case("make one that exists", post("/services/grader", 409, "Service grader already exists", json={}))
case("make under another name", post("/services/{s}", 201, json={"name": "another"}), get("/services/another", 404))
case(
    "make one with empty words of managed ones",
    post("/services/{s}", 201, json={"command": [], "environment": {}, "cwd": "", "user": ""}),
)
case(
    "make a managed one",
    post("/services/{s}", 400, "Can not create managed service", json={"command": ["sleep", "9"]}),
    get("/services/{s}", 404),
)
for key, value in (
    ("nonsense", 1),
    ("url", 5),
    ("admin", "yes"),
    ("api_token", 5),
    ("info", "x"),
    ("display", "x"),
    ("oauth_no_confirm", "x"),
    ("oauth_client_id", "wrong-prefix"),
    ("oauth_redirect_uri", 5),
    ("oauth_client_allowed_scopes", "read:users"),
    ("environment", []),
    ("url", "nonsense"),
    ("url", "ftp://host.test"),
):
    case(f"make with {key} {value!r}", post("/services/{s}", 400, json={key: value}))
case("make with a token that is too short", post("/services/{s}", 500, json={"api_token": "short"}))
case("make with unknown scopes", post("/services/{s}", 500, json={"oauth_client_allowed_scopes": ["nonsense"]}))
case(
    "make with a body of another kind",
    post("/services/{s}", 400, json=["x"]),
    post("/services/{s}", 400, "Invalid JSON", raw=b"{"),
)
case(
    "make without the scope",
    post("/services/{s}", 403, "requires any of [admin:services]", by="alice", json={}),
    post("/services/{s}", 403, by=None, json={}),
    post("/services/{s}", 404, ME, by="boss[admin:services!service=grader]", json={}),
    post("/services/{s}", 201, by="boss[admin:services!service={s}]", json=SOME),
)
case(
    "make with scopes that one does not hold",
    post("/services/{s}", 400, by="erin", json={"oauth_client_allowed_scopes": ["admin:users"]}),
    post("/services/{s}", 400, by="erin", json={"admin": True}),
    post("/services/{s}", 201, by="erin", json=SOME),
)
case("remove what is not there", delete("/services/nothing", 404, "Service nothing does not exist"))
case(
    "remove what the configuration names",
    delete("/services/fixed", 405, "Service fixed is not modifiable at runtime"),
)
case(
    "remove without the scope",
    post("/services/{s}", 201, json=SOME),
    delete("/services/{s}", 403, "requires any of [admin:services]", by="alice"),
    delete("/services/{s}", 403, by=None),
    delete("/services/{s}", 404, ME, by="boss[admin:services!service=grader]"),
    delete("/services/{s}", 200, by="boss[admin:services!service={s}]"),
)
case(
    "path of a service that is not routed",
    page("/services/grader/", 302),
    page("/services/grader", 301),
    page("/services/nothing/x?y=1", 302),
)
