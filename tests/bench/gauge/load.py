# SPDX-License-Identifier: MIT
"""Load: wrk with signed requests, and slow readers of one's own."""
import json
import pathlib
import re
import subprocess
import tempfile

import botocore.auth
import botocore.awsrequest
import botocore.credentials

from gauge.machine import LOAD_CORE, cpu_seconds, pinned
from kit.server import ACCESS_KEY, SECRET_KEY

class Unsigned(botocore.auth.S3SigV4Auth):
    """Signs the head alone: the body is not read for it."""

    def payload(self, request):
        return "UNSIGNED-PAYLOAD"


def signed_headers(method, url, access_key=ACCESS_KEY, secret_key=SECRET_KEY):
    """Headers of a SigV4 request; good for 15 minutes."""
    request = botocore.awsrequest.AWSRequest(method=method, url=url)
    Unsigned(botocore.credentials.Credentials(access_key, secret_key), "s3",
             "us-east-1").add_auth(request)
    return dict(request.headers.items())


def wrk(url, connections, seconds, headers=None, script=None):
    """{"requests", "bytes", "seconds", "errors", "p50_ms", "p99_ms"} of one run."""
    report = """
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('RESULT {"requests":%d,"bytes":%d,"seconds":%f,"errors":%d,"p50_ms":%f,"p99_ms":%f}\\n',
    summary.requests, summary.bytes, summary.duration / 1e6,
    e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
"""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as lua:
        lua.write((script or "") + report)
        lua.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s",
                   "-s", lua.name]
        for name, value in (headers or {}).items():
            command += ["-H", f"{name}: {value}"]
        out = subprocess.run(pinned(LOAD_CORE, [*command, url]), check=True, capture_output=True,
                             text=True).stdout
    found = re.search(r"^RESULT (.*)$", out, re.M)
    assert found, out
    return json.loads(found.group(1))


def replayed(requests):
    """A wrk script that sends these raw requests in turn."""
    path = pathlib.Path(tempfile.mkdtemp()) / "requests"
    path.write_bytes(b"\0".join(requests))
    return f"""
local all, n, i = {{}}, 0, 0
for one in (io.open("{path}", "rb"):read("*a") .. "\\0"):gmatch("(.-)%z") do n = n + 1; all[n] = one end
request = function() i = i % n + 1; return all[i] end
"""


def raw_request(method, url, headers, body=b""):
    host, path = re.match(r"http://([^/]+)(/.*)", url).groups()
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers.items() if name.lower() != "host"]
    if method == "PUT":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Cost:
    """One run against one server, with what it cost in CPU."""

    def __init__(self, pid, run):
        before = cpu_seconds(pid)
        self.result = run()
        self.cpu = cpu_seconds(pid) - before
        assert self.result["errors"] == 0, self.result
        self.requests_a_cpu_second = self.result["requests"] / self.cpu
        self.bytes_a_cpu_second = self.result["bytes"] / self.cpu
        self.core_share = self.cpu / self.result["seconds"]
