"""JupyterHub's own documents on its addresses ("URL scheme") and on sharing links ("How do I share links to
notebooks?"), sentence by sentence: what is asked, in which world, and what four people get.

An answer is written as

    302 /hub/home          a redirect, with where it leads
    200 page: words        a page in which the words stand
    200 without: words     a page in which they do not
    503 json: words        a JSON answer in which they stand
    200 server             an answer of the user's server itself

`alice` is whose address it is, `admin` an administrator, `bob` a stranger who has an account, `nobody` has not logged in.
"""

from __future__ import annotations

from dataclasses import dataclass

LOG_IN = "302 /hub/login?next="
NO_ACCESS = "403 page: You do not have access to this server, or it does not exist."
STOPPED = "503 page: is not running"


@dataclass(frozen=True)
class Case:
    """One sentence: GET `ask` in `world`."""

    sentence: str
    ask: str
    nobody: str = ""
    alice: str = ""
    admin: str = ""
    bob: str = ""
    world: str = "stopped"
    # The server that this starts; a case that names none may start none.
    starts: str = ""
    headers: dict[str, str] | None = None

    def answers(self) -> dict[str, str]:
        """What each person gets, of whom the sentence says something."""
        people = {"nobody": self.nobody, "alice": self.alice, "admin": self.admin, "bob": self.bob}
        return {person: answer for person, answer in people.items() if answer}


def everybody(answer: str) -> dict[str, str]:
    return dict.fromkeys(("nobody", "alice", "admin", "bob"), answer)


def people(answer: str) -> dict[str, str]:
    """The same for whoever has logged in; `{me}` in it is their name."""
    return {person: answer.replace("{me}", person) for person in ("alice", "admin", "bob")}


JSON = {"Accept": "application/json"}

URL_SCHEME = [
    # In general
    Case("In general, all URLs can be prefixed with base_url to run the whole application on a prefix.",
         "/jupyter/", **everybody("302 /jupyter/hub/"), world="prefix"),
    Case("All URLs can be prefixed: the login page.",
         "/jupyter/hub/home", nobody="302 /jupyter/hub/login?next=%2Fjupyter%2Fhub%2Fhome", **people("200 page: {me}"),
         world="prefix"),
    Case("All URLs can be prefixed: nothing stands outside the prefix.",
         "/hub/home", **everybody("404 page: "), world="prefix"),
    Case("All URLs can be prefixed: a stopped server.",
         "/jupyter/user/alice/lab", **everybody("302 /jupyter/hub/user/alice/lab"), world="prefix"),
    Case("All authenticated handlers redirect to /hub/login to login users prior to being redirected back.",
         "/hub/home", nobody=LOG_IN + "%2Fhub%2Fhome", **people("200 page: {me}")),
    Case("All authenticated handlers redirect to /hub/login: the token page.",
         "/hub/token", nobody=LOG_IN + "%2Fhub%2Ftoken", **people("200 page: ")),
    Case("All authenticated handlers redirect to /hub/login: starting a server.",
         "/hub/spawn/alice", nobody=LOG_IN + "%2Fhub%2Fspawn%2Falice"),
    Case("All authenticated handlers redirect to /hub/login: the progress page.",
         "/hub/spawn-pending/alice", nobody=LOG_IN + "%2Fhub%2Fspawn-pending%2Falice"),
    Case("The returned request should preserve all query parameters.",
         "/hub/user-redirect/lab?a=1&b=%20x&a=2", nobody=LOG_IN + "%2Fhub%2Fuser-redirect%2Flab%3Fa%3D1%26b%3D%2520x%26a%3D2"),
    Case("The returned request should preserve all query parameters: after the login it is the same request.",
         "/hub/login?next=%2Fhub%2Fuser-redirect%2Flab%3Fa%3D1%26b%3D%2520x", **people("302 /hub/user-redirect/lab?a=1&b=%20x")),

    # /
    Case("The top-level request is always a simple redirect to /hub/, to be handled by the default handler.",
         "/", **everybody("302 /hub/")),
    Case("All requests to /anything that do not start with /hub/ will be redirected to /hub/anything.",
         "/anything", **everybody("302 /hub/anything")),
    Case("All requests to /anything are redirected, with what they ask.",
         "/any/thing?with=a&query=%2F", **everybody("302 /hub/any/thing?with=a&query=%2F")),
    Case("… before being handled by the Hub: which has no such page.",
         "/hub/anything", **everybody("404 page: ")),
    Case("All requests to /anything are redirected: to the home page.", "/home", **everybody("302 /hub/home")),

    # /hub/
    Case("This is an authenticated URL.", "/hub/", nobody=LOG_IN + "%2Fhub%2F"),
    Case("This handler redirects users to the default URL, which defaults to the user's default server: "
         "to /hub/spawn if the server is not running.", "/hub/", **people("302 /hub/spawn")),
    Case("… or the server itself (/user/:name) if the server is running.",
         "/hub/", alice="302 /user/alice/", bob="302 /hub/spawn", world="running"),
    Case("To redirect users to the home page instead of spawning their server, set redirect_to_server to False.",
         "/hub/", nobody=LOG_IN + "%2Fhub%2F", **people("302 /hub/home"), world="home"),
    Case("redirect_to_server is False: after the login, too.",
         "/hub/login", **people("302 /hub/home"), world="home"),
    Case("Second, you can customise the landing page to any page you like, such as a custom service.",
         "/hub/", **everybody("302 /services/my-landing-service"), world="landing"),
    Case("… any page you like: after the login, too.",
         "/hub/login", **people("302 /services/my-landing-service"), world="landing"),

    # /hub/home
    Case("By default, the Hub home page has just one or two buttons for starting and stopping: to start.",
         "/hub/home", **people('200 page: id="start"')),
    Case("… one or two buttons: to stop, and to go there.",
         "/hub/home", alice='200 page: id="stop"', world="running"),
    Case("… just one or two buttons: none for named servers.",
         "/hub/home", **people("200 without: new-server-name")),
    Case("If named servers are enabled, there will be some additional tools for management of named servers.",
         "/hub/home", **people("200 page: new-server-name"), world="named"),

    # /hub/login
    Case("This is the JupyterHub login page.", "/hub/login", nobody="200 page: login_submit"),
    Case("If you have a form-based username+password login, such as the default PAMAuthenticator, this page will render the form.",
         "/hub/login", nobody='200 page: id="password_input"'),
    Case("Whoever has logged in is led on from the login page.", "/hub/login", **people("302 /hub/spawn")),
    Case("A next that leads to another site leads nowhere.",
         "/hub/login?next=https%3A%2F%2Fother.example%2F", **people("302 /hub/spawn")),

    # /user/:username[/:servername]
    Case("If a user's server is running, this URL is handled by the user's given server, not the Hub.",
         "/user/alice/anything?q=1", **everybody("200 server"), world="running"),
    Case("The username is the first part and, if using named servers, the server name is the second part.",
         "/user/alice/extra/lab", **everybody("200 server"), world="named"),
    Case("If the user's server is not running, this will be redirected to /hub/user/:username/...",
         "/user/alice/lab/tree?x=1", **everybody("302 /hub/user/alice/lab/tree?x=1")),
    Case("… not running: the bare address.", "/user/alice/", **everybody("302 /hub/user/alice/")),
    Case("… not running: the address without its slash.", "/user/alice", **everybody("301 /user/alice/")),
    Case("… not running: a named server.", "/user/alice/spare/lab", **everybody("302 /hub/user/alice/spare/lab"), world="named"),

    # /hub/user/:username[/:servername]
    Case("This URL indicates a request for a user server that is not running: nobody is known yet.",
         "/hub/user/alice/lab?x=1", nobody=LOG_IN + "%2Fhub%2Fuser%2Falice%2Flab%3Fx%3D1"),
    Case("1. server is not active: a. user matches.", "/hub/user/alice/lab", alice=STOPPED),
    Case("1. server is not active: b. user doesn't match.", "/hub/user/alice/lab", bob=NO_ACCESS, admin=STOPPED),
    Case("1. b. user doesn't match: whether or not there is such a user.", "/hub/user/no-such-person/lab", bob=NO_ACCESS),
    Case("1. b. user doesn't match: whether or not it runs.", "/hub/user/alice/lab", bob=NO_ACCESS, world="running"),
    Case("2. server is ready: redirect back to /user/:username/:servername/...",
         "/hub/user/alice/lab?x=1", alice="302 /user/alice/lab?x=1", admin="302 /user/alice/lab?x=1", world="running"),
    Case("3. server is pending, but not ready: the browser will be redirected to /hub/spawn-pending/:username/:servername.",
         "/hub/user/alice/lab", alice="303 /hub/spawn-pending/alice?next=%2Fhub%2Fuser%2Falice%2Flab", bob=NO_ACCESS, world="pending"),
    Case("… a named one that is pending.",
         "/hub/user/alice/slow/lab", alice="303 /hub/spawn-pending/alice/slow?next=%2Fhub%2Fuser%2Falice%2Fslow%2Flab",
         world="pending-named"),
    Case("If the server is not active at all, a page will be served with a link to /hub/spawn/:username/:servername.",
         "/hub/user/alice/lab", alice="503 page: /hub/spawn/alice"),
    Case("… with a link: a named one.", "/hub/user/alice/spare/lab", alice="503 page: /hub/spawn/alice/spare", world="named"),
    Case("Following that link will launch the requested server.",
         "/hub/spawn/alice?next=%2Fhub%2Fuser%2Falice%2Flab",
         alice="302 /hub/spawn-pending/alice?next=%2Fhub%2Fuser%2Falice%2Flab", starts="alice"),
    Case("The HTTP status will be 503 in this case.", "/hub/user/alice/", alice="503 page: ", admin="503 page: "),
    Case("Visiting this page will never result in triggering the spawn of servers without additional user action.",
         "/hub/user/alice/", nobody=LOG_IN + "%2Fhub%2Fuser%2Falice%2F", alice="503 page: ", admin="503 page: ", bob=NO_ACCESS),
    Case("Requests to /user/:username[/:servername]/api/... are failed with 503 and an informative JSON error message "
         "indicating how to spawn the server.",
         "/hub/user/alice/api/contents", alice="503 json: Restart the server at https://localhost/hub/spawn/alice"),
    Case("… API requests: to a named server.",
         "/hub/user/alice/spare/api/contents", alice="503 json: Restart the server at https://localhost/hub/spawn/alice/spare",
         world="named"),
    Case("This is meant to help applications such as JupyterLab that are connected to a server that has stopped.",
         "/hub/user/alice/lab", alice="503 json: no longer running at /user/alice/lab", headers=JSON),
    Case("… of a server that they may not use.", "/hub/user/alice/api/contents", bob="403 json: ", nobody="403 json: "),

    # /user-redirect/...
    Case("This URL will redirect a user to a path on their own default server.",
         "/hub/user-redirect/notebooks/Index.ipynb",
         nobody=LOG_IN + "%2Fhub%2Fuser-redirect%2Fnotebooks%2FIndex.ipynb",
         **people("302 /hub/spawn/{me}?next=%2Fuser%2F{me}%2Fnotebooks%2FIndex.ipynb")),
    Case("e.g. a link to /user-redirect/notebooks/Index.ipynb will send user hortense to her server.",
         "/user-redirect/notebooks/Index.ipynb", **everybody("302 /hub/user-redirect/notebooks/Index.ipynb")),
    Case("… to a path on their own server: which runs.",
         "/hub/spawn/alice?next=%2Fuser%2Falice%2Fnotebooks%2FIndex.ipynb",
         alice="302 /user/alice/notebooks/Index.ipynb", world="running"),
    Case("… with the query that the link has.",
         "/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgit.example%2Fcourse&urlpath=lab",
         **people("302 /hub/spawn/{me}?next=%2Fuser%2F{me}%2Fgit-pull%3Frepo%3Dhttps%253A%252F%252Fgit.example%252Fcourse%26urlpath%3Dlab")),
    Case("DO NOT share links to your own server with other users: this will not work unless you grant access.",
         "/hub/user/alice/notebooks/Index.ipynb", bob=NO_ACCESS),

    # Spawning
    Case("Requesting /hub/spawn will spawn the default server for the current user, and the browser is redirected to spawn-pending.",
         "/hub/spawn", **people("302 /hub/spawn-pending/{me}"), starts="{me}"),
    Case("If username is specified, then the specified server for the specified user will be spawned.",
         "/hub/spawn/alice", admin="302 /hub/spawn-pending/alice", starts="alice"),
    Case("… and optionally servername.", "/hub/spawn/alice/spare", alice="302 /hub/spawn-pending/alice/spare",
         world="named", starts="alice/spare"),
    Case("… for the specified user: by whoever may.", "/hub/spawn/alice", bob="404 page: "),

    # /hub/spawn-pending
    Case("This page renders the progress view for the given spawn request.",
         "/hub/spawn-pending/alice", alice="200 page: progress-bar", admin="200 page: progress-bar", bob="404 page: ", world="pending"),
    Case("Once the server is ready, the browser is redirected to the running server at /user/:username/:servername/...",
         "/hub/spawn-pending/alice", alice="302 /user/alice/", admin="302 /user/alice/", world="running"),
    Case("If this page is requested at any time after the server is ready, the browser will be redirected, to where it wanted.",
         "/hub/spawn-pending/alice?next=%2Fuser%2Falice%2Flab%2Ftree", alice="302 /user/alice/lab/tree", world="running"),
    Case("Requesting this page will never trigger any side effects.", "/hub/spawn-pending/alice", alice="200 page: ", admin="200 page: "),
    Case("If the server is not running (e.g. because the spawn has failed), the spawn failure message will be displayed.",
         "/hub/spawn-pending/alice", alice="500 page: cannot find my marbles", admin="500 page: cannot find my marbles", world="failed"),
    Case("… and the page will show a link back to /hub/spawn/...",
         "/hub/spawn-pending/alice", alice="500 page: /hub/spawn/alice", world="failed"),
    Case("… a link back, when it just does not run.", "/hub/spawn-pending/alice", alice="200 page: /hub/spawn/alice"),

    # /hub/token
    Case("On this page, users can manage their API tokens.", "/hub/token", alice="200 page: api-tokens-table", world="tokens"),
    Case("They can revoke access.", "/hub/token", alice="200 page: revoke-token-btn", world="tokens"),
    Case("… and request new tokens.", "/hub/token", **people("200 page: request-token-form")),

    # /hub/admin

    # /hub/admin
    Case("Administrators can take various administrative actions from this page.",
         "/hub/admin", nobody=LOG_IN + "%2Fhub%2Fadmin", admin="302 /hub/admin/users", alice="403 page: ", bob="403 page: "),
    Case("1. add/remove users.", "/hub/admin/users", admin="200 page: Add users", alice="403 page: ", bob="403 page: "),
    Case("2. grant admin privileges.", "/hub/admin/users", admin="200 page: Make administrator"),
    Case("3. start/stop user servers.", "/hub/admin/users", admin="200 page: Stop"),
    Case("4. shutdown JupyterHub itself.", "/hub/admin/hub", admin="200 page: Shut down", alice="403 page: "),
]

FAQ = [
    Case("Your first instinct might be to copy the URL you see in the browser, but this usually won't work.",
         "/hub/user/alice/notebooks/coolthing.ipynb", bob=NO_ACCESS),
    Case("A link should look like /hub/user-redirect/lab/tree/foo.ipynb: it opens the same file on the visitor's own server.",
         "/hub/user-redirect/lab/tree/foo.ipynb", **people("302 /hub/spawn/{me}?next=%2Fuser%2F{me}%2Flab%2Ftree%2Ffoo.ipynb")),
    Case("This will cause users to login …", "/hub/user-redirect/lab/tree/foo.ipynb",
         nobody=LOG_IN + "%2Fhub%2Fuser-redirect%2Flab%2Ftree%2Ffoo.ipynb"),
    Case("… and start their own server.", "/hub/spawn/bob?next=%2Fuser%2Fbob%2Flab%2Ftree%2Ffoo.ipynb",
         bob="302 /hub/spawn-pending/bob?next=%2Fuser%2Fbob%2Flab%2Ftree%2Ffoo.ipynb", starts="bob"),
    Case("Assumption: the user has (or should have) access to your server.",
         "/hub/user/alice/lab/tree/foo.ipynb", bob="302 /user/alice/lab/tree/foo.ipynb", world="shared-running"),
    Case("Assumption: your server is running …", "/hub/user/alice/lab", bob="503 page: is not running", world="shared"),
    Case("… or the user has permission to start it.", "/hub/user/alice/lab", bob="503 without: /hub/spawn/alice", world="shared"),
    Case("… permission to start it.", "/hub/user/alice/lab", admin="503 page: /hub/spawn/alice", world="shared"),
    Case("By default, users don't have access to each other's servers.", "/hub/user/bob/lab", alice=NO_ACCESS),
    Case("If the visitor doesn't have access to the server, these links will result in a 403 Permission Denied error.",
         "/hub/user/alice/lab/tree/path/to/specific/notebook.ipynb", bob="403 page: "),
    Case("In many cases you can copy the link in your URL bar (/user/yourname/lab).",
         "/user/alice/lab", bob="200 server", world="shared-running"),
    Case("When visiting an nbgitpuller link: the visitor will be directed to their own server.",
         "/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgit.example%2Fcourse",
         **people("302 /hub/spawn/{me}?next=%2Fuser%2F{me}%2Fgit-pull%3Frepo%3Dhttps%253A%252F%252Fgit.example%252Fcourse")),
]
