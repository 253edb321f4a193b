# SPDX-License-Identifier: MIT
"""`objlens keys`: the life of a keyring's file, and what is refused of one."""
import base64
import json
import os
import re
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kit.server import OBJLENS

ARN = "arn:aws:kms:eu-west-1:111122223333:key/"


@pytest.fixture
def ring(tmp_path):
    return tmp_path / "keys.ring"


@pytest.fixture
def keys(ring):
    def run(*args, code=0, text=None):
        done = subprocess.run([OBJLENS, "keys", *args, "--keyring", ring], input=text, text=True,
                              capture_output=True, check=False)
        assert done.returncode == code, (done.returncode, done.stderr)
        return done.stderr if code else done.stdout
    return run


def new(keys, *args):
    return keys("new", "--region", "eu-west-1", "--account", "111122223333", *args).split()[0]


def test_life_of_a_key(keys, ring):
    arn = new(keys, "--id", "orders", "--alias", "alias/orders", "--alias", "alias/aws/s3")
    assert arn == ARN + "orders"
    assert stat.S_IMODE(ring.stat().st_mode) == 0o600
    assert keys("rotate", "alias/orders").split() == [arn, "version", "2", "enabled"]
    assert keys("disable", arn).split()[-1] == "disabled"
    assert keys("delete", "orders").split()[-1] == "pending"
    assert keys("enable", ARN.replace("key/", "alias/orders")).split()[-1] == "enabled"
    random = new(keys)
    assert re.fullmatch(ARN + r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", random)
    first, second = keys("list").splitlines()
    assert first.split("\t")[:3] == [arn, "enabled", "2"]
    assert first.split("\t")[4] == "alias/orders,alias/aws/s3"
    assert second.split("\t")[0] == random and second.split("\t")[4] == "-"


def test_nothing_secret_is_shown(keys, ring):
    new(keys, "--id", "a")
    material = re.search(r"^version 1 \S+ (\S+)$", ring.read_text(), re.M).group(1)
    assert material not in keys("list") + keys("rotate", "a")


@pytest.mark.parametrize("args, word", [
    (["rotate", "gone"], "does not exist"), (["disable", "alias/none"], "is not found"),
    (["rotate", "arn:aws:kms:us-east-1:111122223333:key/a"], "Invalid arn"),
    (["rotate", "a b"], "Invalid keyId"), (["new", "--id", "a"], "already"),
    (["new", "--id", "a b"], "letters"), (["new", "--alias", "none"], "alias/"),
    (["new", "--alias", "alias/a b"], "alias/")])
def test_mistakes(keys, ring, args, word):
    new(keys, "--id", "a")
    before = ring.read_bytes()
    assert word in keys(*args, code=1)
    assert ring.read_bytes() == before


@pytest.mark.parametrize("args", [["rotate"], ["list", "a"], ["shred", "a"], []])
def test_usage(keys, args):
    keys(*args, code=2)


def test_a_file_that_others_may_read(keys, ring):
    new(keys, "--id", "a")
    for mode in (0o640, 0o604, 0o660, 0o622):
        ring.chmod(mode)
        assert "0600" in keys("list", code=1)
        assert "0600" in keys("rotate", "a", code=1)
    ring.chmod(0o600)
    keys("list")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_file_of_somebody_else(keys, ring):
    new(keys, "--id", "a")
    os.chown(ring, 65534, -1)
    assert "belongs to user 65534" in keys("list", code=1)


def test_no_plain_file(keys, ring):
    ring.mkdir(0o700)
    assert "not a plain file" in keys("list", code=1)


def test_half_written_and_damaged(keys, ring):
    """Every cut, and a flipped bit anywhere, is seen; and nothing overwrites what is left."""
    new(keys, "--id", "a", "--alias", "alias/x")
    keys("rotate", "a")
    whole = ring.read_bytes()
    for cut in (0, 1, 17, len(whole) // 2, len(whole) - 70, len(whole) - 1):
        ring.write_bytes(whole[:cut])
        assert "part is missing" in keys("list", code=1)
        assert "part is missing" in keys("rotate", "a", code=1)
        assert "part is missing" in keys("new", code=1)
        assert ring.read_bytes() == whole[:cut]
    for at in range(0, len(whole) - 1, 11):
        ring.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
        assert "damaged" in (said := keys("list", code=1)) or "missing" in said
    ring.write_bytes(whole)
    keys("list")


def test_changes_at_the_same_time_are_all_kept(keys, ring):
    new(keys, "--id", "a")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: keys("new", "--id", f"k{i}"), range(16)))
        list(pool.map(lambda i: keys("rotate", "a"), range(8)))
    assert len(keys("list").splitlines()) == 17
    assert keys("list").splitlines()[0].split("\t")[2] == "9"
    assert sorted(p.name for p in ring.parent.iterdir()) == ["keys.ring", "keys.ring.lock"]


def test_a_folder_that_cannot_be_written_leaves_the_old_file(keys, ring):
    new(keys, "--id", "a")
    before = ring.read_bytes()
    subprocess.run(["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", OBJLENS, "keys", "rotate", "a",
                    "--keyring", ring], capture_output=True, check=False)
    assert ring.read_bytes() == before
    keys("list")


def bound(version, key_id, context):
    text = json.dumps(dict(sorted(context.items())), separators=(",", ":"),
                      ensure_ascii=False).encode()
    return (b"objlens keyring data key 1" + version.to_bytes(4, "big")
            + len(key_id).to_bytes(4, "big") + key_id + len(text).to_bytes(4, "big") + text)


def material(ring, version):
    line = re.search(rf"^version {version} \S+ (\S+)$", ring.read_text(), re.M)
    return AESGCM(base64.b64decode(line.group(1)))


def test_rewrap(keys, ring):
    """The wrapped key made and opened by other hands: the form is what the source says it is."""
    new(keys, "--id", "a")
    data_key, nonce, context = os.urandom(32), os.urandom(12), {"b": "2", "a": "1 ü"}
    head = b"OLK1" + (1).to_bytes(4, "big") + b"\x01a"
    blob = head + nonce + material(ring, 1).encrypt(nonce, data_key, bound(1, b"a", context))
    line = f"{base64.b64encode(blob).decode()} {json.dumps(context)}\n"
    assert keys("rewrap", text=line) == line
    keys("rotate", "a")
    text, kept = keys("rewrap", text="\n" + line).split(" ", 1)
    assert json.loads(kept) == context
    wrapped = base64.b64decode(text)
    assert wrapped[:10] == b"OLK1" + (2).to_bytes(4, "big") + b"\x01a"
    assert material(ring, 2).decrypt(wrapped[10:22], wrapped[22:],
                                     bound(2, b"a", context)) == data_key
    assert "line 2" in keys("rewrap", text=line + line.replace('"2"', '"3"'), code=1)
    keys("disable", "a")
    assert "disabled" in keys("rewrap", text=line, code=1)


def test_rewrap_refuses_what_is_no_wrapped_key(keys):
    new(keys, "--id", "a")
    assert keys("rewrap", text="") == ""
    assert "line 1" in keys("rewrap", text="****\n", code=1)
    assert "line 1" in keys("rewrap", text="AAAA\n", code=1)
    assert "line 1" in keys("rewrap", text='AAAA {"a": 1}\n', code=1)
