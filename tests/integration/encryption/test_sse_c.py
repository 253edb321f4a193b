# SPDX-License-Identifier: MIT
"""SSE-C with boto3, and by hand where boto3 would not: every operation that takes a key, what each
wrong one is answered, and that the key is nowhere afterwards."""
import base64
import hashlib
import os
import subprocess
import urllib.parse

import pytest

from kit.aws import client, refused, user, key_of
from kit.raw import exchange, signed
from kit.server import ACCESS_KEY, SECRET_KEY, Server, free_port

KEY = bytes(range(32))
OTHER = b"a" * 32
P = "x-amz-server-side-encryption-customer-"
PART = 5 * 1024 * 1024

CONFIG = """
sse_c_over_http = true
bucket "originals"
bucket "other"
bucket "strict" { encryption = { algorithm = "AES256", sse_c = "block" } }
access_point "plain" { bucket = "originals" }
transform "upper" { file = "upper.lua" }
object_lambda "refusing" { access_point = "plain", transforms = { "upper" } }
object_lambda "allowing" { access_point = "plain", transforms = { "upper" }, sse_c = "allow" }
bucket "guarded" { policy = { {
  effect = "Deny", principal = "*", actions = { "s3:PutObject" }, resources = { "arn:aws:s3:::guarded/*" },
  conditions = { StringNotEquals = { ["s3:x-amz-server-side-encryption-customer-algorithm"] = "AES256" } },
} } }
""" + user("ann", 'policy = { { effect = "Allow", actions = { "s3:*" }, resources = { "*" } } }')

UPPER = """
return function(event, object, response)
  for chunk in object:chunks() do response:write(chunk:upper()) end
end
"""


def b64(data):
    return base64.b64encode(data).decode()


def trio(key=KEY, **changed):
    fields = {P + "algorithm": "AES256", P + "key": b64(key), P + "key-MD5": b64(hashlib.md5(key).digest())}
    for name, value in changed.items():
        fields[P + name.replace("_", "-")] = value
    return {name: value for name, value in fields.items() if value is not None}


def sse(key=KEY):
    return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": key}


def source(key=KEY):
    return {"CopySourceSSECustomerAlgorithm": "AES256", "CopySourceSSECustomerKey": key}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("sse-c"), CONFIG, files={"upper.lua": UPPER})
    server.secrets += [b64(KEY), b64(OTHER)]
    server.start()
    yield server
    assert server.stop() == 0
    server.check_logs_hold_no_secrets()


@pytest.fixture
def s3(server):
    return client(server)


def ask(server, method, path, headers, body=b""):
    return exchange(server, signed(server, method, path, headers, body))


# ---- objects ----

@pytest.mark.parametrize("size", [0, 1, 13, 1024, 65536, 65537, 1024 * 1024 + 3])
def test_an_object_goes_round(s3, size):
    body = os.urandom(size)
    put = s3.put_object(Bucket="originals", Key=f"o{size}", Body=body, **sse())
    assert put["SSECustomerAlgorithm"] == "AES256"
    assert put["SSECustomerKeyMD5"] == b64(hashlib.md5(KEY).digest())
    assert "ServerSideEncryption" not in put
    assert put["ETag"].strip('"') != hashlib.md5(body).hexdigest()
    got = s3.get_object(Bucket="originals", Key=f"o{size}", **sse())
    assert got["Body"].read() == body
    assert got["SSECustomerAlgorithm"] == "AES256" and got["ETag"] == put["ETag"]
    assert "ServerSideEncryption" not in got
    head = s3.head_object(Bucket="originals", Key=f"o{size}", **sse())
    assert head["ContentLength"] == size and head["SSECustomerKeyMD5"] == put["SSECustomerKeyMD5"]


def test_the_same_object_has_another_etag_each_time(s3):
    etags = {s3.put_object(Bucket="originals", Key="again", Body=b"same", **sse())["ETag"] for _ in range(3)}
    assert len(etags) == 3


def test_ranges_and_sizes_are_of_the_plaintext(s3):
    body = os.urandom(300_000)
    s3.put_object(Bucket="originals", Key="ranged", Body=body, **sse())
    for first, last in ((0, 0), (65535, 65536), (1000, 200_000), (299_999, 299_999)):
        got = s3.get_object(Bucket="originals", Key="ranged", Range=f"bytes={first}-{last}", **sse())
        assert got["Body"].read() == body[first:last + 1]
        assert got["ContentRange"] == f"bytes {first}-{last}/300000"
    with refused("InvalidRange", 416):
        s3.get_object(Bucket="originals", Key="ranged", Range="bytes=300000-", **sse())
    listed = s3.list_objects_v2(Bucket="originals", Prefix="ranged")["Contents"]
    assert [item["Size"] for item in listed] == [300_000]


def test_what_needs_no_key(s3):
    s3.put_object(Bucket="originals", Key="free", Body=b"x", Tagging="a=b", **sse())
    assert s3.get_object_tagging(Bucket="originals", Key="free")["TagSet"]
    s3.put_object_tagging(Bucket="originals", Key="free", Tagging={"TagSet": [{"Key": "c", "Value": "d"}]})
    s3.get_object_acl(Bucket="originals", Key="free")
    s3.delete_object(Bucket="originals", Key="free")
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket="originals", Key="free", **sse())


def test_attributes_need_the_key(s3, server):
    s3.put_object(Bucket="originals", Key="attributes", Body=b"12345", **sse())
    asked = {"x-amz-object-attributes": "ObjectSize"}
    path = "/originals/attributes?attributes"
    assert b"<ObjectSize>5</ObjectSize>" in ask(server, "GET", path, {**asked, **trio()}).body
    assert ask(server, "GET", path, asked).status == 400
    assert ask(server, "GET", path, {**asked, **trio(OTHER)}).status == 403


# ---- what is wrong ----

READS = [
    ({}, 400, "InvalidRequest", "The correct parameters must be provided"),
    (trio(OTHER), 403, "AccessDenied", "must provide the correct secret key"),
    ({"x-amz-server-side-encryption": "AES256", **trio()}, 400, "InvalidArgument", "is incompatible with"),
    (trio(algorithm=None), 400, "InvalidArgument", "a valid encryption algorithm"),
    (trio(algorithm="AES192"), 400, "InvalidEncryptionAlgorithmError", "Supported value: AES256."),
    (trio(key=None) if False else {P + "algorithm": "AES256"}, 400, "InvalidArgument", "an appropriate secret key"),
    (trio(key_MD5="AAAA"), 400, "InvalidArgument", "did not match the hash"),
    (trio(b"short"), 400, "InvalidArgument", "The secret key was invalid"),
]


@pytest.mark.parametrize("headers,status,code,says", READS)
def test_wrong_reads(s3, server, headers, status, code, says):
    s3.put_object(Bucket="originals", Key="wrong", Body=b"x", **sse())
    answer = ask(server, "GET", "/originals/wrong", headers)
    assert (answer.status, answer.code) == (status, code), answer.body
    assert says.encode() in answer.body and b64(KEY).encode() not in answer.body
    if code == "InvalidArgument":
        assert b"<ArgumentName>x-amz-server-side-encryption</ArgumentName>" in answer.body
    head = ask(server, "HEAD", "/originals/wrong", headers)
    assert (head.status, head.body) == (status, b"")
    copied = ask(server, "PUT", "/other/copy", {"x-amz-copy-source": "/originals/wrong", **{
        "x-amz-copy-source-" + name.removeprefix("x-amz-"): value for name, value in headers.items()
        if name.startswith(P)}})
    if "x-amz-server-side-encryption" not in headers:
        assert (copied.status, copied.code) == (status, code), copied.body


def test_wrong_writes_leave_nothing(s3, server):
    for headers, status, code, says in READS[2:]:
        answer = ask(server, "PUT", "/originals/never", headers, b"x")
        assert (answer.status, answer.code) == (status, code), answer.body
        assert says.encode() in answer.body
    missing = ask(server, "PUT", "/originals/never", trio(key_MD5=None), b"x")
    assert (missing.status, missing.code) == (400, "InvalidArgument")
    with refused("404", 404):
        s3.head_object(Bucket="originals", Key="never")


def test_a_read_may_leave_the_md5_out(s3, server):
    s3.put_object(Bucket="originals", Key="no-md5", Body=b"x", **sse())
    assert ask(server, "GET", "/originals/no-md5", trio(key_MD5=None)).body == b"x"


def test_a_key_for_what_has_none(s3):
    s3.put_object(Bucket="originals", Key="open", Body=b"x")
    with refused("InvalidRequest", 400):
        s3.get_object(Bucket="originals", Key="open", **sse())


def test_conditions_do_not_come_before_the_key(s3):
    etag = s3.put_object(Bucket="originals", Key="cond", Body=b"x", **sse())["ETag"]
    for key in ({}, sse(OTHER)):
        with pytest.raises(Exception) as caught:
            s3.get_object(Bucket="originals", Key="cond", IfNoneMatch=etag, **key)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)


def test_a_key_in_a_url_is_refused(s3, server):
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "originals", "Key": "x"})
    query = urllib.parse.urlsplit(url)
    raw = f"GET {query.path}?{query.query}&{P}key={urllib.parse.quote(b64(KEY), safe='')} HTTP/1.1\r\n" \
          f"Host: 127.0.0.1:{server.port}\r\n\r\n"
    answer = exchange(server, raw.encode())
    assert answer.status in (400, 403) and b64(KEY).encode() not in answer.body


# ---- policies ----

def test_a_policy_wins_over_a_malformed_header(server):
    ann = dict(zip(("access_key", "secret_key"), key_of("ann")))
    for headers in (trio(algorithm="AES192"), {}):
        answer = exchange(server, signed(server, "PUT", "/guarded/k", headers, b"x", **ann))
        assert (answer.status, answer.code) == (403, "AccessDenied"), answer.body
    assert exchange(server, signed(server, "PUT", "/guarded/k", trio(), b"x", **ann)).status == 200


def test_a_bucket_may_block_it(s3, server):
    answer = ask(server, "PUT", "/strict/k", trio(algorithm="AES192"), b"x")
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert b"has blocked upload requests that specify Server Side Encryption with Customer" in answer.body


# ---- uploads in parts, copies, forms ----

def test_an_upload_in_parts(s3, server):
    parts = [os.urandom(PART), os.urandom(1000)]
    upload = s3.create_multipart_upload(Bucket="originals", Key="parts", **sse())
    assert upload["SSECustomerAlgorithm"] == "AES256"
    of = {"Bucket": "originals", "Key": "parts", "UploadId": upload["UploadId"]}
    with refused("InvalidRequest", 400):
        s3.upload_part(PartNumber=1, Body=b"x", **of)
    with refused("InvalidRequest", 400):
        s3.upload_part(PartNumber=1, Body=b"x", **of, **sse(OTHER))
    done = [{"PartNumber": n, "ETag": s3.upload_part(PartNumber=n, Body=body, **of, **sse())["ETag"]}
            for n, body in enumerate(parts, 1)]
    answer = s3.complete_multipart_upload(MultipartUpload={"Parts": done}, **of)
    assert answer["ETag"].endswith('-2"') and "SSECustomerAlgorithm" not in answer
    assert s3.get_object(Bucket="originals", Key="parts", **sse())["Body"].read() == b"".join(parts)
    second = s3.get_object(Bucket="originals", Key="parts", PartNumber=2, **sse())
    assert second["Body"].read() == parts[1]
    with refused("AccessDenied", 403):
        s3.get_object(Bucket="originals", Key="parts", **sse(OTHER))


def test_copies_between_keys(s3):
    s3.put_object(Bucket="originals", Key="from", Body=b"copied", Metadata={"a": "b"}, **sse())
    of = {"CopySource": "originals/from", "Bucket": "other"}
    copied = s3.copy_object(Key="rekeyed", **of, **source(), **sse(OTHER))
    assert copied["SSECustomerKeyMD5"] == b64(hashlib.md5(OTHER).digest())
    got = s3.get_object(Bucket="other", Key="rekeyed", **sse(OTHER))
    assert got["Body"].read() == b"copied" and got["Metadata"] == {"a": "b"}
    plain = s3.copy_object(Key="plain", **of, **source())
    assert "SSECustomerAlgorithm" not in plain
    assert s3.get_object(Bucket="other", Key="plain")["Body"].read() == b"copied"
    with refused("InvalidRequest", 400):
        s3.copy_object(Key="never", **of)
    with refused("AccessDenied", 403):
        s3.copy_object(Key="never", **of, **source(OTHER))
    s3.copy_object(CopySource="originals/from", Bucket="originals", Key="from", **source(), **sse(OTHER))
    assert s3.get_object(Bucket="originals", Key="from", **sse(OTHER))["Body"].read() == b"copied"


def test_a_part_from_a_copy(s3):
    body = os.urandom(PART + 10)
    s3.put_object(Bucket="originals", Key="big", Body=body, **sse())
    upload = s3.create_multipart_upload(Bucket="other", Key="made", **sse(OTHER))["UploadId"]
    of = {"Bucket": "other", "Key": "made", "UploadId": upload}
    first = s3.upload_part_copy(PartNumber=1, CopySource="originals/big", CopySourceRange=f"bytes=0-{PART - 1}",
                                **of, **source(), **sse(OTHER))
    assert first["SSECustomerAlgorithm"] == "AES256"
    second = s3.upload_part_copy(PartNumber=2, CopySource="originals/big",
                                 CopySourceRange=f"bytes={PART}-{PART + 9}", **of, **source(), **sse(OTHER))
    s3.complete_multipart_upload(MultipartUpload={"Parts": [
        {"PartNumber": 1, "ETag": first["CopyPartResult"]["ETag"]},
        {"PartNumber": 2, "ETag": second["CopyPartResult"]["ETag"]}]}, **of)
    assert s3.get_object(Bucket="other", Key="made", **sse(OTHER))["Body"].read() == body


def test_a_form(s3, server):
    import requests
    conditions = [["starts-with", "$" + name, ""] for name in trio()]
    form = s3.generate_presigned_post("originals", "posted", Fields=trio(), Conditions=conditions)
    answer = requests.post(form["url"], data=form["fields"], files={"file": b"from a form"})
    assert answer.status_code == 204, answer.text
    assert answer.headers[P + "algorithm"] == "AES256"
    assert s3.get_object(Bucket="originals", Key="posted", **sse())["Body"].read() == b"from a form"


# ---- through a view ----

def test_a_view_takes_a_key_only_where_it_is_allowed(s3, server):
    s3.put_object(Bucket="originals", Key="seen", Body=b"shout", **sse())
    assert ask(server, "GET", "/refusing--ol-s3/seen", trio()).status == 400
    for _ in range(2):
        answer = ask(server, "GET", "/allowing--ol-s3/seen", trio())
        assert (answer.status, answer.body) == (200, b"SHOUT"), answer.body
        assert ask(server, "GET", "/allowing--ol-s3/seen", trio(OTHER)).status == 403
        assert ask(server, "GET", "/allowing--ol-s3/seen", {}).status == 400
        assert ask(server, "HEAD", "/allowing--ol-s3/seen", trio(OTHER)).status == 403


# ---- HTTPS ----

def test_without_tls_it_is_refused_unless_allowed(tmp_path):
    server = Server(tmp_path, "")
    server.start()
    server.s3().create_bucket(Bucket="bucket")
    answer = ask(server, "PUT", "/bucket/k", trio(), b"x")
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    assert b"must be made over a secure connection" in answer.body
    assert server.stop() == 0


def test_completing_with_a_key(s3, server):
    """Not needed; but what is sent has to fit."""
    def begin(key, **more):
        upload = s3.create_multipart_upload(Bucket="originals", Key=key, **more)["UploadId"]
        part = s3.upload_part(Bucket="originals", Key=key, UploadId=upload, PartNumber=1, Body=b"part", **more)
        return f"/originals/{key}?uploadId={upload}", (
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>%s</ETag></Part>"
            "</CompleteMultipartUpload>" % part["ETag"]).encode()

    path, body = begin("done", **sse())
    wrong = ask(server, "POST", path, trio(OTHER), body)
    assert (wrong.status, wrong.code) == (400, "InvalidRequest")
    assert b"did not match the ones used originally" in wrong.body
    bad = ask(server, "POST", path, trio(key_MD5=b64(hashlib.md5(OTHER).digest())), body)
    assert (bad.status, bad.code) == (400, "InvalidArgument")
    assert ask(server, "POST", path, trio(), body).status == 200
    assert s3.get_object(Bucket="originals", Key="done", **sse())["Body"].read() == b"part"
    path, body = begin("plain")
    unfit = ask(server, "POST", path, trio(), body)
    assert (unfit.status, unfit.code) == (400, "InvalidRequest")
    assert ask(server, "POST", path, {}, body).status == 200
    path, body = begin("silent", **sse())
    assert ask(server, "POST", path, {}, body).status == 200
    assert s3.get_object(Bucket="originals", Key="silent", **sse())["Body"].read() == b"part"


# ---- passed on ----

def test_a_remote_origin_is_told_the_key_that_completes_an_upload(tmp_path):
    """The other service judges it; without TLS to there it is not sent."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "1", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    port = free_port()
    far = Server(tmp_path / "far", f"""bucket "shared"
listen {{ "127.0.0.1:{port}", certificate = "{cert}", key = "{key}" }}""")
    origin = f'access_key = "{ACCESS_KEY}", secret_key = "{SECRET_KEY}"'
    near = Server(tmp_path / "near", f"""
sse_c_over_http = true
origin "tls" {{ endpoint = "https://127.0.0.1:{port}", ca = "{cert}", {origin} }}
origin "bare" {{ endpoint = "{far.endpoint}", {origin} }}
bucket "shared" {{ origin = "tls" }}
bucket "bare" {{ origin = "bare" }}""")
    for server in (far, near):
        server.secrets += [b64(KEY), b64(OTHER)]
        server.start()
    s3 = client(near)

    def by(key):  # boto3 does not code it for this operation
        return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b64(key),
                "SSECustomerKeyMD5": b64(hashlib.md5(key).digest())}
    of = {"Bucket": "shared", "Key": "parts"}
    of["UploadId"] = s3.create_multipart_upload(**of, **sse())["UploadId"]
    part = s3.upload_part(**of, PartNumber=1, Body=b"part", **sse())
    done = {"MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}}
    with refused("InvalidRequest", 400):
        s3.complete_multipart_upload(**of, **done, **by(OTHER))
    s3.complete_multipart_upload(**of, **done, **by(KEY))
    assert s3.get_object(Bucket="shared", Key="parts", **sse())["Body"].read() == b"part"
    with refused("InvalidRequest", 400) as said:
        s3.complete_multipart_upload(**{**of, "Bucket": "bare"}, **done, **by(KEY))
    assert "not reached over TLS" in said.value.response["Error"]["Message"]
    for server in (near, far):
        assert server.stop() == 0
        server.check_logs_hold_no_secrets()
