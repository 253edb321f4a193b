# SPDX-License-Identifier: MIT
"""`objlens decrypt`: what clients and tools write in more than one way opens in each of them; what only
looks alike is refused."""
import base64
import json
import os
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization

from encryption import s3_formats as s3
from encryption.s3_formats import CBC, META, AesKey, RsaKey
from encryption.test_decrypt_s3 import LEGACY, OAEP256, changed, decrypt, is_refused, opens  # noqa: F401
from kit.server import OBJLENS

AES, AES128, AES192 = AesKey(), AesKey(128), AesKey(192)
RSA, RSA1024, RSA4096 = RsaKey(), RsaKey(1024), RsaKey(4096)
LENGTH = "x_amz_unencrypted_content_length"


class Raw:
    """An entry of the list of keys, as it is."""
    def __init__(self, **entry):
        self.made = entry

    def entry(self):
        return self.made


def wrapped(text, width):
    return "\r\n".join(text[i:i + width] for i in range(0, len(text), width))


# ---- keys ----

@pytest.mark.parametrize("key", [AES128, AES192, AES], ids=["128", "192", "256"])
def test_master_keys_of_every_length(decrypt, key):
    for sealed in (s3.v2(key, b"secret"), s3.v3(key, b"secret"), s3.v2(key, b"secret", "AESWrap"),
                   s3.v2(key, b"secret", "AESWrap", CBC), *(s3.v1(key, b"secret", bits)
                                                            for bits in (128, 192, 256))):
        opens(decrypt(sealed, key, args=LEGACY), b"secret")


@pytest.mark.parametrize("key", [RSA1024, RSA, RsaKey(3072), RSA4096], ids=lambda k: k.private.key_size)
def test_rsa_keys_of_every_length(decrypt, key):
    for sealed in (s3.v2(key, b"secret", "RSA-OAEP-SHA1"), s3.v3(key, b"secret", "22"),
                   s3.v2(key, b"secret", OAEP256), *(s3.v1(key, b"secret", bits)
                                                     for bits in (128, 192, 256))):
        opens(decrypt(sealed, key, args=LEGACY), b"secret")


@pytest.mark.parametrize("form", ["PKCS8", "TraditionalOpenSSL"])
def test_rsa_material_in_every_coding(decrypt, form):
    sealed = s3.v3(RSA, b"secret", "22")
    plain = serialization.NoEncryption()
    form = getattr(serialization.PrivateFormat, form)
    pem = RSA.private.private_bytes(serialization.Encoding.PEM, form, plain)
    der = RSA.private.private_bytes(serialization.Encoding.DER, form, plain)
    for material in (pem.decode(), pem.decode().replace("\n", "\r\n"), "a remark\n" + pem.decode(),
                     s3.b64(pem), s3.b64(der), wrapped(s3.b64(der), 76)):
        opens(decrypt(sealed, Raw(type="rsa", id="r1", material=material)), b"secret")


def test_material_that_is_none(decrypt):
    public = RSA.public.public_bytes(serialization.Encoding.PEM,
                                     serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    locked = RSA.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                       serialization.BestAvailableEncryption(b"x")).decode()
    for material in (public, locked, "", "!!", s3.b64(b"short")):
        is_refused(decrypt(s3.v3(RSA, b"secret", "22"), Raw(type="rsa", id="r1", material=material)))
    for material in (s3.b64(b"x" * 31), "", "AAA=A", "*" * 44):
        is_refused(decrypt(s3.v2(AES, b"secret"), Raw(type="aes", id="k", material=material)))


def test_entries_with_more_or_less_in_them(decrypt):
    entry = AES.entry()
    for extra in ({"id": "nobody's"}, {"namespace": "n", "endpoint": "http://127.0.0.1:1"},
                  {"namespace": None, "endpoint": None}, {"region": "x", "comment": ["any"]}):
        opens(decrypt(s3.v2(AES, b"secret"), Raw(**{**entry, **extra})), b"secret")
    entry.pop("id")
    entry["material"] = wrapped(entry["material"].rstrip("="), 20)
    opens(decrypt(s3.v2(AES, b"secret"), Raw(**entry)), b"secret")


def test_the_right_one_of_several_keys_by_unauthenticated_wraps(decrypt):
    for bits in (128, 192, 256):
        others = [RsaKey(name=f"o{i}") for i in range(3)]
        opens(decrypt(s3.v1(RSA, b"secret" * 9, bits), *others, RSA, args=LEGACY), b"secret" * 9)
        others = [AesKey(name=f"o{i}") for i in range(30)]
        opens(decrypt(s3.v1(AES, b"secret" * 9, bits), *others, AES, args=LEGACY), b"secret" * 9)


# ---- metadata ----

def renamed(sealed, how):
    return s3.Sealed({how(name): value for name, value in sealed.meta.items()}, sealed.body,
                     sealed.instruction)


@pytest.mark.parametrize("how", [str.upper, str.title, lambda n: n.removeprefix(META),
                                 lambda n: n.removeprefix(META).upper()],
                         ids=["upper", "title", "bare", "bare-upper"])
def test_names_in_any_case_with_and_without_prefix(decrypt, how):
    for sealed in (s3.v1(AES, b"secret"), s3.v2(AES, b"secret"), s3.v3(AES, b"secret"),
                   s3.v3(AES, b"secret", file=True)):
        opens(decrypt(renamed(sealed, how), AES, args=LEGACY), b"secret")


def test_values_as_old_clients_write_them(decrypt):
    for sealed, name in ((s3.v2(RSA4096, b"secret", "RSA-OAEP-SHA1"), "x_amz_key_v2"),
                         (s3.v3(RSA4096, b"secret", "22"), "x_amz_3")):
        text = sealed.meta[META + name.replace("_", "-")]
        for value in (wrapped(text, 76), wrapped(text, 60) + "\n", text.rstrip("="), f" {text} "):
            opens(decrypt(changed(sealed, **{name: value}), RSA4096), b"secret")
    v2 = s3.v2(AES, b"secret")
    opens(decrypt(s3.Sealed({**v2.meta, META + "x-amz-tag-len": 128}, v2.body), AES), b"secret")
    opens(decrypt(changed(v2, x_amz_matdesc=""), AES), b"secret")
    opens(decrypt(changed(v2, x_amz_matdesc=None), AES), b"secret")
    cbc = s3.v2(AES, b"secret", "AESWrap", CBC)
    opens(decrypt(s3.Sealed({**cbc.meta, META + "x-amz-tag-len": "0"}, cbc.body), AES, args=LEGACY),
          b"secret")
    opens(decrypt(changed(cbc, x_amz_cek_alg="AES/CBC/PKCS7Padding"), AES, args=LEGACY), b"secret")


def test_headers_that_do_no_harm(decrypt):
    stray = {"Content-Type": "text/plain", "ETag": '"x"', "content-length": 1, META + "team": "blue",
             META + "x-amz-note": "=?UTF-8?B?!!?=", META + "x-amz-iv-old": "1", "x-amz-request-id": "R",
             META + "x-amz-unencrypted-content-md5": "x", META + "y" * 300: "z",
             "x-amz-server-side-encryption": "AES256", **{META + f"x-amz-n{i}": "" for i in range(50)}}
    for sealed in (s3.v2(AES, b"secret"), s3.v3(AES, b"secret"), s3.v1(AES, b"secret"),
                   s3.v2(AES, b"secret").into_instruction()):
        opens(decrypt(s3.Sealed({**sealed.meta, **stray}, sealed.body, sealed.instruction), AES,
                      args=LEGACY), b"secret")


def test_what_v3_describes_its_key_with(decrypt):
    for file in (False, True):
        for name, value in (("x-amz-m", None), ("x-amz-t", '{"aws:x-amz-cek-alg": "115"}'),
                            ("x-amz-t", "")):
            sealed = s3.v3(AES, b"secret", file=file)
            where = sealed.instruction if file else sealed.meta
            prefix = "" if file else META
            where.pop(prefix + "x-amz-m")
            if value is not None:
                where[prefix + name] = value
            opens(decrypt(sealed, AES), b"secret")


@pytest.mark.parametrize("text", ["Grüße", "日本語", "a\u0301 emoji 🙂", "ÿ"])
def test_descriptions_in_any_script_and_any_coding(decrypt, text):
    matdesc = {"who": text, "": "", "x" * 300: "y"}
    context = ["--context", json.dumps(matdesc)]
    coded = json.dumps(matdesc, ensure_ascii=False).encode()
    twice = coded.decode("latin-1").encode()
    halves = [coded[:31], coded[31:]]  # within a character or not
    q = "".join(chr(b) if 47 < b < 58 or 64 < b < 91 else f"={b:02X}" for b in coded)
    for value in (json.dumps(matdesc), coded.decode(), f"=?UTF-8?B?{s3.b64(coded)}?=",
                  f"=?utf-8?b?{s3.b64(twice)}?=", f"=?UTF-8?Q?{q}?=", coded.decode("latin-1"),
                  " ".join(f"=?UTF-8?B?{s3.b64(half)}?=" for half in halves),
                  "\r\n ".join(f"=?UTF-8?B?{s3.b64(half)}?=" for half in halves)):
        sealed = changed(s3.v2(AES, b"secret"), x_amz_matdesc=value)
        opens(decrypt(sealed, AES, args=context), b"secret")
        is_refused(decrypt(sealed, AES, args=["--context", "{}"]))


# ---- lengths ----

def test_a_length_that_is_claimed_must_be_right(decrypt):
    for make in (lambda p: s3.v1(AES, p), lambda p: s3.v2(AES, p), lambda p: s3.v3(AES, p),
                 lambda p: s3.v2(AES, p, "AESWrap", CBC)):
        for size in (0, 5, 16, 100_000):
            plain = os.urandom(size)
            sealed = make(plain)
            meta = {**sealed.meta, META + LENGTH.replace("_", "-"): str(size)}
            opens(decrypt(s3.Sealed(meta, sealed.body), AES, args=LEGACY), plain)
            for wrong in (str(size + 1), str(size + 16), str(size - 1), "x", "1" * 30):
                meta[META + LENGTH.replace("_", "-")] = wrong
                is_refused(decrypt(s3.Sealed(meta, sealed.body), AES, args=LEGACY))


def test_nothing_may_follow_the_end(decrypt):
    for sealed in (s3.v2(AES, b"secret"), s3.v3(AES, b"secret"), s3.v2(AES, b"secret", "AESWrap", CBC)):
        for more in (b"\0", b"\0" * 16, sealed.body):
            is_refused(decrypt(s3.Sealed(sealed.meta, sealed.body + more), AES,
                               args=LEGACY if len(more) % 16 else []))


def test_names_of_ranges(decrypt):
    sealed = s3.v2(AES, b"0123456789")
    for text, want in (("bytes=2-3", b"23"), ("9-", b"9"), ("-1", b"9"), ("0-0", b"0")):
        opens(decrypt(sealed, AES, args=[f"--range={text}"]), want)
    for text in ("10-", "10-20", "-0", "26-"):
        is_refused(decrypt(sealed, AES, args=[f"--range={text}"]))
    is_refused(decrypt(s3.v2(AES, b""), AES, args=["--range=0-0"]))
    opens(decrypt(s3.v2(AES, b""), AES), b"")


# ---- instruction files ----

def test_instruction_files_as_they_come(decrypt):
    v2 = s3.v2(AES, b"secret").into_instruction()
    v2.instruction.update({"x-amz-crypto-instr-file": "", "more": ["of", "others"], "x-amz-tag-len": 128,
                           "x-amz-unencrypted-content-length": None})
    opens(decrypt(v2, AES), b"secret")
    v2.instruction = {name.upper(): value for name, value in v2.instruction.items()}
    opens(decrypt(v2, AES), b"secret")
    for sealed in (s3.v1(RSA, b"secret"), s3.v1(AES128, b"secret", 128)):
        opens(decrypt(sealed.into_instruction(), RSA, AES128, args=LEGACY), b"secret")
    old = s3.v1(AES, b"secret")
    old = s3.Sealed({}, old.body, {"EncryptedEnvelopeKey": old.meta[META + "x-amz-key"],
                                   "IV": old.meta[META + "x-amz-iv"]})
    opens(decrypt(old, AES, args=LEGACY), b"secret")
    is_refused(decrypt(old, AES))


def test_instruction_files_that_are_wrong(decrypt, tmp_path):
    good = s3.v2(AES, b"secret").into_instruction()
    for change in ({"x-amz-key": good.instruction["x-amz-key-v2"]}, {"x-amz-c": "115"},
                   {"X-Amz-Iv": good.instruction["x-amz-iv"]}, {"x-amz-iv": None},
                   {"x-amz-cek-alg": ["AES/GCM/NoPadding"]}, {"x-amz-tag-len": 96},
                   {"x-amz-tag-len": 128.0}):
        is_refused(decrypt(s3.Sealed({}, good.body, {**good.instruction, **change}), AES))
    is_refused(decrypt(s3.Sealed({}, good.body, [good.instruction]), AES))
    is_refused(decrypt(s3.Sealed({}, good.body, {**good.instruction, "long": "x" * 70_000}), AES))
    for name in ("x-amz-3", "x-amz-w", "x-amz-c", "x-amz-i", "x-amz-d"):
        v3 = s3.v3(AES, b"secret", file=True)
        (v3.instruction if name in v3.instruction else v3.meta).pop(
            name if name in v3.instruction else META + name)
        is_refused(decrypt(v3, AES))
    for name in ("x-amz-3", "x-amz-w", "x-amz-i", "x-amz-d"):
        v3 = s3.v3(AES, b"secret", file=True)
        v3.meta[META + name] = v3.instruction[name] = v3.meta.get(META + name) or v3.instruction[name]
        is_refused(decrypt(v3, AES))


# ---- forgeries ----

@pytest.mark.parametrize("form", ["v1", "v2", "v3"])
def test_any_field_stripped_or_said_twice_is_refused(decrypt, form):
    sealed = getattr(s3, form)(AES, b"secret" * 5)
    for name in sealed.meta:
        if name.endswith(("matdesc", "x-amz-m")):
            continue
        meta = {n: v for n, v in sealed.meta.items() if n != name}
        is_refused(decrypt(s3.Sealed(meta, sealed.body), AES, args=LEGACY))
        is_refused(decrypt(s3.Sealed({**sealed.meta, name.upper(): sealed.meta[name]}, sealed.body), AES,
                           args=LEGACY))
        for value in ("", "AAAA", sealed.meta[name][:-4], sealed.meta[name] + "AAAA", "\u00e4"):
            is_refused(decrypt(s3.Sealed({**sealed.meta, name: value}, sealed.body), AES, args=LEGACY))


def test_two_formats_at_once_are_refused(decrypt):
    forms = [s3.v1(AES, b"secret"), s3.v2(AES, b"secret"), s3.v3(AES, b"secret")]
    for one in forms:
        for other in forms:
            if one is not other:
                is_refused(decrypt(s3.Sealed({**other.meta, **one.meta}, one.body), AES, args=LEGACY))
    v2 = s3.v2(AES, b"secret")
    for name in ("x-amz-c", "x-amz-d", "x-amz-i", "x-amz-w", "x-amz-3", "x-amz-key"):
        is_refused(decrypt(s3.Sealed({**v2.meta, META + name: "AAAA"}, v2.body), AES))


def test_no_suite_can_be_exchanged_for_another(decrypt):
    v2, v3 = s3.v2(AES, b"secret"), s3.v3(AES, b"secret")
    as_v3 = {META + "x-amz-3": v2.meta[META + "x-amz-key-v2"], META + "x-amz-w": "02"}
    is_refused(decrypt(s3.Sealed({**as_v3, **{META + k: v3.meta[META + k] for k in
                                              ("x-amz-c", "x-amz-i", "x-amz-d")}}, v2.body), AES))
    as_v2 = {**v2.meta, META + "x-amz-key-v2": v3.meta[META + "x-amz-3"]}
    is_refused(decrypt(s3.Sealed(as_v2, v3.body), AES))
    for c in ("20", "0x73", "116", "115 ", "0115", "", "0073"):
        if c.strip() != "115":
            is_refused(decrypt(changed(v3, x_amz_c=c), AES, args=LEGACY))
    for w in ("01", "11", "12", "21", "2", "0", "AES/GCM"):
        is_refused(decrypt(changed(v3, x_amz_w=w), AES, args=LEGACY))
    for cek in ("AES/CTR/NoPadding", "aes/gcm/nopadding", "AES/GCM", "115", "AES/CBC/NoPadding"):
        for wrap in ("AES/GCM", "AESWrap"):
            is_refused(decrypt(changed(s3.v2(AES, b"secret", wrap), x_amz_cek_alg=cek), AES, args=LEGACY))
    for tag in ("0", "96", "16", "129", "12 8", ""):
        is_refused(decrypt(changed(v2, x_amz_tag_len=tag), AES))


def test_names_inside_the_wraps_are_checked(decrypt):
    for name in ("115", "AES/CBC/PKCS5Padding", "", "AES/GCM/NoPadding "):
        for key, wrap in ((AES, "AES/GCM"), (RSA, "RSA-OAEP-SHA1")):
            sealed = s3.v2(key, b"secret", wrap)
            data_key = os.urandom(32)
            iv = base64.b64decode(sealed.meta[META + "x-amz-iv"])
            body = s3.AESGCM(data_key).encrypt(iv, b"secret", None)
            text = s3.b64(s3.wrap_v2(key, wrap, data_key, name))
            is_refused(decrypt(s3.Sealed({**sealed.meta, META + "x-amz-key-v2": text}, body), key))
    bare = s3.v2(RSA, b"secret", OAEP256)
    is_refused(decrypt(changed(bare, x_amz_wrap_alg="RSA-OAEP-SHA1"), RSA, args=LEGACY))
    v2 = s3.v2(RSA, b"secret", "RSA-OAEP-SHA1")
    for length in (0, 16, 24, 31, 33, 255):
        block = bytes([length]) + os.urandom(32) + b"AES/GCM/NoPadding"
        forged = s3.oaep(RSA, block, s3.hashes.SHA1(), s3.hashes.SHA1())
        is_refused(decrypt(changed(v2, x_amz_key_v2=s3.b64(forged)), RSA))


def test_a_body_that_looks_like_another_format_is_what_the_headers_say(decrypt):
    """Also one that looks like openssl's, whose ways are tried one by one."""
    for magic in (b"Salted__", b"RCLONE\0\0", b"age-encryption.org/v1\n", b"\x02\x05\x78" + b"\xff" * 61):
        sealed = s3.v2(AES, b"secret" * 20)
        is_refused(decrypt(s3.Sealed(sealed.meta, magic + sealed.body[len(magic):]), AES))
        iv, key = bytes(12), bytes(32)
        gcm = s3.AESGCM(key)
        stream = gcm.encrypt(iv, bytes(200), None)
        plain = bytes(a ^ b for a, b in zip(stream, magic + bytes(200 - len(magic))))[:200]
        meta = {**sealed.meta, META + "x-amz-iv": s3.b64(iv),
                META + "x-amz-key-v2": s3.b64(s3.wrap_v2(AES, "AES/GCM", key, s3.GCM))}
        body = gcm.encrypt(iv, plain, None)
        assert body.startswith(magic)
        opens(decrypt(s3.Sealed(meta, body), AES), plain)


def test_lists_of_keys_that_are_none(tmp_path):
    sealed = s3.v2(AES, b"secret")
    (tmp_path / "meta").write_text(json.dumps(sealed.meta))
    for text in ("", "{}", "[", '[{"type": "des"}]', '[{"type": "aes", "material": 1}]', "[[]]",
                 '[{"type": "aes", "type": "aes"}]', "[" + json.dumps(AES.entry()) + ",]"):
        (tmp_path / "keys").write_text(text)
        done = subprocess.run([OBJLENS, "decrypt", "--meta", tmp_path / "meta", "--keys",
                               tmp_path / "keys"], input=sealed.body, capture_output=True, check=False)
        is_refused(done)
