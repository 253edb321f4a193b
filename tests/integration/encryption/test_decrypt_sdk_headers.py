# SPDX-License-Identifier: MIT
"""`objlens decrypt` on Encryption SDK messages whose headers are unusual."""
import json
import os
import subprocess

import pytest

from encryption import s3_formats as s3
from encryption.sdk_formats import message
from kit.server import OBJLENS

KEY = os.urandom(32)
OURS = (KEY, "k", "n")


@pytest.fixture
def decrypt(tmp_path):
    def run(body, *args):
        (tmp_path / "keys").write_text(json.dumps(
            [{"type": "aes", "id": "k", "namespace": "n", "material": s3.b64(KEY)}]))
        return subprocess.run([OBJLENS, "decrypt", "--keys", tmp_path / "keys", *args], input=body,
                              capture_output=True, check=False)
    return run


def context(**pairs):
    return "--context", json.dumps(pairs)


def opens(done):
    assert (done.returncode, done.stdout) == (0, b"secret"), done.stderr


def is_refused(done):
    assert (done.returncode, done.stdout) == (3, b""), done.stderr


@pytest.mark.parametrize("stored", [{}, {"a": "1"}, {"a": "1", "z": "\u00e4"}])
def test_a_context_that_was_kept_out_of_the_header(decrypt, stored):
    body = message(b"secret", [OURS], stored, {"team": "blue", "b": "2"})
    opens(decrypt(body, *context(team="blue", b="2")))
    opens(decrypt(body, *context(team="blue", b="2", **stored)))
    is_refused(decrypt(body))
    for wrong in ({"team": "blue"}, {"team": "red", "b": "2"}, {"team": "blue", "b": "2", "c": "3"},
                  {"team": "blue", "b": "2", "a": "other"} if stored else {}):
        is_refused(decrypt(body, *context(**wrong)))


def test_what_is_expected_and_nowhere_is_refused(decrypt):
    body = message(b"secret", [OURS], {"a": "1"})
    opens(decrypt(body, *context(a="1")))
    is_refused(decrypt(body, *context(a="1", b="2")))
    is_refused(decrypt(body, "--context", '{"aws-crypto-public-key": "x"}'))


def test_many_wrapped_keys(decrypt):
    others = [(os.urandom(32), f"o{i}", "n") for i in range(30)]
    opens(decrypt(message(b"secret", [*others, OURS])))
    opens(decrypt(message(b"secret", [(os.urandom(32), "k", "n"), *others[:10], OURS])))
    is_refused(decrypt(message(b"secret", others)))
    is_refused(decrypt(message(b"secret", [*others, *others, OURS])))
