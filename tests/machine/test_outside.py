"""What happens behind the hub's back: stops, crashes, kills, restarts of the hub and of systemd."""

import time

import pytest

from appliance import eventually

NOTICED_WITHIN_SECONDS = 1.0


@pytest.fixture
def bob(quick):
    with quick.login("bob") as visitor:
        visitor.start_server()
        yield visitor
        if visitor.server():
            visitor.stop_server()


def seconds_until_noticed(visitor, path="/user/bob/api") -> float:
    """Polls the proxied address until the hub says that the server is not running."""
    before = time.monotonic()
    while time.monotonic() - before < 10:
        answer = visitor.ask(path)
        if answer.status_code == 503 and "no longer running" in answer.text:
            break
        time.sleep(0.02)
    return time.monotonic() - before


@pytest.mark.parametrize("how", [
    "systemctl stop carrel-user-bob.service",
    "systemctl kill --signal=SIGKILL carrel-user-bob.service",
    "systemctl kill --signal=SIGSEGV carrel-user-bob.service",
    "kill -TERM $(systemctl show --value --property=MainPID carrel-user-bob.service)",
])
def test_an_end_from_outside_is_noticed_within_a_second(quick, bob, how):
    quick.run(how)
    assert seconds_until_noticed(bob) < NOTICED_WITHIN_SECONDS
    eventually(lambda: not bob.server(), NOTICED_WITHIN_SECONDS, "the API says it is stopped")
    bob.start_server()
    assert bob.client.get("/user/bob/api").status_code == 200


@pytest.mark.parametrize("how", ["systemctl restart carrel.service", "systemctl kill --signal=SIGKILL carrel.service"])
def test_servers_outlive_the_hub(quick, bob, how):
    before = quick.main_pid("carrel-user-bob.service")
    quick.run(how)
    quick.await_login_page()
    assert quick.main_pid("carrel-user-bob.service") == before
    eventually(lambda: bob.client.get("/user/bob/api").json()["pid"] == before, 5, "the server is adopted")
    assert bob.server()["ready"] is True


def test_a_server_that_ended_while_the_hub_was_down_is_known_as_stopped(quick, bob):
    quick.run("systemctl stop carrel.service; systemctl stop carrel-user-bob.service; systemctl start carrel.service")
    quick.await_login_page()
    eventually(lambda: not bob.server(), 5, "the API says it is stopped")
    bob.start_server()


def test_a_restart_of_systemd_itself_changes_nothing(quick, bob):
    quick.run("systemctl daemon-reexec")
    quick.run("systemctl daemon-reload")
    assert bob.client.get("/user/bob/api").status_code == 200
    quick.run("systemctl stop carrel-user-bob.service")
    assert seconds_until_noticed(bob) < NOTICED_WITHIN_SECONDS + 1


def test_a_reload_of_the_hub_drops_no_connection(quick, bob):
    assert bob.client.get("/user/bob/api").status_code == 200
    hub = quick.main_pid("carrel.service")
    quick.run("systemctl reload carrel.service")
    assert bob.client.get("/user/bob/api").status_code == 200
    assert quick.main_pid("carrel.service") == hub


def test_a_removed_account_loses_its_server_cleanly(quick):
    password = quick.add_user("leaving")
    with quick.login("leaving", password) as leaving:
        leaving.start_server()
        quick.run("userdel --force --remove leaving", check=False)
        leaving.client.get("/user/leaving/api")
        leaving.stop_server()
        eventually(lambda: "carrel-user-leaving.service" not in quick.user_units(), 30, "its unit is gone")


def test_drop_ins_of_the_administrator_apply(quick):
    password = quick.add_user("bounded")
    quick.write("/etc/systemd/system/carrel-user-bounded.service.d/limit.conf", "[Service]\nTasksMax=33\n")
    quick.run("systemctl daemon-reload")
    with quick.login("bounded", password) as bounded:
        bounded.start_server()
        assert quick.show("carrel-user-bounded.service", "TasksMax")["TasksMax"] == "33"
        bounded.stop_server()


def test_hub_cookies_stay_out_of_servers_and_servers_cookies_out_of_the_hub(quick, bob):
    seen = dict(bob.client.get("/user/bob/api", headers={"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "http",
                                                         "Forwarded": "for=6.6.6.6"}).json()["headers"])
    assert "__Host-" not in seen.get("cookie", "")
    assert seen["x-forwarded-for"] == bob.address and seen["x-forwarded-proto"] == "https"
    assert "6.6.6.6" not in str(seen)
    set_cookies = bob.client.get("/user/bob/cookies").headers.get_list("set-cookie")
    assert [cookie.split("=")[0] for cookie in set_cookies] == ["harmless"]


@pytest.mark.parametrize("path", ["a%2Fb", "a%252Fb", "a//b", "%E2%82%AC", "a;b=c?d=%20e", "..%2f..", "a%00b", "@%40"])
def test_paths_arrive_as_they_were_sent(quick, bob, path):
    import httpx
    url = httpx.URL("https://localhost", raw_path=f"/user/bob/{path}".encode())
    answer = bob.client.get(url, follow_redirects=True)
    if "%00" in path:
        assert answer.status_code in (400, 404)
    else:
        assert answer.json()["target"] == f"/user/bob/{path}"
