#!/usr/bin/python3
"""Stands in for jupyterhub-singleuser where a test wants a server that starts at once, or misbehaves in one known way.

`--behave=WAY`: ready (default), exit (at once, with words), silent (never opens its socket), mute (opens it and never
answers), late (opens it after two seconds). A ready one answers every request with a JSON description of it.
"""

import json
import os
import socket
import sys
import threading
import time


def option(name, default=""):
    found = [argument.split("=", 1)[1] for argument in sys.argv[1:] if argument.startswith(f"--{name}=")]
    return found[-1] if found else default


def serve(connection):
    with connection, connection.makefile("rb") as reader:
        while line := reader.readline():
            method, target, _ = line.decode("latin-1").split(" ", 2)
            headers = []
            while (field := reader.readline()) not in (b"\r\n", b""):
                name, value = field.decode("latin-1").rstrip("\r\n").split(":", 1)
                headers.append([name.lower(), value.strip()])
            length = int(dict(headers).get("content-length", 0))
            body = reader.read(length)
            answer = json.dumps({"method": method, "target": target, "headers": headers, "body": len(body),
                                 "uid": os.getuid(), "pid": os.getpid()}).encode()
            extra = ""
            if target.endswith("/cookies"):
                extra = "".join(f"Set-Cookie: {cookie}\r\n" for cookie in (
                    "__Host-jupyterhub-hub-login=forged; Path=/; Secure", "__Host-_xsrf=forged; Path=/; Secure",
                    "harmless=1; Path=/"))
            connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{extra}"
                               f"Content-Length: {len(answer)}\r\n\r\n".encode() + answer)


def main():
    behaviour = option("behave", "ready")
    print(f"fake-singleuser: {behaviour}", flush=True)
    if behaviour == "exit":
        print("fake-singleuser: cannot find my marbles", file=sys.stderr, flush=True)
        sys.exit(3)
    if behaviour == "silent":
        time.sleep(3600)
    if behaviour == "late":
        time.sleep(2)
    listener = socket.socket(socket.AF_UNIX)
    path = option("ServerApp.sock")
    if os.path.exists(path):
        os.unlink(path)
    listener.bind(path)
    os.chmod(path, 0o660)
    listener.listen(128)
    while True:
        connection, _ = listener.accept()
        if behaviour == "mute":
            threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
            globals().setdefault("kept", []).append(connection)
        else:
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
