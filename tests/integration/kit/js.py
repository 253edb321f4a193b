# SPDX-License-Identifier: MIT
"""The JavaScript SDK and its companions, from the npm registry, pinned by js/package-lock.json."""
import fcntl
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parents[1] / "js"
NETWORK_ERRORS = re.compile(r"ENOTFOUND|ECONN|ENETUNREACH|EHOSTUNREACH|EAI_AGAIN|EPIPE|EPROTO|TIMEOUT|ETIMEDOUT|"
                            r"E50\d|E429|ERR_STREAM_PREMATURE_CLOSE|socket hang up|Exit handler never called")


def node_major():
    if not shutil.which("node") or not shutil.which("npm"):
        return 0
    text = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    return int(re.match(r"v(\d+)", text).group(1))


def install(folder):
    folder.mkdir()
    for file in HERE.iterdir():
        if file.is_file():
            shutil.copy(file, folder)
    try:
        done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-timeout=60000"],
                              cwd=folder, capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired:
        pytest.skip("the npm registry is too slow from here")
    if done.returncode != 0 and NETWORK_ERRORS.search(done.stderr):
        pytest.skip("the npm registry cannot be reached from here")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def js(tmp_path_factory):
    if node_major() < 18:
        pytest.skip("the JavaScript SDK needs node 18 and npm, which this machine lacks")
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # the run's: what one worker has installed serves the others
    folder, installed = base / "js", base / "js-installed"
    with open(base / "js-lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not installed.exists():
            shutil.rmtree(folder, ignore_errors=True)
            install(folder)
            installed.touch()

    def run(server, script, **environment):
        command = ["node", str(folder / script)]
        values = dict(os.environ)
        if server:
            values = dict(server.client_environment(), AWS_REGION="us-east-1",
                          ENDPOINT=f"http://s3.objlens.test:{server.port}")
        values.update(environment)
        answer = subprocess.run(command, cwd=folder, env=values, capture_output=True, text=True,
                                timeout=120)
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout.splitlines()[-1])
    return run
