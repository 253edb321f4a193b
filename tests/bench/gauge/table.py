# SPDX-License-Identifier: MIT
"""The table: one line a comparison, printed as it is known."""
from gauge.machine import median


def compare(name, runs, rounds, goal=None, unit="requests"):
    """`runs` is {server: function -> Cost}; the first is objlens. Rounds are interleaved, and the
    ratio is that of the medians. Prints and returns the rows."""
    costs = {server: [] for server in runs}
    for run in runs.values():
        run()  # once to warm up
    for _ in range(rounds):
        for server, run in runs.items():
            costs[server].append(run())
    figure = "requests_a_cpu_second" if unit == "requests" else "bytes_a_cpu_second"
    values = {server: median([getattr(c, figure) for c in all]) for server, all in costs.items()}
    ours, *peers = values
    rows = []
    for peer in peers:
        ratio = values[ours] / values[peer]
        idle = [s for s in (ours, peer) if median([c.core_share for c in costs[s]]) < 0.9]
        note = f"   (under 90 % of its core: {', '.join(idle)})" if idle else ""
        wanted = (goal or {}).get(peer)
        print_row(name, peer, ratio, wanted, note + spread(costs, ours, peer, figure))
        rows.append((name, peer, ratio, wanted))
    return rows


def spread(costs, ours, peer, figure):
    def text(server):
        all = sorted(getattr(c, figure) for c in costs[server])
        scale, unit = (1e6, "MB") if figure.startswith("bytes") else (1e3, "k")
        return f"{all[0] / scale:.1f}-{all[-1] / scale:.1f} {unit}"
    return f"   [{text(ours)} : {text(peer)} a CPU second]"


def print_row(name, peer, ratio, wanted, note=""):
    mark = "" if wanted is None else (" ok " if ratio >= wanted else " LOW")
    goal = "" if wanted is None else f"goal {wanted:.2f}x"
    print(f"{name:<44} {ratio:7.2f}x  {goal:<11}{mark} of {peer}{note}", flush=True)


def print_fact(name, value, ok=None):
    mark = "" if ok is None else (" ok " if ok else " LOW")
    print(f"{name:<44} {value} {mark}", flush=True)
