# SPDX-License-Identifier: MIT
"""What the API makes is kept: across crashes and reloads, in the data folder or in a bucket that
clients cannot reach; and a document that is damaged ends the start."""
import concurrent.futures
import json
import signal
import subprocess

import botocore.exceptions
import pytest

from kit.aws import ACCOUNT, client, names_resolve
from kit.server import Server, wait_for


def policy(bucket, sid="Read"):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": "000000000000"},
         "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}]})


def sid_of(client, bucket):
    return json.loads(client.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"][0]["Sid"]


def test_acknowledged_changes_survive_kill_9(server_factory):
    server = server_factory(config="\n".join(f'bucket "b-{i}"' for i in range(8)))
    acknowledged = {}

    def change(bucket):
        client = server.s3()
        for number in range(1000):
            try:
                client.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, f"N{number}"))
            except (botocore.exceptions.HTTPClientError, botocore.exceptions.ClientError):
                return
            acknowledged[bucket] = number

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(change, f"b-{i}") for i in range(8)]
        wait_for(lambda: sum(acknowledged.values()) > 60, 60, "some changes")
        server.kill()
        concurrent.futures.wait(futures)
    server.start()
    for bucket, number in acknowledged.items():
        kept = int(sid_of(server.s3(), bucket)[1:])
        assert kept in (number, number + 1)  # the last one may have been kept and not been told


def test_changes_and_the_end_meet(server_factory):
    """A drain waits for what is being kept; nobody is left without an answer."""
    server = server_factory(config="\n".join(f'bucket "b-{i}"' for i in range(8)), loops=4)
    told, lost = [], []

    def change(bucket):
        client = server.s3()
        for number in range(1000):
            try:
                client.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, f"N{number}"))
                told.append(bucket)
            except botocore.exceptions.ConnectionClosedError as error:
                lost.append(error)
            except (botocore.exceptions.HTTPClientError, botocore.exceptions.ClientError):
                return

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(change, f"b-{i}") for i in range(8)]
        wait_for(lambda: len(told) > 40 and "b-0" in told, 60, "some changes")
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == 0
        concurrent.futures.wait(futures)
    server.start()
    assert server.s3().get_bucket_policy(Bucket="b-0")


def test_what_is_told_and_what_is_published_meet(server_factory):
    """While one asker is told what was made for it, the next change waits for every worker."""
    server = server_factory(config='bucket "one"', loops=4)

    def create(thread):
        api = client(server, "s3control")
        for number in range(20):
            name = f"ap-{thread}-{number}"
            made = api.create_access_point(AccountId=ACCOUNT, Bucket="one", Name=name)
            assert made["Alias"] == f"{name}-s3alias"

    with names_resolve(), concurrent.futures.ThreadPoolExecutor(12) as pool:
        for future in [pool.submit(create, thread) for thread in range(12)]:
            future.result(60)


def test_a_reload_keeps_it_and_cannot_move_it(server_factory):
    server = server_factory(config='bucket "one"')
    server.s3().put_bucket_policy(Bucket="one", Policy=policy("one"))
    server.write_config('bucket "one" bucket "two"')
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: any(b["Name"] == "two" for b in server.s3().list_buckets()["Buckets"]), 10, "two")
    wait_for(lambda: "configuration reloaded" in server.stderr_file.read_text(), 10, "the reload")
    assert sid_of(server.s3(), "one") == "Read"
    server.s3().put_bucket_policy(Bucket="two", Policy=policy("two"))
    server.write_config('bucket "one" control { bucket = "state" }')
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "'control' needs a restart" in server.stderr_file.read_text(), 10, "the refusal")
    assert sid_of(server.s3(), "two") == "Read"


def test_a_file_that_declares_it_goes_first(server_factory):
    server = server_factory(config='bucket "one"')
    server.s3().put_bucket_policy(Bucket="one", Policy=policy("one"))
    server.write_config(f"bucket 'one' {{ policy = [[{policy('one', 'FromTheFile')}]] }}")
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "configuration reloaded" in server.stderr_file.read_text(), 10, "the reload")
    assert sid_of(server.s3(), "one") == "FromTheFile"
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        server.s3().delete_bucket_policy(Bucket="one")
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    assert "configuration file" in caught.value.response["Error"]["Message"]


def test_a_damaged_document_ends_the_start(server_factory):
    server = server_factory(config='bucket "one"')
    server.s3().put_bucket_policy(Bucket="one", Policy=policy("one"))
    server.stop()
    kept = server.data / "control.json"
    kept.write_text(kept.read_text()[:-20])
    done = subprocess.run(server.command(), env=server.environment, cwd=server.folder,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "control.json: is damaged" in done.stderr


BUCKET = """
control { bucket = "state", prefix = "kept/", refresh_s = 1 }
bucket "one"
user "all" { access_key = "ALLKEY", secret_key = "all-secret-0123456789",
             policy = { { effect = "Allow", actions = "s3:*", resources = "*" } } }
"""


def test_a_bucket_holds_it_and_is_closed(server_factory):
    server = server_factory(config=BUCKET)
    root = server.s3()
    root.put_bucket_policy(Bucket="one", Policy=policy("one"))
    assert not (server.data / "control.json").exists()
    for client in (root, server.s3("ALLKEY", "all-secret-0123456789")):
        for call in (lambda c: c.get_object(Bucket="state", Key="kept/control.json"),
                     lambda c: c.put_object(Bucket="state", Key="kept/control.json", Body=b"{}"),
                     lambda c: c.delete_object(Bucket="state", Key="kept/control.json"),
                     lambda c: c.list_objects_v2(Bucket="state"),
                     lambda c: c.copy_object(Bucket="one", Key="k", CopySource="state/kept/control.json"),
                     lambda c: c.put_bucket_policy(Bucket="state", Policy=policy("state")),
                     lambda c: c.delete_bucket(Bucket="state")):
            with pytest.raises(botocore.exceptions.ClientError) as caught:
                call(client)
            assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404)
    server.stop()
    server.start()
    assert sid_of(server.s3(), "one") == "Read"


def test_nothing_is_served_before_it_was_read(tmp_path):
    """An origin that cannot be reached: what its document denies is not known."""
    server = Server(tmp_path, config="""
origin "far" { endpoint = "http://127.0.0.1:1", credentials = "anonymous",
               limits = { tries_max = 1, connect_timeout_ms = 200, deadline_ms = 500 } }
control { bucket = "state", origin = "far", refresh_s = 1 }
bucket "one"
""")
    server.start(wait=False)
    try:
        wait_for(lambda: server.admin_or_gone("/-/health") == 200, 30, "the admin endpoint")
        assert server.admin("/-/ready")[0] == 503
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            server.s3().list_buckets()
        assert caught.value.response["Error"]["Code"] == "ServiceUnavailable"
    finally:
        server.stop()
