"""Starting by the pages: a kind of server is chosen, a start that fails says why, and the next one works."""

import pytest
from playwright.sync_api import expect

from appliance import FAKE, PASSWORDS, eventually

PROFILES = f"""\
[[profiles]]
name = "small"
title = "Small"
command = "{FAKE}"
description = "Enough for <b>most</b> things."

[[profiles]]
name = "large"
title = "Large"
command = "{FAKE}"
environment = {{ SIZE = "large" }}
memory = "256M"
"""


@pytest.fixture
def bob(quick, logged_in):
    """Bob's home page; nothing of his runs afterwards."""
    yield logged_in("bob", PASSWORDS["bob"])
    with quick.login("bob") as api:
        api.stop_server()


@pytest.fixture
def choosing(quick):
    """A hub in which people choose what starts."""
    with quick.configured(PROFILES, "choosing"):
        yield quick


def test_the_kind_that_is_chosen_starts(choosing, bob):
    bob.locator("#start").click()
    expect(bob.locator("h1")).to_have_text("Start a server")
    expect(bob.locator("#spawn_form")).to_contain_text("Enough for <b>most</b> things.")
    expect(bob.get_by_label("Small")).to_be_checked()
    # By the arrow keys, as in every group of radio buttons.
    bob.get_by_label("Small").focus()
    bob.keyboard.press("ArrowDown")
    expect(bob.get_by_label("Large")).to_be_checked()
    bob.get_by_role("button", name="Start").click()
    bob.wait_for_url("**/user/bob/**")
    unit = "carrel-user-bob.service"
    assert choosing.show(unit, "MemoryMax")["MemoryMax"] == str(256 * 1024 * 1024)
    assert "SIZE=large" in choosing.run(f"tr '\\0' '\\n' < /proc/{choosing.main_pid(unit)}/environ").stdout

    # The next time the form stands where it was left.
    bob.goto("/hub/home")
    bob.locator("#stop").click()
    expect(bob.locator(".state")).to_have_text("Stopped")
    bob.locator("#start").click()
    expect(bob.get_by_label("Large")).to_be_checked()
    bob.get_by_role("link", name="Back").click()
    bob.wait_for_url("**/hub/home")


def test_a_kind_that_is_no_longer_there_stands_in_nobodys_way(quick, bob):
    with quick.configured(PROFILES, "choosing"):
        bob.goto("/hub/spawn")
        bob.get_by_label("Large").check()
        bob.get_by_role("button", name="Start").click()
        bob.wait_for_url("**/user/bob/**")
        bob.goto("/hub/home")
        bob.locator("#stop").click()
        expect(bob.locator(".state")).to_have_text("Stopped")
    bob.locator("#start").click()
    bob.wait_for_url("**/user/bob/**")
    assert quick.show("carrel-user-bob.service", "MemoryMax")["MemoryMax"] == "infinity"


def test_a_start_that_fails_says_why_and_the_next_one_works(quick, bob):
    quick.use_fake_servers('args = ["--behave=exit"]')
    bob.locator("#start").click()
    expect(bob.locator("h1")).to_have_text("Your server failed", timeout=30_000)
    main = bob.locator("#main")
    expect(main).to_contain_text("cannot find my marbles")
    assert not quick.active("carrel-user-bob.service")

    bob.get_by_role("link", name="Home").last.click()
    expect(bob.locator(".state")).to_have_text("Stopped after a failure")
    bob.get_by_role("link", name="What happened in detail").click()
    expect(main).to_contain_text("cannot find my marbles")
    # What was wrong is put right, and the page's own button starts the server.
    quick.use_fake_servers()
    bob.click("#relaunch")
    bob.wait_for_url("**/user/bob/**")
    bob.goto("/hub/home")
    expect(bob.locator(".state")).to_have_text("Running")
    expect(main).not_to_contain_text("failure")


def test_a_program_that_is_missing_is_named(quick, bob):
    quick.configure('[server]\ncommand = "no-such-notebook"\n', "fake")
    bob.locator("#start").click()
    expect(bob.locator("h1")).to_have_text("No notebook server is installed", timeout=30_000)
    expect(bob.locator("#main")).to_contain_text("no-such-notebook")
    # Whoever cannot install it is told whom to ask, and no commands.
    expect(bob.locator("#main")).to_contain_text("Ask the administrator")
    expect(bob.locator("#main pre")).to_have_count(0)
    quick.use_fake_servers()
    bob.get_by_role("link", name="Try again").click()
    bob.wait_for_url("**/user/bob/**")


def test_the_progress_is_shown_until_the_server_answers(quick, bob):
    quick.use_fake_servers('args = ["--behave=late"]')
    bob.locator("#start").click()
    expect(bob.locator("h1")).to_have_text("Your server is starting")
    bob.locator("#progress-details summary").click()
    eventually(lambda: bob.locator("#progress-log li").count() >= 1, 10, "lines of the log")
    expect(bob.locator("#progress-message")).not_to_be_empty()
    bob.wait_for_url("**/user/bob/**")
    quick.use_fake_servers()
