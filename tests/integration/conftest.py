# SPDX-License-Identifier: MIT
"""Fixtures: the real binary, started on free ports in a folder of its own."""
import signal

import pytest

from kit.browser import browser  # noqa: F401 (a fixture)
from kit.js import js  # noqa: F401 (a fixture)
from kit.server import Server

# A suite that a script runs in the background inherits that SIGINT is ignored, and so would all that it starts.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def server_factory(tmp_path):
    """start(config_text=None, args=(), files={}) -> a running Server; all are stopped at the end."""
    servers = []

    def start(**options):
        folder = tmp_path / f"server{len(servers)}"
        server = Server(folder, **options)
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.stop()
        server.check_logs_hold_no_secrets()


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """One server for a whole module: bucket "shop", its access point, and the views that most
    stories need."""
    server = Server(tmp_path_factory.mktemp("shop"), config=SHOP, files=SCRIPTS)
    server.start()
    yield server
    server.stop()
    server.check_logs_hold_no_secrets()


SCRIPTS = {
    "shout.lua": """
return function(event, object, response)
  for chunk in object:chunks() do response:write(chunk:upper()) end
end
""",
    "identity.lua": """
return function(event, object, response)
  for buffer in object:chunks("buffer") do response:write(buffer) end
end
""",
    "double.lua": """
return function(event, object, response)
  for chunk in object:chunks() do response:write(chunk, chunk) end
end
""",
}

SHOP = """
bucket "shop"
access_point "shop" { bucket = "shop" }
transform "shout" { file = "shout.lua" }
transform "identity" { file = "identity.lua" }
transform "double" { file = "double.lua" }
object_lambda "shout" { access_point = "shop", transforms = { "shout" } }
object_lambda "identity" { access_point = "shop", transforms = { "identity" } }
object_lambda "double" { access_point = "shop", transforms = { "double" } }
object_lambda "redacted" { access_point = "shop", transforms = { "pii" } }
object_lambda "json" { access_point = "shop", transforms = { "xml_json" } }
object_lambda "loud-redacted" { access_point = "shop", transforms = { "pii", "shout" } }
"""
