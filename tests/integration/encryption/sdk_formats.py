# SPDX-License-Identifier: MIT
"""Encryption SDK messages, made with another library than objlens uses, where the SDK itself cannot be had to
write such: required encryption contexts, many wrapped keys. Raw AES keyrings, suite 0478, one frame."""
import os
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def counted(data):
    return struct.pack(">H", len(data)) + data


def pairs(context):
    texts = sorted((k.encode(), v.encode()) for k, v in context.items())
    return struct.pack(">H", len(texts)) + b"".join(counted(k) + counted(v) for k, v in texts) if texts else b""


def wrapped(key, name, namespace, data_key, context):
    iv = os.urandom(12)
    info = name.encode() + struct.pack(">II", 128, 12) + iv
    return counted(namespace.encode()) + counted(info) + counted(
        AESGCM(key).encrypt(iv, data_key, pairs(context)))


def message(plain, keys, stored=None, kept_out=None):
    """keys: (material, name, namespace); kept_out: pairs that are authenticated and not written."""
    stored, kept_out = stored or {}, kept_out or {}
    data_key, identity = os.urandom(32), os.urandom(32)

    def derive(info, length):
        return HKDF(hashes.SHA512(), length, identity, info).derive(data_key)

    header = b"\2\4\x78" + identity + counted(pairs(stored)) + struct.pack(">H", len(keys))
    header += b"".join(wrapped(*key, data_key, {**stored, **kept_out}) for key in keys)
    header += b"\2" + struct.pack(">I", 4096) + derive(b"COMMITKEY", 32)
    content = AESGCM(derive(b"\4\x78DERIVEKEY", 32))
    header += content.encrypt(bytes(12), b"", header + pairs(kept_out))
    iv = struct.pack(">Q", 0) + struct.pack(">I", 1)
    aad = identity + b"AWSKMSEncryptionClient Final Frame" + struct.pack(">IQ", 1, len(plain))
    return (header + b"\xff" * 4 + struct.pack(">I", 1) + iv + struct.pack(">I", len(plain))
            + content.encrypt(iv, plain, aad))
