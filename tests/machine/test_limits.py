"""The bounds of the configuration, as the kernel enforces them."""

import pytest

from appliance import eventually

UNIT = "carrel-user-limited.service"


@pytest.fixture(scope="module")
def limited(machine):
    """A person whose server may use 400 MiB and 200 tasks, running JupyterLab."""
    machine.configure('[server.limits]\nmemory = "400M"\ntasks = 200\ncpus = 1.5\n', "limits")
    password = machine.add_user("limited")
    with machine.login("limited", password) as visitor:
        visitor.start_server()
        visitor.enter_server()
        yield visitor
        if visitor.server():
            visitor.stop_server()
    machine.run("rm /etc/carrel/carrel.d/limits.toml")
    machine.restart_hub()


def test_bounds_are_read_back_from_the_unit(machine, limited):
    shown = machine.show(UNIT, "MemoryMax", "MemorySwapMax", "TasksMax", "CPUQuotaPerSecUSec")
    assert shown == {"MemoryMax": str(400 << 20), "MemorySwapMax": "0", "TasksMax": "200", "CPUQuotaPerSecUSec": "1.500000s"}


def test_more_tasks_than_allowed_cannot_be_made(limited):
    code = ("import subprocess\nmade = []\n"
            "try:\n    for _ in range(300): made.append(subprocess.Popen(['sleep', '30']))\n"
            "    print('all')\n"
            "except OSError as error:\n    print('stopped', error.errno)\n"
            "for process in made: process.kill(); process.wait()\n")
    assert limited.execute(code).strip() == "stopped 11"


def test_a_kernel_that_takes_too_much_memory_dies_alone(machine, limited):
    server = machine.main_pid(UNIT)
    kernel = limited.start_kernel()
    with pytest.raises(TimeoutError):
        limited.execute("x = bytearray(1 << 30); print(len(x))", kernel=kernel, seconds=10)
    eventually(lambda: limited.jupyter("GET", "status").status_code == 200, 10, "the server still answers")
    assert machine.main_pid(UNIT) == server
