# SPDX-License-Identifier: MIT
"""An endless loop beside 200 light requests a second through the same host pool: by how much the
p99 of the light ones rises."""
import http.client
import threading
import time

from gauge.load import signed_headers
from gauge.machine import median, percentile
from gauge.peers import Objlens
from gauge.table import print_fact

LOOPS = {
    "plain loop": ("while true do end", 2),
    "nested coroutine": ("local c = coroutine.wrap(function() while true do end end) c()", 2),
    "sort comparator": ("table.sort({3, 1, 2, 5, 4}, function(a, b) while true do end end)", 20),
    "gsub callback": ('(("x"):rep(10)):gsub("x", function() while true do end end)', 20),
    "metamethod": ("local t = setmetatable({}, {__index = function() while true do end end}) local x = t.y", 20),
    "xpcall handler": ('xpcall(function() error("x") end, function() while true do end end)', 20),
    "pattern blow-up": ('(("a"):rep(3000)):find(("a*"):rep(30) .. "b")', 20),
}

def config():
    lines = ['bucket "bench"', 'access_point "bench" { bucket = "bench" }']
    for number in range(1, len(LOOPS) + 1):
        lines.append(f'transform "t{number}" {{ file = "t{number}.lua", share = "all" }}')
        lines.append(f'object_lambda "view{number}" {{ access_point = "bench", cache = false, '
                     f'transforms = {{ "t{number}" }} }}')
    return "\n".join(lines)


def scripts():
    """Light path and loop in one program: `?loop=1` in the query asks for the loop."""
    files = {}
    for number, (body, _) in enumerate(LOOPS.values(), 1):
        files[f"t{number}.lua"] = f"""return function(event, object, response)
  if event.userRequest.query.loop then {body} end
  response:write("light")
end
"""
    return files


def ask(connection, path, endpoint):
    connection.request("GET", path, headers=signed_headers("GET", endpoint + path))
    answer = connection.getresponse()
    answer.read()
    return answer.status


def light_latencies(server, path, seconds):
    return percentile(light_requests(server, path, seconds), 0.99)


def light_requests(server, path, seconds, rate=200):
    """Open loop over a few connections: latencies from when each request was due, ms."""
    results, lock = [], threading.Lock()

    def worker(offset, workers):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        headers = signed_headers("GET", server.endpoint + path)
        start = time.perf_counter() + 0.05
        for number in range(offset, int(seconds * rate), workers):
            due = start + number / rate
            time.sleep(max(0, due - time.perf_counter()))
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            with lock:
                results.append((time.perf_counter() - due) * 1000)

    threads = [threading.Thread(target=worker, args=(n, 4)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def looped(server, path, stop):
    while not stop.is_set():
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        try:
            ask(connection, path + "?loop=1", server.endpoint)
        except OSError:
            pass
        connection.close()


def run(bench):
    server = Objlens(bench.folder / "fair", config=config(), files=scripts(), loops=1)
    server.start()
    try:
        server.s3().put_object(Bucket="bench", Key="k", Body=b"x" * 1000)
        for number, (name, (_, limit)) in enumerate(LOOPS.items(), 1):
            path = f"/view{number}--ol-s3/k"
            light_latencies(server, path, 1)
            quiet, loud = [], []
            for _ in range(bench.rounds):
                quiet.append(light_latencies(server, path, bench.seconds))
                stop = threading.Event()
                loop = threading.Thread(target=looped, args=(server, path, stop))
                loop.start()
                loud.append(light_latencies(server, path, bench.seconds))
                stop.set()
                loop.join()
            rise = median(loud) - median(quiet)
            print_fact(f"p99 of light requests beside: {name}",
                       f"+{rise:.2f} ms [{median(quiet):.2f} -> {median(loud):.2f}], goal at most {limit}",
                       rise <= limit)
    finally:
        server.stop()
