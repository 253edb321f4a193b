#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An S3 service that misbehaves on purpose. It has one bucket, "faulty", in which every key holds the
same bytes; what a key is called says what goes wrong with it. No signature is checked.

    faulty.py PORT

    fine                  nothing
    slow                  the answer comes after two seconds
    hang                  no answer at all
    drop                  the connection is closed without one
    short                 announces more bytes than it sends, at every try
    cut-once              the first GET breaks off in the middle, later ones do not
    cut-always            every answer breaks off after a few bytes
    trickle               a byte now and then
    garbage               not HTTP
    html                  a page with status 200, chunked, without a length
    redirect              307 to another host
    wrong-etag            breaks off, and the rest bears another ETag
    changed               breaks off, and the rest is refused with 412
    ignores-range         breaks off, and the rest comes from the start again
    busy-N                503 SlowDown N times, then fine
    broken-N              500 without a body N times, then fine
    bomb                  an error document with an entity bomb
    endless-error         an error document that does not end
"""
import email.utils
import hashlib
import socketserver
import sys
import threading
import time
import urllib.parse

BODY = bytes(range(256)) * 4096  # 1 MiB
ETAG = hashlib.md5(BODY).hexdigest()
BOMB = ('<?xml version="1.0"?><!DOCTYPE Error [<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY {chr(98 + i)} "{("&" + chr(97 + i) + ";") * 10}">' for i in range(8))
        + "]><Error><Code>&i;</Code></Error>")


class Faulty:
    """Counts requests by key; `seen` keeps (method, path, headers)."""

    def __init__(self, port=0):
        self.seen = []
        self.counts = {}
        self.lock = threading.Lock()
        owner = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                try:
                    while owner.serve(self):
                        pass
                except (ConnectionError, ValueError):
                    pass

        class Server(socketserver.ThreadingTCPServer):
            request_queue_size = 128
            allow_reuse_address = True
            daemon_threads = True

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    # ---- one request ----

    def serve(self, handler):
        line = handler.rfile.readline(65536).decode("latin-1")
        if not line:
            return False
        method, target, _ = line.split(" ", 2)
        headers = {}
        while (field := handler.rfile.readline(65536).decode("latin-1").rstrip("\r\n")):
            name, _, value = field.partition(":")
            headers[name.lower()] = value.strip()
        if headers.get("expect"):
            handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        handler.rfile.read(int(headers.get("content-length", 0)))
        path = urllib.parse.unquote(target.split("?")[0])
        key = path.removeprefix("/faulty/") if path.startswith("/faulty/") else ""
        with self.lock:
            self.seen.append((method, target, headers))
            count = self.counts[key] = self.counts.get(key, 0) + 1
        return self.answer(handler, method, key, headers, count)

    def answer(self, handler, method, key, headers, count):
        name, _, number = key.rpartition("-")
        if name in ("busy", "broken") and count <= int(number):
            return self.refuse(handler, *((503, "SlowDown") if name == "busy" else (500, "")))
        special = getattr(self, "on_" + key.replace("-", "_"), None)
        if special:
            return special(handler, method, headers, count)
        if method == "PUT":
            return self.head(handler, 200, {"ETag": f'"{ETAG}"', "Content-Length": "0"})
        if method == "DELETE":
            return self.head(handler, 204, {})
        return self.send(handler, method, headers)

    def head(self, handler, status, headers):
        fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        handler.wfile.write(f"HTTP/1.1 {status} X\r\n{fields}\r\n".encode())
        return True

    def refuse(self, handler, status, code, body=None):
        if body is None:
            body = f"<Error><Code>{code}</Code><Message></Message></Error>" if code else ""
        self.head(handler, status, {"Content-Length": str(len(body))})
        handler.wfile.write(body.encode())
        return True

    def send(self, handler, method, headers, keep=None, etag=ETAG, more=0):
        """The object or the range asked for; `keep`: only so many bytes, then the end."""
        first, last, status = 0, len(BODY) - 1, 200
        wanted = headers.get("range", "")
        if wanted.startswith("bytes="):
            start, _, end = wanted.removeprefix("bytes=").partition("-")
            first, status = int(start), 206
            last = min(int(end), last) if end else last
        fields = {"ETag": f'"{etag}"', "Last-Modified": email.utils.formatdate(0, usegmt=True),
                  "Content-Type": "application/x-test", "Accept-Ranges": "bytes",
                  "Content-Length": str(last - first + 1 + more)}
        if status == 206:
            fields["Content-Range"] = f"bytes {first}-{last}/{len(BODY)}"
        self.head(handler, status, fields)
        if method == "HEAD":
            return True
        body = BODY[first:last + 1]
        handler.wfile.write(body if keep is None else body[:keep])
        return keep is None and not more

    # ---- what goes wrong ----

    def on_slow(self, handler, method, headers, count):
        time.sleep(2)
        return self.send(handler, method, headers)

    def on_hang(self, handler, method, headers, count):
        handler.rfile.read(1)
        return False

    def on_drop(self, handler, method, headers, count):
        return False

    def on_short(self, handler, method, headers, count):
        return self.send(handler, method, headers, more=10)

    def on_cut_once(self, handler, method, headers, count):
        return self.send(handler, method, headers, keep=None if "range" in headers else 300000)

    def on_cut_always(self, handler, method, headers, count):
        return self.send(handler, method, headers, keep=1000)

    def on_trickle(self, handler, method, headers, count):
        self.send(handler, "HEAD", headers)
        first = int(headers.get("range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
        for byte in BODY[first:first + 100]:
            handler.wfile.write(bytes([byte]))
            time.sleep(0.2)
        return False

    def on_garbage(self, handler, method, headers, count):
        handler.wfile.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 no HTTP at all\r\n\r\n")
        return False

    def on_html(self, handler, method, headers, count):
        self.head(handler, 200, {"Content-Type": "text/html", "Transfer-Encoding": "chunked"})
        handler.wfile.write(b"d\r\n<html>hi</html\r\n0\r\n\r\n"[:20])
        return False

    def on_redirect(self, handler, method, headers, count):
        return self.head(handler, 307, {"Location": "http://elsewhere.example/faulty/redirect",
                                        "Content-Length": "0"})

    def on_wrong_etag(self, handler, method, headers, count):
        if count == 1 and method == "GET":
            return self.send(handler, method, headers, keep=300000)
        return self.send(handler, method, headers, etag="0" * 32)

    def on_changed(self, handler, method, headers, count):
        if count == 1 and method == "GET":
            return self.send(handler, method, headers, keep=300000)
        return self.refuse(handler, 412, "PreconditionFailed")

    def on_ignores_range(self, handler, method, headers, count):
        keep = 300000 if count == 1 else None
        return self.send(handler, method, {}, keep=keep)

    def on_bomb(self, handler, method, headers, count):
        return self.refuse(handler, 403, "", body=BOMB)

    def on_endless_error(self, handler, method, headers, count):
        self.head(handler, 403, {"Content-Length": "99999999999"})
        while True:
            handler.wfile.write(b"<Error><Code>x" * 1000)


if __name__ == "__main__":
    service = Faulty(int(sys.argv[1]))
    print(f"faulty S3 on {service.endpoint}", flush=True)
    service.thread.join()
