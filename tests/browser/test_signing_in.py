"""Signing in at a real OpenID Connect provider by its own pages, which are another site's."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from appliance import PASSWORDS, eventually
from conftest import SCREENSHOTS
from openid_site import BACK, openid_site

HOST = "provider.example"
BUTTON = "Sign in with Example University"
LOGIN = "__Host-jupyterhub-hub-login"


@pytest.fixture(scope="module")
def site(quick, tmp_path_factory):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with openid_site(quick, tmp_path_factory.mktemp("provider"), HOST) as site:
        yield site


@pytest.fixture
def page(new_page):
    """A page of somebody who is signed in nowhere."""
    page = new_page()
    # The provider's page asks for a font from far away, and the machine has no network.
    page.context.route(lambda url: urlsplit(url).hostname not in ("localhost", HOST), lambda route: route.abort())
    return page


def is_at_provider(site, page) -> None:
    page.wait_for_url(f"{site.issuer}/interaction/**")


def sign_in(site, page, name: str) -> None:
    """Answers what the provider asks: who it is, and whether the hub may know."""
    is_at_provider(site, page)
    page.get_by_placeholder("Enter any login").fill(name)
    page.get_by_placeholder("and password").fill("any")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()


def is_logged_in(page) -> bool:
    return any(cookie["name"] == LOGIN for cookie in page.context.cookies("https://localhost"))


def is_told(page, status: int, response, words: str) -> None:
    """The page that says what went wrong, at the address to which the provider led."""
    assert response.status == status
    expect(page.locator("h1")).to_have_text("You are not logged in")
    expect(page.locator("main")).to_contain_text(words)
    assert not is_logged_in(page)


def test_a_person_signs_in_and_starts_a_server(site, page):
    page.goto("/hub/login?next=%2Fhub%2Ftoken")
    page.screenshot(path=SCREENSHOTS / "login-provider.png")
    page.get_by_role("button", name=BUTTON).click()
    sign_in(site, page, "alice")
    page.wait_for_url("**/hub/token")
    expect(page.locator(".who")).to_contain_text("alice")
    page.goto("/hub/home")
    page.locator("#start").click()
    page.wait_for_url("**/user/alice/**")
    assert site.appliance.active("carrel-user-alice.service")
    page.goto("/hub/home")
    page.locator("#stop").click()
    expect(page.locator(".state")).to_have_text("Stopped")


def test_the_way_works_without_scripts(site, new_page):
    page = new_page(java_script_enabled=False)
    page.goto("/hub/login")
    page.get_by_role("button", name=BUTTON).focus()
    page.keyboard.press("Enter")
    sign_in(site, page, "bob")
    page.wait_for_url(lambda url: urlsplit(url).hostname == "localhost")
    eventually(lambda: is_logged_in(page), 10, "a login")
    page.goto("/hub/home")
    expect(page.locator(".who")).to_contain_text("bob")
    with site.appliance.login("bob") as api:
        api.stop_server()


def test_who_cancels_at_the_provider_is_told_so_and_may_try_again(site, page):
    page.goto("/hub/login?next=%2Fhub%2Ftoken")
    page.get_by_role("button", name=BUTTON).click()
    is_at_provider(site, page)
    with page.expect_response(f"{BACK}?**") as back:
        page.get_by_role("link", name="Cancel").click()
    is_told(page, 403, back.value, "Example University did not sign you in.")
    page.screenshot(path=SCREENSHOTS / "sign-in-declined.png")
    page.get_by_role("link", name="Sign in again").click()
    sign_in(site, page, "alice")
    page.wait_for_url("**/hub/token")


def test_who_cancels_there_may_log_in_with_a_password_here(site, page):
    page.goto("/hub/login?next=%2Fhub%2Ftoken")
    page.get_by_role("button", name=BUTTON).click()
    is_at_provider(site, page)
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("link", name="Log in with a password").click()
    page.fill("#username_input", "alice")
    page.fill("#password_input", PASSWORDS["alice"])
    page.click("#login_submit")
    page.wait_for_url("**/hub/token")
    expect(page.locator(".who")).to_contain_text("alice")


def test_who_has_no_account_here_is_told_so(site, page):
    page.goto("/hub/login")
    page.get_by_role("button", name=BUTTON).click()
    with page.expect_response(f"{BACK}?**") as back:
        sign_in(site, page, "nosuch")
    is_told(page, 403, back.value, "leads to no account of this machine")
    page.screenshot(path=SCREENSHOTS / "sign-in-unwelcome.png")
    # An answer counts once, so the page that is loaded again is another.
    response = page.reload()
    is_told(page, 400, response, "it has been used already")


def test_a_provider_that_is_down_is_told_in_words(site, page):
    page.goto("/hub/login")
    site.stop_provider()
    try:
        with page.expect_response("**/hub/oauth_login**") as away:
            page.get_by_role("button", name=BUTTON).click()
        is_told(page, 502, away.value, "Example University cannot be reached")
    finally:
        site.start_provider()
    page.get_by_role("link", name="Sign in again").click()
    is_at_provider(site, page)


def test_the_login_page_is_skipped_but_not_after_a_logout(site, page):
    with site.changed("[login]\npasswords = false", auto=True):
        page.goto("/hub/")
        sign_in(site, page, "alice")
        page.wait_for_url("https://localhost/**")
        page.goto("/hub/home")
        page.click("#logout")
        expect(page.locator("h1")).to_have_text("You are logged out")
        page.reload()
        expect(page.locator("h1")).to_have_text("You are logged out")
        assert page.url.endswith("/hub/logout") and not is_logged_in(page)
        page.screenshot(path=SCREENSHOTS / "logged-out-provider.png")
        # Who asks for a page is led to the provider, which still knows them.
        page.locator("#login").click()
        eventually(lambda: is_logged_in(page), 10, "a login")
    with site.appliance.login("alice") as api:
        api.stop_server()
