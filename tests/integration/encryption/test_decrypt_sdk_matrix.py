# SPDX-License-Identifier: MIT
"""`objlens decrypt` on Encryption SDK messages of every suite and shape, written after the specification."""
import json
import os
import subprocess

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding

from encryption import s3_formats as s3
from encryption.sdk_writer import SUITES, Writer, by_aes, by_nobody, by_rsa, message, oaep
from kit.server import OBJLENS

KEY, RSA = os.urandom(32), s3.RsaKey()
PLAIN = os.urandom(10_000)
CONTEXT = {"team": "blau", "größe": "日本"}
ARN = b"arn:aws:kms:us-east-1:111122223333:key/1234abcd"


def aes_entry(key=KEY, name="k", namespace="n"):
    return {"type": "aes", "id": name, "namespace": namespace, "material": s3.b64(key)}


def rsa_entry(**more):
    return {**RSA.entry(), "id": "r", "namespace": "n", **more}


@pytest.fixture
def decrypt(tmp_path):
    def run(body, *args, keys=None):
        (tmp_path / "keys").write_text(json.dumps(keys or [aes_entry(), rsa_entry()]))
        return subprocess.run([OBJLENS, "decrypt", "--keys", tmp_path / "keys", *args], input=body,
                              capture_output=True, check=False)
    return run


def opens(done, plain=PLAIN):
    assert (done.returncode, done.stdout == plain) == (0, True), done.stderr


def is_refused(done):
    assert (done.returncode, done.stdout) == (3, b""), done.stderr


@pytest.mark.parametrize("suite", SUITES, ids=lambda s: f"{s:04x}")
def test_every_suite(decrypt, suite):
    for number, (frame, size) in enumerate(((4096, 10_000), (0, 10_000), (4096, 8192), (4096, 0), (1, 5),
                                            (100_000, 10_000), (0, 0))):
        plain, wrap = PLAIN[:size], by_rsa(RSA) if number % 2 else by_aes(KEY)
        body = message(plain, suite, [wrap], frame=frame, context=CONTEXT)
        opens(decrypt(body, "--context", json.dumps(CONTEXT)), plain)
        if number > 1:
            continue
        opens(decrypt(body, "--range=4090-8200"), plain[4090:8201])
        is_refused(decrypt(body, "--range=10000-"))
        is_refused(decrypt(body, "--context", json.dumps({"team": "rot"})))
        for at in (30, len(body) - 3, len(body) // 2):
            is_refused(decrypt(body[:at] + bytes([body[at] ^ 8]) + body[at + 1:]))
        for broken in (body[:-1], body + b"\0"):
            is_refused(decrypt(broken))


@pytest.mark.parametrize("padding", [oaep(hashes.SHA1), oaep(hashes.SHA256), oaep(hashes.SHA384),
                                     oaep(hashes.SHA512), rsa_padding.PKCS1v15()],
                         ids=["sha1", "sha256", "sha384", "sha512", "pkcs1"])
def test_every_padding(decrypt, padding):
    for suite in (0x0014, 0x0178, 0x0578):
        opens(decrypt(message(PLAIN, suite, [by_rsa(RSA, padding=padding)])))


def test_whose_key_it_is(decrypt):
    """A provider and a name that are not ours are passed over, wherever they stand."""
    theirs = [by_nobody(b"aws-kms", ARN, os.urandom(200)), by_aes(os.urandom(32), "k", "other"),
              by_aes(os.urandom(32), "other", "n"), by_nobody(b"n", b"k", os.urandom(40)),
              by_nobody(b"n", b"r", os.urandom(256)), by_nobody(b"", b"", b"")]
    for ours in (by_aes(KEY), by_rsa(RSA)):
        for keys in ([*theirs, ours], [ours, *theirs], [*theirs[:2], ours, *theirs[2:]]):
            opens(decrypt(message(PLAIN, 0x0578, keys)))
    is_refused(decrypt(message(PLAIN, 0x0578, theirs)))
    body = message(PLAIN, 0x0478, [by_aes(KEY)])
    opens(decrypt(body, keys=[{"type": "aes", "material": s3.b64(KEY)}]))
    opens(decrypt(body, keys=[{"type": "aes", "id": "k", "material": s3.b64(KEY)}]))
    for name, namespace in (("k", "other"), ("other", "n"), ("K", "n"), ("", "other")):
        is_refused(decrypt(body, keys=[aes_entry(name=name, namespace=namespace)]))
    for bits in (128, 192):
        short = os.urandom(bits // 8)
        opens(decrypt(message(PLAIN, 0x0578, [by_aes(short)]), keys=[aes_entry(short)]))


def test_signatures_and_commitments_cannot_be_left_out(decrypt):
    """A suite that is said to be another one, a signature that is cut off or another's."""
    for suite in (0x0214, 0x0346, 0x0378, 0x0578):
        writer = Writer(suite, [by_aes(KEY)])
        body = writer.message(PLAIN)
        opens(decrypt(body))
        unsigned = writer.header() + writer.body(PLAIN)
        is_refused(decrypt(unsigned))
        is_refused(decrypt(unsigned + b"\0\0"))
        other = Writer(suite, [by_aes(KEY)])
        writer.signer = other.signer
        is_refused(decrypt(writer.message(PLAIN)))
    committing = message(PLAIN, 0x0478, [by_aes(KEY)])
    for suite in (0x0578, 0x0178, 0x0078):
        is_refused(decrypt(committing[:1] + suite.to_bytes(2, "big") + committing[3:]))
    opens(decrypt(committing, "--require-commitment"))
    is_refused(decrypt(message(PLAIN, 0x0178, [by_aes(KEY)]), "--require-commitment"))
