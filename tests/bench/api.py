#!/usr/bin/env python3
"""Measures the REST API beside a real JupyterHub in the same throwaway machine, and prints JSON.

Both hubs are asked at the port that user servers use, over plain HTTP on loopback, by the same load generator; rounds
are interleaved and medians taken. Called by tests/bench/run with the interpreter of the machine tests.
"""

from __future__ import annotations

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

import fixture  # noqa: E402  (found through the path above)
from hubs import Pair  # noqa: E402

ROUNDS = 3
SECONDS = 3
CONNECTIONS = 16
USERS = 1_000
MORE_USERS = (10_000, 50_000)
ACTIVE_SERVERS = 1_000
NEW_USERS = 1_000
PORTS = {"JupyterHub": 8091, "Carrel": 8081}

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
    """Asks one hub at the port of its API."""

    def __init__(self, name: str, token: str):
        self.port = PORTS[name]
        self.token = token

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
        """Asks from some connections for some seconds; requests per second and the 99th percentile in ms."""
        command = ["wrk", "--threads=1", f"--connections={CONNECTIONS}", f"--duration={SECONDS}s", "--latency",
                   "--header", f"Authorization: token {token or self.token}",
                   "--header", "Content-Type: application/json"]
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
            if script:
                file.write(script)
                file.flush()
                command += ["--script", file.name]
            done = subprocess.run([*command, f"http://127.0.0.1:{self.port}{path}"], text=True, check=True,
                                  stdout=subprocess.PIPE)
        return reading(done.stdout)


def reading(text: str) -> dict[str, float]:
    """Reads what wrk printed."""
    if "Non-2xx" in text:
        raise AssertionError(text)
    units = {"us": 0.001, "ms": 1, "s": 1000}
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
    return {"per second": float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), "p99 ms": float(number) * units[unit]}


def median(readings: list[dict[str, float]]) -> dict[str, float]:
    return {key: statistics.median(one[key] for one in readings) for key in readings[0]}


def compare(clients: dict[str, Client], ask) -> dict[str, dict[str, float]]:
    """Loads the hubs by turns."""
    readings = {name: [] for name in clients}
    for _ in range(ROUNDS):
        for name, client in clients.items():
            readings[name].append(ask(client))
    return {name: median(ones) for name, ones in readings.items()}


def timed(action) -> float:
    begin = time.monotonic()
    action()
    return time.monotonic() - begin


def under_activity(client: Client, token: str) -> dict[str, float]:
    """Checks a token while servers report, each as often as jupyterhub-singleuser does (every 300 s), all at once."""
    stop = threading.Event()

    def report() -> None:
        number = 0
        while not stop.wait(300 / ACTIVE_SERVERS / 10):
            number = (number + 1) % USERS
            client.call("POST", f"/users/bench{number}/activity", {"servers": {"": {"last_activity": now()}}})

    reporters = [threading.Thread(target=report) for _ in range(2)]
    for reporter in reporters:
        reporter.start()
    try:
        return client.load("/hub/api/user", token)
    finally:
        stop.set()
        for reporter in reporters:
            reporter.join()


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())


def measure(pair: Pair) -> dict:
    for hub in pair.hubs:
        pair.prepare(hub)
    clients = {hub.name: Client(hub.name, hub.tokens["boss"]) for hub in pair.hubs}
    for name, client in clients.items():
        for first in range(0, USERS, 250):
            names = [f"bench{n}" for n in range(first, first + 250)]
            client.call("POST", "/users", {"usernames": names})
    own = {name: client.call("POST", "/users/bench1/tokens", {})["token"] for name, client in clients.items()}
    names = {client.port: name for name, client in clients.items()}
    lines = {
        "GET own user": lambda c: c.load("/hub/api/user", own[names[c.port]]),
        "GET a user as administrator": lambda c: c.load("/hub/api/users/bench500"),
        "list of 50 users": lambda c: c.load("/hub/api/users?limit=50"),
        "list of 200 users": lambda c: c.load("/hub/api/users?limit=200"),
        "list filtered by name": lambda c: c.load("/hub/api/users?name_filter=bench77&limit=50"),
        "token check while servers report": lambda c: under_activity(c, own[names[c.port]]),
        "activity reports": lambda c: c.load("/", script=ACTIVITY),
        "making tokens": lambda c: c.load("/", script=TOKENS),
    }
    results = {line: compare(clients, ask) for line, ask in lines.items()}
    results["creating 1,000 users, s"] = {
        name: timed(lambda c=client: c.call("POST", "/users", {"usernames": [f"new{n}" for n in range(NEW_USERS)]}))
        for name, client in clients.items()
    }
    carrel = clients["Carrel"]
    first = USERS
    for count in MORE_USERS:
        pair.machine.run(["python3", "-c", FILL, str(first), str(count)], user="carrel")
        first = count
        for limit in (50, 200):
            line = f"list of {limit} users of {count:,}, Carrel alone"
            results[line] = {"Carrel": median([carrel.load(f"/hub/api/users?limit={limit}") for _ in range(ROUNDS)])}
        path = f"/hub/api/users?limit=200&offset={count - 300}"
        results[f"last page of {count:,}, Carrel alone"] = {"Carrel": carrel.load(path)}
        path = "/hub/api/users?name_filter=bench77&limit=50"
        results[f"filtered by name of {count:,}, Carrel alone"] = {"Carrel": carrel.load(path)}
    return results


def main() -> None:
    pair = Pair(with_carrel=True)
    try:
        with pair.machine.network():
            print(json.dumps(measure(pair)))
    finally:
        pair.stop()


if __name__ == "__main__":
    main()
