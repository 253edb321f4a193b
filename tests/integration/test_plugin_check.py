# SPDX-License-Identifier: MIT
"""objlens plugin check: whatever is wrong with a shared object is said in a sentence, with what helps; and a server
refuses the same file."""
import os
import struct
import subprocess

import pytest

from kit.author import GOOD, cc, objlens


def check(so, *arguments, code=1):
    return objlens("plugin", "check", str(so), *arguments, cwd=so.parent, code=code)


@pytest.fixture
def good(tmp_path):
    return cc(tmp_path, "it", GOOD.replace("LOAD", ""))


def patched(at, data):
    return lambda whole: whole[:at] + data + whole[at + len(data):]


def segments_end(whole):
    """Where the last byte that is loaded lies: (offset, size) of each PT_LOAD."""
    table, = struct.unpack_from("<Q", whole, 32)
    count, = struct.unpack_from("<H", whole, 56)
    ends = []
    for i in range(count):
        kind, _, offset, _, _, size = struct.unpack_from("<IIQQQQ", whole, table + 56 * i)
        if kind == 1:
            ends.append(offset + size)
    return max(ends)


@pytest.mark.parametrize("change, says, helps", [
    (lambda whole: b"#!/bin/sh\n" + b"no ELF" * 50, "it is no ELF file", "cc -shared -fPIC"),
    (lambda whole: b"no", "it is no ELF file", "cc -shared -fPIC"),
    (lambda whole: b"", "it is empty", None),
    (patched(4, b"\x01"), "it is a 32-bit file, this objlens has 64", "-m32"),
    (patched(18, b"\xf3\0"), "it was built for RISC-V, this machine is ", "with a compiler for it"),
    (patched(16, b"\x01\0"), "it is an object file, which is not linked yet", "-shared"),
    (patched(16, b"\x02\0"), "it is a program and no shared object", "-shared"),
    (lambda whole: whole[:40], "it is cut off: it has 40 of at least 64 bytes", "in part"),
    (lambda whole: whole[:100], "it is cut off: it has 100 of at least ", "in part"),
    (lambda whole: whole[:segments_end(whole) - 1], "it is cut off: it has ", "in part"),
    (lambda whole: whole[:-1], "it is cut off: it has ", "in part"),
    (patched(32, b"\xff" * 8), "it is cut off: it has ", "in part"),
], ids=["a script", "two bytes", "nothing", "32 bits", "another machine", "an object file", "a program", "half a header",
        "half the segments' table", "without the end of its data", "without its last byte", "a wild offset"])
def test_files_that_are_not_what_they_should_be(change, says, helps, good):
    good.write_bytes(change(good.read_bytes()))
    said = check(good)
    assert said.startswith(f"{good}: refused\n{says}"), said
    assert (helps or "") in said and "signal" not in said
    whole = objlens("run", str(good), cwd=good.parent, code=1)
    assert says in whole, "the same when it is to run"


@pytest.mark.parametrize("old, new, says, helps", [
    ("objlens_transform_v1", "another_name", "does not export objlens_transform_v1()", "nm -D"),
    ("OBJLENS_TRANSFORM_HEAD", "2, 0, sizeof(struct objlens_transform)", "built for version 2 of the transform ABI", "the header"),
    ("OBJLENS_TRANSFORM_HEAD", "1, 3, 40", "its descriptor is 40 bytes long, less than the 80", "OBJLENS_TRANSFORM_HEAD"),
    ("OBJLENS_TRANSFORM_HEAD", "1, 3, 100", "ends within the fields of version 1.2", "OBJLENS_TRANSFORM_HEAD"),
    ("OBJLENS_REENTRANT |", "0x100 |", "it needs flags 0x100", "a later objlens"),
    (".open = open_it", ".reserved = 0", "lacks one of open, write, finish and close", "OBJLENS_TRANSFORM_HEAD"),
    ('.name = "it"', '.name = ""', "has no name", "OBJLENS_TRANSFORM_HEAD"),
    ('"bytes"', '"Bytes"', "counter 1 has no name of its own", None),
    ("return &it", "return NULL", "gave no descriptor", "OBJLENS_TRANSFORM_HEAD"),
])
def test_descriptors_that_do_not_fit(old, new, says, helps, tmp_path):
    source = GOOD.replace("LOAD", "").replace(old, new)
    said = check(cc(tmp_path, "it", source, "-w"))
    assert ": refused\n" in said and says in said and (helps or "") in said, said


def test_who_may_change_it(good):
    folder = good.parent
    def is_open_to_others():
        return "\nits group or others may write to it\nchmod go-w FILE." in check(good)

    good.chmod(0o646)
    assert is_open_to_others()
    if os.geteuid() == 0:
        good.chmod(0o664)
        os.chown(good, 0, 12345)
        assert is_open_to_others()
    good.chmod(0o644)
    if os.geteuid() == 0:
        os.chown(good, 65534, -1)
        assert "\nit belongs neither to the server's user nor to root\nchown root FILE" in check(good)
        os.chown(good, 0, -1)
    assert "\nfolder" not in check(good, code=0)
    folder.chmod(0o777)
    said = check(good, code=0)
    assert "\nfolder        no server would load it from here: " in said
    assert f"its folder: {folder}: its group or others may write to it\n" in said
    folder.chmod(0o755)


def test_what_is_no_file_of_that_kind(good):
    folder = good.parent
    (folder / "folder.so").mkdir()
    os.mkfifo(folder / "pipe.so")
    assert "\nit is not a regular file\n" in check(folder / "folder.so")
    assert "\nit is not a regular file\n" in check(folder / "pipe.so")
    assert "\nit does not exist\n" in check(folder / "absent.so")
    (folder / "it.lua").write_text("return 1")
    assert "it is no shared object: objlens run tries a script" in check(folder / "it.lua")
    (folder / "link.so").symlink_to(good)
    assert "loads" in check(folder / "link.so", code=0)
    subprocess.run(["cc", "-pie", "-fPIE", "-x", "c", "-", "-o", folder / "program.so"], input=b"int main(void) { return 0; }",
                   check=True)
    said = check(folder / "program.so")
    assert "cannot dynamically load" in said and "link it with -shared" in said


def test_pins_and_signatures(good):
    folder = good.parent
    digest = subprocess.run(["sha256sum", good], capture_output=True, text=True, check=True).stdout.split()[0]
    assert "loads" in check(good, "--sha256", digest.upper(), code=0)
    said = check(good, "--sha256", "0" * 64)
    assert f"\nits SHA-256 is not the pinned one, but {digest}\nEither the file" in said
    for name in ("own", "other"):
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", folder / f"{name}.pem"], check=True)
        subprocess.run(["openssl", "pkey", "-in", folder / f"{name}.pem", "-pubout", "-out", folder / f"{name}.pub"],
                       check=True)
    assert f"\nit is not signed: {good}.sig: No such file" in check(good, "--key", "own.pub")
    subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", folder / "own.pem", "-in", good, "-out",
                    folder / "it.so.sig"], check=True)
    assert "\nsignature     good\n" in check(good, "--key", "other.pub", "--key", "own.pub", code=0)
    assert "\nits signature is by none of the keys" in check(good, "--key", "other.pub")
    signature = (folder / "it.so.sig").read_bytes()
    for wrong in (signature[:-1], signature + b"\n", b""):
        (folder / "it.so.sig").write_bytes(wrong)
        assert "is not a signature of 64 bytes" in check(good, "--key", "own.pub")
    (folder / "it.so.sig").write_bytes(bytes([signature[0] ^ 1]) + signature[1:])
    assert "by none of the keys" in check(good, "--key", "own.pub")
    (folder / "it.so.sig").write_bytes(signature)
    good.write_bytes(good.read_bytes() + b"\0")
    assert "by none of the keys" in check(good, "--key", "own.pub")
