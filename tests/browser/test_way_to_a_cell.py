"""The whole way, as a person goes it: log in, start the server, run a cell, see its output, log out."""

import pytest
from playwright.sync_api import expect

from conftest import SCREENSHOTS


@pytest.fixture(scope="module", autouse=True)
def pictures():
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)


def run_cell(page, code: str) -> None:
    """Makes a notebook by JupyterLab's launcher, types a cell and runs it."""
    page.locator(".jp-LauncherCard[data-category='Notebook']").first.click(timeout=60_000)
    # What is typed before the kernel is connected is lost when the notebook settles.
    expect(page.get_by_text("Python 3 (ipykernel) | Idle").first).to_be_visible(timeout=60_000)
    cell = page.locator(".jp-Notebook .jp-CodeCell .cm-content").first
    cell.click(timeout=60_000)
    page.keyboard.type(code)
    expect(cell).to_contain_text(code)
    page.keyboard.press("Shift+Enter")


def test_from_the_login_form_to_the_output_of_a_cell(machine, new_page):
    page = new_page()
    page.goto("/")
    expect(page.locator("h1")).to_have_text("Log in")
    page.screenshot(path=SCREENSHOTS / "login.png")
    page.fill("#username_input", "alice")
    page.fill("#password_input", "alice-8Kq2")
    page.click("#login_submit")
    # The hub starts the server, shows the progress and leads on to JupyterLab by itself.
    page.wait_for_url("**/user/alice/lab**", timeout=90_000)
    run_cell(page, "import getpass; print(getpass.getuser(), 6 * 7)")
    expect(page.locator(".jp-OutputArea-output").first).to_have_text("alice 42\n", timeout=60_000)
    page.screenshot(path=SCREENSHOTS / "cell.png")
    assert machine.active("carrel-user-alice.service")

    page.goto("/hub/home")
    expect(page.locator("h1")).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "home.png")
    page.goto("/hub/logout")
    page.goto("/user/alice/lab")
    page.wait_for_url("**/hub/login**")


def test_the_home_page_stops_and_starts(machine, logged_in):
    page = logged_in("bob", "bob-5Wz9")
    page.locator("#start, #spawn, a[href*='/hub/spawn']").first.click()
    page.wait_for_url("**/user/bob/**", timeout=90_000)
    page.goto("/hub/home")
    page.locator("#stop, button:has-text('Stop')").first.click()
    expect(page.locator("body")).not_to_contain_text("Stop my server", timeout=30_000)


@pytest.mark.parametrize("look", ["light", "dark"])
def test_pages_fit_a_phone(machine, logged_in, look):
    page = logged_in("bob", "bob-5Wz9", viewport={"width": 360, "height": 740}, color_scheme=look)
    for path in ("/hub/home", "/hub/login", "/hub/nowhere"):
        page.goto(path)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, f"{path} is {width} pixels wide"
    page.goto("/hub/home")
    page.screenshot(path=SCREENSHOTS / f"home-phone-{look}.png")


def test_no_page_of_the_hub_breaks_its_own_content_policy(machine, logged_in):
    page = logged_in("bob", "bob-5Wz9")
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for path in ("/hub/home", "/hub/login", "/hub/logout"):
        page.goto(path)
    assert complaints == []


def test_it_works_without_scripts(machine, logged_in):
    page = logged_in("bob", "bob-5Wz9", java_script_enabled=False)
    page.goto("/hub/spawn")
    page.wait_for_url("**/user/bob/**", timeout=90_000)
    assert machine.active("carrel-user-bob.service")
