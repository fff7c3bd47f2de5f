"""Has schemathesis question the installed hub with docs/rest-api.yml, and checks the document's own examples.

The questions are asked in a throwaway machine at the API's port: without a token, with a user's and with an administrator's,
who takes away last what the other questions are about. A server error, a status, type, header or body that the document does not tell, and bad data that is taken,
are faults; schemathesis.toml says what is asked and what is left out. So is a line in the hub's journal that calls for
somebody.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "machine"))

from appliance import Appliance  # noqa: E402  (found through the path above)

API = "http://127.0.0.1:8081/hub/api"
CACHE = ROOT / "target" / "schemathesis"
SECONDS = 600
"""After which a run is given up; each takes less than a minute on a machine that does nothing else."""
REMOVAL = "^(edit_user|delete_user|delete_group|delete_role|delete_service)$"
"""The operations that rename or remove what the document's examples name."""

CONFIGURATION = """
[hub]
named_servers = true
[login]
require_ticket = false
"""
PEOPLE = ("alice", "bob", "carol")
"""The names in the document's examples, so that these lead to something."""
WORLD = [
    ("POST", "/users", {"usernames": list(PEOPLE)}),
    ("POST", "/groups", {"groups": ["students", "teachers"], "users": ["alice"]}),
    ("PUT", "/roles/grader", {"scopes": ["read:servers!group=students"], "users": ["carol"]}),
    ("POST", "/services/culler", {"api_token": "0123456789abcdef-culler"}),
    ("PUT", "/users/alice/servers/lab", {}),
    ("POST", "/shares/alice/", {"user": "bob"}),
    ("POST", "/shares/alice/lab", {"group": "students"}),
    ("POST", "/share-codes/alice/", None),
]
"""What an administrator makes before, and what may be there already."""


def install() -> Path:
    """Installs schemathesis, once for each list of requirements, and returns the folder of its programs."""
    wanted = (HERE / "requirements.txt").read_text()
    installed = CACHE / "requirements.txt"
    if not installed.exists() or installed.read_text() != wanted:
        subprocess.run(["/usr/bin/python3", "-m", "venv", "--clear", CACHE], check=True)
        pip = [CACHE / "bin" / "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
        subprocess.run([*pip, "--requirement", HERE / "requirements.txt"], check=True)
        installed.write_text(wanted)
    return CACHE / "bin"


def prepare(appliance: Appliance) -> tuple[str, str]:
    """Installs Carrel, makes people and what they have, and returns a user's and an administrator's token."""
    appliance.install()
    for name in PEOPLE:
        appliance.add_user(name)
    appliance.add_user("admin", None, "--groups", "sudo")
    appliance.use_fake_servers()
    appliance.configure(CONFIGURATION, "openapi")
    with appliance.login("alice") as alice:
        user = alice.api("POST", "/users/alice/tokens", json={}).json()["token"]
    with appliance.login("admin") as admin:
        administrator = admin.api("POST", "/users/admin/tokens", json={}).json()["token"]
        for method, path, body in WORLD:
            made = admin.api(method, path, **({} if body is None else {"json": body}))
            assert made.status_code in (200, 201, 409), (method, path, made.status_code, made.text)
    return user, administrator


def question(programs: Path, who: str, token: str | None, *which: str) -> bool:
    """Asks as somebody, everything or what options select, and tells whether all answers were right."""
    began = time.monotonic()
    command = [programs / "schemathesis", "--config-file", HERE / "schemathesis.toml", "--no-color", "run",
               ROOT / "docs" / "rest-api.yml", "--url", API, *which]
    if token:
        command += ["--header", f"Authorization: token {token}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          timeout=SECONDS, check=False)
    print(f"--- as {who}, {time.monotonic() - began:.0f} s\n{done.stdout}", flush=True)
    return done.returncode == 0


def called_for_somebody(appliance: Appliance) -> str:
    """Returns the lines of the hub's journal that somebody must act on."""
    return appliance.run("journalctl --no-pager --output=cat --unit=carrel.service --priority=err").stdout


def main() -> int:
    programs = install()
    subprocess.run([programs / "python", HERE / "examples.py"], check=True)
    outcomes = {"the document's examples fit": True}
    with Appliance.boot(with_jupyter=False) as appliance, appliance.machine.network():
        try:
            user, administrator = prepare(appliance)
            for who, token, which in (
                ("nobody", None, ()),
                ("a user", user, ()),
                ("an administrator", administrator, ("--exclude-operation-id-regex", REMOVAL)),
                ("an administrator who removes", administrator, ("--include-operation-id-regex", REMOVAL)),
            ):
                outcomes[f"questions as {who}"] = question(programs, who, token, *which)
            errors = called_for_somebody(appliance)
            outcomes["a quiet journal"] = not errors
            print(errors, end="")
        finally:
            if "CARREL_TESTS_LOGS" in os.environ:
                appliance.save_journal("schemathesis")
    for what, passed in outcomes.items():
        print(f"{'passed' if passed else 'FAILED'}  {what}")
    failed = sum(not passed for passed in outcomes.values())
    print(f"{len(outcomes) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
