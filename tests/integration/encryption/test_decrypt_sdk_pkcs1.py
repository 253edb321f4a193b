# SPDX-License-Identifier: MIT
"""Messages of the Encryption SDK whose data key is wrapped by RSA with PKCS#1 v1.5, made here."""
import json
import os
import struct
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from encryption.s3_formats import RsaKey
from kit.server import OBJLENS

RSA, OTHER = RsaKey(), RsaKey()


def counted(data):
    return struct.pack(">H", len(data)) + data


def message(suite, bits, plain, wrapped=None):
    """Format 1 without key derivation, one block; other people's keys first."""
    key, message_id = os.urandom(bits // 8), os.urandom(16)
    wrapped = wrapped or RSA.public.encrypt(key, padding.PKCS1v15())
    keys = [(b"aws-kms", b"arn:aws:kms:eu-west-1:1:key/x", b"blob"), (b"other", b"r1", wrapped),
            (b"ns", b"r1", wrapped)]
    header = (b"\x01\x80" + struct.pack(">H", suite) + message_id + counted(b"") +
              struct.pack(">H", len(keys)) + b"".join(counted(p) for k in keys for p in k) +
              b"\x01" + bytes(4) + b"\x0c" + bytes(4))
    iv = bytes(11) + b"\1"
    aad = message_id + b"AWSKMSEncryptionClient Single Block" + struct.pack(">IQ", 1, len(plain))
    return (header + bytes(12) + AESGCM(key).encrypt(bytes(12), b"", header) + iv +
            struct.pack(">Q", len(plain)) + AESGCM(key).encrypt(iv, plain, aad))


@pytest.fixture
def decrypt(tmp_path):
    def run(body, key):
        (tmp_path / "keys").write_text(json.dumps([{**key.entry(), "namespace": "ns"}]))
        return subprocess.run([OBJLENS, "decrypt", "--keys", tmp_path / "keys"], input=body,
                              capture_output=True, check=False)
    return run


@pytest.mark.parametrize("suite, bits", [(0x14, 128), (0x46, 192), (0x78, 256)])
def test_it_opens_and_nothing_else_does(decrypt, suite, bits):
    for size in (0, 1, 100_000):
        plain = os.urandom(size)
        done = decrypt(message(suite, bits, plain), RSA)
        assert (done.returncode, done.stdout) == (0, plain), done.stderr
    for body, key in ((message(suite, bits, b"x"), OTHER),
                      (message(suite, bits, b"x", os.urandom(256)), RSA),
                      (message(suite, bits, b"x", os.urandom(255)), RSA),
                      (message(suite, bits, b"x")[:-1], RSA), (message(suite, bits, b"x") + b"x", RSA)):
        done = decrypt(body, key)
        assert (done.returncode, done.stdout) == (3, b"")
