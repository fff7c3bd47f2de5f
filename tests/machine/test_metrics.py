"""Figures for Prometheus: read with the parser of Prometheus' own Python library, while people come and go."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from appliance import eventually

API = "http://127.0.0.1:8081/hub/api"
CONTENT_TYPE = "text/plain; version=1.0.0; charset=utf-8"
REFUSED = "Access to metrics requires scope 'read:metrics'"
UNIT = "carrel-user-alice.service"


class Figures:
    """One exposition; `figures(NAME, LABEL=VALUE)` adds up the samples of that name with these labels."""

    def __init__(self, text: str):
        self.families = list(text_string_to_metric_families(text))
        self.samples = [sample for family in self.families for sample in family.samples]

    def __call__(self, name: str, **labels: str) -> float:
        found = [sample.value for sample in self.samples
                 if sample.name == name and labels.items() <= sample.labels.items()]
        assert found, f"no {name} {labels}"
        return sum(found)

    def has(self, name: str) -> bool:
        return any(sample.name == name for sample in self.samples)


class Scraper:
    """What Prometheus does, with a token of these scopes."""

    def __init__(self, token: str):
        self.client = httpx.Client(base_url=API, headers={"Authorization": f"token {token}"}, timeout=20)

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def figures(self, path: str = "/metrics") -> Figures:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text[:2000]
        assert answer.headers["content-type"] == CONTENT_TYPE
        return Figures(answer.text)


@pytest.fixture(scope="module")
def admin(machine):
    with machine.login("admin") as visitor:
        yield visitor


@pytest.fixture(scope="module")
def token_of(admin):
    """Makes scrapers with a token of the administrator's."""
    made = []

    def make(*scopes: str) -> Scraper:
        answer = admin.api("POST", "/users/admin/tokens", json={"note": "metrics", "scopes": list(scopes)})
        assert answer.status_code == 201, answer.text
        made.append(answer.json())
        return Scraper(made[-1]["token"])

    yield make
    for token in made:
        admin.api("DELETE", f"/users/admin/tokens/{token['id']}")


@pytest.fixture(scope="module")
def scraper(token_of):
    return token_of("read:metrics")


@pytest.fixture(scope="module")
def alice(machine):
    """Alice, with a server that is bounded and runs JupyterLab."""
    machine.configure('[server.limits]\nmemory = "600M"\ntasks = 300\n', "limits")
    with machine.login("alice") as visitor:
        visitor.start_server()
        visitor.enter_server()
        yield visitor
        if visitor.server():
            visitor.stop_server()
    machine.run("rm /etc/carrel/carrel.d/limits.toml")
    machine.restart_hub()


def test_a_token_or_a_cookie_needs_the_scope(machine, admin, scraper, token_of):
    assert scraper.figures().has("jupyterhub_total_users")
    page = admin.get("/hub/metrics")
    assert page.status_code == 200 and Figures(page.text).has("jupyterhub_running_servers")
    with machine.visitor() as nobody, machine.login("bob") as bob:
        for visitor in (nobody, bob):
            for path in ("/hub/metrics", "/hub/api/metrics"):
                refused = visitor.get(path)
                assert refused.status_code == 403, path
                assert refused.headers["content-type"].startswith("text/html")
                assert REFUSED in refused.text.replace("&#39;", "'")
    assert token_of("read:hub").get("/metrics").status_code == 403
    assert httpx.get(f"{API}/metrics").status_code == 403


def test_the_configuration_opens_them_to_everybody_but_not_what_names_people(machine):
    machine.configure("[hub]\nauthenticate_metrics = false\n", "open")
    try:
        assert Figures(httpx.get(f"{API}/metrics").text).has("jupyterhub_running_servers")
        assert httpx.get(f"{API}/metrics/servers").status_code == 403
    finally:
        machine.run("rm /etc/carrel/carrel.d/open.toml")
        machine.restart_hub()


def test_a_start_is_counted_in_all_its_parts(scraper, alice):
    figures = scraper.figures()
    assert figures("jupyterhub_server_spawn_duration_seconds_count", status="success") == 1
    assert figures("jupyterhub_running_servers") == 1
    for phase in ("broker", "unit_start", "first_answer"):
        assert figures("carrel_start_phase_duration_seconds_count", phase=phase) == 1, phase
    took = {phase: figures("carrel_start_phase_duration_seconds_sum", phase=phase)
            for phase in ("broker", "unit_start", "first_answer")}
    assert 0 < took["unit_start"] <= took["broker"]
    whole = figures("jupyterhub_server_spawn_duration_seconds_sum", status="success")
    assert whole == pytest.approx(took["broker"] + took["first_answer"], abs=0.5)
    assert figures("jupyterhub_proxy_add_duration_seconds_count", status="success") == 1
    assert figures("carrel_broker_request_duration_seconds_count", verb="launch") == 1
    assert figures("carrel_broker_failures_total") == 0
    for thread in ("reader", "writer"):
        assert figures("carrel_database_call_duration_seconds_count", thread=thread) > 0, thread


def test_requests_count_by_the_path_of_their_row_or_as_proxied(scraper, alice):
    before = scraper.figures()
    for _ in range(20):
        assert alice.jupyter("GET", "status").status_code == 200
    assert alice.api("GET", "/users/alice").status_code == 200
    assert httpx.get(f"{API}/no/such/path").status_code == 404
    after = scraper.figures()

    def more(name, **labels):
        return after(name, **labels) - (before(name, **labels) if before.has(name) else 0)

    assert more("carrel_proxied_requests_total", code="2xx") >= 20
    requests = "jupyterhub_request_duration_seconds_count"
    assert after(requests, method="GET", handler="api/users/{user}", code="200") >= 1
    assert after(requests, method="GET", handler="(unknown)", code="404") >= 1
    assert after(requests, handler="api/metrics") >= 1
    handlers = {sample.labels["handler"] for sample in after.samples if sample.name == requests}
    assert not any("alice" in handler or "such" in handler for handler in handlers)


def test_an_open_websocket_is_a_tunnel_until_it_closes(scraper, alice):
    eventually(lambda: scraper.figures()("carrel_tunnels") == 0, 15, "no tunnel yet")
    kernel = alice.start_kernel()
    with alice.websocket(f"{alice.prefix()}api/kernels/{kernel}/channels"):
        eventually(lambda: scraper.figures()("carrel_tunnels") == 1, 5, "one tunnel")
        assert scraper.figures()("carrel_connections", listener="public") >= 1
    eventually(lambda: scraper.figures()("carrel_tunnels") == 0, 15, "no tunnel")


def test_each_server_has_what_the_kernel_counts(machine, alice, token_of):
    scraper = token_of("read:servers")
    alice.execute("x = bytearray(100 << 20); print(len(x))")
    figures = scraper.figures("/metrics/servers")
    of_alice = {"user": "alice", "server": "", "unit": UNIT}
    memory = figures("carrel_server_memory_bytes", **of_alice)
    assert 100 << 20 < memory <= 600 << 20
    assert memory <= figures("carrel_server_memory_peak_bytes", **of_alice)
    assert figures("carrel_server_memory_max_bytes", **of_alice) == 600 << 20
    assert figures("carrel_server_tasks_max", **of_alice) == 300
    assert 2 <= figures("carrel_server_tasks", **of_alice) <= 300
    cpu = figures("carrel_server_cpu_seconds_total", **of_alice)
    assert 0.1 < cpu < 600
    alice.execute("import time; end = time.process_time() + 1\nwhile time.process_time() < end: pass")
    assert scraper.figures("/metrics/servers")("carrel_server_cpu_seconds_total", **of_alice) >= cpu + 0.9


def test_what_servers_use_is_for_those_who_may_see_them(machine, alice, scraper, token_of):
    assert scraper.get("/metrics/servers").status_code == 403
    only_bob = token_of("read:servers!user=bob").figures("/metrics/servers")
    assert not only_bob.samples
    assert alice.api("GET", "/metrics/servers").text.count('user="alice"') == 6
    with machine.login("bob") as bob:
        assert 'user="alice"' not in bob.api("GET", "/metrics/servers").text


def test_the_process_is_told_as_the_machine_sees_it(machine, scraper):
    figures = scraper.figures()
    pid = machine.main_pid("carrel.service")
    status = machine.run(f"cat /proc/{pid}/status").stdout
    resident = int(status.split("VmRSS:")[1].split()[0]) * 1024
    assert figures("process_resident_memory_bytes") == pytest.approx(resident, rel=0.3)
    limits = machine.run(f"cat /proc/{pid}/limits").stdout
    assert figures("process_max_fds") == int(limits.split("Max open files")[1].split()[0])
    assert 10 < figures("process_open_fds") < 500
    now = float(machine.run("date +%s").stdout)
    assert now - 3600 < figures("process_start_time_seconds") <= now
    assert figures("process_cpu_seconds_total") > 0


def test_logins_are_counted_by_how_they_ended(machine, scraper):
    before = scraper.figures()
    with machine.visitor() as visitor:
        assert visitor.try_login("bob", "wrong").status_code != 302
        visitor.login("bob", "bob-5Wz9")
        visitor.get("/hub/logout")
    after = scraper.figures()
    logins = "jupyterhub_login_duration_seconds_count"
    for status in ("success", "failure"):
        assert after(logins, status=status) == before(logins, status=status) + 1, status
    logouts = "jupyterhub_logout_duration_seconds_count"
    assert after(logouts) == before(logouts) + 1


def test_a_stop_ends_the_count(scraper, alice):
    alice.stop_server()
    figures = scraper.figures()
    assert figures("jupyterhub_running_servers") == 0
    assert figures("jupyterhub_server_stop_seconds_count", status="success") >= 1
    assert figures("jupyterhub_proxy_delete_duration_seconds_count", status="success") >= 1


def test_users_are_counted_soon_after_a_start(machine, scraper):
    machine.restart_hub()
    known = machine.run("carrel user list --json").stdout.count('"name"')
    eventually(lambda: scraper.figures()("jupyterhub_total_users") == known, 10, f"{known} users")
    assert scraper.figures()("jupyterhub_active_users", period="24h") >= 2
