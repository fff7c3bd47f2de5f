"""The package: what apt does to a machine, and what it leaves alone."""

import re

import pytest

from appliance import built, eventually, repacked

SOCKETS = ("carrel.socket", "carrel-http.socket", "carrel-api.socket", "carrel-admin.socket", "carrel-broker.socket",
           "carrel-oidc.socket")
MAX_EXPOSURE = {"carrel.service": 0.6, "carrel-broker.service": 2.9, "carrel-oidc@x.service": 1.1}


@pytest.fixture
def installed(bare_machine):
    bare_machine.install()
    return bare_machine


def start_somebodys_server(machine) -> int:
    """Has Carol log in and start her server, and returns its process."""
    machine.use_fake_servers()
    with machine.login("carol", machine.add_user("carol")) as carol:
        carol.start_server()
    return machine.main_pid("carrel-user-carol.service")


def test_login_page_answers_after_install_with_no_further_step(installed):
    installed.await_login_page(seconds=10)


def test_port_80_leads_to_https(machine):
    import httpx
    response = httpx.get("http://localhost/hub/login?next=%2Fhub%2Fhome")
    assert response.status_code in (301, 302, 307, 308)
    assert response.headers["location"] == "https://localhost/hub/login?next=%2Fhub%2Fhome"


def test_systemd_holds_the_ports_and_the_brokers_socket(machine):
    listening = machine.run("ss -Hltnp").stdout
    for port in ("*:443", "*:80", "127.0.0.1:8081"):
        assert re.search(rf"{re.escape(port)} .*\"systemd\",pid=1,", listening), listening
    assert machine.run("stat -c '%a %U %G %F' /run/carrel/broker.sock").stdout.strip() == "660 root carrel socket"
    assert machine.show("carrel-broker.socket", "Accept", "Triggers") == {"Accept": "no", "Triggers": "carrel-broker.service"}


def test_units_are_sound(machine):
    verified = machine.run("systemd-analyze verify --man=no /lib/systemd/system/carrel*", check=False)
    assert verified.returncode == 0 and verified.stdout + verified.stderr == ""


@pytest.mark.parametrize("unit", MAX_EXPOSURE)
def test_units_are_hardened(machine, unit):
    report = machine.run(["systemd-analyze", "security", "--no-pager", unit]).stdout
    level = float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", report)[1])
    assert level <= MAX_EXPOSURE[unit], report


def test_every_command_has_a_man_page_and_completion(installed):
    pages = installed.run("dpkg -L carrel | grep '/man[158]/'").stdout
    assert "/usr/share/man/man1/carrel.1.gz" in pages
    completed = installed.run("source /usr/share/bash-completion/completions/carrel && complete -p carrel").stdout
    assert "carrel" in completed


def test_folders_have_the_rights_they_need(machine):
    found = machine.run("stat -c '%n %a %U %G' /run/carrel /run/carrel/user /run/carrel/service /run/carrel/secrets /var/lib/carrel "
                        "/var/lib/carrel-broker /etc/carrel").stdout.splitlines()
    assert found == ["/run/carrel 755 root root", "/run/carrel/user 711 root root",
                     "/run/carrel/service 711 root root", "/run/carrel/secrets 700 root root",
                     "/var/lib/carrel 700 carrel carrel", "/var/lib/carrel-broker 700 root root",
                     "/etc/carrel 755 root root"]


def test_upgrade_restarts_the_hub_and_no_server(installed, tmp_path):
    installed.await_login_page()
    server = start_somebodys_server(installed)
    hub = installed.main_pid("carrel.service")
    sockets = installed.run("stat -c %i /proc/1/fd/* -L 2>/dev/null | sort").stdout
    installed.write("/etc/carrel/carrel.d/kept.toml", "# kept\n")

    installed.install(repacked(built("build"), "99.0", tmp_path))

    assert installed.run("dpkg-query -W -f '${Version}' carrel").stdout == "99.0"
    installed.await_login_page()
    assert installed.main_pid("carrel.service") not in (0, hub)
    assert installed.main_pid("carrel-user-carol.service") == server
    assert sockets, "PID 1 holds sockets"
    assert installed.run("cat /etc/carrel/carrel.d/kept.toml").stdout == "# kept\n"


def test_remove_stops_the_hub_and_leaves_servers_and_data(installed):
    installed.await_login_page()
    server = start_somebodys_server(installed)

    installed.run("apt-get remove -qy carrel")

    eventually(lambda: not installed.active("carrel.service"), what="the hub stops")
    assert not any(installed.active(socket) for socket in SOCKETS)
    assert installed.run("ss -Hltn 'sport = :443 or sport = :80 or sport = :8081'").stdout == ""
    assert installed.main_pid("carrel-user-carol.service") == server
    assert installed.run("test -s /var/lib/carrel/carrel.sqlite && test -f /etc/carrel/carrel.toml", check=False).returncode == 0

    installed.install()
    installed.await_login_page()
    assert installed.main_pid("carrel-user-carol.service") == server


def test_purge_removes_carrels_own_state_and_nothing_else(installed):
    installed.await_login_page()
    server = start_somebodys_server(installed)
    installed.run("touch /home/carol/notebook.ipynb")
    before = installed.run("find / -xdev -not -path '/run/*' | sort").stdout.splitlines()

    installed.run("apt-get purge -qy carrel")

    left = installed.run("find / -xdev -path '*carrel*' -not -path '/root/carrel.deb'").stdout.split()
    assert [path for path in left if not re.match(r"/var/(log/journal|cache|tmp/systemd-private-)", path)] == []
    assert installed.main_pid("carrel-user-carol.service") == server
    assert installed.run("cat /home/carol/notebook.ipynb", check=False).returncode == 0
    after = set(installed.run("find / -xdev -not -path '/run/*' | sort").stdout.splitlines())
    gone = [path for path in before if path not in after and "carrel" not in path]
    # systemctl removes folders of links that have become empty.
    others = re.compile(r"/(var/cache|var/lib/apt|tmp|var/log)/|.*/[a-z-]+\.target\.wants$")
    assert [path for path in gone if not others.match(path)] == []
