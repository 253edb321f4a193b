# SPDX-License-Identifier: MIT
"""Objects as the S3 encryption clients write them, made with another library than objlens uses
(python3-cryptography) from the published specification. One Sealed an object."""
import base64
import dataclasses
import json
import os

from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

GCM = "AES/GCM/NoPadding"
CBC = "AES/CBC/PKCS5Padding"
META = "x-amz-meta-"


def b64(data):
    return base64.b64encode(data).decode()


@dataclasses.dataclass
class Sealed:
    meta: dict
    body: bytes
    instruction: dict | None = None

    def into_instruction(self):
        """V1 and V2: everything goes into the file."""
        return Sealed({}, self.body, {k.removeprefix(META): v for k, v in self.meta.items()})


class AesKey:
    def __init__(self, bits=256, name="k1"):
        self.material, self.name = os.urandom(bits // 8), name

    def entry(self):
        return {"type": "aes", "id": self.name, "material": b64(self.material)}


class RsaKey:
    def __init__(self, bits=2048, name="r1"):
        self.private, self.name = rsa.generate_private_key(65537, bits), name
        self.public = self.private.public_key()

    def entry(self):
        pem = self.private.private_bytes(serialization.Encoding.PEM,
                                         serialization.PrivateFormat.PKCS8,
                                         serialization.NoEncryption()).decode()
        return {"type": "rsa", "id": self.name, "material": pem}


def pad(data):
    padder = padding.PKCS7(128).padder()
    return padder.update(data) + padder.finalize()


def ecb(key, data):
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return encryptor.update(pad(data)) + encryptor.finalize()


def cbc(key, iv, data):
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(pad(data)) + encryptor.finalize()


def oaep(key, block, hash_, mgf):
    return key.public.encrypt(block, rsa_padding.OAEP(rsa_padding.MGF1(mgf), hash_, None))


def v1(key, plain, bits=256, matdesc=None):
    data_key, iv = os.urandom(bits // 8), os.urandom(16)
    wrapped = (ecb(key.material, data_key) if isinstance(key, AesKey)
               else key.public.encrypt(data_key, rsa_padding.PKCS1v15()))
    return Sealed({META + "x-amz-key": b64(wrapped), META + "x-amz-iv": b64(iv),
                   META + "x-amz-matdesc": json.dumps(matdesc or {})},
                  cbc(data_key, iv, plain))


def wrap_v2(key, wrap, data_key, name):
    if wrap == "AESWrap":
        return aes_key_wrap(key.material, data_key)
    if wrap == "RSA/ECB/OAEPWithSHA-256AndMGF1Padding":
        return oaep(key, data_key, hashes.SHA256(), hashes.SHA1())
    if wrap == "RSA/ECB/OAEPWithSHA-256AndMGF1Padding/MGF256":
        return oaep(key, data_key, hashes.SHA256(), hashes.SHA256())
    if wrap in ("AES/GCM", "02"):
        iv = os.urandom(12)
        return iv + AESGCM(key.material).encrypt(iv, data_key, name.encode())
    assert wrap in ("RSA-OAEP-SHA1", "22"), wrap
    block = bytes([len(data_key)]) + data_key + name.encode()
    return oaep(key, block, hashes.SHA1(), hashes.SHA1())


def v2(key, plain, wrap="AES/GCM", cek=GCM, matdesc=None, tag_len="128"):
    data_key = os.urandom(32)
    iv = os.urandom(12 if cek == GCM else 16)
    body = AESGCM(data_key).encrypt(iv, plain, None) if cek == GCM else cbc(data_key, iv, plain)
    meta = {"x-amz-key-v2": b64(wrap_v2(key, wrap, data_key, cek)), "x-amz-iv": b64(iv),
            "x-amz-wrap-alg": wrap.removesuffix("/MGF256"), "x-amz-cek-alg": cek,
            "x-amz-matdesc": json.dumps(matdesc or {})}
    if cek == GCM:
        meta["x-amz-tag-len"] = tag_len
    return Sealed({META + k: v for k, v in meta.items()}, body)


def expand(data_key, message_id, label, length):
    return HKDF(hashes.SHA512(), length, message_id, b"\x00\x73" + label).derive(data_key)


def v3(key, plain, wrap="02", matdesc=None, file=False, content_iv=b"\x01" * 12, aad=b"\x00\x73"):
    data_key, message_id = os.urandom(32), os.urandom(28)
    body = AESGCM(expand(data_key, message_id, b"DERIVEKEY", 32)).encrypt(content_iv, plain, aad)
    on_object = {"x-amz-c": "115", "x-amz-i": b64(message_id),
                 "x-amz-d": b64(expand(data_key, message_id, b"COMMITKEY", 28))}
    wrapping = {"x-amz-3": b64(wrap_v2(key, wrap, data_key, "115")), "x-amz-w": wrap,
                "x-amz-m": json.dumps(matdesc or {})}
    if file:
        return Sealed({META + k: v for k, v in on_object.items()}, body, wrapping)
    return Sealed({META + k: v for k, v in {**on_object, **wrapping}.items()}, body)
