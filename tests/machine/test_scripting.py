"""docs/scripting.md: every command of it, with an administrator's token."""

import pytest

from pages import add_accounts, commands, faults, says

PAGE = "scripting.md"
API = "http://127.0.0.1:8081/hub/api"


@pytest.fixture
def token(machine):
    """An administrator's, on a machine with the accounts of the page, whose servers start at once."""
    machine.use_fake_servers()
    add_accounts(machine)
    with machine.login("admin") as admin:
        made = admin.api("POST", "/users/admin/tokens", json={"note": "scripting"})
        yield made.json()["token"]
        admin.api("DELETE", f"/users/admin/tokens/{made.json()['id']}")
    machine.use_real_servers()


def test_the_page_is_true(machine, token):
    wrong = faults(machine, PAGE, CARREL_URL=API, TOKEN=token)
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.parametrize("expected, printed, right", [
    ("", "", True), ("", "x", False), ("a", "a", True), ("a", "a\n", True), ("a", "b", False), ("a...", "abc", True),
    ("...\na\n...", "x\ny\na\n", True), ("...\na\n...", "a", True), ("...\na", "x", False), ("[1]", "[1]\n", True),
])
def test_what_was_printed_is_compared_by_lines(expected, printed, right):
    assert says(expected, printed) is right


def test_the_page_has_commands_of_each_kind():
    text = "\n".join(command for command, _ in commands(PAGE))
    for path in ("/users", "/groups", "/roles", "/tokens", "/services", "/server", "/shares", "/share-codes", "/metrics"):
        assert path in text, path
