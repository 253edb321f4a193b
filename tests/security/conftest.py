# SPDX-License-Identifier: MIT
"""Hostile scripts, plugins and clients against the real server. What all of these promise: the
attack gets an error or nothing, its neighbours get what is theirs, and the server serves on."""
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration"))

from kit.server import Server  # noqa: E402

ORIGINAL = b"the original that must not leak " * 8192


def pytest_configure(config):
    """A client in a thread that ends with an exception has tried less than its test says."""
    config.addinivalue_line("filterwarnings", "error::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture
def hostile(tmp_path, request):
    """start(scripts) -> a server with one view a script ("try-NAME"), "try-good" beside them."""
    servers = []

    def start(scripts, plugins=None, limits="cpu_ms = 500", share="", extra="",
              without=(), loops=2, pause_ms=0):
        lines = ['bucket "shop"', 'access_point "shop" { bucket = "shop" }',
                 f"limits {{ host_pause_ms = {pause_ms} }}"]  # one caller makes all attempts
        files = {f"{name}.lua": text for name, text in scripts.items()}
        files["good.lua"] = ("return function(event, object, response)\n"
                             "  local n = 0 for c in object:chunks() do n = n + #c end\n"
                             "  response:write(n)\nend\n")
        code = {name: f'file = "{name}.lua"' for name in [*scripts, "good"]}
        if plugins:
            folders = sorted({str(path.parent) for path in plugins.values()})
            lines.append("plugins { folders = { " + ", ".join(f'"{f}"' for f in folders) + " } }")
            code.update({name: f'plugin = "{path.stem}"' for name, path in plugins.items()})
        for name, source in code.items():
            own_limits = "" if name == "good" else limits  # a machine that stalls is no fault of a neighbour's
            lines.append(f'transform "{name}" {{ {source}, {share} limits = {{ {own_limits} }} }}')
            lines.append(f'object_lambda "try-{name.replace("_", "-")}" '
                         f'{{ access_point = "shop", transforms = {{ "{name}" }}, cache = false }}')
        server = Server(tmp_path / "server", config="\n".join([*lines, extra]), files=files, loops=loops)
        if without:
            plain = server.command()
            server.command = lambda: [str(request.getfixturevalue("without")), *without, "--", *plain]
        server.start()
        servers.append(server)
        server.s3().put_object(Bucket="shop", Key="k", Body=ORIGINAL)
        return server

    yield start
    for server in servers:
        assert server.stop() == 0
        server.check_logs_hold_no_secrets()


def compile_c(source, target, *flags):
    subprocess.run(["gcc", "-O1", "-I", str(ROOT / "include"), "-o", str(target), str(source),
                    *flags], check=True)
    target.chmod(0o755)
    return target


@pytest.fixture
def plugin_file(tmp_path):
    """build(name, **macros) -> plugins/NAME.c as a shared object, macros being texts."""
    def build(name, **macros):
        defines = [f'-D{key}="{value}"' for key, value in macros.items()]
        return compile_c(pathlib.Path(__file__).parent / "plugins" / f"{name}.c",
                         tmp_path / f"{name}.so", "-shared", "-fPIC", "-w", *defines)
    return build


@pytest.fixture(scope="session")
def without(tmp_path_factory):
    """A program that runs another one as if the machine lacked some walls: see without.c."""
    return compile_c(pathlib.Path(__file__).with_name("without.c"),
                     tmp_path_factory.mktemp("without") / "without", "-lseccomp")
