"""Runs the table of mission.py: every sentence of the two documents, for an owner, an administrator, a stranger, nobody."""

import pytest

from appliance import eventually
from mission import FAQ, URL_SCHEME, Case
from visitor import ORIGIN, location

NAMED = "[hub]\nnamed_servers = true\n"
SILENT, EXITS = ('[server]\nargs = ["--behave=silent"]\n', '[server]\nargs = ["--behave=exit"]\n')
# What is configured in each world, and which servers of Alice are asked to start in it.
WORLDS = {
    "stopped": ("", []),
    "tokens": ("", []),
    "shared": ("", []),
    "running": ("", [""]),
    "shared-running": ("", [""]),
    "named": (NAMED, ["extra"]),
    "pending": (SILENT, [""]),
    "pending-named": (NAMED + SILENT, ["slow"]),
    "failed": (EXITS, [""]),
    "home": ("[hub]\nredirect_to_server = false\n", []),
    "landing": ('[hub]\ndefault_url = "/services/my-landing-service"\n', []),
    "prefix": ('[hub]\nbase_url = "/jupyter/"\n', []),
}
PEOPLE = ("alice", "admin", "bob")


class World:
    """The machine as a case wants it, with a browser for each person."""

    def __init__(self, machine, name: str):
        self.name = name
        settings, self.servers = WORLDS[name]
        base = "/jupyter" if name == "prefix" else ""
        machine.write("/etc/carrel/carrel.d/world.toml", settings)
        machine.run("systemctl restart carrel.service")
        self.browsers = {"nobody": machine.visitor(base)}
        eventually(lambda: self.browsers["nobody"].get("/hub/login").status_code == 200, 20, "the login page")
        self.browsers |= {person: machine.login(person, base=base) for person in PEOPLE}
        self.admin = self.browsers["admin"]

    def __enter__(self):
        if self.name.startswith("shared"):
            self.call("POST", "/shares/alice/", 200, json={"user": "bob"})
        if self.name == "tokens":
            self.call("POST", "/users/alice/tokens", 201, json={"note": "of the mission", "expires_in": 600})
        if self.name == "named":
            self.call("PUT", "/users/alice/servers/spare", 201)
        for server in self.servers:
            self.admin.api("POST", f"/users/alice/servers/{server}")
        if self.name in ("running", "shared-running", "named"):
            for server in self.servers:
                self.settle(f"alice/{server}", ready=True)
        elif self.name == "failed":
            eventually(lambda: not self.active(), 20, "the start fails")
        return self

    def __exit__(self, *_: object) -> None:
        for server in self.active():
            self.stop(server)
        for server in (*self.servers, "spare"):
            if server:
                self.admin.api("DELETE", f"/users/alice/servers/{server}", json={"remove": True})
        self.admin.api("DELETE", "/shares/alice/")
        for browser in self.browsers.values():
            browser.close()

    def call(self, method: str, path: str, status: int, **options) -> None:
        answer = self.admin.api(method, path, **options)
        assert answer.status_code == status, (path, answer.status_code, answer.text)

    def active(self) -> dict[str, dict]:
        """Every server that is not at rest, as `user/server`."""
        users = self.admin.api("GET", "/users").json()
        return {f"{user['name']}/{name}": server for user in users for name, server in user["servers"].items()}

    def settle(self, server: str, *, ready: bool) -> None:
        eventually(lambda: self.active().get(server, {}).get("ready", False) == ready, 30, f"{server}: ready {ready}")

    def stop(self, server: str) -> None:
        user, name = server.split("/")
        self.admin.api("DELETE", f"/users/{user}/servers/{name}")
        eventually(lambda: server not in self.active(), 30, f"{server} stops")


@pytest.fixture(scope="module")
def fake(machine):
    machine.use_fake_servers('start_timeout = "60s"\nstop_timeout = "2s"\n')
    machine.configure('[hub]\nslow_spawn_timeout = "0s"\n', "mission")
    yield machine
    machine.run("rm -f /etc/carrel/carrel.d/{world,mission}.toml")
    machine.use_real_servers()


@pytest.fixture(scope="module")
def world(fake, request):
    with World(fake, request.param) as made:
        yield made


def table() -> list:
    """One test for each person of each sentence, those of a world beside each other, as making one takes seconds."""
    cases = sorted(URL_SCHEME + FAQ, key=lambda case: list(WORLDS).index(case.world))
    return [pytest.param(case.world, case, person, answer, id=f"{case.ask}-{person}-{case.sentence[:40]}")
            for case in cases for person, answer in case.answers().items()]


def expect(answer, wanted: str, case: Case) -> None:
    """Compares an answer with the words of the table."""
    status, what = wanted.split(" ", 1)
    got = (answer.status_code, answer.headers.get("location"), answer.headers.get("content-type"), answer.text[:3000])
    assert answer.status_code == int(status), (wanted, got)
    if status.startswith("3"):
        assert location(answer) == what
        return
    kind, _, words = what.partition(": ")
    if kind == "server":
        assert answer.json()["target"] == case.ask
        return
    media = "application/json" if kind == "json" else "text/html"
    assert answer.headers["content-type"].startswith(media), (wanted, got)
    assert (words in answer.text) == (kind != "without"), (wanted, got)


@pytest.mark.parametrize(("world", "case", "person", "wanted"), table(), indirect=["world"], scope="module")
def test_sentence(world, case, person, wanted):
    before = world.active()
    answer = world.browsers[person].get(f"{ORIGIN}{case.ask}", headers=case.headers or {})
    expect(answer, wanted, case)
    started = case.starts.replace("{me}", person)
    if started:
        server = started if "/" in started else f"{started}/"
        assert server in world.active()
        world.settle(server, ready=True)
        world.stop(server)
    assert world.active().keys() == before.keys(), "a visit starts and stops nothing"
