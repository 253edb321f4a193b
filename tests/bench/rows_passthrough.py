# SPDX-License-Identifier: MIT
"""GET through an access point from the embedded store, signatures checked, against nginx
serving the same files itself (static) and from another nginx (proxy: 64 KiB buffers, and
without buffering; "best" is whichever does better)."""
import os

from gauge.load import Cost, signed_headers, wrk
from gauge.table import compare

SIZES = [  # name, bytes, connections, unit, goals
    ("1KiB", 1 << 10, 64, "requests", {"nginx proxy": 1.3, "nginx static": 0.5}),
    ("64KiB", 64 << 10, 64, "requests", {"nginx static": 0.75}),
    ("1MiB", 1 << 20, 8, "bytes", {"nginx proxy": 1.1, "nginx proxy-unbuffered": 1.1}),
    ("64MiB", 64 << 20, 4, "bytes", {"nginx proxy": 1.1, "nginx proxy-unbuffered": 1.1}),
]


def run(bench):
    for name, size, connections, unit, goals in SIZES:
        bench.put(name, os.urandom(size))

        def ours():
            url = f"{bench.objlens.endpoint}/bench-s3alias/{name}"
            return Cost(bench.objlens.pid,
                        lambda: wrk(url, connections, bench.seconds, signed_headers("GET", url)))

        def peer(role):
            nginx = bench.peers.get(role)
            return lambda: Cost(nginx.pid, lambda: wrk(nginx.url(name), connections, bench.seconds))

        runs = {"objlens": ours}
        for role in ("static", "proxy", "proxy-unbuffered"):
            runs[f"nginx {role}"] = peer(role)
        compare(f"GET {name}, access point, c={connections}", runs, bench.rounds, goals, unit)
