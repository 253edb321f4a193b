# SPDX-License-Identifier: MIT
"""Control groups as systemd delegates them: each host has one, it holds what it says, and none is left over."""
import os
import pathlib
import signal
import subprocess

import pytest

import machine
from kit.raw import get
from kit.server import OBJLENS, wait_for
from machine import NOBODY, Unit, walls_of

USERS = pytest.mark.parametrize("user", [0, NOBODY], ids=["root", "nobody"])
GOOD = "/try-good--ol-s3/k"


def is_good(server):
    return get(server, GOOD).body == b"262144"


def events(group, name="memory.events"):
    return dict(line.split() for line in (group / name).read_text().splitlines())


@USERS
def test_a_delegated_group_is_used(user):
    assert "cgroup" in walls_of(Unit("Delegate=yes", user=user).check().stdout)


@USERS
def test_one_that_is_not_delegated_is_left_alone(user):
    assert "cgroup" not in walls_of(Unit(user=user).check().stdout)
    assert "cgroup" not in walls_of(Unit("Delegate=yes", "ProtectControlGroups=yes", user=user).check().stdout)


def test_its_limits_are_the_kernels(service):
    server, unit = service, service.unit
    assert is_good(server)
    assert get(server, "/try-pii--ol-s3/k").body == machine.ORIGINAL
    assert (unit.group / "server" / "cgroup.procs").read_text().split() == [str(unit.pid)]
    found = {group: (group / "cgroup.procs").read_text().split() for group in unit.groups()}
    assert sorted(pid for pids in found.values() for pid in pids) == sorted(map(str, server.hosts()))
    for group, pids in found.items():
        assert len(pids) == 1
        assert (group / "cpu.max").read_text() == "100000 100000\n"
        assert (group / "pids.max").read_text() == "1\n"
        assert 64 << 20 < int((group / "memory.max").read_text()) < 4 << 30
        assert (group / "memory.oom.group").read_text() == "1\n"


def test_a_memory_bomb_is_killed_alone(service):
    server, unit = service, service.unit
    assert is_good(server)
    pid = unit.pid
    for bomb in ("memory_bomb", "shared_memory_bomb"):
        before = int(events(unit.group)["oom_kill"])
        assert "killed by signal 9" in machine.attempt(server, bomb)
        # The kernel counts the process, and then its group, which is the process.
        assert 1 <= int(events(unit.group)["oom_kill"]) - before <= 2
    assert events(unit.group / "server")["oom_kill"] == "0"
    assert unit.pid == pid and is_good(server)


def test_where_memory_ends_for_all_the_server_stays(serve):
    """A service of 64 MiB: a host may have more by its own limit, so it is the service's that is reached."""
    unit = Unit("Delegate=yes", "MemoryMax=64M", "MemorySwapMax=0", user=NOBODY)
    server = serve(unit)
    assert is_good(server)
    pid = unit.pid
    for host in server.hosts():
        assert pathlib.Path(f"/proc/{host}/oom_score_adj").read_text() == "1000\n"
    for bomb in ("memory_bomb", "shared_memory_bomb"):
        machine.attempt(server, bomb)
        assert is_good(server)
    assert unit.pid == pid and int(events(unit.group)["oom_kill"]) >= 1


def test_a_group_has_no_room_for_processes(service):
    """What seccomp and the server forbid already: so a process of ours goes there and tries."""
    server, unit = service, service.unit
    assert is_good(server)
    group = unit.groups()[0]
    script = f"echo 0 > {group}/cgroup.procs; (echo forked) || true"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert "forked" not in done.stdout and "ork" in done.stderr
    assert events(group, "pids.events")["max"] != "0"
    assert is_good(server)


def test_none_is_left_over(service):
    server, unit = service, service.unit
    for _ in range(int(os.environ["OBJLENS_VM_DEATHS"])):
        assert is_good(server)
        hosts = server.hosts()
        os.kill(hosts[0], signal.SIGKILL)
        wait_for(lambda: hosts[0] not in server.hosts(), 20, "a host to be gone")
    assert is_good(server)
    wait_for(lambda: len(unit.groups()) == len(server.hosts()), 20, "the groups of dead hosts to go")


def test_a_reload_leaves_none(service):
    server, unit = service, service.unit
    for round_ in range(5):
        assert is_good(server)
        server.write("good.lua", machine.FILES["good.lua"] + f"-- {round_}\n")
        os.chown(server.folder / "good.lua", unit.user, unit.user)
        os.kill(unit.pid, signal.SIGHUP)
        assert is_good(server)
    wait_for(lambda: len(unit.groups()) == len(server.hosts()), 60, "the groups of old hosts to go")


@USERS
def test_what_a_killed_server_leaves_ends(serve, user):
    unit = Unit("Delegate=yes", "Restart=always", "RestartSec=0", user=user)
    server = serve(unit)
    for _ in range(3):
        assert is_good(server)
        pid = unit.pid
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: unit.pid not in (0, pid), 60, "the service to be started again")
        wait_for(lambda: server.admin_or_gone("/-/ready") == 200, 60, "the server to be ready")
        assert is_good(server)
        assert "cgroup" not in server.stderr_file.read_text().rsplit("not to be had here:", 1)[1].splitlines()[0]
        wait_for(lambda: len(unit.groups()) == len(server.hosts()), 20, "what was left to be gone")


def test_without_a_service_manager_it_clears_up_itself(serve):
    """Killed and started again in the same group, whose mark says that it is delegated."""
    unit = Unit("Delegate=yes")
    unit.write("Type=exec", "ExecStart=/bin/sleep 100000")
    assert unit.start().returncode == 0
    mine = unit.group / "mine"
    mine.mkdir()
    (unit.group / "rest").mkdir()
    (unit.group / "rest" / "cgroup.procs").write_text(str(unit.pid))
    (unit.group / "cgroup.subtree_control").write_text("+memory +pids +cpu")
    os.setxattr(mine, "user.delegate", b"1")
    place = machine.Place(f"echo 0 > {mine}/cgroup.procs")
    server = serve(place)
    for _ in range(3):
        assert is_good(server)
        assert len(list(mine.glob("objlens-*"))) == len(server.hosts())
        server.kill()
        wait_for(lambda: not (mine / "server" / "cgroup.procs").read_text(), 20, "the server to be gone")
        (mine / "cgroup.subtree_control").write_text("-memory -pids -cpu")
        server.start()
    assert is_good(server)
    wait_for(lambda: len(list(mine.glob("objlens-*"))) == len(server.hosts()), 20, "groups to be gone")
    server.stop()
    assert not list(mine.glob("objlens-*"))


@pytest.mark.parametrize("settings", [(), ("Delegate=yes", "ProtectControlGroups=yes")],
                         ids=["not delegated", "read-only"])
def test_where_it_is_required_it_does_not_start(attacker, settings):
    unit = Unit(*settings, "Restart=no")
    server = unit.server(pathlib.Path(f"/srv/{unit.name}"),
                         machine.config(attacker) + 'sandbox_required = { "cgroup" }', machine.FILES)
    server.start(wait=False)
    assert wait_for(lambda: unit.poll() is not None, 60, "the server to end")
    assert unit.poll() == 1
    assert "sandbox_required: not to be had on this machine: cgroup" in server.stderr_file.read_text()


def test_where_it_is_there_what_requires_it_starts(serve):
    assert is_good(serve(Unit("Delegate=yes", user=NOBODY), 'sandbox_required = { "cgroup", "limits" }'))


def test_the_unit_that_ships_has_all_walls():
    """examples/objlens.service as it stands, in its place: the program, a user and a configuration as it says."""
    machine.run("useradd", "--system", "objlens")
    machine.run("install", "-D", OBJLENS, "/usr/local/bin/objlens")
    config = pathlib.Path("/etc/objlens/objlens.lua")
    config.parent.mkdir()
    config.write_text('data = "/var/lib/objlens"\nlisten "127.0.0.1:9000"\n'
                      'root { access_key = "AKIAEXAMPLE", secret_key = "an example of a secret" }\n'
                      'limits { transform = { unyieldable_ms = 5000 } }\n'
                      'sandbox_required = { "cgroup", "pid_namespace", "mount_namespace" }\n')
    machine.run("chown", "-R", "objlens:", config.parent)
    unit = (machine.ROOT / "examples/objlens.service").read_text()
    log = pathlib.Path("/var/log/objlens.log")
    # Nothing of the machine but systemd runs here: no network, and nobody who collects what it says.
    unit = unit.replace("[Unit]\n", "[Unit]\nDefaultDependencies=no\n") \
        .replace("[Service]\n", f"[Service]\nStandardOutput=append:{log}\nStandardError=inherit\n")
    (machine.UNITS / "objlens.service").write_text("\n".join(
        line for line in unit.splitlines() if not line.endswith("network-online.target")))
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", "objlens")
    try:
        wait_for(lambda: "serving" in log.read_text(), 120, f"the service: {log.read_text()}")
        assert "cgroup; not to be had here: none" in log.read_text() or "landlock" in log.read_text().split("had here:")[1]
        machine.run("systemctl", "reload", "objlens")
    finally:
        machine.run("systemctl", "stop", "objlens")
    assert machine.run("systemctl", "show", "--value", "-p", "Result", "objlens").stdout == "success\n"
