#!/usr/bin/python3
"""Stands in for jupyterhub-singleuser under both hubs, on the socket or the port that the hub names.

A server or an account whose name begins so misbehaves: `exits` (ends at once), `late` (opens its socket after some
seconds), `never` (does not open it). Every request is answered with a JSON description of it; `…/env` tells the
environment that the hub gave.
"""

import json
import os
import socket
import sys
import threading
import time
from urllib.parse import urlsplit

LATE_SECONDS = 3
SHOWN_HEADERS = ("host", "origin", "x-forwarded-proto", "x-forwarded-host", "cookie")


def listen():
    for argument in sys.argv[1:]:
        if argument.startswith("--ServerApp.sock="):
            path = argument.split("=", 1)[1]
            if os.path.exists(path):
                os.unlink(path)
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            os.chmod(path, 0o660)
            break
    else:
        url = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((url.hostname, url.port))
    listener.listen(128)
    return listener


def answer(method, target, headers, body):
    path = target.partition("?")[0]
    if path.endswith("/env"):
        return {name: value for name, value in os.environ.items() if name.startswith(("JUPYTERHUB_", "JPY_"))}
    cookies = sorted(pair.partition("=")[0].strip() for pair in headers.pop("cookie", "").split(";") if pair.strip())
    return {"method": method, "target": target, "headers": headers, "cookies": cookies, "body": len(body)}


def serve(connection):
    with connection, connection.makefile("rb") as reader:
        while line := reader.readline():
            method, target, _ = line.decode("latin-1").split(" ", 2)
            headers = {}
            while (field := reader.readline()) not in (b"\r\n", b""):
                name, value = field.decode("latin-1").split(":", 1)
                headers[name.lower()] = value.strip()
            body = reader.read(int(headers.get("content-length", 0)))
            shown = {name: value for name, value in headers.items() if name in SHOWN_HEADERS}
            text = json.dumps(answer(method, target, shown, body)).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
            connection.sendall(head.encode() + (b"" if method == "HEAD" else text))


def behaves(word):
    names = (os.environ.get("JUPYTERHUB_SERVER_NAME", ""), os.environ.get("JUPYTERHUB_USER", ""))
    return any(name.startswith(word) for name in names)


def main():
    if behaves("exits"):
        sys.exit("cannot find my marbles")
    if behaves("never"):
        time.sleep(3600)
    if behaves("late"):
        time.sleep(LATE_SECONDS)
    listener = listen()
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
