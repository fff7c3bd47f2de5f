#!/usr/bin/env python3
"""Fetches the OpenID Connect provider of the tests, a program from npm.

tests/run calls this before the tests that sign people in: they run in the network of their machine,
where nothing can be fetched.
"""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROVIDER_VERSION = "9.13.3"
NODE_VERSION = "22"
SOURCE = Path(__file__).with_name("openid_provider.mjs")


def install_provider() -> Path:
    """Installs the provider and a node for it, once for each version, and returns the folder."""
    folder = ROOT / "target" / "openid" / f"{PROVIDER_VERSION}-{NODE_VERSION}"
    if not (folder / "ready").exists():
        folder.mkdir(parents=True, exist_ok=True)
        npm = ["npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", folder]
        subprocess.run([*npm, f"oidc-provider@{PROVIDER_VERSION}", f"node@{NODE_VERSION}"], check=True, timeout=300)
        (folder / "ready").touch()
    # Modules are looked for beside the script.
    (folder / SOURCE.name).write_text(SOURCE.read_text())
    return folder


if __name__ == "__main__":
    install_provider()
