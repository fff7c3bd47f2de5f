"""Root's own socket: the API without a token for root, and for nobody else."""

import json

import pytest

from appliance import eventually

SOCKET = "/run/carrel/admin.sock"


def ask(machine, path: str = "/hub/api/users", user: str | None = None, *options: str):
    """Asks over the socket; returns curl's exit code, the status and the body."""
    command = ["curl", "--silent", "--unix-socket", SOCKET, "--write-out", "\n%{http_code}", *options, f"http://localhost{path}"]
    done = machine.run(command, check=False, user=user)
    body, _, status = done.stdout.rpartition("\n")
    return done.returncode, int(status), body


@pytest.fixture
def loosened(machine):
    """The socket as a careless administrator leaves it: everybody may connect."""
    machine.run(f"chmod 0666 {SOCKET}")
    yield
    machine.run(f"chmod 0600 {SOCKET}")


def test_root_needs_no_token(machine):
    code, status, body = ask(machine, "/hub/api/user")
    assert (code, status) == (0, 200)
    told = json.loads(body)
    assert (told["kind"], told["name"], told["token_id"]) == ("root", "root", None)
    assert {"admin:users", "admin:services", "shutdown"} <= set(told["scopes"])
    assert ask(machine)[1] == 200


def test_root_changes_something_without_a_form_token(machine):
    code, status, _ = ask(machine, "/hub/api/groups/of-root", None, "--request", "POST")
    assert (code, status) == (0, 201)
    assert ask(machine, "/hub/api/groups/of-root", None, "--request", "DELETE")[1] == 204


def test_the_socket_is_roots_and_held_by_systemd(machine):
    assert machine.run(["stat", "-c", "%a %U %G %F", SOCKET]).stdout.strip() == "600 root root socket"
    assert machine.show("carrel-admin.socket", "Triggers") == {"Triggers": "carrel.service"}


def test_pages_and_servers_are_not_there(machine):
    for path in ("/hub/home", "/hub/login", "/user/alice/", "/hub/admin"):
        assert ask(machine, path)[1] == 404, path


@pytest.mark.parametrize("account", ["alice", "carrel", "nobody"])
def test_nobody_else_can_connect(machine, account):
    code, status, body = ask(machine, user=account)
    assert (code, status, body) == (7, 0, "")


@pytest.mark.parametrize("account", ["alice", "carrel", "nobody"])
def test_nobody_else_is_heard_though_the_mode_lets_them_connect(machine, loosened, account):
    code, status, body = ask(machine, user=account)
    assert code != 0 and (status, body) == (0, "")
    told = f"the account with UID {machine.uid(account)} tried to use the hub as root"
    eventually(lambda: told in machine.journal(), what="the hub, and not the mode, turned them away")


def test_root_is_nobody_at_the_other_doors(machine):
    asked = machine.run("curl --silent --output /dev/null --write-out '%{http_code}' http://127.0.0.1:8081/hub/api/users")
    assert asked.stdout == "403"
    asked = machine.run("curl --silent --insecure --output /dev/null --write-out '%{http_code}' https://localhost/hub/api/users")
    assert asked.stdout == "403"
