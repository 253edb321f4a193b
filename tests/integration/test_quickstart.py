# SPDX-License-Identifier: MIT
"""The first command of the README."""
import subprocess

from kit.server import ROOT


def test_quickstart_once_shows_redacted_data_and_ends_well():
    done = subprocess.run([ROOT / "examples" / "quickstart.sh", "--once"], capture_output=True,
                          text=True, timeout=900, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "[EMAIL_ADDRESS],[CREDIT_CARD],[US_SSN]" in done.stdout
    assert '{"catalog":{"book":[{"@id":"bk1"' in done.stdout
    assert "INFO LOGIN USER=" in done.stdout
    assert all(name in done.stdout for name in ("original.png", "small.jpg", "for-ada.jpg", "for-grace.jpg"))
