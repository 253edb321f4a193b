# SPDX-License-Identifier: MIT
"""Runs the rows of the bench; see run.sh."""
import argparse
import pathlib
import shutil
import sys
import tempfile
import time

import rows_attacks
import rows_decrypt
import rows_encryption
import rows_fairness
import rows_formats
import rows_hop
import rows_images
import rows_memory
import rows_passthrough
import rows_policies
import rows_put
import rows_remote
import rows_transforms
import rows_views
from gauge.machine import CORES
from gauge.peers import Objlens, Peers

ROWS = {
    "passthrough": rows_passthrough.run,
    "identity": rows_transforms.run_identity,
    "pii": rows_transforms.run_pii,
    "pii-speed": rows_transforms.run_pii_speed,
    "xml": rows_formats.run_xml,
    "unpack": rows_formats.run_unpack,
    "views": rows_views.run,
    "put": rows_put.run,
    "remote": rows_remote.run,
    "policies": rows_policies.run,
    "encryption": rows_encryption.run,
    "decrypt": rows_decrypt.run,
    "memory": rows_memory.run,
    "fairness": rows_fairness.run,
    "hop": rows_hop.run,
    "images": rows_images.run,
    "attacks": rows_attacks.run,
}

CONFIG = """
bucket "bench"
access_point "bench" { bucket = "bench" }
transform "identity" { file = "identity.lua" }
-- Rows about transforms measure runs of them, not the cache.
object_lambda "identity" { access_point = "bench", transforms = { "identity" }, cache = false }
object_lambda "redacted" { access_point = "bench", transforms = { "pii" }, cache = false }
"""

IDENTITY = """-- SPDX-License-Identifier: MIT
return function(event, object, response)
  for buffer in object:chunks("buffer") do response:write(buffer) end
end
"""


class Bench:
    """What rows share: a folder, objlens on one loop, and the peers over the same files."""

    def __init__(self, rounds, seconds):
        self.rounds, self.seconds = rounds, seconds
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="objlens-bench."))
        self.root = self.folder / "files"
        self.root.mkdir()
        self.peers = Peers(self.folder / "nginx", self.root)
        self.objlens = Objlens(self.folder / "objlens", config=CONFIG,
                               files={"identity.lua": IDENTITY}, loops=1)
        try:
            self.objlens.start()
        except BaseException:
            self.peers.stop()
            raise

    def put(self, name, body):
        """The same bytes for everybody."""
        (self.root / name).write_bytes(body)
        self.objlens.s3().put_object(Bucket="bench", Key=name, Body=body)

    def stop(self):
        self.objlens.stop()
        self.peers.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", nargs="*")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    args = parser.parse_args()
    if args.list:
        print("\n".join(ROWS))
        return 0
    unknown = set(args.rows) - set(ROWS)
    if unknown:
        parser.error(f"no row {', '.join(sorted(unknown))}; see --list")
    if len(CORES) < 2:
        print("note: one core only: load and server share it, and ratios say little")
    print(f"# {time.strftime('%Y-%m-%d')}, ratios of work per CPU second of all server processes, "
          f"medians of {args.rounds} interleaved rounds of {args.seconds} s", flush=True)
    bench = Bench(args.rounds, args.seconds)
    try:
        for name in args.rows or ROWS:
            ROWS[name](bench)
    finally:
        bench.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
