"""The broker by itself, asked the way a hub would ask that was taken over: as the account `carrel`, with any frame."""

import json
import subprocess
from pathlib import Path

import pytest

from appliance import FAKE, FAKE_SOURCE, Appliance, eventually

SCRIPT = Path(__file__).with_name("broker_request.py").read_text()


@pytest.fixture(scope="module")
def broker():
    """A machine of its own whose hub is stopped, so that nobody else asks."""
    with Appliance.boot(with_jupyter=False) as appliance:
        appliance.install()
        appliance.run("systemctl stop carrel.service carrel.socket carrel-http.socket carrel-api.socket carrel-admin.socket")
        appliance.machine.put(FAKE_SOURCE, FAKE)
        appliance.run(f"chmod 755 {FAKE}")
        appliance.write("/etc/carrel/carrel.d/fake.toml", f'[server]\ncommand = "{FAKE}"\nstart_timeout = "3s"\n')
        for name in ("alice", "bob"):
            appliance.add_user(name)
        appliance.add_user("admin", None, "--groups", "sudo")
        yield appliance
        appliance.save_journal("broker")


def question(request, *answers: str) -> list[str]:
    return ["setpriv", "--reuid=carrel", "--regid=carrel", "--init-groups", "python3", "-c", SCRIPT, json.dumps(request), *answers]


def ask(machine, request, *answers: str) -> dict | str:
    return json.loads(machine.run(question(request, *answers)).stdout)


def begin(machine, request, *answers: str) -> subprocess.Popen:
    """Asks without waiting for the answer."""
    command = machine.machine.command(question(request, *answers))
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)


def answer_of(asking: subprocess.Popen) -> dict | str:
    return json.loads(asking.communicate(timeout=60)[0])


def requests_under_way(machine) -> list[int]:
    """The processes that serve one request each."""
    main = machine.main_pid("carrel-broker.service")
    return [int(pid) for pid in machine.run(f"pgrep --parent {main}", check=False).stdout.split()] if main else []


def log_in(machine, user: str, password: str) -> dict:
    return ask(machine, {"authenticate": {"user": user, "remote": "192.0.2.7"}}, password)


def launch(machine, user: str, ticket: str | None, server: str = "") -> dict:
    return ask(machine, {"launch": {"user": user, "server": server, "token": "t" * 32, "ticket": ticket}})


def ticket_of(machine, user: str, password: str) -> str:
    return log_in(machine, user, password)["accepted"]["ticket"]


def test_a_login_gives_the_account_and_a_ticket(broker):
    accepted = log_in(broker, "alice", "alice-8Kq2")["accepted"]
    assert accepted["account"]["name"] == "alice" and accepted["account"]["uid"] == broker.uid("alice")
    assert accepted["account"]["admin"] is False and accepted["ticket"]
    assert log_in(broker, "admin", "admin-3Vt6")["accepted"]["account"]["admin"] is True
    assert "rhost=192.0.2.7" in (log_in(broker, "alice", "wrong") and broker.run("journalctl --no-pager -o cat").stdout)


@pytest.mark.parametrize(("user", "password"), [("alice", "wrong"), ("nobody-here", "x"), ("root", ""), ("daemon", "x")])
def test_a_bad_login_gives_no_ticket(broker, user, password):
    assert "refused" in log_in(broker, user, password)


def test_a_launch_runs_the_server_as_the_account(broker):
    launched = launch(broker, "alice", ticket_of(broker, "alice", "alice-8Kq2"))["launched"]
    uid = broker.uid("alice")
    assert launched["unit"] == "carrel-user-alice.service"
    assert launched["socket"] == f"/run/carrel/user/{uid}/_default.sock"
    shown = broker.show(launched["unit"], "ActiveState", "Slice", "InvocationID")
    assert shown == {"ActiveState": "active", "Slice": f"carrel-u{uid}.slice", "InvocationID": launched["invocation"]}
    assert broker.run(f"stat -c '%a %U %G' /run/carrel/user/{uid}").stdout.strip() == "2710 alice carrel"
    eventually(lambda: broker.run(f"stat -c '%a %U %G %F' {launched['socket']}").stdout.strip()
               == "660 alice carrel socket", 10, "the socket is there for owner and hub")
    secret = broker.run("stat -c '%a %U %G' /run/carrel/secrets/carrel-user-alice.env").stdout.strip()
    assert secret == "600 root root"
    again = launch(broker, "alice", ticket_of(broker, "alice", "alice-8Kq2"))
    assert "already_running" in again["not_launched"]
    assert ask(broker, {"stop": {"user": "alice", "server": ""}}) == "stopped"
    assert broker.user_units() == []
    assert broker.run("ls /run/carrel/secrets/*.env", check=False).stdout == ""
    assert ask(broker, {"stop": {"user": "alice", "server": ""}}) == "stopped"


@pytest.mark.parametrize("ticket", [None, "", "forged", "A" * 86, "A" * 5000])
def test_a_launch_without_the_ticket_of_a_login_is_refused(broker, ticket):
    assert launch(broker, "bob", ticket)["not_launched"]["refused"]["login_needed"] is True
    assert broker.user_units() == []


def test_a_ticket_is_good_for_its_own_account_only(broker):
    ticket = ticket_of(broker, "alice", "alice-8Kq2")
    assert "refused" in launch(broker, "bob", ticket)["not_launched"]
    for name in ("root", "daemon"):
        assert "refused" in launch(broker, name, ticket).get("not_launched", {})
    assert broker.user_units() == []


def test_a_ticket_does_not_survive_a_reused_uid(broker):
    """The account is removed and another one of the same name gets another UID."""
    password = broker.add_user("passing")
    ticket = ticket_of(broker, "passing", password)
    broker.run("userdel --remove passing")
    broker.add_user("passing", password, "--uid", "4321")
    assert "refused" in launch(broker, "passing", ticket)["not_launched"]


@pytest.mark.parametrize("request_", [
    {}, [], None, 7, "launch", {"exec": ["id"]}, {"launch": {}}, {"launch": {"user": "../../etc/x", "server": "", "token": "t", "ticket": None}},
    {"stop": {"user": "alice", "server": "../x"}}, {"stop": {"user": "al/ice", "server": ""}},
    {"account": {"user": "alice", "uid": 0}}, {"account": {"user": "a" * 60000}}, {"account": {"user": "-r"}},
])
def test_nonsense_is_answered_and_changes_nothing(broker, request_):
    ask(broker, request_)
    assert broker.user_units() == []
    assert ask(broker, {"account": {"user": "alice"}})["account"]["name"] == "alice"


def test_only_hub_and_root_may_connect(broker):
    script = "import socket; socket.socket(socket.AF_UNIX).connect('/run/carrel/broker.sock')"
    assert "PermissionError" in broker.run(["python3", "-c", script], user="bob", check=False).stderr


def test_a_program_that_is_missing_is_named(broker):
    broker.write("/etc/carrel/carrel.d/zz.toml", '[server]\ncommand = "not-there"\n')
    try:
        missing = launch(broker, "bob", ticket_of(broker, "bob", "bob-5Wz9"))["not_launched"]["command_missing"]
        assert missing["command"] == "not-there" and "/opt/carrel/venv/bin" in missing["searched"]
    finally:
        broker.run("rm /etc/carrel/carrel.d/zz.toml")


def test_a_broken_configuration_starts_nothing(broker):
    ticket = ticket_of(broker, "bob", "bob-5Wz9")
    broker.write("/etc/carrel/carrel.d/zz.toml", "[server\n")
    try:
        assert "closed" in launch(broker, "bob", ticket)
        assert broker.user_units() == []
    finally:
        broker.run("rm /etc/carrel/carrel.d/zz.toml")


def test_a_module_that_hangs_holds_nobody_else_up(broker):
    broker.write("/usr/local/bin/hang", "#!/bin/sh\nsleep 600\n")
    broker.run("chmod 755 /usr/local/bin/hang; cp /etc/pam.d/carrel /root/pam-carrel; "
               "sed -i '1i auth [success=ignore default=ignore] pam_exec.so quiet /usr/local/bin/hang' /etc/pam.d/carrel")
    broker.write("/etc/carrel/carrel.d/zz.toml", '[login]\npam_timeout = "2s"\n')
    try:
        assert "closed" in log_in(broker, "alice", "alice-8Kq2")
        eventually(lambda: broker.run("pgrep -x 'hang|sleep'", check=False).stdout == "", 5, "nothing of it is left")
    finally:
        broker.run("cp /root/pam-carrel /etc/pam.d/carrel; rm /etc/carrel/carrel.d/zz.toml")
    assert "accepted" in log_in(broker, "alice", "alice-8Kq2")


@pytest.fixture
def slow_launch(broker):
    """A launch of Alice's that cannot go on while somebody else holds her server's lock; and how to let it go on."""
    ticket = ticket_of(broker, "alice", "alice-8Kq2")
    lock = "mkdir -p -m 700 /run/carrel/secrets; exec flock /run/carrel/secrets/carrel-user-alice.lock cat"
    holding = subprocess.Popen(broker.machine.command(["bash", "-c", lock]), stdin=subprocess.PIPE)
    eventually(lambda: broker.run("pgrep -x flock", check=False).stdout, what="the lock is held")
    launching = begin(broker, {"launch": {"user": "alice", "server": "", "token": "t" * 32, "ticket": ticket}})
    eventually(lambda: "->" in broker.run("cat /proc/locks").stdout, what="the launch waits for the lock")
    yield launching, holding.stdin.close
    holding.stdin.close()
    holding.wait()
    launching.wait()
    ask(broker, {"stop": {"user": "alice", "server": ""}})


def begin_login(machine) -> tuple[subprocess.Popen, int]:
    """Begins a login that PAM holds up, and returns it with its process; `hang` stands in PAM's file by then."""
    before = set(requests_under_way(machine))
    login = begin(machine, {"authenticate": {"user": "bob", "remote": "192.0.2.7"}}, "bob-5Wz9")
    pid = eventually(lambda: set(requests_under_way(machine)) - before, what="the login is under way").pop()
    return login, pid


@pytest.fixture
def hanging_logins(broker):
    """PAM takes as long as the file /run/hang is there."""
    broker.write("/usr/local/bin/hang", "#!/bin/sh\nwhile [ -e /run/hang ]; do sleep 0.1; done\n")
    broker.run("chmod 755 /usr/local/bin/hang; touch /run/hang; cp /etc/pam.d/carrel /root/pam-carrel; "
               "sed -i '1i auth required pam_exec.so quiet /usr/local/bin/hang' /etc/pam.d/carrel")
    yield lambda: broker.run("rm -f /run/hang")
    broker.run("rm -f /run/hang; cp /root/pam-carrel /etc/pam.d/carrel")


def test_a_request_that_is_killed_takes_nobody_with_it(broker, hanging_logins):
    (one, pid), (other, _) = begin_login(broker), begin_login(broker)
    broker.run(f"kill -9 {pid}")
    assert "closed" in answer_of(one)
    hanging_logins()
    assert "accepted" in answer_of(other)


def test_a_stop_lets_launches_end_and_nothing_else(broker, slow_launch):
    launching, go_on = slow_launch
    broker.run("systemctl stop --no-block carrel-broker.service")
    eventually(lambda: broker.show("carrel-broker.service", "MainPID")["MainPID"] == "0", what="it takes no more")
    go_on()
    assert "launched" in answer_of(launching)
    assert ask(broker, {"account": {"user": "alice"}})["account"]["name"] == "alice"


def test_a_stop_ends_logins_and_all_they_started(broker, hanging_logins):
    login, _ = begin_login(broker)
    broker.run("systemctl stop carrel-broker.service")
    assert "closed" in answer_of(login)
    assert broker.run("pgrep -x 'carrel|hang'", check=False).stdout == ""


def test_a_broker_that_was_killed_is_back_and_its_launches_end(broker, slow_launch):
    launching, go_on = slow_launch
    broker.run("systemctl kill --kill-whom=main --signal=SIGKILL carrel-broker.service")
    go_on()
    assert "launched" in answer_of(launching)
    assert ask(broker, {"account": {"user": "alice"}})["account"]["name"] == "alice"
    assert broker.active("carrel-broker.socket")


def test_all_requests_share_one_sandbox(broker, hanging_logins):
    """The processes of requests have what the unit's main process has, and no more."""
    login, pid = begin_login(broker)
    main = broker.main_pid("carrel-broker.service")
    for what in ("grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/{}/status", "readlink /proc/{}/ns/mnt",
                 "cat /proc/{}/limits", "cat /proc/{}/cgroup"):
        assert broker.run(what.format(pid)).stdout == broker.run(what.format(main)).stdout, what
    assert "CapBnd:\t00000000200000df" in broker.run(f"cat /proc/{pid}/status").stdout
    hanging_logins()
    assert "accepted" in answer_of(login)


def test_the_answers_are_nowhere_to_be_found(broker):
    log_in(broker, "alice", "Qx7-unmistakable")
    launch(broker, "alice", ticket_of(broker, "alice", "alice-8Kq2"))
    journal = broker.run("journalctl --no-pager --output=export").stdout
    shown = broker.run("systemctl show carrel-user-alice.service; cat /run/systemd/transient/carrel-user-alice.service").stdout
    ask(broker, {"stop": {"user": "alice", "server": ""}})
    for secret in ("Qx7-unmistakable", "alice-8Kq2", "t" * 32):
        assert secret not in journal and secret not in shown
