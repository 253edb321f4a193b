# SPDX-License-Identifier: MIT
"""Libraries in Lua beside a transform: what objlens run does with them, and what a server does when
one is edited."""
import subprocess

import pytest

from kit.raw import get
from kit.server import OBJLENS, Server, wait_for


def run(folder, files, name="main.lua"):
    for file, text in files.items():
        path = folder / file
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o644)
    return subprocess.run([OBJLENS, "run", str(folder / name)], input="original", capture_output=True,
                          text=True, timeout=60)


MAIN = "local a = require 'a' return function(event, object, response) response:write(a.say()) end"


def test_a_library_and_its_library(tmp_path):
    done = run(tmp_path, {"main.lua": MAIN, "a.lua": "local b = require('b') return {say = function() return b end}",
                          "b.lua": "return ..."})
    assert (done.stdout, done.stderr) == ("b", "")


@pytest.mark.parametrize("files, why", [
    ({"main.lua": MAIN}, "there is no module 'a'"),
    ({"main.lua": MAIN, "a.lua": "return require 'b'", "b.lua": "return require 'a'"}, "'a' requires itself"),
    ({"main.lua": "pcall(require, 'a') " + MAIN, "a.lua": "error('no')"}, "'a' requires itself, or failed before"),
    ({"main.lua": MAIN, "a.lua": "return )"}, "a.lua:1"),
    ({"main.lua": MAIN, "a.lua": "error('no')"}, "a.lua:1"),
    ({"main.lua": MAIN, "a.lua": "\x1bLua"}, "binary chunk"),
    ({"main.lua": MAIN.replace("require 'a'", "require('' .. 'a')"), "a.lua": "return 1"}, "there is no module 'a'"),
    ({"main.lua": MAIN.replace("'a'", "'../a'"), "a.lua": "return 1"}, "there is no module '../a'"),
    ({"main.lua": MAIN.replace("'a'", "'sub.a'"), "sub/a.lua": "return 1"}, "there is no module 'sub.a'"),
])
def test_what_does_not_load(tmp_path, files, why):
    done = run(tmp_path, files)
    assert done.returncode != 0 and done.stdout == "" and why in done.stderr


def test_an_edited_library_changes_the_view_and_its_etag(tmp_path):
    config = "\n".join(['bucket "shop"', 'access_point "shop" { bucket = "shop" }',
                        'transform "main" { file = "main.lua" }',
                        'object_lambda "view" { access_point = "shop", transforms = { "main" } }'])
    server = Server(tmp_path / "server", config=config,
                    files={"main.lua": MAIN, "a.lua": "return {say = function() return 'one' end}"})
    server.start()
    try:
        server.s3().put_object(Bucket="shop", Key="k", Body=b"x")
        before = get(server, "/view--ol-s3/k")
        assert before.body == b"one"
        library = server.folder / "a.lua"
        library.with_suffix(".new").write_text("return {say = function() return 'two' end}")
        library.with_suffix(".new").chmod(0o644)
        library.with_suffix(".new").rename(library)
        wait_for(lambda: get(server, "/view--ol-s3/k").body == b"two", what="the new view")
        after = get(server, "/view--ol-s3/k")
        assert after.headers["etag"] != before.headers["etag"]
    finally:
        assert server.stop() == 0
