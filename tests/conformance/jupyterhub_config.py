"""The real JupyterHub as the suite runs it: accounts of the machine by PAM, servers as their own processes."""

import json
import os
from pathlib import Path

from jupyterhub.auth import PAMAuthenticator

fixture = json.loads(Path(os.environ["FIXTURE"]).read_text())
folder = Path(os.environ["FIXTURE"]).parent

c = get_config()  # noqa: F821  (JupyterHub puts it there)

c.JupyterHub.bind_url = "https://127.0.0.1:8443"
c.JupyterHub.ssl_key = str(folder / "key.pem")
c.JupyterHub.ssl_cert = str(folder / "cert.pem")
c.JupyterHub.hub_bind_url = "http://127.0.0.1:8091"
c.JupyterHub.db_url = f"sqlite:///{folder}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = str(folder / "cookie_secret")
# Both as JupyterHub can be told to: what Carrel does by itself.
c.JupyterHub.cookie_host_prefix_enabled = True
c.JupyterHub.use_legacy_stopped_server_status_code = True
c.ConfigurableHTTPProxy.command = [os.environ["NODE"], os.environ["PROXY"]]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:8092"
c.ConfigurableHTTPProxy.pid_file = str(folder / "proxy.pid")

c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.service = "conformance"
c.PAMAuthenticator.allow_all = True
c.PAMAuthenticator.admin_users = set(fixture["admins"])

if "WITHOUT_ACCOUNTS" in os.environ:

    class Credulous(PAMAuthenticator):
        """Lets users be added who have no account on the machine, as Carrel does."""

        def system_user_exists(self, user):
            return True

    c.JupyterHub.authenticator_class = Credulous

c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.Spawner.cmd = [fixture["command"]]
c.Spawner.start_timeout = fixture["start_timeout"]
c.Spawner.http_timeout = fixture["start_timeout"]
c.JupyterHub.allow_named_servers = True
c.JupyterHub.named_server_limit_per_user = fixture["named_server_limit"]
c.JupyterHub.concurrent_spawn_limit = fixture["concurrent_spawn_limit"]
c.JupyterHub.token_expires_in_max_seconds = fixture["token_max_seconds"]

c.JupyterHub.load_groups = {name: {} for name in fixture["groups"]}
c.JupyterHub.load_roles = fixture["roles"]
c.JupyterHub.custom_scopes = fixture["custom_scopes"]
c.JupyterHub.services = fixture["services"]
