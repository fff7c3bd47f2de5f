"""A server shared between people by the pages alone: by a link, by name and with a group."""

import re

import pytest
from playwright.sync_api import expect

from appliance import PASSWORDS

SETTINGS = """\
[hub]
extra_user_scopes = ["shares!user", "read:users:name", "read:groups:name"]
"""


@pytest.fixture(scope="module")
def sharing(machine):
    """A hub whose people may share; Alice's server runs."""
    with machine.configured(SETTINGS, "sharing-pages"), machine.login("alice") as alice:
        alice.start_server()
        yield machine
        alice.stop_server()


@pytest.fixture
def shares(sharing, logged_in):
    """Alice's page of shares; nothing is shared afterwards."""
    yield logged_in("alice", PASSWORDS["alice"], "/hub/shares")
    with sharing.login("alice") as api:
        for kind in ("shares", "share-codes"):
            assert api.api("DELETE", f"/{kind}/alice/").status_code == 204


@pytest.fixture
def bob(sharing, logged_in):
    """Opens a page in which Bob has just logged in."""
    return lambda path="/hub/shares": logged_in("bob", PASSWORDS["bob"], path)


def enter_server_of_alice(page) -> None:
    """Agrees to be known there, unless that was agreed to before, and waits for JupyterLab."""
    agree, lab = page.get_by_role("button", name="Authorize"), page.locator(".jp-LabShell")
    expect(agree.or_(lab)).to_be_visible(timeout=60_000)
    if agree.is_visible():
        agree.click()
    expect(lab).to_be_visible(timeout=60_000)
    assert "/user/alice/" in page.url


def invite(shares) -> str:
    shares.get_by_role("button", name="Make a link").click()
    return shares.locator("#invitation").inner_text().strip()


def own(shares):
    """The card of Alice's server."""
    return shares.locator("section.card").first


def is_shut_out(page) -> bool:
    answer = page.goto("/user/alice/lab")
    return answer.status == 403 and page.locator(".jp-LabShell").count() == 0


def test_a_link_brings_another_person_in_until_sharing_is_stopped(shares, new_page, bob):
    assert is_shut_out(bob())
    link = invite(shares)
    guest = new_page()
    guest.goto(link)
    guest.fill("#username_input", "bob")
    guest.fill("#password_input", PASSWORDS["bob"])
    guest.click("#login_submit")
    expect(guest.locator("h1")).to_have_text("Use a shared server?")
    expect(guest.locator("#main")).to_contain_text("You (bob) have been invited to access alice's server")
    guest.locator("#accept").click()
    enter_server_of_alice(guest)

    shares.goto("/hub/shares")
    expect(own(shares)).to_contain_text("accepted once")
    own(shares).get_by_role("button", name=re.compile("Stop sharing .* with bob")).click()
    expect(own(shares).get_by_role("button", name=re.compile("Stop sharing"))).to_have_count(0)
    assert is_shut_out(bob())


def test_a_withdrawn_link_is_worth_nothing(shares, bob):
    link = invite(shares)
    own(shares).get_by_role("button", name=re.compile("Withdraw invitation")).click()
    expect(own(shares)).to_contain_text("Only you can use it")
    guest = bob("/hub/home")
    assert guest.goto(link).status == 404
    expect(guest.locator("#accept")).to_have_count(0)


def test_a_share_by_name_is_listed_and_left(shares, bob):
    own(shares).get_by_label("Share with a").select_option("user")
    own(shares).get_by_label("Name", exact=True).fill("bob")
    own(shares).get_by_role("button", name=re.compile("^Share ")).click()
    expect(own(shares).locator("li strong")).to_have_text("bob")

    guest = bob()
    guest.get_by_role("link", name="alice’s server").click()
    enter_server_of_alice(guest)
    guest.goto("/hub/shares")
    guest.get_by_role("button", name=re.compile("Leave")).click()
    expect(guest.locator("#main")).to_contain_text("Nobody shares a server with you")
    shares.reload()
    expect(own(shares)).to_contain_text("Only you can use it")
    assert is_shut_out(bob())


def test_a_group_that_administrators_make_opens_it_for_its_members(shares, bob, logged_in):
    groups = logged_in("admin", PASSWORDS["admin"], "/hub/admin/groups")
    groups.fill("#new-group-name", "seminar")
    groups.get_by_role("button", name="Make the group").click()
    card = groups.locator("section.card", has=groups.get_by_role("heading", name="seminar", exact=True))
    card.get_by_label("User names, separated by spaces").fill("bob")
    card.get_by_role("button", name="Add to seminar").click()
    expect(card).to_contain_text("One member: bob")

    own(shares).get_by_label("Share with a").select_option("group")
    own(shares).get_by_label("Name", exact=True).fill("seminar")
    own(shares).get_by_role("button", name=re.compile("^Share ")).click()
    expect(own(shares).locator("li")).to_contain_text("group")
    guest = bob()
    expect(guest.locator("tr", has_text="alice’s server")).to_contain_text("with your group seminar")
    guest.get_by_role("link", name="alice’s server").click()
    enter_server_of_alice(guest)

    card.locator("summary").click()
    card.get_by_role("button", name="Remove the group seminar").click()
    expect(card).to_have_count(0)
    shares.reload()
    expect(own(shares)).to_contain_text("Only you can use it")
    assert is_shut_out(bob())


def test_what_cannot_be_shared_is_said(shares):
    for name, words in (("nobody-here", "There is no"), ("alice", "theirs already")):
        own(shares).get_by_label("Name", exact=True).fill(name)
        own(shares).get_by_role("button", name=re.compile("^Share ")).click()
        expect(shares.get_by_role("alert")).to_contain_text(words)
        expect(own(shares)).to_contain_text("Only you can use it")
