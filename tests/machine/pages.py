"""Pages of docs whose commands are run, in their order, by somebody who copies them into a shell."""

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
MARK = "=== command "


def commands(page: str) -> list[tuple[str, str]]:
    """Returns the commands of the page's console blocks, each with what it is to print."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL):
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


def add_accounts(machine) -> None:
    """Makes the accounts that the pages speak of."""
    for name in ("ada", "ben", "cleo"):
        if machine.run(["id", name], check=False).returncode != 0:
            machine.add_user(name)


def faults(machine, page: str, **environment: str) -> list[str]:
    """Runs the commands of a page in one shell, in a folder of their own, and returns what they print otherwise."""
    folder = machine.run("mktemp -d").stdout.strip()
    steps = commands(page)
    script = ["exec 2>&1", f"cd {folder}"]
    for number, (command, _) in enumerate(steps):
        script += [f"printf '{MARK}%s\\n' {number}", command, "printf '\\n'"]
    shell = ["env", *(f"{name}={value}" for name, value in environment.items()), "bash"]
    try:
        printed = machine.run(shell, stdin="\n".join(script), timeout=300).stdout
    finally:
        machine.run(["rm", "-r", folder])
    parts = re.split(rf"^{MARK}\d+\n", printed, flags=re.MULTILINE)[1:]
    assert len(parts) == len(steps), printed
    return [f"$ {command}\n{got}--- instead of\n{expected}" for (command, expected), got in zip(steps, parts)
            if not says(expected, got[:-1])]
