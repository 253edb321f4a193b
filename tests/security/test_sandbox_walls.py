# SPDX-License-Identifier: MIT
"""Which walls hold is said truly, and what an operator requires is required."""
import hashlib
import subprocess

import pytest

from kit.raw import get
from kit.server import OBJLENS, Server


def walls(*prefix):
    run = subprocess.run([*map(str, prefix), str(OBJLENS), "check", "--sandbox"],
                         capture_output=True, text=True, timeout=60, check=True)
    return {line.split()[0]: line.split()[1] for line in run.stdout.splitlines() if line[0].islower()}


def test_each_wall_is_tried_out(without):
    here = walls()
    assert here["seccomp"] == here["limits"] == here["capabilities"] == "holds"
    for landlock in ("landlock", "landlock-call"):
        bare = walls(without, landlock, "namespaces", "--")
        assert {name for name, state in bare.items() if state == "holds"} == \
            {"seccomp", "limits", "capabilities"}
    if here["mount_namespace"] == "holds":
        assert walls(without, "mounts", "--") == dict(here, mount_namespace="missing")


@pytest.mark.parametrize("command", ["serve", "check"])
def test_what_is_required_is_required(tmp_path, without, command):
    server = Server(tmp_path / "server", config='sandbox_required = { "seccomp", "landlock" }')
    run = subprocess.run([str(without), "landlock", "--", str(OBJLENS), command,
                          str(server.config_file)], capture_output=True, text=True, timeout=60,
                         env=server.environment, check=False)
    assert run.returncode == 1
    assert "sandbox_required: not to be had on this machine: landlock" in run.stderr


def test_an_unknown_wall_is_a_mistake(tmp_path):
    server = Server(tmp_path / "server", config='sandbox_required = { "moat" }')
    run = subprocess.run([str(OBJLENS), "check", str(server.config_file)], capture_output=True,
                         text=True, timeout=60, env=server.environment, check=False)
    assert run.returncode == 1 and '"moat" is not a wall' in run.stderr


def test_with_what_is_required_it_serves(hostile):
    server = hostile({}, extra='sandbox_required = { "seccomp", "limits", "capabilities" }')
    assert get(server, "/try-good--ol-s3/k").body == b"262144"


def test_without_landlock_only_pinned_shared_objects(without, plugin_file):
    command = [str(OBJLENS), "run", str(plugin_file("escape_load", ATTEMPT="nothing"))]
    run = subprocess.run(command, input=b"x", capture_output=True, timeout=60, check=True)
    assert run.stdout == b"refused...."
    run = subprocess.run([str(without), "landlock", "--", *command], input=b"x", capture_output=True,
                         timeout=60, check=False)
    assert run.returncode == 1 and b"no Landlock" in run.stderr and run.stdout == b""


def test_pinned_and_shipped_ones_need_no_landlock(hostile, plugin_file):
    shared_object = plugin_file("escape_load", ATTEMPT="nothing")
    digest = hashlib.sha256(shared_object.read_bytes()).hexdigest()
    server = hostile({}, without=["landlock"], extra=f"""
plugins {{ folders = {{ "{shared_object.parent}" }} }}
transform "pinned" {{ plugin = "escape_load", sha256 = "{digest}" }}
object_lambda "pinned" {{ access_point = "shop", transforms = {{ "pinned" }} }}
object_lambda "shipped" {{ access_point = "shop", transforms = {{ "pii" }} }}
""")
    assert get(server, "/pinned--ol-s3/k").body == b"refused...."
    assert get(server, "/shipped--ol-s3/k").body == get(server, "/shop/k").body != b""
