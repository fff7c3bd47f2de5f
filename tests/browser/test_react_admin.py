"""JupyterHub's own administration page, the React program out of its package, against Carrel's API."""

import json

import pytest
from playwright.sync_api import expect

from appliance import PASSWORDS, built, eventually

# Not a page of Carrel's: the browser is given this one at an address of the hub's origin.
PAGE = "https://localhost/hub/upstream-admin"
SCRIPT = "share/jupyterhub/static/js/admin-react.js"
MARKUP = """\
<!doctype html><title>admin</title>
<script>
window.jhdata = {{base_url: "/hub/", prefix: "/", user: "admin", admin_access: true, options_form: false, xsrf_token: {xsrf}}};
window.api_page_limit = 50;
window.base_url = "/hub/";
</script>
<div id="react-admin-hook"></div>
<script src="/hub/upstream-admin.js"></script>
"""


@pytest.fixture(scope="module")
def script():
    return built("venv") / SCRIPT


@pytest.fixture
def admin(logged_in, script):
    """The page, opened by the administrator; it fails with what the program complained of in the console."""
    page = logged_in("admin", PASSWORDS["admin"])
    xsrf = page.evaluate("document.body.dataset.xsrfToken")
    page.route(f"{PAGE}*", lambda route: route.fulfill(body=MARKUP.format(xsrf=json.dumps(xsrf)), content_type="text/html"))
    page.route(f"{PAGE}.js", lambda route: route.fulfill(path=script, content_type="text/javascript; charset=utf-8"))
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("response", lambda response: response.status >= 500 and faults.append(f"{response.status} {response.url}"))
    page.goto(PAGE)
    page.wait_for_selector("[data-testid=user-row-name]")
    yield page
    assert not faults


def row(page, user):
    return page.locator("tr.user-row", has=page.locator(f"[data-testid=user-name-div-{user}]")).first


def names(page):
    return [name.strip() for name in page.locator("[data-testid=user-row-name]").all_inner_texts()]


def test_users_are_listed_found_and_sorted(machine, admin):
    with machine.login("bob"), machine.login("alice"):
        pass
    admin.reload()
    expect(admin.locator("[data-testid=user-name-div-alice]")).to_be_visible()
    shown = names(admin)
    assert {"admin", "alice", "bob"} <= {name.split()[0] for name in shown}, shown
    admin.fill("input[name=user_search]", "ali")
    expect(admin.locator("[data-testid=user-row-name]")).to_have_count(1)
    assert names(admin)[0].startswith("alice")


def test_a_server_is_started_and_stopped(machine, admin):
    with machine.login("bob") as bob:
        admin.reload()
        row(admin, "bob").get_by_role("button", name="Start Server").click()
        bob.await_server()
        expect(row(admin, "bob").get_by_role("button", name="Stop Server")).to_be_visible()
        row(admin, "bob").get_by_role("button", name="Stop Server").click()
        eventually(lambda: not bob.server(), 30, "bob's server stops")
        expect(row(admin, "bob").get_by_role("button", name="Start Server")).to_be_visible()


def test_users_are_added_changed_and_removed(machine, admin):
    admin.get_by_role("button", name="Add Users").click()
    admin.get_by_test_id("user-textarea").fill("gina\nhugo")
    admin.get_by_test_id("user-textarea").blur()
    admin.get_by_test_id("submit").click()
    expect(admin.locator("[data-testid=user-name-div-hugo]")).to_be_visible()

    row(admin, "hugo").get_by_role("button", name="Edit User").click()
    admin.locator("#admin-check").check()
    admin.get_by_test_id("submit").click()
    expect(admin.locator("[data-testid=user-name-div-hugo]")).to_be_visible()
    with machine.login("admin") as api:
        assert api.api("GET", "/users/hugo").json()["admin"] is True

    for name in ("hugo", "gina"):
        row(admin, name).get_by_role("button", name="Edit User").click()
        admin.get_by_test_id("delete-user").click()
        expect(admin.locator(f"[data-testid=user-name-div-{name}]")).to_have_count(0)
        expect(admin.locator("[data-testid=user-name-div-admin]")).to_be_visible()
    with machine.login("admin") as api:
        assert api.api("GET", "/users/hugo").status_code == 404


def test_a_group_is_made_filled_and_removed(machine, admin):
    with machine.login("alice"):
        pass
    admin.get_by_role("button", name="Manage Groups").click()
    admin.get_by_role("button", name="New Group").click()
    admin.get_by_test_id("group-input").fill("seminar")
    admin.get_by_test_id("submit").click()
    admin.get_by_text("seminar").first.click()
    admin.get_by_test_id("username-input").fill("alice")
    admin.get_by_test_id("validate-user").click()
    admin.get_by_role("button", name="Apply").click()
    with machine.login("admin") as api:
        eventually(lambda: api.api("GET", "/groups/seminar").json().get("users") == ["alice"], 10, "alice is a member")
        admin.goto(f"{PAGE}#/groups")
        admin.reload()
        admin.get_by_text("seminar").first.click()
        admin.get_by_test_id("delete-group").click()
        eventually(lambda: api.api("GET", "/groups/seminar").status_code == 404, 10, "the group is gone")
