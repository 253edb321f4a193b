# SPDX-License-Identifier: MIT
"""A large object of an S3 encryption client (AES-GCM: nothing may go out before all of it was verified) behind an
access point, by a spool and by a first pass, in bounded memory. 4 GiB with OBJLENS_FULL=1."""
import hashlib
import os
import re

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from encryption import s3_formats as s3
from encryption.vault import AES, open_vault
from kit.views import FULL

MIB = 1 << 20
SIZE = 4096 * MIB + 12345 if FULL else 96 * MIB + 12345
MEMORY = 80 * MIB  # more than before the object came; it is larger than this


@pytest.fixture(scope="module")
def vault(tmp_path_factory):
    yield from open_vault(tmp_path_factory, {
        "uncached-spool": ("copy", 'keys = { "a" }, unverified = "spool"'),
        "uncached-pass": ("copy", 'keys = { "a" }, unverified = "first-pass"'),
    }, spool='bytes = "9 GiB", object_bytes = "5 GiB"',
        environment={"ASAN_OPTIONS": "quarantine_size_mb=4"})  # in a sanitized build: what is freed is not kept


def blocks():
    block = bytes(range(256)) * (MIB // 256)
    for at in range(0, SIZE, MIB):
        yield (at.to_bytes(8, "big") + block[8:])[:SIZE - at]


@pytest.fixture(scope="module")
def sealed(vault, tmp_path_factory):
    data_key, iv = os.urandom(32), os.urandom(12)
    encryptor = Cipher(algorithms.AES(data_key), modes.GCM(iv)).encryptor()
    path = tmp_path_factory.mktemp("large") / "body"
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for block in blocks():
            digest.update(block)
            file.write(encryptor.update(block))
        encryptor.finalize()
        file.write(encryptor.tag)
    meta = {"x-amz-key-v2": s3.b64(s3.wrap_v2(AES, "AES/GCM", data_key, s3.GCM)), "x-amz-iv": s3.b64(iv),
            "x-amz-wrap-alg": "AES/GCM", "x-amz-cek-alg": s3.GCM, "x-amz-tag-len": "128", "x-amz-matdesc": "{}"}
    with path.open("rb") as file:
        vault.store.s3().put_object(Bucket="vault", Key="large", Body=file, Metadata=meta)
    path.unlink()
    return digest.hexdigest()


def memory(vault):
    with open(f"/proc/{vault.reader.process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) * 1024


@pytest.mark.parametrize("olap", ["uncached-spool", "uncached-pass"])
def test_it_comes_whole_in_bounded_memory(vault, sealed, olap):
    with open(f"/proc/{vault.reader.process.pid}/clear_refs", "w", encoding="ascii") as peak:
        peak.write("5")  # forgets the peak so far
    before = memory(vault)
    body = vault.get(olap, "large")["Body"]
    digest, length = hashlib.sha256(), 0
    for chunk in body.iter_chunks(MIB):
        digest.update(chunk)
        length += len(chunk)
    assert (length, digest.hexdigest()) == (SIZE, sealed)
    assert vault.head(olap, "large")["ContentLength"] == SIZE
    assert memory(vault) - before < MEMORY, (before, memory(vault))


def test_parts_of_it(vault, sealed):
    for olap in ("uncached-pass", "uncached-spool"):
        last = SIZE // MIB * MIB
        part = vault.body(olap, "large", Range=f"bytes={last}-{last + 15}")
        assert part == last.to_bytes(8, "big") + bytes(range(8, 16))
