"""JupyterHub's own browser tests, against a Carrel in a machine.

They are written for a hub in their own process. Here stand the same fixtures for a hub that is only reached by its
address: accounts of the machine for users, the API for what they ask of the database. `outcomes.txt` says which tests
pass and why each other one cannot; whatever goes otherwise fails.
"""

import itertools
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace

import pytest
from jupyterhub.tests.browser import test_browser, test_share
from playwright.async_api import Error, async_playwright, expect

from hub import ORIGIN, Person

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
OUTCOMES = Path(__file__).with_name("outcomes.txt")
# What waits for another page's elements waits in vain.
PATIENCE_MS = {"passes": 30_000, "differs": 1_000}
SETTINGS = """\
[hub]
named_servers = true
extra_user_scopes = ["shares!user", "read:users:name", "read:groups:name"]
"""


# The table of outcomes


def outcomes() -> dict[str, tuple[str, str]]:
    """Returns, by the name of a test with or without its parameters, its outcome and the reason of it."""
    found = {}
    for line in OUTCOMES.read_text().splitlines():
        if line and not line.startswith("#"):
            name, outcome, reason = (part.strip() for part in line.split("|"))
            found[name] = (outcome, reason)
    return found


def pytest_configure(config):
    config.addinivalue_line("markers", "browser: JupyterHub's mark for all of these")


def pytest_collection_modifyitems(items):
    known, used = outcomes(), set()
    for item in items:
        key = next((name for name in (item.name, item.originalname) if name in known), None)
        if key is None:
            raise pytest.UsageError(f"{OUTCOMES.name} does not tell of {item.name}")
        used.add(key)
        outcome, reason = known[key]
        item.outcome = outcome
        if outcome in ("differs", "inside"):
            # A fault of what stands here is no difference.
            differences = (AssertionError, Error)
            item.add_marker(pytest.mark.xfail(strict=True, reason=reason, run=outcome == "differs", raises=differences))
        elif outcome != "passes":
            raise pytest.UsageError(f"{OUTCOMES.name}: what is the outcome “{outcome}”?")
    if len({item.path for item in items}) == 2 and (unknown := known.keys() - used):
        raise pytest.UsageError(f"{OUTCOMES.name} tells of tests that are not there: {sorted(unknown)}")


# The hub


@pytest.fixture(scope="session")
def carrel(machine):
    """The machine, with servers that start at once."""
    with machine.configured(SETTINGS, "upstream"):
        machine.use_fake_servers()
        yield machine


@pytest.fixture(scope="session")
def app(carrel):
    """What the tests ask of the hub's object, as far as an address answers it."""
    proxy = SimpleNamespace(public_url=f"{ORIGIN}/", add_user=nothing)
    return SimpleNamespace(base_url="/", hub=SimpleNamespace(base_url="/hub/"), subdomain_host="", proxy=proxy,
                           authenticator=SimpleNamespace(request_otp=False), tornado_settings={}, db=None)


async def nothing(*_):
    """The proxy is the hub itself; nobody is added to it."""


def public_host(_app) -> str:
    return ORIGIN


def public_url(_app, user=None, path: str = "") -> str:
    return f"{ORIGIN}{user.prefix if user else '/'}{path.lstrip('/')}"


async def log_in(browser, username, password=None):
    """Fills in the form by its elements' ids; the words on it are each hub's own."""
    await browser.fill("#username_input", username)
    await browser.fill("#password_input", username if password is None else password)
    await browser.click("#login_submit")


@pytest.fixture(scope="session", autouse=True)
def helpers(carrel, admin_api, people):
    """Puts what works from outside in the place of the tests' helpers that work inside."""

    async def api_request(_app, path, method="get", name="admin"):
        headers = {"Authorization": f"token {people[name].new_api_token()}"} if name != "admin" else {}
        return admin_api.request(method.upper(), f"/hub/api/{path}", headers=headers)

    with pytest.MonkeyPatch.context() as patch:
        for module in (test_browser, test_share):
            patch.setattr(module, "login", log_in)
            patch.setattr(module, "public_host", public_host)
        patch.setattr(test_browser, "public_url", public_url)
        patch.setattr(test_share, "api_request", api_request)
        patch.setattr(test_share, "add_user", lambda _db, name: people.new())
        yield


# People


class People(dict):
    """The accounts that tests made, by their names."""

    def __init__(self, machine, api):
        super().__init__()
        self.machine, self.api, self.numbers = machine, api, itertools.count(1)

    def new(self, *scopes: str, admin: bool = False) -> Person:
        name = f"tester{next(self.numbers)}"
        self.machine.add_user(name, name, *(("--groups", "sudo") if admin else ()))
        if more := [scope for scope in scopes if scope not in ("self", "shares!user")]:
            role = f'[[roles]]\nname = "{name}-role"\nscopes = {more}\nusers = ["{name}"]\n'
            self.machine.configure(role.replace("'", '"'), name)
        assert self.api.post(f"/hub/api/users/{name}").status_code == 201
        self[name] = Person(self.machine, self.api, name)
        return self[name]


@pytest.fixture(scope="session")
def admin_api(carrel):
    """Calls the API with an administrator's token."""
    with carrel.login("admin") as admin:
        made = admin.api("POST", "/users/admin/tokens", json={"note": "upstream", "expires_in": 3600})
        assert made.status_code == 201, made.text
        admin.client.headers["Authorization"] = f"token {made.json()['token']}"
        admin.client.cookies.clear()
        yield admin.client


@pytest.fixture(scope="session")
def people(carrel, admin_api):
    return People(carrel, admin_api)


@pytest.fixture
def user(people):
    person = people.new()
    yield person
    person.stop()


@pytest.fixture
def username(user):
    return user.name


@pytest.fixture
def admin_user(people):
    person = people.new(admin=True)
    yield person
    person.stop()


@pytest.fixture
def create_user_with_scopes(people):
    made = []

    def create(*scopes):
        made.append(people.new(*scopes))
        return made[-1]

    yield create
    for person in made:
        person.stop()


@pytest.fixture
def user_special_chars(user):
    """An account of the machine has no special characters in its name."""
    return namedtuple("UserSpecialChars", ["user", "urlname", "urlname_js"])(user, user.name, user.name)


# How servers start


@pytest.fixture
def no_patience():
    """The page that follows a start comes within a second anyway."""


@pytest.fixture
def named_servers():
    """They are on for every test."""


@pytest.fixture
def slow_spawn(carrel):
    carrel.use_fake_servers('args = ["--behave=late"]')
    yield
    carrel.use_fake_servers()


@pytest.fixture
def full_spawn(carrel):
    carrel.use_real_servers()
    yield
    carrel.use_fake_servers()


# The browser


@pytest.fixture(scope="session")
async def chromium(carrel):
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def browser(chromium, request):
    context = await chromium.new_context(base_url=ORIGIN, ignore_https_errors=True)
    context.set_default_timeout(PATIENCE_MS[request.node.outcome])
    expect.set_options(timeout=PATIENCE_MS[request.node.outcome])
    yield await context.new_page()
    await context.close()
