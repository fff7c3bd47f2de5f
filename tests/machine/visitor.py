"""A browser without a screen: cookies, forms, redirects and websockets, against the Carrel of the machine whose network
the test is in."""

from __future__ import annotations

import json
import re
import socket
import ssl
import time
import uuid
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

import httpx
import websockets.sync.client

ORIGIN = "https://localhost"
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none", "Accept": "text/html,application/xhtml+xml"}
MAX_REDIRECTS = 20


class Refused(AssertionError):
    """The hub did not let somebody in."""


class Page(HTMLParser):
    """What a test looks at in a page: forms with their fields, links, and what stands on the body."""

    def __init__(self, text: str):
        super().__init__()
        self.forms: list[dict] = []
        self.links: list[str] = []
        self.body: dict[str, str | None] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "body":
            self.body = attributes
        elif tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        elif tag == "form":
            self.forms.append({"action": attributes.get("action", ""), "fields": {}})
        elif tag == "input" and self.forms and attributes.get("name"):
            self.forms[-1]["fields"][attributes["name"]] = attributes.get("value") or ""


class Visitor:
    """One person's browser; `name` is who logged in with it. Paths are below `base`, where the hub is."""

    def __init__(self, address: str, base: str = ""):
        self.address = address
        self.name: str | None = None
        self.client = httpx.Client(base_url=ORIGIN + base, timeout=60,
                                   transport=httpx.HTTPTransport(verify=False, local_address=address))

    def close(self) -> None:
        self.client.close()

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Pages

    def get(self, path: str, **options) -> httpx.Response:
        """Navigates to a path, redirects not followed."""
        headers = NAVIGATION | options.pop("headers", {})
        return self.client.get(path, headers=headers, **options)

    def follow(self, path: str, **options) -> httpx.Response:
        """Navigates to a path and on through redirects."""
        response = self.get(path, **options)
        for _ in range(MAX_REDIRECTS):
            if "location" not in response.headers:
                return response
            response = self.get(urljoin(str(response.url), response.headers["location"]))
        raise AssertionError(f"more than {MAX_REDIRECTS} redirects from {path}")

    def ask(self, path: str, **options) -> httpx.Response:
        """Gets a path the way a program with the cookies would, redirects followed."""
        headers = {"Accept": "application/json"} | options.pop("headers", {})
        return self.client.get(path, headers=headers, follow_redirects=True, **options)

    def submit(self, form: dict, page_url: str, **fields: str) -> httpx.Response:
        """Sends a form of a page, redirects not followed."""
        target = urljoin(page_url, form["action"])
        return self.client.post(target, data=form["fields"] | fields, headers=NAVIGATION | {"Origin": ORIGIN})

    def try_login(self, name: str, password: str, next_path: str | None = None) -> httpx.Response:
        """Fills the login form in and sends it; returns the answer to that."""
        page = self.get("/hub/login" + (f"?{urlencode({'next': next_path})}" if next_path else ""))
        assert page.status_code == 200, (page.status_code, page.text[:2000])
        form = next(form for form in Page(page.text).forms if "password" in form["fields"])
        return self.submit(form, str(page.url), username=name, password=password)

    def login(self, name: str, password: str) -> None:
        response = self.try_login(name, password)
        if response.status_code not in (302, 303):
            raise Refused(f"{name} could not log in: {response.status_code}\n{response.text[:3000]}")
        self.name = name

    def xsrf(self) -> str:
        """Returns the token that pages of the hub carry."""
        page = Page(self.follow("/hub/home").text)
        return page.body.get("data-xsrf-token") or ""

    # The API

    def api(self, method: str, path: str, **options) -> httpx.Response:
        """Calls the hub's API the way the hub's own pages do: with the cookie and the XSRF token."""
        headers = {"X-XSRFToken": self.xsrf(), "Origin": ORIGIN, "Sec-Fetch-Mode": "cors",
                   "Sec-Fetch-Site": "same-origin", "Accept": "application/json"}
        return self.client.request(method, f"/hub/api{path}", headers=headers | options.pop("headers", {}), **options)

    def start_server(self, server: str = "", seconds: float = 60) -> None:
        """Asks for the own server and waits until it is ready."""
        path = f"/users/{self.name}/server" if not server else f"/users/{self.name}/servers/{server}"
        response = self.api("POST", path)
        assert response.status_code in (201, 202), (response.status_code, response.text)
        self.await_server(server, seconds)

    def await_server(self, server: str = "", seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not self.server(server).get("ready"):
            assert time.monotonic() < deadline, f"{self.name}'s server was not ready within {seconds} s"
            time.sleep(0.1)

    def server(self, server: str = "") -> dict:
        """Returns what the API says of the own server; nothing when it is stopped."""
        response = self.api("GET", f"/users/{self.name}")
        assert response.status_code == 200, (response.status_code, response.text)
        return response.json().get("servers", {}).get(server, {})

    def stop_server(self, server: str = "", seconds: float = 30) -> None:
        path = f"/users/{self.name}/server" if not server else f"/users/{self.name}/servers/{server}"
        response = self.api("DELETE", path)
        assert response.status_code in (202, 204), (response.status_code, response.text)
        deadline = time.monotonic() + seconds
        while self.server(server):
            assert time.monotonic() < deadline, f"{self.name}'s server did not stop within {seconds} s"
            time.sleep(0.1)

    # The own server

    def prefix(self, server: str = "") -> str:
        return f"/user/{self.name}/{server}/" if server else f"/user/{self.name}/"

    def enter_server(self, server: str = "") -> httpx.Response:
        """Opens JupyterLab, which sends the browser through the hub's OAuth once."""
        response = self.follow(f"{self.prefix(server)}lab")
        assert response.status_code == 200, (response.status_code, str(response.url), response.text[:2000])
        return response

    def cookie(self, name: str, path: str) -> str | None:
        for cookie in self.client.cookies.jar:
            if cookie.name == name and cookie.path == path:
                return cookie.value
        return None

    def jupyter(self, method: str, path: str, server: str = "", **options) -> httpx.Response:
        """Calls the own server's API the way JupyterLab does."""
        token = self.cookie("_xsrf", self.prefix(server)) or ""
        headers = {"X-XSRFToken": token, "Origin": ORIGIN, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}
        return self.client.request(method, f"{self.prefix(server)}api/{path}", headers=headers, **options)

    def websocket(self, path: str, origin: str = ORIGIN, **options) -> websockets.sync.client.ClientConnection:
        """Opens a websocket with the cookies a browser would send there."""
        request = self.client.build_request("GET", path)
        cookies = request.headers.get("cookie")
        context = ssl._create_unverified_context()
        connection = socket.create_connection(("localhost", 443), timeout=30, source_address=(self.address, 0))
        return websockets.sync.client.connect(f"wss://localhost{path}", sock=connection, ssl=context, origin=origin,
                                              additional_headers={"Cookie": cookies} if cookies else {},
                                              open_timeout=30, max_size=None, **options)

    def start_kernel(self, server: str = "") -> str:
        response = self.jupyter("POST", "kernels", server, json={"name": "python3"})
        assert response.status_code == 201, (response.status_code, response.text)
        return response.json()["id"]

    def execute(self, code: str, server: str = "", kernel: str | None = None, seconds: float = 60) -> str:
        """Runs a cell in a kernel of the own server, through the proxy's websocket, and returns what it printed."""
        kernel = kernel or self.start_kernel(server)
        session = uuid.uuid4().hex
        path = f"{self.prefix(server)}api/kernels/{kernel}/channels?session_id={session}"
        request = {
            "channel": "shell", "parent_header": {}, "metadata": {}, "buffers": [],
            "header": {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "session": session,
                       "username": self.name, "version": "5.3", "date": "2026-01-01T00:00:00Z"},
            "content": {"code": code, "silent": False, "store_history": False, "user_expressions": {},
                        "allow_stdin": False, "stop_on_error": True},
        }
        printed = []
        with self.websocket(path) as channels:
            channels.send(json.dumps(request))
            deadline = time.monotonic() + seconds
            while True:
                message = json.loads(channels.recv(timeout=max(0.1, deadline - time.monotonic())))
                if message["parent_header"].get("msg_id") != request["header"]["msg_id"]:
                    continue
                content = message["content"]
                if message["msg_type"] == "stream":
                    printed.append(content["text"])
                elif message["msg_type"] == "execute_result":
                    printed.append(content["data"]["text/plain"])
                elif message["msg_type"] == "error":
                    printed.append(re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(content["traceback"])))
                elif message["msg_type"] == "status" and content["execution_state"] == "idle":
                    return "".join(printed)


def location(response: httpx.Response) -> str:
    """Returns the path and query a redirect leads to."""
    parts = urlsplit(response.headers["location"])
    return parts.path + (f"?{parts.query}" if parts.query else "")
