# SPDX-License-Identifier: MIT
"""Originals that clients encrypted, read through an OLAP: the transform and the client see plaintext,
of the plaintext's length, whole and by range, from the embedded store and from a remote origin. What may
not or cannot be opened gives nothing of itself."""
import http.client
import urllib.request

import botocore.exceptions
import pytest

from encryption import s3_formats as s3
from encryption.s3_formats import CBC, META
from encryption.vault import AES, PLAIN, REFUSED, RSA, SIZE, open_vault
from kit.views import link, same

# name of the OLAP: transform, rule
OLAPS = {
    "first": ("copy", 'keys = { "a", "r" }'),
    "kept": ("keep", 'keys = { "a", "r" }'),
    "spooled": ("copy", 'keys = { "a", "r" }, unverified = "spool"'),
    "spoolkept": ("keep", 'keys = { "a", "r" }, unverified = "spool"'),
    "streamed": ("copy", 'keys = { "a", "r" }, unverified = "stream"'),
    "parts": ("keep", 'keys = { "a", "r" }, ranges = "unverified"'),
    "legacy": ("copy", 'keys = { "a", "r" }, legacy = true, formats = { "s3-v1", "s3-v2", "s3-v3" }'),
    "legacykept": ("keep", 'keys = { "a", "r" }, legacy = true, formats = { "s3-v1", "s3-v2", "s3-v3" }'),
    "strict": ("copy", 'keys = { "a" }, commitment = "require"'),
    "files": ("copy", 'keys = { "a" }, instruction_files = true'),
    "passing": ("copy", 'otherwise = "pass"'),
    "sealedonly": ("copy", 'keys = { "a" }, plain = "refuse"'),
    "context": ("copy", 'keys = { "a" }, context = { tenant = "red" }'),
    "tell": ("tell", 'keys = { "a", "r" }'),
    "tail": ("tail", 'keys = { "a", "r" }'),
    "tailspooled": ("tail", 'keys = { "a", "r" }, unverified = "spool"'),
    "wrongkey": ("copy", 'keys = { "o" }'),
    "norule": ("copy", None),
    "norulekept": ("keep", None),
    "noruletail": ("tail", None),
    "norulecaught": ("caught", None),
}


@pytest.fixture(scope="module", params=["store", "remote"])
def vault(request, tmp_path_factory):
    yield from open_vault(tmp_path_factory, OLAPS, remote=request.param == "remote")


FORMS = {
    "v2-aes": (lambda p: s3.v2(AES, p), ["first", "spooled", "streamed", "parts", "kept", "spoolkept"]),
    "v2-rsa": (lambda p: s3.v2(RSA, p, "RSA-OAEP-SHA1"), ["first"]),
    "v3-aes": (lambda p: s3.v3(AES, p), ["first", "spooled", "strict", "sealedonly", "kept"]),
    "v3-rsa": (lambda p: s3.v3(RSA, p, "22"), ["first", "spooled"]),
    "v2-cbc": (lambda p: s3.v2(AES, p, "AESWrap", CBC), ["legacy", "legacykept"]),
    "v1-aes": (lambda p: s3.v1(AES, p), ["legacy", "legacykept"]),
    "v1-rsa": (lambda p: s3.v1(RSA, p), ["legacy"]),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_shows_its_plaintext(vault, form):
    make, olaps = FORMS[form]
    for size in [0, 1, 15, 16, 17, 65536, 262144, 262145, SIZE]:
        plain = PLAIN[:size]
        key = vault.put(make(plain))
        for olap in olaps:
            same(vault.body(olap, key), plain)
            assert vault.head(olap, key)["ContentLength"] == size


@pytest.mark.parametrize("form", FORMS)
def test_ranges_are_the_plaintexts(vault, form):
    make, olaps = FORMS[form]
    key = vault.put(make(PLAIN))
    for olap in olaps:
        for first, last in [(0, 0), (0, 9), (15, 16), (65530, 131099), (262140, 262150),
                            (SIZE - 5, SIZE - 1), (SIZE - 5, SIZE + 20)]:
            got = vault.get(olap, key, Range=f"bytes={first}-{last}")
            same(got["Body"].read(), PLAIN[first:last + 1])
            assert got["ContentRange"] == f"bytes {first}-{min(last, SIZE - 1)}/{SIZE}"
        got = vault.get(olap, key, Range="bytes=-7")
        same(got["Body"].read(), PLAIN[-7:])
        # Inside the tag is behind the end.
        assert vault.refusal(olap, key, Range=f"bytes={SIZE}-")[:2] == (416, "InvalidRange")


def test_listings_and_attributes_tell_the_plaintexts_length(vault):
    key = vault.put(s3.v3(AES, PLAIN[:5000]), key="listed/one")
    client = vault.reader.s3()
    page = client.list_objects_v2(Bucket="first--ol-s3", Prefix="listed/")
    assert [(item["Key"], item["Size"]) for item in page["Contents"]] == [(key, 5000)]
    attributes = client.get_object_attributes(Bucket="first--ol-s3", Key=key,
                                              ObjectAttributes=["ObjectSize", "ETag"])
    assert attributes["ObjectSize"] == 5000
    assert client.list_objects_v2(Bucket="vault", Prefix="listed/")["Contents"][0]["Size"] == 5016


def test_a_plain_get_gives_what_was_stored(vault):
    sealed = s3.v3(AES, PLAIN[:100])
    key = vault.put(sealed)
    raw = vault.reader.s3().get_object(Bucket="vault", Key=key)
    assert raw["Body"].read() == sealed.body
    assert raw["Metadata"]["x-amz-c"] == "115"


def test_a_transform_sees_nothing_of_the_encryption(vault):
    sealed = s3.v2(AES, PLAIN[:100])
    text = vault.body("tell", vault.put(sealed)).decode()
    assert "size 100\n" in text
    for word in ("x-amz-key", "x-amz-iv", "wrap-alg", "cek-alg", "matdesc", "tag-len"):
        assert word not in text, text
    answer = vault.get("tell", vault.put(sealed))
    assert not any("x-amz-key" in name or "x-amz-iv" in name
                   for name in answer["ResponseMetadata"]["HTTPHeaders"])


@pytest.mark.parametrize("olap", ["tail", "tailspooled"])
def test_read_at_is_over_the_plaintext(vault, olap):
    wanted = PLAIN[-10:] + PLAIN[3:7] + PLAIN[300000:370000]
    for make in (s3.v2, s3.v3):
        same(vault.body(olap, vault.put(make(AES, PLAIN))), wanted)


# ---- rules ----

def test_what_no_rule_allows_is_refused(vault):
    key = vault.put(s3.v3(AES, PLAIN))
    assert vault.refusal("norule", key) == REFUSED
    assert vault.refusal("first", vault.put(s3.v1(AES, PLAIN))) == REFUSED
    assert vault.refusal("first", vault.put(s3.v2(AES, PLAIN, "AESWrap", CBC))) == REFUSED
    assert vault.refusal("strict", vault.put(s3.v2(AES, PLAIN))) == REFUSED
    assert vault.refusal("wrongkey", key) == REFUSED
    assert vault.refusal("context", key) == REFUSED
    same(vault.body("context", vault.put(s3.v3(AES, PLAIN, matdesc={"tenant": "red"}))), PLAIN)


IN_BODY = {
    "rclone": b"RCLONE\0\0" + bytes(100),
    "age": b"age-encryption.org/v1\n-> X25519 " + bytes(100),
    "openssl": b"Salted__" + bytes(100),
    "sdk": b"\x02\x05\x78" + bytes(range(32)) + b"\0\0\0\x01\0\x07aws-kms" + bytes(100),
    "openpgp": b"-----BEGIN PGP MESSAGE-----\n\n" + bytes(100),
}


@pytest.mark.parametrize("form", IN_BODY)
def test_without_a_rule_the_formats_in_a_body_are_refused_too(vault, form):
    key = vault.put(s3.Sealed({}, IN_BODY[form]))
    for olap in ("norule", "norulekept"):
        assert vault.refusal(olap, key) == REFUSED
    if form != "sdk":  # "first" opens those, or fails to
        assert vault.refusal("first", key) == REFUSED


@pytest.mark.parametrize("form", IN_BODY)
def test_without_a_rule_no_part_of_them_passes(vault, form):
    key = vault.put(s3.Sealed({}, IN_BODY[form] + PLAIN))
    for part in ("bytes=0-3", "bytes=5-10", "bytes=400000-400009", "bytes=-7"):
        assert vault.refusal("norulekept", key, Range=part) == REFUSED, part
    for olap in ("noruletail", "norulecaught"):
        assert vault.refusal(olap, key) == REFUSED
    with pytest.raises(botocore.exceptions.ClientError) as error:
        vault.head("norulekept", key)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_without_a_rule_parts_of_plain_originals_pass_until_they_are_encrypted(vault):
    key = vault.put(s3.Sealed({}, PLAIN))
    for _ in range(2):
        for start, end in ((0, 3), (5, 10), (400000, 400009), (SIZE - 7, SIZE - 1)):
            got = vault.body("norulekept", key, Range=f"bytes={start}-{end}")
            assert got == PLAIN[start:end + 1]
        assert vault.body("noruletail", key) == PLAIN[-10:] + PLAIN[3:7] + PLAIN[300000:370000]
        assert vault.body("norulecaught", key) == PLAIN[-10:]
    vault.put(s3.Sealed({}, IN_BODY["rclone"] + PLAIN[len(IN_BODY["rclone"]):]), key)
    assert vault.refusal("norulekept", key, Range="bytes=400000-400009") == REFUSED
    assert vault.refusal("noruletail", key) == REFUSED
    for size in (0, 1, 9):
        short = vault.put(s3.Sealed({}, PLAIN[:size]))
        assert vault.body("norulekept", short) == PLAIN[:size]
        assert vault.body("norulecaught", short) == PLAIN[:size]


def test_metadata_of_ordinary_objects_does_not_look_encrypted(vault):
    """Four names are the markers of formats; names beside them, and values, say nothing."""
    near = {name: "1" for name in (
        "key", "amz-key", "x-amz-keys", "x-amz-key-v", "x-amz-key-v3", "x-amz-iv", "x-amz-matdesc", "x-amz-wrap-alg",
        "x-amz-tag-len", "x-amz-2", "x-amz-w", "x-amz-m", "x-amz-meta-x-amz-key", "encrypted", "s3tools-gpgenc")}
    key = vault.put(s3.Sealed({META + name: value for name, value in near.items()}, PLAIN[:500]))
    marked = [vault.put(s3.Sealed({META + name: "1"}, PLAIN[:500]))
              for name in ("x-amz-key", "x-amz-key-v2", "x-amz-3", "x-amz-c")]
    for olap in ("norule", "norulekept", "first"):
        assert vault.body(olap, key) == PLAIN[:500]
        assert all(vault.refusal(olap, one) == REFUSED for one in marked)


def test_binary_openpgp_is_refused_where_the_metadata_says_so_too(vault):
    message = b"\x84\x5e\x03" + bytes(range(91)) + bytes(100)
    said = vault.put(s3.Sealed({META + "s3tools-gpgenc": "yes"}, message))
    assert vault.refusal("norule", said) == vault.refusal("first", said) == REFUSED
    assert vault.refusal("norulekept", said, Range="bytes=50-60") == REFUSED
    assert vault.body("norule", vault.put(s3.Sealed({}, message))) == message


def test_the_operator_may_let_it_pass(vault):
    sealed = s3.v3(AES, PLAIN[:1000])
    same(vault.body("passing", vault.put(sealed)), sealed.body)


def test_plain_originals_stay_plain_unless_they_are_refused(vault):
    key = vault.put(s3.Sealed({}, PLAIN))
    for olap in ("first", "spooled", "legacy", "files", "norule"):
        same(vault.body(olap, key), PLAIN)
    assert vault.refusal("sealedonly", key) == REFUSED


# ---- instruction files ----

def test_instruction_files(vault):
    for make in (lambda: s3.v3(AES, PLAIN, file=True), lambda: s3.v2(AES, PLAIN).into_instruction()):
        key = vault.put(make())
        same(vault.body("files", key), PLAIN)
        assert vault.refusal("files", key + ".instruction")[:2] == (404, "NoSuchKey")
    assert vault.refusal("first", vault.put(s3.v3(AES, PLAIN, file=True))) == REFUSED


def test_swapped_or_forged_instruction_files(vault):
    one, other = s3.v3(AES, PLAIN, file=True), s3.v3(AES, PLAIN[::-1], file=True)
    one.instruction, other.instruction = other.instruction, one.instruction
    assert vault.refusal("files", vault.put(one)) == REFUSED
    for text in ({}, {"x-amz-3": 7}, {"x-amz-key-v2": "AAAA", "x-amz-3": "AAAA"}):
        sealed = s3.v3(AES, PLAIN, file=True)
        sealed.instruction = text
        assert vault.refusal("files", vault.put(sealed)) == REFUSED
    sealed = s3.v3(AES, PLAIN, file=True)
    sealed.instruction = None
    assert vault.refusal("files", vault.put(sealed)) == REFUSED


# ---- the audit ----

@pytest.mark.parametrize("make,by", [(s3.v2, AES), (s3.v3, AES), (s3.v3, RSA)])
def test_each_use_of_a_raw_key_leaves_a_line(vault, make, by):
    key = vault.put(make(by, PLAIN[:1000], *(["22"] if by is RSA else [])))
    for cached in (False, True):
        answer = vault.get("first", key)
        assert answer["Body"].read() == PLAIN[:1000]
        line = vault.used(answer)
        assert (line["event"], line["outcome"], line["cached"]) == ("Decrypt", "ok", cached)
        assert (line["key"], line["object"]) == (by.entry()["id"], f"arn:aws:s3:::vault/{key}")
        assert line["olap"].endswith("/first") and line["who"].startswith("arn:aws:")
    text = (vault.reader.folder / "keys.log").read_text()
    assert by.entry()["material"][:20] not in text


def test_a_raw_key_that_does_not_fit_leaves_a_line(vault):
    key = vault.put(s3.v3(AES, PLAIN[:1000]))
    with pytest.raises(botocore.exceptions.ClientError) as error:
        vault.get("wrongkey", key)
    line = vault.used(error.value.response)
    assert (line["event"], line["outcome"], line["error"]) == ("Decrypt", "failed", "InvalidRequest")
    assert "key" not in line and not line["cached"]


# ---- damage ----

def damaged(sealed):
    """Named damage to one object."""
    body = sealed.body
    for at in (0, len(body) // 2, len(body) - 17, len(body) - 1):
        yield f"bit {at}", s3.Sealed(sealed.meta, body[:at] + bytes([body[at] ^ 1]) + body[at + 1:])
    for cut in (1, 16, 65536, len(body) - 16, len(body) - 1):
        yield f"cut {cut}", s3.Sealed(sealed.meta, body[:-cut])
    yield "more", s3.Sealed(sealed.meta, body + b"\0")
    for name, value in sealed.meta.items():
        rest = {k: v for k, v in sealed.meta.items() if k != name}
        if name not in (META + "x-amz-m", META + "x-amz-matdesc"):
            if len(rest) > 1 and name not in (META + "x-amz-key-v2", META + "x-amz-c"):
                yield f"without {name}", s3.Sealed(rest, body)
            yield f"other {name}", s3.Sealed({**rest, name: value[::-1] or "x"}, body)
    yield "two formats", s3.Sealed({**sealed.meta, META + "x-amz-key": "AAAA"}, body)


@pytest.mark.parametrize("make", [s3.v2, s3.v3], ids=["v2", "v3"])
def test_damage_gives_one_answer_and_no_plaintext(vault, make):
    for name, sealed in damaged(make(AES, PLAIN[:200_000])):
        key = vault.put(sealed)
        for olap in ("first", "spooled", "kept"):
            assert vault.refusal(olap, key) == REFUSED, name
        if len(sealed.body) > 100:  # else there is no such range
            assert vault.refusal("kept", key, Range="bytes=5-10") == REFUSED, name


def test_streamed_content_that_was_forged_breaks_visibly(vault):
    sealed = s3.v2(AES, PLAIN)
    body = sealed.body[:-1] + bytes([sealed.body[-1] ^ 1])
    key = vault.put(s3.Sealed(sealed.meta, body))
    with urllib.request.urlopen(link(vault.reader, "streamed", key), timeout=30) as answer:
        assert answer.status == 200
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            answer.read()


# ---- limits ----

def test_what_is_larger_than_the_spool_takes_is_refused_by_name(vault):
    key = vault.put(s3.v2(AES, bytes(9 << 20)))
    assert vault.refusal("spooled", key) == (
        400, "InvalidRequest",
        "The encrypted object is larger than may be verified before it is shown.")
    assert len(vault.body("first", key)) == 9 << 20


# ---- identity ----

def test_the_etag_follows_the_rule_and_holds_between_requests(vault):
    key = vault.put(s3.v3(AES, PLAIN[:1000]))
    first = vault.head("first", key)["ETag"]
    assert vault.get("first", key)["ETag"] == first == vault.head("first", key)["ETag"]
    assert vault.head("spooled", key)["ETag"] != first
    with pytest.raises(botocore.exceptions.ClientError) as error:
        vault.get("first", key, IfNoneMatch=first)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 304
    same(vault.body("first", key, IfMatch=first), PLAIN[:1000])
