"""Sharing a server: JupyterHub's notebook on it, call by call, with the server's own token; and shares with a group."""

import json
import re
from pathlib import Path

import pytest

from appliance import PASSWORDS, eventually
from visitor import ORIGIN, Page, Visitor, location

NOTEBOOK = Path(__file__).with_name("sharing.ipynb")
# As in JupyterHub's example: people may share their own servers, with a server's token and from JupyterLab's page.
SETTINGS = """\
[hub]
extra_user_scopes = ["shares!user", "read:users:name", "read:groups:name"]

[server]
token_scopes = ["shares!server", "servers!server", "users:activity!server"]
oauth_client_allowed_scopes = ["access:servers!server", "shares!server"]
"""
# Runs outside the kernel that starts it: a kernel cannot wait for another one while its own loop runs.
EXECUTE = """\
import nbclient, nbformat, traceback
notebook = nbformat.read("sharing.ipynb", as_version=4)
try:
    nbclient.NotebookClient(notebook, timeout=150, kernel_name="python3").execute()
    outcome = "done"
except Exception:
    outcome = traceback.format_exc()
with open("outcome.part", "w") as file:
    file.write(outcome)
import os
os.rename("outcome.part", "outcome.txt")
"""


@pytest.fixture(scope="module")
def sharing(machine):
    machine.configure(SETTINGS, "sharing")
    machine.add_user("frida")
    yield machine
    machine.run("rm -f /etc/carrel/carrel.d/sharing.toml")
    machine.restart_hub()


@pytest.fixture(scope="module")
def alice(sharing):
    """Alice, with her server running and opened once."""
    with sharing.login("alice") as visitor:
        visitor.start_server()
        visitor.enter_server()
        yield visitor
        visitor.api("DELETE", "/shares/alice/")
        visitor.stop_server()


def read_file(visitor: Visitor, name: str) -> str:
    """Returns the text of a file in the home of the visitor; nothing while there is none."""
    answer = visitor.jupyter("GET", f"contents/{name}")
    return answer.json()["content"] if answer.status_code == 200 else ""


def open_server_of_alice(visitor: Visitor):
    """Visits Alice's server and agrees to be known there when asked; returns the last answer."""
    page = visitor.follow("/user/alice/lab")
    if page.status_code == 200 and "/hub/api/oauth2/authorize" in str(page.url):
        agreed = visitor.submit(Page(page.text).forms[0], str(page.url))
        assert agreed.status_code == 302, (agreed.status_code, agreed.text[:2000])
        page = visitor.follow(location(agreed))
    return page


def accept(visitor: Visitor, path: str) -> str:
    """Opens an invitation and accepts it; returns where that leads."""
    page = visitor.follow(path)
    assert page.status_code == 200, (page.status_code, page.text[:2000])
    assert "/user/alice/" in page.text
    accepted = visitor.submit(Page(page.text).forms[0], str(page.url))
    assert accepted.status_code == 302, (accepted.status_code, accepted.text[:2000])
    return location(accepted)


def test_the_notebook_shares_its_server_with_the_servers_token(sharing, alice):
    with sharing.login("bob") as stranger:
        assert open_server_of_alice(stranger).status_code == 403
    for left_over in ("invitation.txt", "outcome.txt"):
        alice.jupyter("DELETE", f"contents/{left_over}")
    notebook = {"type": "notebook", "format": "json", "content": json.loads(NOTEBOOK.read_text())}
    put = alice.jupyter("PUT", "contents/sharing.ipynb", json=notebook)
    assert put.status_code in (200, 201), put.text
    alice.execute(f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {EXECUTE!r}])")

    def invited() -> str:
        assert read_file(alice, "outcome.txt") in ("", "done"), read_file(alice, "outcome.txt")
        return read_file(alice, "invitation.txt")

    invitation = eventually(invited, 60, "the notebook makes a code")
    # Whoever follows the link logs in first, and is led on from there.
    with sharing.visitor() as bob:
        asked = bob.follow(invitation)
        assert "/hub/login" in str(asked.url)
        sent = bob.submit(Page(asked.text).forms[0], str(asked.url), username="bob", password=PASSWORDS["bob"])
        assert location(sent) == invitation
        bob.name = "bob"
        assert accept(bob, invitation) == "/user/alice/lab/tree/sharing.ipynb"
        assert open_server_of_alice(bob).status_code == 200
        assert bob.client.get("/user/alice/api/contents").status_code == 200

    outcome = eventually(lambda: read_file(alice, "outcome.txt"), 90, "the notebook comes to its end")
    assert outcome == "done"
    # The notebook took everything back at its end.
    with sharing.login("bob") as bob:
        assert open_server_of_alice(bob).status_code == 403
        assert bob.follow(invitation).status_code == 404


def test_what_is_shared_with_a_group_opens_the_server_for_its_members(sharing, alice):
    """JupyterHub's own tokens for servers forget shares with groups, so its members do not get in."""
    with sharing.login("admin") as admin:
        made = admin.api("POST", "/groups/class")
        assert made.status_code == 201, made.text
        joined = admin.api("POST", "/groups/class/users", json={"users": ["bob"]})
        assert joined.status_code == 200, joined.text
        shared = alice.api("POST", "/shares/alice/", json={"group": "class"})
        assert shared.status_code == 200, shared.text
        assert (shared.json()["group"], shared.json()["kind"]) == ({"name": "class"}, "group")

        with sharing.login("bob") as bob, sharing.login("frida", "frida-4Rx7") as frida:
            assert open_server_of_alice(bob).status_code == 200
            assert bob.client.get("/user/alice/api/contents").status_code == 200
            assert open_server_of_alice(frida).status_code == 403
            listed = bob.api("GET", "/users/bob/shared").json()
            assert [share["server"]["user"]["name"] for share in listed["items"]] == ["alice"]

        left = admin.api("DELETE", "/groups/class/users", json={"users": ["bob"]})
        assert left.status_code == 200, left.text
        with sharing.login("bob") as bob:
            assert open_server_of_alice(bob).status_code == 403
        assert admin.api("DELETE", "/groups/class").status_code == 204
    assert alice.api("GET", "/shares/alice/").json()["items"] == []


def test_two_people_share_by_name(sharing, alice):
    shared = alice.api("POST", "/shares/alice/", json={"user": "frida"})
    assert shared.status_code == 200, shared.text
    with sharing.login("frida", "frida-4Rx7") as frida:
        assert open_server_of_alice(frida).status_code == 200
        # Neither more than using it, nor anybody else's.
        assert frida.api("DELETE", "/users/alice/server").status_code in (403, 404)
        assert frida.api("POST", "/shares/alice/", json={"user": "bob"}).status_code in (403, 404)
        assert frida.api("DELETE", "/users/frida/shared/alice/").status_code == 204
    with sharing.login("frida", "frida-4Rx7") as frida:
        assert open_server_of_alice(frida).status_code == 403
    refused = alice.api("POST", "/shares/bob/", json={"user": "frida"})
    assert refused.status_code == 404, "nobody shares what is not theirs"


def test_the_token_in_jupyterlabs_page_may_share(sharing, alice):
    """Where the configuration says so, and no more than its holder may: a guest's token shares nothing."""
    shared = alice.api("POST", "/shares/alice/", json={"user": "bob"})
    assert shared.status_code == 200, shared.text
    assert alice.api("DELETE", "/share-codes/alice/").status_code == 204
    assert call_from_page(alice, alice.enter_server().text, "GET").json()["items"] == []
    made = call_from_page(alice, alice.enter_server().text, "POST")
    assert made.status_code == 200, made.text
    assert call_from_page(alice, alice.enter_server().text, "DELETE").status_code == 204
    with sharing.login("bob") as bob:
        page = open_server_of_alice(bob)
        assert page.status_code == 200
        for method in ("GET", "POST", "DELETE"):
            assert call_from_page(bob, page.text, method).status_code in (403, 404)
    assert alice.api("DELETE", "/shares/alice/").status_code == 204


def call_from_page(visitor: Visitor, page: str, method: str):
    """Calls for the share codes of Alice's server the way a script in JupyterLab's page does."""
    [config] = re.findall(r'<script id="jupyter-config-data" type="application/json">(.*?)</script>', page, re.S)
    headers = {"Authorization": f"Bearer {json.loads(config)['token']}", "Sec-Fetch-Mode": "cors",
               "Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}
    return visitor.client.request(method, "/hub/api/share-codes/alice/", headers=headers)


def test_a_form_of_another_site_accepts_nothing(sharing, alice):
    assert alice.api("DELETE", "/shares/alice/").status_code == 204
    made = alice.api("POST", "/share-codes/alice/")
    assert made.status_code == 200, made.text
    code = made.json()["code"]
    with sharing.login("bob") as bob:
        forged = bob.client.post("/hub/accept-share", data={"code": code}, headers={"Origin": ORIGIN})
        assert forged.status_code == 403
        forged = bob.client.post("/hub/accept-share", data={"code": code, "_xsrf": bob.xsrf()},
                                 headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"})
        assert forged.status_code == 403
        assert open_server_of_alice(bob).status_code == 403
    assert alice.api("DELETE", "/share-codes/alice/").status_code == 204
