"""The real jupyterhub-idle-culler as a service: it stops who is idle and leaves who is not."""

import time

import pytest

from appliance import eventually

EVERY_S = 6
CYCLES = 3
UNIT = "carrel-service-idle-culler.service"
CONFIGURATION = f"""
[[services]]
name = "idle-culler"
command = ["/opt/carrel/venv/bin/python3", "-m", "jupyterhub_idle_culler", "--timeout={2 * EVERY_S}", "--cull-every={EVERY_S}"]
user = "culler"

[[roles]]
name = "idle-culling"
scopes = ["list:users", "read:users:activity", "read:servers", "delete:servers"]
services = ["idle-culler"]
"""


@pytest.fixture
def culler(machine):
    machine.run("useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin culler")
    machine.use_fake_servers()
    yield machine
    machine.run("rm -f /etc/carrel/carrel.d/idle-culler.toml")
    machine.use_real_servers()


def test_the_real_culler_stops_who_is_idle_for_cycle_after_cycle(culler):
    with culler.login("alice") as alice, culler.login("bob") as bob:
        bob.start_server()
        culler.configure(CONFIGURATION, "idle-culler")
        eventually(lambda: culler.active(UNIT), 10)
        process = culler.main_pid(UNIT)
        try:
            for cycle in range(CYCLES):
                alice.start_server()
                deadline = time.monotonic() + 6 * EVERY_S
                while alice.server():
                    assert time.monotonic() < deadline, f"cycle {cycle}\n{culler.journal(UNIT)}"
                    assert bob.get("/user/bob/x").status_code == 200
                    time.sleep(0.5)
            assert bob.server().get("ready")
        finally:
            bob.stop_server()
        said = culler.journal(UNIT)
        assert culler.main_pid(UNIT) == process, said
        assert said.count("Culling server alice") >= CYCLES and "bob" not in said.replace("Not culling server bob", ""), said
        assert "Error" not in said and "Traceback" not in said, said
