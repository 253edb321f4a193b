# SPDX-License-Identifier: MIT
"""Only in the virtual machines that run.sh boots: these tests divide control groups, set sysctls and mount over
folders of the machine."""
import hashlib
import os
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
VM = "OBJLENS_VM" in os.environ
collect_ignore_glob = [] if VM else ["test_*.py"]

if VM:
    sys.path.insert(0, str(ROOT / "tests" / "integration"))
    sys.path.insert(0, str(ROOT / "tests" / "security"))
    import machine

    @pytest.fixture(scope="session")
    def attacker():
        """plugins/escape.c as a shared object, and its digest: in a folder that every user can read."""
        target = pathlib.Path("/opt/attacker/escape.so")
        target.parent.mkdir()
        machine.run("gcc", "-shared", "-fPIC", "-O1", "-w", "-I", ROOT / "include", "-o", target,
                    ROOT / "tests/security/plugins/escape.c")
        target.chmod(0o755)
        return target, hashlib.sha256(target.read_bytes()).hexdigest()

    def server_in(where, attacker, extra=""):
        folder = pathlib.Path("/srv", str(len(list(pathlib.Path("/srv").iterdir()))))
        return where.server(folder, machine.config(attacker) + extra, machine.FILES)

    def stop(server):
        assert server.stop() == 0, server.stderr_file.read_text()
        server.check_logs_hold_no_secrets()

    @pytest.fixture
    def serve(attacker):
        """serve(where, extra) -> a running server with a view an attempt ("do-ATTEMPT") and "try-good" beside them."""
        servers = []

        def start(where, extra=""):
            server = server_in(where, attacker, extra)
            server.start()
            servers.append(server)
            server.s3().put_object(Bucket="shop", Key="k", Body=machine.ORIGINAL)
            return server

        yield start
        for server in servers:
            stop(server)

    @pytest.fixture(scope="session", params=[0, machine.NOBODY], ids=["root", "nobody"])
    def service(request, attacker):
        """The same as a service with a group of its own, for all tests that leave it running: a start takes long."""
        server = server_in(machine.Unit("Delegate=yes", user=request.param), attacker)
        server.start()
        server.s3().put_object(Bucket="shop", Key="k", Body=machine.ORIGINAL)
        yield server
        stop(server)
