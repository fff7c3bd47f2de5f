#!/usr/bin/python3
"""A throwaway Debian machine with a real systemd, in about two seconds, that leaves nothing behind.

The machine is an overlay over this host's own `/`, booted in namespaces of its own (pid, mount, cgroup, uts, ipc,
net). What is written in it goes to a tmpfs that the kernel drops with the machine; /home, /root, /opt, /usr/local
and the services of the host are hidden in it. Its network is a loopback of its own. Root is needed.

As a command:

    throwaway.py boot NAME [--bind SOURCE:TARGET]... [--base DIR]
                                                boot; stays until it is stopped
    throwaway.py exec NAME [--user USER] COMMAND...
    throwaway.py forward NAME PORT[:TARGET]     127.0.0.1:PORT of the host leads to TARGET (443) in the machine
    throwaway.py stop NAME
    throwaway.py put NAME FILE TARGET           copy a file of the host into the machine
    throwaway.py list
    throwaway.py check                          say whether this host can boot machines

As a module: `with Machine.boot(...) as machine: machine.run("systemctl --failed")`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import os
import secrets
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

STATE = Path("/run/carrel-machines")
"""One folder per machine: `pid` (its systemd, as the host counts), `unshare` (that one's parent), `console`."""

BOOT_SECONDS = 60
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


class Unsupported(Exception):
    """This host cannot run a throwaway machine; the text says why in one sentence."""


class Failed(Exception):
    """Something in the machine went wrong; the text carries what it printed."""


class Machine:
    """A booted machine, addressed by its name."""

    def __init__(self, name: str):
        self.name = name
        self.dir = STATE / name

    # Life

    @classmethod
    def boot(cls, name: str | None = None, binds: dict[Path, str] | None = None, base: Path = Path("/"),
             detach: bool = False) -> Machine:
        """Boots a machine over the tree `base`, with `binds` read-only;
        unless `detach`, it also ends when this process ends, however that ends.
        """
        check_host()
        sweep()
        machine = cls(name or f"m{os.getpid()}-{secrets.token_hex(2)}")
        cgroups = Cgroups(machine.name)
        machine.dir.mkdir(parents=True)
        (machine.dir / "tree").mkdir()
        command = ["unshare", "--pid", "--mount", "--cgroup", "--uts", "--ipc", "--net", "--fork"]
        command += ["--kill-child", "--propagation", "private"]
        command += ["bash", str(Path(__file__).resolve().parent / "inside.sh")]
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "MACHINE_NAME": "throwaway",
            "MACHINE_DIR": str(machine.dir / "tree"),
            "MACHINE_BASE": str(base),
            "MACHINE_BINDS": " ".join(f"{source}:{target}" for source, target in (binds or {}).items()),
            "MACHINE_CGROUP": cgroups.layout,
        }

        def enter() -> None:
            cgroups.enter()
            if not detach:
                LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

        try:
            cgroups.create()
            with open(machine.dir / "console", "wb") as console:
                unshare = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=console,
                                           stderr=console, start_new_session=True, preexec_fn=enter)
            (machine.dir / "unshare").write_text(str(unshare.pid))
            machine._await_boot(unshare)
        except BaseException:
            machine.stop()
            raise
        return machine

    def _await_boot(self, unshare: subprocess.Popen) -> None:
        deadline = time.monotonic() + BOOT_SECONDS
        children = Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children")
        while time.monotonic() < deadline:
            if unshare.poll() is not None:
                raise Failed(f"the machine ended while booting:\n{self.console()}")
            with contextlib.suppress(FileNotFoundError):
                child = children.read_text().split()
                if child and read_text(f"/proc/{child[0]}/comm").strip() == "systemd":
                    (self.dir / "pid").write_text(child[0])
                    break
            time.sleep(0.02)
        while time.monotonic() < deadline:
            state = self.run("systemctl is-system-running", check=False).stdout.strip()
            if state in ("running", "degraded"):
                return
            time.sleep(0.05)
        raise Failed(f"the machine did not finish booting within {BOOT_SECONDS} s:\n{self.console()}")

    def stop(self) -> None:
        """Ends the machine at once and removes every trace of it from the host; safe to repeat."""
        for which in ("pid", "unshare"):
            pid = read_text(self.dir / which)
            if pid and self._is_ours(int(pid)):
                kill_and_wait(int(pid))
        Cgroups(self.name).remove()
        shutil.rmtree(self.dir, ignore_errors=True)

    def _is_ours(self, pid: int) -> bool:
        """Whether the process with this number is still this machine's and not a later one's."""
        return f"/carrel-machine-{self.name}" in read_text(f"/proc/{pid}/cgroup")

    def alive(self) -> bool:
        """Whether the machine runs."""
        pid = read_text(self.dir / "pid") or read_text(self.dir / "unshare")
        return bool(pid) and self._is_ours(int(pid))

    def __enter__(self) -> Machine:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # Use

    @property
    def pid(self) -> int:
        """The machine's systemd, as the host counts processes."""
        pid = read_text(self.dir / "pid")
        if not pid:
            raise Failed(f"no machine of the name {self.name} is running")
        return int(pid)

    def console(self) -> str:
        """What the machine printed before its journal took over."""
        return read_text(self.dir / "console")

    def command(self, argv: list[str], user: str | None = None) -> list[str]:
        """Returns the host's command line that runs `argv` in the machine, as root or as `user` in their home."""
        enter = ["nsenter", f"--target={self.pid}", "--all", "--root", "--wd", "--"]
        clean = ["env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "LANG=C.UTF-8"]
        clean += ["DEBIAN_FRONTEND=noninteractive"]
        if user is None:
            return [*enter, *clean, "HOME=/root", *argv]
        return [*enter, *clean, "runuser", "-u", user, "--", "sh", "-c", 'cd; HOME=$PWD exec "$@"', "sh", *argv]

    def run(self, command: str | list[str], user: str | None = None, check: bool = True,
            timeout: float = 120, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Runs a command in the machine; a string goes through bash."""
        argv = ["bash", "-c", command] if isinstance(command, str) else command
        result = subprocess.run(self.command(argv, user), input=stdin, text=True, errors="replace",
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, check=False)
        if check and result.returncode != 0:
            shown = command if isinstance(command, str) else shlex.join(command)
            raise Failed(f"{shown}\nexit code {result.returncode}\n{result.stdout}{result.stderr}")
        return result

    def put(self, source: Path, target: str) -> None:
        """Copies a file of the host into the machine."""
        with open(source, "rb") as file:
            subprocess.run(self.command(["sh", "-c", 'cat > "$1"', "sh", target]), stdin=file, check=True)

    @contextlib.contextmanager
    def network(self):
        """Moves the calling thread, and what it starts, into the machine's network for a while."""
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            self.enter_network()
            try:
                yield
            finally:
                set_namespace(before)
        finally:
            os.close(before)

    def enter_network(self) -> None:
        """Moves the calling thread into the machine's network for good."""
        inside = os.open(f"/proc/{self.pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            set_namespace(inside)
        finally:
            os.close(inside)


class Cgroups:
    """The branch of every control group tree of the host that a machine lives in.

    With all controllers in cgroup v2 that is one tree. Where the host binds controllers to v1 it is one per
    hierarchy: all of them, since systemd would otherwise write to the host's own groups.
    """

    def __init__(self, name: str):
        self.folder = f"carrel-machine-{name}"
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
        v2 = [Path(place) for _, place, kind, *_ in mounts if kind == "cgroup2"]
        self.unified = bool(v2) and {"memory", "pids"} <= set(read_text(v2[0] / "cgroup.controllers").split())
        if self.unified:
            self.trees = {"unified": v2[0]}
            return
        v1 = {}
        for _, place, kind, options, *_ in mounts:
            if kind == "cgroup":
                what = [option for option in options.split(",") if option in V1_CONTROLLERS or "=" in option]
                v1.setdefault(",".join(what), Path(place))
        controllers = {controller for what in v1 for controller in what.split(",")}
        if not v2 or not {"memory", "pids", "name=systemd"} <= controllers:
            raise Unsupported("The kernel's control groups are mounted neither as cgroup v2 with memory and pids "
                              "nor in systemd's hybrid layout, so no machine can be booted here.")
        self.trees = {**v1, "unified": v2[0]}

    @property
    def layout(self) -> str:
        """What inside.sh mounts: `unified`, or the v1 hierarchies, each by its mount options."""
        return "unified" if self.unified else " ".join(what for what in self.trees if what != "unified")

    def create(self) -> None:
        for what, tree in self.trees.items():
            group = tree / self.folder
            if self.unified:
                for controller in ("memory", "pids", "cpu", "io"):
                    with contextlib.suppress(OSError):  # Absent on some hosts; systemd goes on without it.
                        (tree / "cgroup.subtree_control").write_text(f"+{controller}")
            group.mkdir(exist_ok=True)
            if "cpuset" in what.split(","):
                for setting in ("cpuset.cpus", "cpuset.mems"):
                    (group / setting).write_text((tree / setting).read_text())
                (group / "cgroup.clone_children").write_text("1")

    def enter(self) -> None:
        for tree in self.trees.values():
            (tree / self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def remove(self) -> None:
        deadline = time.monotonic() + 5
        for tree in self.trees.values():
            top = tree / self.folder
            while top.exists() and time.monotonic() < deadline:
                for folder, _, _ in os.walk(top, topdown=False):
                    with contextlib.suppress(OSError):  # Busy until the kernel has buried the last process.
                        os.rmdir(folder)
                if top.exists():
                    time.sleep(0.02)


V1_CONTROLLERS = {"cpu", "cpuacct", "cpuset", "memory", "pids", "freezer", "blkio", "devices", "net_cls", "net_prio",
                  "perf_event", "hugetlb"}


def check_host() -> None:
    """Raises Unsupported unless this host can boot machines."""
    if os.geteuid() != 0:
        raise Unsupported("A throwaway machine needs root: run this with sudo.")
    if "\toverlay\n" not in Path("/proc/filesystems").read_text():
        subprocess.run(["modprobe", "overlay"], check=False, stderr=subprocess.DEVNULL)
        if "\toverlay\n" not in Path("/proc/filesystems").read_text():
            raise Unsupported("This kernel has no overlay file system, which a throwaway machine needs.")
    for program, package in (("/lib/systemd/systemd", "systemd"), ("/usr/bin/dbus-daemon", "dbus"),
                             ("/usr/bin/nsenter", "util-linux")):
        if not os.path.exists(program):
            raise Unsupported(f"{program} is missing: apt-get install {package}.")
    probe = ["unshare", "--pid", "--mount", "--cgroup", "--uts", "--ipc", "--net", "--fork", "true"]
    if subprocess.run(probe, check=False, capture_output=True).returncode != 0:
        raise Unsupported("This kernel or container does not allow new namespaces, which a throwaway machine needs.")


def sweep() -> None:
    """Removes what machines left whose booting process was killed together with them."""
    for machine in machines():
        if not machine.alive() and age_seconds(machine.dir) > BOOT_SECONDS:
            machine.stop()


def machines() -> list[Machine]:
    """Returns every machine that has a folder, running or not."""
    return [Machine(entry.name) for entry in sorted(STATE.iterdir())] if STATE.exists() else []


def age_seconds(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def read_text(path: Path | str) -> str:
    """Returns a file's text, or nothing where there is no such file or process."""
    try:
        return Path(path).read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def kill_and_wait(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        handle = os.pidfd_open(pid)
        try:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            select.select([handle], [], [], 10)
        finally:
            os.close(handle)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


def set_namespace(handle: int) -> None:
    if LIBC.setns(handle, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


# Forwarding


def forward(machine: Machine, port: int, target: int, address: str = "127.0.0.1") -> None:
    """Serves `address:port` of the host from `target` on the machine's loopback, until the machine ends.

    A socket belongs to the network it was made in: the listening one is made on the host, then this process
    moves into the machine's network and makes the others there. So the host needs no interface and no rule.
    """
    listener = socket.create_server((address, port))
    machine.enter_network()
    asyncio.run(relay(listener, target, os.pidfd_open(machine.pid)))


async def relay(listener: socket.socket, target: int, until: int) -> None:
    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        with contextlib.suppress(ConnectionError, OSError):
            writer.write_eof()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, upstream_writer), pump(upstream_reader, writer))
        upstream_writer.close()
        writer.close()

    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(until, ended.set)
    async with await asyncio.start_server(serve, sock=listener):
        await ended.wait()


# The command line


def main() -> int:
    parser = argparse.ArgumentParser(description="Boot and drive throwaway systemd machines.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    boot = verbs.add_parser("boot", help="boot a machine; it stays until it is stopped")
    boot.add_argument("name")
    boot.add_argument("--bind", action="append", default=[], metavar="SOURCE:TARGET",
                      help="folder of the host to be seen in the machine, read-only")
    boot.add_argument("--base", type=Path, default=Path("/"), help="root of another Debian, instead of this host's")
    execute = verbs.add_parser("exec", help="run a command in a machine")
    execute.add_argument("--user", help="run it as this account; root without")
    execute.add_argument("name")
    execute.add_argument("command", nargs=argparse.REMAINDER)
    onward = verbs.add_parser("forward", help="lead a port of the host into a machine")
    onward.add_argument("name")
    onward.add_argument("port", help="PORT or PORT:TARGET; TARGET is 443 unless given")
    stop = verbs.add_parser("stop", help="end a machine and remove every trace of it")
    stop.add_argument("name")
    put = verbs.add_parser("put", help="copy a file of the host into a machine")
    put.add_argument("name")
    put.add_argument("file", type=Path)
    put.add_argument("target")
    verbs.add_parser("list", help="list the machines that run")
    verbs.add_parser("check", help="say whether this host can boot machines")
    arguments = parser.parse_args()

    try:
        if arguments.verb == "boot":
            binds = {Path(source).resolve(): target for source, target in (bind.split(":", 1) for bind in arguments.bind)}
            Machine.boot(arguments.name, binds, arguments.base.resolve(), detach=True)
        elif arguments.verb == "exec":
            command = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
            return subprocess.run(Machine(arguments.name).command(command or ["bash", "-l"], arguments.user),
                                  check=False).returncode
        elif arguments.verb == "forward":
            port, _, target = arguments.port.partition(":")
            forward(Machine(arguments.name), int(port), int(target or 443))
        elif arguments.verb == "stop":
            Machine(arguments.name).stop()
        elif arguments.verb == "put":
            Machine(arguments.name).put(arguments.file, arguments.target)
        elif arguments.verb == "check":
            check_host()
            Cgroups("check")
        else:
            for machine in machines():
                print(machine.name, "running" if machine.alive() else "gone")
    except (Unsupported, Failed, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
