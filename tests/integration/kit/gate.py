# SPDX-License-Identifier: MIT
"""An S3 service whose only object comes as far as a gate, and the rest once the gate is opened: what
is under way can be looked at, for as long as a test wants."""
import http.server
import threading

from kit.vast import QuietServer


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def head(self):
        self.send_response(200)
        self.send_header("ETag", '"fedcba9876543210fedcba9876543210"')
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()

    def do_HEAD(self):
        self.head()

    def do_GET(self):
        gate = self.server.gate
        self.head()
        self.wfile.write(self.server.body[:gate.at])
        if gate.opened.wait(60):
            self.wfile.write(self.server.body[gate.at:])

    def log_message(self, *arguments):
        pass


class Gate:
    def __init__(self, body, at):
        self.at, self.opened = at, threading.Event()
        self.server = QuietServer(("127.0.0.1", 0), Handler)
        self.server.body, self.server.gate = body, self
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def open(self):
        self.opened.set()

    def shut(self):
        self.opened.clear()

    def close(self):
        self.open()
        self.server.shutdown()
        self.server.server_close()
