# SPDX-License-Identifier: MIT
"""GET of a bucket in a remote origin, the client's signature checked and the origin's made, against
nginx `proxy_pass` with keep-alive, both before the same static nginx, which answers
/remote/KEY with the file (GET, HEAD, Range, ETag, Content-Length: as much of S3 as a GET needs)."""
import os

from gauge.load import Cost, signed_headers, wrk
from gauge.table import compare

SIZES = [  # name, bytes, connections, unit, goals
    ("1KiB", 1 << 10, 64, "requests", {"nginx proxy": 0.9, "nginx proxy-unbuffered": 0.9}),
    ("64KiB", 64 << 10, 64, "requests", {"nginx proxy": 0.9, "nginx proxy-unbuffered": 0.9}),
    ("64MiB", 64 << 20, 4, "bytes", {"nginx proxy": 1.1, "nginx proxy-unbuffered": 1.1}),
]


def run(bench):
    folder = bench.root / "remote"
    folder.mkdir(exist_ok=True)
    for name, size, connections, unit, goals in SIZES:
        (folder / name).write_bytes(os.urandom(size))

        def ours():
            url = f"{bench.objlens.endpoint}/remote/{name}"
            return Cost(bench.objlens.pid,
                        lambda: wrk(url, connections, bench.seconds, signed_headers("GET", url)))

        def peer(role):
            nginx = bench.peers.get(role)
            url = nginx.url(f"remote/{name}")
            return lambda: Cost(nginx.pid, lambda: wrk(url, connections, bench.seconds))

        runs = {"objlens": ours}
        for role in ("proxy", "proxy-unbuffered"):
            runs[f"nginx {role}"] = peer(role)
        compare(f"GET {name}, remote origin, c={connections}", runs, bench.rounds, goals, unit)
