# SPDX-License-Identifier: MIT
"""What rclone, age, openssl, gpg and the AWS Encryption SDK for JavaScript wrote, read through an OLAP."""
import base64
import subprocess

import pytest

from encryption import s3_formats as s3
from encryption.test_decrypt_pgp import BY_PASSWORD, gpg  # noqa: F401
from encryption.test_decrypt_tools import age_by_passphrase, need, rclone_crypt
from encryption.vault import PASSWORD, PLAIN, REFUSED, SIZE, open_vault
from kit.views import same

ALL = 'formats = { "rclone", "age", "openssl" }, legacy = true'
OLAPS = {
    "tools": ("copy", 'keys = { "p" }, ' + ALL),
    "keep": ("keep", 'keys = { "p" }, ' + ALL),
    "spooled": ("copy", 'keys = { "p" }, unverified = "spool", ' + ALL),
    "authentic": ("copy", 'keys = { "p" }, formats = { "rclone", "age" }'),
    "wrong": ("copy", 'keys = { "a" }, ' + ALL),
}
EVERYWHERE = ["tools", "keep", "spooled"]


@pytest.fixture(scope="module")
def vault(tmp_path_factory):
    yield from open_vault(tmp_path_factory, OLAPS)


def reads_well(vault, body, olaps=EVERYWHERE, plain=PLAIN):
    key = vault.put(s3.Sealed({}, body))
    size = len(plain)
    for olap in olaps:
        answer = vault.get(olap, key)
        same(answer["Body"].read(), plain)
        assert vault.used(answer)["key"] == "p"
        assert vault.head(olap, key)["ContentLength"] == size
        got = vault.get(olap, key, Range="bytes=65530-196700")
        same(got["Body"].read(), plain[65530:196701])
        assert got["ContentRange"] == f"bytes 65530-196700/{size}"
        same(vault.body(olap, key, Range="bytes=-9"), plain[-9:])
        assert vault.refusal(olap, key, Range=f"bytes={size}-")[:2] == (416, "InvalidRange")
    return key


@need("openssl")
@pytest.mark.parametrize("args", [["-pbkdf2"], ["-md", "sha256"], ["-md", "md5"]])
def test_openssl(vault, args):
    body = subprocess.run(["openssl", "enc", "-aes-256-cbc", *args, "-pass", f"pass:{PASSWORD}"],
                          input=PLAIN, capture_output=True, check=True).stdout
    key = reads_well(vault, body)
    assert vault.refusal("authentic", key) == REFUSED
    assert vault.refusal("wrong", key) == REFUSED
    assert vault.refusal("tools", vault.put(s3.Sealed({}, body[:-1]))) == REFUSED


@need("rclone")
def test_rclone(vault, tmp_path):
    body = rclone_crypt(tmp_path, PLAIN)
    key = reads_well(vault, body, [*EVERYWHERE, "authentic"])
    assert vault.refusal("wrong", key) == REFUSED
    for at in (9, 40, 60):
        damaged = body[:at] + bytes([body[at] ^ 1]) + body[at + 1:]
        assert vault.refusal("tools", vault.put(s3.Sealed({}, damaged))) == REFUSED
    # Behind the first chunk the answer has begun, and breaks.
    at = len(body) - 5
    damaged = vault.put(s3.Sealed({}, body[:at] + bytes([body[at] ^ 1]) + body[at + 1:]))
    with pytest.raises(Exception):
        vault.body("tools", damaged)


@need("rclone")
def test_read_as_a_mount_reads(vault, tmp_path):
    """Many ranges of one object, one behind the other."""
    key = vault.put(s3.Sealed({}, rclone_crypt(tmp_path, PLAIN)))
    for olap in EVERYWHERE:
        parts = [vault.body(olap, key, Range=f"bytes={at}-{min(at + 40000, SIZE) - 1}")
                 for at in range(0, SIZE, 40000)]
        same(b"".join(parts), PLAIN)


@need("age")
def test_age(vault, tmp_path):
    body = age_by_passphrase(tmp_path, PLAIN)
    key = reads_well(vault, body, ["keep", "authentic"])
    assert vault.refusal("wrong", key) == REFUSED
    assert vault.refusal("keep", vault.put(s3.Sealed({}, body[:150]))) == REFUSED


# ---- the Encryption SDK ----

@pytest.fixture(scope="module")
def written(js):
    return js(None, "encryption_sdk.mjs")


@pytest.fixture(scope="module")
def sdk_vault(tmp_path_factory, written):
    keys = {f"k{i}": entry for i, entry in enumerate(written["keys"])}
    named = ", ".join(f'"{name}"' for name in keys)
    yield from open_vault(tmp_path_factory, {
        "default": ("copy", f"keys = {{ {named} }}"),
        "keep": ("keep", f"keys = {{ {named} }}"),
        "spooled": ("keep", f'keys = {{ {named} }}, unverified = "spool"'),
        "strict": ("copy", f'keys = {{ {named} }}, commitment = "require"'),
    }, keys)


def test_encryption_sdk(sdk_vault, written):
    seen = set()
    for message in written["messages"]:
        plain, body = base64.b64decode(message["plain"]), base64.b64decode(message["body"])
        if len(plain) != 5000 or "-aes-" not in message["name"]:
            continue
        seen.add(message["suite"])
        key = sdk_vault.put(s3.Sealed({}, body))
        for olap in ("default", "keep", "spooled"):
            answer = sdk_vault.get(olap, key)
            same(answer["Body"].read(), plain)
            assert sdk_vault.used(answer)["key"] in [entry["id"] for entry in written["keys"]]
            assert sdk_vault.head(olap, key)["ContentLength"] == 5000
            same(sdk_vault.body(olap, key, Range="bytes=99-4097"), plain[99:4098])
        if message["suite"] in (0x478, 0x578):
            same(sdk_vault.body("strict", key), plain)
        else:
            assert sdk_vault.refusal("strict", key) == REFUSED
        if message["suite"] in (0x378, 0x578):  # signed: nothing goes out before the signature
            broken = body[:-3] + bytes([body[-3] ^ 1]) + body[-2:]
            for olap in ("default", "keep", "spooled"):
                assert sdk_vault.refusal(olap, sdk_vault.put(s3.Sealed({}, broken))) == REFUSED
    assert 0x578 in seen and 0x478 in seen


# ---- OpenPGP, as gpg makes it ----

@pytest.fixture(scope="module")
def pgp_vault(tmp_path_factory, gpg):  # noqa: F811
    keys = {"p": {"type": "password", "id": "p", "material": PASSWORD},
            "rsa": {"type": "rsa", "id": "rsa", "material": gpg.secret("rsa", "--armor").decode()},
            "curve": {"type": "rsa", "id": "curve", "material": gpg.secret("curve", "--armor").decode()}}
    rule = 'keys = { "p", "rsa", "curve" }, formats = { "openpgp" }'
    yield from open_vault(tmp_path_factory, {
        "first": ("copy", rule),
        "spooled": ("copy", rule + ', unverified = "spool"'),
        "tail": ("tail", rule),
        "wrong": ("copy", 'keys = { "rsa" }, formats = { "openpgp" }'),
    }, keys)


def by_gpg(gpg, how, plain):  # noqa: F811
    args = BY_PASSWORD if how == "password" else ["--encrypt", "--recipient", how]
    return gpg("--armor", *args, body=plain)


@need("gpg")
@pytest.mark.parametrize("how", ["password", "rsa", "curve"])
def test_openpgp(pgp_vault, gpg, how):  # noqa: F811
    """Behind the access point it is the plaintext: whole, its length, its parts; damage shows nothing."""
    plain = PLAIN[:300_000]
    body = by_gpg(gpg, how, plain)
    key = pgp_vault.put(s3.Sealed({}, body))
    for olap in ("first", "spooled"):
        same(pgp_vault.body(olap, key), plain)
        assert pgp_vault.head(olap, key)["ContentLength"] == len(plain)
        got = pgp_vault.get(olap, key, Range="bytes=65530-196700")
        same(got["Body"].read(), plain[65530:196701])
        assert got["ContentRange"] == f"bytes 65530-196700/{len(plain)}"
        same(pgp_vault.body(olap, key, Range="bytes=-9"), plain[-9:])
        assert pgp_vault.refusal(olap, key, Range=f"bytes={len(plain)}-")[:2] == (416, "InvalidRange")
    same(pgp_vault.body("tail", pgp_vault.put(s3.Sealed({}, by_gpg(gpg, how, PLAIN)))),
         PLAIN[-10:] + PLAIN[3:7] + PLAIN[300000:370000])
    if how == "curve":
        assert pgp_vault.refusal("wrong", key) == REFUSED
    middle = len(body) // 2
    damaged = body[:middle] + (b"B" if body[middle:middle + 1] != b"B" else b"C") + body[middle + 1:]
    for olap in ("first", "spooled"):
        assert pgp_vault.refusal(olap, pgp_vault.put(s3.Sealed({}, damaged))) == REFUSED
