"""Shares and share codes, by the API and by the page that accepts them (API-62…API-72, RB-70…RB-74, PG-95, PG-96)."""

from case import XSRF, Group, delete, get, login, page, patch, post, put, submit

case = Group("shares")
PAGES = {"Accept": "application/jupyterhub-pagination+json"}
ME = "No access to resources or resources not found"
LAB = put("/users/{u}/servers/lab", 201)

# API-63.
case(
    "share with a user",
    post("/shares/{u}/", 200, json={"user": "bob"}),
    get("/shares/{u}", 200),
    get("/shares/{u}/", 200),
    get("/users/bob/shared", 200),
    get("/user", 200, by="bob"),
    users=1,
)
case(
    "share with a group",
    post("/shares/{u}/", 200, json={"group": "lab"}),
    get("/shares/{u}/", 200),
    get("/groups/lab/shared", 200),
    get("/users/carol/shared", 200),
    get("/user", 200, by="@carol"),
    users=1,
)
case(
    "share a named server",
    LAB,
    post("/shares/{u}/lab", 200, json={"user": "bob"}),
    get("/shares/{u}/lab", 200),
    get("/shares/{u}", 200),
    get("/users/bob/shared", 200),
    get("/user", 200, by="bob"),
    users=1,
)
case(
    "share one's own",
    post("/shares/alice/", 200, by="alice", json={"user": "bob"}),
    get("/shares/alice", 200, by="alice"),
    delete("/shares/alice/", 204, by="alice"),
    get("/shares/alice/", 200, by="alice"),
)
case(
    "share by a session",
    post("/shares/alice/", 200, by="@alice", json={"user": "bob"}),
    delete("/shares/alice/", 204, by="@alice"),
)
for scopes in (
    ["access:servers"],
    ["access:servers", "read:servers"],
    ["start:servers"],
    ["servers"],
    ["access:servers!server={u}/"],
    ["read:users:activity"],
    [],
    None,
):
    case(
        f"share scopes {scopes}",
        post("/shares/{u}/", 200, json={"user": "bob", "scopes": scopes}),
        get("/users/bob/shared", 200),
        get("/user", 200, by="@bob"),
        users=1,
    )
case(
    "share twice",
    post("/shares/{u}/", 200, json={"user": "bob"}),
    post("/shares/{u}/", 200, json={"user": "bob", "scopes": ["read:servers"]}),
    get("/shares/{u}/", 200),
    users=1,
)
case(
    "share with several",
    post("/shares/{u}/", 200, json={"user": "bob"}),
    post("/shares/{u}/", 200, json={"user": "carol"}),
    post("/shares/{u}/", 200, json={"group": "class"}),
    get("/shares/{u}/", 200),
    get("/shares/{u}?limit=2", 200, headers=PAGES),
    get("/shares/{u}?limit=2&offset=2", 200, headers=PAGES),
    get("/shares/{u}?limit=x", 400),
    users=1,
)
for scope in ("access:servers!user={u}", "access:servers!server=bob/", "access:servers!group=class"):
    case(
        f"share with a filter {scope}",
        post("/shares/{u}/", 400, "not allowed", json={"user": "bob", "scopes": [scope]}),
        users=1,
    )
case(
    "share an unknown scope",
    post("/shares/{u}/", 500, json={"user": "bob", "scopes": ["nonsense"]}),
    get("/shares/{u}/", 200),
    users=1,
)
case(
    "share scopes of another kind",
    post("/shares/{u}/", 400, json={"user": "bob", "scopes": "access:servers"}),
    post("/shares/{u}/", 400, json={"user": "bob", "scopes": [5]}),
    users=1,
)
case(
    "share with wrong bodies",
    post("/shares/{u}/", 400, json={}),
    post("/shares/{u}/", 400, raw=b""),
    post("/shares/{u}/", 400, json={"user": "bob", "group": "lab"}),
    post("/shares/{u}/", 400, json={"user": "bob", "colour": 1}),
    post("/shares/{u}/", 400, "No such user: nobody", json={"user": "nobody"}),
    post("/shares/{u}/", 400, "No such group: nothing", json={"group": "nothing"}),
    post("/shares/{u}/", 400, json={"user": 5}),
    get("/shares/{u}/", 200),
    users=1,
)
case(
    "share with a list as body",
    post("/shares/{u}/", 500, json=["x"]),
    post("/share-codes/{u}/", 500, json=["x"]),
    users=1,
)
case(
    "share what is not there",
    post("/shares/{u}/lab", 404, "No such server: {u}/lab", json={"user": "bob"}),
    post("/shares/nobody/", 404, json={"user": "bob"}),
    users=1,
)
case(
    "share without naming a server",
    post("/shares/{u}", 405, json={"user": "bob"}),
    patch("/shares/{u}", 405, json={"user": "bob"}),
    delete("/shares/{u}", 405),
    users=1,
)
case(
    "share without the scope",
    post("/shares/bob/", 403, "requires any of [shares]", by="bob", json={"user": "alice"}),
    post("/shares/bob/", 403, by=None, json={"user": "alice"}),
    post("/shares/bob/", 404, ME, by="alice", json={"user": "alice"}),
    post("/shares/bob/", 403, by="service:grader", json={"user": "alice"}),
)
case(
    "share more than one holds",
    post(
        "/shares/{u}/",
        403,
        "Do not have permission to grant share with scope",
        by="boss[shares read:users:name]",
        json={"user": "bob", "scopes": ["start:servers"]},
    ),
    users=1,
)
case(
    "share without the right to names",
    post(
        "/shares/{u}/",
        403,
        "Need scope 'read:users:name' to share with users by name",
        by="boss[shares!user={u}]",
        json={"user": "bob"},
    ),
    post(
        "/shares/{u}/",
        403,
        "Need scope 'read:groups:name' to share with groups by name",
        by="boss[shares!user={u}]",
        json={"group": "lab"},
    ),
    post("/shares/{u}/", 200, by="boss[shares!user={u} read:users:name!user=bob]", json={"user": "bob"}),
    post("/shares/{u}/", 200, by="boss[shares!server={u}/ read:groups:name]", json={"group": "lab"}),
    users=1,
)
case("share with oneself", post("/shares/{u}/", 200, json={"user": "{u}"}), users=1)

# API-64, API-65.
case(
    "take a share back",
    post("/shares/{u}/", 200, json={"user": "bob"}),
    patch("/shares/{u}/", 200, json={"user": "bob"}),
    get("/shares/{u}/", 200),
    get("/users/bob/shared", 200),
    users=1,
)
case(
    "take a part of a share back",
    post("/shares/{u}/", 200, json={"user": "bob", "scopes": ["access:servers", "read:servers"]}),
    patch("/shares/{u}/", 200, json={"user": "bob", "scopes": ["read:servers!server={u}/"]}),
    get("/shares/{u}/", 200),
    patch("/shares/{u}/", 200, json={"user": "bob", "scopes": ["access:servers!server={u}/"]}),
    get("/shares/{u}/", 200),
    users=1,
)
case(
    "take a part of a share back by its bare scope",
    post("/shares/{u}/", 200, json={"user": "bob", "scopes": ["access:servers", "read:servers"]}),
    patch("/shares/{u}/", 200, json={"user": "bob", "scopes": ["read:servers"]}),
    get("/shares/{u}/", 200),
    users=1,
)
case(
    "take a group's share back",
    post("/shares/{u}/", 200, json={"group": "lab"}),
    patch("/shares/{u}/", 200, json={"group": "lab"}),
    get("/groups/lab/shared", 200),
    users=1,
)
case(
    "take back what is not there",
    patch("/shares/{u}/", 200, json={"user": "bob"}),
    patch("/shares/{u}/", 200, json={"user": "nobody"}),
    patch("/shares/{u}/lab", 404, json={"user": "bob"}),
    patch("/shares/{u}/", 400, json={}),
    users=1,
)
case(
    "take back without the scope",
    patch("/shares/bob/", 403, by="bob", json={"user": "alice"}),
    patch("/shares/bob/", 403, by=None, json={"user": "alice"}),
    patch("/shares/bob/", 404, ME, by="alice", json={"user": "alice"}),
)
case(
    "take all shares of a server back",
    LAB,
    post("/shares/{u}/lab", 200, json={"user": "bob"}),
    post("/shares/{u}/", 200, json={"group": "lab"}),
    delete("/shares/{u}/lab", 204),
    get("/shares/{u}", 200),
    delete("/shares/{u}/", 204),
    get("/shares/{u}", 200),
    delete("/shares/{u}/", 204),
    delete("/shares/{u}/nothing", 404),
    users=1,
)
case(
    "take all back without the scope",
    delete("/shares/bob/", 403, by="bob"),
    delete("/shares/bob/", 403, by=None),
    delete("/shares/bob/", 404, ME, by="alice"),
)

# API-62.
case("list of an owner without any", get("/shares/{u}", 200), get("/shares/{u}/", 200), users=1)
case("list of nobody", get("/shares/nobody", 404), get("/shares/{u}/lab", 404), users=1)
case(
    "list without the scope",
    get("/shares/alice", 404, ME, by="bob"),
    get("/shares/alice", 403, by=None),
    get("/shares/alice", 403, "requires any of [read:shares]", by="service:grader"),
    get("/shares/bob", 200, by="bob"),
    get("/shares/bob/", 200, by="boss[read:shares!server=bob/]"),
    get("/shares/bob", 404, ME, by="boss[read:shares!server=bob/]"),
)

# API-66…API-69.
case(
    "shared with a user",
    post("/shares/{u}/", 200, json={"user": "bob"}),
    get("/users/bob/shared", 200, by="bob"),
    get("/users/bob/shared/{u}/", 200, by="bob"),
    get("/users/bob/shared/{u}/lab", 404),
    get("/users/bob/shared/alice/", 404, "No such share for user bob"),
    get("/users/carol/shared/{u}/", 404, "No such share for user carol"),
    get("/users/nobody/shared", 404),
    users=1,
)
case(
    "shared with a user, without the scope",
    get("/users/bob/shared", 404, ME, by="alice"),
    get("/users/bob/shared", 403, by=None),
    get("/users/bob/shared", 403, "requires any of [read:users:shares]", by="service:grader"),
    get("/users/bob/shared/alice/", 404, ME, by="alice"),
)
case(
    "a user leaves a share",
    post("/shares/{u}/", 200, json={"user": "bob"}),
    delete("/users/bob/shared/{u}/", 204, by="bob"),
    delete("/users/bob/shared/{u}/", 404, "No such share", by="bob"),
    get("/shares/{u}/", 200),
    delete("/users/bob/shared/{u}/", 404, ME, by="alice"),
    delete("/users/bob/shared/{u}/", 403, by=None),
    users=1,
)
case(
    "shared with a group",
    post("/shares/{u}/", 200, json={"group": "lab"}),
    get("/groups/lab/shared", 200),
    get("/groups/lab/shared/{u}/", 200),
    get("/groups/class/shared/{u}/", 404, "No such share for group"),
    get("/groups/nothing/shared", 404),
    get("/users/bob/shared", 200, by="bob"),
    get("/users/bob/shared/{u}/", 404),
    users=1,
)
case(
    "shared with a group, without the scope",
    get("/groups/lab/shared", 403, "requires any of [read:groups:shares]", by="bob"),
    get("/groups/lab/shared", 403, by=None),
    get("/groups/lab/shared", 404, ME, by="boss[read:groups:shares!group=class]"),
)
case(
    "a group leaves a share",
    post("/shares/{u}/", 200, json={"group": "lab"}),
    delete("/groups/lab/shared/{u}/", 204),
    delete("/groups/lab/shared/{u}/", 404),
    delete("/groups/lab/shared/{u}/", 403, by="bob"),
    get("/shares/{u}/", 200),
    users=1,
)

# RB-72.
case(
    "share goes with its server",
    LAB,
    post("/shares/{u}/lab", 200, json={"user": "bob"}),
    delete("/users/{u}/servers/lab", 204, json={"remove": True}),
    get("/users/bob/shared", 200),
    get("/user", 200, by="bob"),
    users=1,
)
case(
    "share goes with its owner",
    post("/shares/{u}/", 200, json={"user": "bob"}),
    delete("/users/{u}", 204),
    get("/users/bob/shared", 200),
    users=1,
)
case(
    "share goes with the user it was for",
    post("/shares/{u}/", 200, json={"user": "{u2}"}),
    delete("/users/{u2}", 204),
    get("/shares/{u}", 200),
    users=2,
)
case(
    "share goes with the group it was for",
    post("/groups/{g}", 201, json={}),
    post("/shares/{u}/", 200, json={"group": "{g}"}),
    delete("/groups/{g}", 204),
    get("/shares/{u}", 200),
    users=1,
)
case(
    "share follows a renamed server",
    LAB,
    post("/shares/{u}/lab", 200, json={"user": "bob"}),
    patch("/users/{u}/servers/lab", 200, json={"name": "den"}),
    get("/users/bob/shared", 200),
    get("/user", 200, by="bob"),
    get("/shares/{u}/den", 200),
    users=1,
)
case(
    "share follows a renamed owner",
    post("/shares/{u}/", 200, json={"user": "bob"}),
    patch("/users/{u}", 200, json={"name": "{n}"}),
    get("/users/bob/shared", 200),
    get("/user", 200, by="bob"),
    users=1,
    unborn=1,
)
case(
    "share gives access",
    post("/users/{u}/server", 201),
    page("/hub/user/{u}/", 404, by="@bob", body=False),
    post("/shares/{u}/", 200, json={"user": "bob"}),
    get("/users/{u}", 404, by="@bob"),
    delete("/users/{u}/server", 404, by="@bob"),
    post("/shares/{u}/", 200, json={"user": "bob", "scopes": ["read:servers"]}),
    get("/users/{u}", 404, by="@bob"),
    get("/users/{u}/server", 200, by="@bob"),
    delete("/users/{u}/server", 404, by="@bob"),
    delete("/users/{u}/server", 204),
    users=1,
)
case(
    "shared right to start",
    post("/shares/{u}/", 200, json={"user": "bob", "scopes": ["access:servers", "servers"]}),
    post("/users/{u}/server", 201, by="@bob"),
    get("/users/{u}/server", 200, by="@bob"),
    delete("/users/{u}/server", 204, by="@bob"),
    users=1,
)
case(
    "shared rights with a token",
    post("/shares/{u}/", 200, json={"user": "bob", "scopes": ["servers"]}),
    get("/users/{u}/server", 404, by="bob"),
    users=1,
)

# API-70…API-72.
CODE = {"code": "code", "id": "id"}
case(
    "make a code",
    post("/share-codes/{u}/", 200, json={}, keep=CODE),
    get("/share-codes/{u}", 200),
    get("/share-codes/{u}/", 200),
    users=1,
)
case("make a code without a body", post("/share-codes/{u}/", 200, raw=b""), users=1)
case(
    "make a code for a named server",
    LAB,
    post("/share-codes/{u}/lab", 200, json={"scopes": ["read:servers"]}, keep=CODE),
    get("/share-codes/{u}/lab", 200),
    get("/share-codes/{u}", 200),
    users=1,
)
case(
    "make a code for one's own",
    post("/share-codes/alice/", 200, by="alice", json={}, keep=CODE),
    delete("/share-codes/alice/?code={code}", 204, by="alice"),
)
for seconds, status in (
    (60, 200),
    (59, 400),
    (31536000, 200),
    (31536001, 400),
    (0, 400),
    (-5, 400),
    ("60", 200),
    (None, 400),
    (90.5, 400),
):
    case(
        f"make a code for {seconds!r} seconds", post("/share-codes/{u}/", status, json={"expires_in": seconds}), users=1
    )
case(
    "make a code with wrong bodies",
    post("/share-codes/{u}/", 400, json={"colour": 1}),
    post("/share-codes/{u}/", 400, json={"scopes": "x"}),
    post("/share-codes/{u}/", 400, "not allowed", json={"scopes": ["access:servers!user=bob"]}),
    users=1,
)
case("make a code with an unknown scope", post("/share-codes/{u}/", 500, json={"scopes": ["nonsense"]}), users=1)
case(
    "make a code for what is not there",
    post("/share-codes/{u}/lab", 404, json={}),
    post("/share-codes/nobody/", 404, json={}),
    post("/share-codes/{u}", 405, json={}),
    users=1,
)
case(
    "make a code without the scope",
    post("/share-codes/bob/", 403, "requires any of [shares]", by="bob", json={}),
    post("/share-codes/bob/", 403, by=None, json={}),
    post("/share-codes/bob/", 404, ME, by="alice", json={}),
    post(
        "/share-codes/bob/",
        403,
        "Do not have permission",
        by="boss[shares!user=bob]",
        json={"scopes": ["start:servers"]},
    ),
)
case(
    "list codes",
    post("/share-codes/{u}/", 200, json={}),
    post("/share-codes/{u}/", 200, json={}),
    get("/share-codes/{u}?limit=1", 200, headers=PAGES),
    get("/share-codes/{u}?limit=1", 200),
    get("/share-codes/{u}?limit=1&offset=1", 200),
    users=1,
)
case(
    "list codes of nobody",
    get("/share-codes/nobody", 404),
    get("/share-codes/{u}/lab", 404),
    get("/share-codes/{u}", 200),
    users=1,
)
case(
    "list codes without the scope",
    get("/share-codes/alice", 404, ME, by="bob"),
    get("/share-codes/alice", 403, by=None),
    get("/share-codes/alice", 403, by="service:grader"),
)
case(
    "remove a code",
    post("/share-codes/{u}/", 200, json={}, keep=CODE),
    delete("/share-codes/{u}/?code={code}", 204),
    get("/share-codes/{u}", 200),
    delete("/share-codes/{u}/?code={code}", 404, "No matching code found"),
    users=1,
)
case(
    "remove a code by its id",
    post("/share-codes/{u}/", 200, json={}, keep=CODE),
    delete("/share-codes/{u}/?id={id}", 204),
    get("/share-codes/{u}", 200),
    delete("/share-codes/{u}/?id={id}", 404, "No code found matching id="),
    delete("/share-codes/{u}/?id=nonsense", 404),
    users=1,
)
case(
    "remove all codes",
    post("/share-codes/{u}/", 200, json={}),
    post("/share-codes/{u}/", 200, json={}),
    delete("/share-codes/{u}/", 204),
    get("/share-codes/{u}", 200),
    delete("/share-codes/{u}/", 204),
    users=1,
)
case(
    "remove a code without the scope",
    delete("/share-codes/bob/?code=x", 403, by="bob"),
    delete("/share-codes/bob/", 403, by=None),
    delete("/share-codes/bob/", 404, ME, by="alice"),
    delete("/share-codes/{u}", 405),
    users=1,
)

# PG-95, PG-96.
case(
    "accept a code",
    post("/share-codes/{u}/", 200, json={}, keep=CODE),
    page("/hub/accept-share?code={code}", 302),
    login("carol"),
    page("/hub/accept-share?code={code}", 200, "{u}", by="~", fields=True),
    submit("/hub/accept-share", 302, form={"_xsrf": XSRF, "code": "{code}"}),
    get("/users/carol/shared", 200),
    get("/user", 200, by="carol"),
    get("/share-codes/{u}", 200),
    submit("/hub/accept-share", 302, form={"_xsrf": XSRF, "code": "{code}"}),
    get("/share-codes/{u}", 200),
    page("/hub/user/{u}/", 503, by="~", body=False),
    users=1,
)
case(
    "accept a code and go on",
    post("/share-codes/{u}/", 200, json={}, keep=CODE),
    login("carol"),
    submit("/hub/accept-share?next=%2Fuser%2F{u}%2Flab%3Fx%3D1", 302, form={"_xsrf": XSRF, "code": "{code}"}),
    submit("/hub/accept-share?next=https%3A%2F%2Fevil.test%2F", 302, form={"_xsrf": XSRF, "code": "{code}"}),
    users=1,
)
case(
    "accept a code of a named server",
    LAB,
    post("/share-codes/{u}/lab", 200, json={}, keep=CODE),
    login("carol"),
    submit("/hub/accept-share", 302, form={"_xsrf": XSRF, "code": "{code}"}),
    users=1,
)
case(
    "accept a wrong code",
    login("carol"),
    page("/hub/accept-share?code=nonsense", 404, by="~"),
    page("/hub/accept-share", 400, by="~"),
    submit("/hub/accept-share", 400, form={"_xsrf": XSRF, "code": "nonsense"}),
    submit("/hub/accept-share", 400, form={"_xsrf": XSRF}),
)
case(
    "accept one's own code",
    post("/share-codes/alice/", 200, json={}, keep=CODE),
    page("/hub/accept-share?code={code}", 403, by="@alice"),
    login("alice"),
    submit("/hub/accept-share", 400, form={"_xsrf": XSRF, "code": "{code}"}),
    delete("/share-codes/alice/?code={code}", 204),
)
case(
    "accept without the XSRF token",
    post("/share-codes/{u}/", 200, json={}, keep=CODE),
    login("carol"),
    submit("/hub/accept-share", 403, form={"code": "{code}"}),
    get("/shares/{u}", 200),
    users=1,
)
case(
    "accept a removed code",
    post("/share-codes/{u}/", 200, json={}, keep=CODE),
    delete("/share-codes/{u}/?code={code}", 204),
    login("carol"),
    page("/hub/accept-share?code={code}", 404, by="~"),
    submit("/hub/accept-share", 400, form={"_xsrf": XSRF, "code": "{code}"}),
    users=1,
)
