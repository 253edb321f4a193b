# SPDX-License-Identifier: MIT
"""Scripts that try to get out, to get at others, or to take more than their share."""
import pytest

from kit.raw import get

# Each must end in an error (500), and never in a 200.
REFUSED = {
    "io": 'io.open("/etc/passwd")',
    "os_execute": 'os.execute("id")',
    "os_getenv": 'response:write(os.getenv("OBJLENS_SECRET_KEY"))',
    "require": 'require("os")',
    "package": "response:write(package.path)",
    "debug": "response:write(tostring(debug.getregistry()))",
    "dofile": 'dofile("/etc/passwd")',
    "loadfile": 'loadfile("/etc/passwd")()',
    "load": 'load("return 1")()',
    "string_dump": "response:write(string.dump(function() end))",
    "collect": 'response:write(collectgarbage("count") .. "")',
    "gc_metamethod": "setmetatable({}, {__gc = function() end})",
    "weak_tables": 'setmetatable({}, {__mode = "k"})',
    "string_metatable": 'getmetatable("").__index = nil response:write("x")',
    "address": 'response:write(string.format("%p", {}))',
    "rep_bomb": 'local s = ("x"):rep(1 << 40)',
    "rep_bomb_separator": 'local s = (""):rep(1 << 40, "xxxxxxxx")',
    "format_bomb": 'local s = string.format("%9999999s", "x")',
    "concat_bomb": 'local t = {} for i = 1, 1e7 do t[i] = "xxxxxxxxxxxxxxxx" end local s = table.concat(t)',
    "coroutine_bomb": "local t = {} for i = 1, 1e9 do t[i] = coroutine.create(function() end) end",
    "closure_bomb": "local t = {} for i = 1, 1e9 do t[i] = function() return i end end",
    "unpack_bomb": "local t = {table.unpack({}, 1, 1e7)}",
    "deep_pattern": '("x"):find(("("):rep(100))',
    "deep_recursion_in_pcall": "local function f() return pcall(f) end f() error('deep')",
    "error_in_error": "error(setmetatable({}, {__tostring = function() error('again') end}))",
    "endless_tostring": "error(setmetatable({}, {__tostring = function() while true do end end}))",
    "endless_close": "local x <close> = setmetatable({}, {__close = function() while true do end end}) error('x')",
    "endless_index_chain": "local a, b = {}, {} setmetatable(a, {__index = b}) setmetatable(b, {__index = a}) local x = a.x",
    "endless_xpcall": "xpcall(function() error('x') end, function() while true do end end) while true do end",
    "yield_out": "coroutine.yield() error('resumed')",
    "wrap_forever": "local f = coroutine.wrap(function() while true do coroutine.yield() end end) while true do f() end",
    "sort_invalid": "table.sort({3, 1, 2, 5, 4, 9, 8}, function() return true end) error('sorted')",
    "read_after_error": "pcall(error) while true do pcall(object.read, object, -1) end",
    "write_garbage": "response:write({})",
    "error_status": 'response:error(200, "Fine", "really")',
}


def module(body):
    return f"return function(event, object, response)\n{body}\nend\n"


def test_every_attempt_ends_in_an_error_and_neighbours_live(hostile):
    server = hostile({name: module(body) for name, body in REFUSED.items()})
    wrong = {}
    for name in REFUSED:
        answer = get(server, f"/try-{name.replace('_', '-')}--ol-s3/k")
        if answer.status not in (400, 500) or b"original that" in answer.raw:
            wrong[name] = (answer.status, answer.body[:100])
        good = get(server, "/try-good--ol-s3/k")
        if good.body != b"262144":
            wrong[name] = f"the neighbour got {good.status}"
    assert not wrong


def test_nothing_survives_from_one_caller_to_the_next(hostile):
    body = """
  if shared then response:write("found ", shared) return end
  shared = event.userIdentity.arn
  string.leak, math.leak, table.leak = 1, 1, 1
  counter = (counter or 0) + 1
  response:write("counter ", counter, tostring(rawget(_G, "leaked")), tostring(string.other))
  leaked, string.other = 1, 1
"""
    server = hostile({"leak": module(body)})
    assert {get(server, "/try-leak--ol-s3/k").body for _ in range(50)} == {b"counter 1nilnil"}


def test_the_event_holds_no_secret(hostile):
    body = """
  local function dump(name, value)
    response:write(name, "=", tostring(value), "\\n")
  end
  for _, name in ipairs { "type", "arn", "userName", "accountId", "principalId", "accessKeyId" } do
    dump(name, event.userIdentity[name])
  end
  dump("url", event.userRequest.url)
  for name, value in pairs(event.userRequest.query) do dump(name, value) end
  for _, name in ipairs { "inputS3Url", "outputRoute", "outputToken" } do
    dump(name, event.getObjectContext and event.getObjectContext[name])
  end
"""
    server = hostile({"dump": module(body)})
    text = get(server, "/try-dump--ol-s3/k?a=1&X-Amz-Security-Token=tok", headers={"Cookie": "c=1"}).body
    assert b"a=1" in text
    for secret in (b"Signature", b"tok", b"c=1", server.secrets[0].encode(), b"AWS4"):
        assert secret not in text


@pytest.mark.parametrize("header", ["authorization", "cookie", "x-amz-security-token"])
def test_secret_headers_cannot_be_declared(hostile, header):
    text = (f'return {{ depends = {{ headers = {{ "{header}" }} }}, get = function(event, object, response)\n'
            f'  response:write(tostring(event.userRequest.headers["{header}"])) end }}\n')
    with pytest.raises(AssertionError, match="is never shown to a transform"):
        hostile({"nosy": text})
