#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs objlens beside its peers on this machine and prints a table of ratios.
#
#   run.sh                 every row
#   run.sh ROW...          only these (run.sh --list names them)
#   run.sh --rounds N      interleaved rounds a row, default 3
#
# Machines are noisy: read the ratios, never the absolute figures.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
examples/install.sh tests
cmake --preset release >/dev/null
cmake --build --preset release --target all policy_cost decrypt_speed pii_speed light >/dev/null
python=$(command -v /usr/bin/python3 || command -v python3)
PYTHONPATH=tests/bench:tests/integration exec "$python" tests/bench/main.py "$@"
