# SPDX-License-Identifier: MIT
"""An endless loop beside 200 light requests a second through the same host pool: by how much the
p99 of the light ones rises."""
from gauge.machine import median, percentile
from gauge.neighbours import asked_for, light_requests
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


def light_latencies(server, path, seconds):
    return percentile(light_requests(server, path, seconds), 0.99)


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
                with asked_for(server, path + "?loop=1", clients=1):
                    loud.append(light_latencies(server, path, bench.seconds))
            rise = median(loud) - median(quiet)
            print_fact(f"p99 of light requests beside: {name}",
                       f"+{rise:.2f} ms [{median(quiet):.2f} -> {median(loud):.2f}], goal at most {limit}",
                       rise <= limit)
    finally:
        server.stop()
