# SPDX-License-Identifier: MIT
"""Large bodies of a remote origin, which go from socket to socket through a pipe: they come whole to
fast and to slow readers, and a body that ends early never looks complete."""
import hashlib
import http.server
import random
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit.raw import signed

SIZE = 6_000_000
BODY = random.Random(5).randbytes(SIZE)
CONFIG = """
origin "large" {{ endpoint = "http://127.0.0.1:{port}", access_key = "ANY", secret_key = "any-secret-of-it" }}
bucket "large" {{ origin = "large" }}
"""


class Origin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 0

    def do_GET(self):
        first, last = 0, SIZE - 1
        wanted = self.headers.get("Range", "")
        if wanted:
            start, _, end = wanted.removeprefix("bytes=").partition("-")
            first, last = int(start), min(int(end or last), last)
        self.send_response(206 if wanted else 200)
        self.send_header("ETag", '"0123456789abcdef0123456789abcdef"')
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.send_header("Content-Length", str(last - first + 1))
        if wanted:
            self.send_header("Content-Range", f"bytes {first}-{last}/{SIZE}")
        self.end_headers()
        try:
            self.send_body(BODY[first:last + 1])
        except OSError:
            self.close_connection = True  # the server had enough

    def send_body(self, body):
        key = self.path.split("?")[0].rsplit("/", 1)[1]
        if key == "whole":
            self.wfile.write(body)
        elif key == "pieces":
            for start in range(0, len(body), 9_000):
                self.wfile.write(body[start:start + 9_000])
        else:  # cut: three million bytes at a time; gone: the same, and then nothing
            self.wfile.write(body[:3_000_000] if key == "cut" or len(body) == SIZE else b"")
            self.close_connection = True

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def lens(tmp_path_factory):
    from kit.server import Server
    from kit.vast import QuietServer
    origin = QuietServer(("127.0.0.1", 0), Origin)
    thread = threading.Thread(target=origin.serve_forever, daemon=True)
    thread.start()
    server = Server(tmp_path_factory.mktemp("piped"), config=CONFIG.format(port=origin.server_port))
    server.start()
    yield server
    assert server.stop() == 0, server.stderr_file.read_text()
    origin.shutdown()
    origin.server_close()


def begin(lens, key, receive_bytes=None, extra=None):
    client = socket.socket()
    if receive_bytes:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    client.settimeout(60)
    client.connect(("127.0.0.1", lens.port))
    client.sendall(signed(lens, "GET", f"/large/{key}", headers=extra or {}))
    answer = client.makefile("rb")
    status = answer.readline()
    lengths = [int(line.split(b":")[1]) for line in iter(answer.readline, b"\r\n")
               if line.lower().startswith(b"content-length:")]
    return client, answer, int(status.split()[1]), lengths[0]


def read(lens, key, step=1 << 16, receive_bytes=None):
    client, answer, status, length = begin(lens, key, receive_bytes)
    with client:
        assert (status, length) == (200, SIZE)
        out = []
        while sum(map(len, out)) < length:
            piece = answer.read(min(step, length - sum(map(len, out))))
            if not piece:
                break
            out.append(piece)
        return b"".join(out)


@pytest.mark.parametrize("key", ["whole", "pieces", "cut"])
@pytest.mark.parametrize("receive_bytes", [None, 4096])
def test_bodies_come_whole(lens, key, receive_bytes):
    assert hashlib.sha256(read(lens, key, receive_bytes=receive_bytes)).digest() == \
        hashlib.sha256(BODY).digest()


def test_many_at_once(lens):
    keys = ["whole", "pieces", "cut", "whole"] * 6
    with ThreadPoolExecutor(len(keys)) as pool:
        assert set(pool.map(lambda key: hashlib.sha256(read(lens, key)).digest(), keys)) == \
            {hashlib.sha256(BODY).digest()}


def test_a_part(lens):
    client, answer, status, length = begin(lens, "whole", extra={"Range": "bytes=1234567-4567890"})
    with client:
        assert (status, length) == (206, 4567890 - 1234567 + 1)
        assert answer.read(length) == BODY[1234567:4567891]


def test_an_end_that_comes_too_early_is_seen(lens):
    got = b""
    try:
        got = read(lens, "gone")
    except ConnectionResetError:
        pass
    assert len(got) < SIZE and BODY.startswith(got)


def test_clients_that_leave(lens):
    for step in range(12):
        client, answer, _, _ = begin(lens, ["whole", "pieces"][step % 2], 4096)
        answer.read(step * 100_000)
        client.close()
    assert read(lens, "whole") == BODY
    assert read(lens, "pieces") == BODY
