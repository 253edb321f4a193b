# SPDX-License-Identifier: MIT
"""Machines, containers and users that lack something: there it works behind the walls that it says it has, or says
why it does not."""
import os
import pathlib

import pytest

import machine
from kit.raw import get
from kit.server import OBJLENS
from machine import NOBODY, Place, walls_of
from test_escapes import ends_as_it_must

ALWAYS = {"seccomp", "limits", "capabilities"}
NAMESPACES = {"user_namespace", "pid_namespace", "network_namespace", "ipc_namespace", "mount_namespace"}
NO_USER_NAMESPACES = "echo 0 > /proc/sys/user/max_user_namespaces"


@pytest.fixture(autouse=True)
def sysctls():
    """As they were."""
    files = [pathlib.Path("/proc/sys", name) for name in
             ("user/max_user_namespaces", "kernel/unprivileged_userns_clone", "vm/memfd_noexec")]
    before = {file: file.read_text() for file in files if file.exists()}
    yield
    for file, text in before.items():
        if file.read_text() != text:
            file.write_text(text)


def landlock():
    """Its version, 0 without."""
    import ctypes
    return max(0, ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1))


HIDEPID = "mount -t proc -o hidepid=2 proc /proc"
MEMORY_FILES = "! test -e /proc/sys/vm/memfd_noexec || echo %d > /proc/sys/vm/memfd_noexec"  # since 6.3
# Name -> the place, and the namespaces that there must be.
SERVING = {
    "root": (Place(), NAMESPACES),
    "nobody": (Place(user=NOBODY), NAMESPACES),
    # Without CAP_SETFCAP nobody gives root a name in a namespace, and without a name there is no root of its own.
    "root without capabilities": (Place(capabilities=False), NAMESPACES - {"mount_namespace"}),
    "root without user namespaces": (Place(NO_USER_NAMESPACES), NAMESPACES - {"user_namespace"}),
    "nobody without user namespaces": (Place(NO_USER_NAMESPACES, NOBODY), set()),
    "nobody, as Debian forbids them": (Place("echo 0 > /proc/sys/kernel/unprivileged_userns_clone", NOBODY), set()),
    "root without capabilities and user namespaces": (Place(NO_USER_NAMESPACES, capabilities=False), set()),
    "read-only root": (Place("mount --rbind /srv /srv; mount -o remount,ro,bind /", NOBODY), NAMESPACES),
    "noexec everywhere": (Place("for folder in /srv /tmp /dev/shm; do mount --bind $folder $folder;"
                                " mount -o remount,bind,noexec $folder; done", NOBODY), NAMESPACES),
    "no /dev/shm": (Place("umount /dev/shm; mount -t tmpfs -o ro none /dev/shm", NOBODY), NAMESPACES),
    "hidepid": (Place(HIDEPID, NOBODY), NAMESPACES),
    "hidepid, no user namespaces": (Place(f"{HIDEPID}; {NO_USER_NAMESPACES}", NOBODY), set()),
    "few files": (Place("ulimit -n 100", NOBODY), NAMESPACES),
    "memory files are not executable": (Place(MEMORY_FILES % 1, NOBODY), NAMESPACES),
    "memory files that are executable are forbidden": (Place(MEMORY_FILES % 2, NOBODY), NAMESPACES),
    "no address space to spare": (Place("ulimit -v 4000000", NOBODY), NAMESPACES),
}


@pytest.mark.parametrize("name", SERVING)
def test_it_serves_behind_what_it_says(serve, attacker, name):
    place, namespaces = SERVING[name]
    said = place.check()
    assert said.returncode == 0, said.stderr
    found = landlock()
    expected = ALWAYS | namespaces | ({"landlock"} if found else set())
    if "mount_namespace" in namespaces and os.uname().release.startswith("5.10"):
        expected.discard("mount_namespace")  # no mount_setattr
    assert walls_of(said.stdout) == expected
    server = serve(place)
    assert get(server, "/try-good--ol-s3/k").body == b"262144"
    assert get(server, "/try-pii--ol-s3/k").body == machine.ORIGINAL
    ends = {name: machine.attempt(server, name) for name in machine.ESCAPES}
    assert all(ends_as_it_must(name, end) for name, end in ends.items()), ends
    assert get(server, "/try-good--ol-s3/k").body == b"262144"
    assert_walls_of_hosts(server, place, expected)
    unpinned = machine.run(*place.prefix, OBJLENS, "run", attacker[0], input="x", check=False)
    assert ("no Landlock" in unpinned.stderr) == (found == 0) and unpinned.returncode != 0


def assert_walls_of_hosts(server, place, expected):
    """By the kernel's word, not by its own."""
    hosts = server.hosts()
    assert hosts
    own = f"/proc/{server.process.pid}"
    for pid in hosts:
        status = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
        assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1"
        assert all(int(status[key], 16) == 0 for key in ("CapInh", "CapPrm", "CapEff", "CapAmb"))
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        assert [line.split()[3:5] for line in limits.splitlines() if line.startswith("Max open files")] == [["0", "0"]]
        for wall, name in (("user_namespace", "user"), ("pid_namespace", "pid"), ("network_namespace", "net"),
                           ("ipc_namespace", "ipc"), ("mount_namespace", "mnt")):
            apart = os.readlink(f"{own}/ns/{name}") != os.readlink(f"/proc/{pid}/ns/{name}")
            assert apart == (wall in expected) or wall == "mount_namespace" and apart, (wall, name)


# Name -> the place, and what is said. Nothing is served there.
REFUSING = {
    "no /proc": (Place("mount -t tmpfs none /proc", NOBODY), "/proc"),
    "no processes to be had": (Place("prlimit --pid $$ --nproc=1", NOBODY), "Resource temporarily unavailable"),
    "no files to be had": (Place("ulimit -n 18", NOBODY), "Too many open files"),
    "no /dev/null": (Place("mount -t tmpfs none /dev", NOBODY), "/dev/null"),
    "no address space": (Place("ulimit -v 60000", NOBODY), "address space"),
}


@pytest.mark.parametrize("name", REFUSING)
def test_where_it_cannot_it_says_so(attacker, tmp_path, name):
    place, reason = REFUSING[name]
    said = place.check()
    assert said.returncode == 1 and reason in said.stderr and said.stdout == "", (said.returncode, said.stderr)
    config = machine.config(attacker).replace('"pii"', '"good"')  # which is not found without /proc
    server = place.server(pathlib.Path(f"/srv/refusing-{list(REFUSING).index(name)}"), config, machine.FILES)
    server.start(wait=False)
    assert server.process.wait(60) == 1
    assert reason in server.stderr_file.read_text()
