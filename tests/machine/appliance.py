"""A throwaway machine with Carrel installed from its package, the way an administrator would."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import httpx

from throwaway import Failed, Machine
from visitor import Visitor

ROOT = Path(__file__).resolve().parents[2]
FAKE = "/usr/local/bin/fake-singleuser"
FAKE_SOURCE = Path(__file__).with_name("fake_singleuser.py")
PASSWORDS = {"alice": "alice-8Kq2", "bob": "bob-5Wz9", "admin": "admin-3Vt6"}


def built(what: str, *arguments: str | Path) -> Path:
    """Runs one of the packaging scripts, which reuse what they made before, and returns the path it prints.

    CARREL_DEB names a package to test instead of the one that this tree builds.
    """
    if what == "build" and "CARREL_DEB" in os.environ:
        return Path(os.environ["CARREL_DEB"])
    printed = subprocess.run([ROOT / "packaging" / what, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    return Path(printed.stdout.strip().splitlines()[-1])


def repacked(package: Path, version: str, folder: Path) -> Path:
    """Returns the same package under another version, to upgrade to."""
    tree = folder / "tree"
    subprocess.run(["dpkg-deb", "-R", package, tree], check=True)
    control = tree / "DEBIAN" / "control"
    lines = control.read_text().splitlines()
    control.write_text("".join(f"Version: {version}\n" if line.startswith("Version:") else f"{line}\n" for line in lines))
    target = folder / f"carrel_{version}_amd64.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, target], check=True, capture_output=True)
    return target


def eventually(check, seconds: float = 10, what: str = ""):
    """Returns the first true value of `check()`; fails with its last value or error after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        last = None
        try:
            last = check()
            if last:
                return last
        except (AssertionError, Failed, OSError, httpx.HTTPError) as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what or check}: {last!r}")
        time.sleep(0.05)


class Appliance:
    """A booted machine and what a test does to the Carrel in it."""

    def __init__(self, machine: Machine):
        self.machine = machine
        self.run = machine.run
        self._addresses = (f"198.18.{high}.{low}" for high, low in itertools.product(range(256), range(2, 255)))

    @classmethod
    def boot(cls, with_jupyter: bool = True, requirements: Path | None = None) -> Appliance:
        """Boots a machine without Carrel in it; `requirements` is what its JupyterLab is made of, if not the usual."""
        binds = {built("venv", *filter(None, [requirements])): "/opt/carrel/venv"} if with_jupyter else {}
        machine = Machine.boot(binds=binds)
        # Visitors come from addresses of their own: the hub counts all of loopback as one.
        machine.run("ip address add 198.18.0.1/16 dev lo")
        return cls(machine)

    def stop(self) -> None:
        self.machine.stop()

    def __enter__(self) -> Appliance:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # The package

    def install(self, package: Path | None = None) -> str:
        """Installs the package with apt; Recommends are left out, as the machine has no network."""
        self.machine.put(package or built("build"), "/root/carrel.deb")
        return self.run("apt-get install -qy --no-install-recommends --allow-downgrades /root/carrel.deb").stdout

    def await_login_page(self, seconds: float = 20) -> None:
        with self.visitor() as visitor:
            eventually(lambda: visitor.get("/hub/login", timeout=2).status_code == 200, seconds, "the login page")

    def configure(self, text: str, name: str = "test") -> None:
        """Writes a drop-in of the configuration and has the hub start with it."""
        self.write(f"/etc/carrel/carrel.d/{name}.toml", text)
        self.restart_hub()

    @contextlib.contextmanager
    def configured(self, text: str, name: str):
        """Has the hub run with a drop-in for a while."""
        self.configure(text, name)
        try:
            yield self
        finally:
            self.run(["rm", "-f", f"/etc/carrel/carrel.d/{name}.toml"])
            self.restart_hub()

    def write(self, path: str, text: str) -> None:
        self.run(["bash", "-c", 'mkdir -p "$(dirname "$1")" && cat > "$1"', "bash", path], stdin=text)

    def restart_hub(self) -> None:
        self.run("systemctl restart carrel.service")
        self.await_login_page()

    def use_fake_servers(self, more: str = "") -> None:
        """Has servers run fake_singleuser.py, which starts at once; `more` goes into the same section."""
        self.machine.put(FAKE_SOURCE, FAKE)
        self.run(f"chmod 755 {FAKE}")
        self.configure(f'[server]\ncommand = "{FAKE}"\n{more}', "fake")

    def use_real_servers(self) -> None:
        """Undoes `use_fake_servers`."""
        self.run("rm -f /etc/carrel/carrel.d/fake.toml")
        self.restart_hub()

    # People

    def add_user(self, name: str, password: str | None = None, *options: str) -> str:
        """Makes an account and returns its password."""
        password = password or PASSWORDS.get(name) or f"{name}-4Rx7"
        self.run(["useradd", "--create-home", "--shell", "/bin/bash", *options, name])
        self.run(["chpasswd"], stdin=f"{name}:{password}\n")
        return password

    def uid(self, name: str) -> int:
        return int(self.run(["id", "-u", name]).stdout)

    def visitor(self, base: str = "") -> Visitor:
        """Returns a browser without a screen, that nobody has logged in with, at an address of its own."""
        return Visitor(next(self._addresses), base)

    def login(self, name: str, password: str | None = None, base: str = "") -> Visitor:
        """Returns a browser in which this account has logged in."""
        visitor = self.visitor(base)
        visitor.login(name, password or PASSWORDS[name])
        return visitor

    # What systemd says

    def show(self, unit: str, *properties: str) -> dict[str, str]:
        wanted = [f"--property={name}" for name in properties]
        lines = self.run(["systemctl", "show", *wanted, "--", unit]).stdout.splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def active(self, unit: str) -> bool:
        return self.show(unit, "ActiveState")["ActiveState"] in ("active", "reloading")

    def main_pid(self, unit: str) -> int:
        """The unit's main process, as the machine counts."""
        return int(self.show(unit, "MainPID")["MainPID"])

    def user_units(self) -> list[str]:
        """Every loaded unit of a person's server, failed ones included."""
        listed = self.run("systemctl list-units --all --output=json 'carrel-user-*'").stdout
        return [unit["unit"] for unit in json.loads(listed or "[]")]

    def journal(self, unit: str = "carrel.service", since: str = "") -> str:
        options = [f"--since={since}"] if since else []
        return self.run(["journalctl", "--no-pager", "--output=cat", f"--unit={unit}", *options]).stdout

    def save_journal(self, name: str) -> Path:
        """Keeps the whole journal on the host, for whoever reads why a test failed."""
        folder = Path(os.environ.get("CARREL_TESTS_LOGS", tempfile.gettempdir()))
        target = folder / f"journal-{name}.txt"
        target.write_text(self.run("journalctl --no-pager --output=short-precise", check=False).stdout)
        return target
