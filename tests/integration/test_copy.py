# SPDX-License-Identifier: MIT
"""CopyObject: what goes with a copy and what does not, and what is refused."""
import hashlib
import http.server
import json
import re
import socket
import threading
import xml.etree.ElementTree

import pytest
from botocore.exceptions import ClientError

from kit.raw import Answer, exchange, signed
from kit.server import ACCESS_KEY, SECRET_KEY, Server
from kit.vast import QuietServer

CONFIG = """
bucket "from"
bucket "dest"
access_point "from" { bucket = "from" }
object_lambda "shout" { access_point = "from", transforms = { "shout" } }
transform "shout" { file = "shout.lua" }
user "reader" {
  access_key = "READERKEYFORTESTS", secret_key = "reader-secret-for-tests-012345678",
  policy = {
    { effect = "Allow", actions = { "s3:PutObject", "s3:ListBucket" },
      resources = { "arn:aws:s3:::dest", "arn:aws:s3:::dest/*" } },
    { effect = "Allow", actions = { "s3:GetObject", "s3:ListBucket" },
      resources = { "arn:aws:s3:::from", "arn:aws:s3:::from/open/*" } },
  },
}
"""
SHOUT = """
return function(event, object, response)
  for chunk in object:chunks() do response:write(chunk:upper()) end
end
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    one = Server(tmp_path_factory.mktemp("copies"), config=CONFIG, files={"shout.lua": SHOUT})
    one.secrets.append("reader-secret-for-tests-012345678")
    one.start()
    yield one
    one.stop()
    one.check_logs_hold_no_secrets()


@pytest.fixture(scope="module")
def s3(server):
    return server.s3()


def fails(status, code, call, *args, **options):
    with pytest.raises(ClientError) as caught:
        call(*args, **options)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert caught.value.response["Error"]["Code"] == code
    return caught.value.response


def raw(server, path, source, **headers):
    given = {"x-amz-copy-source": source}
    given.update({name.replace("_", "-"): value for name, value in headers.items()})
    return exchange(server, signed(server, "PUT", path, headers=given))


def put(s3, key, body=b"body", **options):
    s3.put_object(Bucket="from", Key=key, Body=body, **options)
    return {"Bucket": "from", "Key": key}


def body_of(s3, key, bucket="dest"):
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


# ---- what goes with it ----

@pytest.mark.parametrize("size", [0, 1, 70_000, 9_000_000])
def test_the_bytes(s3, size):
    body = hashlib.shake_128(b"copy").digest(size)
    source = put(s3, f"size/{size}", body)
    answer = s3.copy_object(Bucket="dest", Key=f"size/{size}", CopySource=source)
    assert answer["CopyObjectResult"]["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert answer["CopyObjectResult"]["LastModified"]
    assert body_of(s3, f"size/{size}") == body


def test_metadata_goes_with_it_or_is_replaced(s3):
    source = put(s3, "meta", ContentType="text/x-a", Metadata={"a": "1"}, CacheControl="no-store")
    s3.copy_object(Bucket="dest", Key="meta", CopySource=source, ContentType="text/x-ignored",
                   Metadata={"b": "2"})
    got = s3.head_object(Bucket="dest", Key="meta")
    assert (got["ContentType"], got["Metadata"], got["CacheControl"]) == \
        ("text/x-a", {"a": "1"}, "no-store")
    s3.copy_object(Bucket="dest", Key="meta", CopySource=source, MetadataDirective="REPLACE",
                   ContentType="text/x-b", Metadata={"b": "2"})
    got = s3.head_object(Bucket="dest", Key="meta")
    assert (got["ContentType"], got["Metadata"]) == ("text/x-b", {"b": "2"})
    assert "CacheControl" not in got


def test_tags_go_with_it_or_are_replaced(s3):
    source = put(s3, "tags", Tagging="a=1&b=x%20y")

    def tags():
        return s3.get_object_tagging(Bucket="dest", Key="tags")["TagSet"]

    s3.copy_object(Bucket="dest", Key="tags", CopySource=source)
    assert tags() == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "x y"}]
    s3.copy_object(Bucket="dest", Key="tags", CopySource=source, TaggingDirective="REPLACE",
                   Tagging="c=3")
    assert tags() == [{"Key": "c", "Value": "3"}]
    s3.copy_object(Bucket="dest", Key="tags", CopySource=source, TaggingDirective="REPLACE")
    assert tags() == []
    fails(400, "InvalidRequest", s3.copy_object, Bucket="dest", Key="tags", CopySource=source,
          Tagging="c=3")


def test_the_checksum(server, s3):
    source = put(s3, "summed", b"hello", ChecksumAlgorithm="SHA256")
    answer = s3.copy_object(Bucket="dest", Key="summed", CopySource=source)
    sha = s3.head_object(Bucket="from", Key="summed", ChecksumMode="ENABLED")["ChecksumSHA256"]
    assert answer["CopyObjectResult"]["ChecksumSHA256"] == sha
    answer = s3.copy_object(Bucket="dest", Key="summed", CopySource=source, ChecksumAlgorithm="CRC32")
    assert answer["CopyObjectResult"]["ChecksumCRC32"] == "NhCmhg=="
    got = s3.head_object(Bucket="dest", Key="summed", ChecksumMode="ENABLED")
    assert got["ChecksumCRC32"] == "NhCmhg==" and "ChecksumSHA256" not in got
    answer = raw(server, "/dest/summed", "/from/summed", x_amz_checksum_algorithm="MD4")
    assert (answer.status, answer.code) == (400, "InvalidRequest")


# ---- how a source is named ----

@pytest.mark.parametrize("key", ["plain", "with space", "plus+plus", "per%25cent", "per%cent",
                                 "a//b", "ünï", "q?versionId=x", "trailing/"])
def test_keys_survive(s3, key):
    source = put(s3, key, key.encode())
    s3.copy_object(Bucket="dest", Key="named", CopySource=source)
    assert body_of(s3, "named") == key.encode()


def test_versions_of_a_bucket_that_has_none(server, s3):
    put(s3, "versions")
    assert raw(server, "/dest/versions", "/from/versions?versionId=null").status == 200
    answer = raw(server, "/dest/versions", "/from/versions?versionId=" + "a" * 32)
    assert (answer.status, answer.code) == (404, "NoSuchVersion")
    answer = raw(server, "/dest/versions", "/from/versions?versionId=%21")
    assert (answer.status, answer.code) == (400, "InvalidArgument")


def test_an_access_point_is_a_source_and_a_view_is_not(server, s3):
    put(s3, "door", b"original")
    arn = "arn:aws:s3:us-east-1:000000000000:accesspoint/from/object/door"
    assert raw(server, "/dest/door", arn).status == 200
    assert body_of(s3, "door") == b"original"
    s3.delete_object(Bucket="dest", Key="door")
    view = "arn:aws:s3-object-lambda:us-east-1:000000000000:accesspoint/shout/object/door"
    answer = raw(server, "/dest/door", view)
    assert answer.status in (400, 405)
    fails(404, "NoSuchKey", s3.get_object, Bucket="dest", Key="door")


@pytest.mark.parametrize("source, status, code", [
    ("", 400, "InvalidArgument"), ("from", 400, "InvalidArgument"),
    ("/from", 400, "InvalidArgument"), ("from/", 400, "InvalidArgument"),
    ("/", 400, "InvalidArgument"), ("/no-such-bucket/key", 404, "NoSuchBucket"),
    ("/from/nothing", 404, "NoSuchKey"), ("/from/%zz", 400, "InvalidURI"),
])
def test_sources_that_are_none(server, source, status, code):
    answer = raw(server, "/dest/never", source or " ")
    assert answer.status == status
    if source and source != "/from/%zz":
        assert answer.code == code


# ---- what is refused ----

def test_onto_itself(s3):
    source = put(s3, "self")

    def copy(**options):
        return s3.copy_object(Bucket="from", Key="self", CopySource=source, **options)

    fails(400, "InvalidRequest", copy)
    fails(400, "InvalidRequest", copy, TaggingDirective="REPLACE", Tagging="a=b")
    copy(MetadataDirective="REPLACE", Metadata={"new": "one"})
    got = s3.get_object(Bucket="from", Key="self")
    assert got["Metadata"] == {"new": "one"} and got["Body"].read() == b"body"


def test_directives_that_are_none(server, s3):
    put(s3, "directives")
    for name in ("x_amz_metadata_directive", "x_amz_tagging_directive"):
        answer = raw(server, "/dest/directives", "/from/directives", **{name: "MERGE"})
        assert (answer.status, answer.code) == (400, "InvalidArgument")


def test_conditions_on_the_source(server, s3):
    source = put(s3, "conditions")
    head = s3.head_object(Bucket="from", Key="conditions")
    etag = head["ETag"]

    def copy(**options):
        return s3.copy_object(Bucket="dest", Key="conditions", CopySource=source, **options)

    copy(CopySourceIfMatch=etag)
    copy(CopySourceIfNoneMatch="other")
    copy(CopySourceIfUnmodifiedSince=head["LastModified"])
    fails(412, "PreconditionFailed", copy, CopySourceIfMatch="other")
    fails(412, "PreconditionFailed", copy, CopySourceIfNoneMatch=etag)
    fails(412, "PreconditionFailed", copy, CopySourceIfModifiedSince=head["LastModified"])


def test_conditions_on_what_is_there(server, s3):
    put(s3, "onto")
    s3.delete_object(Bucket="dest", Key="onto")
    assert raw(server, "/dest/onto", "/from/onto", If_None_Match="*").status == 200
    answer = raw(server, "/dest/onto", "/from/onto", If_None_Match="*")
    assert (answer.status, answer.code) == (412, "PreconditionFailed")
    answer = raw(server, "/dest/onto", "/from/onto", If_Match='"other"')
    assert (answer.status, answer.code) == (412, "PreconditionFailed")


# ---- whose it is ----

def test_both_ends_must_be_allowed(server, s3):
    reader = server.s3("READERKEYFORTESTS", "reader-secret-for-tests-012345678")
    put(s3, "open/one", b"open")
    put(s3, "closed/one", b"closed")
    put(s3, "open/tagged", b"open", Tagging="a=1")
    reader.copy_object(Bucket="dest", Key="copied", CopySource={"Bucket": "from", "Key": "open/one"})
    fails(403, "AccessDenied", reader.copy_object, Bucket="dest", Key="stolen",
          CopySource={"Bucket": "from", "Key": "closed/one"})
    fails(403, "AccessDenied", reader.copy_object, Bucket="from", Key="open/back",
          CopySource={"Bucket": "from", "Key": "open/one"})
    # Tags that go along are read there and set here.
    fails(403, "AccessDenied", reader.copy_object, Bucket="dest", Key="tagged",
          CopySource={"Bucket": "from", "Key": "open/tagged"})
    fails(404, "NoSuchKey", s3.get_object, Bucket="dest", Key="stolen")
    fails(404, "NoSuchKey", s3.get_object, Bucket="dest", Key="tagged")


def test_the_source_must_be_whose_it_should_be(server, s3):
    put(s3, "owned")
    answer = raw(server, "/dest/owned", "/from/owned",
                 x_amz_source_expected_bucket_owner="000000000000")
    assert answer.status == 200
    answer = raw(server, "/dest/owned", "/from/owned",
                 x_amz_source_expected_bucket_owner="123456789012")
    assert (answer.status, answer.code) == (403, "AccessDenied")


def test_a_copy_is_logged_as_one(server, s3):
    source = put(s3, "logged")
    answer = s3.copy_object(Bucket="dest", Key="logged", CopySource=source)
    line = server.access_line(answer["ResponseMetadata"]["RequestId"])
    assert re.match("CopyObject", line["operation"]) and json.dumps(line)


# ---- from one origin to another ----

def far_config(endpoint, more=""):
    return f"""
bucket "near"
origin "remote" {{
  endpoint = "{endpoint}", access_key = "{ACCESS_KEY}", secret_key = "{SECRET_KEY}",
}}
bucket "far" {{ origin = "remote" }}
{more}
"""


def test_between_two_origins(server_factory):
    far = server_factory(config='bucket "far"')
    s3 = server_factory(config=far_config(far.endpoint)).s3()
    body = hashlib.shake_128(b"between").digest(6_000_000)
    s3.put_object(Bucket="near", Key="a", Body=body, Metadata={"m": "1"}, Tagging="t=1")
    answer = s3.copy_object(Bucket="far", Key="b", CopySource={"Bucket": "near", "Key": "a"})
    assert answer["CopyObjectResult"]["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    s3.copy_object(Bucket="near", Key="c", CopySource={"Bucket": "far", "Key": "b"})
    s3.copy_object(Bucket="far", Key="d", CopySource={"Bucket": "far", "Key": "b"})
    for bucket, key in (("far", "b"), ("near", "c"), ("far", "d")):
        got = s3.get_object(Bucket=bucket, Key=key)
        assert got["Body"].read() == body and got["Metadata"] == {"m": "1"}, (bucket, key)
        assert s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"] == [
            {"Key": "t", "Value": "1"}], (bucket, key)
    for source, target in (("near", "far"), ("far", "near"), ("far", "far")):
        key = {"near": "a", "far": "b"}[source]
        upload = s3.create_multipart_upload(Bucket=target, Key="parts")["UploadId"]
        part = s3.upload_part_copy(Bucket=target, Key="parts", UploadId=upload, PartNumber=1,
                                   CopySource={"Bucket": source, "Key": key},
                                   CopySourceRange="bytes=10-5300000")
        s3.complete_multipart_upload(Bucket=target, Key="parts", UploadId=upload, MultipartUpload={
            "Parts": [{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}]})
        assert s3.get_object(Bucket=target, Key="parts")["Body"].read() == body[10:5300001]


# ---- answers that begin before the outcome is known ----

class SlowOrigin(http.server.BaseHTTPRequestHandler):
    """An object of two megabytes, whose second half waits for the test."""
    protocol_version = "HTTP/1.1"
    go_on = threading.Event()
    cut = False

    def log_message(self, *args):
        pass

    def head(self):
        self.send_response(200)
        for name, value in (("ETag", f'"{"a" * 32}"'), ("Content-Length", "2000000"),
                            ("Last-Modified", "Sat, 01 Jan 2000 00:00:00 GMT"),
                            ("Content-Type", "text/plain")):
            self.send_header(name, value)
        self.end_headers()

    def do_HEAD(self):
        self.head()

    def do_GET(self):
        if self.cut and self.go_on.is_set():
            self.send_error(404)
            return
        self.head()
        self.wfile.write(b"x" * 1_000_000)
        self.wfile.flush()
        assert self.go_on.wait(60)
        if self.cut:
            self.close_connection = True
            return
        self.wfile.write(b"x" * 1_000_000)


@pytest.mark.parametrize("cut", [False, True])
def test_a_slow_copy_shows_that_it_lives(server_factory, cut):
    handler = type("Handler", (SlowOrigin,), {"go_on": threading.Event(), "cut": cut})
    with QuietServer(("127.0.0.1", 0), handler) as origin:
        threading.Thread(target=origin.serve_forever, daemon=True).start()
        server = server_factory(config=far_config(f"http://127.0.0.1:{origin.server_port}",
                                                  "limits { http = { body_timeout_ms = 300 } }"))
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
            client.sendall(signed(server, "PUT", "/near/slow",
                                  headers={"x-amz-copy-source": "/far/key"}))
            got = b""
            while got.count(b"\r\n1\r\n \r\n") < 1:  # the declaration, then at least one space
                piece = client.recv(1 << 16)
                assert piece, got
                got += piece
            handler.go_on.set()
            while not Answer(got).complete:
                try:
                    piece = client.recv(1 << 16)
                except ConnectionResetError:
                    break
                if not piece:
                    break
                got += piece
        origin.shutdown()
    answer = Answer(got)
    assert answer.status == 200
    if cut:
        # What broke off is never taken for a copy.
        assert not answer.complete and b"Error" not in answer.body
        fails(404, "NoSuchKey", server.s3().get_object, Bucket="near", Key="slow")
        return
    assert answer.complete and answer.body.startswith(b"<?xml version=")
    root = xml.etree.ElementTree.fromstring(answer.body)
    assert root.tag.endswith("CopyObjectResult")
    assert len(server.s3().get_object(Bucket="near", Key="slow")["Body"].read()) == 2_000_000
