# SPDX-License-Identifier: MIT
"""Buckets that live in another S3 service: a real Ceph gateway, and one that misbehaves."""
import base64
import hashlib
import os
import pathlib
import re
import signal
import subprocess
import sys
import uuid
import zlib
from concurrent.futures import ThreadPoolExecutor

import boto3
import botocore.config
import botocore.exceptions
import pytest

from kit.balancer import Balancer
from kit.ceph import ceph  # noqa: F401 (a fixture)
from kit.raw import exchange, get, signed
from kit.server import BUILD, ROOT, Server, wait_for

sys.path.insert(0, str(ROOT / "tests" / "origins"))
from faulty import BODY, ETAG, Faulty  # noqa: E402

SCRIPTS = {"shout.lua": "return function(event, object, response)\n"
                        "  for chunk in object:chunks() do response:write(chunk:upper()) end\nend\n",
           "tail.lua": "return function(event, object, response)\n"
                       "  response:write(object:read_at(2, 3))\nend\n"}

VIEWS = """
access_point "far" { bucket = "BUCKET" }
transform "shout" { file = "shout.lua" }
transform "tail" { file = "tail.lua" }
object_lambda "shout" { access_point = "far", transforms = { "shout" } }
object_lambda "tail" { access_point = "far", transforms = { "tail" } }
object_lambda "redacted" { access_point = "far", transforms = { "pii" } }
"""


def code_of(call, *args, **options):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(*args, **options)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


# ---- a real service ----


def origin_words(ceph, **limits):
    more = ", ".join(f"{name} = {value}" for name, value in limits.items())
    return (f'origin "ceph" {{ endpoint = "{ceph.endpoint}", access_key = env "CEPH_ACCESS", '
            f'secret_key = env "CEPH_SECRET"{", limits = { " + more + " }" if more else ""} }}\n')


def server_before(ceph, folder, bucket, config=""):
    text = origin_words(ceph) + f'bucket "{bucket}" {{ origin = "ceph" }}\n' \
        + VIEWS.replace("BUCKET", bucket) + config
    server = Server(folder, config=text, files=SCRIPTS,
                    environment={"CEPH_ACCESS": ceph.access_key, "CEPH_SECRET": ceph.secret_key})
    server.secrets.append(ceph.secret_key)
    server.start()
    return server


def direct(ceph):
    return boto3.client("s3", endpoint_url=ceph.endpoint, region_name="us-east-1",
                        aws_access_key_id=ceph.access_key, aws_secret_access_key=ceph.secret_key,
                        config=botocore.config.Config(s3={"addressing_style": "path"}))


@pytest.fixture(scope="module")
def far(ceph, tmp_path_factory):
    """A server before Ceph, a bucket there, and a client of each."""
    bucket = f"far-{uuid.uuid4().hex[:12]}"
    direct(ceph).create_bucket(Bucket=bucket)
    server = server_before(ceph, tmp_path_factory.mktemp("far"), bucket)
    server.bucket = bucket
    server.ceph = direct(ceph)
    yield server
    server.stop()
    server.check_logs_hold_no_secrets()


def test_nobody_takes_a_bucket_by_making_it_again(ceph, server_factory):
    """Ceph and AWS's first region answer 200 to a bucket that the account there has already, and all
    accounts here share that one."""
    config = origin_words(ceph) + """default_origin = "ceph"
account "222222222222" { access_key = "OTHERROOTKEY", secret_key = "other-root-secret-0123456789" }
"""
    server = server_factory(config=config, environment={"CEPH_ACCESS": ceph.access_key,
                                                        "CEPH_SECRET": ceph.secret_key})
    ours = f"ours-{uuid.uuid4().hex[:12]}"
    theirs = server.s3("OTHERROOTKEY", "other-root-secret-0123456789")
    direct(ceph).create_bucket(Bucket=ours)  # before objlens knew of it
    assert code_of(theirs.create_bucket, Bucket=ours) == (409, "BucketAlreadyExists")
    assert code_of(theirs.put_object, Bucket=ours, Key="k", Body=b"") == (403, "AccessDenied")
    server.s3().put_object(Bucket=ours, Key="k", Body=b"")
    server.s3().create_bucket(Bucket=ours)  # one's own again: as in us-east-1


@pytest.mark.parametrize("tls", [False, True])
def test_every_operation_of_the_origin_room(ceph, tls):
    """The unit tests that want a real service."""
    folder = pathlib.Path(os.environ.get("OBJLENS_UNIT_TESTS", BUILD / "tests"))
    programs = [folder / name for name in ("origin_s3_test_live", "origin_s3_test_live_uploads")]
    if not all(program.exists() for program in programs):
        pytest.skip("the unit tests are not built")
    environment = dict(os.environ, **ceph.environment,
                       OBJLENS_TEST_S3=ceph.tls_endpoint if tls else ceph.endpoint)
    if tls:
        environment["OBJLENS_TEST_S3_CA"] = str(ceph.certificate)
    for program in programs:
        done = subprocess.run([program], env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


@pytest.mark.parametrize("size", [0, 1, 1000, 65536, 65537, 5_000_000])
def test_bodies_pass_through(far, size):
    s3, body = far.s3(), os.urandom(size)
    answer = s3.put_object(Bucket=far.bucket, Key="some/key", Body=body, ContentType="text/x-far",
                           Metadata={"colour": "red", "empty": ""})
    assert answer["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert far.ceph.get_object(Bucket=far.bucket, Key="some/key")["Body"].read() == body
    answer = s3.get_object(Bucket=far.bucket, Key="some/key")
    assert answer["Body"].read() == body
    assert answer["ContentType"] == "text/x-far" and answer["Metadata"] == {"colour": "red", "empty": ""}
    head = s3.head_object(Bucket=far.bucket, Key="some/key")
    assert head["ContentLength"] == size and head["ETag"] == answer["ETag"]
    if size > 10:
        part = s3.get_object(Bucket=far.bucket, Key="some/key", Range="bytes=5-9")
        assert part["Body"].read() == body[5:10]
        assert part["ContentRange"] == f"bytes 5-9/{size}"
        part = s3.get_object(Bucket=far.bucket, Key="some/key", Range="bytes=-7")
        assert part["Body"].read() == body[-7:]
        assert code_of(s3.get_object, Bucket=far.bucket, Key="some/key",
                       Range=f"bytes={size}-")[0] == 416
    s3.delete_object(Bucket=far.bucket, Key="some/key")
    assert code_of(s3.get_object, Bucket=far.bucket, Key="some/key") == (404, "NoSuchKey")


def test_keys_survive(far):
    s3 = far.s3()
    keys = ["a//b", "trail/", "plus+and space", "100%", "%2F", "ünïcödé/☃", "q?a=b&c#d", "'\"<>"]
    for key in keys:
        s3.put_object(Bucket=far.bucket, Key="keys/" + key, Body=key.encode())
        assert s3.get_object(Bucket=far.bucket, Key="keys/" + key)["Body"].read() == key.encode()
    listed = [o["Key"] for o in s3.list_objects_v2(Bucket=far.bucket, Prefix="keys/")["Contents"]]
    assert listed == sorted("keys/" + key for key in keys)
    assert listed == [o["Key"] for o in
                      far.ceph.list_objects_v2(Bucket=far.bucket, Prefix="keys/")["Contents"]]
    deleted = s3.delete_objects(Bucket=far.bucket,
                                Delete={"Objects": [{"Key": "keys/" + key} for key in keys]})
    assert len(deleted["Deleted"]) == len(keys)
    assert "Contents" not in s3.list_objects_v2(Bucket=far.bucket, Prefix="keys/")


def test_pages(far):
    s3 = far.s3()
    for key in ("a", "b/1", "b/2", "c", "d/1", "e"):
        s3.put_object(Bucket=far.bucket, Key="pages/" + key, Body=b"x")
    seen, token = [], {}
    while True:
        page = s3.list_objects_v2(Bucket=far.bucket, Prefix="pages/", Delimiter="/", MaxKeys=1,
                                  **token)
        seen += [o["Key"] for o in page.get("Contents", [])]
        seen += [p["Prefix"] for p in page.get("CommonPrefixes", [])]
        if not page["IsTruncated"]:
            break
        token = {"ContinuationToken": page["NextContinuationToken"]}
    assert seen == ["pages/" + name for name in ("a", "b/", "c", "d/", "e")]
    one = [o["Key"] for o in s3.list_objects(Bucket=far.bucket, Prefix="pages/")["Contents"]]
    assert len(one) == 6


def test_uploads_in_parts(far):
    s3, body = far.s3(), os.urandom(6 << 20)
    upload = s3.create_multipart_upload(Bucket=far.bucket, Key="parts", ContentType="text/x-p")
    where = {"Bucket": far.bucket, "Key": "parts", "UploadId": upload["UploadId"]}
    pieces = [body[:5 << 20], body[5 << 20:]]
    tags = [s3.upload_part(PartNumber=n + 1, Body=piece, **where)["ETag"]
            for n, piece in enumerate(pieces)]
    assert [p["Size"] for p in s3.list_parts(**where)["Parts"]] == [len(p) for p in pieces]
    assert upload["UploadId"] in [u["UploadId"] for u in
                                  s3.list_multipart_uploads(Bucket=far.bucket)["Uploads"]]
    done = s3.complete_multipart_upload(
        MultipartUpload={"Parts": [{"PartNumber": n + 1, "ETag": t} for n, t in enumerate(tags)]},
        **where)
    assert done["ETag"].endswith('-2"')
    answer = s3.get_object(Bucket=far.bucket, Key="parts")
    assert answer["Body"].read() == body and answer["ContentType"] == "text/x-p"
    upload = s3.create_multipart_upload(Bucket=far.bucket, Key="parts2")
    where = {"Bucket": far.bucket, "Key": "parts2", "UploadId": upload["UploadId"]}
    copied = s3.upload_part_copy(PartNumber=1, CopySource={"Bucket": far.bucket, "Key": "parts"},
                                 CopySourceRange="bytes=0-99", **where)
    s3.complete_multipart_upload(MultipartUpload={"Parts": [
        {"PartNumber": 1, "ETag": copied["CopyPartResult"]["ETag"]}]}, **where)
    assert s3.get_object(Bucket=far.bucket, Key="parts2")["Body"].read() == body[:100]
    upload = s3.create_multipart_upload(Bucket=far.bucket, Key="parts3")
    where = {"Bucket": far.bucket, "Key": "parts3", "UploadId": upload["UploadId"]}
    s3.abort_multipart_upload(**where)
    assert code_of(s3.list_parts, **where) == (404, "NoSuchUpload")


def test_copies_and_tags(far):
    s3 = far.s3()
    s3.put_object(Bucket=far.bucket, Key="copy/from", Body=b"hello", Tagging="a=1&b=two%20words",
                  ContentType="text/x-copy", Metadata={"m": "1"})
    s3.copy_object(Bucket=far.bucket, Key="copy/to",
                   CopySource={"Bucket": far.bucket, "Key": "copy/from"})
    answer = s3.get_object(Bucket=far.bucket, Key="copy/to")
    assert answer["Body"].read() == b"hello" and answer["Metadata"] == {"m": "1"}
    assert answer["ContentType"] == "text/x-copy"
    tags = {t["Key"]: t["Value"] for t in
            s3.get_object_tagging(Bucket=far.bucket, Key="copy/from")["TagSet"]}
    assert tags == {"a": "1", "b": "two words"}
    s3.put_object_tagging(Bucket=far.bucket, Key="copy/to",
                          Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    assert far.ceph.get_object_tagging(Bucket=far.bucket, Key="copy/to")["TagSet"] == [
        {"Key": "k", "Value": "v"}]
    s3.delete_object_tagging(Bucket=far.bucket, Key="copy/to")
    assert s3.get_object_tagging(Bucket=far.bucket, Key="copy/to")["TagSet"] == []


def test_conditions(far):
    s3 = far.s3()
    etag = s3.put_object(Bucket=far.bucket, Key="cond", Body=b"one")["ETag"]
    assert code_of(s3.get_object, Bucket=far.bucket, Key="cond", IfNoneMatch=etag)[0] == 304
    assert code_of(s3.get_object, Bucket=far.bucket, Key="cond", IfMatch='"x"')[0] == 412
    assert s3.get_object(Bucket=far.bucket, Key="cond", IfMatch=etag)["Body"].read() == b"one"
    answer = exchange(far, signed(far, "PUT", f"/{far.bucket}/cond", {"If-None-Match": "*"}, b"two"))
    assert (answer.status, answer.code) == (412, "PreconditionFailed")
    assert s3.get_object(Bucket=far.bucket, Key="cond")["Body"].read() == b"one"


def test_views(far):
    s3 = far.s3()
    s3.put_object(Bucket=far.bucket, Key="view", Body=b"mail bob@example.com or call\n" * 1000)

    def view(name, **options):
        return s3.get_object(Bucket=f"{name}--ol-s3", Key="view", **options)["Body"].read()
    loud = b"MAIL BOB@EXAMPLE.COM OR CALL\n" * 1000
    assert view("shout") == loud
    assert view("shout", Range="bytes=5-19") == loud[5:20]
    assert view("tail") == b"il "
    redacted = view("redacted")
    assert b"bob@example.com" not in redacted and b"mail " in redacted and len(redacted) > 10000
    assert code_of(s3.get_object, Bucket="shout--ol-s3", Key="absent") == (404, "NoSuchKey")


def test_many_at_once(far):
    bodies = {f"/{far.bucket}/many/{i}": os.urandom(1000 * i) for i in range(64)}

    def there_and_back(item):
        path, body = item
        put = exchange(far, signed(far, "PUT", path, body=body))
        return put.status == 200 and get(far, path).body == body
    with ThreadPoolExecutor(16) as pool:
        for _ in range(5):
            assert all(pool.map(there_and_back, bodies.items()))


def test_a_gateway_that_dies(ceph, tmp_path):
    bucket = f"dies-{uuid.uuid4().hex[:12]}"
    direct(ceph).create_bucket(Bucket=bucket)
    server = server_before(ceph, tmp_path / "server", bucket)
    try:
        s3 = server.s3()
        s3.put_object(Bucket=bucket, Key="k", Body=b"before")
        os.kill(ceph.pid(ceph.ports[0]), signal.SIGKILL)
        assert code_of(s3.get_object, Bucket=bucket, Key="k") == (503, "ServiceUnavailable")
        assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"x")[0] == 503
        ceph.start()
        wait_for(lambda: s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"before"
                 if is_up(s3, bucket) else False, 30, "the origin to be used again")
    finally:
        server.stop()


def is_up(s3, bucket):
    try:
        s3.head_bucket(Bucket=bucket)
        return True
    except botocore.exceptions.ClientError:
        return False


def test_tls_is_verified(ceph, tmp_path):
    """Without the certificate's authority nothing is sent."""
    for ca, status in ((f'ca = "{ceph.certificate}"', 404), ("", 500)):
        server = Server(tmp_path / str(status), config=f"""
origin "ceph" {{ endpoint = "{ceph.tls_endpoint}", access_key = env "CEPH_ACCESS",
                secret_key = env "CEPH_SECRET", {ca} }}
bucket "absent-bucket" {{ origin = "ceph" }}
""", environment={"CEPH_ACCESS": ceph.access_key, "CEPH_SECRET": ceph.secret_key})
        server.start()
        try:
            assert get(server, "/absent-bucket/k").status == status
        finally:
            server.stop()


# ---- one that misbehaves ----


@pytest.fixture(scope="module")
def faulty():
    service = Faulty()
    yield service
    service.close()


def before(faulty, folder, limits):
    """A server before the service that misbehaves."""
    config = f"""
origin "faulty" {{ endpoint = "{faulty.endpoint}", access_key = "A", secret_key = "origin-secret",
  limits = {{ {limits}, backoff_base_ms = 10, backoff_max_ms = 50, breaker_failures = 0 }} }}
bucket "faulty" {{ origin = "faulty" }}
access_point "near" {{ bucket = "faulty" }}
transform "shout" {{ file = "shout.lua" }}
object_lambda "shout" {{ access_point = "near", transforms = {{ "shout" }} }}
"""
    server = Server(folder, config=config, files=SCRIPTS)
    server.secrets.append("origin-secret")
    server.start()
    yield server
    server.stop()
    server.check_logs_hold_no_secrets()


@pytest.fixture(scope="module")
def patient(faulty, tmp_path_factory):
    yield from before(faulty, tmp_path_factory.mktemp("patient"),
                      "response_timeout_ms = 20000, deadline_ms = 60000, body_timeout_ms = 10000")


@pytest.fixture(scope="module")
def hasty(faulty, tmp_path_factory):
    yield from before(faulty, tmp_path_factory.mktemp("hasty"),
                      "response_timeout_ms = 2500, deadline_ms = 7000, body_timeout_ms = 1000")


@pytest.fixture
def lens(request, key):
    """Short limits where a limit is what ends it; where not, a slow machine is not to be taken for a slow origin."""
    return request.getfixturevalue("hasty" if key in ("hang", "trickle") else "patient")


def reset(faulty, key):
    with faulty.lock:
        faulty.counts.pop(key, None)
        faulty.seen.clear()


@pytest.mark.parametrize("key", ["fine", "busy-2", "broken-3", "cut-once"])
def test_the_client_sees_nothing_of_it(lens, faulty, key):
    reset(faulty, key)
    answer = get(lens, f"/faulty/{key}")
    assert answer.status == 200 and answer.complete
    assert answer.body == BODY and answer.headers["etag"] == f'"{ETAG}"'


@pytest.mark.parametrize("key, status, code", [
    ("busy-9", 503, "SlowDown"), ("broken-9", 500, "InternalError"),
    ("drop", 503, "ServiceUnavailable"), ("hang", 503, "ServiceUnavailable"),
    ("garbage", 500, "InternalError"), ("html", 500, "InternalError"),
    ("redirect", 500, "InternalError"), ("bomb", 403, "AccessDenied"),
    ("endless-error", 403, "AccessDenied"),
])
def test_an_error_the_client_can_read(lens, faulty, key, status, code):
    reset(faulty, key)
    answer = get(lens, f"/faulty/{key}")
    assert (answer.status, answer.code) == (status, code)
    assert answer.complete and answer.request_id
    assert b"elsewhere" not in answer.raw and b"127.0.0.1" not in answer.body


@pytest.mark.parametrize("key", ["short", "cut-always", "wrong-etag", "changed", "ignores-range",
                                 "trickle"])
def test_a_body_that_is_visibly_broken(lens, faulty, key):
    reset(faulty, key)
    answer = get(lens, f"/faulty/{key}")
    if answer.status != 200:  # it was noticed before the first byte
        assert answer.code in ("InternalError", "ServiceUnavailable")
        return
    assert not answer.complete
    assert BODY.startswith(answer.body) and len(answer.body) < len(BODY) + 1


@pytest.mark.parametrize("key", ["cut-always", "changed", "drop", "garbage", "redirect"])
def test_views_fail_closed(lens, faulty, key):
    reset(faulty, key)
    answer = get(lens, f"/shout--ol-s3/{key}")
    assert answer.status >= 500 or not answer.complete
    assert BODY[:200] not in answer.raw


@pytest.mark.parametrize("key", ["busy-2", "broken-2", "fine"])
@pytest.mark.parametrize("size", [10, 300_000])
def test_puts(lens, faulty, key, size):
    reset(faulty, key)
    body = b"x" * size
    answer = exchange(lens, signed(lens, "PUT", f"/faulty/{key}", body=body))
    if size == 10 or key == "fine":
        assert answer.status == 200
    else:  # its body is gone: only the client can send it again
        assert answer.status in (500, 503)


def test_nobody_there(tmp_path):
    config = """
origin "gone" { endpoint = "http://127.0.0.1:1", access_key = "A", secret_key = "origin-secret",
  limits = { backoff_base_ms = 10, backoff_max_ms = 20, breaker_failures = 4, breaker_open_ms = 60000 } }
bucket "faulty" { origin = "gone" }
"""
    server = Server(tmp_path, config=config, loops=1)
    server.start()
    try:
        for _ in range(5):
            answer = get(server, "/faulty/k")
            assert (answer.status, answer.code) == (503, "ServiceUnavailable")
        assert "nothing is sent there" in server.stderr_file.read_text()

        def counted(what):
            found = re.search(rf"^objlens_origin_{what}_total (\d+)$", server.admin("/-/metrics")[1], re.M)
            return int(found.group(1))
        before = [counted(what) for what in ("requests", "breaker_refused")]
        assert get(server, "/faulty/k").status == 503
        assert [counted(what) for what in ("requests", "breaker_refused")] == [before[0], before[1] + 1]
    finally:
        server.stop()


# ---- two replicas, one gateway, one balancer ----


def replica(ceph, folder, bucket):
    config = origin_words(ceph) + f"""
bucket "{bucket}" {{ origin = "ceph" }}
transform "shout" {{ file = "shout.lua" }}
control {{ bucket = "{bucket}-control", origin = "ceph", refresh_s = 1 }}
"""
    server = Server(folder, config=config, files=SCRIPTS,
                    environment={"CEPH_ACCESS": ceph.access_key, "CEPH_SECRET": ceph.secret_key})
    server.start()
    return server


@pytest.fixture
def pair(ceph, tmp_path):
    bucket = f"pair-{uuid.uuid4().hex[:10]}"
    for name in (bucket, bucket + "-control"):
        direct(ceph).create_bucket(Bucket=name)
    servers = [replica(ceph, tmp_path / f"replica{i}", bucket) for i in range(2)]
    balancer = Balancer([server.port for server in servers])
    yield servers, balancer, bucket
    balancer.close()
    for server in servers:
        server.stop()


def test_two_replicas_behind_a_balancer(pair):
    servers, balancer, bucket = pair
    both = Server.__new__(Server)
    both.port = balancer.port
    s3 = both.s3()
    # A connection of its own for each request: both replicas serve.
    body = os.urandom(100_000)
    put = exchange(both, signed(both, "PUT", f"/{bucket}/k", body=body))
    assert put.status == 200
    for _ in range(4):
        assert get(both, f"/{bucket}/k").body == body
    assert min(balancer.served.values()) >= 2

    # What one replica is told, both know; what both are told at once, one of them was told.
    made = ('<CreateAccessPointRequest xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/">'
            f"<Bucket>{bucket}</Bucket></CreateAccessPointRequest>").encode()
    account = {"x-amz-account-id": "000000000000"}
    answers = [exchange(server, signed(server, "PUT", "/v20180820/accesspoint/one", account, made))
               for server in servers]
    assert sorted(a.status for a in answers) == [200, 409], [a.raw for a in answers]

    def everywhere(path, status, headers=None):
        return all(exchange(server, signed(server, "GET", path, headers)).status == status
                   for server in servers)
    wait_for(lambda: everywhere("/v20180820/accesspoint/one", 200, account), 60, "both to know it")
    wait_for(lambda: everywhere("/one-s3alias/k", 200), 60, "both to serve it")

    view = ('<CreateAccessPointForObjectLambdaRequest '
            'xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/"><Configuration>'
            "<SupportingAccessPoint>arn:aws:s3:us-east-1:000000000000:accesspoint/one"
            "</SupportingAccessPoint><TransformationConfigurations><TransformationConfiguration>"
            "<Actions><Action>GetObject</Action></Actions><ContentTransformation><AwsLambda>"
            "<FunctionArn>shout</FunctionArn></AwsLambda></ContentTransformation>"
            "</TransformationConfiguration></TransformationConfigurations></Configuration>"
            "</CreateAccessPointForObjectLambdaRequest>").encode()
    answer = exchange(both, signed(both, "PUT", "/v20180820/accesspointforobjectlambda/loud",
                                   account, view))
    assert answer.status == 200, (answer.body, [s.access_lines()[-1] for s in servers])
    s3.put_object(Bucket=bucket, Key="text", Body=b"quiet")
    wait_for(lambda: everywhere("/loud--ol-s3/text", 200), 60, "both to serve the view")
    assert [get(server, "/loud--ol-s3/text").body for server in servers] == [b"QUIET", b"QUIET"]

    # One replica may go, and come back knowing everything.
    servers[0].stop()
    assert get(servers[1], "/loud--ol-s3/text").body == b"QUIET"
    answer = exchange(servers[1], signed(servers[1], "DELETE",
                                         "/v20180820/accesspointforobjectlambda/loud", account))
    assert answer.status == 204
    servers[0].start()
    wait_for(lambda: everywhere("/loud--ol-s3/text", 404), 60, "both to have forgotten it")
    assert get(servers[0], "/one-s3alias/k").body == body


# ---- objlens before objlens ----


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """Before another objlens, whose store keeps checksums."""
    inner = Server(tmp_path_factory.mktemp("inner"), config='bucket "deep"')
    inner.start()
    config = f"""
origin "inner" {{ endpoint = "{inner.endpoint}", access_key = env "OBJLENS_ACCESS_KEY",
                 secret_key = env "OBJLENS_SECRET_KEY", checksums = "on", payload = "PAYLOAD" }}
bucket "deep" {{ origin = "inner" }}
"""
    outers = []
    for payload in ("signed", "unsigned"):
        outer = Server(tmp_path_factory.mktemp("outer"), config=config.replace("PAYLOAD", payload))
        outer.start()
        outers.append(outer)
    yield inner, outers
    for server in [*outers, inner]:
        server.stop()


def trailing(server, path, body, value):
    """A PUT whose checksum comes behind its body, as new SDKs send it."""
    chunk = f"{len(body):x}\r\n".encode() + body + \
        f"\r\n0\r\nx-amz-checksum-crc32:{value}\r\n\r\n".encode()
    head = signed(server, "PUT", path, {
        "x-amz-decoded-content-length": str(len(body)), "x-amz-trailer": "x-amz-checksum-crc32",
        "content-encoding": "aws-chunked"}, payload="STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        length=len(chunk))
    return exchange(server, head + chunk)


@pytest.mark.parametrize("size", [10, 500_000])
def test_checksums_go_all_the_way(chain, size):
    inner, outers = chain
    body = os.urandom(size)
    value = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
    for outer in outers:
        answer = trailing(outer, "/deep/trailing", body, value)
        assert answer.status == 200, answer.body
        for server in (inner, outer):
            head = server.s3().head_object(Bucket="deep", Key="trailing", ChecksumMode="ENABLED")
            assert head["ChecksumCRC32"] == value and head["ContentLength"] == size
        answer = trailing(outer, "/deep/wrong", body, "AAAAAA==")
        assert (answer.status, answer.code) == (400, "BadDigest")
        assert code_of(inner.s3().head_object, Bucket="deep", Key="wrong")[0] == 404
