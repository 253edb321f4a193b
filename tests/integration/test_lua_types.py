# SPDX-License-Identifier: MIT
"""What editors are told of the Lua API (examples/types), what docs/lua_api.md says of it, and what is there when a
transform runs: the same names in all three, and no others."""
import re

import pytest

from kit.author import objlens
from kit.server import ROOT

TYPES = ROOT / "examples/types"
RUNTIME = ROOT / "runtime/transform/lua"
MODULES = sorted(path.stem for path in (TYPES / "objlens").glob("*.lua"))
API = (ROOT / "docs/lua_api.md").read_text()

WALK = """
local modules = { %s }
return function(event, object, response)
  for name, module in pairs(modules) do
    for key, value in pairs(module) do response:write(name, ".", key, "\\n") end
  end
  for key in pairs(log) do response:write("log.", key, "\\n") end
end
""" % ", ".join(f'{name} = require "objlens.{name}"' for name in MODULES)


def section(heading):
    """The text below a heading of the page, up to the next one of its level."""
    level = heading.split(" ")[0]
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", API, re.M | re.S)
    assert found, heading
    return found.group(1)


def declared(path, table):
    """What a file of types says that a table has."""
    text = path.read_text()
    return set(re.findall(rf"^function {table}[.:](\w+)\(", text, re.M)) | set(
        re.findall(rf"^{table}\.(\w+) = ", text, re.M))


def fields(name, path=TYPES / "objlens.lua"):
    """The fields of a class in the types, without what it inherits."""
    block = re.search(rf"^---@class {re.escape(name)}\b.*\n((?:---.*\n)*)", path.read_text(), re.M).group(1)
    return set(re.findall(r"^---@field (\w+)", block, re.M))


def in_c(file):
    """The methods that a C file gives to its type."""
    table = re.search(r"luaL_Reg methods\[\] = \{(.*?)\};", (RUNTIME / file).read_text(), re.S).group(1)
    return set(re.findall(r'\{"(\w+)"', table))


def in_lua(file, table):
    return set(re.findall(rf"^function {table}:(\w+)\(", (RUNTIME / "modules" / file).read_text(), re.M))


def in_rows(text, letter):
    """`r:kind()` and so on of a table in the page."""
    return set(re.findall(rf"`{letter}:(\w+)\(", text))


# ---- names ----

def test_modules_are_those_that_are_there(tmp_path):
    (tmp_path / "walk.lua").write_text(WALK)
    found = set(objlens("run", "walk.lua", cwd=tmp_path).split())
    said = {f"{name}.{key}" for name in MODULES for key in declared(TYPES / "objlens" / f"{name}.lua", name)}
    said |= {f"log.{key}" for key in declared(TYPES / "objlens.lua", "log")}
    assert found == said
    headings = " ".join(re.findall(r"^### (objlens\..*)$", API, re.M))
    assert set(re.findall(r"objlens\.(\w+)", headings)) == set(MODULES)
    for name in said - {"hash.crc32"}:
        module, key = name.split(".")
        assert re.search(rf"`{module}\.{key}\b|`{key}`", API), f"{name} is not on the page"


def test_globals_are_those_that_are_there(tmp_path):
    (tmp_path / "walk.lua").write_text("""return function(event, object, response)
      for name, value in pairs(_G) do response:write(name, " ", type(value), "\\n") end
    end""")
    found = dict(line.split() for line in objlens("run", "walk.lua", cwd=tmp_path).splitlines())
    text = (TYPES / "globals.lua").read_text()
    said = set(re.findall(r"^function (\w+)\(", text, re.M)) | set(re.findall(r"^(\w+) = ", text, re.M))
    libraries = {"coroutine", "math", "string", "table", "utf8", "log"}
    assert said == set(found) - libraries and libraries < set(found)
    basic = re.search(r"\*\*Basic\.\*\*(.*?)\.\n", section("## Libraries"), re.S).group(1)
    assert set(re.findall(r"`(\w+)`", basic)) | {"require"} == said
    absent = re.search(r"Everything else is absent: (.*?)\. `require`", section("## Libraries"), re.S).group(1)
    assert not {name.split(".")[0] for name in re.findall(r"`(\w+)`", absent)} & set(found)


@pytest.mark.parametrize("file, name, there, documented", [
    ("objlens.lua", "buffer", in_c("input.c"), in_rows(section("### object:chunks([kind])"), "b")),
    ("objlens.lua", "object", in_c("api_object.c"), None),
    ("objlens/json.lua", "reader", in_lua("json.lua", "reader_type"), in_rows(section("### objlens.json"), "r")),
    ("objlens/re.lua", "regex", in_lua("re.lua", "regex"), in_rows(section("### objlens.re"), "r")),
    ("objlens/hash.lua", "state", in_c("core_hash.c"),
     in_rows(section("### objlens.hash, objlens.hmac, objlens.base64"), "h")),
    ("objlens/base64.lua", "coder", in_lua("base64.lua", "encoder") & in_lua("base64.lua", "decoder"), {"write", "finish"}),
    ("objlens/net.lua", "networks", in_c("core_net.c"), in_rows(section("### objlens.net"), "s")),
    ("objlens/pii.lua", "redactor", in_lua("pii.lua", "reader"), in_rows(section("### objlens.pii"), "w")),
], ids=["buffer", "object", "json.reader", "re.regex", "hash.state", "base64.coder", "net.networks", "pii.redactor"])
def test_methods_are_those_that_are_there(file, name, there, documented):
    assert len(there) >= (1 if name == "networks" else 2)
    if name == "object":
        documented = set(re.findall(r"^### .*?object:(\w+)\(", API, re.M))
    assert declared(TYPES / file, name) == there == documented


def test_response_and_event():
    types = TYPES / "objlens.lua"
    assert in_c("api_response.c") == declared(types, "response") | declared(types, "request_response")
    documented = set(re.findall(r"^### response:(\w+)\(", API, re.M))
    assert in_c("api_response.c") == documented
    assert declared(types, "event") == {"query"} and "`event:query(name)`" in API


@pytest.mark.parametrize("heading, name, also", [
    ("## object", "objlens.Object", set()),
    ("## response", "objlens.Response", {"size"}),
], ids=["object", "response"])
def test_fields_of_objects(heading, name, also):
    part = section(heading)
    said = set(re.findall(rf"^\| `{heading[3:]}\.(\w+)`", part, re.M))
    assert said == fields(name) | also


def test_fields_of_the_event():
    part = section("## event")
    assert {"userIdentity", "userRequest", "configuration"} | set(
        re.findall(r"^\| `event\.(protocolVersion|xAmzRequestId|time)`", part, re.M)) == fields("objlens.Event")
    rows = " ".join(re.findall(r"^\| (.*?) \|", part, re.M))
    for group, name in (("userRequest", "objlens.UserRequest"), ("configuration", "objlens.Configuration")):
        said = set()
        for row in re.findall(r"^\| (`event\.%s\..*?) \|" % group, part, re.M):
            said |= set(re.findall(r"`(?:event\.%s)?\.(\w+)`" % group, row))
        assert said == fields(name), rows


def test_what_a_module_may_have(tmp_path):
    part = section("## The module")
    said = set(re.findall(r"^\| `(\w+)` \|", part, re.M))
    assert said | {"depends"} == fields("objlens.Module")
    assert set(re.findall(r"^\| `depends\.(\w+)` \|", part, re.M)) == fields("objlens.Depends")
    known = {name: "function() end" for name in ("get", "head", "list", "request", "response")}
    known.update(positions="{}", depends="{ identity = false, headers = {}, request = false }")
    assert set(known) == said | {"depends"}
    whole = ", ".join(f"{name} = {value}" for name, value in known.items())
    (tmp_path / "all.lua").write_text(f"return {{ {whole} }}\n")
    assert "byte" in objlens("run", "all.lua", "--verify-ranges", "1", cwd=tmp_path), "each of them is taken"


def test_members_of_a_listing():
    part = section("## list")
    rows = re.findall(r"^\| (`.*?) \| (.*?) \|$", part, re.M)
    named = {name for row, _ in rows for name in re.findall(r"`(\w+)`", row)}
    assert named == fields("objlens.Listing")
    contents = next(text for row, text in rows if row == "`contents`")
    owner = {"displayName", "id"}
    assert set(re.findall(r"`(\w+)`", contents)) - owner == fields("objlens.ListedObject")


# ---- options and results ----

def test_options_of_functions_are_those_on_the_page():
    compared = 0
    for module, function, options in re.findall(r"`(\w+)\.(\w+)\([^`]*?\{([^`]*?)\}[^`]*\)`", API):
        path = TYPES / "objlens" / f"{module}.lua"
        if not path.exists():
            continue
        comments = re.search(rf"((?:^---.*\n)*)^function {module}\.{function}\(", path.read_text(), re.M).group(1)
        given = re.search(r"---@param options\? \{(.*)\}", comments)
        assert given, f"{module}.{function}"
        assert set(re.findall(r"(\w+) = ", options)) == set(re.findall(r"(\w+)\?: ", given.group(1)))
        compared += 1
    assert compared >= 6


def parameters(signature):
    """How many a signature has: {…} is one, and [ ] say only that it may be left out."""
    plain = re.sub(r"\{.*?\}", "options", signature).translate({ord(c): None for c in "[] "})
    return len(plain.split(",")) if plain else 0


def test_functions_take_as_many_arguments_as_the_page_says():
    letters = {"### objlens.json": ("r", "reader"), "### objlens.re": ("r", "regex"),
               "### object:chunks([kind])": ("b", "buffer"),
               "### objlens.hash, objlens.hmac, objlens.base64": ("h", "state"), "### objlens.pii": ("w", "redactor"),
               "### objlens.net": ("s", "networks")}
    said = [(m, f, a) for m, f, a in re.findall(r"`(\w+)\.(\w+)\(((?:\{[^}]*\}|[^)`])*)\)`", API) if m in MODULES]
    for heading, (letter, table) in letters.items():
        said += [(table, f, a) for f, a in re.findall(rf"`{letter}:(\w+)\(([^)`]*(?:\}}\])?)\)`", section(heading))]
    texts = "".join(path.read_text() for path in TYPES.rglob("*.lua"))
    wrong = []
    for table, function, arguments in said:
        types = re.search(rf"^function {table}[.:]{function}\((.*)\) end$", texts, re.M).group(1)
        if "…" not in arguments and parameters(arguments) != parameters(types):
            wrong.append((table, function, arguments, types))
    assert not wrong and len(said) >= 45


def test_a_finding_has_the_fields_on_the_page(tmp_path):
    (tmp_path / "find.lua").write_text("""local pii = require "objlens.pii"
      return function(event, object, response)
        for name in pairs(pii.find("write to ann@example.com")[1]) do response:write(name, "\\n") end
      end""")
    found = set(objlens("run", "find.lua", cwd=tmp_path).split())
    page = re.search(r"`pii\.find\(.*?a list of `\{(.*?)\}`", API).group(1)
    types = re.search(r"---@return \{ (.*) \}\[\]\nfunction pii\.find", (TYPES / "objlens/pii.lua").read_text()).group(1)
    assert found == set(re.findall(r"(\w+) = ", page)) == set(re.findall(r"(\w+): ", types))


def test_only_strings_are_hashed_at_once(tmp_path):
    """A buffer is for hash.new(…):write; the types must not promise more."""
    (tmp_path / "hash.lua").write_text("""local hash, hmac = require "objlens.hash", require "objlens.hmac"
      return function(event, object, response)
        for buffer in object:chunks("buffer") do
          response:write(tostring(pcall(hash.sha256, buffer)), tostring(pcall(hmac.sha256, "k", buffer)),
                         hash.new("crc32"):write(buffer):hex())
        end
      end""")
    assert objlens("run", "hash.lua", cwd=tmp_path, stdin=b"x") == "falsefalse8cdc1683"
    for name in ("hash", "hmac"):
        text = (TYPES / "objlens" / f"{name}.lua").read_text().partition(f"local {name} = {{}}")[2]
        assert "objlens.Buffer" not in text


# ---- the editor's settings ----

def test_the_editor_knows_require_and_nothing_that_is_absent(tmp_path):
    objlens("new", "lua", "mask", cwd=tmp_path)
    settings = (tmp_path / "mask/.luarc.json").read_text()
    disabled = set(re.findall(r'"(\w+)": "disable"', settings))
    assert {"basic", "package", "io", "os", "debug"} == disabled
    assert "function require(" in (tmp_path / "mask/types/globals.lua").read_text(), "it is in the editor's own \"package\""
