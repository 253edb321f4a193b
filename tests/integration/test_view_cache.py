# SPDX-License-Identifier: MIT
"""One run for all who ask at once, on whatever loop: who began it may leave, who follows gets the
bytes as they come, and a failure is everybody's. Without a cache everything is still right."""
import base64
import contextlib
import os
import signal
import socket
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit.gate import Gate
from kit.raw import Answer, exchange, get, signed
from kit.server import INLINE, Server, wait_for
from kit.views import Reader, orders, plain_get, same

SCRIPTS = {
    "double.lua": """
return function(event, object, response)
  for chunk in object:chunks() do response:write(chunk, chunk) end
end
""",
    "late.lua": """
return function(event, object, response)
  for chunk in object:chunks() do
    response:write(chunk)
    if chunk:find("FAIL", 1, true) then error("as it was told to") end
  end
end
""",
    "early.lua": """
return function(event, object, response)
  for chunk in object:chunks() do end
  error("before anything was said")
end
""",
    "whoever.lua": """
return {
  depends = { identity = false },
  get = function(event, object, response)
    for chunk in object:chunks() do response:write(chunk:lower()) end
  end,
}
""",
    "whom.lua": """
return function(event, object, response) response:write(event.userIdentity.arn, "\\n") end
""",
}

TRANSFORMS = "".join(f'transform "{name[:-4]}" {{ file = "{name}" }}\n' for name in SCRIPTS)
VIEWS = "".join(f'object_lambda "{name[:-4]}" {{ access_point = "shop", transforms = {{ "{name[:-4]}" }} }}\n'
                for name in SCRIPTS)
PLAIN = """
bucket "shop"
access_point "shop" { bucket = "shop" }
user "ann" { access_key = "KEYOFANN00000000", secret_key = "secret-of-ann-0123456789", views = { "whoever", "whom" } }
user "bob" { access_key = "KEYOFBOB00000000", secret_key = "secret-of-bob-0123456789", views = { "whoever", "whom" } }
""" + TRANSFORMS + VIEWS
GATED = """
origin "gate" { endpoint = "ENDPOINT", access_key = "ANY", secret_key = "any-secret-of-the-origin" }
bucket "gate" { origin = "gate" }
access_point "shop" { bucket = "gate" }
""" + TRANSFORMS + VIEWS + 'object_lambda "small" { access_point = "shop", transforms = { "double" } }\n'
USERS = {"ann": ("KEYOFANN00000000", "secret-of-ann-0123456789"),
         "bob": ("KEYOFBOB00000000", "secret-of-bob-0123456789")}
BODY = orders(3_000_000)
LOOPS = os.cpu_count() or 2


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    one = Server(tmp_path_factory.mktemp("cache"), config=PLAIN, files=SCRIPTS, loops=LOOPS)
    one.start()
    yield one
    assert one.stop() == 0
    one.check_logs_hold_no_secrets()


@pytest.fixture
def gated(server_factory):
    """gated(body, at, config) → a server whose only original comes as far as a gate."""
    gates = []

    def start(body=BODY, at=None, config=""):
        gate = Gate(body, len(body) // 2 if at is None else at)
        gates.append(gate)
        server = server_factory(config=GATED.replace("ENDPOINT", gate.endpoint) + config,
                                files=SCRIPTS, loops=LOOPS)
        server.gate = gate
        return server

    yield start
    for gate in gates:
        gate.close()


def runs(server):
    return server.metric("objlens_transform_runs_total")


class Asked:
    """A GET that is under way."""

    def __init__(self, server, path, **headers):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        self.socket.sendall(signed(server, "GET", path, headers))
        self.raw = b""
        self.ended = False

    def until(self, count):
        while len(self.raw) < count and not self.ended:
            try:
                piece = self.socket.recv(1 << 18)
            except ConnectionResetError:
                piece = b""
            self.raw += piece
            self.ended = not piece
        return self

    def until_it_stalls(self):
        """All that can be there is: who makes it waits for the gate."""
        self.socket.settimeout(1)
        try:
            while not self.ended:
                self.until(len(self.raw) + 1)
        except TimeoutError:
            pass
        self.socket.settimeout(60)
        return self

    def answer(self):
        while not self.ended and not self.is_complete():
            self.until(len(self.raw) + 1)
        return Answer(self.raw)

    def is_complete(self):
        head, separator, body = self.raw.partition(b"\r\n\r\n")
        if b"chunked" in head:
            return body.endswith(b"0\r\n\r\n")
        return bool(separator) and Answer(self.raw).complete


def test_a_hundred_cold_requests_are_one_run(server):
    server.s3().put_object(Bucket="shop", Key="crowd", Body=BODY)
    view = b"".join(BODY[at:at + 65536] * 2 for at in range(0, len(BODY), 65536))
    before, start = runs(server), threading.Barrier(100)

    def ask(reader):
        reader.connection.connect()
        start.wait(60)
        return reader.get()[2]

    readers = [Reader(server, "double", "crowd") for _ in range(100)]
    with ThreadPoolExecutor(100) as pool:
        bodies = list(pool.map(ask, readers))
    assert runs(server) - before == 1
    for body in bodies:
        assert len(body) == len(view)
        same(body, bodies[0])
    assert runs(server) - before == 1


def test_everybody_streams_before_the_end(gated):
    server = gated()
    asked = [Asked(server, "/double--ol-s3/any") for _ in range(20)]
    for one in asked:
        one.until(len(BODY) // 2)  # of twice as much; the original is not through yet
    assert runs(server) == 1
    server.gate.open()
    first = asked[0].answer()
    assert first.complete and len(first.body) == 2 * len(BODY)
    for one in asked[1:]:
        same(one.answer().body, first.body)
    assert runs(server) == 1


def test_who_asked_first_leaves(gated):
    server = gated()
    first = Asked(server, "/double--ol-s3/any").until(100_000)
    others = [Asked(server, "/double--ol-s3/any").until(100_000) for _ in range(8)]
    first.socket.close()
    wait_for(lambda: server.metric("objlens_connections") == len(others), 20,
             "the first to be gone")
    server.gate.open()
    for one in others:
        answer = one.answer()
        assert answer.complete and len(answer.body) == 2 * len(BODY)
    assert runs(server) == 1


def test_a_run_ends_when_everybody_has_left(gated):
    server = gated()
    asked = [Asked(server, "/double--ol-s3/any").until(100_000) for _ in range(4)]
    for one in asked:
        one.socket.close()
    wait_for(lambda: server.metric("objlens_transform_jobs_running") == 0, 20, "the run to end")
    wait_for(lambda: server.metric("objlens_view_cache_running") == 0, 20, "its entry to go")
    server.gate.open()
    assert len(plain_get(server, "double", "any")) == 2 * len(BODY)
    assert runs(server) == 2


def test_a_failure_before_the_first_byte_is_everybodys_error(gated):
    server = gated(at=1000)
    asked = [Asked(server, "/early--ol-s3/any") for _ in range(10)]
    wait_for(lambda: server.metric("objlens_view_cache_followers_total") >= 9, 20, "all to follow")
    server.gate.open()
    for one in asked:
        answer = one.answer()
        assert (answer.status, answer.code, answer.complete) == (500, "LambdaRuntimeError", True)
    assert runs(server) == 1
    again = get(server, "/early--ol-s3/any")
    assert again.code == "LambdaRuntimeError"
    assert runs(server) == 2  # a failure is not kept


def test_a_failure_after_the_first_byte_cuts_everybody(gated):
    body = BODY[:1_500_000] + b"FAIL" + BODY[1_500_000:2_000_000]
    server = gated(body=body, at=1_000_000)
    asked = [Asked(server, "/late--ol-s3/any").until(400_000) for _ in range(10)]
    server.gate.open()
    for one in asked:
        answer = one.answer()
        assert answer.status == 200 and not answer.complete
        assert body.startswith(answer.body)
    assert runs(server) == 1
    assert not get(server, "/late--ol-s3/any").complete


@pytest.mark.skipif(INLINE, reason="it kills processes")
def test_a_host_that_dies_does_not_show(gated):
    """The run goes on in another host, behind what everybody has already. (The host of a run that
    waits for its original executes nothing, so it is not to blame.)"""
    server = gated()
    asked = [Asked(server, "/double--ol-s3/any").until(len(BODY) // 2) for _ in range(6)]
    for one in asked:
        one.until_it_stalls()
    hosts = server.hosts()
    assert hosts
    for pid in hosts:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_for(lambda: server.metric("objlens_transform_retries_total") == 1, 20, "the second try")
    server.gate.open()
    first = asked[0].answer()
    assert first.complete and len(first.body) == 2 * len(BODY)
    for one in asked[1:]:
        same(one.answer().body, first.body)
    assert runs(server) == 2


def test_a_view_that_outgrows_the_cache_is_read_to_its_end_all_the_same(gated):
    config = 'view_cache { memory_bytes = "2 MiB", memory_entry_bytes = "1 MiB" }\n'
    body = BODY[:900_000]  # the view has twice as much
    server = gated(body=body, at=300_000, config=config)
    asked = [Asked(server, "/double--ol-s3/any").until(200_000) for _ in range(4)]
    server.gate.open()
    wanted = plain_get(server, "double", "any")
    assert len(wanted) == 2 * len(body)
    for one in asked:
        answer = one.answer()
        assert answer.complete
        same(answer.body, wanted)
    assert server.metric("objlens_view_cache_outgrown_total") >= 1
    reader = Reader(server, "double", "any")
    same(reader.part(1_500_000, 1_500_099), wanted[1_500_000:1_500_100])


def test_a_range_begins_a_run_that_goes_on(gated):
    """Somebody who reads the beginning wants the rest as well: the second range finds it."""
    server = gated()
    server.gate.open()
    whole = plain_get(server, "double", "any")
    server.admin("/-/ready")
    server.stop()
    server.start()
    server.gate.shut()
    answer = Asked(server, "/double--ol-s3/any", Range="bytes=0-99999").answer()
    assert (answer.status, answer.body) == (206, whole[:100_000])
    server.gate.open()
    wait_for(lambda: server.metric("objlens_view_cache_entries") == 1
             and server.metric("objlens_view_cache_running") == 0, 20, "the view to be whole")
    rest = get(server, "/double--ol-s3/any", headers={"Range": f"bytes={len(whole) - 5}-"})
    same(rest.body, whole[-5:])
    assert runs(server) == 1


def test_the_cache_is_off(server_factory):
    server = server_factory(config=PLAIN + "view_cache { enabled = false }\n", files=SCRIPTS)
    server.s3().put_object(Bucket="shop", Key="k", Body=BODY[:300_000])
    whole = plain_get(server, "double", "k")
    assert len(whole) == 600_000
    same(plain_get(server, "double", "k"), whole)
    assert runs(server) == 2
    head = server.s3().head_object(Bucket="double--ol-s3", Key="k")
    assert head["ContentLength"] == len(whole)  # from the memo
    assert runs(server) == 2
    reader = Reader(server, "double", "k")
    for first, last in ((0, 0), (599_990, 599_999), (123_456, 234_567)):
        same(reader.part(first, last), whole[first:last + 1])
    cold = server.s3().head_object(Bucket="whoever--ol-s3", Key="k")
    same(plain_get(server, "whoever", "k"), BODY[:300_000].lower())
    assert cold["ContentLength"] == 300_000


def test_one_view_for_all_only_where_it_says_so(server):
    server.s3().put_object(Bucket="shop", Key="people", Body=b"BODY")
    tags = {}
    for view in ("whoever", "whom"):
        before = runs(server)
        for name, keys in USERS.items():
            answer = server.s3(*keys).get_object(Bucket=f"{view}--ol-s3", Key="people")
            tags[view, name] = answer["ETag"]
            body = answer["Body"].read()
            assert body == (b"body" if view == "whoever" else
                            f"arn:aws:iam::000000000000:user/{name}\n".encode())
        assert runs(server) - before == (1 if view == "whoever" else 2)
    assert tags["whoever", "ann"] == tags["whoever", "bob"]
    assert tags["whom", "ann"] != tags["whom", "bob"]


def test_checksums_are_the_views(server):
    s3 = server.s3()
    s3.put_object(Bucket="shop", Key="sums", Body=BODY[:100_000], ChecksumAlgorithm="SHA256")
    path, mode = "/double--ol-s3/sums", {"x-amz-checksum-mode": "ENABLED"}
    view = plain_get(server, "double", "sums")
    crc32 = base64.b64encode(zlib.crc32(view).to_bytes(4, "big")).decode()
    for method in ("GET", "HEAD"):
        answer = exchange(server, signed(server, method, path, mode))
        assert answer.headers["x-amz-checksum-crc32"] == crc32
        assert answer.headers["x-amz-checksum-type"] == "FULL_OBJECT"
        assert "x-amz-checksum-sha256" not in answer.headers
    for headers in ({}, {**mode, "Range": "bytes=0-9"}):
        answer = get(server, path, headers=headers)
        assert not [name for name in answer.headers if "checksum" in name]


def test_unknown_checksums_follow_the_body(gated):
    server = gated()
    headers = {"x-amz-checksum-mode": "ENABLED", "TE": "trailers"}
    asked = [Asked(server, "/double--ol-s3/any", **headers).until(100_000) for _ in range(2)]
    plain = Asked(server, "/double--ol-s3/any", TE="trailers").until(100_000)
    server.gate.open()
    for one in asked:
        while b"\r\n\r\n" not in one.raw[-200:]:
            one.until(len(one.raw) + 1)
        head, _, rest = one.raw.partition(b"\r\n\r\n")
        assert b"\r\nTrailer: x-amz-checksum-crc64nvme, x-amz-checksum-crc32" in head
        body, trailers = rest.rsplit(b"\r\n0\r\n", 1)
        fields = dict(line.split(b": ") for line in trailers.strip().split(b"\r\n"))
        view = Answer(head + b"\r\n\r\n" + body + b"\r\n0\r\n\r\n").body
        assert len(view) == 2 * len(BODY)
        assert base64.b64decode(fields[b"x-amz-checksum-crc32"]) == \
            zlib.crc32(view).to_bytes(4, "big")
    assert b"Trailer" not in plain.answer().raw[:1000]
    known = get(server, "/double--ol-s3/any", headers=headers)
    assert "trailer" not in known.headers and known.headers["x-amz-checksum-crc32"]


def test_stopping_while_a_run_is_followed(gated):
    """What is under way has its time."""
    server = gated()
    asked = [Asked(server, "/double--ol-s3/any").until(100_000) for _ in range(6)]
    server.process.send_signal(signal.SIGTERM)
    wait_for(lambda: server.admin_or_gone("/-/ready") != 200, 20, "the drain to begin")
    server.gate.open()
    for one in asked:
        answer = one.answer()
        assert answer.complete and len(answer.body) == 2 * len(BODY)
        one.socket.close()
    assert server.process.wait(60) == 0


def test_stopping_does_not_wait_for_a_run_for_ever(gated):
    server = gated(config="limits { drain_ms = 300 }\n")
    asked = [Asked(server, "/double--ol-s3/any").until(100_000) for _ in range(6)]
    lingers = Asked(server, "/late--ol-s3/any").until(1000)
    lingers.socket.close()
    server.process.send_signal(signal.SIGTERM)
    for one in asked:
        assert not one.answer().complete
    assert server.process.wait(60) == 0
