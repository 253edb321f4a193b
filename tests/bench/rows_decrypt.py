# SPDX-License-Identifier: MIT
"""The decrypting stage against OpenSSL's own figure in the same run: AES-256-GCM in blocks of 64 KiB, MB/s
of CPU on one core. Both are asked in turns, so that a noisy neighbour hits both."""
import re
import statistics
import subprocess

from gauge.machine import LOAD_CORE, pinned
from gauge.table import print_fact
from kit.server import BUILD


def stage(seconds):
    command = pinned(LOAD_CORE, [BUILD / "tests" / "bench" / "decrypt_speed", str(seconds)])
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def openssl(seconds):
    command = pinned(LOAD_CORE, ["openssl", "speed", "-evp", "aes-256-gcm", "-decrypt", "-bytes", "65536",
                                 "-seconds", str(seconds), "-mr"])
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(re.search(r"^\+F:.*:([0-9.]+)$", text, re.M).group(1)) / 1e6


def run(bench):
    pairs = [(stage(bench.seconds), openssl(bench.seconds)) for _ in range(bench.rounds)]
    ratios = sorted(ours / theirs for ours, theirs in pairs)
    ours, theirs = (statistics.median(column) for column in zip(*pairs))
    print_fact("AES-256-GCM, 64 KiB blocks: the decrypting stage", f"{ours:.0f} MB/s")
    print_fact("… openssl speed, in turns with it", f"{theirs:.0f} MB/s")
    print_fact("… ratio (lowest, median, highest)",
               f"{ratios[0]:.2f} {statistics.median(ratios):.2f} {ratios[-1]:.2f}")
