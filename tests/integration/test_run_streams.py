# SPDX-License-Identifier: MIT
"""objlens run between other programs: whatever standard input and output are, all of the bytes go through, or the exit code
says that they did not."""
import fcntl
import os
import pty
import socket
import subprocess
import threading

import pytest

from kit.server import OBJLENS

BIG = os.urandom(1 << 20) * 3


@pytest.fixture
def copy(tmp_path):
    script = tmp_path / "copy.lua"
    script.write_text("return function(e, o, r) for b in o:chunks('buffer') do r:write(b) end end\n")
    (tmp_path / "big").write_bytes(BIG)
    return [OBJLENS, "run", script]


def unblocked(fd):
    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_NONBLOCK)


def all_of(fd):
    """Until its end, which a terminal tells with an error."""
    found = b""
    try:
        while block := os.read(fd, 65536):
            found += block
    except OSError:
        pass
    return found


def test_a_pipe_that_never_blocks_and_comes_in_pieces(copy):
    reads, writes = os.pipe()
    unblocked(reads)

    def feed():
        with os.fdopen(writes, "wb", 0) as to:
            for at in range(0, len(BIG), 50_000):
                to.write(BIG[at:at + 50_000])
    with subprocess.Popen(copy, stdin=reads, stdout=subprocess.PIPE) as running:
        os.close(reads)
        thread = threading.Thread(target=feed)
        thread.start()
        assert running.stdout.read() == BIG
        thread.join()
    assert running.returncode == 0


def test_output_that_never_blocks_waits_for_its_reader(copy, tmp_path):
    reads, writes = os.pipe()
    unblocked(writes)
    with open(tmp_path / "big", "rb") as file, subprocess.Popen(copy, stdin=file, stdout=writes) as running:
        os.close(writes)
        found = b""
        while block := os.read(reads, 4096):  # slower than it writes
            found += block
    os.close(reads)
    assert running.returncode == 0 and found == BIG


def test_a_terminal(copy):
    ours, its = pty.openpty()
    with subprocess.Popen(copy, stdin=its, stdout=its, stderr=its) as running:
        os.close(its)
        os.write(ours, b"a line\n\x04")
        assert all_of(ours) == b"a line\r\na line\r\n"  # the terminal's echo is the first
    os.close(ours)
    assert running.returncode == 0


def test_a_socket(copy):
    ours, its = socket.socketpair()
    with ours, subprocess.Popen(copy, stdin=its, stdout=its) as running:
        its.close()
        ours.sendall(b"over a socket")
        ours.shutdown(socket.SHUT_WR)
        assert all_of(ours.fileno()) == b"over a socket"
    assert running.returncode == 0


def test_a_file_that_somebody_has_begun_to_read(copy, tmp_path):
    with open(tmp_path / "big", "rb", 0) as file:
        file.seek(1000)
        done = subprocess.run(copy, stdin=file, capture_output=True, timeout=60)
    assert done.returncode == 0 and done.stdout == BIG[1000:]


def test_a_file_that_is_appended_to(copy, tmp_path):
    (tmp_path / "out").write_bytes(b"before ")
    with open(tmp_path / "out", "ab") as out:
        assert subprocess.run(copy, input=b"behind", stdout=out, timeout=60).returncode == 0
    assert (tmp_path / "out").read_bytes() == b"before behind"


def test_a_reader_that_has_enough(copy, tmp_path):
    with open(tmp_path / "big", "rb") as file, subprocess.Popen(copy, stdin=file, stdout=subprocess.PIPE,
                                                               stderr=subprocess.PIPE) as running:
        assert running.stdout.read(10) == BIG[:10]
        running.stdout.close()
        assert running.stderr.read() == b"objlens: standard output: Broken pipe\n"
    assert running.returncode == 3


@pytest.mark.parametrize("path, flags, says", [
    (".", os.O_RDONLY, "standard input: Is a directory"),
    ("/dev/null", os.O_WRONLY, "standard input: Bad file descriptor"),
])
def test_what_is_no_input(copy, path, flags, says):
    fd = os.open(path, flags)
    done = subprocess.run(copy, stdin=fd, capture_output=True, timeout=60)
    os.close(fd)
    assert (done.returncode, done.stdout, done.stderr.decode()) == (1, b"", f"objlens: {says}\n")


@pytest.mark.parametrize("more", [[], ["--diff"]])
def test_a_full_disk(copy, more):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*copy, *more], input=b"x", stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 1 and done.stderr.startswith(b"objlens: standard output")


def test_colours_are_for_terminals_alone(copy, tmp_path):
    (tmp_path / "mask.lua").write_text('return function(e, o, r) r:write((o:read("a"):gsub("%d", "*"))) end')
    shows = [OBJLENS, "run", "mask.lua", "--diff"]

    def on_a_terminal(**more):
        ours, its = pty.openpty()
        with subprocess.Popen(shows, cwd=tmp_path, stdin=subprocess.PIPE, stdout=its, env={**os.environ, **more}) as running:
            os.close(its)
            running.stdin.write(b"card 1234\n")
            running.stdin.close()
            said = all_of(ours)
        os.close(ours)
        return said

    plain = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    piped = subprocess.run(shows, cwd=tmp_path, input=b"card 1234\n", capture_output=True, env=plain, timeout=60).stdout
    assert b"1234" in piped and b"\x1b" not in piped
    assert b"\x1b[31m1234\x1b[0m" in on_a_terminal(NO_COLOR="")
    assert b"1234" in (said := on_a_terminal(NO_COLOR="1")) and b"\x1b" not in said
