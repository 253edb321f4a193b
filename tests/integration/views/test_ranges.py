# SPDX-License-Identifier: MIT
"""Parts of a view: whatever is asked for, it is a piece of what one plain GET gives."""
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit.raw import get
from kit.views import FULL, Reader, orders, plain_get, same

PART = 5 << 20  # how large a numbered part of a view is


@pytest.fixture(scope="module")
def stored(gallery):
    gallery.s3().put_object(Bucket="shop", Key="ranges.csv", Body=orders(3_000_000))
    return gallery


def random_ranges(rng, length, count):
    """All of it, its ends, and anywhere: as many of some bytes as of some hundred thousand."""
    yield from ((0, length - 1), (0, 0), (length - 1, length - 1))
    for _ in range(count - 3):
        first = rng.randrange(length)
        yield first, min(length - 1, first + int(2 ** rng.uniform(0, 18)) - 1)


def walk(server, alias, key, count, seed):
    """Reads `count` random ranges over one connection and compares each."""
    whole, reader = plain_get(server, alias, key), Reader(server, alias, key)
    for first, last in random_ranges(random.Random(seed), len(whole), count):
        same(reader.part(first, last), whole[first:last + 1])


def test_ten_thousand_random_ranges_of_a_view_that_changes_its_length(stored):
    with ThreadPoolExecutor(4) as pool:
        walks = [pool.submit(walk, stored, "numbered", "ranges.csv", 2500, seed) for seed in range(4)]
        for one in walks:
            one.result()


def test_random_ranges_with_the_cache_off(stored):
    stored.s3().put_object(Bucket="shop", Key="uncached.csv", Body=orders(200_000))
    walk(stored, "uncached", "uncached.csv", 500 if FULL else 60, seed=11)


MALFORMED = ["bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1", "bytes=5-4", "bytes=0x10-0x20",
             "bytes=1.5-2", "bytes=--5", "bytes=-0", "bytes=+1-2", "bytes =0-1", "BYTES=0-1",
             "lines=0-1", "bytes=0-1,", "bytes=,", "bytes=0-1,3-4", "bytes=0-0,-1", "bytes=0-1-2",
             "bytes=18446744073709551616-", "bytes=0-18446744073709551616", "bytes=-18446744073709551616",
             "bytes=9223372036854775807-9223372036854775808", "0-1", "bytes=0-1;q=1", "bytes=\t0-1",
             "bytes=" + "0-0," * 500 + "1-1", "bytes=999999999-", "bytes=-999999999", "bytes=0-999999999"]


@pytest.mark.parametrize("value", MALFORMED, ids=lambda value: value[:40])
def test_a_range_of_any_kind_is_answered_as_for_an_object_with_these_bytes(stored, value):
    s3 = stored.s3()
    s3.put_object(Bucket="shop", Key="odd.csv", Body=orders(1000))
    s3.put_object(Bucket="shop", Key="odd-copy.csv", Body=plain_get(stored, "redacted", "odd.csv"))
    answers = [get(stored, path, headers={"Range": value})
               for path in ("/redacted--ol-s3/odd.csv", "/shop/odd-copy.csv")]
    view, plain = [(answer.status, answer.code, answer.headers.get("content-range"),
                    answer.body if answer.status < 300 else b"") for answer in answers]
    assert view == plain


def test_if_range_joins_only_what_belongs_together(stored):
    whole, reader = plain_get(stored, "redacted", "ranges.csv"), Reader(stored, "redacted", "ranges.csv")
    status, headers, _ = reader.get("0-9")
    assert status == 206
    assert reader.get("5-9", **{"If-Range": headers["ETag"]})[0::2] == (206, whole[5:10])
    original = stored.s3().head_object(Bucket="shop", Key="ranges.csv")["ETag"]
    for other in (original, '"0123456789abcdef-v"', f'W/{headers["ETag"]}', headers["Last-Modified"]):
        status, _, body = reader.get("5-9", **{"If-Range": other})
        assert status == 200, other
        same(body, whole)


def test_numbered_parts_put_together_are_the_view(stored):
    s3, bucket = stored.s3(), "redacted--ol-s3"
    s3.put_object(Bucket="shop", Key="parts.csv", Body=orders(14_000_000))
    whole = plain_get(stored, "redacted", "parts.csv")
    count = -(-len(whole) // PART)
    parts = [s3.get_object(Bucket=bucket, Key="parts.csv", PartNumber=n + 1) for n in range(count)]
    assert [answer["PartsCount"] for answer in parts] == [count] * count
    assert parts[0]["ContentRange"] == f"bytes 0-{PART - 1}/{len(whole)}"
    same(b"".join(answer["Body"].read() for answer in parts), whole)
    head = s3.head_object(Bucket=bucket, Key="parts.csv", PartNumber=count)
    assert head["ContentLength"] == len(whole) - PART * (count - 1)
    assert (head["PartsCount"], head["ETag"]) == (count, parts[0]["ETag"])


@pytest.mark.parametrize("query,headers,status,code", [
    ("partNumber=9", {}, 416, "InvalidPartNumber"),
    ("partNumber=0", {}, 400, "InvalidArgument"),
    ("partNumber=10001", {}, 400, "InvalidArgument"),
    ("partNumber=x", {}, 400, "InvalidArgument"),
    ("partNumber=1", {"Range": "bytes=0-1"}, 400, "InvalidRequest")])
def test_a_part_that_is_not_there(stored, query, headers, status, code):
    answer = get(stored, f"/redacted--ol-s3/ranges.csv?{query}", headers=headers)
    assert (answer.status, answer.code) == (status, code)


def test_a_view_that_depends_on_the_request_is_never_given_in_parts(stored):
    first, second = (get(stored, "/stamped--ol-s3/ranges.csv", headers={"Range": "bytes=0-9"})
                     for _ in range(2))
    for answer in (first, second):
        assert answer.status == 200
        assert not {"etag", "accept-ranges", "content-range"} & set(answer.headers)
    assert first.body != second.body, "each says when it was made"


def test_awss_way_is_there_for_those_who_want_it(stored):
    """Without AllowedFeatures AWS refuses parts; with them, the function makes them."""
    refused = get(stored, "/refusing--ol-s3/ranges.csv", headers={"Range": "bytes=0-9"})
    assert (refused.status, refused.code) == (501, "NotImplemented")
    assert get(stored, "/refusing--ol-s3/ranges.csv").status == 200
    taken = get(stored, "/taking--ol-s3/ranges.csv", headers={"Range": "bytes=2-5"})
    assert (taken.status, taken.body) == (206, b"Range is bytes=2-5")
    assert taken.headers["content-range"] == "bytes 2-5/1000"
