# SPDX-License-Identifier: MIT
"""`objlens decrypt` on objects of the S3 encryption clients: what opens, and what must not."""
import json
import os
import subprocess

import pytest

from encryption import s3_formats as s3
from encryption.s3_formats import CBC, GCM, META, AesKey, RsaKey
from kit.server import OBJLENS

AES, OTHER_AES, AES128 = AesKey(), AesKey(name="other"), AesKey(128)
RSA, OTHER_RSA = RsaKey(), RsaKey(name="other")
SIZES = [0, 1, 15, 16, 17, 4096, 65535, 65536, 65537, 262144, 262145, 1_000_003]
OAEP256 = "RSA/ECB/OAEPWithSHA-256AndMGF1Padding"


@pytest.fixture
def decrypt(tmp_path):
    def run(sealed, *keys, args=(), pipe=False):
        (tmp_path / "keys").write_text(json.dumps([key.entry() for key in keys]))
        (tmp_path / "meta").write_text(json.dumps(sealed.meta))
        (tmp_path / "body").write_bytes(sealed.body)
        command = [OBJLENS, "decrypt", "--meta", tmp_path / "meta", "--keys", tmp_path / "keys",
                   *args]
        if sealed.instruction is not None:
            (tmp_path / "instruction").write_text(json.dumps(sealed.instruction))
            command += ["--instruction", tmp_path / "instruction"]
        if pipe:
            return subprocess.run(command, input=sealed.body, capture_output=True, check=False)
        with open(tmp_path / "body", "rb") as body:
            return subprocess.run(command, stdin=body, capture_output=True, check=False)
    return run


def opens(done, plain):
    assert done.returncode == 0, done.stderr
    assert done.stdout == plain


def is_refused(done):
    assert done.returncode == 3, (done.returncode, done.stderr)
    assert done.stdout == b""
    assert done.stderr


LEGACY = ["--allow-legacy"]
FORMS = {
    "v1-aes": (lambda p: s3.v1(AES, p), AES, LEGACY),
    "v1-aes128": (lambda p: s3.v1(AES128, p, bits=128), AES128, LEGACY),
    "v1-rsa": (lambda p: s3.v1(RSA, p), RSA, LEGACY),
    "v2-aeswrap-cbc": (lambda p: s3.v2(AES, p, "AESWrap", CBC), AES, LEGACY),
    "v2-aeswrap-gcm": (lambda p: s3.v2(AES, p, "AESWrap"), AES, LEGACY),
    "v2-oaep256": (lambda p: s3.v2(RSA, p, OAEP256), RSA, LEGACY),
    "v2-oaep256-mgf256": (lambda p: s3.v2(RSA, p, OAEP256 + "/MGF256"), RSA, LEGACY),
    "v2-aes": (lambda p: s3.v2(AES, p), AES, []),
    "v2-rsa": (lambda p: s3.v2(RSA, p, "RSA-OAEP-SHA1"), RSA, []),
    "v3-aes": (lambda p: s3.v3(AES, p), AES, []),
    "v3-rsa": (lambda p: s3.v3(RSA, p, "22"), RSA, []),
    "v3-aes-file": (lambda p: s3.v3(AES, p, file=True), AES, []),
    "v2-aes-file": (lambda p: s3.v2(AES, p).into_instruction(), AES, []),
    "v1-aes-file": (lambda p: s3.v1(AES, p).into_instruction(), AES, LEGACY),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_opens_at_every_size(decrypt, form):
    make, key, args = FORMS[form]
    for size in SIZES:
        plain = os.urandom(size)
        opens(decrypt(make(plain), key, args=args, pipe=size % 2 == 1), plain)


@pytest.mark.parametrize("form", FORMS)
def test_the_right_key_is_found_among_others(decrypt, form):
    make, key, args = FORMS[form]
    plain = os.urandom(1000)
    opens(decrypt(make(plain), OTHER_AES, OTHER_RSA, key, args=args), plain)


@pytest.mark.parametrize("form", [f for f in FORMS if FORMS[f][2]])
def test_legacy_is_off_by_default(decrypt, form):
    make, key, _ = FORMS[form]
    is_refused(decrypt(make(b"secret"), key))


@pytest.mark.parametrize("form", [f for f in FORMS if "v1-rsa" not in f])
def test_a_wrong_key_is_refused(decrypt, form):
    make, _, args = FORMS[form]
    is_refused(decrypt(make(b"secret"), OTHER_AES, OTHER_RSA, args=args))


@pytest.mark.parametrize("form", [f for f in FORMS if "v1" not in f and "cbc" not in f])
def test_any_flipped_bit_or_cut_is_refused(decrypt, form):
    make, key, args = FORMS[form]
    sealed = make(os.urandom(300))
    for at in (0, 100, 299, 300, 315):
        body = bytearray(sealed.body)
        body[at] ^= 1
        is_refused(decrypt(s3.Sealed(sealed.meta, bytes(body), sealed.instruction), key, args=args))
    for cut in (0, 1, 15, 16, 200, len(sealed.body) - 1):
        is_refused(decrypt(s3.Sealed(sealed.meta, sealed.body[:cut], sealed.instruction), key,
                           args=args))


def changed(sealed, **changes):
    meta = dict(sealed.meta)
    for name, value in changes.items():
        name = META + name.replace("_", "-")
        if value is None:
            meta.pop(name)
        else:
            meta[name] = value
    return s3.Sealed(meta, sealed.body, sealed.instruction)


def test_forged_metadata_is_refused(decrypt):
    v2, v3, v1 = s3.v2(AES, b"x" * 64), s3.v3(AES, b"x" * 64), s3.v1(AES, b"x" * 64)
    for forged in (
            changed(v2, x_amz_key=v1.meta[META + "x-amz-key"]),
            changed(v2, x_amz_3=v3.meta[META + "x-amz-3"]),
            changed(v2, x_amz_cek_alg=CBC), changed(v2, x_amz_cek_alg="AES/CTR/NoPadding"),
            changed(v2, x_amz_cek_alg="AES/ECB"), changed(v2, x_amz_wrap_alg="none"),
            changed(v2, x_amz_wrap_alg="AESWrap"), changed(v2, x_amz_tag_len="96"),
            changed(v2, x_amz_tag_len=None), changed(v2, x_amz_iv=s3.b64(b"\0" * 16)),
            changed(v2, x_amz_iv=None), changed(v2, x_amz_key_v2="!!"),
            changed(v2, x_amz_matdesc="{"), changed(v2, x_amz_matdesc='{"a": 1}'),
            changed(v3, x_amz_c="114"), changed(v3, x_amz_w="01"), changed(v3, x_amz_w="22"),
            changed(v3, x_amz_d=s3.b64(b"\0" * 28)), changed(v3, x_amz_i=s3.b64(b"\0" * 28)),
            changed(v3, x_amz_d=s3.b64(b"\0" * 27)), changed(v3, x_amz_d=None)):
        is_refused(decrypt(forged, AES, args=LEGACY))


def test_cbc_under_a_modern_wrap_is_a_downgrade_and_refused(decrypt):
    for key, wrap in ((AES, "AES/GCM"), (RSA, "RSA-OAEP-SHA1")):
        is_refused(decrypt(s3.v2(key, b"secret", wrap, CBC), key, args=LEGACY))


def test_v3_binds_suite_and_initial_value(decrypt):
    is_refused(decrypt(s3.v3(AES, b"secret", content_iv=b"\0" * 12), AES))
    is_refused(decrypt(s3.v3(AES, b"secret", aad=b"115"), AES))


def test_instruction_files_that_do_not_belong(decrypt):
    v3, v2 = s3.v3(AES, b"secret", file=True), s3.v2(AES, b"secret")
    is_refused(decrypt(s3.Sealed(v3.meta, v3.body, {**v3.instruction, "x-amz-c": "115"}), AES))
    is_refused(decrypt(s3.Sealed({}, v3.body, v3.instruction), AES))
    other = s3.v3(AES, b"other", file=True)
    is_refused(decrypt(s3.Sealed(v3.meta, v3.body, other.instruction), AES))
    is_refused(decrypt(s3.Sealed(v2.meta, v2.body, v2.into_instruction().instruction), AES))
    is_refused(decrypt(s3.Sealed({}, v2.body, {}), AES))


def test_commitment_can_be_required(decrypt):
    opens(decrypt(s3.v3(AES, b"secret"), AES, args=["--require-commitment"]), b"secret")
    is_refused(decrypt(s3.v2(AES, b"secret"), AES, args=["--require-commitment"]))


def test_the_expected_context_is_compared(decrypt):
    sealed = s3.v2(AES, b"secret", matdesc={"team": "blue", "ö": "ü"})
    opens(decrypt(sealed, AES, args=["--context", '{"ö": "ü", "team": "blue"}']), b"secret")
    for context in ('{"team": "red", "ö": "ü"}', "{}", '{"team": "blue"}',
                    '{"team": "blue", "ö": "ü", "more": "x"}'):
        is_refused(decrypt(sealed, AES, args=["--context", context]))


@pytest.mark.parametrize("value", [
    "=?UTF-8?B?eyJ0ZWFtIjogIsO8In0=?=",
    "=?UTF-8?Q?{\"team\":_\"=C3=BC\"}?=",
    "=?UTF-8?B?eyJ0ZWFtIjogIsODwrwifQ==?=",
])
def test_metadata_that_s3_encoded_on_its_way_back(decrypt, value):
    sealed = changed(s3.v2(AES, b"secret"), x_amz_matdesc=value)
    opens(decrypt(sealed, AES, args=["--context", '{"team": "ü"}']), b"secret")


@pytest.mark.parametrize("form", FORMS)
def test_a_range_is_of_the_plaintext(decrypt, form):
    make, key, args = FORMS[form]
    plain = os.urandom(100_000)
    sealed = make(plain)
    for text, want in (("0-0", plain[:1]), ("17-70000", plain[17:70001]), ("99999-", plain[-1:]),
                       ("-5", plain[-5:]), ("5-9999999", plain[5:]), ("-9999999", plain)):
        opens(decrypt(sealed, key, args=[*args, f"--range={text}"]), want)
    is_refused(decrypt(sealed, key, args=[*args, "--range=100000-"]))


def test_every_refusal_of_keys_and_bytes_reads_alike(decrypt):
    sealed = s3.v2(AES, b"x" * 100)
    tampered = s3.Sealed(sealed.meta, sealed.body[:-1] + bytes([sealed.body[-1] ^ 1]))
    wrong_wrap = changed(sealed, x_amz_key_v2=s3.b64(os.urandom(60)))
    texts = {decrypt(tampered, AES).stderr, decrypt(sealed, OTHER_AES).stderr,
             decrypt(wrong_wrap, AES).stderr}
    assert len(texts) == 1


def test_v1_under_a_wrong_rsa_key_shows_nothing(decrypt):
    """A block that does not open gives a random key: the content is garbage, mostly refused by its
    padding, and never the plaintext."""
    done = decrypt(s3.v1(RSA, b"secret" * 10), OTHER_RSA, args=LEGACY)
    assert b"secret" not in done.stdout
