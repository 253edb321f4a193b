# SPDX-License-Identifier: MIT
"""Everything that can go wrong on the way of a view: the client sees an S3 error document or a
visibly broken body, never an original byte, and the server serves on."""
import contextlib
import os
import signal
import socket

import pytest

from kit.raw import Answer, exchange, get, signed
from kit.server import INLINE, wait_for

ORIGINAL = b"the-original-secret-bytes " * 40_000  # about 1 MB

# name -> (body of get, expected status, expected code)
BEFORE_FIRST_BYTE = {
    "runtime_error": ('error("boom")', 500, "LambdaRuntimeError"),
    "nil_call": ("local x = nil; x()", 500, "LambdaRuntimeError"),
    "own_error": ('response:error(403, "AccessDenied", "not for you")', 403, "AccessDenied"),
    "endless": ("while true do end", 500, "LambdaTimeout"),
    "endless_protected": ("while true do pcall(function() while true do end end) end", 500,
                          "LambdaTimeout"),
    "memory": ("local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end", 500,
               "LambdaRuntimeError"),
    "memory_protected": ("while true do pcall(function() local s = 'x' while true do s = s .. s end end) end",
                         500, "LambdaRuntimeError"),
    "pattern": ('(("a"):rep(3000)):find(("a*"):rep(30) .. "b")', 500, "LambdaRuntimeError"),
    "recursion": ("local function f() return 1 + f() end f()", 500, "LambdaRuntimeError"),
    "bad_status": ('response.status = 99 response:write("x")', 500, "LambdaRuntimeError"),
    "bad_header": ('response.headers["x-evil"] = "1" response:write("x")', 400,
                   "LambdaInvalidResponse"),
    "header_injection": ('response.headers["content-type"] = "a\\r\\nx: y" response:write("x")', 500,
                         "LambdaRuntimeError"),
    "undeclared_header": ('local x = event.userRequest.headers["x-foo"]', 500, "LambdaRuntimeError"),
    "long_line": ("for line in object:lines(10) do end", 500, "LambdaRuntimeError"),
    "reads_files": ('local f = io.open("/etc/passwd")', 500, "LambdaRuntimeError"),
    "read_at_negative": ("object:read_at(-1, 10)", 500, "LambdaRuntimeError"),
}

AFTER_FIRST_BYTE = {
    "late_error": 'response:write(("x"):rep(300000)) error("boom")',
    "late_own_error": 'response:write(("x"):rep(300000)) response:error(500, "InternalError", "late")',
    "late_endless": 'response:write(("x"):rep(300000)) while true do end',
    "late_output": 'while true do response:write(("x"):rep(65536)) end',
}


def config():
    lines = ['bucket "shop"', 'access_point "shop" { bucket = "shop" }',
             'transform "slow" { file = "slow.lua" }',
             'object_lambda "slow" { access_point = "shop", transforms = { "slow" }, cache = false }']
    for name in [*BEFORE_FIRST_BYTE, *AFTER_FIRST_BYTE, "good"]:
        lines.append(f'transform "{name}" {{ file = "{name}.lua", limits = {{ cpu_ms = 300, '
                     f'memory_bytes = "8 MiB", output_bytes = "4 MiB", pattern_steps = 1000000 }} }}')
        alias = name.replace("_", "-")
        # Each request runs its transform: hosts are what these stories are about.
        lines.append(f'object_lambda "{alias}" {{ access_point = "shop", transforms = {{ "{name}" }}, '
                     f'cache = false }}')
    return "\n".join(lines)


def scripts():
    def module(body):
        return f"return function(event, object, response)\n  {body}\nend\n"

    files = {f"{name}.lua": module(row[0]) for name, row in BEFORE_FIRST_BYTE.items()}
    files.update({f"{name}.lua": module(body) for name, body in AFTER_FIRST_BYTE.items()})
    files["good.lua"] = module("for c in object:chunks() do response:write(#c, '\\n') end")
    files["slow.lua"] = module("for c in object:chunks() do response:write(c:upper()) end")
    return files


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    from kit.server import Server
    one = Server(tmp_path_factory.mktemp("failures"), config=config(), files=scripts())
    one.start()
    one.s3().put_object(Bucket="shop", Key="k", Body=ORIGINAL)
    yield one
    assert one.stop() == 0
    one.check_logs_hold_no_secrets()


def check_serves_on(server):
    answer = get(server, "/good--ol-s3/k")
    assert answer.status == 200 and answer.complete


@pytest.mark.parametrize("name", BEFORE_FIRST_BYTE)
def test_a_failure_before_the_first_byte_is_an_error_document(server, name):
    _, status, code = BEFORE_FIRST_BYTE[name]
    answer = get(server, f"/{name.replace('_', '-')}--ol-s3/k")
    assert (answer.status, answer.code) == (status, code), answer.body
    assert answer.complete
    assert b"original" not in answer.raw.replace(b"<Message>The original", b"")
    assert answer.request_id.encode() in answer.body
    line = server.access_line(answer.request_id)
    assert line["status"] == status and line["error"] == code
    check_serves_on(server)


@pytest.mark.parametrize("name", AFTER_FIRST_BYTE)
def test_a_failure_after_the_first_byte_breaks_the_body(server, name):
    answer = get(server, f"/{name.replace('_', '-')}--ol-s3/k")
    assert answer.status == 200
    assert not answer.complete
    assert b"original" not in answer.raw
    assert server.access_line(answer.request_id)["broken"]
    check_serves_on(server)


@pytest.mark.skipif(INLINE, reason="it kills processes")
def test_a_host_that_is_killed_costs_no_more_than_its_request(server):
    for _ in range(5):
        assert get(server, "/good--ol-s3/k").status == 200
        hosts = server.hosts()
        assert hosts
        for pid in hosts:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not set(hosts) & set(server.hosts()), 10, "the killed hosts to be gone")
        check_serves_on(server)


@pytest.mark.skipif(INLINE, reason="it kills processes")
def test_hosts_killed_in_the_middle_of_bodies_never_end_them_cleanly_and_wrongly(server):
    """Slow readers hold bodies open while every host is killed: each body is then either whole and
    right, because it was run again, or visibly broken."""
    body = ORIGINAL * 24  # more than the sockets' buffers hold
    server.s3().put_object(Bucket="shop", Key="large", Body=body)
    clients = []
    for _ in range(6):
        client = socket.create_connection(("127.0.0.1", server.port))
        client.sendall(signed(server, "GET", "/slow--ol-s3/large"))
        clients.append((client, bytearray(client.recv(1000))))
    for pid in server.hosts():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    whole = 0
    for client, raw in clients:
        client.settimeout(60)
        try:
            while piece := client.recv(1 << 20):
                raw += piece
                if raw.endswith(b"0\r\n\r\n"):
                    break
        except ConnectionResetError:
            pass
        client.close()
        answer = Answer(bytes(raw))
        assert body.upper().startswith(answer.body)
        if answer.complete:
            assert answer.body == body.upper()
            whole += 1
    assert whole > 0  # at most one a loop was being executed when its host died
    assert server.metric("objlens_transform_retries_total") >= whole
    check_serves_on(server)


def test_a_client_that_leaves_is_forgotten(server):
    for wanted in (1, 500, 70_000, 400_000):
        client = socket.create_connection(("127.0.0.1", server.port))
        client.sendall(signed(server, "GET", "/slow--ol-s3/k"))
        got = 0
        while got < wanted:
            got += len(client.recv(wanted - got))
        client.close()
    wait_for(lambda: server.metric("objlens_transform_jobs_running") == 0, 10,
             "abandoned jobs to end")
    check_serves_on(server)


def test_missing_object_bucket_and_view(server):
    assert get(server, "/good--ol-s3/none").code == "NoSuchKey"
    assert get(server, "/nobucket/k").code == "NoSuchBucket"
    assert get(server, "/none--ol-s3/k").code == "NoSuchAccessPoint"


def test_wrong_keys_are_refused(server):
    assert get(server, "/good--ol-s3/k", secret_key="wrong").code == "SignatureDoesNotMatch"
    assert get(server, "/good--ol-s3/k", access_key="NOBODY").code == "InvalidAccessKeyId"
    bare = f"GET /good--ol-s3/k HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
    assert exchange(server, bare).status == 403


def test_an_original_that_shrank_on_disk_breaks_the_body(server):
    body = os.urandom(3_000_000)
    server.s3().put_object(Bucket="shop", Key="shrinks", Body=body)
    files = [p for p in server.data.rglob("*") if p.is_file() and p.stat().st_size == len(body)]
    assert len(files) == 1
    os.truncate(files[0], 1_000_000)
    answer = get(server, "/shop/shrinks")
    assert answer.status != 200 or not answer.complete
    view = get(server, "/good--ol-s3/shrinks")
    assert view.status != 200 or not view.complete
    check_serves_on(server)


def test_an_upload_that_breaks_off_leaves_nothing(server):
    request = signed(server, "PUT", "/shop/half", body=b"x" * 500_000)
    client = socket.create_connection(("127.0.0.1", server.port))
    client.sendall(request[:300_000])
    client.close()
    assert get(server, "/shop/half").code == "NoSuchKey"
    wrong = signed(server, "PUT", "/shop/half", body=b"x" * 500_000).replace(b"xxxxx", b"xxxxy", 1)
    assert exchange(server, wrong).code == "XAmzContentSHA256Mismatch"
    assert get(server, "/shop/half").code == "NoSuchKey"
    wait_for(lambda: not list((server.data / "tmp").glob("*")), 10, "temporary files to go")
