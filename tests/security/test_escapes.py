# SPDX-License-Identifier: MIT
"""Plugins that try to get out, one attempt a request (plugins/escape.c) or before the first one
(plugins/escape_load.c): none gets anywhere, and whoever asks a neighbour gets what is theirs."""
import pathlib
import re
import subprocess
import threading

import pytest

from kit.raw import get
from kit.server import OBJLENS, SANITIZED, wait_for

HERE = pathlib.Path(__file__).parent
ATTEMPTS = dict(re.findall(r"^A\((\w+), ([A-Z_ |]+)\)$", (HERE / "plugins/escape_list.h").read_text(), re.M))
# What the answer says, or the access log's line of it.
ENDS = {
    "REFUSED": "^refused$", "DENIED": "^denied$", "FORBIDDEN": "was killed for a forbidden system call",
    "CRASHED": "was killed by signal", "ENDED": "ended with status",
    "TIMED_OUT": "more than (wall|cpu)_ms|of CPU without a break|used more CPU than its requests",
    "CUT_OFF": "the host broke the protocol|the host meddled with the ring",
    "FAILED": "more than output_bytes|^failed with 500$|^header one whose name is not repeated here$",
}
# Attempt -> what the command line says, None: it was refused and the transform went on.
KILLED = "was killed for a forbidden system call while it loaded"
LOADING = {
    "dodge": None, "open_passwd": None, "open_environment": None, "look_around": None,
    "listener": None, "memory": None, "open_write": KILLED, "socket": KILLED, "fork": KILLED,
    "kill_server": KILLED, "exec": KILLED, "executable_memory": KILLED, "timers": KILLED,
    # Or it is killed, when the second step finds the thread at its first call.
    "threads": "runs more threads than it declares|forbidden system call",
    "exit": "the host ended with status 0 while it loaded",
}
# What a sanitizer's own needs leave open: no limit of the address space, files that it reads for its reports, a
# few system calls; and what stands in memory after a plugin's own is another thing there.
OPEN_TO_SANITIZERS = {"raise_limits", "lock_memory", "outlive_server", "emit_too_much"} if SANITIZED else set()
OPEN_WHILE_LOADING = {"open_passwd", "open_environment", "look_around", "memory"} if SANITIZED else set()
MARK = pathlib.Path("/tmp/objlens-was-here")
LIMITS = "cpu_ms = 200, wall_ms = 4000, output_bytes = '1 MiB', memory_bytes = '64 MiB', log_bytes = '4 KiB'"


class Neighbour(threading.Thread):
    """Asks for its own view, again and again, and keeps what was not right."""

    def __init__(self, server):
        super().__init__()
        self.server, self.rounds, self.wrong, self.over = server, 0, [], threading.Event()
        self.start()

    def run(self):
        while not self.over.is_set():
            answer = get(self.server, "/try-good--ol-s3/k")
            self.rounds += 1
            if answer.status != 200 or answer.body != b"262144" or not answer.complete:
                self.wrong.append((answer.status, answer.raw[:200]))

    def stop(self):
        self.over.set()
        self.join()
        assert self.rounds > 10 and not self.wrong, (self.rounds, self.wrong[:3])


def end_of(server, answer):
    """In words: what the transform said if it went on, else why it did not."""
    if answer.status == 200 and answer.complete:
        return answer.body[:100].decode("latin-1")
    return server.access_line(answer.headers["x-amz-request-id"]).get("detail", f"failed with {answer.status}")


def ends_as_it_must(name, end):
    if SANITIZED: # whose own needs let some calls be, and which catches signals
        return end != "got through" or name in OPEN_TO_SANITIZERS
    return any(re.search(ENDS[each], end) for each in ATTEMPTS[name].split(" | "))


def attempt_all(server, attempts):
    """What ended otherwise than it must. Several at a time: each of them costs a process."""
    wrong, left, lock = {}, list(attempts), threading.Lock()

    def work():
        while True:
            with lock:
                if not left:
                    return
                name = left.pop()
            answer = get(server, f"/do-{name.replace('_', '-')}--ol-s3/k")
            end = end_of(server, answer)
            if b"original that" in answer.raw or not ends_as_it_must(name, end):
                wrong[name] = end

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return wrong


def processes_of(server):
    """The server and all that has come of it."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(server.process.pid)],
                           capture_output=True, text=True, check=False)
    return [int(pid) for pid in found.stdout.split()]


def descriptors_of(server):
    return len(list(pathlib.Path(f"/proc/{server.process.pid}/fd").iterdir()))


@pytest.fixture
def escape(hostile, plugin_file):
    """start(attempts, **as hostile) -> a server with one view an attempt, "do-ATTEMPT"."""
    def start(attempts, **options):
        extra = "\n".join(
            f'object_lambda "do-{name.replace("_", "-")}" {{ access_point = "shop", cache = false, '
            f'transforms = {{ {{ "escape", payload = "{name}" }} }} }}' for name in attempts)
        return hostile({}, {"escape": plugin_file("escape")}, limits=LIMITS, extra=extra, **options)
    return start


def test_each_attempt_ends_at_its_own_wall(escape):
    server = escape(ATTEMPTS)
    assert "sandbox: seccomp, limits" in server.stderr_file.read_text()
    before = descriptors_of(server)
    neighbour = Neighbour(server)
    wrong = attempt_all(server, ATTEMPTS)
    neighbour.stop()
    assert not wrong, wrong
    assert not MARK.exists()
    assert len(ATTEMPTS) == (HERE / "plugins/escape_list.h").read_text().count("\nA(") >= 60
    wait_for(lambda: len(processes_of(server)) <= 20, what="the hosts to be gone")  # of more than a hundred
    wait_for(lambda: set(processes_of(server)) <= set(server.hosts()), what="nothing else to run")
    wait_for(lambda: descriptors_of(server) <= before + 40, what="descriptors to be closed")


FEW = ["open_file", "open_server_environment", "look_at_file", "socket_inet", "fork_it", "run_shell",
       "kill_server", "kill_everybody", "trace_server", "start_thread", "executable_memory",
       "endless", "stop_itself", "ring_all_of_it", "shared_segment", "memory_bomb"]


def test_in_a_container_without_privileges(escape):
    """No namespaces: the filter, Landlock and the limits are enough."""
    server = escape(FEW, without=["namespaces"])
    assert "not to be had here: user_namespace" in server.stderr_file.read_text()
    neighbour = Neighbour(server)
    wrong = attempt_all(server, FEW)
    neighbour.stop()
    assert not wrong and not MARK.exists()


@pytest.mark.parametrize("attempt", LOADING)
def test_before_the_first_request(plugin_file, attempt):
    if attempt in OPEN_WHILE_LOADING:
        pytest.skip("this wall stands aside for the sanitizer")
    run = subprocess.run([str(OBJLENS), "run", str(plugin_file("escape_load", ATTEMPT=attempt))],
                         input=b"the original that must not leak\n" * 100, capture_output=True,
                         timeout=60, check=False)
    if LOADING[attempt]:
        assert run.returncode == 1 and re.search(LOADING[attempt], run.stderr.decode())
        assert not run.stdout
    else:
        assert run.returncode == 0 and run.stdout == b"refused....", run
    assert not MARK.exists() and not pathlib.Path("/usr/lib/objlens-was-here").exists()
