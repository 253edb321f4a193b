# SPDX-License-Identifier: MIT
"""The author's kit, as an author uses it: a new transform, how it is run and measured, and what it says of errors."""
import re
import subprocess

import pytest

from kit.author import COPY, objlens
from kit.server import OBJLENS, ROOT

TYPES = ROOT / "examples/types"


@pytest.mark.parametrize("language", ["lua", "c"])
def test_a_new_transform_passes_its_cases(language, tmp_path):
    assert "mask/ is there" in objlens("new", language, "mask", cwd=tmp_path)
    if language == "c":
        subprocess.run(["make", "-s", "CFLAGS=-std=c11 -O2 -Wall -Wextra -Wpedantic -Werror"],
                       cwd=tmp_path / "mask", check=True)
        header = (tmp_path / "mask/include/objlens/transform.h").read_bytes()
        assert header == (ROOT / "include/objlens/transform.h").read_bytes()
    else:
        for path in TYPES.rglob("*.lua"):
            assert (tmp_path / "mask/types" / path.relative_to(TYPES)).read_bytes() == path.read_bytes()
    said = objlens("test", "mask", cwd=tmp_path)
    assert " 0 failed" in said and said.count("ok    ") >= 3
    assert "@NAME@" not in "".join(p.read_text() for p in tmp_path.rglob("*") if p.suffix in (".md", ".c", ".lua"))
    assert "File exists" in objlens("new", language, "mask", cwd=tmp_path, code=1)


def test_names_that_are_none(tmp_path):
    for name in ("../mask", "Mask", "", "a b", "-x/y"):
        objlens("new", "lua", "--", name, cwd=tmp_path, code=2)
    objlens("new", "cobol", "mask", cwd=tmp_path, code=2)
    assert list(tmp_path.iterdir()) == []


# ---- errors ----

LOOPS = """local function spin()
  local n = 0
  while true do
    n = n + 1
  end
end
return function(event, object, response)
  if event.configuration.payload == "coroutine" then coroutine.wrap(spin)() end
  spin()
end
"""


@pytest.mark.parametrize("payload, lines", [("", "[2-5]"), ("coroutine", "8")])
@pytest.mark.parametrize("way", [[], ["--inline"]], ids=["process", "inline"])
def test_an_endless_loop_is_named_by_its_line(payload, lines, way, tmp_path):
    (tmp_path / "spin.lua").write_text(LOOPS)
    said = objlens("run", "spin.lua", "--limit", "cpu_ms=50", "--payload", payload, *way, cwd=tmp_path, code=1)
    assert re.search(rf"LambdaTimeout: .*\(spin\.lua:{lines}: more than cpu_ms = 50 ", said), said


# ---- bench, diff, the head ----

HEADED = """return { depends = { request = true }, get = function(event, object, response)
  response.status, response.headers["content-type"], response.metadata["by"] = 203, "text/x", event.userIdentity.userName
  if event.configuration.payload == "no" then response:error(418, "Teapot", "short and stout") end
  response:write(object:read("a"))
  if event.configuration.payload == "late" then
    for _ = 1, 100 do response:write(("x"):rep(10000)) end
    error("late")
  end
end }
"""


def test_the_head_is_shown_beside_the_body(tmp_path):
    (tmp_path / "it.lua").write_text(HEADED)
    objlens("new", "lua", "mask", cwd=tmp_path)

    def run(*arguments):
        done = subprocess.run([OBJLENS, "run", "it.lua", "--event", "mask/event.json", *arguments], cwd=tmp_path,
                              input=b"body", capture_output=True, timeout=60)
        return done.returncode, done.stdout, done.stderr.decode()

    head = "status: 203\ncontent-type: text/x\nx-amz-meta-by: ann\n"
    assert run("--headers") == (0, b"body", head)
    assert run() == (0, b"body", "")
    code, out, err = run("--headers", "--payload", "no")
    assert (code, out) == (1, b"") and err.startswith("status: 418\nobjlens: it.lua: Teapot: short and stout (")
    code, out, err = run("--headers", "--payload", "late")
    assert code == 3 and out.startswith(b"bodyxxx") and err.startswith(head) and "status" not in err[len(head):]


def test_bench_tells_throughput_cpu_and_memory(tmp_path):
    (tmp_path / "it.lua").write_text(COPY)
    (tmp_path / "file").write_bytes(b"x" * 300000)
    said = objlens("bench", "it.lua", "file", "--seconds", "1", cwd=tmp_path)
    assert re.search(r"^\d+ runs of 300000 bytes in, 300000 out$", said, re.M)
    for line in (r"throughput +[\d.]+ MB/s +[\d.]+ runs/s", r"a run +[\d.]+ ms p50",
                 r"CPU +[\d.]+ ms a run", r"memory +[\d.]+ MiB the host at most, [\d.]+ KiB a request"):
        assert re.search(f"^{line}", said, re.M), said
    (tmp_path / "bad.lua").write_text("return function() error() end\n")
    assert "LambdaRuntimeError" in objlens("bench", "bad.lua", "file", cwd=tmp_path, code=1)
    assert "No such file" in objlens("bench", "it.lua", "absent", cwd=tmp_path, code=1)


def test_diff_of_a_transform_that_fails_shows_nothing(tmp_path):
    (tmp_path / "bad.lua").write_text('return function(e, o, r) r:write("some") error("late") end\n')
    said = objlens("run", "bad.lua", "--diff", cwd=tmp_path, code=1, stdin=b"original")
    assert "original" not in said and "LambdaRuntimeError" in said
