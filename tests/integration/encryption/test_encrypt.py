# SPDX-License-Identifier: MIT
"""`objlens encrypt`: what it makes is what the clients make, and opens again."""
import base64
import json
import os
import subprocess

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from encryption import s3_formats as s3
from encryption.mock_kms import MockKms
from encryption.s3_formats import META, AesKey, RsaKey
from kit.server import OBJLENS

AES, RSA = AesKey(), RsaKey()
OAEP256 = "RSA/ECB/OAEPWithSHA-256AndMGF1Padding"
LEGACY = "--allow-legacy"
FORMS = [("s3-v1", AES, None, LEGACY), ("s3-v1", RSA, None, LEGACY), ("s3-v2", AES, None, None),
         ("s3-v2", RSA, "RSA-OAEP-SHA1", None), ("s3-v2", AES, "AESWrap", LEGACY),
         ("s3-v2", RSA, OAEP256, LEGACY), ("s3-v3", AES, "AES/GCM", None), ("s3-v3", RSA, None, None)]


@pytest.fixture
def tool(tmp_path):
    def run(name, body, *keys, args=(), file=False):
        (tmp_path / "keys").write_text(json.dumps([key.entry() for key in keys]))
        out = "-out" if name == "encrypt" else ""
        command = [OBJLENS, name, "--keys", tmp_path / "keys", f"--meta{out}", tmp_path / "meta", *args]
        if file:
            command += [f"--instruction{out}", tmp_path / "file"]
        secrets = [key.mock.environment() for key in keys if isinstance(key, KmsKey)]
        return subprocess.run(command, input=body, capture_output=True, check=False,
                              env={**os.environ, **(secrets[0] if secrets else {})})
    run.folder = tmp_path
    return run


def made(tool, form, plain, *more, file=False):
    name, key, wrap, legacy = form
    args = [f"--format={name}", *([f"--wrap={wrap}"] if wrap else []), *([legacy] if legacy else []), *more]
    done = tool("encrypt", plain, key, args=args, file=file)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("file", [False, True], ids=["object", "file"])
@pytest.mark.parametrize("form", FORMS, ids=lambda f: f"{f[0]}-{type(f[1]).__name__}-{f[2]}")
def test_it_opens_again(tool, form, file):
    context = '{"team": "blü"}'
    for size in (0, 1, 16, 4096, 65537, 1_000_003):
        plain = os.urandom(size)
        body = made(tool, form, plain, "--context", context, file=file)
        args = ["--context", context, *([form[3]] if form[3] else [])]
        done = tool("decrypt", body, form[1], args=args, file=file)
        assert (done.returncode, done.stdout) == (0, plain), done.stderr


@pytest.mark.parametrize("form", [f for f in FORMS if f[3]])
def test_legacy_is_off_by_default(tool, form):
    name, key, wrap, _ = form
    args = [f"--format={name}", *([f"--wrap={wrap}"] if wrap else [])]
    done = tool("encrypt", b"secret", key, args=args)
    assert (done.returncode, done.stdout) == (3, b"")


def test_another_library_opens_v2_and_v3(tool):
    body = made(tool, ("s3-v2", AES, None, None), b"secret")
    meta = json.loads((tool.folder / "meta").read_text())
    wrapped = base64.b64decode(meta[META + "x-amz-key-v2"])
    key = AESGCM(AES.material).decrypt(wrapped[:12], wrapped[12:], b"AES/GCM/NoPadding")
    assert AESGCM(key).decrypt(base64.b64decode(meta[META + "x-amz-iv"]), body, None) == b"secret"
    assert meta[META + "x-amz-tag-len"] == "128" and meta[META + "x-amz-wrap-alg"] == "AES/GCM"

    body = made(tool, ("s3-v3", AES, None, None), b"secret", file=True)
    meta = json.loads((tool.folder / "meta").read_text())
    file = json.loads((tool.folder / "file").read_text())
    assert sorted(meta) == [META + f"x-amz-{n}" for n in "cdi"]
    assert sorted(file) == ["x-amz-3", "x-amz-m", "x-amz-w"]
    wrapped = base64.b64decode(file["x-amz-3"])
    key = AESGCM(AES.material).decrypt(wrapped[:12], wrapped[12:], b"115")
    identity = base64.b64decode(meta[META + "x-amz-i"])
    assert s3.b64(s3.expand(key, identity, b"COMMITKEY", 28)) == meta[META + "x-amz-d"]
    assert AESGCM(s3.expand(key, identity, b"DERIVEKEY", 32)).decrypt(b"\1" * 12, body, b"\0\x73") == b"secret"


def test_what_cannot_be_made(tool):
    for args in (["--format=s3-v3", "--wrap=AESWrap", LEGACY], ["--format=s3-v4"],
                 ["--format=s3-v2", "--wrap=none"], ["--format=s3-v2", "--wrap=RSA-OAEP-SHA1"],
                 ["--format=s3-v2", "--context=[]"]):
        done = tool("encrypt", b"secret", AES, args=args)
        assert (done.returncode, done.stdout) == (3, b""), args


class KmsKey:
    def __init__(self, mock):
        self.mock = mock

    def entry(self):
        return {"type": "kms", "id": "k1", "endpoint": self.mock.url}


@pytest.mark.parametrize("form", [("s3-v2", None, None), ("s3-v2", "kms", LEGACY), ("s3-v3", None, None)])
def test_a_kms_makes_the_key(tool, form):
    mock = MockKms()
    mock.new_key("k1")
    try:
        key = KmsKey(mock)
        for file in (False, True):
            body = made(tool, (form[0], key, *form[1:]), b"secret", "--context", '{"team": "blue"}', file=file)
            for context, want in (('{"team": "blue"}', (0, b"secret")), ('{"team": "red"}', (3, b""))):
                args = ["--context", context, *([form[2]] if form[2] else [])]
                done = tool("decrypt", body, key, args=args, file=file)
                assert (done.returncode, done.stdout) == want, done.stderr
    finally:
        mock.close()
