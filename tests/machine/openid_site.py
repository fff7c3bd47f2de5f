"""A machine whose hub knows a real OpenID Connect provider, and that provider."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

from appliance import Appliance, eventually
from openid_provider import SOURCE, install_provider
from visitor import NAVIGATION, Page, Visitor

PORT = 9443
BACK = "https://localhost/hub/oauth_callback"
SECRET = "secret of the hub"
SECRET_FILE = "/etc/carrel/openid-connect.secret"
CA_FILE = "/etc/carrel/provider-ca.pem"
DROP_IN = "/etc/carrel/carrel.d/openid.toml"


def make_certificates(folder: Path, host: str) -> None:
    """Makes an authority of the provider's own, and what it says of the provider's host."""
    key = ["-newkey", "rsa:2048", "-nodes", "-days", "2"]
    ca = ["-subj", "/CN=an authority of the tests", "-keyout", "ca.key", "-out", "ca.pem"]
    subprocess.run(["openssl", "req", "-x509", *key, *ca], cwd=folder, check=True, capture_output=True)
    signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", f"subjectAltName=DNS:{host}",
              "-addext", "basicConstraints=critical,CA:FALSE", "-subj", f"/CN={host}"]
    subprocess.run(["openssl", "req", "-x509", *key, *signed, "-keyout", "tls.key", "-out", "tls.pem"], cwd=folder,
                   check=True, capture_output=True)


class Site:
    """The machine and the provider, which is in the machine's network only."""

    def __init__(self, appliance: Appliance, folder: Path, host: str):
        self.appliance = appliance
        self.folder = folder
        self.issuer = f"https://{host}:{PORT}"
        self.program = install_provider()
        self.process: subprocess.Popen | None = None
        make_certificates(folder, host)
        # The provider listens on loopback, whatever it is called.
        appliance.run(f"grep -q ' {host}$' /etc/hosts || echo 127.0.0.1 {host} >> /etc/hosts")
        appliance.write(SECRET_FILE, f"{SECRET}\n")
        appliance.run(f"chmod 600 {SECRET_FILE}")
        appliance.write(CA_FILE, (folder / "ca.pem").read_text())

    def start_provider(self) -> None:
        node = self.program / "node_modules" / ".bin" / "node"
        arguments = [self.issuer, self.folder / "tls.key", self.folder / "tls.pem", BACK]
        with open(self.folder / "provider.log", "ab") as log:
            self.process = subprocess.Popen([node, self.program / SOURCE.name, *arguments], stdout=log, stderr=log)
        eventually(lambda: socket.create_connection(("localhost", PORT), timeout=1).close() is None, 30, "the provider")

    def stop_provider(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def configure(self, more: str = "", **changes: str | bool | None) -> None:
        """Has the hub start with the provider, set up as usual but for the changes."""
        usual = {"issuer": self.issuer, "client_id": "carrel", "name": "Example University", "ca_file": CA_FILE}
        settings = {key: value for key, value in (usual | changes).items() if value is not None}
        lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
        text = '[hub]\npublic_url = "https://localhost"\n[openid_connect]\n' + "\n".join(lines)
        self.appliance.write(DROP_IN, f"{text}\n{more}\n")
        self.appliance.run("systemctl restart carrel.service")
        # Where the login page is skipped, it leads on.
        with self.appliance.visitor() as visitor:
            eventually(lambda: visitor.get("/hub/login", timeout=2).status_code in (200, 302), 20, "the hub")

    @contextlib.contextmanager
    def changed(self, more: str = "", **changes: str | bool | None) -> Iterator[None]:
        """Has the hub run with some of the settings changed for a while."""
        self.configure(more, **changes)
        try:
            yield
        finally:
            self.configure()

    # A person, in a browser without a screen

    def to_provider(self, visitor: Visitor, path: str = "/hub/oauth_login") -> str:
        """Goes from the hub to the provider, and returns the address there."""
        away = visitor.get(path)
        assert away.status_code == 302, (away.status_code, away.text)
        assert away.headers["location"].startswith(self.issuer)
        return away.headers["location"]

    def sign_in(self, visitor: Visitor, address: str, name: str) -> str:
        """Signs in at the provider as anybody, and returns the address to which it leads back."""
        page = visitor.get(address)
        for _ in range(20):
            target = urljoin(str(page.url), page.headers.get("location", ""))
            if target.startswith(BACK):
                return target
            if "location" in page.headers:
                page = visitor.get(target)
                continue
            assert page.status_code == 200, page.text
            form = Page(page.text).forms[0]
            fields = {"login": name, "password": "any"} if "login" in form["fields"] else {}
            page = visitor.client.post(urljoin(str(page.url), form["action"]), data=form["fields"] | fields,
                                       headers=NAVIGATION)
        raise AssertionError(f"the provider does not lead back: {page.url} {page.text[:1000]}")

    def come_back(self, visitor: Visitor, name: str, path: str = "/hub/oauth_login"):
        """Goes to the provider, signs in there and returns what the hub says then."""
        return visitor.get(self.sign_in(visitor, self.to_provider(visitor, path), name))


@contextlib.contextmanager
def openid_site(appliance: Appliance, folder: Path, host: str = "localhost") -> Iterator[Site]:
    """Has people sign in at a provider that is called `host`; what it needs lies in `folder`."""
    site = Site(appliance, folder, host)
    try:
        site.start_provider()
        site.configure()
        yield site
    finally:
        site.stop_provider()
        appliance.run(["rm", "-f", DROP_IN])
        appliance.restart_hub()
