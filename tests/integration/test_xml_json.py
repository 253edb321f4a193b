# SPDX-License-Identifier: MIT
"""XML as JSON, through the sandbox that serves it: what xmltodict would say, and no harm from
documents that mean some."""
import json
import random
import subprocess
import time

import botocore.exceptions
import pytest

from kit.server import OBJLENS, ROOT

try:
    import xmltodict
except ImportError:
    xmltodict = None

needs_xmltodict = pytest.mark.skipif(xmltodict is None, reason="Python's xmltodict is not installed")
SAMPLE = ROOT / "transforms" / "xml_json" / "sample"


def convert(document, payload=None):
    """(exit code, standard output, standard error) of `objlens run xml_json`."""
    arguments = ["--payload", json.dumps(payload)] if payload is not None else []
    done = subprocess.run([OBJLENS, "run", "xml_json", *arguments], input=document, capture_output=True,
                          timeout=120, check=False)
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


def converted(document, payload=None):
    code, out, err = convert(document, payload)
    assert code == 0, err
    return out


def same_as_xmltodict(document, **options):
    out = converted(document, options or None)
    assert json.dumps(json.loads(out)) == json.dumps(xmltodict.parse(document, **options))


def test_the_sample_in_the_readme():
    catalog = (SAMPLE / "catalog.xml").read_bytes()
    assert converted(catalog) == (SAMPLE / "catalog.json").read_bytes()
    assert converted(catalog, {"records": "/catalog/book"}) == (SAMPLE / "catalog.ndjson").read_bytes()


@needs_xmltodict
@pytest.mark.parametrize("encoding,declared", [("utf-8", "UTF-8"), ("utf-8-sig", "utf-8"), ("utf-16", "UTF-16"),
                                               ("latin-1", "ISO-8859-1"), ("ascii", "US-ASCII")])
def test_every_encoding_in_the_sandbox(encoding, declared):
    text = f'<?xml version="1.0" encoding="{declared}"?>\r\n<r><a k="&#233;">caf&#233;</a><b/>x</r>'
    if encoding not in ("ascii",):
        text = text.replace("caf&#233;", "café")
    same_as_xmltodict(text.encode(encoding))


# Python's name, the declared one, and a text; Python's own tables say what the bytes are.
TEXTS = {
    "café €": "cp1252 windows-1252;cp1140 IBM01140;utf_16_le UTF-16LE;utf_32 UTF-32",
    "Zażółć gęślą jaźń": "iso8859_2 ISO-8859-2;cp852 IBM852",
    "Съешь ещё булок": "koi8_r KOI8-R;mac_cyrillic x-mac-cyrillic",
    "Ελληνικά": "cp1253 windows-1253",
    "ağaç İş": "iso8859_9 ISO-8859-9",
    "šķēršļi Ž": "iso8859_13 ISO-8859-13",
    "שלום": "cp1255 windows-1255", "سلام": "cp1256 windows-1256",
    "ไทย": "tis_620 TIS-620",
    "Grüße [1] {é}": "cp500 IBM500",
    "日本語 ソ表 ｱｲ": "shift_jis Shift_JIS;cp932 windows-31j;euc_jp EUC-JP", "日本語 表": "iso2022_jp ISO-2022-JP",
    "中文 乗 丂": "gbk GBK;gb18030 GB18030", "中文 许": "gb2312 GB2312", "中文 許功蓋": "big5 Big5;big5hkscs Big5-HKSCS",
    "한글 똠": "cp949 cp949;johab JOHAB", "한글": "euc_kr EUC-KR", "😀 中": "utf_32_le utf-32le",
}


@pytest.mark.parametrize("codec,declared,text", [(*names.split(), text) for text, all_names in TEXTS.items()
                                                 for names in all_names.split(";")])
def test_declared_encodings_in_the_sandbox(codec, declared, text):
    document = f'<?xml version="1.0" encoding="{declared}"?><r><a k="{text}">{text}.</a>' + f"<b>{text}.</b>" * 3000 + "</r>"
    out = json.loads(converted(document.encode(codec)))
    assert out == {"r": {"a": {"@k": text, "#text": text + "."}, "b": [text + "."] * 3000}}


def test_bytes_of_no_character_in_the_sandbox():
    for name, text in [("windows-1252", b"\x81"), ("Shift_JIS", b"\x93 "), ("EUC-JP", b"\xc6<"), ("GBK", b"\xd6 ")]:
        code, out, err = convert(b"<?xml version='1.0' encoding='" + name.encode() + b"'?><a>" + text + b"</a>")
        assert code != 0 and out == b""
        assert "MalformedXML: xml_json: line 1: bytes that are no character of the declared encoding" in err


@needs_xmltodict
def test_a_large_catalogue(tmp_path):
    subprocess.run(["python3", ROOT / "examples" / "make_samples.py", tmp_path, "--books", "20000", "--orders", "1",
                    "--lines", "1"], check=True)
    document = (tmp_path / "catalog.xml").read_bytes()
    same_as_xmltodict(document)
    same_as_xmltodict(document, force_list=["author"])
    lines = converted(document, {"records": "/catalog/book"}).splitlines()
    books = xmltodict.parse(document)["catalog"]["book"]
    assert [json.loads(line) for line in lines] == books


@needs_xmltodict
def test_documents_of_every_shape():
    """One run of many small documents inside one: each must come out as xmltodict has it."""
    rng = random.Random(7)

    def element(depth):
        name = rng.choice("abcd")
        attributes = "".join(f' {k}="{rng.randrange(9)}"' for k in rng.sample("xyz", rng.randrange(3)))
        parts = [rng.choice([" ", "\n", "t", "ü ", "&amp;", "<!-- c -->", "<![CDATA[<]]>"]) if rng.random() < 0.5 or depth > 5
                 else element(depth + 1) for _ in range(rng.randrange(5))]
        return f"<{name}{attributes}>{''.join(parts)}</{name}>"

    for _ in range(10):
        same_as_xmltodict(f"<r>{''.join(element(0) for _ in range(300))}</r>".encode())


LAUGHS = "<!DOCTYPE a [<!ENTITY l0 'ha'>" + "".join(
    f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10)) + "]><a>&l9;</a>"

HOSTILE = {
    "billion_laughs": (LAUGHS, "UnsupportedXML"),
    "external_entity": ("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", "UnsupportedXML"),
    "external_parameter": ("<!DOCTYPE a [<!ENTITY % x SYSTEM 'http://127.0.0.1:9/'> %x;]><a/>", "UnsupportedXML"),
    "external_dtd": ("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a>&x;</a>", "MalformedXML"),
    "nesting": ("<a>" * 100_000, "EntityTooLarge"),
    "attributes": ("<a " + " ".join(f"k{n}=''" for n in range(200_000)) + "/>", "EntityTooLarge"),
    "one_attribute": ("<a k='" + "x" * 20_000_000 + "'/>", "EntityTooLarge"),
    "one_comment": ("<a><!--" + "x" * 20_000_000 + "--></a>", "EntityTooLarge"),
    "names": ("<a>" + "".join(f"<name-number-{n}/>" for n in range(200_000)) + "</a>", "EntityTooLarge"),
    "large": ("<a>" + "<b>text</b>" * 4_000_000 + "</a>", "EntityTooLarge"),
    "no_end": ("<a><b>text</b>", "MalformedXML"),
    "unknown_encoding": ("<?xml version='1.0' encoding='UTF-7'?><a/>", "InvalidTextEncoding"),
    "empty": ("", "MalformedXML"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_are_refused(name):
    document, expected = HOSTILE[name]
    started = time.monotonic()
    code, out, err = convert(document.encode())
    assert code != 0 and out == b""
    assert f"xml_json: {expected}: xml_json: " in err
    assert "root:" not in err and "ha" * 4 not in err
    assert time.monotonic() - started < 30


def test_limits_are_what_the_payload_says():
    document = b"<a>" + b"<b>text of some length</b>" * 40_000 + b"</a>"
    assert "memory_bytes, 200000" in convert(document, {"memory_bytes": 200_000})[2]
    assert len(converted(document, {"memory_bytes": 8_000_000})) > 800_000
    assert len(converted(document, {"memory_bytes": 200_000, "records": "/a/b"}).splitlines()) == 40_000
    assert 'unknown key, "record"' in convert(document, {"record": "/a/b"})[2]


def test_a_view_of_xml(shop):
    client = shop.s3()
    client.put_object(Bucket="shop", Key="catalog.xml", Body=(SAMPLE / "catalog.xml").read_bytes(),
                      ContentType="application/xml")
    view = client.get_object(Bucket="json--ol-s3", Key="catalog.xml")
    assert view["ContentType"] == "application/json"
    assert view["Body"].read() == (SAMPLE / "catalog.json").read_bytes()

    client.put_object(Bucket="shop", Key="broken.xml", Body=b"<a>\n<secret></a>")
    with pytest.raises(botocore.exceptions.ClientError) as refusal:
        client.get_object(Bucket="json--ol-s3", Key="broken.xml")
    error = refusal.value.response
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert error["Error"]["Code"] == "MalformedXML"
    assert error["Error"]["Message"] == "xml_json: line 2: an end tag does not match its start tag"
