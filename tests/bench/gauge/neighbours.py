# SPDX-License-Identifier: MIT
"""What light requests take while others are busy at the same server. Both run on the load core; what
the others' clients take there is kept out of the figures."""
import contextlib
import multiprocessing
import os
import socket
import subprocess

from gauge.load import signed_headers
from gauge.machine import LOAD_CORE, pinned
from kit.server import BUILD

RATE = 200  # light requests a second


def head_of(server, path, *more):
    fields = {**signed_headers("GET", server.endpoint + path), "Host": f"127.0.0.1:{server.port}"}
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), *more]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


def light_requests(server, path, seconds):
    """Latencies of requests that are sent when they are due, in ms."""
    command = pinned(LOAD_CORE, [BUILD / "tests/bench/light", server.port, RATE, seconds])
    lines = subprocess.run(command, input=head_of(server, path), stdout=subprocess.PIPE, check=True).stdout
    return [int(line) / 1000 for line in lines.split()]


def ask_again_and_again(server, path, stop):
    """In reads that are soon over, and only while nobody else wants the core."""
    os.sched_setaffinity(0, {LOAD_CORE})
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    head = head_of(server, path, "Connection: close")
    while not stop.is_set():
        with contextlib.suppress(OSError), \
             socket.create_connection(("127.0.0.1", server.port), timeout=120) as connection:
            connection.sendall(head)
            while connection.recv(16384) and not stop.is_set():
                pass


@contextlib.contextmanager
def asked_for(server, path, clients):
    """While in it, so many clients ask for the path."""
    processes = multiprocessing.get_context("fork")
    stop = processes.Event()
    asking = [processes.Process(target=ask_again_and_again, args=(server, path, stop), daemon=True)
              for _ in range(clients)]
    for one in asking:
        one.start()
    try:
        yield
    finally:
        stop.set()
        for one in asking:
            one.join()
