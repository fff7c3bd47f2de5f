"""What in a real JupyterLab speaks of its hub: the entries of its File menu, and links that others can use."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from appliance import PASSWORDS

LAB = ".jp-LabShell"
NOTEBOOK = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
# The same file for everybody, as on machines with a shared folder, and a repository that everybody may clone.
SHARED = f"""\
for name in alice bob; do
    home=/home/$name
    printf '%s' '{NOTEBOOK}' > $home/lesson.ipynb
    chown $name: $home/lesson.ipynb
done
cd "$(mktemp -d)"
git init --quiet --initial-branch=main course
cd course
printf '# Week one' > week-1.md
git add .
git -c user.name=Teacher -c user.email=teacher@example.org commit --quiet --message=first
git clone --quiet --bare . /srv/course
git config --system --add safe.directory /srv/course
"""


@pytest.fixture(scope="module")
def prepared(machine):
    machine.run(SHARED)
    yield machine
    for name in ("alice", "bob"):
        with machine.login(name) as api:
            api.stop_server()
    machine.run("rm -rf /srv/course /home/*/lesson.ipynb /home/*/course; git config --system --unset-all safe.directory")


@pytest.fixture
def lab(prepared, logged_in):
    """Opens a JupyterLab in which somebody has just logged in."""

    def opened(name: str):
        page = logged_in(name, PASSWORDS[name], "/hub/user-redirect/lab", permissions=["clipboard-read", "clipboard-write"])
        page.wait_for_url(f"**/user/{name}/**", timeout=90_000)
        expect(page.locator(LAB)).to_be_visible(timeout=60_000)
        return page

    return opened


def choose(page, entry: str) -> None:
    """Chooses an entry of the File menu by the command behind it."""
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^File$")).click()
    page.locator(f".lm-Menu-item[data-command='{entry}']:visible").click()


def test_the_menu_leads_to_the_home_page(lab):
    page = lab("alice")
    with page.expect_popup() as opened:
        choose(page, "hub:control-panel")
    expect(opened.value.locator("h1")).to_have_text("Your server")
    expect(opened.value.locator(".state")).to_have_text("Running")


def test_the_menu_logs_out_of_the_hub_and_the_server(lab):
    page = lab("alice")
    choose(page, "hub:logout")
    page.wait_for_url(re.compile("/hub/(logout|login)"))
    for path in ("/user/alice/lab", "/hub/home"):
        page.goto(path)
        page.wait_for_url("**/hub/login**")
    answer = page.goto("/user/alice/api/contents")
    assert answer.status != 200 and "lesson.ipynb" not in page.content()


def test_a_copied_link_opens_the_same_path_in_the_others_own_server(lab, logged_in):
    page = lab("alice")
    page.locator(".jp-DirListing-item", has_text="lesson.ipynb").click(button="right")
    page.locator(".lm-Menu-itemLabel", has_text="Copy Shareable Link").click()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == "https://localhost/hub/user-redirect/lab/tree/lesson.ipynb"

    other = logged_in("bob", PASSWORDS["bob"])
    other.goto(link)
    other.wait_for_url("**/user/bob/lab/tree/lesson.ipynb", timeout=90_000)
    expect(other.locator(".lm-DockPanel-tabBar .lm-TabBar-tabLabel", has_text="lesson.ipynb")).to_be_visible(timeout=60_000)


def test_an_nbgitpuller_link_brings_the_course_before_it_is_opened(prepared, new_page):
    """Whoever follows it is not logged in yet and comes back to the whole of it, query included."""
    target = f"repo={quote('file:///srv/course', safe='')}&branch=main&urlpath={quote('lab/tree/course/week-1.md', safe='')}"
    page = new_page()
    page.goto(f"/hub/user-redirect/git-pull?{target}")
    page.fill("#username_input", "bob")
    page.fill("#password_input", PASSWORDS["bob"])
    page.click("#login_submit")
    page.wait_for_url("**/user/bob/lab/tree/course/week-1.md", timeout=120_000)
    expect(page.locator(".lm-DockPanel-tabBar .lm-TabBar-tabLabel", has_text="week-1.md")).to_be_visible(timeout=60_000)
    assert prepared.run("cat /home/bob/course/week-1.md").stdout == "# Week one"
    assert prepared.run("stat -c %U /home/bob/course/week-1.md").stdout.strip() == "bob"
