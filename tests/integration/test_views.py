# SPDX-License-Identifier: MIT
"""What a reader sees through an Object Lambda access point."""
import json
import random
import urllib.parse

import botocore.exceptions
import pytest

from kit.raw import exchange, get, signed

ORDERS = (b"id,email,card,ssn,ip\n"
          b"1,ada@example.com,4111111111111111,212-34-5678,10.20.30.40\n"
          b"2,bob.b+x@mail.example.org,5555-5555-5555-4444,536-22-1234,2001:db8::1\n")


@pytest.fixture(scope="module")
def s3(shop):
    client = shop.s3()
    client.put_object(Bucket="shop", Key="orders.csv", Body=ORDERS, ContentType="text/csv",
                      Metadata={"owner": "ada@example.com", "md5chksum": "x"})
    return client


def read(client, bucket, key, **options):
    return client.get_object(Bucket=bucket, Key=key, **options)["Body"].read()


def test_redacted_and_original_side_by_side(s3):
    view = read(s3, "redacted--ol-s3", "orders.csv")
    assert view.splitlines()[1] == b"1,[EMAIL_ADDRESS],[CREDIT_CARD],[US_SSN],[IP_ADDRESS]"
    assert view.splitlines()[2] == b"2,[EMAIL_ADDRESS],[CREDIT_CARD],[US_SSN],[IP_ADDRESS]"
    assert read(s3, "shop", "orders.csv") == ORDERS


def test_nothing_of_the_original_is_in_the_head(s3):
    original = s3.head_object(Bucket="shop", Key="orders.csv")
    view = s3.get_object(Bucket="redacted--ol-s3", Key="orders.csv")
    assert view["ETag"] != original["ETag"]
    assert view["ETag"].strip('"').endswith("-v")
    assert view["Metadata"] == {}
    assert view["ContentType"] == "text/csv"
    assert view["LastModified"] == original["LastModified"]


def test_a_chain_runs_in_order(s3):
    assert read(s3, "loud-redacted--ol-s3", "orders.csv").startswith(b"ID,EMAIL,CARD")
    assert b"[EMAIL_ADDRESS]" in read(s3, "loud-redacted--ol-s3", "orders.csv")


def test_xml_becomes_json(s3):
    s3.put_object(Bucket="shop", Key="a.xml", Body=b'<a x="1"><b>t</b><b/><c>&lt;</c></a>')
    view = json.loads(read(s3, "json--ol-s3", "a.xml"))
    assert view == {"a": {"@x": "1", "b": ["t", None], "c": "<"}}


def test_conditions_speak_of_the_view(s3):
    etag = s3.head_object(Bucket="redacted--ol-s3", Key="orders.csv")["ETag"]
    with pytest.raises(botocore.exceptions.ClientError) as not_modified:
        s3.get_object(Bucket="redacted--ol-s3", Key="orders.csv", IfNoneMatch=etag)
    assert not_modified.value.response["ResponseMetadata"]["HTTPStatusCode"] == 304
    assert read(s3, "redacted--ol-s3", "orders.csv", IfMatch=etag)
    original = s3.head_object(Bucket="shop", Key="orders.csv")["ETag"]
    with pytest.raises(botocore.exceptions.ClientError) as failed:
        s3.get_object(Bucket="redacted--ol-s3", Key="orders.csv", IfMatch=original)
    assert failed.value.response["Error"]["Code"] == "PreconditionFailed"


def test_the_etag_changes_with_the_original_and_its_metadata(s3):
    s3.put_object(Bucket="shop", Key="etag", Body=b"one")
    first = s3.head_object(Bucket="shout--ol-s3", Key="etag")["ETag"]
    s3.put_object(Bucket="shop", Key="etag", Body=b"two")
    second = s3.head_object(Bucket="shout--ol-s3", Key="etag")["ETag"]
    s3.put_object(Bucket="shop", Key="etag", Body=b"two", Metadata={"a": "b"})
    third = s3.head_object(Bucket="shout--ol-s3", Key="etag")["ETag"]
    assert len({first, second, third}) == 3


@pytest.mark.parametrize("alias,factor", [("shout--ol-s3", 1), ("double--ol-s3", 2)])
def test_ranges_of_a_view_are_cut_from_its_bytes(s3, alias, factor):
    body = bytes(random.Random(3).choices(b"abcdefghij", k=400_000))
    s3.put_object(Bucket="shop", Key="ranges", Body=body)
    whole = read(s3, alias, "ranges")
    assert len(whole) == factor * len(body)
    rng = random.Random(5)
    wanted = [(0, 0), (0, len(whole) - 1), (len(whole) - 1, len(whole) - 1)]
    wanted += [tuple(sorted(rng.sample(range(len(whole)), 2))) for _ in range(40)]
    for first, last in wanted:
        answer = s3.get_object(Bucket=alias, Key="ranges", Range=f"bytes={first}-{last}")
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert answer["ContentRange"] == f"bytes {first}-{last}/{len(whole)}"
        assert answer["Body"].read() == whole[first:last + 1]
    assert read(s3, alias, "ranges", Range="bytes=-7") == whole[-7:]
    assert read(s3, alias, "ranges", Range=f"bytes={len(whole) - 3}-") == whole[-3:]


def test_a_range_behind_the_end_of_the_view_is_416(shop, s3):
    answer = get(shop, "/redacted--ol-s3/orders.csv", headers={"Range": "bytes=100000-"})
    assert (answer.status, answer.code) == (416, "InvalidRange")
    length = s3.head_object(Bucket="redacted--ol-s3", Key="orders.csv")["ContentLength"]
    assert answer.headers["content-range"] == f"bytes */{length}"


def test_an_empty_object_has_an_empty_view(s3):
    s3.put_object(Bucket="shop", Key="empty", Body=b"")
    for alias in ("shout--ol-s3", "redacted--ol-s3", "identity--ol-s3"):
        assert read(s3, alias, "empty") == b""
        assert s3.head_object(Bucket=alias, Key="empty")["ContentLength"] == 0


@pytest.mark.parametrize("key", ["..", "../../etc/passwd", "a//b", "/lead", "trail/", "a b+c%2F",
                                 "emoji-\U0001f600", "x" * 1024, "quote\"'<>&", "new\nline", "."])
def test_any_key_is_just_bytes(shop, s3, key):
    path = "/shop/" + urllib.parse.quote(key, safe="/~")
    body = key.encode()
    assert exchange(shop, signed(shop, "PUT", path, body=body)).status == 200
    assert get(shop, path).body == body
    assert get(shop, path.replace("/shop/", "/shout--ol-s3/", 1)).body == body.upper()
    listed = [o["Key"] for o in s3.list_objects_v2(Bucket="shop", Prefix=key)["Contents"]]
    assert key in listed
    assert exchange(shop, signed(shop, "DELETE", path)).status == 204
    assert get(shop, path).code == "NoSuchKey"


def test_writes_through_a_view_reach_the_access_point(s3):
    s3.put_object(Bucket="shout--ol-s3", Key="through", Body=b"kept as it is")
    assert read(s3, "shop", "through") == b"kept as it is"
    assert read(s3, "shout--ol-s3", "through") == b"KEPT AS IT IS"
    s3.delete_object(Bucket="shout--ol-s3", Key="through")
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="shop", Key="through")


def test_listing_through_a_view_tells_sizes_and_etags_of_the_view(s3):
    for name in ("a", "b", "sub/c"):
        s3.put_object(Bucket="shop", Key=f"list/{name}", Body=name.encode() * 1000)
    page = s3.list_objects_v2(Bucket="double--ol-s3", Prefix="list/", Delimiter="/")
    assert [e["Key"] for e in page["Contents"]] == ["list/a", "list/b"]
    assert [p["Prefix"] for p in page["CommonPrefixes"]] == ["list/sub/"]
    for entry in page["Contents"]:
        head = s3.head_object(Bucket="double--ol-s3", Key=entry["Key"])
        assert (entry["Size"], entry["ETag"]) == (head["ContentLength"], head["ETag"])
        assert entry["Size"] == 2000
    pages = [s3.list_objects_v2(Bucket="double--ol-s3", Prefix="list/", MaxKeys=1)]
    while pages[-1]["IsTruncated"]:
        pages.append(s3.list_objects_v2(Bucket="double--ol-s3", Prefix="list/", MaxKeys=1,
                                        ContinuationToken=pages[-1]["NextContinuationToken"]))
    assert [e["Key"] for p in pages for e in p["Contents"]] == ["list/a", "list/b", "list/sub/c"]


def test_an_entry_whose_view_fails_is_listed_and_says_so_when_read(shop, s3):
    s3.put_object(Bucket="shop", Key="broken/x.xml", Body=b"<a><b></a>")
    entry, = s3.list_objects_v2(Bucket="json--ol-s3", Prefix="broken/")["Contents"]
    assert entry["Size"] == 0
    assert get(shop, "/json--ol-s3/broken/x.xml").status >= 400


def test_head_of_a_missing_key_is_404(shop, s3):
    assert exchange(shop, signed(shop, "HEAD", "/shout--ol-s3/nope")).status == 404
