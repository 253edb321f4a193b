# SPDX-License-Identifier: MIT
"""What light requests take while others are busy at the same server. Both run on the load core; what
the others' clients take there is kept out of the figures."""
import contextlib
import multiprocessing
import os
import socket
import subprocess

from gauge.load import signed_headers
from gauge.machine import LOAD_CORE, pinned, stolen_seconds
from kit.server import BUILD

RATE = 200  # light requests a second
STOLEN_SECONDS_MAX = 0.01  # of the cores, in one second; a single theft delays a request by more than most attacks
TRIES = 4


def head_of(server, path, *more):
    fields = {**signed_headers("GET", server.endpoint + path), "Host": f"127.0.0.1:{server.port}"}
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), *more]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


def light_requests(server, path, seconds):
    """Latencies of requests that are sent when they are due, in ms."""
    command = pinned(LOAD_CORE, [BUILD / "tests/bench/light", server.port, RATE, seconds])
    lines = subprocess.run(command, input=head_of(server, path), stdout=subprocess.PIPE, check=True).stdout
    return [int(line) / 1000 for line in lines.split()]


def quiet_seconds(server, path, seconds):
    """The same, of so many seconds in which the machine was ours. Where too few of them come by, those that
    others took least from."""
    taken = []
    for _ in range(TRIES * seconds):
        before = stolen_seconds()
        latencies = light_requests(server, path, 1)
        taken.append((stolen_seconds() - before, latencies))
        if sum(stolen <= STOLEN_SECONDS_MAX for stolen, _ in taken) == seconds:
            break
    taken.sort(key=lambda one: one[0])
    return [latency for _, latencies in taken[:seconds] for latency in latencies]


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
