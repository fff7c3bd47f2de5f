"""Another account of the same machine tries to get at Alice's server, her secrets, or the hub."""

import base64
import json
import re
import subprocess

import pytest

from appliance import eventually

UNIT = "carrel-user-alice.service"
CONNECT = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
try:
    s.connect(sys.argv[1])
    print("connected")
except OSError as error:
    print(type(error).__name__)
"""


@pytest.fixture(scope="module")
def alice(machine):
    with machine.login("alice") as visitor:
        if not visitor.server().get("ready"):
            visitor.start_server()
        visitor.enter_server()
        visitor.execute("1")
        yield visitor
        visitor.stop_server()


@pytest.fixture(scope="module")
def secrets_of_alice(machine, alice):
    """Every value only her server may know, as root reads it from the server's own environment."""
    pid = machine.main_pid(UNIT)
    environment = dict(line.split("=", 1) for line in
                       machine.run(f"tr '\\0' '\\n' < /proc/{pid}/environ").stdout.splitlines() if "=" in line)
    token = environment["JUPYTERHUB_API_TOKEN"]
    assert len(token) >= 32
    return [token]


def test_no_socket_but_the_users_own_can_be_connected_to(machine, alice):
    sockets = machine.run("find /run/carrel -type s").stdout.split()
    assert any("/user/" in path for path in sockets) and "/run/carrel/broker.sock" in sockets
    own = f"/run/carrel/user/{machine.uid('bob')}/"
    for path in (path for path in sockets if not path.startswith(own)):
        said = machine.run(["python3", "-c", CONNECT, path], user="bob").stdout.strip()
        assert said in ("PermissionError", "FileNotFoundError"), f"bob and {path}: {said}"


def test_folders_of_others_cannot_be_listed_or_written(machine, alice):
    uid = machine.uid("alice")
    for command in (f"ls /run/carrel/user/{uid}", f"touch /run/carrel/user/{uid}/x", "ls /run/carrel/secrets",
                    "ls /run/carrel/user", "touch /run/carrel/x", "mkdir /run/carrel/user/9999",
                    "ls /var/lib/carrel", "ls /var/lib/carrel-broker", f"ls /run/carrel/k/{uid}/_default"):
        assert machine.run(command, user="bob", check=False).returncode != 0, command


def test_environments_cannot_be_read(machine, alice):
    group = machine.show(UNIT, "ControlGroup")["ControlGroup"]
    tree = "/sys/fs/cgroup/systemd" if machine.run("test -d /sys/fs/cgroup/systemd", check=False).returncode == 0 else "/sys/fs/cgroup"
    pids = machine.run(f"cat {tree}{group}/cgroup.procs").stdout.split()
    pids.append(str(machine.main_pid("carrel.service")))
    for pid in pids:
        assert machine.run(f"cat /proc/{pid}/environ", user="bob", check=False).returncode != 0


def test_unit_properties_hold_no_secret(machine, alice, secrets_of_alice):
    shown = machine.run(f"systemctl show {UNIT}; systemctl cat {UNIT}; "
                        f"busctl introspect org.freedesktop.systemd1 $(busctl call org.freedesktop.systemd1 "
                        f"/org/freedesktop/systemd1 org.freedesktop.systemd1.Manager GetUnit s {UNIT} | cut -d'\"' -f2)",
                        user="bob").stdout
    assert "jupyterhub-singleuser" in shown
    for secret in secrets_of_alice:
        assert secret not in shown


def test_no_argument_list_journal_line_or_file_holds_a_secret(machine, alice, secrets_of_alice):
    everything = machine.run("ps -eo args=; journalctl --no-pager --output=export").stdout
    for secret in secrets_of_alice:
        assert secret not in everything
        found = machine.run(["grep", "-rlF", "--", secret, "/var/lib/carrel", "/run/systemd/transient", "/etc/carrel",
                             "/run/carrel"], check=False).stdout.split()
        # Root's file for PID 1, and what her own server writes for itself into a folder of its own.
        uid = machine.uid("alice")
        assert [path for path in found if not path.startswith(("/run/carrel/secrets/", f"/run/carrel/k/{uid}/"))] == []
        for path in found:
            assert machine.run(["cat", path], user="bob", check=False).returncode != 0


def test_the_journal_of_others_stays_closed(machine, alice):
    said = machine.run(f"journalctl --no-pager --unit={UNIT} --unit=carrel.service", user="bob", check=False)
    assert "SingleUser" not in said.stdout and "login" not in said.stdout.lower()


def test_units_cannot_be_stopped_or_changed(machine, alice):
    for command in (f"systemctl --no-ask-password stop {UNIT}", f"systemctl --no-ask-password kill {UNIT}",
                    "systemctl --no-ask-password stop carrel.service", "systemctl --no-ask-password stop carrel.socket",
                    f"systemctl --no-ask-password set-property {UNIT} MemoryMax=1M",
                    "systemd-run --no-ask-password --uid=alice id", "systemctl --no-ask-password restart carrel-broker.service"):
        assert machine.run(command, user="bob", check=False).returncode != 0, command
    assert machine.active(UNIT) and machine.active("carrel.service")


def test_the_api_port_gives_nothing_without_a_token(machine, alice):
    for path, status in (("users/alice", "403"), ("user", "403"), ("users/alice/server/progress", "403")):
        said = machine.run(f"curl -s -o /dev/null -w '%{{http_code}}' http://127.0.0.1:8081/hub/api/{path}", user="bob")
        assert said.stdout == status, (path, said.stdout)
    login = machine.run("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8081/hub/login", user="bob").stdout
    assert login == "404"


def test_the_api_port_cannot_be_taken_while_the_hub_is_down(machine):
    taken = ("import socket; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1); "
             "s.bind(('127.0.0.1', 8081)); s.listen()")
    machine.run("systemctl stop carrel.service")
    try:
        said = machine.run(["python3", "-c", taken], user="bob", check=False)
        assert said.returncode != 0 and "Address already in use" in said.stderr
    finally:
        machine.run("systemctl start carrel.service")
        machine.await_login_page()


def test_a_token_reaches_its_owners_things_and_no_further(machine, alice, secrets_of_alice):
    def status(path, method="GET"):
        return machine.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-X", method, "-H",
                            f"Authorization: token {secrets_of_alice[0]}", f"http://127.0.0.1:8081/hub/api/{path}"]).stdout
    assert status("user") == "200"
    assert status("users/bob") in ("403", "404")
    assert status("users/bob/server", "POST") in ("403", "404")
    assert status("users/bob/activity", "POST") in ("403", "404")


IMPOSTOR = """
import os, socket
s = socket.socket(socket.AF_UNIX)
s.bind("/run/impostor/mine.sock")
os.chmod("/run/impostor/mine.sock", 0o666)
s.listen()
while True:
    connection, _ = s.accept()
    with open("/run/impostor/caught", "ab") as caught:
        caught.write(connection.recv(65536))
    connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 8\\r\\n\\r\\nimpostor")
    connection.close()
"""


@pytest.fixture(scope="module")
def impostor(machine):
    """Bob's program, listening on a socket that the hub could reach; returns its path."""
    machine.run("install -d -m 0777 /run/impostor")
    machine.write("/run/impostor/program.py", IMPOSTOR)
    machine.run("systemd-run --quiet --uid=bob --unit=impostor python3 /run/impostor/program.py")
    path = "/run/impostor/mine.sock"
    eventually(lambda: machine.run(f"test -S {path}", check=False).returncode == 0, what="the impostor listens")
    yield path
    machine.run("systemctl stop impostor; rm -r /run/impostor")


@pytest.mark.parametrize("how", ["symlink", "hard link", "rename over"])
def test_the_hub_talks_to_no_program_of_another_account(machine, impostor, how):
    """The owner of a server directory leads the hub to somebody else's socket: the hub must not follow."""
    name = "mallory-" + how.split()[0]
    password = machine.add_user(name)
    with machine.login(name, password) as mallory:
        mallory.start_server()
        own = f"/run/carrel/user/{machine.uid(name)}/_default.sock"
        if how == "symlink":
            machine.run(f"ln -sfn {impostor} {own}", user=name)
        else:  # The kernel keeps people from linking to what is not theirs; root stands in for a kernel that does not.
            machine.run({"hard link": f"ln -f {impostor} {own}",
                         "rename over": f"ln {impostor} {own}.new && mv -f {own}.new {own}"}[how])
        for _ in range(3):
            answer = mallory.ask(f"/user/{name}/api")
            assert "impostor" not in answer.text
            assert answer.status_code == 503
        assert machine.run("cat /run/impostor/caught", check=False).stdout == ""


def test_the_hub_process_has_no_rights(machine):
    pid = machine.main_pid("carrel.service")
    status = machine.run(f"cat /proc/{pid}/status").stdout
    for line in ("CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "CapBnd:\t0000000000000000",
                 "NoNewPrivs:\t1", "Seccomp:\t2"):
        assert line in status, status
    for path in ("/etc/shadow", "/var/lib/carrel-broker/ticket.key", "/home/alice", "/run/carrel/secrets"):
        inside = machine.run(f"nsenter --target={pid} --mount --setuid=$(id -u carrel) --setgid=$(id -g carrel) "
                             f"cat {path}", check=False)
        assert inside.returncode != 0, path


def test_the_broker_answers_the_hub_only(machine):
    said = machine.run(["python3", "-c", CONNECT, "/run/carrel/broker.sock"], user="bob").stdout.strip()
    assert said == "PermissionError"


def send_frame(machine, message: dict) -> str:
    """Sends the broker one frame as the account `carrel`, which a hub that was taken over could do."""
    script = ("import base64, socket, struct, sys\n"
              "b = base64.b64decode(sys.argv[1]); s = socket.socket(socket.AF_UNIX); s.settimeout(20)\n"
              "s.connect('/run/carrel/broker.sock'); s.sendall(struct.pack('>I', len(b)) + b)\n"
              "try:\n    print(s.recv(65536)[4:].decode())\nexcept OSError as e:\n    print('closed', e)\n")
    body = base64.b64encode(json.dumps(message).encode()).decode()
    return machine.run(["setpriv", "--reuid=carrel", "--regid=carrel", "--init-groups", "python3", "-c", script, body]).stdout


def test_a_hub_that_was_taken_over_starts_nothing_as_people_who_never_logged_in(machine):
    machine.add_user("absent")
    for user in ("absent", "root", "daemon"):
        for ticket in (None, "", "forged", "A" * 60):
            send_frame(machine, {"launch": {"user": user, "server": "", "token": "x" * 32, "ticket": ticket}})
    assert machine.run("pgrep -u absent", check=False).stdout == ""
    assert [unit for unit in machine.user_units() if re.search("absent|root|daemon", unit)] == []


def test_the_broker_survives_nonsense(machine):
    for message in ({}, {"launch": {}}, {"exec": ["id"]}, {"launch": {"user": "../../etc", "server": "/"}}, []):
        send_frame(machine, message)
    machine.login("alice").close()


FLOOD = """
import socket, ssl
context = ssl._create_unverified_context()
head = (b"POST /hub/login HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Type: application/x-www-form-urlencoded\\r\\n"
        b"Content-Length: 1000000\\r\\n\\r\\n")
open_ones = []
for _ in range(150):
    stream = context.wrap_socket(socket.create_connection(("127.0.0.1", 443)))
    try:
        stream.sendall(head + b"x" * 999_000)
    except OSError:
        pass
    open_ones.append(stream)
print("sent", flush=True)
input()
"""


def test_what_strangers_send_does_not_fill_the_memory(machine):
    pid = machine.main_pid("carrel.service")

    def kilobytes() -> int:
        return int(machine.run(f"awk '/^RssAnon/ {{print $2}}' /proc/{pid}/status").stdout)
    before = kilobytes()
    command = machine.machine.command(["python3", "-c", FLOOD], "bob")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as flood:
        assert flood.stdout.readline() == "sent\n"
        grown = kilobytes() - before
        with machine.visitor() as visitor:
            assert visitor.get("/hub/login").status_code == 200
        flood.communicate("\n", timeout=30)
    assert grown < 50_000, f"{grown} kB for 150 logins that were not sent whole"
