# SPDX-License-Identifier: MIT
"""Start, reload, drain, crash."""
import concurrent.futures
import signal
import socket
import subprocess

import botocore.exceptions
import pytest

from kit.raw import Answer, get, signed
from kit.server import OBJLENS, wait_for

VIEW = """
bucket "shop"
access_point "shop" { bucket = "shop" }
transform "t" { file = "t.lua" }
object_lambda "view" { access_point = "shop", transforms = { "t" } }
"""


def module(text):
    return f'return function(event, object, response) response:write("{text}") end\n'


def test_without_a_file_views_come_from_the_command_line(server_factory):
    server = server_factory(args=["--view", "redacted=shop:pii"])
    server.s3().put_object(Bucket="shop", Key="k", Body=b"mail ada@example.com")
    assert server.s3().get_object(Bucket="redacted--ol-s3", Key="k")["Body"].read() == \
        b"mail [EMAIL_ADDRESS]"


def test_an_edited_script_is_picked_up_and_a_broken_one_is_not(server_factory):
    server = server_factory(config=VIEW, files={"t.lua": module("one")})
    server.s3().put_object(Bucket="shop", Key="k", Body=b"x")
    assert get(server, "/view--ol-s3/k").body == b"one"
    server.write("t.lua", module("two"))
    wait_for(lambda: get(server, "/view--ol-s3/k").body == b"two", 10, "the new script")
    server.write("t.lua", "return function( syntax error")
    wait_for(lambda: "t.lua" in server.stderr_file.read_text(), 10, "the reason in the log")
    assert get(server, "/view--ol-s3/k").body == b"two"
    server.write("t.lua", module("three"))
    wait_for(lambda: get(server, "/view--ol-s3/k").body == b"three", 10, "the mended script")
    open_to_all = server.folder / "t.lua.open"
    open_to_all.write_text(module("four"))
    open_to_all.chmod(0o666)
    before = server.stderr_file.read_text().count("others may write")
    open_to_all.rename(server.folder / "t.lua")
    wait_for(lambda: server.stderr_file.read_text().count("others may write") > before, 10, "the refusal")
    assert get(server, "/view--ol-s3/k").body == b"three"


def test_sighup_reloads_the_configuration_and_refuses_a_bad_one(server_factory):
    server = server_factory(config=VIEW, files={"t.lua": module("one")})
    server.s3().put_object(Bucket="shop", Key="k", Body=b"x")
    server.write_config(VIEW + 'object_lambda "second" { access_point = "shop", transforms = { "t" } }')
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: get(server, "/second--ol-s3/k").status == 200, 10, "the second view")
    server.write_config(VIEW + "object_lambda 'third' { acess_point = 'shop' }")
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "acess_point" in server.stderr_file.read_text(), 10, "the refusal")
    assert get(server, "/second--ol-s3/k").status == 200


def test_sigterm_drains_what_is_running(server_factory):
    server = server_factory(config=VIEW, files={"t.lua": """
return function(event, object, response)
  for chunk in object:chunks() do response:write(chunk) end
end
"""})
    body = b"0123456789" * 2_000_000  # more than the sockets' buffers hold
    server.s3().put_object(Bucket="shop", Key="k", Body=body)
    client = socket.create_connection(("127.0.0.1", server.port))
    client.sendall(signed(server, "GET", "/view--ol-s3/k"))
    raw = client.recv(100)
    server.process.send_signal(signal.SIGTERM)
    wait_for(lambda: server.admin_or_gone("/-/ready") != 200, 10, "ready to be withdrawn")
    while piece := client.recv(1 << 20):
        raw += piece
    answer = Answer(raw)
    assert answer.complete and answer.body == body
    assert server.process.wait(30) == 0
    assert not server.hosts()


def test_acknowledged_puts_survive_kill_9(server_factory):
    server = server_factory(config=VIEW, files={"t.lua": module("x")})
    acknowledged = []

    def put(number):
        body = (b"%d " % number) * (3000 if number % 3 == 0 else 20_000)
        try:
            server.s3().put_object(Bucket="shop", Key=f"k{number}", Body=body)
            acknowledged.append((number, body))
        except (botocore.exceptions.HTTPClientError, botocore.exceptions.ClientError):
            pass

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(put, n) for n in range(200)]
        wait_for(lambda: len(acknowledged) > 60, 60, "some puts")
        server.kill()
        concurrent.futures.wait(futures)
    server.start()
    client = server.s3()
    for number, body in acknowledged:
        assert client.get_object(Bucket="shop", Key=f"k{number}")["Body"].read() == body
    listed = client.list_objects_v2(Bucket="shop")["Contents"]
    for entry in listed:
        number = int(entry["Key"][1:])
        assert entry["Size"] == len(b"%d " % number) * (3000 if number % 3 == 0 else 20_000)


def test_a_second_server_on_the_same_folder_is_refused(server_factory):
    server = server_factory(config=VIEW, files={"t.lua": module("x")})
    done = subprocess.run([OBJLENS, "serve", "--data", str(server.data), "--listen", "127.0.0.1:0"],
                          capture_output=True, timeout=60, env=server.environment)
    assert done.returncode != 0
    assert b"another" in done.stderr or b"in use" in done.stderr or b"lock" in done.stderr


def test_two_servers_never_share_a_port(server_factory, tmp_path):
    server = server_factory(config=VIEW, files={"t.lua": module("x")})
    done = subprocess.run([OBJLENS, "serve", "--data", str(tmp_path / "other"), "--listen",
                           f"127.0.0.1:{server.port}"], capture_output=True, timeout=60,
                          env=server.environment)
    assert done.returncode == 1
    assert str(server.port).encode() in done.stderr


def test_a_taken_port_is_said_plainly(server_factory, tmp_path):
    server = server_factory(config=VIEW, files={"t.lua": module("x")})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run([OBJLENS, "serve", "--data", str(tmp_path / "other"), "--listen",
                               f"127.0.0.1:{port}"], capture_output=True, timeout=60,
                              env=server.environment)
    assert done.returncode == 1
    assert str(port).encode() in done.stderr
