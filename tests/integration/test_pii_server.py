# SPDX-License-Identifier: MIT
"""pii behind Object Lambda access points: what a client gets, and what the server tells about it. deny and the
other modes, and keys that come from the environment."""
import hashlib
import hmac
import json
import re

import pytest

from kit.raw import exchange, get, signed
from kit.server import Server, json_lines, wait_for

KEY = "a key that no log may show"
OTHER_KEY = "another key, of somebody else"
MAIL, CARD = "ada.lovelace@example.org", "4111 1111 1111 1111"
TEXT = f"from {MAIL}, paid with {CARD}\n".encode()
CLEAN = b"nothing about anybody stands in this line\n"
HELD = 256 * 1024  # of an object that may be denied

CONFIG = '''
bucket "desk" {}
access_point "desk" { bucket = "desk" }
transform "same" { file = "same.lua" }
transform "pii" { preload_folders = "lists" }
object_lambda "deny" { access_point = "desk", transforms = { { "pii", payload = env "PII_DENY" } } }
object_lambda "late" { access_point = "desk", transforms = { "same", { "pii", payload = env "PII_DENY" } } }
object_lambda "report" { access_point = "desk", transforms = { { "pii", payload = env "PII_REPORT" } } }
object_lambda "hashed" { access_point = "desk", transforms = { { "pii", payload = env "PII_HASH" } } }
object_lambda "sealed" { access_point = "desk", transforms = { { "pii", payload = env "PII_SEAL" } } }
object_lambda "opened" { access_point = "desk", transforms = { { "pii", payload = env "PII_OPEN" } } }
object_lambda "listed" { access_point = "desk", transforms = { { "pii", payload = [[{"custom": {"file": "custom.json"}}]] } } }
object_lambda "joined" { access_point = "desk", transforms = { { "pii", payload = [[{"operator": "hash", "key": {"file": "join.key"}}]] } } }
object_lambda "misread" { access_point = "desk", transforms = { { "pii", payload = [[{"custom": [{"name": "KEY", "pattern": {"file": "join.key"}}]}]] } } }
object_lambda "others" { access_point = "desk", transforms = { { "pii", payload = env "PII_OTHER" } } }
'''

SAME = """
return function(event, object, response)
    for chunk in object:chunks() do response:write(chunk) end
end
"""

ENVIRONMENT = {
    "PII_DENY": json.dumps({"mode": "deny"}),
    "PII_REPORT": json.dumps({"mode": "report"}),
    "PII_HASH": json.dumps({"operator": "hash", "key": KEY}),
    "PII_SEAL": json.dumps({"operator": "encrypt", "key": KEY}),
    "PII_OPEN": json.dumps({"mode": "restore", "key": KEY}),
    "PII_OTHER": json.dumps({"mode": "restore", "key": OTHER_KEY}),
}


LISTS = {
    "lists/custom.json": json.dumps([{"name": "PROJECT", "words": {"file": "more/projects.txt"}}]),
    "lists/more/projects.txt": "".join(f"Zorb{n} Quill\n" for n in range(100000)),
    "lists/join.key": OTHER_KEY + "\n",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("desk"), config=CONFIG, files={"same.lua": SAME, **LISTS}, environment=ENVIRONMENT)
    server.secrets += [KEY, OTHER_KEY, MAIL, CARD]
    server.start()
    yield server
    assert server.stop() == 0
    server.check_logs_hold_no_secrets()


def put(server, key, body):
    server.s3().put_object(Bucket="desk", Key=key, Body=body, ContentType="text/plain")


def read(server, view, key):
    return get(server, f"/{view}--ol-s3/{key}")


def counted(server, counter):
    metrics = server.admin("/-/metrics")[1]
    found = re.search(r'^objlens_transform_counted_total\{transform="pii",counter="%s"\} (\d+)$' % counter, metrics, re.M)
    return int(found.group(1)) if found else 0


def logged(server, request_id):
    """What the transform log says about a request, waited for."""
    def lines():
        return [line["message"] for line in json_lines(server.transform_log) if line["request_id"] == request_id]
    return wait_for(lines, 10, "a line of the transform log")


# What stands before the finding, and behind it: within what is held back, across its end, and far behind it.
PLACES = {
    "short": (b"", b""),
    "full": (CLEAN, CLEAN * (HELD // len(CLEAN) - 4)),
    "across": (CLEAN * (HELD // len(CLEAN)), CLEAN),
    "behind": (CLEAN * (HELD // len(CLEAN) + 400), b""),
    "far": (CLEAN * 60000, b""),
}


@pytest.mark.parametrize("place", sorted(PLACES))
def test_deny_lets_no_byte_leave(desk, place):
    before, behind = PLACES[place]
    put(desk, place, before + TEXT + behind)
    denied = counted(desk, "denied")
    for _ in range(2):  # the second time from what may be kept of the first
        answer = read(desk, "deny", place)
        assert (answer.status, answer.code) == (403, "AccessDenied")
        assert b"Document Contains PII" in answer.body
        for piece in (CLEAN.strip(), MAIL.encode(), b"lovelace", CARD.encode(), CARD[-9:].encode(), b"paid with"):
            assert piece not in answer.raw
        assert "etag" not in answer.headers
    wait_for(lambda: counted(desk, "denied") > denied, 10, "the counter of what was denied")
    message = logged(desk, answer.request_id)[0]
    assert re.fullmatch(r"pii: denied( [A-Z_]+=\d+)+", message), message
    part = exchange(desk, signed(desk, "GET", f"/deny--ol-s3/{place}", headers={"Range": "bytes=0-9"}))
    assert part.status == 403 and CLEAN[:9] not in part.raw
    head = exchange(desk, signed(desk, "HEAD", f"/deny--ol-s3/{place}"))
    assert head.status == 403 and head.body == b""


@pytest.mark.parametrize("size", [0, 1, HELD - 1, HELD, HELD + 1, 3 * HELD + 77])
def test_deny_passes_what_is_clean(desk, size):
    body = (CLEAN * (size // len(CLEAN) + 1))[:size]
    put(desk, f"clean-{size}", body)
    answer = read(desk, "deny", f"clean-{size}")
    assert (answer.status, answer.body, answer.complete) == (200, body, True)


def test_deny_behind_another_transform(desk):
    put(desk, "small", CLEAN)
    assert read(desk, "late", "small").body == CLEAN
    put(desk, "small-found", CLEAN + TEXT)
    assert read(desk, "late", "small-found").status == 403
    put(desk, "long", CLEAN * (2 * HELD // len(CLEAN)))
    answer = read(desk, "late", "long")
    assert (answer.status, answer.code) == (400, "EntityTooLarge")
    assert CLEAN.strip() not in answer.raw


def test_report_has_counts_and_no_values(desk):
    put(desk, "mail", TEXT + TEXT)
    mails, cards, objects = (counted(desk, name) for name in ("email_address", "credit_card", "objects"))
    answer = read(desk, "report", "mail")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["x-amz-meta-pii-email-address"] == "2"
    assert answer.headers["x-amz-meta-pii-credit-card"] == "2"
    found = [json.loads(line) for line in answer.body.splitlines()]
    assert [(f["type"], (TEXT + TEXT)[f["start"]:f["end"]].decode()) for f in found] == \
        [("EMAIL_ADDRESS", MAIL), ("CREDIT_CARD", CARD)] * 2
    for value in (MAIL, CARD, "lovelace", CARD[-9:]):
        assert value.encode() not in answer.raw
    assert logged(desk, answer.request_id) == ["pii: reported CREDIT_CARD=2 EMAIL_ADDRESS=2"]
    wait_for(lambda: counted(desk, "email_address") == mails + 2, 10, "the counter of addresses")
    assert counted(desk, "credit_card") == cards + 2
    assert counted(desk, "objects") == objects + 1


def test_a_head_and_a_long_report_have_counts_too(desk):
    put(desk, "mails", b"ada@example.org " * 5000)
    answer = exchange(desk, signed(desk, "HEAD", "/report--ol-s3/mails"))
    assert (answer.status, answer.headers["x-amz-meta-pii-email-address"]) == (200, "5000")
    answer = read(desk, "report", "mails")
    assert answer.headers["x-amz-meta-pii-email-address"] == "5000" and len(answer.body.splitlines()) == 5000
    put(desk, "more-mails", b"ada@example.org " * 12000)  # leaves before all of it is known
    answer = read(desk, "report", "more-mails")
    assert answer.complete and len(answer.body.splitlines()) == 12000
    assert "x-amz-meta-pii-email-address" not in answer.headers
    assert logged(desk, answer.request_id) == ["pii: reported EMAIL_ADDRESS=12000"]


def test_lists_and_keys_from_files(desk):
    put(desk, "lists", b"the zorb99999 quill of ada@example.org")
    assert read(desk, "listed", "lists").body == b"the [PROJECT] of [EMAIL_ADDRESS]"
    digest = hmac.new(OTHER_KEY.encode(), b"ada@example.org", hashlib.sha256).hexdigest()
    assert read(desk, "joined", "lists").body == f"the zorb99999 quill of {digest}".encode()
    desk.write("lists/more/projects.txt", "something else\n")
    wait_for(lambda: read(desk, "listed", "lists").body == b"the zorb99999 quill of [EMAIL_ADDRESS]", 30, "the new list")


def test_a_key_is_read_for_nothing_else(desk):
    put(desk, "key", OTHER_KEY.encode())
    answer = read(desk, "misread", "key")
    assert (answer.status, answer.code) == (500, "InvalidTransformPayload")
    assert OTHER_KEY.encode() not in answer.raw


def test_a_key_from_the_environment(desk):
    put(desk, "hashed", TEXT)
    answer = read(desk, "hashed", "hashed")
    digests = [hmac.new(KEY.encode(), value.encode(), hashlib.sha256).hexdigest()
               for value in (MAIL, CARD.replace(" ", ""))]
    assert answer.body.decode() == "from {}, paid with {}\n".format(*digests)


def test_what_was_sealed_is_restored_with_its_key_alone(desk):
    put(desk, "open", TEXT)
    sealed = read(desk, "sealed", "open").body
    assert re.fullmatch(rb"from \[EMAIL_ADDRESS:[\w-]+\], paid with \[CREDIT_CARD:[\w-]+\]\n", sealed)
    put(desk, "sealed", sealed)
    assert read(desk, "opened", "sealed").body == TEXT
    assert read(desk, "others", "sealed").body == sealed
    assert read(desk, "hashed", "sealed").body == sealed
