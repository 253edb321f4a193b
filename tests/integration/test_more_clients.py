# SPDX-License-Identifier: MIT
"""s3cmd and s3fs as Debian ships them, and the AWS clients through HTTP_PROXY."""
import os
import shutil
import subprocess
import urllib.error
import urllib.request

import boto3
import botocore.config
import pytest

from kit.server import ACCESS_KEY, SECRET_KEY, wait_for

TEXT = b"Ada <ada.lovelace@example.com> paid.\n" * 2000


@pytest.fixture(scope="module")
def stored(shop):
    shop.s3().put_object(Bucket="shop", Key="notes/a b.txt", Body=TEXT, ContentType="text/plain")
    return shop


# ---- s3cmd ----

@pytest.fixture
def s3cmd(stored, tmp_path):
    config = tmp_path / "s3cfg"
    config.write_text(f"""[default]
access_key = {ACCESS_KEY}
secret_key = {SECRET_KEY}
host_base = 127.0.0.1:{stored.port}
host_bucket = 127.0.0.1:{stored.port}
use_https = False
multipart_chunk_size_mb = 5
""")

    def run(*arguments):
        done = subprocess.run(["s3cmd", "-c", str(config), *map(str, arguments)], capture_output=True,
                              text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout
    return run


def test_s3cmd_puts_lists_gets_and_removes(s3cmd, tmp_path):
    large = tmp_path / "large"
    large.write_bytes(os.urandom(12 << 20))  # three parts
    s3cmd("put", large, "s3://shop/s3cmd/large")
    assert "s3://shop/s3cmd/large" in s3cmd("ls", "s3://shop/s3cmd/")
    s3cmd("get", "s3://shop/s3cmd/large", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == large.read_bytes()
    s3cmd("cp", "s3://shop/s3cmd/large", "s3://shop/s3cmd/copy")
    s3cmd("del", "s3://shop/s3cmd/large", "s3://shop/s3cmd/copy")
    assert s3cmd("ls", "s3://shop/s3cmd/") == ""


def test_s3cmd_reads_a_view(s3cmd, tmp_path):
    """It cannot read an answer without a Content-Length; a listing makes the length known."""
    s3cmd("ls", "s3://shout--ol-s3/notes/")
    s3cmd("get", "s3://shout--ol-s3/notes/a b.txt", tmp_path / "view")
    assert (tmp_path / "view").read_bytes() == TEXT.upper()


def test_s3cmd_makes_a_bucket_and_its_policy(s3cmd, tmp_path):
    policy = tmp_path / "policy.json"
    policy.write_text('{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", '
                      '"Action": "s3:PutObject", "Resource": "arn:aws:s3:::s3cmd-made/locked/*"}]}')
    s3cmd("mb", "s3://s3cmd-made")
    s3cmd("setpolicy", policy, "s3://s3cmd-made")
    assert "locked" in s3cmd("info", "s3://s3cmd-made")
    s3cmd("delpolicy", "s3://s3cmd-made")
    s3cmd("rb", "s3://s3cmd-made")


# ---- s3fs ----

@pytest.fixture
def mounted(stored, tmp_path):
    """mount(bucket) -> the folder. FUSE has to be there."""
    if not os.path.exists("/dev/fuse"):
        pytest.skip("this machine has no /dev/fuse")
    passwords = tmp_path / "passwd"
    passwords.write_text(f"{ACCESS_KEY}:{SECRET_KEY}")
    passwords.chmod(0o600)
    folders = []

    def mount(bucket):
        folder = tmp_path / bucket
        folder.mkdir()
        done = subprocess.run(
            ["s3fs", bucket, str(folder), "-o", f"url={stored.endpoint},use_path_request_style,"
             f"passwd_file={passwords},retries=1,sigv4,endpoint=us-east-1"],
            capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        folders.append(folder)
        wait_for(lambda: os.path.ismount(folder), 20, "the mount")
        return folder

    yield mount
    for folder in folders:
        subprocess.run(["fusermount", "-u", "-z", str(folder)], check=False)


def test_s3fs_writes_and_reads_a_bucket(mounted):
    folder = mounted("shop")
    assert (folder / "notes" / "a b.txt").read_bytes() == TEXT
    body = os.urandom(7 << 20)
    (folder / "by-s3fs").write_bytes(body)
    assert (folder / "by-s3fs").read_bytes() == body
    (folder / "by-s3fs").rename(folder / "renamed")
    assert (folder / "renamed").stat().st_size == len(body)
    (folder / "renamed").unlink()
    assert not (folder / "renamed").exists()


def test_s3fs_reads_a_view(mounted):
    folder = mounted("shout--ol-s3")
    assert (folder / "notes" / "a b.txt").read_bytes() == TEXT.upper()


# ---- through a proxy: every name reaches the server, none has to resolve ----

@pytest.fixture
def named(server_factory):
    server = server_factory(config="""
domains = { "s3.objlens.test" }
bucket "shop"
access_point "shop" { bucket = "shop" }
object_lambda "redacted" { access_point = "shop", transforms = { "pii" } }
""")
    server.s3().put_object(Bucket="shop", Key="a//b c", Body=b"ada@example.com\n")
    return server


def proxied(server, service="s3", **config):
    options = {"proxies": {"http": server.endpoint}, "signature_version": "s3v4",
               "retries": {"max_attempts": 0}, **config}
    return boto3.client(service, endpoint_url="http://s3.objlens.test", region_name="us-east-1",
                        aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY,
                        config=botocore.config.Config(**options))


@pytest.mark.parametrize("bucket,expected", [
    ("shop", b"ada@example.com\n"),
    ("shop-s3alias", b"ada@example.com\n"),
    ("redacted--ol-s3", b"[EMAIL_ADDRESS]\n"),
    ("arn:aws:s3:us-east-1:000000000000:accesspoint/shop", b"ada@example.com\n"),
    ("arn:aws:s3-object-lambda:us-east-1:000000000000:accesspoint/redacted", b"[EMAIL_ADDRESS]\n"),
])
def test_boto3_through_a_proxy(named, bucket, expected):
    s3 = proxied(named, s3={"addressing_style": "virtual"})
    assert s3.get_object(Bucket=bucket, Key="a//b c")["Body"].read() == expected
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["a//b c"]


def test_boto3_s3control_through_a_proxy(named):
    control = proxied(named, "s3control")
    listed = control.list_access_points_for_object_lambda(AccountId="000000000000")
    assert [p["Name"] for p in listed["ObjectLambdaAccessPointList"]] == ["redacted"]


def test_awscli_through_a_proxy(named, tmp_path):
    environment = dict(named.client_environment(), HTTP_PROXY=named.endpoint, http_proxy=named.endpoint)
    aws = shutil.which("aws", path="/usr/bin") or "aws"
    done = subprocess.run([aws, "--endpoint-url", "http://s3.objlens.test", "s3control",
                           "get-access-point", "--account-id", "000000000000", "--name", "shop"],
                          env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert '"Bucket": "shop"' in done.stdout


def test_other_hosts_are_not_proxied(named):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": named.endpoint}))
    with pytest.raises(urllib.error.HTTPError) as refused:
        opener.open("http://example.com/shop/key", timeout=20)
    assert refused.value.code == 400
