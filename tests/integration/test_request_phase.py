# SPDX-License-Identifier: MIT
"""What scripts do with requests before there is a body: allow, deny, rewrite, hide, limit."""
import pytest

from kit.raw import get
from kit.server import Server

FIREWALL = r"""
local re = require "objlens.re"
local traversal = re.compile([[\.\.|%2e|\x00|<script]], "i")
return {
  depends = { headers = { "user-agent" } },
  request = function(event, key, response)
    local asked = event.userRequest
    if traversal:test(asked.url) then response:error(400, "InvalidURI") end
    if (asked.headers["user-agent"] or ""):find("sqlmap", 1, true) then response:error(403, "AccessDenied", "no") end
    if asked.query.debug then response:error(403, "AccessDenied") end
    if asked.sourceIp ~= "127.0.0.1" then response:error(403, "AccessDenied") end
    if key:find("^hidden/") then return nil end
    if key == "count" then response:limit("count " .. event.userIdentity.arn, 0.001, 3) end
    if key == "method" then return "m/" .. asked.method end
    return (key:gsub("^old/", "new/"))
  end,
  response = function(event, object, response)
    response.headers["cache-control"] = "no-store"
    response.headers["content-type"] = "text/x-seen"
  end,
}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    config = "\n".join(['bucket "shop"', 'access_point "shop" { bucket = "shop" }',
                        'transform "wall" { file = "wall.lua" }',
                        'object_lambda "view" { access_point = "shop", transforms = { "wall" } }'])
    server = Server(tmp_path_factory.mktemp("wall"), config=config, files={"wall.lua": FIREWALL})
    server.start()
    for key in ("k", "new/k", "hidden/k", "count", "m/GET", "m/HEAD"):
        server.s3().put_object(Bucket="shop", Key=key, Body=f"this is {key}".encode())
    yield server
    assert server.stop() == 0


def test_what_passes_is_the_original_with_another_head(server):
    answer = get(server, "/view--ol-s3/k")
    assert (answer.status, answer.body) == (200, b"this is k")
    assert answer.headers["cache-control"] == "no-store" and answer.headers["content-type"] == "text/x-seen"
    head = server.s3().head_object(Bucket="view--ol-s3", Key="k")
    assert head["ContentLength"] == 9 and head["ContentType"] == "text/x-seen"
    part = get(server, "/view--ol-s3/k", headers={"Range": "bytes=5-6"})
    assert (part.status, part.body) == (206, b"is")


def test_rewritten_hidden_and_by_method(server):
    assert get(server, "/view--ol-s3/old/k").body == b"this is new/k"
    assert get(server, "/view--ol-s3/hidden/k").status == 404
    assert get(server, "/view--ol-s3/method").body == b"this is m/GET"
    assert server.s3().head_object(Bucket="view--ol-s3", Key="method")["ContentLength"] == len("this is m/HEAD")


@pytest.mark.parametrize("path, headers, status", [
    ("/view--ol-s3/k?q=%3Cscript", {}, 200),
    ("/view--ol-s3/a..b", {}, 400),
    ("/view--ol-s3/k?debug=1", {}, 403),
    ("/view--ol-s3/k", {"User-Agent": "sqlmap/1.7"}, 403),
])
def test_denied(server, path, headers, status):
    answer = get(server, path, headers=headers)
    assert answer.status == status
    if status != 200:
        assert b"this is" not in answer.raw


def test_a_limit_counts_and_tells_when_to_come_back(server):
    answers = [get(server, "/view--ol-s3/count") for _ in range(5)]
    assert [a.status for a in answers] == [200, 200, 200, 503, 503]
    assert b"<Code>SlowDown</Code>" in answers[3].body and b"this is" not in answers[3].raw
    assert 1 <= int(answers[3].headers["retry-after"]) <= 1000
    assert get(server, "/view--ol-s3/k").status == 200
