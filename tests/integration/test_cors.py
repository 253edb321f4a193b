# SPDX-License-Identifier: MIT
"""Cross-origin requests, byte for byte: preflights and the headers of actual answers. What a
browser makes of them: test_browser.py."""
import pytest

from kit.aws import client, key_of, refused, user
from kit.raw import exchange, signed
from kit.server import Server

RULES = {"CORSRules": [
    {"ID": "apps", "AllowedOrigins": ["https://*.example.test"], "AllowedMethods": ["GET", "PUT"],
     "AllowedHeaders": ["x-amz-*", "Content-Type"], "ExposeHeaders": ["ETag", "x-amz-request-id"],
     "MaxAgeSeconds": 300},
    {"AllowedOrigins": ["*"], "AllowedMethods": ["HEAD"]},
]}

CONFIG = """
bucket "shop"
bucket "closed"
bucket "declared" { cors = { { origins = { "https://declared.test" }, methods = { "GET" } } } }
access_point "door" { bucket = "shop" }
transform "shout" { file = "shout.lua" }
object_lambda "loud" { access_point = "door", transforms = { "shout" } }
""" + user("nobody")
SHOUT = """
return function(event, object, response)
  for chunk in object:chunks() do response:write(chunk:upper()) end
end
"""
APP = "https://app.example.test"


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("cors"), config=CONFIG, files={"shout.lua": SHOUT})
    server.start()
    server.s3().put_object(Bucket="shop", Key="k", Body=b"body")
    server.s3().put_bucket_cors(Bucket="shop", CORSConfiguration=RULES)
    yield server
    server.stop()
    server.check_logs_hold_no_secrets()


def preflight(server, path, **headers):
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return exchange(server, f"OPTIONS {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n".encode())


@pytest.mark.parametrize("bucket", ["shop", "door-s3alias", "loud--ol-s3"])
def test_a_preflight_is_answered_without_a_signature(here, bucket):
    answer = preflight(here, f"/{bucket}/k", Origin=APP, Access_Control_Request_Method="PUT",
                       Access_Control_Request_Headers="X-Amz-Date, content-type")
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == APP
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-allow-methods"] == "GET, PUT"
    assert answer.headers["access-control-allow-headers"] == "x-amz-date, content-type"
    assert answer.headers["access-control-expose-headers"] == "ETag, x-amz-request-id"
    assert answer.headers["access-control-max-age"] == "300"
    assert "Origin" in answer.headers["vary"]


def test_any_origin_gets_a_star_and_no_credentials(here):
    answer = preflight(here, "/shop/k", Origin="https://else.test",
                       Access_Control_Request_Method="HEAD")
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


def test_rules_of_a_file(here):
    answer = preflight(here, "/declared/k", Origin="https://declared.test",
                       Access_Control_Request_Method="GET")
    assert answer.status == 200


@pytest.mark.parametrize("headers", [
    {"Origin": "https://else.test", "Access_Control_Request_Method": "GET"},
    {"Origin": APP, "Access_Control_Request_Method": "DELETE"},
    {"Origin": APP, "Access_Control_Request_Method": "GET",
     "Access_Control_Request_Headers": "authorization"},
    {"Origin": "https://APP.EXAMPLE.TEST", "Access_Control_Request_Method": "GET"},
])
def test_what_no_rule_allows(here, headers):
    answer = preflight(here, "/shop/k", **headers)
    assert (answer.status, answer.code) == (403, "AccessForbidden")
    assert b"This CORS request is not allowed" in answer.body
    assert "access-control-allow-origin" not in answer.headers


def test_a_bucket_without_rules_and_one_that_is_not_there(here):
    asked = {"Origin": APP, "Access_Control_Request_Method": "GET"}
    answer = preflight(here, "/closed/k", **asked)
    assert (answer.status, answer.code) == (403, "AccessForbidden")
    assert b"CORS is not enabled for this bucket" in answer.body
    answer = preflight(here, "/gone-bucket/k", **asked)
    assert (answer.status, answer.code) == (403, "AccessForbidden")
    assert b"Bucket not found" in answer.body
    assert preflight(here, "/gone--ol-s3/k", **asked).status == 403


@pytest.mark.parametrize("headers", [{"Access_Control_Request_Method": "GET"}, {"Origin": APP},
                                     {"Origin": APP, "Access_Control_Request_Method": "FETCH"}])
def test_an_incomplete_preflight(here, headers):
    assert preflight(here, "/shop/k", **headers).status == 400


# ---- actual requests ----

@pytest.mark.parametrize("path,body", [("/shop/k", b"body"), ("/loud--ol-s3/k", b"BODY")])
def test_an_actual_answer_bears_the_headers(here, path, body):
    answer = exchange(here, signed(here, "GET", path, headers={"Origin": APP}))
    assert (answer.status, answer.body) == (200, body)
    assert answer.headers["access-control-allow-origin"] == APP
    assert answer.headers["access-control-expose-headers"] == "ETag, x-amz-request-id"
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize("path,status", [("/shop/missing", 404), ("/loud--ol-s3/missing", 404)])
def test_an_error_bears_them_too(here, path, status):
    answer = exchange(here, signed(here, "GET", path, headers={"Origin": APP}))
    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == APP


def test_a_refusal_bears_them_too(here):
    access_key, secret_key = key_of("nobody")
    answer = exchange(here, signed(here, "GET", "/shop/k", headers={"Origin": APP},
                                   access_key=access_key, secret_key=secret_key))
    assert answer.status == 403
    assert answer.headers["access-control-allow-origin"] == APP
    answer = exchange(here, signed(here, "GET", "/shop/k", headers={"Origin": APP},
                                   secret_key="wrong"))
    assert answer.code == "SignatureDoesNotMatch"
    assert answer.headers["access-control-allow-origin"] == APP


@pytest.mark.parametrize("headers", [{"Origin": "https://else.test"}, {}])
def test_others_are_served_without_the_headers(here, headers):
    answer = exchange(here, signed(here, "GET", "/shop/k", headers=headers))
    assert (answer.status, answer.body) == (200, b"body")
    assert "access-control-allow-origin" not in answer.headers


def test_rules_are_gone_when_they_are_deleted(here):
    s3 = client(here)
    s3.create_bucket(Bucket="for-a-while")
    s3.put_bucket_cors(Bucket="for-a-while", CORSConfiguration=RULES)
    asked = {"Origin": APP, "Access_Control_Request_Method": "GET"}
    assert preflight(here, "/for-a-while/k", **asked).status == 200
    s3.delete_bucket_cors(Bucket="for-a-while")
    with refused("NoSuchCORSConfiguration", 404):
        s3.get_bucket_cors(Bucket="for-a-while")
    assert preflight(here, "/for-a-while/k", **asked).status == 403
    s3.delete_bucket(Bucket="for-a-while")
