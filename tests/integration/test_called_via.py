# SPDX-License-Identifier: MIT
"""The owner of the data keeps the last word over views: the policies of the bucket and of the access
point may deny them, or everything but them."""
import json

import pytest

from kit.aws import client, key_of, refused, user
from kit.server import Server

BUCKETS = ["plain", "veiled", "unseen"]
CONFIG = 'transform "shout" { file = "shout.lua" }\n' + "".join(f"""
bucket "{name}"
access_point "{name}-ap" {{ bucket = "{name}" }}
object_lambda "{name}-loud" {{ access_point = "{name}-ap",
  transformations = {{ {{ actions = {{ "GetObject" }}, transforms = {{ "shout" }} }} }} }}
""" for name in BUCKETS) + user("viewer", """policy = {
  { effect = "Allow", actions = "s3-object-lambda:GetObject", resources = "*" },
}""") + user("everything", 'policy = { effect = "Allow", actions = "*", resources = "*" }')
SHOUT = """
return function(event, object, response)
  for chunk in object:chunks() do response:write(chunk:upper()) end
end
"""
VIA = "s3-object-lambda.amazonaws.com"


def deny(bucket, condition):
    return json.dumps({"Version": "2012-10-17", "Statement": {
        "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": condition}})


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("via"), config=CONFIG, files={"shout.lua": SHOUT})
    server.start()
    root = client(server)
    for name in BUCKETS:
        root.put_object(Bucket=name, Key="k", Body=b"body")
    root.put_bucket_policy(Bucket="veiled", Policy=deny("veiled", {"Null": {"aws:CalledVia": "true"}}))
    root.put_bucket_policy(Bucket="unseen", Policy=deny("unseen", {
        "ForAnyValue:StringEquals": {"aws:CalledVia": VIA}}))
    yield server
    server.stop()
    server.check_logs_hold_no_secrets()


def read(server, bucket, who=None):
    s3 = client(server, credentials=key_of(who)) if who else client(server)
    return s3.get_object(Bucket=bucket, Key="k")["Body"].read()


@pytest.mark.parametrize("who", ["viewer", "everything", None])
def test_a_bucket_that_is_read_through_views_only(here, who):
    assert read(here, "veiled-loud--ol-s3", who) == b"BODY"
    for door in ["veiled", "veiled-ap-s3alias"]:
        with refused("AccessDenied", 403):
            read(here, door, who)


@pytest.mark.parametrize("who", ["everything", None])
def test_a_bucket_that_is_not_read_through_views(here, who):
    with refused("AccessDenied", 403):
        read(here, "unseen-loud--ol-s3", who)
    assert read(here, "unseen", who) == b"body"
    assert read(here, "unseen-ap-s3alias", who) == b"body"


def test_what_is_handed_on_came_through_the_view_too(here):
    everything = client(here, credentials=key_of("everything"))
    assert everything.head_object(Bucket="veiled-loud--ol-s3", Key="k")["ContentLength"] == 4
    with refused("403", 403):
        everything.head_object(Bucket="veiled", Key="k")
    with refused("403", 403):
        everything.head_object(Bucket="unseen-loud--ol-s3", Key="k")
    assert everything.head_object(Bucket="unseen", Key="k")["ContentLength"] == 4


def test_without_such_a_policy_both_ways_are_open(here):
    assert read(here, "plain-loud--ol-s3", "viewer") == b"BODY"
    assert read(here, "plain", "everything") == b"body"
    with refused("AccessDenied", 403):
        read(here, "plain", "viewer")
