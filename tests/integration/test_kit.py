# SPDX-License-Identifier: MIT
"""The author's kit, as an author uses it: a new transform, its cases, a plugin that is refused or
pinned or signed, what a plugin counts, and what a server makes of all that."""
import http.client
import re
import shutil
import signal
import socket
import subprocess
import xml.etree.ElementTree

import pytest

from kit.author import GOOD, case, cc, objlens
from kit.raw import exchange, get, signed
from kit.server import OBJLENS, ROOT, Server

TYPES = ROOT / "examples/types"


# ---- a new transform ----

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


# ---- cases ----

def failing(tmp_path, script, **files):
    """What objlens test says of the one case."""
    (tmp_path / "it.lua").write_text(script)
    case(tmp_path, "one", **files)
    return objlens("test", ".", cwd=tmp_path, code=1)


COPY = "return function(e, o, r) for c in o:chunks() do r:write(c) end end\n"


@pytest.mark.parametrize("files, says", [
    (dict(input="abc", expected="abd"), 'differs at byte 2 (line 1): "c" instead of "d"'),
    (dict(input="a\nb\nc", expected="a\nb\n"), 'byte 4 (line 3): "c" instead of the end'),
    (dict(input="abc"), "it expects nothing"),
    (dict(input="abc", expect='{"status": 201}'), "status 200 instead of 201"),
    (dict(input="abc", expect='{"headers": {"x-a": "b"}}'), "there is no header x-a"),
    (dict(input="abc", expect='{"error": true}'), "it went well, and should have failed"),
    (dict(input="abc", expect='{"colour": 1}'), '"colour" is not known'),
    (dict(input="abc", expect='{"status": 1}'), "is not a number from 200 to 599"),
    (dict(input="abc", expect="{"), "expect.json:1:"),
    (dict(input="abc", expect='{"entry": "head"}'), "has no function for this entry"),
    (dict(input="abc", expect='{"key": "k"}'), "goes with the entry"),
    (dict(input="abc", payload="{}", secrets="abcd"), "secrets: number 1 is in neither input nor payload nor event.json"),
    (dict(input="abc", secrets="ab"), "found by chance"),
    (dict(input="the word here", secrets="word", expected="the word here"),
     "secret number 1 came out in the output"),
])
def test_cases_that_do_not_hold(files, says, tmp_path):
    assert says in failing(tmp_path, COPY, **files)


@pytest.mark.parametrize("script, where", [
    ('r:write((s:upper()))', "the output"),
    ('r.metadata["it"] = s r:write("")', "a header"),
    ('log.info("got", s) r:write("")', "the transform log"),
    ('r:error(400, "Bad", "not " .. s)', "the error's message"),
    ('r:error(400, "Not" .. s, "bad")', "the error's code"),
])
def test_secrets_are_found_wherever_they_come_out(script, where, tmp_path):
    said = failing(tmp_path, f'return function(e, o, r) local s = o:read("a") {script} end\n',
                   input="hiddenwords", secrets="hiddenwords", expect='{"error": true}'
                   if "error" in script else "{}")
    assert f"secret number 1 came out in {where}" in said
    assert "hiddenwords" not in said.split("log:")[0], "the report itself tells none"


ENCODERS = """
local base64, json, xml = require "objlens.base64", require "objlens.json", require "objlens.xml"
local encoders = {
  hex = function(s) return (s:gsub(".", function(c) return ("%02X"):format(c:byte()) end)) end,
  base64 = function(s) return base64.encode(s) end,
  base64_1 = function(s) return base64.encode("1" .. s .. "2") end,
  base64_2 = function(s) return base64.encode("12" .. s) end,
  base64_url = function(s) return base64.encode(s, { url = true }) end,
  percent = function(s) return (s:gsub("[^%w]", function(c) return ("%%%02x"):format(c:byte()) end)) end,
  json = json.quote,
  xml = xml.escape,
  lower = string.lower,
  half = function(s) return s:sub(1, #s // 2) end,
}
return function(event, object, response)
  local secret = object:read("a"):match("<(.*)>")
  response:write("x", encoders[event.configuration.payload](secret), "y")
end
"""


@pytest.mark.parametrize("encoder, as_", [
    ("hex", " in hexadecimal"), ("base64", " in base64"), ("base64_1", " in base64"), ("base64_2", " in base64"),
    ("base64_url", " in base64"), ("percent", " percent-encoded"), ("json", " escaped for JSON"),
    ("xml", " escaped for XML"), ("lower", ""), ("half", None)])
def test_secrets_are_found_in_other_encodings(encoder, as_, tmp_path):
    secret = 'Tom & "Ann"?>~~~\x7f'
    (tmp_path / "it.lua").write_text(ENCODERS)
    case(tmp_path, "one", input=f"the <{secret}>", payload=encoder, secrets=f"the <\n{secret}\n")
    said = objlens("test", ".", cwd=tmp_path, code=0 if as_ is None else 1)
    if as_ is not None:
        assert f"FAIL  one: secret number 2 came out in the output{as_}\n" in said


def test_what_is_secret_may_stand_in_payload_and_event(tmp_path):
    (tmp_path / "it.lua").write_text("""return {
      depends = { headers = { "x-token" } },
      get = function(event, object, response)
        response:write(event.configuration.payload:sub(1, 3), event.userRequest.headers["x-token"]:sub(1, 3))
        if object:read("a") == "leak" then error(event.userRequest.headers["x-token"]) end
      end }""")
    event = '{"userRequest": {"headers": {"X-Token": "token-of-ann"}}}'
    case(tmp_path, "kept", input="", payload="key-of-the-operator", event=event, expected="keytok",
         secrets="key-of-the-operator\ntoken-of-ann")
    assert "1 passed" in objlens("test", cwd=tmp_path)
    case(tmp_path, "told", input="leak", payload="key-of-the-operator", event=event, expect='{"error": true}',
         secrets="key-of-the-operator\ntoken-of-ann")
    assert "FAIL  told: secret number 2 came out in the transform log\n" in objlens("test", cwd=tmp_path, code=1)


def test_cuts_are_told(tmp_path):
    script = 'return function(e, o, r) for c in o:chunks() do r:write((c:gsub("ab", "X"))) end end\n'
    assert "cut into pieces of 1: the output differs at byte 0" in failing(tmp_path, script, input="ab", expected="X")
    # Single bytes are fine, a cut at one place is not.
    script = ('return function(e, o, r) local n = 0 for c in o:chunks() do n = n + 1 r:write(c) '
              'if #c == 7 and n == 1 then r:write("!") end end end\n')
    assert "cut at byte 7: the output differs" in failing(tmp_path, script, input="0123456789", expected="0123456789")


MASKS = """return {
  positions = { before = %d, after = %d },
  get = function(event, object, response)
    response:write((object:read("a"):gsub("%%d%%d%%d+", function(digits) return ("*"):rep(#digits) end)))
  end,
}
"""


def test_ranges_are_tried_where_positions_are_declared(tmp_path):
    (tmp_path / "it.lua").write_text(MASKS % (3, 3))
    case(tmp_path, "one", input="card 1234, day 12\n", expected="card ****, day 12\n")
    assert re.search(r"ok    one +120 runs", objlens("test", cwd=tmp_path))
    (tmp_path / "it.lua").write_text(MASKS % (0, 0))
    said = objlens("test", cwd=tmp_path, code=1)
    assert re.search(r"FAIL  one: range \d+-\d+ \(from bytes .*\) differs from the whole view", said)
    (tmp_path / "it.lua").write_text("""return { positions = { before = 1, after = 1 }, get = function(e, o, r)
      local text = o:read("a")
      if #text < 4 then error("too short: " .. text) end
      r:write(text)
    end }""")
    case(tmp_path, "one", expected="card 1234, day 12\n")
    said = objlens("test", cwd=tmp_path, code=1)
    assert re.search(r"FAIL  one: range \d+-\d+ fails, and the whole view does not: LambdaRuntimeError \(it.lua:3: ", said), said
    assert "too short" not in said


def test_every_kind_of_case_in_one_folder(tmp_path):
    (tmp_path / "it.lua").write_text('''
return {
  depends = { headers = { "accept" } },
  get = function(e, o, r)
    r.status = 203
    r.metadata["accept"] = e.userRequest.headers.accept or "none"
    r:write(e.configuration.payload, o:read_at(0, 2), o:read("a"))
  end,
  head = function(e, o, r) r.size = o.size * 2 end,
  list = function(e, listing) table.remove(listing.contents, 1) return listing end,
  request = function(e, key) if key ~= "hidden" then return "of/" .. key end end,
}
''')
    case(tmp_path, "get", input="abcdef", payload="P\n", expected="Pababcdef",
         event='{"userRequest": {"headers": {"Accept": "x/y"}}}',
         expect='{"status": 203, "headers": {"x-amz-meta-accept": "x/y", "etag": null}}')
    case(tmp_path, "head", input="abcdef", expect='{"entry": "head", "length": 12}')
    case(tmp_path, "list", input='{"contents": [{"key": "a"}, {"key": "b"}]}',
         expected='{"contents":[{"key":"b"}],"commonPrefixes":[]}', expect='{"entry": "list"}')
    case(tmp_path, "request", expected="of/k", expect='{"entry": "request", "key": "k"}')
    case(tmp_path, "hidden", expect='{"entry": "request", "key": "hidden", "status": 404}')
    (tmp_path / "tests/flat.input").write_text("x" * 1000)
    (tmp_path / "tests/flat.expected").write_text("xx" + "x" * 1000)
    (tmp_path / "tests/README").write_text("not a case\n")
    said = objlens("test", ".", "--splits", "70", cwd=tmp_path)
    assert "6 passed, 0 failed" in said
    assert re.search(r"ok    flat +73 runs +[\d.]+ ms +\d+ KiB +\d+ instructions\n", said)
    assert re.search(r"ok    head +2 runs", said)


def test_update_writes_what_came_out(tmp_path):
    (tmp_path / "it.lua").write_text(COPY)
    case(tmp_path, "one", input="new", expected="old")
    objlens("test", ".", "--update", cwd=tmp_path)
    assert (tmp_path / "tests/one/expected").read_text() == "new"
    objlens("test", ".", cwd=tmp_path)


def test_update_tells_what_is_new(tmp_path):
    (tmp_path / "it.lua").write_text(COPY)
    case(tmp_path, "first", input="a")
    case(tmp_path, "other", input="b", expected="before")
    case(tmp_path, "same", input="c", expected="c")
    said = objlens("test", ".", "--update", cwd=tmp_path)
    assert re.findall(r"^(\w+) +(\w+) ", said, re.M)[:3] == [("new", "first"), ("new", "other"), ("ok", "same")]


def test_only_some_cases(tmp_path):
    (tmp_path / "it.lua").write_text(COPY)
    for name in ("cards", "long_cards", "empty"):
        case(tmp_path, name, input=name, expected=name)
    said = objlens("test", "--only", "cards", cwd=tmp_path)
    assert "2 passed" in said and "empty" not in said
    assert "2 passed" in objlens("test", "--only=long", "--only=emp", cwd=tmp_path)
    said = objlens("test", "--only", "none", cwd=tmp_path, code=1)
    assert "none of its 3 cases has a name with what --only says" in said and "passed" not in said


def test_the_difference_side_by_side(tmp_path):
    (tmp_path / "it.lua").write_text("return function(e, o, r) for l in o:lines() do r:write(l:upper(), '\\n') end end")
    case(tmp_path, "one", input="a\nb\nsecrets\n", expected="A\nc\nSECRETS\n")
    assert "changed" not in objlens("test", cwd=tmp_path, code=1)
    said = objlens("test", "--diff", cwd=tmp_path, code=1)
    assert re.search(r"^A +A\nc +\| B\nSECRETS +SECRETS\n1 changed, 0 removed, 0 added\n", said, re.M), said
    case(tmp_path, "one", secrets="secrets")
    said = objlens("test", "--diff", cwd=tmp_path, code=1)
    assert "came out" in said and "changed" not in said and "SECRETS" not in said


def test_junit_is_what_ci_reads(tmp_path):
    folder = tmp_path / "mask"
    folder.mkdir()
    (folder / "mask.lua").write_text(COPY)
    case(folder, "good", input="a", expected="a")
    case(folder, "bad", input="<&\x01>", expected="b")
    objlens("test", "--junit", "../report.xml", cwd=folder, code=1)
    suite = xml.etree.ElementTree.parse(tmp_path / "report.xml").getroot()
    assert suite.tag == "testsuite" and suite.attrib["name"] == "mask"
    assert [suite.attrib[name] for name in ("tests", "failures", "errors", "skipped")] == ["2", "1", "0", "0"]
    bad, good = suite
    assert (good.attrib["classname"], good.attrib["name"], len(good)) == ("mask", "good", 0)
    assert float(good.attrib["time"]) > 0
    assert bad[0].tag == "failure" and "the output differs at byte 0" in bad[0].attrib["message"]
    assert "cannot be written" in objlens("test", "--junit", "/dev/full", cwd=folder, code=1)
    assert "No such file" in objlens("test", "--junit", "absent/report.xml", cwd=folder, code=1)
    # An older report does not stay.
    (folder / "mask.lua").write_text("return")
    objlens("test", "--junit", "../report.xml", cwd=folder, code=1)
    suite = xml.etree.ElementTree.parse(tmp_path / "report.xml").getroot()
    assert suite.attrib["failures"] == suite.attrib["tests"] == "1" and "mask" in suite[0][0].attrib["message"]


def test_watch_runs_again_when_something_changes(tmp_path):
    (tmp_path / "it.lua").write_text(COPY)
    case(tmp_path, "one", input="a", expected="a")
    watching = subprocess.Popen([OBJLENS, "test", "--watch"], cwd=tmp_path, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def round_():
        """All that one round says."""
        said = ""
        while not said.endswith("-- waiting for a change; Ctrl-C ends\n"):
            line = watching.stdout.readline()
            assert line, (said, watching.stderr.read())
            said += line
        return said

    try:
        assert "1 passed, 0 failed" in round_()
        case(tmp_path, "one", expected="b")
        assert "0 passed, 1 failed" in round_()
        (tmp_path / "it.lua").write_text("return function(e, o, r) r:write('b') end")
        assert "1 passed, 0 failed" in round_()
        (tmp_path / "it.lua").write_text("return function(")
        assert "passed" not in round_()
        (tmp_path / "it.lua").write_text("return function(e, o, r) r:write('b') end")
        case(tmp_path, "two", input="a", expected="b")
        assert "2 passed, 0 failed" in round_()
    finally:
        watching.send_signal(signal.SIGINT)
        watching.communicate(timeout=60)
    assert watching.returncode == -signal.SIGINT


def test_libraries_beside_a_transform(tmp_path):
    folder = tmp_path / "loud"
    folder.mkdir()
    (folder / "loud.lua").write_text('local up = require "upper"\n'
                                     'return function(e, o, r) r:write(up(o:read("a"))) end\n')
    (folder / "upper.lua").write_text("return function(text) return text:upper() end\n")
    case(folder, "one", input="a", expected="A")
    assert "1 passed" in objlens("test", "loud", cwd=tmp_path)
    assert "1 passed" in objlens("test", cwd=folder)
    (folder / "loud.so").write_text("")
    assert "has more than one .lua or .so, and not just one with the folder's name" in objlens(
        "test", cwd=folder, code=1)
    assert "1 passed" in objlens("test", "--transform", "loud.lua", cwd=folder)


def test_nothing_to_test(tmp_path):
    assert "has no .lua or .so" in objlens("test", ".", cwd=tmp_path, code=1)
    (tmp_path / "a.lua").write_text(COPY)
    assert "has no cases" in objlens("test", ".", cwd=tmp_path, code=1)
    (tmp_path / "b.lua").write_text(COPY)
    assert "more than one" in objlens("test", ".", cwd=tmp_path, code=1)
    assert "cannot be read" in objlens("test", "absent", cwd=tmp_path, code=1)


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


# ---- plugins ----

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


# ---- serve --dev ----

SECRETIVE = """
return function(event, object, response)
  local text = object:read("a")
  log.info("looking at", #text)
  local function parse(s) return s.field.missing end
  error("cannot read <" .. tostring(parse({}) ) .. ">")
end
"""


def test_dev_shows_an_error_to_its_own_caller(tmp_path):
    def served(*arguments):
        server = Server(tmp_path / ("dev" if arguments else "plain"), config="""
bucket "shop"
access_point "shop" { bucket = "shop" }
transform "it" { file = "it.lua" }
object_lambda "shown" { access_point = "shop", transforms = { "it" } }
""", files={"it.lua": SECRETIVE}, arguments=arguments)
        server.start()
        server.s3().put_object(Bucket="shop", Key="k", Body=b"some text")
        return server

    dev, plain = served("--dev"), served()
    try:
        seen = get(dev, "/shown--ol-s3/k")
        assert seen.status == 500 and seen.headers["x-objlens-dev"] == "true"
        body = seen.body.decode()
        assert re.search(r"<Detail>it\.lua:5: uncaught error \(string\).*\[at input bytes 0 to 8\]</Detail>", body)
        log = re.search(r"<TransformLog>(.*)</TransformLog>", body, re.S).group(1)
        assert "info: looking at" in log and "error: it.lua:5: attempt to index a nil value" in log
        assert "stack: it.lua:5 in parse, it.lua:6" in log
        for path in ("/shop/k", "/shop/absent", "/nowhere/k", "/shown--ol-s3/absent"):
            assert get(dev, path).headers["x-objlens-dev"] == "true", path
            assert b"TransformLog" not in get(dev, path).body, "only of what this request ran"
        refused = exchange(dev, b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        assert refused.status == 400 and refused.headers["x-objlens-dev"] == "true"
        hidden = get(plain, "/shown--ol-s3/k")
        assert hidden.status == 500 and "x-objlens-dev" not in hidden.headers
        assert not re.search(rb"it\.lua|Detail|TransformLog|nil value", hidden.body)
        assert "nil value" not in plain.stderr_file.read_text()
    finally:
        assert dev.stop() == 0
        assert plain.stop() == 0


def test_dev_is_said_by_every_answer(tmp_path):
    server = Server(tmp_path / "server", config="""
bucket "shop"
access_point "shop" { bucket = "shop" }
transform "it" { file = "it.lua" }
object_lambda "shown" { access_point = "shop", transforms = { "it" } }
""", files={"it.lua": COPY}, arguments=("--dev",))
    server.start()
    s3 = server.s3()
    s3.put_object(Bucket="shop", Key="k", Body=b"some text")
    etag = s3.get_object(Bucket="shown--ol-s3", Key="k")["ETag"]
    view, bare = "/shown--ol-s3/k", "Host: a\r\n\r\n"
    requests = {
        200: signed(server, "GET", view), 206: signed(server, "GET", view, {"Range": "bytes=1-2"}),
        304: signed(server, "GET", view, {"If-None-Match": etag}), 412: signed(server, "GET", view, {"If-Match": '"x"'}),
        416: signed(server, "GET", view, {"Range": "bytes=100-200"}), 404: signed(server, "HEAD", "/shop/absent"),
        204: signed(server, "DELETE", "/shop/absent"), 403: f"GET /shop/k HTTP/1.1\r\n{bare}".encode(),
        501: f"BREW /shop/k HTTP/1.1\r\n{bare}".encode(), 400: b"no such protocol\r\n\r\n",
        431: f"GET / HTTP/1.1\r\nX: {'y' * 200000}\r\n{bare}".encode(),
    }
    try:
        for status, request in requests.items():
            with socket.create_connection(("127.0.0.1", server.port)) as connection:
                connection.sendall(request)
                head = connection.recv(65536).partition(b"\r\n\r\n")[0]
            assert head.startswith(b"HTTP/1.1 %d " % status) and b"\r\nx-objlens-dev: true" in head.lower(), head
        admin = http.client.HTTPConnection("127.0.0.1", server.admin_port, timeout=30)
        for path, status in (("/-/health", 200), ("/-/metrics", 200), ("/absent", 404)):
            admin.request("GET", path)
            answer = admin.getresponse()
            assert (answer.status, answer.headers["x-objlens-dev"]) == (status, "true")
            answer.read()
        admin.close()
    finally:
        assert server.stop() == 0


def test_dev_is_refused_where_others_can_connect(tmp_path):
    for address in ("0.0.0.0:0", "[::]:0", "10.1.2.3:0"):
        said = objlens("serve", "--dev", "--listen", address, "--data", "data", cwd=tmp_path, code=1)
        assert "every listener must be on 127.0.0.0/8 or ::1" in said


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
#include <objlens/transform.h>
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
    pthread_t made[8];
    int count = 0, sum = 0;
    while (count < 8 && pthread_create(&made[count], NULL, work, &sum) == 0) { pthread_join(made[count], NULL); count++; }
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
