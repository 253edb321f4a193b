# SPDX-License-Identifier: MIT
"""Encryption SDK messages of every suite, framed or in one block, signed or not, for raw AES and RSA keyrings: made
after the published specification with another library than objlens uses."""
import base64
import os
import struct

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from encryption.sdk_formats import counted, pairs, wrapped

# id: (key length, hash of the derivation, commits, curve)
SUITES = {
    0x0014: (16, None, False, None), 0x0046: (24, None, False, None), 0x0078: (32, None, False, None),
    0x0114: (16, hashes.SHA256, False, None), 0x0146: (24, hashes.SHA256, False, None),
    0x0178: (32, hashes.SHA256, False, None),
    0x0214: (16, hashes.SHA256, False, ec.SECP256R1), 0x0346: (24, hashes.SHA384, False, ec.SECP384R1),
    0x0378: (32, hashes.SHA384, False, ec.SECP384R1),
    0x0478: (32, hashes.SHA512, True, None), 0x0578: (32, hashes.SHA512, True, ec.SECP384R1),
}


def oaep(hash_):
    return rsa_padding.OAEP(rsa_padding.MGF1(hash_()), hash_(), None)


def by_aes(key, name="k", namespace="n"):
    return lambda data_key, context: wrapped(key, name, namespace, data_key, context)


def by_rsa(key, name="r", namespace="n", padding=None):
    padding = padding or oaep(hashes.SHA256)
    return lambda data_key, context: (counted(namespace.encode()) + counted(name.encode())
                                      + counted(key.public.encrypt(data_key, padding)))


def by_nobody(provider, info, blob):
    """As it stands there; nobody here can open it."""
    return lambda data_key, context: counted(provider) + counted(info) + counted(blob)


class Writer:
    def __init__(self, suite, keys, context=None, frame=4096):
        self.suite, self.frame = suite, frame
        self.size, self.hash, self.commits, curve = SUITES[suite]
        self.data_key = os.urandom(self.size)
        self.identity = os.urandom(32 if self.commits else 16)
        self.signer = ec.generate_private_key(curve()) if curve else None
        self.context = dict(context or {})
        if self.signer:
            point = self.signer.public_key().public_bytes(serialization.Encoding.X962,
                                                          serialization.PublicFormat.CompressedPoint)
            self.context["aws-crypto-public-key"] = base64.b64encode(point).decode()
        self.wraps = [wrap(self.data_key, self.context) for wrap in keys]
        self.cipher = AESGCM(self.content_key())

    def derive(self, info, length):
        salt = self.identity if self.commits else None
        return HKDF(self.hash(), length, salt, info).derive(self.data_key)

    def content_key(self):
        if not self.hash:
            return self.data_key
        number = struct.pack(">H", self.suite)
        return self.derive(number + (b"DERIVEKEY" if self.commits else self.identity), self.size)

    def header(self):
        number = struct.pack(">H", self.suite)
        begin = b"\2" + number if self.commits else b"\1\x80" + number
        begin += self.identity + counted(pairs(self.context)) + struct.pack(">H", len(self.wraps))
        begin += b"".join(self.wraps) + (b"\2" if self.frame else b"\1")
        if not self.commits:
            begin += bytes(4) + b"\x0c"
        begin += struct.pack(">I", self.frame)
        if self.commits:
            begin += self.derive(b"COMMITKEY", 32)
        tag = self.cipher.encrypt(bytes(12), b"", begin)
        return begin + (b"" if self.commits else bytes(12)) + tag

    def seal(self, text, number, kind):
        iv = struct.pack(">QI", 0, number)
        aad = self.identity + b"AWSKMSEncryptionClient " + kind + struct.pack(">IQ", number, len(text))
        return iv, self.cipher.encrypt(iv, text, aad)

    def body(self, plain):
        if not self.frame:
            iv, sealed = self.seal(plain, 1, b"Single Block")
            return iv + struct.pack(">Q", len(plain)) + sealed
        out, number, at = [], 1, 0
        while len(plain) - at > self.frame:
            iv, sealed = self.seal(plain[at:at + self.frame], number, b"Frame")
            out.append(struct.pack(">I", number) + iv + sealed)
            number, at = number + 1, at + self.frame
        iv, sealed = self.seal(plain[at:], number, b"Final Frame")
        out.append(b"\xff" * 4 + struct.pack(">I", number) + iv + struct.pack(">I", len(plain) - at) + sealed)
        return b"".join(out)

    def message(self, plain):
        text = self.header() + self.body(plain)
        if not self.signer:
            return text
        hash_ = hashes.SHA256() if self.suite == 0x0214 else hashes.SHA384()
        return text + counted(self.signer.sign(text, ec.ECDSA(hash_)))


def message(plain, suite, keys, **more):
    return Writer(suite, keys, **more).message(plain)
