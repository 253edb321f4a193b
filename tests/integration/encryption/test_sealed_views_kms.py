# SPDX-License-Identifier: MIT
"""Originals whose keys a KMS wrapped for their clients, read through an OLAP: one call an object, the
caller's permission and the key's state before everything that is told, a line in the audit."""
import botocore.exceptions
import pytest

from encryption.kms_server import audit_line, forget, start
from encryption.mock_kms import ACCOUNT, MockKms, Refused
from encryption.s3_formats import META
from encryption.test_decrypt_kms import v2, v3
from encryption.vault import REFUSED, SCRIPTS
from kit.aws import key_of, user
from kit.views import same

K1 = ACCOUNT + "key/k1"
S3 = '{ effect = "Allow", actions = { "s3:*", "s3-object-lambda:*" }, resources = { "*" } }'
KMS = '{ effect = "Allow", actions = { "kms:Decrypt" }, resources = { "*" } }'
TEAM = ('{ effect = "Allow", actions = { "kms:Decrypt" }, resources = { "*" }, conditions = { StringEquals = '
        '{ ["kms:EncryptionContext:team"] = "blue" } } }')
PLAIN = bytes(range(256)) * 400


@pytest.fixture(scope="module")
def mock():
    mock = MockKms()
    mock.new_key("k1")
    mock.new_key("k2")
    yield mock
    mock.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory, mock):
    folder = tmp_path_factory.mktemp("sealed-kms")
    server = start(folder, mock, f"""
bucket "vault"
access_point "vault" {{ bucket = "vault" }}
transform "copy" {{ file = "copy.lua" }}
key_audit {{ file = "{folder}/keys.log" }}
client_key "master" {{ type = "kms", id = "{K1}" }}
object_lambda "clear" {{ access_point = "vault", transforms = "copy",
  client_encryption = {{ keys = {{ "master" }} }} }}
object_lambda "old" {{ access_point = "vault", transforms = "copy",
  client_encryption = {{ keys = {{ "master" }}, legacy = true }} }}
""" + user("ann", f"policy = {{ {S3}, {KMS} }}") + user("eve", f"policy = {{ {S3} }}")
        + user("blue", f"policy = {{ {S3}, {TEAM} }}"), files=SCRIPTS)
    server.audit = folder / "keys.log"
    yield server
    assert server.stop() == 0


@pytest.fixture(autouse=True)
def calm(mock):
    yield
    mock.faults.clear()
    mock.always = None
    for key in mock.keys.values():
        key.state = "Enabled"


def put(server, key, sealed):
    meta = {name.removeprefix(META): value for name, value in sealed.meta.items()}
    server.s3().put_object(Bucket="vault", Key=key, Body=sealed.body, Metadata=meta)


def refusal(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    error = caught.value.response
    return (error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"],
            error["Error"]["Message"])


def decrypts(mock, since):
    return [asked for verb, asked in mock.calls[since:] if verb == "Decrypt"]


@pytest.mark.parametrize("make", [v2, v3])
def test_opens_with_one_call_and_a_line_each(server, mock, make):
    put(server, f"one-{make.__name__}", make(mock, mock.keys["k1"], PLAIN, {"team": "blue"}))
    client = server.s3(*key_of("ann"))
    since = len(mock.calls)
    for _ in range(3):
        answer = client.get_object(Bucket="clear--ol-s3", Key=f"one-{make.__name__}")
        same(answer["Body"].read(), PLAIN)
    asked, = decrypts(mock, since)
    assert asked["KeyId"] == K1 and asked["EncryptionContext"]["team"] == "blue"
    line = audit_line(server.audit, answer["ResponseMetadata"]["RequestId"])[0]
    text = str(line)
    assert K1 in text and "user/ann" in text and f"vault/one-{make.__name__}" in text
    assert "clear" in text


def test_permission_comes_before_everything_that_is_told(server, mock):
    put(server, "closed", v3(mock, mock.keys["k1"], PLAIN, {"team": "red"}))
    ann, eve, blue = (server.s3(*key_of(name)) for name in ("ann", "eve", "blue"))
    answer = ann.get_object(Bucket="clear--ol-s3", Key="closed")
    same(answer["Body"].read(), PLAIN)  # now the view is kept, and its length known
    for client in (eve, blue):
        for call, more in [(client.get_object, {}), (client.get_object, {"Range": "bytes=0-9"}),
                           (client.get_object, {"IfNoneMatch": answer["ETag"]}),
                           (client.head_object, {}),
                           (client.get_object_attributes, {"ObjectAttributes": ["ObjectSize"]})]:
            assert refusal(call, Bucket="clear--ol-s3", Key="closed", **more)[0] == 403
    put(server, "blue", v3(mock, mock.keys["k1"], PLAIN, {"team": "blue"}))
    same(blue.get_object(Bucket="clear--ol-s3", Key="blue")["Body"].read(), PLAIN)


def test_a_listing_tells_no_length_to_whoever_may_not_open(server, mock):
    put(server, "listed/a", v3(mock, mock.keys["k1"], PLAIN))
    sizes = {}
    for name in ("ann", "eve"):
        page = server.s3(*key_of(name)).list_objects_v2(Bucket="clear--ol-s3", Prefix="listed/")
        sizes[name] = page["Contents"][0]["Size"]
    assert sizes == {"ann": len(PLAIN), "eve": 0}


def test_keys_that_are_not_ours_or_not_usable(server, mock):
    put(server, "other", v3(mock, mock.keys["k2"], PLAIN))
    put(server, "state", v3(mock, mock.keys["k1"], PLAIN))
    client = server.s3(*key_of("ann"))
    assert refusal(client.get_object, Bucket="clear--ol-s3", Key="other") == REFUSED
    same(client.get_object(Bucket="clear--ol-s3", Key="state")["Body"].read(), PLAIN)
    mock.keys["k1"].state = "Disabled"
    forget(server)
    for call in (client.get_object, client.head_object):  # though the view is kept
        status, code, _ = refusal(call, Bucket="clear--ol-s3", Key="state")
        assert (status, code) in [(400, "KMS.DisabledException"), (400, "400")]


def test_a_kms_that_is_down(server, mock):
    put(server, "down", v3(mock, mock.keys["k1"], PLAIN))
    client = server.s3(*key_of("ann"))
    mock.always = Refused("KMSInternalException", status=500)
    assert refusal(client.get_object, Bucket="clear--ol-s3", Key="down")[0] == 503
    mock.always = None
    same(client.get_object(Bucket="clear--ol-s3", Key="down")["Body"].read(), PLAIN)


def test_the_old_wrap_is_legacy(server, mock):
    put(server, "old", v2(mock, mock.keys["k1"], PLAIN, wrap="kms"))
    client = server.s3(*key_of("ann"))
    assert refusal(client.get_object, Bucket="clear--ol-s3", Key="old") == REFUSED
    same(client.get_object(Bucket="old--ol-s3", Key="old")["Body"].read(), PLAIN)
