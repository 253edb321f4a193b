# SPDX-License-Identifier: MIT
"""What an author of transforms does: runs objlens, builds a plugin, writes a case."""
import subprocess

from kit.server import OBJLENS, ROOT


def objlens(*arguments, cwd, code=0, stdin=b""):
    done = subprocess.run([OBJLENS, *arguments], cwd=cwd, input=stdin, capture_output=True, timeout=120)
    assert done.returncode == code, (done.stdout, done.stderr)
    return (done.stdout + done.stderr).decode()


def cc(folder, name, source, *flags):
    (folder / f"{name}.c").write_text(source)
    subprocess.run(["cc", "-std=c11", "-O1", "-fPIC", "-shared", "-fvisibility=hidden", "-I",
                    ROOT / "include", *flags, "-o", folder / f"{name}.so", folder / f"{name}.c"], check=True)
    (folder / f"{name}.so").chmod(0o644)
    return folder / f"{name}.so"


def case(folder, name, **files):
    (folder / "tests" / name).mkdir(parents=True, exist_ok=True)
    for file, content in files.items():
        file = {"event": "event.json", "expect": "expect.json"}.get(file, file)
        (folder / "tests" / name / file).write_text(content)


# In Lua: what comes in goes out.
COPY = "return function(e, o, r) for c in o:chunks() do r:write(c) end end\n"

# In C, for one more line of its load(): the same, counted.
GOOD = """
#include <objlens/transform.h>
static int open_it(const struct objlens_host *h, struct objlens_call *c, void **i)
{ *i = c; (void)h; return OBJLENS_OK; }
static const struct objlens_host *host;
static int load(const struct objlens_host *h, char *r, size_t n) { host = h; (void)r; (void)n; LOAD return OBJLENS_OK; }
static int write_it(void *i, const void *b, size_t n)
{ host->count(i, 0, n); return host->emit(i, b, n); }
static int finish(void *i) { (void)i; return OBJLENS_OK; }
static void close_it(void *i) { host->count(i, 1, 1); }
static int head(const struct objlens_host *h, struct objlens_call *c)
{ h->set_header(c, "content-type", "x/head", 6); return h->set_length(c, 77); }
static const char *const counters[] = { "bytes", "requests", NULL };
static const struct objlens_transform it = { OBJLENS_TRANSFORM_HEAD, .name = "it",
  .flags = OBJLENS_REENTRANT | OBJLENS_IGNORES_IDENTITY, .load = load, .open = open_it, .write = write_it,
  .finish = finish, .close = close_it, .counters = counters, .head = head };
const struct objlens_transform *objlens_transform_v1(void) { return &it; }
"""
