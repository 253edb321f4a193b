# SPDX-License-Identifier: MIT
"""What the hop to a host costs: the same transforms in a process and inline (on a thread of the server),
and what a request without any takes. Latencies are of one connection; each row says p50 and p99."""
import hashlib
import http.client
import os
import pathlib
import subprocess
import time

from gauge.load import Cost, signed_headers, wrk
from gauge.machine import LOAD_CORE, SERVER_CORE, median, percentile
from gauge.peers import Objlens
from gauge.table import print_fact

HERE = pathlib.Path(__file__).parent
THREE = """local json, csv, re = require "objlens.json", require "objlens.csv", require "objlens.re"
return function(event, object, response) response:write("light") end
"""


def plugin(folder):
    so = folder / "steady.so"
    subprocess.run(["cc", "-O2", "-fPIC", "-shared", "-I", HERE.parents[1] / "include", "-o", so, HERE / "steady.c"],
                   check=True)
    so.chmod(0o755)
    return hashlib.sha256(so.read_bytes()).hexdigest()


def config(folder, digest):
    lines = ['bucket "bench"', 'access_point "bench" { bucket = "bench" }', 'limits { slot_bytes = "64KiB" }',
             f'plugins {{ folders = {{ "{folder}" }} }}']
    for way in ("process", "inline"):
        for name, code in (("steady", f'plugin = "steady", sha256 = "{digest}"'), ("three", 'file = "three.lua"')):
            lines += [f'transform "{name}_{way}" {{ {code}, share = "all", isolation = "{way}" }}',
                      f'object_lambda "{name}-{way}" {{ access_point = "bench", cache = false, '
                      f'transforms = {{ "{name}_{way}" }} }}']
    return "\n".join(lines)


def latencies_us(server, path, count=1500):
    """Of the first byte, one request after the other."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    headers = signed_headers("GET", server.endpoint + path)
    taken = []
    for number in range(count + 100):
        begin = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read(1)
        if number >= 100:
            taken.append((time.perf_counter() - begin) * 1e6)
        answer.read()
        assert answer.status == 200
    connection.close()
    return taken


def run(bench):
    folder = bench.folder / "hop"
    folder.mkdir(mode=0o755)
    server = Objlens(folder / "server", config=config(folder, plugin(folder)), files={"three.lua": THREE}, loops=1)
    server.start()
    try:
        server.s3().put_object(Bucket="bench", Key="large", Body=os.urandom(64 << 20))
        server.s3().put_object(Bucket="bench", Key="small", Body=b"x" * 1000)
        for cores, where in (({SERVER_CORE}, "one core"), ({SERVER_CORE, LOAD_CORE}, "two cores")):
            allow(server, cores)
            throughput(bench, server, where)
            first_byte(bench, server, where)
    finally:
        server.stop()


def allow(server, cores):
    for task in pathlib.Path(f"/proc/{server.pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), cores)
    for host in server.hosts():
        os.sched_setaffinity(host, cores)


def throughput(bench, server, where):
    speeds, costs = {"process": [], "inline": []}, {"process": [], "inline": []}
    for _ in range(bench.rounds):
        for way in speeds:
            url = f"{server.endpoint}/steady-{way}--ol-s3/large"
            cost = Cost(server.pid, lambda: wrk(url, 1, bench.seconds, signed_headers("GET", url)))
            speeds[way].append(cost.result["bytes"] / cost.result["seconds"] / 1e6)
            costs[way].append(cost.bytes_a_cpu_second / 1e6)
    process, inline = median(speeds["process"]), median(speeds["inline"])
    lost = 1 - process / inline
    print_fact(f"500 MB/s transform, 64 KiB chunks, {where}",
               f"process {process:.0f} MB/s, inline {inline:.0f} MB/s: {100 * lost:.1f} % lost, goal under 15 %; "
               f"a CPU second {median(costs['process']):.0f} and {median(costs['inline']):.0f} MB", lost < 0.15)


def first_byte(bench, server, where):
    taken = {"no transform": [], "process": [], "inline": []}
    for _ in range(bench.rounds):
        for way, all in taken.items():
            path = "/bench/small" if way == "no transform" else f"/three-{way}--ol-s3/small"
            all += latencies_us(server, path)
    for way, all in taken.items():
        print_fact(f"first byte, {way}, {where}", f"p50 {percentile(all, 0.5):.0f} us, p99 {percentile(all, 0.99):.0f} us")
    added = percentile(taken["process"], 0.5) - percentile(taken["inline"], 0.5)
    print_fact(f"first byte, process after inline, {where}", f"+{added:.0f} us at p50, goal under 100", added < 100)
