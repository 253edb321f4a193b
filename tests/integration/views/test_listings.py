# SPDX-License-Identifier: MIT
"""Listings tell of views: their ETags always, their sizes, and only of what there is to be seen."""
import pytest

from kit.aws import refused
from kit.raw import exchange, get, signed
from kit.views import SCRIPTS, orders, plain_get, runs

DESK = {**SCRIPTS, "desk.lua": """
-- Shown as public/…: what is kept under desk/, but for drafts.
local function original(key)
  local name = key:match("^public/(.+)$")
  if name and not name:find("draft", 1, true) then return "desk/" .. name end
end
return {
  request = function(event, key) return original(key) end,
  list = function(event, page)
    local kept = {}
    for _, entry in ipairs(page.contents) do
      entry.key = entry.key:gsub("^desk/", "public/")
      if original(entry.key) then kept[#kept + 1] = entry end
    end
    page.contents = kept
    return page
  end,
  get = function(event, object, response)
    for chunk in object:chunks() do response:write(chunk:upper()) end
  end,
}
"""}

CONFIG = """
bucket "shop"
access_point "shop" { bucket = "shop" }
transform "numbered" { file = "numbered.lua" }
transform "desk" { file = "desk.lua" }
object_lambda "exact" { access_point = "shop", transforms = { "numbered" } }
object_lambda "known" { access_point = "shop", transforms = { "numbered" }, list = { sizes = "known" } }
object_lambda "sized" { access_point = "shop", transforms = { "numbered" }, list = { sizes = "original" } }
object_lambda "desk" { access_point = "shop", transforms = { "desk" } }
"""


@pytest.fixture
def server(server_factory):
    return server_factory(config=CONFIG, files=DESK)


@pytest.fixture
def tree(server):
    for number in range(30):
        server.s3().put_object(Bucket="shop", Key=f"tree/{number:02}.csv", Body=orders(2000 + 88 * number))
    return server


def entries(server, alias, call="list_objects_v2", **options):
    return getattr(server.s3(), call)(Bucket=f"{alias}--ol-s3", **options).get("Contents", [])


@pytest.mark.parametrize("call", ["list_objects", "list_objects_v2"])
def test_exact_sizes_and_etags_are_those_of_head_and_get(tree, call):
    for entry in entries(tree, "exact", call, Prefix="tree/"):
        answer = tree.s3().get_object(Bucket="exact--ol-s3", Key=entry["Key"], IfMatch=entry["ETag"])
        assert len(answer["Body"].read()) == entry["Size"]
        assert "ChecksumAlgorithm" not in entry


def test_known_sizes_run_nothing(tree):
    plain_get(tree, "known", "tree/07.csv")
    sizes = {entry["Key"]: entry["Size"] for entry in entries(tree, "known", Prefix="tree/")}
    assert sizes.pop("tree/07.csv") == len(plain_get(tree, "known", "tree/07.csv"))
    assert set(sizes.values()) == {0}
    assert runs(tree, "tree/08.csv") == 0


def test_original_sizes_come_with_view_etags(tree):
    originals = tree.s3().list_objects_v2(Bucket="shop", Prefix="tree/")["Contents"]
    for entry, original in zip(entries(tree, "sized", Prefix="tree/"), originals, strict=True):
        assert entry["Size"] == original["Size"]
        assert entry["ETag"] != original["ETag"] and entry["ETag"].endswith('-v"')


def test_keys_are_renamed_and_hidden_from_everybody(server):
    s3 = server.s3()
    for name in ("a.txt", "draft-b.txt", "sub/c.txt"):
        s3.put_object(Bucket="shop", Key=f"desk/{name}", Body=name.encode())
    listed = entries(server, "desk")
    assert [entry["Key"] for entry in listed] == ["public/a.txt", "public/sub/c.txt"]
    for entry in listed:
        answer = s3.get_object(Bucket="desk--ol-s3", Key=entry["Key"], IfMatch=entry["ETag"])
        body = answer["Body"].read()
        assert (body, len(body)) == (entry["Key"].removeprefix("public/").upper().encode(), entry["Size"])
    for hidden in ("public/draft-b.txt", "desk/a.txt", "desk/draft-b.txt"):
        assert get(server, f"/desk--ol-s3/{hidden}").code == "NoSuchKey"
        assert exchange(server, signed(server, "HEAD", f"/desk--ol-s3/{hidden}")).status == 404
        with refused("NoSuchKey"):
            s3.get_object_attributes(Bucket="desk--ol-s3", Key=hidden, ObjectAttributes=["ObjectSize"])
