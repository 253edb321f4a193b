# SPDX-License-Identifier: MIT
"""Somebody is given a view by one line, `views = { … }`, and tries every way round it. Whatever the
bucket, the access point and the group grant besides, the original stays shut."""
import urllib.error
import urllib.request

import boto3
import botocore.config
import botocore.exceptions
import pytest

from kit.server import Server

SECRET = b"secret: ada@example.com"
GUEST = {"access_key": "GUESTKEY", "secret_key": "guest-secret-0123456789"}

CONFIG = """
bucket_defaults { public_access_block = false }
bucket "orders" {
    -- Everything that could open a way round.
    policy = { { effect = "Allow", principal = "arn:aws:iam::000000000000:user/guest",
                 actions = "s3:*", resources = { "arn:aws:s3:::orders", "arn:aws:s3:::orders/*" } } },
}
bucket "own"
access_point "orders-ap" {
    bucket = "orders",
    policy = { { effect = "Allow", principal = "arn:aws:iam::000000000000:user/guest", actions = "s3:*",
                 resources = { "arn:aws:s3:us-east-1:000000000000:accesspoint/orders-ap",
                               "arn:aws:s3:us-east-1:000000000000:accesspoint/orders-ap/object/*" } } },
}
object_lambda "view" { access_point = "orders-ap", transforms = "pii" }
-- Only GetObject goes through the transform: everything else is delegated.
object_lambda "half" { access_point = "orders-ap", unconfigured = "delegate",
                       transformations = { { actions = "GetObject", transforms = "pii" } } }
group "all" { policy = { { effect = "Allow", actions = { "s3:*", "s3-object-lambda:*" }, resources = "*" } } }
user "guest" { access_key = "GUESTKEY", secret_key = "guest-secret-0123456789", groups = "all", views = "view" }
role "raw" {
    trust = { { effect = "Allow", principal = "arn:aws:iam::000000000000:user/guest",
                actions = "sts:AssumeRole" } },
    policy = { { effect = "Allow", actions = "s3:*", resources = "*" } },
    views = "view",
}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("view-only"), config=CONFIG)
    server.start()
    root = server.s3()
    root.put_object(Bucket="orders", Key="k", Body=SECRET)
    upload = root.create_multipart_upload(Bucket="orders", Key="open")["UploadId"]
    server.upload = upload
    root.get_paginator("list_objects_v2")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def guest(shop):
    return shop.s3(**GUEST)


def refused(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    status = caught.value.response["ResponseMetadata"]["HTTPStatusCode"]
    assert status in (403, 405), caught.value
    assert SECRET.decode() not in str(caught.value.response)


def test_the_view_is_read(guest):
    answer = guest.get_object(Bucket="view--ol-s3", Key="k")["Body"].read()
    assert b"ada@" not in answer and answer.startswith(b"secret: ")
    assert guest.head_object(Bucket="view--ol-s3", Key="k")["ContentLength"] == len(answer)
    assert guest.get_object(Bucket="view--ol-s3", Key="k", Range="bytes=0-5")["Body"].read() == b"secret"
    listed = guest.list_objects_v2(Bucket="view--ol-s3")["Contents"]
    assert [entry["Key"] for entry in listed] == ["k"]
    told = guest.get_object_attributes(Bucket="view--ol-s3", Key="k", ObjectAttributes=["ETag", "ObjectSize"])
    assert (told["ObjectSize"], told["ETag"]) == (len(answer), listed[0]["ETag"].strip('"'))


@pytest.mark.parametrize("door", ["orders", "orders-ap-s3alias"])
def test_no_door_to_the_original(guest, door):
    refused(guest.get_object, Bucket=door, Key="k")
    refused(guest.get_object, Bucket=door, Key="k", Range="bytes=0-5")
    refused(guest.get_object, Bucket=door, Key="k", PartNumber=1)
    refused(guest.get_object, Bucket=door, Key="k", VersionId="null")
    refused(guest.head_object, Bucket=door, Key="k")
    refused(guest.get_object_attributes, Bucket=door, Key="k", ObjectAttributes=["ETag"])
    refused(guest.get_object_tagging, Bucket=door, Key="k")
    refused(guest.get_object_acl, Bucket=door, Key="k")
    refused(guest.list_objects_v2, Bucket=door)
    refused(guest.list_objects, Bucket=door)
    refused(guest.list_object_versions, Bucket=door)
    refused(guest.list_multipart_uploads, Bucket=door)
    refused(guest.put_object, Bucket=door, Key="k", Body=b"x")
    refused(guest.delete_object, Bucket=door, Key="k")


def test_an_access_points_arn(shop):
    through_proxy = shop.s3(proxies={"http": shop.endpoint}, **GUEST)
    refused(through_proxy.get_object,
            Bucket="arn:aws:s3:us-east-1:000000000000:accesspoint/orders-ap", Key="k")


def test_links(guest):
    for bucket in ("orders", "orders-ap-s3alias"):
        for extra in ({}, {"VersionId": "null"}, {"Range": "bytes=0-5"}):
            link = guest.generate_presigned_url(
                "get_object", Params={"Bucket": bucket, "Key": "k", **extra})
            request = urllib.request.Request(link, headers={k: v for k, v in extra.items() if k == "Range"})
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(request, timeout=10)
            assert caught.value.code == 403
            assert SECRET not in caught.value.read()
    link = guest.generate_presigned_url("get_object", Params={"Bucket": "view--ol-s3", "Key": "k"})
    assert b"ada@" not in urllib.request.urlopen(link, timeout=10).read()


def test_copies(guest, shop):
    arn = "arn:aws:s3:us-east-1:000000000000:accesspoint/orders-ap/object/k"
    for source in ({"Bucket": "orders", "Key": "k"}, {"Bucket": "orders", "Key": "k", "VersionId": "null"},
                   {"Bucket": "orders-ap-s3alias", "Key": "k"}, arn):
        refused(guest.copy_object, Bucket="own", Key="stolen", CopySource=source)
    guest.put_object(Bucket="own", Key="mine", Body=b"x")  # another bucket is as open as it was
    upload = guest.create_multipart_upload(Bucket="own", Key="stolen")["UploadId"]
    refused(guest.upload_part_copy, Bucket="own", Key="stolen", UploadId=upload, PartNumber=1,
            CopySource={"Bucket": "orders", "Key": "k"})
    assert "stolen" not in [o["Key"] for o in shop.s3().list_objects_v2(Bucket="own")["Contents"]]


def test_what_the_view_delegates(guest):
    """The access point allows it, the view's owner may not have meant it."""
    for bucket in ("view--ol-s3", "half--ol-s3"):
        refused(guest.get_object_tagging, Bucket=bucket, Key="k")
        refused(guest.put_object, Bucket=bucket, Key="k", Body=b"x")
        refused(guest.delete_object, Bucket=bucket, Key="k")
    refused(guest.head_object, Bucket="half--ol-s3", Key="k")
    refused(guest.get_object_attributes, Bucket="half--ol-s3", Key="k", ObjectAttributes=["ETag"])
    refused(guest.list_objects_v2, Bucket="half--ol-s3")


def test_settings_of_the_bucket(guest):
    refused(guest.get_bucket_policy, Bucket="orders")
    refused(guest.delete_bucket_policy, Bucket="orders")
    refused(guest.put_bucket_acl, Bucket="orders", ACL="public-read")
    refused(guest.delete_bucket, Bucket="orders")


def sts(shop, **keys):
    return boto3.client("sts", endpoint_url=shop.endpoint, region_name="us-east-1",
                        aws_access_key_id=keys["access_key"], aws_secret_access_key=keys["secret_key"],
                        config=botocore.config.Config(retries={"max_attempts": 0}))


@pytest.mark.parametrize("how", ["session", "role"])
def test_sessions(shop, how):
    client = sts(shop, **GUEST)
    if how == "session":
        given = client.get_session_token()["Credentials"]
    else:
        given = client.assume_role(RoleArn="arn:aws:iam::000000000000:role/raw",
                                   RoleSessionName="round")["Credentials"]
    inside = boto3.client(
        "s3", endpoint_url=shop.endpoint, region_name="us-east-1",
        aws_access_key_id=given["AccessKeyId"], aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        config=botocore.config.Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}))
    refused(inside.get_object, Bucket="orders", Key="k")
    refused(inside.get_object, Bucket="orders-ap-s3alias", Key="k")
    assert b"ada@" not in inside.get_object(Bucket="view--ol-s3", Key="k")["Body"].read()


def test_a_new_access_point_opens_nothing(shop, guest):
    control = boto3.client(
        "s3control", endpoint_url=shop.endpoint, region_name="us-east-1",
        aws_access_key_id="ROOTKEYFORTESTS", aws_secret_access_key="root-secret-for-tests-0123456789",
        config=botocore.config.Config(inject_host_prefix=False, retries={"max_attempts": 0},
                                      proxies={"http": shop.endpoint}))
    control.create_access_point(AccountId="000000000000", Name="late", Bucket="orders")
    refused(guest.get_object, Bucket="late-s3alias", Key="k")
    control.delete_access_point(AccountId="000000000000", Name="late")
