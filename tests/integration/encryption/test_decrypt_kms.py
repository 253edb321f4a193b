# SPDX-License-Identifier: MIT
"""`objlens decrypt` with keys that a KMS keeps: what opens, what is asked, and what becomes of a KMS
that is slow, broken, wrong or not there. Never a wrong plaintext, never a part of one."""
import base64
import json
import os
import socket
import subprocess
import time

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from encryption import s3_formats as s3
from encryption.mock_kms import ACCOUNT, MockKms, Refused
from encryption.s3_formats import GCM, META
from kit.server import OBJLENS

PLAIN = os.urandom(100_000)
THROTTLED = Refused("ThrottlingException", "You have exceeded the rate at which you may call KMS.")
BROKEN = Refused("KMSInternalException", status=500)


@pytest.fixture
def kms():
    mock = MockKms()
    mock.new_key("k1")
    mock.new_key("k2")
    mock.aliases["alias/docs"] = "k1"
    yield mock
    mock.close()


@pytest.fixture
def decrypt(tmp_path, kms):
    def run(sealed, *entries, args=(), environment=None):
        (tmp_path / "keys").write_text(json.dumps(entries or [kms.entry(kms.keys["k1"].arn)]))
        (tmp_path / "meta").write_text(json.dumps(sealed.meta))
        env = {**{k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
               **(kms.environment() if environment is None else environment)}
        return subprocess.run([OBJLENS, "decrypt", "--meta", tmp_path / "meta",
                               "--keys", tmp_path / "keys", *args], input=sealed.body,
                              capture_output=True, check=False, env=env, timeout=60)
    return run


def v2(kms, key, plain=PLAIN, context=None, wrap="kms+context", data_key=None):
    data_key, iv = data_key or os.urandom(32), os.urandom(12)
    context = ({"aws:x-amz-cek-alg": GCM, **(context or {})} if wrap == "kms+context"
               else {"kms_cmk_id": key.arn})
    blob = key.wrap(data_key, context)
    return s3.Sealed({META + "x-amz-key-v2": s3.b64(blob), META + "x-amz-iv": s3.b64(iv),
                      META + "x-amz-wrap-alg": wrap, META + "x-amz-cek-alg": GCM,
                      META + "x-amz-tag-len": "128", META + "x-amz-matdesc": json.dumps(context)},
                     AESGCM(data_key).encrypt(iv, plain, None))


def v3(kms, key, plain=PLAIN, context=None):
    data_key, message_id = os.urandom(32), os.urandom(28)
    context = {"aws:x-amz-cek-alg": "115", **(context or {})}
    content = AESGCM(s3.expand(data_key, message_id, b"DERIVEKEY", 32))
    meta = {"x-amz-c": "115", "x-amz-i": s3.b64(message_id), "x-amz-w": "12",
            "x-amz-d": s3.b64(s3.expand(data_key, message_id, b"COMMITKEY", 28)),
            "x-amz-3": s3.b64(key.wrap(data_key, context)), "x-amz-t": json.dumps(context)}
    return s3.Sealed({META + k: v for k, v in meta.items()},
                     content.encrypt(b"\x01" * 12, plain, b"\x00\x73"))


def opens(done, plain=PLAIN):
    assert done.returncode == 0, done.stderr
    assert done.stdout == plain


def is_refused(done, *words):
    assert done.returncode == 3, (done.returncode, done.stderr)
    assert done.stdout == b""
    for word in words:
        assert word.lower() in done.stderr.decode().lower(), done.stderr


# ---- what opens ----

@pytest.mark.parametrize("make", [v2, v3])
def test_context(kms, decrypt, make):
    sealed = make(kms, kms.keys["k1"], context={"team": "blau/ü", "a": "\"b\\"})
    opens(decrypt(sealed))
    operation, asked = kms.calls[-1]
    assert operation == "Decrypt"
    assert asked["KeyId"] == kms.keys["k1"].arn
    assert asked["EncryptionContext"]["team"] == "blau/ü"
    opens(decrypt(sealed, args=["--context", '{"team": "blau/ü", "a": "\\"b\\\\"}']))
    is_refused(decrypt(sealed, args=["--context", '{"team": "red"}']))


def test_old_wrap_is_legacy(kms, decrypt):
    sealed = v2(kms, kms.keys["k1"], wrap="kms")
    is_refused(decrypt(sealed))
    assert not kms.calls
    opens(decrypt(sealed, args=["--allow-legacy"]))
    assert kms.calls[-1][1]["EncryptionContext"] == {"kms_cmk_id": kms.keys["k1"].arn}


@pytest.mark.parametrize("name", ["k1", "alias/docs", ACCOUNT + "alias/docs", ACCOUNT + "key/k1"])
def test_names_of_a_key(kms, decrypt, name):
    opens(decrypt(v3(kms, kms.keys["k1"]), kms.entry(name)))


def test_several_keys_and_ranges(kms, decrypt):
    sealed = v2(kms, kms.keys["k2"])
    entries = [kms.entry("k1"), kms.entry("k2")]
    opens(decrypt(sealed, *entries))
    assert [call[1]["KeyId"] for call in kms.calls] == ["k1", "k2"]
    opens(decrypt(sealed, *entries, args=["--range=99-4097"]), PLAIN[99:4098])
    is_refused(decrypt(sealed, kms.entry("k1")))


def test_keys_on_two_services(kms, decrypt):
    other = MockKms()
    try:
        far = other.new_key("k9")
        opens(decrypt(v3(other, far), kms.entry("k1"), other.entry("k9")))
        opens(decrypt(v3(kms, kms.keys["k1"]), other.entry("k9"), kms.entry("k1")))
    finally:
        other.close()


def test_without_an_endpoint_the_environment_says_where(kms, decrypt):
    entry = {"type": "kms", "id": kms.keys["k1"].arn}
    opens(decrypt(v3(kms, kms.keys["k1"]), entry,
                  environment={**kms.environment(), "AWS_ENDPOINT_URL_KMS": kms.url}))


def test_the_region_is_that_of_the_key(kms, decrypt):
    opens(decrypt(v3(kms, kms.keys["k1"]), environment={**kms.environment(), "AWS_REGION": "x-1"}))


# ---- what is refused ----

def test_contexts_and_blobs_are_bound(kms, decrypt):
    sealed = v3(kms, kms.keys["k1"], context={"team": "blue"})
    for old, new in (("blue", "Blue"), ("team", "Team")):
        meta = {**sealed.meta, META + "x-amz-t": sealed.meta[META + "x-amz-t"].replace(old, new)}
        is_refused(decrypt(s3.Sealed(meta, sealed.body)))
    blob = bytearray(base64.b64decode(sealed.meta[META + "x-amz-3"]))
    for at in (0, 40, len(blob) - 1):
        bad = bytes(blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1:])
        is_refused(decrypt(s3.Sealed({**sealed.meta, META + "x-amz-3": s3.b64(bad)}, sealed.body)))


@pytest.mark.parametrize("state, word", [("Disabled", "is disabled"),
                                         ("PendingDeletion", "pending deletion"),
                                         ("Denied", "AccessDenied")])
def test_states_of_a_key(kms, decrypt, state, word):
    sealed = v3(kms, kms.keys["k1"])
    kms.keys["k1"].state = state
    is_refused(decrypt(sealed), word)
    assert len(kms.calls) == 1  # such an answer is final


def test_an_unknown_key(kms, decrypt):
    is_refused(decrypt(v3(kms, kms.keys["k1"]), kms.entry(ACCOUNT + "key/gone")), "does not exist")


def test_credentials_that_are_refused(kms, decrypt):
    wrong = {**kms.environment(), "AWS_SECRET_ACCESS_KEY": "not-it"}
    is_refused(decrypt(v3(kms, kms.keys["k1"]), environment=wrong), "InvalidSignature")
    is_refused(decrypt(v3(kms, kms.keys["k1"]), environment={"AWS_REGION": "eu-west-1"}),
               "UnrecognizedClient")


# ---- a KMS in trouble ----

@pytest.mark.parametrize("fault", [THROTTLED, BROKEN, Refused("ServiceUnavailable", status=503),
                                   Refused("x#ThrottlingException:http://y", status=400),
                                   lambda answer: None])
def test_trouble_that_passes(kms, decrypt, fault):
    kms.faults.extend([fault, fault])
    opens(decrypt(v3(kms, kms.keys["k1"])))
    assert len(kms.calls) == 3


@pytest.mark.parametrize("fault, word", [(THROTTLED, "Throttling"), (BROKEN, "KMSInternal"),
                                         (lambda answer: None, "kms")])
def test_trouble_that_stays(kms, decrypt, fault, word):
    kms.always = fault
    is_refused(decrypt(v3(kms, kms.keys["k1"])), word)
    assert len(kms.calls) == 4


def wrong_plaintext(answer):
    return {**answer, "Plaintext": s3.b64(os.urandom(32))}


GARBAGE = {
    "text": lambda answer: b"<html>hello</html>",
    "nothing": lambda answer: b"",
    "list": lambda answer: [answer],
    "twice": lambda answer: json.dumps(answer).encode()[:-1] + b', "Plaintext": "AAAA"}',
    "behind": lambda answer: json.dumps(answer).encode() + b"x",
    "short": lambda answer: json.dumps(answer).encode()[:-10],
    "no-key": lambda answer: {"KeyId": answer["KeyId"]},
    "no-name": lambda answer: {"Plaintext": answer["Plaintext"]},
    "number": lambda answer: {**answer, "Plaintext": 7},
    "not-base64": lambda answer: {**answer, "Plaintext": "****"},
    "short-key": lambda answer: {**answer, "Plaintext": "AAAA"},
    "long-key": lambda answer: {**answer, "Plaintext": s3.b64(os.urandom(1024))},
    "another-key": lambda answer: {**answer, "KeyId": ACCOUNT + "key/k2"},
    "alias-for-key": lambda answer: {**answer, "KeyId": ACCOUNT + "alias/docs"},
    "another-account": lambda answer: {**answer, "KeyId": answer["KeyId"].replace("1111", "2222")},
    "another-plaintext": wrong_plaintext,
    "huge": lambda answer: json.dumps({**answer, "Padding": "x" * 50_000_000}).encode(),
    "deep": lambda answer: b"[" * 20_000,
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage(kms, decrypt, name):
    kms.always = GARBAGE[name]
    is_refused(decrypt(v3(kms, kms.keys["k1"])))
    assert len(kms.calls) == 1


def test_slow(kms, decrypt):
    kms.always = lambda answer: kms.released.wait(30) and answer
    begin = time.monotonic()
    is_refused(decrypt(v3(kms, kms.keys["k1"])), "deadline")
    assert time.monotonic() - begin > 8, "it had its time"


def test_nobody_there(kms, decrypt):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        is_refused(decrypt(v3(kms, kms.keys["k1"]),
                           {"type": "kms", "id": "k1", "endpoint": url}))


@pytest.mark.parametrize("url", ["http://192.0.2.1:1", "http://kms.example.test",
                                 "http://127.0.0.1.example.test", "http://[2001:db8::1]:80",
                                 "http://128.0.0.1:80", "ftp://127.0.0.1", "127.0.0.1:80"])
def test_plain_http_beyond_loopback(kms, decrypt, url):
    """Refused for what it is, and not because nobody answered there."""
    entry = {"type": "kms", "id": "k1", "endpoint": url}
    is_refused(decrypt(v3(kms, kms.keys["k1"]), entry),
               "do not travel in plain HTTP" if url.startswith("http://") else "http")


def test_nothing_secret_is_said(kms, decrypt):
    """Neither key, nor credentials, nor the KMS's words about who may not."""
    data_key = os.urandom(32)
    sealed = v2(kms, kms.keys["k1"], data_key=data_key)
    for fault in (None, THROTTLED, GARBAGE["behind"], GARBAGE["no-name"]):
        kms.always = fault
        said = decrypt(sealed).stderr
        assert s3.b64(data_key).encode() not in said
        assert b"a-secret-of-the-kms" not in said


@pytest.mark.parametrize("make, field", [(v2, "x-amz-matdesc"), (v3, "x-amz-t")])
def test_contexts_in_any_script_and_any_coding(kms, decrypt, make, field):
    """The KMS binds the context as the client had it, however S3 and the client's own library coded the header."""
    context = {"Grüße": "日本", "team": "a b=_?"}
    sealed = make(kms, kms.keys["k1"], b"secret", context)
    coded = json.dumps(json.loads(sealed.meta[META + field]), ensure_ascii=False).encode()
    twice = coded.decode("latin-1").encode()
    q = "".join(chr(b) if 47 < b < 58 or 64 < b < 91 else "_" if b == 32 else f"={b:02X}" for b in coded)
    spaced = json.dumps(dict(reversed(json.loads(coded).items())), indent=1)
    for value in (coded.decode(), coded.decode("latin-1"), f"=?UTF-8?B?{s3.b64(coded)}?=",
                  f"=?UTF-8?B?{s3.b64(twice)}?=", f"=?UTF-8?Q?{q}?=", spaced):
        opens(decrypt(s3.Sealed({**sealed.meta, META + field: value}, sealed.body)), b"secret")
        opens(decrypt(s3.Sealed({**sealed.meta, META + field: value}, sealed.body),
                      args=["--context", json.dumps(context)]), b"secret")
    other = coded.replace("日".encode(), "月".encode())
    is_refused(decrypt(s3.Sealed({**sealed.meta, META + field: other.decode()}, sealed.body)))
