# SPDX-License-Identifier: MIT
"""A plugin that crashes on each tenth request, under load: every other request is right, and nothing is
left behind. A few hundred crashes; ten thousand with OBJLENS_FULL."""
import os
import pathlib
import threading

from kit.aws import key_of, user
from kit.raw import get
from kit.server import SANITIZED, wait_for

CRASHES = 10000 if os.environ.get("OBJLENS_FULL") else 200
CLIENTS = 6
WARM_UP = 20
GOOD = b"nothing wrong with this one " * 4096
# AddressSanitizer holds 256 MiB of freed memory back, and tells of leaks itself.
RSS_GROWTH_KIB_MAX = (48 + (320 if SANITIZED else 0)) * 1024


class Client(threading.Thread):
    def __init__(self, server, rounds):
        super().__init__()
        self.server, self.rounds, self.done, self.wrong = server, rounds, 0, []

    def run(self):
        for i in range(self.rounds):
            crash = i % 10 == 9
            answer = get(self.server, f"/do-crash--ol-s3/{'bomb' if crash else 'k'}")
            if crash:
                right = answer.status is None or answer.status >= 500 or not answer.complete
                right = right and b"BOMB" not in answer.raw
            else:
                right = answer.status == 200 and answer.complete and answer.body == GOOD.upper()
            self.done += 1
            if not right:
                self.wrong.append((i, answer.status, answer.complete, answer.raw[:300]))


def crash_under_load(server, crashes):
    clients = [Client(server, 10 * crashes // CLIENTS + 10) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert all(client.done == client.rounds for client in clients)
    return [wrong for client in clients for wrong in client.wrong]


def state_of(server):
    """Descriptors, and memory in KiB."""
    proc = pathlib.Path(f"/proc/{server.process.pid}")
    status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
    return len(list((proc / "fd").iterdir())), int(status["VmRSS"].split()[0])


def children_of(server):
    found = 0
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            found += int(stat.read_text().rpartition(")")[2].split()[1]) == server.process.pid
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def test_a_plugin_that_crashes_on_each_tenth_request(hostile, plugin_file):
    server = hostile({}, {"crash": plugin_file("crash")}, share='share = "all",', extra=(
        'object_lambda "do-crash" { access_point = "shop", cache = false, transforms = { "crash" } }'))
    server.s3().put_object(Bucket="shop", Key="k", Body=GOOD)
    server.s3().put_object(Bucket="shop", Key="bomb", Body=b"BOMB" * 50000)
    assert not crash_under_load(server, WARM_UP)
    hosts_max = children_of(server) + 2 * CLIENTS
    before = state_of(server)
    wrong = crash_under_load(server, CRASHES)
    assert not wrong, (len(wrong), wrong[:3])
    wait_for(lambda: children_of(server) <= hosts_max, what="dead hosts to be reaped")
    wait_for(lambda: children_of(server) == len(server.hosts()), what="nothing else to run")
    wait_for(lambda: state_of(server)[0] <= before[0] + 8 * CLIENTS, what="descriptors to be closed")
    assert state_of(server)[1] <= before[1] + RSS_GROWTH_KIB_MAX


def waiting(server):
    """Hosts that were lost, and requests that wait for one."""
    return tuple(server.metric(f"objlens_transform_{name}") for name in ("hosts_died_total", "jobs_queued"))


def test_a_caller_who_crashes_a_plugin_waits_alone(hostile, plugin_file):
    server = hostile({}, {"crash": plugin_file("crash")}, loops=1, pause_ms=10000,
                     extra=user("other", 'views = { "try-crash" }'))
    server.s3().put_object(Bucket="shop", Key="good", Body=GOOD)
    server.s3().put_object(Bucket="shop", Key="bomb", Body=b"BOMB" * 50000)
    other_key = dict(zip(("access_key", "secret_key"), key_of("other")))
    stop = threading.Event()

    def crash_again_and_again():
        while not stop.is_set():
            get(server, "/try-crash--ol-s3/bomb")

    crashing = threading.Thread(target=crash_again_and_again)
    crashing.start()
    try:
        wait_for(lambda: waiting(server) == (8, 1), what="eight hosts to be lost and the next to be waited for")
        for _ in range(8):
            answer = get(server, "/try-crash--ol-s3/good", **other_key)
            assert answer.status == 200 and answer.body == GOOD.upper()
        wait_for(lambda: waiting(server) == (8, 1), what="nobody else to wait")
    finally:
        stop.set()
        crashing.join()
