#!/usr/bin/env python3
"""Measures the whole hub in a throwaway machine: start, memory, spawns, logins; prints JSON.

Called by tests/bench/run with the interpreter of the machine tests, which has what they need.
"""

import concurrent.futures
import json
import pathlib
import socket
import ssl
import statistics
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "machine"))

from appliance import Appliance, eventually  # noqa: E402  (found through the path above)

TOOL = ROOT / "target" / "release" / "carrel-bench"
COMMAND = "/usr/local/bin/answers-at-once"
REPEATS = 7
MANY_ACCOUNTS = 50_000
MANY_SERVERS = 100
WRONG_LOGINS = 64

CONFIGURATION = f"""
[server]
command = "{COMMAND}"
[hub]
named_servers = true
concurrent_spawn_limit = 0
"""

FILL = f"""
import sqlite3
db = sqlite3.connect("/var/lib/carrel/carrel.sqlite")
with db:
    db.executemany("INSERT INTO users (name, uid, created) VALUES (?, ?, 0)",
                   ((f"many{{n}}", 100_000 + n) for n in range({MANY_ACCOUNTS})))
db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
"""

# Starts the command by itself and under systemd-run, and prints how long each took to answer, in ms.
ALONE = """
import os, socket, subprocess, sys, time
command, how = sys.argv[1], sys.argv[2:]
path = "/tmp/alone.sock"
def once():
    if os.path.exists(path):
        os.unlink(path)
    begin = time.monotonic()
    process = subprocess.Popen([*how, command, f"--ServerApp.sock={path}"])
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(path)
                client.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
                client.recv(1)
                break
        except OSError:
            time.sleep(0.0005)
    took = time.monotonic() - begin
    subprocess.run(["pkill", "-x", os.path.basename(command)[:15]])
    process.wait()
    return took * 1000
print(*[once() for _ in range(7)])
"""


def first_answer():
    """Connects, which makes systemd start the hub, and returns after how many ms it answered."""
    context = ssl._create_unverified_context()
    begin = time.monotonic()
    with socket.create_connection(("127.0.0.1", 443), 30) as plain, context.wrap_socket(plain) as stream:
        stream.sendall(b"GET /hub/login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert stream.recv(12) == b"HTTP/1.1 200", "the login page"
    return (time.monotonic() - begin) * 1000


def starts(appliance):
    values = []
    for _ in range(REPEATS):
        appliance.run("systemctl stop carrel.service")
        values.append(first_answer())
    return values


def memory_mib(appliance):
    pid = appliance.main_pid("carrel.service")
    rollup = appliance.run(f"cat /proc/{pid}/smaps_rollup").stdout
    pss = next(line for line in rollup.splitlines() if line.startswith("Pss:"))
    return int(pss.split()[1]) / 1024


def spawns(visitor):
    """Asks for the server, follows its progress until it is ready, and stops it; ms from POST to ready."""
    headers = {"X-XSRFToken": visitor.xsrf(), "Origin": "https://localhost", "Accept": "application/json"}
    values = []
    for _ in range(REPEATS):
        begin = time.monotonic()
        visitor.client.post("/hub/api/users/alice/server", headers=headers).raise_for_status()
        with visitor.client.stream("GET", "/hub/api/users/alice/server/progress", headers=headers) as events:
            for line in events.iter_lines():
                if '"ready":true' in line.replace(" ", ""):
                    break
        values.append((time.monotonic() - begin) * 1000)
        visitor.stop_server()
    return values


def many_servers(visitor):
    names = [f"s{n}" for n in range(MANY_SERVERS)]
    token = visitor.xsrf()
    headers = {"X-XSRFToken": token, "Origin": "https://localhost", "Accept": "application/json"}

    def ask(name):
        visitor.client.post(f"/hub/api/users/alice/servers/{name}", headers=headers).raise_for_status()

    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(ask, names))
    while True:
        answer = visitor.client.get("/hub/api/users/alice", headers=headers).json()
        ready = [name for name, server in answer["servers"].items() if server.get("ready")]
        if len(ready) >= MANY_SERVERS:
            return time.monotonic() - begin
        assert time.monotonic() - begin < 120, f"{len(ready)} servers were ready after 120 s"
        time.sleep(0.01)


def good_login_among_wrong(appliance):
    visitors = [appliance.visitor() for _ in range(WRONG_LOGINS)]
    good = appliance.visitor()
    good.get("/hub/login")
    with concurrent.futures.ThreadPoolExecutor(WRONG_LOGINS) as pool:
        wrong = [pool.submit(v.try_login, f"nobody{n}", "wrong") for n, v in enumerate(visitors)]
        time.sleep(0.5)
        in_flight = sum(not one.done() for one in wrong)
        begin = time.monotonic()
        good.login("alice", "alice-8Kq2")
        took = (time.monotonic() - begin) * 1000
    for visitor in visitors:
        visitor.close()
    return took, in_flight


def measure(appliance):
    results = {}
    appliance.machine.put(TOOL, COMMAND)
    appliance.run(f"chmod 755 {COMMAND}")
    appliance.configure(CONFIGURATION, "bench")
    results["hub at rest, MiB"] = memory_mib(appliance)
    results["start to first answer, 10 accounts, ms"] = statistics.median(starts(appliance))
    for how in ([], ["systemd-run", "--quiet", "--collect", "--uid=alice"]):
        words = appliance.run(["python3", "-c", ALONE, COMMAND, *how]).stdout.split()
        line = "by systemd-run" if how else "by itself"
        results[f"command {line}, ms"] = statistics.median(map(float, words))
    with appliance.login("alice") as visitor:
        results["POST to ready, ms"] = statistics.median(spawns(visitor))
        results["spawn overhead, ms"] = results["POST to ready, ms"] - results["command by itself, ms"]
        results[f"{MANY_SERVERS} servers at once, all ready, s"] = many_servers(visitor)
        for n in range(MANY_SERVERS):
            visitor.api("DELETE", f"/users/alice/servers/s{n}")
        eventually(lambda: not appliance.user_units(), 60, "all servers stopped")
    took, in_flight = good_login_among_wrong(appliance)
    results[f"good login, {in_flight} wrong ones in flight, ms"] = took
    appliance.run("systemctl stop carrel.service")
    appliance.run(["python3", "-c", FILL], user="carrel")
    results["start to first answer, 50,000 accounts, ms"] = statistics.median(starts(appliance))
    results["hub at rest, 50,000 accounts, MiB"] = memory_mib(appliance)
    return results


def main():
    with Appliance.boot(with_jupyter=False) as appliance:
        appliance.install()
        appliance.add_user("alice")
        with appliance.machine.network():
            appliance.await_login_page()
            print(json.dumps(measure(appliance)))


if __name__ == "__main__":
    main()
