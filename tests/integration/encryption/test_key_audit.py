# SPDX-License-Identifier: MIT
"""The key audit: a file that is rotated, and a bucket, in the store or at an origin that goes away."""
import json
import signal

from encryption.kms_server import audit_lines
from kit.aws import client, key_of, refused, user
from kit.server import ACCESS_KEY, SECRET_KEY, Server, wait_for

AES = {"ServerSideEncryption": "AES256"}
QUICK = "interval_ms = 100"


def events(s3, bucket):
    lines = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="trail/"):
        for item in page.get("Contents", []):
            assert item["Key"].startswith("trail/20") and item["Key"].endswith(".jsonl")
            text = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read().decode()
            lines += [json.loads(line) for line in text.splitlines()]
    return lines


def test_a_file_is_rotated(tmp_path):
    server = Server(tmp_path, f'bucket "orders"\nkey_audit {{ file = "{tmp_path}/keys.log" }}')
    server.start()
    log, old = tmp_path / "keys.log", tmp_path / "keys.log.1"
    s3 = server.s3()
    s3.put_object(Bucket="orders", Key="first", Body=b"x", **AES)
    wait_for(lambda: audit_lines(log), 60, "the first line")
    assert log.stat().st_mode & 0o777 == 0o600
    log.rename(old)
    server.process.send_signal(signal.SIGHUP)
    wait_for(log.exists, 60, "the new file")
    s3.put_object(Bucket="orders", Key="second", Body=b"x", **AES)
    s3.get_object(Bucket="orders", Key="second")["Body"].read()
    lines = wait_for(lambda: len(audit_lines(log)) >= 1 and audit_lines(log), 60, "the next line")
    assert [line["object"] for line in audit_lines(old)] == ["arn:aws:s3:::orders/first"]
    assert lines[0]["event"] == "GenerateDataKey" and lines[0]["outcome"] == "ok"
    assert lines[0]["key"].startswith("arn:aws:kms:us-east-1:000000000000:key/")
    ring = (server.data / "keyring").read_text()
    for line in ring.splitlines():
        if line.startswith("version "):
            assert line.split()[-1] not in log.read_text() + old.read_text()
    assert server.stop() == 0


def test_a_bucket_in_the_store(tmp_path):
    server = Server(tmp_path, f'bucket "orders"\nkey_audit {{ bucket = "trail", prefix = "trail/", {QUICK} }}')
    server.start()
    s3 = server.s3()
    for i in range(20):
        s3.put_object(Bucket="orders", Key=f"o{i}", Body=b"x", **AES)
    found = wait_for(lambda: len(lines := events(s3, "trail")) >= 20 and lines, 60, "the objects")
    assert {line["object"] for line in found} == {f"arn:aws:s3:::orders/o{i}" for i in range(20)}
    assert server.metric("objlens_key_audit_objects_total") >= 1
    # What is left at the end is written.
    s3.put_object(Bucket="orders", Key="last", Body=b"x", **AES)
    assert server.stop() == 0
    server.start()
    assert any(line["object"].endswith("/last") for line in events(server.s3(), "trail"))
    assert server.stop() == 0


def test_a_bucket_that_goes_away(tmp_path):
    """Elsewhere, at an origin that is down when lines come: they wait, and arrive."""
    away = Server(tmp_path / "away", 'bucket "trail"', loops=1)
    away.start()
    assert away.stop() == 0
    server = Server(tmp_path / "here", f"""
bucket "orders"
origin "away" {{ endpoint = "{away.endpoint}", access_key = "{ACCESS_KEY}", secret_key = "{SECRET_KEY}",
  limits = {{ connect_timeout_ms = 500, tries_max = 1, breaker_failures = 0 }} }}
key_audit {{ bucket = "trail", origin = "away", prefix = "trail/", {QUICK} }}
""", loops=1)
    server.start()
    s3 = server.s3()
    for i in range(5):
        s3.put_object(Bucket="orders", Key=f"o{i}", Body=b"x", **AES)
    wait_for(lambda: server.metric("objlens_key_audit_failures_total") >= 2, 20, "tries that fail")
    assert server.metric("objlens_key_audit_waiting_bytes") > 0
    assert server.metric("objlens_key_audit_dropped_total") == 0
    assert server.stderr_file.read_text().count("key audit: bucket trail") == 1
    away.start()
    found = wait_for(lambda: len(lines := events(away.s3(), "trail")) >= 5 and lines, 60, "the lines")
    assert len(found) == 5
    wait_for(lambda: "takes lines again" in server.stderr_file.read_text(), 60, "the word that it does")
    # Gone again at the end: said, and no reason to hang.
    assert away.stop() == 0
    s3.put_object(Bucket="orders", Key="lost", Body=b"x", **AES)
    assert server.stop() == 0
    assert "never reached the bucket" in server.stderr_file.read_text()


def test_a_denial_of_another_services_key(tmp_path):
    """A write that names a key of the service behind an origin: who may not use it leaves a line."""
    away = Server(tmp_path / "away", 'bucket "far"', loops=1)
    away.start()
    log = tmp_path / "keys.log"
    server = Server(tmp_path / "here", f"""
origin "away" {{ endpoint = "{away.endpoint}", access_key = "{ACCESS_KEY}", secret_key = "{SECRET_KEY}" }}
bucket "far" {{ origin = "away" }}
key_audit {{ file = "{log}" }}
""" + user("eve", 'policy = { { effect = "Allow", actions = { "s3:*" }, resources = { "*" } } }'), loops=1)
    server.start()
    with refused("AccessDenied", 403):
        client(server, credentials=key_of("eve")).put_object(
            Bucket="far", Key="k", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId="theirs")
    line = wait_for(lambda: audit_lines(log), 60, "the line")[0]
    assert (line["event"], line["outcome"], line["key"]) == ("GenerateDataKey", "denied", "theirs")
    assert line["object"] == "arn:aws:s3:::far/k" and line["who"].endswith("user/eve")
    assert server.stop() == 0 and away.stop() == 0
