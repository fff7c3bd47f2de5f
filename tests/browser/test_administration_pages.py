"""The administrator's pages with two thousand users: found, sorted, paged, their servers started and stopped, changed."""

import re

import httpx
import pytest
from playwright.sync_api import expect

from appliance import PASSWORDS, eventually

COUNT = 2000
PEOPLE = [f"person-{number:04}" for number in range(1, COUNT + 1)]
PAGE_BYTES = 60 * 1024
SETTINGS = """\
[[services]]
name = "clock"
command = ["/usr/bin/sleep", "infinity"]
user = "nobody"

[[services]]
name = "elsewhere"
url = "http://127.0.0.1:9"
admin = true

[[services]]
name = "broken"
command = ["/bin/sh", "-c", "exit 3"]
user = "nobody"
"""


@pytest.fixture(scope="module")
def crowd(machine):
    """A hub with two thousand users beside the three who have logged in, and servers that start at once."""
    with machine.configured(SETTINGS, "administration-pages"):
        machine.use_fake_servers()
        for name in ("alice", "bob"):
            machine.login(name).close()
        with machine.login("admin") as admin:
            made = admin.api("POST", "/users/admin/tokens", json={"note": "the crowd", "expires_in": 3600})
        token = {"Authorization": f"token {made.json()['token']}"}
        with httpx.Client(base_url="https://localhost/hub/api", headers=token, verify=False, timeout=60) as api:
            added = api.post("/users", json={"usernames": PEOPLE})
            assert added.status_code == 201, added.text
            yield machine
            for name in PEOPLE:
                assert api.delete(f"/users/{name}").status_code in (204, 404)
            api.delete(f"/users/admin/tokens/{made.json()['id']}")
        machine.use_real_servers()


@pytest.fixture
def admin(crowd, logged_in):
    """The page of users, sorted by name."""
    return logged_in("admin", PASSWORDS["admin"], "/hub/admin/users?sort=name".replace("?", "%3F"))


def row(page, name: str):
    return page.locator(f"tr[data-user='{name}']")


def names(page) -> list[str]:
    return page.locator("tr[data-user]").evaluate_all("rows => rows.map(row => row.dataset.user)")


def search(page, part: str, state: str = "") -> None:
    page.fill("#name-filter", part)
    page.select_option("#state", state)
    # What comes next may load the page again, which would break a load that is still under way off.
    with page.expect_navigation():
        page.get_by_role("button", name="Search").click()


def tick(page, *people: str) -> None:
    for name in people:
        page.get_by_label(name, exact=True).check()


def press(page, button: str) -> None:
    with page.expect_navigation():
        page.get_by_role("group", name="With those ticked").get_by_role("button", name=button, exact=True).click()


def await_state(page, name: str, state: str) -> None:
    """Loads the page again until the user's server is in this state."""

    def is_there() -> bool:
        page.reload()
        return row(page, name).locator(".state", has_text=re.compile(f"^{state}$")).count() == 1

    eventually(is_there, 30, f"{name}'s server is {state}")


def sort_by(page, column: str) -> None:
    page.locator("thead").get_by_role("link", name=re.compile(f"^{column}")).click()


def parts(page):
    return page.get_by_role("navigation", name="Parts of the list")


def test_the_crowd_is_paged_in_the_order_asked_for(admin):
    first = names(admin)
    assert len(first) == 50 and first == sorted(first)
    total = int(re.search(r"1–50 of (\d+)", parts(admin).inner_text())[1])
    assert total >= COUNT + 3

    parts(admin).get_by_role("link", name="Next").click()
    expect(parts(admin)).to_contain_text(f"51–100 of {total}")
    second = names(admin)
    assert len(second) == 50 and first[-1] < second[0]
    parts(admin).get_by_role("link", name="Previous").click()
    assert names(admin) == first

    sort_by(admin, "User")
    assert names(admin)[0] == PEOPLE[-1]
    for _ in range(2):
        sort_by(admin, "Last active")
    assert names(admin)[0] in ("admin", "alice", "bob"), "who was active last stands first"


def test_a_search_narrows_and_is_kept_while_paging_and_sorting(admin):
    search(admin, "person-19")
    expect(parts(admin)).to_contain_text("1–50 of 100")
    sort_by(admin, "User")
    parts(admin).get_by_role("link", name="Next").click()
    expect(parts(admin)).to_contain_text("51–100 of 100")
    shown = names(admin)
    assert shown == sorted(PEOPLE[1899:1999], reverse="-name" in admin.url)[50:]
    expect(parts(admin).get_by_role("link", name="Next")).to_have_count(0)
    expect(admin.locator("#name-filter")).to_have_value("person-19")

    search(admin, "<b>nobody</b>")
    expect(admin.locator("#main")).to_contain_text("There are no such users.")


def test_a_page_stays_small(crowd, logged_in):
    page = logged_in("admin", PASSWORDS["admin"])
    sizes = []
    page.on("response", lambda response: sizes.append(len(response.body())))
    page.goto("/hub/admin/users", wait_until="networkidle")
    assert len(names(page)) == 50
    assert len(sizes) >= 2 and sum(sizes) <= PAGE_BYTES, sizes


def test_servers_start_and_stop_in_bulk_and_are_found_by_their_state(admin):
    search(admin, "b")
    tick(admin, "bob")
    search(admin, "")
    tick(admin, "alice", "admin")
    press(admin, "Start")
    await_state(admin, "alice", "Running")
    await_state(admin, "admin", "Running")

    search(admin, "", "ready")
    assert set(names(admin)) == {"alice", "admin"}, "what was ticked in another view was not meant"
    search(admin, "a", "inactive")
    assert not {"alice", "admin"} & set(names(admin))
    search(admin, "alice", "active")
    tick(admin, "alice")
    press(admin, "Stop")
    expect(admin.locator("#name-filter")).to_have_value("alice")

    def is_alone() -> bool:
        search(admin, "", "active")
        return names(admin) == ["admin"]

    eventually(is_alone, 30, "Alice's server stops, and no other")
    tick(admin, "admin")
    press(admin, "Stop")
    search(admin, "admin")
    await_state(admin, "admin", "Stopped")


def test_nothing_ticked_and_what_fails_are_said(admin):
    press(admin, "Start")
    expect(admin.get_by_role("alert")).to_have_text("Tick somebody first.")
    admin.fill("#new-names", "fine ../etc")
    admin.get_by_role("button", name="Add users").click()
    expect(admin.get_by_role("alert")).to_contain_text("../etc")
    search(admin, "fine")
    expect(row(admin, "fine")).to_have_count(0)


def test_users_are_added_made_administrators_and_removed(admin):
    admin.fill("#new-names", "newcomer-1 newcomer-2")
    admin.get_by_role("button", name="Add users").click()
    search(admin, "newcomer")
    assert sorted(names(admin)) == ["newcomer-1", "newcomer-2"]

    tick(admin, "newcomer-2")
    press(admin, "Make administrator")
    expect(row(admin, "newcomer-2")).to_contain_text("administrator")
    expect(row(admin, "newcomer-1")).not_to_contain_text("administrator")
    tick(admin, "newcomer-2")
    press(admin, "Make ordinary")
    expect(row(admin, "newcomer-2")).not_to_contain_text("administrator")

    for answer in ("Do not remove", "Remove"):
        search(admin, "newcomer")
        tick(admin, "newcomer-1", "newcomer-2")
        press(admin, "Remove …")
        expect(admin.locator("#main li")).to_have_text(["newcomer-1", "newcomer-2"])
        admin.locator("#main").get_by_text(answer, exact=True).click()
        search(admin, "newcomer")
        expect(admin.locator("tr[data-user]")).to_have_count(2 if answer == "Do not remove" else 0)


def focused(page, selector: str) -> bool:
    return page.evaluate("selector => document.activeElement.matches(selector)", selector)


def tab_to(page, selector: str, key: str = "Tab") -> None:
    """Goes to an element as a person without a mouse does."""
    for _ in range(30):
        page.keyboard.press(key)
        if focused(page, selector):
            return
    raise AssertionError(f"{selector} is not reached by {key}")


def test_the_keyboard_alone_finds_a_user_and_starts_the_server(admin):
    admin.keyboard.press("Tab")
    assert focused(admin, "a.skip")
    admin.keyboard.press("Enter")
    tab_to(admin, "#name-filter")
    admin.keyboard.type("bob")
    with admin.expect_navigation():
        admin.keyboard.press("Enter")
    assert names(admin) == ["bob"]
    tab_to(admin, "tr[data-user=bob] input[type=checkbox]")
    admin.keyboard.press("Space")
    tab_to(admin, "button[value=start]", "Shift+Tab")
    with admin.expect_navigation():
        admin.keyboard.press("Enter")
    await_state(admin, "bob", "Running")

    tab_to(admin, "tr[data-user=bob] input[type=checkbox]")
    admin.keyboard.press("Space")
    tab_to(admin, "button[value=stop]", "Shift+Tab")
    with admin.expect_navigation():
        admin.keyboard.press("Enter")
    await_state(admin, "bob", "Stopped")


def test_groups_are_made_filled_emptied_and_removed(admin):
    admin.get_by_role("link", name="Groups").click()
    admin.fill("#new-group-name", "course-1")
    admin.get_by_role("button", name="Make the group").click()
    card = admin.locator("section.card", has=admin.get_by_role("heading", name="course-1", exact=True))
    card.get_by_label("User names, separated by spaces").fill(" ".join(PEOPLE[:60]))
    card.get_by_role("button", name="Add to course-1").click()
    expect(card).to_contain_text("60 members: person-0001, person-0002")
    card.get_by_label("User names, separated by spaces").fill(" ".join(PEOPLE[1:60]))
    card.get_by_role("button", name="Take out of course-1").click()
    expect(card).to_contain_text("One member: person-0001")

    card.get_by_label("User names, separated by spaces").fill("nobody-of-this-name")
    card.get_by_role("button", name="Add to course-1").click()
    expect(admin.get_by_role("alert")).to_contain_text("nobody-of-this-name")
    expect(card).to_contain_text("One member: person-0001")
    card.locator("summary").click()
    card.get_by_role("button", name="Remove the group course-1").click()
    expect(card).to_have_count(0)


def test_the_hubs_health_and_services_are_shown(admin):
    admin.get_by_role("link", name="Hub and services").click()
    figures = dict(zip(admin.locator("dl dt").all_inner_texts(), admin.locator("dl dd").all_inner_texts()))
    assert int(figures["Users"]) >= COUNT + 3
    assert figures["Servers that run"] == "0"
    states = {}

    def are_settled() -> bool:
        admin.reload()
        for line in admin.locator("#main table tbody tr").all():
            states[line.locator("td").first.inner_text().split()[0]] = line.locator(".state").inner_text()
        return states.get("broken") == "Failed"

    eventually(are_settled, 30, "the broken service is told of")
    assert states == {"clock": "Running", "elsewhere": "Not run by Carrel", "broken": "Failed"}
    # Without the tick the hub is not shut down.
    admin.get_by_role("button", name="Shut down").click()
    assert not admin.evaluate("document.getElementById('sure').validity.valid")
    admin.reload()
    expect(admin.locator("h1")).to_have_text("Hub and services")


def test_others_are_kept_out(crowd, logged_in):
    page = logged_in("alice", PASSWORDS["alice"])
    expect(page.get_by_role("link", name="Admin")).to_have_count(0)
    for path in ("users", "groups", "hub"):
        assert page.goto(f"/hub/admin/{path}").status == 403
        assert "person-0001" not in page.content()
