# SPDX-License-Identifier: MIT
"""XML to JSON and decompression, through `objlens run`, against what people would run instead, in the
same rounds: CPU time of all processes of a run, the sandboxed host's too, over the bytes of the text."""
import contextlib
import itertools
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile

from gauge.machine import LOAD_CORE, median, pinned
from gauge.table import print_fact, print_row
from kit.server import OBJLENS

WORDS = ("lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor "
         "incididunt ut labore et dolore magna aliqua").split()

# objlens's share of a peer's speed; the peers' documents are smaller, which is kind to them.
XML_GOALS = {"xmltodict": 12.0, "fast-xml-parser": 12.0}
UNPACK_GOAL = 0.9
XML_BYTES, PEER_XML_BYTES, UNPACKED_BYTES = 100_000_000, 20_000_000, 100_000_000

PYTHON_PEER = ("import json, sys, xmltodict;"
               "json.dump(xmltodict.parse(sys.stdin.buffer.read()), open('/dev/null', 'w'))")
NODE_PEER = ("const {XMLParser} = require('fast-xml-parser'); const fs = require('fs');"
             "fs.writeFileSync('/dev/null', JSON.stringify(new XMLParser({ignoreAttributes: false, parseTagValue: false})"
             ".parse(fs.readFileSync(0))))")

TOOLS = {"gzip": ["gzip", "-dc"], "zstd": ["zstd", "-q", "-dc"], "bzip2": ["bzip2", "-dc"], "xz": ["xz", "-dc", "-T1"],
         "lz4": ["lz4", "-q", "-dc"], "brotli": ["brotli", "-dc"], "snappy": ["snzip", "-dc"]}
# Those that take long are given less.
SLOW = {"bzip2": 5, "xz": 2}


def words(rng, least, most):
    return " ".join(rng.choices(WORDS, k=rng.randrange(least, most)))


def catalogue(size):
    """Records of ten elements and twelve attributes."""
    rng = random.Random(7)
    books = [f'''  <book id="bk{n:07d}" lang="en">
    <author>{words(rng, 2, 4)}</author>
    <title>{words(rng, 4, 9)}</title>
    <genre code="{n % 20}" sub="a">Computer</genre>
    <price currency="EUR">{n % 10000 / 100:.2f}</price>
    <publish_date>2000-10-{n % 28 + 1:02d}</publish_date>
    <stock a="1" b="2" c="3" d="4" e="5" f="6"/>
    <isbn kind="13">978{n:010d}</isbn>
    <pages>{n % 900}</pages>
    <description>{words(rng, 30, 60)} &amp; more</description>
  </book>
''' for n in range(2000)]
    out, length = ['<?xml version="1.0" encoding="UTF-8"?>\n<catalog>\n'], 0
    while length < size:
        out.append(books[len(out) % len(books)])
        length += len(out[-1])
    return "".join([*out, "</catalog>\n"]).encode()


def prose(size):
    """Words as often as words are: what repeats itself would be copied and not decoded."""
    rng = random.Random(9)
    known = ["".join(rng.choices("etaoinshrdlucmfwypvbgkjqxz", k=rng.randrange(2, 11))) for _ in range(20000)]
    weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(known))))
    out, length = [], 0
    while length < size:
        out.append(" ".join(rng.choices(known, cum_weights=weights, k=100000)) + ".\n")
        length += len(out[-1])
    return "".join(out).encode()[:size]


def seconds(command, path, env=None):
    """CPU seconds of a command and its children that reads a file and whose output nobody wants."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(path, "rb") as source:
        subprocess.run(pinned(LOAD_CORE, command), stdin=source, stdout=subprocess.DEVNULL, check=True, env=env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def in_turns(bench, commands):
    """{name: (command, file, bytes, environment)} to {name: megabytes a CPU second}."""
    spent = {name: [] for name in commands}
    for _ in range(bench.rounds):
        for name, (command, path, _, env) in commands.items():
            spent[name].append(seconds(command, path, env))
    return {name: commands[name][2] / median(all) / 1e6 for name, all in spent.items()}


def node_folder():
    """A folder where node finds fast-xml-parser, or None."""
    if not shutil.which("npm"):
        return None
    folder = tempfile.mkdtemp()
    done = subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder,
                           "fast-xml-parser"], capture_output=True, check=False)
    return folder if done.returncode == 0 else None


def xml_commands(large, small):
    commands = {
        "xml_json records": ([OBJLENS, "run", "xml_json", "--payload", '{"records": "/catalog/book"}'], large),
        "xml_json jsonml": ([OBJLENS, "run", "xml_json", "--payload", '{"convention": "jsonml"}'], large),
    }
    with contextlib.suppress(ImportError):
        import xmltodict  # noqa: F401
        commands["xmltodict"] = ([sys.executable, "-c", PYTHON_PEER], small)
    commands = {name: (*both, os.path.getsize(both[1]), None) for name, both in commands.items()}
    folder = node_folder()
    if folder:
        commands["fast-xml-parser"] = (["node", "--max-old-space-size=4096", "-e", NODE_PEER], small,
                                       os.path.getsize(small), dict(os.environ, NODE_PATH=f"{folder}/node_modules"))
    return commands


def run_xml(bench):
    with tempfile.TemporaryDirectory() as folder:
        large, small = (os.path.join(folder, name) for name in ("large.xml", "small.xml"))
        for path, size in ((large, XML_BYTES), (small, PEER_XML_BYTES)):
            with open(path, "wb") as file:
                file.write(catalogue(size))
        speed = in_turns(bench, xml_commands(large, small))
    for name in ("xml_json records", "xml_json jsonml"):
        print_fact(f"{name}, 100 MB", f"{speed[name]:.0f} MB a CPU second", speed[name] >= 250)
        for peer, goal in XML_GOALS.items():
            if peer in speed:
                print_row(f"{name}, 100 MB", f"{peer}, 20 MB", speed[name] / speed[peer], goal,
                          f"   [{speed[peer]:.1f} MB a CPU second]")


def pack(format, text, path):
    payload = json.dumps({"format": format, "memory_bytes": 256 << 20})
    with open(path, "wb") as file:
        subprocess.run([OBJLENS, "run", "compress", "--payload", payload], input=text, stdout=file, check=True)


def run_unpack(bench):
    text = prose(UNPACKED_BYTES)
    with tempfile.TemporaryDirectory() as folder:
        for format, tool in TOOLS.items():
            part = text[:len(text) // SLOW.get(format, 1)]
            path = os.path.join(folder, "packed")
            if not shutil.which(tool[0]):
                print_fact(f"decompress {format}", f"{tool[0]} is not installed")
                continue
            pack(format, part, path)
            ours = [OBJLENS, "run", "decompress", "--payload", json.dumps({"format": format})]
            speed = in_turns(bench, {"ours": (ours, path, len(part), None), "tool": (tool, path, len(part), None)})
            print_row(f"decompress {format}", tool[0], speed["ours"] / speed["tool"], UNPACK_GOAL,
                      f"   [{speed['ours']:.0f} : {speed['tool']:.0f} MB a CPU second]")
