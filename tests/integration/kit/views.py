# SPDX-License-Identifier: MIT
"""What the stories about views share: texts worth transforming, transforms, and looking at views."""
import contextlib
import http.client
import os

from kit.server import wait_for

FULL = os.environ.get("OBJLENS_FULL") == "1"  # what takes minutes runs in `run.sh --full` only

SCRIPTS = {
    # Every line gets longer, by what no byte of the original tells alone: its number.
    "numbered.lua": """
return {
  depends = { identity = false },
  get = function(event, object, response)
    local number = 0
    log.info("a run of", event.userRequest.url)
    for line in object:lines() do
      number = number + 1
      response:write(number, ": ", line, "\\n")
    end
  end,
}
""",
    # The original is kept veiled: every byte is 255 minus what the view shows.
    "unveil.lua": """
local shown = {}
for byte = 0, 255 do shown[string.char(byte)] = string.char(255 - byte) end
return {
  positions = { before = 0, after = 0 },
  get = function(event, object, response)
    for chunk in object:chunks() do response:write((chunk:gsub(".", shown))) end
  end,
}
""",
    # No two requests see the same.
    "stamp.lua": """
return {
  depends = { request = true },
  get = function(event, object, response)
    response:write("made at ", event.time, " for ", event.xAmzRequestId, "\\n")
  end,
}
""",
    # Makes ranges itself, as a function on AWS has to.
    "take.lua": """
return {
  depends = { headers = { "range" } },
  get = function(event, object, response)
    local range = event.userRequest.headers.range
    if range then
      response.status = 206
      response.headers["content-range"] = range:gsub("=", " ") .. "/1000"
    end
    response:write("Range is ", range or "not there")
  end,
}
""",
    "fail.lua": """
return function(event, object, response)
  for chunk in object:chunks() do
    if chunk:find("FAIL", 1, true) then error("as it was told to") end
    response:write(chunk)
  end
end
""",
    # Knows its length beforehand.
    "double.lua": """
return {
  head = function(event, object, response)
    response.headers["content-type"] = "text/x-doubled"
    response.headers["content-length"] = 2 * object.size
  end,
  get = function(event, object, response)
    log.info("a run of", event.userRequest.url)
    response.headers["content-type"] = "text/x-doubled"
    for chunk in object:chunks() do response:write((chunk:gsub(".", "%0%0"))) end
  end,
}
""",
    # The word SECRET is struck out, wherever it stands: across pieces too.
    "strike.lua": """
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
}

CONFIG = """
client_encryption { otherwise = "pass" }  -- "x-amz-key-v2" of one object marks a format
bucket "shop"
access_point "shop" { bucket = "shop" }
transform "numbered" { file = "numbered.lua" }
transform "unveil" { file = "unveil.lua" }
transform "strike" { file = "strike.lua" }
transform "fail" { file = "fail.lua" }
transform "double" { file = "double.lua" }
transform "stamp" { file = "stamp.lua" }
transform "take" { file = "take.lua" }
object_lambda "redacted" { access_point = "shop", transforms = { "pii" } }
object_lambda "numbered" { access_point = "shop", transforms = { "numbered" } }
object_lambda "unveiled" { access_point = "shop", transforms = { "unveil" } }
object_lambda "struck" { access_point = "shop", transforms = { "strike" } }
object_lambda "failing" { access_point = "shop", transforms = { "fail" } }
object_lambda "doubled" { access_point = "shop", transforms = { "double" } }
object_lambda "cheap" { access_point = "shop", transforms = { "numbered" }, head = "cheap" }
object_lambda "forwarding" { access_point = "shop", transforms = { "pii" }, metadata = "forward" }
object_lambda "stamped" { access_point = "shop", transforms = { "stamp" } }
object_lambda "uncached" { access_point = "shop", transforms = { "numbered" }, cache = false }
object_lambda "refusing" { access_point = "shop", transforms = { "pii" }, ranges = "refuse" }
object_lambda "taking" { access_point = "shop", transforms = { "take" }, ranges = "transform" }
"""

if FULL:  # views of 200 MB are kept, and a sanitized build takes its time over them
    CONFIG += """
view_cache { memory_bytes = "1 GiB", memory_entry_bytes = "512 MiB" }
limits { transform = { cpu_ms = 600000, wall_ms = 3600000 } }
"""


def orders(size):
    """About `size` bytes of CSV in which no line is like another, and half of each is redacted."""
    line = b"%08d,customer%06d@example.com,4111-1111-1111-1111,10.%d.%d.7,%08x,paid in full\n"
    count = size // 88
    return b"id,email,card,ip,token,note\n" + b"".join(
        line % (n, n, n % 251, n % 241, n * 2654435761 & 0xffffffff) for n in range(count))


def veiled(body):
    return body.translate(bytes(255 - byte for byte in range(256)))


def plain_get(server, alias, key, **client):
    """The view as one GET gives it: what every other way of reading is compared with."""
    return server.s3(**client).get_object(Bucket=f"{alias}--ol-s3", Key=key)["Body"].read()


def link(server, alias, key):
    return server.s3().generate_presigned_url(
        "get_object", Params={"Bucket": f"{alias}--ol-s3", "Key": key})


def same(got, wanted):
    """Equal bytes, without a diff of megabytes when they are not."""
    if got == wanted:
        return
    at = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b), min(len(got), len(wanted)))
    raise AssertionError(f"{len(got)} bytes for {len(wanted)}, different from byte {at} on: "
                         f"{got[at:at + 60]!r} for {wanted[at:at + 60]!r}")


def same_file(path, wanted):
    same(path.read_bytes(), wanted)


def statuses(server, key):
    """How often each status was answered to GETs of this key through views."""
    counted = {}
    for line in server.access_lines():
        if line.get("key") == key and line.get("operation") == "GetObject" \
                and line.get("via") == "object-lambda":
            counted[line["status"]] = counted.get(line["status"], 0) + 1
    return counted


@contextlib.contextmanager
def in_ranges(server, key, least):
    """The client in the block does fetch in ranges: else a story would show nothing."""
    before = statuses(server, key).get(206, 0)
    yield
    wait_for(lambda: statuses(server, key).get(206, 0) >= before + least, 20,
             f"{least} ranges of {key} in the access log")


def runs(server, key):
    """How often the view of this key was made, as scripts say in the transform log."""
    if not server.transform_log.exists():
        return 0
    return sum("a run of" in line and key in line
               for line in server.transform_log.read_text().splitlines())


def runs_become(server, key, count):
    """The log is written by a thread of its own."""
    wait_for(lambda: runs(server, key) >= count, 20, f"run {count} of {key} in the transform log")
    assert runs(server, key) == count


class Reader:
    """A presigned link, read over one connection that stays open."""

    def __init__(self, server, alias, key):
        _, _, self.path = link(server, alias, key).partition(f":{server.port}")
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)

    def get(self, byte_range=None, **headers):
        """(status, headers, body)"""
        if byte_range:
            headers["Range"] = f"bytes={byte_range}"
        self.connection.request("GET", self.path, headers=headers)
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def part(self, first, last):
        """The bytes first … last, which have to come as 206."""
        status, _, body = self.get(f"{first}-{last}")
        assert (status, len(body)) == (206, last - first + 1), (status, len(body), first, last)
        return body
