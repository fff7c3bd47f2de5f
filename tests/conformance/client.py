"""Sends the requests of cases to one hub, as whoever they say."""

from __future__ import annotations

import http.client
import json
import re
import ssl
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import fixture
from case import NAVIGATION, Case, Step

HOST = "hub.test"
UNTIL_SECONDS = 25
REQUEST_SECONDS = 40
UNVERIFIED = ssl._create_unverified_context()


class Broken(Exception):
    """A case could not be run to its end: an answer lacked what a later request needs."""


@dataclass
class Answer:
    """What a hub said to one request."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    found: dict[str, str | None] = field(default_factory=dict)
    """What its request was to keep of it."""
    words: dict[str, str] = field(default_factory=dict)
    """Every word known then."""

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return found[0] if found else None

    @property
    def type(self) -> str:
        return (self.header("Content-Type") or "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    def json(self):
        """Returns the body as JSON; events of a stream as a list; nothing when it is neither."""
        if self.type == "text/event-stream":
            return [json.loads(line[5:]) for line in self.text.splitlines() if line.startswith("data:")]
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def cookies(self) -> list[tuple[str, str, dict[str, str]]]:
        """Returns name, value and attributes (lower-case names) of each cookie that is set."""
        found = []
        for key, value in self.headers:
            if key.lower() == "set-cookie":
                pair, *rest = value.split(";")
                name, _, content = pair.strip().partition("=")
                pairs = (attribute.strip().partition("=") for attribute in rest)
                found.append((name, content.strip('"'), {name.lower(): content for name, _, content in pairs}))
        return found


class Browser:
    """Cookies with their paths."""

    def __init__(self):
        self.jar: dict[tuple[str, str], str] = {}

    def take(self, answer: Answer) -> None:
        for name, value, attributes in answer.cookies():
            place = (name, attributes.get("path") or "/")
            gone = attributes.get("max-age") == "0" or "1970" in attributes.get("expires", "") or not value
            if gone or self._expired(attributes):
                self.jar.pop(place, None)
            else:
                self.jar[place] = value

    @staticmethod
    def _expired(attributes: dict[str, str]) -> bool:
        try:
            when = time.strptime(attributes.get("expires", ""), "%a, %d %b %Y %H:%M:%S GMT")
        except ValueError:
            return False
        return time.mktime(when) - time.timezone < time.time()

    def header(self, path: str) -> str:
        path = path.partition("?")[0]
        return "; ".join(f"{name}={value}" for (name, below), value in self.jar.items() if path.startswith(below))

    def value(self, name: str) -> str | None:
        found = [value for (key, _), value in self.jar.items() if key.removeprefix("__Host-") == name]
        return found[0] if found else None


class Hub:
    """One of the two hubs, seen from outside."""

    def __init__(self, name: str, port: int):
        self.name = name
        self.port = port
        self.tokens: dict[str, str] = {f"service:{s['name']}": s["api_token"] for s in fixture.SERVICES}
        self.browsers: dict[str, Browser] = {}

    # One request

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> Answer:
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=REQUEST_SECONDS, context=UNVERIFIED)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in {"Host": HOST, "User-Agent": "conformance"}.items() | headers.items():
                connection.putheader(name, value)
            if body is not None or method in ("POST", "PUT", "PATCH"):
                connection.putheader("Content-Length", str(len(body or b"")))
            connection.endheaders(body)
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    # Preparation

    def log_in(self, name: str, password: str = fixture.PASSWORD) -> Browser:
        """Logs an account in with a browser and returns that."""
        browser = Browser()
        self.visit(browser, "GET", "/hub/login")
        form = {"_xsrf": browser.value("_xsrf") or "", "username": name, "password": password}
        answer = self.visit(browser, "POST", "/hub/login?next=%2Fhub%2Fhome", form)
        if answer.status not in (302, 303):
            raise Broken(f"{self.name}: {name} cannot log in: {answer.status}\n{answer.text[:2000]}")
        self.visit(browser, "GET", "/hub/home")
        return browser

    def visit(self, browser: Browser, method: str, path: str, form: dict | None = None) -> Answer:
        headers = NAVIGATION | {"Cookie": browser.header(path)}
        body = None
        if form is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"https://{HOST}"}
            body = urlencode(form).encode()
        answer = self.ask(method, path, headers, body)
        browser.take(answer)
        return answer

    def as_admin(self, method: str, path: str, body=None) -> Answer:
        """Sends a request of the preparation or of the cleaning up."""
        sent = None if body is None else json.dumps(body).encode()
        return self.ask(method, f"/hub/api{path}", {"Authorization": f"token {self.tokens['boss']}"}, sent)

    def prepare(self) -> None:
        """Logs everybody in, makes their tokens and fills the groups."""
        for name in fixture.PEOPLE:
            self.browsers[name] = self.log_in(name)
            self.tokens[name] = self.make_token_by_browser(name)
        for name, members in fixture.GROUPS.items():
            body = {"users": members}
            answer = self.as_admin("POST", f"/groups/{name}", body)
            if answer.status == 409:
                answer = self.as_admin("POST", f"/groups/{name}/users", body)
            if answer.status not in (200, 201):
                print(f"{self.name}: group {name} could not be made: {answer.status} {answer.text[:200]}")

    def make_token_by_browser(self, name: str) -> str:
        browser = self.browsers[name]
        path = f"/hub/api/users/{name}/tokens"
        headers = {"Cookie": browser.header(path), "X-XSRFToken": browser.value("_xsrf") or "",
                   "Origin": f"https://{HOST}", "Content-Type": "application/json"}
        answer = self.ask("POST", path, headers, b'{"note": "everything"}')
        if answer.status != 201:
            raise Broken(f"{self.name}: no token for {name}: {answer.status} {answer.text[:500]}")
        return answer.json()["token"]

    def token(self, who: str) -> str:
        """Returns the token of a principal, `boss[scope scope]` made when first asked for."""
        if who not in self.tokens:
            owner, _, scopes = who.partition("[")
            body = {"scopes": scopes.rstrip("]").split(), "note": who}
            headers = {"Authorization": f"token {self.tokens[owner]}"}
            answer = self.ask("POST", f"/hub/api/users/{owner}/tokens", headers, json.dumps(body).encode())
            if answer.status != 201:
                raise Broken(f"{self.name}: no token for {who}: {answer.status} {answer.text[:500]}")
            self.tokens[who] = answer.json()["token"]
        return self.tokens[who]

    # Cases

    def run(self, case: Case, words: dict[str, str]) -> list[Answer | str]:
        """Returns the answers to a case's requests; a word of why instead of the first that could not be sent."""
        words = dict(words)
        answers: list[Answer | str] = []
        own: dict[str, Browser] = {}
        try:
            for name in (words[key] for key in words if re.fullmatch(r"u\d?", key)):
                made = self.as_admin("POST", f"/users/{name}")
                if made.status != 201:
                    raise Broken(f"user {name} could not be made: {made.status} {made.text[:300]}")
            for step in case.steps:
                answers.append(answer := self.send(step, words, own))
                if lacking := [where for name, where in step.keep.items() if name not in answer.words]:
                    raise Broken(f"{step.method} {step.path}: no {lacking} in {answer.status} {answer.text[:300]}")
        except (Broken, OSError, http.client.HTTPException) as error:
            answers.append(f"{type(error).__name__}: {error}")
        finally:
            if not case.last:
                self.clean_up(words)
        return answers

    def clean_up(self, words: dict[str, str]) -> None:
        kinds = {"u": "users", "n": "users", "g": "groups", "s": "services"}
        for key, name in words.items():
            if re.fullmatch(r"[ungs]\d?", key):
                try:
                    path = f"/{kinds[key[0]]}/{quote(name, safe='')}"
                    for _ in range(40):
                        if self.as_admin("DELETE", path).status != 400:  # A server of theirs is still stopping.
                            break
                        time.sleep(0.25)
                except (OSError, http.client.HTTPException):
                    pass

    def send(self, step: Step, words: dict[str, str], own: dict[str, Browser]) -> Answer:
        deadline = time.monotonic() + UNTIL_SECONDS
        answer = self.send_once(step, words, own)
        while step.until and not self._reached(step.until, answer) and time.monotonic() < deadline:
            time.sleep(0.1)
            answer = self.send_once(step, words, own)
        words |= {name: value for name, value in answer.found.items() if value is not None}
        answer.words = dict(words)
        return answer

    @staticmethod
    def _reached(until, answer: Answer) -> bool:
        path, wanted = until
        return (answer.status if path == "status" else look_up(answer.json(), path)) == wanted

    def send_once(self, step: Step, words: dict[str, str], own: dict[str, Browser]) -> Answer:
        browser = None
        headers = {}
        if step.by and step.by.startswith("@"):
            browser = self.browsers[step.by[1:]]
            headers = {"Origin": f"https://{HOST}", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin",
                       "X-XSRFToken": browser.value("_xsrf") or ""}
        elif step.by and step.by.startswith("~"):
            browser = own.setdefault(step.by, Browser())
        elif step.by and step.by.startswith("token:"):
            headers["Authorization"] = f"token {fill(step.by[6:], words)}"
        elif step.by:
            headers["Authorization"] = f"token {self.token(fill(step.by, words))}"
        if browser:
            words = words | {"_xsrf": browser.value("_xsrf") or ""}
        path = fill(step.path, words)
        if browser and browser.jar:
            headers["Cookie"] = browser.header(path)
        body = step.raw
        if step.json is not None:
            body = json.dumps(fill(step.json, words)).encode()
            headers["Content-Type"] = "application/json"
        elif step.form is not None:
            body = urlencode(fill(step.form, words), doseq=True).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        headers |= fill(step.headers, words)
        answer = self.ask(step.method, path, {k: v for k, v in headers.items() if v is not None}, body)
        if browser:
            browser.take(answer)
        answer.found = {name: pick(answer, where, browser) for name, where in step.keep.items()}
        return answer


def fill(value, words: dict[str, str]):
    """Returns a copy with every `{word}` in its texts replaced."""
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda m: words.get(m[1], m[0]), value)
    if isinstance(value, dict):
        return {fill(k, words): fill(v, words) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [fill(item, words) for item in value]
    return value


def look_up(value, path: str):
    """Returns what a dotted path leads to in a JSON value; nothing when it leads nowhere."""
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.lstrip("-").isdigit() and -len(value) <= int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def pick(answer: Answer, where: str, browser: Browser | None) -> str | None:
    """Returns the part of an answer that `keep` names."""
    kind, _, name = where.partition(" ")
    if kind == "cookie" and browser:
        return browser.value(name)
    if kind == "location":
        location = urlsplit(answer.header("Location") or "")
        return parse_qs(location.query).get(name, [None])[0]
    found = look_up(answer.json(), where)
    return None if found is None else str(found)
