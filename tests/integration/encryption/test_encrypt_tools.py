# SPDX-License-Identifier: MIT
"""`objlens encrypt` in the formats of tools: the tools themselves open what it makes, and so does it."""
import json
import os
import shutil
import subprocess

import pytest

from encryption import s3_formats as s3
from encryption.test_decrypt_pgp import gpg, key  # noqa: F401
from encryption.test_decrypt_tools import PASSWORD, need
from kit.server import OBJLENS

SIZES = [0, 1, 4096, 65536, 65537, 200_001]
ENTRY = {"type": "password", "id": "p", "material": PASSWORD}
AES = {"type": "aes", "id": "k", "namespace": "n", "material": s3.b64(bytes(range(32)))}


@pytest.fixture
def tool(tmp_path):
    def run(name, body, entry, *args):
        (tmp_path / "keys").write_text(json.dumps([entry]))
        return subprocess.run([OBJLENS, name, "--keys", tmp_path / "keys", *args], input=body,
                              capture_output=True, check=False)
    return run


def made(tool, form, plain, entry, *args):
    done = tool("encrypt", plain, entry, f"--format={form}", *args)
    assert done.returncode == 0, done.stderr
    again = tool("decrypt", done.stdout, entry, *(["--allow-legacy"] if form == "openssl" else []))
    assert (again.returncode, again.stdout) == (0, plain), again.stderr
    return done.stdout


def opened(*command, body):
    return subprocess.run(command, input=body, capture_output=True, check=True).stdout


@need("age")
def test_age(tool, tmp_path):
    keys = subprocess.run(["age-keygen"], capture_output=True, text=True, check=True).stdout
    (tmp_path / "identity").write_text(keys)
    for size in SIZES:
        plain = os.urandom(size)
        body = made(tool, "age", plain, {"type": "password", "id": "i", "material": keys})
        assert opened("age", "-d", "-i", tmp_path / "identity", body=body) == plain
    made(tool, "age", b"secret", ENTRY)


@need("openssl")
def test_openssl(tool):
    for size in SIZES:
        plain = s3.b64(os.urandom(size)).encode()[:size]
        body = made(tool, "openssl", plain, ENTRY, "--allow-legacy")
        assert opened("openssl", "enc", "-d", "-aes-256-cbc", "-pbkdf2", "-k", PASSWORD, body=body) == plain
    assert tool("encrypt", b"secret", ENTRY, "--format=openssl").returncode == 3


@need("rclone")
@pytest.mark.parametrize("salt", [None, "and salt"])
def test_rclone(tool, tmp_path, salt):
    def obscured(text):
        return subprocess.run(["rclone", "obscure", text], capture_output=True, text=True,
                              check=True).stdout.strip()
    environment = {**os.environ, "RCLONE_CONFIG": "/dev/null", "RCLONE_CRYPT_REMOTE": str(tmp_path / "crypt"),
                   "RCLONE_CRYPT_PASSWORD": obscured(PASSWORD), "RCLONE_CRYPT_FILENAME_ENCRYPTION": "off"}
    if salt:
        environment["RCLONE_CRYPT_PASSWORD2"] = obscured(salt)
    (tmp_path / "crypt").mkdir()
    for size in SIZES:
        plain = os.urandom(size)
        body = made(tool, "rclone", plain, {**ENTRY, "namespace": salt or ""})
        (tmp_path / "crypt" / f"x{size}.bin").write_bytes(body)
        done = subprocess.run(["rclone", "cat", f":crypt:x{size}"], env=environment, capture_output=True,
                              check=True)
        assert done.stdout == plain


@pytest.mark.skipif(not shutil.which("gpg"), reason="gpg is not installed")
def test_openpgp(tool, gpg):  # noqa: F811
    for size in SIZES[::2]:
        plain = os.urandom(size)
        body = made(tool, "openpgp", plain, ENTRY)
        assert gpg("--pinentry-mode", "loopback", "--passphrase", PASSWORD, "-d", body=body) == plain
        body = made(tool, "openpgp", plain, key(gpg, "rsa"))
        assert gpg("-d", body=body) == plain


def test_the_encryption_sdk_opens_it(tool, js, tmp_path):
    rsa = s3.RsaKey()
    entries = [AES, {**rsa.entry(), "namespace": "n"}]
    messages = []
    for entry in entries:
        for size in SIZES:
            plain = os.urandom(size)
            body = made(tool, "aws-encryption-sdk", plain, entry, "--context", '{"team": "blü", "a": "1"}')
            messages.append({"key": entry["type"], "body": s3.b64(body), "plain": s3.b64(plain)})
    (tmp_path / "messages").write_text(json.dumps({"keys": entries, "messages": messages}))
    assert js(None, "encryption_sdk_opens.mjs", MESSAGES=str(tmp_path / "messages")) == {"opened": len(messages)}


def test_what_cannot_be_made(tool):
    for form, entry, args in (("age", AES, []), ("rclone", AES, []), ("openpgp", AES, []),
                              ("aws-encryption-sdk", ENTRY, []), ("age", ENTRY, ["--context", "{}"]),
                              ("age", ENTRY, ["--wrap", "AES/GCM"]), ("zip", ENTRY, [])):
        done = tool("encrypt", b"secret", entry, f"--format={form}", *args)
        assert (done.returncode, done.stdout) == (3, b""), form
