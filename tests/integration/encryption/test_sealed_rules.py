# SPDX-License-Identifier: MIT
"""Rules that change while views are remembered, and who may have an instruction file read."""
import json
import signal

import pytest

from encryption import s3_formats as s3
from encryption.vault import AES, KEYS, PLAIN, REFUSED, SCRIPTS, Vault, config
from kit.aws import client, key_of, refused, user
from kit.server import Server, wait_for
from kit.views import same

SEALED = s3.v3(AES, PLAIN[:5000])
POLICIES = user("some", 'policy = { { effect = "Allow", actions = "s3-object-lambda:*", resources = "*" } }')
NO_FILES = {"Version": "2012-10-17", "Statement": [{
    "Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::000000000000:user/some"}, "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::vault/*.instruction"}]}


def blocks(server, rule):
    olaps = {"view": ("copy", rule), "files": ("copy", 'keys = { "a" }, instruction_files = true')}
    return config(server.folder, olaps, KEYS, "") + POLICIES


@pytest.fixture(scope="module")
def vault(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("rules"), "", files=SCRIPTS)
    server.write_config(blocks(server, 'otherwise = "pass"'))
    server.start()
    yield Vault(server, server)
    assert server.stop() == 0


def change(vault, rule):
    server = vault.reader
    before = server.stderr_file.read_text().count("configuration reloaded")
    server.write_config(blocks(server, rule))
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: server.stderr_file.read_text().count("configuration reloaded") > before, what="the reload")


def test_what_passed_is_not_remembered_for_those_who_refuse(vault):
    sealed, plain = vault.put(SEALED), vault.put(s3.Sealed({}, PLAIN))
    text = b"age-encryption.org/v1\n" + PLAIN[:1000]  # told by its first bytes: a view that is remembered reads none
    told = vault.put(s3.Sealed({}, text))
    for _ in range(2):
        same(vault.body("view", sealed), SEALED.body)
        same(vault.body("view", plain), PLAIN)
        same(vault.body("view", told), text)
    etag = vault.head("view", sealed)["ETag"]
    change(vault, 'otherwise = "refuse"')
    for key in (sealed, told):
        assert vault.refusal("view", key) == REFUSED
        assert vault.refusal("view", key, IfNoneMatch=etag) == REFUSED
    same(vault.body("view", plain), PLAIN)
    change(vault, 'keys = { "a" }, plain = "refuse"')
    assert vault.refusal("view", plain) == REFUSED
    same(vault.body("view", sealed), PLAIN[:5000])
    change(vault, 'otherwise = "pass"')
    same(vault.body("view", sealed), SEALED.body)


def test_an_instruction_file_is_read_for_those_who_may_read_it(vault):
    key = vault.put(s3.v3(AES, PLAIN[:100], file=True))
    embedded = vault.put(s3.v3(AES, PLAIN[:100]))
    vault.store.s3().put_bucket_policy(Bucket="vault", Policy=json.dumps(NO_FILES))
    some = client(vault.reader, credentials=key_of("some"))
    for _ in range(2):  # nor is a view that is remembered a way around
        with refused("AccessDenied", 403):
            some.get_object(Bucket="files--ol-s3", Key=key)
        with refused("403", 403):
            some.head_object(Bucket="files--ol-s3", Key=key)
        same(vault.body("files", key), PLAIN[:100])
    same(some.get_object(Bucket="files--ol-s3", Key=embedded)["Body"].read(), PLAIN[:100])
