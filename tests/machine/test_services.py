"""Services of the configuration: JupyterHub's own mock service run by Carrel and by somebody else, one on a socket, and
some that do not work."""

import json
from pathlib import Path

import pytest

from appliance import eventually
from test_attackers import CONNECT
from test_broker import ask
from visitor import Page, location

PYTHON = "/opt/carrel/venv/bin/python3"
SOCKET_SERVICE = "/usr/local/bin/socket-service"
OUTSIDE_TOKEN = "outside-token-5b1e77"
OUTSIDE = {
    "JUPYTERHUB_SERVICE_NAME": "outside", "JUPYTERHUB_API_TOKEN": OUTSIDE_TOKEN,
    "JUPYTERHUB_API_URL": "http://127.0.0.1:8081/hub/api", "JUPYTERHUB_BASE_URL": "/",
    "JUPYTERHUB_SERVICE_URL": "http://127.0.0.1:10102", "JUPYTERHUB_SERVICE_PREFIX": "/services/outside/",
    "JUPYTERHUB_CLIENT_ID": "service-outside", "JUPYTERHUB_OAUTH_CALLBACK_URL": "/services/outside/oauth_callback",
    "JUPYTERHUB_OAUTH_ACCESS_SCOPES": '["access:services", "access:services!service=outside"]',
}
CONFIGURATION = f"""
[[services]]
name = "mock"
url = "http://127.0.0.1:10101"
command = ["{PYTHON}", "-m", "jupyterhub.tests.mockservice"]
user = "mock"
environment = {{ COURSE = "101" }}
oauth_no_confirm = true

[[services]]
name = "outside"
url = "http://127.0.0.1:10102"
api_token_file = "/etc/carrel/secrets/outside"

[[services]]
name = "by-socket"
url = "unix"
command = ["{SOCKET_SERVICE}"]
user = "mock"
display = false

[[services]]
name = "lacks-program"
command = ["no-such-program"]
user = "mock"

[[services]]
name = "ends"
command = ["/bin/sh", "-c", "echo it cannot go on >&2; exit 3"]
user = "mock"

[[services]]
name = "short"
api_token_file = "/etc/carrel/secrets/short"

[[roles]]
name = "opens-services"
scopes = ["access:services"]
users = ["alice"]

[[roles]]
name = "mock-asks"
scopes = ["list:users", "read:users:name"]
services = ["mock"]
"""


@pytest.fixture(scope="module")
def services(machine):
    machine.run("useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin mock")
    machine.machine.put(Path(__file__).with_name("socket_service.py"), SOCKET_SERVICE)
    machine.run(f"chmod 755 {SOCKET_SERVICE}")
    for name, token in (("outside", OUTSIDE_TOKEN), ("short", "short")):
        machine.write(f"/etc/carrel/secrets/{name}", token)
        machine.run(f"chgrp carrel /etc/carrel/secrets/{name}; chmod 640 /etc/carrel/secrets/{name}")
    start_outside(machine)
    machine.configure(CONFIGURATION, "services")
    for path in ("mock/x", "outside/x", "by-socket/x"):
        eventually(lambda: answers(machine, path), 30, path)
    yield machine
    machine.run("rm -f /etc/carrel/carrel.d/services.toml; systemctl stop outside-service.service", check=False)
    machine.restart_hub()


def start_outside(machine) -> None:
    settings = [f"--setenv={name}={value}" for name, value in OUTSIDE.items()]
    machine.run(["systemd-run", "--unit=outside-service", "--uid=mock", "--quiet", *settings,
                 PYTHON, "-m", "jupyterhub.tests.mockservice"])


def answers(machine, path: str) -> bool:
    with machine.visitor() as visitor:
        return visitor.get(f"/services/{path}").status_code == 200


@pytest.fixture(scope="module")
def alice(services):
    with services.login("alice") as visitor:
        yield visitor


@pytest.fixture(scope="module")
def admin(services):
    with services.login("admin") as visitor:
        yield visitor


def told(admin, name: str) -> dict:
    answer = admin.api("GET", f"/services/{name}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def environment(visitor, name: str = "mock") -> dict:
    answer = visitor.get(f"/services/{name}/env")
    assert answer.status_code == 200, answer.text
    return answer.json()


def as_service(machine, token: str, path: str):
    with machine.visitor() as visitor:
        return visitor.client.get(f"/hub/api{path}", headers={"Authorization": f"token {token}"})


def test_people_log_in_through_the_hub(services, alice):
    answer = alice.follow("/services/mock/owhoami/")
    assert answer.status_code == 200 and answer.json()["name"] == "alice", answer.text
    page = alice.follow("/services/outside/owhoami/")
    assert "JupyterHub service outside" in page.text, page.text
    answer = alice.submit(Page(page.text).forms[-1], str(page.url))
    answer = alice.follow(location(answer))
    assert answer.status_code == 200 and answer.json()["name"] == "alice", answer.text


# After the logins: in one process, JupyterHub's own HubAuth cannot be followed by its HubOAuth.
@pytest.mark.parametrize("name", ["mock", "outside"])
def test_a_token_says_who_comes(services, alice, name):
    token = alice.api("POST", "/users/alice/tokens", json={}).json()["token"]
    with services.visitor() as visitor:
        answer = visitor.client.get(f"/services/{name}/whoami", headers={"Authorization": f"token {token}"})
        assert answer.status_code == 200 and answer.json()["name"] == "alice", answer.text
        stranger = visitor.client.get(f"/services/{name}/whoami", headers={"Authorization": "token nobodys-token"})
        assert location(stranger).startswith("/hub/api/oauth2/authorize"), stranger.text


def test_whoever_may_not_use_a_service_does_not_get_in(services):
    with services.login("bob") as bob:
        answer = bob.follow("/services/mock/owhoami/")
        assert answer.status_code == 403 and "owhoami" not in str(answer.url), answer.text


def test_a_service_finds_what_jupyterhub_gives_it(services, alice):
    found = environment(alice)
    expected = {
        "JUPYTERHUB_SERVICE_NAME": "mock", "JUPYTERHUB_API_URL": "http://127.0.0.1:8081/hub/api", "JUPYTERHUB_BASE_URL": "/",
        "JUPYTERHUB_CLIENT_ID": "service-mock", "JUPYTERHUB_SERVICE_PREFIX": "/services/mock/", "COURSE": "101",
        "JUPYTERHUB_SERVICE_URL": "http://127.0.0.1:10101", "JUPYTERHUB_OAUTH_CALLBACK_URL": "/services/mock/oauth_callback",
        "JUPYTERHUB_OAUTH_ACCESS_SCOPES": '["access:services", "access:services!service=mock"]', "USER": "mock",
    }
    assert expected.items() <= found.items()
    assert "JUPYTERHUB_ACTIVITY_URL" not in found
    token = found["JUPYTERHUB_API_TOKEN"]
    me = as_service(services, token, "/user").json()
    assert (me["kind"], me["name"]) == ("service", "mock") and "list:users" in me["scopes"]
    assert "alice" in [user["name"] for user in as_service(services, token, "/users").json()]
    assert as_service(services, token, "/groups").status_code == 403


def test_a_service_runs_as_its_account_in_a_sandbox(services, admin):
    shown = services.show("carrel-service-mock.service", "User", "NoNewPrivileges", "ProtectSystem", "Slice", "UMask")
    assert shown == {"User": "mock", "NoNewPrivileges": "yes", "ProtectSystem": "full", "Slice": "carrel-services.slice",
                     "UMask": "0007"}
    token = services.run("systemctl show carrel-service-mock.service", user="bob").stdout
    assert "JUPYTERHUB_API_TOKEN" not in token
    known = eventually(lambda: (it := told(admin, "mock"))["state"] == "running" and it, 10)
    assert known["pid"] == services.main_pid("carrel-service-mock.service")
    assert (known["url"], known["prefix"]) == ("http://127.0.0.1:10101", "/services/mock/")


def test_a_service_on_a_socket_gets_the_path_and_no_cookie_of_the_hub(services, alice):
    answer = alice.get("/services/by-socket/a%20b?c=d").json()
    assert answer["path"] == "/services/by-socket/a%20b?c=d" and answer["cwd"] == "/"
    assert answer["uid"] == services.uid("mock")
    assert "hub-login" not in answer["headers"].get("cookie", "") and "_xsrf" not in answer["headers"].get("cookie", "")
    assert answer["headers"]["x-forwarded-proto"] == "https"


def test_other_accounts_cannot_connect_past_the_hub(services):
    for path in ("/run/carrel/service/by-socket/http.sock", "/run/carrel/bridge/mock.sock", "/run/carrel/bridge/outside.sock"):
        assert services.run(["test", "-S", path]).returncode == 0
        for user in ("bob", "mock") if "/bridge/" in path else ("bob",):
            said = services.run(["python3", "-c", CONNECT, path], user=user).stdout.strip()
            assert said == "PermissionError", (user, path, said)
    assert services.run("ls /run/carrel/service", user="bob", check=False).returncode != 0


def test_the_hub_can_say_which_service_and_nothing_else(services):
    refused = [
        ({"launch_service": {"name": "outside", "token": "t" * 32}}, "somebody else runs that service"),
        ({"launch_service": {"name": "nothing", "token": "t" * 32}}, "has no such service"),
        ({"launch_service": {"name": "mock", "token": "t t"}}, "the token is not one of the hub's"),
        ({"open_bridge": {"name": "nothing"}}, "has no such service"),
        ({"open_bridge": {"name": "by-socket"}}, "listens on no port"),
    ]
    for request, text in refused:
        reply = ask(services, request)
        assert text in json.dumps(reply), (request, reply)


def test_a_service_that_the_api_adds_is_not_led_to(services, admin):
    order = {"url": "http://127.0.0.1:22", "api_token": "added-token-77aa01"}
    assert admin.api("POST", "/services/added", json=order).status_code == 201
    try:
        assert as_service(services, "added-token-77aa01", "/user").json()["name"] == "added"
        assert location(admin.get("/services/added/")).startswith("/hub/services/added/")
        assert services.run("ls /run/carrel/bridge").stdout.split() == ["mock.sock", "outside.sock"]
        assert "has no such service" in json.dumps(ask(services, {"open_bridge": {"name": "added"}}))
    finally:
        admin.api("DELETE", "/services/added")


def test_what_does_not_work_is_told_and_harms_nobody(services, admin):
    assert services.active("carrel.service")
    eventually(lambda: told(admin, "lacks-program")["state"] == "failed", 10)
    eventually(lambda: told(admin, "ends")["state"] == "failed", 30)
    said = eventually(lambda: "It wrote last: it cannot go on" in (it := services.journal()) and it, 30)
    assert "service lacks-program did not start, trying again in" in said and "no-such-program" in said
    assert "service short has no token: /etc/carrel/secrets/short: it does not hold 8 to 64 visible characters" in said
    assert told(admin, "short")["pid"] == 0 and "state" not in told(admin, "short")
    assert as_service(services, "short", "/user").status_code == 403


def test_a_service_that_is_killed_is_started_again_and_keeps_its_token(services, alice):
    before = services.main_pid("carrel-service-mock.service")
    token = environment(alice)["JUPYTERHUB_API_TOKEN"]
    services.run(f"kill -KILL {before}")
    eventually(lambda: services.main_pid("carrel-service-mock.service") not in (0, before), 10)
    eventually(lambda: answers(services, "mock/x"), 20)
    assert environment(alice)["JUPYTERHUB_API_TOKEN"] == token
    assert as_service(services, token, "/user").status_code == 200


def test_a_service_that_is_stopped_is_started_again(services, alice):
    token = environment(alice)["JUPYTERHUB_API_TOKEN"]
    services.run("systemctl stop carrel-service-mock.service")
    eventually(lambda: answers(services, "mock/x"), 30)
    assert environment(alice)["JUPYTERHUB_API_TOKEN"] != token
    assert as_service(services, token, "/user").status_code == 403


def test_services_outlive_the_hub(services, alice):
    units = [f"carrel-service-{name}.service" for name in ("mock", "by-socket")]
    before = [services.main_pid(unit) for unit in units]
    token = environment(alice)["JUPYTERHUB_API_TOKEN"]
    services.restart_hub()
    for path in ("mock/x", "outside/x", "by-socket/x"):
        eventually(lambda: answers(services, path), 10, path)
    assert [services.main_pid(unit) for unit in units] == before
    assert environment(alice)["JUPYTERHUB_API_TOKEN"] == token
    assert as_service(services, token, "/user").status_code == 200


def test_a_service_that_is_down_is_said_to_be(services, alice):
    services.run("systemctl stop outside-service.service")
    try:
        page = alice.get("/services/outside/x")
        assert page.status_code == 503 and "The service does not answer" in page.text
        answer = alice.client.get("/services/outside/x", headers={"Accept": "application/json"})
        assert answer.status_code == 503 and answer.json()["message"].startswith("The service does not answer")
    finally:
        start_outside(services)
    eventually(lambda: answers(services, "outside/x"), 20)


def test_a_change_of_the_configuration_reaches_a_service(services, alice):
    pids = [services.main_pid(f"carrel-service-{name}.service") for name in ("mock", "by-socket")]
    services.write("/etc/carrel/carrel.d/services.toml", CONFIGURATION.replace('COURSE = "101"', 'COURSE = "102"'))
    services.run("systemctl reload carrel.service")
    eventually(lambda: environment(alice)["COURSE"] == "102", 30)
    now = [services.main_pid(f"carrel-service-{name}.service") for name in ("mock", "by-socket")]
    assert now[0] != pids[0] and now[1] == pids[1]


def test_what_is_not_configured_any_more_is_gone(services, alice):
    token = environment(alice)["JUPYTERHUB_API_TOKEN"]
    services.run("mv /etc/carrel/carrel.d/services.toml /root/; systemctl reload carrel.service")
    try:
        eventually(lambda: not services.run("systemctl list-units --no-legend 'carrel-service-*' 'carrel-bridge@*'").stdout, 20)
        assert services.run("find /run/carrel/bridge /run/carrel/service -type s").stdout == ""
        assert not [name for name in services.run("ls /run/carrel/secrets").stdout.split() if name.endswith(".env")]
        assert as_service(services, token, "/user").status_code == 403
        assert as_service(services, OUTSIDE_TOKEN, "/user").status_code == 403
        assert location(alice.get("/services/mock/")).startswith("/hub/services/mock/")
    finally:
        services.run("mv /root/services.toml /etc/carrel/carrel.d/; systemctl reload carrel.service")
    for path in ("mock/x", "outside/x", "by-socket/x"):
        eventually(lambda: answers(services, path), 30, path)
