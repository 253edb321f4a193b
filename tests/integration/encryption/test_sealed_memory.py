# SPDX-License-Identifier: MIT
"""A large object of AES-GCM goes through an OLAP in bounded memory, verified before its first byte: by
a first pass, and by way of a spool. 4 GiB of it in the full run."""
import hashlib
import os
import pathlib

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from encryption import s3_formats as s3
from encryption.s3_formats import GCM, META
from encryption.vault import AES, REFUSED, open_vault
from kit.server import OBJLENS
from kit.views import FULL

SIZE = 4 << 30 if FULL else 160 << 20
GROWTH_MAX = 64 << 20
OLAPS = {"uncachedfirst": ("copy", 'keys = { "a" }'),
         "uncachedspooled": ("copy", 'keys = { "a" }, unverified = "spool"'),
         "uncachedparts": ("keep", 'keys = { "a" }')}


@pytest.fixture(scope="module")
def vault(tmp_path_factory):
    yield from open_vault(tmp_path_factory, OLAPS, spool='bytes = "5 GiB"')


def write_sealed(path, size):
    """Metadata, and the digest of the plaintext."""
    data_key, iv, digest = os.urandom(32), os.urandom(12), hashlib.sha256()
    block = os.urandom(1 << 20)
    encryptor = Cipher(algorithms.AES(data_key), modes.GCM(iv)).encryptor()
    with path.open("wb") as file:
        for i in range(size >> 20):
            plain = i.to_bytes(8, "big") + block[8:]
            digest.update(plain)
            file.write(encryptor.update(plain))
        encryptor.finalize()
        file.write(encryptor.tag)
    wrapped = s3.wrap_v2(AES, "AES/GCM", data_key, GCM)
    return {"x-amz-key-v2": s3.b64(wrapped), "x-amz-iv": s3.b64(iv), "x-amz-wrap-alg": "AES/GCM",
            "x-amz-cek-alg": GCM, "x-amz-tag-len": "128", "x-amz-matdesc": "{}"}, digest.hexdigest()


def forget_peak(pid):
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")


def memory(pid, field):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith(field))


def test_bounded_memory_and_verified(vault, tmp_path):
    meta, digest = write_sealed(tmp_path / "body", SIZE)
    client = vault.store.s3()
    with (tmp_path / "body").open("rb") as body:
        client.put_object(Bucket="vault", Key="large", Body=body, Metadata=meta)
    with (tmp_path / "body").open("r+b") as body:  # the last bit of the tag
        body.seek(-1, os.SEEK_END)
        last = body.read(1)[0]
        body.seek(-1, os.SEEK_END)
        body.write(bytes([last ^ 1]))
    with (tmp_path / "body").open("rb") as body:
        client.put_object(Bucket="vault", Key="forged", Body=body, Metadata=meta)
    (tmp_path / "body").unlink()
    assert META == "x-amz-meta-"
    pid = vault.reader.process.pid
    before = memory(pid, "VmRSS")
    for olap in OLAPS:
        forget_peak(pid)
        got = hashlib.sha256()
        answer = vault.get(olap, "large")
        assert answer.get("ContentLength", SIZE) == SIZE
        for piece in answer["Body"].iter_chunks(1 << 20):
            got.update(piece)
        assert got.hexdigest() == digest
        assert vault.refusal(olap, "forged") == REFUSED
        if b"__asan_init" not in OBJLENS.read_bytes():  # which keeps what was freed
            assert memory(pid, "VmHWM") - before < GROWTH_MAX
