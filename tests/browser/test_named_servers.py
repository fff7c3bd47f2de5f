"""Servers beside the default one, all through the home page."""

import pytest
from playwright.sync_api import expect

from appliance import PASSWORDS

SETTINGS = """\
[hub]
named_servers = true
named_server_limit_per_user = 2
"""


@pytest.fixture(scope="module")
def named(machine):
    """A hub with named servers, which start at once."""
    with machine.configured(SETTINGS, "named"):
        machine.use_fake_servers()
        yield machine
        machine.use_real_servers()


@pytest.fixture
def home(named, logged_in):
    """Alice's home page; her named servers are gone afterwards."""
    yield logged_in("alice", PASSWORDS["alice"])
    with named.login("alice") as api:
        for server in filter(None, api.api("GET", "/users/alice").json()["servers"]):
            gone = api.api("DELETE", f"/users/alice/servers/{server}", json={"remove": True})
            assert gone.status_code in (202, 204), gone.text


def card(page, server: str):
    return page.locator(f"section[data-server-name='{server}']")


def add(page, server: str, title: str = "") -> None:
    """Adds a server by the form and waits until the browser is in it."""
    page.fill("#new-server-display-name", title)
    page.fill(".new-server-name", server)
    page.click(".new-server-btn")
    page.wait_for_url(f"**/user/alice/{server}/**")


def test_one_is_added_opened_stopped_renamed_and_deleted(named, home):
    add(home, "thesis", "Chapter 3: <b>bold</b>")
    assert [unit for unit in named.user_units() if "alice" in unit and "thesis" in unit]

    home.goto("/hub/home")
    thesis = card(home, "thesis")
    expect(thesis.locator("h2")).to_have_text("Chapter 3: <b>bold</b>")
    expect(thesis.locator(".state")).to_have_text("Running")
    # The default one is another server: this start did not start it.
    expect(card(home, "").locator(".state")).to_have_text("Stopped")
    thesis.get_by_role("link", name="Open").click()
    home.wait_for_url("**/user/alice/thesis/**")

    home.go_back()
    thesis.get_by_role("button", name="Stop").click()
    # The page follows the stop by itself.
    expect(thesis.locator(".state")).to_have_text("Stopped")
    thesis.get_by_text("Rename").first.click()
    thesis.get_by_label("What it is called").fill("Chapter 4")
    thesis.get_by_role("button", name="Rename").click()
    expect(thesis.locator("h2")).to_have_text("Chapter 4")
    thesis.get_by_role("button", name="Delete Chapter 4").click()
    expect(thesis).to_have_count(0)
    expect(card(home, "")).to_have_count(1)


def test_names_that_cannot_be_are_refused_by_the_browser_and_by_the_hub(home):
    home.fill(".new-server-name", "No Such Name")
    home.click(".new-server-btn")
    assert home.evaluate("document.querySelector('.new-server-name').validity.patternMismatch")
    assert home.url.endswith("/hub/home")

    home.evaluate("document.querySelector('.new-server-name').removeAttribute('pattern')")
    home.click(".new-server-btn")
    expect(home.get_by_role("alert")).to_contain_text("“No Such Name” cannot be the name of a server")
    expect(home.locator("section[data-server-name]")).to_have_count(1)


def test_the_bound_is_told_and_deleting_makes_room(home):
    add(home, "one")
    home.goto("/hub/home")
    add(home, "two")
    home.goto("/hub/home")
    expect(home.locator("body")).to_contain_text("You have 2 of at most 2")
    expect(home.locator(".new-server-btn")).to_have_count(0)

    card(home, "one").get_by_role("button", name="Stop").click()
    card(home, "one").get_by_role("button", name="Delete").click()
    expect(card(home, "one")).to_have_count(0)
    expect(home.locator(".new-server-btn")).to_have_count(1)
