"""Kinds of servers to choose from, and programs that know nothing of JupyterHub behind the hub's own gate."""

from pathlib import Path

import httpx
import pytest

from appliance import FAKE, FAKE_SOURCE, Appliance, eventually
from visitor import ORIGIN, Page, Visitor, location

PROGRAMS = Path(__file__).with_name("programs.txt")
SETTINGS = f"""\
[hub]
slow_spawn_timeout = "0s"
extra_user_scopes = ["shares!user", "read:users:name"]

[[profiles]]
name = "echo"
title = "Echo"
description = "Answers what it was asked."
gatekeeper = "hub"
command = "{FAKE}"
args = ["--ServerApp.sock={{socket}}", "--prefix={{prefix}}"]

[[profiles]]
name = "tables"
title = "Tables"
gatekeeper = "hub"
command = "datasette"
args = ["serve", "--memory", "--uds", "{{socket}}", "--setting", "base_url", "{{prefix}}"]

[[profiles]]
name = "reactive"
title = "Reactive notebooks"
gatekeeper = "hub"
command = "marimo"
args = ["edit", "--headless", "--no-token", "--host", "127.0.0.1", "--port", "{{port}}", "--base-url", "{{root}}"]

[[profiles]]
name = "plain"
title = "A program that asks by itself"
command = "{FAKE}"

[[profiles]]
name = "big"
title = "Much memory"
groups = ["staffers"]
command = "{FAKE}"
memory = "8G"

[[options]]
name = "size"
title = "How much"
profiles = ["plain"]
kind = "choice"
choices = ["1G", "2G", "16G"]
choice_groups = {{ 16G = ["staffers"] }}
default = "16G"
bound = "memory"

[[options]]
name = "workers"
title = "Workers"
profiles = ["plain"]
kind = "number"
min = 1
max = 8
variable = "WORKERS"

[[options]]
name = "course"
title = "Course"
profiles = ["plain"]
max_length = 20
variable = "COURSE"
"""


@pytest.fixture(scope="module")
def hub():
    """A machine in which people choose."""
    with Appliance.boot(requirements=PROGRAMS) as appliance, appliance.machine.network():
        appliance.install()
        appliance.run("groupadd staffers")
        appliance.add_user("alice")
        appliance.add_user("bob", None, "--groups", "staffers")
        appliance.machine.put(FAKE_SOURCE, FAKE)
        appliance.run(f"chmod 755 {FAKE}")
        appliance.configure(SETTINGS)
        yield appliance


@pytest.fixture
def alice(hub):
    with hub.login("alice") as visitor:
        yield visitor
        visitor.api("DELETE", "/users/alice/server")
        eventually(lambda: not visitor.server(), 30, "alice's server stops")


def send_form(visitor: Visitor, profile: str, **answers: str) -> httpx.Response:
    page = visitor.follow("/hub/spawn")
    fields = {f"{profile}.{name}": answer for name, answer in answers.items()}
    return visitor.submit(Page(page.text).forms[0], str(page.url), profile=profile, **fields)


def choose(visitor: Visitor, profile: str, **answers: str) -> None:
    """Starts the own server by the form and waits until it is ready."""
    sent = send_form(visitor, profile, **answers)
    assert location(sent) == f"/hub/spawn-pending/{visitor.name}", sent.text[:2000]
    try:
        visitor.await_server()
    except AssertionError:
        raise AssertionError(visitor.follow(location(sent)).text) from None


def headers_seen(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 200, (answer.status_code, answer.text[:2000])
    return dict(answer.json()["headers"])


def test_what_is_offered_is_what_may_be_chosen(hub, alice):
    page = alice.follow("/hub/spawn")
    assert 'id="spawn_form"' in page.text
    assert "Answers what it was asked." in page.text
    assert "Much memory" not in page.text
    assert not alice.server(), "looking at the form starts nothing"
    with hub.login("bob") as bob:
        assert "Much memory" in bob.follow("/hub/spawn").text


def test_what_is_not_offered_cannot_be_chosen(hub, alice):
    for profile in ("big", "no-such-profile"):
        started = alice.api("POST", "/users/alice/server", json={"profile": profile})
        assert started.status_code in (202, 400), started.text
        eventually(lambda: not alice.server(), 20, "the start is refused")
        failed = alice.follow("/hub/spawn-pending/alice")
        assert "profile" in failed.text, failed.text[:3000]
    assert "carrel-user-alice.service" not in hub.user_units()


def test_a_profile_changes_the_bounds(hub):
    with hub.login("bob") as bob:
        choose(bob, "big")
        assert hub.show("carrel-user-bob.service", "MemoryMax")["MemoryMax"] == str(8 << 30)
        # What was chosen last is chosen again, by pages and by programs.
        bob.stop_server()
        chosen = bob.follow("/hub/spawn").text.split('value="big"')[1].split(">")[0]
        assert "checked" in chosen
        bob.start_server()
        assert hub.show("carrel-user-bob.service", "MemoryMax")["MemoryMax"] == str(8 << 30)
        bob.stop_server()


def bound_and_variables(hub, name: str) -> tuple[int, set[str]]:
    unit = f"carrel-user-{name}.service"
    variables = hub.run(f"cat /proc/{hub.main_pid(unit)}/environ").stdout
    return int(hub.show(unit, "MemoryMax")["MemoryMax"]), set(variables.split("\0"))


def test_answers_become_a_bound_and_variables(hub, alice):
    text = "$(id) `x` %h é"
    choose(alice, "plain", size="2G", workers="3", course=text)
    memory, variables = bound_and_variables(hub, "alice")
    assert memory == 2 << 30
    assert {"WORKERS=3", f"COURSE={text}"} <= variables

    # What was answered last is in the form again, and is what a program gets that answers nothing.
    alice.stop_server()
    form = alice.follow("/hub/spawn").text
    assert 'value="3"' in form
    assert '<option value="2G" selected>' in form
    alice.start_server()
    assert bound_and_variables(hub, "alice")[0] == 2 << 30
    alice.stop_server()
    alice.api("POST", "/users/alice/server", json={"profile": "plain", "workers": 8})
    alice.await_server()
    memory, variables = bound_and_variables(hub, "alice")
    assert (memory, "WORKERS=8" in variables) == (1 << 30, True), "the first choice that is alice's"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"size": "16G"}, "members of staffers"),
        ({"size": "3G"}, "no choice"),
        ({"workers": "9"}, "from 1 to 8"),
        ({"workers": "1.5"}, "steps of 1"),
        ({"course": "x" * 21}, "at most 20 characters"),
        ({"course": "a\nLD_PRELOAD=/x"}, "one line"),
    ],
)
def test_an_answer_that_does_not_fit_starts_nothing(hub, alice, answer, words):
    shown = send_form(alice, "plain", **answer)
    assert shown.status_code == 400
    assert words in shown.text, shown.text.split("<main")[1][:600]
    assert 'id="spawn_form"' in shown.text, "the form again, with what was sent"
    assert not alice.server()
    # By a program, root says no.
    started = alice.api("POST", "/users/alice/server", json={"profile": "plain"} | answer)
    assert started.status_code in (202, 400), started.text
    eventually(lambda: not alice.server(), 20, "the start is refused")
    assert words in alice.follow("/hub/spawn-pending/alice").text
    assert "carrel-user-alice.service" not in hub.user_units()


def test_members_of_a_group_have_its_choices(hub, alice):
    assert ">16G<" not in alice.follow("/hub/spawn").text
    with hub.login("bob") as bob:
        assert ">16G<" in bob.follow("/hub/spawn").text
        choose(bob, "plain", size="16G")
        assert bound_and_variables(hub, "bob")[0] == 16 << 30
        bob.stop_server()


def test_the_hub_keeps_the_gate(hub, alice):
    choose(alice, "echo")
    path = "/user/alice/anything?x=1"
    seen = headers_seen(alice.get(path, headers={"X-Carrel-User": "root"}))
    assert seen["x-carrel-user"] == "alice"
    assert "jupyterhub-hub-login" not in seen.get("cookie", "")

    with hub.visitor() as nobody:
        assert location(nobody.get(path)) == "/hub/login?next=%2Fuser%2Falice%2Fanything%3Fx%3D1"
        refused = nobody.client.get(path, headers={"Accept": "application/json", "Sec-Fetch-Mode": "cors"})
        assert (refused.status_code, refused.headers["content-type"]) == (403, "application/json")
        forged = nobody.client.get(path, headers={"X-Carrel-User": "alice", "Authorization": "token forged",
                                                  "Sec-Fetch-Mode": "cors"})
        assert forged.status_code == 403
        assert nobody.client.post(path, data={"a": "b"}).status_code == 403

    with hub.login("bob") as bob:
        refused = bob.get(path)
        assert refused.status_code == 403
        assert "target" not in refused.text
        shared = alice.api("POST", "/shares/alice/", json={"user": "bob"})
        assert shared.status_code == 200, shared.text
        assert headers_seen(bob.get(path))["x-carrel-user"] == "bob"
        assert alice.api("DELETE", "/shares/alice/").status_code in (200, 204)
        assert bob.get(path).status_code == 403


def test_a_token_opens_the_gate_and_is_kept_from_the_program(hub, alice):
    choose(alice, "echo")
    token = alice.api("POST", "/users/alice/tokens", json={"expires_in": 600}).json()["token"]
    small = alice.api("POST", "/users/alice/tokens", json={"scopes": ["read:users!user"], "expires_in": 600}).json()["token"]
    with hub.visitor() as program:
        seen = headers_seen(program.client.get("/user/alice/", headers={"Authorization": f"token {token}"}))
        assert seen["x-carrel-user"] == "alice"
        assert "authorization" not in seen
        refused = program.client.get("/user/alice/", headers={"Authorization": f"token {small}"})
        assert refused.status_code == 403


def test_other_sites_change_nothing_and_open_no_websocket(alice):
    choose(alice, "echo")
    for origin, status in ((ORIGIN, 200), ("https://other.example", 403), ("null", 403), (None, 403)):
        headers = {"Origin": origin} if origin else {}
        assert alice.client.post("/user/alice/x", data={"a": "b"}, headers=headers).status_code == status, origin
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
               "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    for origin in ("https://other.example", None):
        headers = upgrade | ({"Origin": origin} if origin else {})
        assert alice.client.get("/user/alice/ws", headers=headers).status_code == 403


def test_the_gate_outlives_the_hub_and_the_configuration(hub, alice):
    choose(alice, "echo")
    for settings in (SETTINGS, ""):
        hub.configure(settings)
        eventually(lambda: alice.get("/user/alice/x").status_code == 200, 20, "the server is adopted")
        with hub.login("bob") as bob:
            assert bob.get("/user/alice/x").status_code == 403
    hub.configure(SETTINGS)


def test_a_program_that_asks_by_itself_is_left_to(hub, alice):
    choose(alice, "plain")
    with hub.visitor() as nobody:
        assert "x-carrel-user" not in headers_seen(nobody.get("/user/alice/", headers={"X-Carrel-User": "root"}))


def test_datasette_on_a_socket(hub, alice):
    choose(alice, "tables")
    page = alice.follow("/user/alice/")
    assert page.status_code == 200, page.text[:2000]
    assert "Datasette" in page.text
    assert alice.client.get("/user/alice/_memory.json?sql=select+6*7").json()["rows"] == [[42]]
    with hub.login("bob") as bob:
        assert bob.get("/user/alice/_memory.json").status_code == 403
        assert hub.run("curl -sS --unix-socket /run/carrel/user/$(id -u alice)/_default.sock http://x/", user="bob",
                       check=False).returncode != 0


def test_marimo_on_a_port_with_its_websocket(hub, alice):
    choose(alice, "reactive")
    page = alice.follow("/user/alice/")
    assert page.status_code == 200, page.text[:2000]
    assert "marimo" in page.text
    with alice.websocket("/user/alice/ws?session_id=s_test&file=__new__") as channel:
        assert "kernel-ready" in str(channel.recv(timeout=30))
    with hub.login("bob") as bob, pytest.raises(Exception, match="403"):
        bob.websocket("/user/alice/ws?session_id=s_other&file=__new__")
