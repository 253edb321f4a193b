# SPDX-License-Identifier: MIT
"""What a client gets when its source is lost before or after its first byte: the whole of one view,
or an error, never a piece of one that looks like the whole."""
import gzip

import pytest

from kit.raw import exchange, get, signed
from kit.server import Server

SCRIPTS = {
    "swell.lua": """
return function(event, object, response)
  for chunk in object:chunks() do
    response.headers["content-type"] = "text/plain"
    for i = 1, 4000 do response:write(("line %06d of %s\\n"):format(i, chunk:sub(1, 8)):rep(20)) end
  end
end
""",
}
CONFIG = """
view_cache { memory_bytes = "2 MiB", memory_entry_bytes = "256 KiB" }
bucket "shop"
access_point "shop" { bucket = "shop" }
transform "swell" { file = "swell.lua" }
object_lambda "swell" { access_point = "shop", transforms = "swell", encodings = { "gzip", "zstd" } }
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    one = Server(tmp_path_factory.mktemp("resumed"), config=CONFIG, files=SCRIPTS)
    one.start()
    yield one
    assert one.stop() == 0
    one.check_logs_hold_no_secrets()


def test_a_compressed_answer_whose_source_outgrew_the_cache_is_whole(server):
    """What the compressor holds back has gone to the client, as far as a second source goes."""
    server.s3().put_object(Bucket="shop", Key="k", Body=b"original" * 4)
    for i in range(12):
        server.s3().put_object(Bucket="shop", Key=f"k{i}", Body=b"%08d" % i * 4)
        want = b"".join(b"line %06d of %08d\n" % (n, i) * 20 for n in range(1, 4001))
        packed = exchange(server, signed(server, "GET", f"/swell--ol-s3/k{i}",
                                         headers={"accept-encoding": "gzip"}))
        assert packed.status == 200 and packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(packed.body) == want
    assert server.metric("objlens_view_cache_outgrown_total") >= 1
