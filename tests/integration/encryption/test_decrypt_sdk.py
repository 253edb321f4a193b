# SPDX-License-Identifier: MIT
"""`objlens decrypt` on messages that the AWS Encryption SDK for JavaScript wrote."""
import base64
import json
import subprocess

import pytest

from kit.server import OBJLENS


@pytest.fixture(scope="module")
def written(js):
    return js(None, "encryption_sdk.mjs")


@pytest.fixture
def decrypt(tmp_path, written):
    (tmp_path / "keys").write_text(json.dumps(written["keys"]))

    def run(body, *args, keys=tmp_path / "keys"):
        return subprocess.run([OBJLENS, "decrypt", "--keys", keys, *args], input=body,
                              capture_output=True, check=False)
    return run


def body_of(message):
    return base64.b64decode(message["body"])


def is_refused(done):
    assert done.returncode == 3, (done.returncode, done.stderr)
    assert done.stdout == b""


def test_every_message_opens(decrypt, written):
    assert len(written["messages"]) > 250
    for message in written["messages"]:
        done = decrypt(body_of(message))
        assert done.returncode == 0, (message["name"], done.stderr)
        assert done.stdout == base64.b64decode(message["plain"]), message["name"]


def test_ranges(decrypt, written):
    for message in written["messages"]:
        plain = base64.b64decode(message["plain"])
        if len(plain) == 5000:
            assert decrypt(body_of(message), "--range=99-4097").stdout == plain[99:4098]


def test_any_flipped_byte_or_cut_is_refused(decrypt, written):
    """One message of each suite: every byte of its header and of its end, and some between."""
    for suite in sorted({m["suite"] for m in written["messages"]}):
        message = next(m for m in written["messages"] if m["suite"] == suite
                       and m["name"].endswith("-aes-4097-100"))
        body = body_of(message)
        places = [*range(0, 300, 13), *range(300, len(body) - 300, 1999),
                  *range(len(body) - 130, len(body), 29)]
        for at in places:
            is_refused(decrypt(body[:at] + bytes([body[at] ^ 4]) + body[at + 1:]))
            is_refused(decrypt(body[:at]))
        is_refused(decrypt(body + b"\0"))


def test_frames_cannot_be_exchanged(decrypt, written):
    message = next(m for m in written["messages"] if m["name"] == "478-aes-4097-100")
    body = body_of(message)
    frame = 100 + 4 + 12 + 16
    end = len(body) - (4 + 4 + 12 + 4 + 97 + 16)
    first, second = end - 2 * frame, end - frame
    is_refused(decrypt(body[:first] + body[second:end] + body[first:second] + body[end:]))
    is_refused(decrypt(body[:second] + body[end:]))


def test_the_expected_context(decrypt, written):
    message = next(m for m in written["messages"] if m["name"] == "578-aes-5000-default")
    assert decrypt(body_of(message), "--context", '{"team": "blue"}').returncode == 0
    is_refused(decrypt(body_of(message), "--context", '{"team": "red"}'))
    is_refused(decrypt(body_of(message), "--context", '{"more": "x"}'))


def test_names_of_keys_count(decrypt, written, tmp_path):
    message = next(m for m in written["messages"] if m["name"] == "578-aes-5000-default")
    for change in ({"id": "k2"}, {"namespace": "other"}):
        (tmp_path / "renamed").write_text(json.dumps([{**written["keys"][0], **change}]))
        is_refused(decrypt(body_of(message), keys=tmp_path / "renamed"))


def test_commitment_can_be_required(decrypt, written):
    for message in written["messages"]:
        if message["name"].endswith("-aes-5000-default"):
            done = decrypt(body_of(message), "--require-commitment")
            assert (done.returncode == 0) == (message["suite"] in (0x478, 0x578))
