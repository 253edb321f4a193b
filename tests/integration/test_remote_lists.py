# SPDX-License-Identifier: MIT
"""Objects' access control lists in a real Ceph gateway that knows the accounts by the same ids: what is
granted here holds there, and the other way round."""
import urllib.error
import urllib.request
import uuid

import boto3
import botocore.config
import botocore.exceptions
import pytest

from kit.ceph import ceph  # noqa: F401 (a fixture)
from kit.server import Server

CONFIG = """
origin "ceph" { endpoint = "%s", canonical_ids = "shared", access_key = env "MAIN_ACCESS", secret_key = env "MAIN_SECRET" }
account "111111111111" { canonical_id = "main", access_key = env "MAIN_ACCESS", secret_key = env "MAIN_SECRET" }
account "222222222222" { canonical_id = "alt", access_key = env "ALT_ACCESS", secret_key = env "ALT_SECRET" }
account "333333333333" { canonical_id = "nobody-there", access_key = "THIRDACCOUNTKEY", secret_key = "third-secret-0123456789" }
bucket_defaults { public_access_block = false }
bucket "%s" { origin = "ceph", account = "111111111111", ownership = "ObjectWriter", policy = [[{ "Version": "2012-10-17",
  "Statement": { "Effect": "Allow", "Principal": { "AWS": ["222222222222", "333333333333"] }, "Resource": "arn:aws:s3:::%s/*",
    "Action": ["s3:PutObject", "s3:PutObjectAcl"] } }]] }
"""


def client(endpoint, access_key, secret_key):
    return boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=access_key,
                        aws_secret_access_key=secret_key,
                        config=botocore.config.Config(s3={"addressing_style": "path"}))


class Shop:
    """A bucket of main's: `main` and `alt` through objlens, `alt_there` at the gateway itself."""

    def __init__(self, ceph, folder):
        self.bucket = f"lists-{uuid.uuid4().hex[:12]}"
        keys = {f"{name.upper()}_{kind}": ceph.environment[f"{prefix}AWS_{variable}"]
                for name, prefix in (("main", ""), ("alt", "ALT_"))
                for kind, variable in (("ACCESS", "ACCESS_KEY_ID"), ("SECRET", "SECRET_ACCESS_KEY"))}
        client(ceph.endpoint, keys["MAIN_ACCESS"], keys["MAIN_SECRET"]).create_bucket(Bucket=self.bucket)
        self.server = Server(folder, config=CONFIG % (ceph.endpoint, self.bucket, self.bucket), environment=keys)
        self.server.secrets += [keys["MAIN_SECRET"], keys["ALT_SECRET"]]
        self.server.start()
        self.main = self.server.s3(keys["MAIN_ACCESS"], keys["MAIN_SECRET"])
        self.alt = self.server.s3(keys["ALT_ACCESS"], keys["ALT_SECRET"])
        self.third = self.server.s3("THIRDACCOUNTKEY", "third-secret-0123456789")
        self.alt_there = client(ceph.endpoint, keys["ALT_ACCESS"], keys["ALT_SECRET"])

    def put(self, who, key, **options):
        who.put_object(Bucket=self.bucket, Key=key, Body=key.encode(), **options)

    def read(self, who, key):
        try:
            return who.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]["Code"]

    def grants(self, who, key):
        acl = who.get_object_acl(Bucket=self.bucket, Key=key)
        return {(g["Grantee"].get("ID") or g["Grantee"]["URI"].rpartition("/")[2], g["Permission"]) for g in acl["Grants"]}


@pytest.fixture(scope="module")
def shop(ceph, tmp_path_factory):
    shop = Shop(ceph, tmp_path_factory.mktemp("lists"))
    yield shop
    shop.server.stop()
    shop.server.check_logs_hold_no_secrets()


def test_what_is_granted_with_a_new_object(shop):
    shop.put(shop.main, "closed")
    assert shop.read(shop.alt, "closed") == shop.read(shop.alt_there, "closed") == "AccessDenied"
    shop.put(shop.main, "granted", GrantRead='id="alt"', GrantFullControl='id="main"')
    assert shop.read(shop.alt, "granted") == shop.read(shop.alt_there, "granted") == b"granted"
    assert shop.grants(shop.main, "granted") == {("main", "FULL_CONTROL"), ("alt", "READ")}
    assert shop.read(shop.third, "granted") == "AccessDenied"


def test_what_is_granted_later(shop):
    shop.put(shop.main, "later")
    assert shop.read(shop.alt, "later") == "AccessDenied"
    shop.main.put_object_acl(Bucket=shop.bucket, Key="later", AccessControlPolicy={
        "Owner": {"ID": "main"},
        "Grants": [{"Grantee": {"Type": "CanonicalUser", "ID": name}, "Permission": permission}
                   for name, permission in (("main", "FULL_CONTROL"), ("alt", "READ"), ("alt", "WRITE_ACP"))]})
    assert shop.read(shop.alt, "later") == shop.read(shop.alt_there, "later") == b"later"
    shop.alt.put_object_acl(Bucket=shop.bucket, Key="later", GrantFullControl='id="main"')
    assert shop.read(shop.alt, "later") == shop.read(shop.alt_there, "later") == "AccessDenied"
    assert shop.grants(shop.main, "later") == {("main", "FULL_CONTROL")}


def test_what_another_account_writes(shop):
    """The owner there is whom the origin's keys belong to; the writer is granted what a writer has."""
    shop.put(shop.alt, "guest", ACL="bucket-owner-full-control")
    assert shop.grants(shop.alt, "guest") == {("alt", "FULL_CONTROL"), ("main", "FULL_CONTROL")}
    assert shop.read(shop.alt, "guest") == shop.read(shop.alt_there, "guest") == shop.read(shop.main, "guest") == b"guest"


def test_uploads_in_parts_and_copies(shop):
    s3, grants = shop.main, {"GrantRead": 'id="alt"', "GrantFullControl": 'id="main"'}
    upload = s3.create_multipart_upload(Bucket=shop.bucket, Key="parts", **grants)["UploadId"]
    part = s3.upload_part(Bucket=shop.bucket, Key="parts", UploadId=upload, PartNumber=1, Body=b"parts")
    s3.complete_multipart_upload(Bucket=shop.bucket, Key="parts", UploadId=upload, MultipartUpload={
        "Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    s3.copy_object(Bucket=shop.bucket, Key="copied", CopySource={"Bucket": shop.bucket, "Key": "parts"}, **grants)
    for key in ("parts", "copied"):
        assert shop.read(shop.alt, key) == shop.read(shop.alt_there, key) == b"parts"
        assert shop.grants(s3, key) == {("main", "FULL_CONTROL"), ("alt", "READ")}


def test_everybody(shop):
    shop.put(shop.main, "public", ACL="public-read")
    with urllib.request.urlopen(f"{shop.server.endpoint}/{shop.bucket}/public") as answer:
        assert answer.read() == b"public"
    assert shop.grants(shop.main, "public") == {("main", "FULL_CONTROL"), ("AllUsers", "READ")}
    shop.put(shop.main, "private", ACL="private")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{shop.server.endpoint}/{shop.bucket}/private")


def test_somebody_whom_the_gateway_does_not_know(shop):
    """It is not written, and what stood there before stays as it was."""
    shop.put(shop.main, "kept")
    with pytest.raises(botocore.exceptions.ClientError):
        shop.main.put_object(Bucket=shop.bucket, Key="kept", Body=b"new", GrantRead='id="nobody-there"')
    assert shop.read(shop.main, "kept") == b"kept"
    assert shop.read(shop.third, "kept") == "AccessDenied"
