# SPDX-License-Identifier: MIT
"""Links made by `objlens presign` and by SDKs, and how far they reach."""
import os
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from xml.etree import ElementTree

import pytest

from kit.server import ACCESS_KEY, OBJLENS, SECRET_KEY

KEY = "dir/a b+c&d=é//x.txt"
CONFIG = """
bucket "shop"
access_point "shop" { bucket = "shop" }
transform "shout" { file = "shout.lua" }
object_lambda "loud" { access_point = "shop", transforms = { "shout" } }
user "viewer" {
  access_key = "VIEWERKEYFORTESTS", secret_key = "viewer-secret-for-tests-012345",
  views = { "loud" },
}
"""
SHOUT = """
return function(event, object, response)
  for chunk in object:chunks() do response:write(chunk:upper()) end
end
"""
VIEWER = ("VIEWERKEYFORTESTS", "viewer-secret-for-tests-012345")


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    from kit.server import Server
    server = Server(tmp_path_factory.mktemp("presign"), config=CONFIG, files={"shout.lua": SHOUT})
    server.start()
    server.s3().put_object(Bucket="shop", Key=KEY, Body=b"original")
    yield server
    server.stop()
    server.check_logs_hold_no_secrets()


def presign(server, *args, keys=(ACCESS_KEY, SECRET_KEY)):
    environment = dict(os.environ, OBJLENS_ACCESS_KEY=keys[0], OBJLENS_SECRET_KEY=keys[1])
    done = subprocess.run([OBJLENS, "presign", *args, "--endpoint", server.endpoint], env=environment,
                          capture_output=True, text=True, timeout=30, check=True)
    return done.stdout.strip()


def fetch(url, method="GET", data=None, headers=None):
    request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_a_link_reads_an_object(here):
    assert fetch(presign(here, "GET", f"s3://shop/{KEY}")) == (200, b"original")
    assert fetch(presign(here, "GET", f"s3://loud--ol-s3/{KEY}")) == (200, b"ORIGINAL")
    assert fetch(presign(here, "HEAD", f"s3://shop/{KEY}"), "HEAD") == (200, b"")


def test_a_link_writes_and_deletes(here):
    url = presign(here, "PUT", "s3://shop/by-link", "--expires-in", "60")
    assert fetch(url, "PUT", b"new")[0] == 200
    assert fetch(presign(here, "GET", "s3://shop/by-link")) == (200, b"new")
    assert fetch(presign(here, "DELETE", "s3://shop/by-link"), "DELETE")[0] == 204
    assert fetch(presign(here, "GET", "s3://shop/by-link"))[0] == 404


def test_a_link_is_for_one_thing(here):
    url = presign(here, "GET", f"s3://shop/{KEY}")
    assert b"SignatureDoesNotMatch" in fetch(url, "PUT", b"x")[1]
    assert b"SignatureDoesNotMatch" in fetch(url, "DELETE")[1]
    assert fetch(url + "&versionId=null")[0] == 403
    assert fetch(url.replace("/shop/", "/loud--ol-s3/"))[0] == 403
    assert fetch(url.replace("X-Amz-Expires=3600", "X-Amz-Expires=7200"))[0] == 403
    assert fetch(url)[0] == 200


def test_a_header_must_be_signed_too(here):
    status, body = fetch(presign(here, "PUT", "s3://shop/acl"), "PUT", b"x", {"x-amz-acl": "public-read"})
    assert status == 403
    assert b"<HeadersNotSigned>x-amz-acl</HeadersNotSigned>" in body


def test_a_link_reaches_no_more_than_its_signer(here):
    assert fetch(presign(here, "GET", f"s3://loud--ol-s3/{KEY}", keys=VIEWER)) == (200, b"ORIGINAL")
    for name in ["shop", "shop-s3alias"]:
        status, body = fetch(presign(here, "GET", f"s3://{name}/{KEY}", keys=VIEWER))
        assert status == 403 and b"<Code>AccessDenied</Code>" in body
    assert fetch(presign(here, "PUT", "s3://shop/viewer", keys=VIEWER), "PUT", b"x")[0] == 403
    assert fetch(presign(here, "DELETE", f"s3://loud--ol-s3/{KEY}", keys=VIEWER), "DELETE")[0] == 403


def test_errors_say_what_is_wrong(here):
    url = presign(here, "GET", f"s3://shop/{KEY}")
    status, body = fetch(url.replace(ACCESS_KEY, "NOBODY"))
    assert status == 403 and b"<AWSAccessKeyId>NOBODY</AWSAccessKeyId>" in body
    status, body = fetch(url.replace("us-east-1", "eu-west-9"))
    assert status == 400 and b"AuthorizationQueryParametersError" in body
    assert b"<Region>us-east-1</Region>" in body
    status, body = fetch(url[:-1] + ("0" if url[-1] != "0" else "1"))
    assert status == 403
    said = {element.tag: element.text for element in ElementTree.fromstring(body)}
    assert said["Code"] == "SignatureDoesNotMatch"
    assert said["SignatureProvided"] != url[-64:] and len(said["SignatureProvided"]) == 64
    assert said["StringToSign"].startswith("AWS4-HMAC-SHA256\n")
    assert bytes.fromhex(said["StringToSignBytes"]).decode() == said["StringToSign"]
    assert said["CanonicalRequest"].startswith("GET\n/shop/dir/a%20b%2Bc%26d%3D%C3%A9//x.txt\nX-Amz-Algorithm=")
    assert bytes.fromhex(said["CanonicalRequestBytes"]).decode() == said["CanonicalRequest"]


def test_an_expired_link(here):
    status, body = fetch(presign(here, "GET", f"s3://shop/{KEY}").replace("Expires=3600", "Expires=0"))
    assert status == 403
    for part in [b"<Code>AccessDenied</Code>", b"<Message>Request has expired</Message>",
                 b"<X-Amz-Expires>0</X-Amz-Expires>", b"<ServerTime>"]:
        assert part in body


def test_the_older_signature_is_refused(here):
    query = urllib.parse.urlencode({"AWSAccessKeyId": ACCESS_KEY, "Signature": "c2ln", "Expires": "9999999999"})
    status, body = fetch(f"{here.endpoint}/shop/k?{query}")
    assert status == 400 and b"<Code>InvalidRequest</Code>" in body
    assert b"Please use AWS4-HMAC-SHA256." in body
    status, body = fetch(f"{here.endpoint}/loud--ol-s3/k?{query}")
    assert status == 403 and b"<Code>MissingAuthenticationToken</Code>" in body
