# SPDX-License-Identifier: MIT
"""An identity that was given a view and nothing else: every way round to the original is closed.

What this promises: whatever such a caller sends, not one byte, size, digest or tag of the original
comes back. The original's marker never appears in an answer, and neither do its ETag and length.
"""
import hashlib
import itertools
import json
import re
import urllib.error
import urllib.request

import botocore.exceptions
import pytest

from kit.aws import ACCOUNT, DOMAIN, client, key_of, names_resolve, user
from kit.raw import exchange, signed
from kit.server import Server

MARKER = b"raw-original-marker"
ORIGINAL = b"the " + MARKER + b" lies here " + b"." * 1_317_461  # a length that no id holds by chance
KEY = "secret/k.txt"
ETAG = hashlib.md5(ORIGINAL).hexdigest()

CONFIG = f"""
domains = {{ "{DOMAIN}" }}
bucket "vault" {{ cors = {{ {{ origins = {{ "*" }}, methods = {{ "GET", "PUT", "POST", "HEAD", "DELETE" }},
                           headers = {{ "*" }}, expose = {{ "ETag" }} }} }} }}
bucket "mine"
access_point "vault-door" {{ bucket = "vault" }}
access_point "vault-side" {{ bucket = "vault" }}
transform "hide" {{ file = "hide.lua" }}
object_lambda "vault-view" {{ access_point = "vault-door", transforms = {{ "hide" }} }}
object_lambda "vault-half" {{ access_point = "vault-door",
  transformations = {{ {{ actions = {{ "GetObject" }}, transforms = {{ "hide" }} }} }} }}
""" + user("viewer", 'views = { "vault-view", "vault-half" }') + user("mixed", """
views = { "vault-view" },
policy = { { effect = "Allow", actions = { "s3:*" },
             resources = { "arn:aws:s3:::mine", "arn:aws:s3:::mine/*" } } }
""")
HIDE = """
return function(event, object, response)
  local body = object:read("a")
  response:write((body:gsub("raw%-original%-marker", "something hidden")))
end
"""
VIEWERS = ["viewer", "mixed"]
RAW_NAMES = ["vault", "vault-door-s3alias", "vault-side-s3alias",
             f"arn:aws:s3:us-east-1:{ACCOUNT}:accesspoint/vault-door",
             f"arn:aws:s3:us-east-1:{ACCOUNT}:accesspoint/vault-side"]
VIEWS = ["vault-view--ol-s3", f"arn:aws:s3-object-lambda:us-east-1:{ACCOUNT}:accesspoint/vault-view"]


@pytest.fixture(scope="module")
def vault(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("vault"), config=CONFIG, files={"hide.lua": HIDE})
    server.start()
    server.s3().put_object(Bucket="vault", Key=KEY, Body=ORIGINAL, Tagging="label=raw-tag-value",
                           Metadata={"note": "kept"})
    with names_resolve():
        yield server
    assert server.s3().get_object(Bucket="vault", Key=KEY)["Body"].read() == ORIGINAL
    server.stop()
    server.check_logs_hold_no_secrets()


def as_viewer(server, name, **config):
    return client(server, credentials=key_of(name), endpoint=f"http://{DOMAIN}:{server.port}",
                  s3={"addressing_style": "virtual"}, **config)


def text_of(answer):
    """Everything that an answer says, its streamed body included."""
    said = dict(answer)
    if "Body" in said:
        said["Body"] = said["Body"].read().decode("latin-1")
    return json.dumps(said, default=str)


def check_silent(said):
    assert MARKER.decode() not in said
    assert ETAG not in said
    assert "raw-tag-value" not in said
    # Not as a part of a request id or a hash, which are random.
    assert not re.search(rf"(?<![0-9a-f]){len(ORIGINAL)}(?![0-9a-f])", said)


def attempts(s3, bucket):
    """Every call that reads, or could move, the object."""
    key = {"Bucket": bucket, "Key": KEY}
    own = {"Bucket": "mine", "Key": "stolen"}
    source = {"Bucket": bucket, "Key": KEY}
    return {
        "get": lambda: s3.get_object(**key),
        "get a range": lambda: s3.get_object(**key, Range="bytes=0-40"),
        "get a part": lambda: s3.get_object(**key, PartNumber=1),
        "get the null version": lambda: s3.get_object(**key, VersionId="null"),
        "get if it matches": lambda: s3.get_object(**key, IfMatch=ETAG),
        "get unless it matches": lambda: s3.get_object(**key, IfNoneMatch=ETAG),
        "get with checksums": lambda: s3.get_object(**key, ChecksumMode="ENABLED"),
        "head": lambda: s3.head_object(**key),
        "attributes": lambda: s3.get_object_attributes(
            **key, ObjectAttributes=["ETag", "Checksum", "ObjectSize", "ObjectParts"]),
        "tags": lambda: s3.get_object_tagging(**key),
        "acl": lambda: s3.get_object_acl(**key),
        "torrent": lambda: s3.get_object_torrent(**key),
        "select": lambda: s3.select_object_content(
            **key, Expression="select * from s3object", ExpressionType="SQL",
            InputSerialization={"CSV": {}}, OutputSerialization={"CSV": {}}),
        "list": lambda: s3.list_objects_v2(Bucket=bucket),
        "list, version 1": lambda: s3.list_objects(Bucket=bucket),
        "list versions": lambda: s3.list_object_versions(Bucket=bucket),
        "list uploads": lambda: s3.list_multipart_uploads(Bucket=bucket),
        "copy away": lambda: s3.copy_object(**own, CopySource=source),
        "copy the null version": lambda: s3.copy_object(**own, CopySource={**source, "VersionId": "null"}),
        "copy onto itself": lambda: s3.copy_object(**key, CopySource=source, MetadataDirective="REPLACE"),
        "copy beside itself": lambda: s3.copy_object(Bucket=bucket, Key="beside", CopySource=source),
        "put tags": lambda: s3.put_object_tagging(**key, Tagging={"TagSet": []}),
        "delete tags": lambda: s3.delete_object_tagging(**key),
        "put an acl": lambda: s3.put_object_acl(**key, ACL="public-read"),
        "put": lambda: s3.put_object(**key, Body=b"overwritten"),
        "delete": lambda: s3.delete_object(**key),
        "start an upload": lambda: s3.create_multipart_upload(**key),
        "put a policy": lambda: s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({
            "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": "*", "Action": "s3:*",
                "Resource": ["arn:aws:s3:::vault", "arn:aws:s3:::vault/*"]}]})),
        "read the policy": lambda: s3.get_bucket_policy(Bucket=bucket),
        "lift the block": lambda: s3.delete_public_access_block(Bucket=bucket),
        "switch lists on": lambda: s3.put_bucket_ownership_controls(
            Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}),
        "put a bucket list": lambda: s3.put_bucket_acl(Bucket=bucket, ACL="public-read"),
        "delete the bucket": lambda: s3.delete_bucket(Bucket=bucket),
    }


NAMES = list(attempts(None, "x"))
# What the view itself answers; all of it shows the view, or less.
GRANTED = {"get", "get a range", "get a part", "get the null version", "get unless it matches",
           "get with checksums", "head", "attributes", "list", "list, version 1"}


def test_the_view_is_there(vault):
    for name, bucket in itertools.product(VIEWERS, VIEWS):
        s3 = as_viewer(vault, name)
        body = s3.get_object(Bucket=bucket, Key=KEY)["Body"].read()
        assert body == ORIGINAL.replace(MARKER, b"something hidden")
        assert s3.head_object(Bucket=bucket, Key=KEY)["ContentLength"] == len(body)


@pytest.mark.parametrize("who", VIEWERS)
@pytest.mark.parametrize("bucket", RAW_NAMES)
@pytest.mark.parametrize("what", NAMES)
def test_nothing_is_done_to_the_original_by_its_own_names(vault, who, bucket, what):
    with pytest.raises((botocore.exceptions.ClientError,
                        botocore.exceptions.ParamValidationError)) as caught:
        text_of(attempts(as_viewer(vault, who), bucket)[what]())
    if isinstance(caught.value, botocore.exceptions.ClientError):
        status = caught.value.response["ResponseMetadata"]["HTTPStatusCode"]
        assert status in (403, 405, 501), caught.value.response
        check_silent(json.dumps(caught.value.response, default=str))


@pytest.mark.parametrize("who", VIEWERS)
@pytest.mark.parametrize("bucket", VIEWS)
@pytest.mark.parametrize("what", NAMES)
def test_through_the_view_comes_the_view_or_nothing(vault, who, bucket, what):
    call = attempts(as_viewer(vault, who), bucket)[what]
    try:
        said = text_of(call())
    except botocore.exceptions.ClientError as error:
        check_silent(json.dumps(error.response, default=str))
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        assert status in (304, 403, 405, 412, 416, 501, 400), error.response
        return
    except botocore.exceptions.ParamValidationError:
        return
    assert what in GRANTED, said
    check_silent(said)


def test_what_a_view_does_not_name_is_the_view_all_the_same(vault):
    """Only GetObject is configured: a head, attributes and a listing tell nothing of the original."""
    s3 = as_viewer(vault, "viewer")
    length = len(s3.get_object(Bucket="vault-half--ol-s3", Key=KEY)["Body"].read())
    head = s3.head_object(Bucket="vault-half--ol-s3", Key=KEY)
    listed, = s3.list_objects_v2(Bucket="vault-half--ol-s3", Prefix=KEY)["Contents"]
    told = s3.get_object_attributes(Bucket="vault-half--ol-s3", Key=KEY,
                                    ObjectAttributes=["ETag", "ObjectSize"])
    assert {head["ContentLength"], listed["Size"], told["ObjectSize"]} == {length}
    assert {head["ETag"], listed["ETag"], f'"{told["ETag"]}"'} == {head["ETag"]}
    for said in (head, listed, told):
        check_silent(text_of(said))


def test_a_view_that_was_not_granted_is_not_described(vault):
    s3 = as_viewer(vault, "mixed")
    for call in [lambda: s3.head_object(Bucket="vault-half--ol-s3", Key=KEY),
                 lambda: s3.list_objects_v2(Bucket="vault-half--ol-s3")]:
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            call()
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


# ---- parts copied from it ----

@pytest.mark.parametrize("bucket", [*RAW_NAMES, "vault-view--ol-s3"])
def test_a_part_is_not_copied_from_it(vault, bucket):
    s3 = as_viewer(vault, "mixed")
    upload = s3.create_multipart_upload(Bucket="mine", Key="stolen")["UploadId"]
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        s3.upload_part_copy(Bucket="mine", Key="stolen", UploadId=upload, PartNumber=1,
                            CopySource={"Bucket": bucket, "Key": KEY})
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 405)
    s3.abort_multipart_upload(Bucket="mine", Key="stolen", UploadId=upload)


# ---- links ----

def fetch(url, method="GET", headers=None):
    request = urllib.request.Request(url, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, str(answer.headers) + answer.read().decode("latin-1")
    except urllib.error.HTTPError as error:
        return error.code, str(error.headers) + error.read().decode("latin-1")


@pytest.mark.parametrize("bucket", RAW_NAMES)
@pytest.mark.parametrize("what", ["get_object", "head_object", "list_objects_v2", "put_object"])
def test_a_link_to_the_original_is_worth_nothing(vault, bucket, what):
    params = {"Bucket": bucket} if what == "list_objects_v2" else {"Bucket": bucket, "Key": KEY}
    url = as_viewer(vault, "viewer").generate_presigned_url(what, Params=params)
    method = {"head_object": "HEAD", "put_object": "PUT"}.get(what, "GET")
    status, said = fetch(url, method)
    assert status == 403
    check_silent(said)


def test_a_link_to_the_view_cannot_be_bent(vault):
    s3 = client(vault, credentials=key_of("viewer"), s3={"addressing_style": "path"})
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "vault-view--ol-s3", "Key": KEY})
    assert fetch(url)[0] == 200
    for other in ["vault", "vault-door-s3alias"]:
        status, said = fetch(url.replace("/vault-view--ol-s3/", f"/{other}/"))
        assert status == 403
        check_silent(said)
    for suffix in ["&versionId=null", "&acl", "&tagging", "&attributes", "&torrent", "&uploads",
                   "&partNumber=1"]:
        status, said = fetch(url + suffix)
        assert status in (400, 403, 405, 501)
        check_silent(said)


# ---- by hand ----

HOSTS = ["127.0.0.1", f"vault.{DOMAIN}", f"vault-view--ol-s3.{DOMAIN}",
         f"vault-door-s3alias.{DOMAIN}", f"vault-door-{ACCOUNT}.{DOMAIN}",
         f"vault-view-{ACCOUNT}.{DOMAIN}", f"{ACCOUNT}.{DOMAIN}", DOMAIN]
PATHS = [f"/vault/{KEY}", f"//vault/{KEY}", f"/vault//{KEY}", "/vault%2Fsecret/k.txt",
         f"/vault-view--ol-s3/../vault/{KEY}", f"/vault-view--ol-s3/..%2Fvault%2F{KEY}",
         f"/vault-view--ol-s3/%2e%2e/vault/{KEY}", f"/./vault/{KEY}", f"/vault/./{KEY}",
         f"/vault/x/../{KEY}", f"/VAULT/{KEY}", "/vault/secret%2Fk.txt", "/vault/secret/k%2Etxt",
         f"/vault/{KEY}?x-id=GetObject", f"/vault/{KEY}?response-content-type=text/plain",
         f"/vault/{KEY}?versionId=null", f"/vault/{KEY}?tagging", f"/vault/{KEY}?attributes",
         f"/vault/{KEY}?acl", f"/vault/{KEY}?torrent", f"/vault/{KEY}?uploads",
         f"/vault/{KEY}?select&select-type=2", "/vault?list-type=2", "/vault?versions",
         "/vault?policy", "/vault?cors", "/vault-side-s3alias/" + KEY, "/" + KEY]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", PATHS)
def test_no_spelling_of_a_path_leads_to_it(vault, method, path):
    access_key, secret_key = key_of("viewer")
    said = exchange(vault, signed(vault, method, path, access_key=access_key, secret_key=secret_key,
                                  headers={"Origin": "https://else.test",
                                           "Access-Control-Request-Method": "GET",
                                           "x-amz-object-attributes": "ETag,ObjectSize"}))
    check_silent(said.raw.decode("latin-1"))
    assert said.status >= 400 or method == "OPTIONS"


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("path", [f"/vault/{KEY}", f"/{KEY}", "/", "/?list-type=2"])
def test_no_host_leads_to_it(vault, host, path, absolute):
    import botocore.auth
    import botocore.awsrequest
    import botocore.credentials
    for service in ["s3", "s3-object-lambda"]:
        name = f"{host}:{vault.port}"
        request = botocore.awsrequest.AWSRequest("GET", f"http://{name}{path}")
        held = botocore.credentials.Credentials(*key_of("viewer"))
        botocore.auth.S3SigV4Auth(held, service, "us-east-1").add_auth(request)
        target = f"http://{name}{path}" if absolute else path
        lines = [f"GET {target} HTTP/1.1", f"Host: {name}"]
        lines += [f"{k}: {v}" for k, v in request.headers.items() if k.lower() != "host"]
        answer = exchange(vault, "\r\n".join(lines).encode() + b"\r\n\r\n")
        check_silent(answer.raw.decode("latin-1"))


def test_no_form_puts_or_reads_it(vault):
    access_key, secret_key = key_of("viewer")
    for bucket in ["vault", "vault-door-s3alias", "vault-view--ol-s3"]:
        fields = {"key": KEY, "file": "overwritten"}
        body = "".join(f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                       for name, value in fields.items()).encode() + b"--x--\r\n"
        for sign in [True, False]:
            headers = {"Content-Type": "multipart/form-data; boundary=x"}
            request = (signed(vault, "POST", f"/{bucket}", headers=headers, body=body,
                              access_key=access_key, secret_key=secret_key) if sign else
                       f"POST /{bucket} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {headers['Content-Type']}"
                       f"\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            answer = exchange(vault, request)
            assert answer.status in (403, 405)
            check_silent(answer.raw.decode("latin-1"))


def test_the_control_api_gives_no_new_door(vault):
    access_key, secret_key = key_of("viewer")
    create = (b'<CreateAccessPointRequest xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/">'
              b"<Bucket>vault</Bucket></CreateAccessPointRequest>")
    policy = (b'<PutAccessPointPolicyRequest xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/">'
              b"<Policy>{}</Policy></PutAccessPointPolicyRequest>")
    base = "/v20180820"
    for method, path, body in [
            ("PUT", "/accesspoint/new-door", create), ("PUT", "/accesspoint/vault-door/policy", policy),
            ("GET", "/accesspoint/vault-door", b""), ("GET", "/accesspoint?bucket=vault", b""),
            ("GET", "/accesspointforobjectlambda/vault-view/configuration", b""),
            ("DELETE", "/accesspointforobjectlambda/vault-view", b""),
            ("DELETE", "/configuration/publicAccessBlock", b"")]:
        answer = exchange(vault, signed(vault, method, base + path, body=body,
                                        headers={"x-amz-account-id": ACCOUNT},
                                        access_key=access_key, secret_key=secret_key))
        assert answer.status == 403, (path, answer.raw)
        assert b"<ErrorResponse" in answer.body


def test_a_preflight_says_nothing_of_it(vault):
    for path in [f"/vault/{KEY}", f"/vault-view--ol-s3/{KEY}", "/vault/not-there"]:
        answer = exchange(vault, f"OPTIONS {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://a.test\r\n"
                                 "Access-Control-Request-Method: GET\r\n\r\n".encode())
        assert (answer.status, answer.body) == (200, b"")


def test_missing_and_hidden_look_the_same(vault):
    s3 = as_viewer(vault, "viewer")
    seen = set()
    for bucket, key in itertools.product(RAW_NAMES, [KEY, "not-there"]):
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            s3.get_object(Bucket=bucket, Key=key)
        seen.add((caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]))
    assert seen == {("AccessDenied", "Access Denied")}
