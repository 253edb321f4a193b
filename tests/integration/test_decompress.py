# SPDX-License-Identifier: MIT
"""Compressed originals and archives, read plain: made by the tools that people make them with."""
import bz2
import gzip
import io
import json
import lzma
import struct
import subprocess
import urllib.parse
import zipfile
import zlib

import botocore.exceptions
import pytest

from kit.raw import get
from kit.server import OBJLENS, Server

TEXT = b"".join(b"%d,ada%d@example.com,4111111111111111\n" % (n, n) for n in range(40000))

CONFIG = '''
bucket "attic" {}
access_point "attic" { bucket = "attic" }
object_lambda "plain" { access_point = "attic", transforms = { "decompress" } }
object_lambda "redacted" { access_point = "attic", transforms = { "decompress", "pii" } }
object_lambda "json" { access_point = "attic", transforms = { "decompress", "xml_json" } }
object_lambda "small" { access_point = "attic",
  transforms = { { "compress", payload = [[{"as": "content-encoding"}]] } } }
object_lambda "packed" { access_point = "attic",
  transforms = { { "xml_json" }, { "compress", payload = [[{"format": "xz"}]] } } }
object_lambda "late" { access_point = "attic", transforms = { "same", "decompress" } }
transform "same" { file = "same.lua" }
object_lambda "pinned" { access_point = "attic",
  transforms = { { "decompress", payload = [[{"file_name": "a/orders.csv"}]] } } }
'''

SAME = """
return function(event, object, response)
    for chunk in object:chunks() do response:write(chunk) end
end
"""


def tool(*command):
    return subprocess.run(command, input=TEXT, capture_output=True, check=True).stdout


PACKED = {
    "orders.csv.gz": lambda: tool("gzip", "-c"),
    "orders.csv.bz2": lambda: bz2.compress(TEXT),
    "orders.csv.xz": lambda: lzma.compress(TEXT),
    "orders.csv.zst": lambda: tool("zstd", "-q", "-c"),
    "orders.csv.lz4": lambda: tool("lz4", "-q", "-c"),
    "orders.csv.br": lambda: tool("brotli", "-c"),
    "orders.csv.zz": lambda: zlib.compress(TEXT),
}


def archive(entries, compression=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as made:
        for name, body in entries:
            made.writestr(name, body)
    return file.getvalue()


ORDERS_ZIP = archive([("a/orders.csv", TEXT), ("b/empty", b""), ("c/größe.txt", b"hello\n")])


@pytest.fixture(scope="module")
def attic(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("attic"), config=CONFIG, files={"same.lua": SAME})
    server.start()
    s3 = server.s3()
    for key, make in PACKED.items():
        s3.put_object(Bucket="attic", Key=key, Body=make(), ContentType="application/octet-stream")
    s3.put_object(Bucket="attic", Key="encoded", Body=gzip.compress(TEXT), ContentType="text/csv",
                  ContentEncoding="gzip")
    s3.put_object(Bucket="attic", Key="orders.zip", Body=ORDERS_ZIP)
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def s3(attic):
    return attic.s3()


def read(s3, view, key, **options):
    return s3.get_object(Bucket=f"{view}--ol-s3", Key=key, **options)


def unpacked(data, *arguments):
    return subprocess.run([OBJLENS, "run", "decompress", *arguments], input=data, capture_output=True, check=False)


@pytest.mark.parametrize("key", sorted(PACKED))
def test_each_format(s3, key):
    answer = read(s3, "plain", key)
    assert answer["Body"].read() == TEXT
    assert answer["ContentType"] == "text/csv"
    assert s3.head_object(Bucket="plain--ol-s3", Key=key)["ContentLength"] == len(TEXT)
    part = read(s3, "plain", key, Range="bytes=100000-100099")
    assert part["Body"].read() == TEXT[100000:100100]


def test_a_content_encoding_is_taken_off(s3):
    answer = read(s3, "plain", "encoded")
    assert "ContentEncoding" not in answer
    assert answer["ContentType"] == "text/csv"
    assert answer["Body"].read() == TEXT


def test_a_chain_sees_what_was_inside(s3):
    for key in ("orders.csv.gz", "encoded"):
        body = read(s3, "redacted", key)["Body"].read()
        assert body.splitlines()[7] == b"7,[EMAIL_ADDRESS],[CREDIT_CARD]"
        assert b"example.com" not in body


def test_xml_inside_becomes_json(s3):
    s3.put_object(Bucket="attic", Key="doc.xml.gz", Body=gzip.compress(b"<a><b>1</b><b/></a>"))
    answer = read(s3, "json", "doc.xml.gz")
    assert answer["Body"].read() == b'{"a":{"b":["1",null]}}'
    assert answer["ContentType"] == "application/json"
    s3.put_object(Bucket="attic", Key="bad.xml.gz", Body=gzip.compress(b"<a><b></a>"))
    with pytest.raises(botocore.exceptions.ClientError, match="MalformedXML"):
        read(s3, "json", "bad.xml.gz")
    s3.put_object(Bucket="attic", Key="cut.xml.gz", Body=gzip.compress(b"<a/>")[:-3])
    with pytest.raises(botocore.exceptions.ClientError, match="TruncatedInput"):
        read(s3, "json", "cut.xml.gz")


def test_compressed_on_the_way(s3):
    s3.put_object(Bucket="attic", Key="orders.csv", Body=TEXT, ContentType="text/csv")
    answer = read(s3, "small", "orders.csv")
    assert gzip.decompress(answer["Body"].read()) == TEXT
    assert (answer["ContentEncoding"], answer["ContentType"]) == ("gzip", "text/csv")
    s3.put_object(Bucket="attic", Key="doc.xml", Body=b"<a>x</a>")
    answer = read(s3, "packed", "doc.xml")
    assert lzma.decompress(answer["Body"].read()) == b'{"a":"x"}'
    assert answer["ContentType"] == "application/x-xz" and "ContentEncoding" not in answer


@pytest.mark.parametrize("format, tool", [("gzip", "gzip"), ("bzip2", "bzip2"), ("xz", "xz"), ("zstd", "zstd"),
                                          ("lz4", "lz4"), ("brotli", "brotli")])
def test_the_tools_open_what_compress_makes(format, tool):
    made = subprocess.run([OBJLENS, "run", "compress", "--payload", json.dumps({"format": format})],
                          input=TEXT, capture_output=True, check=True).stdout
    assert subprocess.run([tool, "-dc"], input=made, capture_output=True, check=True).stdout == TEXT


def test_what_is_not_compressed_is_refused(s3):
    s3.put_object(Bucket="attic", Key="text", Body=b"nothing to open here")
    with pytest.raises(botocore.exceptions.ClientError, match="InvalidCompressionFormat"):
        read(s3, "plain", "text")


def test_damage_breaks_the_body(s3):
    whole = gzip.compress(TEXT)
    for name, data in (("short.gz", whole[:-5]), ("flipped.gz", whole[:-6] + b"\0" + whole[-5:])):
        s3.put_object(Bucket="attic", Key=name, Body=data)
        with pytest.raises(Exception):
            read(s3, "plain", name)["Body"].read()
    s3.put_object(Bucket="attic", Key="small.gz", Body=gzip.compress(b"x" * 1000)[:-5])
    with pytest.raises(botocore.exceptions.ClientError, match="TruncatedInput"):
        read(s3, "plain", "small.gz")


# ---- archives ----


def entry(attic, view, key, file_name=None):
    query = "?file_name=" + urllib.parse.quote(file_name, safe="") if file_name is not None else ""
    return get(attic, f"/{view}--ol-s3/{key}{query}")


def test_a_file_of_an_archive(attic):
    answer = entry(attic, "plain", "orders.zip", "a/orders.csv")
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, "text/csv", TEXT)
    assert entry(attic, "plain", "orders.zip", "b/empty").body == b""
    assert entry(attic, "plain", "orders.zip", "c/größe.txt").body == b"hello\n"
    missing = entry(attic, "plain", "orders.zip", "orders.csv")
    assert (missing.status, missing.code) == (404, "NoSuchEntry")


def test_a_list_without_a_name(attic):
    answer = entry(attic, "plain", "orders.zip")
    assert answer.headers["content-type"] == "application/json"
    names = {one["name"]: one for one in json.loads(answer.body)["entries"]}
    assert list(names) == ["a/orders.csv", "b/empty", "c/größe.txt"]
    assert names["a/orders.csv"]["size"] == len(TEXT)
    assert names["a/orders.csv"]["crc32"] == f"{zlib.crc32(TEXT):08x}"
    assert names["a/orders.csv"]["method"] == "deflate"


def test_the_payload_pins_a_file(attic):
    assert entry(attic, "pinned", "orders.zip").body == TEXT
    assert entry(attic, "pinned", "orders.zip", "b/empty").body == TEXT


def test_an_archive_behind_another_transform_is_refused(attic):
    answer = entry(attic, "late", "orders.zip", "a/orders.csv")
    assert (answer.status, answer.code) == (400, "InvalidCompressionFormat")


def event(tmp_path, name):
    path = tmp_path / "event.json"
    path.write_text('{"userRequest": {"url": "https://example.com/a.zip?file_name=%s"}}' % name)
    return ["--event", str(path)]


def unzip(tmp_path, data, name="f"):
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    with path.open("rb") as file:
        return subprocess.run([OBJLENS, "run", "decompress", *event(tmp_path, name)], stdin=file,
                              capture_output=True, check=False)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_methods(tmp_path, method):
    done = unzip(tmp_path, archive([("x", b"-"), ("f", TEXT)], method))
    assert (done.returncode, done.stdout) == (0, TEXT), done.stderr


def test_zip64_comments_and_something_before(tmp_path):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        with made.open("f", "w", force_zip64=True) as inner:
            inner.write(TEXT)
        made.comment = b"PK\5\6 is in the comment, twice: PK\5\6" + bytes(100)
    assert unzip(tmp_path, file.getvalue()).stdout == TEXT
    # A program before it: offsets count from where the archive begins. What begins otherwise is told
    # from its first bytes no more, so the payload says it.
    path = tmp_path / "sfx"
    path.write_bytes(b"#!/bin/sh\nexit\n" + file.getvalue())
    with path.open("rb") as before:
        done = subprocess.run([OBJLENS, "run", "decompress", "--payload", '{"format":"zip","file_name":"f"}'],
                              stdin=before, capture_output=True, check=False)
    assert done.stdout == TEXT, done.stderr


def test_many_files(tmp_path):
    data = archive([(f"folder/with/a/long/name/{n:06}", b"%d" % n) for n in range(70000)], zipfile.ZIP_STORED)
    assert unzip(tmp_path, data, "folder/with/a/long/name/069999").stdout == b"69999"


def patched(data, signature, offset, value):
    """The last record with this signature, some of its bytes replaced."""
    at = data.rindex(signature) + offset
    return data[:at] + value + data[at + len(value):]


CENTRAL, LOCAL, END = b"PK\1\2", b"PK\3\4", b"PK\5\6"
ONE = archive([("f", TEXT)])


@pytest.mark.parametrize("data", [
    ONE[:-1],
    ONE[: len(ONE) // 2],
    patched(ONE, END, 10, struct.pack("<H", 2)),             # one entry is not there
    patched(ONE, END, 12, struct.pack("<I", 1 << 30)),       # a directory larger than the file
    patched(ONE, END, 16, struct.pack("<I", 1 << 30)),       # behind its end
    patched(ONE, END, 4, struct.pack("<H", 1)),              # in several pieces
    patched(ONE, CENTRAL, 42, struct.pack("<I", 1 << 30)),   # a header behind the end
    patched(ONE, CENTRAL, 20, struct.pack("<I", 1 << 30)),   # data behind the end
    patched(ONE, CENTRAL, 24, struct.pack("<I", 10)),        # more comes out than is said
    patched(ONE, CENTRAL, 16, struct.pack("<I", 0)),         # another checksum
    patched(ONE, CENTRAL, 8, struct.pack("<H", 1)),          # encrypted
    patched(ONE, CENTRAL, 10, struct.pack("<H", 99)),        # a method of nobody's
    patched(ONE, CENTRAL, 46, b"g"),                         # the directory names another file …
    patched(ONE, LOCAL, 30, b"g"),                           # … or the header does
    patched(ONE, LOCAL, 8, struct.pack("<H", 0)),            # two methods
    patched(ONE, CENTRAL, 30, struct.pack("<H", 60000)),     # an extra field without end
    archive([("f", b"one"), ("g", b"")]).replace(b"g", b"f"),  # two of a name
], ids=range(17))
def test_hostile_archives(tmp_path, data):
    done = unzip(tmp_path, data)
    assert done.returncode in (1, 3)
    assert done.returncode == 3 or done.stdout == b""
    assert done.stdout != TEXT
    assert b"decompress: zip: " in done.stderr or b"deflate: " in done.stderr, done.stderr


def test_a_checksum_that_differs_breaks_a_long_file(tmp_path):
    done = unzip(tmp_path, patched(ONE, CENTRAL, 16, struct.pack("<I", 0)))
    assert done.returncode == 3


def test_a_bomb(tmp_path):
    done = unpacked(gzip.compress(bytes(200 << 20), 9), "--payload", '{"max_ratio": 100}')
    assert done.returncode == 3 and b"EntityTooLarge" in done.stderr
    assert len(done.stdout) < 64 << 20
