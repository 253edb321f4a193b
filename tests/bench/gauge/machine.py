# SPDX-License-Identifier: MIT
"""What a process tree costs: CPU time and memory, read from /proc; and who runs on which core.

Servers run on the first core, load and upstreams on the second, where there are two.
"""
import os
import pathlib
import statistics

TICKS = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE = CORES[0]
LOAD_CORE = CORES[-1]


def pinned(core, command):
    return ["taskset", "-c", str(core), *map(str, command)]


def tree(pid):
    """The process and its children, grandchildren, …"""
    parents = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    found = {pid}
    while True:
        more = {child for child, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more


def run_seconds(pid):
    """Of all threads of a process, in nanoseconds: ticks are too coarse for a server that has only a
    part of a busy core."""
    total = 0
    for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            total += int(stat.read_text().split()[0])
        except OSError:
            continue
    return total / 1e9


def cpu_seconds(pid):
    """User and system time of the tree, and of its children that ended and were waited for (those
    in ticks)."""
    total = 0
    for one in tree(pid):
        try:
            fields = pathlib.Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += run_seconds(one) + sum(map(int, fields[13:15])) / TICKS
    return total


def pss_bytes(pid):
    total = 0
    for one in tree(pid):
        try:
            text = pathlib.Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:
            continue
        for line in text.splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def stolen_seconds():
    """Time that a hypervisor has given to others while somebody here wanted a core; of all cores, since
    the machine started."""
    total = pathlib.Path("/proc/stat").read_text().splitlines()[0].split()
    return int(total[8]) / TICKS


def median(values):
    return statistics.median(values)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
