# SPDX-License-Identifier: MIT
"""Durable PUTs: 64 at a time against one-at-a-time file-and-directory fsync on the same disk;
and what a storm of them does to readers."""
import os
import threading
import time

from gauge.load import raw_request, replayed, signed_headers, wrk
from gauge.machine import median
from gauge.table import print_fact, print_row

KEYS = 4000


def fsync_rate(folder, seconds):
    """Files a second: write, fsync, rename, fsync of the folder, one after the other."""
    folder.mkdir(exist_ok=True)
    body, count, end = os.urandom(1024), 0, time.monotonic() + seconds
    directory = os.open(folder, os.O_RDONLY)
    while time.monotonic() < end:
        new = folder / "new"
        with open(new, "wb") as out:
            out.write(body)
            out.flush()
            os.fsync(out.fileno())
        os.rename(new, folder / f"{count % 512}")
        os.fsync(directory)
        count += 1
    os.close(directory)
    return count / seconds


def puts(bench, seconds, connections=64):
    body = os.urandom(512).hex().encode()  # text: the load script separates requests by NUL
    requests = []
    for i in range(KEYS):
        url = f"{bench.objlens.endpoint}/bench/put/{i}"
        headers = signed_headers("PUT", url)
        requests.append(raw_request("PUT", url, headers, body))
    result = wrk(bench.objlens.endpoint, connections, seconds, script=replayed(requests))
    assert result["errors"] == 0, result
    return result["requests"] / result["seconds"]


def gets(bench, seconds):
    url = f"{bench.objlens.endpoint}/bench-s3alias/read"
    result = wrk(url, 4, seconds, signed_headers("GET", url))
    assert result["errors"] == 0, result
    return result["p99_ms"]


def run(bench):
    bench.put("read", os.urandom(16 << 10))
    baseline, ours = [], []
    for _ in range(bench.rounds):
        baseline.append(fsync_rate(bench.folder / "fsync", bench.seconds))
        ours.append(puts(bench, bench.seconds))
    print_row("64 concurrent durable 1 KiB PUTs, by time", "one-at-a-time fsync",
              median(ours) / median(baseline), 4.0,
              f"   [{median(ours):.0f} : {median(baseline):.0f} a second]")
    quiet, stormy = [], []
    for _ in range(bench.rounds):
        quiet.append(gets(bench, bench.seconds))
        storm = threading.Thread(target=puts, args=(bench, bench.seconds + 2, 32))
        storm.start()
        time.sleep(1)  # the storm signs its requests first
        stormy.append(gets(bench, bench.seconds))
        storm.join()
    ratio = median(stormy) / median(quiet)
    print_fact("p99 of GETs in a storm of PUTs, times quiet",
               f"{ratio:.2f}x [{median(quiet):.2f} -> {median(stormy):.2f} ms], goal at most 3x",
               ratio <= 3)
