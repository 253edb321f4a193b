# SPDX-License-Identifier: MIT
"""Keys of a KMS, with software that others wrote on the other side: moto's KMS as the service, the AWS
Encryption SDK for JavaScript as the client that sealed the object."""
import base64
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request

import boto3
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from encryption import s3_formats as s3
from encryption.mock_kms import MockKms
from encryption.s3_formats import META
from kit.server import OBJLENS, free_port


def python_with_moto():
    for python in (sys.executable, shutil.which("python3"), shutil.which("python")):
        if python and subprocess.run([python, "-c", "import moto.server"], capture_output=True,
                                     check=False).returncode == 0:
            return python
    return None


def answers(url):
    try:
        return urllib.request.urlopen(url + "/moto-api/", timeout=2).status == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def moto():
    python = python_with_moto()
    if not python:
        pytest.skip("moto with its server is not installed (pip install 'moto[server]')")
    url = f"http://127.0.0.1:{(port := free_port())}"
    process = subprocess.Popen([python, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while not answers(url):
            assert process.poll() is None and time.monotonic() < until
        yield url
    finally:
        process.terminate()
        process.wait(10)


def client_of(url):
    return boto3.client("kms", endpoint_url=url, region_name="eu-west-1",
                        aws_access_key_id="tester", aws_secret_access_key="secret")


def decrypt(tmp_path, entry, body, meta=None, args=(), env=None):
    (tmp_path / "keys").write_text(json.dumps([entry]))
    (tmp_path / "meta").write_text(json.dumps(meta or {}))
    return subprocess.run([OBJLENS, "decrypt", "--meta", tmp_path / "meta", "--keys",
                           tmp_path / "keys", *args], input=body, capture_output=True, check=False,
                          env={**os.environ, **(env or {})}, timeout=60)


def test_moto(tmp_path, moto):
    kms = client_of(moto)
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/sealed", TargetKeyId=key["KeyId"])
    context = {"aws:x-amz-cek-alg": "115", "team": "blue"}
    made = kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256", EncryptionContext=context)
    message_id, plain = os.urandom(28), os.urandom(70_000)
    meta = {META + "x-amz-c": "115", META + "x-amz-i": s3.b64(message_id), META + "x-amz-w": "12",
            META + "x-amz-d": s3.b64(s3.expand(made["Plaintext"], message_id, b"COMMITKEY", 28)),
            META + "x-amz-3": s3.b64(made["CiphertextBlob"]), META + "x-amz-t": json.dumps(context)}
    body = AESGCM(s3.expand(made["Plaintext"], message_id, b"DERIVEKEY", 32)).encrypt(
        b"\x01" * 12, plain, b"\x00\x73")
    for name in (key["Arn"], key["KeyId"], "alias/sealed"):
        entry = {"type": "kms", "id": name, "endpoint": moto}
        done = decrypt(tmp_path, entry, body, meta, env={"AWS_REGION": "eu-west-1"})
        assert (done.returncode, done.stdout) == (0, plain), done.stderr
    entry = {"type": "kms", "id": key["Arn"], "endpoint": moto}
    changed = {**meta, META + "x-amz-t": json.dumps({**context, "team": "red"})}
    assert decrypt(tmp_path, entry, body, changed).returncode == 3
    # (Its Decrypt does not look at a key's state, nor at who asks.)
    gone = {**entry, "id": key["Arn"].replace(key["KeyId"], "00000000-1111-2222-3333-444444444444")}
    done = decrypt(tmp_path, gone, body, meta)
    assert (done.returncode, done.stdout) == (3, b""), done.stderr


def test_the_encryption_sdk(tmp_path, js):
    kms = MockKms()
    try:
        key = kms.new_key("11111111-2222-3333-4444-555555555555")
        written = js(None, "encryption_sdk_kms.mjs", ENDPOINT=kms.url, KEY=key.arn,
                     **kms.environment())
        body, plain = base64.b64decode(written["body"]), base64.b64decode(written["plain"])
        entry, env = kms.entry(key.arn), kms.environment()
        done = decrypt(tmp_path, entry, body, env=env)
        assert (done.returncode, done.stdout) == (0, plain), done.stderr
        assert decrypt(tmp_path, entry, body, args=["--context", '{"team": "red"}'],
                       env=env).returncode == 3
        asked = [call for call in kms.calls if call[0] == "Decrypt"][0][1]
        assert asked["EncryptionContext"]["team"] == "blue"
        assert asked["EncryptionContext"]["place"] == "Zürich"
    finally:
        kms.close()
