#!/usr/bin/env python3
"""Measures the administration pages of a hub with 5,000 users, 40 groups and 400 running servers; prints JSON.

The figures are milliseconds from request to the last byte, on one connection that is open already,
median and the longest of REPEATS.

Called by tests/bench/run with the interpreter of the machine tests, which has what they need.
"""

import concurrent.futures
import json
import pathlib
import statistics
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "machine"))

from appliance import Appliance, eventually  # noqa: E402  (found through the path above)

TOOL = ROOT / "target" / "release" / "carrel-bench"
COMMAND = "/usr/local/bin/answers-at-once"
REPEATS = 40
USERS = 5_000
RUNNING = 400
GROUPS = 40
CHUNK = 1_000

CONFIGURATION = f"""
[server]
command = "{COMMAND}"
[hub]
named_servers = true
concurrent_spawn_limit = 0
[login]
require_ticket = false
"""

NAMES = [f"person{n:04}" for n in range(USERS)]
ACCOUNTS = "\n".join(f"{name}:x:{20_000 + n}:{20_000 + n}::/home/{name}:/bin/bash" for n, name in enumerate(NAMES[:RUNNING]))

PAGES = {
    "users": "/hub/admin/users",
    "users, the last page": f"/hub/admin/users?offset={USERS - 50}",
    "users by last activity": "/hub/admin/users?sort=-last_activity",
    "users with a running server": "/hub/admin/users?state=active",
    "users, a search by name": "/hub/admin/users?name_filter=son39",
    "users, a search without result": "/hub/admin/users?name_filter=nobody",
    "groups": "/hub/admin/groups",
    "the hub": "/hub/admin/hub",
    "home of the administrator": "/hub/home",
}


def fill(appliance, admin):
    """Makes accounts, users, groups, and starts servers."""
    appliance.run(["newusers"], stdin=f"{ACCOUNTS}\n")
    for begin in range(0, USERS, CHUNK):
        made = admin.api("POST", "/users", json={"usernames": NAMES[begin : begin + CHUNK]})
        assert made.status_code == 201, made.text[:500]
    for n in range(GROUPS):
        admin.api("POST", f"/groups/course-{n:02}").raise_for_status()
        members = {"users": NAMES[n :: GROUPS]}
        admin.api("POST", f"/groups/course-{n:02}/users", json=members).raise_for_status()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for started in pool.map(lambda name: admin.api("POST", f"/users/{name}/server"), NAMES[:RUNNING]):
            assert started.status_code in (201, 202), started.text[:500]

    def ready():
        return len(admin.api("GET", f"/users?state=ready&limit=1&offset={RUNNING - 1}").json()) == 1

    eventually(ready, 120, "all servers are ready")


def times(visitor, path):
    values, size = [], 0
    for _ in range(REPEATS):
        begin = time.monotonic()
        answer = visitor.get(path)
        values.append((time.monotonic() - begin) * 1000)
        assert answer.status_code == 200, (path, answer.status_code)
        size = len(answer.content)
    return {"median ms": statistics.median(values), "longest ms": max(values), "KiB": size / 1024}


def main():
    with Appliance.boot(with_jupyter=False) as appliance:
        appliance.install()
        appliance.add_user("admin", None, "--groups", "sudo")
        appliance.machine.put(TOOL, COMMAND)
        appliance.run(f"chmod 755 {COMMAND}")
        with appliance.machine.network():
            appliance.configure(CONFIGURATION, "bench")
            with appliance.login("admin") as admin:
                fill(appliance, admin)
                print(json.dumps({page: times(admin, path) for page, path in PAGES.items()}))


if __name__ == "__main__":
    main()
