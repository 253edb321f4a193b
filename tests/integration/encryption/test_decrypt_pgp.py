# SPDX-License-Identifier: MIT
"""`objlens decrypt` on what gpg wrote: for passwords and for keys; and what it must not open."""
import json
import os
import shutil
import subprocess
import tempfile
import zlib

import pytest

from kit.server import OBJLENS

PASSWORD = "correct horse battery"
BY_PASSWORD = ["--pinentry-mode", "loopback", "--passphrase", PASSWORD, "-c", "--s2k-count", "1024"]
PLAIN = os.urandom(3000)

pytestmark = pytest.mark.skipif(not shutil.which("gpg"), reason="gpg is not installed")


class Gpg:
    """With a home of its own and two keys: RSA, and the curves of today."""
    def __init__(self, home):
        self.home = home
        for name, kind in (("rsa", "rsa2048"), ("curve", "ed25519")):
            self("--passphrase", "", "--quick-gen-key", f"{name} <{name}@example.com>", kind, "default", "never")
            self("--passphrase", "", "--quick-add-key", self.fingerprint(name),
                 "rsa2048" if name == "rsa" else "cv25519", "encrypt", "never")

    def __call__(self, *args, body=b""):
        done = subprocess.run(["gpg", "--homedir", self.home, "--quiet", "--batch", "--trust-model", "always",
                               *args], input=body, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def fingerprint(self, name):
        lines = self("--with-colons", "--list-keys", name).decode().splitlines()
        return next(line.split(":")[9] for line in lines if line.startswith("fpr"))

    def secret(self, name, *args):
        return self("--export-secret-keys", *args, name)


@pytest.fixture(scope="module")
def gpg():
    home = tempfile.mkdtemp()  # short: there are sockets in it
    try:
        yield Gpg(home)
    finally:
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def decrypt(tmp_path):
    def run(body, *entries, args=()):
        (tmp_path / "keys").write_text(json.dumps(entries))
        return subprocess.run([OBJLENS, "decrypt", "--keys", tmp_path / "keys", *args], input=body,
                              capture_output=True, check=False)
    return run


def password(text=PASSWORD):
    return {"type": "password", "id": "p", "material": text}


def key(gpg, name, kind="rsa"):
    return {"type": kind, "id": name, "material": gpg.secret(name, "--armor").decode()}


def opens(done, plain=PLAIN):
    assert done.returncode == 0, done.stderr
    assert done.stdout == plain


def is_refused(done):
    assert done.returncode == 3, (done.returncode, done.stderr)
    assert done.stdout == b""


@pytest.mark.parametrize("compression", ["0", "zip", "bzip2"])
def test_messages_for_a_password(gpg, decrypt, compression):
    for plain in (b"", PLAIN, os.urandom(300_000) + bytes(3_000_000)):
        body = gpg(*BY_PASSWORD, "--compress-algo", compression, body=plain)
        opens(decrypt(body, password("another"), password()), plain)
    opens(decrypt(body, password(), args=["--range=299990-300010"]), plain[299990:300011])
    is_refused(decrypt(body, password("wrong")))


@pytest.mark.parametrize("name", ["rsa", "curve"])
def test_messages_for_a_key(gpg, decrypt, name):
    body = gpg("-r", name, "-e", body=PLAIN)
    opens(decrypt(body, key(gpg, name)))
    opens(decrypt(body, key(gpg, name, "password"), password("of something else")))
    is_refused(decrypt(body, key(gpg, "curve" if name == "rsa" else "rsa")))
    is_refused(decrypt(body, password()))
    opens(decrypt(gpg("-r", name, "-u", name, "-s", "-e", "--armor", body=PLAIN), key(gpg, name)))


def test_several_recipients_and_a_password(gpg, decrypt):
    body = gpg(*BY_PASSWORD, "-r", "rsa", "-r", "curve", "-e", body=PLAIN)
    for entry in (password(), key(gpg, "rsa"), key(gpg, "curve")):
        opens(decrypt(body, entry))


def test_damage_cuts_and_additions_are_refused(gpg, decrypt):
    body = gpg(*BY_PASSWORD, "--compress-algo", "0", body=PLAIN)
    for at in (0, 1, 3, 12, 15, 17, 40, 1500, len(body) - 21, len(body) - 1):
        is_refused(decrypt(body[:at] + bytes([body[at] ^ 1]) + body[at + 1:], password()))
    for cut in (5, 14, 16, 40, 1500, len(body) - 22, len(body) - 1):
        is_refused(decrypt(body[:cut], password()))
    for more in (b"\0", b"\xcb\x04b\0\0\0", body):
        is_refused(decrypt(body + more, password()))


def test_what_nothing_protects_is_refused(gpg, decrypt):
    is_refused(decrypt(gpg("--store", body=PLAIN), password()))
    is_refused(decrypt(gpg("-u", "rsa", "-s", body=PLAIN), key(gpg, "rsa")))
    old = gpg(*BY_PASSWORD, "--rfc2440", "--cipher-algo", "3DES", body=PLAIN)
    assert old[15] >> 2 & 15 == 9 or old[15] & 63 == 9, "a packet without protection"
    is_refused(decrypt(old, password(), args=["--allow-legacy"]))


def packet(tag, body):
    return bytes([0xc0 | tag, 255]) + len(body).to_bytes(4, "big") + body


def test_bombs_go_off_elsewhere(gpg, decrypt):
    """Packed twice: what comes of it is a hundred thousand times as much."""
    literal = packet(11, b"b\0\0\0\0\0" + bytes(200 << 20))
    for _ in range(2):
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        literal = packet(8, b"\1" + packer.compress(literal) + packer.flush())
    assert len(literal) < 10_000
    body = subprocess.run(["gpg", "--homedir", gpg.home, "--quiet", "--batch", "--no-literal", *BY_PASSWORD,
                           "--compress-algo", "0"], input=literal, capture_output=True, check=True).stdout
    is_refused(decrypt(body, password()))


def test_it_commits_to_no_key(gpg, decrypt):
    is_refused(decrypt(gpg(*BY_PASSWORD, body=PLAIN), password(), args=["--require-commitment"]))
