"""A token asked for on the page works with a program, as far as was chosen, and dies when it is revoked there."""

import json

import pytest
from playwright.sync_api import expect

from appliance import PASSWORDS


@pytest.fixture
def tokens(machine, logged_in):
    """Alice's page of tokens; those she made are gone afterwards."""
    yield logged_in("alice", PASSWORDS["alice"], "/hub/token")
    with machine.login("alice") as api:
        for token in api.api("GET", "/users/alice/tokens").json()["api_tokens"]:
            api.api("DELETE", f"/users/alice/tokens/{token['id']}")


def curl(machine, token: str, path: str, *options: str) -> tuple[int, dict]:
    """Calls the API the way a script does; returns the status and the body."""
    command = ["curl", "-sk", "-w", "\n%{http_code}", "-H", f"Authorization: token {token}", *options]
    body, status = machine.run([*command, f"https://localhost/hub/api{path}"]).stdout.rsplit("\n", 1)
    return int(status), json.loads(body or "{}")


def made(page) -> str:
    """Sends the form and returns the token that is shown."""
    page.get_by_role("button", name="Request new token").click()
    return page.locator("#token-result").inner_text().strip()


def row(page, note: str):
    return page.locator("#api-tokens-table tr.token-row", has_text=note)


def test_it_works_as_its_maker_until_it_is_revoked(machine, tokens):
    tokens.fill("#token-note", "Nightly <script>")
    tokens.select_option("#token-expiration-seconds", "3600")
    token = made(tokens)
    tokens.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tokens.get_by_role("button", name="Copy").click()
    expect(tokens.get_by_role("button", name="Copied")).to_be_visible()
    assert tokens.evaluate("navigator.clipboard.readText()") == token
    status, user = curl(machine, token, "/user")
    assert (status, user["name"]) == (200, "alice")
    assert curl(machine, token, "/users/bob")[0] == 404

    # Loaded again the page shows the token no more, but that there is one, and that it was used.
    tokens.goto("/hub/token")
    expect(tokens.locator("#token-result")).to_have_count(0)
    assert token not in tokens.content()
    expect(row(tokens, "Nightly <script>")).to_have_count(1)
    expect(row(tokens, "Nightly <script>").locator("td[data-label=Expires]")).not_to_have_text("never")
    row(tokens, "Nightly <script>").get_by_role("button", name="Revoke").click()
    expect(row(tokens, "Nightly <script>")).to_have_count(0)
    assert curl(machine, token, "/user")[0] == 403


def test_ticked_permissions_are_all_it_has(machine, tokens):
    tokens.get_by_text("Permissions: everything you can do").click()
    tokens.locator("input[name=scope][value='read:users:activity!user=alice']").check()
    tokens.fill("#token-note", "reads")
    token = made(tokens)
    status, user = curl(machine, token, "/users/alice")
    assert status == 200
    assert "last_activity" in user and "servers" not in user
    assert curl(machine, token, "/users/alice/server", "-X", "POST")[0] in (403, 404)
    assert not machine.active("carrel-user-alice.service")


def test_what_cannot_be_had_is_said_and_what_was_typed_stays(machine, tokens):
    for scopes, words in (("no:such:scope", "no:such:scope"), ("admin:users", "admin:users")):
        tokens.goto("/hub/token")
        tokens.get_by_text("Permissions: everything you can do").click()
        tokens.fill("#token-note", "greedy")
        tokens.fill("#token-scopes", scopes)
        tokens.get_by_role("button", name="Request new token").click()
        expect(tokens.get_by_role("alert")).to_contain_text(words)
        expect(tokens.locator("#token-note")).to_have_value("greedy")
        expect(tokens.locator("#token-scopes")).to_have_value(scopes)
        expect(row(tokens, "greedy")).to_have_count(0)


def test_an_application_is_listed_and_revoked(machine, tokens):
    """The browser's login in one's own server is such an application."""
    tokens.goto("/hub/spawn")
    tokens.wait_for_url("**/user/alice/lab**", timeout=90_000)
    tokens.goto("/hub/token")
    listed = tokens.locator("#oauth-tokens-table tr.token-row", has_text="/user/alice/")
    expect(listed).to_have_count(1)
    listed.get_by_role("button", name="Revoke").click()
    expect(listed).to_have_count(0)
    with machine.login("alice") as api:
        kept = api.api("GET", "/users/alice/tokens").json()["api_tokens"]
        assert not [token for token in kept if "/user/alice/" in token["oauth_client"]], kept
        api.stop_server()
