"""Servers that do not start: the page says what happened, everything is undone, and the next start works."""

import pytest

from appliance import FAKE, eventually


@pytest.fixture(scope="module")
def prepared(machine):
    machine.use_fake_servers()
    machine.add_user("carol")
    yield machine
    machine.run("rm -f /etc/carrel/carrel.d/server.toml")
    machine.use_real_servers()


def set_behaviour(machine, behaviour: str, command: str = FAKE, patience: int = 3) -> None:
    machine.configure(f'[server]\ncommand = "{command}"\nargs = ["--behave={behaviour}"]\n'
                      f'start_timeout = "{patience}s"\nhttp_timeout = "3s"\nstop_timeout = "2s"\n', "server")


def start_and_fail(visitor) -> str:
    """Starts the own server by the page and returns the page that says why it did not start."""
    visitor.follow("/hub/spawn")
    state = {}

    def failed() -> bool:
        page = visitor.follow("/hub/spawn-pending/" + visitor.name)
        state["text"] = page.text
        return page.status_code >= 400
    eventually(failed, 20, "the page says that the start failed")
    return state["text"]


@pytest.mark.parametrize(("behaviour", "told"), [
    ("exit", "cannot find my marbles"), ("silent", "fake-singleuser: silent"), ("mute", "fake-singleuser: mute"),
])
def test_a_start_that_fails_is_told_and_undone(prepared, behaviour, told):
    set_behaviour(prepared, behaviour)
    with prepared.login("carol", "carol-4Rx7") as carol:
        page = start_and_fail(carol)
        assert told in page
        eventually(lambda: prepared.run("pgrep -u carol", check=False).stdout == "", 10, "no process is left")
        eventually(lambda: "carrel-user-carol.service" not in prepared.user_units(), 10, "no unit is left")
        assert "carol.env" not in prepared.run("ls /run/carrel/secrets").stdout
        assert not carol.server()
        set_behaviour(prepared, "ready")
        carol.start_server()
        assert carol.client.get("/user/carol/api").status_code == 200
        carol.stop_server()


def test_a_program_that_is_not_there_is_told_with_what_to_install(prepared):
    set_behaviour(prepared, "ready", "not-installed-anywhere")
    with prepared.login("carol", "carol-4Rx7") as carol:
        page = start_and_fail(carol)
        assert "not-installed-anywhere" in page
        assert "not-installed-anywhere" in prepared.journal()


def test_journal_lines_are_for_the_owner_and_administrators(prepared):
    set_behaviour(prepared, "exit")
    with prepared.login("carol", "carol-4Rx7") as carol, prepared.login("bob") as bob:
        assert "cannot find my marbles" in start_and_fail(carol)
        for path in ("/hub/spawn-pending/carol", "/hub/spawn/carol", "/hub/user/carol/"):
            assert "marbles" not in bob.follow(path).text


def test_a_slow_start_succeeds(prepared):
    set_behaviour(prepared, "late")
    with prepared.login("carol", "carol-4Rx7") as carol:
        carol.start_server()
        assert carol.client.get("/user/carol/api").status_code == 200
        carol.stop_server()


def test_a_missing_home_is_told(prepared):
    set_behaviour(prepared, "ready")
    prepared.add_user("homeless")
    prepared.run("rm -r /home/homeless")
    with prepared.login("homeless", "homeless-4Rx7") as homeless:
        page = start_and_fail(homeless)
        assert "/home/homeless" in page


def test_a_stop_while_starting_leaves_nothing(prepared):
    set_behaviour(prepared, "silent", patience=60)
    with prepared.login("carol", "carol-4Rx7") as carol:
        assert carol.api("POST", "/users/carol/server").status_code == 202
        eventually(lambda: prepared.active("carrel-user-carol.service"), 10, "the unit runs")
        carol.stop_server()
        eventually(lambda: "carrel-user-carol.service" not in prepared.user_units(), 10, "no unit is left")
