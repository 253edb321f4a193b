# SPDX-License-Identifier: MIT
"""The author's kit for shared objects: which are refused and why, which are trusted, what they count, and the
examples in other languages."""
import re
import shutil
import subprocess

import pytest

from kit.author import GOOD, case, cc, objlens
from kit.raw import get
from kit.server import ROOT, Server


@pytest.mark.parametrize("source, says, helps", [
    ("int x;", "does not export objlens_transform_v1()", "extern"),
    (GOOD.replace("LOAD", "extern void gone(void); gone();"), "undefined symbol: gone", "-l"),
    (GOOD.replace("LOAD", "return -1;"), "its load() failed", None),
    (GOOD.replace("LOAD", "*(volatile int *)0 = 1;"), "while it loaded", None),
    (GOOD.replace("LOAD", "").replace('.name = "it"', '.name = "it", .threads_max = 65'), "65 threads", None),
], ids=["no entry", "a symbol", "load fails", "a crash", "threads"])
def test_refusals_are_explained(source, says, helps, tmp_path):
    so = cc(tmp_path, "it", source, "-w")
    said = objlens("plugin", "check", str(so), cwd=tmp_path, code=1)
    assert f"{so}: refused" in said and says in said and (helps or "") in said
    assert "/proc/self/fd" not in said


def test_what_loads_is_described(tmp_path):
    so = cc(tmp_path, "it", GOOD.replace("LOAD", ""))
    said = objlens("plugin", "check", str(so), cwd=tmp_path)
    assert "answers       GET, HEAD\n" in said and "counters      bytes requests\n" in said
    digest = re.search(r"sha256 +([0-9a-f]{64})\n", said).group(1)
    objlens("plugin", "check", str(so), "--sha256", digest, cwd=tmp_path)
    assert "not the pinned one" in objlens("plugin", "check", str(so), "--sha256", "0" * 64, cwd=tmp_path, code=1)
    (tmp_path / "text.so").write_text("no ELF here")
    assert "refused" in objlens("plugin", "check", "text.so", cwd=tmp_path, code=1)
    objlens("plugin", "shine", "text.so", cwd=tmp_path, code=2)


@pytest.fixture
def served(tmp_path):
    """start(block plugins, keys of the transform) -> a server with the view "counted" of shop."""
    servers = []

    def start(plugins, more=""):
        server = Server(tmp_path / "server", config=f"""
bucket "shop"
access_point "shop" {{ bucket = "shop" }}
plugins {{ {plugins} }}
transform "it" {{ plugin = "it"{more} }}
object_lambda "counted" {{ access_point = "shop", transforms = {{ "it" }}, head = "cheap" }}
""")
        server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        assert server.stop() == 0


def check_config(tmp_path, plugins, more="", code=1):
    (tmp_path / "check.lua").write_text(f"""
listen "127.0.0.1:0"
root {{ access_key = "key", secret_key = "secret-secret-secret" }}
plugins {{ {plugins} }}
transform "it" {{ plugin = "it"{more} }}
""")
    return objlens("check", "check.lua", cwd=tmp_path, code=code)


def test_a_plugin_by_name_counts_and_answers_heads(served, tmp_path):
    folder = tmp_path / "plugins"
    folder.mkdir()
    cc(folder, "it", GOOD.replace("LOAD", ""))
    server = served(f'folders = {{ "{tmp_path}/none", "{folder}" }}')
    s3 = server.s3()
    s3.put_object(Bucket="shop", Key="k", Body=b"x" * 1000)
    head = s3.head_object(Bucket="counted--ol-s3", Key="k")
    assert head["ContentLength"] == 77 and head["ContentType"] == "x/head"
    s3.put_object(Bucket="shop", Key="other", Body=b"y" * 500)
    for key in ("k", "other"):
        assert s3.get_object(Bucket="counted--ol-s3", Key=key)["Body"].read() == s3.get_object(
            Bucket="shop", Key=key)["Body"].read()
    metrics = server.admin("/-/metrics")[1]
    assert re.search(r'^objlens_transform_counted_total\{transform="it",counter="bytes"\} 1500$', metrics, re.M)
    assert re.search(r'^objlens_transform_counted_total\{transform="it",counter="requests"\} 2$', metrics, re.M)


def test_only_what_is_trusted_is_loaded(tmp_path):
    folder = tmp_path / "plugins"
    folder.mkdir()
    so = cc(folder, "it", GOOD.replace("LOAD", ""))
    place = f'folders = {{ "{folder}" }}'
    check_config(tmp_path, place, code=0)
    folder.chmod(0o777)
    assert f"its folder: {folder}: its group or others may write to it" in check_config(tmp_path, place)
    folder.chmod(0o755)
    so.chmod(0o666)
    assert "group or others may write to it" in check_config(tmp_path, place)
    so.chmod(0o644)
    assert "not the pinned one" in check_config(tmp_path, place, f', sha256 = "{"0" * 64}"')
    said = objlens("plugin", "check", str(so), cwd=tmp_path)
    digest = re.search(r"sha256 +([0-9a-f]{64})\n", said).group(1)
    check_config(tmp_path, place, f', sha256 = "{digest.upper()}"', code=0)


def test_signatures(tmp_path):
    folder = tmp_path / "plugins"
    folder.mkdir()
    so = cc(folder, "it", GOOD.replace("LOAD", ""))
    for name in ("good", "other"):
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", tmp_path / f"{name}.pem"], check=True)
        subprocess.run(["openssl", "pkey", "-in", tmp_path / f"{name}.pem", "-pubout", "-out",
                        tmp_path / f"{name}.pub.pem"], check=True)
    signed = f'folders = {{ "{folder}" }}, keys = {{ "good.pub.pem" }}'
    assert "it is not signed" in check_config(tmp_path, signed)
    for name, code in (("other", 1), ("good", 0)):
        subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", tmp_path / f"{name}.pem", "-in", so,
                        "-out", f"{so}.sig"], check=True)
        said = check_config(tmp_path, signed, code=code)
        assert ("signature is by none of the keys" in said) == (code == 1)
    so.write_bytes(so.read_bytes() + b"\0")
    assert "signature is by none of the keys" in check_config(tmp_path, signed)
    assert "is no Ed25519 public key" in check_config(tmp_path, signed.replace("good.pub.pem", "good.pem"))


# ---- other languages ----

def test_the_example_in_cpp(tmp_path):
    subprocess.run(["c++", "-std=c++17", "-O2", "-Wall", "-Wextra", "-Wno-missing-field-initializers", "-Werror",
                    "-fPIC", "-shared", "-fvisibility=hidden", "-I", ROOT / "include", "-o",
                    tmp_path / "first_lines.so", ROOT / "examples/cpp/first_lines.cpp"], check=True)
    case(tmp_path, "two", input="one\ntwo\nthree\nfour\n", payload="2\n", expected="one\ntwo\n")
    case(tmp_path, "short", input="one\ntwo", expected="one\ntwo")
    case(tmp_path, "none", input="one\n", payload="0", expected="")
    case(tmp_path, "bad", input="one\n", payload="two", expect='{"error": {"code": "InvalidTransformPayload"}}')
    assert "4 passed, 0 failed" in objlens("test", ".", cwd=tmp_path)


def test_the_example_in_rust(tmp_path):
    if not shutil.which("rustc"):
        pytest.skip("rustc is not installed: with what it needs it takes 290 MB")
    subprocess.run(["rustc", "--edition", "2021", "--crate-type", "cdylib", "-O", "-C", "panic=abort", "-D", "warnings",
                    "-o", tmp_path / "rot13.so", ROOT / "examples/rust/rot13.rs"], check=True)
    case(tmp_path, "text", input="Hello, Zebra 1!\n", expected="Uryyb, Mroen 1!\n")
    case(tmp_path, "long", input="abc" * 5000, expected="nop" * 5000)
    assert "2 passed, 0 failed" in objlens("test", ".", "--splits", "20", cwd=tmp_path)


# ---- what loading may do, and threads ----

PRELOADS = """
#include <errno.h>
#include <objlens/transform.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
static char table[64];
static const struct objlens_host *host;
static int load(const struct objlens_host *h, char *reason, size_t size)
{
    host = h;
    FILE *file = fopen("FOLDER/table.txt", "r");
    if (!file || !fgets(table, sizeof table, file)) { snprintf(reason, size, "no table"); return -1; }
    fclose(file);
    return 0;
}
static void *work(void *arg) { *(int *)arg += 1; return NULL; }
static int threads(void)
{
    pthread_t made;
    int sum = 0, code = 0;
    for (int refused = 0; sum < 8 && refused < 20 && (code == 0 || code == EAGAIN);) {
        code = pthread_create(&made, NULL, work, &sum);
        if (code == 0) pthread_join(made, NULL);
        else { refused++; poll(NULL, 0, 5); } /* who has been joined may count for a moment still */
    }
    return sum;
}
static int open_it(const struct objlens_host *h, struct objlens_call *c, void **i) { (void)h; *i = c; return 0; }
static int write_it(void *i, const void *b, size_t n)
{
    char line[128];
    (void)b; (void)n;
    int len = snprintf(line, sizeof line, "%s threads %d file %d", table, threads(), fopen("FOLDER/table.txt", "r") != NULL);
    return host->emit(i, line, (size_t)len);
}
static int finish(void *i) { (void)i; return 0; }
static void close_it(void *i) { (void)i; }
static const struct objlens_transform it = { OBJLENS_TRANSFORM_HEAD, .name = "it", .load = load, .open = open_it,
  .write = write_it, .finish = finish, .close = close_it, .threads_max = 2 };
const struct objlens_transform *objlens_transform_v1(void) { return &it; }
"""


def test_folders_are_read_while_it_loads_and_threads_are_there_after(served, tmp_path):
    folder, fonts = tmp_path / "plugins", tmp_path / "fonts"
    folder.mkdir()
    fonts.mkdir()
    (fonts / "table.txt").write_text("the table")
    cc(folder, "it", PRELOADS.replace("FOLDER", str(fonts)), "-pthread")
    server = served(f'folders = "{folder}"', f', preload_folders = "{fonts}"')
    server.s3().put_object(Bucket="shop", Key="k", Body=b"x")
    assert get(server, "/counted--ol-s3/k").body == b"the table threads 8 file 0"
