# SPDX-License-Identifier: MIT
"""SSE-S3 and SSE-KMS with boto3 and the AWS CLI, and the default encryption of buckets."""
import base64
import hashlib
import json
import os
import subprocess

import pytest

from kit.aws import client, key_of, refused, user
from kit.raw import exchange, signed
from kit.server import ACCESS_KEY, SECRET_KEY, Server

PART = 5 * 1024 * 1024
AES = {"ServerSideEncryption": "AES256"}
ALLOW_ALL = 'policy = { { effect = "Allow", actions = { "s3:*" }, resources = { "*" } } }'

CONFIG = """
bucket "plain"
bucket "always" { encryption = { algorithm = "AES256" } }
bucket "must" { policy = { {
  effect = "Deny", principal = "*", actions = { "s3:PutObject" }, resources = { "arn:aws:s3:::must/*" },
  conditions = { StringNotEquals = { ["s3:x-amz-server-side-encryption"] = "AES256" } },
} }, encryption = { algorithm = "AES256" } }
""" + user("ann", ALLOW_ALL) + user("nobody")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("sse-managed"), CONFIG)
    server.start()
    yield server
    assert server.stop() == 0
    server.check_logs_hold_no_secrets()


@pytest.fixture
def s3(server):
    return client(server)


@pytest.fixture
def bucket(s3, request):
    name = "b-" + hashlib.sha1(request.node.name.encode()).hexdigest()[:12]
    s3.create_bucket(Bucket=name)
    return name


def rule(algorithm, **more):
    by_default = {"SSEAlgorithm": algorithm, **{k: v for k, v in more.items() if k == "KMSMasterKeyID"}}
    rest = {k: v for k, v in more.items() if k != "KMSMasterKeyID"}
    return {"Rules": [{"ApplyServerSideEncryptionByDefault": by_default, **rest}]}


def test_a_plain_object_stays_plain(s3):
    put = s3.put_object(Bucket="plain", Key="k", Body=b"x")
    assert "ServerSideEncryption" not in put
    assert "ServerSideEncryption" not in s3.head_object(Bucket="plain", Key="k")


@pytest.mark.parametrize("size", [0, 1, 1000, 65536, 1_000_003])
def test_aes256(s3, server, size):
    body = os.urandom(size)
    put = s3.put_object(Bucket="plain", Key=f"aes{size}", Body=body, **AES)
    assert put["ServerSideEncryption"] == "AES256"
    assert put["ETag"].strip('"') == hashlib.md5(body).hexdigest()
    got = s3.get_object(Bucket="plain", Key=f"aes{size}")
    assert got["Body"].read() == body and got["ServerSideEncryption"] == "AES256"
    if size >= 1000:
        piece = body[:64]
        for path in server.data.rglob("*"):
            assert not path.is_file() or piece not in path.read_bytes(), path


def test_an_upload_in_parts(s3):
    upload = s3.create_multipart_upload(Bucket="plain", Key="parts", **AES)
    assert upload["ServerSideEncryption"] == "AES256"
    of = {"Bucket": "plain", "Key": "parts", "UploadId": upload["UploadId"]}
    bodies = [os.urandom(PART), b"end"]
    parts = [s3.upload_part(PartNumber=n, Body=b, **of) for n, b in enumerate(bodies, 1)]
    assert parts[0]["ServerSideEncryption"] == "AES256"
    done = s3.complete_multipart_upload(MultipartUpload={"Parts": [
        {"PartNumber": n, "ETag": p["ETag"]} for n, p in enumerate(parts, 1)]}, **of)
    assert done["ServerSideEncryption"] == "AES256"
    assert s3.get_object(Bucket="plain", Key="parts")["Body"].read() == b"".join(bodies)


def test_kms(s3, server):
    body = os.urandom(70_000)
    put = s3.put_object(Bucket="plain", Key="kms", Body=body, ServerSideEncryption="aws:kms",
                        SSEKMSEncryptionContext=base64.b64encode(b'{"team":"a"}').decode())
    assert put["ServerSideEncryption"] == "aws:kms"
    assert put["SSEKMSKeyId"].startswith("arn:aws:kms:")
    assert put["ETag"].strip('"') != hashlib.md5(body).hexdigest()
    got = s3.get_object(Bucket="plain", Key="kms", Range="bytes=65530-65540")
    assert got["Body"].read() == body[65530:65541] and got["SSEKMSKeyId"] == put["SSEKMSKeyId"]
    with refused("KMS.NotFoundException", 400):
        s3.put_object(Bucket="plain", Key="none", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId="not-there")


@pytest.mark.parametrize("size", [0, 1, 65536, 1_000_003])
def test_two_layers(s3, size):
    body = os.urandom(size)
    put = s3.put_object(Bucket="plain", Key="dsse", Body=body, ServerSideEncryption="aws:kms:dsse")
    assert put["ServerSideEncryption"] == "aws:kms:dsse" and put["SSEKMSKeyId"].startswith("arn:aws:kms:")
    assert "BucketKeyEnabled" not in put
    got = s3.get_object(Bucket="plain", Key="dsse")
    assert got["Body"].read() == body and got["ServerSideEncryption"] == "aws:kms:dsse"
    if size > 65540:
        ranged = s3.get_object(Bucket="plain", Key="dsse", Range="bytes=65530-65540")
        assert ranged["Body"].read() == body[65530:65541]


WRONG = [
    ({"x-amz-server-side-encryption": "aes:kms"}, "The encryption method specified is not supported"),
    ({"x-amz-server-side-encryption": ""}, "The encryption method specified is not supported"),
    ({"x-amz-server-side-encryption-aws-kms-key-id": "k"}, "requires HTTP header"),
    ({"x-amz-server-side-encryption": "AES256", "x-amz-server-side-encryption-aws-kms-key-id": "k"},
     "requires HTTP header"),
    ({"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-context": "W10="},
     "shall be Base64-encoded UTF-8 string"),
]


@pytest.mark.parametrize("headers,says", WRONG)
def test_wrong_headers(server, headers, says):
    answer = exchange(server, signed(server, "PUT", "/plain/wrong", headers, b"x"))
    assert (answer.status, answer.code) == (400, "InvalidArgument"), answer.body
    assert says.encode() in answer.body


def test_reads_and_parts_take_none(s3, server):
    s3.put_object(Bucket="plain", Key="read", Body=b"x", **AES)
    sse = {"x-amz-server-side-encryption": "AES256"}
    for method in ("GET", "HEAD"):
        assert exchange(server, signed(server, method, "/plain/read", sse)).status == 400
    upload = s3.create_multipart_upload(Bucket="plain", Key="p", **AES)["UploadId"]
    answer = exchange(server, signed(server, "PUT", f"/plain/p?partNumber=1&uploadId={upload}", sse, b"x"))
    assert answer.status == 400


def test_copies_between_modes(s3):
    s3.put_object(Bucket="plain", Key="c", Body=b"copied", **AES)
    assert "ServerSideEncryption" not in s3.copy_object(Bucket="plain", Key="c2", CopySource="plain/c")
    assert s3.copy_object(Bucket="always", Key="c", CopySource="plain/c2")["ServerSideEncryption"] == "AES256"
    kms = s3.copy_object(Bucket="plain", Key="c", CopySource="plain/c", ServerSideEncryption="aws:kms")
    assert kms["ServerSideEncryption"] == "aws:kms"
    for where, key in (("plain", "c"), ("plain", "c2"), ("always", "c")):
        assert s3.get_object(Bucket=where, Key=key)["Body"].read() == b"copied"


# ---- the default of a bucket ----

def test_a_declared_default(s3):
    assert s3.put_object(Bucket="always", Key="d", Body=b"x")["ServerSideEncryption"] == "AES256"
    rules = s3.get_bucket_encryption(Bucket="always")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    with refused("AccessDenied", 403):
        s3.delete_bucket_encryption(Bucket="always")


def test_the_configuration(s3, bucket, server):
    with refused("ServerSideEncryptionConfigurationNotFoundError", 404):
        s3.get_bucket_encryption(Bucket=bucket)
    wanted = rule("aws:kms", KMSMasterKeyID="alias/never-made", BucketKeyEnabled=True)
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=wanted)
    got = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    assert got["Rules"][0]["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == "alias/never-made"
    assert got["Rules"][0]["BucketKeyEnabled"] is True
    with refused("KMS.NotFoundException", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rule("AES256"))
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ServerSideEncryption"] == "AES256"
    for _ in range(2):
        assert s3.delete_bucket_encryption(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert "ServerSideEncryption" not in s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    with refused("InvalidArgument", 400):
        s3.put_bucket_encryption(Bucket=bucket,
                                 ServerSideEncryptionConfiguration=rule("AES256", KMSMasterKeyID="k"))
    with refused("MalformedXML", 400):
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": []})
    with refused("NoSuchBucket", 404):
        s3.get_bucket_encryption(Bucket="not-there-at-all")
    with refused("AccessDenied", 403):
        client(server, credentials=key_of("nobody")).get_bucket_encryption(Bucket=bucket)


def test_policies_see_what_was_sent(server):
    ann = client(server, credentials=key_of("ann"))
    with refused("AccessDenied", 403):
        ann.put_object(Bucket="must", Key="k", Body=b"x")
    assert ann.put_object(Bucket="must", Key="k", Body=b"x", **AES)["ServerSideEncryption"] == "AES256"


def test_the_aws_cli(server, tmp_path):
    (tmp_path / "up").write_bytes(b"by hand")
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
                   "AWS_DEFAULT_REGION": "us-east-1", "AWS_CONFIG_FILE": "/dev/null"}

    def aws(*words):
        return subprocess.run(["aws", "--endpoint-url", server.endpoint, *words], env=environment, check=True,
                              capture_output=True, text=True, cwd=tmp_path).stdout
    aws("s3", "cp", "up", "s3://plain/cli", "--sse", "AES256")
    aws("s3", "cp", "s3://plain/cli", "down")
    assert (tmp_path / "down").read_bytes() == b"by hand"
    head = json.loads(aws("s3api", "head-object", "--bucket", "plain", "--key", "cli"))
    assert head["ServerSideEncryption"] == "AES256"
