# SPDX-License-Identifier: MIT
"""What can be asked of a single object beyond reading and writing it: conditions, tags, checksums,
access control lists, overrides, versions of a bucket that has none, deletions."""
import base64
import datetime
import hashlib
import zlib

import pytest
from botocore.exceptions import ClientError

from kit.raw import exchange, signed
from kit.server import Server

CONFIG = """
bucket "things"
bucket "listed" { ownership = "ObjectWriter", public_access_block = false }
user "limited" {
  access_key = "LIMITEDKEYFORTEST", secret_key = "limited-secret-for-tests-01234567",
  policy = { { effect = "Allow",
    actions = { "s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:ListBucket" },
    resources = { "arn:aws:s3:::things", "arn:aws:s3:::things/*" } } },
}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    one = Server(tmp_path_factory.mktemp("things"), config=CONFIG)
    one.secrets.append("limited-secret-for-tests-01234567")
    one.start()
    yield one
    one.stop()
    one.check_logs_hold_no_secrets()


@pytest.fixture(scope="module")
def s3(server):
    return server.s3()


@pytest.fixture(scope="module")
def limited(server):
    return server.s3("LIMITEDKEYFORTEST", "limited-secret-for-tests-01234567")


def fails(status, code, call, *args, **options):
    with pytest.raises(ClientError) as caught:
        call(*args, **options)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert caught.value.response["Error"]["Code"] == code
    return caught.value.response


def ask(server, method, path, headers=None, body=b""):
    return exchange(server, signed(server, method, path, headers=headers, body=body))


def outcome(answer):
    return answer.status, answer.code


# ---- conditional writes and deletions ----

def test_conditional_writes(server, s3):
    def put(**headers):
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(server, "PUT", "/things/cond", given, b"x")

    s3.delete_object(Bucket="things", Key="cond")
    assert outcome(put(If_Match="*")) == (404, "NoSuchKey")
    etag = put(If_None_Match="*").headers["etag"]
    assert outcome(put(If_None_Match="*")) == (412, "PreconditionFailed")
    assert outcome(put(If_None_Match=etag)) == (412, "PreconditionFailed")
    assert put(If_None_Match='"other"').status == 200
    assert outcome(put(If_Match='"other"')) == (412, "PreconditionFailed")
    assert put(If_Match=etag).status == 200 and put(If_Match="*").status == 200
    assert outcome(put(If_Match=etag, If_None_Match="*")) == (501, "NotImplemented")
    assert outcome(put(If_Modified_Since="Sat, 01 Jan 2000 00:00:00 GMT")) == (501, "NotImplemented")


def test_conditional_deletions(server, s3):
    def put():
        s3.put_object(Bucket="things", Key="del", Body=b"12345")
        return s3.head_object(Bucket="things", Key="del")

    def delete(**headers):
        return outcome(ask(server, "DELETE", "/things/del",
                           {name.replace("_", "-"): value for name, value in headers.items()}))

    head = put()
    modified = head["ResponseMetadata"]["HTTPHeaders"]["last-modified"]
    assert delete(If_Match='"other"') == (412, "PreconditionFailed")
    assert delete(x_amz_if_match_size="4") == (412, "PreconditionFailed")
    assert delete(x_amz_if_match_last_modified_time="Sat, 01 Jan 2000 00:00:00 GMT") == \
        (412, "PreconditionFailed")
    assert delete(x_amz_if_match_size="x") == (400, "InvalidArgument")
    assert delete(If_Match=head["ETag"]) == (204, None)
    # What is not there is deleted already.
    assert delete(If_Match='"other"') == (204, None)
    put()
    assert delete(x_amz_if_match_size="5") == (204, None)
    modified = put()["ResponseMetadata"]["HTTPHeaders"]["last-modified"]
    assert delete(x_amz_if_match_last_modified_time=modified) == (204, None)
    put()
    assert delete(If_Match="*") == (204, None)


def test_a_batch_of_conditions(server, s3):
    for key in ("b1", "b2", "b3"):
        s3.put_object(Bucket="things", Key=key, Body=key.encode())
    etag = s3.head_object(Bucket="things", Key="b1")["ETag"].replace('"', "&quot;")
    document = (f"<Delete><Object><Key>b1</Key><ETag>{etag}</ETag></Object>"
                "<Object><Key>b2</Key><ETag>other</ETag></Object>"
                "<Object><Key>b3</Key><Size>7</Size></Object>"
                "<Object><Key>b4</Key><ETag>other</ETag></Object></Delete>").encode()
    md5 = base64.b64encode(hashlib.md5(document).digest()).decode()
    answer = ask(server, "POST", "/things?delete=", {"Content-MD5": md5}, document)
    assert answer.status == 200
    assert b"<Deleted><Key>b1</Key></Deleted>" in answer.body
    assert b"<Deleted><Key>b4</Key></Deleted>" in answer.body
    assert answer.body.count(b"<Code>PreconditionFailed</Code>") == 2
    assert s3.list_objects_v2(Bucket="things", Prefix="b")["KeyCount"] == 2


def test_a_batch_goes_on_past_what_is_denied(server, s3, limited):
    s3.put_object(Bucket="listed", Key="x", Body=b"x")
    got = limited.delete_objects(Bucket="listed", Delete={"Objects": [{"Key": "x"}, {"Key": "y"}]})
    assert [e["Code"] for e in got["Errors"]] == ["AccessDenied", "AccessDenied"]
    s3.head_object(Bucket="listed", Key="x")


# ---- tags ----

def test_tags(s3):
    s3.put_object(Bucket="things", Key="tags", Body=b"x", Tagging="b=2&a=1%20x")

    def tags():
        return {t["Key"]: t["Value"] for t in
                s3.get_object_tagging(Bucket="things", Key="tags")["TagSet"]}

    assert tags() == {"a": "1 x", "b": "2"}
    assert s3.head_object(Bucket="things", Key="tags")["ResponseMetadata"]["HTTPHeaders"][
        "x-amz-tagging-count"] == "2"
    answer = s3.put_object_tagging(Bucket="things", Key="tags",
                                   Tagging={"TagSet": [{"Key": "c", "Value": ""}]})
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert tags() == {"c": ""}
    answer = s3.delete_object_tagging(Bucket="things", Key="tags")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert tags() == {}
    assert "x-amz-tagging-count" not in s3.head_object(Bucket="things", Key="tags")[
        "ResponseMetadata"]["HTTPHeaders"]
    s3.put_object(Bucket="things", Key="tags", Body=b"y")
    assert tags() == {}


@pytest.mark.parametrize("tagging", ["a=1&a=2", "&".join(f"k{n}=v" for n in range(11)),
                                     "k" * 129 + "=v", "k=" + "v" * 257, "aws:x=1"])
def test_tags_that_are_none(server, s3, tagging):
    answer = ask(server, "PUT", "/things/badtags", {"x-amz-tagging": tagging}, b"x")
    assert outcome(answer) == (400, "InvalidTag")
    fails(404, "404", s3.head_object, Bucket="things", Key="badtags")


def test_tags_need_their_own_permission(server, s3, limited):
    limited.put_object(Bucket="things", Key="untagged", Body=b"x")
    fails(403, "AccessDenied", limited.put_object, Bucket="things", Key="untagged", Body=b"y",
          Tagging="a=1")
    s3.put_object_tagging(Bucket="things", Key="untagged",
                          Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    got = limited.get_object(Bucket="things", Key="untagged")
    assert got["Body"].read() == b"x" and "TagCount" not in got
    fails(403, "AccessDenied", limited.get_object_tagging, Bucket="things", Key="untagged")


def test_tags_of_nothing(s3):
    fails(404, "NoSuchKey", s3.get_object_tagging, Bucket="things", Key="nothing")
    fails(404, "NoSuchKey", s3.put_object_tagging, Bucket="things", Key="nothing",
          Tagging={"TagSet": []})


# ---- checksums ----

def test_the_checksum_of_a_put(server, s3):
    body = b"hello"
    crc = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
    answer = ask(server, "PUT", "/things/sum", {"x-amz-checksum-crc32": crc}, body)
    assert answer.headers["x-amz-checksum-crc32"] == crc
    assert answer.headers["x-amz-checksum-type"] == "FULL_OBJECT"
    plain = ask(server, "HEAD", "/things/sum")
    assert not [name for name in plain.headers if name.startswith("x-amz-checksum")]
    told = ask(server, "GET", "/things/sum", {"x-amz-checksum-mode": "ENABLED"})
    assert told.headers["x-amz-checksum-crc32"] == crc
    ranged = ask(server, "GET", "/things/sum", {"x-amz-checksum-mode": "ENABLED", "Range": "bytes=0-1"})
    assert ranged.status == 206 and "x-amz-checksum-crc32" not in ranged.headers
    answer = ask(server, "PUT", "/things/sum", {"x-amz-checksum-crc32": crc}, b"other")
    assert outcome(answer) == (400, "BadDigest")
    answer = ask(server, "PUT", "/things/sum", {"x-amz-checksum-crc32": "no"}, b"other")
    assert outcome(answer) == (400, "InvalidRequest")
    answer = ask(server, "PUT", "/things/sum", {"x-amz-sdk-checksum-algorithm": "CRC32"}, b"x")
    assert outcome(answer) == (400, "InvalidRequest")


def test_a_checksum_is_made_where_none_was_sent(server, s3):
    answer = ask(server, "PUT", "/things/made", {}, b"hello")
    assert answer.headers["x-amz-checksum-crc64nvme"] == "M3eFcAZSQlc="
    got = s3.get_object_attributes(Bucket="things", Key="made",
                                   ObjectAttributes=["Checksum", "ETag", "ObjectSize"])
    assert got["ObjectSize"] == 5 and got["ETag"] == hashlib.md5(b"hello").hexdigest()
    assert "ObjectParts" not in got


def test_attributes_must_be_named(server, s3):
    s3.put_object(Bucket="things", Key="attr", Body=b"x")
    assert outcome(ask(server, "GET", "/things/attr?attributes="))[0] == 400
    answer = ask(server, "GET", "/things/attr?attributes=", {"x-amz-object-attributes": "Colour"})
    assert outcome(answer) == (400, "InvalidArgument")
    fails(404, "NoSuchKey", s3.get_object_attributes, Bucket="things", Key="nothing",
          ObjectAttributes=["ETag"])


# ---- overrides, classes, versions ----

def test_overrides(server, s3):
    s3.put_object(Bucket="things", Key="over", Body=b"x", ContentType="text/plain")
    names = {"ContentType": "image/x", "CacheControl": "no-cache", "ContentEncoding": "x",
             "ContentDisposition": "attachment", "ContentLanguage": "de"}
    got = s3.get_object(Bucket="things", Key="over",
                        **{f"Response{name}": value for name, value in names.items()})
    assert {name: got[name] for name in names} == names
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "things", "Key": "over",
                                                          "ResponseContentType": "image/y"})
    import urllib.request
    with urllib.request.urlopen(url) as answer:
        assert answer.headers["content-type"] == "image/y"


def test_storage_classes(server, s3):
    s3.put_object(Bucket="things", Key="class", Body=b"x", StorageClass="STANDARD_IA")
    assert s3.head_object(Bucket="things", Key="class")["StorageClass"] == "STANDARD_IA"
    s3.put_object(Bucket="things", Key="class", Body=b"x", StorageClass="STANDARD")
    assert "StorageClass" not in s3.head_object(Bucket="things", Key="class")
    answer = ask(server, "PUT", "/things/class", {"x-amz-storage-class": "GOLD"}, b"x")
    assert outcome(answer) == (400, "InvalidStorageClass")


def test_versions_of_a_bucket_that_has_none(server, s3):
    for key in ("v/1", "v/2", "v/sub/3"):
        s3.put_object(Bucket="things", Key=key, Body=b"x")
    page = s3.list_object_versions(Bucket="things", Prefix="v/", Delimiter="/")
    assert [(v["Key"], v["VersionId"], v["IsLatest"]) for v in page["Versions"]] == \
        [("v/1", "null", True), ("v/2", "null", True)]
    assert page["CommonPrefixes"] == [{"Prefix": "v/sub/"}] and "DeleteMarkers" not in page
    page = s3.list_object_versions(Bucket="things", Prefix="v/", MaxKeys=2)
    assert page["IsTruncated"]
    rest = s3.list_object_versions(Bucket="things", Prefix="v/", KeyMarker=page["NextKeyMarker"])
    assert [v["Key"] for v in rest["Versions"]] == ["v/sub/3"]
    answer = ask(server, "GET", "/things?version-id-marker=x&versions=")
    assert outcome(answer) == (400, "InvalidArgument")
    assert s3.get_object(Bucket="things", Key="v/1", VersionId="null")["Body"].read() == b"x"
    fails(404, "NoSuchVersion", s3.get_object, Bucket="things", Key="v/1", VersionId="a" * 32)
    assert outcome(ask(server, "GET", "/things/v/1?versionId=")) == (400, "InvalidArgument")
    assert outcome(ask(server, "GET", "/things/v/1?versionId=%2F")) == (400, "InvalidArgument")
    s3.delete_object(Bucket="things", Key="v/1", VersionId="a" * 32)
    s3.head_object(Bucket="things", Key="v/1")
    got = s3.delete_objects(Bucket="things", Delete={"Objects": [
        {"Key": v, "VersionId": "null"} for v in ("v/1", "v/2", "v/sub/3")]})
    assert len(got["Deleted"]) == 3 and "Errors" not in got
    assert "Versions" not in s3.list_object_versions(Bucket="things", Prefix="v/")


# ---- access control lists ----

def test_lists_do_not_count_where_ownership_is_enforced(server, s3):
    # What grants nothing to others is taken, since there are clients that always send it.
    for acl in ("private", "bucket-owner-full-control"):
        s3.put_object(Bucket="things", Key="owned", Body=b"x", ACL=acl)
    fails(400, "AccessControlListNotSupported", s3.put_object, Bucket="things", Key="owned",
          Body=b"y", ACL="public-read")
    for acl in ("private", "public-read"):
        fails(400, "AccessControlListNotSupported", s3.put_object_acl, Bucket="things",
              Key="owned", ACL=acl)
    got = s3.get_object_acl(Bucket="things", Key="owned")
    assert [g["Permission"] for g in got["Grants"]] == ["FULL_CONTROL"]
    assert got["Grants"][0]["Grantee"]["ID"] == got["Owner"]["ID"]
    assert s3.get_object(Bucket="things", Key="owned")["Body"].read() == b"x"


def test_lists_where_they_count(server, s3):
    everybody = "http://acs.amazonaws.com/groups/global/AllUsers"

    def grants(key):
        return sorted((g["Grantee"].get("URI", "owner"), g["Permission"])
                      for g in s3.get_object_acl(Bucket="listed", Key=key)["Grants"])

    s3.put_object(Bucket="listed", Key="public", Body=b"x", ACL="public-read")
    assert grants("public") == [(everybody, "READ"), ("owner", "FULL_CONTROL")]
    s3.put_object_acl(Bucket="listed", Key="public", ACL="private")
    assert grants("public") == [("owner", "FULL_CONTROL")]
    policy = s3.get_object_acl(Bucket="listed", Key="public")
    policy = {"Owner": policy["Owner"], "Grants": [*policy["Grants"], {
        "Grantee": {"Type": "Group", "URI": everybody}, "Permission": "READ_ACP"}]}
    s3.put_object_acl(Bucket="listed", Key="public", AccessControlPolicy=policy)
    assert grants("public") == [(everybody, "READ_ACP"), ("owner", "FULL_CONTROL")]
    answer = ask(server, "PUT", "/listed/public?acl=", {}, b"<AccessControlPolicy/>")
    assert outcome(answer) == (400, "MalformedACLError")
    assert outcome(ask(server, "PUT", "/listed/public?acl="))[0] == 400
    assert outcome(ask(server, "PUT", "/listed/public?acl=", {"x-amz-acl": "nobody"})) == \
        (400, "InvalidArgument")
    fails(404, "NoSuchKey", s3.get_object_acl, Bucket="listed", Key="nothing")


def test_dates_of_headers(s3):
    before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=2)
    s3.put_object(Bucket="things", Key="dated", Body=b"x")
    assert s3.head_object(Bucket="things", Key="dated")["LastModified"] >= before.replace(microsecond=0)
