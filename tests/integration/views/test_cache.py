# SPDX-License-Identifier: MIT
"""What is kept is not made again, until somebody says so; what is not kept is right all the same."""
import random

import pytest

from kit.raw import get
from kit.views import SCRIPTS, Reader, orders, plain_get, runs_become, same

CONFIG = """
{before}
bucket "shop"
access_point "shop" {{ bucket = "shop" }}
transform "numbered" {{ file = "numbered.lua" }}
object_lambda "numbered" {{ access_point = "shop", transforms = {{ "numbered" }} }}
object_lambda "uncached" {{ access_point = "shop", transforms = {{ "numbered" }}, cache = false }}
"""


@pytest.fixture
def start(server_factory):
    def start(before="", size=400_000):
        server = server_factory(config=CONFIG.format(before=before), files=SCRIPTS)
        server.s3().put_object(Bucket="shop", Key="k.csv", Body=orders(size))
        return server
    return start


def read_in_every_way(server, alias="numbered"):
    """HEAD, a range of it, all of it, all of it again."""
    reader = Reader(server, alias, "k.csv")
    length = server.s3().head_object(Bucket=f"{alias}--ol-s3", Key="k.csv")["ContentLength"]
    rng = random.Random(1)
    ranges = [sorted(rng.sample(range(length), 2)) for _ in range(20)]
    parts = [reader.part(first, last) for first, last in ranges]
    whole = reader.get()[2]
    assert len(whole) == length
    for (first, last), part in zip(ranges, parts):
        same(part, whole[first:last + 1])
    same(reader.get()[2], whole)
    return whole


def test_a_cold_head_some_ranges_and_two_reads_are_one_run(start):
    server = start()
    read_in_every_way(server)
    runs_become(server, "k.csv", 1)
    assert server.metric("objlens_view_cache_misses_total") == 1
    assert server.metric("objlens_view_cache_hits_total") >= 21
    assert server.metric("objlens_view_cache_memory_bytes") >= 400_000


@pytest.mark.parametrize("before,alias", [
    ("", "uncached"), ("view_cache { enabled = false }", "numbered"),
    ("view_cache { memory_bytes = 0 }", "numbered"),
    ('view_cache { memory_entry_bytes = "64 KiB" }', "numbered"),
    ("view_cache { enabled = false }\nview_memo { rows_max = 0 }", "numbered")],
    ids=["of-the-view", "off", "no-memory", "too-large", "nothing-is-kept"])
def test_without_a_cache_it_is_only_slower(start, before, alias):
    cached, uncached = start(), start(before)
    same(read_in_every_way(uncached, alias), read_in_every_way(cached))


def test_purge_forgets_the_bytes_and_forget_the_lengths_too(start):
    server = start()
    whole = plain_get(server, "numbered", "k.csv")
    runs_become(server, "k.csv", 1)
    assert server.admin("/-/views/purge")[0] == 404, "only by POST"
    assert server.admin("/-/views/purge", "POST") == (200, "purged\n")
    assert server.metric("objlens_view_cache_entries") == 0
    server.s3().head_object(Bucket="numbered--ol-s3", Key="k.csv")
    same(plain_get(server, "numbered", "k.csv"), whole)
    runs_become(server, "k.csv", 2)
    assert server.admin("/-/views/forget", "POST") == (200, "forgotten\n")
    assert server.s3().head_object(Bucket="numbered--ol-s3", Key="k.csv")["ContentLength"] == len(whole)
    runs_become(server, "k.csv", 3)


def test_a_range_costs_the_same_at_the_start_and_at_the_end(start):
    """Counted: a range of a kept view moves its own bytes only, through no transform."""
    server = start(size=8_000_000)
    whole = plain_get(server, "numbered", "k.csv")
    before = server.metric("objlens_transform_runs_total")
    for first in (0, len(whole) - 1000):
        answer = get(server, "/numbered--ol-s3/k.csv", headers={"Range": f"bytes={first}-{first + 999}"})
        same(answer.body, whole[first:first + 1000])
        stages = server.access_line(answer.request_id)["stages"]
        assert all(stage["bytes_in"] <= 1000 for stage in stages), stages
    assert server.metric("objlens_transform_runs_total") == before


def test_what_is_kept_is_bounded_and_what_is_asked_for_stays(start):
    server = start('view_cache { memory_bytes = "8 MiB", memory_entry_bytes = "2 MiB" }')
    for number in range(20):
        server.s3().put_object(Bucket="shop", Key=f"{number}.csv", Body=orders(1_000_000))
        for _ in range(2):
            plain_get(server, "numbered", f"{number}.csv")
        assert server.metric("objlens_view_cache_memory_bytes") <= 8 << 20
    assert server.metric("objlens_view_cache_evicted_total") + \
        server.metric("objlens_view_cache_refused_total") > 0
    for _ in range(5):
        plain_get(server, "numbered", "0.csv")  # what is asked for often comes in
    before = server.metric("objlens_transform_runs_total")
    plain_get(server, "numbered", "0.csv")
    assert server.metric("objlens_transform_runs_total") == before
