# SPDX-License-Identifier: MIT
"""The author's kit: `objlens test`, its cases and what it says when they do not hold."""
import re
import signal
import subprocess
import xml.etree.ElementTree

import pytest

from kit.author import COPY, case, objlens
from kit.server import OBJLENS


def failing(tmp_path, script, **files):
    """What objlens test says of the one case."""
    (tmp_path / "it.lua").write_text(script)
    case(tmp_path, "one", **files)
    return objlens("test", ".", cwd=tmp_path, code=1)


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


ENCODERS = r"""
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
  hex_colons = function(s) return (s:gsub(".", function(c) return ("%02X:"):format(c:byte()) end)) end,
  hex_blanks = function(s) return (s:gsub(".", function(c) return ("%02x "):format(c:byte()) end)) end,
  hex_c = function(s) return (s:gsub(".", function(c) return ("0x%02x, "):format(c:byte()) end)) end,
  hex_escaped = function(s) return (s:gsub(".", function(c) return ("\\x%02x"):format(c:byte()) end)) end,
  mime = function(s) return (base64.encode("1" .. s):gsub("....", "%0\r\n")) end,
  mime_in_json = function(s) return json.encode { body = base64.encode(s):gsub(".......", "%0\n") } end,
  mime_indented = function(s) return (base64.encode("12" .. s):gsub(".....", "%0 \n\t  ")) end,
  numbers = function(s) return (s:gsub(".", function(c) return ("&#%d;"):format(c:byte()) end)) end,
  hex_numbers = function(s) return (s:gsub("%W", function(c) return ("&#x%04X;"):format(c:byte()) end)) end,
  some_numbers = function(s) return (xml.escape(s):gsub("T", "&#84;")) end,
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
    ("xml", " escaped for XML"), ("lower", ""), ("half", None),
    ("hex_colons", " in hexadecimal"), ("hex_blanks", " in hexadecimal"), ("hex_c", " in hexadecimal"),
    ("hex_escaped", " in hexadecimal"), ("mime", " in base64"), ("mime_in_json", " in base64"),
    ("mime_indented", " in base64"), ("numbers", " escaped for XML"), ("hex_numbers", " escaped for XML"),
    ("some_numbers", " escaped for XML")])
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


@pytest.mark.parametrize("does, where", [
    ('log.info("got", whole)', "the transform log of a range"),
    ('response:error(400, "Bad", whole)', "the error's message")])
def test_secrets_are_found_in_what_ranges_tell(does, where, tmp_path):
    """The whole view, made from its first byte on, tells nothing."""
    (tmp_path / "it.lua").write_text("""return {
      positions = { before = 11, after = 11 },
      get = function(event, object, response)
        local whole = object:read("a")
        if whole:sub(1, 1) ~= "a" and whole:find("hiddenwords", 1, true) then %s end
        response:write((whole:gsub("hiddenwords", "***********")))
      end }""" % does)
    case(tmp_path, "one", input="a hiddenwords z and so on and so on", expected="a *********** z and so on and so on",
         secrets="hiddenwords")
    said = objlens("test", cwd=tmp_path, code=1)
    assert f"FAIL  one: secret number 1 came out in {where}\n" in said and "hiddenwords" not in said


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
    assert "none of its 3 cases has the text of --only in its name" in said and "passed" not in said


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
    folder = tmp_path / "it"
    folder.mkdir()
    (folder / "it.lua").write_text(COPY)
    case(folder, "one", input="a", expected="a")
    watching = subprocess.Popen([OBJLENS, "test", "--watch"], cwd=folder, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def round_():
        """All that one round says."""
        said = ""
        while not said.endswith("-- waiting for a change; Ctrl-C ends\n"):
            line = watching.stdout.readline()
            assert line, (said, watching.stderr.read())
            said += line
        return said

    def put(name, text):
        """At once, so that no round sees half of it."""
        (tmp_path / "new").write_text(text)
        (tmp_path / "new").replace(folder / name)

    try:
        assert "1 passed, 0 failed" in round_()
        put("tests/one/expected", "b")
        assert "0 passed, 1 failed" in round_()
        put("it.lua", "return function(e, o, r) r:write('b') end")
        assert "1 passed, 0 failed" in round_()
        put("it.lua", "return function(")
        assert "passed" not in round_()
        case(tmp_path, "two", input="a", expected="b")
        (tmp_path / "tests/two").replace(folder / "tests/two")
        assert "passed" not in round_()
        put("it.lua", "return function(e, o, r) r:write('b') end")
        assert "2 passed, 0 failed" in round_()
    finally:
        watching.send_signal(signal.SIGINT)
        try:
            watching.communicate(timeout=60)
        finally:
            watching.kill()
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
