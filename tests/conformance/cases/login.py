"""Login, logout, cookies, XSRF (PG-40…PG-55, HD-01…HD-43)."""

from urllib.parse import quote

from case import NAVIGATION, XSRF, Group, Step, delete, get, login, page, post, submit

case = Group("login")
ORIGIN = {"Origin": "https://hub.test"}
CORS = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}


def attempt(status: int, text: str = "", path: str = "/hub/login?next=", **fields):
    form = {"_xsrf": XSRF, "username": "alice", "password": "{password}"} | fields
    return submit(path, status, text, form={name: value for name, value in form.items() if value is not None})


FORM = page("/hub/login", 200, by="~", fields=True)
case(
    "form",
    FORM,
    page("/hub/login?next=%2Fhub%2Fhome", 200, by="~", fields=True),
    page("/hub/login?username=alice", 200, 'value="alice"', by="~"),
)
case("form for a script", Step("GET", "/hub/login", 200, by="~", headers=CORS))
case("form, already logged in", page("/hub/login", 302, by="@alice"))
case(
    "success",
    FORM,
    attempt(302),
    page("/hub/home", 200, by="~"),
    page("/hub/home", 200, by="~"),
    get("/user", 200, by="~"),
)
case("success, going on", FORM, attempt(302, path="/hub/login?next=%2Fuser%2Falice%2Flab%3Fx%3D1"))
for target in ("https://evil.test/", "//evil.test", "\\\\evil.test", "/hub/token?x=1#y", "relative", ""):
    case(f"success, going on to {target!r}", FORM, attempt(302, path=f"/hub/login?next={quote(target, safe='')}"))
case(
    "success with other parameters",
    FORM,
    attempt(302, path="/hub/login?next=&left=abc"),
    page("/hub/logout", 302, by="~"),
)
case("blanks around the name", FORM, attempt(302, username="  alice "), get("/user", 200, by="~"))
case("upper-case name", FORM, attempt(403, username="ALICE"), get("/user", 403, by="~"))
case("blanks around the password", FORM, attempt(403, "Invalid username or password", password="{password} "))
case("wrong password", FORM, attempt(403, "Invalid username or password", password="no"))
case("unknown name", FORM, attempt(403, "Invalid username or password", username="nobody-here"))
case("name that is kept", FORM, attempt(403, 'value="nobody-here"', username="nobody-here"))
case("empty fields", FORM, attempt(403, username=""), FORM, attempt(403, password=""))
case(
    "invalid names",
    FORM,
    attempt(403, username="a/b"),
    FORM,
    attempt(403, username=".."),
    FORM,
    attempt(403, username="<b>"),
)
case("missing password", FORM, attempt(500, password=None))
case("missing name", FORM, attempt(500, username=None))
case("missing XSRF token", FORM, attempt(403, _xsrf=None), page("/hub/home", 302, by="~"))
case("wrong XSRF token", FORM, attempt(403, _xsrf="nonsense"), page("/hub/home", 302, by="~"))
case(
    "XSRF token without its cookie",
    FORM,
    Step(
        "POST",
        "/hub/login",
        403,
        by="~2",
        headers=NAVIGATION | ORIGIN,
        form={"_xsrf": "nonsense", "username": "alice", "password": "{password}"},
    ),
)
case(
    "XSRF token in a header",
    FORM,
    Step(
        "POST",
        "/hub/login",
        302,
        by="~",
        headers=NAVIGATION | ORIGIN | {"X-XSRFToken": XSRF},
        form={"username": "alice", "password": "{password}"},
    ),
)
case(
    "XSRF token in the query",
    FORM,
    Step(
        "POST",
        "/hub/login?_xsrf={_xsrf}",
        302,
        by="~",
        headers=NAVIGATION | ORIGIN,
        form={"username": "alice", "password": "{password}"},
    ),
)
case(
    "malformed multipart body",
    FORM,
    Step(
        "POST",
        "/hub/login",
        400,
        by="~",
        headers=NAVIGATION | ORIGIN | {"Content-Type": "multipart/form-data; boundary=x"},
        raw=b"--x\r\nnonsense",
    ),
)
case(
    "multipart without a boundary",
    FORM,
    Step(
        "POST",
        "/hub/login",
        400,
        by="~",
        headers=NAVIGATION | ORIGIN | {"Content-Type": "multipart/form-data"},
        raw=b"x",
    ),
)
case(
    "another person in the same browser",
    FORM,
    attempt(302),
    page("/hub/login", 302, by="~"),
    page("/hub/logout", 302, by="~"),
    FORM,
    attempt(302, username="bob"),
    get("/user", 200, by="~"),
)

# PG-55.
case(
    "logout",
    login("alice"),
    page("/hub/logout", 302, by="~"),
    page("/hub/home", 302, by="~"),
    get("/user", 403, by="~"),
)
case("logout, anonymous", page("/hub/logout", 302))
case(
    "logout ends the session for good",
    login("alice"),
    page("/hub/home", 200, by="~", keep={"l": "cookie jupyterhub-hub-login"}),
    page("/hub/logout", 302, by="~"),
    get("/user", 403, by="~"),
)

# HD-10…HD-19.
case(
    "nonsense cookies",
    page(
        "/hub/home",
        302,
        headers={"Cookie": "jupyterhub-hub-login=nonsense; __Host-jupyterhub-hub-login=nonsense; _xsrf=nonsense"},
    ),
    get(
        "/user", 403, by=None, headers={"Cookie": "jupyterhub-hub-login=nonsense; __Host-jupyterhub-hub-login=nonsense"}
    ),
)
case(
    "cookies of a second visit",
    login("alice"),
    page("/hub/home", 200, by="~"),
    page("/hub/token", 200, by="~"),
    get("/user", 200, by="~"),
)

# HD-30…HD-43: as a page of the hub would ask, with something changed.
NO_XSRF = {"X-XSRFToken": ""}
case(
    "API by a session",
    get("/user", 200, by="@alice"),
    post("/users/alice/tokens", 201, by="@alice", json={}, keep={"id": "id"}),
    delete("/users/alice/tokens/{id}", 204, by="@alice"),
)
case(
    "API without the XSRF token",
    get("/user", 403, "'_xsrf' argument missing from GET", by="@alice", headers=NO_XSRF),
    post("/users/alice/tokens", 403, "'_xsrf' argument missing from POST", by="@alice", json={}, headers=NO_XSRF),
    delete("/users/alice/tokens/a1", 403, "'_xsrf' argument missing from DELETE", by="@alice", headers=NO_XSRF),
)
case(
    "API with a wrong XSRF token",
    get("/user", 403, "XSRF cookie does not match GET argument", by="@alice", headers={"X-XSRFToken": "nonsense"}),
    post(
        "/users/alice/tokens",
        403,
        "XSRF cookie does not match POST argument",
        by="@alice",
        json={},
        headers={"X-XSRFToken": "nonsense"},
    ),
)
case(
    "API with another session's XSRF token",
    login("bob", "~2"),
    page("/hub/home", 200, by="~2", keep={"x": "cookie _xsrf"}, body=False),
    post("/users/alice/tokens", 403, by="@alice", json={}, headers={"X-XSRFToken": "{x}"}),
)
for mode, status in (
    ("navigate", 200),
    ("websocket", 200),
    (None, 200),
    ("cors", 403),
    ("same-origin", 403),
    ("no-cors", 200),
):
    case(
        f"reading the API, fetch mode {mode}",
        get("/user", status, by="@alice", headers=NO_XSRF | {"Sec-Fetch-Mode": mode, "Origin": None}),
    )
case(
    "reading from another site",
    get("/user", 403, by="@alice", headers=NO_XSRF | {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "cross-site"}),
)
case(
    "writing as a navigation",
    post("/users/alice/tokens", 403, by="@alice", json={}, headers=NO_XSRF | {"Sec-Fetch-Mode": "navigate"}),
    post("/users/alice/tokens", 403, by="@alice", json={}, headers=NO_XSRF | {"Sec-Fetch-Mode": None, "Origin": None}),
)
case(
    "XSRF token in other places",
    post("/users/alice/tokens?_xsrf={_xsrf}", 201, by="@alice", json={}, headers=NO_XSRF, keep={"id": "id"}),
    delete("/users/alice/tokens/{id}", 204, by="@alice", headers=NO_XSRF | {"X-CSRFToken": XSRF}),
)
case(
    "version needs no XSRF token",
    get("", 200, by="@alice", headers=NO_XSRF),
    get("/nope", 404, by="@alice", headers=NO_XSRF),
)
case(
    "types of bodies",
    post("/users", 403, by="@boss", raw=b'{"usernames": ["x"]}', headers={"Content-Type": "text/plain"}),
    post("/users", 400, by="@boss", raw=b"{}", headers={"Content-Type": "application/json; charset=UTF-8"}),
    post("/users", 403, by="@boss", raw=b"usernames=x", headers={"Content-Type": "application/x-www-form-urlencoded"}),
    post("/users", 400, by="@boss", raw=b"{}", headers={"Content-Type": "application/json"}),
    post("/users", 400, by="boss", raw=b"{}", headers={"Content-Type": "text/plain"}),
)
case(
    "errors, as told to scripts",
    get("/users/alice", 403, "Missing or invalid credentials", by=None, headers=CORS),
    get("/users", 403, "requires any of", by="bob", headers=CORS),
    get("/users", 403, "requires any of", by="@bob"),
)
case(
    "page with a token",
    page("/hub/home", 302, by=None, headers={"Authorization": "token grader-token-51c09bd0"}),
    page("/hub/home?token=grader-token-51c09bd0", 302),
)
