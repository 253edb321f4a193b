# SPDX-License-Identifier: MIT
"""Memory while 64 clients of different speeds pull a 4 GiB object through an identity view, and
time to the first byte for small and large objects."""
import selectors
import socket
import time

from gauge.load import raw_request, signed_headers
from gauge.machine import median, pss_bytes
from gauge.table import print_fact

GIB = 1 << 30


def put_large(bench, key, size):
    """By a raw socket: no client library copies 4 GiB for us."""
    url = f"{bench.objlens.endpoint}/bench/{key}"
    headers = signed_headers("PUT", url)
    head = raw_request("PUT", url, headers).replace(b"Content-Length: 0", b"Content-Length: %d" % size)
    with socket.create_connection(("127.0.0.1", bench.objlens.port)) as client:
        client.sendall(head)
        piece = bytes(1 << 20)
        for _ in range(size >> 20):
            client.sendall(piece)
        assert client.recv(4096).startswith(b"HTTP/1.1 200"), "the large PUT failed"


def open_reader(bench, key):
    url = f"{bench.objlens.endpoint}/identity--ol-s3/{key}"
    client = socket.create_connection(("127.0.0.1", bench.objlens.port))
    client.sendall(raw_request("GET", url, signed_headers("GET", url)))
    client.setblocking(False)
    return client


def pull(bench, clients, seconds):
    """Reads from 64 clients at speeds from 64 KiB/s to unlimited; the highest PSS seen."""
    selector = selectors.DefaultSelector()
    start = time.monotonic()
    for number in range(clients):
        client = open_reader(bench, "4GiB")
        limit = None if number % 4 == 3 else 65536 * (1 << (number % 8))
        selector.register(client, selectors.EVENT_READ, {"limit": limit, "got": 0})
    peak, due = 0, start
    while time.monotonic() < start + seconds:
        now = time.monotonic()
        for key, _ in selector.select(0.02):
            state = key.data
            if state["limit"] and state["got"] > state["limit"] * (now - start):
                continue
            got = key.fileobj.recv(1 << 18)
            assert got, "the server ended a 4 GiB view early"
            state["got"] += len(got)
        if now >= due:
            peak, due = max(peak, pss_bytes(bench.objlens.pid)), now + 0.5
    for key in list(selector.get_map().values()):
        key.fileobj.close()
    return peak


def first_byte_ms(bench, key):
    values = []
    for _ in range(21):
        client = socket.create_connection(("127.0.0.1", bench.objlens.port))
        url = f"{bench.objlens.endpoint}/identity--ol-s3/{key}"
        request = raw_request("GET", url, signed_headers("GET", url))
        start = time.perf_counter()
        client.sendall(request)
        client.recv(1)
        values.append((time.perf_counter() - start) * 1000)
        client.close()
    return median(values)


def run(bench):
    put_large(bench, "4GiB", 4 * GIB)
    bench.put("1KiB-first", bytes(1024))
    small, large = first_byte_ms(bench, "1KiB-first"), first_byte_ms(bench, "4GiB")
    print_fact("first byte of a view, 1 KiB and 4 GiB", f"{small:.2f} ms, {large:.2f} ms")
    before = pss_bytes(bench.objlens.pid)
    grown = (pull(bench, 64, 20) - before) / (1 << 20)
    print_fact("PSS grown by 64 clients on a 4 GiB view", f"{grown:.1f} MiB, goal under 48", grown < 48)
