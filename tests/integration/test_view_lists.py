# SPDX-License-Identifier: MIT
"""What a view lists: the names that its script shows, with the sizes and ETags that a GET gives."""
import base64
import socket
import subprocess

import botocore.exceptions
import pytest

from kit.raw import exchange, get, signed
from kit.server import Server, wait_for

# Hides what begins with "hidden" and shows every .csv as .json; nothing else can be asked for.
VAULT = """
local function shown(key)
  if key:find("^hidden") then return nil end
  return (key:gsub("%.csv$", ".json"))
end

return {
  get = function(event, object, response)
    response:write("<", object:read("a"):upper(), ">")
  end,
  list = function(event, listing)
    local entries = {}
    for _, entry in ipairs(listing.contents) do
      assert(entry.eTag == nil and entry.owner == nil and entry.checksumAlgorithm == nil)
      assert(entry.originalKey == entry.key)
      entry.key = shown(entry.key)
      if entry.key then entries[#entries + 1] = entry end
    end
    listing.contents = entries
    return listing
  end,
  request = function(event, key)
    if key:find("^hidden") or key:find("%.csv$") then return nil end
    return (key:gsub("%.json$", ".csv"))
  end,
}
"""

FILES = {
    "vault.lua": VAULT,
    # As ever: fails for one kind of object.
    "picky.lua": """
return function(event, object, response)
  local body = object:read("a")
  if body == "bad" then error("no") end
  response:write(body, body)
end
""",
    # Other bytes for every run, and it says so.
    "moody.lua": """
return {
  depends = { request = true },
  get = function(event, object, response) response:write(event.xAmzRequestId, object:read("a")) end,
}
""",
    # Lists what its payload says: valid answers and others.
    "answers.lua": """
local answers = {
  keys_twice = function(l) l.contents = {{key = "x"}, {key = "x"}} return l end,
  another_original = function(l) l.contents = {{key = "x", originalKey = "not/here"}} return l end,
  too_many = function(l)
    local e = {}
    for i = 1, l.maxKeys + 1 do e[i] = {key = "k" .. i} end
    l.contents = e
    return l
  end,
  wrong_type = function(l) l.contents[1].size = "many" return l end,
  no_key = function(l) l.contents[1].key = nil return l end,
  long_key = function(l) l.contents[1].key = ("k"):rep(1025) return l end,
  nothing = function(l) return nil end,
  number = function(l) return 7 end,
  raises = function(l) error("boom") end,
  broken_document = function(l) return "<ListBucketResult><Contents>" end,
  other_document = function(l) return "<Error><Code>AccessDenied</Code></Error>" end,
  entities = function(l)
    return '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><ListBucketResult>&e;</ListBucketResult>'
  end,
  endless = function(l) while true do end end,
  empty = function(l) l.contents = {} return l end,
  made_up = function(l)
    l.contents[#l.contents + 1] = {key = "zz-none"}
    return l
  end,
  document = function(l)
    return '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>' .. l.name ..
           '</Name><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>' ..
           '<Contents><Key>mine</Key><Size>5</Size></Contents></ListBucketResult>'
  end,
}
return {
  get = function(event, object, response) response:write(object:read("a")) end,
  list = function(event, listing) return answers[event.configuration.payload](listing) end,
}
""",
    # A chain's second one: hides too, and adds an ending.
    "ending.lua": """
return {
  get = function(event, object, response) response:write(object:read("a"), "!") end,
  list = function(event, listing)
    local entries = {}
    for _, entry in ipairs(listing.contents) do
      if not entry.key:find("^private") then
        entry.key = entry.key .. ".txt"
        entries[#entries + 1] = entry
      end
    end
    listing.contents = entries
    return listing
  end,
  request = function(event, key)
    local name = key:match("^(.*)%.txt$")
    if not name or name:find("^private") then return nil end
    return name
  end,
}
""",
    # Says what can be asked for, and nothing of listings.
    "doorman.lua": """
return {
  get = function(event, object, response) response:write(object:read("a"), object:read("a")) end,
  request = function(event, key)
    if key:find("^hidden") then return nil end
    if key:find("^broken") then error("no") end
    if key == "b.txt" then return "a.csv" end
    return key
  end,
}
""",
    "plain.lua": """
return function(event, object, response) response:write(object:read("a")) end
""",
    "slow.lua": """
return function(event, object, response)
  local x = 0
  for i = 1, 400000 do x = (x * 31 + i) % 65537 end
  response:write(object:read("a"), tostring(x))
end
""",
    "folders.lua": """
return {
  get = function(event, object, response) response:write(object:read("a")) end,
  list = function(event, listing)
    for i = #listing.commonPrefixes, 1, -1 do
      if listing.commonPrefixes[i].prefix == "hidden/" then table.remove(listing.commonPrefixes, i) end
    end
    for i = #listing.contents, 1, -1 do
      if listing.contents[i].key:find("^hidden/") then table.remove(listing.contents, i) end
    end
    return listing
  end,
}
""",
}

ANSWERS = ["keys_twice", "another_original", "too_many", "wrong_type", "no_key", "long_key", "nothing",
           "number", "raises", "broken_document", "other_document", "entities", "endless"]
GOOD_ANSWERS = ["empty", "made_up", "document"]


def olap(name, transforms, bucket="lists", rest=""):
    return f'object_lambda "{name}" {{ access_point = "{bucket}", transforms = {{ {transforms} }}, {rest} }}\n'


CONFIG = """
limits { transform = { cpu_ms = 1000 } }
bucket "lists"
bucket "many"
access_point "lists" { bucket = "lists" }
access_point "many" { bucket = "many" }
""" + "".join(f'transform "{name[:-4]}" {{ file = "{name}" }}\n' for name in FILES)
CONFIG += olap("vault", '"vault"') + olap("many-vault", '"vault"', "many") + olap("folders", '"folders"')
CONFIG += olap("picky", '"picky"') + olap("moody", '"moody"') + olap("chain", '"vault", "ending"')
CONFIG += olap("doorman", '"doorman"')
CONFIG += olap("known", '"picky"', rest='list = { sizes = "known" }')
CONFIG += olap("original", '"vault"', rest='list = { sizes = "original" }')
for answer in ANSWERS + GOOD_ANSWERS:
    CONFIG += olap(answer.replace("_", "-"), f'{{ "answers", payload = "{answer}" }}')
CONFIG += """
object_lambda "names-only" { access_point = "lists", transformations = {
    { actions = { "ListObjects", "ListObjectsV2" }, transforms = "vault" } } }
object_lambda "two-minds" { access_point = "lists", transformations = {
    { actions = "GetObject", transforms = "doorman" },
    { actions = { "HeadObject", "ListObjects", "ListObjectsV2" }, transforms = "plain" } } }
object_lambda "get-only" { access_point = "lists", transformations = {
    { actions = "GetObject", transforms = "vault" } } }
bucket "guests"
user "guest" { access_key = "GUESTKEYGUESTKEY", secret_key = "guest-secret-0123456789", views = "vault" }
user "blind" {
    access_key = "BLINDKEYBLINDKEY", secret_key = "blind-secret-0123456789",
    policy = { { effect = "Allow", actions = "s3-object-lambda:GetObject", resources = "*" } },
}
"""
GUEST = {"access_key": "GUESTKEYGUESTKEY", "secret_key": "guest-secret-0123456789"}
BLIND = {"access_key": "BLINDKEYBLINDKEY", "secret_key": "blind-secret-0123456789"}

OBJECTS = {"a.csv": b"one", "a.d.csv": b"four", "b.txt": b"three", "dir/x.csv": b"xx",
           "hidden-secrets": b"nobody", "hidden/deep.csv": b"nobody either", "private.csv": b"p"}
SHOWN = {"a.d.json": b"<FOUR>", "a.json": b"<ONE>", "b.txt": b"<THREE>", "dir/x.json": b"<XX>",
         "private.json": b"<P>"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("lists"), config=CONFIG, files=FILES)
    running.start()
    for key, body in OBJECTS.items():
        put(running, "lists", key, body)
    for i in range(60):
        name = f"hidden-{i:02}" if i % 3 else f"n{i:02}.csv"
        put(running, "many", name, b"x" * i)
    yield running
    running.stop()
    running.check_logs_hold_no_secrets()


@pytest.fixture(scope="module")
def s3(server):
    return server.s3()


def put(server, bucket, key, body):
    """Without waiting for leave to send it."""
    assert exchange(server, signed(server, "PUT", f"/{bucket}/{key}", body=body)).status == 200


def read(client, bucket, key, **options):
    return client.get_object(Bucket=bucket, Key=key, **options)["Body"].read()


def names(page):
    return [entry["Key"] for entry in page.get("Contents", [])]


def folders(page):
    return [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]


def error_of(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


# ---- names, sizes, ETags ----

@pytest.mark.parametrize("version", ["list_objects", "list_objects_v2"])
def test_a_listing_shows_what_a_get_gives(s3, version):
    page = getattr(s3, version)(Bucket="vault--ol-s3")
    assert names(page) == sorted(SHOWN)
    assert not page["IsTruncated"]
    for entry in page["Contents"]:
        head = s3.head_object(Bucket="vault--ol-s3", Key=entry["Key"])
        body = read(s3, "vault--ol-s3", entry["Key"], IfMatch=entry["ETag"])
        assert body == SHOWN[entry["Key"]]
        assert (entry["Size"], entry["ETag"]) == (len(body), head["ETag"])
        assert entry["LastModified"] == head["LastModified"]
        assert "ChecksumAlgorithm" not in entry
        assert entry["ETag"].strip('"').endswith("-v")
        assert s3.get_object_attributes(Bucket="vault--ol-s3", Key=entry["Key"],
                                        ObjectAttributes=["ObjectSize"])["ObjectSize"] == len(body)


def test_where_only_get_is_transformed_listings_show_it_all_the_same(s3):
    assert names(s3.list_objects_v2(Bucket="get-only--ol-s3")) == sorted(SHOWN)
    assert names(s3.list_objects(Bucket="get-only--ol-s3")) == sorted(SHOWN)


def test_where_get_gives_originals_the_names_are_the_scripts_all_the_same(s3):
    page = s3.list_objects_v2(Bucket="names-only--ol-s3")
    assert names(page) == sorted(SHOWN)
    original = s3.head_object(Bucket="lists", Key="b.txt")
    entry = page["Contents"][names(page).index("b.txt")]
    assert (entry["ETag"], entry["Size"]) == (original["ETag"], original["ContentLength"])


def test_a_chain_shows_what_every_program_lets_through(s3):
    page = s3.list_objects_v2(Bucket="chain--ol-s3")
    assert names(page) == ["a.d.json.txt", "a.json.txt", "b.txt.txt", "dir/x.json.txt"]
    for entry in page["Contents"]:
        body = read(s3, "chain--ol-s3", entry["Key"], IfMatch=entry["ETag"])
        assert body == SHOWN[entry["Key"][:-4]] + b"!"
        assert len(body) == entry["Size"]
    for key in ("private.json.txt", "private.json", "a.json", "hidden-secrets.txt"):
        assert error_of(s3.head_object, Bucket="chain--ol-s3", Key=key)[0] == 404


@pytest.mark.parametrize("alias", ["doorman--ol-s3", "two-minds--ol-s3"])
def test_what_cannot_be_asked_for_is_not_listed_either(s3, alias):
    page = s3.list_objects_v2(Bucket=alias)
    assert names(page) == [key for key in sorted(OBJECTS) if not key.startswith("hidden")]
    for entry in page["Contents"]:
        assert len(read(s3, alias, entry["Key"], IfMatch=entry["ETag"])) == entry["Size"]
    assert read(s3, alias, "b.txt") == b"one"
    assert names(s3.list_objects_v2(Bucket=alias, Prefix="hidden")) == []
    for call in (s3.get_object, s3.head_object):
        assert error_of(call, Bucket=alias, Key="hidden-secrets")[0] == 404


def test_a_name_that_nobody_can_tell_is_not_shown(server, s3):
    put(server, "lists", "broken-name", b"x")
    try:
        assert error_of(s3.list_objects_v2, Bucket="doorman--ol-s3")[1] == "LambdaRuntimeError"
        assert names(s3.list_objects_v2(Bucket="doorman--ol-s3", Prefix="a")) == ["a.csv", "a.d.csv"]
    finally:
        s3.delete_object(Bucket="lists", Key="broken-name")


def test_folders_appear_unless_the_script_removes_them(s3):
    # All that lies in "hidden/" is hidden; the folder itself is the script's to hide.
    page = s3.list_objects_v2(Bucket="vault--ol-s3", Delimiter="/")
    assert (names(page), folders(page)) == (["a.d.json", "a.json", "b.txt", "private.json"],
                                            ["dir/", "hidden/"])
    assert page["KeyCount"] == 6
    empty = s3.list_objects_v2(Bucket="vault--ol-s3", Delimiter="/", Prefix="hidden/")
    assert (names(empty), folders(empty), empty["IsTruncated"]) == ([], [], False)
    page = s3.list_objects_v2(Bucket="folders--ol-s3", Delimiter="/")
    assert folders(page) == ["dir/"]


def test_a_prefix_is_of_the_names_that_are_shown(s3):
    assert names(s3.list_objects_v2(Bucket="vault--ol-s3", Prefix="a")) == ["a.d.json", "a.json"]
    # "a.csv" is called "a.json" here: nothing shown begins with "a.c".
    assert names(s3.list_objects_v2(Bucket="vault--ol-s3", Prefix="a.c")) == []


# ---- pages ----

@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize("version", ["list_objects", "list_objects_v2"])
def test_pages_go_on_across_what_is_hidden(s3, version, size):
    pages = list(s3.get_paginator(version).paginate(Bucket="many-vault--ol-s3",
                                                    PaginationConfig={"PageSize": size}))
    listed = [name for page in pages for name in names(page)]
    assert listed == [f"n{i:02}.json" for i in range(0, 60, 3)]
    if size == 1:
        assert any(not names(page) and page["IsTruncated"] for page in pages)
    for page in pages:
        token = page.get("NextContinuationToken") or page.get("NextMarker") or ""
        assert b"hidden" not in base64.b64decode(token)
        assert "hidden" not in str(page)


def test_a_key_may_be_named_as_the_beginning(s3):
    for beginning in ("n30.json", "n29", "hidden-zz"):
        wanted = [f"n{i:02}.json" for i in range(0, 60, 3) if f"n{i:02}.json" > beginning]
        assert names(s3.list_objects_v2(Bucket="many-vault--ol-s3", StartAfter=beginning)) == wanted
        assert names(s3.list_objects(Bucket="many-vault--ol-s3", Marker=beginning)) == wanted


def test_clients_that_know_no_next_marker_go_on_with_the_last_key(s3):
    listed, marker = [], ""
    while True:
        page = s3.list_objects(Bucket="lists", Marker=marker, MaxKeys=1)
        page = s3.list_objects(Bucket="vault--ol-s3", Marker=marker, MaxKeys=6, Prefix="a")
        listed += names(page)
        if not page["IsTruncated"]:
            break
        marker = listed[-1]
    assert listed == ["a.d.json", "a.json"]


def test_tokens_are_good_where_they_were_given(server, s3):
    token = s3.list_objects_v2(Bucket="many-vault--ol-s3", MaxKeys=5)["NextContinuationToken"]
    for alias in ("vault--ol-s3", "many"):
        assert error_of(s3.list_objects_v2, Bucket=alias, ContinuationToken=token) == \
            (400, "InvalidArgument")
    damaged = token[:30] + ("A" if token[30] != "A" else "B") + token[31:]
    assert error_of(s3.list_objects_v2, Bucket="many-vault--ol-s3", ContinuationToken=damaged) == \
        (400, "InvalidArgument")


# ---- sizes ----

def test_sizes_may_be_those_that_are_known(s3):
    s3.put_object(Bucket="lists", Key="sized", Body=b"12345")
    def entry(alias):
        return s3.list_objects_v2(Bucket=alias, Prefix="sized")["Contents"][0]
    assert entry("known--ol-s3")["Size"] == 0
    etag = entry("known--ol-s3")["ETag"]
    assert read(s3, "known--ol-s3", "sized", IfMatch=etag) == b"1234512345"
    assert entry("known--ol-s3")["Size"] == 10
    s3.delete_object(Bucket="lists", Key="sized")


def test_sizes_may_be_the_originals_but_etags_never(s3):
    page = s3.list_objects_v2(Bucket="original--ol-s3", Prefix="b")
    entry, = page["Contents"]
    assert entry["Size"] == len(OBJECTS["b.txt"])
    assert entry["ETag"] == s3.head_object(Bucket="original--ol-s3", Key="b.txt")["ETag"]
    assert entry["ETag"] != s3.head_object(Bucket="lists", Key="b.txt")["ETag"]


def test_an_entry_that_fails_is_listed_without_a_size(s3):
    s3.put_object(Bucket="lists", Key="picky/bad", Body=b"bad")
    s3.put_object(Bucket="lists", Key="picky/good", Body=b"good")
    bad, good = s3.list_objects_v2(Bucket="picky--ol-s3", Prefix="picky/")["Contents"]
    assert (bad["Size"], good["Size"]) == (0, 8)
    assert error_of(s3.get_object, Bucket="picky--ol-s3", Key="picky/bad") == \
        (500, "LambdaRuntimeError")
    for key in ("picky/bad", "picky/good"):
        s3.delete_object(Bucket="lists", Key=key)


def test_a_view_without_identity_has_a_size_and_no_etag(server, s3):
    entry, = s3.list_objects_v2(Bucket="moody--ol-s3", Prefix="b.txt")["Contents"]
    body = read(s3, "moody--ol-s3", "b.txt")
    assert entry["Size"] == len(body)
    original = s3.head_object(Bucket="lists", Key="b.txt")["ETag"].strip('"')
    assert original not in get(server, "/moody--ol-s3?list-type=2&prefix=b.txt").body.decode()
    assert not entry.get("ETag", "").strip('"')


# ---- answers that are not believed ----

@pytest.mark.parametrize("version", ["list_objects", "list_objects_v2"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_wrong_answer_is_an_error_and_shows_nothing(server, s3, answer, version):
    alias = answer.replace("_", "-") + "--ol-s3"
    status, code = error_of(getattr(s3, version), Bucket=alias)
    assert code in ("LambdaInvalidResponse", "LambdaRuntimeError", "LambdaTimeout"), code
    text = get(server, f"/{alias}?list-type=2").body
    assert not any(key.encode() in text for key in OBJECTS)
    assert b"root:" not in text
    # Nothing else is harmed.
    assert read(s3, alias, "b.txt") == b"three"


def test_a_script_may_list_nothing(s3):
    page = s3.list_objects_v2(Bucket="empty--ol-s3")
    assert (names(page), page["KeyCount"]) == ([], 0)


def test_an_entry_that_is_made_up_and_is_not_there_is_not_listed(s3):
    assert names(s3.list_objects_v2(Bucket="made-up--ol-s3")) == sorted(OBJECTS)


def test_a_document_is_sent_as_it_is(server, s3):
    page = s3.list_objects_v2(Bucket="document--ol-s3")
    assert [(e["Key"], e["Size"]) for e in page["Contents"]] == [("mine", 5)]
    assert page["Name"] == "document--ol-s3"
    answer = get(server, "/document--ol-s3?list-type=2")
    assert answer.headers["content-type"] == "application/xml"


# ---- hidden is hidden ----

def without_ids(answer, key):
    """What is the same in the answers for two names of equal length."""
    text = answer.body.decode().replace(key, "KEY")
    for name in ("RequestId", "HostId"):
        head, _, rest = text.partition(f"<{name}>")
        text = head + rest.partition(f"</{name}>")[2]
    headers = {k: v for k, v in answer.headers.items()
               if k not in ("x-amz-request-id", "x-amz-id-2", "date")}
    return answer.status, headers, text


@pytest.mark.parametrize("who", [{}, GUEST, BLIND])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_hidden_key_is_answered_as_a_missing_one(server, method, who):
    for query, headers in (("", {}), ("", {"Range": "bytes=0-1"}), ("", {"If-None-Match": "*"}),
                           ("", {"If-Match": "*"}), ("partNumber=1", {}),
                           ("", {"x-amz-checksum-mode": "ENABLED"})):
        answers = []
        for key in ("hidden-secrets", "hidden-nothing"):
            path = f"/vault--ol-s3/{key}" + (f"?{query}" if query else "")
            request = signed(server, method, path, headers=headers, **who)
            answers.append(without_ids(exchange(server, request), key))
        assert answers[0] == answers[1]
        assert answers[0][0] == (403 if who is BLIND else 404)


def test_no_operation_goes_round_it(server):
    guest = server.s3(**GUEST)
    vault, key = "vault--ol-s3", "hidden-secrets"
    assert names(guest.list_objects_v2(Bucket=vault)) == sorted(SHOWN)
    assert error_of(guest.get_object_attributes, Bucket=vault, Key=key,
                    ObjectAttributes=["ETag", "ObjectSize"])[0] == 404
    calls = [
        (guest.get_object_tagging, {"Bucket": vault, "Key": key}),
        (guest.get_object_acl, {"Bucket": vault, "Key": key}),
        (guest.list_object_versions, {"Bucket": vault}),
        (guest.list_multipart_uploads, {"Bucket": vault}),
        (guest.put_object, {"Bucket": vault, "Key": key, "Body": b""}),
        (guest.delete_object, {"Bucket": vault, "Key": key}),
        (guest.copy_object, {"Bucket": vault, "Key": "mine", "CopySource": f"lists/{key}"}),
        (guest.copy_object, {"Bucket": vault, "Key": "mine", "CopySource": f"{vault}/{key}"}),
    ]
    for call, arguments in calls:
        present = error_of(call, **arguments)
        absent = {name: value.replace("secrets", "nothing") if isinstance(value, str) else value
                  for name, value in arguments.items()}
        assert present == error_of(call, **absent)
        assert present[0] in (403, 405), (call, present)
    # Nor for those who may do more: a view is not a source for anybody.
    root = server.s3()
    for source in ("vault--ol-s3/b.txt", "vault--ol-s3/hidden-secrets"):
        assert error_of(root.copy_object, Bucket="guests", Key="copy", CopySource=source)[0] == 405


def test_a_mapped_key_needs_to_be_allowed_too(server_factory):
    server = server_factory(files={"map.lua": """
return {
  get = function(event, object, response) response:write(object:read("a")) end,
  request = function(event, key) return (key:gsub("^open/", "shut/")) end,
}
"""}, config="""
bucket "shelf"
access_point "shelf" {
    bucket = "shelf",
    policy = { { effect = "Deny", principal = "arn:aws:iam::000000000000:user/some", actions = "s3:GetObject",
                 resources = "arn:aws:s3:us-east-1:000000000000:accesspoint/shelf/object/shut/*" } },
}
access_point "narrow" { bucket = "shelf", prefixes = { "open/" } }
transform "map" { file = "map.lua" }
object_lambda "map" { access_point = "shelf", transforms = "map" }
object_lambda "narrow" { access_point = "narrow", transforms = "map" }
user "some" {
    access_key = "SOMEKEYSOMEKEYSO", secret_key = "some-secret-0123456789",
    policy = { { effect = "Allow", actions = "s3-object-lambda:*", resources = "*" } },
}
""")
    root = server.s3()
    root.put_object(Bucket="shelf", Key="shut/k", Body=b"body")
    root.put_object(Bucket="shelf", Key="else/k", Body=b"other")
    assert read(root, "map--ol-s3", "open/k") == b"body"
    some = server.s3(access_key="SOMEKEYSOMEKEYSO", secret_key="some-secret-0123456789")
    assert read(some, "map--ol-s3", "else/k") == b"other"
    for call in (some.get_object, some.head_object):
        assert error_of(call, Bucket="map--ol-s3", Key="open/k")[0] == 403
    # The access point's borders hold for what is opened, not for what it is called.
    assert error_of(root.get_object, Bucket="narrow--ol-s3", Key="open/k")[0] == 403


# ---- many, slow, crowded ----

def test_a_page_ends_when_its_time_is_over(server_factory):
    server = server_factory(files={"slow.lua": FILES["slow.lua"]}, config="""
limits { list_deadline_ms = 10, list_concurrency = 2 }
bucket "shelf"
access_point "shelf" { bucket = "shelf" }
transform "slow" { file = "slow.lua" }
object_lambda "slow" { access_point = "shelf", transforms = "slow" }
""")
    client = server.s3()
    keys = [f"k{i:02}" for i in range(12)]
    for key in keys:
        put(server, "shelf", key, key.encode())
    for version in ("list_objects_v2", "list_objects"):
        pages = list(client.get_paginator(version).paginate(Bucket="slow--ol-s3"))
        listed = [entry for page in pages for entry in page["Contents"]]
        assert [entry["Key"] for entry in listed] == keys
        assert all(entry["Size"] > 3 for entry in listed)
        if version == "list_objects_v2":
            assert len(pages) > 1
    # All is known now.
    assert len(names(client.list_objects_v2(Bucket="slow--ol-s3"))) == 12


def test_a_full_queue_is_waited_out(server_factory):
    server = server_factory(loops=1, files={"slow.lua": FILES["slow.lua"]}, config="""
limits { hosts_max = 1, host_jobs_max = 1, transform_queue_max = 0, list_concurrency = 16 }
bucket "shelf"
access_point "shelf" { bucket = "shelf" }
transform "slow" { file = "slow.lua" }
object_lambda "slow" { access_point = "shelf", transforms = "slow" }
""")
    client = server.s3()
    for i in range(20):
        put(server, "shelf", f"k{i:02}", b"x")
    page = client.list_objects_v2(Bucket="slow--ol-s3")
    assert len(page["Contents"]) == 20 and not page["IsTruncated"]
    assert all(entry["Size"] > 1 for entry in page["Contents"])


def test_a_client_may_leave_in_the_middle(server_factory):
    server = server_factory(loops=1, files={"slow.lua": FILES["slow.lua"]}, config="""
bucket "shelf"
access_point "shelf" { bucket = "shelf" }
transform "slow" { file = "slow.lua" }
object_lambda "slow" { access_point = "shelf", transforms = "slow" }
""")
    for i in range(40):
        put(server, "shelf", f"k{i:02}", b"x" * i)
    runs = server.metric("objlens_transform_runs_total")
    with socket.create_connection(("127.0.0.1", server.port)) as leaver:
        leaver.sendall(signed(server, "GET", "/slow--ol-s3?list-type=2"))
        wait_for(lambda: server.metric("objlens_transform_runs_total") > runs, 20, "a run")
    entries = server.s3().list_objects_v2(Bucket="slow--ol-s3")["Contents"]
    assert len(entries) == 40 and all(entry["ETag"] for entry in entries)


# ---- a client that believes what is listed ----

def sync(server, folder, alias="vault--ol-s3"):
    done = subprocess.run(
        ["aws", "s3", "sync", f"s3://{alias}", str(folder), "--endpoint-url", server.endpoint,
         "--no-progress"],
        env=server.client_environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout.splitlines()


def test_a_second_sync_transfers_nothing(server, s3, tmp_path):
    # Above 8 MiB the client ranges by the listed size, with the listed ETag.
    s3.put_object(Bucket="lists", Key="large.csv", Body=b"0123456789" * 1_000_000)
    try:
        assert len(sync(server, tmp_path)) == len(SHOWN) + 1
        assert sync(server, tmp_path) == []
        for key, body in SHOWN.items():
            assert (tmp_path / key).read_bytes() == body
        assert (tmp_path / "large.json").read_bytes() == b"<" + b"0123456789" * 1_000_000 + b">"
        assert not list(tmp_path.glob("hidden*"))
    finally:
        s3.delete_object(Bucket="lists", Key="large.csv")
