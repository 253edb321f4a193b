# SPDX-License-Identifier: MIT
"""examples/mount: redacted data as a folder, in one command."""
import os
import shutil
import signal
import subprocess

import pytest

from kit.server import OBJLENS, ROOT, wait_for
from kit.views import orders

SCRIPT = ROOT / "examples" / "mount" / "mount.sh"


@pytest.fixture
def command(tmp_path):
    if not os.path.exists("/dev/fuse"):
        pytest.skip("this machine has no /dev/fuse")
    if not (shutil.which("fusermount") or shutil.which("fusermount3")):
        pytest.skip("this machine has no fusermount")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    return {"cwd": tmp_path, "env": dict(environment, OBJLENS=str(OBJLENS), TMPDIR=str(tmp_path))}


def left(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith("objlens-mount")]


@pytest.mark.parametrize("with_", ["rclone", "s3fs"])
def test_once_shows_redacted_data_and_leaves_nothing_behind(command, tmp_path, with_):
    done = subprocess.run([SCRIPT, "--with", with_, "--once", "view"], **command, capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "[EMAIL_ADDRESS],[CREDIT_CARD],[US_SSN]" in done.stdout
    assert "orders.csv" in done.stdout and "@example" not in done.stdout
    assert not os.path.ismount(tmp_path / "view") and left(tmp_path) == []


@pytest.mark.parametrize("with_", ["rclone", "s3fs"])
def test_it_stays_until_it_is_interrupted(command, tmp_path, gallery, with_):
    gallery.s3().put_object(Bucket="shop", Key="stays.csv", Body=orders(1000))
    command["env"].update((k, v) for k, v in gallery.client_environment().items() if k.startswith("AWS_"))
    process = subprocess.Popen([SCRIPT, "--with", with_, "--endpoint", gallery.endpoint, "--view",
                                "redacted--ol-s3", "view"], **command)
    try:
        wait_for(lambda: os.path.ismount(tmp_path / "view"), 30, "the mount")
        assert b"[EMAIL_ADDRESS]" in (tmp_path / "view" / "stays.csv").read_bytes()
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert not os.path.ismount(tmp_path / "view") and left(tmp_path) == []


@pytest.mark.parametrize("arguments", [[], ["--with", "nfs", "view"], ["--view", "x--ol-s3", "view"], ["a", "b"]])
def test_wrong_words_are_refused(command, arguments):
    done = subprocess.run([SCRIPT, *arguments], **command, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and "mount.sh FOLDER" in done.stderr
