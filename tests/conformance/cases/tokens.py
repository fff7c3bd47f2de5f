"""Tokens: listed, made, shown, revoked; what they may hold and who may make them (API-36…API-40, RB-36)."""

from case import Group, delete, get, page, post

case = Group("tokens")
ME = "No access to resources or resources not found"
MAKE = "not found or no permissions to generate tokens"

# API-37.
case(
    "make",
    post("/users/{u}/tokens", 201, json={}, keep={"t": "token", "id": "id"}),
    get("/users/{u}/tokens/{id}", 200),
    get("/user", 200, by="token:{t}"),
    users=1,
)
case("make without a body", post("/users/{u}/tokens", 201, raw=b""), users=1)
case(
    "make for oneself",
    post("/users/alice/tokens", 201, by="alice", json={}, keep={"id": "id"}),
    delete("/users/alice/tokens/{id}", 204, by="alice"),
)
case(
    "make by a session",
    post("/users/alice/tokens", 201, by="@alice", json={"note": "n"}, keep={"id": "id"}),
    delete("/users/alice/tokens/{id}", 204, by="@alice"),
)
case("make with a note", post("/users/{u}/tokens", 201, json={"note": "for the cluster"}), users=1)
case("make with an odd note", post("/users/{u}/tokens", 201, json={"note": "<b>ä\u202e&"}), users=1)
case(
    "make with notes of other kinds",
    post("/users/{u}/tokens", 201, json={"note": None}),
    post("/users/{u}/tokens", 201, json={"note": ""}),
    users=1,
)
for seconds, status, text in (
    (60, 201, ""),
    (None, 201, ""),
    (0, 400, "expires_in must be a positive integer"),
    (-1, 400, "expires_in must be a positive integer"),
    (1.5, 400, "expires_in must be null or integer"),
    ("60", 400, "expires_in must be null or integer"),
    ([], 400, "expires_in must be null or integer"),
    (7776000, 201, ""),
    (7776001, 400, "must not exceed"),
    (10**12, 400, "must not exceed"),
):
    case(
        f"make with expires_in {seconds!r}",
        post("/users/{u}/tokens", status, text, json={"expires_in": seconds}),
        users=1,
    )
for scopes, status, text in (
    (["self"], 201, ""),
    (["inherit"], 201, ""),
    ([], 201, ""),
    (None, 201, ""),
    (["read:users!user"], 201, ""),
    (["users:activity!user"], 201, ""),
    (["servers"], 400, "not held by User"),
    (["read:users"], 400, "not held by User"),
    (["servers!user={u}"], 201, ""),
    (["servers!user=alice"], 400, "not held by User"),
    (["servers!server={u}/lab"], 201, ""),
    (["access:servers!server={u}/"], 201, ""),
    (["admin:users"], 400, "not held by User"),
    (["nonsense"], 400, "nonsense"),
    (["read:users!planet=earth"], 400, ""),
    (["read:users!user="], 400, ""),
    (["tokens!group=class"], 400, ""),
    ("self", 400, "token scopes must be null or a list of strings"),
    ([1], 400, "token scopes must be null or a list"),
    ({"a": 1}, 400, "token scopes must be null or a list"),
    (["self", "inherit"], 201, ""),
    (["all"], 400, "inherit"),
    (["custom:grades:read"], 400, ""),
    (["read:tokens!user", "read:servers!user"], 201, ""),
    (["read:users:name!service=grader"], 400, ""),
):
    case(f"make with scopes {scopes}", post("/users/{u}/tokens", status, text, json={"scopes": scopes}), users=1)
for roles, status, text in (
    (["user"], 201, ""),
    (["token"], 201, ""),
    (["server"], 201, ""),
    (["admin"], 400, "not held by User"),
    (["nonsense"], 400, ""),
    ("user", 400, ""),
    ([], 201, ""),
    (["teacher"], 400, ""),
):
    case(f"make with roles {roles}", post("/users/{u}/tokens", status, text, json={"roles": roles}), users=1)
case(
    "make with roles and scopes", post("/users/{u}/tokens", 400, json={"roles": ["user"], "scopes": ["self"]}), users=1
)
case(
    "make with a body of another kind",
    post("/users/{u}/tokens", 400, "Body must be a JSON dict or empty", json=["x"]),
    post("/users/{u}/tokens", 400, "Invalid JSON", raw=b"{"),
    users=1,
)
case(
    "make for nobody",
    post("/users/nobody/tokens", 403, MAKE, json={}),
    post("/users/nobody/tokens", 403, MAKE, by="alice", json={}),
)
case(
    "make for someone else",
    post("/users/{u}/tokens", 403, MAKE, by="alice", json={}),
    post("/users/{u}/tokens", 201, by="boss[tokens!user={u}]", json={}, keep={"t": "token"}),
    get("/user", 200, by="token:{t}"),
    users=1,
)
case(
    "make without the scope",
    post("/users/alice/tokens", 403, MAKE, by="service:grader", json={}),
    post("/users/alice/tokens", 403, MAKE, by="alice[read:tokens!user]", json={}),
    post("/users/alice/tokens", 403, by=None, json={}),
)
case(
    "make by a token of limited scopes",
    post("/users/{u}/tokens", 201, json={"scopes": ["tokens!user", "read:users!user"]}, keep={"t": "token"}),
    post("/users/{u}/tokens", 201, by="token:{t}", json={"scopes": ["servers!user"]}),
    post("/users/{u}/tokens", 201, by="token:{t}", json={"scopes": ["read:users!user"]}),
    post("/users/{u}/tokens", 201, by="token:{t}", json={}),
    users=1,
)
case(
    "make by password",
    post(
        "/users/alice/tokens",
        201,
        by=None,
        json={"auth": {"username": "alice", "password": "{password}"}},
        keep={"id": "id"},
    ),
    delete("/users/alice/tokens/{id}", 204),
)
case(
    "make by a wrong password",
    post("/users/alice/tokens", 403, by=None, json={"auth": {"username": "alice", "password": "no"}}),
    post("/users/alice/tokens", 403, by=None, json={"auth": {"username": "alice"}}),
)
case(
    "make by somebody else's password",
    post("/users/bob/tokens", 403, by=None, json={"auth": {"username": "alice", "password": "{password}"}}),
)
case(
    "make by a form of credentials of the wrong kind", post("/users/alice/tokens", 403, by=None, json={"auth": "alice"})
)
case(
    "owner loses rights, token loses them",
    post("/users/{u}/tokens", 201, json={}, keep={"t": "token"}),
    get("/user", 200, by="token:{t}"),
    post("/groups/lab/users", 200, json={"users": ["{u}"]}, body=False),
    get("/info", 200, by="token:{t}"),
    get("/user", 200, by="token:{t}"),
    delete("/groups/lab/users", 200, json={"users": ["{u}"]}, body=False),
    get("/info", 403, by="token:{t}"),
    get("/user", 200, by="token:{t}"),
    users=1,
)
case(
    "token of limited scopes follows its owner",
    post("/groups/lab/users", 200, json={"users": ["{u}"]}, body=False),
    post("/users/{u}/tokens", 201, json={"scopes": ["read:hub"]}, keep={"t": "token", "id": "id"}),
    get("/info", 200, by="token:{t}"),
    get("/users/{u}/tokens/{id}", 200),
    delete("/groups/lab/users", 200, json={"users": ["{u}"]}, body=False),
    get("/info", 403, by="token:{t}"),
    get("/user", 200, by="token:{t}"),
    get("/users/{u}/tokens/{id}", 200),
    users=1,
)

# API-36, API-39.
case(
    "list",
    post("/users/{u}/tokens", 201, json={"note": "one"}),
    post("/users/{u}/tokens", 201, json={"note": "two", "expires_in": 600}),
    get("/users/{u}/tokens", 200),
    users=1,
)
case(
    "list by the owner",
    post("/users/{u}/tokens", 201, json={"note": "one"}, keep={"t": "token"}),
    get("/users/{u}/tokens", 200, by="token:{t}"),
    users=1,
)
case(
    "list of nobody",
    get("/users/nobody/tokens", 404, "No such user: nobody"),
    get("/users/nobody/tokens", 404, ME, by="alice"),
)
case(
    "list of someone else",
    get("/users/bob/tokens", 404, ME, by="alice"),
    get("/users/{u}/tokens", 200, by="boss[read:tokens!user={u}]"),
    users=1,
)
case(
    "list without the scope",
    get("/users/alice/tokens", 403, "requires any of [read:tokens]", by="service:grader"),
    get("/users/alice/tokens", 403, by=None),
    get("/users/alice/tokens", 403, by="alice[read:users!user]"),
)
case(
    "show what is not there",
    get("/users/{u}/tokens/a999999", 404, "No such token a999999 for user"),
    get("/users/{u}/tokens/x", 404, "No such token"),
    get("/users/{u}/tokens/999999", 404),
    users=1,
)
case(
    "show a token of another",
    post("/users/{u}/tokens", 201, json={}, keep={"id": "id"}),
    get("/users/alice/tokens/{id}", 404, "No such token"),
    get("/users/{u}/tokens/{id}", 404, ME, by="alice"),
    get("/users/{u}/tokens/{id}", 403, by=None),
    get("/users/{u}/tokens/{id}", 200, by="boss[read:tokens]"),
    users=1,
)

# API-40.
case(
    "revoke",
    post("/users/{u}/tokens", 201, json={}, keep={"t": "token", "id": "id"}),
    delete("/users/{u}/tokens/{id}", 204),
    get("/user", 403, by="token:{t}"),
    get("/users/{u}/tokens/{id}", 404),
    delete("/users/{u}/tokens/{id}", 404),
    users=1,
)
case(
    "revoke itself",
    post("/users/{u}/tokens", 201, json={}, keep={"t": "token", "id": "id"}),
    delete("/users/{u}/tokens/{id}", 204, by="token:{t}"),
    get("/user", 403, by="token:{t}"),
    users=1,
)
case(
    "revoke what is not there",
    delete("/users/{u}/tokens/a999999", 404, "No such token"),
    delete("/users/nobody/tokens/a1", 404),
    users=1,
)
case(
    "revoke a token of another",
    post("/users/{u}/tokens", 201, json={}, keep={"id": "id"}),
    delete("/users/alice/tokens/{id}", 404),
    delete("/users/{u}/tokens/{id}", 404, ME, by="alice"),
    delete("/users/{u}/tokens/{id}", 403, by=None),
    delete("/users/{u}/tokens/{id}", 403, by="boss[read:tokens]"),
    delete("/users/{u}/tokens/{id}", 204, by="boss[tokens!user={u}]"),
    users=1,
)
case(
    "expire",
    post("/users/{u}/tokens", 201, json={"expires_in": 1}, keep={"t": "token", "id": "id"}),
    get("/user", 403, by="token:{t}", until=("status", 403)),
    get("/users/{u}/tokens", 200),
    get("/users/{u}/tokens/{id}", 404),
    users=1,
)

case(
    "administrator's access the old way",
    post("/users/alice/admin-access", 403, "admin access to user servers disabled"),
    post("/users/alice/admin-access", 403, by=None),
)
case(
    "page of tokens",
    page("/hub/token", 200, "request-token-form", by="@alice", body=False),
    page("/hub/token", 302, by=None),
)
