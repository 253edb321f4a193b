# SPDX-License-Identifier: MIT
"""Views that are kept: hits in memory and on disk against nginx serving the same file itself; ranges
at both ends of a kept view; how often a view that many ask for is made; and what a range of a view
that keeps positions reads of an original of 10 GiB."""
import random
import threading
from concurrent.futures import ThreadPoolExecutor

from gauge.load import Cost, signed_headers, wrk
from gauge.machine import CORES
from gauge.peers import Objlens
from gauge.table import compare, print_fact
from kit.server import Server
from kit.vast import SIZE as VAST_SIZE
from kit.vast import Vast, struck
from kit.views import SCRIPTS, Reader, orders

HITS = [  # name, bytes, connections, unit, goal
    ("1KiB", 1 << 10, 64, "requests", 0.5),
    ("64KiB", 64 << 10, 64, "requests", 0.8),
    ("1MiB", 1 << 20, 8, "bytes", 0.8),
    ("64MiB", 64 << 20, 4, "bytes", 0.8),
]

CONFIG = """
{before}
bucket "bench"
access_point "bench" {{ bucket = "bench" }}
transform "numbered" {{ file = "numbered.lua" }}
object_lambda "kept" {{ access_point = "bench", transforms = {{ "pii" }} }}
object_lambda "numbered" {{ access_point = "bench", transforms = {{ "numbered" }} }}
"""
MEMORY = 'view_cache { memory_bytes = "256 MiB", memory_entry_bytes = "128 MiB" }'
DISK = 'view_cache {{ memory_bytes = "{}", memory_entry_bytes = "1 MiB", disk = "{}" }}'

VAST = """
origin "vast" {{ endpoint = "{}", access_key = "ANY", secret_key = "any-secret-of-the-origin" }}
bucket "vast" {{ origin = "vast" }}
access_point "vast" {{ bucket = "vast" }}
transform "strike" {{ file = "strike.lua" }}
object_lambda "struck" {{ access_point = "vast", transforms = {{ "strike" }} }}
"""


def started(bench, name, before, loops=1, kind=Objlens):
    server = kind(bench.folder / name, config=CONFIG.format(before=before), files=SCRIPTS, loops=loops)
    server.start()
    return server


def reads(bench, server, name, connections, byte_range=None):
    """GETs of the view as often as it goes; each is a hit."""
    def run():
        url = f"{server.endpoint}/kept--ol-s3/{name}"
        headers = signed_headers("GET", url)
        if byte_range:
            headers["Range"] = byte_range
        return Cost(server.pid, lambda: wrk(url, connections, bench.seconds, headers))
    return run


def static(bench, name, connections):
    nginx = bench.peers.get("static")
    return lambda: Cost(nginx.pid, lambda: wrk(nginx.url(name), connections, bench.seconds))


def store(bench, server, name, size):
    """Bytes in which `pii` finds nothing: nginx serves the very view."""
    body = bytes(random.Random(size).choices(b"abcdefghijklmnop \n", k=1 << 16)) * -(-size // (1 << 16))
    (bench.root / name).write_bytes(body[:size])
    server.s3().put_object(Bucket="bench", Key=name, Body=body[:size])
    for _ in range(3):
        got = server.s3().get_object(Bucket="kept--ol-s3", Key=name)["Body"].read()
        assert got == body[:size]


def only_hits(server, runs_before):
    runs = server.metric("objlens_transform_runs_total") - runs_before
    print_fact("  runs of the transform meanwhile", int(runs), runs == 0)


def run_hits(bench):
    server = started(bench, "memory", MEMORY)
    try:
        for name, size, connections, unit, goal in HITS:
            store(bench, server, name, size)
            before = server.metric("objlens_transform_runs_total")
            compare(f"view from memory, {name}, c={connections}",
                    {"objlens": reads(bench, server, name, connections),
                     "nginx static": static(bench, name, connections)},
                    bench.rounds, {"nginx static": goal}, unit)
            only_hits(server, before)
        last = (64 << 20) - 1
        compare("64 KiB at the end of a kept view of 64 MiB, c=64",
                {"objlens": reads(bench, server, "64MiB", 64, f"bytes={last - 65535}-{last}"),
                 "the same at its start": reads(bench, server, "64MiB", 64, "bytes=0-65535")},
                bench.rounds, {"the same at its start": 0.95})
    finally:
        server.stop()


def run_disk(bench):
    """Too large for memory as a whole: with room for its blocks there, and with room for a part."""
    for memory in ("256 MiB", "16 MiB"):
        server = started(bench, f"disk {memory[:-4]}", DISK.format(memory, bench.folder / "views"))
        try:
            store(bench, server, "64MiB", 64 << 20)
            before = server.metric("objlens_transform_runs_total")
            compare(f"view from disk, 64 MiB, {memory} of memory, c=4",
                    {"objlens": reads(bench, server, "64MiB", 4),
                     "nginx static": static(bench, "64MiB", 4)},
                    bench.rounds, {"nginx static": 0.5}, "bytes")
            only_hits(server, before)
        finally:
            server.stop()


def run_crowd(bench):
    """A hundred clients, as many loops as cores, one view that nobody has asked for before."""
    server = started(bench, "crowd", MEMORY, loops=len(CORES), kind=Server)
    try:
        counts = []
        for number in range(bench.rounds):
            server.s3().put_object(Bucket="bench", Key=f"crowd{number}", Body=orders(4_000_000))
            before, gate = server.metric("objlens_transform_runs_total"), threading.Barrier(100)

            def ask(_):
                reader = Reader(server, "numbered", f"crowd{number}")
                reader.connection.connect()
                gate.wait(60)
                return len(reader.get()[2])

            with ThreadPoolExecutor(100) as pool:
                assert len(set(pool.map(ask, range(100)))) == 1
            counts.append(int(server.metric("objlens_transform_runs_total") - before))
        print_fact("100 parallel cold requests, runs of the transform", counts, max(counts) == 1)
    finally:
        server.stop()


def run_positions(bench):
    origin = Vast()
    server = Server(bench.folder / "vast", config=VAST.format(origin.endpoint), files=SCRIPTS)
    server.start()
    try:
        rng, reader, read = random.Random(3), Reader(server, "struck", "huge"), []
        for _ in range(100):
            first = rng.randrange(VAST_SIZE - 65536)
            before = server.metric("objlens_origin_bytes_in_total")
            assert reader.part(first, first + 65535) == struck(first, first + 65535)
            read.append(int(server.metric("objlens_origin_bytes_in_total") - before))
        print_fact("64 KiB ranges, positions kept, of 10 GiB: bytes read, most", max(read),
                   max(read) < 1 << 20)
    finally:
        server.stop()
        origin.close()


def run(bench):
    run_hits(bench)
    run_disk(bench)
    run_crowd(bench)
    run_positions(bench)
