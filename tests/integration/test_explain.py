# SPDX-License-Identifier: MIT
"""objlens explain: the server's decision, without a server, and what decided it."""
import subprocess

import pytest

from kit.aws import client, key_of, refused, user
from kit.server import OBJLENS

ACCOUNT = "000000000000"
BUCKET = "arn:aws:s3:::orders"
POINT = f"arn:aws:s3:us-east-1:{ACCOUNT}:accesspoint/orders-ap"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/"
VIEW = f"arn:aws:s3-object-lambda:us-east-1:{ACCOUNT}:accesspoint/orders-view"
CONFIG = f"""
region = "us-east-1"
data = "data"
listen "127.0.0.1:9000"
root {{ access_key = "ROOTROOTROOTROOTROOT", secret_key = "root-secret-0123456789abcdef" }}
bucket "orders" {{ policy = {{
  {{ sid = "TlsOnly", effect = "Deny", principal = "*", actions = "s3:PutObject", resources = "{BUCKET}/*",
     conditions = {{ Bool = {{ ["aws:SecureTransport"] = "false" }} }} }} }} }}
access_point "orders-ap" {{ bucket = "orders" }}
object_lambda "orders-view" {{ access_point = "orders-ap", transforms = {{ "pii" }} }}
role "worker" {{ trust = {{ effect = "Allow", principal = "{ACCOUNT}", actions = "sts:AssumeRole" }},
                 policy = {{ effect = "Allow", actions = "s3:*", resources = "*" }} }}
master_key "closed" {{ policy = {{
  {{ sid = "Keeper", effect = "Allow", principal = "arn:aws:iam::{ACCOUNT}:user/writer", actions = "kms:*", resources = "*",
     conditions = {{ StringEquals = {{ ["kms:EncryptionContext:team"] = "a" }} }} }} }} }}
{user("veiled", 'policy = { effect = "Allow", actions = "kms:Decrypt", resources = "*", conditions = {'
      ' StringEquals = { ["aws:CalledVia"] = "s3-object-lambda.amazonaws.com" } } }')}
{user("viewer", 'views = { "orders-view" }')}
{user("writer", 'policy = { effect = "Allow", actions = "s3:*", resources = "*" }')}
"""


@pytest.fixture
def explain(tmp_path):
    (tmp_path / "objlens.lua").write_text(CONFIG)

    def run(who, action, resource, *more):
        done = subprocess.run([OBJLENS, "explain", "--as", who, "--action", action, "--resource",
                               resource, *more], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr
    return run


@pytest.mark.parametrize("who, action, resource, context, says", [
    ("viewer", "s3-object-lambda:GetObject", VIEW, [], "allowed"),
    ("viewer", "s3-object-lambda:PutObject", VIEW, [], "neither the identity's policies nor"),
    ("viewer", "s3:GetObject", f"{BUCKET}/k", [], "denies s3:GetObject"),
    ("viewer", "s3:GetObject", f"{POINT}/object/k", [], "denies s3:GetObject"),
    ("viewer", "s3:ListBucket", BUCKET, [], "denies s3:ListBucket"),
    ("writer", "s3:PutObject", f"{BUCKET}/k", [], "allowed"),
    ("writer", "s3:putobject", f"{BUCKET}/k", ["aws:SecureTransport=false"],
     'statement 1 "TlsOnly" of the bucket\'s policy denies s3:PutObject on arn:aws:s3:::orders/k'),
    ("writer", "s3:PutObject", f"{BUCKET}/k", ["aws:SecureTransport=true"], "allowed"),
    ("root", "s3:PutObject", f"{POINT}/object/k", ["aws:SecureTransport=false"], '"TlsOnly"'),
    ("anonymous", "s3:GetObject", f"{BUCKET}/k", [], "denied"),
    ("role/worker", "s3:GetObject", f"{BUCKET}/k", [], "assumed-role/worker/explain"),
    ("root", "s3:ListAllMyBuckets", "arn:aws:s3:::*", [], "allowed"),
    ("root", "sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/worker", [], "allowed"),
    ("root", "kms:Decrypt", KEY + "open", [], "allowed"),
    ("root", "kms:GenerateDataKey", KEY.replace("key/", "alias/aws/s3"), [], "allowed"),
    ("writer", "kms:Decrypt", KEY + "open", [], "neither the identity's policies nor"),
    ("writer", "kms:Decrypt", KEY + "closed", ["kms:EncryptionContext:team=a"], 'statement 1 "Keeper"'),
    ("writer", "kms:decrypt", KEY + "closed", [], "so absent: kms:EncryptionContext"),
    ("root", "kms:Decrypt", KEY + "closed", ["kms:EncryptionContext:team=a"], "denied"),
    ("veiled", "kms:Decrypt", KEY + "open", [], "denied"),
    ("veiled", "kms:Decrypt", KEY + "open", ["aws:CalledVia=s3-object-lambda.amazonaws.com"], "allowed"),
    ("viewer", "sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/worker", [], "leaves it to the caller's account"),
])
def test_it_says_what_decides(explain, who, action, resource, context, says):
    more = [word for pair in context for word in ("--context", pair)]
    code, out, err = explain(who, action, resource, *more)
    assert says in out, out + err
    assert code == (0 if out.startswith("allowed: ") else 1)


def test_it_names_keys_that_were_asked_for(explain):
    _, out, _ = explain("writer", "s3:PutObject", f"{BUCKET}/k")
    assert "asked for and not given, so absent: aws:SecureTransport\n" in out


@pytest.mark.parametrize("words, says", [
    (("nobody-of-that-name", "s3:GetObject", BUCKET), "--as: there is nobody"),
    (("root", "s3:GetObjekt", BUCKET), '--action: there is no "s3:GetObjekt"'),
    (("root", "s3:GetObject", VIEW), '--action: on this resource actions are "s3-object-lambda:'),
    (("root", "s3:GetObject", "orders"), "--resource: not the ARN"),
    (("root", "kms:Decrypt", KEY.replace("key/", "alias/orders")), "a key's ARN ends in key/ID"),
    (("root", "s3:GetObject", KEY + "k"), 'on this resource actions are "kms:'),
    (("root", "s3:GetObject", POINT + "x"), "--resource: there is no such access point"),
    (("root", "s3:GetObject", BUCKET, "--context", "aws:SourceIpp=1"), "--context: there is no key"),
    (("root", "s3:GetObject", BUCKET, "--context", "aws:SourceIp"), "is not KEY=VALUE"),
    (("root", "s3:GetObject", BUCKET, "--context", "aws:username=x"), "follows from --as"),
    (("root", "s3:GetObject", BUCKET, "--listener", "1.2.3.4:5"), "--listener: there is no"),
])
def test_it_says_what_it_does_not_understand(explain, words, says):
    code, out, err = explain(*words)
    assert (code, out) == (2, "")
    assert says in err


def test_it_knows_what_the_api_made(server_factory):
    policy = ('{"Statement": {"Sid": "NoWriter", "Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::%s:user/writer"},'
              ' "Action": "s3:GetObject", "Resource": "arn:aws:s3:::made/*"}}' % ACCOUNT)
    server = server_factory(
        config=user("writer", 'policy = { effect = "Allow", actions = "s3:*", resources = "*" }'))
    client(server).create_bucket(Bucket="made")
    client(server).put_bucket_policy(Bucket="made", Policy=policy)
    client(server).put_object(Bucket="made", Key="k", Body=b"x")
    with refused("AccessDenied"):
        client(server, credentials=key_of("writer")).get_object(Bucket="made", Key="k")
    done = subprocess.run([OBJLENS, "explain", "--config", server.config_file, "--as", "writer", "--action",
                           "s3:GetObject", "--resource", "arn:aws:s3:::made/k"],
                          capture_output=True, text=True, timeout=60, env=server.environment)
    assert done.returncode == 1
    assert '"NoWriter" of the bucket\'s policy denies s3:GetObject' in done.stdout, done.stderr
