"""Signing in at a real OpenID Connect provider, and everybody who must not get in that way."""

import json
import signal
import time
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from appliance import Appliance, eventually
from openid_site import BACK, SECRET, SECRET_FILE, openid_site
from visitor import Page, Visitor

BROKER_REQUEST = Path(__file__).with_name("broker_request.py").read_text()
SIGN_IN = "__Host-jupyterhub-sign-in"
LOGIN = "__Host-jupyterhub-hub-login"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with Appliance.boot(with_jupyter=False) as appliance, appliance.machine.network():
        appliance.install()
        for name in ("alice", "bob"):
            appliance.add_user(name)
        appliance.use_fake_servers()
        try:
            with openid_site(appliance, tmp_path_factory.mktemp("provider")) as site:
                yield site
        finally:
            appliance.save_journal("openid-connect")


@pytest.fixture
def visitor(site):
    with site.appliance.visitor() as visitor:
        yield visitor


def with_cookie(visitor: Visitor, place: int, value: str) -> str:
    """Returns the header of the visitor's sign-in with one of its parts exchanged."""
    parts = (visitor.cookie(SIGN_IN, "/") or "").split(".")
    assert len(parts) == 4
    parts[place] = value
    return f"{SIGN_IN}={'.'.join(parts)}"


def test_a_person_signs_in_without_a_password_and_starts_a_server(site, visitor):
    page = visitor.get("/hub/login?next=%2Fhub%2Ftoken")
    assert page.status_code == 200 and "Sign in with Example University" in page.text
    form = next(form for form in Page(page.text).forms if form["action"] == "/hub/oauth_login")
    back = site.come_back(visitor, "alice", f"{form['action']}?{urlencode(form['fields'])}")
    assert back.status_code == 302 and back.headers["location"] == "/hub/token"
    assert visitor.cookie(LOGIN, "/") and not visitor.cookie(SIGN_IN, "/")
    visitor.name = "alice"
    assert visitor.api("GET", "/user").json()["name"] == "alice"
    # The broker takes the ticket that it made for the provider's word.
    visitor.start_server()
    unit = "carrel-user-alice.service"
    status = Path("/proc") / str(site.appliance.main_pid(unit)) / "status"
    uids = site.appliance.run(f"grep ^Uid: {status}").stdout.split()[1:]
    assert set(uids) == {str(site.appliance.uid("alice"))}
    visitor.stop_server()


def test_tokens_may_be_signed_otherwise(site, visitor):
    with site.changed(client_id="elliptic"):
        assert site.come_back(visitor, "bob").status_code == 302
        assert visitor.cookie(LOGIN, "/")


def test_a_public_client_has_no_secret(site, visitor):
    site.appliance.write(SECRET_FILE, "")
    try:
        with site.changed(client_id="public"):
            assert site.come_back(visitor, "bob").status_code == 302
    finally:
        site.appliance.write(SECRET_FILE, f"{SECRET}\n")


def test_a_wrong_secret_is_the_hubs_fault_and_told_so(site, visitor):
    site.appliance.write(SECRET_FILE, "another one")
    try:
        failed = site.come_back(visitor, "alice")
        assert failed.status_code == 502 and "Example University" in failed.text
        assert "invalid_client" in site.appliance.journal()
    finally:
        site.appliance.write(SECRET_FILE, f"{SECRET}\n")


def test_the_claim_and_its_domain_are_the_configurations(site, visitor):
    with site.changed(username_claim="email", strip_domain="uni.example"):
        assert site.come_back(visitor, "alice").status_code == 302
    with site.changed(username_claim="email", strip_domain="other.example"), site.appliance.visitor() as other:
        refused = site.come_back(other, "alice")
        assert refused.status_code == 403 and "leads to no account" in refused.text


def test_what_comes_back_must_be_what_was_begun(site, visitor):
    def arrive(address: str, cookie: str | None = None):
        return visitor.get(address, headers={"Cookie": cookie} if cookie else {})

    def fresh() -> str:
        return site.sign_in(visitor, site.to_provider(visitor), "alice")

    def with_query(address: str, **changes: str) -> str:
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        return f"{BACK}?{urlencode(query | changes)}"

    assert arrive(with_query(fresh(), state="another")).status_code == 400
    assert arrive(with_query(fresh(), iss="https://evil.example")).status_code == 403
    assert arrive(with_query(fresh(), code="invented")).status_code == 400
    # Another browser's answer.
    answer = fresh()
    with site.appliance.visitor() as other:
        site.to_provider(other)
        assert other.get(answer).status_code == 400
        assert not other.cookie(LOGIN, "/")
    # A nonce of another departure: the provider takes the code, its token is not believed.
    answer = fresh()
    assert arrive(answer, with_cookie(visitor, 1, "stale")).status_code == 403
    assert "answers another sign-in" in site.appliance.journal()
    # A verifier of another departure.
    answer = fresh()
    assert arrive(answer, with_cookie(visitor, 2, "v" * 43)).status_code == 400
    # A code that has been used.
    answer = fresh()
    kept = with_cookie(visitor, 3, "")
    with site.appliance.visitor() as twin:
        assert twin.get(answer, headers={"Cookie": kept}).status_code == 302
        twin.client.cookies.clear()
        assert twin.get(answer, headers={"Cookie": kept}).status_code == 400
    assert not visitor.cookie(LOGIN, "/")


def test_accounts_that_may_not_log_in_may_not_this_way(site):
    run = site.appliance.run
    for name in ("expired", "locked", "shellless", "blocked"):
        site.appliance.add_user(name)
    run("usermod --expiredate 1 expired")
    run("usermod --lock locked")
    run("usermod --shell /usr/sbin/nologin shellless")
    with site.changed('[login]\nblocked_users = ["blocked"]'):
        for name in ("root", "daemon", "nobody", "nosuch", "../alice", "expired", "locked", "shellless", "blocked"):
            with site.appliance.visitor() as visitor:
                refused = site.come_back(visitor, name)
                assert refused.status_code == 403 and "leads to no account" in refused.text, name
                assert "reason" not in refused.text and not visitor.cookie(LOGIN, "/")
    told = site.appliance.journal()
    for reason in ("root is never let in", "there is no account", "login.blocked_users", "password is locked"):
        assert reason in told


def test_nologin_keeps_everybody_out(site, visitor):
    site.appliance.write("/etc/nologin", "The machine is being mended.\n")
    try:
        assert site.come_back(visitor, "alice").status_code == 403
    finally:
        site.appliance.run("rm /etc/nologin")


def test_a_provider_that_is_down_is_told_in_words_and_in_time(site, visitor):
    def timed(status: int) -> float:
        begun = time.monotonic()
        failed = visitor.get("/hub/oauth_login")
        assert failed.status_code == status, failed.text
        assert "Example University" in failed.text and "href=\"/hub/login?error=\"" in failed.text
        return time.monotonic() - begun

    answer = site.sign_in(visitor, site.to_provider(visitor), "alice")
    site.process.send_signal(signal.SIGSTOP)
    try:
        assert timed(504) < 20
    finally:
        site.process.send_signal(signal.SIGCONT)
    site.stop_provider()
    try:
        assert timed(502) < 10
        assert visitor.get(answer).status_code == 502
    finally:
        site.start_provider()


def test_a_provider_that_nobody_vouches_for_or_that_is_another_is_not_asked(site, visitor):
    with site.changed(ca_file="/etc/ssl/certs/ca-certificates.crt"):
        site.appliance.run("mkdir -p /etc/ssl/certs && touch /etc/ssl/certs/ca-certificates.crt")
        assert visitor.get("/hub/oauth_login").status_code in (502, 503)
    with site.changed(issuer=f"{site.issuer}/"):
        assert visitor.get("/hub/oauth_login").status_code == 502
        assert "it calls itself" in site.appliance.journal()


def test_the_login_page_may_be_skipped_and_logging_out_ends_it(site, visitor):
    with site.changed("[login]\npasswords = false", auto=True):
        page = visitor.follow("/hub/home")
        assert str(page.url).startswith(site.issuer)
        back = visitor.get(site.sign_in(visitor, str(page.url), "alice"))
        assert back.status_code == 302
        assert visitor.get("/hub/home").status_code == 200
        out = visitor.get("/hub/logout")
        assert out.status_code == 200 and "You are logged out" in out.text
        assert visitor.get("/hub/home").status_code == 302
        shown = visitor.get("/hub/login?error")
        assert shown.status_code == 200 and "password" not in [name for form in Page(shown.text).forms
                                                               for name in form["fields"]]
        # Passwords are off in the broker too, whatever the hub says.
        request = {"authenticate": {"user": "alice", "remote": "192.0.2.7"}}
        assert "login.passwords" in ask_broker(site, request)["failed"]


def ask_broker(site, request: dict, *answers: str) -> dict:
    """Asks the broker as a hub would that was taken over."""
    hub = ["setpriv", "--reuid=carrel", "--regid=carrel", "--init-groups"]
    return json.loads(site.appliance.run([*hub, "python3", "-c", BROKER_REQUEST, json.dumps(request), *answers]).stdout)


def test_a_hub_that_was_taken_over_gets_no_ticket_by_inventing(site):
    arrival = {"code": "invented", "nonce": "n", "verifier": "v" * 43}
    reply = ask_broker(site, {"arrive": {"arrival": arrival, "remote": "192.0.2.7"}})
    assert reply["provider_fault"]["kind"] == "code"


@pytest.mark.parametrize("account", ["alice", "carrel", "nobody"])
def test_only_root_asks_the_process_that_asks_the_provider(site, account):
    connect = "import socket; socket.socket(socket.AF_UNIX).connect('/run/carrel/oidc.sock')"
    asked = site.appliance.run(["runuser", "-u", account, "--", "python3", "-c", connect], check=False)
    assert asked.returncode != 0 and "PermissionError" in asked.stderr
    assert site.appliance.run("stat -c '%a %U %G %F' /run/carrel/oidc.sock").stdout.strip() == "600 root root socket"


def test_the_secret_is_nobodys_but_the_process_that_needs_it(site):
    for account in ("alice", "carrel", "nobody"):
        read = site.appliance.run(["runuser", "-u", account, "--", "cat", SECRET_FILE], check=False)
        assert read.returncode != 0
    everything = site.appliance.run("journalctl --no-pager --output=export").stdout
    assert SECRET not in everything


def test_nothing_is_left_of_questions_that_were_answered(site):
    def units() -> str:
        return site.appliance.run("systemctl list-units --all --no-legend 'carrel-oidc@*'").stdout.strip()
    eventually(lambda: units() == "", 10, "units of questions")


def test_doctor_looks_at_the_provider(site):
    def states() -> dict[str, str]:
        told = json.loads(site.appliance.run("carrel doctor --json", check=False).stdout)
        return {check["name"]: check["state"] for check in told["checks"] if check["name"].startswith("provider")}

    assert states() == {"provider": "ok", "provider's secret": "ok", "provider's authorities": "ok"}
    site.appliance.run(f"chmod 644 {SECRET_FILE}")
    site.stop_provider()
    try:
        assert states() == {"provider": "fail", "provider's secret": "fail", "provider's authorities": "ok"}
    finally:
        site.appliance.run(f"chmod 600 {SECRET_FILE}")
        site.start_provider()
