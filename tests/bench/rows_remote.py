# SPDX-License-Identifier: MIT
"""GET through a bucket of a remote origin, signatures checked and made, against nginx as a proxy
with keep-alive; both before the same static nginx."""
import os

from gauge.load import Cost, signed_headers, wrk
from gauge.peers import Objlens
from gauge.table import compare

SIZES = [  # name, bytes, connections, unit, goals
    ("1KiB", 1 << 10, 64, "requests", {"nginx proxy": 0.9}),
    ("64KiB", 64 << 10, 64, "requests", {"nginx proxy": 0.9}),
    ("64MiB", 64 << 20, 4, "bytes", {"nginx proxy": 1.1, "nginx proxy-unbuffered": 1.1}),
]

CONFIG = """
origin "static" {{ endpoint = "http://127.0.0.1:{port}", access_key = "AKIDEXAMPLE",
                  secret_key = "a-secret-that-nobody-checks" }}
bucket "remote" {{ origin = "static" }}
"""


def run(bench):
    folder = bench.root / "remote"
    folder.mkdir(exist_ok=True)
    objlens = Objlens(bench.folder / "objlens-remote",
                      config=CONFIG.format(port=bench.peers.upstream.port), loops=1)
    objlens.start()
    try:
        for name, size, connections, unit, goals in SIZES:
            (folder / name).write_bytes(os.urandom(size))

            def ours():
                url = f"{objlens.endpoint}/remote/{name}"
                return Cost(objlens.pid,
                            lambda: wrk(url, connections, bench.seconds, signed_headers("GET", url)))

            def peer(role):
                nginx = bench.peers.get(role)
                return lambda: Cost(nginx.pid, lambda: wrk(nginx.url(f"remote/{name}"), connections,
                                                           bench.seconds))

            runs = {"objlens": ours}
            for role in ("proxy", "proxy-unbuffered"):
                runs[f"nginx {role}"] = peer(role)
            compare(f"GET {name}, remote origin, c={connections}", runs, bench.rounds, goals, unit)
    finally:
        objlens.stop()
