# SPDX-License-Identifier: MIT
"""What is configured of a bucket, through its subresources: policy, CORS, public access block,
ownership, access control list, tags. That each of them works is shown with the call that it changes;
the rest of this file says what is refused, and how."""
import json
import urllib.error
import urllib.request

import botocore.exceptions
import pytest

from kit.aws import ACCOUNT, client, key_of, refused, user
from kit.raw import exchange, signed
from kit.server import Server

OTHER = "111122223333"
OTHER_ROOT = ("OTHERROOTKEYXXXXXXXX", "secret-of-the-other-root-0123456789")
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
ALL_ON = dict.fromkeys(["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy",
                        "RestrictPublicBuckets"], True)
CORS = {"CORSRules": [{"ID": "one", "AllowedOrigins": ["http://*.example.test"],
                       "AllowedMethods": ["PUT", "GET"], "AllowedHeaders": ["x-amz-*"],
                       "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 30}]}

CONFIG = f"""
bucket "declared" {{
  public_access_block = {{ block_public_acls = true }},
  ownership = "ObjectWriter",
  cors = {{ {{ origins = {{ "*" }}, methods = {{ "GET" }} }} }},
  policy = {{ {{ effect = "Allow", principal = {{ AWS = "arn:aws:iam::{ACCOUNT}:user/reader" }},
               actions = {{ "s3:GetObject" }}, resources = {{ "arn:aws:s3:::declared/*" }} }} }},
}}
account "{OTHER}" {{ canonical_id = "other-id", display_name = "The others",
                     access_key = "{OTHER_ROOT[0]}", secret_key = "{OTHER_ROOT[1]}" }}
""" + user("reader")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("bucket-config"), CONFIG)
    server.start()
    yield server
    assert server.stop() == 0
    server.check_logs_hold_no_secrets()


@pytest.fixture
def bucket(server, request):
    """A bucket of the test's own."""
    name = request.node.name.replace("_", "-").removeprefix("test-")[:40].strip("-")
    server.s3().create_bucket(Bucket=name)
    return name


def status_of(answer):
    return answer["ResponseMetadata"]["HTTPStatusCode"]


def allow(principal, action, *resources, effect="Allow"):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": effect, "Principal": principal, "Action": action, "Resource": list(resources)}]})


def objects(bucket):
    return f"arn:aws:s3:::{bucket}/*"


def open_up(server, bucket, ownership=None):
    s3 = server.s3()
    s3.delete_public_access_block(Bucket=bucket)
    if ownership:
        s3.put_bucket_ownership_controls(
            Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": ownership}]})
    return s3


def fetch(server, path):
    """Without credentials: status and body."""
    try:
        with urllib.request.urlopen(server.endpoint + path, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


# ---- policy ----

def test_policy(server, bucket):
    s3 = server.s3()
    s3.put_object(Bucket=bucket, Key="k", Body=b"body")
    reader = client(server, credentials=key_of("reader"))
    with refused("NoSuchBucketPolicy", 404) as caught:
        s3.get_bucket_policy(Bucket=bucket)
    assert caught.value.response["Error"]["BucketName"] == bucket
    with refused("AccessDenied", 403):
        reader.get_object(Bucket=bucket, Key="k")
    text = allow({"AWS": f"arn:aws:iam::{ACCOUNT}:user/reader"}, "s3:GetObject", objects(bucket))
    assert status_of(s3.put_bucket_policy(Bucket=bucket, Policy=text)) == 204
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == text
    assert reader.get_object(Bucket=bucket, Key="k")["Body"].read() == b"body"
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": False}
    for _ in range(2):
        assert status_of(s3.delete_bucket_policy(Bucket=bucket)) == 204
    with refused("AccessDenied", 403):
        reader.get_object(Bucket=bucket, Key="k")


def test_malformed_policies(server, bucket):
    s3 = server.s3()
    for text, words in (("", "first byte"), ("nonsense", "first byte"),
                        ('{"Version": "2012-10-17"}', "Statement"),
                        (allow("*", "s3:NoSuchAction", objects(bucket)), "action"),
                        (allow("*", "s3:GetObject", objects("another")), "resource"),
                        (allow({"AWS": "somebody"}, "s3:GetObject", objects(bucket)), "principal"),
                        ('{"Version": "2012-10-17", "Statement": [' + " " * 20480 + "]}", "")):
        answer = exchange(server, signed(server, "PUT", f"/{bucket}?policy", {}, text.encode()))
        assert (answer.status, answer.code) == (400, "MalformedPolicy"), (text[:100], answer.body)
        assert words in answer.body.decode(), answer.body
    with refused("NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket=bucket)


def test_public_policy(server, bucket):
    s3 = server.s3()
    s3.put_object(Bucket=bucket, Key="k", Body=b"body")
    text = allow("*", "s3:GetObject", objects(bucket))
    with refused("AccessDenied", 403):
        s3.put_bucket_policy(Bucket=bucket, Policy=text)
    open_up(server, bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": True}
    assert fetch(server, f"/{bucket}/k") == (200, b"body")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict(
        ALL_ON, BlockPublicPolicy=False))
    assert fetch(server, f"/{bucket}/k")[0] == 403


def test_who_locks_himself_out(server, bucket):
    """The root of the account can always mend a policy, unless it said that it did not want to."""
    s3 = server.s3()
    text = allow("*", "s3:*BucketPolicy", f"arn:aws:s3:::{bucket}", effect="Deny")
    s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == text
    s3.delete_bucket_policy(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=text, ConfirmRemoveSelfBucketAccess=True)
    for call in (s3.get_bucket_policy, s3.delete_bucket_policy):
        with refused("AccessDenied", 403):
            call(Bucket=bucket)


# ---- CORS ----

def test_cors(server, bucket):
    s3 = server.s3()
    with refused("NoSuchCORSConfiguration", 404):
        s3.get_bucket_cors(Bucket=bucket)
    assert status_of(s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=CORS)) == 200
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == CORS["CORSRules"]
    ask = urllib.request.Request(f"{server.endpoint}/{bucket}/k", method="OPTIONS", headers={
        "Origin": "http://www.example.test", "Access-Control-Request-Method": "PUT"})
    with urllib.request.urlopen(ask, timeout=10) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "http://www.example.test"
    for _ in range(2):
        assert status_of(s3.delete_bucket_cors(Bucket=bucket)) == 204
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(ask, timeout=10)
    assert caught.value.code == 403


def test_bad_cors(server, bucket):
    s3 = server.s3()
    for rule, words in (({"AllowedOrigins": ["*"], "AllowedMethods": ["BREW"]}, "BREW"),
                        ({"AllowedOrigins": ["a*b*"], "AllowedMethods": ["GET"]}, "wildcard"),
                        ({"AllowedOrigins": ["*"], "AllowedMethods": ["GET"],
                          "ExposeHeaders": ["a: b"]}, "header")):
        with refused("InvalidRequest", 400) as caught:
            s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
        assert words in caught.value.response["Error"]["Message"]
    rule = {"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}
    with refused("MalformedXML", 400):
        s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule] * 101})


# ---- public access block ----

def test_public_access_block(server, bucket):
    s3 = server.s3()
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == ALL_ON
    wanted = dict(ALL_ON, IgnorePublicAcls=False, RestrictPublicBuckets=False)
    assert status_of(s3.put_public_access_block(
        Bucket=bucket, PublicAccessBlockConfiguration=wanted)) == 200
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == wanted
    for _ in range(2):
        assert status_of(s3.delete_public_access_block(Bucket=bucket)) == 204
    with refused("NoSuchPublicAccessBlockConfiguration", 404):
        s3.get_public_access_block(Bucket=bucket)


# ---- ownership ----

def test_ownership(server, bucket):
    s3 = server.s3()

    def shown():
        return s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]

    assert shown() == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    for ownership in ("ObjectWriter", "BucketOwnerPreferred", "BucketOwnerEnforced"):
        rules = [{"ObjectOwnership": ownership}]
        assert status_of(s3.put_bucket_ownership_controls(
            Bucket=bucket, OwnershipControls={"Rules": rules})) == 200
        assert shown() == rules
    for _ in range(2):
        assert status_of(s3.delete_bucket_ownership_controls(Bucket=bucket)) == 204
    with refused("OwnershipControlsNotFoundError", 404):
        shown()


def test_lists_must_go_before_ownership_is_enforced(server, bucket):
    s3 = open_up(server, bucket, "ObjectWriter")
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    enforced = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    with refused("InvalidBucketAclWithObjectOwnership", 400):
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=enforced)
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=enforced)


# ---- access control list ----

def test_acl_under_enforced_ownership(server, bucket):
    s3 = server.s3()
    shown = s3.get_bucket_acl(Bucket=bucket)
    assert [grant["Permission"] for grant in shown["Grants"]] == ["FULL_CONTROL"]
    assert shown["Grants"][0]["Grantee"]["ID"] == shown["Owner"]["ID"]
    for acl in ("private", "public-read", "bucket-owner-full-control"):
        with refused("AccessControlListNotSupported", 400):
            s3.put_bucket_acl(Bucket=bucket, ACL=acl)


def test_acl(server, bucket):
    s3 = open_up(server, bucket, "ObjectWriter")
    other = client(server, credentials=OTHER_ROOT)
    with refused("AccessDenied", 403):
        other.list_objects_v2(Bucket=bucket)
    owner = s3.get_bucket_acl(Bucket=bucket)["Owner"]
    grants = [{"Grantee": {"Type": "CanonicalUser", "ID": "other-id"}, "Permission": "READ"}]
    assert status_of(s3.put_bucket_acl(
        Bucket=bucket, AccessControlPolicy={"Owner": owner, "Grants": grants})) == 200
    shown = s3.get_bucket_acl(Bucket=bucket)["Grants"]
    assert shown[0]["Grantee"]["DisplayName"] == "The others"
    other.list_objects_v2(Bucket=bucket)
    with refused("AccessDenied", 403):
        other.put_object(Bucket=bucket, Key="k", Body=b"")
    s3.put_bucket_acl(Bucket=bucket, GrantWrite="id=other-id", GrantReadACP=f"uri={ALL_USERS}")
    with refused("AccessDenied", 403):
        other.list_objects_v2(Bucket=bucket)
    other.put_object(Bucket=bucket, Key="k", Body=b"")
    assert fetch(server, f"/{bucket}?acl")[0] == 200
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    assert fetch(server, f"/{bucket}")[0] == 200
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": True}


def test_bad_acls(server, bucket):
    s3 = open_up(server, bucket, "ObjectWriter")
    owner = s3.get_bucket_acl(Bucket=bucket)["Owner"]

    def grant(**grantee):
        return {"Owner": owner, "Grants": [{"Grantee": grantee, "Permission": "READ"}]}

    with refused("InvalidArgument", 400):
        s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy=grant(Type="CanonicalUser", ID="_foo"))
    with refused("UnresolvableGrantByEmailAddress", 400):
        s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy=grant(
            Type="AmazonCustomerByEmail", EmailAddress="a@example.test"))
    with refused("InvalidArgument", 400):
        s3.put_bucket_acl(Bucket=bucket, GrantRead="other-id")
    with refused("InvalidRequest", 400):
        s3.put_bucket_acl(Bucket=bucket, ACL="private", GrantRead="id=other-id")
    with refused("MissingSecurityHeader", 400):
        s3.put_bucket_acl(Bucket=bucket)
    answer = exchange(server, signed(server, "PUT", f"/{bucket}?acl", {}, b"<AccessControlPolicy/>"))
    assert (answer.status, answer.code) == (400, "MalformedACLError")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=ALL_ON)
    with refused("AccessDenied", 403):
        s3.put_bucket_acl(Bucket=bucket, ACL="public-read")


# ---- tags ----

def test_tags(server, bucket):
    s3 = server.s3()
    with refused("NoSuchTagSet", 404):
        s3.get_bucket_tagging(Bucket=bucket)
    tags = [{"Key": "a b", "Value": "1/é"}, {"Key": "z", "Value": ""}]
    assert status_of(s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})) in (200, 204)
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags
    for wrong in (tags + tags[:1], [{"Key": "aws:x", "Value": ""}],
                  [{"Key": "k" * 129, "Value": ""}], [{"Key": "k", "Value": "v" * 257}],
                  [{"Key": str(i), "Value": ""} for i in range(51)]):
        with refused("InvalidTag", 400):
            s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": wrong})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags
    for _ in range(2):
        assert status_of(s3.delete_bucket_tagging(Bucket=bucket)) == 204


# ---- all of them ----

SUBRESOURCES = ("policy", "policyStatus", "cors", "publicAccessBlock", "ownershipControls", "acl",
                "tagging")


def test_a_bucket_that_is_not_there(server):
    for name in SUBRESOURCES:
        answer = exchange(server, signed(server, "GET", f"/not-there?{name}"))
        assert (answer.status, answer.code) == (404, "NoSuchBucket"), name


def test_bad_documents_change_nothing(server, bucket):
    bodies = (b"", b"x", b"<", b"<Other/>", b"\xff",
              b'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><x>&b;</x>',
              b'<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>')
    for name in ("cors", "publicAccessBlock", "ownershipControls", "tagging"):
        for body in bodies:
            answer = exchange(server, signed(server, "PUT", f"/{bucket}?{name}", {
                "x-amz-checksum-crc32": checksum(body)}, body))
            assert (answer.status, answer.code) == (400, "MalformedXML"), (name, body, answer.body)
    with refused("NoSuchCORSConfiguration"):
        server.s3().get_bucket_cors(Bucket=bucket)


def checksum(body):
    import base64
    import zlib
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


def test_digests_are_asked_for(server, bucket):
    for name in ("cors", "publicAccessBlock", "ownershipControls", "tagging"):
        answer = exchange(server, signed(server, "PUT", f"/{bucket}?{name}", {}, b"<x/>"))
        assert (answer.status, answer.code) == (400, "InvalidRequest")
        assert b"Content-MD5 OR x-amz-checksum-*" in answer.body
        answer = exchange(server, signed(server, "PUT", f"/{bucket}?{name}",
                                         {"x-amz-checksum-crc32": checksum(b"other")}, b"<x/>"))
        assert (answer.status, answer.code) == (400, "BadDigest")


def test_what_the_file_declares_stays(server):
    s3 = server.s3()
    assert json.loads(s3.get_bucket_policy(Bucket="declared")["Policy"])["Statement"]
    assert s3.get_bucket_cors(Bucket="declared")["CORSRules"][0]["AllowedOrigins"] == ["*"]
    assert s3.get_bucket_ownership_controls(Bucket="declared")["OwnershipControls"]["Rules"] == [
        {"ObjectOwnership": "ObjectWriter"}]
    block = s3.get_public_access_block(Bucket="declared")["PublicAccessBlockConfiguration"]
    assert block["BlockPublicAcls"] and not block["IgnorePublicAcls"]
    for call, arguments in (
            (s3.delete_bucket_policy, {}),
            (s3.put_bucket_policy, {"Policy": allow({"AWS": ACCOUNT}, "s3:GetObject",
                                                    objects("declared"))}),
            (s3.put_bucket_cors, {"CORSConfiguration": CORS}),
            (s3.delete_public_access_block, {}),
            (s3.delete_bucket_ownership_controls, {})):
        with refused("AccessDenied", 403) as caught:
            call(Bucket="declared", **arguments)
        assert "declare" in caught.value.response["Error"]["Message"]
    # What it does not speak of may be changed.
    s3.put_bucket_tagging(Bucket="declared", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})


def test_no_public_list_comes_with_a_blocked_bucket(tmp_path):
    server = Server(tmp_path, 'bucket_defaults { public_access_block = { block_public_acls = true }, '
                              'ownership = "ObjectWriter" }')
    server.start()
    try:
        s3 = server.s3()
        for acl in ("public-read", "public-read-write", "authenticated-read"):
            with refused("InvalidBucketAclWithBlockPublicAccessError", 400):
                s3.create_bucket(Bucket="listed", ACL=acl)
        with refused("NoSuchBucket", 404):
            s3.get_bucket_acl(Bucket="listed")
        s3.create_bucket(Bucket="listed", ACL="private")
    finally:
        server.stop()


def test_a_list_does_not_count_when_the_file_enforces_ownership(tmp_path):
    server = Server(tmp_path, 'bucket_defaults { public_access_block = false, ownership = "ObjectWriter" }')
    server.start()
    try:
        s3 = server.s3()
        s3.create_bucket(Bucket="listed", ACL="public-read")
        assert fetch(server, "/listed")[0] == 200
        server.stop()
        server.write_config('bucket_defaults { public_access_block = false }\n'
                            'bucket "listed" { ownership = "BucketOwnerEnforced" }')
        server.start()
        assert fetch(server, "/listed")[0] == 403
        assert len(s3.get_bucket_acl(Bucket="listed")["Grants"]) == 1
        assert s3.get_bucket_policy_status(Bucket="listed")["PolicyStatus"] == {"IsPublic": False}
    finally:
        server.stop()


def test_calls_for_a_remote_bucket(server, tmp_path):
    """On another S3 (here: another of us) a bucket's rules are ours, unless it says otherwise."""
    inner = server.s3()
    for name in ("far-ours", "far-theirs"):
        inner.create_bucket(Bucket=name)
    outer = Server(tmp_path, f"""
origin "far" {{ endpoint = "{server.endpoint}", access_key = env "OBJLENS_ACCESS_KEY",
               secret_key = env "OBJLENS_SECRET_KEY" }}
bucket "far-ours" {{ origin = "far" }}
bucket "far-theirs" {{ origin = "far", subresources = "origin" }}
""")
    outer.start()
    try:
        s3 = outer.s3()
        for name, there in (("far-ours", False), ("far-theirs", True)):
            text = allow("*", "s3:DeleteObject", objects(name), effect="Deny")
            wanted = dict(ALL_ON, IgnorePublicAcls=False)
            s3.put_bucket_policy(Bucket=name, Policy=text)
            s3.put_bucket_cors(Bucket=name, CORSConfiguration=CORS)
            s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=wanted)
            assert s3.get_bucket_policy(Bucket=name)["Policy"] == text
            assert s3.get_bucket_policy_status(Bucket=name)["PolicyStatus"] == {"IsPublic": False}
            assert s3.get_bucket_cors(Bucket=name)["CORSRules"] == CORS["CORSRules"]
            assert s3.get_public_access_block(Bucket=name)[
                "PublicAccessBlockConfiguration"] == wanted
            assert (inner.get_public_access_block(Bucket=name)[
                "PublicAccessBlockConfiguration"] == wanted) == there
            if there:
                assert inner.get_bucket_policy(Bucket=name)["Policy"] == text
                assert inner.get_bucket_cors(Bucket=name)["CORSRules"] == CORS["CORSRules"]
            s3.delete_bucket_policy(Bucket=name)
            s3.delete_bucket_cors(Bucket=name)
            with refused("NoSuchBucketPolicy", 404):
                s3.get_bucket_policy(Bucket=name)
            with refused("NoSuchBucketPolicy", 404):
                inner.get_bucket_policy(Bucket=name)
            with refused("NoSuchCORSConfiguration", 404):
                s3.get_bucket_cors(Bucket=name)
            with refused("MalformedPolicy", 400):
                s3.put_bucket_policy(Bucket=name, Policy="{}")
    finally:
        outer.stop()


def test_it_survives_and_ends_with_the_bucket(tmp_path):
    server = Server(tmp_path, "")
    server.start()
    try:
        s3 = server.s3()
        s3.create_bucket(Bucket="kept")
        text = allow("*", "s3:DeleteObject", objects("kept"), effect="Deny")
        s3.put_bucket_policy(Bucket="kept", Policy=text)
        s3.put_bucket_cors(Bucket="kept", CORSConfiguration=CORS)
        server.kill()
        server.start()
        assert s3.get_bucket_policy(Bucket="kept")["Policy"] == text
        assert s3.get_bucket_cors(Bucket="kept")["CORSRules"] == CORS["CORSRules"]
        s3.delete_bucket(Bucket="kept")
        s3.create_bucket(Bucket="kept")
        with refused("NoSuchBucketPolicy"):
            s3.get_bucket_policy(Bucket="kept")
        with refused("NoSuchCORSConfiguration"):
            s3.get_bucket_cors(Bucket="kept")
    finally:
        server.stop()
