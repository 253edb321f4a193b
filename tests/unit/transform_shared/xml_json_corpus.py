# SPDX-License-Identifier: MIT
"""Documents, and what xmltodict makes of them, for test_xml_json_xmltodict.c.

    xml_json_corpus.py SEED COUNT

Each case on standard output: a line "PAYLOAD XML JSON" of three sizes, then as many bytes of
each. A JSON size of -1 says that xmltodict refuses the document. Exit code 77: no xmltodict."""
import importlib.metadata
import json
import random
import re
import sys
import xml.parsers.expat

try:
    import xmltodict
except ImportError:
    sys.exit(77)

NAMES = "a b c item n:x n:y _ x-1.2 élément a:b row A b.c ж".split()
ATTRIBUTES = "k id xmlns:n xmlns n:k xml:lang xml:space é".split()
LATIN_WORDS = ["word", "two words", "x", '"quoted"', "back\\slash", "café", "&lt;tag&gt;", "&amp;",
               "&#65;", "&#xe9;", "&#10;", "&#13;", "&#x9;", "'", "/", "007", "true", "]] ", "]", ">",
               "\xa0", "\xa0y\xa0", "a\tb", "ÿÀ", "\x85", "long " * 70, "{}", "[1]", "&quot;&apos;", "\x7f"]
WIDE_WORDS = ["€", "😀", "\u3000", "\u2009z", "&#x1F600;", "Ж", "&#x3000;", "\u2028", "\u200b", "\ufeff",
              "слово " * 60, "漢字" * 90, "\ufffd"]
SPACES = [" ", "\n", "\r\n", "\t", "  ", "\n    ", "", "\r"]
VALUES = ["v", "", "1 &amp; 2", "&quot;", "a\nb", "a\r\nb", "  spaced  ", "café", "&#10;", "&#13;", ">", "\\", "a\tb",
          "]]>", "<!--".replace("<", "&lt;"), "'"]


class Maker:
    def __init__(self, rng, wide, declares=False):
        self.rng = rng
        self.declares = declares  # the root has the prefixes that the others use
        self.wide = wide
        self.left = rng.choice([3, 10, 40, 200])

    def pick(self, items):
        return self.rng.choice(items)

    def name(self):
        return self.pick(NAMES if self.wide else NAMES[:-1])

    def text(self):
        words = LATIN_WORDS + (WIDE_WORDS if self.wide else [])
        return "".join(self.pick(SPACES) + self.pick(words) for _ in range(self.rng.randrange(4))) + self.pick(SPACES)

    def attributes(self):
        chosen = self.rng.sample(ATTRIBUTES, self.rng.choice([0, 0, 0, 1, 2, 4]))
        return "".join(f' {name}{self.pick(["=", " = "])}"{self.pick(VALUES)}"' for name in chosen)

    def declarations(self):
        default = self.pick(["", ' xmlns="http://d"', " xmlns='http://n'"])
        return default + ' xmlns:a="http://a" xmlns:n="http://n"'

    def part(self, depth):
        kind = self.rng.randrange(10)
        if kind == 0:
            return "<!-- c <&> ]]> -->"
        if kind == 1:
            return "<?pi some ' ?>"
        if kind == 2:
            return f"<![CDATA[{self.pick(['', ' ', '<raw>&amp; ]] ]>', 'x' * 700, chr(13) + chr(10)])}]]>"
        if kind < 5:
            return self.text()
        return self.element(depth + 1)

    def element(self, depth=1, name=None):
        self.left -= 1
        name = name or self.name()
        attributes = self.attributes()
        if depth == 1 and self.declares:
            attributes = re.sub(r" xmlns(:n)? ?= ?\S*", "", attributes) + self.declarations()
        start = f"<{name}{attributes}"
        if self.rng.randrange(6) == 0:
            return start + self.pick(["/>", " />", "\n/>"])
        parts = 0 if depth > 8 or self.left < 0 else self.rng.randrange(7)
        inside = "".join(self.part(depth) for _ in range(parts))
        return f"{start}{self.pick(['>', ' >'])}{inside}{self.text() if self.rng.randrange(2) else ''}</{name}{self.pick(['>', ' >'])}"

    def document(self):
        before = self.pick(["", "", "\n<!-- before --><?p?>\n", '<!DOCTYPE r SYSTEM "no.dtd">',
                            "<!DOCTYPE a PUBLIC '-//x' 'http://127.0.0.1:1/'>\r\n"])
        return before + self.element() + self.pick(["", "\n", "<!-- behind -->\n", "<?p?>"])


# Encoding, declared as, byte order mark
ENCODINGS = [("utf-8", None, b""), ("utf-8", "UTF-8", b""), ("utf-8", None, b"\xef\xbb\xbf"),
             ("utf-8", "utf-8", b"\xef\xbb\xbf"), ("utf-16-le", "UTF-16", b"\xff\xfe"),
             ("utf-16-be", "UTF-16", b"\xfe\xff"), ("utf-16-le", None, b"\xff\xfe"),
             ("latin-1", "ISO-8859-1", b""), ("ascii", "US-ASCII", b"")]


def encode(rng, text):
    encoding, declared, mark = rng.choice(ENCODINGS)
    if declared or rng.randrange(2):
        declaration = f' encoding="{declared}"' if declared else ""
        text = f'<?xml version="1.0"{declaration}?>' + text.lstrip()
    try:
        return mark + text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode("utf-8").replace(b'encoding="ISO-8859-1"', b"").replace(b'encoding="US-ASCII"', b"")


def mutate(rng, document):
    """A few bytes changed, lost, doubled or moved: mostly no longer well-formed."""
    out = bytearray(document)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(out) + 1)
        kind = rng.randrange(5)
        if kind == 0:
            out[at:at + 1] = rng.choice([b"<", b">", b"&", b"]]>", b'"', b"-", b"\0", b"\x01", b"=", b"\xff", b"/", b";"])
        elif kind == 1:
            del out[at:at + rng.randrange(1, 5)]
        elif kind == 2:
            out[at:at] = out[at - 7:at]
        elif kind == 3:
            out[at:at] = rng.choice([b"<a>", b"</a>", b"&amp;", b"&b;", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"&#", b"<?"])
        else:
            del out[at:]
    return bytes(out)


def dump(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def as_list(value):
    return value if isinstance(value, list) else [value]


def records(tree, path):
    """The values at a path, in document order."""
    found = [tree]
    for name in path:
        found = [v for outer in found if isinstance(outer, dict) and name in outer for v in as_list(outer[name])]
    return found


# Earlier versions leave out the declarations of elements without attributes, know no names in force_cdata, and
# put separators at comments and CDATA sections as well.
IS_1 = int(importlib.metadata.version("xmltodict").partition(".")[0]) >= 1

# Those of xmltodict, by the same names.
OPTIONS = {"attr_prefix": ["", "-", "$@"], "cdata_key": ["$", "text", "é"], "strip_whitespace": [False, True],
           "force_cdata": [True, False, ["a", "item", "n:x"] if IS_1 else True], "xml_attribs": [False, True],
           "cdata_separator": [" ", "|", "\n", "\"é"] if IS_1 else [""], "process_comments": [True, False],
           "comment_key": ["#c", "a", "comment"]}


class Expat:
    """pyexpat, but for its habit to cut texts in parts after 8 KiB, which then have separators between."""
    @staticmethod
    def ParserCreate(*arguments):
        parser = xml.parsers.expat.ParserCreate(*arguments)
        parser.buffer_size = 1 << 24
        return parser


# URIs to what stands for them, as xmltodict's argument "namespaces" has it.
MAPS = [{}, {"http://n": "m"}, {"http://n": None, "http://a": "x"}, {"http://a": "", "http://d": "d"}]


def namespace_options(rng):
    """(the payload's, xmltodict's)"""
    kind = rng.randrange(3)
    if kind == 0:
        return {"namespaces": "expand"}, {"process_namespaces": True}
    if kind == 1:
        return ({"process_namespaces": True, "namespace_separator": "|"},
                {"process_namespaces": True, "namespace_separator": "|"})
    mapped = rng.choice(MAPS)
    return {"namespaces": mapped}, {"process_namespaces": True, "namespaces": mapped}


def case(rng, document, declares):
    """(payload, document, result or None)"""
    payload = {}
    if rng.randrange(4) == 0:
        payload["force_list"] = rng.choice([rng.sample([*NAMES, "#text", "@k"], 3), True])
    for option, values in OPTIONS.items():
        if rng.randrange(6) == 0:
            payload[option] = rng.choice(values)
    options = dict(payload)
    if declares:
        for into, more in zip((payload, options), namespace_options(rng)):
            into.update(more)
    try:
        tree = xmltodict.parse(document, expat=Expat, **options)
    except (xml_errors, ValueError, LookupError):
        return payload, document, None
    result = dump(tree)
    # A comment may have an element's name, and would then be taken for a record.
    if rng.randrange(4) == 0 and not declares and not options.get("process_comments"):
        root = next(iter(tree))
        path = [root, *rng.sample(NAMES, rng.randrange(3))]
        # One element of a name below a forced list is still one record.
        payload["records"] = "/" + "/".join(path)
        result = b"".join(dump(value) + b"\n" for value in records(tree, path))
    return payload, document, result


xml_errors = xml.parsers.expat.ExpatError


def main():
    rng = random.Random(int(sys.argv[1]))
    # Not sys.stdout.buffer: with PYTHONUNBUFFERED set, that writes a part of what it is given, and does not say so.
    with open(1, "wb", closefd=False) as out:
        write_cases(rng, out)


def write_cases(rng, out):
    for number in range(int(sys.argv[2])):
        declares = IS_1 and rng.randrange(4) == 0
        if number % 3 == 2:
            # No letters that only one of the two editions of XML 1.0 takes for parts of names.
            document = mutate(rng, Maker(rng, False, declares).document().encode("utf-8"))
        else:
            document = encode(rng, Maker(rng, rng.randrange(3) > 0, declares).document())
        payload, document, result = case(rng, document, declares)
        text = json.dumps(payload).encode() if payload else b""
        out.write(b"%d %d %d\n" % (len(text), len(document), -1 if result is None else len(result)))
        out.write(text + document + (result or b""))


main()
