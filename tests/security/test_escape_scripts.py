# SPDX-License-Identifier: MIT
"""Attempts to escape in the Lua language itself: past the list of libraries, into shared metatables, past
the budgets through protected calls, coroutines, error handlers and collectors, and with the modules.
test_hostile_scripts.py has the plainer ones. The server's neighbours must not notice."""
import threading

from kit.raw import get

PRELUDE = """
local json, csv, xml, re = require "objlens.json", require "objlens.csv", require "objlens.xml", require "objlens.re"
local pii, hash, base64, u8, zip = require "objlens.pii", require "objlens.hash", require "objlens.base64", require "objlens.utf8", require "objlens.zip"
local function endless() while true do end end
"""

# Attempts that must end the request in an error, and those that must find nothing (they write "nothing").
ENDS = {
    # Budgets: protected calls, handlers, coroutines, closing variables, metamethods.
    "pcall_forever": "while true do pcall(endless) end",
    "pcall_error_forever": "while true do pcall(error, 'x') end",
    "xpcall_handler_loops": "while true do xpcall(error, endless) end",
    "coroutines_hand_over": "local a, b a = coroutine.wrap(function() while true do coroutine.yield() end end) while true do a() end",
    "coroutine_nest": "local function f() return coroutine.wrap(f)() end f() error('deep')",
    "close_loops": "local co = coroutine.create(function() local x <close> = setmetatable({}, {__close = endless}) coroutine.yield() end) coroutine.resume(co) coroutine.close(co)",
    "close_in_pcall": "while true do pcall(function() local x <close> = setmetatable({}, {__close = endless}) error('x') end) end",
    "index_loops": "local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) while true do pcall(function() return t[1] end) end",
    "arithmetic_on_strings": "local mt = {__add = endless} return setmetatable({}, mt) + 1",
    "compare_loops": "table.sort({3, 2, 1, 5, 4}, endless)",
    "gsub_callback_loops": "('x'):gsub('x', endless)",
    "pairs_metamethod": "for _ in pairs(setmetatable({}, {__pairs = endless})) do end",
    "len_metamethod": "return #setmetatable({}, {__len = endless})",
    "concat_metamethod": "return setmetatable({}, {__concat = endless}) .. 'x'",
    "memory_in_pcall": "local t = {} while true do pcall(function() for i = 1, 1e9 do t[#t + 1] = ('x'):rep(1000) .. i end end) end",
    "memory_in_error_object": "while true do local ok, e = pcall(error, {('x'):rep(1e6)}) t = {t, e} end",
    "memory_by_string_growth": "local s = 'x' while true do s = s .. s end",
    "memory_by_format": "local s = ('x'):rep(1e6) while true do s = string.format('%s%s', s, s) end",
    "memory_by_gsub": "local s = ('x'):rep(1e6) while true do s = s:gsub('x', 'xx') end",
    "memory_by_pack": "return string.pack('c1000000000', '')",
    "memory_by_upvalues": "local function grow(n) return function() return n, grow end end local t = {} while true do t = {t, grow(t)} end",
    "memory_by_unpack": "local t = {} for i = 1, 200 do t[i] = i end while true do t = {t, table.unpack(t, 1, 200)} end",
    "unpack_extremes": "return table.unpack({}, math.mininteger, math.maxinteger)",
    "unpack_extremes_slowly": "return table.unpack(setmetatable({}, {}), math.mininteger, math.maxinteger)",
    "move_extremes": "table.move({}, math.mininteger, math.maxinteger, 1)",
    "concat_extremes": "return table.concat(setmetatable({}, {__index = function() return '' end}), '', 1, math.maxinteger)",
    "byte_extremes": "return ('x'):rep(2e7):byte(1, -1)",
    "pattern_blow_up": "(('a'):rep(30)):find(('a?'):rep(30) .. ('a'):rep(30) .. 'b') (('a'):rep(50000)):find('.-.-.-.-b')",
    "pattern_in_pcall": "while true do pcall(string.find, ('a'):rep(50000), '.-.-.-.-b') end",
    "stack_by_recursion": "local function f(n) return 1 + f(n + 1) end f(1)",
    "stack_by_tostring": "local t t = setmetatable({}, {__tostring = function() return tostring(t) end}) tostring(t)",
    "output_flood": "local s = ('x'):rep(1e6) while true do response:write(s) end",
    "read_at_flood": "for i = 1, 1e9 do object:read_at(0, 1) end",
    # Modules.
    "json_deep": "json.decode(('['):rep(1e6))",
    "json_wide": "json.decode('[' .. ('[],'):rep(2e6) .. '1]')",
    "json_circle": "local t = {} t[1] = t json.encode(t)",
    "json_endless_source": "for _ in json.values(function() return '' end) do end",
    "json_long_value": "for _ in json.values(function() return '[1,' end) do end",
    "csv_endless_row": "for _ in csv.rows(function() return 'a,' end) do end",
    "csv_endless_quote": "for _ in csv.rows(function() return '\"a' end) do end",
    "xml_laughs": "xml.parse('<!DOCTYPE a [<!ENTITY b \"lol\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>')",
    "xml_outside": "xml.parse('<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>')",
    "xml_deep": "xml.parse(('<a>'):rep(100000))",
    "xml_endless_text": "for _ in xml.events(function() return '<a>' .. ('x'):rep(1000) end) do end",
    "re_nested_repeats": "re.compile('^(a+)+$'):test(('a'):rep(40) .. 'b')",
    "re_nested_in_pcall": "local r = re.compile('(a|a)*c') while true do pcall(r.test, r, ('a'):rep(5000)) end",
    "re_quadratic": "re.compile('[^x]*+y'):test(('a'):rep(2e7))",
    "re_group_in_group": "re.compile('(x+x+)+[yz]'):test(('x'):rep(5000) .. 'w')",
    "re_huge_pattern": "re.compile(('(a{1,1000}){1,1000}'):rep(50))",
    "re_many": "local t = {} for i = 1, 1e9 do t[i] = re.compile('a' .. i) end",
    "re_code_unit": "re.compile('\\\\C')",
    "re_characters_in_bytes": "re.compile('(*UTF)([^a])', 'b'):match(('x'):rep(6000) .. '\\xff', 6001)",
    "re_wrong_object": "local r = re.compile('a') r.code = json.null r:test('a')",
    "hash_wrong_object": "hash.new('md5').write(json.null, 'x')",
    "zip_bomb": "local b = zip.pack(('\\0'):rep(2e7), 'bzip2') while true do zip.unpack(b, 'bzip2') end",
    "zip_bomb_whole": "local t, b = {}, zip.pack(('\\0'):rep(5e6), 'bzip2') for i = 1, 100 do t[i] = zip.unpack(b, 'bzip2', {max_ratio = 1 << 40}) .. i end",
    "zip_many_streams": "local t = {} for i = 1, 1e9 do t[i] = zip.compress('x', 'zstd') t[i]() end",
    "utf8_endless_source": "for _ in u8.pieces(function() return '\\xe2' end) do end",
    "base64_garbage": "base64.decode(('!'):rep(1e6))",
    "pii_object_twice": "local r = pii.redactor() r:finish() r:write('x')",
    "require_file": "require('/etc/passwd')",
    "require_parent": "require('../good')",
    "require_internal": "require('objlens.source')",
}

FINDS_NOTHING = {
    "shared_metatables": """
      for _, value in ipairs { "", object, response, event, event.userRequest, event.userIdentity, response.headers,
                               json.null, json.array(), re.compile("a"), re.compile("a").code, hash.new("md5"),
                               json.reader("1"), base64.encoder(), pii.redactor() } do
        assert(getmetatable(value) == false)
        assert(not pcall(setmetatable, value, {}))
      end""",
    "string_library_through_values": "assert(not pcall(function() (''):dump() end) and ('').dump == nil and string.dump == nil)",
    "environment": """
      local seen, allowed = {}, {}
      for name in ("_G _VERSION assert error getmetatable ipairs next pairs pcall print rawequal rawget rawlen rawset select " ..
                   "setmetatable tonumber tostring type xpcall collectgarbage coroutine string table math utf8 log require"):gmatch("%S+") do
        allowed[name] = true
      end
      for name in pairs(_G) do assert(allowed[name], name) end""",
    "libraries": """
      for _, library in ipairs { coroutine, string, table, math, utf8 } do
        for name, value in pairs(library) do assert(name ~= "dump" and name ~= "loadstring" and type(value) ~= "userdata") end
      end""",
    "collector": """
      local mt = {} local t = setmetatable({}, mt) mt.__mode, mt.__gc = "kv", endless t[1] = {}
      for i = 1, 200000 do local x = {i} end
      assert(t[1] and not pcall(setmetatable, {}, {__gc = endless}) and not pcall(setmetatable, {}, {__mode = "k"}))""",
    "randomness": "assert(math.random(1 << 40) == math.random(1 << 40) == false and not pcall(math.randomseed))",
    "addresses": """
      for _, value in ipairs { {}, print, function() end, coroutine.create(print), object, response, event } do
        assert(not tostring(value):find("0x") and not string.format("%s", value):find("%d%d%d"))
      end
      assert(not pcall(string.format, "%p", {}))""",
    "clock": "assert(os == nil and not pcall(function() return event.time end) and not pcall(function() return event.xAmzRequestId end))",
    "credentials": """
      for _, name in ipairs { "authorization", "cookie", "x-amz-security-token", "range" } do
        assert(not pcall(function() return event.userRequest.headers[name] end))
      end
      for name, value in pairs(event.userIdentity) do assert(not value:find("SECRET")) end""",
    "bytecode": "assert(load == nil and not pcall(require, '\\27Lua') and string.dump == nil)",
    "leftovers": """
      assert(leftover == nil and string.leftover == nil and json.leftover == nil and rawget(_G, "x") == nil)
      leftover, string.leftover, json.leftover = 1, 1, 1
      math.random() table.concat = nil json.decode = nil""",
    "log_flood": "for i = 1, 500 do log.info(('x'):rep(4000)) end",
    "stop_cannot_be_caught": "assert(not pcall(error))",
}


def module(attempts):
    """One transform: which attempt it makes is asked for."""
    functions = "".join(f"attempts.{name} = function(event, object, response)\n{body}\nend\n"
                        for name, body in attempts.items())
    return (PRELUDE + "local attempts = {}\n" + functions +
            "return function(event, object, response)\n"
            "  attempts[event.userRequest.query.attempt](event, object, response)\n  response:write('nothing')\nend\n")


def attempt(server, name):
    return get(server, f"/try-attempts--ol-s3/k?attempt={name}")


def test_attempts_end_in_an_error(hostile):
    server = hostile({"attempts": module(ENDS)}, limits="cpu_ms = 100, output_bytes = 1048576")
    wrong = {}
    for name in ENDS:
        answer = attempt(server, name)
        if name == "output_flood":
            bad = answer.complete
        else:
            bad = answer.status not in (400, 500, 503) or b"original that" in answer.raw or b"root:" in answer.raw
        if bad:
            wrong[name] = (answer.status, answer.body[:100])
    assert not wrong
    assert get(server, "/try-good--ol-s3/k").body == b"262144"


def test_attempts_find_nothing(hostile):
    server = hostile({"attempts": module(FINDS_NOTHING)})
    answers = {name: [attempt(server, name).body for _ in range(2)] for name in FINDS_NOTHING}
    assert answers == {name: [b"nothing"] * 2 for name in FINDS_NOTHING}
    # A flood of log lines is cut to what is allowed.
    assert server.transform_log.stat().st_size < 2 * 64 * 1024


def test_neighbours_are_served_while_attempts_run(hostile):
    names = ["pcall_forever", "re_nested_in_pcall", "memory_in_pcall", "zip_bomb"]
    server = hostile({"attempts": module({name: ENDS[name] for name in names})}, limits="cpu_ms = 100, output_bytes = 1048576")
    over = threading.Event()
    failures = []

    def attack(name):
        while not over.is_set():
            if attempt(server, name).status not in (400, 500, 503):
                failures.append(name)

    threads = [threading.Thread(target=attack, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    try:
        answers = {get(server, "/try-good--ol-s3/k").body for _ in range(20)}
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert answers == {b"262144"} and not failures
