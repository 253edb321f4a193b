# SPDX-License-Identifier: MIT
"""The memory of a running server: data keys stand in the locked area that core files leave out, and
nowhere else; what came over the wire is wiped; no plaintext of an object is ever in that area."""
import base64
import hashlib
import os
import pathlib
import re

import pytest

from encryption.kms_server import forget, start, under
from encryption.mock_kms import ACCOUNT, SECRET, MockKms
from kit.raw import exchange, signed
from kit.server import Server, wait_for

MARK = b"plaintext-of-an-object-" * 300
MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) ")


class Memory:
    """Every readable, writable mapping of a process as it is now."""

    def __init__(self, pid):
        self.parts = []  # (bytes, flags)
        ranges, flags = [], {}
        for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
            if found := MAPPING.match(line):
                ranges.append((int(found[1], 16), int(found[2], 16), found[3]))
            elif line.startswith("VmFlags:"):
                flags[ranges[-1][0]] = line.split()[1:]
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            for first, last, mode in ranges:
                if mode.startswith("rw") and last - first < 1 << 34:
                    self.read(memory, first, last, flags.get(first, []))

    def read(self, memory, first, last, flags):
        step = 1 << 24
        for at in range(first, last, step):
            try:
                memory.seek(at)
                self.parts.append((memory.read(min(step, last - at)), flags))
            except OSError:
                pass  # never touched

    def flags_of(self, text):
        return [flags for data, flags in self.parts if text in data]

    def secret_parts(self):
        return [data for data, flags in self.parts if "lo" in flags and "dd" in flags]


@pytest.fixture
def mock():
    mock = MockKms()
    mock.new_key("k1")
    mock.given = []
    real = mock.operate

    def operate(operation, asked):
        answer = real(operation, asked)
        if "Plaintext" in answer:
            mock.given.append(answer["Plaintext"])
        return answer
    mock.operate = operate
    yield mock
    mock.close()


def memory_of(server):
    try:
        return Memory(server.process.pid)
    except PermissionError:
        pytest.skip("the memory of another process cannot be read here (ptrace)")


def is_locked_only(memory, key):
    found = memory.flags_of(key)
    return all("lo" in flags and "dd" in flags for flags in found)


def text_is_gone(server, texts):
    """Buffers of connections may take a moment to be given back."""
    memory = memory_of(server)
    return not any(memory.flags_of(text.encode()[:40]) for text in texts)


def test_where_data_keys_are(tmp_path, mock):
    server = start(tmp_path, mock, 'bucket "keys-bucket"', loops=1)
    s3 = server.s3()
    s3.put_object(Bucket="keys-bucket", Key="x", Body=MARK, **under(ACCOUNT + "key/k1"))
    forget(server)
    assert s3.get_object(Bucket="keys-bucket", Key="x")["Body"].read() == MARK
    assert len(set(mock.given)) == 1 and len(mock.given) == 2
    key = base64.b64decode(mock.given[0])
    memory = memory_of(server)
    assert memory.flags_of(key), "remembered, so it must be somewhere: else this test sees nothing"
    assert is_locked_only(memory, key)
    wait_for(lambda: text_is_gone(server, mock.given), 10, "the text of the answers to be wiped")
    assert memory.secret_parts() and not any(MARK[:46] in part for part in memory.secret_parts())
    # Credentials of the KMS stand where the configuration is, wiped with it, and never in a core file.
    assert pathlib.Path(f"/proc/{server.process.pid}/limits").read_text().split(
        "Max core file size")[1].split()[0] == "0"
    forget(server)
    wait_for(lambda: not memory_of(server).flags_of(key), 10, "the key to be gone")
    assert server.stop() == 0


def test_the_local_keyring(tmp_path):
    """Master keys: text of the file nowhere, the material in locked memory alone."""
    server = Server(tmp_path, 'bucket "keys-bucket"', loops=1)
    server.start()
    s3 = server.s3()
    s3.put_object(Bucket="keys-bucket", Key="x", Body=MARK, ServerSideEncryption="AES256")
    assert s3.get_object(Bucket="keys-bucket", Key="x")["Body"].read() == MARK
    version = next(line for line in (server.data / "keyring").read_text().splitlines()
                   if line.startswith("version "))
    text = version.split()[-1]
    memory = memory_of(server)
    assert memory.flags_of(base64.b64decode(text)) and is_locked_only(memory, base64.b64decode(text))
    assert not memory.flags_of(text.encode()[:40])
    assert not any(MARK[:46] in part for part in memory.secret_parts())
    assert server.stop() == 0


def test_keys_of_customers(tmp_path):
    """Sent where they are used, where they are refused, and where they mean nothing: the text and the
    key are gone when the request is over."""
    server = Server(tmp_path, 'bucket "keys-bucket"\nsse_c_over_http = true', loops=1)
    server.start()
    key = os.urandom(32)
    text = base64.b64encode(key).decode()
    trio = {"x-amz-server-side-encryption-customer-algorithm": "AES256",
            "x-amz-server-side-encryption-customer-key": text,
            "x-amz-server-side-encryption-customer-key-MD5":
                base64.b64encode(hashlib.md5(key).digest()).decode()}
    asked = [("PUT", "/keys-bucket/x", {}, 200), ("GET", "/keys-bucket/x", {}, 200),
             ("PUT", "/keys-bucket/y", {"secret_key": "wrong"}, 403),
             ("GET", "/keys-bucket?list-type=2", {}, 200), ("DELETE", "/keys-bucket/none", {}, 204),
             ("GET", "/no-such-bucket/x", {}, 404)]
    for method, path, how, status in asked:
        body = MARK if method == "PUT" else b""
        answer = exchange(server, signed(server, method, path, headers=trio, body=body, **how))
        assert answer.status == status, (method, path, answer.body)
        wait_for(lambda: not memory_of(server).flags_of(text[:40].encode()), 10, f"the text of {method} {path} to go")
        assert is_locked_only(memory_of(server), key)
    assert server.stop() == 0
