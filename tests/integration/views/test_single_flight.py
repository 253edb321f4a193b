# SPDX-License-Identifier: MIT
"""Many ask for one view that nobody has yet: it is made once, and each gets it as it comes."""
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit.aws import client, key_of, user
from kit.gate import Gate
from kit.raw import Answer, exchange, signed
from kit.server import wait_for
from kit.views import SCRIPTS, Reader, orders, plain_get, runs_become, same

CONFIG = """
origin "gate" { endpoint = "ENDPOINT", access_key = "ANY", secret_key = "any-secret-of-the-origin" }
bucket "gate" { origin = "gate" }
access_point "gate" { bucket = "gate" }
transform "numbered" { file = "numbered.lua" }
object_lambda "numbered" { access_point = "gate", transforms = { "numbered" } }
"""
BODY = orders(4_000_000)


def numbered(body):
    return b"".join(b"%d: %s\n" % (n, line) for n, line in enumerate(body.splitlines(), 1))


VIEW = numbered(BODY)


@pytest.fixture
def gated(server_factory):
    """The original comes as far as its half."""
    gate = Gate(BODY, len(BODY) // 2)
    server = server_factory(config=CONFIG.replace("ENDPOINT", gate.endpoint), files=SCRIPTS)
    server.gate = gate
    yield server
    gate.close()


class Asked:
    """A GET that is under way: what has come so far, and the rest when it is there."""

    def __init__(self, server, **headers):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        self.socket.sendall(signed(server, "GET", "/numbered--ol-s3/any.csv", headers))
        self.raw = b""

    def until(self, count):
        while len(self.raw) < count:
            self.raw += self.socket.recv(1 << 18)

    def answer(self):
        while not (b"\r\n\r\n" in self.raw and Answer(self.raw).complete):
            self.until(len(self.raw) + 1)
        return Answer(self.raw)


def test_a_hundred_cold_requests_on_every_loop_are_one_run(gallery):
    gallery.s3().put_object(Bucket="shop", Key="crowd.csv", Body=BODY)
    start = threading.Barrier(100)

    def ask(reader):
        reader.connection.connect()
        start.wait(60)
        return reader.get()[2]

    readers = [Reader(gallery, "numbered", "crowd.csv") for _ in range(100)]
    with ThreadPoolExecutor(100) as pool:
        for body in pool.map(ask, readers):
            same(body, VIEW)
    runs_become(gallery, "crowd.csv", 1)


def test_everybody_streams_while_it_is_being_made(gated):
    asked = [Asked(gated) for _ in range(10)]
    for one in asked:
        one.until(len(VIEW) // 3)  # and the original is not through yet
    gated.gate.open()
    for one in asked:
        same(one.answer().body, VIEW)
    runs_become(gated, "any.csv", 1)


def test_a_range_ahead_waits_for_the_stream_and_not_for_the_end(gated):
    gated.gate.open()
    assert gated.s3().head_object(Bucket="numbered--ol-s3", Key="any.csv")["ContentLength"] == len(VIEW)
    gated.stop()  # what was learned is kept, what was cached is not
    gated.start()
    gated.gate.shut()
    whole, behind = Asked(gated), Asked(gated, Range=f"bytes={len(VIEW) - 9}-")
    early = Asked(gated, Range="bytes=900000-1400000").answer()
    assert early.status == 206
    same(early.body, VIEW[900_000:1_400_001])
    gated.gate.open()
    same(behind.answer().body, VIEW[-9:])
    same(whole.answer().body, VIEW)


def test_who_asked_first_may_leave(gated):
    first, second = Asked(gated), None
    first.until(100_000)
    second = Asked(gated)
    second.until(100_000)
    first.socket.close()
    third = Asked(gated)
    gated.gate.open()
    for one in (second, third):
        same(one.answer().body, VIEW)
    runs_become(gated, "any.csv", 1)


def test_when_all_have_left_the_next_one_gets_it_whole(gated):
    asked = [Asked(gated) for _ in range(3)]
    for one in asked:
        one.until(100_000)
        one.socket.close()
    wait_for(lambda: gated.metric("objlens_connections") == 0, 20, "the connections to be closed")
    gated.gate.open()
    same(plain_get(gated, "numbered", "any.csv"), VIEW)


def test_a_run_that_fails_fails_for_all_and_leaves_nothing(gallery):
    gallery.s3().put_object(Bucket="shop", Key="fails.txt", Body=b"x" * 500_000 + b"FAIL")
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: exchange(
            gallery, signed(gallery, "GET", "/failing--ol-s3/fails.txt")), range(20)))
    assert not any(answer.complete and answer.status == 200 for answer in answers)
    gallery.s3().put_object(Bucket="shop", Key="fails.txt", Body=b"x" * 500_000)
    same(plain_get(gallery, "failing", "fails.txt"), b"x" * 500_000)


def test_what_one_may_see_another_is_never_given(server_factory):
    allow = 'views = { "greeted" }'
    server = server_factory(files={"greet.lua": """
return function(event, object, response) response:write("for ", event.userIdentity.arn) end
"""}, config=f"""
bucket "shop"
access_point "shop" {{ bucket = "shop" }}
transform "greet" {{ file = "greet.lua" }}
object_lambda "greeted" {{ access_point = "shop", transforms = {{ "greet" }} }}
{user("ann", allow)}{user("bob", allow)}{user("eve")}""")
    server.s3().put_object(Bucket="shop", Key="k", Body=b"x")
    seen = {name: client(server, credentials=key_of(name)).get_object(
        Bucket="greeted--ol-s3", Key="k") for name in ("ann", "bob", "ann")}
    assert seen["ann"]["Body"].read().endswith(b"user/ann")
    assert seen["bob"]["Body"].read().endswith(b"user/bob")
    assert seen["ann"]["ETag"] != seen["bob"]["ETag"]
    eve = exchange(server, signed(server, "GET", "/greeted--ol-s3/k", {"If-None-Match": seen["ann"]["ETag"]},
                                  access_key=key_of("eve")[0], secret_key=key_of("eve")[1]))
    assert (eve.status, eve.code) == (403, "AccessDenied")
