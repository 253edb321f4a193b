# SPDX-License-Identifier: MIT
"""`objlens serve --dev`: an error is shown to the caller whose request it was, and to nobody else."""
import http.client
import re
import socket

from kit.author import COPY, objlens
from kit.raw import exchange, get, signed
from kit.server import Server


SECRETIVE = """
return function(event, object, response)
  local text = object:read("a")
  log.info("looking at", #text)
  local function parse(s) return s.field.missing end
  error("cannot read <" .. tostring(parse({}) ) .. ">")
end
"""


def test_dev_shows_an_error_to_its_own_caller(tmp_path):
    def served(*arguments):
        server = Server(tmp_path / ("dev" if arguments else "plain"), config="""
bucket "shop"
access_point "shop" { bucket = "shop" }
transform "it" { file = "it.lua" }
object_lambda "shown" { access_point = "shop", transforms = { "it" } }
""", files={"it.lua": SECRETIVE}, arguments=arguments)
        server.start()
        server.s3().put_object(Bucket="shop", Key="k", Body=b"some text")
        return server

    dev, plain = served("--dev"), served()
    try:
        seen = get(dev, "/shown--ol-s3/k")
        assert seen.status == 500 and seen.headers["x-objlens-dev"] == "true"
        body = seen.body.decode()
        assert re.search(r"<Detail>it\.lua:5: uncaught error \(string\).*\[at input bytes 0 to 8\]</Detail>", body)
        log = re.search(r"<TransformLog>(.*)</TransformLog>", body, re.S).group(1)
        assert "info: looking at" in log and "error: it.lua:5: attempt to index a nil value" in log
        assert "stack: it.lua:5 in parse, it.lua:6" in log
        for path in ("/shop/k", "/shop/absent", "/nowhere/k", "/shown--ol-s3/absent"):
            assert get(dev, path).headers["x-objlens-dev"] == "true", path
            assert b"TransformLog" not in get(dev, path).body, "only of what this request ran"
        refused = exchange(dev, b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        assert refused.status == 400 and refused.headers["x-objlens-dev"] == "true"
        hidden = get(plain, "/shown--ol-s3/k")
        assert hidden.status == 500 and "x-objlens-dev" not in hidden.headers
        assert not re.search(rb"it\.lua|Detail|TransformLog|nil value", hidden.body)
        assert "nil value" not in plain.stderr_file.read_text()
    finally:
        assert dev.stop() == 0
        assert plain.stop() == 0


def test_dev_is_said_by_every_answer(tmp_path):
    server = Server(tmp_path / "server", config="""
bucket "shop"
access_point "shop" { bucket = "shop" }
transform "it" { file = "it.lua" }
object_lambda "shown" { access_point = "shop", transforms = { "it" } }
""", files={"it.lua": COPY}, arguments=("--dev",))
    server.start()
    s3 = server.s3()
    s3.put_object(Bucket="shop", Key="k", Body=b"some text")
    etag = s3.get_object(Bucket="shown--ol-s3", Key="k")["ETag"]
    view, bare = "/shown--ol-s3/k", "Host: a\r\n\r\n"
    requests = {
        200: signed(server, "GET", view), 206: signed(server, "GET", view, {"Range": "bytes=1-2"}),
        304: signed(server, "GET", view, {"If-None-Match": etag}), 412: signed(server, "GET", view, {"If-Match": '"x"'}),
        416: signed(server, "GET", view, {"Range": "bytes=100-200"}), 404: signed(server, "HEAD", "/shop/absent"),
        204: signed(server, "DELETE", "/shop/absent"), 403: f"GET /shop/k HTTP/1.1\r\n{bare}".encode(),
        501: f"BREW /shop/k HTTP/1.1\r\n{bare}".encode(), 400: b"no such protocol\r\n\r\n",
        431: f"GET / HTTP/1.1\r\nX: {'y' * 200000}\r\n{bare}".encode(),
    }
    try:
        for status, request in requests.items():
            with socket.create_connection(("127.0.0.1", server.port)) as connection:
                connection.sendall(request)
                head = connection.recv(65536).partition(b"\r\n\r\n")[0]
            assert head.startswith(b"HTTP/1.1 %d " % status) and b"\r\nx-objlens-dev: true" in head.lower(), head
        admin = http.client.HTTPConnection("127.0.0.1", server.admin_port, timeout=30)
        for path, status in (("/-/health", 200), ("/-/metrics", 200), ("/absent", 404)):
            admin.request("GET", path)
            answer = admin.getresponse()
            assert (answer.status, answer.headers["x-objlens-dev"]) == (status, "true")
            answer.read()
        admin.close()
    finally:
        assert server.stop() == 0


def test_dev_is_refused_where_others_can_connect(tmp_path):
    for address in ("0.0.0.0:0", "[::]:0", "10.1.2.3:0"):
        said = objlens("serve", "--dev", "--listen", address, "--data", "data", cwd=tmp_path, code=1)
        assert "every listener must be on 127.0.0.0/8 or ::1" in said
