# SPDX-License-Identifier: MIT
"""STS on the same listener: sessions and roles, and what their credentials reach."""
import base64
import hashlib
import hmac
import json
import struct
import subprocess
import time
import urllib.request

import pytest

from kit.aws import ACCOUNT, client, key_of, refused, user
from kit.raw import exchange, signed
from kit.server import Server

SEED = b"12345678901234567890"
SERIAL = f"arn:aws:iam::{ACCOUNT}:mfa/careful"
OTHER = "111122223333"

CONFIG = f"""
sts {{ key = "a-key-that-replicas-share-0123456789" }}
bucket "shop"
account "{OTHER}" {{}}
""" + user("reader", """policy = {
  { effect = "Allow", actions = { "s3:GetObject" }, resources = { "arn:aws:s3:::shop/*" } },
  { effect = "Allow", actions = { "sts:AssumeRole" }, resources = { "*" } },
}""") + user("careful", f"""mfa = {{ serial = "{SERIAL}", secret = "{base64.b32encode(SEED).decode()}" }},
policy = {{
  {{ effect = "Allow", actions = {{ "s3:*" }}, resources = {{ "arn:aws:s3:::shop", "arn:aws:s3:::shop/*" }},
     conditions = {{ Bool = {{ ["aws:MultiFactorAuthPresent"] = "true" }} }} }},
  {{ effect = "Allow", actions = {{ "sts:AssumeRole" }}, resources = {{ "*" }} }},
}}""") + user("nobody") + f"""
role "writer" {{
  trust = {{ {{ effect = "Allow", principal = {{ AWS = "arn:aws:iam::{ACCOUNT}:user/reader" }},
              actions = {{ "sts:AssumeRole" }} }} }},
  policy = {{ {{ effect = "Allow", actions = {{ "s3:*" }}, resources = {{ "arn:aws:s3:::shop", "arn:aws:s3:::shop/*" }} }} }},
  session_s_max = 7200,
}}
role "partner" {{
  trust = {{ {{ effect = "Allow", principal = {{ AWS = "{ACCOUNT}" }}, actions = {{ "sts:AssumeRole" }},
              conditions = {{ StringEquals = {{ ["sts:ExternalId"] = "agreed" }} }} }} }},
  policy = {{ {{ effect = "Allow", actions = {{ "s3:GetObject" }}, resources = {{ "arn:aws:s3:::shop/*" }} }} }},
}}
role "careful" {{
  trust = {{ {{ effect = "Allow", principal = {{ AWS = "{ACCOUNT}" }}, actions = {{ "sts:AssumeRole" }},
              conditions = {{ Bool = {{ ["aws:MultiFactorAuthPresent"] = "true" }} }} }} }},
  policy = {{ {{ effect = "Allow", actions = {{ "s3:GetObject" }}, resources = {{ "arn:aws:s3:::shop/*" }} }} }},
}}
"""


def role(name):
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("sts"), config=CONFIG)
    server.start()
    server.s3().put_object(Bucket="shop", Key="k", Body=b"body")
    yield server
    server.stop()
    server.check_logs_hold_no_secrets()


def sts(server, name=None, credentials=None):
    if name:
        credentials = key_of(name)
    return client(server, "sts", **({"credentials": credentials} if credentials else {}))


def credentials_of(answer):
    found = answer["Credentials"]
    return found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]


def code(step_offset=0):
    counter = struct.pack(">Q", int(time.time()) // 30 + step_offset)
    digest = hmac.new(SEED, counter, hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7fffffff) % 10**6:06d}"


def wrong_code():
    near = {code(offset) for offset in range(-4, 5)}
    return next(f"{number:06d}" for number in range(10) if f"{number:06d}" not in near)


def test_who_am_i(here):
    me = sts(here).get_caller_identity()
    assert (me["Account"], me["Arn"]) == (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root")
    me = sts(here, "reader").get_caller_identity()
    assert me["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/reader"
    assert me["UserId"]


def test_awscli(here):
    access_key, secret_key = key_of("reader")
    environment = here.client_environment(access_key, secret_key)
    done = subprocess.run(["aws", "--endpoint-url", here.endpoint, "sts", "get-caller-identity"],
                          env=environment, capture_output=True, check=True, timeout=120)
    assert json.loads(done.stdout)["Arn"].endswith(":user/reader")
    done = subprocess.run(["aws", "--endpoint-url", here.endpoint, "sts", "assume-role", "--role-arn",
                           role("writer"), "--role-session-name", "from-cli"],
                          env=environment, capture_output=True, check=True, timeout=120)
    assert json.loads(done.stdout)["AssumedRoleUser"]["Arn"].endswith(":assumed-role/writer/from-cli")


def test_a_query_works_like_a_form(here):
    url = sts(here, "reader").generate_presigned_url("get_caller_identity", HttpMethod="GET")
    with urllib.request.urlopen(url, timeout=30) as answer:
        assert b":user/reader</Arn>" in answer.read()


def test_a_session_is_its_user(here):
    session = credentials_of(sts(here, "reader").get_session_token(DurationSeconds=900))
    assert session[0].startswith("ASIA")
    assert sts(here, credentials=session).get_caller_identity()["Arn"].endswith(":user/reader")
    s3 = client(here, credentials=session)
    assert s3.get_object(Bucket="shop", Key="k")["Body"].read() == b"body"
    with refused("AccessDenied", 403):
        s3.put_object(Bucket="shop", Key="k", Body=b"x")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "shop", "Key": "k"})
    with urllib.request.urlopen(url, timeout=30) as answer:
        assert answer.read() == b"body"
    with refused("AccessDenied", 403):
        sts(here, credentials=session).get_session_token()


def test_a_token_must_be_whole_and_go_with_its_key(here):
    access_key, secret_key, token = credentials_of(sts(here, "reader").get_session_token())
    other = credentials_of(sts(here, "nobody").get_session_token())
    middle = len(token) // 2
    broken = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1:]
    for wrong in [(access_key, secret_key, broken), (access_key, secret_key, other[2]),
                  (*key_of("reader"), token), (other[0], secret_key, token)]:
        with refused("InvalidToken", 400):
            client(here, credentials=wrong).get_object(Bucket="shop", Key="k")
    with refused("InvalidAccessKeyId", 403):
        client(here, credentials=(access_key, secret_key)).get_object(Bucket="shop", Key="k")
    with refused("SignatureDoesNotMatch", 403):
        client(here, credentials=(access_key, other[1], token)).get_object(Bucket="shop", Key="k")


def test_a_one_time_code(here):
    s3 = client(here, credentials=key_of("careful"))
    with refused("AccessDenied", 403):
        s3.get_object(Bucket="shop", Key="k")
    without = credentials_of(sts(here, "careful").get_session_token())
    with refused("AccessDenied", 403):
        client(here, credentials=without).get_object(Bucket="shop", Key="k")
    shown = code()
    answer = sts(here, "careful").get_session_token(SerialNumber=SERIAL, TokenCode=shown)
    held = client(here, credentials=credentials_of(answer))
    assert held.get_object(Bucket="shop", Key="k")["Body"].read() == b"body"
    for serial, wrong in [(SERIAL, shown), (SERIAL, wrong_code()), (SERIAL + "x", code(1))]:
        with refused("AccessDenied", 403):
            sts(here, "careful").get_session_token(SerialNumber=serial, TokenCode=wrong)
    with refused("AccessDenied", 403):
        sts(here, "careful").assume_role(RoleArn=role("careful"), RoleSessionName="without")
    answer = sts(here, "careful").assume_role(RoleArn=role("careful"), RoleSessionName="with",
                                              SerialNumber=SERIAL, TokenCode=code(1))
    held = client(here, credentials=credentials_of(answer))
    assert held.get_object(Bucket="shop", Key="k")["Body"].read() == b"body"


def test_a_role_is_what_its_policies_say(here):
    answer = sts(here, "reader").assume_role(RoleArn=role("writer"), RoleSessionName="story")
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/writer/story"
    held = credentials_of(answer)
    client(here, credentials=held).put_object(Bucket="shop", Key="by-role", Body=b"x")
    client(here, credentials=held).delete_object(Bucket="shop", Key="by-role")
    me = sts(here, credentials=held).get_caller_identity()
    assert me["Arn"].endswith(":assumed-role/writer/story")
    assert me["UserId"].endswith(":story")


def test_a_session_policy_caps_a_role(here):
    policy = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop/*"},
        {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::other/*"}]})
    answer = sts(here, "reader").assume_role(RoleArn=role("writer"), RoleSessionName="capped",
                                             Policy=policy)
    s3 = client(here, credentials=credentials_of(answer))
    assert s3.get_object(Bucket="shop", Key="k")["Body"].read() == b"body"
    with refused("AccessDenied", 403):
        s3.put_object(Bucket="shop", Key="k", Body=b"x")


def test_who_may_assume_a_role(here):
    for name, asked, more in [("nobody", "writer", {}), ("careful", "writer", {}),
                              ("reader", "partner", {}), ("reader", "gone", {}),
                              ("reader", "partner", {"ExternalId": "guessed"})]:
        with refused("AccessDenied", 403) as caught:
            sts(here, name).assume_role(RoleArn=role(asked), RoleSessionName="story", **more)
        assert "is not authorized to perform: sts:AssumeRole" in str(caught.value)
    sts(here, "reader").assume_role(RoleArn=role("partner"), RoleSessionName="story",
                                    ExternalId="agreed")
    with refused("AccessDenied", 403):
        sts(here).assume_role(RoleArn=role("writer"), RoleSessionName="root")


@pytest.mark.parametrize("more,expected", [
    ({"DurationSeconds": 7201}, "ValidationError"),
    ({"Policy": "{"}, "MalformedPolicyDocument"),
    ({"Policy": '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Fetch","Resource":"*"}]}'},
     "MalformedPolicyDocument"),
    ({"Tags": [{"Key": "a", "Value": "b"}]}, "ValidationError"),
])
def test_what_is_not_taken(here, more, expected):
    with refused(expected, 400):
        sts(here, "reader").assume_role(RoleArn=role("writer"), RoleSessionName="story", **more)


def test_errors_have_the_shape_of_sts(here):
    for credentials, expected in [(("UNKNOWNKEYXXXXXXXXX", "x" * 20), "InvalidClientTokenId"),
                                  ((key_of("reader")[0], "wrong"), "SignatureDoesNotMatch")]:
        with refused(expected, 403):
            sts(here, credentials=credentials).get_caller_identity()
    answer = exchange(here, b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/"
                            b"x-www-form-urlencoded\r\nContent-Length: 26\r\n\r\nAction=GetCallerIdentity&x")
    assert (answer.status, answer.code) == (403, "MissingAuthenticationToken")
    assert b"<ErrorResponse" in answer.body


def test_a_body_that_was_changed_is_refused(here):
    import botocore.auth
    import botocore.awsrequest
    import botocore.credentials
    body = "Action=GetCallerIdentity&Version=2011-06-15"
    request = botocore.awsrequest.AWSRequest("POST", here.endpoint + "/", data=body, headers={
        "Content-Type": "application/x-www-form-urlencoded"})
    held = botocore.credentials.Credentials(*key_of("reader"))
    botocore.auth.SigV4Auth(held, "sts", "us-east-1").add_auth(request)
    lines = [f"{k}: {v}" for k, v in request.headers.items() if k.lower() not in ("host", "content-length")]
    for sent, status in [(body, 200), (body.replace("06-15", "06-16"), 403)]:
        answer = exchange(here, ("POST / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s\r\nContent-Length: %d\r\n\r\n%s"
                                 % (here.port, "\r\n".join(lines), len(sent), sent)).encode())
        assert answer.status == status


def test_another_replica_with_the_same_key_takes_the_token(here, tmp_path):
    twin = Server(tmp_path / "twin", config=CONFIG)
    stranger = Server(tmp_path / "stranger", config=CONFIG.replace("a-key-that", "another-key"))
    twin.start()
    stranger.start()
    try:
        held = credentials_of(sts(here, "reader").get_session_token())
        assert sts(twin, credentials=held).get_caller_identity()["Arn"].endswith(":user/reader")
        with refused("InvalidClientTokenId", 403):
            sts(stranger, credentials=held).get_caller_identity()
    finally:
        twin.stop()
        stranger.stop()
