"""One throwaway machine with both hubs in it, and with the same people, groups, roles and services in both."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "machine"))

import fixture  # noqa: E402
from appliance import Appliance, built, eventually  # noqa: E402  (found through the path above)
from client import Hub  # noqa: E402
from throwaway import Machine  # noqa: E402

JUPYTERHUB_VERSION = "6.1.1"
PROXY_VERSION = "5.3.0"
NODE_VERSION = "22"
CACHE = ROOT / "target" / "conformance"
FOLDER = "/srv/jupyterhub"

PAM_SERVICE = """
auth required pam_unix.so nodelay
account required pam_unix.so
"""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def install_jupyterhub() -> Path:
    """Installs the real hub, its proxy and a node for that, once for each version, and returns the folder."""
    folder = CACHE / f"jupyterhub-{JUPYTERHUB_VERSION}-{PROXY_VERSION}-{NODE_VERSION}"
    if (folder / "ready").exists():
        return folder
    say(f"installing JupyterHub {JUPYTERHUB_VERSION} and configurable-http-proxy {PROXY_VERSION}")
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["/usr/bin/python3", "-m", "venv", folder / "venv"], check=True)
    pip = [folder / "venv" / "bin" / "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    subprocess.run([*pip, f"jupyterhub=={JUPYTERHUB_VERSION}"], check=True)
    npm = ["npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", folder / "node"]
    subprocess.run([*npm, f"configurable-http-proxy@{PROXY_VERSION}", f"node@{NODE_VERSION}"], check=True)
    (folder / "ready").touch()
    return folder


class Pair:
    """The machine; `real` is JupyterHub and `ours` is Carrel, if asked for.

    The settings are more of what jupyterhub_config.py reads from the environment.
    """

    def __init__(self, with_carrel: bool, settings: dict[str, str] | None = None):
        package = built("build") if with_carrel else None
        jupyterhub = install_jupyterhub()
        self.machine = Machine.boot(binds={jupyterhub: "/opt/jupyterhub"})
        self.appliance = Appliance(self.machine)
        self.real = Hub("JupyterHub", 8443)
        self.ours = Hub("Carrel", 443) if with_carrel else None
        self.hubs = [hub for hub in (self.real, self.ours) if hub]
        try:
            self.machine.run("ip address add 198.18.0.1/16 dev lo")
            self.machine.run(fixture.accounts_script())
            self.machine.put(HERE / "single_user.py", fixture.COMMAND)
            self.machine.run(["chmod", "755", fixture.COMMAND])
            self._start_jupyterhub(settings or {})
            if package:
                self._start_carrel(package)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Keeps what the hubs logged and ends the machine."""
        folder = Path(os.environ.get("CARREL_TESTS_LOGS", CACHE))
        for unit, name in (("jupyterhub.service", "jupyterhub"), ("carrel.service", "carrel")):
            shown = ["journalctl", "--no-pager", "--output=short-precise", f"--unit={unit}"]
            folder.joinpath(f"journal-conformance-{name}.txt").write_text(self.machine.run(shown, check=False).stdout)
        self.machine.stop()

    def _start_jupyterhub(self, settings: dict[str, str]) -> None:
        self.machine.run(f"install -d -m 0700 {FOLDER}")
        self.appliance.write(f"{FOLDER}/fixture.json", json.dumps(fixture.for_jupyterhub()))
        self.appliance.write("/etc/pam.d/conformance", PAM_SERVICE)
        self.machine.put(HERE / "jupyterhub_config.py", f"{FOLDER}/jupyterhub_config.py")
        self.machine.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                          "-subj", "/CN=hub.test", "-keyout", f"{FOLDER}/key.pem", "-out", f"{FOLDER}/cert.pem"])
        node = "/opt/jupyterhub/node/node_modules"
        settings |= {"FIXTURE": f"{FOLDER}/fixture.json", "NODE": f"{node}/node/bin/node",
                     "PROXY": f"{node}/configurable-http-proxy/bin/configurable-http-proxy"}
        command = ["systemd-run", "--unit=jupyterhub", "--quiet", f"--working-directory={FOLDER}"]
        command += [f"--setenv={name}={value}" for name, value in settings.items()]
        command += ["/opt/jupyterhub/venv/bin/python", "-m", "jupyterhub", "-f", f"{FOLDER}/jupyterhub_config.py"]
        self.machine.run(command)

    def _start_carrel(self, package: Path) -> None:
        self.appliance.install(package)
        for service in fixture.SERVICES:
            self.appliance.write(f"{fixture.SECRETS}/{service['name']}", service["api_token"])
        self.machine.run(f"chown -R carrel: {fixture.SECRETS}; chmod -R go= {fixture.SECRETS}")
        self.appliance.write("/etc/carrel/carrel.d/conformance.toml", fixture.for_carrel())
        self.machine.run("systemctl restart carrel.service")

    def prepare(self, hub: Hub) -> None:
        """Waits for a hub and makes everything that its configuration does not; inside the machine's network."""
        eventually(lambda: hub.ask("GET", "/hub/health", {}, None).status == 200, 30, f"{hub.name} answers")
        hub.prepare()
