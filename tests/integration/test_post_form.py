# SPDX-License-Identifier: MIT
"""Uploads from a browser: a form whose fields carry a signed policy."""
import base64
import datetime
import hashlib
import hmac
import json
import socket
import urllib.parse

import pytest
from botocore.exceptions import ClientError

from kit.raw import Answer
from kit.server import ACCESS_KEY, SECRET_KEY, Server, wait_for

CONFIG = """
bucket "forms"
access_point "forms" { bucket = "forms" }
bucket "guarded" {
  ownership = "ObjectWriter", public_access_block = false,
  policy = { { effect = "Deny", principal = "*", actions = { "s3:PutObject" },
               resources = { "arn:aws:s3:::guarded/*" },
               conditions = { StringEquals = { ["s3:x-amz-acl"] = "public-read" } } } },
}
bucket "labelled" {
  policy = { { effect = "Deny", principal = "*", actions = { "s3:PutObject" },
               resources = { "arn:aws:s3:::labelled/*" },
               conditions = { StringNotEquals = { ["s3:RequestObjectTag/class"] = "public" } } } },
}
"""
BOUNDARY = "----a-browser's-boundary"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    one = Server(tmp_path_factory.mktemp("forms"), config=CONFIG)
    one.start()
    yield one
    one.stop()
    one.check_logs_hold_no_secrets()


@pytest.fixture(scope="module")
def s3(server):
    return server.s3()


def signing_key(day):
    key = f"AWS4{SECRET_KEY}".encode()
    for text in (day, "us-east-1", "s3", "aws4_request"):
        key = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return key


def fields_for(conditions, seconds=600, bucket="forms", **fields):
    """The fields of a form that its conditions allow, signed."""
    now = datetime.datetime.now(datetime.timezone.utc)
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    sign = {"x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-date": stamp,
            "x-amz-credential": f"{ACCESS_KEY}/{stamp[:8]}/us-east-1/s3/aws4_request"}
    expires = (now + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    document = {"expiration": expires,
                "conditions": [{"bucket": bucket}, *conditions, *({k: v} for k, v in sign.items())]}
    policy = base64.b64encode(json.dumps(document).encode())
    signature = hmac.new(signing_key(stamp[:8]), policy, hashlib.sha256).hexdigest()
    return {**{name.replace("_", "-") if name.startswith("x_amz") else name: value
               for name, value in fields.items()},
            **sign, "policy": policy.decode(), "x-amz-signature": signature}


def body_of(fields, file=b"file", name="photo.jpg", after=()):
    lines = []
    for key, value in fields.items():
        lines.append(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n')
    head = "".join(lines).encode()
    if file is not None:
        head += (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
                 "Content-Type: image/jpeg\r\n\r\n").encode() + file + b"\r\n"
    for key, value in after:
        head += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
    return head + f"--{BOUNDARY}--\r\n".encode()


def send(server, body, path="/forms", headers=(), pieces=None, length=None, wait=True):
    head = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}",
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
            f"Content-Length: {len(body) if length is None else length}", *headers, "", ""]
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall("\r\n".join(head).encode())
        try:
            for start in range(0, len(body), pieces or len(body) or 1):
                client.sendall(body[start:start + (pieces or len(body))])
        except (BrokenPipeError, ConnectionResetError):
            pass
        raw = b""
        while wait:
            try:
                piece = client.recv(1 << 16)
            except ConnectionResetError:
                break
            raw += piece
            if not piece or (b"\r\n\r\n" in raw and Answer(raw).complete):
                break
        return Answer(raw) if wait else None


def post(server, fields, file=b"file", **options):
    name = options.pop("name", "photo.jpg")
    after = options.pop("after", ())
    return send(server, body_of(fields, file, name, after), **options)


ANY = [["starts-with", "$key", ""]]


# ---- what a form may do ----

def test_a_file_is_kept(server, s3):
    fields = fields_for([*ANY, {"Content-Type": "image/png"}, {"x-amz-meta-who": "me"}],
                        key="kept.png", **{"Content-Type": "image/png", "x-amz-meta-who": "me"})
    answer = post(server, fields, b"\x89PNG" + bytes(range(256)))
    assert answer.status == 204 and answer.body == b""
    assert answer.headers["location"].endswith("/forms/kept.png")
    got = s3.get_object(Bucket="forms", Key="kept.png")
    assert got["Body"].read() == b"\x89PNG" + bytes(range(256))
    assert (got["ContentType"], got["Metadata"]) == ("image/png", {"who": "me"})
    assert answer.headers["etag"] == got["ETag"]


@pytest.mark.parametrize("pieces", [1, 7, 1000])
def test_however_it_arrives(server, s3, pieces):
    file = (b"\r\n--" + BOUNDARY.encode()[:-1] + b"\r\n") * 5 + b"end\r\n"
    answer = post(server, fields_for(ANY, key=f"pieces/{pieces}"), file, pieces=pieces)
    assert answer.status == 204
    assert s3.get_object(Bucket="forms", Key=f"pieces/{pieces}")["Body"].read() == file


def test_a_large_file(server, s3):
    file = hashlib.shake_128(b"large").digest(20_000_000)
    assert post(server, fields_for(ANY, key="large"), file).status == 204
    assert s3.get_object(Bucket="forms", Key="large")["Body"].read() == file


def test_an_empty_file(server, s3):
    assert post(server, fields_for(ANY, key="empty"), b"").status == 204
    assert s3.get_object(Bucket="forms", Key="empty")["Body"].read() == b""


def test_the_name_of_the_file(server, s3):
    assert post(server, fields_for(ANY, key="dir/${filename}"), b"x", name="a b.txt").status == 204
    assert s3.get_object(Bucket="forms", Key="dir/a b.txt")["Body"].read() == b"x"


def test_what_stands_behind_the_file_is_ignored(server, s3):
    answer = post(server, fields_for(ANY, key="behind"), b"x", after=[("key", "other"), ("z", "1")])
    assert answer.status == 204
    assert s3.get_object(Bucket="forms", Key="behind")["Body"].read() == b"x"


def test_tags_and_checksums(server, s3):
    tagging = ("<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>")
    sha = base64.b64encode(hashlib.sha256(b"file").digest()).decode()
    fields = fields_for([*ANY, {"tagging": tagging}, ["starts-with", "$x-amz-checksum-sha256", ""]],
                        key="tagged", tagging=tagging, x_amz_checksum_sha256=sha)
    answer = post(server, fields)
    assert answer.status == 204 and answer.headers["x-amz-checksum-sha256"] == sha
    assert s3.get_object_tagging(Bucket="forms", Key="tagged")["TagSet"] == [
        {"Key": "a", "Value": "1"}]
    fields = fields_for([*ANY, ["starts-with", "$x-amz-checksum-sha256", ""]], key="untrue",
                        x_amz_checksum_sha256=sha)
    answer = post(server, fields, b"other")
    assert (answer.status, answer.code) == (400, "BadDigest")
    with pytest.raises(ClientError):
        s3.head_object(Bucket="forms", Key="untrue")


def test_boto_makes_such_a_form(server, s3):
    form = s3.generate_presigned_post("forms", "by-boto/${filename}")
    answer = post(server, form["fields"], b"boto", name="b.txt",
                  path=urllib.parse.urlsplit(form["url"]).path)
    assert answer.status == 204
    assert s3.get_object(Bucket="forms", Key="by-boto/b.txt")["Body"].read() == b"boto"


# ---- how it is answered ----

@pytest.mark.parametrize("wanted, status", [("200", 200), ("201", 201), ("204", 204), ("404", 204)])
def test_the_status_that_was_asked_for(server, wanted, status):
    fields = fields_for([*ANY, ["starts-with", "$success_action_status", ""]], key="a status/ü",
                        success_action_status=wanted)
    answer = post(server, fields)
    assert answer.status == status
    location = f"http://127.0.0.1:{server.port}/forms/a%20status/%C3%BC"
    assert answer.headers["location"] == location
    if status == 201:
        assert b"<PostResponse>" in answer.body and f"<Location>{location}".encode() in answer.body
        assert "<Key>a status/ü</Key>".encode() in answer.body
    else:
        assert answer.body == b""


def test_a_page_to_go_on_with(server):
    page = "https://app.example.test/done?from=s3"
    fields = fields_for([*ANY, {"success_action_redirect": page}], key="a&b",
                        success_action_redirect=page)
    answer = post(server, fields)
    etag = urllib.parse.quote(answer.headers["etag"], safe="")
    assert answer.status == 303
    assert answer.headers["location"] == f"{page}&bucket=forms&key=a%26b&etag={etag}"


# ---- what is refused ----

def test_a_size_that_the_policy_does_not_allow(server, s3):
    fields = fields_for([*ANY, ["content-length-range", 10, 20]], key="sized")
    answer = post(server, fields, b"x" * 21)
    assert (answer.status, answer.code) == (400, "EntityTooLarge")
    answer = post(server, fields, b"x" * 9)
    assert (answer.status, answer.code) == (400, "EntityTooSmall")
    with pytest.raises(ClientError):
        s3.head_object(Bucket="forms", Key="sized")
    assert post(server, fields, b"x" * 20).status == 204


def test_a_file_that_is_far_too_large_is_not_read_to_its_end(server):
    fields = fields_for([*ANY, ["content-length-range", 0, 1000]], key="flood")
    answer = post(server, fields, b"x" * 3_000_000, length=10 ** 9)
    assert (answer.status, answer.code) == (400, "EntityTooLarge")


@pytest.mark.parametrize("change, status", [
    ({"x-amz-signature": "0" * 64}, 403), ({"x-amz-signature": None}, 400),
    ({"key": "elsewhere/x"}, 403), ({"x-amz-meta-not-allowed": "x"}, 403), ({"key": None}, 400),
    ({"policy": "e30="}, 403), ({"x-amz-credential": "nobody"}, 403),
    ({"x-amz-credential": "nobody/20200101/us-east-1/s3/aws4_request"}, 400),
    ({"x-amz-server-side-encryption": "AES256"}, 403),
])
def test_a_form_that_was_changed(server, s3, change, status):
    fields = fields_for([["starts-with", "$key", "mine/"]], key="mine/x")
    for name, value in change.items():
        old = fields.pop(name, None)
        if value == "nobody":
            value = old.replace(ACCESS_KEY, "NOBODYSKEYFORTESTS")
        if value is not None:
            fields[name] = value
    answer = post(server, fields)
    assert answer.status == status, answer.raw
    for key in ("mine/x", "elsewhere/x"):
        with pytest.raises(ClientError):
            s3.head_object(Bucket="forms", Key=key)


def test_a_policy_that_has_ended(server):
    answer = post(server, fields_for(ANY, seconds=-5, key="late"))
    assert (answer.status, answer.code) == (403, "AccessDenied")


def test_nobody_may_post_to_a_private_bucket(server):
    answer = post(server, {"key": "anonymous"})
    assert (answer.status, answer.code) == (403, "AccessDenied")


def test_policies_see_what_a_form_asks(server, s3):
    for acl, status in (("public-read", 403), ("private", 204)):
        fields = fields_for([*ANY, ["starts-with", "$acl", ""]], bucket="guarded", key=f"as/{acl}",
                            acl=acl)
        assert post(server, fields, path="/guarded").status == status
    with pytest.raises(ClientError):
        s3.head_object(Bucket="guarded", Key="as/public-read")


def test_policies_see_the_tags_of_a_form(server, s3):
    def tagged(value):
        return (f"<Tagging><TagSet><Tag><Key>class</Key><Value>{value}</Value></Tag></TagSet>"
                "</Tagging>")

    rules = [*ANY, ["starts-with", "$tagging", ""], ["starts-with", "$x-amz-tagging", ""]]
    for number, (given, status) in enumerate(((tagged("public"), 204), (tagged("other"), 403))):
        fields = fields_for(rules, bucket="labelled", key=f"{number}", tagging=given,
                            x_amz_tagging="class=public")
        # Neither a field that is none nor a header of the request speaks for the object.
        answer = post(server, fields, path="/labelled", headers=["x-amz-tagging: class=public"])
        assert answer.status == status, given
    assert s3.get_object_tagging(Bucket="labelled", Key="0")["TagSet"] == [
        {"Key": "class", "Value": "public"}]


def test_forms_that_are_none(server):
    fields = fields_for(ANY, key="none")
    answer = post(server, fields, None)
    assert answer.status == 400
    answer = send(server, b"not a form at all")
    assert answer.status == 400
    answer = send(server, body_of(fields)[:-60])
    assert answer.status == 400
    many = {f"x-ignore-{n}": "x" for n in range(200)}
    assert post(server, {**many, **fields}).status == 400
    assert post(server, {"x-ignore-1": "x" * 30_000, **fields}).status == 400


def test_a_browser_that_leaves(server, s3):
    fields = fields_for(ANY, key="left")
    whole = body_of(fields, b"x" * 500_000)
    for cut in (10, 400, len(whole) - 400_000):
        send(server, whole[:cut], length=len(whole), wait=False)
    wait_for(lambda: sum(line.get("error") == "IncompleteBody" for line in server.access_lines()) >= 3,
             20, "three broken posts in the log")
    with pytest.raises(ClientError):
        s3.head_object(Bucket="forms", Key="left")
    assert post(server, fields).status == 204
