"""Fixtures for the tests that need a machine."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "machine"))

from appliance import Appliance  # noqa: E402  (found through the path above)


@pytest.fixture(scope="session")
def machine(request):
    """A machine with Carrel, JupyterLab and the accounts alice, bob and admin; the tests run in its network."""
    with Appliance.boot() as appliance:
        appliance.install()
        for name in ("alice", "bob"):
            appliance.add_user(name)
        appliance.add_user("admin", None, "--groups", "sudo")
        with appliance.machine.network():
            try:
                appliance.await_login_page()
                yield appliance
            finally:
                kept = appliance.save_journal(Path(request.config.args[0]).name)
                if request.session.testsfailed:
                    print(f"\nthe machine's journal: {kept}")


@pytest.fixture(scope="module")
def quick(machine):
    """The machine, with servers that start at once."""
    machine.use_fake_servers()
    yield machine
    machine.use_real_servers()


@pytest.fixture
def bare_machine():
    """A machine of the test's own, without Carrel and without JupyterLab; the test runs in its network."""
    with Appliance.boot(with_jupyter=False) as appliance, appliance.machine.network():
        yield appliance


def pytest_report_header():
    described = subprocess.run(["systemctl", "--version"], capture_output=True, text=True, check=False).stdout
    return described.splitlines()[:1]
