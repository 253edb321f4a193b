# SPDX-License-Identifier: MIT
"""A view as a folder: rclone and s3fs mount it read-only, and the tools of a shell read it. What
they say is what they say of the same files, fetched by one plain GET each."""
import os
import shutil
import subprocess

import pytest

from kit.server import ACCESS_KEY, SECRET_KEY, wait_for
from kit.views import in_ranges, orders, plain_get

TREE = {"orders.csv": 24_000_000, "notes/small.csv": 900, "notes/deep/other.csv": 300_000}


@pytest.fixture(scope="module")
def fetched(gallery, tmp_path_factory):
    """The same files by plain GETs."""
    s3, folder = gallery.s3(), tmp_path_factory.mktemp("fetched")
    for name, size in TREE.items():
        s3.put_object(Bucket="shop", Key=f"mount/{name}", Body=orders(size))
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(plain_get(gallery, "redacted", f"mount/{name}"))
    return folder


def rclone_mount(server, folder, work):
    config = work / "rclone.conf"
    config.write_text("[lens]\ntype = s3\nprovider = Other\nenv_auth = true\nregion = us-east-1\n"
                      f"endpoint = {server.endpoint}\n")
    return subprocess.Popen(
        ["rclone", "--config", str(config), "--log-file", str(work / "mount.log"),
         "--cache-dir", str(work / "cache"), "mount", "lens:redacted--ol-s3/mount", str(folder),
         "--read-only", "--use-server-modtime"], env=server.client_environment())


def s3fs_mount(server, folder, work):
    passwords = work / "passwd"
    passwords.write_text(f"{ACCESS_KEY}:{SECRET_KEY}")
    passwords.chmod(0o600)
    return subprocess.Popen(
        ["s3fs", "redacted--ol-s3:/mount", str(folder), "-f", "-o",
         f"ro,url={server.endpoint},use_path_request_style,passwd_file={passwords},retries=1,sigv4,"
         f"endpoint=us-east-1,umask=0222,logfile={work / 'mount.log'}"])


@pytest.fixture(scope="module", params=[rclone_mount, s3fs_mount], ids=["rclone", "s3fs"])
def mounted(request, gallery, fetched, tmp_path_factory):
    if not os.path.exists("/dev/fuse"):
        pytest.skip("this machine has no /dev/fuse")
    unmount = shutil.which("fusermount") or shutil.which("fusermount3")
    if not unmount:
        pytest.skip("this machine has no fusermount")
    work = tmp_path_factory.mktemp("mount")
    folder = work / "view"
    folder.mkdir()
    process = request.param(gallery, folder, work)

    def is_mounted():
        assert process.poll() is None, (work / "mount.log").read_text()
        return os.path.ismount(folder)
    wait_for(is_mounted, 30, "the mount")
    yield folder
    subprocess.run([unmount, "-u", "-z", str(folder)], check=False)
    process.wait(30)


def shell(command, folder):
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, capture_output=True,
                          timeout=120, env=dict(os.environ, LC_ALL="C"))
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("command", [
    "find . -type f | sort", "cat orders.csv", "wc -c orders.csv notes/*.csv", "tail -c 100 orders.csv",
    "tail -n 3 notes/deep/other.csv", "head -c 70 orders.csv",
    "dd if=orders.csv bs=1000 skip=9999 count=7 status=none", "sed -n 100000p orders.csv",
    "grep -rc EMAIL_ADDRESS . | sort", "grep -rn '^00000007' . | sort",
    "! grep -rq '@example.com' .", "tac notes/deep/other.csv"])
def test_a_tool_says_of_the_mount_what_it_says_of_the_files(mounted, fetched, command):
    got, wanted = shell(command, mounted), shell(command, fetched)
    assert got == wanted if len(wanted) < 10_000 else (len(got), got == wanted) == (len(wanted), True)


def test_cmp_finds_no_difference(mounted, fetched):
    for name in TREE:
        shell(f"cmp '{name}' '{fetched / name}'", mounted)


def test_reading_at_the_end_fetches_ranges(mounted, gallery, fetched):
    with in_ranges(gallery, "mount/orders.csv", 1), (mounted / "orders.csv").open("rb") as file:
        file.seek(-1000, os.SEEK_END)
        assert file.read() == (fetched / "orders.csv").read_bytes()[-1000:]


def test_nothing_can_be_written_through_it(mounted):
    for attempt in ("new", "orders.csv"):
        with pytest.raises(OSError):
            (mounted / attempt).write_bytes(b"x")
    with pytest.raises(OSError):
        (mounted / "orders.csv").unlink()
