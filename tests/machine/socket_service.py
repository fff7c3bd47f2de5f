#!/usr/bin/python3
"""A service that listens on the Unix socket that Carrel names, and answers each request with a description of it."""

import json
import os
import socketserver
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote, urlsplit


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        told = {"path": self.path, "headers": headers, "uid": os.getuid(), "pid": os.getpid(), "cwd": os.getcwd()}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        return "the hub"


path = unquote(urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"]).netloc)
if os.path.exists(path):
    os.unlink(path)
socketserver.ThreadingUnixStreamServer(path, Handler).serve_forever()
