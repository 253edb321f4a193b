# SPDX-License-Identifier: MIT
"""The transforms that ship as Lua files: their pages' examples, what they refuse, and sizes."""
import json
import os
import pathlib
import re
import subprocess

import pytest

from kit.server import OBJLENS

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(name, payload, text):
    return subprocess.run([OBJLENS, "run", name, "--payload", payload], input=text, capture_output=True, timeout=120)


@pytest.mark.parametrize("name", ["csv_json", "json_filter", "lines"])
def test_the_page_says_what_happens(name):
    environment = dict(os.environ, PATH=f"{OBJLENS.parent}:{os.environ['PATH']}")
    page = (ROOT / "transforms" / name / "README.md").read_text()
    examples = 0
    for block in re.findall(r"```console\n(.*?)```", page, re.DOTALL):
        for part in block.split("$ ")[1:]:
            command, _, expected = part.partition("\n")
            done = subprocess.run(["bash", "-c", command], cwd=ROOT, env=environment, capture_output=True,
                                  text=True, timeout=60)
            assert (done.stdout, done.stderr) == (expected, "")
            examples += 1
    assert examples >= 2


@pytest.mark.parametrize("name, payload, why", [
    ("csv_json", '{"seperator": ";"}', "seperator"), ("csv_json", '{"array": 1}', "array"), ("csv_json", "[]", "object"),
    ("csv_json", "{", "too early"), ("json_filter", "{}", "keep or drop"), ("json_filter", '{"keep": ["a"]}', "begins with"),
    ("json_filter", '{"keep": ["/a"], "drop": ["/b"]}', "keep or drop"), ("json_filter", '{"keep": [1]}', "begins with"),
    ("lines", '{"grep": "("}', "re.compile"), ("lines", '{"head": 1, "tail": 1}', "head or tail"),
    ("csv_json", '{"separator": "::"}', "one byte"), ("csv_json", '{"quote": ","}', "the same"),
    ("json_filter", '{"keep": {"a": 1}}', "lists of paths"), ("lines", '{"sample": 1.5}', "0 to 1"),
    ("lines", '{"invert": true}', "grep"), ("lines", '{"seed": "x"}', "sample"),
    ("lines", '{"head": -1}', "negative"), ("lines", '{"head": 1.5}', "head"), ("lines", '{"tail": 1000000}', "100000"),
])
def test_payloads_that_are_refused(name, payload, why):
    done = run(name, payload, b"a,b\n1,2\n")
    assert done.returncode != 0 and done.stdout == b""
    assert "InvalidTransformPayload" in done.stderr.decode() and why in done.stderr.decode()


@pytest.mark.parametrize("name, payload, text", [
    ("csv_json", "", b"a,b\n1\n"), ("csv_json", "", b'a,b\n"1,2\n'), ("csv_json", "", b"a\n\xff\n"),
    ("json_filter", '{"keep": ["/a"]}', b'{"a": 01}'), ("json_filter", '{"keep": ["/a"]}', b'{"a": 1'),
    ("json_filter", '{"drop": ["/a"]}', b'{"b": [1 2]}'), ("json_filter", '{"drop": ["/a"]}', b"[" * 1000),
    ("lines", '{"grep": "x"}', b"\xff\n"),
])
def test_inputs_that_end_in_an_error(name, payload, text):
    assert run(name, payload, text).returncode != 0


def test_csv_becomes_the_json_that_python_reads():
    text = "".join(f'{i},"a ""{i}"" b\nc",{i * 1.5}\r\n' for i in range(3000))
    done = run("csv_json", '{"numbers": true}', ("\ufeffid,text,n\r\n" + text).encode())
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows == [{"id": i, "text": f'a "{i}" b\nc', "n": i * 1.5} for i in range(3000)]
    assert run("csv_json", "", b"").stdout == b"" and run("csv_json", '{"array": true}', b"a,b\n").stdout == b"[]\n"


def filtered(value, paths, keep, here=()):
    """What json_filter says it does, by a parsed value."""
    def leaf(path):
        return any(len(p) == len(path) and all(a in ("*", b) for a, b in zip(p, path)) for p in paths)

    def under(path):
        return any(len(p) > len(path) and all(a in ("*", b) for a, b in zip(p, path)) for p in paths)

    def wanted(path, part):
        return leaf(path) or under(path) and isinstance(part, (dict, list)) if keep else not leaf(path)

    def part_of(path, part):
        return part if leaf(path) or not under(path) else filtered(part, paths, keep, path)

    if isinstance(value, dict):
        return {k: part_of(here + (k,), v) for k, v in value.items() if wanted(here + (k,), v)}
    if isinstance(value, list):
        return [part_of(here + (str(i),), v) for i, v in enumerate(value) if wanted(here + (str(i),), v)]
    return None if keep else value


@pytest.mark.parametrize("keep", [True, False])
def test_a_filter_does_what_its_rule_says(keep):
    values = [{"a": {"b": i, "c": [1, {"d": 2, "e": [i]}]}, "f": "é\n", "g/h": None, "i~": i / 3} for i in range(200)]
    values += [[1, 2, {"a": 1}], 5, "x", {}, []]
    text = "\n".join(json.dumps(v, indent=i % 2) for i, v in enumerate(values)).encode()
    for paths in (["/a/b"], ["/a/c/*/d", "/f"], ["/g~1h", "/i~0"], ["/*/b"], ["/0", "/2/a"], ["/nothing"], ["/a/c/1/e/0"],
                  ["/*/b", "/a/c/0"], ["/*", "/a/b"], ["/a/*/d", "/*/c/1/e", "/a/c/*/e/0"]):
        split = [tuple(p.replace("~1", "/").replace("~0", "~") for p in path[1:].split("/")) for path in paths]
        done = run("json_filter", json.dumps({"keep" if keep else "drop": paths}), text)
        assert [json.loads(line) for line in done.stdout.splitlines()] == [filtered(v, split, keep) for v in values]


def test_lines_of_every_kind():
    lines = [f"line {i}" for i in range(5000)]
    text = "\n".join(lines).encode()
    assert run("lines", '{"head": 3}', text).stdout.split(b"\n") == [b"line 0", b"line 1", b"line 2", b""]
    assert run("lines", '{"tail": 2}', text).stdout == b"line 4998\nline 4999\n"
    assert run("lines", '{"tail": 0}', text).stdout == b"" and run("lines", '{"tail": 9}', b"a\nb").stdout == b"a\nb\n"
    assert run("lines", '{"grep": "7$", "invert": true, "head": 9}', text).stdout.count(b"7\n") == 0
    sample = run("lines", '{"sample": 0.1, "seed": "x"}', text).stdout
    assert 350 < sample.count(b"\n") < 650 and sample == run("lines", '{"sample": 0.1, "seed": "x"}', text).stdout
    assert run("lines", '{"sample": 1}', text).stdout == text + b"\n" and run("lines", '{"sample": 0}', text).stdout == b""
