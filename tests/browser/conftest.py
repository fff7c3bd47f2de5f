"""Chromium in the machine's network: what it opens at https://localhost/ is the Carrel in the machine."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
# Names below .example are other sites than the hub's, on the same machine.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
             "--host-resolver-rules=MAP *.example 127.0.0.1"]
SCREENSHOTS = Path(os.environ.get("CARREL_TESTS_LOGS", tempfile.gettempdir())) / "screenshots"


@pytest.fixture(scope="session")
def chromium(machine):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium, request):
    """Opens pages, each with cookies of its own; a test that fails leaves a picture of every one."""
    contexts = []

    def opened(**options):
        context = chromium.new_context(base_url="https://localhost", ignore_https_errors=True, **options)
        context.set_default_timeout(30_000)
        contexts.append(context)
        return context.new_page()

    yield opened
    for number, context in enumerate(contexts):
        for page in context.pages:
            if getattr(request.node, "failed", False):
                SCREENSHOTS.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=SCREENSHOTS / f"{request.node.name}-{number}.png")
        context.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    if outcome.get_result().failed:
        item.failed = True


@pytest.fixture
def logged_in(new_page):
    """Opens a page in which somebody has logged in by the form."""

    def opened(name: str, password: str, next_path: str = "/hub/home", **options):
        page = new_page(**options)
        page.goto(f"/hub/login?next={next_path}")
        page.fill("#username_input", name)
        page.fill("#password_input", password)
        page.click("#login_submit")
        page.wait_for_url(lambda url: "/hub/login" not in url)
        return page

    return opened
