"""`kill -9` of hub and broker at random moments: nothing acknowledged is lost, no unit orphaned, no second one started."""

import os
import random
import subprocess

import httpx
import pytest

from appliance import eventually

ROUNDS = int(os.environ.get("CARREL_CRASH_ROUNDS", "200"))
BROKER = "carrel-broker.service"
KILLS = {
    "hub": "systemctl kill --signal=SIGKILL carrel.service",
    "broker": f"systemctl kill --signal=SIGKILL {BROKER}",
    "broker's main process": f"systemctl kill --signal=SIGKILL --kill-whom=main {BROKER}",
    "requests": f"pkill -KILL --parent $(systemctl show --property=MainPID --value {BROKER})",
}
NAME, UNIT = "crash", "carrel-user-crash.service"


@pytest.fixture(scope="module")
def crashing(machine):
    machine.write("/etc/systemd/system/carrel.service.d/crash.conf", "[Service]\nRestartSec=10ms\n")
    machine.run("systemctl daemon-reload")
    machine.use_fake_servers("[login]\nfailures_per_account = 100000\n")
    machine.add_user(NAME, "crash-4Rx7")
    yield machine
    machine.run("rm -r /etc/systemd/system/carrel.service.d; systemctl daemon-reload")
    machine.use_real_servers()


def act(visitor, what: str) -> int:
    """Does one thing that may be cut off; returns the status it got, 0 for none."""
    try:
        if what == "login":
            return visitor.try_login(NAME, "crash-4Rx7").status_code
        method = "POST" if what == "start" else "DELETE"
        headers = {"X-XSRFToken": visitor.token, "Origin": "https://localhost"}
        return visitor.client.request(method, f"/hub/api/users/{NAME}/server", headers=headers, timeout=20).status_code
    except (httpx.HTTPError, AssertionError):
        return 0


def test_nothing_is_lost_or_doubled_over_kills_at_random_moments(crashing):
    seed = int(os.environ.get("CARREL_CRASH_SEED", random.randrange(1 << 32)))
    print(f"CARREL_CRASH_SEED={seed}")
    chance = random.Random(seed)
    visitor = crashing.login(NAME, "crash-4Rx7")
    visitor.token = visitor.xsrf()
    problems = []
    for number in range(ROUNDS):
        what = chance.choice(("start", "stop", "login"))
        target = chance.choice(("hub", "hub", "broker", "broker's main process", "requests"))
        delay = chance.uniform(0, 0.25)
        killer = crashing.machine.command(["bash", "-c", f"sleep {delay}; {KILLS[target]}"])
        with subprocess.Popen(killer, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as killing:
            status = act(crashing.visitor() if what == "login" else visitor, what)
            killing.wait()
        problems += check(crashing, visitor, number, what, target, status)
        assert not problems, problems
    if visitor.server():
        visitor.stop_server()


def check(machine, visitor, number, what, target, status) -> list[str]:
    """What must be true after every kill, once the hub answers again."""
    where = f"round {number}, {what} -> {status}, killed {target}"

    def settled():
        answer = visitor.api("GET", f"/users/{NAME}")
        assert answer.status_code == 200, f"the session is lost: {answer.status_code}"
        server = answer.json().get("servers", {}).get("", {})
        unit = machine.active(UNIT)
        assert not server.get("pending"), server
        assert bool(server.get("ready")) == unit, f"the hub says {server}, systemd says {unit}"
        return True

    try:
        eventually(settled, 30, where)
    except AssertionError as error:
        return [str(error)]
    found = []
    visitor.token = visitor.xsrf()
    processes = machine.run(f"pgrep -u {NAME} -f fake-singleuser", check=False).stdout.split()
    running = machine.active(UNIT)
    if len(processes) != (1 if running else 0):
        found.append(f"{where}: {len(processes)} servers, unit active: {running}")
    if status in (201, 204) and target == "hub":
        expected = what == "start"
        if running != expected:
            found.append(f"{where}: acknowledged and lost")
    return found
