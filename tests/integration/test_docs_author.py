# SPDX-License-Identifier: MIT
"""What the pages for authors show beside their console examples: fragments of C compile, fragments of configuration
serve, pins and signatures included, and the README of a new transform is true."""
import hashlib
import os
import re
import shutil
import subprocess

import pytest

from kit.author import objlens
from kit.raw import get
from kit.server import OBJLENS, ROOT, Server

PLUGINS = "/usr/local/lib/objlens/plugins"


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / "docs" / page).read_text(), re.M | re.S)


# ---- C ----

AROUND = """
#include <objlens/transform.h>
#include <stdio.h>
#include <stdlib.h>
struct mask_config { int keep; };
int mask_parse(struct mask_config *made, const void *payload, size_t size);
#define CALLBACKS(name) \\
    int name##_open(const struct objlens_host *host, struct objlens_call *call, void **instance); \\
    int name##_write(void *instance, const void *bytes, size_t size); \\
    int name##_finish(void *instance); \\
    void name##_close(void *instance);
CALLBACKS(mask)
CALLBACKS(number)
"""


def test_fragments_in_c_compile(tmp_path):
    found = blocks("plugin_abi.md", "c")
    assert len(found) >= 3
    for number, text in enumerate(found):
        (tmp_path / f"{number}.c").write_text(AROUND + text)
        subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wno-unused", "-Wno-missing-field-initializers",
                        "-Werror", "-fsyntax-only", "-I", ROOT / "include", tmp_path / f"{number}.c"], check=True)


# ---- configuration ----

@pytest.fixture
def desk(tmp_path):
    """start(fragment) -> a server with it, where "logs" and "notes" are access points and number_lines.so is in the folder
    that the page names (another one, here)."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    so = folder / "number_lines.so"
    subprocess.run(["cc", "-std=c11", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-I", ROOT / "include", "-o", so,
                    ROOT / "examples/c/number_lines.c"], check=True)
    so.chmod(0o644)
    servers = []

    def start(*fragments, code=0):
        text = "\n".join(fragments).replace(PLUGINS, str(folder))
        server = Server(tmp_path / f"server{len(servers)}", config=f"""
bucket "logs"
access_point "logs" {{ bucket = "logs" }}
access_point "notes" {{ bucket = "logs" }}
{text}
""", files={"shout.lua": blocks("transforms.md", "lua")[0]})
        if (tmp_path / "release.pub.pem").exists():
            shutil.copy(tmp_path / "release.pub.pem", server.folder)
        if code:
            done = subprocess.run([OBJLENS, "check", "objlens.lua"], cwd=server.folder, env=server.environment,
                                  capture_output=True, text=True, timeout=60)
            assert done.returncode == code, done
            return done.stderr
        server.start()
        servers.append(server)
        server.s3().put_object(Bucket="logs", Key="k", Body=b"one\ntwo\n")
        return server

    yield start, so
    for server in servers:
        assert server.stop() == 0


def fragments():
    """(serving, pinned, signed) of the page."""
    found = [text for text in blocks("plugin_abi.md", "lua") if not text.startswith("--")]
    assert len(found) == 3
    return found


def test_a_script_is_served_as_the_page_says(desk):
    start, _ = desk
    found = [text for text in blocks("transforms.md", "lua") if not re.match(r"-- \w+\.lua", text)]
    assert len(found) == 1
    assert get(start(found[0]), "/loud--ol-s3/k").body == b"ONE\nTWO\n"


def test_a_plugin_is_served_as_the_page_says(desk):
    start, _ = desk
    assert get(start(fragments()[0]), "/numbered-logs--ol-s3/k").body == b"     1\tone\n     2\ttwo\n"


def test_a_pin_holds_as_the_page_says(desk):
    start, so = desk
    serving, pinned, _ = fragments()
    whole = re.sub(r'^transform "numbered".*\n', lambda _: pinned, serving, flags=re.M)
    digest = hashlib.sha256(so.read_bytes()).hexdigest()
    assert get(start(whole.replace("4f0c…", digest)), "/numbered-logs--ol-s3/k").status == 200
    so.write_bytes(so.read_bytes() + b"\0")
    assert "its SHA-256 is not the pinned one" in start(whole.replace("4f0c…", digest), code=1)


def test_a_signature_holds_as_the_page_says(desk, tmp_path):
    start, so = desk
    serving, _, signed = fragments()
    whole = re.sub(r"^plugins .*\n", lambda _: signed, serving, flags=re.M)
    page = (ROOT / "docs/plugin_abi.md").read_text()
    shutil.copy(so, tmp_path)
    for command in re.findall(r"^\$ (openssl .*)$", page, re.M):
        subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True, capture_output=True)
    assert "it is not signed" in start(whole, code=1)
    shutil.copy(tmp_path / "number_lines.so.sig", f"{so}.sig")
    assert get(start(whole), "/numbered-logs--ol-s3/k").status == 200
    so.write_bytes(so.read_bytes() + b"\0")
    assert "its signature is by none of the keys" in start(whole, code=1)


# ---- the README of a new transform ----

@pytest.mark.parametrize("language", ["lua", "c"])
def test_the_readme_of_a_new_transform_is_true(language, tmp_path):
    objlens("new", language, "mask", cwd=tmp_path)
    folder = tmp_path / "mask"
    text = (folder / "README.md").read_text()
    commands = [line.strip() for line in re.findall(r"^    (.*)$", text, re.M) if not re.match(r"(plugins|transform|object_lambda) ", line)]
    assert len(commands) >= 5
    environment = dict(os.environ, PATH=f"{OBJLENS.parent}:{os.environ['PATH']}")
    for command in commands:
        if "--watch" in command:
            continue  # never ends; test_kit_cases.py has it
        done = subprocess.run(["bash", "-o", "pipefail", "-c", command.replace("bench", "bench --seconds 1")], cwd=folder,
                              env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, (command, done.stderr)
        if "--event" in command:
            assert done.stderr.startswith("status: 200\n") and "************1111" in done.stdout
    config = "\n".join(re.findall(r"^    ((?:plugins|transform|object_lambda) .*)$", text, re.M))
    assert config.count("\n") == (1 if language == "lua" else 2)
    # `objlens check` looks at it as a server would.
    folder.chmod(0o755)
    (folder / f"mask.{'lua' if language == 'lua' else 'so'}").chmod(0o644)
    (folder / "check.lua").write_text(f"""
root {{ access_key = "key", secret_key = "secret-secret-secret" }}
bucket "logs"
access_point "logs" {{ bucket = "logs" }}
{config.replace(PLUGINS, str(folder)).replace("ACCESS-POINT", "logs")}
""")
    assert "check.lua: ok" in objlens("check", "check.lua", cwd=folder)
