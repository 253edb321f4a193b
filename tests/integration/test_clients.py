# SPDX-License-Identifier: MIT
"""Ordinary S3 clients, as they come, against buckets, access points and views."""
import os
import pathlib
import subprocess

import pytest

TEXT = b"Ada <ada.lovelace@example.com> paid with 4111-1111-1111-1111.\n" * 2000
SHOUTED = TEXT.upper()


def awsclis():
    """Debian's awscli, and another one where the machine has it."""
    found = []
    for folder in ["/usr/bin", *os.environ.get("PATH", "").split(":")]:
        path = pathlib.Path(folder) / "aws"
        if path.exists() and path.resolve() not in [f.resolve() for f in found]:
            found.append(path)
    return found


@pytest.fixture(scope="module")
def stored(shop):
    shop.s3().put_object(Bucket="shop", Key="dir/a b+c.txt", Body=TEXT, ContentType="text/plain",
                         Metadata={"origin": "test"})
    return shop


@pytest.fixture(params=awsclis(), ids=str)
def aws(request, stored, tmp_path):
    def run(*arguments, **options):
        command = [str(request.param), "--endpoint-url", stored.endpoint, *map(str, arguments)]
        return subprocess.run(command, env=stored.client_environment(), cwd=tmp_path, check=True,
                              capture_output=True, timeout=120, **options).stdout
    return run


@pytest.fixture
def rclone(stored, tmp_path):
    config = tmp_path / "rclone.conf"
    config.write_text(f"""[lens]
type = s3
provider = Other
env_auth = true
endpoint = {stored.endpoint}
region = us-east-1
""")

    def run(*arguments):
        command = ["rclone", "--config", str(config), "--retries", "1", *map(str, arguments)]
        done = subprocess.run(command, env=stored.client_environment(), capture_output=True,
                              timeout=120)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout
    return run


@pytest.mark.parametrize("bucket,expected", [("shop", TEXT), ("shop-s3alias", TEXT),
                                             ("shout--ol-s3", SHOUTED)])
def test_boto3_reads_bucket_access_point_and_view(stored, bucket, expected):
    answer = stored.s3().get_object(Bucket=bucket, Key="dir/a b+c.txt")
    assert answer["Body"].read() == expected
    assert answer["ContentType"] == "text/plain"
    head = stored.s3().head_object(Bucket=bucket, Key="dir/a b+c.txt")
    assert head["ContentLength"] == len(expected)
    assert head["ETag"] == answer["ETag"]


@pytest.mark.parametrize("bucket,expected", [("shop", TEXT), ("shop-s3alias", TEXT),
                                             ("shout--ol-s3", SHOUTED)])
def test_awscli_s3_cp_downloads(aws, tmp_path, bucket, expected):
    aws("s3", "cp", f"s3://{bucket}/dir/a b+c.txt", tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == expected


def test_awscli_s3api_gets_a_view(aws, tmp_path):
    aws("s3api", "get-object", "--bucket", "shout--ol-s3", "--key", "dir/a b+c.txt", tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == SHOUTED


def test_awscli_round_trip(aws, stored, tmp_path):
    (tmp_path / "up").write_bytes(TEXT)
    aws("s3", "cp", tmp_path / "up", "s3://shop-s3alias/from-cli/x.txt")
    assert stored.s3().get_object(Bucket="shop", Key="from-cli/x.txt")["Body"].read() == TEXT
    assert b"from-cli/" in aws("s3", "ls", "s3://shop/")
    aws("s3", "rm", "s3://shop/from-cli/x.txt")
    assert b"from-cli/" not in aws("s3", "ls", "s3://shop/")


def test_awscli_downloads_a_large_view_by_parallel_ranges(aws, stored, tmp_path):
    body = b"".join(b"%09d lower case line of text\n" % i for i in range(600_000))
    stored.s3().put_object(Bucket="shop", Key="large.txt", Body=body)
    aws("s3", "cp", "s3://shout--ol-s3/large.txt", tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == body.upper()


def test_boto3_download_file_of_a_view_that_grows(stored, tmp_path):
    body = os.urandom(9_000_000)
    stored.s3().put_object(Bucket="shop", Key="grows.bin", Body=body)
    stored.s3().download_file("double--ol-s3", "grows.bin", str(tmp_path / "got"))
    got = (tmp_path / "got").read_bytes()
    assert len(got) == 2 * len(body)
    piece = len(got) // 2 if len(body) <= 131072 else 131072
    assert got[:piece] == got[piece:2 * piece] == body[:piece]


def test_rclone_copies_in_and_out(rclone, tmp_path):
    (tmp_path / "up").write_bytes(TEXT)
    rclone("copyto", tmp_path / "up", "lens:shop/from-rclone/y.txt")
    assert rclone("cat", "lens:shop/from-rclone/y.txt") == TEXT
    assert rclone("cat", "lens:shop-s3alias/from-rclone/y.txt") == TEXT
    assert rclone("cat", "lens:shout--ol-s3/from-rclone/y.txt") == SHOUTED
    assert rclone("lsf", "lens:shop/from-rclone") == b"y.txt\n"
    rclone("copy", "lens:shout--ol-s3/from-rclone", tmp_path / "down")
    assert (tmp_path / "down" / "y.txt").read_bytes() == SHOUTED


def test_awscli_syncs_a_view(aws, stored, tmp_path):
    for number in range(5):
        stored.s3().put_object(Bucket="shop", Key=f"sync/{number}", Body=b"text %d" % number)
    aws("s3", "sync", "s3://shout--ol-s3/sync", tmp_path / "down")
    got = {p.name: p.read_bytes() for p in (tmp_path / "down").iterdir()}
    assert got == {str(n): b"TEXT %d" % n for n in range(5)}


@pytest.mark.parametrize("checksum", ["CRC32", "CRC32C", "SHA1", "SHA256"])
def test_boto3_uploads_with_every_checksum(stored, checksum):
    stored.s3().put_object(Bucket="shop", Key="sum.bin", Body=TEXT, ChecksumAlgorithm=checksum)
    assert stored.s3().get_object(Bucket="shop", Key="sum.bin")["Body"].read() == TEXT


def test_boto3_streams_an_unsigned_upload(stored):
    client = stored.s3(s3={"addressing_style": "path", "payload_signing_enabled": False})
    client.put_object(Bucket="shop", Key="unsigned.bin", Body=TEXT)
    assert client.get_object(Bucket="shop", Key="unsigned.bin")["Body"].read() == TEXT
