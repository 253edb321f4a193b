#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what is missing, builds, and runs every test. Ends with one line:
# "N passed, N failed, N skipped". Exit code 0 only when nothing failed.
#
#   run.sh            unit tests under ASan+UBSan, the threaded ones under TSan, those of the sandbox's walls
#                     without one (since walls leave a sanitizer what it needs), integration and security
#                     tests against the release build, each fuzzer for a fixed number of runs;
#                     all of them as many at a time as there are cores
#   run.sh --full     that, with all unit tests under TSan, the integration and security tests
#                     against the sanitized build as well, larger views and more ranges of them,
#                     the tests of parsers and transforms under valgrind, long fuzzer runs, the sandbox on
#                     Debian's kernels in virtual machines, and ceph/s3-tests where S3_TESTS names a checkout
#                     of it. Takes hours on two cores: a fuzzer may have 15 minutes, and two run side by side.
#
# One test alone under valgrind: cmake --preset debug, build it, tests/lib/memcheck.sh build/debug/tests/NAME
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C.UTF-8

full=false
case ${1:-} in
    --full) full=true; export OBJLENS_FULL=1 ;;
    "") ;;
    *) sed -n '3,/^set /s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac

examples/install.sh tests
examples/install.sh origins
jobs=$(nproc)
python=$(command -v /usr/bin/python3 || command -v python3)
results=$(mktemp -d)
# Where stores of the tests under TSan are, which is about threads: in memory where there is room, so that nobody waits
# for a disk. ASan's are on a disk.
quick=$results
if (($(df --output=avail -B 1M /dev/shm 2>/dev/null | tail -n 1) + 0 >= 2048)); then quick=$(mktemp -d -p /dev/shm) || quick=$results; fi
trap 'rm -rf "$results" "$quick"' EXIT
passed=0 failed=0 skipped=0

# step NAME: what follows is NAME, until the next step; phase_times says at the end what each took.
phases=()
phase_end() {
    local user system
    times >"$results/times" # of what ended: 0m1.234s 0m0.120s, in the second line that of the children
    read -r user system < <(tail -n 1 "$results/times" | tr 'ms' '  ' | awk '{ print $1 * 60 + $2, $3 * 60 + $4 }')
    phases+=("$SECONDS $user $system $1")
}
step() {
    phase_end "$*"
    printf '\n== %s\n' "$*"
}
phase_times() {
    phase_end "end"
    printf '%s\n' "${phases[@]}" | awk '
        NR > 1 { printf "%5d s, %5d s of CPU: %s\n", $1 - began, $2 + $3 - spent, name }
        { began = $1; spent = $2 + $3; name = $4; for (i = 5; i <= NF; i++) name = name " " $i }'
}
fail() { echo "run.sh: $*" >&2; failed=$((failed + 1)); }

build() { # build PRESET [TARGET...]
    step "build: $1"
    cmake --preset "$1" >"$results/cmake.log" 2>&1 || { cat "$results/cmake.log"; return 1; }
    cmake --build --preset "$1" ${2:+--target "${@:2}"} -- -j "$jobs"
}

# count_junit FILE: adds up a JUnit report and names what was skipped, and why.
count_junit() {
    local line
    line=$("$python" tests/lib/junit_counts.py "$1") || { fail "no report: $1"; return; }
    local p f s
    read -r p f s <<<"$(head -n 1 <<<"$line")"
    tail -n +2 <<<"$line"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

# unit PRESET [LABEL]: the CTest entries of a build. What no report says, ctest's exit code does (8: tests failed).
unit() {
    local before=$failed rc=0
    step "unit tests: $1${2:+, $2}"
    ctest --test-dir "build/$1" -j "$jobs" --output-on-failure --no-tests=error --test-output-size-passed 100000 ${2:+-L "$2"} \
        --output-junit "$results/unit-$1.xml" || rc=$?
    count_junit "$results/unit-$1.xml"
    ((rc == 0 || (rc == 8 && failed > before))) || fail "unit tests of $1: ctest ended with $rc"
}

# suites NAME PYTEST-ARGUMENT...: tests of a server, on as many workers as there are cores, and their count. What no report
# says, such as the death of a worker, pytest's exit code does (tests/lib/side_by_side.py).
suites() {
    local name=$1 before=$failed rc=0
    PYTHONPATH=tests/lib "$python" -m pytest -p no:cacheprovider -p side_by_side -n "$jobs" -q "${@:2}" \
        --junitxml "$results/$name.xml" || rc=$?
    count_junit "$results/$name.xml"
    ((rc == 0 || (rc == 1 && failed > before))) || fail "$name: pytest ended with $rc"
}

# black_box PRESET FOLDER: the pytest suites against a build's binary.
black_box() {
    step "$2 tests: $1"
    OBJLENS_BUILD="$PWD/build/$1" OBJLENS_UNIT_TESTS="$PWD/build/asan/tests" \
        suites "$2-$1" "tests/$2" --durations=12
}

# inline PRESET: stories about transforms once more, with isolation = "inline" everywhere.
inline() {
    local what=(test_views test_view_ranges test_failures test_request_phase test_lua_libraries test_observe)
    $full && what=(test_{views,view_ranges,view_cache,view_lists,view_options,failures,request_phase,lua_libraries} \
                   test_{observe,decompress,lifecycle,copy})
    what=("${what[@]/#/tests/integration/}")
    step "integration tests, inline: $1"
    OBJLENS_ISOLATION=inline OBJLENS_BUILD="$PWD/build/$1" \
        suites "inline-$1" "${what[@]/%/.py}" tests/security/test_hostile_scripts.py
}

# fuzz_one FUZZER RUNS SECONDS: over its seeds and inputs of its own; RUNS of them, or as many as SECONDS
# allow (0: all). Leaves NAME.log and, when it went well, NAME.ok with their number.
fuzz_one() {
    local name corpus
    name=$(basename "$1")
    corpus=tests/fuzz/corpus/${name#fuzz_}
    mkdir -p "$results/corpus/$name"
    "$1" -runs="$2" -max_total_time="$3" -seed=1 -max_len=65536 -timeout=20 -rss_limit_mb=4096 -print_final_stats=1 \
        -artifact_prefix="$results/" "$results/corpus/$name" "$corpus" >"$results/$name.log" 2>&1 || return 0
    sed -n 's/^stat::number_of_executed_units: *//p' "$results/$name.log" >"$results/$name.ok"
}

# fuzz RUNS SECONDS: all fuzzers, as many at a time as there are cores.
fuzz() {
    step "fuzzers: $1 runs each${2:+, $2 s at most}"
    local fuzzer name
    export results
    export -f fuzz_one
    find build/fuzz/tests -maxdepth 1 -name 'fuzz_*' -type f -executable -print0 | sort -z |
        xargs -0 -P "$jobs" -I{} bash -c 'fuzz_one "$@"' fuzz_one {} "$1" "${2:-0}"
    for fuzzer in build/fuzz/tests/fuzz_*; do
        [[ -f $fuzzer && -x $fuzzer ]] || continue
        name=$(basename "$fuzzer")
        if [[ -s $results/$name.ok ]]; then
            echo "$name: ok, $(<"$results/$name.ok") runs"
            passed=$((passed + 1))
        else
            tail -n 40 "$results/$name.log"
            fail "$name"
        fi
    done
}

# memcheck: the tests of parsers and transforms under valgrind, which sees what sanitizers do not: reads of
# memory that nobody has written.
memcheck() {
    local tests=(build/debug/tests/{s3,transform_shared,crypto,access}_test_*) test name
    step "valgrind"
    for test in "${tests[@]}"; do
        [[ -f $test && -x $test ]] || continue
        name=$(basename "$test")
        if tests/lib/memcheck.sh "$test" >"$results/$name.log" 2>&1; then
            passed=$((passed + 1))
        else
            tail -n 60 "$results/$name.log"
            fail "valgrind: $name"
        fi
    done
}

# conformance PRESET: ceph/s3-tests, of which nothing is here, against the embedded store.
conformance() {
    step "conformance: $1"
    if [[ -z ${S3_TESTS:-} ]]; then
        echo "skipped: conformance: S3_TESTS names no checkout of ceph/s3-tests"
        skipped=$((skipped + 1))
    elif OBJLENS_BUILD="$PWD/build/$1" "$python" tests/conformance/s3_tests.py "$S3_TESTS"; then
        passed=$((passed + 1))
    else
        fail "conformance"
    fi
}

# kernels: the sandbox on other kernels and in other places, in virtual machines.
kernels() {
    local rc=0 machine
    step "kernels: release"
    examples/install.sh kernels || true
    tests/security/kernels/run.sh build/release "$results" || rc=$?
    if ((rc == 77)); then
        skipped=$((skipped + 1))
        return
    fi
    ((rc < 2)) || fail "kernels" # 1: its reports say what failed
    for machine in "$results"/vm-*; do count_junit "$machine/report.xml"; done
}

build asan && unit asan || fail "the asan build"
if $full; then
    build tsan && TMPDIR=$quick unit tsan || fail "the tsan build"
else
    build tsan threaded_tests && TMPDIR=$quick unit tsan threaded || fail "the tsan build"
fi
build debug transform_test_sandbox && unit debug walls || fail "the debug build"
build release || fail "the release build"
for suite in integration security; do black_box release "$suite"; done
inline release
if $full; then
    for suite in integration security; do black_box asan "$suite"; done
    inline asan
    conformance release
    kernels
    build debug && memcheck || fail "the debug build"
fi
build fuzz && if $full; then fuzz 2000000 900; else fuzz 10000; fi || fail "the fuzz build"

step "times"
phase_times
printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
((failed == 0))
