# SPDX-License-Identifier: MIT
"""What a configuration says about how views answer, and what the operator may do with what is kept."""
import gzip
import socket
import subprocess

import pytest

from kit.raw import Answer, exchange, get, signed
from kit.server import OBJLENS, Server, wait_for
from kit.views import SCRIPTS

LONGER = """
return function(event, object, response)
  for chunk in object:chunks() do response:write(chunk, chunk) end
end
"""

KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

CONFIG = """
view_key = "%s"
client_encryption { otherwise = "pass" }  -- "x-amz-key" below marks a format
bucket "shop"
access_point "shop" { bucket = "shop" }
transform "longer" { file = "longer.lua" }
transform "ranged" { file = "ranged.lua" }
local reads = { { actions = "GetObject", transforms = "longer" } }
object_lambda "plain" { access_point = "shop", transforms = "longer" }
object_lambda "reads" { access_point = "shop", transformations = reads }
object_lambda "aws" { access_point = "shop", transformations = reads, unconfigured = "delegate" }
object_lambda "lists" { access_point = "shop",
  transformations = { { actions = { "ListObjectsV2" }, transforms = "longer" } } }
object_lambda "refused" { access_point = "shop", transforms = "longer", ranges = "refuse" }
object_lambda "handed" { access_point = "shop", transforms = "ranged", ranges = "transform" }
object_lambda "cheap" { access_point = "shop", transforms = "longer", head = "cheap" }
object_lambda "forwards" { access_point = "shop", transforms = "longer", metadata = "forward" }
object_lambda "packed" { access_point = "shop", transforms = "longer", encodings = { "gzip", "zstd" } }
object_lambda "uncached" { access_point = "shop", transforms = "longer", cache = false }
user "reader" { access_key = "READERKEY", secret_key = "reader-secret-0123456789", views = { "reads" } }
user "olap-only" { access_key = "OLAPONLYKEY", secret_key = "olap-only-secret-0123456789", policy = {
  { effect = "Allow", actions = "s3-object-lambda:*", resources = "*" } } }
""" % KEY

FILES = {"longer.lua": LONGER, "ranged.lua": SCRIPTS["take.lua"]}
BODY = b"id,name\n" + b"".join(b"%d,some name or other\n" % i for i in range(2000))
METADATA = {"owner": "ann", "mtime": "1.5", "md5chksum": "x", "sha256": "y", "x-amz-key": "k",
            "original-length": "7"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("options"), config=CONFIG, files=FILES)
    server.start()
    client = server.s3()
    client.put_object(Bucket="shop", Key="k.csv", Body=BODY, ContentType="text/csv", Metadata=METADATA,
                      ContentDisposition="attachment", ContentLanguage="de", CacheControl="max-age=7")
    yield server
    server.stop()
    server.check_logs_hold_no_secrets()


def head(server, path, **options):
    return exchange(server, signed(server, "HEAD", path, **options))


# ---- what is not configured ----

def test_where_get_is_configured_everything_describes_the_view(server):
    client = server.s3("READERKEY", "reader-secret-0123456789")
    body = client.get_object(Bucket="reads--ol-s3", Key="k.csv")
    read = body["Body"].read()
    assert read != BODY and len(read) == 2 * len(BODY)
    told = client.head_object(Bucket="reads--ol-s3", Key="k.csv")
    assert (told["ContentLength"], told["ETag"]) == (len(read), body["ETag"])
    for listing in (client.list_objects_v2(Bucket="reads--ol-s3"), client.list_objects(Bucket="reads--ol-s3")):
        entry, = listing["Contents"]
        assert (entry["Size"], entry["ETag"]) == (len(read), body["ETag"])
    attributes = client.get_object_attributes(Bucket="reads--ol-s3", Key="k.csv",
                                              ObjectAttributes=["ETag", "ObjectSize"])
    assert (attributes["ObjectSize"], attributes["ETag"]) == (len(read), body["ETag"].strip('"'))


def test_delegated_it_describes_the_original_to_those_who_may_read_that(server):
    client = server.s3()
    original = client.head_object(Bucket="shop", Key="k.csv")
    assert client.head_object(Bucket="aws--ol-s3", Key="k.csv")["ETag"] == original["ETag"]
    entry, = client.list_objects_v2(Bucket="aws--ol-s3")["Contents"]
    assert (entry["Size"], entry["ETag"]) == (len(BODY), original["ETag"])
    attributes = client.get_object_attributes(Bucket="aws--ol-s3", Key="k.csv", ObjectAttributes=["ETag"])
    assert attributes["ETag"] == original["ETag"].strip('"')
    assert client.get_object(Bucket="aws--ol-s3", Key="k.csv")["ETag"] != original["ETag"]


def test_where_get_is_not_configured_objects_are_the_originals(server):
    client = server.s3()
    assert client.get_object(Bucket="lists--ol-s3", Key="k.csv")["Body"].read() == BODY
    assert client.head_object(Bucket="lists--ol-s3", Key="k.csv")["ContentLength"] == len(BODY)
    entry, = client.list_objects_v2(Bucket="lists--ol-s3")["Contents"]
    assert (entry["Key"], entry["Size"]) == ("k.csv", len(BODY))


@pytest.mark.parametrize("path,answers", [
    ("/aws--ol-s3/k.csv", 200),            # the view itself
    ("/reads--ol-s3?list-type=2", 200),
    ("/reads--ol-s3/k.csv?attributes", 200),
    ("/aws--ol-s3?list-type=2", 403),      # would show the original
    ("/aws--ol-s3/k.csv?attributes", 403),
    ("/lists--ol-s3/k.csv", 403),
    ("/lists--ol-s3?list-type=2", 403),
    ("/reads--ol-s3?versions", 403),
])
def test_the_views_permission_shows_views_only(server, path, answers):
    keys = {"access_key": "OLAPONLYKEY", "secret_key": "olap-only-secret-0123456789"}
    assert get(server, path, headers={"x-amz-object-attributes": "ETag"}, **keys).status == answers
    if path == "/aws--ol-s3/k.csv":
        assert head(server, path, **keys).status == 403


@pytest.mark.parametrize("option", ['unconfigured = "delegate"', 'list = { sizes = "original" }'])
def test_what_shows_originals_is_refused_for_who_may_only_see_the_view(tmp_path, option):
    config = tmp_path / "objlens.lua"
    config.write_text(f'bucket "b"\naccess_point "b" {{ bucket = "b" }}\n'
                      f'object_lambda "v" {{ access_point = "b", transforms = "pii", {option} }}\n'
                      'user "ann" {\n  access_key = "annkey", secret_key = "annsecret",\n  views = "v" }\n')
    checked = subprocess.run([OBJLENS, "check", config], capture_output=True, text=True)
    assert checked.returncode != 0
    assert f'{config}:6: user "ann": views: object_lambda "v" has {option}' in checked.stderr


# ---- ranges and heads ----

def test_ranges_are_refused_as_on_aws_where_that_is_wanted(server):
    for path, headers in (("/refused--ol-s3/k.csv", {"Range": "bytes=0-1"}),
                          ("/refused--ol-s3/k.csv?partNumber=1", {})):
        answer = get(server, path, headers=headers)
        assert (answer.status, answer.code) == (501, "NotImplemented")
    whole = get(server, "/refused--ol-s3/k.csv")
    assert whole.status == 200 and "accept-ranges" not in whole.headers


def test_ranges_are_the_transforms_where_that_is_wanted(server):
    cut = get(server, "/handed--ol-s3/k.csv", headers={"Range": "bytes=0-2"})
    assert (cut.status, cut.body, cut.headers["content-range"]) == \
        (206, b"Range is bytes=0-2", "bytes 0-2/1000")
    whole = get(server, "/handed--ol-s3/k.csv")
    assert (whole.status, whole.body) == (200, b"Range is not there")
    assert whole.headers["vary"].lower() == "range"


def test_a_range_of_a_version_that_is_gone_is_not_handed_to_the_transform(server):
    etag = get(server, "/handed--ol-s3/k.csv").headers["etag"]
    for held, status in ((etag, 206), ('"0123-v"', 200)):
        answer = get(server, "/handed--ol-s3/k.csv", headers={"Range": "bytes=5-9", "If-Range": held})
        assert (answer.status, "content-range" in answer.headers) == (status, status == 206)
        assert answer.body == (b"Range is bytes=5-9" if status == 206 else b"Range is not there")


def test_a_cheap_head_runs_nothing(server):
    server.s3().put_object(Bucket="shop", Key="cheap", Body=b"x")
    runs = server.metric("objlens_transform_runs_total")
    told = head(server, "/cheap--ol-s3/cheap")
    assert told.status == 200 and "content-length" not in told.headers
    assert server.metric("objlens_transform_runs_total") == runs
    assert get(server, "/cheap--ol-s3/cheap").body == b"xx"
    told = head(server, "/cheap--ol-s3/cheap")  # now it is known
    assert told.headers["content-length"] == "2"
    server.s3().delete_object(Bucket="shop", Key="cheap")


# ---- metadata ----

@pytest.mark.parametrize("ask", [get, head])
def test_metadata_is_dropped_or_forwarded_but_for_what_tells_of_the_original(server, ask):
    dropped, forwarded = (ask(server, f"/{alias}--ol-s3/k.csv").headers for alias in ("plain", "forwards"))
    assert not [name for name in dropped if name.startswith("x-amz-meta-")]
    assert "content-disposition" not in dropped and dropped["cache-control"] == "private"
    assert {name: value for name, value in forwarded.items() if name.startswith("x-amz-meta-")} == \
        {"x-amz-meta-owner": "ann", "x-amz-meta-mtime": "1.5"}
    assert (forwarded["content-disposition"], forwarded["content-language"], forwarded["cache-control"]) == \
        ("attachment", "de", "max-age=7")


# ---- compression ----

def test_a_compressed_answer_is_one_of_its_own(server):
    plain = get(server, "/packed--ol-s3/k.csv")
    packed = get(server, "/packed--ol-s3/k.csv", headers={"Accept-Encoding": "gzip, zstd;q=0.1"})
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["etag"] == plain.headers["etag"][:-1] + '.gzip"'
    assert "accept-ranges" not in packed.headers
    assert packed.headers.get("content-length", str(len(packed.body))) == str(len(packed.body))
    zstd = get(server, "/packed--ol-s3/k.csv", headers={"Accept-Encoding": "gzip, zstd"})
    assert zstd.headers["content-encoding"] == "zstd" and zstd.body[:4] == b"\x28\xb5\x2f\xfd"
    told = head(server, "/packed--ol-s3/k.csv", headers={"Accept-Encoding": "gzip"})
    assert told.headers["etag"] == packed.headers["etag"] and "content-length" not in told.headers
    assert told.headers["content-encoding"] == "gzip"


def test_its_etag_is_good_for_whole_answers_and_for_no_range(server):
    etag = get(server, "/packed--ol-s3/k.csv", headers={"Accept-Encoding": "gzip"}).headers["etag"]
    runs = server.metric("objlens_transform_runs_total")
    unchanged = get(server, "/packed--ol-s3/k.csv", headers={"Accept-Encoding": "gzip", "If-None-Match": etag})
    assert (unchanged.status, unchanged.headers["etag"]) == (304, etag)
    assert unchanged.headers["vary"] == "Accept-Encoding"
    assert server.metric("objlens_transform_runs_total") == runs
    assert get(server, "/packed--ol-s3/k.csv", headers={"If-Match": etag}).status == 200
    ranged = {"Range": "bytes=0-3", "Accept-Encoding": "gzip"}
    cut = get(server, "/packed--ol-s3/k.csv", headers=ranged)
    assert (cut.status, cut.body) == (206, BODY[:4]) and "content-encoding" not in cut.headers
    assert get(server, "/packed--ol-s3/k.csv", headers={**ranged, "If-Match": etag}).status == 412
    assert get(server, "/packed--ol-s3/k.csv", headers={**ranged, "If-Range": etag}).status == 200
    assert get(server, "/plain--ol-s3/k.csv", headers={"If-Match": etag}).status == 412


def test_checksums_are_never_those_of_other_bytes(server):
    asks = {"x-amz-checksum-mode": "ENABLED"}
    plain = get(server, "/packed--ol-s3/k.csv", headers=asks)
    packed = get(server, "/packed--ol-s3/k.csv", headers={**asks, "Accept-Encoding": "gzip", "TE": "trailers"})
    assert [name for name in plain.headers if name.startswith("x-amz-checksum-")]
    assert not [name for name in {**packed.headers, **packed.trailers} if name.startswith("x-amz-checksum-")]


# ---- what is kept ----

def view_of(server, path, **options):
    answer = get(server, path, **options)
    assert answer.status == 200
    return server.access_line(answer.request_id).get("view")


def test_the_log_says_where_a_view_came_from_and_the_operator_may_purge(server):
    client = server.s3()
    client.put_object(Bucket="shop", Key="kept", Body=b"kept")
    path = "/plain--ol-s3/kept"
    assert view_of(server, path) == "run"
    wait_for(lambda: view_of(server, path) == "memory", 10, "a hit")
    hits = server.metric("objlens_view_cache_hits_total")
    assert hits > 0 and server.metric("objlens_view_cache_memory_bytes") > 0
    assert server.admin("/-/views/purge", "POST") == (200, "purged\n")
    assert server.metric("objlens_view_cache_memory_bytes") == 0
    assert view_of(server, path) == "run"
    assert server.admin("/-/views/purge", "GET")[0] == 404
    assert server.admin("/-/views", "POST")[0] == 405
    client.delete_object(Bucket="shop", Key="kept")


def test_no_page_in_a_browser_can_purge(server):
    with socket.create_connection(("127.0.0.1", server.admin_port), timeout=10) as client:
        client.sendall(b"POST /-/views/purge HTTP/1.1\r\nHost: x\r\nOrigin: http://example.test\r\n"
                       b"Content-Length: 0\r\nConnection: close\r\n\r\n")
        assert Answer(client.recv(65536)).status == 403


def test_what_is_remembered_can_be_forgotten(server):
    server.s3().put_object(Bucket="shop", Key="known", Body=b"known")
    assert get(server, "/cheap--ol-s3/known").body == b"knownknown"
    wait_for(lambda: head(server, "/cheap--ol-s3/known").headers.get("content-length") == "10", 10, "the length")
    assert server.admin("/-/views/purge", "POST")[0] == 200
    assert head(server, "/cheap--ol-s3/known").headers.get("content-length") == "10"
    assert server.admin("/-/views/forget", "POST") == (200, "forgotten\n")
    assert "content-length" not in head(server, "/cheap--ol-s3/known").headers
    server.s3().delete_object(Bucket="shop", Key="known")


def test_one_access_point_may_stay_out_of_the_cache(server):
    for _ in range(3):
        assert view_of(server, "/uncached--ol-s3/k.csv") == "run"


def test_everything_kept_is_counted(server):
    _, text = server.admin("/-/metrics")
    for name in ("hits_total", "disk_hits_total", "followers_total", "misses_total", "evicted_total",
                 "refused_total", "outgrown_total", "memory_bytes", "disk_bytes", "entries", "running"):
        assert f"\nobjlens_view_cache_{name} " in text
    for name in ("hits_total", "misses_total", "learned_total", "unstable_total", "rows_in_memory"):
        assert f"\nobjlens_view_memo_{name} " in text


# ---- servers ----

def test_the_configured_key_makes_the_etags(server_factory):
    def etag():
        return first.s3().head_object(Bucket="plain--ol-s3", Key="same")["ETag"]

    first = server_factory(config=CONFIG, files=FILES)
    first.s3().put_object(Bucket="shop", Key="same", Body=b"same")
    one = etag()
    assert not (first.data / "view_key").exists()
    first.stop()
    first.start()
    assert etag() == one
    first.stop()
    first.write_config(CONFIG.replace(KEY, KEY[::-1]))
    first.start()
    assert etag() != one


def test_what_is_kept_is_not_changed_by_a_reload(server_factory):
    server = server_factory(config=CONFIG, files=FILES)
    for change in ("view_cache { memory_bytes = 1 }", "view_memo { rows_max = 5 }"):
        server.write_config(CONFIG + change)
        server.process.send_signal(1)
        name = change.split()[0]
        wait_for(lambda: f"a change of '{name}' needs a restart" in server.stderr_file.read_text(), 20, name)
    server.write_config(CONFIG.replace(KEY, KEY[::-1]))
    server.process.send_signal(1)
    wait_for(lambda: "a change of 'view_key' needs a restart" in server.stderr_file.read_text(), 20, "view_key")
    assert KEY[::-1] not in server.stderr_file.read_text()


def test_a_disk_keeps_what_memory_does_not(server_factory):
    server = server_factory(
        config=CONFIG + 'view_cache { memory_bytes = 0, disk = "views", disk_bytes = "64 MiB" }', files=FILES)
    server.s3().put_object(Bucket="shop", Key="k", Body=bytes(range(256)) * 4096)
    path = "/plain--ol-s3/k"
    assert view_of(server, path) == "run"
    wait_for(lambda: view_of(server, path) == "disk", 20, "a hit on disk")
    cut = get(server, path, headers={"Range": "bytes=1048576-1048579"})
    assert (cut.status, len(cut.body)) == (206, 4) and cut.body in bytes(range(256)) * 2
    assert server.metric("objlens_view_cache_disk_bytes") > 0
    assert server.admin("/-/views/purge", "POST")[0] == 200
    wait_for(lambda: server.metric("objlens_view_cache_disk_bytes") == 0, 20, "an empty disk")


def test_with_the_cache_off_nothing_is_kept(server_factory):
    server = server_factory(config=CONFIG + "view_cache { enabled = false }", files=FILES)
    server.s3().put_object(Bucket="shop", Key="k", Body=b"ab")
    for _ in range(3):
        assert view_of(server, "/plain--ol-s3/k") == "run"
    cut = get(server, "/plain--ol-s3/k", headers={"Range": "bytes=1-2"})
    assert (cut.status, cut.body) == (206, b"ba")
    assert server.admin("/-/views/purge", "POST")[0] == 200


def test_the_command_line_sizes_the_cache(server_factory, tmp_path):
    script = tmp_path / "longer.lua"
    script.write_text(LONGER)
    server = server_factory(args=["--view", f"longer=shop:{script}", "--view-cache", "0"])
    server.s3().put_object(Bucket="shop", Key="k", Body=b"ab")
    assert get(server, "/longer--ol-s3/k").body == b"abab"
    wait_for(lambda: server.metric("objlens_view_cache_memory_bytes") == 0, 10, "an empty cache")
    wrong = subprocess.run([OBJLENS, "serve", "--data", tmp_path / "d", "--view-cache", "lots"],
                           capture_output=True, text=True)
    assert wrong.returncode != 0 and "--view-cache lots: must be a size" in wrong.stderr
