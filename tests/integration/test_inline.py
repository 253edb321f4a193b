# SPDX-License-Identifier: MIT
"""isolation = "inline": the same transforms on threads of the server, for code that is trusted. What
the other stories tell holds there too (run.sh runs many of them twice); here is what is its own."""
import hashlib
import pathlib
import socket
import subprocess
import threading

import pytest

from kit.raw import Answer, get, signed
from kit.server import OBJLENS, Server, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]

PLUGIN = """
#include <objlens/transform.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int runs;
static const struct objlens_host *h;

static int open_it(const struct objlens_host *host, struct objlens_call *call, void **instance)
{ h = host; *instance = call; return OBJLENS_OK; }
static int write_it(void *instance, const void *data, size_t size)
{
    (void)instance;
    /* What no budget can end, since nobody can end a thread. */
    while (size >= 5 && memcmp(data, "stick", 5) == 0 && access(RELEASE, F_OK) != 0)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return OBJLENS_OK;
}
static int finish_it(void *instance)
{
    char text[64];
    int n = snprintf(text, sizeof(text), "run %d in process %d", ++runs, (int)getpid());
    return h->emit(instance, text, n);
}
static void close_it(void *instance) { (void)instance; }
static const struct objlens_transform it = {OBJLENS_TRANSFORM_HEAD, .name = "it", .open = open_it,
    .write = write_it, .finish = finish_it, .close = close_it};
OBJLENS_EXPORT const struct objlens_transform *objlens_transform_v1(void) { return &it; }
"""

VIEW = 'object_lambda "{0}" {{ access_point = "shop", transforms = {{ "{0}" }}, cache = false }}\n'
SHOP = 'bucket "shop"\naccess_point "shop" { bucket = "shop" }\n'


@pytest.fixture
def plugin(tmp_path):
    """The folder of it.so, and its SHA-256."""
    folder = tmp_path / "plugins"
    folder.mkdir(mode=0o755)
    (folder / "it.c").write_text(PLUGIN)
    subprocess.run(["gcc", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", f'-DRELEASE="{tmp_path}/release"',
                    "-I", str(ROOT / "include"), "-o", str(folder / "it.so"), str(folder / "it.c")], check=True)
    (folder / "it.so").chmod(0o755)
    return folder, hashlib.sha256((folder / "it.so").read_bytes()).hexdigest()


def checked(tmp_path, config):
    file = tmp_path / "objlens.lua"
    file.write_text(f'data = "{tmp_path}/data"\nlisten "127.0.0.1:1"\n'
                    'root { access_key = "ROOTKEYFORTESTS", secret_key = "root-secret-for-tests" }\n' + SHOP + config)
    done = subprocess.run([OBJLENS, "check", file], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_the_checker_says_which_have_no_walls_and_refuses_what_does_not_go_together(tmp_path, plugin):
    folder, digest = plugin
    (tmp_path / "t.lua").write_text("return function(event, object, response) end")
    (tmp_path / "t.lua").chmod(0o644)
    script = 'transform "t" { file = "t.lua", isolation = "inline" }\n'
    status, said = checked(tmp_path, script)
    assert status == 0 and "transform t runs inline: in the server's process, without a sandbox" in said, said
    assert "inline" not in checked(tmp_path, script.replace("inline", "process"))[1]
    status, said = checked(tmp_path, 'sandbox_required = { "seccomp" }\n' + script)
    assert status == 1 and "has no walls, and sandbox_required asks for some" in said
    status, said = checked(tmp_path, 'transform "t" { file = "t.lua", isolation = "none" }\n')
    assert status == 1 and '"process"' in said and '"inline"' in said
    loose = f'plugins {{ folders = {{ "{folder}" }} }}\ntransform "it" {{ plugin = "it", isolation = "inline" }}\n'
    status, said = checked(tmp_path, loose)
    assert status == 1 and "takes only shared objects that are pinned (sha256) or signed" in said
    pinned = loose.replace('plugin = "it"', f'plugin = "it", sha256 = "{digest}"')
    assert checked(tmp_path, pinned)[0] == 0
    # What their libraries set up is of the whole process, and each host would set it up again.
    for name in ("image", "xml_json"):
        status, said = checked(tmp_path, f'transform "{name}" {{ isolation = "inline" }}\n')
        assert status == 1 and f'transform "{name}": it needs a process of its own' in said, said
        done = subprocess.run([OBJLENS, "run", "--inline", name], input="x", capture_output=True, text=True, timeout=60)
        assert done.returncode > 0 and "needs a process of its own" in done.stderr, done.stderr


@pytest.fixture
def inline(tmp_path, plugin):
    folder, digest = plugin
    scripts = {
        "shout": "return function(e, object, response) for c in object:chunks() do response:write(c:upper()) end end",
        "loop": "return function() while true do end end",
        "eat": "return function() local t = {} while true do t[#t + 1] = ('x'):rep(100000) .. #t end end",
        "flood": "return function(e, o, response) while true do response:write(('x'):rep(65536)) end end",
        "late": "return function(e, o, response) response:write(('x'):rep(300000)) error('late') end",
    }
    config = SHOP + "".join(f'transform "{name}" {{ file = "{name}.lua", isolation = "inline", '
                            'limits = { cpu_ms = 300, output_bytes = 10000000 } }\n' + VIEW.format(name)
                            for name in scripts)
    config += f'plugins {{ folders = {{ "{folder}" }} }}\n'
    config += f'transform "it" {{ plugin = "it", sha256 = "{digest}", isolation = "inline", limits = {{ wall_ms = 8000 }} }}\n'
    config += VIEW.format("it").replace('object_lambda "it"', 'object_lambda "plug"')
    server = Server(tmp_path / "server", config=config, files={f"{n}.lua": t for n, t in scripts.items()},
                    loops=1)
    server.start()
    for key, body in (("k", b"some words " * 50000), ("stick", b"stick" * 10)):
        server.s3().put_object(Bucket="shop", Key=key, Body=body)
    yield server
    (tmp_path / "release").touch()
    assert server.stop() == 0
    server.check_logs_hold_no_secrets()


def view(server, name, key="k"):
    return get(server, f"/{name}--ol-s3/{key}")


def test_nothing_runs_in_a_process_and_budgets_hold(inline):
    whole = b"some words ".upper() * 50000
    assert view(inline, "shout").body == whole
    assert inline.hosts() == []
    log = inline.stderr_file.read_text()
    assert "transform shout runs inline: in this process, without a sandbox" in log
    loops = [threading.Thread(target=view, args=(inline, "loop")) for _ in range(3)]
    for loop in loops:
        loop.start()
    for _ in range(5):  # meanwhile
        assert view(inline, "shout").body == whole
    for loop in loops:
        loop.join()
    for name in ("loop", "eat"):
        answer = view(inline, name)
        assert answer.status >= 500 and b"some words" not in answer.raw
    for name in ("flood", "late"):
        answer = view(inline, name)
        assert answer.status is None or answer.status >= 500 or not answer.complete
    assert view(inline, "shout").body == whole and inline.process.poll() is None


def test_a_client_that_reads_slowly_or_leaves(inline):
    readers = []
    for _ in range(6):
        reader = socket.create_connection(("127.0.0.1", inline.port), timeout=60)
        reader.sendall(signed(inline, "GET", "/shout--ol-s3/k"))
        readers.append((reader, reader.recv(1000)))
    for reader, _ in readers[:3]:
        reader.close()
    for reader, raw in readers[3:]:
        while not Answer(raw).complete:
            raw += reader.recv(1000)
        assert Answer(raw).body == b"some words ".upper() * 50000
        reader.close()
    wait_for(lambda: inline.metric("objlens_transform_jobs_running") == 0, what="no request to be running")
    assert inline.hosts() == []


def test_a_plugin_has_variables_of_its_own_in_each_host_and_may_get_stuck(inline):
    first = view(inline, "plug").body
    assert first == f"run 1 in process {inline.process.pid}".encode()
    assert view(inline, "plug").body.startswith(b"run 2 in")
    stuck = view(inline, "plug", "stick")
    assert stuck.status >= 500 and stuck.complete  # after wall_ms, while the thread runs on
    again = view(inline, "plug")  # by another one, whose variables are new
    assert again.body == first and inline.process.poll() is None
    wait_for(lambda: inline.metric("objlens_transform_jobs_running") == 0, what="no request to be running")


def test_the_command_line_has_it_too(tmp_path):
    (tmp_path / "t.lua").write_text("return function(e, o, response) response:write((o:read('a'):upper())) end")
    done = subprocess.run([OBJLENS, "run", "--inline", tmp_path / "t.lua"], input=b"abc", capture_output=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, b"ABC")
    (tmp_path / "t.lua").write_text("return function( end")
    done = subprocess.run([OBJLENS, "run", "--inline", tmp_path / "t.lua"], input=b"abc", capture_output=True, timeout=60)
    assert done.returncode != 0 and b"t.lua:1" in done.stderr
