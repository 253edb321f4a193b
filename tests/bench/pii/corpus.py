# SPDX-License-Identifier: MIT
"""A labelled corpus: lines of prose, logs, CSV and JSON with identifiers whose places are known,
and lines of look-alikes that hold none. Deterministic by its seed."""
import random
import uuid

import values as v

# Entity: (maker, words that name it; None: it needs none). Several rows an entity are several kinds.
DEFAULT = [
    ("CREDIT_CARD", v.card, None), ("EMAIL_ADDRESS", v.email, None), ("IP_ADDRESS", v.ip, None),
    ("IBAN_CODE", v.iban, None), ("US_SSN", v.ssn, None),
    ("US_SSN", v.ssn_bare, ["SSN", "ssn", "social security number", "Social Security No"]),
    ("PHONE_NUMBER", v.phone_plain, None),
    ("PHONE_NUMBER", v.phone_national, ["phone", "tel", "Tel.", "mobile", "call me at", "Telefon", "téléphone", "cell", "fax"]),
    ("URL", v.url, None), ("MAC_ADDRESS", v.mac, None), ("CRYPTO", v.crypto, None), ("US_ITIN", v.itin, None),
    ("UK_NINO", v.nino, None), ("US_MBI", v.mbi, None), ("AWS_ACCESS_KEY", v.aws_access_key, None),
]
OPTIONAL = [
    ("CREDIT_DEBIT_CVV", lambda r: v.digits(r, 3), ["cvv", "CVC", "security code"]),
    ("CREDIT_DEBIT_EXPIRY", lambda r: "%02d/%02d" % (r.randint(1, 12), r.randint(24, 35)), ["exp", "expires", "valid thru"]),
    ("PIN", lambda r: v.digits(r, 4), ["PIN", "pin code"]),
    ("SWIFT_CODE", v.swift, ["SWIFT", "BIC", "swift code"]),
    ("US_BANK_NUMBER", lambda r: v.digits(r, r.randint(8, 12)), ["account number", "checking account", "bank acct"]),
    ("ABA_ROUTING_NUMBER", v.aba, ["routing number", "ABA", "routing"]),
    ("US_PASSPORT", lambda r: r.choice([v.digits(r, 9), v.letters(r, 1) + v.digits(r, 8)]), ["passport", "passport number", "US passport no"]),
    ("US_DRIVER_LICENSE", lambda r: r.choice([v.letters(r, 1) + v.digits(r, 7), v.letters(r, 1) + v.digits(r, 12), v.digits(r, 8)]),
     ["driver license", "driver's license number", "DL"]),
    ("US_NPI", v.npi, ["NPI", "national provider identifier"]), ("MEDICAL_LICENSE", v.dea, ["DEA", "DEA number"]),
    ("UK_NHS", v.nhs, ["NHS number", "NHS"]), ("UK_POSTCODE", v.postcode, None),
    ("UK_PASSPORT", lambda r: v.digits(r, 9), ["UK passport"]), ("UK_DRIVING_LICENCE", v.driving_licence, None),
    ("UK_VEHICLE_REGISTRATION", v.plate_uk, ["registration", "reg", "vehicle registration"]),
    ("CA_SIN", v.sin, ["SIN", "social insurance number"]), ("IN_AADHAAR", v.aadhaar, ["Aadhaar", "aadhaar no"]),
    ("IN_PAN", v.pan, None), ("ES_NIF", v.nif, None), ("ES_NIE", v.nie, None), ("IT_FISCAL_CODE", v.fiscal_code, None),
    ("IT_VAT_CODE", v.it_vat, ["partita IVA", "P.IVA"]), ("PL_PESEL", v.pesel, ["PESEL"]), ("SE_PERSONNUMMER", v.personnummer, None),
    ("FI_PERSONAL_IDENTITY_CODE", v.hetu, None), ("DE_TAX_ID", v.steuer_id, ["Steuer-ID", "Steueridentifikationsnummer", "IdNr"]),
    ("KR_RRN", v.rrn, None), ("TR_NATIONAL_ID", v.tckn, ["TC Kimlik", "TCKN"]), ("TH_TNIN", v.tnin, ["Thai national ID"]),
    ("ZA_ID_NUMBER", v.za_id, ["ID number", "South African ID"]), ("AU_TFN", v.tfn, ["TFN", "tax file number"]),
    ("AU_ABN", v.abn, ["ABN"]), ("AU_ACN", v.acn, ["ACN"]), ("AU_MEDICARE", v.medicare, ["Medicare number", "medicare"]),
    ("SG_NRIC_FIN", v.nric, None), ("SG_UEN", v.uen, ["UEN"]), ("AWS_SECRET_KEY", v.aws_secret_key, ["aws secret key", "secret access key"]),
    ("VEHICLE_IDENTIFICATION_NUMBER", v.vin, ["VIN", "chassis"]),
    ("LICENSE_PLATE", lambda r: v.letters(r, 3) + " " + v.digits(r, 4), ["license plate", "plate number"]),
    ("DATE_TIME", v.birth_date, ["born", "date of birth", "DOB", "birthday"]),
    ("AGE", lambda r: "%d%s" % (r.randint(18, 95), r.choice([" years old", "-year-old"])), None),
    ("PASSWORD", v.password, "="), ("USERNAME", v.username, "="),
]
BEST_EFFORT = [("PERSON", v.person, "name"), ("LOCATION", v.address, None)]

BEFORE = ["please note ", "We received ", "customer sent ", "updated to ", "see ", "the value is ", "", "Hello, it is "]
BEHIND = [" today", ".", ", thanks", "; please check", "", " (new)", " and more", "!"]
LEVELS = ["INFO", "WARN", "DEBUG", "ERROR"]


def stamp(r):
    return "2024-%02d-%02dT%02d:%02d:%02d.%03dZ" % (r.randint(1, 12), r.randint(1, 28), r.randint(0, 23), r.randint(0, 59),
                                                    r.randint(0, 59), r.randint(0, 999))


def around(r, words):
    """What stands in front of an identifier and behind it: prose, a log line, CSV, JSON."""
    kind = r.randrange(4)
    word = r.choice(words) if words else ""
    if kind == 0:
        lead = word + r.choice([": ", " ", " is ", " = ", " "]) if word else ""
        return r.choice(BEFORE) + lead, r.choice(BEHIND)
    if kind == 1:
        lead = word.replace(" ", "_").replace(".", "") + "=" if word else r.choice(["value=", "", "from=", "got "])
        return "%s %s [worker-%d] " % (stamp(r), r.choice(LEVELS), r.randint(1, 9)) + lead, r.choice([" status=200", " ok", ""])
    if kind == 2:
        lead = word + "," if word else r.choice(["", '"'])
        return "%d,%s,%s" % (r.randint(1, 999), r.choice(v.WORDS), lead), ('"' if lead == '"' else "") + ",active"
    key = word.replace(" ", "_") if word else "value"
    return '{"n":%d,"%s":"' % (r.randint(1, 99), key), '","ok":true}'


def line_of(r, row):
    name, make, words = row
    if words == "=":
        key = {"PASSWORD": ["password", "passwd", "pwd"], "USERNAME": ["username", "user", "login"]}[name]
        return r.choice(["%s=", "%s: ", "db %s="]) % r.choice(key), make(r), r.choice(["", " done", " next=1"])
    if words == "name":
        return r.choice(["Dear ", "Mr. ", "Dr. ", "Name: ", "Patient: ", "I met "]), make(r), r.choice([",", ".", "\n"])
    front, behind = around(r, words)
    value = make(r)
    if front.endswith('"') and '"' in value:
        return "mail ", value, "."  # a quoted local part does not stand in quotes
    return front, value, behind


def corpus(seed, rows, each):
    """(text in UTF-8, [(start, end, name)])"""
    r, out, labels = random.Random(seed), bytearray(), []
    lines = [row for row in rows for _ in range(each)]
    r.shuffle(lines)
    for row in lines:
        front, value, behind = (part.encode() for part in line_of(r, row))
        start = len(out) + len(front)
        out += front + value + behind + b"\n"
        labels.append((start, start + len(value), row[0]))
    return bytes(out), labels


# ---- near misses: one digit of what a check digit protects is another one

CHECKED = """CREDIT_CARD IBAN_CODE ABA_ROUTING_NUMBER US_NPI MEDICAL_LICENSE UK_NHS CA_SIN IN_AADHAAR ES_NIF ES_NIE IT_FISCAL_CODE
IT_VAT_CODE PL_PESEL SE_PERSONNUMMER FI_PERSONAL_IDENTITY_CODE DE_TAX_ID TR_NATIONAL_ID ZA_ID_NUMBER AU_TFN AU_ABN AU_ACN
AU_MEDICARE SG_NRIC_FIN SG_UEN""".split()


def one_digit_changed(r, value):
    places = [i for i, c in enumerate(value) if c.isdigit()][:-1]
    i = r.choice(places)
    return value[:i] + str((int(value[i]) + 1) % 10) + value[i + 1:]


def near_misses(seed, each):
    """(text, [(start, end, name)]) of which none may be found."""
    rows = [(name, lambda r, make=make: one_digit_changed(r, make(r)), words) for name, make, words in DEFAULT + OPTIONAL
            if name in CHECKED]
    return corpus(seed, rows, each)


# ---- look-alikes

def not_luhn(r):
    return v.try_until(lambda: v.digits(r, r.choice([13, 15, 16, 17, 19]), "123456789"), lambda s: v.luhn_sum(s) % 10)


LOOK_ALIKES = [
    lambda r: "version %d.%d.%d.%d released" % tuple(r.randint(0, 20) for _ in range(4)),
    lambda r: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/%d.0.0.0 Safari/537.36" % r.randint(90, 130),
    lambda r: "app-%d.%d.%d.%d.tar.gz v%d.%d.%d" % tuple(r.randint(0, 20) for _ in range(7)),
    lambda r: "OID 1.3.6.1.4.1.%d.%d" % (r.randint(1, 9999), r.randint(1, 99)),
    lambda r: "order %s-%s-%s" % (v.digits(r, 3), v.digits(r, 7), v.digits(r, 7)),
    lambda r: "order #%s shipped, tracking 1Z%s" % (v.digits(r, 8), v.letters(r, 16, v.UPPER + v.DIGITS)),
    lambda r: "Order ORD-%s-%s total $%s,%s.%s" % (v.digits(r, 4), v.digits(r, 6), v.digits(r, 1), v.digits(r, 3), v.digits(r, 2)),
    lambda r: "ts=%d%s ms=%d us=%d" % (r.randint(1500000000, 1800000000), "", r.randint(1500000000000, 1800000000000),
                                       r.randint(1500000000000000, 1700000000000000)),
    lambda r: stamp(r) + " tick",
    lambda r: "%02d:%02d:%02d,%03d elapsed" % (r.randint(0, 23), r.randint(0, 59), r.randint(0, 59), r.randint(0, 999)),
    lambda r: "at %.6f, %.6f" % (r.uniform(-90, 90), r.uniform(-180, 180)),
    lambda r: "geo:%+.4f%+.4f/" % (r.uniform(-90, 90), r.uniform(-180, 180)),
    lambda r: "coordinates %+.7f %+.7f" % (r.uniform(-90, 90), r.uniform(-180, 180)),
    lambda r: "md5 %032x" % r.getrandbits(128), lambda r: "commit %040x" % r.getrandbits(160),
    lambda r: "sha256:%064x" % r.getrandbits(256), lambda r: "id " + str(uuid.UUID(int=r.getrandbits(128))),
    lambda r: "fingerprint " + ":".join("%02x" % r.getrandbits(8) for _ in range(16)),
    lambda r: "imei " + v.with_luhn("35" + v.digits(r, 12)), lambda r: "ref " + not_luhn(r),
    lambda r: "%s.%s" % (v.digits(r, 1), v.digits(r, 16)), lambda r: "0" * r.choice([13, 16, 19]),
    lambda r: "ZIP %s-%s" % (v.digits(r, 5), v.digits(r, 4)), lambda r: "ISBN 978-%s-%s-%s-%s" % (v.digits(r, 1), v.digits(r, 4), v.digits(r, 4), v.digits(r, 1)),
    lambda r: "logo@2x.png icon@3x.jpg", lambda r: "npm i pkg@%d.%d.%d" % (r.randint(0, 9), r.randint(0, 9), r.randint(0, 9)),
    lambda r: "git clone git@github.com:team/%s.git" % r.choice(v.WORDS), lambda r: "ssh %s@buildhost" % r.choice(v.WORDS),
    lambda r: "std::vector<int> a::b ns::%s x[::2]" % r.choice(v.WORDS), lambda r: "ratio 16:9 score 3:2 verse 12:34:56",
    lambda r: "sizes 10 200 3000 40000 500000", lambda r: "pages 12-34, 56-789, lines 1200-1345",
    lambda r: "from %04d-%02d-%02d to %02d/%02d/%04d" % (r.randint(1990, 2030), r.randint(1, 12), r.randint(1, 28), r.randint(1, 28), r.randint(1, 12), r.randint(1990, 2030)),
    lambda r: "SKU %s-%s-%s" % (v.letters(r, 3), v.digits(r, 4), v.letters(r, 2)), lambda r: "000-%s-%s 666-%s-%s" % (v.digits(r, 2), v.digits(r, 4), v.digits(r, 2), v.digits(r, 4)),
    lambda r: "bytes %d,%03d,%03d of %d" % (r.randint(1, 999), r.randint(0, 999), r.randint(0, 999), r.randint(10 ** 6, 10 ** 11)),
    lambda r: "x=%s y=%s" % (v.digits(r, 9), v.digits(r, 10)), lambda r: "part no %s.%s.%s" % (v.digits(r, 3), v.digits(r, 3), v.digits(r, 4)),
    lambda r: "0x%08x 0x%016x" % (r.getrandbits(32), r.getrandbits(64)), lambda r: "+%s-%s lines, +0100" % (v.digits(r, 3), v.digits(r, 2)),
    lambda r: "getty@tty1.service user@1000.service", lambda r: "see main.c, self.name, e.g. this.Then that",
    lambda r: "base64 " + v.letters(r, 48, v.B58 + "0OIl+/") + "==", lambda r: "invoice %s/%s" % (v.digits(r, 4), v.digits(r, 6)),
    lambda r: "DE%s VAT, ATU%s" % (v.digits(r, 9), v.digits(r, 8)), lambda r: "flight LH%s seat 12A gate B%s" % (v.digits(r, 4), v.digits(r, 2)),
    lambda r: "lot %s %s %s" % (v.digits(r, 4), v.digits(r, 4), v.digits(r, 3)),
    lambda r: "system call returned %s after %d ns" % (v.digits(r, 10), r.randint(1, 10 ** 8)),
    lambda r: '127 - - [%02d/Oct/2023:13:55:36 -0700] "GET /a/%s HTTP/1.1" 200 %d' % (r.randint(1, 28), v.digits(r, 9), r.randint(1, 10 ** 7)),
    lambda r: '{"version":"%d.%d.%d.%d","build":%s}' % (*(r.randint(0, 200) for _ in range(4)), v.digits(r, 9)),
    lambda r: "Firmware: %d.%d.%d.%d, kernel %d.%d.%d-%d-generic" % tuple(r.randint(0, 50) for _ in range(8)),
    lambda r: "table %s %s %s" % tuple(v.digits(r, 4, "0789") for _ in range(3)) + " " + v.digits(r, 3),
    lambda r: "arXiv:%s.%s doi:10.%s/%s" % (v.digits(r, 4), v.digits(r, 5), v.digits(r, 4), v.digits(r, 7)),
    lambda r: "population %s %s %s, area %s.%s" % (v.digits(r, 2), v.digits(r, 3), v.digits(r, 3), v.digits(r, 5), v.digits(r, 2)),
    lambda r: "serial %s-%s-%s" % (v.letters(r, 4), v.digits(r, 6), v.letters(r, 4, v.UPPER + v.DIGITS)),
    lambda r: "key %s" % "-".join(v.letters(r, 5, v.UPPER + v.DIGITS) for _ in range(5)),
    lambda r: "%s-%s-%s" % (v.digits(r, 1, "01"), v.digits(r, 3), v.digits(r, 5)) + " " + "@decorator @media %d@%.2f" % (r.randint(1, 9), r.random()),
    lambda r: "5@3.50 each, cc @team re: [1:2] a[3::4]", lambda r: "crate serde v1.0.%d (/src/serde-1.0.%d)" % (r.randint(0, 200), r.randint(0, 200)),
    lambda r: "0b%s 0o%s %.12e" % (v.letters(r, 16, "01"), v.letters(r, 8, "01234567"), r.uniform(1, 1e9)),
    lambda r: "%s.%s.%s" % (v.letters(r, 20, v.B58), v.letters(r, 40, v.B58), v.letters(r, 20, v.B58)),
]


def look_alikes(seed, count):
    r = random.Random(seed)
    return "".join(r.choice(LOOK_ALIKES)(r) + "\n" for _ in range(count)).encode()
