# SPDX-License-Identifier: MIT
"""SSE-KMS objects whose keys Vault, KES or moto's KMS keep: mocks of our own for the first two, and a service
that others wrote."""
import os
import signal
import subprocess

import botocore.exceptions
import pytest

from encryption.mock_named import Kes, Vault
from encryption.test_decrypt_kms_peers import client_of, moto  # noqa: F401 (a fixture)
from kit.server import Server, wait_for

ARN = "arn:aws:kms:us-east-1:000000000000:key/"
BODY = os.urandom(200_000)


def under(key):
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}


def round_trip(server, key, arn, mode="aws:kms"):
    """Written, read, and read by a process that remembers nothing."""
    s3 = server.s3()
    put = s3.put_object(Bucket="orders", Key="k", Body=BODY, ServerSideEncryption=mode, SSEKMSKeyId=key)
    assert put["SSEKMSKeyId"] == arn
    assert s3.get_object(Bucket="orders", Key="k")["Body"].read() == BODY
    assert server.stop() == 0
    server.start()
    got = server.s3().get_object(Bucket="orders", Key="k", Range="bytes=100000-199999")
    assert got["Body"].read() == BODY[100000:] and got["SSEKMSKeyId"] == arn


def refusal(server, key):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        server.s3().put_object(Bucket="orders", Key="x", Body=b"x", **under(key))
    return caught.value.response["Error"]["Code"]


def test_vault(tmp_path):
    vault = Vault()
    vault.keys["orders"] = os.urandom(32)
    (tmp_path / "token").write_text("the-token\n")
    (tmp_path / "token").chmod(0o600)
    server = Server(tmp_path, f'bucket "orders"\nkms "vault" {{ kind = "vault", endpoint = "{vault.url}", '
                              'token_file = "token", limits = { tries_max = 1 } }')
    server.start()
    round_trip(server, "orders", ARN + "orders")
    assert refusal(server, "none") == "KMS.NotFoundException"
    # Another token: the old one is refused until the file is read again.
    vault.token = "another"
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "credentials read again" in server.stderr_file.read_text(), 60, "the reload")
    assert refusal(server, ARN + "orders") == "AccessDenied"
    (tmp_path / "token").write_text("another")
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: server.stderr_file.read_text().count("credentials read again") > 1, 60, "the reload")
    assert server.s3().get_object(Bucket="orders", Key="k")["Body"].read() == BODY
    assert server.stop() == 0
    vault.close()


def openssl(folder, *args):
    subprocess.run(["openssl", *args], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize("mode", ["aws:kms", "aws:kms:dsse"])
def test_kes(tmp_path, mode):
    for name in ("server", "client"):
        openssl(tmp_path, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
                "-keyout", f"{name}.key", "-out", f"{name}.pem")
    kes = Kes(tmp_path / "server.pem", tmp_path / "server.key", tmp_path / "client.pem")
    kes.keys["orders"] = os.urandom(32)
    server = Server(tmp_path, f'bucket "orders"\nkms "kes" {{ kind = "kes", endpoint = "{kes.url}", '
                              'ca = "server.pem", certificate = "client.pem", key = "client.key", keys = "orders" }')
    server.start()
    round_trip(server, "orders", ARN + "orders", mode)
    assert refusal(server, "none") == "KMS.NotFoundException"
    assert server.stop() == 0
    kes.close()


def test_moto(tmp_path, moto):  # noqa: F811
    kms = client_of(moto)
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/store", TargetKeyId=key["KeyId"])
    server = Server(tmp_path, f"""
bucket "orders"
kms "moto" {{ endpoint = "{moto}", region = "eu-west-1", access_key = "tester", secret_key = "secret" }}
""")
    server.start()
    round_trip(server, "alias/store", key["Arn"])
    assert refusal(server, "alias/none") == "KMS.NotFoundException"
    assert refusal(server, "arn:aws:kms:eu-west-1:123456789012:key/none") == "KMS.NotFoundException"
    assert server.stop() == 0
