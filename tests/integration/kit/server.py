# SPDX-License-Identifier: MIT
"""Starts and stops the real server, and speaks to it."""
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import boto3
import botocore.config

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("OBJLENS_BUILD", ROOT / "build" / "release"))
OBJLENS = BUILD / "objlens"


def sanitized():
    cache = BUILD / "CMakeCache.txt"
    return cache.exists() and bool(re.search(r"^OBJLENS_SANITIZE:\w+=.", cache.read_text(), re.MULTILINE))


# Built with sanitizers: slower, with freed memory held back, and with walls that leave them what they need
# to report at all (runtime/transform/host/sandbox.h).
SANITIZED = sanitized()

# Every transform runs inline instead of in a process of its own: the same tests, once more.
INLINE = os.environ.get("OBJLENS_ISOLATION") == "inline"

ACCESS_KEY = "ROOTKEYFORTESTS"
SECRET_KEY = "root-secret-for-tests-0123456789"

# The first clients of a process must not be made by several threads at once (botocore's ComponentLocator).
boto3.client("s3", region_name="us-east-1", endpoint_url="http://127.0.0.1:1", aws_access_key_id="none",
             aws_secret_access_key="none")


# These do not run inline.
NEED_A_PROCESS = {"image", "xml_json"}


def inline(config):
    """The same configuration with `isolation = "inline"` in each transform that can, also in those that
    ship and have no block. (Plugins would have to be pinned: they stay as they are.)"""
    config = re.sub(rf'(transform "(?!(?:{"|".join(NEED_A_PROCESS)})")[^"]+" \{{)(?! plugin)', r'\1 isolation = "inline",', config)
    given = set(re.findall(r'transform "([^"]+)"', config))
    # What a payload says is no name.
    bare = re.sub(r'\[\[.*?\]\]|payload = "[^"]*"', '', config, flags=re.DOTALL)
    used = {name for names in re.findall(r"transforms = \{([^}]*)\}", bare) for name in re.findall(r'"([^"]+)"', names)}
    blocks = [f'transform "{name}" {{ isolation = "inline" }}' for name in sorted(used - given - NEED_A_PROCESS)]
    return "\n".join([config, *blocks])


# Below those that the kernel gives to connections as they are made (ip_local_port_range), at any moment between a look
# and the bind that follows; and each worker of a run (pytest-xdist) has a part of its own.
PORTS_FIRST, PORTS_END = 10000, 32000


def ports_of_worker():
    """Without end, in order, from somewhere: what was given comes again as late as can be."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    count = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
    size = (PORTS_END - PORTS_FIRST) // count
    # One that takes a dead worker's place has a number of its own, beyond the count.
    first, at = PORTS_FIRST + number % count * size, random.SystemRandom().randrange(size)
    while True:
        yield first + at
        at = (at + 1) % size


PORTS = ports_of_worker()


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def free_port():
    """A port that nobody has; the caller binds it soon."""
    return next(port for port in PORTS if is_free(port))


def free_ports():
    """The first of two neighbours, for a server whose command line names the first alone."""
    one = free_port()
    while (two := free_port()) != one + 1:
        one = two
    return one


def json_lines(path):
    """Of a log that is being written: the lines that are whole."""
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]] if path.exists() else []


def wait_for(condition, seconds=20.0, what="the condition"):
    """Polls until condition() is true; its value is returned."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.01)


class Server:
    """`config` is the body of an objlens.lua without listeners, data folder and root keys, which
    are added here; `files` are written beside it. `args` instead of a config start the server
    from the command line alone; `arguments` go beside it."""

    def __init__(self, folder, config=None, files=None, args=None, environment=None, loops=2, arguments=()):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data = self.folder / "data"
        self.config_file = self.folder / "objlens.lua"
        self.config = config
        self.args = args
        self.arguments = arguments
        self.loops = loops
        self.port = free_ports() if args is not None else free_port()
        self.admin_port = free_port() if args is None else self.port + 1
        self.environment = dict(os.environ, **(environment or {}))
        self.environment.update(OBJLENS_ACCESS_KEY=ACCESS_KEY, OBJLENS_SECRET_KEY=SECRET_KEY)
        self.secrets = [SECRET_KEY]
        self.process = None
        self.stderr_file = self.folder / "server.log"
        self.access_log = self.folder / "access.log"
        self.transform_log = self.folder / "transforms.log"
        for name, text in (files or {}).items():
            self.write(name, text)
        if config is not None:
            self.write_config(config)

    # ---- files ----

    def write(self, name, text):
        """Renamed into place, as an editor should."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(path.name + ".new")
        new.write_text(text)
        new.chmod(0o644)
        new.rename(path)
        return path

    def write_config(self, config):
        config = inline(config) if INLINE else config
        self.write("objlens.lua", f"""
data = "{self.data}"
loops = {self.loops}
listen "127.0.0.1:{self.port}"
admin "127.0.0.1:{self.admin_port}"
root {{ access_key = env "OBJLENS_ACCESS_KEY", secret_key = env "OBJLENS_SECRET_KEY" }}
logs {{ access = "{self.access_log}", transforms = "{self.transform_log}" }}
{config}
""")

    # ---- life ----

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def command(self):
        if self.args is not None:
            return [str(OBJLENS), "serve", "--data", str(self.data),
                    "--listen", f"127.0.0.1:{self.port}", *self.args]
        return [str(OBJLENS), "serve", str(self.config_file), *self.arguments]

    def start(self, wait=True):
        with self.stderr_file.open("ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, env=self.environment,
                                            cwd=self.folder)
        if wait:
            wait_for(self.is_ready, 60, "the server to be ready")

    def is_ready(self):
        assert self.process.poll() is None, self.stderr_file.read_text()
        try:
            return self.admin("/-/ready")[0] == 200
        except OSError:
            return False

    def stop(self, sig=signal.SIGTERM):
        """The exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(sig)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def kill(self):
        self.process.kill()
        self.process.wait()

    def hosts(self):
        """Process ids of the transform hosts."""
        found = []
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
                if int(fields[1]) == self.process.pid:
                    found.append(int(stat.parent.name))
            except (OSError, IndexError):
                pass
        return found

    # ---- talking to it ----

    def s3(self, access_key=ACCESS_KEY, secret_key=SECRET_KEY, **config):
        options = {"signature_version": "s3v4", "s3": {"addressing_style": "path"},
                   "retries": {"max_attempts": 0}, "read_timeout": 60}
        options.update(config)
        return boto3.client("s3", endpoint_url=self.endpoint, region_name="us-east-1",
                            aws_access_key_id=access_key, aws_secret_access_key=secret_key,
                            config=botocore.config.Config(**options))

    def client_environment(self, access_key=ACCESS_KEY, secret_key=SECRET_KEY):
        """For awscli and others that read AWS_* variables."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        return dict(kept, AWS_ACCESS_KEY_ID=access_key, AWS_SECRET_ACCESS_KEY=secret_key,
                    AWS_DEFAULT_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true",
                    AWS_PAGER="", AWS_CONFIG_FILE="/dev/null",
                    AWS_SHARED_CREDENTIALS_FILE="/dev/null")

    def admin(self, path, method="GET"):
        request = urllib.request.Request(f"http://127.0.0.1:{self.admin_port}{path}", method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def admin_or_gone(self, path):
        """The status, or None once nobody listens."""
        try:
            return self.admin(path)[0]
        except OSError:
            return None

    def metric(self, name):
        _, text = self.admin("/-/metrics")
        for line in text.splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        raise AssertionError(f"no metric {name}")

    def access_lines(self):
        return json_lines(self.access_log)

    def access_line(self, request_id):
        """The line of one request, waited for."""
        def find():
            return [l for l in self.access_lines() if l.get("request_id") == request_id]
        return wait_for(find, 10, f"the access-log line of {request_id}")[0]

    def check_logs_hold_no_secrets(self):
        for path in (self.stderr_file, self.access_log, self.transform_log):
            if not path.exists():
                continue
            text = path.read_bytes()
            for secret in self.secrets:
                assert secret.encode() not in text, f"a secret is in {path.name}"
            assert b"Signature=" not in text, f"a signature is in {path.name}"
