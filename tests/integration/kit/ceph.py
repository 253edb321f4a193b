# SPDX-License-Identifier: MIT
"""A Ceph S3 gateway for the tests that want a real one, started once a test run."""
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from kit.server import ROOT, free_port

SCRIPT = ROOT / "tests" / "origins" / "ceph-rgw.sh"


class Ceph:
    """One cluster, two gateways."""

    def __init__(self):
        # In a folder with a short name: the daemons' sockets live in it.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="objlens-ceph-"))
        self.ports = [free_port(), free_port()]
        self.tls_port = free_port()
        self.start()
        text = subprocess.run([SCRIPT, "env", self.folder], capture_output=True, text=True,
                              check=True).stdout
        self.environment = dict(line.removeprefix("export ").split("=", 1)
                                for line in text.splitlines())
        self.access_key = self.environment["AWS_ACCESS_KEY_ID"]
        self.secret_key = self.environment["AWS_SECRET_ACCESS_KEY"]

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.ports[0]}"

    @property
    def tls_endpoint(self):
        return f"https://127.0.0.1:{self.tls_port}"

    @property
    def certificate(self):
        return self.folder / "tls" / "cert.pem"

    def start(self):
        environment = dict(os.environ, CEPH_OBJECTSTORE="memstore", CEPH_OSD_BYTES=str(2 << 30),
                           RGW_EXTRA_PORTS=str(self.ports[1]), RGW_TLS_PORT=str(self.tls_port))
        done = subprocess.run([SCRIPT, "start", self.folder, str(self.ports[0])], env=environment,
                              capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stderr

    def pid(self, daemon):
        """The process of "osd" or of the gateway on a port."""
        name = daemon if isinstance(daemon, str) else f"rgw-{daemon}"
        return int((self.folder / "run" / f"{name}.pid").read_text())

    def stop(self):
        subprocess.run([SCRIPT, "stop", self.folder], capture_output=True, timeout=120)
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def ceph():
    if not all(shutil.which(name) for name in ("radosgw", "ceph-osd", "ceph-mon")):
        pytest.skip("Ceph is not installed: examples/install.sh origins")
    cluster = Ceph()
    yield cluster
    cluster.stop()
