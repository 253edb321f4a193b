# SPDX-License-Identifier: MIT
"""Checksums are the view's own, or there are none."""
import base64
import json
import os
import pathlib
import subprocess
import zlib

import pytest

from kit.raw import exchange, get, signed
from kit.views import Reader, orders, plain_get

ENABLED = {"x-amz-checksum-mode": "ENABLED"}


def crc64nvme(data):
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x9a6c9329ac4bc9b5 if value & 1 else 0)
        table.append(value)
    state = 0xffffffffffffffff
    for byte in data:
        state = table[(state ^ byte) & 0xff] ^ state >> 8
    return base64.b64encode((state ^ 0xffffffffffffffff).to_bytes(8, "big")).decode()


def crc32(data):
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


def checksums(fields):
    return {name: value for name, value in fields.items() if name.startswith("x-amz-checksum-")}


@pytest.fixture(scope="module")
def stored(gallery):
    """With checksums of the original, of the kinds that S3 has."""
    for algorithm in ("CRC32", "CRC32C", "SHA1", "SHA256"):
        gallery.s3().put_object(Bucket="shop", Key=f"sums/{algorithm}", Body=orders(50_000),
                                ChecksumAlgorithm=algorithm)
    gallery.view = plain_get(gallery, "redacted", "sums/SHA256")
    return gallery


def test_the_reference_is_right():
    assert crc64nvme(b"123456789") == base64.b64encode(bytes.fromhex("ae8b14860a799888")).decode()


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "SHA1", "SHA256"])
def test_a_known_view_bears_its_own(stored, algorithm):
    path = f"/redacted--ol-s3/sums/{algorithm}"
    body = get(stored, path).body
    for answer in (get(stored, path, headers=ENABLED), exchange(stored, signed(stored, "HEAD", path, ENABLED))):
        sums = checksums(answer.headers)
        assert sums.pop("x-amz-checksum-type") == "FULL_OBJECT"
        assert sums == {"x-amz-checksum-crc64nvme": crc64nvme(body), "x-amz-checksum-crc32": crc32(body)}
        assert "content-md5" not in answer.headers
    assert not checksums(get(stored, path).headers), "nobody asked"


def test_a_part_bears_none(stored):
    for path, headers in (("/redacted--ol-s3/sums/SHA256", {"Range": "bytes=5-99"}),
                          ("/redacted--ol-s3/sums/SHA256?partNumber=1", {})):
        answer = get(stored, path, headers={**ENABLED, **headers})
        assert answer.status == 206 and not checksums(answer.headers)


def test_an_unknown_view_bears_it_behind_the_body(stored):
    stored.s3().put_object(Bucket="shop", Key="sums/new", Body=orders(3_000_000))
    answer = get(stored, "/redacted--ol-s3/sums/new", headers={**ENABLED, "TE": "trailers"})
    assert answer.complete and not checksums(answer.headers)
    assert answer.trailers["x-amz-checksum-crc32"] == crc32(answer.body)
    assert set(answer.trailers) <= set(answer.headers["trailer"].lower().replace(" ", "").split(","))


def pythons():
    """Those whose boto3 checks what it downloads without being told to (since 1.36)."""
    found = set()
    for folder in os.environ.get("PATH", "").split(":"):
        path = pathlib.Path(folder) / "python3"
        done = path.exists() and subprocess.run(
            [path, "-c", "import boto3; print(boto3.__version__)"], capture_output=True, text=True)
        if done and done.returncode == 0 and tuple(map(int, done.stdout.split(".")[:2])) >= (1, 36):
            found.add(str(path))
    return sorted(found)[:1]


SCRIPT = """
import boto3, hashlib, json, sys
s3 = boto3.client("s3", endpoint_url=sys.argv[1])
seen = []
for _ in range(2):
    answer = s3.get_object(Bucket="redacted--ol-s3", Key="sums/SHA256")
    seen.append({"kind": type(answer["Body"]).__name__, "sum": answer.get("ChecksumCRC32"),
                 "digest": hashlib.sha256(answer["Body"].read()).hexdigest()})
s3.download_file("redacted--ol-s3", "sums/SHA256", sys.argv[2])
print(json.dumps(seen))
"""


def test_boto3_checks_by_default_and_has_something_to_check(stored, tmp_path):
    found = pythons()
    if not found:
        pytest.skip("no python3 with boto3 1.36 or later on this machine")
    done = subprocess.run([found[0], "-c", SCRIPT, stored.endpoint, tmp_path / "got"],
                          env=stored.client_environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert {one["sum"] for one in seen} == {crc32(stored.view)}
    assert {one["kind"] for one in seen} == {"StreamingChecksumBody"}, "it does compare"
    assert (tmp_path / "got").read_bytes() == stored.view


def test_a_link_read_without_any_client_bears_no_surprise(stored):
    status, headers, body = Reader(stored, "redacted", "sums/SHA256").get()
    assert (status, body) == (200, stored.view)
    assert not [name for name in headers if "checksum" in name.lower() or "md5" in name.lower()]
