"""docs/administration.md: every command of it, as root."""

import pytest

from pages import add_accounts, commands, faults

PAGE = "administration.md"


@pytest.fixture
def accounts(machine):
    """The accounts of the page, an administrator who has logged in, and servers that start at once."""
    machine.use_fake_servers()
    add_accounts(machine)
    machine.login("admin").close()
    yield
    # The page leaves an invitation open.
    with machine.login("admin") as admin:
        assert admin.api("DELETE", "/share-codes/admin/").status_code == 204
    machine.use_real_servers()


def test_the_page_is_true(machine, accounts):
    wrong = faults(machine, PAGE)
    assert not wrong, "\n\n".join(wrong)


def test_the_page_has_commands_of_each_kind():
    text = "\n".join(command for command, _ in commands(PAGE))
    for kind in ("token", "user", "group", "role", "share", "service", "server"):
        assert f"carrel {kind} " in text, kind
