# SPDX-License-Identifier: MIT
"""Scripts that answer a listing, or the question for a name, with what nobody should swallow."""
import json

import pytest

from kit.raw import exchange, get, signed

# What `list` does with the page, before it returns it. Each must end in an error document.
REFUSED_LISTINGS = {
    "huge_list": "for i = 1, 2000000 do listing.contents[i] = listing.contents[1] end",
    "huge_map": 'listing.contents = {} for i = 1, 100000 do listing.contents["k" .. i] = i end',
    "huge_index": "listing.contents = {[1 << 62] = listing.contents[1]}",
    "holes": "listing.contents[3] = listing.contents[1]",
    "deep": "local t = {} for i = 1, 100000 do t = {owner = t} end listing.contents[1] = t",
    "cycle": "listing.contents[1].owner = listing",
    "cycle_of_lists": "listing.contents = {listing.contents} listing.contents[1] = listing.contents",
    "metatable": "setmetatable(listing, {__index = function() while true do end end})",
    "metatable_of_list": "setmetatable(listing.contents, {__len = function() return 1 << 40 end})",
    "metatable_of_entry": "setmetatable(listing.contents[1], {__pairs = function() while true do end end})",
    "nan": "listing.contents[1].size = 0/0",
    "infinite": "listing.contents[1].size = math.huge",
    "negative": "listing.contents[1].size = -1",
    "size_of_text": 'listing.contents[1].size = "<Size>"',
    "key_not_utf8": 'listing.contents[1].key = "a\\xff\\xfe"',
    "key_with_nul": 'listing.contents[1].key = "a\\0b"',
    "key_too_long": 'listing.contents[1].key = ("k"):rep(1025)',
    "key_of_megabytes": 'listing.contents[1].key = ("k"):rep(20 << 20)',
    "no_key": "listing.contents[1].key = nil",
    "foreign_original": 'listing.contents[1].originalKey = "another-object"',
    "document_too_long": 'listing = ("x"):rep(7 << 20)',
    "function": "listing = function() end",
    "thread": "listing = coroutine.create(print)",
    "nothing": "listing = nil",
    "endless": "while true do end",
    "memory": "local t = {} while true do t[#t + 1] = {listing} end",
    "write": 'response:write("<ListBucketResult/>")',
    "headers": 'response.headers["content-type"] = "text/html"',
    "yield": "coroutine.yield() error('resumed')",
}
REFUSED_NAMES = {
    "not_utf8": 'return "\\xff"',
    "with_nul": 'return "k\\0"',
    "too_long": 'return ("k"):rep(1025)',
    "empty": 'return ""',
    "boolean": "return true",
    "table": 'return setmetatable({}, {__tostring = function() return "k" end})',
    "endless": "while true do end",
    "write": 'response:write("k")',
}
PAGE = {"name": "shop", "contents": [{"key": "k", "originalKey": "k", "size": 262144}]}


def module(name, body):
    return ("return { get = function(event, object, response) response:write(object:read(1)) end,\n"
            f"  {name} = function(event, {'listing' if name == 'list' else 'key'}, response)\n{body}\n"
            f"  {'return listing' if name == 'list' else ''}\nend }}\n")


def check(server, names, path):
    wrong = {}
    for name in names:
        answer = get(server, path.format(name.replace("_", "-")))
        if answer.status not in (400, 500) or b"<Error>" not in answer.body or b"<Key>" in answer.body:
            wrong[name] = (answer.status, answer.body[:200])
        good = get(server, "/try-good--ol-s3/k")
        if good.body != b"262144":
            wrong[name] = f"the neighbour got {good.status}"
    assert not wrong


def test_listings_that_are_refused(hostile):
    check(hostile({name: module("list", body) for name, body in REFUSED_LISTINGS.items()}), REFUSED_LISTINGS,
          "/try-{}--ol-s3/?list-type=2")


def test_names_that_are_refused(hostile):
    check(hostile({name: module("request", body) for name, body in REFUSED_NAMES.items()}), REFUSED_NAMES,
          "/try-{}--ol-s3/k")


def test_names_do_not_lead_out_of_the_bucket(hostile):
    """A name that a script makes is a key, whatever it looks like: never a path, never another bucket."""
    keys = ["../shop/k", "/k", "..", "../../etc/passwd", "k?versionId=null", "%6b", "k/", "//k"]
    server = hostile({f"way{i}": module("request", f"return {json.dumps(key)}") for i, key in enumerate(keys)})
    for i, key in enumerate(keys):
        answer = get(server, f"/try-way{i}--ol-s3/k")
        assert answer.status in (400, 404), (key, answer.status, answer.body)
        assert b"the original" not in answer.raw


def test_a_hidden_name_is_as_one_that_is_not_there(hostile):
    server = hostile({"hides": module("request", 'if key == "k" then return nil end return key')})
    hidden = get(server, "/try-hides--ol-s3/k")
    absent = get(server, "/try-hides--ol-s3/other")
    assert hidden.status == absent.status == 404
    assert b"<Code>NoSuchKey</Code>" in hidden.body

    def plain(answer, key):
        return [name.lower() for name in answer.headers], answer.body.count(b"<"), key in answer.body

    assert plain(hidden, b"<Key>k</Key>") == plain(absent, b"<Key>other</Key>")


@pytest.mark.parametrize("entry", ["list", "request", "head"])
def test_nothing_survives_from_one_call_to_the_next(hostile, entry):
    """One state serves get, head, list and request: what one leaves, the other does not find."""
    body = ('return { get = function(event, object, response) response:write(tostring(shared), tostring(string.x)) end,\n'
            f'  {entry} = function(event, argument, response) shared = "left" string.x = "left"\n'
            f'    {"return argument" if entry != "head" else ""} end }}\n')
    server = hostile({"leak": body})
    for _ in range(10):
        get(server, "/try-leak--ol-s3/?list-type=2")
        exchange(server, signed(server, "HEAD", "/try-leak--ol-s3/k"))
        assert get(server, "/try-leak--ol-s3/k").body == b"nilnil"
