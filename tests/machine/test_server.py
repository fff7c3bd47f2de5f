"""A person's server, from the click to the executed cell and back."""

import json
import time

import pytest

from appliance import eventually

UNIT = "carrel-user-alice.service"


@pytest.fixture(scope="module")
def alice(machine):
    """Alice, with her server running and opened once."""
    with machine.login("alice") as visitor:
        visitor.start_server()
        visitor.enter_server()
        yield visitor
        visitor.stop_server()


def test_the_server_is_a_unit_under_the_persons_account(machine, alice):
    shown = machine.show(UNIT, "ActiveState", "Slice", "User", "ControlGroup", "MainPID")
    uid = machine.uid("alice")
    assert shown["ActiveState"] == "active"
    assert shown["Slice"] == f"carrel-u{uid}.slice"
    assert shown["ControlGroup"] == f"/carrel.slice/carrel-u{uid}.slice/{UNIT}"
    status = machine.run(f"cat /proc/{shown['MainPID']}/status").stdout
    assert f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}" in status
    assert "CapEff:\t0000000000000000" in status and "NoNewPrivs:\t1" in status


def test_the_socket_is_for_the_owner_and_the_hub(machine, alice):
    uid = machine.uid("alice")
    folder, path = f"/run/carrel/user/{uid}", f"/run/carrel/user/{uid}/_default.sock"
    assert machine.run(f"stat -c '%a %U %G' {folder}").stdout.strip() == "2710 alice carrel"
    assert machine.run(f"stat -c '%a %U %G %F' {path}").stdout.strip() == "660 alice carrel socket"


def test_a_cell_runs_through_the_proxy(machine, alice):
    code = "import os, pwd; print(pwd.getpwuid(os.getuid()).pw_name, os.getcwd())\n6 * 7"
    assert alice.execute(code) == "alice /home/alice\n42"


def test_a_large_output_comes_through_the_websocket_whole(alice):
    # Jupyter itself cuts off more than 3 MB within 3 s.
    assert len(alice.execute("print('x' * 2_000_000)")) == 2_000_001


def test_files_go_up_and_down_unchanged(alice):
    text = "äöü\n" * 100_000
    put = alice.jupyter("PUT", "contents/large%20file.txt", json={"type": "file", "format": "text", "content": text})
    assert put.status_code == 201, put.text
    got = alice.jupyter("GET", "contents/large%20file.txt")
    assert got.json()["content"] == text
    assert alice.jupyter("DELETE", "contents/large%20file.txt").status_code == 204


def test_kernels_take_requests_on_unix_sockets_only(machine, alice):
    """The one port a kernel still opens is ipykernel's pipe for what forked children print; it takes no requests."""
    said = alice.execute("from ipykernel.connect import get_connection_info\nprint(get_connection_info())")
    connection = json.loads(said)
    assert connection["transport"] == "ipc"
    folder = connection["ip"].rsplit("/", 1)[0]
    assert machine.run(f"stat -c '%a %U' {folder}").stdout.strip() in ("700 alice", "1700 alice")
    listening = machine.run("ss -Hltne").stdout.count(f"uid:{machine.uid('alice')} ")
    assert listening <= len(alice.jupyter("GET", "kernels").json())


def test_the_persons_processes_are_alone(machine, alice):
    others = alice.execute("import subprocess; print(subprocess.run(['ps', '-eo', 'user:20='], text=True, "
                           "capture_output=True).stdout)")
    assert set(others.split()) == {"alice"}
    machine.run("touch /tmp/of-the-machine /dev/shm/of-the-machine")
    assert alice.execute("import os; print('of-the-machine' in os.listdir('/tmp'), "
                         "'of-the-machine' in os.listdir('/dev/shm'))").strip() == "False False"


def test_the_environment_is_what_jupyterhub_promises(alice):
    code = "import os, json; print(json.dumps({k: v for k, v in os.environ.items()}))"
    environment = json.loads(alice.execute(code))
    expected = {
        "JUPYTERHUB_USER": "alice", "JUPYTERHUB_SERVER_NAME": "", "JUPYTERHUB_BASE_URL": "/",
        "JUPYTERHUB_SERVICE_PREFIX": "/user/alice/", "JUPYTERHUB_CLIENT_ID": "jupyterhub-user-alice",
        "JUPYTERHUB_API_URL": "http://127.0.0.1:8081/hub/api", "HOME": "/home/alice", "USER": "alice",
        "SHELL": "/bin/bash", "JUPYTERHUB_OAUTH_CALLBACK_URL": "/user/alice/oauth_callback",
    }
    assert {name: environment.get(name) for name in expected} == expected


def test_a_kernel_reaches_the_hubs_api_with_its_token(alice):
    code = ("import os, json, urllib.request\n"
            "r = urllib.request.Request(os.environ['JUPYTERHUB_API_URL'] + '/user', headers={'Authorization': "
            "'token ' + os.environ['JUPYTERHUB_API_TOKEN']})\n"
            "print(json.load(urllib.request.urlopen(r, timeout=5))['name'])")
    assert alice.execute(code).strip() == "alice"


def test_activity_of_the_server_arrives(alice):
    alice.execute("1")
    eventually(lambda: alice.server().get("last_activity"), what="activity is noted")


def test_nobody_else_gets_into_the_server(machine, alice):
    with machine.login("bob") as bob:
        response = bob.follow("/user/alice/lab")
        assert response.status_code == 403
        assert bob.client.get("/user/alice/api/contents").status_code in (401, 403)
    with machine.visitor() as stranger:
        assert "/hub/login" in str(stranger.follow("/user/alice/lab").url)


def test_stopping_ends_the_unit_and_leaves_nothing(machine):
    with machine.login("bob") as bob:
        bob.start_server()
        uid = machine.uid("bob")
        assert machine.active("carrel-user-bob.service")
        bob.stop_server()
        eventually(lambda: "carrel-user-bob.service" not in machine.user_units(), what="the unit is gone")
        left = machine.run(f"ls /run/carrel/secrets /run/carrel/user/{uid} 2>/dev/null | grep -v :", check=False).stdout
        assert "bob.env" not in left and ".sock" not in left
        assert machine.run("pgrep -u bob", check=False).stdout == ""
        assert bob.ask("/user/bob/api").status_code == 503


def test_logout_ends_what_was_opened_with_the_session(machine, alice):
    with machine.login("alice") as second:
        second.enter_server()
        assert second.jupyter("GET", "contents").status_code == 200
        assert "Your servers keep running" in second.follow("/hub/logout").text
        eventually(lambda: second.client.get("/user/alice/api/contents").status_code in (401, 403), 30, "access ends")
    assert alice.jupyter("GET", "contents").status_code == 200


def test_the_home_page_starts_and_stops_without_scripts(machine):
    from visitor import Page
    machine.add_user("plain")
    with machine.login("plain", "plain-4Rx7") as visitor:
        page = visitor.follow("/hub/spawn")
        deadline = time.monotonic() + 60
        while "/user/plain/" not in str(page.url) and time.monotonic() < deadline:
            time.sleep(0.3)
            page = visitor.follow(str(page.url))
        assert machine.active("carrel-user-plain.service")
        home = visitor.get("/hub/home")
        stop = [form for form in Page(home.text).forms if "stop" in form["action"]]
        if stop:
            visitor.submit(stop[0], str(home.url))
            eventually(lambda: not machine.active("carrel-user-plain.service"), 30, "the server stops")
        else:
            visitor.stop_server()
