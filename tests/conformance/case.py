"""The words that the tables of cases are written in.

A case is a name and a few requests, the same for both hubs. Whatever a request needs to be sent and to be judged is
plain data; `{words}` in paths, headers and bodies stand for values that an earlier answer gave (`keep`) or that the
suite hands out, and are written back as `{word}` in answers before they are compared:

    {u} {u2}   accounts that are users of the hub, made for this case and removed after it
    {n} {n2}   accounts of the machine that the hub does not know yet; removed after it
    {g} {g2}   names of groups, of no group yet; removed after it
    {s} {s2}   names of services, of no service yet; removed after it

Who asks (`by`):

    None               nobody
    "alice"            a token with everything alice may do
    "boss[users]"      a token of boss's with these scopes, separated by blanks
    "service:grader"   a service's own token
    "token:{word}"     a token that an earlier answer gave
    "@alice"           alice's browser, asking as a page of the hub would: cookies, XSRF token, Origin, Fetch metadata
    "~", "~2"          a browser of this case's own: it starts empty and sends its cookies and nothing more by itself
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none", "Accept": "text/html,application/xhtml+xml"}
XSRF = "{_xsrf}"
"""The `_xsrf` cookie of the browser that asks."""


@dataclass(frozen=True)
class Step:
    """One request."""

    method: str
    path: str
    status: int
    """What the real hub answers."""
    text: str = ""
    """Part of what the real hub answers; whether it is there is compared where bodies are not (pages)."""
    by: str | None = "boss"
    json: Any = None
    form: dict | None = None
    raw: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    keep: dict[str, str] = field(default_factory=dict)
    """Names for parts of the answer: a path into its JSON ("servers.x.url"), "cookie NAME", "location ARGUMENT"."""
    until: tuple[str, Any] | None = None
    """Ask again until this path into the answer's JSON has this value ("status" is the status)."""
    ordered: bool = False
    """Lists of the answer have an order."""
    fields: bool = False
    """Compare the forms of a page: methods and names of fields."""
    body: bool = True
    """Compare the body."""


@dataclass(frozen=True)
class Case:
    """Requests that belong together."""

    name: str
    steps: tuple[Step, ...]
    users: int = 0
    unborn: int = 0
    last: bool = False
    """Ends the hubs: run after all others."""


TABLE: list[Case] = []
"""All cases, in the order of their files."""


class Group:
    """The cases of one resource; their names begin with its name."""

    def __init__(self, name: str):
        self.name = name

    def __call__(self, name: str, *steps: Step | list[Step], **options) -> None:
        flat = [step for item in steps for step in (item if isinstance(item, list) else [item])]
        TABLE.append(Case(f"{self.name}: {name}", tuple(flat), **options))


def api(method: str, path: str, status: int, text: str = "", **more) -> Step:
    """Returns a request to the REST API."""
    return Step(method, f"/hub/api{path}", status, text, **more)


def get(path: str, status: int = 200, text: str = "", **more) -> Step:
    return api("GET", path, status, text, **more)


def post(path: str, status: int, text: str = "", **more) -> Step:
    return api("POST", path, status, text, **more)


def put(path: str, status: int, text: str = "", **more) -> Step:
    return api("PUT", path, status, text, **more)


def patch(path: str, status: int, text: str = "", **more) -> Step:
    return api("PATCH", path, status, text, **more)


def delete(path: str, status: int, text: str = "", **more) -> Step:
    return api("DELETE", path, status, text, **more)


def page(path: str, status: int = 200, text: str = "", by: str | None = None, **more) -> Step:
    """Returns a visit with a browser."""
    headers = NAVIGATION | more.pop("headers", {})
    return Step("GET", path, status, text, by=by, headers=headers, **more)


def submit(path: str, status: int, text: str = "", by: str = "~", form: dict | None = None, **more) -> Step:
    """Returns a form sent with a browser; the XSRF token is a field like any other."""
    headers = NAVIGATION | {"Origin": "https://hub.test", "Sec-Fetch-Site": "same-origin"} | more.pop("headers", {})
    return Step("POST", path, status, text, by=by, form=form or {}, headers=headers, **more)


def login(name: str, browser: str = "~") -> list[Step]:
    """Returns the requests that log an account in with a browser of the case's own."""
    return [page("/hub/login", by=browser, body=False),
            submit("/hub/login?next=%2Fhub%2Fhome", 302, by=browser,
                   form={"_xsrf": XSRF, "username": name, "password": "{password}"}),
            page("/hub/home", by=browser, body=False)]


def varied(step: Step, **changes) -> Step:
    """Returns the same request with some of it changed."""
    return replace(step, **changes)
