#!/usr/bin/env python3
"""Every sample page in Chromium: accessible, within the security policy, and alive.

The samples are what `cargo test --lib pages::` writes to target/pages. Each is loaded under the
hub's own content security policy, in light and dark, on a wide screen and on a phone, and must

- pass every rule of axe-core (WCAG 2.2 A and AA, and its best practices),
- break no rule of the policy and raise no script error,
- not scroll sideways,
- weigh less than 60 KiB with all that it loads, and move nothing that is drawn already,
- run no script out of a hostile text.

Then the scripts: the progress page follows its stream, the home page its servers, a form is sent
once, the keyboard reaches the content.

With --screenshots it only makes a picture of each friendly sample in each setting, for eyes, in
target/screenshots; of hostile ones when they are asked for.

Needs the Python package playwright and Chromium; fetches axe-core by npm unless told where it is.
"""

import argparse
import functools
import http.server
import json
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.parse

try:
    from playwright.sync_api import sync_playwright
except ImportError:
    sys.exit("pages_accessible.py: the Python package playwright is not installed")

ROOT = pathlib.Path(__file__).resolve().parents[2]
AXE = "axe-core@4.14.1"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDE, PHONE = (1280, 800), (390, 780)
PAGE_DEADLINE_MS = 10_000
MOST_BYTES = 60 * 1024
# How much what is drawn has moved (Layout Instability API), after a moment for late movements.
SHIFT = """() => new Promise((done) => {
    let sum = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) sum += entry.value;
    }).observe({type: "layout-shift", buffered: true});
    setTimeout(() => done(sum), 50);
})"""
# How long a stream without events stays open: the progress page then stays as it is.
SILENCE_SECONDS = 30
# A name that Chromium does not trust as it trusts 127.0.0.1, so that plain HTTP counts as insecure.
PLAIN_HOST = "plain.test"


def content_security_policy():
    """Reads the policy out of the source, so that the test cannot hold a milder one."""
    source = (ROOT / "src/pages/mod.rs").read_text()
    text = re.search(r'CONTENT_SECURITY_POLICY: &str =\s*"(.*?)";', source, re.DOTALL).group(1)
    return re.sub(r"\\\n\s*", "", text)


class Samples(http.server.SimpleHTTPRequestHandler):
    """Serves the samples with the policy, and answers what scripts ask for."""

    policy = content_security_policy()
    # The site's logo of the samples, whose address has no ending.
    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {"": "image/svg+xml"}
    stream = []
    posted = []

    def end_headers(self):
        self.send_header("Content-Security-Policy", self.policy)
        super().end_headers()

    def do_GET(self):
        if "/progress?" not in self.path:
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            if not self.stream:
                self.wfile.write(b"\n\n")
                self.wfile.flush()
                time.sleep(SILENCE_SECONDS)
            for event in self.stream:
                self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
                self.wfile.flush()
                time.sleep(0.2)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        self.posted.append((self.path, self.rfile.read(length).decode()))
        time.sleep(0.5)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Faults:
    """Collects what is wrong, and counts what was looked at."""

    def __init__(self):
        self.found = []
        self.checks = 0

    def expect(self, is_right, what):
        self.checks += 1
        if not is_right:
            self.found.append(what)
            print(f"FAIL {what}", flush=True)


def axe_script(given):
    if given:
        return given.read_text()
    home = ROOT / "target/browser"
    script = home / "node_modules/axe-core/axe.min.js"
    if not script.exists():
        if not shutil.which("npm"):
            sys.exit("pages_accessible.py: npm is not installed; say --axe PATH of axe.min.js")
        home.mkdir(parents=True, exist_ok=True)
        print(f"fetching {AXE} …", flush=True)
        command = ["npm", "install", "--silent", "--no-save", "--prefix", str(home), AXE]
        subprocess.run(command, check=True, timeout=300)
    return script.read_text()


def eventually(page, expression):
    """Returns what the expression is as soon as that is true; Playwright's own way needs eval, which the policy forbids."""
    deadline = time.monotonic() + PAGE_DEADLINE_MS / 1000
    while not (value := page.evaluate(expression)):
        if time.monotonic() > deadline:
            raise TimeoutError(expression)
        page.wait_for_timeout(20)
    return value


def watch(page, where, faults):
    page.on("pageerror", lambda error: faults.expect(False, f"{where()}: script error {error}"))
    page.on("dialog", lambda dialog: (faults.expect(False, f"{where()}: a hostile text ran"), dialog.dismiss()))

    def heard(message):
        if message.type == "error" and "favicon" not in message.text:
            faults.expect(False, f"{where()}: {message.text}")

    page.on("console", heard)


def settings(browser):
    """Opens an empty page in every setting, one after the other."""
    for scheme in ("light", "dark"):
        for width, height in (WIDE, PHONE):
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=False
            )
            context.set_default_timeout(PAGE_DEADLINE_MS)
            page = context.new_page()
            # As for a first visit: what lies in memory already is not weighed.
            context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
            yield scheme, width, page
            context.close()


def take_pictures(browser, address, names, only):
    """Writes a picture of every sample whose name contains `only`, in every setting; of friendly ones by itself."""
    folder = ROOT / "target/screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [name for name in names if only in name and ("hostile" in only or not name.startswith("hostile-"))]
    for scheme, width, page in settings(browser):
        for name in wanted:
            page.goto(f"{address}/{name}.html", wait_until="load")
            page.screenshot(path=folder / f"{name}-{scheme}-{width}.png", full_page=True)
    print(f"{4 * len(wanted)} pictures in {folder}")


def weigh(loaded):
    """Returns how many bytes these addresses have together, without compression."""
    files = [Samples.folder / urllib.parse.urlsplit(address).path.lstrip("/") for address in loaded]
    return sum(file.stat().st_size for file in files if file.is_file())


def scan(browser, address, names, axe, faults):
    """Loads every sample in every setting; the slow rules run on the friendly samples only."""
    for scheme, width, page in settings(browser):
        here, loaded = [""], set()
        watch(page, lambda: here[0], faults)
        page.on("response", lambda response: loaded.add(response.url))
        for name in names:
            here[0] = f"{name} {scheme} {width}"
            loaded.clear()
            page.goto(f"{address}/{name}.html", wait_until="load")
            eventually(page, "window._jupyterhub_page_loaded === true")
            wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            faults.expect(wider <= 0, f"{here[0]}: scrolls sideways by {wider} pixels")
            if name.startswith("hostile-"):
                continue
            shift, weight = page.evaluate(SHIFT), weigh(loaded)
            faults.expect(2_000 < weight < MOST_BYTES, f"{here[0]}: weighs {weight} bytes")
            faults.expect(shift == 0, f"{here[0]}: what is drawn moves by {shift}")
            page.evaluate(axe)
            result = page.evaluate(
                "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}})", RULES
            )
            for violation in result["violations"]:
                nodes = ", ".join(" ".join(node["target"]) for node in violation["nodes"])
                faults.expect(False, f"{here[0]}: {violation['id']} ({violation['help']}): {nodes}")
            faults.expect(len(result["passes"]) > 10, f"{here[0]}: axe looked at nearly nothing")
        print(f"  {scheme} {width}: {len(names)} samples", flush=True)


def progress_is_followed(browser, address, faults):
    Samples.stream = [
        {"progress": 0, "message": "Server requested"},
        {"progress": 70, "message": "<b>waiting</b>", "html_message": "<img src=x onerror=alert(1)>"},
        {"progress": 100, "ready": True, "message": "Server ready at /user/ada/", "url": "/user/ada/"},
    ]
    page = browser.new_page()
    watch(page, lambda: "progress", faults)
    page.goto(f"{address}/spawn-pending.html")
    # Asked in one go: the next event may come at any time.
    message, lines = eventually(page, """document.getElementById("progress-bar").value === 70 && [
        document.getElementById("progress-message").innerText,
        Array.from(document.querySelectorAll("#progress-log li"), (line) => line.textContent),
    ]""")
    faults.expect(message == "<b>waiting</b>", "a message is text, never markup")
    faults.expect(lines == ["Server requested", "<b>waiting</b>"], f"the log holds the stream: {lines}")
    with page.expect_navigation(timeout=PAGE_DEADLINE_MS):
        pass
    faults.expect(page.url.endswith("/spawn-pending.html"), "ready loads the page again")
    page.close()


def questions_of_scripts(page):
    """Returns what scripts of the page ask for from now on; its icon comes when the browser likes."""
    asked = []
    page.on("request", lambda request: asked.append(request.url) if request.resource_type == "fetch" else None)
    return asked


def answer_with(page, path, sample):
    """Lets a page's own question be answered with a sample."""
    page.unroute(f"**{path}")
    page.route(f"**{path}", lambda route: route.fulfill(path=Samples.folder / f"{sample}.html"))


def what_is_filled_in_stays(browser, address, faults):
    """A named server is renamed while another starts and comes up; an administrator ticks meanwhile."""
    page = browser.new_page()
    watch(page, lambda: "home-named", faults)
    answer_with(page, "/lab/hub/home", "home-named-full")
    page.goto(f"{address}/home-named.html")
    page.click("summary:has-text('Rename')")
    page.fill("#display-name-thesis", "Chapter 4")
    page.evaluate("document.querySelector('#refreshed').dataset.mark = 'here'")
    page.wait_for_selector("#refreshed:not([data-mark])", timeout=PAGE_DEADLINE_MS)
    faults.expect(page.input_value("#display-name-thesis") == "Chapter 4", "what is typed stays")
    faults.expect(page.is_visible("#display-name-thesis"), "what is unfolded stays")
    focused = page.evaluate("document.activeElement.id")
    faults.expect(focused == "display-name-thesis", f"the focus stays, not on {focused!r}")
    page.close()

    page = browser.new_page()
    watch(page, lambda: "admin-users", faults)
    page.goto(f"{address}/admin-users.html")
    page.check("input[value='grace']")
    # Somebody came, so everybody else stands one line lower than before.
    other = (Samples.folder / "admin-users.html").read_text()
    row = re.search(r'<tr data-user="ada">.*?</tr>', other, re.DOTALL).group(0)
    later = re.sub(r"user-(\d+)", lambda number: f"user-{int(number.group(1)) + 1}", other)
    first = row.replace('"ada"', '"aaron"').replace(">Running<", ">Stopped<")
    later = later.replace('<tr data-user="ada">', first + '<tr data-user="ada">', 1)
    page.route("**/lab/hub/admin/users*", lambda route: route.fulfill(content_type="text/html", body=later))
    page.wait_for_selector("tr[data-user='aaron']", timeout=PAGE_DEADLINE_MS)
    ticked = page.eval_on_selector_all("input:checked", "all => all.map((one) => one.value)")
    faults.expect(ticked == ["grace"], f"who is ticked stays ticked, nobody else: {ticked}")
    ids = page.eval_on_selector_all("[id^=user-]", "all => all.map((one) => one.id)")
    faults.expect(len(ids) == len(set(ids)), f"ids stay unique: {ids}")
    page.close()


def trouble_is_told(browser, address, faults):
    page = browser.new_page()
    # What the browser itself says of a failed request is no fault here.
    page.on("pageerror", lambda error: faults.expect(False, f"trouble: script error {error}"))
    page.route("**/hub/home", lambda route: route.abort())
    page.goto(f"{address}/home-starting.html")
    page.wait_for_selector("#stale:not([hidden])", timeout=PAGE_DEADLINE_MS)
    answer_with(page, "/hub/home", "home-starting")
    page.wait_for_selector("#stale[hidden]", state="attached", timeout=PAGE_DEADLINE_MS)
    page.unroute("**/hub/home")
    page.route("**/hub/home", lambda route: route.fulfill(status=302, headers={"Location": "/hub/login"}))
    page.wait_for_selector("#login-ended:not([hidden])", timeout=PAGE_DEADLINE_MS)
    link = page.get_attribute("#login-ended a", "href")
    faults.expect(link == "/hub/login?next=%2Fhub%2Fhome", f"who is logged out is led back: {link}")
    asked = questions_of_scripts(page)
    page.wait_for_timeout(3500)
    faults.expect(not asked, f"then nothing is asked any more: {asked}")
    page.close()


def calm_pages_are_followed_calmly(browser, address, faults):
    page = browser.new_page()
    page.clock.install()
    asked = questions_of_scripts(page)
    answer_with(page, "/hub/home", "home-idle")
    page.goto(f"{address}/home-running.html")
    eventually(page, "window._jupyterhub_page_loaded === true")
    asked.clear()
    page.clock.run_for(9_000)
    faults.expect(not asked, f"nothing is asked for nine seconds: {asked}")
    page.clock.run_for(2_000)
    eventually(page, "document.body.textContent.includes('stops by itself')")
    faults.expect(page.inner_text("#live") == "", "only states are told, not every number")
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true}); document.dispatchEvent(new Event('visibilitychange'))")
    asked.clear()
    page.clock.run_for(60_000)
    faults.expect(not asked, f"nothing is asked while nobody looks: {asked}")
    page.close()


def home_is_followed(browser, address, faults):
    page = browser.new_page()
    watch(page, lambda: "home", faults)
    page.goto(f"{address}/home-starting.html")
    page.focus("#stop")
    answer_with(page, "/hub/home", "home-running")
    page.wait_for_selector(".state.running", timeout=PAGE_DEADLINE_MS)
    faults.expect("Running" in page.inner_text("#live"), "a changed state is announced")
    focused = page.evaluate("document.activeElement.id")
    faults.expect(focused == "stop", f"the focus stays when the servers are swapped, not on {focused!r}")
    page.close()


def forms_are_sent_once(browser, address, faults):
    page = browser.new_page()
    page.goto(f"{address}/home-stopped.html")
    Samples.posted.clear()
    for _ in range(2):
        page.evaluate("document.getElementById('start').click()")
        page.wait_for_timeout(150)
    page.wait_for_timeout(1500)
    faults.expect(len(Samples.posted) == 1, f"two clicks send one form: {Samples.posted}")
    path, body = Samples.posted[0]
    faults.expect(path == "/hub/spawn/ada" and "_xsrf=c2FtcGxlLXhzcmY" in body, f"{path} {body}")
    page.close()


def keyboard_reaches_the_content(browser, address, faults):
    page = browser.new_page()
    page.goto(f"{address}/home-running.html")
    page.keyboard.press("Tab")
    faults.expect(page.evaluate("document.activeElement.className") == "skip", "the skip link comes first")
    shown = page.locator(".skip").bounding_box()
    faults.expect(shown["y"] >= 0, "the skip link shows when it has the focus")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    faults.expect(page.evaluate("document.activeElement.id") == "start", "then comes the content")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    faults.expect(outline == "solid", "the focus can be seen")
    page.close()


def menus_open_and_close(browser, address, faults):
    for scripts in (True, False):
        context = browser.new_context(java_script_enabled=scripts, viewport={"width": PHONE[0], "height": PHONE[1]})
        page = context.new_page()
        page.goto(f"{address}/home-named.html")
        grader = page.get_by_role("link", name="grader")
        faults.expect(not grader.is_visible(), "the menu begins closed")
        page.locator(".menu summary").focus()
        page.keyboard.press("Enter")
        faults.expect(grader.is_visible(), "the menu opens by keyboard")
        box = grader.bounding_box()
        faults.expect(box["x"] >= 0 and box["x"] + box["width"] <= PHONE[0], f"the menu is on the screen: {box}")
        if scripts:
            page.keyboard.press("Tab")
            page.keyboard.press("Escape")
            faults.expect(not grader.is_visible(), "Escape closes the menu")
            focused = page.evaluate("document.activeElement.textContent")
            faults.expect(focused == "Services", f"and gives the focus back, not to {focused!r}")
            page.keyboard.press("Enter")
            page.click("h1")
            faults.expect(not grader.is_visible(), "a click elsewhere closes the menu")
        else:
            page.keyboard.press("Enter")
            faults.expect(not grader.is_visible(), "the menu closes by keyboard")
        context.close()


def insecure_pages_are_warned_of(browser, address, faults):
    page = browser.new_page()
    for host, is_warned in (("127.0.0.1", False), (PLAIN_HOST, True)):
        page.goto(address.replace("127.0.0.1", host) + "/login.html")
        eventually(page, "window._jupyterhub_page_loaded === true")
        shown = page.is_visible("#insecure-login-warning")
        faults.expect(shown == is_warned, f"the warning of an insecure page on {host}: {shown}")
    page.close()


def pages_work_without_scripts(browser, address, faults):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}/spawn-pending.html")
    page.wait_for_timeout(4000)
    loads = sum(url.endswith("/spawn-pending.html") for url in asked)
    faults.expect(loads >= 2, f"without scripts the progress page loads itself again, seen {loads} times")
    faults.expect(not any(url.endswith(".js") for url in asked), "no script is fetched")
    context.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=pathlib.Path, default=ROOT / "target/pages", help="folder of samples")
    parser.add_argument("--axe", type=pathlib.Path, help="axe.min.js; fetched by npm when absent")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="program to run")
    parser.add_argument(
        "--screenshots", nargs="?", const="", metavar="PART", help="make pictures, only of samples with PART in their name"
    )
    options = parser.parse_args()
    names = sorted(path.stem for path in options.pages.glob("*.html"))
    if not names:
        sys.exit(f"no samples in {options.pages}: run `cargo test --lib pages::` first")
    axe = axe_script(options.axe) if options.screenshots is None else ""
    Samples.folder = options.pages
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Samples, directory=str(options.pages))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    faults = Faults()
    print(f"{len(names)} samples, light and dark, {WIDE[0]} and {PHONE[0]} wide", flush=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=options.chromium,
            args=["--no-sandbox", f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1"],
        )
        if options.screenshots is not None:
            take_pictures(browser, address, names, options.screenshots)
            browser.close()
            return
        scan(browser, address, names, axe, faults)
        for check in (
            progress_is_followed,
            home_is_followed,
            what_is_filled_in_stays,
            trouble_is_told,
            calm_pages_are_followed_calmly,
            forms_are_sent_once,
            keyboard_reaches_the_content,
            menus_open_and_close,
            insecure_pages_are_warned_of,
            pages_work_without_scripts,
        ):
            check(browser, address, faults)
        browser.close()
    server.shutdown()
    print(f"{faults.checks} checks, {len(faults.found)} faults")
    sys.exit(1 if faults.found else 0)


if __name__ == "__main__":
    main()
