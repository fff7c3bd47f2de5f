"""Pages: who sees which, where they lead, what a stopped server answers (PG-01…PG-28, PG-55…PG-88)."""

from urllib.parse import quote

from case import XSRF, Group, Step, api, delete, get, login, page, post, put, submit

case = Group("pages")
LATE = put("/users/alice/servers/late-9", 201)

# PG-01…PG-05, PG-20.
case("root", page("/", 302), page("/?x=1", 302), page("/", 302, by="@alice"))
case(
    "outside the hub",
    page("/anything?q=1", 302),
    page("/home", 302),
    page("/a/b/c", 302),
    page("/tree?x=%2F&y", 302),
    page("/user", 302),
    page("/services", 302),
    page("/login", 302),
)
case("hub without its slash", page("/hub", 301), page("/hub?x=1", 301))
case(
    "user without a slash",
    page("/user/alice", 301),
    page("/user/nobody", 301),
    page("/services/grader", 301),
    page("/user/alice?x=1", 301),
)
case(
    "user without a hub prefix",
    page("/user/alice/", 302),
    page("/user/alice/lab?x=1", 302),
    page("/user/nobody/a/b", 302),
)
case("hub, anonymous", page("/hub/", 302), page("/hub/?x=1&y=2", 302))
case("hub, logged in", page("/hub/", 302, by="@alice"), page("/hub/?x=1", 302, by="@alice"))
case(
    "hub, logged in with a server",
    post("/users/alice/server", 201),
    page("/hub/", 302, by="@alice"),
    page("/hub/?x=1", 302, by="@alice"),
    delete("/users/alice/server", 204),
)
for target in (
    "/hub/admin",
    "/user/other",
    "/absolute",
    "/has?query#andhash",
    "/has?repo=https://host.git",
    "/has#repo=https://host.git",
    "relative/path",
    "https://other.domain",
    "ftp://other.domain",
    "//other.domain",
    "///other.domain/triple",
    "\\\\other.domain/backslashes",
    "https://hub.test/other.domain/",
    "https://hub.test//other.domain/",
    "https://hub.test///other.domain/",
    "https://hub.test////other.domain/",
    "",
    "/",
    "javascript:alert(1)",
    "/\\other.domain",
    "https://hub.test@other.domain/",
    "https://hub.test:444/x",
    "http://hub.test/x",
    "//hub.test/x",
    "/hub/login",
    "https:other.domain",
    " /x",
    "/ä",
    "/user/alice/lab?a=b&c=d",
    "/\t/other.domain",
    "https:///other.domain",
    "/hub/logout",
):
    case(
        f"next {target!r}",
        page(f"/hub/?next={quote(target, safe='%')}", 302, by="@alice"),
        page(f"/hub/login?next={quote(target, safe='%')}", 302, by="@alice"),
    )
case(
    "next with a line break",
    page("/hub/?next=/x%0d%0aSet-Cookie:%20a=b", 500, by="@alice"),
    page("/hub/login?next=/x%0d%0aSet-Cookie:%20a=b", 500, by="@alice"),
)
case(
    "next beside other parameters",
    page("/hub/?next=%2Fhub%2Fhome&left=abc", 302, by="@alice"),
    page("/hub/?left=abc", 302, by="@alice"),
    page("/hub/login?left=abc&_xsrf=x", 302, by="@alice"),
)
case("next that is doubled", page("/hub/?next=%2Fa&next=%2Fb", 302, by="@alice"))

# Login-required pages.
for path in (
    "/hub/home",
    "/hub/spawn",
    "/hub/spawn/alice",
    "/hub/spawn/alice/lab",
    "/hub/token",
    "/hub/admin",
    "/hub/user-redirect/lab?x=1",
    "/hub/user/alice/",
    "/hub/user/alice/lab/tree?x=1",
    "/hub/spawn-pending/alice",
    "/hub/spawn-pending/alice/lab",
    "/hub/accept-share?code=x",
):
    case(f"anonymous at {path}", page(path, 302))
for path in ("/hub/spawn", "/hub/spawn/alice", "/hub/accept-share"):
    case(f"anonymous POST to {path}", submit(path, 403))
for path in ("/hub/home", "/hub/token"):
    case(f"token at {path}", Step("GET", path, 302, by="alice"), page(path, 302, by="alice"))
case("home", page("/hub/home", 200, "alice", by="@alice"), page("/hub/home?x=1", 200, by="@alice"))
case("administration", page("/hub/admin", 200, by="@boss"), page("/hub/admin", 403, by="@alice"))
case(
    "unknown page",
    page("/hub/nope", 404),
    page("/hub/nope", 404, by="@alice"),
    page("/hub/home/", 404, by="@alice"),
    page("/hub/oauth2/authorize", 404),
)
case(
    "unknown page by POST",
    submit("/hub/nope", 403),
    login("alice"),
    submit("/hub/nope", 404, form={"_xsrf": XSRF}),
    submit("/hub/home", 405, form={"_xsrf": XSRF}),
)
case(
    "page by HEAD",
    Step("HEAD", "/hub/login", 405, by=None),
    Step("HEAD", "/hub/", 405, by=None),
    Step("HEAD", "/hub/logo", 200, by=None),
)
case("page by PUT", Step("PUT", "/hub/home", 403, by=None), Step("PUT", "/hub/user/alice/", 403, by=None))
case(
    "error pages",
    page("/hub/error/503?url=%2Fuser%2Falice%2F", 200),
    page("/hub/error/404", 200),
    page("/hub/error/418", 200),
    page("/hub/error/xyz", 404),
)
case(
    "files",
    Step("GET", "/hub/logo", 200, by=None, body=False),
    Step("GET", "/favicon.ico", 200, by=None, body=False),
    Step("GET", "/robots.txt", 404, by=None),
    Step("GET", "/hub/static/nothing.css", 404, by=None),
)
case(
    "report of a browser",
    Step(
        "POST",
        "/hub/security/csp-report",
        403,
        by=None,
        raw=b'{"csp-report": {}}',
        headers={"Content-Type": "application/csp-report"},
    ),
)

# PG-15.
case(
    "to one's own server",
    page("/hub/user-redirect/lab?x=1", 302, by="@alice"),
    page("/hub/user-redirect/", 302, by="@alice"),
    page("/hub/user-redirect/tree/a%20b?x=%2F", 302, by="@alice"),
    page("/user-redirect/lab?x=1", 302, by="@alice"),
)

# PG-80…PG-87.
case(
    "stopped server",
    page("/hub/user/alice/", 503, by="@alice"),
    page("/hub/user/alice/lab/tree?x=1", 503, by="@alice"),
    page("/hub/user/alice", 503, by="@alice"),
)
case(
    "stopped server for a program",
    page("/hub/user/alice/api/contents", 503, "no longer running at", by="@alice"),
    page("/hub/user/alice/x", 503, "no longer running at", by="@alice", headers={"Accept": "application/json"}),
    page("/hub/user/alice/x/api/y", 503, by="@alice"),
    page("/hub/user/alice/apix", 503, by="@alice"),
    Step("GET", "/hub/user/alice/x", 503, by="alice", headers={"Accept": "application/json"}),
    Step("GET", "/hub/user/alice/x", 503, by="alice", headers={"Accept": "application/json, text/html"}),
    Step("GET", "/hub/user/alice/x", 503, by="alice", headers={"Accept": "text/html, application/json"}),
    Step("GET", "/hub/user/alice/x", 503, by="alice"),
)
case(
    "stopped server, other methods",
    api("POST", "", 405, by=None),
    Step("POST", "/hub/user/alice/api/contents", 503, by="alice", json={}),
    Step("PATCH", "/hub/user/alice/api/contents", 503, by="alice", json={}),
    Step("DELETE", "/hub/user/alice/api/contents", 503, by="alice"),
    Step("PUT", "/hub/user/alice/api/contents", 405, by="alice", json={}),
    Step("POST", "/hub/user/alice/api/contents", 403, by=None, json={}),
    Step("POST", "/hub/user/alice/api/contents", 503, by="@alice", json={}),
)
case(
    "server of another",
    page("/hub/user/bob/", 404, by="@alice"),
    page("/hub/user/nobody/", 404, by="@alice"),
    page("/hub/user/bob/", 503, by="@boss"),
    page("/hub/user/bob/", 503, by="@dora"),
    page("/hub/user/carol/", 404, by="@dora"),
    page("/hub/user/nobody/", 404, by="@boss"),
)
case(
    "server of another for a program",
    page("/hub/user/bob/api/x", 404, by="@alice"),
    Step("GET", "/hub/user/bob/api/x", 404, by="alice"),
)
case(
    "server that runs, by way of the hub",
    post("/users/alice/server", 201),
    page("/hub/user/alice/lab?x=1", 302, by="@alice"),
    page("/hub/user/alice/x?redirects=1", 302, by="@alice"),
    page("/hub/user/bob/", 404, by="@alice"),
    page("/hub/user-redirect/x", 302, by="@alice"),
    delete("/users/alice/server", 204),
)
case(
    "server that starts",
    page("/hub/spawn/alice/late-6", 302, by="@alice"),
    page("/hub/user/alice/late-6/x?y=1", 303, by="@alice"),
    page("/hub/spawn-pending/alice/late-6", 200, by="@alice"),
    page("/hub/spawn/alice/late-6?next=%2Fhub%2Fhome", 302, by="@alice"),
    page("/hub/user/alice/late-6/api/x", 503, by="@alice"),
    get("/users/alice/servers/late-6", 200, until=("ready", True)),
    page("/hub/spawn-pending/alice/late-6", 302, by="@alice"),
    page("/hub/spawn-pending/alice/late-6?next=%2Fhub%2Fhome", 302, by="@alice"),
    page("/hub/spawn/alice/late-6", 302, by="@alice"),
    delete("/users/alice/servers/late-6", 204, json={"remove": True}),
)
case(
    "server that failed",
    post("/users/alice/servers/exits-1", 500),
    page("/hub/user/alice/exits-1/x", 303, by="@alice"),
    page("/hub/spawn-pending/alice/exits-1", 500, by="@alice"),
    page("/hub/user/alice/exits-1/api/x", 503, by="@alice"),
    delete("/users/alice/servers/exits-1", 204, json={"remove": True}),
)

# PG-60…PG-66, PG-70…PG-75.
case(
    "start by a visit",
    page("/hub/spawn", 302, by="@alice"),
    get("/users/alice/server", 200, until=("ready", True)),
    page("/hub/spawn", 302, by="@alice"),
    page("/hub/spawn/alice?next=%2Fuser%2Falice%2Fx", 302, by="@alice"),
    page("/hub/spawn-pending/alice", 302, by="@alice"),
    delete("/users/alice/server", 204),
)
case(
    "start by a visit, going on",
    page("/hub/spawn?next=%2Fuser%2Falice%2Flab%3Fx%3D1", 302, by="@alice"),
    get("/users/alice/server", 200, until=("ready", True)),
    delete("/users/alice/server", 204),
)
case(
    "start by a visit with options",
    page("/hub/spawn/alice?opt-size=big&opt-n=1&opt-n=2&other=x", 302, by="@alice"),
    get("/users/alice/server", 200, until=("ready", True)),
    page("/hub/spawn/alice?opt-size=big&other=x", 302, by="@alice"),
    page("/hub/spawn-pending/alice?opt-size=big&other=x", 302, by="@alice"),
    page("/hub/spawn-pending/alice?other=x&next=%2Fhub%2Fhome", 302, by="@alice"),
    delete("/users/alice/server", 204),
    post("/users/alice/server", 201, json={"user_options": {}}),
    delete("/users/alice/server", 204),
)
case(
    "start by a visit with options in the old form",
    page("/hub/spawn/alice?size=big", 302, by="@alice"),
    get("/users/alice/server", 200, until=("ready", True)),
    delete("/users/alice/server", 204),
    post("/users/alice/server", 201, json={"user_options": {}}),
    delete("/users/alice/server", 204),
)
case("start by a visit with an empty option", page("/hub/spawn/alice?opt-=x", 422, by="@alice"))
case(
    "start by a form",
    login("alice"),
    submit("/hub/spawn/alice", 302, form={"_xsrf": XSRF}),
    get("/users/alice/server", 200, until=("ready", True)),
    submit("/hub/spawn/alice", 400, "is already running", form={"_xsrf": XSRF}),
    delete("/users/alice/server", 204),
)
case(
    "start by a form with fields",
    login("alice"),
    submit("/hub/spawn/alice/lab", 302, form={"_xsrf": XSRF, "size": "big", "n": ["1", "2"]}),
    get("/users/alice/servers/lab", 200, until=("ready", True)),
    delete("/users/alice/servers/lab", 204, json={"remove": True}),
)
case(
    "start by a form without the XSRF token",
    login("alice"),
    submit("/hub/spawn/alice", 403, form={}),
    get("/users/alice/server", 200),
)
case(
    "start a named one by a visit",
    page("/hub/spawn/alice/lab?display_name=The%20Lab", 302, by="@alice"),
    get("/users/alice/servers/lab", 200, until=("ready", True)),
    delete("/users/alice/servers/lab", 204, json={"remove": True}),
)
case(
    "start a named one with a bad name",
    page("/hub/spawn/alice/Bad_Name", 400, "Invalid server_name", by="@alice"),
    page("/hub/spawn/alice/lab?display_name=%20x", 400, "Invalid display_name", by="@alice"),
    get("/users/alice/servers/lab", 404),
)
case(
    "start for another",
    page("/hub/spawn/bob", 404, by="@alice"),
    page("/hub/spawn/nobody", 404, by="@alice"),
    page("/hub/spawn/nobody", 404, by="@boss"),
    page("/hub/spawn/bob/lab", 404, by="@alice"),
)
case(
    "start for another as administrator",
    page("/hub/spawn/{u}", 302, by="@boss"),
    get("/users/{u}/server", 200, until=("ready", True)),
    page("/hub/spawn/{u}", 302, by="@boss"),
    delete("/users/{u}/server", 204),
    users=1,
)
case(
    "pending of one that does not run",
    page("/hub/spawn-pending/alice", 200, by="@alice"),
    page("/hub/spawn-pending/alice/nothing", 404, by="@alice"),
    page("/hub/spawn-pending/bob", 404, by="@alice"),
    page("/hub/spawn-pending/nobody", 404, by="@boss"),
)
case(
    "start that fails at once",
    page("/hub/spawn/alice/exits-2", 302, by="@alice", until=None),
    get("/users/alice/servers/exits-2/progress", 200),
    page("/hub/spawn-pending/alice/exits-2", 500, by="@alice"),
    delete("/users/alice/servers/exits-2", 204, json={"remove": True}),
)
