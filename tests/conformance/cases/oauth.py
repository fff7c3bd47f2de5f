"""The OAuth provider: authorize, confirm, exchange, PKCE, what the tokens may do (OA-01…OA-18)."""

import base64
import hashlib
from urllib.parse import quote, urlencode

from case import XSRF, Group, Step, delete, get, login, page, post, submit

case = Group("oauth")
OUTSIDE = {
    "client_id": "service-outside",
    "redirect_uri": "https://outside.test/callback",
    "response_type": "code",
    "state": "st-1",
}
TRUSTED = {
    "client_id": "service-trusted",
    "redirect_uri": "https://trusted.test/callback",
    "response_type": "code",
    "state": "st-2",
}
SECRETS = {"service-outside": "outside-secret-9f31", "service-trusted": "trusted-secret-03aa"}
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
S256 = {
    "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("="),
    "code_challenge_method": "S256",
}


def url(parameters: dict, **changes) -> str:
    changed = {name: value for name, value in (parameters | changes).items() if value is not None}
    return "/hub/api/oauth2/authorize?" + urlencode(changed, quote_via=quote, safe="{}")


def authorize(parameters: dict, status: int = 302, text: str = "", by: str | None = "@alice", **changes):
    more = {name: changes.pop(name) for name in ("keep", "fields") if name in changes}
    return page(url(parameters, **changes), status, text, by=by, **more)


def confirm(parameters: dict, scopes: list[str] | None = None, status: int = 302, **changes):
    more = {name: changes.pop(name) for name in ("keep",) if name in changes}
    form = {"_xsrf": XSRF} | ({"scopes": scopes} if scopes else {})
    return submit(url(parameters, **changes), status, form=form, **more)


def exchange(parameters: dict, status: int, text: str = "", by=None, keep=None, **changes):
    form = {
        "client_id": parameters["client_id"],
        "client_secret": SECRETS.get(parameters["client_id"], ""),
        "grant_type": "authorization_code",
        "code": "{code}",
        "redirect_uri": parameters["redirect_uri"],
    } | changes
    form = {name: value for name, value in form.items() if value is not None}
    return Step("POST", "/hub/api/oauth2/token", status, text, by=by, form=form, keep=keep or {})


CODE = {"code": "location code"}

# OA-05…OA-11.
case("authorize, anonymous", authorize(OUTSIDE, 302, by=None))
case("authorize asks", authorize(OUTSIDE, 200, "outside", by="@alice", fields=True))
case(
    "authorize without access",
    authorize(OUTSIDE, 403, "do not have permission to access", by="@dora"),
    authorize(TRUSTED, 403, by="@bob"),
)
case("authorize by a group's role", authorize(OUTSIDE, 200, by="@carol"))
case("authorize as administrator", authorize(OUTSIDE, 200, by="@boss"))
case("authorize without asking", authorize(TRUSTED, 302, keep=CODE))
case("authorize without state", authorize(TRUSTED, 302, state=None, keep=CODE))
for text, changes, status in (
    ("Missing client_id parameter", {"client_id": None}, 400),
    ("Invalid client_id parameter value", {"client_id": "service-nothing"}, 400),
    ("Missing client_id parameter", {"client_id": ""}, 400),
    ("Mismatching redirect URI", {"redirect_uri": "https://evil.test/"}, 400),
    ("Mismatching redirect URI", {"redirect_uri": "https://trusted.test/callback/"}, 400),
    ("Mismatching redirect URI", {"redirect_uri": "https://trusted.test/callback?x=1"}, 400),
    ("", {"redirect_uri": "nonsense"}, 400),
    ("", {"redirect_uri": None}, 302),
):
    case(f"authorize with {changes}", authorize(TRUSTED, status, text, **changes))
for changes in (
    {"response_type": None},
    {"response_type": "token"},
    {"response_type": "nonsense"},
    {"scope": "admin:users"},
    {"scope": "nonsense"},
    {"scope": "read:users!user read:servers!user"},
    {"code_challenge_method": "S256"},
    {"code_challenge": "x", "code_challenge_method": "nonsense"},
):
    case(f"authorize with {changes}", authorize(TRUSTED, 302, **changes))
case("authorize with the hub's own client", authorize({**TRUSTED, "client_id": "jupyterhub"}, 400))
case(
    "authorize with identify",
    authorize(TRUSTED, 302, scope="identify", keep=CODE),
    exchange(TRUSTED, 200, keep={"t": "access_token"}),
    get("/user", 200, by="token:{t}"),
)
case(
    "authorize by POST without the XSRF token", login("alice"), submit(url(TRUSTED), 403, form={"scopes": ["inherit"]})
)
case("authorize by POST, anonymous", submit(url(TRUSTED), 403, form={"scopes": ["inherit"]}))

# OA-09, OA-12…OA-14.
case(
    "confirm and exchange",
    login("alice"),
    authorize(OUTSIDE, 200, by="~", fields=True),
    confirm(OUTSIDE, ["read:users:activity!user", "read:servers!user", "tokens!user"], keep=CODE),
    exchange(OUTSIDE, 200, keep={"t": "access_token"}),
    get("/user", 200, by="token:{t}"),
    get("/users/alice", 200, by="token:{t}"),
    get("/users/bob", 404, by="token:{t}"),
    get("/users/alice/tokens", 200, by="token:{t}", body=False),
    authorize(OUTSIDE, 302, by="~", keep={"code2": "location code"}),
    page("/hub/token", 200, "outside", by="~", body=False),
    page("/hub/logout", 302, by="~"),
    get("/user", 403, by="token:{t}"),
)
case(
    "confirm nothing",
    login("alice"),
    confirm(OUTSIDE, keep=CODE),
    exchange(OUTSIDE, 200, keep={"t": "access_token"}),
    get("/user", 200, by="token:{t}"),
    page("/hub/logout", 302, by="~"),
)
case(
    "confirm a part",
    login("alice"),
    confirm(OUTSIDE, ["read:servers!user"], keep=CODE),
    exchange(OUTSIDE, 200, keep={"t": "access_token"}),
    get("/user", 200, by="token:{t}"),
    page("/hub/logout", 302, by="~"),
)
case(
    "confirm more than is allowed",
    login("alice"),
    confirm(OUTSIDE, ["admin:users"]),
    confirm(OUTSIDE, ["inherit"]),
    confirm(OUTSIDE, ["nonsense"]),
    page("/hub/logout", 302, by="~"),
)
case(
    "ask for a part",
    login("alice"),
    authorize(OUTSIDE, 200, by="~", scope="read:servers!user", fields=True),
    confirm(OUTSIDE, ["read:servers!user"], scope="read:servers!user", keep=CODE),
    exchange(OUTSIDE, 200),
    page("/hub/logout", 302, by="~"),
)
case(
    "client that the user holds no scopes for",
    login("carol"),
    confirm(OUTSIDE, ["read:users:activity!user", "tokens!user"], keep=CODE),
    exchange(OUTSIDE, 200),
    page("/hub/logout", 302, by="~"),
)

case(
    "exchange twice",
    authorize(TRUSTED, 302, keep=CODE),
    exchange(TRUSTED, 200, keep={"t": "access_token"}),
    exchange(TRUSTED, 400, "invalid_grant"),
    get("/user", 200, by="token:{t}"),
)
for text, status, changes in (
    ("invalid_client", 401, {"client_secret": "wrong"}),
    ("invalid_client", 401, {"client_secret": ""}),
    ("invalid_client", 401, {"client_secret": None}),
    ("invalid_client", 401, {"client_id": "service-nothing"}),
    ("", 401, {"client_id": None}),
    ("invalid_grant", 400, {"code": "nonsense"}),
    ("invalid_request", 400, {"code": None}),
    ("unsupported_grant_type", 400, {"grant_type": "password"}),
    ("", 400, {"grant_type": None}),
    ("", 400, {"grant_type": "client_credentials"}),
    ("unauthorized_client", 400, {"grant_type": "refresh_token", "refresh_token": "x"}),
    ("", 400, {"redirect_uri": "https://evil.test/"}),
    ("", 200, {"redirect_uri": None}),
    ("invalid_client", 401, {"client_id": "service-outside"}),
    ("invalid_grant", 400, {"client_id": "service-outside", "client_secret": "outside-secret-9f31"}),
):
    case(f"exchange with {changes}", authorize(TRUSTED, 302, keep=CODE), exchange(TRUSTED, status, text, **changes))
case("exchange with no body", Step("POST", "/hub/api/oauth2/token", 400, by=None, raw=b""))
case("exchange as JSON", Step("POST", "/hub/api/oauth2/token", 400, by=None, json={"grant_type": "authorization_code"}))
case(
    "exchange with the client's token as well",
    authorize(TRUSTED, 302, keep=CODE),
    exchange(TRUSTED, 200, by="service:trusted"),
)
case(
    "exchange with credentials in the header",
    authorize(TRUSTED, 302, keep=CODE),
    Step(
        "POST",
        "/hub/api/oauth2/token",
        401,
        by=None,
        headers={"Authorization": "Basic " + base64.b64encode(b"service-trusted:trusted-secret-03aa").decode()},
        form={"grant_type": "authorization_code", "code": "{code}", "redirect_uri": TRUSTED["redirect_uri"]},
    ),
)

# OA-15.
PLAIN = {"code_challenge": VERIFIER, "code_challenge_method": "plain"}
for name, asked, told, status, text in (
    ("S256, right verifier", S256, {"code_verifier": VERIFIER}, 200, ""),
    ("S256, wrong verifier", S256, {"code_verifier": "x" * 43}, 400, "invalid_grant"),
    ("S256, no verifier", S256, {}, 400, "invalid_request"),
    ("S256, short verifier", S256, {"code_verifier": "x"}, 400, ""),
    ("plain, right verifier", PLAIN, {"code_verifier": VERIFIER}, 200, ""),
    ("plain, wrong verifier", PLAIN, {"code_verifier": "y" * 43}, 400, "invalid_grant"),
    ("plain by default", {"code_challenge": VERIFIER}, {"code_verifier": VERIFIER}, 200, ""),
    ("verifier without a challenge", {}, {"code_verifier": VERIFIER}, 200, ""),
):
    case(f"PKCE, {name}", authorize(TRUSTED, 302, keep=CODE, **asked), exchange(TRUSTED, status, text, **told))


def own_server(name: str, server: str = "") -> tuple[dict, list]:
    """Returns the OAuth parameters of somebody's server, and the requests that start it and learn its secret."""
    path = f"/user/{name}/{server}/" if server else f"/user/{name}/"
    parameters = {
        "client_id": f"jupyterhub-user-{name}" + (f"-{server}" if server else ""),
        "redirect_uri": f"{path}oauth_callback",
        "response_type": "code",
        "state": "st-3",
    } | S256
    start = f"/users/{name}/servers/{server}"
    return parameters, [
        post(start, 201),
        Step("GET", f"{path}env", 200, by=None, body=False, keep={"secret": "JUPYTERHUB_API_TOKEN"}),
    ]


# OA-03, OA-06, OA-08: servers.
ALICE, START = own_server("alice")
WITH = {"client_secret": "{secret}", "code_verifier": VERIFIER}
case(
    "own server",
    START,
    authorize(ALICE, 302, keep=CODE),
    exchange(ALICE, 200, keep={"t": "access_token"}, **WITH),
    get("/user", 200, by="token:{t}"),
    get("/users/alice/tokens", 200, body=False),
    delete("/users/alice/server", 204),
    get("/user", 403, by="token:{t}"),
    authorize(ALICE, 400),
)
LAB, START_LAB = own_server("alice", "lab")
case(
    "own named server",
    START_LAB,
    authorize(LAB, 302, keep=CODE),
    exchange(LAB, 200, keep={"t": "access_token"}, **WITH),
    get("/user", 200, by="token:{t}"),
    delete("/users/alice/servers/lab", 204, json={"remove": True}),
    get("/user", 403, by="token:{t}"),
)
case(
    "server of another",
    START,
    authorize(ALICE, 403, by="@bob"),
    authorize(ALICE, 302, by=None),
    authorize(ALICE, 200, "/user/alice/", by="@boss", fields=True),
    authorize(ALICE, 200, by="@dora", fields=True),
    delete("/users/alice/server", 204),
)
case(
    "server of another, confirmed",
    START,
    login("dora"),
    confirm(ALICE, keep=CODE),
    exchange(ALICE, 200, keep={"t": "access_token"}, **WITH),
    get("/user", 200, by="token:{t}"),
    get("/users/alice", 404, by="token:{t}"),
    delete("/users/alice/server", 204),
    get("/user", 403, by="token:{t}"),
    page("/hub/logout", 302, by="~"),
)
case(
    "shared server",
    START,
    post("/shares/alice/", 200, json={"user": "bob"}),
    login("bob"),
    authorize(ALICE, 200, by="~", fields=True),
    confirm(ALICE, keep=CODE),
    exchange(ALICE, 200, keep={"t": "access_token"}, **WITH),
    get("/user", 200, by="token:{t}"),
    delete("/shares/alice/", 204),
    get("/user", 200, by="token:{t}"),
    authorize(ALICE, 403, by="~"),
    delete("/users/alice/server", 204),
    page("/hub/logout", 302, by="~"),
)
case(
    "server shared with a group",
    START,
    post("/shares/alice/", 200, json={"group": "lab"}),
    login("carol"),
    confirm(ALICE, keep=CODE),
    exchange(ALICE, 200, keep={"t": "access_token"}, **WITH),
    get("/user", 200, by="token:{t}"),
    delete("/shares/alice/", 204),
    delete("/users/alice/server", 204),
    page("/hub/logout", 302, by="~"),
)
case("server that does not run", authorize(ALICE, 400, "Invalid client_id parameter value"))
case(
    "server's redirect elsewhere",
    START,
    authorize(ALICE, 400, "Mismatching redirect URI", redirect_uri="/user/alice/other"),
    authorize(ALICE, 400, redirect_uri="https://evil.test/user/alice/oauth_callback"),
    authorize(ALICE, 400, redirect_uri="/user/bob/oauth_callback"),
    delete("/users/alice/server", 204),
)
case(
    "two logins at once",
    START,
    login("alice", "~"),
    authorize(ALICE, 302, by="~", keep={"c1": "location code"}),
    authorize(ALICE, 302, by="~", keep={"c2": "location code"}),
    exchange(ALICE, 200, code="{c2}", **WITH),
    exchange(ALICE, 200, code="{c1}", **WITH),
    delete("/users/alice/server", 204),
    page("/hub/logout", 302, by="~"),
)
case(
    "token of a server goes with all of its client",
    START,
    login("alice", "~"),
    authorize(ALICE, 302, by="~", keep={"c1": "location code"}),
    exchange(ALICE, 200, code="{c1}", keep={"t1": "access_token"}, **WITH),
    get("/user", 200, by="token:{t1}", keep={"id": "token_id"}),
    authorize(ALICE, 302, by="~", keep={"c2": "location code"}),
    exchange(ALICE, 200, code="{c2}", keep={"t2": "access_token"}, **WITH),
    delete("/users/alice/tokens/{id}", 204),
    get("/user", 403, by="token:{t1}"),
    get("/user", 403, by="token:{t2}"),
    delete("/users/alice/server", 204),
    page("/hub/logout", 302, by="~"),
)
