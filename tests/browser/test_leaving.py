"""What a browser shows after a logout, after the login ended by itself, and while two tabs or a restart get in the way."""

import re

import pytest
from playwright.sync_api import Error, expect

from appliance import PASSWORDS, eventually

LATE = 'args = ["--behave=late"]'
SILENT = 'args = ["--behave=silent"]\nstart_timeout = "60s"'

EXPIRE = """\
import sqlite3
with sqlite3.connect("/var/lib/carrel/carrel.sqlite") as database:
    database.execute("UPDATE sessions SET expires = created + 1")
"""


@pytest.fixture
def behaving(quick):
    """Has servers start in another way for a test."""

    def set_behaviour(more: str) -> None:
        quick.use_fake_servers(more)

    yield set_behaviour
    quick.use_fake_servers()


@pytest.fixture
def alice(quick, logged_in):
    """Alice's home page; nothing of hers runs afterwards."""
    yield logged_in("alice", PASSWORDS["alice"])
    with quick.login("alice") as api:
        api.stop_server()


@pytest.fixture
def second_tab(alice):
    tab = alice.context.new_page()
    tab.goto("/hub/home")
    return tab


def takes_the_way_back(page) -> None:
    """A page whose login has ended says so where it stands, and leads to the login."""
    expect(page.locator("#login-ended")).to_be_visible()
    page.locator("#login-ended a").click()
    is_at_login(page)


def is_at_login(page) -> None:
    page.wait_for_url("**/hub/login**")
    expect(page.locator("#password_input")).to_be_visible()


def look_again(page) -> None:
    """What the browser tells a tab to which somebody comes back."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


# Logging out


def test_the_back_button_shows_nothing_private_after_a_logout(alice):
    alice.goto("/hub/token")
    alice.get_by_role("button", name="Request new token").click()
    token = alice.locator("#token-result").inner_text()
    alice.goto("/hub/home")
    alice.click("#logout")
    expect(alice.locator("h1")).to_have_text("You are logged out")
    for _ in range(3):
        try:
            alice.go_back()
        except Error as error:
            # Chromium asks before it sends the form again whose answer it has not kept.
            assert "ERR_CACHE_MISS" in error.message
            alice.wait_for_url("chrome-error://**")
        content = alice.content()
        assert token not in content
        assert 'data-user="alice"' not in content and "Logged in as" not in content
    # Nor does the next person see where this one was.
    alice.goto("/hub/home")
    is_at_login(alice)


def test_after_a_logout_in_one_tab_the_other_leads_to_the_login(alice, second_tab):
    alice.click("#logout")
    expect(alice.locator("h1")).to_have_text("You are logged out")
    look_again(second_tab)
    takes_the_way_back(second_tab)
    assert "next=" in second_tab.url and "home" in second_tab.url
    second_tab.fill("#username_input", "alice")
    second_tab.fill("#password_input", PASSWORDS["alice"])
    second_tab.click("#login_submit")
    second_tab.wait_for_url("**/hub/home")


def test_a_form_in_a_tab_whose_login_has_ended_does_nothing_and_offers_the_login(quick, alice):
    alice.context.clear_cookies()
    with alice.expect_navigation() as sent:
        alice.click("#start")
    assert sent.value.status == 403
    expect(alice.locator("h1")).to_contain_text("Not logged in")
    assert not quick.active("carrel-user-alice.service")
    alice.get_by_role("link", name="Log in").last.click()
    is_at_login(alice)


def test_a_login_that_ends_in_the_hub_ends_in_an_open_tab(quick, alice):
    """The cookie is still sent, but its time is over."""
    quick.run(["python3", "-c", EXPIRE])
    look_again(alice)
    takes_the_way_back(alice)


# Two tabs


def test_two_tabs_start_the_same_server(quick, alice, second_tab):
    for tab in (alice, second_tab):
        tab.locator("#start").click(no_wait_after=True)
    for tab in (alice, second_tab):
        tab.wait_for_url("**/user/alice/**")
    units = [unit for unit in quick.user_units() if "alice" in unit]
    assert len(units) == 1, units


def test_two_tabs_stop_the_same_server(quick, alice, second_tab):
    alice.locator("#start").click()
    alice.wait_for_url("**/user/alice/**")
    for tab in (alice, second_tab):
        tab.goto("/hub/home")
        expect(tab.locator(".state")).to_have_text("Running")
    for tab in (alice, second_tab):
        tab.locator("#stop").click(no_wait_after=True)
    for tab in (alice, second_tab):
        expect(tab.locator("h1")).to_have_text("Your server")
        expect(tab.locator(".state")).to_have_text("Stopped")
    assert not quick.active("carrel-user-alice.service")


def test_one_tab_cancels_what_the_other_started(quick, behaving, alice, second_tab):
    behaving(SILENT)
    alice.locator("#start").click()
    alice.wait_for_url("**/hub/spawn-pending/alice")
    expect(alice.locator("h1")).to_have_text("Your server is starting")
    look_again(second_tab)
    second_tab.get_by_role("button", name=re.compile("^Cancel")).click()
    expect(second_tab.locator(".state")).to_have_text("Stopped")
    # The tab that waited is told, and not left waiting.
    expect(alice.locator("h1")).not_to_have_text("Your server is starting")
    assert not quick.active("carrel-user-alice.service")
    # A cancelled start is no failure.
    expect(alice.locator("#main")).not_to_contain_text("failed")


# The hub restarts


def test_an_open_page_works_on_after_a_restart(quick, alice):
    alice.locator("#start").click()
    alice.wait_for_url("**/user/alice/**")
    alice.goto("/hub/home")
    pid = quick.main_pid("carrel-user-alice.service")
    quick.restart_hub()
    assert quick.main_pid("carrel-user-alice.service") == pid
    look_again(alice)
    expect(alice.locator(".state")).to_have_text("Running")
    # The page's form was made by the hub before.
    alice.locator("#stop").click()
    expect(alice.locator(".state")).to_have_text("Stopped")


def test_a_page_that_follows_a_start_does_so_over_a_restart(quick, behaving, alice):
    behaving(LATE)
    alice.locator("#start").click()
    alice.wait_for_url("**/hub/spawn-pending/alice")
    quick.run("systemctl restart carrel.service")
    alice.wait_for_url("**/user/alice/**", timeout=60_000)
    eventually(lambda: quick.active("carrel-user-alice.service"), 5, "the server is the one that was started")


# Frames


def test_a_page_of_a_server_cannot_frame_the_hub(alice):
    """It has the same origin, so nothing but the hub's own policy keeps it from doing so."""
    alice.locator("#start").click()
    alice.wait_for_url("**/user/alice/**")
    for path in ("/hub/home", "/hub/token", "/hub/nowhere", "/hub/api/user"):
        reached = alice.evaluate("""path => new Promise(done => {
            const frame = document.createElement('iframe');
            frame.onload = () => done(frame.contentDocument ? frame.contentDocument.URL : 'refused');
            frame.src = path;
            document.documentElement.append(frame);
        })""", path)
        assert reached == "refused", path
