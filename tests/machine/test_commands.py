"""The administrator's commands on a machine where Carrel runs."""

import json

import pytest

from appliance import eventually

CONFIG = "/etc/carrel/carrel.d/commands.toml"


def carrel(machine, *arguments: str, user: str | None = None):
    """Runs a command; returns its exit code and, with --json, what it printed as data."""
    done = machine.run(["carrel", *arguments], check=False, user=user)
    printed = json.loads(done.stdout) if "--json" in arguments and done.stdout else done.stdout
    return done.returncode, printed, done.stderr


def checks(machine, user: str | None = None) -> dict[str, dict]:
    _, report, _ = carrel(machine, "doctor", "--json", user=user)
    return {check["name"]: check for check in report["checks"]}


@pytest.fixture
def faulty(machine):
    """A drop-in with two faults, gone afterwards."""
    machine.write(CONFIG, '[hub]\nbase_ulr = "/x/"\nsession_lifetime = "soon"\n')
    yield
    machine.run(["rm", CONFIG])
    machine.run("systemctl reset-failed carrel.service; systemctl start carrel.service")
    machine.await_login_page()


def test_doctor_finds_nothing_wrong_with_a_fresh_install(machine):
    failed = {name: check for name, check in checks(machine).items() if check["state"] == "fail"}
    assert failed == {}
    assert carrel(machine, "doctor")[0] == 0


def test_doctor_tells_the_version_of_the_server_program(machine):
    program = checks(machine)["server program"]
    assert program["state"] == "ok"
    assert "/opt/carrel/venv/bin/jupyterhub-singleuser, version " in program["found"]


def test_doctor_sees_what_others_could_reach(machine):
    machine.run("chmod 0666 /run/carrel/broker.sock && chmod 0777 /etc/carrel/carrel.d")
    try:
        found = checks(machine)
        assert found["broker's socket"]["state"] == "fail"
        assert found["configuration"]["state"] == "fail"
        assert carrel(machine, "doctor")[0] == 1
    finally:
        machine.run("chmod 0660 /run/carrel/broker.sock && chmod 0755 /etc/carrel/carrel.d")


def test_doctor_sees_that_the_hub_is_down(machine):
    machine.run("systemctl stop carrel.service carrel-api.socket")
    try:
        found = checks(machine)
        assert found["carrel.service"]["state"] == "fail"
        assert found["hub"]["state"] == "fail"
    finally:
        machine.run("systemctl start carrel-api.socket carrel.service")
        machine.await_login_page()


def test_doctor_tells_others_only_what_they_may_see(machine):
    found = checks(machine, user="alice")
    assert found["certificate"]["state"] == "warn" and "as root" in found["certificate"]["advice"]
    assert found["database"]["state"] == "warn"


def test_people_and_servers_are_listed(machine):
    with machine.login("alice") as alice:
        alice.start_server()
        try:
            code, users, _ = carrel(machine, "user", "list", "--json")
            listed = {user["name"]: user for user in users}
            assert code == 0 and listed["alice"]["uid"] == machine.uid("alice")
            assert listed["alice"]["admin"] is False
            _, servers, _ = carrel(machine, "server", "list", "--json")
            mine = next(server for server in servers if server["user"] == "alice")
            assert (mine["state"], mine["unit_state"], mine["unit"]) == ("running", "active", "carrel-user-alice.service")
            assert mine["memory_bytes"] is None or mine["memory_bytes"] > 0
        finally:
            alice.stop_server()
    _, table, _ = carrel(machine, "server", "list")
    assert table.splitlines()[0].split()[:3] == ["USER", "SERVER", "STATE"]


def test_lists_are_not_for_everybody(machine):
    code, printed, told = carrel(machine, "user", "list", user="bob")
    assert (code, printed) == (1, "")
    assert "Permission denied" in told


def test_check_config_tells_every_place(machine, faulty):
    code, report, _ = carrel(machine, "check-config", "--json")
    assert code == 1 and not report["ok"]
    assert [(fault["path"], fault["line"], fault["column"]) for fault in report["faults"]] == [(CONFIG, 2, 1), (CONFIG, 3, 20)]
    assert "is hub.base_url meant?" in report["faults"][0]["text"]


def test_a_reload_with_faults_changes_nothing(machine, faulty):
    pid = machine.main_pid("carrel.service")
    machine.run("systemctl reload carrel.service")
    eventually(lambda: f"{CONFIG}:2:1: unknown key hub.base_ulr" in machine.journal(), what="the fault in the journal")
    assert machine.main_pid("carrel.service") == pid
    with machine.visitor() as visitor:
        assert visitor.get("/hub/login").status_code == 200


def test_a_start_with_faults_ends_with_78_and_a_sentence(machine, faulty):
    assert machine.run("systemctl restart carrel.service", check=False).returncode != 0
    assert machine.show("carrel.service", "ExecMainStatus")["ExecMainStatus"] == "78"
    assert f"caused by: {CONFIG}:2:1: unknown key hub.base_ulr" in machine.journal()


def test_the_hubs_commands_are_for_root(machine):
    for account in ("bob", "carrel"):
        code, printed, told = carrel(machine, "token", "alice", user=account)
        assert (code, printed) == (1, ""), account
        assert "only root may use it; try again with sudo" in told


def test_what_root_does_is_in_the_journal(machine):
    carrel(machine, "group", "add", "in-the-journal")
    code, answer, _ = carrel(machine, "group", "delete", "in-the-journal", "--json")
    assert (code, answer) == (0, "")
    eventually(lambda: "root of this machine" in machine.journal(), what="who made the group")


def test_a_token_by_its_short_form_is_good(machine):
    machine.login("alice").close()
    code, token, _ = carrel(machine, "token", "alice")
    assert code == 0
    asked = machine.run(["curl", "--silent", "--header", f"Authorization: token {token.strip()}", "http://127.0.0.1:8081/hub/api/user"])
    assert json.loads(asked.stdout)["name"] == "alice"
    _, tokens, _ = carrel(machine, "token", "list", "alice", "--json")
    mine = next(token for token in tokens if token["note"] == "made by root")
    assert carrel(machine, "token", "revoke", "alice", mine["id"])[0] == 0
    code, _, told = carrel(machine, "token", "revoke", "alice", mine["id"])
    assert code == 1 and told.startswith("error: ")
