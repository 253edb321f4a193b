# SPDX-License-Identifier: MIT
"""The memory of a running server: data keys stand in the locked area that core files leave out, and
nowhere else; what came over the wire is wiped; no plaintext of an object is ever in that area."""
import base64
import hashlib
import os
import pathlib
import re
import socket
import ssl

import pytest

from encryption.kms_server import forget, start, under
from encryption.mock_kms import ACCOUNT, SECRET, MockKms
from kit.authority import Authority
from kit.raw import exchange, signed
from kit.server import ACCESS_KEY, SECRET_KEY, Server, free_port, wait_for
from test_post_form import ANY, BOUNDARY, body_of, fields_for

MARK = b"plaintext-of-an-object-" * 300
MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) ")


class Memory:
    """Every readable, writable mapping of a process as it is now."""

    def __init__(self, pid):
        self.parts = []  # (bytes, flags)
        ranges, flags = [], {}
        for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
            if found := MAPPING.match(line):
                ranges.append((int(found[1], 16), int(found[2], 16), found[3]))
            elif line.startswith("VmFlags:"):
                flags[ranges[-1][0]] = line.split()[1:]
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            for first, last, mode in ranges:
                if mode.startswith("rw") and last - first < 1 << 34:
                    self.read(memory, first, last, flags.get(first, []))

    def read(self, memory, first, last, flags):
        step = 1 << 24
        for at in range(first, last, step):
            try:
                memory.seek(at)
                self.parts.append((memory.read(min(step, last - at)), flags))
            except OSError:
                pass  # never touched

    def flags_of(self, text):
        return [flags for data, flags in self.parts if text in data]

    def secret_parts(self):
        return [data for data, flags in self.parts if "lo" in flags and "dd" in flags]


@pytest.fixture
def mock():
    mock = MockKms()
    mock.new_key("k1")
    mock.given = []
    real = mock.operate

    def operate(operation, asked):
        answer = real(operation, asked)
        if "Plaintext" in answer:
            mock.given.append(answer["Plaintext"])
        return answer
    mock.operate = operate
    yield mock
    mock.close()


def memory_of(server):
    try:
        return Memory(server.process.pid)
    except PermissionError:
        pytest.skip("the memory of another process cannot be read here (ptrace)")


def is_locked_only(memory, key):
    found = memory.flags_of(key)
    return all("lo" in flags and "dd" in flags for flags in found)


def text_is_gone(server, texts):
    """Buffers of connections may take a moment to be given back."""
    memory = memory_of(server)
    return not any(memory.flags_of(text.encode()[:40]) for text in texts)


def test_where_data_keys_are(tmp_path, mock):
    server = start(tmp_path, mock, 'bucket "keys-bucket"', loops=1)
    s3 = server.s3()
    s3.put_object(Bucket="keys-bucket", Key="x", Body=MARK, **under(ACCOUNT + "key/k1"))
    forget(server)
    assert s3.get_object(Bucket="keys-bucket", Key="x")["Body"].read() == MARK
    assert len(set(mock.given)) == 1 and len(mock.given) == 2
    key = base64.b64decode(mock.given[0])
    memory = memory_of(server)
    assert memory.flags_of(key), "remembered, so it must be somewhere: else this test sees nothing"
    assert is_locked_only(memory, key)
    wait_for(lambda: text_is_gone(server, mock.given), 10, "the text of the answers to be wiped")
    assert memory.secret_parts() and not any(MARK[:46] in part for part in memory.secret_parts())
    # Credentials of the KMS stand where the configuration is, wiped with it, and never in a core file.
    assert pathlib.Path(f"/proc/{server.process.pid}/limits").read_text().split(
        "Max core file size")[1].split()[0] == "0"
    forget(server)
    wait_for(lambda: not memory_of(server).flags_of(key), 10, "the key to be gone")
    assert server.stop() == 0


def test_the_local_keyring(tmp_path):
    """Master keys: text of the file nowhere, the material in locked memory alone."""
    server = Server(tmp_path, 'bucket "keys-bucket"', loops=1)
    server.start()
    s3 = server.s3()
    s3.put_object(Bucket="keys-bucket", Key="x", Body=MARK, ServerSideEncryption="AES256")
    assert s3.get_object(Bucket="keys-bucket", Key="x")["Body"].read() == MARK
    version = next(line for line in (server.data / "keyring").read_text().splitlines()
                   if line.startswith("version "))
    text = version.split()[-1]
    memory = memory_of(server)
    assert memory.flags_of(base64.b64decode(text)) and is_locked_only(memory, base64.b64decode(text))
    assert not memory.flags_of(text.encode()[:40])
    assert not any(MARK[:46] in part for part in memory.secret_parts())
    assert server.stop() == 0


class Trio:
    """A customer's key and the headers that bear it."""

    def __init__(self):
        self.key = os.urandom(32)
        self.text = base64.b64encode(self.key)
        self.headers = {"x-amz-server-side-encryption-customer-algorithm": "AES256",
                        "x-amz-server-side-encryption-customer-key": self.text.decode(),
                        "x-amz-server-side-encryption-customer-key-MD5":
                            base64.b64encode(hashlib.md5(self.key).digest()).decode()}

    def is_nowhere(self, server):
        return not memory_of(server).flags_of(self.text[:40])

    def wait_until_gone(self, server, what):
        wait_for(lambda: self.is_nowhere(server), 10, f"the text of {what} to go")
        assert is_locked_only(memory_of(server), self.key)


def test_keys_of_customers(tmp_path):
    """Sent where they are used, where they are refused, and where they mean nothing: the text and the
    key are gone when the request is over."""
    server = Server(tmp_path, 'bucket "keys-bucket"\nsse_c_over_http = true', loops=1)
    server.start()
    trio = Trio()
    asked = [("PUT", "/keys-bucket/x", {}, 200), ("GET", "/keys-bucket/x", {}, 200),
             ("PUT", "/keys-bucket/y", {"secret_key": "wrong"}, 403),
             ("GET", "/keys-bucket?list-type=2", {}, 200), ("DELETE", "/keys-bucket/none", {}, 204),
             ("GET", "/no-such-bucket/x", {}, 404)]
    for method, path, how, status in asked:
        body = MARK if method == "PUT" else b""
        answer = exchange(server, signed(server, method, path, headers=trio.headers, body=body, **how))
        assert answer.status == status, (method, path, answer.body)
        trio.wait_until_gone(server, f"{method} {path}")
    assert server.stop() == 0


class Sender:
    """A client that knows when the server has read what it sent."""

    def __init__(self, server, port, authority=None):
        self.server = server
        self.tcp = self.stream = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.own_line = re.compile(rf"[0-9A-F]{{8}}:{port:04X} [0-9A-F]{{8}}:{self.tcp.getsockname()[1]:04X} "
                                   r"[0-9A-F]{2} [0-9A-F]{8}:([0-9A-F]{8}) ")
        if authority:
            self.stream = ssl.create_default_context(cafile=str(authority.cert)).wrap_socket(
                self.tcp, server_hostname="localhost")

    def is_read(self):
        # A search, not a split of each line: there are thousands of connections that have ended.
        found = self.own_line.search(pathlib.Path("/proc/net/tcp").read_text())
        return bool(found) and int(found.group(1), 16) == 0

    def send(self, *pieces):
        for piece in pieces:
            self.stream.sendall(piece)
            wait_for(self.is_read, 20, "the server to read")

    def answers(self, count):
        raw = b""
        while raw.count(b"HTTP/1.1 ") < count:
            more = self.stream.recv(1 << 16)
            assert more, raw
            raw += more
        return [int(part[:3]) for part in raw.split(b"HTTP/1.1 ")[1:]]


@pytest.fixture(scope="module")
def listening(tmp_path_factory):
    """One server, two ways in: (server, [(port, authority)])."""
    folder = tmp_path_factory.mktemp("keys")
    authority, port = Authority(folder / "ca", "authority"), free_port()
    certificate, key = authority.issue("own", "/CN=own", "DNS:localhost")
    server = Server(folder, f'''bucket "keys-bucket"
sse_c_over_http = true
limits {{ http = {{ header_timeout_ms = 120000 }} }}
listen {{ "127.0.0.1:{port}", certificate = "{certificate}", key = "{key}" }}''', loops=1)
    server.start()
    yield server, {"plain": (server.port, None), "TLS": (port, authority)}
    assert server.stop() == 0


def cut(request, length):
    head = request.index(b"\r\n\r\n")
    return [request[:head][at:at + length] for at in range(0, head, length)] + [request[head:]]


@pytest.mark.parametrize("way", ["plain", "TLS"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("length", [7, 50, 400])
def test_keys_of_customers_whose_heads_come_in_pieces(listening, way, method, length):
    server, ways = listening
    trio, sender = Trio(), Sender(server, *ways[way])
    sender.send(*cut(signed(server, method, f"/keys-bucket/{method}", headers=trio.headers,
                            body=MARK if method == "PUT" else b""), length))
    assert sender.answers(1) == [200 if method == "PUT" else 404]
    trio.wait_until_gone(server, "a head in pieces")


@pytest.mark.parametrize("way", ["plain", "TLS"])
def test_keys_of_customers_behind_another_request(listening, way):
    """Some wait copied, some where they were read."""
    server, ways = listening
    trio, sender = Trio(), Sender(server, *ways[way])
    ask = signed(server, "GET", "/keys-bucket/none", headers=trio.headers)
    first = signed(server, "GET", "/keys-bucket/none")
    sender.send(first + ask)
    assert sender.answers(2) == [404, 404]
    sender.send(first + 6 * ask)
    assert sender.answers(7) == [404] * 7
    trio.wait_until_gone(server, "pipelined heads")


@pytest.mark.parametrize("way", ["plain", "TLS"])
@pytest.mark.parametrize("broken", [b"no header\r\n\r\n", b"x: " + b"y" * 100_000], ids=["malformed", "too long"])
def test_keys_of_customers_in_refused_heads(listening, way, broken):
    server, ways = listening
    for pieces in (1, 2):
        trio, sender = Trio(), Sender(server, *ways[way])
        ask = signed(server, "GET", "/keys-bucket/none", headers=trio.headers)[:-2]
        if pieces == 1:
            sender.stream.sendall(ask + broken)
        else:
            sender.send(ask)
            sender.stream.sendall(broken)
        assert sender.answers(1)[0] in (400, 431)
        trio.wait_until_gone(server, "a refused head")


@pytest.mark.parametrize("way", ["plain", "TLS"])
def test_keys_of_customers_who_hang_up(listening, way):
    server, ways = listening
    trio, sender = Trio(), Sender(server, *ways[way])
    sender.send(signed(server, "GET", "/keys-bucket/none", headers=trio.headers)[:-2])
    wait_for(lambda: not trio.is_nowhere(server), 10, "the server to hold it, else this test sees nothing")
    sender.stream.close()
    trio.wait_until_gone(server, "half a head")


def test_keys_of_customers_that_an_origin_is_told(listening, tmp_path):
    """Over TLS alone. Its connection stays open, for whoever asks next."""
    store, ways = listening
    port, authority = ways["TLS"]
    server = Server(tmp_path, f'''
origin "other" {{ endpoint = "https://localhost:{port}", ca = "{authority.cert}", access_key = "{ACCESS_KEY}",
                  secret_key = "{SECRET_KEY}" }}
sse_c_over_http = true
bucket "keys-bucket" {{ origin = "other" }}''', loops=1)
    server.start()
    trio = Trio()
    for method, key in (("PUT", trio), ("GET", trio), ("GET", Trio())):
        body = MARK if method == "PUT" else b""
        answer = exchange(server, signed(server, method, "/keys-bucket/of-an-origin", headers=key.headers, body=body))
        assert answer.status == (200 if key is trio else 403), answer.body
        key.wait_until_gone(server, f"{method} of an origin")
        key.wait_until_gone(store, f"{method} at the origin")
    assert server.stop() == 0


def form_head(server, path, body):
    return (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: {len(body)}\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n").encode()


@pytest.mark.parametrize("way", ["plain", "TLS"])
@pytest.mark.parametrize("end", ["kept", "refused", "malformed", "hung up"])
def test_keys_of_customers_in_forms(listening, way, end):
    server, ways = listening
    trio, sender = Trio(), Sender(server, *ways[way])
    fields = fields_for([*ANY, *(["starts-with", f"${name}", ""] for name in trio.headers)], bucket="keys-bucket",
                        key=f"form-{way}", **trio.headers)
    if end == "refused":
        fields["x-amz-signature"] = "0" * 64
    body = body_of(fields, MARK)
    if end == "malformed":
        body = body.replace(b'name="file"', b'name=', 1)
    sent = form_head(server, "/keys-bucket", body) + body
    if end == "hung up":
        sender.send(sent[:sent.index(trio.text) + 44 + 100])
        wait_for(lambda: not trio.is_nowhere(server), 10, "the server to hold it, else this test sees nothing")
        sender.stream.close()
    else:
        sender.stream.sendall(sent)
        assert sender.answers(1) == [{"kept": 204, "refused": 403, "malformed": 400}[end]]
    trio.wait_until_gone(server, f"a form that was {end}")


@pytest.mark.parametrize("way", ["plain", "TLS"])
@pytest.mark.parametrize("pieces", [1, 2])
def test_keys_of_customers_in_forms_that_nobody_reads(listening, way, pieces):
    """Refused for their head, or for what stands in front of the key."""
    server, ways = listening
    trio = Trio()
    whole = body_of({"first": "x", **trio.headers}, MARK)
    for path, body, status in (("/keys-bucket/no-form", whole, 405),
                               ("/keys-bucket", whole.replace(b'name="first"', b"name=", 1), 400)):
        sender = Sender(server, *ways[way])
        head, at = form_head(server, path, body), body.index(trio.text) - 200
        sender.send(*([head + body] if pieces == 1 else [head + body[:at], body[at:]]))
        assert sender.answers(1) == [status]
        trio.wait_until_gone(server, "a form that nobody reads")
