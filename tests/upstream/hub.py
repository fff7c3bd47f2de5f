"""What JupyterHub's tests ask of a user's object, answered by the API."""

from types import SimpleNamespace

from appliance import eventually

ORIGIN = "https://localhost"


class Person:
    """An account of the machine, whose password is its name."""

    allow_named_servers = True

    def __init__(self, machine, api, name: str):
        self.machine, self.api, self.name = machine, api, name
        self.prefix = self.base_url = f"/user/{name}/"

    def server_url(self) -> str:
        return self.prefix

    @property
    def spawner(self):
        """The state of the default server."""
        found = self.api.get(f"/hub/api/users/{self.name}").json().get("servers", {}).get("") or {}
        return SimpleNamespace(name="", ready=found.get("ready", False), pending=found.get("pending"))

    @property
    def api_tokens(self) -> list:
        """Those that are neither a browser's nor an application's."""
        found = self.api.get(f"/hub/api/users/{self.name}/tokens").json()["api_tokens"]
        return [SimpleNamespace(note=token["note"], expires_at=token["expires_at"], scopes=token["scopes"])
                for token in found if token["oauth_client"] == "JupyterHub"]

    def new_api_token(self, scopes: list[str] | None = None) -> str:
        asked = {"expires_in": 3600} | ({"scopes": scopes} if scopes else {})
        made = self.api.post(f"/hub/api/users/{self.name}/tokens", json=asked)
        assert made.status_code == 201, made.text
        return made.json()["token"]

    async def spawn(self, _name: str = "") -> None:
        """Starts the default server; that needs a login of its owner's first."""
        with self.machine.login(self.name, self.name) as visitor:
            visitor.start_server()

    def stop(self) -> None:
        if self.api.get(f"/hub/api/users/{self.name}").status_code == 200:
            self.api.delete(f"/hub/api/users/{self.name}/server")
            eventually(lambda: not self.spawner.ready and not self.spawner.pending, 30, f"{self.name}'s server stops")
