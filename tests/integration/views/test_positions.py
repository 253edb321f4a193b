# SPDX-License-Identifier: MIT
"""A transform that keeps positions: a range of a view of 10 GiB reads what it needs of the original,
and what a range cuts in two leaks neither half."""
import random
import subprocess

import pytest

from kit.raw import exchange, get, signed
from kit.server import Server
from kit.vast import LINE, SIZE, WORD, Vast, column, struck
from kit.views import FULL, SCRIPTS, Reader, link, same

CONFIG = """
origin "vast" { endpoint = "ENDPOINT", access_key = "ANY", secret_key = "any-secret-of-the-origin" }
bucket "vast" { origin = "vast" }
access_point "vast" { bucket = "vast" }
transform "strike" { file = "strike.lua" }
object_lambda "struck" { access_point = "vast", transforms = { "strike" } }
object_lambda "struck-twice" { access_point = "vast", transforms = { "strike", "strike" } }
"""


@pytest.fixture(scope="module")
def vast(tmp_path_factory):
    origin = Vast()
    server = Server(tmp_path_factory.mktemp("vast"), files=SCRIPTS,
                    config=CONFIG.replace("ENDPOINT", origin.endpoint))
    server.start()
    server.origin = origin
    yield server
    assert server.stop() == 0
    origin.close()


def cut_words(rng):
    """A range whose first and last bytes both lie within the word."""
    number = rng.randrange(SIZE // LINE - 2000)
    first = number * LINE + column(number) + rng.randrange(1, len(WORD))
    number += rng.randrange(1, 1000)
    return first, number * LINE + column(number) + rng.randrange(len(WORD) - 1)


def anywhere(rng):
    first = rng.randrange(SIZE)
    return first, min(SIZE - 1, first + int(2 ** rng.uniform(0, 17)))


def test_the_length_is_known_without_reading_it(vast):
    """A byte with its context tells what the head will be like."""
    assert vast.s3().head_object(Bucket="struck--ol-s3", Key="huge")["ContentLength"] == SIZE
    assert vast.origin.sent < 1000


@pytest.mark.parametrize("alias", ["struck", "struck-twice"])
@pytest.mark.parametrize("choose", [cut_words, anywhere])
def test_random_ranges_read_little_and_leak_nothing(vast, alias, choose):
    rng, reader = random.Random(9), Reader(vast, alias, "huge")
    for _ in range(1000 if FULL else 100):
        first, last = choose(rng)
        before = vast.origin.sent
        got = reader.part(first, last)
        same(got, struck(first, last))
        assert vast.origin.sent - before < 1 << 20
        assert not any(word in got for word in (WORD, WORD[1:4]))
        assert not (got.startswith(tuple(WORD[i:] for i in range(1, 6))) or
                    got.endswith(tuple(WORD[:i] for i in range(2, 6))))


def test_the_ends_of_the_original_are_ends_of_the_view(vast):
    reader = Reader(vast, "struck", "huge")
    for first, last in ((0, 0), (0, 2 * LINE), (SIZE - LINE, SIZE - 1), (SIZE - 1, SIZE - 1)):
        same(reader.part(first, last), struck(first, last))
    status, headers, body = reader.get("-100")
    assert (status, headers["Content-Range"]) == (206, f"bytes {SIZE - 100}-{SIZE - 1}/{SIZE}")
    same(body, struck(SIZE - 100, SIZE - 1))
    assert get(vast, "/struck--ol-s3/huge", headers={"Range": f"bytes={SIZE}-"}).status == 416


def test_curl_takes_a_piece_out_of_the_middle(vast):
    place = 7 * (1 << 30) + 13
    done = subprocess.run(["curl", "-fsS", "-r", f"{place}-{place + 9999}", link(vast, "struck", "huge")],
                          capture_output=True, timeout=60)
    same(done.stdout, struck(place, place + 9999))


def test_a_head_of_a_range_reads_nothing(vast):
    before = vast.origin.sent
    answer = exchange(vast, signed(vast, "HEAD", "/struck--ol-s3/huge", headers={"Range": "bytes=5-9"}))
    assert (answer.status, answer.headers["content-range"]) == (206, f"bytes 5-9/{SIZE}")
    assert vast.origin.sent == before
