"""Servers that nobody uses are stopped, and said to be; those at work are not."""

import time

import pytest

from appliance import eventually

UNIT = "carrel-user-alice.service"
TIMEOUT_S = 20


@pytest.fixture(scope="module")
def culling(machine):
    """The machine with a short patience."""
    machine.configure(f'[culler]\nenabled = true\ntimeout = "{TIMEOUT_S}s"\ncheck_interval = "1s"\n', "culler")
    yield machine
    machine.run("rm -f /etc/carrel/carrel.d/culler.toml")
    machine.restart_hub()


@pytest.fixture
def alice(culling):
    """Alice, with her server running and opened."""
    with culling.login("alice") as visitor:
        visitor.start_server()
        visitor.enter_server()
        yield visitor
        visitor.stop_server()


def test_an_open_page_that_does_nothing_keeps_no_server(culling, alice):
    kernel = alice.jupyter("POST", "kernels", json={}).json()["id"]
    alice.execute("1 + 1")
    home = alice.follow("/hub/home").text
    eventually(lambda: "It stops by itself in" in alice.follow("/hub/home").text, 5, home)
    deadline = time.monotonic() + 3 * TIMEOUT_S
    # What JupyterLab asks as long as its tab is open.
    while culling.active(UNIT) and time.monotonic() < deadline:
        alice.ask(f"/user/alice/api/kernels/{kernel}")
        alice.ask("/user/alice/api/terminals")
        time.sleep(0.5)
    assert not culling.active(UNIT)
    assert "server alice/ is stopped: nobody used it for" in culling.journal()
    page = eventually(lambda: alice.follow("/hub/home"), 5)
    eventually(lambda: "The hub stopped it" in alice.follow("/hub/home").text, 10, page.text)


def test_a_kernel_at_work_keeps_its_server(culling, alice):
    started = time.monotonic()
    alice.execute(f"import time; time.sleep({TIMEOUT_S + 10})")
    assert time.monotonic() - started > TIMEOUT_S
    assert culling.active(UNIT)


def test_input_keeps_a_server(culling, alice):
    for _ in range((TIMEOUT_S + 10) // 4):
        alice.execute("1 + 1")
        time.sleep(4)
    assert culling.active(UNIT)


def test_whoever_is_exempt_is_left_alone(culling):
    culling.configure('[culler]\nexempt_users = ["alice"]\n', "exempt")
    try:
        with culling.login("alice") as visitor:
            visitor.start_server()
            time.sleep(TIMEOUT_S + 10)
            assert culling.active(UNIT)
            visitor.stop_server()
    finally:
        culling.run("rm -f /etc/carrel/carrel.d/exempt.toml")
        culling.restart_hub()
