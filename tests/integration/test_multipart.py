# SPDX-License-Identifier: MIT
"""Uploads in parts: the whole life of one, what is refused and how, and what is told of the parts
afterwards."""
import base64
import hashlib
import zlib

import pytest
from botocore.exceptions import ClientError

from kit.raw import exchange, signed
from kit.server import Server

PART = 5 * 1024 * 1024

CONFIG = """
bucket "parts"
access_point "parts" { bucket = "parts" }
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    one = Server(tmp_path_factory.mktemp("parts"), config=CONFIG)
    one.start()
    yield one
    one.stop()
    one.check_logs_hold_no_secrets()


@pytest.fixture(scope="module")
def s3(server):
    return server.s3()


def bytes_of(size, seed):
    return hashlib.shake_128(seed.encode()).digest(size)


def begin(s3, key, **options):
    return s3.create_multipart_upload(Bucket="parts", Key=key, **options)["UploadId"]


def put(s3, key, upload, number, body, **options):
    answer = s3.upload_part(Bucket="parts", Key=key, UploadId=upload, PartNumber=number, Body=body,
                            **options)
    return {"PartNumber": number, "ETag": answer["ETag"]}


def complete(s3, key, upload, parts, **options):
    return s3.complete_multipart_upload(Bucket="parts", Key=key, UploadId=upload,
                                        MultipartUpload={"Parts": parts}, **options)


def upload_all(s3, key, bodies, **options):
    upload = begin(s3, key, **options)
    parts = [put(s3, key, upload, n + 1, body) for n, body in enumerate(bodies)]
    return complete(s3, key, upload, parts)


def fails(status, code, call, *args, **options):
    with pytest.raises(ClientError) as caught:
        call(*args, **options)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert caught.value.response["Error"]["Code"] == code
    return caught.value.response


def raw(server, method, path, headers=None, body=b""):
    return exchange(server, signed(server, method, path, headers=headers, body=body))


def etag_of(bodies):
    digests = b"".join(hashlib.md5(body).digest() for body in bodies)
    return f'"{hashlib.md5(digests).hexdigest()}-{len(bodies)}"'


# ---- the whole life ----

def test_parts_become_one_object(s3):
    bodies = [bytes_of(PART, "a"), bytes_of(PART, "b"), bytes_of(12345, "c")]
    upload = begin(s3, "whole", ContentType="text/x-parts", Metadata={"who": "me"},
                   Tagging="a=1&b=2")
    parts = [put(s3, "whole", upload, n, body) for n, body in ((3, bodies[2]), (1, bodies[0]),
                                                               (2, bodies[1]))]
    parts.sort(key=lambda part: part["PartNumber"])
    fails(404, "NoSuchKey", s3.get_object, Bucket="parts", Key="whole")
    answer = complete(s3, "whole", upload, parts)
    assert answer["ETag"] == etag_of(bodies)
    assert answer["Bucket"] == "parts" and answer["Key"] == "whole"
    assert answer["Location"].endswith("/parts/whole")
    got = s3.get_object(Bucket="parts", Key="whole")
    assert got["Body"].read() == b"".join(bodies)
    assert got["ETag"] == etag_of(bodies)
    assert got["ContentType"] == "text/x-parts" and got["Metadata"] == {"who": "me"}
    assert got["TagCount"] == 2
    tags = s3.get_object_tagging(Bucket="parts", Key="whole")["TagSet"]
    assert tags == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    fails(404, "NoSuchUpload", s3.list_parts, Bucket="parts", Key="whole", UploadId=upload)


def test_a_part_sent_again_counts_as_it_came_last(s3):
    upload = begin(s3, "again")
    put(s3, "again", upload, 1, b"first")
    part = put(s3, "again", upload, 1, b"second")
    complete(s3, "again", upload, [part])
    assert s3.get_object(Bucket="parts", Key="again")["Body"].read() == b"second"


def test_completing_twice_is_the_same_as_once(s3):
    upload = begin(s3, "twice")
    part = put(s3, "twice", upload, 1, b"x")
    first = complete(s3, "twice", upload, [part])
    assert complete(s3, "twice", upload, [part])["ETag"] == first["ETag"]


def test_an_upload_that_is_given_up_leaves_nothing(s3):
    upload = begin(s3, "given-up")
    part = put(s3, "given-up", upload, 1, b"x")
    s3.abort_multipart_upload(Bucket="parts", Key="given-up", UploadId=upload)
    fails(404, "NoSuchUpload", complete, s3, "given-up", upload, [part])
    fails(404, "NoSuchUpload", s3.abort_multipart_upload, Bucket="parts", Key="given-up",
          UploadId=upload)
    fails(404, "NoSuchUpload", put, s3, "given-up", upload, 1, b"x")
    fails(404, "NoSuchKey", s3.get_object, Bucket="parts", Key="given-up")


def test_through_an_access_point(s3):
    name = "parts-s3alias"
    upload = s3.create_multipart_upload(Bucket=name, Key="by-alias")["UploadId"]
    part = s3.upload_part(Bucket=name, Key="by-alias", UploadId=upload, PartNumber=1, Body=b"x")
    listed = s3.list_parts(Bucket=name, Key="by-alias", UploadId=upload)
    assert listed["Bucket"] == name and len(listed["Parts"]) == 1
    s3.complete_multipart_upload(Bucket=name, Key="by-alias", UploadId=upload, MultipartUpload={
        "Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    assert s3.get_object(Bucket="parts", Key="by-alias")["Body"].read() == b"x"


# ---- what is refused ----

def test_bad_lists_of_parts(s3):
    upload = begin(s3, "bad")
    one = put(s3, "bad", upload, 1, b"small")
    two = put(s3, "bad", upload, 2, b"small")
    fails(400, "EntityTooSmall", complete, s3, "bad", upload, [one, two])
    fails(400, "InvalidPartOrder", complete, s3, "bad", upload, [two, one])
    fails(400, "InvalidPart", complete, s3, "bad", upload, [{**one, "ETag": '"' + "f" * 32 + '"'}])
    fails(400, "InvalidPart", complete, s3, "bad", upload, [{**one, "PartNumber": 9999}])
    fails(400, "MalformedXML", complete, s3, "bad", upload, [])
    complete(s3, "bad", upload, [two])
    assert s3.get_object(Bucket="parts", Key="bad")["Body"].read() == b"small"


@pytest.mark.parametrize("document", [
    b"", b"<", b"<CompleteMultipartUpload/>", b"<Wrong><Part/></Wrong>",
    b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>",
    b"<!DOCTYPE x [<!ENTITY e 'x'>]><CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
    b"<ETag>&e;</ETag></Part></CompleteMultipartUpload>",
])
def test_documents_that_are_no_list_of_parts(server, s3, document):
    upload = begin(s3, "malformed")
    answer = raw(server, "POST", f"/parts/malformed?uploadId={upload}", body=document)
    assert (answer.status, answer.code) == (400, "MalformedXML")
    s3.abort_multipart_upload(Bucket="parts", Key="malformed", UploadId=upload)


def test_ten_thousand_parts_may_be_listed_and_no_more(server, s3):
    upload = begin(s3, "many")
    part = put(s3, "many", upload, 10000, b"last")
    fails(400, "InvalidArgument", put, s3, "many", upload, 10001, b"x")
    answer = raw(server, "PUT", f"/parts/many?partNumber=0&uploadId={upload}", body=b"x")
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    row = b"<Part><PartNumber>%d</PartNumber><ETag>" + b"0" * 32 + b"</ETag></Part>"
    for count, code in ((10000, "InvalidPart"), (10001, "MalformedXML")):
        rows = b"".join(row % (n + 1) for n in range(count))
        document = b"<CompleteMultipartUpload>" + rows + b"</CompleteMultipartUpload>"
        answer = raw(server, "POST", f"/parts/many?uploadId={upload}", body=document)
        assert (answer.status, answer.code) == (400, code)
    complete(s3, "many", upload, [part])
    assert s3.get_object(Bucket="parts", Key="many")["Body"].read() == b"last"


def test_uploads_that_do_not_exist(s3):
    for upload in ("abc1234def", "..", "x" * 200):
        fails(404, "NoSuchUpload", put, s3, "nowhere", upload, 1, b"x")
        fails(404, "NoSuchUpload", complete, s3, "nowhere", upload,
              [{"PartNumber": 1, "ETag": "1234"}])
        fails(404, "NoSuchUpload", s3.list_parts, Bucket="parts", Key="nowhere", UploadId=upload)
    upload = begin(s3, "somewhere")
    fails(404, "NoSuchUpload", put, s3, "elsewhere", upload, 1, b"x")
    s3.abort_multipart_upload(Bucket="parts", Key="somewhere", UploadId=upload)
    fails(404, "NoSuchBucket", s3.create_multipart_upload, Bucket="no-such-bucket", Key="k")


def test_a_part_whose_bytes_are_not_what_was_promised(server, s3):
    upload = begin(s3, "broken")
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    answer = raw(server, "PUT", f"/parts/broken?partNumber=1&uploadId={upload}",
                 {"Content-MD5": wrong}, b"body")
    assert (answer.status, answer.code) == (400, "BadDigest")
    assert "Parts" not in s3.list_parts(Bucket="parts", Key="broken", UploadId=upload)
    s3.abort_multipart_upload(Bucket="parts", Key="broken", UploadId=upload)


# ---- conditions ----

def test_conditions_at_the_end(server, s3):
    def finish(key, headers):
        upload = begin(s3, key)
        part = put(s3, key, upload, 1, b"x")
        document = (f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{part['ETag']}"
                    "</ETag></Part></CompleteMultipartUpload>").encode()
        answer = raw(server, "POST", f"/parts/{key}?uploadId={upload}", headers, document)
        if answer.status != 200:
            s3.abort_multipart_upload(Bucket="parts", Key=key, UploadId=upload)
        return answer.status, answer.code

    assert finish("conditional", {"If-Match": "*"}) == (404, "NoSuchKey")
    assert finish("conditional", {"If-None-Match": "*"}) == (200, None)
    assert finish("conditional", {"If-None-Match": "*"}) == (412, "PreconditionFailed")
    etag = s3.head_object(Bucket="parts", Key="conditional")["ETag"]
    assert finish("conditional", {"If-None-Match": etag}) == (412, "PreconditionFailed")
    assert finish("conditional", {"If-Match": '"other"'}) == (412, "PreconditionFailed")
    assert finish("conditional", {"If-Match": etag}) == (200, None)


# ---- listings ----

def test_pages_of_parts(server, s3):
    upload = begin(s3, "paged")
    for number in (2, 5, 7, 11):
        put(s3, "paged", upload, number, b"x" * number)
    page = s3.list_parts(Bucket="parts", Key="paged", UploadId=upload, MaxParts=3)
    assert [part["PartNumber"] for part in page["Parts"]] == [2, 5, 7]
    assert [part["Size"] for part in page["Parts"]] == [2, 5, 7]
    assert page["IsTruncated"] and page["NextPartNumberMarker"] == 7 and page["MaxParts"] == 3
    assert page["StorageClass"] == "STANDARD" and page["Owner"]["ID"] == page["Initiator"]["ID"]
    page = s3.list_parts(Bucket="parts", Key="paged", UploadId=upload, PartNumberMarker=7)
    assert [part["PartNumber"] for part in page["Parts"]] == [11] and not page["IsTruncated"]
    for query in ("max-parts=-1", "max-parts=x", "max-parts=2147483648", "part-number-marker=-1"):
        answer = raw(server, "GET", f"/parts/paged?{query}&uploadId={upload}")
        assert (answer.status, answer.code) == (400, "InvalidArgument"), query
    s3.abort_multipart_upload(Bucket="parts", Key="paged", UploadId=upload)


def test_pages_of_uploads(server, s3):
    keys = ["list/a", "list/b/1", "list/b/2", "list/c", "list/c"]
    uploads = [begin(s3, key) for key in keys]
    everything = s3.list_multipart_uploads(Bucket="parts", Prefix="list/")
    assert [one["Key"] for one in everything["Uploads"]] == keys
    assert {one["UploadId"] for one in everything["Uploads"]} == set(uploads)
    grouped = s3.list_multipart_uploads(Bucket="parts", Prefix="list/", Delimiter="/")
    assert [one["Key"] for one in grouped["Uploads"]] == ["list/a", "list/c", "list/c"]
    assert grouped["CommonPrefixes"] == [{"Prefix": "list/b/"}]
    seen, marker = [], {}
    while True:
        page = s3.list_multipart_uploads(Bucket="parts", Prefix="list/", MaxUploads=2, **marker)
        seen += [one["UploadId"] for one in page["Uploads"]]
        if not page["IsTruncated"]:
            break
        marker = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}
    assert seen == [one["UploadId"] for one in everything["Uploads"]]
    answer = raw(server, "GET", "/parts?encoding-type=other&uploads=")
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    for key, upload in zip(keys, uploads):
        s3.abort_multipart_upload(Bucket="parts", Key=key, UploadId=upload)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="parts", Prefix="list/")


# ---- one part of an object ----

def test_reading_one_part(server, s3):
    bodies = [bytes_of(PART, "p1"), bytes_of(PART, "p2"), bytes_of(777, "p3")]
    etag = upload_all(s3, "apart", bodies)["ETag"]
    for number, body in enumerate(bodies, 1):
        head = s3.head_object(Bucket="parts", Key="apart", PartNumber=number)
        assert (head["ContentLength"], head["PartsCount"], head["ETag"]) == (len(body), 3, etag)
        got = s3.get_object(Bucket="parts", Key="apart", PartNumber=number)
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert got["Body"].read() == body and got["PartsCount"] == 3
    start = 2 * PART
    assert got["ContentRange"] == f"bytes {start}-{start + 776}/{start + 777}"
    fails(416, "InvalidPartNumber", s3.get_object, Bucket="parts", Key="apart", PartNumber=4)
    answer = raw(server, "GET", "/parts/apart?partNumber=1", {"Range": "bytes=0-1"})
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    for number in ("0", "10001", "x", ""):
        answer = raw(server, "GET", f"/parts/apart?partNumber={number}")
        assert (answer.status, answer.code) == (400, "InvalidArgument"), number
    s3.put_object(Bucket="parts", Key="simple", Body=b"body")
    got = s3.get_object(Bucket="parts", Key="simple", PartNumber=1)
    assert got["Body"].read() == b"body" and "PartsCount" not in got
    fails(416, "InvalidPartNumber", s3.get_object, Bucket="parts", Key="simple", PartNumber=2)


def test_attributes_of_an_object_in_parts(s3):
    bodies = [bytes_of(PART, "x1"), bytes_of(PART, "x2"), bytes_of(99, "x3")]
    upload_all(s3, "attributes", bodies)
    asked = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
    got = s3.get_object_attributes(Bucket="parts", Key="attributes", ObjectAttributes=asked)
    assert got["ETag"] == etag_of(bodies).strip('"')
    assert got["ObjectSize"] == 2 * PART + 99 and got["StorageClass"] == "STANDARD"
    assert [part["Size"] for part in got["ObjectParts"]["Parts"]] == [PART, PART, 99]
    page = s3.get_object_attributes(Bucket="parts", Key="attributes", ObjectAttributes=asked,
                                    MaxParts=1, PartNumberMarker=1)["ObjectParts"]
    assert [part["PartNumber"] for part in page["Parts"]] == [2]
    assert page["IsTruncated"] and page["NextPartNumberMarker"] == 2
    assert page["TotalPartsCount"] == 3


# ---- checksums ----

def crc32(body):
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


def sha256(body):
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def parts_with(s3, key, upload, name, bodies, checksum):
    rows = []
    for number, body in enumerate(bodies, 1):
        answer = s3.upload_part(Bucket="parts", Key=key, UploadId=upload, PartNumber=number,
                                Body=body, **{f"Checksum{name}": checksum(body)})
        assert answer[f"Checksum{name}"] == checksum(body)
        rows.append({"PartNumber": number, "ETag": answer["ETag"],
                     f"Checksum{name}": checksum(body)})
    return rows


def test_a_checksum_of_checksums(s3):
    bodies = [bytes_of(PART, "s1"), bytes_of(10, "s2")]
    created = s3.create_multipart_upload(Bucket="parts", Key="composite", ChecksumAlgorithm="SHA256")
    assert created["ChecksumAlgorithm"] == "SHA256"
    upload = created["UploadId"]
    rows = parts_with(s3, "composite", upload, "SHA256", bodies, sha256)
    whole = sha256(b"".join(hashlib.sha256(body).digest() for body in bodies)) + "-2"
    fails(400, "BadDigest", complete, s3, "composite", upload, rows, ChecksumSHA256=sha256(b"") + "-2")
    assert complete(s3, "composite", upload, rows)["ChecksumSHA256"] == whole
    head = s3.head_object(Bucket="parts", Key="composite", ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"] == whole
    assert head["ResponseMetadata"]["HTTPHeaders"]["x-amz-checksum-type"] == "COMPOSITE"
    part = s3.head_object(Bucket="parts", Key="composite", ChecksumMode="ENABLED", PartNumber=2)
    assert part["ChecksumSHA256"] == sha256(bodies[1])
    attributes = s3.get_object_attributes(Bucket="parts", Key="composite",
                                          ObjectAttributes=["Checksum", "ObjectParts"])
    assert attributes["Checksum"]["ChecksumSHA256"] == whole
    assert [p["ChecksumSHA256"] for p in attributes["ObjectParts"]["Parts"]] == \
        [sha256(body) for body in bodies]


def test_a_checksum_of_the_whole(server, s3):
    bodies = [bytes_of(PART, "c1"), bytes_of(10, "c2")]
    answer = raw(server, "POST", "/parts/full?uploads=", {"x-amz-checksum-algorithm": "CRC32",
                                                         "x-amz-checksum-type": "FULL_OBJECT"})
    assert answer.status == 200 and answer.headers["x-amz-checksum-type"] == "FULL_OBJECT"
    upload = answer.body.split(b"<UploadId>")[1].split(b"</UploadId>")[0].decode()
    rows = parts_with(s3, "full", upload, "CRC32", bodies, crc32)
    assert complete(s3, "full", upload, rows)["ChecksumCRC32"] == crc32(b"".join(bodies))
    head = s3.head_object(Bucket="parts", Key="full", ChecksumMode="ENABLED")
    assert head["ChecksumCRC32"] == crc32(b"".join(bodies))
    assert head["ResponseMetadata"]["HTTPHeaders"]["x-amz-checksum-type"] == "FULL_OBJECT"


@pytest.mark.parametrize("headers", [
    {"x-amz-checksum-algorithm": "CRC17"},
    {"x-amz-checksum-type": "FULL_OBJECT"},
    {"x-amz-checksum-algorithm": "SHA256", "x-amz-checksum-type": "FULL_OBJECT"},
    {"x-amz-checksum-algorithm": "CRC64NVME", "x-amz-checksum-type": "COMPOSITE"},
    {"x-amz-checksum-algorithm": "CRC32", "x-amz-checksum-type": "OTHER"},
])
def test_checksums_that_an_upload_cannot_have(server, headers):
    answer = raw(server, "POST", "/parts/never?uploads=", headers)
    assert (answer.status, answer.code) == (400, "InvalidRequest")


def test_a_size_that_was_promised(server, s3):
    upload = begin(s3, "sized")
    part = put(s3, "sized", upload, 1, b"12345")
    document = (f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{part['ETag']}"
                "</ETag></Part></CompleteMultipartUpload>").encode()
    for size, status in (("x", 400), ("4", 400), ("5", 200)):
        answer = raw(server, "POST", f"/parts/sized?uploadId={upload}",
                     {"x-amz-mp-object-size": size}, document)
        assert answer.status == status, size


# ---- parts made of other objects ----

def test_parts_copied_from_another_object(s3):
    source = bytes_of(PART + 1000, "source")
    s3.put_object(Bucket="parts", Key="source object+%", Body=source)
    where = {"Bucket": "parts", "Key": "source object+%"}
    upload = begin(s3, "assembled")
    rows = []
    for number, span in ((1, f"bytes=0-{PART - 1}"), (2, f"bytes={PART}-{PART + 999}")):
        answer = s3.upload_part_copy(Bucket="parts", Key="assembled", UploadId=upload,
                                     PartNumber=number, CopySource=where, CopySourceRange=span)
        rows.append({"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]})
    assert rows[0]["ETag"] == f'"{hashlib.md5(source[:PART]).hexdigest()}"'
    complete(s3, "assembled", upload, rows)
    assert s3.get_object(Bucket="parts", Key="assembled")["Body"].read() == source


def test_ranges_of_a_source_that_are_none(s3):
    s3.put_object(Bucket="parts", Key="five", Body=b"12345")
    where = {"Bucket": "parts", "Key": "five"}
    upload = begin(s3, "ranges")

    def copy(span):
        return s3.upload_part_copy(Bucket="parts", Key="ranges", UploadId=upload, PartNumber=1,
                                   CopySource=where, CopySourceRange=span)

    for span in ("0-2", "bytes=0", "bytes=hello-world", "bytes=0-bar", "bytes=hello-", "bytes=0-",
                 "bytes=-3", "bytes=0-2,3-5", "bytes=3-2"):
        fails(400, "InvalidArgument", copy, span)
    fails(416, "InvalidRange", copy, "bytes=0-5")
    fails(416, "InvalidRange", copy, "bytes=7-9")
    copy("bytes=1-3")
    part = s3.list_parts(Bucket="parts", Key="ranges", UploadId=upload)["Parts"][0]
    assert part["Size"] == 3
    fails(404, "NoSuchUpload", s3.upload_part_copy, Bucket="parts", Key="ranges", UploadId="nope",
          PartNumber=1, CopySource=where)
    fails(404, "NoSuchKey", s3.upload_part_copy, Bucket="parts", Key="ranges", UploadId=upload,
          PartNumber=1, CopySource={"Bucket": "parts", "Key": "nothing"})
    s3.abort_multipart_upload(Bucket="parts", Key="ranges", UploadId=upload)
