"""A machine with something broken in it: the journal or the page says what failed, why and what to do; people's servers
go on; and once it is mended the hub comes back by itself."""

import pytest

from appliance import Appliance, eventually

STATE = "/var/lib/carrel"
DATABASE = f"{STATE}/carrel.sqlite"
UNIT = "carrel-user-alice.service"
DISK_FULL = "disk is full"


@pytest.fixture(scope="module")
def hub():
    """A machine whose hub keeps its records on a small disk, and where alice's server runs."""
    with Appliance.boot(with_jupyter=False) as appliance, appliance.machine.network():
        appliance.install()
        for name in ("alice", "bob"):
            appliance.add_user(name)
        appliance.run(f"systemctl stop 'carrel*.socket' carrel.service && cp -a {STATE} /root/state && "
                      f"mount -t tmpfs -o size=4M,mode=0700 tmpfs {STATE} && cp -a /root/state/. {STATE}/ && "
                      f"chown carrel: {STATE} && systemctl start carrel.service")
        appliance.use_fake_servers()
        with appliance.login("alice") as alice:
            alice.start_server()
        yield appliance
        appliance.save_journal("broken")


@pytest.fixture
def full(hub):
    """Fills the disk; what a test does to it is undone."""
    hub.run(f"cat /dev/zero > {STATE}/fill", check=False)
    yield hub
    hub.run(f"rm -f {STATE}/fill")
    hub.await_login_page()


@pytest.fixture
def stopped(hub):
    """A hub at rest, with its records and settings as they are put back afterwards; then it comes back by itself."""
    hub.run("systemctl stop carrel.service", check=False)
    # What stands in the log beside the database would mend it.
    hub.run(["python3", "-c", f"import sqlite3; sqlite3.connect({DATABASE!r}).execute('PRAGMA wal_checkpoint(TRUNCATE)')"])
    hub.run(f"rm -rf /root/kept; cp -a {STATE} /root/kept")
    yield hub
    hub.run(f"rm -f /etc/carrel/carrel.d/tls.toml; rm -rf {STATE}/*; cp -a /root/kept/. {STATE}/")
    hub.await_login_page()
    assert hub.active(UNIT), "a server ended with the hub"


def journal_of_start(hub) -> str:
    """Has the hub start, which it cannot, and returns what the journal says from then on."""
    since = hub.run("sleep 1; date '+%F %T'").stdout.strip()
    hub.run("systemctl restart --no-block carrel.service")
    return eventually(lambda: "error: " in (said := hub.journal(since=since)) and said, 10, "the hub says why")


def test_a_full_disk_is_told_and_takes_nothing_away(full):
    with full.visitor() as visitor:
        page = visitor.try_login("bob", "bob-5Wz9")
        assert page.status_code == 507 and DISK_FULL in page.text
    eventually(lambda: "the disk with the database is full" in full.journal(), 10, "the journal says it")


def test_who_was_in_reads_and_leaves_on_a_full_disk(hub):
    with hub.login("bob") as bob:
        hub.run(f"cat /dev/zero > {STATE}/fill", check=False)
        try:
            assert bob.api("GET", "/users/bob").status_code == 200
            for path in ("/users/bob/tokens", "/users/bob/server"):
                refused = bob.api("POST", path)
                assert refused.status_code == 507 and DISK_FULL in refused.json()["message"], refused.text
            assert bob.get("/hub/logout").status_code == 507
            assert bob.get("/hub/home").status_code == 302, "the browser has forgotten the login"
        finally:
            hub.run(f"rm {STATE}/fill")
    with hub.login("bob") as bob:
        assert bob.api("POST", "/users/bob/tokens").status_code == 201


def test_servers_outlive_a_restart_of_the_hub_on_a_full_disk(full):
    run = full.show(UNIT, "InvocationID")
    full.restart_hub()
    with full.visitor() as visitor:
        eventually(lambda: visitor.client.get("/user/alice/api").status_code == 200, 10, "alice's server is routed")
    assert full.show(UNIT, "InvocationID") == run and full.active(UNIT)


@pytest.mark.parametrize("lost", ["xsrf.key", "tls/self-signed.pem"])
def test_a_start_on_a_full_disk_is_told_and_tried_again(stopped, lost):
    stopped.run(f"rm {STATE}/{lost}; cat /dev/zero > {STATE}/fill", check=False)
    said = journal_of_start(stopped)
    # Which file finds no room first, the last block of the disk decides.
    assert STATE in said and ("make room on it" in said or "No space left on device" in said)
    stopped.run(f"rm {STATE}/fill")
    stopped.await_login_page()


def test_a_record_that_cannot_be_read_leaves_the_server_alone(stopped):
    """Where alice's server listens cannot be known, so it goes on until it can."""
    pid = stopped.main_pid(UNIT)
    turn = f"""\
import sqlite3
with sqlite3.connect({DATABASE!r}) as database:
    assert database.execute("UPDATE users SET uid = -uid WHERE name = 'alice'").rowcount == 1
"""
    since = stopped.run("sleep 1; date '+%F %T'").stdout.strip()
    stopped.run(["python3", "-c", turn])
    stopped.restart_hub()
    eventually(lambda: stopped.journal(since=since).count("look up where alice/ listens, trying again") > 1, 20,
               "it is tried again")
    assert stopped.main_pid(UNIT) == pid
    stopped.run(["python3", "-c", turn])
    eventually(lambda: "server alice/ is ready" in stopped.journal(since=since), 10, "the server is found")
    assert stopped.main_pid(UNIT) == pid


@pytest.mark.parametrize(("damage", "told"), [
    (f"head -c 20000 /dev/urandom > {DATABASE}", "put a copy from a backup in its place"),
    (f"truncate -s 50000 {DATABASE}", "put a copy from a backup in its place"),
    (f"python3 -c 'import sqlite3; sqlite3.connect(\"{DATABASE}\").execute(\"PRAGMA user_version = 900\")'",
     "install the newer version again"),
    (f"chown root: {DATABASE}; chmod 600 {DATABASE}", f"chown carrel: {DATABASE}"),
])
def test_a_broken_database_is_told_with_what_to_do(stopped, damage, told):
    stopped.run(damage)
    said = journal_of_start(stopped)
    assert DATABASE in said and told in said
    doctor = stopped.run("carrel doctor", check=False)
    assert doctor.returncode != 0 and "FAIL  carrel.service" in doctor.stdout
    assert stopped.active(UNIT)


@pytest.mark.parametrize(("damage", "told", "advice"), [
    ("true", "No such file", "certificate"),
    ("echo hello > /etc/carrel/own.pem; cp /etc/carrel/own.pem /etc/carrel/own.key",
     "/etc/carrel/own.pem holds no certificate", "certificate"),
    ("openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -out /etc/carrel/own.pem -subj /CN=x 2> /dev/null; "
     "openssl genrsa -out /etc/carrel/own.key 2048; chmod 644 /etc/carrel/own.key", "do not belong together", "certificate"),
    ("openssl req -x509 -newkey rsa:2048 -nodes -keyout /etc/carrel/own.key -out /etc/carrel/own.pem -subj /CN=x "
     "2> /dev/null; chmod 600 /etc/carrel/own.key", "Permission denied", "chgrp carrel /etc/carrel/own.key"),
])
def test_a_broken_certificate_is_told_with_what_to_do(stopped, damage, told, advice):
    stopped.run(f"rm -f /etc/carrel/own.*; {damage}")
    stopped.write("/etc/carrel/carrel.d/tls.toml",
                  '[tls]\ncertificate = "/etc/carrel/own.pem"\nkey = "/etc/carrel/own.key"\n')
    said = journal_of_start(stopped)
    assert "load the certificate" in said and told in said and "carrel doctor" in said
    doctor = stopped.run("carrel doctor", check=False)
    assert doctor.returncode != 0 and advice in doctor.stdout[doctor.stdout.index("FAIL  certificate"):]


def test_a_certificate_that_breaks_while_the_hub_runs_leaves_the_old_one_in_use(hub):
    hub.write("/etc/carrel/carrel.d/tls.toml", '[tls]\ncertificate = "/etc/none.pem"\nkey = "/etc/none.pem"\n')
    try:
        hub.run("systemctl reload carrel.service")
        hub.await_login_page()
        assert "kept the old certificate" in hub.journal()
    finally:
        hub.run("rm /etc/carrel/carrel.d/tls.toml; systemctl reload carrel.service")
