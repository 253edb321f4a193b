# SPDX-License-Identifier: MIT
"""What encryption at rest costs: GETs of SSE-S3, SSE-KMS and DSSE objects against the same object
plain, by work per CPU second; and the bytes opened against OpenSSL's own figure for AES-256-GCM."""
import os
import re
import subprocess

from gauge.load import Cost, signed_headers, wrk
from gauge.machine import LOAD_CORE, median, pinned
from gauge.table import print_fact, print_row

SIZES = [  # name, bytes, connections, figure, what SSE-S3 is to reach of plain
    ("1KiB", 1 << 10, 64, "requests_a_cpu_second", None),
    ("64KiB", 64 << 10, 64, "requests_a_cpu_second", None),
    ("64MiB", 64 << 20, 4, "bytes_a_cpu_second", 0.85),
]
MODES = {"plain": {}, "SSE-S3": {"ServerSideEncryption": "AES256"},
         "SSE-KMS": {"ServerSideEncryption": "aws:kms"}, "DSSE": {"ServerSideEncryption": "aws:kms:dsse"}}


def openssl_rate(seconds):
    """Bytes a second, one core, blocks of 64 KiB."""
    out = subprocess.run(pinned(LOAD_CORE, ["openssl", "speed", "-seconds", str(seconds), "-bytes", "65536",
                                            "-decrypt", "-evp", "aes-256-gcm"]),
                         capture_output=True, text=True, check=True).stdout
    return float(re.search(r"AES-256-GCM\s+([\d.]+)k", out, re.I).group(1)) * 1000


def cost(bench, key, connections):
    url = f"{bench.objlens.endpoint}/bench/{key}"
    return Cost(bench.objlens.pid, lambda: wrk(url, connections, bench.seconds, signed_headers("GET", url)))


def run(bench):
    s3 = bench.objlens.s3()
    for name, size, connections, figure, goal in SIZES:
        body = os.urandom(size)
        for mode, headers in MODES.items():
            s3.put_object(Bucket="bench", Key=f"{mode}/{name}", Body=body, **headers)
        found = {mode: [] for mode in MODES}
        openssl = []
        for _ in range(bench.rounds):
            for mode in MODES:
                found[mode].append(getattr(cost(bench, f"{mode}/{name}", connections), figure))
            if goal:
                openssl.append(openssl_rate(bench.seconds))
        plain = median(found["plain"])
        for mode in list(MODES)[1:]:
            print_row(f"GET {name} {mode}", "plain", median(found[mode]) / plain,
                      goal if mode == "SSE-S3" else None)
        if goal:
            # What the sealed GET takes beyond the plain one, in bytes a second, is what opening costs.
            opening = 1 / (1 / median(found["SSE-S3"]) - 1 / plain)
            print_row(f"opening in a GET of {name}", "openssl speed", opening / median(openssl), 0.8)
            print_fact("AES-256-GCM by openssl speed, 64 KiB", f"{median(openssl) / 1e9:.2f} GB/s")
