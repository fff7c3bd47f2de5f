"""docs/scripting.md: every command of it, in its order, run by somebody who copies it into a shell."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scripting.md"
API = "http://127.0.0.1:8081/hub/api"
MARK = "=== command "


def commands() -> list[tuple[str, str]]:
    """Returns the commands of the page's console blocks, each with what it is to print."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append([line[2:], []])
            elif line.startswith("> "):
                found[-1][0] += "\n" + line[2:]
            else:
                found[-1][1].append(line)
    return [(command, "\n".join(printed)) for command, printed in found]


def says(expected: str, printed: str) -> bool:
    """Tells whether this was printed: `...` stands for anything in its line, on a line alone for any lines."""
    lines = []
    for line in expected.splitlines():
        lines.append("(?:.*\n)*" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + "\n")
    ended = printed + "\n" if printed and not printed.endswith("\n") else printed
    return re.fullmatch("".join(lines), ended) is not None


@pytest.fixture
def token(machine):
    """An administrator's, on a machine with the accounts of the page, whose servers start at once."""
    machine.use_fake_servers()
    for name in ("ada", "ben", "cleo"):
        machine.add_user(name)
    with machine.login("admin") as admin:
        made = admin.api("POST", "/users/admin/tokens", json={"note": "scripting"})
        yield made.json()["token"]
        admin.api("DELETE", f"/users/admin/tokens/{made.json()['id']}")
    machine.use_real_servers()


@pytest.fixture
def folder(machine):
    path = machine.run("mktemp -d").stdout.strip()
    yield path
    machine.run(["rm", "-r", path])


def test_the_page_is_true(machine, token, folder):
    page = commands()
    script = ["exec 2>&1", f"cd {folder}"]
    for number, (command, _) in enumerate(page):
        script += [f"printf '{MARK}%s\\n' {number}", command, "printf '\\n'"]
    shell = ["env", f"CARREL_URL={API}", f"TOKEN={token}", "bash"]
    printed = machine.run(shell, stdin="\n".join(script), timeout=300).stdout
    parts = re.split(rf"^{MARK}\d+\n", printed, flags=re.MULTILINE)[1:]
    assert len(parts) == len(page), printed
    wrong = [f"$ {command}\n{got}--- instead of\n{expected}" for (command, expected), got in zip(page, parts)
             if not says(expected, got[:-1])]
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.parametrize("expected, printed, right", [
    ("", "", True), ("", "x", False), ("a", "a", True), ("a", "a\n", True), ("a", "b", False), ("a...", "abc", True),
    ("...\na\n...", "x\ny\na\n", True), ("...\na\n...", "a", True), ("...\na", "x", False), ("[1]", "[1]\n", True),
])
def test_what_was_printed_is_compared_by_lines(expected, printed, right):
    assert says(expected, printed) is right


def test_the_page_has_commands_of_each_kind():
    text = "\n".join(command for command, _ in commands())
    for path in ("/users", "/groups", "/roles", "/tokens", "/services", "/server", "/shares", "/share-codes", "/metrics"):
        assert path in text, path
