"""packaging/try: one command from the sources to a login page, and nothing left after Ctrl-C."""

import os
import re
import signal
import socket
import ssl
import subprocess
import urllib.request
from pathlib import Path

from appliance import ROOT, eventually

TRY = ROOT / "packaging" / "try"


def traces() -> list[str]:
    """What machines of packaging/try have on the host."""
    places = [Path("/run/carrel-machines"), *Path("/sys/fs/cgroup").iterdir(), Path("/sys/fs/cgroup")]
    return [str(entry) for place in places if place.is_dir() for entry in place.iterdir()
            if re.match(r"(carrel-machine-)?try-\d+$", entry.name)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def interruptible() -> None:
    """A shell cannot trap a signal that it was started to ignore, as whatever runs in the background may be."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupt(trying: subprocess.Popen) -> int:
    os.killpg(trying.pid, signal.SIGINT)
    try:
        return trying.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(trying.pid, signal.SIGTERM)
        raise


def test_it_leads_to_a_login_page_and_leaves_nothing():
    before, port = traces(), free_port()
    with subprocess.Popen([TRY, "--port", str(port)], stdout=subprocess.PIPE, text=True, start_new_session=True,
                          stdin=subprocess.DEVNULL, preexec_fn=interruptible) as trying:
        try:
            printed = ""
            for line in trying.stdout:
                printed += line
                if "Ctrl-C ends it" in line:
                    break
            assert f"https://localhost:{port}/" in printed, printed
            assert len(re.findall(r"^ +(?:ada|grace) +[a-z2-9]{10}\b", printed, re.MULTILINE)) == 2, printed
            page = urllib.request.urlopen(f"https://localhost:{port}/hub/login", timeout=10,
                                          context=ssl._create_unverified_context())
            assert b"username_input" in page.read()
        finally:
            assert interrupt(trying) == 130
    eventually(lambda: traces() == before, 10, "nothing is left")
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_it_says_what_it_can_do_and_what_it_needs():
    told = subprocess.run([TRY, "--help"], capture_output=True, text=True, check=True).stdout
    assert all(option in told for option in ("--port", "--keep", "--help"))
    refused = subprocess.run([TRY, "--port", "no"], capture_output=True, text=True, check=False)
    assert refused.returncode == 1 and len(refused.stderr.splitlines()) == 1
    unprivileged = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "bash", TRY],
                                  capture_output=True, text=True, check=False)
    assert unprivileged.returncode != 0
