# SPDX-License-Identifier: MIT
"""Parts of views whose length is not their original's: cut from the very bytes that a whole GET
gives, whatever is kept, changed or asked in between."""
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit.aws import refused
from kit.raw import exchange, get, signed
from kit.server import Server, wait_for
from kit.views import Reader, orders, plain_get, same

PART = 5 * 1024 * 1024

SCRIPTS = {
    # Every line gets longer or shorter, by its number.
    "uneven.lua": """
return function(event, object, response)
  local number = 0
  for line in object:lines() do
    number = number + 1
    if number % 3 == 0 then response:write("gone\\n") else response:write(number, " ", line, line, "\\n") end
  end
end
""",
    "second.lua": """
return function(event, object, response)
  for chunk in object:chunks() do response:write("second ", chunk) end
end
""",
    "stars.lua": """
return {
  positions = { before = 5, after = 5 },
  get = function(event, object, response)
    local kept = ""
    for chunk in object:chunks() do
      local text = (kept .. chunk):gsub("SECRET", "******")
      kept = text:sub(-5)
      response:write(text:sub(1, -6))
    end
    response:write(kept)
  end,
}
""",
    "shifted.lua": """
return {
  positions = { before = 1, after = 2 },
  get = function(event, object, response)
    for chunk in object:chunks() do response:write((chunk:gsub("%d", "#"))) end
  end,
}
""",
    "clock.lua": """
return {
  depends = { request = true },
  get = function(event, object, response) response:write("for ", event.xAmzRequestId, "\\n") end,
}
""",
    "changing.lua": "return function(event, object, response) response:write('first script') end",
}

CONFIG = """
bucket "shop"
access_point "shop" { bucket = "shop" }
""" + "".join(f'transform "{name[:-4]}" {{ file = "{name}" }}\n' for name in SCRIPTS) + """
object_lambda "uneven" { access_point = "shop", transforms = { "uneven" } }
object_lambda "uneven-uncached" { access_point = "shop", transforms = { "uneven" }, cache = false }
object_lambda "second" { access_point = "shop", transforms = { "second" } }
object_lambda "stars" { access_point = "shop", transforms = { "stars" } }
object_lambda "stars-uncached" { access_point = "shop", transforms = { "stars" }, cache = false }
object_lambda "both" { access_point = "shop", transforms = { "stars", "shifted" }, cache = false }
object_lambda "clock" { access_point = "shop", transforms = { "clock" } }
object_lambda "changing" { access_point = "shop", transforms = { "changing" } }
object_lambda "refusing" { access_point = "shop", transforms = { "uneven" }, ranges = "refuse" }
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    one = Server(tmp_path_factory.mktemp("ranges"), config=CONFIG, files=SCRIPTS)
    one.start()
    one.s3().put_object(Bucket="shop", Key="orders", Body=orders(400_000))
    yield one
    assert one.stop() == 0
    one.check_logs_hold_no_secrets()


def head(server, path, headers=None):
    return exchange(server, signed(server, "HEAD", path, headers))


def walk(server, alias, key, whole, count, seed):
    reader, rng = Reader(server, alias, key), random.Random(seed)
    for _ in range(count):
        first = rng.randrange(len(whole))
        last = min(len(whole) - 1, first + int(2 ** rng.uniform(0, 17)) - 1)
        same(reader.part(first, last), whole[first:last + 1])


def test_ten_thousand_random_ranges(server):
    whole = plain_get(server, "uneven", "orders")
    assert len(whole) != 400_000
    with ThreadPoolExecutor(4) as pool:
        for one in [pool.submit(walk, server, "uneven", "orders", whole, 2500, seed)
                    for seed in range(4)]:
            one.result()


def test_ranges_are_right_with_the_cache_off(server):
    whole = plain_get(server, "uneven", "orders")
    walk(server, "uneven-uncached", "orders", whole, 60, 5)


@pytest.mark.parametrize("alias", ["uneven", "uneven-uncached", "stars", "stars-uncached"])
def test_a_cold_range_needs_no_head_before_it(server, alias):
    """The very first thing that is asked of a view is its end."""
    server.s3().put_object(Bucket="shop", Key=f"cold-{alias}", Body=orders(100_000))
    answer = get(server, f"/{alias}--ol-s3/cold-{alias}", headers={"Range": "bytes=-77"})
    whole = plain_get(server, alias, f"cold-{alias}")
    assert (answer.status, answer.body) == (206, whole[-77:])
    assert answer.headers["content-range"] == \
        f"bytes {len(whole) - 77}-{len(whole) - 1}/{len(whole)}"


# value → what of "0123456789…": None = all of it, 416 = nothing
FORMS = {"bytes=0-0": (0, 1), "bytes=5-": (5, None), "bytes=-3": (-3, None), "bytes=-0": 416,
         "bytes=2-1": None, "bytes=a-b": None, "items=0-1": None, "bytes=0-1,3-4": None,
         "bytes=0-99999999999999999999": (0, None), "bytes=100000000-": 416, "": None, "bytes": None,
         "bytes=-99999999999999999999": (0, None), "bytes=1--2": None, "bytes= 0-1": (0, 2)}


@pytest.mark.parametrize("value", FORMS)
@pytest.mark.parametrize("alias", ["second", "stars-uncached"])
def test_every_form_of_a_range(server, alias, value):
    server.s3().put_object(Bucket="shop", Key="forms", Body=b"0123456789" * 10)
    whole = plain_get(server, alias, "forms")
    answer = get(server, f"/{alias}--ol-s3/forms", headers={"Range": value})
    described = head(server, f"/{alias}--ol-s3/forms", {"Range": value})
    wanted = FORMS[value]
    assert described.status == answer.status
    if wanted == 416:
        assert (answer.status, answer.code) == (416, "InvalidRange")
        assert answer.headers["content-range"] == f"bytes */{len(whole)}"
        return
    body = whole[wanted[0]:wanted[1]] if wanted else whole
    assert (answer.status, answer.body) == (206 if wanted else 200, body)
    assert described.headers["content-length"] == str(len(body))
    assert described.headers.get("content-range") == answer.headers.get("content-range")
    assert answer.headers["accept-ranges"] == "bytes"


def test_parts_have_numbers(server):
    """5 MiB each, of the view; HEAD tells the same."""
    server.s3().put_object(Bucket="shop", Key="parts", Body=orders(11_000_000))
    whole = plain_get(server, "second", "parts")
    count = -(-len(whole) // PART)
    assert count == 3
    for number in range(1, count + 1):
        path = f"/second--ol-s3/parts?partNumber={number}"
        wanted = whole[(number - 1) * PART:number * PART]
        answer = get(server, path)
        same(answer.body, wanted)
        start = (number - 1) * PART
        for one in (answer, head(server, path)):
            assert one.status == 206
            assert one.headers["content-range"] == \
                f"bytes {start}-{start + len(wanted) - 1}/{len(whole)}"
            assert one.headers["x-amz-mp-parts-count"] == "3"
            assert one.headers["content-length"] == str(len(wanted))
    beyond = get(server, "/second--ol-s3/parts?partNumber=4")
    assert (beyond.status, beyond.code) == (416, "InvalidPartNumber")
    assert head(server, "/second--ol-s3/parts?partNumber=4").status == 416
    for wrong in ("0", "10001", "x", "-1", ""):
        answer = get(server, f"/second--ol-s3/parts?partNumber={wrong}")
        assert (answer.status, answer.code) == (400, "InvalidArgument"), wrong
    both = get(server, "/second--ol-s3/parts?partNumber=1", headers={"Range": "bytes=0-1"})
    assert (both.status, both.code) == (400, "InvalidRequest")


def test_an_empty_view_is_one_part(server):
    server.s3().put_object(Bucket="shop", Key="nothing", Body=b"")
    answer = get(server, "/uneven--ol-s3/nothing?partNumber=1")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["x-amz-mp-parts-count"] == "1"
    assert get(server, "/uneven--ol-s3/nothing?partNumber=2").code == "InvalidPartNumber"
    assert get(server, "/uneven--ol-s3/nothing", headers={"Range": "bytes=0-"}).status == 416


def test_ranges_may_be_refused(server):
    for method in ("GET", "HEAD"):
        for path, headers in (("/refusing--ol-s3/orders", {"Range": "bytes=0-1"}),
                              ("/refusing--ol-s3/orders?partNumber=1", {})):
            assert exchange(server, signed(server, method, path, headers)).status == 501
    assert get(server, "/refusing--ol-s3/orders", headers={"Range": "x"}).code == "NotImplemented"
    assert get(server, "/refusing--ol-s3/orders").status == 200


def test_a_view_of_the_moment_has_no_parts(server):
    answer = get(server, "/clock--ol-s3/orders", headers={"Range": "bytes=0-1"})
    assert answer.status == 200 and answer.body.startswith(b"for ")
    for name in ("etag", "accept-ranges", "content-range"):
        assert name not in answer.headers
    described = head(server, "/clock--ol-s3/orders", {"Range": "bytes=0-1"})
    assert described.status == 200 and "content-length" not in described.headers
    assert get(server, "/clock--ol-s3/orders?partNumber=1").status == 200
    assert get(server, "/clock--ol-s3/orders?partNumber=2").code == "InvalidPartNumber"


def test_a_piece_is_enough_where_positions_are_kept(server):
    """Words across both edges of every range, read with and without the cache."""
    rng = random.Random(7)
    words = [rng.choice([b"SECRET", b"S", b"SECR", b"ETS", b"123", b"SECRETSECRET", b"-"])
             for _ in range(20_000)]
    body = b"".join(words)
    server.s3().put_object(Bucket="shop", Key="words", Body=body)
    stars = body.replace(b"SECRET", b"******")
    numbers = stars.replace(b"1", b"#").replace(b"2", b"#").replace(b"3", b"#")
    for alias, whole in (("stars-uncached", stars), ("both", numbers)):
        reader = Reader(server, alias, "words")
        for _ in range(300):
            first = rng.randrange(len(whole))
            last = min(len(whole) - 1, first + rng.randrange(40))
            same(reader.part(first, last), whole[first:last + 1])
        same(reader.get()[2], whole)
        same(reader.part(0, 2), whole[:3])
        same(reader.part(len(whole) - 3, len(whole) - 1), whole[-3:])


def test_a_range_with_a_kept_position_reads_a_piece(server):
    server.s3().put_object(Bucket="shop", Key="large", Body=b"SECRET.." * 1_000_000)
    answer = get(server, "/stars-uncached--ol-s3/large", headers={"Range": "bytes=4000000-4000015"})
    assert answer.body == b"******..******.."
    line = server.access_line(answer.request_id)
    assert line["stages"][0]["bytes_out"] == 16 + 5 + 5
    described = head(server, "/stars-uncached--ol-s3/large")
    assert described.headers["content-length"] == "8000000"
    assert server.access_line(described.request_id)["stages"][0]["bytes_out"] <= 64


def test_the_original_is_replaced_between_two_ranges(server):
    s3 = server.s3()
    for alias in ("second", "uneven-uncached", "stars-uncached"):
        s3.put_object(Bucket="shop", Key="replaced", Body=b"one version\n" * 1000)
        path = f"/{alias}--ol-s3/replaced"
        first = get(server, path, headers={"Range": "bytes=0-99"})
        s3.put_object(Bucket="shop", Key="replaced", Body=b"the other one\n" * 1000)
        pinned = get(server, path, headers={"Range": "bytes=100-199",
                                            "If-Match": first.headers["etag"]})
        assert (pinned.status, pinned.code) == (412, "PreconditionFailed")
        whole = plain_get(server, alias, "replaced")
        resumed = get(server, path, headers={"Range": "bytes=100-199",
                                             "If-Range": first.headers["etag"]})
        assert (resumed.status, resumed.body) == (200, whole)
        held = get(server, path, headers={"Range": "bytes=100-199",
                                          "If-Range": resumed.headers["etag"]})
        assert (held.status, held.body) == (206, whole[100:200])
        dated = get(server, path, headers={"Range": "bytes=100-199",
                                           "If-Range": resumed.headers["last-modified"]})
        assert (dated.status, dated.body) == (200, whole)


def test_the_script_is_changed_between_head_and_get(server):
    path = "/changing--ol-s3/orders"
    described = head(server, path)
    assert described.headers["content-length"] == "12"
    server.write("changing.lua", "return function(event, object, response) "
                                 "response:write('the second script') end")

    wait_for(lambda: head(server, path).headers["etag"] != described.headers["etag"], 20,
             "the new script to be used")
    pinned = get(server, path, headers={"If-Match": described.headers["etag"]})
    assert (pinned.status, pinned.code) == (412, "PreconditionFailed")
    assert get(server, path, headers={"If-None-Match": described.headers["etag"]}).body == \
        b"the second script"
    assert head(server, path).headers["content-length"] == "17"


def test_attributes_are_the_views(server):
    s3 = server.s3()
    view = plain_get(server, "second", "orders")
    described = s3.head_object(Bucket="second--ol-s3", Key="orders")
    answer = s3.get_object_attributes(Bucket="second--ol-s3", Key="orders",
                                      ObjectAttributes=["ETag", "ObjectSize", "Checksum"])
    assert answer["ObjectSize"] == len(view)
    assert f'"{answer["ETag"]}"' == described["ETag"]
    raw = get(server, "/second--ol-s3/orders?attributes",
              headers={"x-amz-object-attributes": "Checksum"})
    told = get(server, "/second--ol-s3/orders", headers={"x-amz-checksum-mode": "ENABLED"})
    assert f"<ChecksumCRC64NVME>{told.headers['x-amz-checksum-crc64nvme']}<" in raw.body.decode()
    with refused("NoSuchKey", 404):
        s3.get_object_attributes(Bucket="second--ol-s3", Key="nope", ObjectAttributes=["ETag"])


def test_a_part_that_nobody_asked_for_is_refused(server):
    server.write("changing.lua", """
return function(event, object, response)
  response.status = 206
  response.headers["content-range"] = "bytes 0-3/10"
  response:write("part")
end
""")

    wait_for(lambda: get(server, "/changing--ol-s3/orders").code == "LambdaInvalidResponse", 20,
             "the new script to be refused")
