# SPDX-License-Identifier: MIT
"""Headers of a view: what it inherits, what the access point and the transform say, what the client
asks for; and bodies that are packed on the way."""
import gzip
import shutil
import subprocess

import pytest

from kit.raw import exchange, get, signed
from kit.server import Server
from kit.views import link, orders, plain_get, same

CONFIG = """
bucket "shop"
access_point "shop" { bucket = "shop" }
transform "own" { file = "own.lua" }
object_lambda "redacted" { access_point = "shop", transforms = { "pii" } }
object_lambda "own" { access_point = "shop", transforms = { "own" } }
object_lambda "headed" { access_point = "shop", transforms = { "own" },
  headers = { ["Cache-Control"] = "no-store", ["Content-Type"] = "text/html", ["Content-Language"] = "de" } }
object_lambda "packed" { access_point = "shop", transforms = { "pii" }, encodings = { "gzip", "zstd" } }
"""

SCRIPTS = {"own.lua": """
return function(event, object, response)
  response.headers["content-type"] = "text/x-own"
  for chunk in object:chunks() do response:write(chunk) end
end
"""}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("headers"), config=CONFIG, files=SCRIPTS)
    server.start()
    server.s3().put_object(Bucket="shop", Key="k.csv", Body=orders(200_000), ContentType="text/csv",
                           ContentEncoding="identity", CacheControl="max-age=7")
    yield server
    assert server.stop() == 0


def test_a_transform_says_more_than_the_access_point_and_that_more_than_nobody(server):
    plain, own, headed = (get(server, f"/{alias}--ol-s3/k.csv").headers
                          for alias in ("redacted", "own", "headed"))
    assert plain["content-type"] == "text/csv"
    assert own["content-type"] == headed["content-type"] == "text/x-own"
    assert (headed["cache-control"], headed["content-language"]) == ("no-store", "de")
    assert "content-language" not in own


def test_the_client_overrides_as_in_s3(server):
    for alias in ("redacted--ol-s3", "headed--ol-s3", "shop"):
        answer = server.s3().get_object(Bucket=alias, Key="k.csv", ResponseContentType="text/x-asked",
                                        ResponseCacheControl="no-cache",
                                        ResponseContentDisposition="attachment")
        assert (answer["ContentType"], answer["CacheControl"], answer["ContentDisposition"]) == \
            ("text/x-asked", "no-cache", "attachment")


def asked(server, alias, encoding, **headers):
    return get(server, f"/{alias}--ol-s3/k.csv", headers={"Accept-Encoding": encoding, **headers})


def test_a_body_is_packed_for_who_asks_and_where_it_is_switched_on(server):
    plain, packed = get(server, "/packed--ol-s3/k.csv"), asked(server, "packed", "gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in packed.headers["vary"].lower()
    assert packed.headers["etag"] != plain.headers["etag"]
    assert len(packed.body) < len(plain.body) // 4
    same(gzip.decompress(packed.body), plain.body)
    for unasked in (plain, asked(server, "packed", "identity"), asked(server, "packed", "gzip;q=0"),
                    asked(server, "redacted", "gzip")):
        assert "content-encoding" not in unasked.headers
        same(unasked.body, plain.body)


def test_a_packed_body_is_revalidated_by_its_own_etag_and_never_cut(server):
    packed = asked(server, "packed", "gzip")
    again = asked(server, "packed", "gzip", **{"If-None-Match": packed.headers["etag"]})
    assert again.status == 304
    part = asked(server, "packed", "gzip", Range="bytes=0-99")
    assert (part.status, len(part.body)) == (206, 100)
    assert "content-encoding" not in part.headers
    same(part.body, plain_get(server, "packed", "k.csv")[:100])
    head = exchange(server, signed(server, "HEAD", "/packed--ol-s3/k.csv", {"Accept-Encoding": "gzip"}))
    assert head.headers["etag"] == packed.headers["etag"]


def test_curl_unpacks_what_it_gets(server, tmp_path):
    done = subprocess.run([shutil.which("curl"), "-fsS", "--compressed", "-D", "head", "-o", "got",
                           link(server, "packed", "k.csv")], cwd=tmp_path, timeout=60)
    assert done.returncode == 0
    assert "content-encoding: " in (tmp_path / "head").read_text().lower()
    same((tmp_path / "got").read_bytes(), plain_get(server, "packed", "k.csv"))
