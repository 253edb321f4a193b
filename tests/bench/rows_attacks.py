# SPDX-License-Identifier: MIT
"""What neighbours notice while somebody's transform attacks: p50 and p99 of 200 light requests a second
through another view of the same loop, without the attack and beside it. Each attack is asked for again
as soon as it was answered, by two clients. Seconds in which a hypervisor took the cores away do not count."""
import pathlib
import subprocess

from gauge.machine import median, percentile
from gauge.neighbours import asked_for, light_requests, quiet_seconds
from gauge.peers import Objlens
from gauge.table import print_fact

HERE = pathlib.Path(__file__).parent
GET = "return function(event, object, response) "

SCRIPTS = {
    "endless loop": GET + "while true do end end",
    "memory bomb": GET + "local t = {} while true do t[#t + 1] = ('x'):rep(100000) .. #t end end",
    "output flood": GET + "local s = ('x'):rep(65536) while true do response:write(s) end end",
    "log flood": GET + "for i = 1, 1e6 do log.error(('x'):rep(200)) end end",
    "pattern blow-up": GET + "(('a'):rep(3000)):find(('a*'):rep(30) .. 'b') end",
    "garbage": GET + "while true do local t = {{}, {}} setmetatable(t, {__gc = nil}) end end",
}
PLUGINS = {
    "crash": "*(volatile int *)0 = 1;",
    "endless C call": "for (;;) ;",
    "exit": "_exit(1);",
    "fork bomb": "while (fork() >= 0) ;",
    "begging for threads": "pthread_t t; for (;;) pthread_create(&t, 0, sleeper, 0);",
    "drip, byte by byte": 'while (our->emit(i, "x", 1) == OBJLENS_OK) ;',
    "memory bomb in C": "for (;;) { char *p = malloc(1 << 20); if (p) memset(p, 1, 1 << 20); }",
}
PLUGIN = """#include <objlens/transform.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static const struct objlens_host *our;
static void *sleeper(void *arg) { for (;;) sleep(1000); return arg; }
static int open_it(const struct objlens_host *host, struct objlens_call *call, void **instance)
{ our = host; *instance = call; (void)sleeper; return OBJLENS_OK; }
static int write_it(void *i, const void *data, size_t size) { (void)i; (void)data; (void)size; return OBJLENS_OK; }
static int finish_it(void *i) { (void)i; ATTACK return OBJLENS_OK; }
static void close_it(void *i) { (void)i; }
static const struct objlens_transform it = {OBJLENS_TRANSFORM_HEAD, .name = "it", .open = open_it, .write = write_it,
  .finish = finish_it, .close = close_it, .threads_max = 1};
OBJLENS_EXPORT const struct objlens_transform *objlens_transform_v1(void) { return &it; }
"""


def build(folder, name, attack):
    source = folder / f"{name}.c"
    source.write_text(PLUGIN.replace("ATTACK", attack))
    subprocess.run(["cc", "-w", "-O1", "-fPIC", "-shared", "-pthread", "-I", HERE.parents[1] / "include", "-o",
                    folder / f"{name}.so", source], check=True)
    (folder / f"{name}.so").chmod(0o755)


def config(folder):
    lines = ['bucket "bench"', 'access_point "bench" { bucket = "bench" }', f'plugins {{ folders = {{ "{folder}" }} }}']
    files = {"good.lua": GET + "response:write('light') end"}
    views = [("good", 'file = "good.lua"')]
    for number, attack in enumerate(SCRIPTS.values()):
        files[f"s{number}.lua"] = attack
        views.append((f"s{number}x", f'file = "s{number}.lua"'))
    for number, attack in enumerate(PLUGINS.values()):
        build(folder, f"p{number}", attack)
        views.append((f"p{number}x", f'plugin = "p{number}"'))
    for name, code in views:
        lines.append(f'transform "{name}" {{ {code}, limits = {{ cpu_ms = 500, wall_ms = 5000, output_bytes = "64MiB" }} }}')
        lines.append(f'object_lambda "{name}" {{ access_point = "bench", cache = false, transforms = {{ "{name}" }} }}')
    return "\n".join(lines), files


def beside(server, view, seconds):
    """The light requests' latencies while two clients ask for the attack."""
    with asked_for(server, f"/{view}--ol-s3/k", clients=2):
        return quiet_seconds(server, "/good--ol-s3/k", seconds)


def run(bench):
    folder = bench.folder / "attacks"
    folder.mkdir(mode=0o755)
    text, files = config(folder)
    server = Objlens(folder / "server", config=text, files=files, loops=1)
    server.start()
    try:
        server.s3().put_object(Bucket="bench", Key="k", Body=b"x" * 1000)
        light_requests(server, "/good--ol-s3/k", 1)
        names = [(f"s{n}x", name) for n, name in enumerate(SCRIPTS)] + [(f"p{n}x", name) for n, name in enumerate(PLUGINS)]
        for view, name in names:
            quiet, loud = [], []
            for _ in range(bench.rounds):
                quiet.append(quiet_seconds(server, "/good--ol-s3/k", bench.seconds))
                loud.append(beside(server, view, bench.seconds))
            p50 = [median([percentile(taken, 0.5) for taken in all]) for all in (quiet, loud)]
            p99 = [median([percentile(taken, 0.99) for taken in all]) for all in (quiet, loud)]
            print_fact(f"neighbours beside: {name}",
                       f"p50 {p50[0]:.2f} -> {p50[1]:.2f} ms, p99 {p99[0]:.2f} -> {p99[1]:.2f} ms: "
                       f"{p99[1] / p99[0]:.1f}x, goal at most 2x", p99[1] <= 2 * p99[0])
    finally:
        server.stop()
