# SPDX-License-Identifier: MIT
"""SSE-KMS objects in the embedded store whose keys a KMS keeps: an own mock that checks signatures and
really wraps. What is remembered, what a KMS in trouble does to requests, and the audit."""
import os
import socket
import threading

import botocore.exceptions
import pytest

from encryption.kms_server import audit_line, audit_lines, forget, start, under
from encryption.mock_kms import ACCOUNT, SECRET, MockKms, Refused, b64
from kit.aws import key_of, user
from kit.server import Server, wait_for

K1 = ACCOUNT + "key/k1"
S3 = '{ effect = "Allow", actions = { "s3:*" }, resources = { "*" } }'
KMS = '{ effect = "Allow", actions = { "kms:Decrypt" }, resources = { "*" } }'
BODY = os.urandom(70_000)


@pytest.fixture(scope="module")
def mock():
    mock = MockKms()
    mock.new_key("k1")
    mock.new_key("k2")
    mock.aliases["alias/orders"] = "k1"
    yield mock
    mock.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory, mock):
    folder = tmp_path_factory.mktemp("kms-keeper")
    server = start(folder, mock, f"""
bucket "bkt"
key_audit {{ file = "{folder}/keys.log" }}
""" + user("ann", f"policy = {{ {S3}, {KMS} }}") + user("eve", f"policy = {{ {S3} }}"))
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


def verbs(mock, since):
    return [verb for verb, _ in mock.calls[since:] if verb != "DescribeKey"]


def code_of(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    error = caught.value.response
    return error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"], error["Error"]["Message"]


def test_an_object_under_an_alias(server, mock):
    s3 = server.s3()
    since = len(mock.calls)
    put = s3.put_object(Bucket="bkt", Key="alias", Body=BODY, **under("alias/orders"))
    assert put["SSEKMSKeyId"] == K1
    got = s3.get_object(Bucket="bkt", Key="alias")
    assert got["Body"].read() == BODY and got["SSEKMSKeyId"] == K1
    assert verbs(mock, since) == ["GenerateDataKey"]
    made = next(asked for verb, asked in mock.calls[since:] if verb == "GenerateDataKey")
    assert made["EncryptionContext"] == {"aws:s3:arn": "arn:aws:s3:::bkt/alias"}
    forget(server)
    since = len(mock.calls)
    for _ in range(3):
        assert s3.get_object(Bucket="bkt", Key="alias")["Body"].read() == BODY
    assert verbs(mock, since) == ["Decrypt"]
    opened = next(asked for verb, asked in mock.calls[since:] if verb == "Decrypt")
    assert opened["KeyId"] == K1 and opened["EncryptionContext"] == made["EncryptionContext"]


def test_sse_s3_stays_with_the_local_keyring(server, mock):
    since = len(mock.calls)
    server.s3().put_object(Bucket="bkt", Key="s3", Body=b"x", ServerSideEncryption="AES256")
    server.s3().put_object(Bucket="bkt", Key="default", Body=b"x", ServerSideEncryption="aws:kms")
    assert mock.calls[since:] == []


def test_many_readers_ask_once(server, mock):
    """100 objects, read 10,000 times from many connections: never more than one call an object; and who may
    not use the key is refused each time, however well it is remembered."""
    s3 = server.s3(max_pool_connections=8)
    count = 100
    for i in range(count):
        s3.put_object(Bucket="bkt", Key=f"many/{i}", Body=b"%d" % i, **under(K1))
    forget(server)
    since, before = len(mock.calls), len(audit_lines(server.audit))
    reads = 10_000 if os.environ.get("OBJLENS_FULL") else 1_000
    wrong = []

    def read(first):
        own, other = server.s3(*key_of("ann")), server.s3(*key_of("eve"))
        for i in range(first, reads, 8):
            if own.get_object(Bucket="bkt", Key=f"many/{i % count}")["Body"].read() != b"%d" % (i % count):
                wrong.append(i)
            if i % 8 == 7 and code_of(other.get_object, Bucket="bkt", Key=f"many/{i % count}")[:2] != \
                    (403, "AccessDenied"):
                wrong.append(i)
    threads = [threading.Thread(target=read, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert verbs(mock, since) == ["Decrypt"] * count
    assert len({asked["EncryptionContext"]["aws:s3:arn"] for verb, asked in mock.calls[since:]
                if verb == "Decrypt"}) == count
    # Every use is in the audit, remembered or not.
    lines = wait_for(lambda: len(found := audit_lines(server.audit)[before:]) >= reads + reads // 8 and found,
                     20, "the audit's lines")
    used = [line for line in lines if line["outcome"] == "ok"]
    denied = [line for line in lines if line["outcome"] == "denied"]
    assert len(used) == reads and {line["who"].split("/")[-1] for line in used} == {"ann"}
    assert len(denied) == reads // 8 and {line["who"].split("/")[-1] for line in denied} == {"eve"}
    assert sum(not line["cached"] for line in used) >= count
    # An object's key is opened once for all its readers, some of them at the same time.
    hits = server.metric("objlens_opened_key_hits_total") + server.metric("objlens_data_key_hits_total")
    assert hits >= reads - 8 * count
    assert server.metric("objlens_opened_key_hits_total") >= reads - 16 * count


@pytest.mark.parametrize("state, code", [
    ("Disabled", "KMS.DisabledException"), ("PendingDeletion", "KMS.KMSInvalidStateException")])
def test_a_key_that_cannot_be_used(server, mock, state, code):
    s3 = server.s3()
    s3.put_object(Bucket="bkt", Key="state", Body=BODY, **under(ACCOUNT + "key/k2"))
    mock.keys["k2"].state = state
    forget(server)
    assert code_of(s3.put_object, Bucket="bkt", Key="x", Body=b"x",
                   **under(ACCOUNT + "key/k2"))[:2] == (400, code)
    assert code_of(s3.get_object, Bucket="bkt", Key="state")[:2] == (400, code)
    mock.keys["k2"].state = "Enabled"
    # Refusals are remembered for a second at most.
    wait_for(lambda: reads(s3, "state") == BODY, 20, "the key to be used again")


def reads(s3, key):
    try:
        return s3.get_object(Bucket="bkt", Key=key)["Body"].read()
    except botocore.exceptions.ClientError:
        return None


def test_a_key_that_is_not_there(server):
    s3 = server.s3()
    status, code, message = code_of(s3.put_object, Bucket="bkt", Key="x", Body=b"x",
                                    **under(ACCOUNT + "key/none"))
    assert (status, code) == (400, "KMS.NotFoundException")
    assert "none" in message
    # Nobody but the local keyring answers for this one.
    assert code_of(s3.put_object, Bucket="bkt", Key="x", Body=b"x", **under("none"))[:2] == \
        (400, "KMS.NotFoundException")


def test_the_kms_denies_us(server, mock):
    s3 = server.s3()
    s3.put_object(Bucket="bkt", Key="denied", Body=BODY, **under(K1))
    forget(server)
    mock.keys["k1"].state = "Denied"
    status, code, message = code_of(s3.get_object, Bucket="bkt", Key="denied")
    assert (status, code) == (403, "AccessDenied") and "secret-name" not in message


def cut(_):
    return None


def late(mock):
    def wait(answer):
        mock.released.wait(30)
        return answer
    return wait


TROUBLE = {
    "5xx": Refused("KMSInternalException", status=500),
    "unavailable": Refused("KeyUnavailableException", status=500),
    "no JSON": lambda _: b"<html>",
    "nothing": lambda _: b"",
    "cut": cut,
    "a short key": lambda answer: {**answer, "Plaintext": b64(b"x" * 16)},
    "no key": lambda answer: {**answer, "Plaintext": None},
    "two keys": lambda answer: b'{"Plaintext":"%s","Plaintext":"%s","KeyId":"%s"}' % (
        b64(b"x" * 32).encode(), b64(b"y" * 32).encode(), K1.encode()),
    "endless": lambda _: b'{"Plaintext":"' + b"A" * 100_000,
}


@pytest.mark.parametrize("name", TROUBLE)
def test_a_kms_in_trouble(server, mock, name):
    s3 = server.s3()
    s3.put_object(Bucket="bkt", Key="trouble", Body=BODY, **under(K1))
    forget(server)
    mock.always = TROUBLE[name]
    status, code, _ = code_of(s3.get_object, Bucket="bkt", Key="trouble")
    assert (status, code) == (503, "ServiceUnavailable")
    assert code_of(s3.put_object, Bucket="bkt", Key="not", Body=BODY, **under(K1))[0] == 503
    mock.always = None
    assert s3.get_object(Bucket="bkt", Key="trouble")["Body"].read() == BODY
    assert code_of(s3.head_object, Bucket="bkt", Key="not")[0] == 404


def test_an_answer_for_another_key(server, mock):
    s3 = server.s3()
    s3.put_object(Bucket="bkt", Key="other", Body=BODY, **under(K1))
    forget(server)
    mock.always = lambda answer: {**answer, "KeyId": ACCOUNT + "key/k2"}
    status, code, _ = code_of(s3.get_object, Bucket="bkt", Key="other")
    assert status >= 400 and code != "NoSuchKey"
    # The right name, another key's bytes: they open nothing.
    mock.always = lambda answer: {**answer, "Plaintext": b64(b"z" * 32)}
    forget(server)
    assert code_of(s3.get_object, Bucket="bkt", Key="other")[0] >= 400
    mock.always = None
    forget(server)
    assert s3.get_object(Bucket="bkt", Key="other")["Body"].read() == BODY


def test_a_throttling_kms(server, mock):
    s3 = server.s3()
    s3.put_object(Bucket="bkt", Key="throttled", Body=BODY, **under(K1))
    forget(server)
    throttled = server.metric("objlens_kms_throttled_total")
    since = len(mock.calls)
    mock.faults.append(Refused("ThrottlingException"))
    assert s3.get_object(Bucket="bkt", Key="throttled")["Body"].read() == BODY
    assert verbs(mock, since) == ["Decrypt"] * 2
    forget(server)
    mock.always = Refused("ThrottlingException")
    assert code_of(s3.get_object, Bucket="bkt", Key="throttled")[:2] == (503, "SlowDown")
    assert server.metric("objlens_kms_throttled_total") == throttled + 4


def test_a_slow_kms(server, mock):
    """Past the deadline: an answer all the same, and the loop serves others meanwhile."""
    s3 = server.s3()
    s3.put_object(Bucket="bkt", Key="slow", Body=BODY, **under(K1))
    s3.put_object(Bucket="bkt", Key="quick", Body=b"quick")
    forget(server)
    late_before = server.metric("objlens_kms_late_total")
    mock.always = late(mock)
    found = []
    reader = threading.Thread(target=lambda: found.append(code_of(s3.get_object, Bucket="bkt", Key="slow")))
    reader.start()
    wait_for(lambda: verbs(mock, 0)[-1:] == ["Decrypt"], 20, "the call")
    for _ in range(20):
        assert server.s3().get_object(Bucket="bkt", Key="quick")["Body"].read() == b"quick"
    reader.join(20)
    mock.released.set()
    mock.released.clear()
    assert found and found[0][:2] == (503, "ServiceUnavailable")
    assert server.metric("objlens_kms_late_total") > late_before


def test_an_audit_line(server):
    put = server.s3().put_object(Bucket="bkt", Key="seen", Body=BODY, **under("alias/orders"))
    (made,) = audit_line(server.audit, put["ResponseMetadata"]["RequestId"])
    assert made["event"] == "GenerateDataKey" and made["outcome"] == "ok" and made["key"] == K1
    assert made["object"] == "arn:aws:s3:::bkt/seen" and made["who"].startswith("arn:aws:iam::")
    assert made["cached"] is False
    got = server.s3().get_object(Bucket="bkt", Key="seen")
    (opened,) = audit_line(server.audit, got["ResponseMetadata"]["RequestId"])
    assert opened["event"] == "Decrypt" and opened["cached"] is True and opened["key"] == K1


def test_a_kms_that_is_down(tmp_path, mock):
    """Nobody listens: the server starts and serves what needs no KMS; its breaker spares it the rest."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    server = start(tmp_path, f"http://127.0.0.1:{held.getsockname()[1]}", 'bucket "bkt"', loops=1,
                   more="limits = { tries_max = 1, "
                   "breaker_failures = 3, breaker_open_ms = 60000, connect_timeout_ms = 500 }")
    s3 = server.s3()
    s3.put_object(Bucket="bkt", Key="plain", Body=b"plain")
    for _ in range(5):
        assert code_of(s3.put_object, Bucket="bkt", Key="x", Body=b"x", **under(K1))[:2] == \
            (503, "ServiceUnavailable")
    assert server.metric("objlens_kms_breakers_open") == 1
    assert server.metric("objlens_kms_breaker_opened_total") == 1
    assert server.metric("objlens_kms_breaker_refused_total") >= 2
    assert s3.get_object(Bucket="bkt", Key="plain")["Body"].read() == b"plain"
    assert server.stop() == 0
    held.close()


def test_a_quota(tmp_path, mock):
    server = start(tmp_path, mock, 'bucket "bkt"\ndata_keys { age_ms = 0 }', loops=2,
                   more="limits = { requests_per_s = 1, requests_burst = 4, tries_max = 1 }")
    s3 = server.s3()
    found = []
    for i in range(20):
        try:
            s3.put_object(Bucket="bkt", Key=f"q{i}", Body=b"x", **under(K1))
            found.append("ok")
        except botocore.exceptions.ClientError as why:
            found.append(why.response["Error"]["Code"])
    assert found[0] == "ok" and "SlowDown" in found and set(found) <= {"ok", "SlowDown"}
    assert server.metric("objlens_kms_quota_refused_total") >= 1
    assert server.stop() == 0


def test_a_key_that_would_come_back_to_another_keeper(tmp_path, mock):
    """An alias is asked of the KMS, but the key's own ARN is not among its patterns."""
    server = Server(tmp_path, f"""
kms "vaults" {{ endpoint = "{mock.url}", region = "eu-west-1", access_key = "tester",
  secret_key = env "KMS_SECRET", keys = {{ "alias/*" }} }}
bucket "bkt"
""", environment={"KMS_SECRET": SECRET})
    server.start()
    assert code_of(server.s3().put_object, Bucket="bkt", Key="x", Body=b"x",
                   **under("alias/orders"))[0] in (400, 503)
    assert code_of(server.s3().head_object, Bucket="bkt", Key="x")[0] == 404
    assert server.stop() == 0


def test_a_default_key(tmp_path, mock):
    server = start(tmp_path, mock, 'bucket "bkt"', more='default_key = "alias/orders"')
    put = server.s3().put_object(Bucket="bkt", Key="x", Body=BODY, ServerSideEncryption="aws:kms")
    assert put["SSEKMSKeyId"] == K1
    assert server.s3().get_object(Bucket="bkt", Key="x")["Body"].read() == BODY
    assert server.stop() == 0


def test_sse_s3_under_a_kms_key(tmp_path, mock):
    server = start(tmp_path, mock, f'bucket "bkt"\nsse_s3_key = "{K1}"')
    since = len(mock.calls)
    server.s3().put_object(Bucket="bkt", Key="x", Body=BODY, ServerSideEncryption="AES256")
    assert verbs(mock, since) == ["GenerateDataKey"]
    assert server.stop() == 0
    # What was sealed stays readable when new objects go elsewhere.
    server.write_config(server.config.replace(f'sse_s3_key = "{K1}"', ""))
    server.start()
    server.s3().put_object(Bucket="bkt", Key="y", Body=BODY, ServerSideEncryption="AES256")
    for key in "xy":
        assert server.s3().get_object(Bucket="bkt", Key=key)["Body"].read() == BODY
    assert verbs(mock, since) == ["GenerateDataKey", "Decrypt"]
    assert server.stop() == 0
