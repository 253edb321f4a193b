# SPDX-License-Identifier: MIT
"""What is read is one view from its first byte to its last, whatever happens meanwhile."""
import os
import socket
import subprocess

import pytest

from kit.raw import Answer, get, signed
from kit.server import ROOT, wait_for
from kit.views import SCRIPTS, Reader, orders, plain_get, same


@pytest.fixture
def own(server_factory):
    """start(options) -> a server with one view of orders, numbered."""
    def start(options="", before="", files=None):
        return server_factory(files={**SCRIPTS, **(files or {})}, config=f"""
{before}
bucket "shop"
access_point "shop" {{ bucket = "shop" }}
transform "numbered" {{ file = "numbered.lua" }}
object_lambda "numbered" {{ access_point = "shop", transforms = {{ "numbered" }}{options} }}""")
    return start


@pytest.mark.parametrize("options", ["", ", cache = false"], ids=["cache", "no-cache"])
def test_the_original_is_replaced_between_two_ranges(own, options):
    server = own(options)
    s3, reader = server.s3(), Reader(server, "numbered", "k.csv")
    old, new = orders(400_000), orders(300_000)[::-1]
    server.s3().put_object(Bucket="shop", Key="k.csv", Body=old)
    _, headers, first = reader.get("0-99999")
    s3.put_object(Bucket="shop", Key="k.csv", Body=new)
    status, _, _ = reader.get("100000-199999", **{"If-Match": headers["ETag"]})
    assert status == 412, "the client begins again"
    status, later, body = reader.get("100000-199999", **{"If-Range": headers["ETag"]})
    assert status == 200 and later["ETag"] != headers["ETag"]
    same(body, plain_get(server, "numbered", "k.csv"))
    assert not body.startswith(first[:1000])


@pytest.mark.parametrize("options", ["", ", cache = false"], ids=["cache", "no-cache"])
def test_the_original_is_replaced_under_a_slow_reader(own, options):
    server = own(options)
    s3, old = server.s3(), orders(12_000_000)
    s3.put_object(Bucket="shop", Key="k.csv", Body=old)
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(signed(server, "GET", "/numbered--ol-s3/k.csv"))
        raw = client.recv(1000)
        s3.put_object(Bucket="shop", Key="k.csv", Body=b"other\n" * 100_000)
        assert plain_get(server, "numbered", "k.csv").startswith(b"1: other\n2: other\n")
        while not (b"\r\n\r\n" in raw[:5000] and raw.endswith(b"0\r\n\r\n")):
            raw += client.recv(1 << 20)
    lines = Answer(raw).body.splitlines()
    assert lines == [b"%d: %s" % (n, line) for n, line in enumerate(old.splitlines(), 1)]


def test_the_script_changes_between_head_and_get(own):
    server = own()
    server.s3().put_object(Bucket="shop", Key="k.csv", Body=b"a\nb\n")
    place = {"Bucket": "numbered--ol-s3", "Key": "k.csv"}
    head = server.s3().head_object(**place)
    server.write("numbered.lua", """
return function(event, object, response)
  for line in object:lines() do response:write(line, " is what it says\\n") end
end
""")
    wait_for(lambda: server.s3().head_object(**place)["ETag"] != head["ETag"], 20, "the new script")
    old = get(server, "/numbered--ol-s3/k.csv", headers={"If-Match": head["ETag"]})
    assert (old.status, old.code) == (412, "PreconditionFailed")
    new = get(server, "/numbered--ol-s3/k.csv", headers={"If-None-Match": head["ETag"]})
    assert (new.status, new.body) == (200, b"a is what it says\nb is what it says\n")


def test_a_view_is_evicted_in_the_middle_of_a_read(own):
    server = own(before='view_cache { memory_bytes = "4 MiB", memory_entry_bytes = "4 MiB" }')
    for number in range(8):
        server.s3().put_object(Bucket="shop", Key=f"{number}.csv", Body=orders(2_500_000))
    whole = plain_get(server, "numbered", "0.csv")
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.sendall(signed(server, "GET", "/numbered--ol-s3/0.csv"))
        raw = client.recv(10_000)
        for number in range(1, 8):
            for _ in range(2):
                same(plain_get(server, "numbered", f"{number}.csv"), whole)
        while not (b"\r\n\r\n" in raw[:5000] and Answer(raw).complete):
            raw += client.recv(1 << 20)
    same(Answer(raw).body, whole)


@pytest.fixture
def fickle(own, tmp_path):
    """A transform that is not deterministic: a shared object that says how late it is."""
    plugin = tmp_path / "fickle.so"
    subprocess.run(["cc", "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-O2", "-fPIC", "-shared", "-I",
                    ROOT / "include", "-o", plugin, ROOT / "tests/integration/views/fickle.c"],
                   check=True)
    return own(before=f"""
plugins {{ folders = {{ "{tmp_path}" }} }}
transform "fickle" {{ plugin = "fickle" }}
object_lambda "fickle" {{ access_point = "shop", transforms = {{ "fickle" }}, cache = false }}
object_lambda "fickle-cached" {{ access_point = "shop", transforms = {{ "fickle" }} }}""")


@pytest.mark.parametrize("alias", ["fickle", "fickle-cached"])
def test_a_transform_that_is_not_deterministic_is_found_out(fickle, alias):
    fickle.s3().put_object(Bucket="shop", Key="k", Body=b"x")
    path = f"/{alias}--ol-s3/k"
    assert "etag" in get(fickle, path).headers, "nothing is wrong with it yet"
    if alias == "fickle-cached":
        assert fickle.admin("/-/views/purge", "POST")[0] == 200
    get(fickle, path)  # the second run tells something else
    wait_for(lambda: "etag" not in get(fickle, path).headers, 20, "the view to lose its ETag")
    first, part = get(fickle, path), get(fickle, path, headers={"Range": "bytes=0-3"})
    assert first.status == part.status == 200 and first.body != part.body, "never kept, never cut"
    assert "accept-ranges" not in first.headers
    wait_for(lambda: "not deterministic" in fickle.stderr_file.read_text(), 10, "a line in the log")
    assert fickle.metric("objlens_view_memo_unstable_total") >= 1


# ---- the cache on disk ----

DISK = 'view_cache {{ memory_bytes = "1 MiB", memory_entry_bytes = "64 KiB", disk = "{folder}"{more} }}'


def cache_files(server, folder):
    """Descriptors of the cache's files, which have no names."""
    found = []
    for fd in os.listdir(f"/proc/{server.process.pid}/fd"):
        path = f"/proc/{server.process.pid}/fd/{fd}"
        try:
            if os.readlink(path).startswith(str(folder)) and os.path.isfile(path):
                found.append(path)
        except OSError:
            pass
    return found


@pytest.fixture
def on_disk(own, tmp_path):
    folder = tmp_path / "views"
    server = own(before=DISK.format(folder=folder, more=""))
    server.s3().put_object(Bucket="shop", Key="k.csv", Body=orders(3_000_000))
    server.view = plain_get(server, "numbered", "k.csv")
    server.views = folder
    wait_for(lambda: server.metric("objlens_view_cache_disk_bytes") > len(server.view) // 2, 20,
             "the view to be on disk")
    return server


def test_a_view_on_disk_is_not_made_again_and_nobody_else_can_read_it(on_disk):
    before = on_disk.metric("objlens_transform_runs_total")
    same(plain_get(on_disk, "numbered", "k.csv"), on_disk.view)
    same(Reader(on_disk, "numbered", "k.csv").part(1_000_000, 2_000_000), on_disk.view[1_000_000:2_000_001])
    assert on_disk.metric("objlens_transform_runs_total") == before
    assert on_disk.metric("objlens_view_cache_disk_hits_total") >= 1
    assert os.listdir(on_disk.views) == [], "its files have no names"
    files = cache_files(on_disk, on_disk.views)
    assert files
    for path in files:
        with open(path, "rb") as file:
            assert b"example.com" not in file.read()


def test_a_corrupted_cache_is_not_believed(on_disk):
    before = on_disk.metric("objlens_transform_runs_total")
    for path in cache_files(on_disk, on_disk.views):
        with open(path, "r+b") as file:
            file.write(bytes(os.path.getsize(path)))
    same(plain_get(on_disk, "numbered", "k.csv"), on_disk.view)
    same(Reader(on_disk, "numbered", "k.csv").part(1_000_000, 1_999_999), on_disk.view[1_000_000:2_000_000])
    assert on_disk.metric("objlens_transform_runs_total") > before, "it was made again"


def read_some(server, sent):
    """A slow client with the first `sent` bytes of the view; the rest is not asked for yet."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 10)
    client.settimeout(60)
    client.connect(("127.0.0.1", server.port))
    client.sendall(signed(server, "GET", "/numbered--ol-s3/k.csv"))
    raw = b""
    while len(raw) < sent:
        raw += client.recv(16 << 10)
    return client, raw


def read_rest(client, raw, length):
    head = raw.index(b"\r\n\r\n") + 4
    while len(raw) < head + length:
        more = client.recv(1 << 20)
        if not more:
            break
        raw += more
    return raw[head:]


def damage(server, first_byte):
    for path in cache_files(server, server.views):
        with open(path, "r+b") as file:
            file.seek(first_byte)
            file.write(bytes(max(0, os.path.getsize(path) - first_byte)))


@pytest.fixture
def long_on_disk(own, tmp_path):
    folder = tmp_path / "views"
    server = own(before=DISK.format(folder=folder, more=""))
    server.s3().put_object(Bucket="shop", Key="k.csv", Body=orders(16_000_000))
    server.view = plain_get(server, "numbered", "k.csv")
    server.views = folder
    wait_for(lambda: server.metric("objlens_view_cache_disk_bytes") > len(server.view) - (2 << 20), 20,
             "the view to be on disk")
    return server


def test_the_end_of_a_view_is_damaged_while_it_is_read(long_on_disk):
    server, before = long_on_disk, long_on_disk.metric("objlens_transform_runs_total")
    client, raw = read_some(server, 300_000)
    with client:
        damage(server, 12 << 20)
        same(read_rest(client, raw, len(server.view)), server.view)
    assert server.metric("objlens_transform_runs_total") == before + 1, "one run went on behind it"


def test_a_view_is_damaged_wholly_while_it_is_read(long_on_disk):
    """What went out cannot be compared with anything any more: no other run goes on behind it. (It is more
    than the server keeps in memory, where its beginning could still be read.)"""
    server = long_on_disk
    client, raw = read_some(server, 6 << 20)
    with client:
        damage(server, 0)
        try:
            got = read_rest(client, raw, len(server.view))
        except ConnectionResetError:
            got = None
    if got is not None:
        assert len(got) < len(server.view) and server.view.startswith(got)
    same(plain_get(server, "numbered", "k.csv"), server.view)


def test_a_full_cache_disk_only_costs_time(own, tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder],
                      capture_output=True).returncode != 0:
        pytest.skip("a file system of 2 MiB cannot be mounted here")
    try:
        server = own(before=DISK.format(folder=folder, more=""))
        server.s3().put_object(Bucket="shop", Key="k.csv", Body=orders(5_000_000))
        whole = plain_get(server, "numbered", "k.csv")
        for _ in range(3):
            same(plain_get(server, "numbered", "k.csv"), whole)
            same(Reader(server, "numbered", "k.csv").part(4_000_000, 4_100_000), whole[4_000_000:4_100_001])
        server.stop()
    finally:
        subprocess.run(["umount", folder], check=True)
