# SPDX-License-Identifier: MIT
"""`objlens decrypt` on what rclone, age and openssl wrote themselves."""
import base64
import json
import os
import pty
import shutil
import subprocess

import pytest

from kit.server import OBJLENS

SIZES = [0, 1, 100, 65535, 65536, 65537, 131072, 200_001]
PASSWORD = "correct horse battery"


def need(tool):
    return pytest.mark.skipif(not shutil.which(tool), reason=f"{tool} is not installed")


@pytest.fixture
def decrypt(tmp_path):
    def run(body, password, *args, **more):
        entry = {"type": "password", "id": "p", "material": password, **more}
        other = {"type": "password", "id": "o", "material": "another one"}
        (tmp_path / "keys").write_text(json.dumps([other, entry]))
        return subprocess.run([OBJLENS, "decrypt", "--keys", tmp_path / "keys", *args], input=body,
                              capture_output=True, check=False)
    return run


def opens(done, plain):
    assert done.returncode == 0, done.stderr
    assert done.stdout == plain


def is_refused(done):
    assert done.returncode == 3, (done.returncode, done.stderr)
    assert done.stdout == b""


# ---- rclone ----

def rclone_crypt(folder, plain, salt=None):
    def obscured(text):
        return subprocess.run(["rclone", "obscure", text], capture_output=True, text=True,
                              check=True).stdout.strip()
    target, source = folder / "crypt", folder / "plain"
    shutil.rmtree(target, ignore_errors=True)
    source.write_bytes(plain)
    environment = {**os.environ, "RCLONE_CONFIG": "/dev/null",
                   "RCLONE_CRYPT_REMOTE": str(target), "RCLONE_CRYPT_PASSWORD": obscured(PASSWORD),
                   "RCLONE_CRYPT_FILENAME_ENCRYPTION": "off"}
    if salt:
        environment["RCLONE_CRYPT_PASSWORD2"] = obscured(salt)
    subprocess.run(["rclone", "copyto", source, ":crypt:x"], env=environment, check=True,
                   capture_output=True)
    return next(target.iterdir()).read_bytes()


@need("rclone")
@pytest.mark.parametrize("salt", [None, "and salt"])
def test_rclone_crypt(decrypt, tmp_path, salt):
    more = {"namespace": salt} if salt else {}
    for size in SIZES:
        plain = os.urandom(size)
        opens(decrypt(rclone_crypt(tmp_path, plain, salt), PASSWORD, **more), plain)
    body = rclone_crypt(tmp_path, plain, salt)
    opens(decrypt(body, base64.b64encode(PASSWORD.encode()).decode(), **more), plain)
    opens(decrypt(body, PASSWORD, "--range=65530-131080", **more), plain[65530:131081])
    if salt:
        opens(decrypt(body, PASSWORD, namespace=base64.b64encode(salt.encode()).decode()), plain)
    is_refused(decrypt(body, "wrong", **more))
    for at in (8, 31, 32, 47, 48, 65583, 65584, len(body) - 1):
        is_refused(decrypt(body[:at] + bytes([body[at] ^ 1]) + body[at + 1:], PASSWORD, **more))
    for cut in (7, 31, 33, 48, 65584 + 10, len(body) - 1):
        is_refused(decrypt(body[:cut], PASSWORD, **more))


# ---- age ----

def age_by_identity(tmp_path, plain, *args):
    keygen = subprocess.run(["age-keygen"], capture_output=True, text=True, check=True)
    identity = keygen.stdout.splitlines()[-1]
    recipient = keygen.stderr.split()[-1]
    other = subprocess.run(["age-keygen"], capture_output=True, text=True, check=True)
    body = subprocess.run(["age", "-r", other.stderr.split()[-1], "-r", recipient, *args],
                          input=plain, capture_output=True, check=True).stdout
    return identity, body


def age_by_passphrase(tmp_path, plain):
    """age asks a terminal for it, twice."""
    (tmp_path / "age-plain").write_bytes(plain)
    out = tmp_path / "age-out"
    out.unlink(missing_ok=True)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp("age", ["age", "-p", "-o", str(out), str(tmp_path / "age-plain")])
    seen = b""
    for prompt in (b"passphrase", b"onfirm"):
        while prompt not in seen:
            seen += os.read(terminal, 1000)
        os.write(terminal, PASSWORD.encode() + b"\n")
        seen = b""
    assert os.waitpid(pid, 0)[1] == 0
    os.close(terminal)
    return out.read_bytes()


@need("age")
def test_age_identities(decrypt, tmp_path):
    for size in SIZES:
        plain = os.urandom(size)
        identity, body = age_by_identity(tmp_path, plain)
        opens(decrypt(body, identity), plain)
    opens(decrypt(body, identity, "--range=65530-131080"), plain[65530:131081])
    stranger, _ = age_by_identity(tmp_path, b"")
    is_refused(decrypt(body, stranger))
    is_refused(decrypt(body, identity[:-1] + ("Q" if identity[-1] != "Q" else "P")))
    header = body.index(b"\n--- ") + 49
    for at in (*range(23, header, 11), header, header + 15, header + 16, header + 65552, len(body) - 1):
        is_refused(decrypt(body[:at] + bytes([body[at] ^ 1]) + body[at + 1:], identity))
    for cut in (10, 30, header, header + 16, header + 16 + 65552, len(body) - 1):
        is_refused(decrypt(body[:cut], identity))


@need("age")
def test_age_passphrases(decrypt, tmp_path):
    body = age_by_passphrase(tmp_path, b"secret" * 1000)
    opens(decrypt(body, PASSWORD), b"secret" * 1000)
    is_refused(decrypt(body, "wrong"))


# ---- openssl enc ----

@need("openssl")
@pytest.mark.parametrize("args", [["-aes-256-cbc", "-pbkdf2"], ["-aes-256-cbc"],
                                  ["-aes-256-cbc", "-md", "md5"], ["-aes-128-cbc", "-pbkdf2"]])
def test_openssl_enc_is_legacy(decrypt, args):
    # Never one byte of padding: 1 wrong way in 65536 to open it would have more.
    for size in [size - (size % 16 == 15) for size in SIZES]:
        plain = base64.b64encode(os.urandom(size))[:size]
        body = subprocess.run(["openssl", "enc", *args, "-k", PASSWORD], input=plain,
                              capture_output=True, check=True).stdout
        opens(decrypt(body, PASSWORD, "--allow-legacy"), plain)
    is_refused(decrypt(body, PASSWORD))
    for cut in (7, 16, len(body) - 1):
        is_refused(decrypt(body[:cut], PASSWORD, "--allow-legacy"))


@need("age")
def test_age_as_text(decrypt, tmp_path):
    for size in (0, 48, 200_001):
        plain = os.urandom(size)
        identity, body = age_by_identity(tmp_path, plain, "-a")
        opens(decrypt(body, identity), plain)
    opens(decrypt(b" \n\r\n" + body.replace(b"\n", b"\r\n") + b"\n", identity), plain)
    lines = body.split(b"\n")
    for wrong in (lines[1:], lines[:-2], [lines[0], b"", *lines[1:]], [*lines, b"x"], [b"x", *lines],
                  [*lines[:5], lines[5] + b" ", *lines[6:]], [*lines[:5], lines[5][:-4], *lines[6:]]):
        is_refused(decrypt(b"\n".join(wrong), identity))


@need("age")
def test_age_headers_are_read_strictly(decrypt, tmp_path):
    identity, body = age_by_identity(tmp_path, b"secret")
    assert body.startswith(b"age-encryption.org/v1\n-> X25519 ")
    for other in (b"-> other  word\n\n", b"-> other \n\n", b"-> other w\xc3\xa4\n\n", b"-> \n\n"):
        is_refused(decrypt(body.replace(b"\n-> ", b"\n" + other + b"-> ", 1), identity))
