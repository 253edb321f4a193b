# SPDX-License-Identifier: MIT
"""Identifiers made from their standards, with check digits computed here: nothing is shared with
the transform. Each function takes a random.Random and returns one identifier as it is written."""
import datetime
import hashlib
import string

DIGITS = string.digits
UPPER = string.ascii_uppercase
NBSP = "\u00a0"


def digits(r, n, first=DIGITS):
    return r.choice(first) + "".join(r.choice(DIGITS) for _ in range(n - 1))


def letters(r, n, alphabet=UPPER):
    return "".join(r.choice(alphabet) for _ in range(n))


def groups(text, sizes, joint):
    out, at = [], 0
    for size in sizes:
        out.append(text[at:at + size])
        at += size
    assert at == len(text), (text, sizes)
    return joint.join(out)


def date(r, first=1930, last=2010):
    start = datetime.date(first, 1, 1).toordinal()
    return datetime.date.fromordinal(r.randint(start, datetime.date(last, 12, 31).toordinal()))


# ---- arithmetic

def luhn_sum(text):
    total = 0
    for i, c in enumerate(reversed(text)):
        v = int(c) * (2 if i % 2 else 1)
        total += v - 9 if v > 9 else v
    return total


def with_luhn(text):
    return text + str(-luhn_sum(text + "0") % 10)


def mod97(text):
    return int("".join(str(int(c, 36)) for c in text)) % 97


D5 = [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 4, 0, 6, 7, 8, 9, 5], [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
      [3, 4, 0, 1, 2, 8, 9, 5, 6, 7], [4, 0, 1, 2, 3, 9, 5, 6, 7, 8], [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
      [6, 5, 9, 8, 7, 1, 0, 4, 3, 2], [7, 6, 5, 9, 8, 2, 1, 0, 4, 3], [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
      [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]]
P8 = [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 5, 7, 6, 2, 8, 3, 0, 9, 4], [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
      [8, 9, 1, 6, 0, 4, 3, 5, 2, 7], [9, 4, 5, 3, 1, 2, 6, 8, 7, 0], [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
      [2, 7, 9, 3, 8, 0, 6, 4, 1, 5], [7, 0, 4, 6, 9, 1, 3, 2, 5, 8]]


def verhoeff(text):
    c = 0
    for i, d in enumerate(reversed(text)):
        c = D5[c][P8[i % 8][int(d)]]
    return c


def mod_11_10_digit(text):
    product = 10
    for d in text:
        s = (int(d) + product) % 10 or 10
        product = s * 2 % 11
    return str((11 - product) % 10)


def try_until(make, ok):
    while True:
        value = make()
        if ok(value):
            return value


# ---- cards, accounts

CARDS = [("4", 16), ("4", 16), ("4", 13), ("4", 19), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16), ("34", 15),
         ("37", 15), ("300", 14), ("36", 14), ("38", 14), ("6011", 16), ("65", 16), ("644", 16), ("3528", 16),
         ("3589", 16), ("62", 16), ("62", 19), ("50", 16), ("5018", 12), ("6304", 13), ("6759", 18), ("1", 15)]


def card(r):
    prefix, length = r.choice(CARDS)
    text = with_luhn(prefix + digits(r, length - len(prefix) - 1))
    joint = r.choice(["", "", " ", "-", NBSP])
    if not joint:
        return text
    if length == 15:
        return groups(text, (4, 6, 5), joint)
    if length == 14:
        return groups(text, (4, 6, 4), joint)
    sizes = [4] * (length // 4) + ([length % 4] if length % 4 else [])
    return groups(text, sizes, joint)


IBAN_SHAPES = """AD 8n12c AE 19n AL 8n16c AT 16n AZ 4a20c BA 16n BE 12n BG 4a6n8c BH 4a14c BR 23n1a1c CH 5n12c CR 18n
CY 8n16c CZ 20n DE 18n DK 14n DO 4c20n EE 16n ES 20n FI 14n FO 14n FR 10n11c2n GB 4a14n GE 2a16n GI 4a15c GL 14n GR 7n16c
GT 24c HR 17n HU 24n IE 4a14n IL 19n IS 22n IT 1a10n12c JO 4a4n18c KW 4a22c KZ 3n13c LB 4n20c LI 5n12c LT 16n LU 3n13c
LV 4a13c MC 10n11c2n MD 20c ME 18n MK 3n10c2n MR 23n MT 4a5n18c MU 4a19n3a NL 4a10n NO 11n PK 4a16c PL 24n PS 4a21c PT 21n
QA 4a21c RO 4a16c RS 18n SA 2n18c SE 20n SI 15n SK 20n SM 1a10n12c TN 20n TR 6n16c UA 6n19c VG 4a16n XK 16n""".split()


def iban(r):
    i = r.randrange(0, len(IBAN_SHAPES), 2)
    country, shape, account = IBAN_SHAPES[i], IBAN_SHAPES[i + 1], ""
    count = ""
    for c in shape:
        if c.isdigit():
            count += c
            continue
        account += letters(r, int(count), {"n": DIGITS, "a": UPPER, "c": UPPER + DIGITS}[c])
        count = ""
    text = country + "%02d" % (98 - mod97(account + country + "00")) + account
    joint = r.choice(["", "", " ", " ", "-", NBSP])
    if joint:
        text = joint.join(text[at:at + 4] for at in range(0, len(text), 4))
    return text.lower() if r.random() < 0.05 else text


def aba(r):
    def make():
        text = r.choice(["%02d" % d for d in list(range(1, 13)) + list(range(21, 33)) + list(range(61, 73))]) + digits(r, 6)
        return text + str(-sum(int(c) * w for c, w in zip(text, (3, 7, 1, 3, 7, 1, 3, 7))) % 10)
    return make()


def swift(r):
    country = r.choice("DE GB FR US CH IT ES NL JP AU CA SE PL AT BE".split())
    return letters(r, 4) + country + letters(r, 2, UPPER + "23456789") + r.choice(["", "XXX", letters(r, 3)])


# ---- the internet

WORDS = "river stone maple cloud amber delta north harbor violet copper orchid falcon meadow cedar lunar".split()
TLDS = "com org net io de co.uk fr info museum technology com.br example eu xn--p1ai".split()


def host(r):
    name = r.choice(WORDS) + r.choice(["", "-" + r.choice(WORDS), str(r.randint(1, 99))])
    return (r.choice(["", "", "mail.", "eu-1."]) + name + "." + r.choice(TLDS))


def email(r):
    kind = r.random()
    if kind < 0.03:
        return '"%s %s"@%s' % (r.choice(WORDS), r.choice(WORDS), host(r))
    if kind < 0.08:
        return "%s@%s.%s" % (r.choice(["jürgen", "zoë", "андрей", "δοκιμή"]), r.choice(["bücher", "почта"]),
                             r.choice(["de", "рф", "example"]))
    local = r.choice(WORDS) + r.choice(["", ".", "_", "-", "+", "'"]) + r.choice(WORDS) + r.choice(["", str(r.randint(1, 999))])
    text = local + "@" + host(r)
    return text.upper() if r.random() < 0.05 else text


def ipv4(r):
    return ".".join(str(r.choice([r.randint(1, 255), r.randint(0, 255), 10, 192, 168])) for _ in range(4))


def ipv6(r):
    kind = r.random()
    if kind < 0.1:
        return "::ffff:" + ipv4(r)
    if kind < 0.2:
        return "fe80::%x:%x%s" % (r.getrandbits(16), r.getrandbits(16), r.choice(["", "%eth0", "%en1"]))
    head = ["%x" % (0x2000 + r.getrandbits(12))]
    if kind < 0.5:
        return ":".join(head + ["%x" % r.getrandbits(16) for _ in range(7)])
    if kind < 0.6:
        return ":".join(["%04x" % int(head[0], 16)] + ["%04x" % r.getrandbits(16) for _ in range(7)]).upper()
    left = head + ["%x" % r.getrandbits(16) for _ in range(r.randint(1, 3))]
    return ":".join(left) + "::" + ":".join("%x" % r.getrandbits(16) for _ in range(r.randint(1, 2)))


def ip(r):
    return ipv4(r) if r.random() < 0.6 else ipv6(r)


def mac(r):
    text = "%012x" % (r.getrandbits(46) << 2 | 2)
    text = text.upper() if r.random() < 0.4 else text
    kind = r.random()
    if kind < 0.15:
        return groups(text, (4, 4, 4), ".")
    return groups(text, (2,) * 6, ":" if kind < 0.6 or not any(c.isalpha() for c in text) else "-")


def url(r):
    scheme = r.choice(["https", "https", "http", "ftp", "wss", "s3", "ssh"])
    at = r.choice([host(r), host(r) + ":" + str(r.randint(80, 9999)), "localhost:8080", ipv4(r), "user:pw@" + host(r)])
    path = "".join("/" + r.choice(WORDS + ["v2", "a_(b)", "x%20y", "~me"]) for _ in range(r.randint(0, 3)))
    query = r.choice(["", "", "?q=" + r.choice(WORDS) + "&n=" + digits(r, 3), "#top", "?id=%d" % r.randint(1, 999)])
    return scheme + "://" + at + path + query


B58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
B32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def base58check(payload):
    data = payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = B58[rest] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def bech32(hrp, version, program, const):
    def polymod(values):
        check = 1
        for value in values:
            top = check >> 25
            check = (check & 0x1ffffff) << 5 ^ value
            for i, g in enumerate((0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3)):
                check ^= g if top >> i & 1 else 0
        return check
    bits = int.from_bytes(program, "big") << (-len(program) * 8 % 5)
    count = (len(program) * 8 + 4) // 5
    data = [version] + [bits >> 5 * (count - 1 - i) & 31 for i in range(count)]
    spread = [ord(c) >> 5 for c in hrp] + [0] + [ord(c) & 31 for c in hrp]
    check = polymod(spread + data + [0] * 6) ^ const
    return hrp + "1" + "".join(B32[d] for d in data + [check >> 5 * (5 - i) & 31 for i in range(6)])


def keccak256(data):
    """The sponge of SHA-3 with the padding it had before the standard."""
    rounds, lanes, rc = 24, [[0] * 5 for _ in range(5)], 1
    block = bytearray(data) + b"\x01" + bytes(136 - len(data) - 1)
    block[135] |= 0x80
    for i in range(17):
        lanes[i % 5][i // 5] ^= int.from_bytes(block[8 * i:8 * i + 8], "little")
    rol = lambda v, n: (v << n % 64 | v >> 64 - n % 64) & (1 << 64) - 1
    for _ in range(rounds):
        c = [lanes[x][0] ^ lanes[x][1] ^ lanes[x][2] ^ lanes[x][3] ^ lanes[x][4] for x in range(5)]
        d = [c[(x + 4) % 5] ^ rol(c[(x + 1) % 5], 1) for x in range(5)]
        lanes = [[lanes[x][y] ^ d[x] for y in range(5)] for x in range(5)]
        x, y, current = 1, 0, lanes[1][0]
        for t in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            current, lanes[x][y] = lanes[x][y], rol(current, (t + 1) * (t + 2) // 2)
        for y in range(5):
            row = [lanes[x][y] for x in range(5)]
            for x in range(5):
                lanes[x][y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5])
        for j in range(7):
            rc = (rc << 1 ^ (rc >> 7) * 0x71) % 256
            if rc & 2:
                lanes[0][0] ^= 1 << (1 << j) - 1
    return b"".join(lanes[i % 5][i // 5].to_bytes(8, "little") for i in range(4))


def eip55(text):
    digest = keccak256(text.encode()).hex()
    return "0x" + "".join(c.upper() if int(digest[i], 16) >= 8 else c for i, c in enumerate(text))


assert eip55("5aaeb6053f3e94c9b9a09f33669435e7ef1beaed") == "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


def crypto(r):
    kind, data = r.randrange(5), bytes(r.getrandbits(8) for _ in range(32))
    if kind < 2:
        return base58check(bytes([5 * kind]) + data[:20])
    if kind == 2:
        return bech32("bc", 0, data[:20] if r.random() < 0.5 else data, 1)
    if kind == 3:
        return bech32("bc", 1, data, 0x2bc830a3)
    return eip55(data[:20].hex())


def aws_access_key(r):
    return r.choice(["AKIA", "ASIA"]) + letters(r, 16, UPPER + "234567")


def aws_secret_key(r):
    return try_until(lambda: letters(r, 40, string.ascii_letters + DIGITS + "+/"),
                     lambda s: any(c.isdigit() for c in s) and s[0] not in "+/")


# ---- telephone

def nanp(r):
    part = lambda: try_until(lambda: digits(r, 3, "23456789"), lambda s: s[1:] != "11")
    return part(), part(), digits(r, 4)


def phone_plain(r):
    """What shows by itself."""
    a, e, l = nanp(r)
    kind = r.randrange(16)
    if kind < 6:
        return [f"({a}) {e}-{l}", f"{a}-{e}-{l}", f"{a}.{e}.{l}", f"+1 {a} {e} {l}", f"1-{a}-{e}-{l}", f"+1-{a}-{e}-{l}"][kind]
    return [f"+44 20 {digits(r, 4, '3789')} {digits(r, 4)}", f"+44 (0)7700 {digits(r, 6)}", f"+49 30 {digits(r, 7, '123')}",
            f"+33 {digits(r, 1, '12345679')} {digits(r, 2)} {digits(r, 2)} {digits(r, 2)} {digits(r, 2)}",
            f"+91 {digits(r, 5, '6789')} {digits(r, 5)}", f"+55 11 9{digits(r, 4)}-{digits(r, 4)}",
            f"+81-3-{digits(r, 4, '3569')}-{digits(r, 4)}", f"+4915{digits(r, 9)}", f"+61 4{digits(r, 2)} {digits(r, 3)} {digits(r, 3)}",
            f"+353 86 {digits(r, 3)} {digits(r, 4)}"][kind - 6]


def phone_national(r):
    """What needs a word in front."""
    a, e, l = nanp(r)
    return r.choice([f"020 {digits(r, 4, '378')} {digits(r, 4)}", f"07{digits(r, 3)} {digits(r, 6)}", f"(030) {digits(r, 7, '2345')}",
                     f"0171-{digits(r, 7)}", f"089/{digits(r, 6, '2345')}", f"06 {digits(r, 2)} {digits(r, 2)} {digits(r, 2)} {digits(r, 2)}",
                     f"01.{digits(r, 2)}.{digits(r, 2)}.{digits(r, 2)}.{digits(r, 2)}", f"{digits(r, 5, '6789')} {digits(r, 5)}",
                     f"{a}{e}{l}", f"{a} {e} {l}", f"6{digits(r, 2)} {digits(r, 3)} {digits(r, 3)}", f"010-{digits(r, 4)}-{digits(r, 4)}",
                     f"(02) {digits(r, 4, '6789')} {digits(r, 4)}", f"0044 20 {digits(r, 4, '378')} {digits(r, 4)}",
                     f"138{digits(r, 8)}"])


# ---- America

def ssn_parts(r):
    return try_until(lambda: (digits(r, 3), digits(r, 2), digits(r, 4)),
                     lambda p: p[0] not in ("000", "666") and p[0][0] != "9" and p[1] != "00" and p[2] != "0000" and
                     "".join(p) not in ("123456789", "219099999", "078051120"))


def ssn(r):
    return "-".join(ssn_parts(r))


def ssn_bare(r):
    return r.choice(["", " ", NBSP]).join(ssn_parts(r))


def itin(r):
    group = r.choice([g for g in range(50, 100) if g <= 65 or 70 <= g <= 88 or 90 <= g <= 92 or g >= 94])
    return "9%s-%02d-%s" % (digits(r, 2), group, digits(r, 4))


MBI_LETTERS = "ACDEFGHJKMNPQRTUVWXY"


def mbi(r):
    a, n = MBI_LETTERS, DIGITS
    text = "".join(r.choice(s) for s in ("123456789", a, a + n, n, a, a + n, n, a, a, n, n))
    return text if r.random() < 0.5 else groups(text, (4, 3, 4), "-")


def npi(r):
    return with_luhn("80840" + digits(r, 9, "12"))[5:]


def dea(r):
    d = digits(r, 6)
    check = (int(d[0]) + int(d[2]) + int(d[4]) + 2 * (int(d[1]) + int(d[3]) + int(d[5]))) % 10
    return r.choice("ABFGMPR") + r.choice(UPPER) + d + str(check)


def sin(r):
    text = with_luhn(digits(r, 8, "12345679"))
    return r.choice([text, groups(text, (3, 3, 3), " "), groups(text, (3, 3, 3), "-")])


def vin(r):
    alphabet = "ABCDEFGHJKLMNPRSTUVWXYZ" + DIGITS
    value = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9]))
    text = letters(r, 3, "ABCDEFGHJKLMNPRSTUVWXYZ") + letters(r, 8, alphabet) + letters(r, 2, alphabet) + digits(r, 4)
    total = sum((int(c) if c.isdigit() else value[c]) * w for c, w in
                zip(text, (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)))
    return text[:8] + "0123456789X"[total % 11] + text[9:]


# ---- Europe

def nino(r):
    prefix = try_until(lambda: r.choice("ABCEGHJKLMNOPRSTWXYZ") + r.choice("ABCEGHJKLMNPRSTWXYZ"),
                       lambda p: p not in ("BG", "GB", "NK", "KN", "NT", "TN", "ZZ"))
    text = prefix + digits(r, 6) + r.choice("ABCD")
    return r.choice([text, groups(text, (2, 2, 2, 2, 1), " ")])


def nhs(r):
    def make():
        text = digits(r, 9)
        return text + str((11 - sum(int(c) * w for c, w in zip(text, range(10, 1, -1))) % 11) % 11)
    text = try_until(make, lambda s: len(s) == 10)
    return r.choice([text, groups(text, (3, 3, 4), " "), groups(text, (3, 3, 4), "-")])


def driving_licence(r):
    born = date(r, 1940, 2003)
    month = born.month + (50 if r.random() < 0.5 else 0)
    name = letters(r, r.randint(2, 5)).ljust(5, "9")
    return "%s%d%02d%02d%d%s9%s" % (name, born.year // 10 % 10, month, born.day, born.year % 10,
                                    r.choice(UPPER) + r.choice(UPPER + "9"), letters(r, 2))


def postcode(r):
    area = r.choice("AB B BA BS CF E EC2A EH G GL L LS M N NE NW OX S SE SW1A W1T".split())
    out = area if area[-1].isalpha() and any(c.isdigit() for c in area) else area + str(r.randint(1, 20))
    return out + " " + digits(r, 1) + letters(r, 2, "ABDEFGHJLNPQRSTUWXYZ")


def plate_uk(r):
    return letters(r, 2, "ABCDEFGHJKLMNOPRSTUVWXY") .replace("I", "A") + r.choice(["12", "19", "23", "57", "65", "71"]) + " " + \
        letters(r, 3, "ABCDEFGHJKLMNOPRSTUVWXYZ")


def nif(r):
    number = digits(r, 8)
    return number + "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]


def nie(r):
    first, number = r.randrange(3), digits(r, 7)
    return "XYZ"[first] + number + "TRWAGMYFPDXBNJZSQVHLCKE"[int(str(first) + number) % 23]


def fiscal_code(r):
    born = date(r)
    text = letters(r, 6, "BCDFGLMNPRSTV") + "%02d" % (born.year % 100) + "ABCDEHLMPRST"[born.month - 1] + \
        "%02d" % (born.day + r.choice([0, 40])) + r.choice("ABCDEFGHIL") + digits(r, 3)
    odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]
    order = lambda c: int(c) if c.isdigit() else ord(c) - 65
    total = sum(odd[order(c)] if i % 2 == 0 else order(c) for i, c in enumerate(text))
    return text + chr(65 + total % 26)


def it_vat(r):
    return with_luhn(digits(r, 10))


def pesel(r):
    born = date(r, 1930, 2012)
    text = "%02d%02d%02d" % (born.year % 100, born.month + (20 if born.year >= 2000 else 0), born.day) + digits(r, 4)
    return text + str(-sum(int(c) * w for c, w in zip(text, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3))) % 10)


def personnummer(r):
    born = date(r)
    ten = with_luhn(born.strftime("%y%m%d") + digits(r, 3))
    return r.choice([ten[:6] + "-" + ten[6:], "%02d" % (born.year // 100) + ten[:6] + "-" + ten[6:]])


def hetu(r):
    born, serial = date(r, 1930, 2012), "%03d" % r.randint(2, 899)
    text = born.strftime("%d%m%y")
    return text + ("A" if born.year >= 2000 else "-") + serial + "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(text + serial) % 31]


def steuer_id(r):
    def make():
        order = list(DIGITS)
        r.shuffle(order)
        order[r.randrange(10)] = r.choice(order)
        return "".join(order)
    text = try_until(make, lambda s: s[0] != "0" and sorted(s.count(c) for c in set(s)) == [1] * 8 + [2])
    text += mod_11_10_digit(text)
    return r.choice([text, groups(text, (2, 3, 3, 3), " ")])


# ---- Asia, Africa, Australia

def aadhaar(r):
    text = digits(r, 11, "23456789")
    text += next(c for c in DIGITS if verhoeff(text + c) == 0)
    return r.choice([text, groups(text, (4, 4, 4), " "), groups(text, (4, 4, 4), "-")])


def pan(r):
    return letters(r, 3) + r.choice("ABCFGHJLPT") + letters(r, 1) + digits(r, 4) + letters(r, 1)


def rrn(r):
    born = date(r, 1930, 2012)
    text = born.strftime("%y%m%d") + r.choice("12" if born.year < 2000 else "34") + digits(r, 5)
    text += str((11 - sum(int(c) * w for c, w in zip(text, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5))) % 11) % 10)
    return text[:6] + "-" + text[6:]


def tnin(r):
    text = digits(r, 12, "12345678")
    text += str((11 - sum(int(c) * (13 - i) for i, c in enumerate(text)) % 11) % 10)
    return r.choice([text, groups(text, (1, 4, 5, 2, 1), "-")])


def tckn(r):
    d = [int(c) for c in digits(r, 9, "123456789")]
    d.append((sum(d[0::2]) * 7 - sum(d[1:8:2])) % 10)
    d.append(sum(d) % 10)
    return "".join(map(str, d))


def za_id(r):
    return with_luhn(date(r).strftime("%y%m%d") + digits(r, 4) + r.choice("01") + "8")


def tfn(r):
    def make():
        return digits(r, 9)
    text = try_until(make, lambda s: sum(int(c) * w for c, w in zip(s, (1, 4, 3, 7, 5, 8, 6, 9, 10))) % 11 == 0)
    return r.choice([text, groups(text, (3, 3, 3), " ")])


def abn(r):
    def ok(s):
        d = [int(c) for c in s]
        d[0] -= 1
        return sum(a * w for a, w in zip(d, (10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19))) % 89 == 0
    text = try_until(lambda: digits(r, 11, "123456789"), ok)
    return r.choice([text, groups(text, (2, 3, 3, 3), " ")])


def acn(r):
    text = digits(r, 8)
    text += str(-sum(int(c) * w for c, w in zip(text, (8, 7, 6, 5, 4, 3, 2, 1))) % 10)
    return r.choice([text, groups(text, (3, 3, 3), " ")])


def medicare(r):
    text = digits(r, 8, "23456")
    text += str(sum(int(c) * w for c, w in zip(text, (1, 3, 7, 9, 1, 3, 7, 9))) % 10) + r.choice("123")
    return r.choice([text, groups(text, (4, 5, 1), " ")])


def nric(r):
    first, number = r.choice("STFG"), digits(r, 7)
    total = sum(int(c) * w for c, w in zip(number, (2, 7, 6, 5, 4, 3, 2))) + (4 if first in "TG" else 0)
    return first + number + ("JZIHGFEDCBA" if first in "ST" else "XWUTRQPNMLK")[total % 11]


def uen(r):
    number = digits(r, 8)
    business = number + "XMKECAWLJDB"[sum(int(c) * w for c, w in zip(number, (10, 4, 9, 3, 8, 2, 7, 1))) % 11]
    number = str(r.randint(1967, 2023)) + digits(r, 5)
    company = number + "ZKCMDNERGWH"[sum(int(c) * w for c, w in zip(number, (10, 8, 6, 4, 9, 7, 5, 3, 1))) % 11]
    return r.choice([business, company])


# ---- dates

def birth_date(r):
    d = date(r)
    return r.choice([d.isoformat(), d.strftime("%d/%m/%Y"), d.strftime("%m/%d/%Y"), d.strftime("%d.%m.%Y"),
                     d.strftime("%d %B %Y"), d.strftime("%B %d, %Y").replace(" 0", " "), d.strftime("%d-%b-%Y"), d.strftime("%m/%d/%y")])


def password(r):
    return try_until(lambda: letters(r, r.randint(8, 14), string.ascii_letters + DIGITS + "!#$%*@^-_"),
                     lambda s: s[0].isalnum() and s[-1].isalnum() and any(c.isdigit() for c in s))


def username(r):
    return r.choice(WORDS) + r.choice([".", "_", "-", ""]) + r.choice(WORDS) + r.choice(["", digits(r, 2)])


def person(r):
    first = r.choice("Alice Robert María Chen Fatima John Linda Piotr Sven Amara Zoë Ivan Grace Will".split())
    last = r.choice("Smith O'Brien García Müller Okafor Jean-Pierre Novak Larsen Young Dijkstra".split(" "))
    return first + " " + last


def address(r):
    return "%d %s %s, %s, %s %s" % (r.randint(1, 9999), r.choice("Main Oak Washington Lake Hill Church".split()),
                                    r.choice("Street St Avenue Ave. Road Rd Boulevard Lane Drive".split()),
                                    r.choice("Springfield Austin Portland Denver".split()), r.choice("IL TX OR CO".split()), digits(r, 5))
