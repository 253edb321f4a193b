#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs a unit test under valgrind; the build is one without sanitizers (cmake --preset debug).
# Fails when the test does, when memory is read that nobody has written, and for definite leaks.
#
#   memcheck.sh build/debug/tests/transform_shared_test_image [FURTHER_ARGUMENTS]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
command -v valgrind >/dev/null || { echo "memcheck.sh: valgrind is not installed: examples/install.sh tests" >&2; exit 2; }
exec valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
    --num-callers=30 --suppressions="$here/memcheck.supp" "$@"
