# SPDX-License-Identifier: MIT
"""Large views, fetched by the clients that people have: in parallel ranges, resumed, synchronized.
Whatever way is taken, the bytes are those of one plain GET."""
import os
import pathlib
import shutil
import subprocess

import boto3.s3.transfer
import pytest

from kit.views import FULL, in_ranges, link, orders, plain_get, same_file

SIZE = (200 if FULL else 40) << 20


@pytest.fixture(scope="module")
def large(gallery):
    """The server, and the view of large.csv by one plain GET."""
    s3 = gallery.s3()
    s3.upload_file(os.fspath(written(gallery.folder / "large.csv")), "shop", "large.csv")
    gallery.view = plain_get(gallery, "redacted", "large.csv")
    assert b"@example.com" not in gallery.view and len(gallery.view) != SIZE
    return gallery


def written(path):
    path.write_bytes(orders(SIZE))
    return path


def run(*command, server, cwd, **environment):
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True,
                          timeout=600, env=dict(server.client_environment(), **environment))
    assert done.returncode == 0, done.stderr


def tuned(tmp_path, chunk="2MB"):
    """An awscli configuration that makes it use ranges: small parts, ten at a time."""
    config = tmp_path / "aws-config"
    config.write_text(f"[default]\ns3 =\n  multipart_threshold = {chunk}\n"
                      f"  multipart_chunksize = {chunk}\n  max_concurrent_requests = 10\n")
    return {"AWS_CONFIG_FILE": str(config)}


def awsclis():
    """Debian's, and a current one where the machine has it."""
    found = {pathlib.Path(path).resolve(): path for path in
             (shutil.which("aws", path="/usr/bin"), shutil.which("aws")) if path}
    return list(found.values())


@pytest.mark.parametrize("aws", awsclis())
def test_aws_s3_cp_in_parallel_ranges(large, tmp_path, aws):
    with in_ranges(large, "large.csv", SIZE // (2 << 20) // 2):
        run(aws, "--endpoint-url", large.endpoint, "s3", "cp", "s3://redacted--ol-s3/large.csv",
            "got", server=large, cwd=tmp_path, **tuned(tmp_path))
    same_file(tmp_path / "got", large.view)


@pytest.mark.parametrize("aws", awsclis())
def test_aws_s3_sync_takes_what_is_new_and_nothing_twice(large, tmp_path, aws):
    """It sends no HEAD: it ranges by the listed size and names the listed ETag."""
    s3 = large.s3()
    for name, size in (("a.csv", 9 << 20), ("b/c.csv", 100), ("b/empty", 0)):
        s3.put_object(Bucket="shop", Key=f"tree/{name}", Body=orders(size) if size else b"")
    sync = [aws, "--endpoint-url", large.endpoint, "s3", "sync", "s3://redacted--ol-s3/tree", "got"]
    with in_ranges(large, "tree/a.csv", 3):
        run(*sync, server=large, cwd=tmp_path, **tuned(tmp_path))
    for name in ("a.csv", "b/c.csv", "b/empty"):
        same_file(tmp_path / "got" / name, plain_get(large, "redacted", f"tree/{name}"))
    again = subprocess.run(sync, env=dict(large.client_environment(), **tuned(tmp_path)), cwd=tmp_path,
                           capture_output=True, text=True, timeout=120)
    assert (again.returncode, again.stdout) == (0, ""), "listed sizes agree with what was fetched"


def test_boto3_download_file(large, tmp_path):
    transfer = boto3.s3.transfer.TransferConfig(multipart_threshold=1 << 20,
                                                multipart_chunksize=3_000_000, max_concurrency=8)
    with in_ranges(large, "large.csv", 5):
        large.s3().download_file("redacted--ol-s3", "large.csv", str(tmp_path / "got"),
                                 Config=transfer)
    same_file(tmp_path / "got", large.view)


def test_rclone_copies_in_several_streams(large, tmp_path):
    """Its many streams begin where others are far from done."""
    config = tmp_path / "rclone.conf"
    config.write_text("[lens]\ntype = s3\nprovider = Other\nenv_auth = true\nregion = us-east-1\n"
                      f"endpoint = {large.endpoint}\n")
    with in_ranges(large, "large.csv", 4):
        run("rclone", "--config", config, "--retries", "1", "copyto", "--multi-thread-streams", "4",
            "--multi-thread-cutoff", "1M", "lens:redacted--ol-s3/large.csv", tmp_path / "got",
            server=large, cwd=tmp_path)
    same_file(tmp_path / "got", large.view)


@pytest.mark.parametrize("command", [["curl", "-fsS", "-C", "-", "-o", "got"],
                                     ["wget", "-q", "-c", "-O", "got"]], ids=["curl", "wget"])
@pytest.mark.parametrize("had", [1, 12_345_678, -1])
def test_a_download_that_broke_off_is_resumed(large, tmp_path, command, had):
    (tmp_path / "got").write_bytes(large.view[:had])
    with in_ranges(large, "large.csv", 1):
        run(*command, link(large, "redacted", "large.csv"), server=large, cwd=tmp_path)
    same_file(tmp_path / "got", large.view)
