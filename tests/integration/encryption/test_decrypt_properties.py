# SPDX-License-Identifier: MIT
"""What holds for every format: a bit flipped anywhere, a body cut at any border of its chunks or lengthened is
refused, nothing is written, and what is wrong with keys or content is told in the same words. OPENSSL and CBC
are not here: nothing authenticates them."""
import json
import os
import random
import subprocess

import pytest

from encryption import s3_formats as s3
from kit.server import OBJLENS

PLAIN = os.urandom(70_000)
AES = {"type": "aes", "id": "k1", "namespace": "n", "material": s3.b64(bytes(range(32)))}
RSA = {**s3.RsaKey().entry(), "namespace": "n"}
WORD = {"type": "password", "id": "p", "material": "correct horse"}
CHUNK, FRAME = 65536 + 16, 4096 + 32
SAME_WORDS = b"could not be decrypted"

# format, key, bytes before the first chunk (None: it is found), bytes of a chunk
FORMS = {
    "s3-v2-aes": ("s3-v2", AES, 0, 32768),
    "s3-v3-aes": ("s3-v3", AES, 0, 32768),
    "s3-v3-rsa": ("s3-v3", RSA, 0, 32768),
    "sdk-aes": ("aws-encryption-sdk", AES, None, FRAME * 5),
    "sdk-rsa": ("aws-encryption-sdk", RSA, None, FRAME * 5),
    "rclone": ("rclone", WORD, 32, CHUNK),
    "age": ("age", {"type": "password", "id": "i", "material":
                    "AGE-SECRET-KEY-153UP4Q4TDVFF537MXPZWCZYCZZ9624UV9S4QCJPV6XKD2XGFEKES9W8W8G"}, None, CHUNK),
    "openpgp": ("openpgp", WORD, None, 32768),
}
# Whole chunks at the end may be missing where the format says nothing about its end.
UNSEEN = {"rclone"}


@pytest.fixture
def tool(tmp_path):
    def run(name, body, entry, *args):
        (tmp_path / "keys").write_text(json.dumps([entry]))
        return subprocess.run([OBJLENS, name, "--keys", tmp_path / "keys", *args], input=body,
                              capture_output=True, check=False)
    run.meta = tmp_path / "meta"
    return run


def first_chunk(name, body):
    if name == "age":
        return body.index(b"\n", body.index(b"\n---") + 1) + 1 + 16
    if name == "sdk-aes" or name == "sdk-rsa":
        whole = len(PLAIN) // 4096
        return len(body) - whole * FRAME - (4 + 4 + 12 + 4 + len(PLAIN) % 4096 + 16)
    return 80


@pytest.mark.parametrize("name", FORMS)
def test_damage_is_refused_in_the_same_words(tool, name):
    form, entry, start, chunk = FORMS[name]
    args = ["--meta", tool.meta] if form.startswith("s3") else []
    more = ["--meta-out", tool.meta] if args else []
    made = tool("encrypt", PLAIN, entry, f"--format={form}", *more)
    assert made.returncode == 0, made.stderr
    body = made.stdout
    start = first_chunk(name, body) if start is None else start
    told = set()

    def is_refused(damaged, key=entry):
        done = tool("decrypt", damaged, key, *args)
        assert (done.returncode, done.stdout) == (3, b""), (len(damaged), done.stderr)
        return done.stderr

    assert tool("decrypt", body, entry, *args).stdout == PLAIN
    content = random.sample(range(start, len(body)), 6) + [start, len(body) - 1]
    for at in content:
        told.add(is_refused(body[:at] + bytes([body[at] ^ 1 << random.randrange(8)]) + body[at + 1:]))
    for at in random.sample(range(start), min(start, 6)):
        is_refused(body[:at] + bytes([body[at] ^ 1 << random.randrange(8)]) + body[at + 1:])
    for cut in range(start, len(body), chunk):
        for nearby in (cut, cut + 1, cut + 16):
            if nearby < len(body) and not (nearby == cut and name in UNSEEN):
                is_refused(body[:nearby])
    told.add(is_refused(body[:-1]))
    for extra in (b"\0", b"\0" * 16, body[start:start + chunk]):
        is_refused(body + extra)
    other = {"aes": {**AES, "material": s3.b64(bytes(32))}, "rsa": {**s3.RsaKey().entry(), "namespace": "n"},
             "password": {**WORD, "material": "another"}}[entry["type"]]
    told.add(is_refused(body, other))
    assert len(told) == 1 and SAME_WORDS in told.pop()
