# SPDX-License-Identifier: MIT
"""A server whose store asks a KMS for the keys of SSE-KMS objects, and what tests of it have in common."""

from encryption.mock_kms import ACCOUNT, SECRET
from kit.server import Server, json_lines, wait_for

KEYS = f'keys = {{ "alias/*", "{ACCOUNT}*" }}'
FAST = ("limits = { deadline_ms = 6000, tries_max = 3, backoff_base_ms = 5, backoff_max_ms = 20, "
        "breaker_failures = 0 }")


def keeper(url, more=FAST, keys=KEYS):
    return f"""
kms "vaults" {{ endpoint = "{url}", region = "eu-west-1", access_key = "tester",
  secret_key = env "KMS_SECRET", {keys}, {more} }}
"""


def start(folder, mock, config="", more=FAST, **options):
    """`mock` may be a URL."""
    url = getattr(mock, "url", mock)
    server = Server(folder, keeper(url, more) + config, environment={"KMS_SECRET": SECRET}, **options)
    server.secrets.append(SECRET)
    server.start()
    return server


def under(key):
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}


def audit_lines(path):
    return json_lines(path)


def audit_line(path, request_id):
    def find():
        return [line for line in audit_lines(path) if line.get("request_id") == request_id]
    return wait_for(find, 10, f"the audit's line of {request_id}")


def forget(server):
    """Reloads: what was remembered of data keys is gone."""
    import signal
    before = server.stderr_file.read_text().count("configuration reloaded")
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: server.stderr_file.read_text().count("configuration reloaded") > before, 20,
             "the reload")
