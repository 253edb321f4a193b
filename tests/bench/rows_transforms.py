# SPDX-License-Identifier: MIT
"""Views against nginx with Lua body filters and a function in Node.js, over the same files served by the
peers themselves: the kindest case for them, which then have no upstream to read from."""
import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile

from gauge.load import Cost, signed_headers, wrk
from gauge.machine import LOAD_CORE, pinned
from gauge.table import compare, print_fact
from kit.server import BUILD


def view(bench, olap, name, connections):
    def run():
        url = f"{bench.objlens.endpoint}/{olap}--ol-s3/{name}"
        return Cost(bench.objlens.pid,
                    lambda: wrk(url, connections, bench.seconds, signed_headers("GET", url)))
    return run


def peer(bench, role, name, connections):
    server = bench.peers.get(role)
    return lambda: Cost(server.pid, lambda: wrk(server.url(name), connections, bench.seconds))


def run_identity(bench):
    for name, size, connections, unit in [("id-64KiB", 64 << 10, 64, "requests"),
                                          ("id-64MiB", 64 << 20, 4, "bytes")]:
        bench.put(name, os.urandom(size))
        compare(f"identity Lua view {name[3:]}, c={connections}",
                {"objlens": view(bench, "identity", name, connections),
                 "nginx body_filter_by_lua": peer(bench, "lua-identity", name, connections)},
                bench.rounds, {"nginx body_filter_by_lua": 1.0}, unit)


WORDS = ("lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor "
         "incididunt ut labore et dolore magna aliqua").split()
FOUND = ["ada.lovelace@example.com", "212-34-5678", "4111 1111 1111 1111", "10.20.30.40",
         "202-555-0143"]


def text_with_matches(size, every=1000):
    """Plain words, one match of the five kinds every `every` bytes."""
    rng = random.Random(7)
    out, length, due, count = [], 0, every, 0
    while length < size:
        if length >= due:
            word, due = FOUND[count % len(FOUND)], due + every
            count += 1
        else:
            word = rng.choice(WORDS)
        out.append(word)
        length += len(word) + 1
        if len(out) % 12 == 0:
            out[-1] += "\n"
    return " ".join(out).encode(), count


def missed(text):
    return sum(len(re.findall(re.escape(kind.encode()), text)) for kind in FOUND)


def run_pii(bench):
    body, count = text_with_matches(16 << 20)
    bench.put("text", body)
    got = bench.objlens.s3().get_object(Bucket="redacted--ol-s3", Key="text")["Body"].read()
    replaced = len(re.findall(rb"\[(EMAIL_ADDRESS|US_SSN|CREDIT_CARD|IP_ADDRESS|PHONE_NUMBER)\]", got))
    print_fact(f"pii: {count} matches in 16 MiB, missed", f"{missed(got)} (replaced {replaced})",
               missed(got) == 0 and replaced == count)
    import urllib.request
    with urllib.request.urlopen(bench.peers.get("lua-redact").url("text")) as answer:
        print_fact("  nginx ngx.re.gsub on the same text, missed", missed(answer.read()))
    runs = {"objlens": view(bench, "redacted", "text", 4), "nginx ngx.re.gsub": peer(bench, "lua-redact", "text", 4)}
    goals = {"nginx ngx.re.gsub": 10.0}
    if shutil.which("node"):
        runs["a Node function"], goals["a Node function"] = peer(bench, "node-redact", "text", 4), 25.0
    else:
        print_fact("pii against a Node function", "left out: no node here")
    compare("pii view 16 MiB, one match a 1000 bytes, c=4", runs, bench.rounds, goals, "bytes")


def run_pii_speed(_):
    """The engine against memchr over the same 64 MiB: clean text, one match a 1000 bytes, one a 100."""
    with tempfile.TemporaryDirectory() as folder:
        for name, every, goal in [("no match", 1 << 40, 5.0), ("one match a 1000 bytes", 1000, 4.0),
                                  ("one match a 100 bytes", 100, 1.4)]:
            path = pathlib.Path(folder) / "text"
            path.write_bytes(text_with_matches(64 << 20, every)[0])
            line = subprocess.run(pinned(LOAD_CORE, [BUILD / "tests/bench/pii_speed", path]), check=True,
                                  capture_output=True, text=True).stdout
            percent = float(re.search(r"([0-9.]+) %", line)[1])
            print_fact(f"pii engine, {name}: percent of memchr", f"{percent:.1f} (goal {goal})", percent >= goal)
