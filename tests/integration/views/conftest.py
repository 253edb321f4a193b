# SPDX-License-Identifier: MIT
"""One server for the stories that need nothing special: a loop for each core."""
import os

import pytest

from kit.server import Server
from kit.views import CONFIG, SCRIPTS


@pytest.fixture(scope="session")
def gallery(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("gallery"), config=CONFIG, files=SCRIPTS,
                    loops=os.cpu_count())
    server.start()
    yield server
    assert server.stop() == 0
    server.check_logs_hold_no_secrets()
