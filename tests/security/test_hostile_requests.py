# SPDX-License-Identifier: MIT
"""Clients that send what could be read in two ways, or that never stop: refused, and cut off."""
import re
import socket

import pytest

from kit.raw import Answer, exchange, get, signed
from kit.server import wait_for

HOST = b"Host: 127.0.0.1\r\n"

AMBIGUOUS = {
    "content_length_twice": b"PUT /shop/k HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
    "content_length_list": b"PUT /shop/k HTTP/1.1\r\n" + HOST + b"Content-Length: 1, 1\r\n\r\nx",
    "length_and_chunked": b"PUT /shop/k HTTP/1.1\r\n" + HOST
                          + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "te_gzip_chunked": b"PUT /shop/k HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "te_identity": b"PUT /shop/k HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: identity\r\n\r\n",
    "te_twice": b"PUT /shop/k HTTP/1.1\r\n" + HOST
                + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "te_odd_case_space": b"PUT /shop/k HTTP/1.1\r\n" + HOST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "bare_lf": b"GET /shop/k HTTP/1.1\n" + HOST + b"\r\n",
    "bare_lf_header": b"GET /shop/k HTTP/1.1\r\nHost: 127.0.0.1\nX: y\r\n\r\n",
    "obs_fold": b"GET /shop/k HTTP/1.1\r\n" + HOST + b"X-A: b\r\n c\r\n\r\n",
    "bare_cr": b"GET /shop/k HTTP/1.1\r\nHost: 127.0.0.1\rX: y\r\n\r\n",
    "nul": b"GET /shop/k HTTP/1.1\r\n" + HOST + b"X-A: b\0c\r\n\r\n",
    "no_host": b"GET /shop/k HTTP/1.1\r\n\r\n",
    "two_hosts": b"GET /shop/k HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    "space_in_target": b"GET /shop/a b HTTP/1.1\r\n" + HOST + b"\r\n",
    "negative_length": b"PUT /shop/k HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
    "huge_length": b"PUT /shop/k HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999999999999999\r\n\r\n",
    "version": b"GET /shop/k HTTP/3.0\r\n" + HOST + b"\r\n",
    "garbage": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xff" * 100 + b"\r\n\r\n",
    "long_header": b"GET /shop/k HTTP/1.1\r\n" + HOST + b"X-A: " + b"a" * 200_000 + b"\r\n\r\n",
    "long_url": b"GET /shop/" + b"a" * 100_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "many_headers": b"GET /shop/k HTTP/1.1\r\n" + HOST
                    + b"".join(b"X-%d: y\r\n" % n for n in range(500)) + b"\r\n",
}


@pytest.fixture
def server(hostile):
    return hostile({})


def test_ambiguous_requests_are_refused_and_the_connection_closed(server):
    follower = signed(server, "GET", "/shop/k")
    wrong = {}
    for name, request in AMBIGUOUS.items():
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
            raw = b""
            try:
                client.sendall(request + follower)
                while piece := client.recv(65536):
                    raw += piece
            except (ConnectionResetError, BrokenPipeError):
                pass
        answer = Answer(raw)
        if answer.status not in (400, 411, 413, 414, 431, 501, 505) or raw.count(b"HTTP/1.1 ") != 1:
            wrong[name] = raw[:200]
    assert not wrong
    assert get(server, "/shop/k").status == 200


def test_bad_chunks_break_an_upload_off(server):
    head = signed(server, "PUT", "/shop/chunked", headers={"Transfer-Encoding": "chunked"})
    head = head.replace(b"Content-Length: 0\r\n", b"")
    for bad in (b"zz\r\n", b"5\nhello\r\n0\r\n\r\n", b"fffffffffffffffff\r\n", b"-1\r\n", b"5 5\r\nhello\r\n",
                b"5;" + b"x" * 100_000 + b"\r\nhello\r\n", b"5\r\nhelloX\r\n0\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
            raw = b""
            try:
                client.sendall(head + bad)
                while piece := client.recv(65536):
                    raw += piece
            except (ConnectionResetError, BrokenPipeError):
                pass
        assert not raw.startswith(b"HTTP/1.1 200"), bad
    assert get(server, "/shop/chunked").code == "NoSuchKey"


def test_requests_in_one_byte_pieces_are_understood(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in signed(server, "GET", "/try-good--ol-s3/k"):
            client.sendall(bytes([byte]))
        raw = b""
        while b"262144" not in raw:
            piece = client.recv(4096)
            assert piece, raw
            raw += piece
    assert Answer(raw).body == b"262144"


def test_pipelined_requests_are_answered_in_order(server):
    requests = b"".join(signed(server, "GET", path) for path in
                        ("/try-good--ol-s3/k", "/shop/none", "/try-good--ol-s3/k"))
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(requests)
        client.shutdown(socket.SHUT_WR)
        raw = b""
        while piece := client.recv(65536):
            raw += piece
    statuses = re.findall(rb"HTTP/1\.1 (\d+) ", raw)
    assert statuses == [b"200", b"404", b"200"]


def test_an_unsigned_amz_header_is_refused(server):
    request = signed(server, "GET", "/shop/k").replace(b"\r\n\r\n", b"\r\nx-amz-extra: 1\r\n\r\n")
    assert exchange(server, request).status == 403


def test_a_signature_is_good_for_its_own_request_only(server):
    request = signed(server, "GET", "/shop/k")
    assert exchange(server, request.replace(b"/shop/k", b"/shop/other")).code == "SignatureDoesNotMatch"
    assert exchange(server, request.replace(b"GET", b"DELETE", 1)).code == "SignatureDoesNotMatch"
    assert get(server, "/shop/k").status == 200


def test_connections_that_never_speak_cost_little_and_do_not_block_others(server):
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(300)]
    for client in silent[:150]:
        client.sendall(b"GET /shop/k HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    assert get(server, "/try-good--ol-s3/k").body == b"262144"
    for client in silent:
        client.close()
    wait_for(lambda: server.metric("objlens_connections") <= 2, 20, "the connections to be gone")
