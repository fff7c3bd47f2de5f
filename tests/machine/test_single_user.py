"""Who may enter a real single-user server, by scope: JupyterHub's own table (test_singleuser_auth), for its present
single-user server and for the one of the line before."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from appliance import PASSWORDS, Appliance
from visitor import Page, Visitor

OLDER = Path(__file__).with_name("singleuser-5.txt")
SETTINGS = "[hub]\nnamed_servers = true\n"
ROLE = "visiting"
SERVERS = ["", "named", "named-server", "some-name"]
# The scopes, the server that is visited ($server in the scopes), whether they open it.
CASES = [
    (["access:servers!group=visitors"], "", True),
    (["access:servers!group=other-group"], "", False),
    (["access:servers"], "", True),
    (["access:servers"], "named", True),
    (["access:servers!user=alice"], "", True),
    (["access:servers!user=alice"], "named", True),
    (["access:servers!server=$server"], "", True),
    (["access:servers!server=$server"], "named-server", True),
    (["access:servers!server=alice/other"], "", False),
    (["access:servers!server=alice/other"], "some-name", False),
    (["access:servers!user=admin"], "", False),
    (["access:servers!user=admin"], "named", False),
    (["access:services"], "", False),
    (["self"], "named", False),
    ([], "", False),
]


@pytest.fixture(scope="module", params=["5", "6"])
def hub(request):
    """A machine with the single-user server of that line, and all servers of Alice running in it."""
    if request.param == "6":
        appliance = request.getfixturevalue("machine")
        with_servers(appliance)
        yield appliance
        without_servers(appliance)
        return
    with Appliance.boot(requirements=OLDER) as appliance, appliance.machine.network():
        appliance.install()
        for name in ("alice", "bob"):
            appliance.add_user(name)
        appliance.add_user("admin", None, "--groups", "sudo")
        appliance.await_login_page()
        version = appliance.run("/opt/carrel/venv/bin/jupyterhub-singleuser --version").stdout
        assert version.startswith("5."), version
        with_servers(appliance)
        yield appliance


def with_servers(appliance: Appliance) -> None:
    """Starts Alice's servers, and makes the groups that the table speaks of; Bob, who will visit, is in neither."""
    appliance.configure(SETTINGS, "single-user")
    with appliance.login("bob"), appliance.login("alice") as alice, appliance.login("admin") as admin:
        for group in ("visitors", "other-group"):
            assert admin.api("POST", f"/groups/{group}").status_code == 201
        assert admin.api("POST", "/groups/visitors/users", json={"users": ["alice"]}).status_code == 200
        for server in SERVERS:
            alice.start_server(server)


def without_servers(appliance: Appliance) -> None:
    with appliance.login("alice") as alice, appliance.login("admin") as admin:
        for server in SERVERS:
            alice.stop_server(server)
        for group in ("visitors", "other-group"):
            assert admin.api("DELETE", f"/groups/{group}").status_code == 204
    appliance.run("rm -f /etc/carrel/carrel.d/single-user.toml")
    appliance.restart_hub()


@pytest.fixture
def admin(hub):
    """An administrator; what a test gave to Bob, and what he agreed to, is taken back after it."""
    with hub.login("admin") as visitor:
        yield visitor
        visitor.api("DELETE", f"/roles/{ROLE}")
        for token in visitor.api("GET", "/users/bob/tokens").json()["api_tokens"]:
            assert visitor.api("DELETE", f"/users/bob/tokens/{token['id']}").status_code == 204


def root_of(server: str) -> str:
    return f"/user/alice/{server}/" if server else "/user/alice/"


def path_of(response) -> str:
    return urlsplit(str(response.url)).path


def enter(visitor: Visitor, server: str):
    """Opens a server and agrees to be known there when asked; returns the last answer."""
    page = visitor.follow(root_of(server))
    if path_of(page) != "/hub/api/oauth2/authorize" or page.status_code != 200:
        return page
    agreed = visitor.submit(Page(page.text).forms[0], str(page.url))
    return visitor.follow(agreed.headers["location"])


@pytest.mark.parametrize("server", ["", "named"])
def test_nobody_is_led_to_the_login_page_and_programs_are_refused(hub, server):
    with hub.visitor() as stranger:
        page = stranger.follow(root_of(server))
        assert (page.status_code, path_of(page)) == (200, "/hub/login")
    with hub.visitor() as program:
        assert program.client.get(f"{root_of(server)}api/status").status_code == 403


@pytest.mark.parametrize("server", ["", "named"])
def test_the_owner_is_not_asked(hub, server):
    with hub.login("alice") as alice:
        page = alice.follow(root_of(server))
        assert (page.status_code, path_of(page)) == (200, f"{root_of(server)}lab")
        assert alice.client.get(f"{root_of(server)}api/status").status_code == 200


@pytest.mark.parametrize(("scopes", "server", "opens"), CASES)
def test_scopes_open_what_they_name(hub, admin, scopes, server, opens):
    named = [scope.replace("$server", f"alice/{server}") for scope in scopes]
    given = admin.api("PUT", f"/roles/{ROLE}", json={"scopes": named, "users": ["bob"]})
    assert given.status_code in (200, 201), given.text
    with hub.visitor() as bob:
        asked = bob.follow(root_of(server))
        assert path_of(asked) == "/hub/login"
        sent = bob.submit(Page(asked.text).forms[0], str(asked.url), username="bob", password=PASSWORDS["bob"])
        page = bob.follow(sent.headers["location"])
        assert path_of(page) == "/hub/api/oauth2/authorize", "somebody else's server is entered by agreement only"
        if not opens:
            assert page.status_code == 403
            return
        page = enter(bob, server)
        assert (page.status_code, path_of(page)) == (200, f"{root_of(server)}lab")

        assert admin.api("DELETE", f"/roles/{ROLE}").status_code == 204
        # The server asks the hub anew for each session of a browser, and remembers the answer for some minutes.
        bob.client.cookies.delete("jupyterhub-session-id")
        page = bob.get(f"{root_of(server)}lab")
        assert page.status_code == 403
        assert "bob" in page.text
