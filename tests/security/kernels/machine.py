# SPDX-License-Identifier: MIT
"""What the tests of this folder share: the places in which a server is started, and what it serves there."""
import itertools
import os
import pathlib
import subprocess

from kit.raw import get
from kit.server import OBJLENS, Server, wait_for
from test_escapes import end_of

ROOT = pathlib.Path(__file__).resolve().parents[3]
GROUPS = pathlib.Path("/sys/fs/cgroup")
UNITS = pathlib.Path("/run/systemd/system")
NOBODY = 65534
ORIGINAL = b"the original that must not leak " * 8192
FILES = {"good.lua": "return function(event, object, response)\n"
                     "  local n = 0 for c in object:chunks() do n = n + #c end\n"
                     "  response:write(n)\nend\n"}
ESCAPES = ("open_file", "socket_inet", "fork_it", "run_shell", "kill_server", "start_thread", "read_server_memory")
ATTEMPTS = (*ESCAPES, "memory_bomb", "shared_memory_bomb")
numbers = itertools.count()


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300,
                          **{"check": True, **options})


def config(attacker):
    """A view an attempt. The plugin is pinned, so that it is loaded without Landlock too."""
    path, digest = attacker
    lines = ['limits { transform = { unyieldable_ms = 5000 } }', # processors that are emulated are slow
             'bucket "shop"', 'access_point "shop" { bucket = "shop" }',
             f'plugins {{ folders = {{ "{path.parent}" }} }}', 'transform "good" { file = "good.lua" }',
             f'transform "escape" {{ plugin = "{path.stem}", sha256 = "{digest}", '
             'limits = { cpu_ms = 20000, wall_ms = 60000, memory_bytes = "32 MiB" } }']
    for name in ("good", "pii"):
        lines.append(f'object_lambda "try-{name}" '
                     f'{{ access_point = "shop", transforms = {{ "{name}" }}, cache = false }}')
    for name in ATTEMPTS:
        lines.append(f'object_lambda "do-{name.replace("_", "-")}" {{ access_point = "shop", cache = false, '
                     f'transforms = {{ {{ "escape", payload = "{name}" }} }} }}')
    return "\n".join(lines) + "\n"


def attempt(server, name):
    """How it ended; it must not have got anywhere."""
    answer = get(server, f"/do-{name.replace('_', '-')}--ol-s3/k")
    assert b"original that" not in answer.raw and b"got through" not in answer.raw, name
    return end_of(server, answer)


def walls_of(text):
    """Of `check --sandbox`: those that hold."""
    rows = [line.split() for line in text.splitlines() if line[:1].islower()]
    return {row[0] for row in rows if len(row) > 1 and row[1] == "holds"}


class Place:
    """A machine, a container or a user that lacks something: a shell script that makes it so and then becomes
    the command. `user`: who the server is."""

    def __init__(self, script="", user=0, capabilities=True):
        self.user = user
        self.prefix = ["/usr/bin/unshare", "--mount", "/bin/sh", "-ec", f'{script}\nexec "$@"', "place"]
        if user:
            self.prefix += ["/usr/bin/setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        elif not capabilities:
            self.prefix += ["/usr/bin/setpriv", "--inh-caps=-all", "--bounding-set=-all"]

    def check(self):
        return run(*self.prefix, OBJLENS, "check", "--sandbox", check=False)

    def server(self, folder, text, files):
        server = Server(folder, config=text, files=files)
        for path in (folder, *folder.iterdir()):
            os.chown(path, self.user, self.user)
        plain = server.command()
        server.command = lambda: [*self.prefix, *plain]
        return server


def children_of(parent):
    children = pathlib.Path(f"/proc/{parent}/task").glob("*/children")
    return [int(pid) for file in children for pid in file.read_text().split()]


class UnitServer(Server):
    """The server as a service of systemd."""

    def __init__(self, unit, folder, text, files):
        super().__init__(folder, config=text, files=files)
        self.unit = unit

    def start(self, wait=True):
        keys = [f"Environment={name}={self.environment[name]}" for name in self.environment
                if name.startswith("OBJLENS_")]
        self.unit.write("Type=exec", f"WorkingDirectory={self.folder}", *keys,
                        f"ExecStart={' '.join(self.command())}", f"StandardOutput=append:{self.stderr_file}",
                        "StandardError=inherit")
        self.unit.start()
        self.process = self.unit
        if wait:
            wait_for(self.is_ready, 60, "the server to be ready")

    def hosts(self):
        """Asks systemd once, and not for each process of the machine."""
        return children_of(self.unit.pid)

    def stop(self, sig=None):
        if self.unit.poll() is None:
            run("systemctl", "stop", self.unit.name)
        return int(self.unit.show("ExecMainStatus"))


class Unit:
    """A service of systemd with some settings; its `group` is the folder of its control group."""

    def __init__(self, *settings, user=0):
        self.name = f"place-{next(numbers)}.service"
        self.settings = [*settings, *([f"User={user}"] if user else [])]
        self.user = user
        self.group = GROUPS / "system.slice" / self.name

    def write(self, *more):
        (UNITS / self.name).write_text("\n".join(["[Unit]", "DefaultDependencies=no", "[Service]",
                                                  *self.settings, *more, ""]))
        run("systemctl", "daemon-reload")

    def start(self):
        return run("systemctl", "start", self.name, check=False)

    def show(self, what):
        return run("systemctl", "show", "--value", "-p", what, self.name).stdout.strip()

    @property
    def pid(self):
        return int(self.show("MainPID"))

    def poll(self):
        return None if self.show("ActiveState") in ("active", "activating") else int(self.show("ExecMainStatus"))

    def check(self):
        out = pathlib.Path(f"/run/{self.name}.out")
        self.write("Type=oneshot", f"ExecStart={OBJLENS} check --sandbox", f"StandardOutput=append:{out}",
                   "StandardError=inherit")
        done = self.start()
        return subprocess.CompletedProcess([], done.returncode, out.read_text(), "")

    def server(self, folder, text, files):
        server = UnitServer(self, folder, text, files)
        for path in (folder, *folder.iterdir()):
            os.chown(path, self.user, self.user)
        return server

    def groups(self):
        """Those of the hosts."""
        return sorted(self.group.glob("objlens-*"))
