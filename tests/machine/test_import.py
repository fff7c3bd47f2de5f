"""Taking over a JupyterHub: its database, as the real one wrote it, into an installed Carrel."""

import sqlite3
from pathlib import Path

import pytest

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
DATABASE = "/root/jupyterhub.sqlite"
# The tokens in the fixtures, whose hashes alone are in the database.
SCRIPT, CHOSEN, ENDED = "5c21f0000000000000000000000000a1", "5c21f-a-token-that-bob-chose", "e4ded0000000000000000000000000a1"


@pytest.fixture(params=["5", "6"])
def taken_over(request, bare_machine, tmp_path):
    """A machine with Carrel, and the database of a JupyterHub of that version beside it."""
    bare_machine.install()
    for name in ("alice", "bob", "carol"):
        bare_machine.add_user(name)
    bare_machine.await_login_page()
    made = tmp_path / "jupyterhub.sqlite"
    with sqlite3.connect(made) as database:
        database.executescript((FIXTURES / f"jupyterhub-{request.param}.sql").read_text())
    bare_machine.machine.put(made, DATABASE)
    return bare_machine


def ask(machine, token: str, path: str):
    with machine.visitor() as program:
        return program.client.get(f"/hub/api{path}", headers={"Authorization": f"token {token}"})


def test_what_a_hub_knew_is_taken_over_and_its_tokens_go_on(taken_over):
    tried = taken_over.run(f"carrel import jupyterhub {DATABASE}").stdout
    assert "Not Here" in tried, "what cannot be taken is named"
    assert ask(taken_over, SCRIPT, "/user").status_code == 403, "a trial changes nothing"

    refused = taken_over.run(f"carrel import jupyterhub {DATABASE} --apply", check=False)
    assert refused.returncode != 0 and "systemctl stop carrel" in refused.stderr
    taken_over.run("systemctl stop carrel.service")
    taken_over.run(f"carrel import jupyterhub {DATABASE} --apply")
    again = taken_over.run(f"carrel import jupyterhub {DATABASE} --apply").stdout
    taken_over.restart_hub()

    # The first use of a token replaces its hash, the second finds ours.
    for _ in range(2):
        me = ask(taken_over, SCRIPT, "/user")
        assert (me.status_code, me.json()["name"]) == (200, "alice"), me.text
    assert me.json()["groups"] == ["course"]
    assert "assistant" in me.json()["roles"], me.text
    assert "lab" in ask(taken_over, SCRIPT, "/users/alice?include_stopped_servers").json()["servers"], again
    assert ask(taken_over, CHOSEN, "/user").json()["name"] == "bob"
    assert ask(taken_over, ENDED, "/user").status_code == 403
    owners = taken_over.run("find /var/lib/carrel -name 'carrel.sqlite*' -printf '%u '").stdout.split()
    assert set(owners) == {"carrel"}, "the hub owns its files, though root wrote them"
