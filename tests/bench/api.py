#!/usr/bin/env python3
"""Measures the REST API beside a real JupyterHub in the same throwaway machine, and prints JSON.

Both hubs are asked at the port that user servers use, over plain HTTP on loopback, by the same load generator, and for
their login page at the port that browsers use; rounds are interleaved and medians taken. Processor time is that of all
processes of the hub's unit. Called by tests/bench/run with the interpreter of the machine tests; alone it can measure
one line (`api.py "GET own user"`) or Carrel without the other (`--alone`).
"""

from __future__ import annotations

import argparse
import http.client
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "conformance"))

from hubs import Pair  # noqa: E402  (found through the path above)

ROUNDS = 3
SECONDS = 3
CONNECTIONS = 16
USERS = 1_000
MORE_USERS = (10_000, 50_000)
ACTIVE_SERVERS = 1_000
NEW_USERS = 1_000
PORTS = {"JupyterHub": 8091, "Carrel": 8081}
UNITS = {"JupyterHub": "jupyterhub.service", "Carrel": "carrel.service"}
TICKS = 100  # USER_HZ, fixed on Linux
# How often the servers report together, in Hz: twenty times as often as jupyterhub-singleuser does.
REPORTS_PER_SECOND = ACTIVE_SERVERS / 300 * 20

FILL = """
import sqlite3, sys
db = sqlite3.connect("/var/lib/carrel/carrel.sqlite", timeout=30)
first, last = int(sys.argv[1]), int(sys.argv[2])
with db:
    db.execute("PRAGMA foreign_keys = on")
    db.executemany("INSERT INTO users (name, created) VALUES (?, ?)",
                   ((f"bench{n}", n) for n in range(first, last)))
    db.execute("INSERT OR IGNORE INTO servers (user_id, name, created) SELECT id, '', 0 FROM users")
"""

# What wrk sends; USERS numbers go round.
ACTIVITY = """
local n = 0
request = function()
    n = (n + 1) % USERS
    local now = os.date("!%Y-%m-%dT%H:%M:%S.") .. string.format("%06dZ", n)
    local body = '{"last_activity": "' .. now .. '", "servers": {"": {"last_activity": "' .. now .. '"}}}'
    return wrk.format("POST", "/hub/api/users/bench" .. n .. "/activity", nil, body)
end
""".replace("USERS", str(USERS))
TOKENS = """
local n = 0
request = function()
    n = (n + 1) % USERS
    return wrk.format("POST", "/hub/api/users/bench" .. n .. "/tokens", nil, '{"note": "bench"}')
end
""".replace("USERS", str(USERS))


class Client:
    """Asks one hub at the port of its API, or a browser's."""

    def __init__(self, pair: Pair, hub):
        self.name = hub.name
        self.port = PORTS[hub.name]
        self.browsers_port = hub.port
        self.token = hub.tokens["boss"]
        self.machine = pair.machine
        self.own = ""
        """The token of a user who is no administrator."""

    def call(self, method: str, path: str, body: object = None, expected: tuple[int, ...] = (200, 201, 204)) -> object:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        connection.request(method, f"/hub/api{path}", json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        assert answer.status in expected, (self.port, method, path, answer.status, text[:500])
        return json.loads(text) if text else None

    def load(self, path: str, token: str | None = None, script: str | None = None) -> dict[str, float]:
        """Asks from some connections for some seconds."""
        headers = {"Authorization": f"token {token or self.token}", "Content-Type": "application/json"}
        return self._load(f"http://127.0.0.1:{self.port}{path}", headers, script)

    def browse(self, path: str) -> dict[str, float]:
        """Does the same at the port of browsers, without credentials."""
        return self._load(f"https://127.0.0.1:{self.browsers_port}{path}", {"Host": "hub.test"}, None)

    def _load(self, url: str, headers: dict[str, str], script: str | None) -> dict[str, float]:
        command = ["wrk", "--threads=1", f"--connections={CONNECTIONS}", f"--duration={SECONDS}s", "--latency"]
        for name, value in headers.items():
            command += ["--header", f"{name}: {value}"]
        before = self.processor_seconds()
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
            if script:
                file.write(script)
                file.flush()
                command += ["--script", file.name]
            done = subprocess.run([*command, url], text=True, check=True, stdout=subprocess.PIPE)
        return reading(done.stdout, self.processor_seconds() - before)

    def processor_seconds(self) -> float:
        """Returns what the processes of the hub have used."""
        script = f"for f in $(grep -ls '/{UNITS[self.name]}$' /proc/[0-9]*/cgroup); do cat ${{f%cgroup}}stat; done"
        lines = self.machine.run(script).stdout.splitlines()
        fields = [line.rsplit(")", 1)[1].split() for line in lines]
        assert fields, f"no process of {self.name}"
        return sum(int(of[11]) + int(of[12]) for of in fields) / TICKS


def reading(text: str, processor_seconds: float) -> dict[str, float]:
    """Reads what wrk printed: requests per second, percentiles and processor time of one request."""
    if "Non-2xx" in text or "Socket errors" in text:
        raise AssertionError(text)
    units = {"us": 0.001, "ms": 1, "s": 1000}

    def percentile(which: int) -> float:
        number, unit = re.search(rf"{which}%\s+([\d.]+)(us|ms|s)", text).groups()
        return float(number) * units[unit]

    requests = int(re.search(r"(\d+) requests in", text)[1])
    return {"per second": float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), "p50 ms": percentile(50),
            "p99 ms": percentile(99), "processor us": processor_seconds / requests * 1e6}


def median(readings: list[dict[str, float]]) -> dict[str, float]:
    return {key: statistics.median(one[key] for one in readings) for key in readings[0]}


def compare(clients: list[Client], ask) -> dict[str, dict[str, float]]:
    """Loads the hubs by turns."""
    readings = {client.name: [] for client in clients}
    for _ in range(ROUNDS):
        for client in clients:
            readings[client.name].append(ask(client))
    return {name: median(ones) for name, ones in readings.items()}


def timed(action) -> float:
    begin = time.monotonic()
    action()
    return time.monotonic() - begin


def under_activity(client: Client) -> dict[str, float]:
    """Checks a token while servers report."""
    stop = threading.Event()

    def report() -> None:
        number = 0
        while not stop.wait(1 / REPORTS_PER_SECOND):
            number = (number + 1) % USERS
            client.call("POST", f"/users/bench{number}/activity", {"servers": {"": {"last_activity": now()}}})

    reporter = threading.Thread(target=report)
    reporter.start()
    try:
        return client.load("/hub/api/user", client.own)
    finally:
        stop.set()
        reporter.join()


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())


# What both hubs are asked.
LINES = {
    "GET own user": lambda c: c.load("/hub/api/user", c.own),
    "GET a user as administrator": lambda c: c.load("/hub/api/users/bench500"),
    "list of 50 users": lambda c: c.load("/hub/api/users?limit=50"),
    "list of 200 users": lambda c: c.load("/hub/api/users?limit=200"),
    "list filtered by name": lambda c: c.load("/hub/api/users?name_filter=bench77&limit=50"),
    "token check while servers report": under_activity,
    "activity reports": lambda c: c.load("/", script=ACTIVITY),
    "making tokens": lambda c: c.load("/", script=TOKENS),
    "login page": lambda c: c.browse("/hub/login"),
}


def prepare(pair: Pair, client: Client) -> None:
    """Adds the users."""
    for first in range(0, USERS, 250):
        client.call("POST", "/users", {"usernames": [f"bench{n}" for n in range(first, first + 250)]})
    client.own = client.call("POST", "/users/bench1/tokens", {})["token"]


def add_users(client: Client, round_: int) -> float:
    names = [f"new{round_}x{n}" for n in range(NEW_USERS)]
    return timed(lambda: client.call("POST", "/users", {"usernames": names}))


def measure_more_users(carrel: Client) -> dict:
    """Measures lists of Carrel alone over more users than the other can be filled with in time."""
    results = {}
    first = USERS
    for count in MORE_USERS:
        carrel.machine.run(["python3", "-c", FILL, str(first), str(count)], user="carrel")
        first = count
        for what, path in {
            "list of 50 users": "/hub/api/users?limit=50",
            "list of 200 users": "/hub/api/users?limit=200",
            "last 200 users": f"/hub/api/users?limit=200&offset={count - 300}",
            "list filtered by name": "/hub/api/users?name_filter=bench77&limit=50",
        }.items():
            results[f"{what}, of {count:,}"] = compare([carrel], lambda c, path=path: c.load(path))
    return results


def measure(pair: Pair, alone: bool, wanted: list[str]) -> dict:
    clients = []
    for hub in [pair.ours] if alone else pair.hubs:
        pair.prepare(hub)
        clients.append(Client(pair, hub))
        prepare(pair, clients[-1])
    results = {line: compare(clients, ask) for line, ask in LINES.items() if not wanted or line in wanted}
    if not wanted:
        seconds = {c.name: statistics.median(add_users(c, n) for n in range(ROUNDS)) for c in clients}
        results[f"creating {NEW_USERS:,} users, s"] = seconds
        results |= measure_more_users(clients[-1])
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--alone", action="store_true", help="measure Carrel alone")
    parser.add_argument("lines", nargs="*", help=f"measure these lines only, of: {', '.join(LINES)}")
    options = parser.parse_args()
    pair = Pair(with_carrel=True, settings={"WITHOUT_ACCOUNTS": "yes"})
    try:
        with pair.machine.network():
            print(json.dumps(measure(pair, options.alone, options.lines)))
    finally:
        pair.stop()


if __name__ == "__main__":
    main()
