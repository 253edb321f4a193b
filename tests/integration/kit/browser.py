# SPDX-License-Identifier: MIT
"""Headless Chromium: shows a page of an origin of its own, which reports what it saw."""
import http.server
import json
import shutil
import subprocess
import threading

import pytest

REPORT = """<script>
const report = (seen) => fetch("/report", { method: "POST", body: JSON.stringify(seen) });
addEventListener("error", (event) => report({ failed: String(event.message) }));
addEventListener("unhandledrejection", (event) => report({ failed: String(event.reason) }));
</script>"""


class Pages(http.server.BaseHTTPRequestHandler):
    """One page, and where it reports to."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.server.page.encode())

    def do_POST(self):
        self.server.report = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()
        self.server.reported.set()

    def log_message(self, *arguments):
        pass


class Browser:
    def __init__(self, folder):
        self.chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        if not self.chromium:
            pytest.skip("chromium is not on this machine")
        self.folder = folder
        self.pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        threading.Thread(target=self.pages.serve_forever, daemon=True).start()

    def show(self, page, seconds=120):
        """What the page says by report(…)."""
        self.pages.page, self.pages.reported = "<!doctype html>" + REPORT + page, threading.Event()
        log = self.folder / "chromium.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [self.chromium, "--headless", "--no-sandbox", "--disable-gpu",
                 "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required",
                 f"--user-data-dir={self.folder / 'profile'}", "--remote-debugging-port=0",
                 f"http://127.0.0.1:{self.pages.server_port}/"], stdout=out, stderr=out)
        try:
            assert self.pages.reported.wait(seconds), log.read_text()
        finally:
            process.terminate()
            process.wait()
        assert "failed" not in self.pages.report, self.pages.report
        return self.pages.report

    def close(self):
        self.pages.shutdown()
        self.pages.server_close()


@pytest.fixture
def browser(tmp_path):
    chromium = Browser(tmp_path)
    yield chromium
    chromium.close()
