# SPDX-License-Identifier: MIT
"""The local keyring under a server: rotated, disabled, damaged, readable by others, half written, changed by
two processes at once."""
import os
import subprocess
import threading

import botocore.exceptions
import pytest

from encryption.kms_server import audit_line, audit_lines
from kit.server import OBJLENS, Server, wait_for

AES = {"ServerSideEncryption": "AES256"}
BODY = os.urandom(5000)


def keys(server, *args):
    return subprocess.run([OBJLENS, "keys", *args, "--keyring", server.data / "keyring"],
                          capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path, f'bucket "orders"\nkey_audit {{ file = "{tmp_path}/keys.log" }}')
    server.start()
    yield server
    if server.process.poll() is None:
        assert server.stop() == 0


def body(server, key):
    try:
        return server.s3().get_object(Bucket="orders", Key=key)["Body"].read()
    except botocore.exceptions.ClientError as why:
        return why.response["Error"]["Code"]


def test_keys_are_made_rotated_and_disabled_under_a_running_server(server):
    s3 = server.s3()
    arn = keys(server, "new", "--id", "orders", "--alias", "alias/orders").split()[0]
    put = wait_for(lambda: try_put(s3, "first", "alias/orders"), 60, "the new key to be seen")
    assert put["SSEKMSKeyId"] == arn
    keys(server, "rotate", "alias/orders")
    lines = server.folder / "keys.log"

    def version_two():
        s3.put_object(Bucket="orders", Key="second", Body=BODY, ServerSideEncryption="aws:kms",
                      SSEKMSKeyId="orders")
        return '"version":2' in lines.read_text()
    wait_for(version_two, 60, "the new version to be used")
    assert body(server, "first") == body(server, "second") == BODY
    keys(server, "disable", "orders")
    wait_for(lambda: body(server, "first") == "KMS.DisabledException", 60, "the key to be off")
    assert try_put(s3, "third", "orders") is None
    keys(server, "enable", "orders")
    wait_for(lambda: body(server, "first") == BODY, 60, "the key to be on")


def try_put(s3, key, kms_key):
    try:
        return s3.put_object(Bucket="orders", Key=key, Body=BODY, ServerSideEncryption="aws:kms",
                             SSEKMSKeyId=kms_key)
    except botocore.exceptions.ClientError as why:
        assert why.response["Error"]["Code"].startswith("KMS.")
        return None


def put_file(path, text):
    """As one step: the server looks at it meanwhile."""
    beside = path.with_name("damaged")
    beside.write_bytes(text)
    beside.chmod(0o600)
    beside.rename(path)


def damage(path, how):
    text = path.read_bytes()
    if how == "readable by others":
        path.chmod(0o640)
    elif how == "half of it":
        put_file(path, text[:len(text) // 2])
    elif how == "a flipped bit":
        put_file(path, text[:40] + bytes([text[40] ^ 1]) + text[41:])
    elif how == "empty":
        put_file(path, b"")
    else:
        path.unlink()


@pytest.mark.parametrize("how", ["readable by others", "half of it", "a flipped bit", "empty", "missing"])
def test_a_keyring_that_cannot_be_used(server, how):
    """Under a running server the old keys stay, and that is said once; none starts with it."""
    s3 = server.s3()
    s3.put_object(Bucket="orders", Key="k", Body=BODY, **AES)
    ring = server.data / "keyring"
    good = ring.read_bytes()
    damage(ring, how)
    wait_for(lambda: "the old keys stay in use" in server.stderr_file.read_text(), 60, "the warning")
    assert body(server, "k") == BODY
    s3.put_object(Bucket="orders", Key="k2", Body=BODY, **AES)
    assert body(server, "k2") == BODY
    assert server.stderr_file.read_text().count("the old keys stay in use") == 1
    assert server.stop() == 0
    if how == "missing":
        # A new ring is made, and opens nothing of the old one: refused, never served as it lies there.
        server.start()
        assert body(server, "k") == "KMS.NotFoundException"
        assert server.stop() == 0
    else:
        server.start(wait=False)
        assert server.process.wait(30) != 0
        assert "keyring" in server.stderr_file.read_text().splitlines()[-1]
    ring.write_bytes(good)
    ring.chmod(0o600)
    server.start()
    assert body(server, "k") == BODY and body(server, "k2") == BODY


def test_a_crash_while_it_is_written(server):
    """What a writer leaves beside the ring does not matter."""
    s3 = server.s3()
    s3.put_object(Bucket="orders", Key="k", Body=BODY, **AES)
    assert server.stop() == 0
    ring = server.data / "keyring"
    for name in ("keyring.new", "keyring.tmp", "keyring.lock"):
        (server.data / name).write_bytes(ring.read_bytes()[:50])
    server.start()
    assert body(server, "k") == BODY
    keys(server, "rotate", "alias/aws/s3")
    assert body(server, "k") == BODY


def test_two_processes(server):
    """Servers and commands that change one ring at a time lose nothing of each other."""
    made = []

    def make(first):
        for i in range(first, first + 10):
            made.append(keys(server, "new", "--id", f"key-{i}").split()[0])
    threads = [threading.Thread(target=make, args=(first,)) for first in (0, 10, 20)]
    for thread in threads:
        thread.start()
    # Meanwhile the server makes its default key.
    server.s3().put_object(Bucket="orders", Key="k", Body=BODY, **AES)
    for thread in threads:
        thread.join()
    listed = keys(server, "list")
    assert len(made) == 30 and all(arn in listed for arn in made) and "alias/aws/s3" in listed
    assert body(server, "k") == BODY


def test_data_keys_are_wrapped_anew_after_a_rotation(server):
    """Lazily: when an object is read. What is not read keeps its wrap, and opens all the same."""
    s3, log = server.s3(), server.folder / "keys.log"
    keys(server, "new", "--id", "orders")
    wait_for(lambda: try_put(s3, "small", "orders"), 60, "the new key to be seen")
    s3.put_object(Bucket="orders", Key="large", Body=BODY * 100, ServerSideEncryption="aws:kms",
                  SSEKMSKeyId="orders")
    s3.put_object(Bucket="orders", Key="unread", Body=BODY, ServerSideEncryption="aws:kms", SSEKMSKeyId="orders")
    parts = s3.create_multipart_upload(Bucket="orders", Key="parts", ServerSideEncryption="aws:kms",
                                       SSEKMSKeyId="orders")
    part = s3.upload_part(Bucket="orders", Key="parts", UploadId=parts["UploadId"], PartNumber=1, Body=BODY)
    s3.complete_multipart_upload(Bucket="orders", Key="parts", UploadId=parts["UploadId"], MultipartUpload={
        "Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    etags = {key: s3.head_object(Bucket="orders", Key=key)["ETag"] for key in ("small", "large", "parts")}
    keys(server, "rotate", "orders")

    def rewrapped():
        assert body(server, "small") == body(server, "parts") == BODY and body(server, "large") == BODY * 100
        return server.metric("objlens_store_rewrapped_total") == 3
    wait_for(rewrapped, 15, "three data keys to be wrapped anew")
    anew = wait_for(lambda: len(found := [line for line in audit_lines(log) if line["event"] == "ReEncrypt"]) >= 3
                    and found, 10, "the audit's lines")
    assert {line["version"] for line in anew} == {2}
    assert server.stop() == 0
    server.start()
    assert body(server, "small") == body(server, "parts") == BODY and body(server, "large") == BODY * 100
    s3 = server.s3()
    assert {key: s3.head_object(Bucket="orders", Key=key)["ETag"] for key in etags} == etags
    assert server.metric("objlens_store_rewrapped_total") == 0
    for key in etags:
        got = s3.get_object(Bucket="orders", Key=key)
        got["Body"].read()
        (line,) = audit_line(log, got["ResponseMetadata"]["RequestId"])
        assert line["event"] == "Decrypt" and line["version"] == 2
    assert body(server, "unread") == BODY
    wait_for(lambda: server.metric("objlens_store_rewrapped_total") == 1, 60, "the last one")
