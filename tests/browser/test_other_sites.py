"""A page of another site, open in the browser of somebody who is logged in, tries to use that."""

import http.server
import threading

import pytest

ATTACK = """<!doctype html><meta charset=utf-8><title>other site</title>
<form id=f method=post action="https://localhost/hub/api/users/alice/server"></form>
<form id=g method=post action="https://localhost/hub/logout"></form>
<iframe id=frame src="https://localhost/hub/home"></iframe>
"""


@pytest.fixture
def other_site():
    """Serves one page at http://127.0.0.1:PORT, which is another site than https://localhost."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(ATTACK.encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture
def victim(machine, logged_in, other_site):
    """Alice, logged in, with the other site open in a second tab."""
    own = logged_in("alice", "alice-8Kq2")
    page = own.context.new_page()
    page.goto(other_site)
    return page


FETCH = """async ([url, options]) => {
  try { const r = await fetch(url, {credentials: 'include', ...options}); return [r.type, r.status, await r.text()]; }
  catch (error) { return ['error', 0, String(error)]; }
}"""


@pytest.mark.parametrize(("path", "options"), [
    ("/hub/api/user", {}), ("/hub/api/users/alice", {}), ("/hub/home", {}), ("/hub/api/users", {}),
    ("/hub/api/users/alice/server", {"method": "POST"}),
    ("/hub/api/users/alice/tokens", {"method": "POST", "headers": {"Content-Type": "application/json"}, "body": "{}"}),
])
def test_it_cannot_read_or_change_by_fetch(victim, path, options):
    kind, _, text = victim.evaluate(FETCH, [f"https://localhost{path}", options])
    assert kind == "error", text


@pytest.mark.parametrize("path", ["/hub/api/users/alice/server", "/hub/api/users/alice/tokens", "/hub/login"])
def test_a_blind_post_changes_nothing(machine, victim, path):
    before = machine.active("carrel-user-alice.service")
    victim.evaluate(FETCH, [f"https://localhost{path}", {"method": "POST", "mode": "no-cors", "body": "username=bob"}])
    assert machine.active("carrel-user-alice.service") == before


def test_a_form_it_sends_is_refused(machine, victim):
    before = machine.active("carrel-user-alice.service")
    with victim.expect_navigation() as navigation:
        victim.evaluate("document.getElementById('f').submit()")
    assert navigation.value.status in (401, 403, 404, 405)
    assert machine.active("carrel-user-alice.service") == before


def test_it_cannot_frame_the_hub(victim):
    """Not even the login page, which a browser that keeps the login from other sites would show."""
    victim.wait_for_timeout(1000)
    assert [frame.url for frame in victim.frames[1:]] == ["chrome-error://chromewebdata/"]


def test_it_cannot_open_a_websocket_to_the_server(machine, victim):
    outcome = victim.evaluate("""() => new Promise(done => {
        const socket = new WebSocket('wss://localhost/user/alice/api/events/subscribe');
        socket.onopen = () => done('open'); socket.onerror = () => done('refused');
    })""")
    assert outcome == "refused"
